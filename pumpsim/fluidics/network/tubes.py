"""What fills, warms, narrows and shuts the tubes of a network by now, and what that makes of its topology."""

import math
from collections.abc import Mapping
from dataclasses import replace

from pumpsim.fluidics.network.elements import Topology
from pumpsim.fluidics.network.filling import filled, leading_into
from pumpsim.fluidics.network.plumbing import Member, Plumbing, Tubing, with_edge
from pumpsim.fluidics.thickness import WATER, Thickness, alike
from pumpsim.vocabulary.outputs import MotorCommand

CLAMP, OCCLUSION, NARROWING, OFF = "roller clamp", "occluded", "narrowed to nothing", "come apart"
"""Why a tube is closed; it opens when no reason is left."""
OPENING = 4.4e-7
"""kPa h/mL of the open end of a line that has come apart: a Luer cone 1 cm long and 4 mm wide, Poiseuille (unverified)."""


class Tubes:
    """The tubes of a plumbing, at first as it has them, every roller clamp closed."""

    def __init__(self, laid: Plumbing) -> None:
        self._laid = laid
        self._shut = {(i, CLAMP) for i in laid.clamp_of.values()}
        self._rates: dict[tuple[str, str], int] = {}
        self._celsius = {tube.name: tube.set.celsius for tube in laid.tubing}
        self._added = dict.fromkeys(self._celsius, 0.0)
        self._thick: dict[str, Thickness] = dict.fromkeys(self._celsius, WATER)
        self._weights: dict[str, Mapping[tuple[str, str], float]] = {}
        self._leading: dict[str, tuple[Member, ...]] = {}
        self._alike = True

    def viscosity(self, tube: str) -> float:
        """That of what fills a tube, over that of water at 20 degC."""
        return self._thick[tube].viscosity

    def supplied(self, topology: Topology, members: Mapping[str, Member]) -> Topology:
        """The topology with what hangs on the lines of these pumps from now on."""
        self._leading = leading_into(self._laid, members)
        self._alike = alike(line for member in members.values() for line in member.setup.lines)
        return self._filled(topology)

    def programmed(self, topology: Topology, pump: str, command: MotorCommand) -> Topology:
        """The topology with what fills the tubes at the rates of a command."""
        self._rates |= {(pump, motion.line): motion.rate_nl_per_h for motion in command.lines}
        return topology if self._alike else self._filled(topology)

    def warmed(self, topology: Topology, tube: str, celsius: float) -> Topology:
        """The topology with a tube at another temperature."""
        self._celsius[tube] = celsius
        return self._filled(topology)

    def narrowed(self, topology: Topology, tube: Tubing, added_kpa_h_per_ml: float) -> Topology:
        """The topology with this resistance added to the end of a tube; an infinite one closes it."""
        closed = math.isinf(added_kpa_h_per_ml)
        if not closed:
            self._added[tube.name] = added_kpa_h_per_ml
            topology = self._resisting(topology, tube)
        return self.shutting(topology, _last(tube), NARROWING, shut=closed)

    def leaking(self, topology: Topology, tube: Tubing, ml_per_h_per_kpa: float) -> Topology:
        """The topology with a leak at the end of a tube; an infinite one takes the access off."""
        off = math.isinf(ml_per_h_per_kpa)
        resistance = OPENING if off or ml_per_h_per_kpa == 0.0 else 1.0 / ml_per_h_per_kpa
        leak = replace(topology.edges[tube.leak], open=ml_per_h_per_kpa > 0.0, resistance=resistance)
        topology = with_edge(topology, tube.leak, leak)
        return topology if tube.access is None else self.shutting(topology, tube.access, OFF, shut=off)

    def shutting(self, topology: Topology, edge: int, why: str, *, shut: bool) -> Topology:
        """Close an edge for a reason, or take the reason away: it is open while there is none."""
        self._shut = self._shut | {(edge, why)} if shut else self._shut - {(edge, why)}
        is_open = not any(i == edge for i, _ in self._shut)
        return with_edge(topology, edge, replace(topology.edges[edge], open=is_open))

    def _filled(self, topology: Topology) -> Topology:
        """Give every tube, access and roller clamp the resistance of what fills it now."""
        thick, self._weights = filled(self._leading, self._rates, self._celsius, self._weights)
        before, self._thick = self._thick, thick
        for tube in self._laid.tubing:
            if thick[tube.name] != before[tube.name]:
                topology = self._resisting(topology, tube)
                i = self._laid.clamp_of.get(tube.name)
                if i is not None:
                    share = thick[tube.name].viscosity / before[tube.name].viscosity
                    clamp = topology.edges[i]
                    topology = with_edge(topology, i, replace(clamp, resistance=clamp.resistance * share))
        return topology

    def _resisting(self, topology: Topology, tube: Tubing) -> Topology:
        """The topology with the resistances that a tube and its access have for their fluid."""
        thick, last = self._thick[tube.name], _last(tube)
        for i in (tube.edge, *([] if tube.access is None else [tube.access])):
            usual, added = self._laid.topology.edges[i], self._added[tube.name] if i == last else 0.0
            edge = replace(
                topology.edges[i],
                resistance=(usual.resistance + added) * thick.viscosity,
                turbulent=usual.turbulent * thick.density,
            )
            topology = with_edge(topology, i, edge)
        return topology


def _last(tube: Tubing) -> int:
    """The edge at the end of a tube: its access, where it has one."""
    return tube.edge if tube.access is None else tube.access
