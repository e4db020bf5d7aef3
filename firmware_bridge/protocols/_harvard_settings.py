"""What is set for one syringe of a laboratory pump, what has been counted of it, and the ways in which it can run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import cycle

from firmware_bridge.protocols._harvard_quantities import Amount
from pumpsim.vocabulary.courses import NL_NS_PER_H, Stage


@dataclass(frozen=True, slots=True)
class Travel:
    """How slowly and how fast a pump drives a plunger, um/min."""

    low_um_per_min: Fraction
    high_um_per_min: Fraction


@dataclass(frozen=True, slots=True)
class Ramp:
    """From one rate to another, in so long."""

    start: Amount
    end: Amount
    over_ns: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set for a syringe. ``maker`` empty: the diameter was set as a number. ``ramp``: in place of ``infuse``;
    ``back_ramp``: in place of ``withdraw``."""

    diameter_mm: Fraction
    maker: str
    syringe: Amount
    infuse: Amount
    withdraw: Amount
    target: Amount | None = None
    target_ns: int | None = None
    ramp: Ramp | None = None
    back_ramp: Ramp | None = None
    force: int = 100

    def rate(self, *, back: bool) -> Amount:
        """The rate of one way."""
        return self.withdraw if back else self.infuse

    def ramp_of(self, *, back: bool) -> Ramp | None:
        """The ramp of one way."""
        return self.back_ramp if back else self.ramp


@dataclass(slots=True)
class Count:
    """What was moved one way since it was cleared: with the diameters before, and since a count of the pump's; and for how
    long. ``mark_nl``, ``mark_ns``: what of it was moved before the leg that a target is for."""

    before_nl: float = 0.0
    from_nl: int = 0
    lasted_ns: int = 0
    mark_nl: float = 0.0
    mark_ns: int = 0


class Method(Enum):
    """What a pump does when it is told to run: one way, or one way and then the other."""

    INFUSE = "i"
    WITHDRAW = "w"
    INFUSE_WITHDRAW = "iw"
    WITHDRAW_INFUSE = "wi"
    CONTINUOUS = "con"

    @property
    def back(self) -> bool:
        """Whether it begins by withdrawing."""
        return self in (Method.WITHDRAW, Method.WITHDRAW_INFUSE)

    @property
    def withdraws(self) -> bool:
        """Whether it ever does."""
        return self is not Method.INFUSE

    @property
    def then(self) -> Iterator[bool]:
        """Which way it runs after the first, and after that."""
        if self is Method.CONTINUOUS:
            return turn_about(self.back)
        return iter((not self.back,) if len(self.value) == 2 else ())


def turn_about(back: bool) -> Iterator[bool]:
    """What follows a run one way, without end: the other way, and this one again."""
    return cycle((not back, back))


def cut(
    pieces: Sequence[tuple[int, int | None]], left_nl: int | None, left_ns: int | None, least_nl: int
) -> list[Stage]:
    """Make stages of (rate, duration) up to what is left of a volume and of a time; empty when nothing is left.

    What would be less than ``least_nl`` is moved with the stage after it, at that one's rate.
    """
    stages: list[Stage] = []
    over_nl = 0
    for rate, lasts_ns in pieces:
        ns = lasts_ns
        if left_ns is not None:
            ns = left_ns if lasts_ns is None else min(lasts_ns, left_ns)
            left_ns -= ns
        volume = None if ns is None else rate * ns // NL_NS_PER_H
        if left_nl is not None:
            volume = left_nl if volume is None else min(volume, left_nl)
            left_nl -= volume
        volume = None if volume is None else volume + over_nl
        if volume is None or volume >= least_nl:
            stages.append(Stage(rate, volume))
            over_nl = 0
        else:
            over_nl = volume
        if (left_nl is not None and left_nl + over_nl < least_nl) or (left_ns is not None and left_ns <= 0):
            break
    return stages
