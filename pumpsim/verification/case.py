"""What a verification case is, and what came of it. Values only; the cases themselves stand in files by subject."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pumpsim.scenario import Tolerance

EXACT = Tolerance(absolute=1e-9, relative=1e-9)
"""Floating point: 1e-9 of the value, or of its unit for zero."""


def share(relative: float) -> Tolerance:
    """A tolerance as a share of the expected value."""
    return Tolerance(relative=relative)


def by(absolute: float) -> Tolerance:
    """A tolerance in the value's own unit."""
    return Tolerance(absolute=absolute)


@dataclass(frozen=True, slots=True)
class Expected:
    """One number that is asked for: what it is, its value and unit, how near it must come, the decimals that are shown."""

    what: str
    value: float
    unit: str
    tolerance: Tolerance = EXACT
    decimals: int = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One verification case. ``formula``: in one line. ``compute``: the numbers in the order of ``expected``, simulated."""

    id: str
    title: str
    asked: str
    formula: str
    source: str
    expected: tuple[Expected, ...]
    compute: Callable[[], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """An expected number and what the simulator made of it."""

    expected: Expected
    computed: float

    @property
    def holds(self) -> bool:
        """Whether it is near enough; nan never is."""
        wanted = self.expected
        return abs(self.computed - wanted.value) <= wanted.tolerance.width(wanted.value)


@cache
def found(case: Case) -> tuple[Found, ...]:
    """Run a case, once however often it is asked for. Raises ValueError where it computes more or less than is expected."""
    return tuple(Found(wanted, got) for wanted, got in zip(case.expected, case.compute(), strict=True))


def holds(case: Case) -> bool:
    """Whether every number of a case holds."""
    return all(one.holds for one in found(case))
