"""A chunk of history: exact state at breakpoints, from which every instant between them follows in closed form."""

from dataclasses import dataclass

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.outlet import NS_PER_H, Outlet


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a path did between two anchors, or a part of it.

    ``at_ns`` (n+1,), strictly ascending. ``pumped_ml`` and ``drawn_ml`` (lines, n+1): what each line has given to the
    common line, and taken from its limb, since power-on; linear between breakpoints. ``pressure_kpa`` (n+1,): at the
    begin of each piece, and at the end of the last; its course between follows from ``outlet``.
    """

    at_ns: Instants
    pumped_ml: Floats
    drawn_ml: Floats
    pressure_kpa: Floats
    outlet: Outlet

    @property
    def inflow_ml(self) -> Floats:
        """Volume given to the common line by all lines since power-on, (n+1,)."""
        total: Floats = self.pumped_ml.sum(axis=0)
        return total

    @property
    def flow_ml_per_h(self) -> Floats:
        """Flow of the mechanism in each piece, (n,)."""
        return flow_between(self.at_ns, self.inflow_ml)


def flow_between(at_ns: Instants, inflow_ml: Floats) -> Floats:
    """Mean flow in mL/h between breakpoints; the true one, as it is even there."""
    flow: Floats = (inflow_ml[1:] - inflow_ml[:-1]) / ((at_ns[1:] - at_ns[:-1]) / NS_PER_H)
    return flow
