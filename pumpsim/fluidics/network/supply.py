"""What is ahead of a pump as a part of the network: two containers over one line, and what they give to it.

    primary  ----- resistance, check valve ---\\
                                               meeting --- tubing --- inlet ==> mechanism
    secondary ---- resistance ----------------/

Each container with the tubing below it is a place that holds volume in straight pieces: while it empties its surface falls
by the height of a full one, then through the tubing, whose volume is spread evenly over its height. Empty, it lets air
follow. The mechanism draws a volume, whatever the pressure: a port that takes. Heads count from the pump's inlet, which is
also the height of the meeting. The errors of a piggyback need no rule of their own: they are this network's flows.

Sources: PHYSICS 3.3, 4.1, 5 (the primary runs along where R_sec Q > rho g dh).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pumpsim.fluidics.network.elements import Edge, Node, Store, Topology
from pumpsim.vocabulary.disturbances import Hang, Place
from pumpsim.vocabulary.path import Fluid, LineSetup, SecondarySetup


@dataclass(frozen=True, slots=True)
class Basin:
    """A container over its tubing: its node, the edge from there to the meeting, and what was in it at power-on.

    ``level_kpa``: how high its fluid stands above its outlet when it is full.
    """

    node: int
    edge: int
    setup: LineSetup | SecondarySetup
    level_kpa: float

    def store(self, head_kpa: float) -> Store:
        """What it holds against the pressure at the foot of the tubing, its surface having this head when it is full."""
        limb_ml = self.setup.limb_ml
        return Store(
            (0.0, head_kpa - self.level_kpa, head_kpa), (0.0, limb_ml, limb_ml + self.setup.container_ml), vented=True
        )


@dataclass(frozen=True, slots=True)
class Supply:
    """Two containers over a line of a pump. ``row``: of the line in the pump's setup; ``port``: by which the mechanism draws.

    ``meeting``, ``inlet``: nodes; ``tubing``: the edge between them.
    """

    pump: str
    row: int
    setup: LineSetup
    primary: Basin
    secondary: Basin
    meeting: int
    inlet: int
    tubing: int
    port: int

    @property
    def basins(self) -> tuple[Basin, Basin]:
        """Primary, secondary."""
        return self.primary, self.secondary

    def edge_at(self, place: Place) -> int:
        """The edge that a clamp at a place closes."""
        edges = {Place.LIMB: self.tubing, Place.PRIMARY: self.primary.edge, Place.SECONDARY: self.secondary.edge}
        return edges[place]

    def hung(self, topology: Topology, hang: Hang) -> Topology:
        """The topology with a container at another height; what it holds stays."""
        basin = self.secondary if hang.place is Place.SECONDARY else self.primary
        _refuse_low(basin.level_kpa, hang.head_kpa)
        nodes = list(topology.nodes)
        nodes[basin.node] = replace(nodes[basin.node], store=basin.store(hang.head_kpa))
        return replace(topology, nodes=tuple(nodes))

    def give_where_closed(self, topology: Topology) -> float | None:
        """What gives when the mechanism draws against clamps, mL/kPa; None while one way to a container is open.

        A check valve lets flow out of its container, so it closes nothing here.
        """
        nodes, edges = topology.nodes, topology.edges
        if not edges[self.tubing].open:
            return nodes[self.inlet].compliance
        if any(edges[basin.edge].open for basin in self.basins):
            return None
        return nodes[self.inlet].compliance + nodes[self.meeting].compliance


Add = tuple[Callable[[Node], int], Callable[[Edge], int]]
"""How a node, and an edge, is added to a layout; each tells its number."""


def laid(pump: str, row: int, line: LineSetup, add: Add, port: int, level_kpa: Callable[[Fluid], float]) -> Supply:
    """Lay out a line with a secondary. ``level_kpa``: how high a fluid stands in a full container.

    Raises ValueError where what must be above 0 is not, or a container hangs lower than it is high.
    """
    second = line.secondary
    assert second is not None
    name = f"{pump}, line {line.line}"
    _refuse_nothing(name, line, second)
    node, edge = add
    meeting = node(Node(f"meeting of {name}", second.limb_compliance_ml_per_kpa))
    inlet = node(Node(f"inlet of {name}", line.limb_compliance_ml_per_kpa))
    tubing = edge(Edge(f"inlet of {name}", meeting, inlet))
    basins = []
    for what, setup, valve_kpa in (("primary", line, line.valve_kpa), ("secondary", second, None)):
        level = level_kpa(setup.fluid)
        _refuse_low(level, setup.head_kpa)
        store = Basin(-1, -1, setup, level).store(setup.head_kpa)
        place = node(Node(f"{what} of {name}", store=store))
        way = edge(Edge(f"{what} of {name}", place, meeting, setup.resistance_kpa_h_per_ml, valve_kpa=valve_kpa))
        basins.append(Basin(place, way, setup, level))
    return Supply(pump, row, line, basins[0], basins[1], meeting, inlet, tubing, port)


def at_rest(supply: Supply) -> dict[int, float]:
    """Pressures of its nodes at power-on: containers full, and the meeting at the higher head of the two."""
    line, second = supply.primary.setup, supply.secondary.setup
    highest = max(line.head_kpa, second.head_kpa)
    return {
        supply.primary.node: line.head_kpa,
        supply.secondary.node: second.head_kpa,
        supply.meeting: highest,
        supply.inlet: highest,
    }


def _refuse_nothing(name: str, line: LineSetup, second: SecondarySetup) -> None:
    wanted = {
        "the primary limb": line.limb_ml,
        "the secondary limb": second.limb_ml,
        "the shared tubing": line.shared_ml,
        "the resistance of the primary limb": line.resistance_kpa_h_per_ml,
        "the resistance of the secondary limb": second.resistance_kpa_h_per_ml,
        "the compliance of the primary limb": line.limb_compliance_ml_per_kpa,
        "the compliance of the secondary limb": second.limb_compliance_ml_per_kpa,
    }
    none = [what for what, value in wanted.items() if not value > 0.0]
    if none:
        raise ValueError(f"{name}: {', '.join(none)} must be above 0")


def _refuse_low(level_kpa: float, head_kpa: float) -> None:
    if head_kpa <= level_kpa:
        raise ValueError(
            f"a head of {head_kpa:.3f} kPa: a full container must hang above the pump, by {level_kpa:.3f} kPa"
        )
