"""Where a New Era pumping program is, and what it does there."""

from dataclasses import dataclass
from enum import StrEnum

from firmware_bridge.protocols._new_era_numbers import Rate

TENTH_NS = 100_000_000
PINS = (2, 3, 4, 5, 6)
TRIGGER, EVENT, OUTPUT, INPUT = 2, 4, 5, 6
"""The pins of the TTL connector that a program knows; pin 5 is an output."""


class Doing(StrEnum):
    """What the program does; the value is the letter that the pump reports."""

    STOPPED = "S"
    PAUSED = "P"
    PUMPING = "I"
    TIMED = "T"
    WAITING = "U"
    PURGING = "X"


OPERATING = (Doing.PUMPING, Doing.TIMED, Doing.WAITING, Doing.PURGING)


@dataclass(frozen=True, slots=True)
class Course:
    """Where the program is. ``paused``: what a pause of the operator's has interrupted, with ``left_ns`` of a timed one.
    ``loops``: how often each LOP was passed. ``trap``: the phase that an event leads to; ``square``: on any edge, again and
    again. ``rate``: what it pumps at, in the host's measure. ``trigger``: as the program has set it."""

    doing: Doing = Doing.STOPPED
    phase: int = 1
    paused: Doing = Doing.STOPPED
    until_ns: int = 0
    left_ns: int = 0
    loops: tuple[tuple[int, int], ...] = ()
    trap: int | None = None
    square: bool = False
    rate: Rate | None = None
    direction: str = "INF"
    trigger: str | None = None

    @property
    def back(self) -> bool:
        """Whether what it does, or was paused in, is drawn back."""
        return self.direction == "WDR"
