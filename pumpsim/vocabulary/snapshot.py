"""A pump as it can be put away and taken up again: the controller's state and the interlock's, as one value.

``pumpsim.codec`` writes it as JSON and reads it back, bit for bit.
"""

from dataclasses import dataclass

from pumpsim.vocabulary.inputs import DeviceEvent
from pumpsim.vocabulary.status import PumpState

SNAPSHOT_SCHEMA = "pumpsim-snapshot/1"


@dataclass(frozen=True, slots=True)
class InterlockLine:
    """What the interlock knows of a line: the rate that it let through, what was commanded by then (nL/h x ns), the count
    from which it reckons (None before the first reading)."""

    line: str
    rate_nl_per_h: int
    owed: int
    first: int | None


@dataclass(frozen=True, slots=True)
class TurningStatus:
    """What the interlock knows of motion backwards: whether an occlusion allows it, what the line does, and its counts."""

    granted: bool = False
    forward: bool = False
    turned: bool = False
    highest: int = 0
    lowest: int = 0
    newly: int = 0


@dataclass(frozen=True, slots=True)
class InterlockStatus:
    """All that the interlock knows. ``tripped``: why it passes nothing but stop, None as long as it has not tripped."""

    now_ns: int
    lines: tuple[InterlockLine, ...]
    tripped: DeviceEvent | None
    turning: TurningStatus = TurningStatus()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole pump at an instant; ``model`` is the id of its model."""

    schema: str
    model: str
    state: PumpState
    interlock: InterlockStatus
