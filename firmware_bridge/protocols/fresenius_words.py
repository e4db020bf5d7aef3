"""What the Fresenius Orchestra writes refusals, values and alarms as; pure. Source: infupy; the alarm numbers are ours."""

import re
from enum import Enum

from pumpsim.vocabulary.alarms import AlarmId

NL_PER_RATE, NL_PER_VOLUME = 100_000, 1_000
"""The units of the wire: 0.1 mL/h in nL/h, and 0.001 mL in nL."""
HEX = re.compile(r"[0-9A-F]+")
NAME = re.compile(r"[ -:<-~]{1,20}")
"""A name: 1 to 20 printable characters, without the semicolon that parts values."""


class Refusal(Enum):
    """Why a command is not carried out. Those that nothing here gives are left out."""

    UNKNOWN = "01"
    MODE = "02"
    STATUS = "03"
    SYNTAX = "04"
    MODE_ALREADY = "06"
    LIMIT = "08"
    LETTER_NOT_USED = "0A"
    LETTER = "0B"
    BASE_CLOSED = "0D"
    UNREACHABLE = "0E"
    ALARM = "12"
    NO_RATE = "14"
    TOO_LITTLE = "15"
    CANNOT_EMPTY = "16"
    MODULE_CLOSED = "1E"
    NOT_MANUAL = "1F"
    DRUG = "25"


NUMBERS: dict[AlarmId, int] = {alarm: number for number, alarm in enumerate(AlarmId, start=1)}
"""The number of each of our conditions in ``a``; 0: none. The real ones are not public."""
ERRORS = (
    AlarmId.DEVICE_FAULT,
    AlarmId.SELF_TEST,
    AlarmId.SENSOR_FAULT,
    AlarmId.WATCHDOG,
    AlarmId.MOTOR_STALL,
    AlarmId.KEY_STUCK,
    AlarmId.RATE_LIMIT,
)
"""The conditions that ``e`` tells of too."""


def rate(nl_per_h: int) -> str:
    """A rate in hex, 0.1 mL/h, to the nearest."""
    return f"{(nl_per_h + NL_PER_RATE // 2) // NL_PER_RATE:04X}"


def volume(nl: int) -> str:
    """A volume in hex, 0.001 mL, what is full of it; the highest when it is beyond."""
    return f"{min(max(0, nl) // NL_PER_VOLUME, 0xFFFFFF):06X}"


def number(text: str, digits: int) -> int | None:
    """The value of exactly so many hex digits; None when it is not that."""
    return int(text, 16) if len(text) == digits and HEX.fullmatch(text) else None
