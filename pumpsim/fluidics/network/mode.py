"""What a network is while nothing switches: linear, with constant coefficients, and so solved once and for all.

Edges without resistance make their nodes one cluster; clusters without compliance are eliminated; what is left,

    C dH/dt = -K H + P s + k,        K symmetric, C > 0 diagonal,

is diagonal in the modes y = Q' C^(1/2) H, each of them decaying by itself: dy/dt = -decay y + drive s + lift. Every head and
every flow is an affine function of y, of the flows s that pumps deliver, of the volumes u that they have delivered
and of the plungers' offsets w. Source: standard linear network theory; the eigenvalues of C^(-1/2) K C^(-1/2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.network.bands import secant
from pumpsim.fluidics.network.elements import DRY, SLIDING, Edge, Stance, Switches, Topology


@dataclass(frozen=True, slots=True)
class Rows:
    """Affine functions (m of them): ``modes`` (m, k) @ y + ``flows`` (m, ports) @ s + ``given`` (m, ports) @ u +
    ``springs`` (m, plungers) @ w + ``constant`` (m,)."""

    modes: Floats
    flows: Floats
    given: Floats
    springs: Floats
    constant: Floats

    def take(self, rows: Sequence[int]) -> "Rows":
        """Some of the rows."""
        i = list(rows)
        return Rows(self.modes[i], self.flows[i], self.given[i], self.springs[i], self.constant[i])

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            self.modes + other.modes,
            self.flows + other.flows,
            self.given + other.given,
            self.springs + other.springs,
            self.constant + other.constant,
        )

    def through(self, matrix: Floats) -> "Rows":
        """Linear combinations of the rows: ``matrix`` (m', m)."""
        return Rows(
            matrix @ self.modes,
            matrix @ self.flows,
            matrix @ self.given,
            matrix @ self.springs,
            matrix @ self.constant,
        )

    def plus(self, constant: Floats | float) -> "Rows":
        """The rows with something added to each."""
        return Rows(self.modes, self.flows, self.given, self.springs, self.constant + constant)


def stacked(parts: Sequence[Rows]) -> Rows:
    """All rows of several."""
    return Rows(
        np.concatenate([part.modes for part in parts]),
        np.concatenate([part.flows for part in parts]),
        np.concatenate([part.given for part in parts]),
        np.concatenate([part.springs for part in parts]),
        np.concatenate([part.constant for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class Mode:
    """A network in one set of switches, k modes.

    ``decay`` (k,) 1/h, ``drive`` (k, ports), ``lift`` (k,). ``pressures`` of the nodes (kPa gauge), ``flows`` of the edges and
    ``plunger_flows`` (mL/h). ``into`` (k, nodes) @ (node pressures + ``rise``) gives y, for pressures that already agree
    within each cluster. ``share`` (nodes, nodes + plungers): new node pressures from those before (of the nodes' own compliance
    and of the plungers' springs) when the mode begins; ``share_lift`` (nodes,) is added. ``own`` and ``offset`` (nodes,): a
    node by itself holds own p + offset. ``tree`` (edges, nodes): flows of the edges without resistance from what is left
    over at each node.
    """

    decay: Floats
    drive: Floats
    lift: Floats
    pressures: Rows
    flows: Rows
    plunger_flows: Rows
    into: Floats
    rise: Floats
    share: Floats
    share_lift: Floats
    tree: Floats
    own: Floats
    offset: Floats


def mode_of(topology: Topology, switches: Switches) -> Mode:
    """Solve a network for one set of switches.

    Raises ValueError where pumps deliver into a place without compliance and without a way out, where edges without
    resistance form a loop, or where two held pressures meet without a resistance between.
    """
    return _Solver(topology, switches).mode()


class _Solver:
    """The steps of the solution, one after the other."""

    def __init__(self, topology: Topology, switches: Switches) -> None:
        self.topology, self.switches = topology, switches
        nodes = topology.nodes
        self.height = np.array([node.height_kpa for node in nodes])
        laws = [
            (0.0, 0.0) if node.store is None else node.store.law(level)
            for node, level in zip(nodes, switches.levels, strict=True)
        ]
        self.own = np.array([node.compliance + slope for node, (slope, _) in zip(nodes, laws, strict=True)])
        self.offset = np.array([offset for _, offset in laws])
        self.give = np.zeros(len(nodes))
        self.held: dict[int, float] = {i: node.held_kpa for i, node in enumerate(nodes) if node.held_kpa is not None}
        for i, level in enumerate(switches.levels):
            store = nodes[i].store
            if store is not None and level == DRY:
                self.held[i] = store.pressures_kpa[0]
        for plunger, stance in zip(topology.plungers, switches.stances, strict=True):
            if stance in SLIDING:
                self.give[plunger.node] += plunger.give
            elif stance is Stance.FREE:
                self.held[plunger.node] = -plunger.coulomb_kpa
        self.enters = np.zeros((len(nodes), len(topology.ports)))
        blocked = {
            plunger.port
            for plunger, stance in zip(topology.plungers, switches.stances, strict=True)
            if stance not in SLIDING
        }
        for port, node in enumerate(topology.ports):
            if port not in blocked:
                self.enters[node, port] = 1.0
        self.law = [self._law(i, edge) for i, edge in enumerate(topology.edges)]
        self._cluster()

    def _law(self, i: int, edge: Edge) -> tuple[float, float] | None:
        """Slope and offset of an edge that lets flow pass; None for one that does not."""
        if not edge.open or not self.switches.passing[i]:
            return None
        slope, offset = secant(edge, self.switches.bands[i])
        return slope, offset + (edge.valve_kpa or 0.0)

    def _cluster(self) -> None:
        """Join the nodes that edges without resistance tie together: ``cluster`` of each, and ``above`` its head."""
        n = len(self.topology.nodes)
        self.cluster, self.above = [-1] * n, np.zeros(n)
        self.steps: list[tuple[int, int, int]] = []  # (edge, parent, child), parents first
        ties: list[list[tuple[int, int, float]]] = [[] for _ in range(n)]
        for i, (edge, law) in enumerate(zip(self.topology.edges, self.law, strict=True)):
            if law is not None and law[0] == 0.0:
                ties[edge.begin].append((i, edge.end, -law[1]))
                ties[edge.end].append((i, edge.begin, law[1]))
        count, used = 0, set[int]()
        for root in [*self.held, *range(n)]:
            if self.cluster[root] >= 0:
                continue
            self.cluster[root] = count
            waiting = [root]
            while waiting:
                at = waiting.pop()
                for i, other, rise in ties[at]:
                    if i in used:
                        continue
                    used.add(i)
                    if self.cluster[other] >= 0 or other in self.held:
                        name = self.topology.edges[i].name
                        raise ValueError(
                            f"{name}: without resistance it closes a loop, or ties two held pressures together"
                        )
                    self.cluster[other], self.above[other] = count, self.above[at] + rise
                    self.steps.append((i, at, other))
                    waiting.append(other)
            count += 1
        self.clusters = count

    def mode(self) -> Mode:
        """Solve."""
        topology, n = self.topology, self.clusters
        member = np.zeros((n, len(topology.nodes)))
        member[self.cluster, range(len(topology.nodes))] = 1.0
        capacity = member @ (self.own + self.give)
        fixed = {self.cluster[i]: kpa + self.height[i] - self.above[i] for i, kpa in self.held.items()}
        laplace, push = np.zeros((n, n)), np.zeros(n)
        for edge, law in zip(topology.edges, self.law, strict=True):
            if law is None or law[0] == 0.0:
                continue
            a, b, g = self.cluster[edge.begin], self.cluster[edge.end], 1.0 / law[0]
            lift = g * (self.above[edge.begin] - self.above[edge.end] - law[1])
            if a != b:
                laplace[a, a] += g
                laplace[b, b] += g
                laplace[a, b] -= g
                laplace[b, a] -= g
            push[a] -= lift
            push[b] += lift
        enters = member @ self.enters
        stiff = [c for c in range(n) if c in fixed]
        slow = [c for c in range(n) if c not in fixed and capacity[c] > 0.0]
        quick = [c for c in range(n) if c not in fixed and capacity[c] == 0.0]
        self._refuse_traps(laplace, quick, enters)
        held = np.array([fixed[c] for c in stiff])
        inverse = np.linalg.pinv(laplace[np.ix_(quick, quick)]) if quick else np.zeros((0, 0))
        # heads of the clusters without compliance: on slow heads, on port flows, constant
        on_slow = -inverse @ laplace[np.ix_(quick, slow)]
        on_ports = inverse @ enters[quick]
        fall = inverse @ (push[quick] - laplace[np.ix_(quick, stiff)] @ held)
        across = laplace[np.ix_(slow, quick)]
        k_matrix = laplace[np.ix_(slow, slow)] + across @ on_slow
        p_matrix = enters[slow] - across @ on_ports
        k_lift = push[slow] - laplace[np.ix_(slow, stiff)] @ held - across @ fall
        root = np.sqrt(capacity[slow])
        decay, basis = (
            np.linalg.eigh((k_matrix + k_matrix.T) / 2.0 / np.outer(root, root))
            if slow
            else (np.zeros(0), np.zeros((0, 0)))
        )
        decay = np.where(decay > 1e-12 * max(1e-300, float(decay.max(initial=0.0))), decay, 0.0)
        to_modes = basis.T / root
        heads = self._heads((slow, quick, stiff), basis / root[:, None], (on_slow, on_ports, fall), held)
        rising = Rows(
            -(basis / root[:, None]) * decay,
            basis / root[:, None] @ to_modes @ p_matrix,
            np.zeros((len(slow), len(topology.ports))),
            np.zeros((len(slow), len(topology.plungers))),
            basis / root[:, None] @ to_modes @ k_lift,
        )
        return self._outputs(
            heads, rising, slow, (decay, to_modes @ p_matrix, to_modes @ k_lift), basis, member, capacity, fixed
        )

    def _refuse_traps(self, laplace: Floats, quick: list[int], enters: Floats) -> None:
        """See that no pump delivers into a place that neither gives nor leads anywhere."""
        reached = set(range(self.clusters)) - set(quick)
        grown = True
        while grown:
            more = {c for c in quick if c not in reached and any(laplace[c, other] != 0.0 for other in reached)}
            reached |= more
            grown = bool(more)
        for c in quick:
            if c not in reached and enters[c].any():
                names = [node.name for i, node in enumerate(self.topology.nodes) if self.cluster[i] == c]
                raise ValueError(
                    f"{', '.join(names)}: a line without compliance cannot be closed: its pressure would have no bound"
                )

    def _heads(
        self,
        kinds: tuple[list[int], list[int], list[int]],
        modes: Floats,
        quick_on: tuple[Floats, Floats, Floats],
        held: Floats,
    ) -> Rows:
        """Heads of all clusters."""
        (slow, quick, stiff), (on_slow, on_ports, fall) = kinds, quick_on
        heads = self._none(self.clusters, modes.shape[1])
        heads.modes[slow] = modes
        heads.modes[quick] = on_slow @ modes
        heads.flows[quick] = on_ports
        heads.constant[quick] = fall
        heads.constant[stiff] = held
        return heads

    def _none(self, rows: int, modes: int) -> Rows:
        ports, plungers = len(self.topology.ports), len(self.topology.plungers)
        return Rows(
            np.zeros((rows, modes)),
            np.zeros((rows, ports)),
            np.zeros((rows, ports)),
            np.zeros((rows, plungers)),
            np.zeros(rows),
        )

    def _outputs(
        self,
        heads: Rows,
        rising: Rows,
        slow: list[int],
        motion: tuple[Floats, Floats, Floats],
        basis: Floats,
        member: Floats,
        capacity: Floats,
        fixed: dict[int, float],
    ) -> Mode:
        """Everything that is asked of a mode, as rows."""
        topology = self.topology
        n_nodes, n_edges, k = len(topology.nodes), len(topology.edges), len(motion[0])
        pressures = heads.through(member.T).plus(self.above - self.height)
        flows = self._none(n_edges, k)
        incidence = np.zeros((n_edges, n_nodes))
        for i, (edge, law) in enumerate(zip(topology.edges, self.law, strict=True)):
            incidence[i, edge.begin], incidence[i, edge.end] = 1.0, -1.0
            if law is None or law[0] == 0.0:
                incidence[i] = 0.0
            else:
                incidence[i] /= law[0]
        flows = pressures.plus(self.height).through(incidence)
        flows = flows.plus(
            np.array([-law[1] / law[0] if law is not None and law[0] > 0.0 else 0.0 for law in self.law])
        )
        rates = self._none(self.clusters, k)
        rates.modes[slow], rates.flows[slow], rates.constant[slow] = rising.modes, rising.flows, rising.constant
        node_rates = rates.through(member.T)
        meeting = np.zeros((n_nodes, n_edges))
        for i, edge in enumerate(topology.edges):
            meeting[edge.begin, i], meeting[edge.end, i] = -1.0, 1.0
        left = flows.through(meeting) + node_rates.through(-np.diag(self.own + self.give))
        left = Rows(left.modes, left.flows + self.enters, left.given, left.springs, left.constant)
        tree = self._tree()
        flows = flows + left.through(tree)
        plungers = self._none(len(topology.plungers), k)
        outward = flows.through(meeting)
        for j, (plunger, stance) in enumerate(zip(topology.plungers, self.switches.stances, strict=True)):
            if stance in SLIDING:
                plungers.modes[j] = -plunger.give * node_rates.modes[plunger.node]
                plungers.flows[j] = -plunger.give * node_rates.flows[plunger.node]
                plungers.flows[j, plunger.port] += 1.0
                plungers.constant[j] = -plunger.give * node_rates.constant[plunger.node]
            elif stance is Stance.FREE:
                plungers.modes[j] = -outward.modes[plunger.node]
                plungers.flows[j] = -outward.flows[plunger.node]
                plungers.constant[j] = -outward.constant[plunger.node]
        entry = self._entry(basis, slow, member, capacity, fixed)
        return Mode(*motion, pressures, flows, plungers, *entry, tree, self.own, self.offset)

    def _entry(
        self, basis: Floats, slow: list[int], member: Floats, capacity: Floats, fixed: dict[int, float]
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """How pressures before become heads of clusters, and modes."""
        topology = self.topology
        n_nodes, n_plungers = len(topology.nodes), len(topology.plungers)
        weight = np.zeros((self.clusters, n_nodes + n_plungers))
        lift = np.zeros(self.clusters)
        for i, c in enumerate(self.cluster):
            if c in fixed or capacity[c] == 0.0:
                continue
            weight[c, i] = self.own[i] / capacity[c]
            lift[c] += (self.own[i] + self.give[i]) / capacity[c] * (self.height[i] - self.above[i])
        for j, (plunger, stance) in enumerate(zip(topology.plungers, self.switches.stances, strict=True)):
            c = self.cluster[plunger.node]
            if stance in SLIDING and c not in fixed:
                weight[c, n_nodes + j] = plunger.give / capacity[c]
        for c, head in fixed.items():
            lift[c] = head
        share = member.T @ weight
        share_lift = member.T @ lift + self.above - self.height
        first = [self.cluster.index(c) for c in slow]
        pick = np.zeros((len(slow), n_nodes))
        pick[range(len(slow)), first] = 1.0
        into = basis.T * np.sqrt(capacity[slow]) @ pick
        return into, self.height - self.above, share, share_lift

    def _tree(self) -> Floats:
        """Flows of the edges without resistance: what is left over at a node, and at all beyond it, goes to its parent."""
        tree = np.zeros((len(self.topology.edges), len(self.topology.nodes)))
        beyond = np.eye(len(self.topology.nodes))
        for i, parent, child in reversed(self.steps):
            sign = 1.0 if self.topology.edges[i].begin == child else -1.0
            tree[i] = sign * beyond[child]
            beyond[parent] += beyond[child]
        return tree
