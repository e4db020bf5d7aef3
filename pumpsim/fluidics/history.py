"""What every kind of path leaves of one pump: the answer to what the state was at any instant of it."""

from dataclasses import dataclass
from typing import Protocol

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.origin import Origin


@dataclass(frozen=True, slots=True)
class Look:
    """The state at m instants: lines in the order of the model, sources in that of ``origins``.

    ``pumped_ml``, ``drawn_ml`` (lines, m); ``entered_ml``, ``patient_ml`` (sources, m): what of each source has been given to
    the line, and has reached the patient; pressures and flows (m,). Volumes are totals since power-on.
    """

    pressure_kpa: Floats
    pump_flow_ml_per_h: Floats
    patient_flow_ml_per_h: Floats
    pumped_ml: Floats
    drawn_ml: Floats
    entered_ml: Floats
    patient_ml: Floats


NOTHING = 1e-12
"""A share of all that there was of a source that is rounding."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What of each source has not gone into the line by the end, (sources,), mL, or has come back out of it.

    ``in_container`` and limb, ``in_chamber`` of the mechanism; ``taken``: gone with a container that was changed;
    ``mixed``: part of what a container was filled with again, and counted there.
    """

    in_container: Floats
    in_chamber: Floats
    taken: Floats
    mixed: Floats


class History(Protocol):
    """What one pump's path leaves behind, from 0 to its end.

    ``chunks``: breakpoints of the pump's own motion, of the pressure behind it, and whether its way to the patient is open.
    ``jumps``: whether pressure can jump where flow does. ``stored_ml_per_kpa``: how much the line takes up for each kPa.
    """

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """See above."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Every source of fluid that is accounted to this pump; primings have line -1."""

    @property
    def jumps(self) -> bool:
        """See above."""

    def look(self, at_ns: Instants) -> Look:
        """Give the exact state at instants (m,), within the run, in any order."""

    def relaxed_ns(self, at_ns: int, excess_kpa: float) -> int | None:
        """First instant from ``at_ns`` on at which pressure is within ``excess_kpa`` of what the flow of the moment settles
        at; None if it never is, or the end is closed first."""

    def stock(self) -> Stock:
        """What is left ahead of the line, or went away there, by source."""

    def squeezed_ml(self, at_ns: int, from_kpa: float, to_kpa: float) -> float:
        """How much more the air that is in the pump's set at an instant lets it take up at one pressure than at another."""

    def in_line(self) -> Floats:
        """What of each source is between mechanism and patient at the end, found by itself, (sources,), mL."""

    def lost(self) -> Floats:
        """What of each source has leaked out, (sources,), mL."""

    def outflow_ml(self) -> float:
        """The integral of the flow to the patient, found by itself."""
