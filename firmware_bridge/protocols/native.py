"""The native protocol: what its messages are and how their bytes lie. The text for people is docs/native_protocol.md.

One literal table, ``LAYOUTS``, is used to encode, to decode and to write the tables of that text. All numbers are
little-endian. A payload is ``code (u8) | seq (u16) | body``; a reply carries the sequence number of its question.
Nothing here has state or decides anything.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from firmware_bridge.protocols._layout import Column, Fields, Layout

VERSION = 1
BAUD = 115_200
FIRST_ANSWER = 0x80
"""Codes from here on are answers; a device never answers one, so that an echo of its own bytes ends there."""
HEAD = struct.Struct("<BH")
"""What every payload begins with: code and sequence number."""


class State(IntEnum):
    """Where a device is in its life. It moves only in MOVING."""

    READY = 0
    MOVING = 1
    LOCKED = 2
    TRIPPED = 3
    FAULT = 4


class Cause(IntEnum):
    """Why telemetry was sent."""

    ASKED = 0
    PERIOD = 1
    CHANGE = 2


class Reason(IntEnum):
    """Why a device refuses."""

    BAD_PAYLOAD = 1
    UNKNOWN_CODE = 2
    OUT_OF_RANGE = 3
    NOT_READY = 4
    WRONG_EPOCH = 5
    STALE = 6
    BAD_VERSION = 7
    NO_SESSION = 8


@dataclass(frozen=True, slots=True)
class Hello:
    """Begin a session, or ask again who is there. ``session``: a number that the host has not used before."""

    version: int
    session: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Say that the host is alive."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask for telemetry."""


@dataclass(frozen=True, slots=True)
class MoveLine:
    """What one line shall do: a signed rate, if ``bounded`` until the count of ``stop_at_step`` is reached."""

    rate_nl_per_h: int
    bounded: bool
    stop_at_step: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move the lines so, until told otherwise. ``epoch``: the power-on that the step counts belong to."""

    epoch: int
    lines: tuple[MoveLine, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop every line at once; the only message after which a locked or tripped device will move again."""


@dataclass(frozen=True, slots=True)
class Report:
    """Send telemetry every ``period_ms`` without being asked; 0 for no more of it."""

    period_ms: int


@dataclass(frozen=True, slots=True)
class Ack:
    """The question was carried out; ``code`` is its code."""

    code: int
    state: State


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers: its power-on, its limits and its step."""

    version: int
    epoch: int
    state: State
    watchdog_ms: int
    step_fl: int
    max_rate_nl_per_h: int
    lines: int
    model: str
    firmware: str


@dataclass(frozen=True, slots=True)
class TelemetryLine:
    """One line: steps since the power-on, pressure and air ahead of the pump; ``done``: its stop count is reached."""

    steps: int
    proximal_pa: int
    air: bool
    done: bool


@dataclass(frozen=True, slots=True)
class Telemetry:
    """All that the device knows at its ``uptime_us``. ``applied_seq``: the last Move or Stop that it carried out."""

    epoch: int
    uptime_us: int
    cause: Cause
    state: State
    applied_seq: int
    distal_pa: int
    lines: tuple[TelemetryLine, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The question was not carried out and changed nothing; ``code`` is its code."""

    code: int
    reason: Reason


Command = Move | Stop
Question = Hello | Heartbeat | Poll | Move | Stop | Report
Answer = Ack | Identity | Telemetry | Refused
Message = Question | Answer


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        0x01,
        Hello,
        Fields(
            Column("version", "B", "version of this protocol that the host speaks"),
            Column("session", "I", "a number that the host has not used before; the same one: who are you, again"),
        ),
    ),
    Layout(0x02, Heartbeat),
    Layout(0x03, Poll),
    Layout(
        0x04,
        Move,
        Fields(Column("epoch", "I", "power-on that the step counts belong to, as IDENTITY gave it")),
        MoveLine,
        Fields(
            Column("rate_nl_per_h", "q", "signed rate, nL/h; 0: this line stands still"),
            Column("bounded", "?", "1: stop by itself at stop_at_step; 0: no end"),
            Column("stop_at_step", "q", "absolute step count since the power-on; ignored when not bounded"),
        ),
    ),
    Layout(0x05, Stop),
    Layout(0x06, Report, Fields(Column("period_ms", "H", "spacing of unasked telemetry, ms; 0: none"))),
    Layout(
        0x80,
        Ack,
        Fields(Column("code", "B", "code of the question"), Column("state", "B", "state now", State)),
    ),
    Layout(
        0x81,
        Identity,
        Fields(
            Column("version", "B", "version of this protocol that the device speaks"),
            Column("epoch", "I", "number of this power-on: differs from that of the power-on before"),
            Column("state", "B", "state now", State),
            Column("watchdog_ms", "H", "silence of the host after which the device stops, ms"),
            Column("step_fl", "Q", "volume of one motor step, fL (1 nL = 1,000,000 fL)"),
            Column("max_rate_nl_per_h", "q", "highest rate of one line, nL/h"),
            Column("lines", "B", "number of lines, 1 to 4"),
            Column("model", "24s", "model, ASCII, filled up with zero bytes"),
            Column("firmware", "24s", "firmware and its version, ASCII, filled up with zero bytes"),
        ),
    ),
    Layout(
        0x83,
        Telemetry,
        Fields(
            Column("epoch", "I", "number of this power-on"),
            Column("uptime_us", "Q", "time since the power-on at which the values were read, us"),
            Column("cause", "B", "why it was sent", Cause),
            Column("state", "B", "state", State),
            Column("applied_seq", "H", "sequence number of the last MOVE or STOP carried out; 0 before the first"),
            Column("distal_pa", "i", "gauge pressure behind the pump, Pa"),
        ),
        TelemetryLine,
        Fields(
            Column("steps", "q", "motor steps since the power-on, signed"),
            Column("proximal_pa", "i", "gauge pressure ahead of the pump, Pa"),
            Column("air", "?", "1: air at the sensor ahead of the pump"),
            Column("done", "?", "1: this line has reached its stop_at_step"),
        ),
    ),
    Layout(
        0x8F,
        Refused,
        Fields(Column("code", "B", "code of the question"), Column("reason", "B", "reason", Reason)),
    ),
)
"""Every message of the protocol."""

BY_CODE = {layout.code: layout for layout in LAYOUTS}
BY_TYPE: dict[type[Any], Layout] = {layout.message: layout for layout in LAYOUTS}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message and its sequence number."""

    seq: int
    message: Message


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A whole frame whose payload is no message of this protocol: what a device answers with ``Refused``."""

    seq: int
    code: int
    reason: Reason


def code_of(message: Message) -> int:
    """The code byte of a message."""
    return BY_TYPE[type(message)].code


def encode(seq: int, message: Message) -> bytes:
    """The payload of a message. ``struct.error`` when a value does not fit its field."""
    layout = BY_TYPE[type(message)]
    return HEAD.pack(layout.code, seq) + layout.pack(message)


def decode(payload: bytes) -> Envelope | Unreadable:
    """The message of a payload (at least 3 bytes, as framing grants); never raises."""
    code, seq = HEAD.unpack_from(payload)
    layout = BY_CODE.get(code)
    if layout is None:
        return Unreadable(seq, code, Reason.UNKNOWN_CODE)
    try:
        message: Message = layout.unpack(payload[HEAD.size :])
    except (struct.error, ValueError):
        return Unreadable(seq, code, Reason.BAD_PAYLOAD)
    return Envelope(seq, message)
