"""What a model says of over- and under-infusion by the count of the motor: the sides that it watches, and its allowance."""

from dataclasses import dataclass

from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Drive, PumpModel
from pumpsim.vocabulary.status import Astray


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two ways to go astray: when and as what it is alarmed, its limit, and the sign of its excess."""

    astray: Astray
    alarm: AlarmId
    ppm: int
    sign: int


def sides(model: PumpModel) -> tuple[Side, ...]:
    """Give the sides that a model watches."""
    limits, found = model.flow_limits, list[Side]()
    if limits is not None and limits.over_ppm is not None:
        found.append(Side(Astray.OVER, AlarmId.OVER_INFUSION, limits.over_ppm, 1))
    if limits is not None and limits.under_ppm is not None:
        found.append(Side(Astray.UNDER, AlarmId.UNDER_INFUSION, limits.under_ppm, -1))
    return tuple(found)


def allowance_steps(model: PumpModel) -> int:
    """What a correct mechanism may be beside what is owed, from one instant to another, in steps.

    Of two lines each may be a cycle beside its order by the other's doing, and a cycle by its own.
    """
    strokes = model.mechanism.drive is Drive.STROKES
    return model.mechanism.cycle_steps * len(model.lines) if strokes else 1
