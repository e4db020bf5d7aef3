"""What is left of a line's programme and of its container, as the controller reckons it when it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from pumpsim.vocabulary.outputs import DeliveryEvent, Output
from pumpsim.vocabulary.outputs import DeliveryEventKind as Kind

RECKONED = (
    Kind.PROGRAM_LOADED,
    Kind.DELIVERY_STARTED,
    Kind.DELIVERY_RESUMED,
    Kind.RATE_CHANGED,
    Kind.BOLUS_STARTED,
    Kind.BOLUS_STOPPED,
)
"""After what it is reckoned anew: GIP v1.0, 1.5.1 (before the start), 1.5.3 (another rate), 1.5.4 (a bolus)."""


@dataclass(frozen=True, slots=True)
class Left:
    """A volume that is left, and how long it lasts as things stand; ``time_ns`` None: it has no end that is known."""

    volume_nl: int
    time_ns: int | None


@dataclass(frozen=True, slots=True)
class Remaining:
    """Until the volume to be infused (VTBI) is in, and until the reservoir is empty.

    None: the line has no VTBI; the level is not measured. What is assumed stands in ``controller.time_left``.
    """

    vtbi: Left | None
    reservoir: Left | None


def reckoned_anew(outputs: Iterable[Output]) -> dict[str, Kind]:
    """The lines for which the pump has just said something that another estimate goes with, and what that was."""
    found: dict[str, Kind] = {}
    for output in outputs:
        if isinstance(output, DeliveryEvent) and output.kind in RECKONED:
            found.setdefault(output.line, output.kind)
    return found
