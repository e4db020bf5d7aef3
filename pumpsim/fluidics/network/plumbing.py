"""From what a scenario says stands between pumps and patient to nodes, edges and tubes.

Every pump has a node behind it, from which its set leads to a junction or, through an access, to a site; so does every
junction. The compliance of a set stands at its begin. A gravity drip has no motor: its container is a node too, and its
roller clamp the edge to the node behind it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.network import supply
from pumpsim.fluidics.network.elements import Edge, Node, Plunger, Topology
from pumpsim.fluidics.network.supply import Supply
from pumpsim.vocabulary.model import Drive, PumpModel
from pumpsim.vocabulary.path import Access, AdministrationSet, JunctionSetup, PathSetup, junction_faults

GRAVITY_M_PER_S2 = 9.80665
LEVEL_CM = 15.0
"""Height of the fluid in a full bag or bottle: by so much its surface falls until it is empty (unverified: assumption)."""
CLAMP_OPEN = 1e-4
"""kPa h/mL of a roller clamp that is open all the way and of the limb above it (unverified: assumption)."""


def head_kpa(density_kg_per_m3: float, height_cm: float) -> float:
    """rho g h in kPa."""
    return density_kg_per_m3 * GRAVITY_M_PER_S2 * height_cm / 100_000.0


@dataclass(frozen=True, slots=True)
class Member:
    """A pump that takes part in a network."""

    id: str
    model: PumpModel
    setup: PathSetup

    @property
    def by_gravity(self) -> bool:
        """Whether nothing but height moves its fluid."""
        return self.model.mechanism.drive is Drive.ROLLER_CLAMP

    @property
    def density(self) -> float:
        """Of the fluid in its first container, kg/m3."""
        return self.setup.lines[0].fluid.density_kg_per_m3


@dataclass(frozen=True, slots=True)
class Tubing:
    """One set in the network: from ``begin`` to ``end``, its edge, and the edge to its site (None: it ends in a junction).

    ``leak``: the edge to the air at its end, closed at first.
    """

    name: str
    begin: int
    end: int
    edge: int
    set: AdministrationSet
    access: int | None
    leak: int


@dataclass(frozen=True, slots=True)
class Plumbing:
    """A network as it is at power-on, and where everything is in it.

    ``ports``: (pump, line) of each port that delivers, in the order of the topology's; after them come those by which
    mechanisms draw from ``supplies``, lines with two containers. ``node_of`` and ``clamp_of``: by pump id, as
    ``back_leak_of``, the edge through which a mechanism lets fluid back.
    """

    members: tuple[Member, ...]
    topology: Topology
    tubing: tuple[Tubing, ...]
    ports: tuple[tuple[str, str], ...]
    node_of: dict[str, int]
    clamp_of: dict[str, int]
    back_leak_of: dict[str, int]
    pressures: Floats
    supplies: tuple[Supply, ...] = ()

    def supply(self, pump: str, line: str | None) -> Supply | None:
        """The two containers over a line; None for a line with one."""
        return next((found for found in self.supplies if (found.pump, found.setup.line) == (pump, line)), None)

    def tube(self, name: str) -> Tubing:
        """A set by the name of its pump or junction. Raises ValueError for none."""
        for tube in self.tubing:
            if tube.name == name:
                return tube
        raise ValueError(f"no tube {name}; there is {', '.join(tube.name for tube in self.tubing)}")

    def way_of(self, pump: str) -> tuple[int, ...]:
        """The edges from a pump to the patient, in order."""
        tube = self.tube(pump)
        way = [tube.edge]
        while tube.access is None:
            tube = next(other for other in self.tubing if other.begin == tube.end)
            way.append(tube.edge)
        return (*way, tube.access)

    def plunger_of(self, pump: str, line: str) -> int | None:
        """The plunger that a line's screw pushes; None for a line that has none."""
        if (pump, line) not in self.ports:
            return None
        port = self.ports.index((pump, line))
        return next((j for j, plunger in enumerate(self.topology.plungers) if plunger.port == port), None)


def plumbing(members: Iterable[Member], junctions: Iterable[JunctionSetup]) -> Plumbing:
    """Lay the network out. Raises ValueError naming every fault of the junctions."""
    pumps, meeting = tuple(members), tuple(junctions)
    faults = junction_faults([(pump.id, pump.setup.into) for pump in pumps], [(j.id, j.into) for j in meeting])
    if faults:
        raise ValueError("; ".join(faults))
    return _Layout().lay(pumps, meeting)


