"""What a piece of wire means, and how what identifies somebody is replaced in it.

Redaction keeps the length: a letter becomes ``X``, a digit ``0``, a byte beyond ASCII ``FF``; all else stays. A check that was
right is computed anew, so that a redacted frame is a frame still and can be played; one that was wrong stays wrong. What
cannot be understood may hold anything, and is masked whole. Reading what is redacted already changes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge.traffic.framing import RUNS, Framing
from firmware_bridge.virtual_pump.unit import By, spelled


@dataclass(frozen=True, slots=True)
class Reading:
    """``data``: the bytes as they are kept. ``says``: what they mean; ``body``: what of them is compared, without framing and
    check; ``alarm``: the alarms that stand by it, empty: none, None: it does not tell. ``fault``: what is wrong."""

    data: bytes
    says: str
    body: str
    alarm: str | None = None
    fault: str = ""


class Reader(Protocol):
    """Reads the pieces of one wire in their order: an answer may need its question to be understood."""

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece. Never raises."""


@dataclass(frozen=True, slots=True)
class Language:
    """A protocol as an ear needs it. ``reader``: makes one that redacts, or not; ``redacts``: what, in words, empty: there is
    nothing in it that identifies anybody."""

    framing: Framing
    reader: Callable[[bool], Reader]
    redacts: str = ""
    serial: Callable[[str], str | None] = lambda _body: None
    """The serial number that a body tells, if it does."""
    asks: Callable[[bytes], bool] = lambda _data: True
    """Whether a piece of the host is one that is answered."""
    filler: bytes = b""
    """What a host may send between its frames, and says nothing."""


def masked(text: str) -> str:
    """Replace what identifies: as many characters, none of them the same but what is no letter and no digit."""
    return "".join(
        "0" if letter.isdigit() and letter.isascii() else "X" if letter.isalpha() and letter.isascii() else
        "\xff" if letter > "\x7f" else letter
        for letter in text
    )  # fmt: skip


WRONG_CHECK = "the check is wrong"


def not_understood(data: bytes, hide: bool, fault: str) -> Reading:
    """A piece that is no frame, or a damaged one. Of that digits become ``X`` too, or its check might be right by chance."""
    kept = masked(data.decode("latin-1")).encode("latin-1") if hide else data
    if hide and fault == WRONG_CHECK:
        kept = re.sub(rb"[0-9]", b"X", kept)
    return Reading(kept, "", spelled(kept), fault=fault)


class Runs:
    """Bytes of a protocol that was not named: nothing is understood."""

    def __init__(self, hide: bool) -> None:
        self._hide = hide

    def read(self, by: By, data: bytes) -> Reading:
        """A run of bytes."""
        del by
        return not_understood(data, self._hide, "")


UNNAMED = Language(RUNS, Runs, "every letter and digit, as no protocol was named")


class Standing:
    """The alarms that the pumps of a wire have told of, by address."""

    def __init__(self) -> None:
        self._alarms: dict[str, str] = {}

    def tell(self, address: str, alarm: str) -> str:
        """Take note of what one tells, empty: none; what stands of all."""
        self._alarms[address] = alarm
        return "; ".join(
            f"{name}: {found}" if name and len(self._alarms) > 1 else found
            for name, found in sorted(self._alarms.items())
            if found
        )
