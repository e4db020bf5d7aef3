"""What a drug library says of one drug in one care area, as it comes to the pump with an order.

Limits are rates and volumes of the fluid as it hangs there, in integers: doses become rates at the border, as everywhere.
No table of incompatible drugs is shipped; a user supplies the pairs.
"""

from dataclasses import dataclass
from enum import Enum


class Bound(Enum):
    """The four bounds of a figure, from the lowest on."""

    HARD_LOW = "hard_low"
    SOFT_LOW = "soft_low"
    SOFT_HIGH = "soft_high"
    HARD_HIGH = "hard_high"

    @property
    def hard(self) -> bool:
        """Whether a figure beyond it is refused, not asked about."""
        return self in (Bound.HARD_LOW, Bound.HARD_HIGH)

    @property
    def low(self) -> bool:
        """Whether what is below it is beyond it."""
        return self in (Bound.HARD_LOW, Bound.SOFT_LOW)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one figure, nL/h or nL; None: none. Hard ones refuse, soft ones ask; the bound itself is within.

    ``written``: the bounds in the order of ``Bound``, as the library writes them (``20 mcg/kg/min``), for messages only.
    Raises ValueError unless bounds ascend in that order.
    """

    soft_low: int | None = None
    soft_high: int | None = None
    hard_low: int | None = None
    hard_high: int | None = None
    written: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        stated = [value for _, value, _ in self.bounds if value is not None]
        if stated != sorted(stated):
            raise ValueError("bounds must ascend: hard low, soft low, soft high, hard high")

    @property
    def bounds(self) -> tuple[tuple[Bound, int | None, str], ...]:
        """Each bound, its value, and how the library writes it."""
        values = (self.hard_low, self.soft_low, self.soft_high, self.hard_high)
        return tuple(zip(Bound, values, self.written or ("", "", "", ""), strict=True))

    def beyond(self, value: int) -> tuple[Bound, int, str] | None:
        """The gravest bound that a value is beyond, with its value and how it is written; None when it is within all."""
        found = None
        for bound, at, written in self.bounds:
            if at is None or not (value < at if bound.low else value > at):
                continue
            if bound.hard or found is None:
                found = bound, at, written
        return found


@dataclass(frozen=True, slots=True)
class DrugRule:
    """The entry of a drug: its name, its care area, what is allowed of it.

    ``rate``: of every rate that the programme runs at, or a temporary one makes of it; 0, a rest, is beyond no bound.
    ``bolus``: of the volume that is given at once: bolus, dose on request, what comes first, repeated dose.
    ``bolus_rate``: of the rate at which these are given. None: ``rate`` holds for what the programme itself gives (what
    comes first, repeated doses), and nothing for a bolus or a dose on request, whose rate is the model's own.

    ``vtbi``: of the volume to be infused, what comes first included; a programme that has no end is beyond any high bound.

    ``forbids_kvo``: the line does not keep open, it stops. ``incompatible``: names of drugs with which it must not meet in
    the common volume; both entries of a pair name each other. ``flush_nl``: what all lines together must have given after
    such a drug until none of it is left there; None: the pump cannot know, so it counts as there for good.
    """

    drug: str
    care_area: str
    rate: Limits = Limits()
    bolus: Limits = Limits()
    forbids_kvo: bool = False
    incompatible: tuple[str, ...] = ()
    bolus_rate: Limits | None = None
    flush_nl: int | None = None
    vtbi: Limits = Limits()