class _Layout:
    """Nodes and edges as they are added."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.full: dict[int, float] = {}
        self.back_leaks: dict[str, int] = {}
        self.tubing: list[Tubing] = []
        self.plungers: list[Plunger] = []
        self.ports: list[tuple[str, str]] = []
        self.port_nodes: list[int] = []
        self.supplies: list[Supply] = []

    def node(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def edge(self, edge: Edge) -> int:
        self.edges.append(edge)
        return len(self.edges) - 1

    def lay(self, pumps: tuple[Member, ...], junctions: tuple[JunctionSetup, ...]) -> Plumbing:
        """Junctions first, as sets lead into them."""
        at = {junction.id: self.node(Node(junction.id, junction.set.compliance_ml_per_kpa)) for junction in junctions}
        for junction in junctions:
            self.tube(
                junction.id,
                at[junction.id],
                junction.set,
                None if junction.into is None else at[junction.into],
                junction.access,
            )
        node_of: dict[str, int] = {}
        clamp_of: dict[str, int] = {}
        for pump in pumps:
            setup = pump.setup
            height = head_kpa(pump.density, setup.height_cm)
            node_of[pump.id] = node = self.node(Node(pump.id, setup.set.compliance_ml_per_kpa, height))
            self.tube(pump.id, node, setup.set, None if setup.into is None else at[setup.into], setup.access)
            if pump.by_gravity:
                clamp_of[pump.id] = self.container(pump, node)
            else:
                self.port(pump, node)
        self.supply(pumps)
        return Plumbing(
            pumps,
            Topology(tuple(self.nodes), tuple(self.edges), tuple(self.port_nodes), tuple(self.plungers)),
            tuple(self.tubing),
            tuple(self.ports),
            node_of,
            clamp_of,
            self.back_leaks,
            self.pressures(),
            tuple(self.supplies),
        )

    def tube(self, name: str, begin: int, kind: AdministrationSet, into: int | None, access: Access) -> None:
        """A set, the access at its end unless it leads into a junction, and the leak that there may be."""
        end = self.node(Node(f"end of {name}")) if into is None else into
        edge = self.edge(Edge(name, begin, end, kind.resistance_kpa_h_per_ml, valve_kpa=kind.valve_kpa))
        way_out = None
        if into is None:
            site = self.node(Node(f"{access.name} of {name}", held_kpa=access.back_pressure_kpa))
            way_out = self.edge(
                Edge(f"access of {name}", end, site, access.resistance_kpa_h_per_ml, access.turbulent_kpa_h2_per_ml2)
            )
        air = self.node(Node(f"air at {name}", held_kpa=0.0))
        leak = self.edge(Edge(f"leak of {name}", end, air, open=False))
        self.tubing.append(Tubing(name, begin, end, edge, kind, way_out, leak))

    def port(self, pump: Member, node: int) -> None:
        """The lines of a pump, all behind one mechanism; a syringe's plunger."""
        for line in pump.setup.lines:
            self.ports.append((pump.id, line.line))
            self.port_nodes.append(node)
            if line.syringe is not None:
                syringe, screw = line.syringe, pump.model.mechanism.screw
                area = syringe.area_mm2
                play_ml = screw.backlash_nm * area * 1e-9 if screw else 0.0
                self.plungers.append(
                    Plunger(
                        node,
                        len(self.ports) - 1,
                        syringe.compliance_ml_per_kpa,
                        syringe.breakaway_n / area * 1000.0,
                        syringe.coulomb_n / area * 1000.0,
                        screw.stick_nm_per_s * area * 3.6e-6 if screw else 0.0,
                        play_ml,
                        line.container_ml,
                        barrel_ml=max(syringe.volume_ml, line.container_ml) if pump.model.withdraws else None,
                        play_ml=play_ml,
                    )
                )
        if pump.model.mechanism.leak_ml_per_h_per_kpa:
            inlet = self.node(
                Node(
                    f"inlet of {pump.id}", held_kpa=pump.setup.lines[0].head_kpa, height_kpa=self.nodes[node].height_kpa
                )
            )
            resistance = 1.0 / pump.model.mechanism.leak_ml_per_h_per_kpa
            self.back_leaks[pump.id] = self.edge(Edge(f"back through {pump.id}", node, inlet, resistance))

    def container(self, pump: Member, node: int) -> int:
        """A gravity drip's container, whose surface falls as it empties, and its clamp, closed."""
        line = pump.setup.lines[0]
        level = head_kpa(pump.density, LEVEL_CM)
        volume = line.container_ml
        bag = self.node(Node(f"container of {pump.id}", volume / level, line.head_kpa - level, None))
        self.full[bag] = level
        return self.edge(Edge(f"clamp of {pump.id}", bag, node, CLAMP_OPEN, open=False, dry_kpa=0.0))

    def supply(self, pumps: tuple[Member, ...]) -> None:
        """The lines with a secondary, all after what delivers."""
        add = (self.node, self.edge)
        for pump in pumps:
            for row, line in enumerate(pump.setup.lines):
                if line.secondary is None:
                    continue
                found = supply.laid(
                    pump.id,
                    row,
                    line,
                    add,
                    len(self.port_nodes),
                    lambda fluid: head_kpa(fluid.density_kg_per_m3, LEVEL_CM),
                )
                self.supplies.append(found)
                self.port_nodes.append(found.inlet)
                self.full |= supply.at_rest(found)

    def pressures(self) -> Floats:
        """Everything at rest: each place has the head of the site that it leads to; a container that of its surface."""
        heads = [math.nan] * len(self.nodes)
        for tube in self.tubing:
            if tube.access is not None:
                site = self.nodes[self.edges[tube.access].end]
                heads[tube.end] = (site.held_kpa or 0.0) + site.height_kpa
                heads[self.edges[tube.access].end] = heads[tube.end]
        for _ in self.tubing:
            for tube in self.tubing:
                heads[tube.begin] = heads[tube.end]
        return np.array([self._rest(i, node, heads[i]) for i, node in enumerate(self.nodes)])

    def _rest(self, i: int, node: Node, head: float) -> float:
        if node.held_kpa is not None:
            return node.held_kpa
        return self.full[i] if i in self.full else head - node.height_kpa


def with_edge(topology: Topology, i: int, edge: Edge) -> Topology:
    """The same topology with one edge replaced."""
    return replace(topology, edges=(*topology.edges[:i], edge, *topology.edges[i + 1 :]))


def with_node(topology: Topology, i: int, node: Node) -> Topology:
    """The same topology with one node replaced."""
    return replace(topology, nodes=(*topology.nodes[:i], node, *topology.nodes[i + 1 :]))
