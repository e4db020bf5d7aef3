"""A pump as it can be put away and taken up again: the controller's state and the interlock's, as one value.

``pumpsim.codec`` writes it as JSON and reads it back, bit for bit.
"""

from dataclasses import dataclass

from pumpsim.vocabulary.interlock import InterlockStatus
from pumpsim.vocabulary.status import PumpState

SNAPSHOT_SCHEMA = "pumpsim-snapshot/1"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole pump at an instant; ``model`` is the id of its model."""

    schema: str
    model: str
    state: PumpState
    interlock: InterlockStatus
