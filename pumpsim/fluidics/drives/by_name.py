"""The drives by their name in the catalogue."""

from collections.abc import Callable

from pumpsim.fluidics.drives import phase, smooth, strokes
from pumpsim.fluidics.drives.leg import DriveState, Leg
from pumpsim.vocabulary.model import Drive, Mechanism

NextLeg = Callable[[Mechanism, DriveState, int, int], Leg]
DRIVES: dict[Drive, NextLeg] = {
    Drive.STROKES: strokes.next_leg,
    Drive.SMOOTH: smooth.next_leg,
    Drive.PERISTALTIC: phase.next_leg,
    Drive.PULSES: phase.next_leg,
    Drive.LEAD_SCREW: phase.next_leg,
}


def next_leg_of(mechanism: Mechanism) -> NextLeg:
    """Choose how a mechanism's legs are planned. Raises ValueError for one that has no motor."""
    if mechanism.drive not in DRIVES:
        raise ValueError(f"a {mechanism.drive.value} has no motor")
    return DRIVES[mechanism.drive]
