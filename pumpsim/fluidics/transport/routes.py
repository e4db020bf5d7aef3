"""In which order the cells of a network run through a piece: with the flow, so that each finds what enters it.

Every place where fluid crosses between a cell and a node is a *face*: the begin and the end of each cell, and each site. A
plan depends on nothing but which way each face runs, so it is drawn up once for every pattern of signs and kept. At a node
all that enters, by volume, is the composition of all that leaves.

Where flow runs round in a circle one cell gives before it takes: it must hold what it gives in one piece.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pumpsim.fluidics.transport.streams import NOTHING, Cell, Composition, Stream, even, join

Row = list[float]
"""The volume at every face at one instant, mL: begins of the cells, ends of the cells, sites."""
Step = Callable[[Row, Row, list[Stream], list[Cell]], None]
"""Runs one cell, or mixes at one node: volumes before and after the piece, streams by slot, cells."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order; then for each site that runs the site, its face and the slot of what crosses it; and the slot
    of what crosses the end of each cell where any does: (cell, slot)."""

    steps: tuple[Step, ...]
    sites: tuple[tuple[int, int, int], ...]
    ends: tuple[tuple[int, int], ...]


class Routes:
    """The places of a network. ``cells``: begin and end node of each; ``sites``: their nodes; ``refills``: what comes in at
    each site; ``resting``: what leaves a node where nothing enters (a rounding of the volumes).

    Slots: one for each face, then for each node the mix and what rests there.
    """

    def __init__(
        self,
        cells: Sequence[tuple[int, int]],
        sites: Sequence[int],
        refills: Sequence[Composition],
        resting: Sequence[Composition],
    ) -> None:
        self.cells = len(cells)
        self.nodes = [begin for begin, _ in cells] + [end for _, end in cells] + list(sites)
        self.enters = [-1] * len(cells) + [1] * len(cells) + [-1] * len(sites)
        self.slots: list[Stream] = [NOTHING] * (2 * len(cells))
        self.slots += [even(refill) for refill in refills]
        self.slots += [NOTHING] * len(resting) + [even(composition) for composition in resting]
        self.count = len(resting)
        self._plans: dict[bytes, Plan] = {}

    def plan(self, signs: bytes) -> Plan:
        """Give the plan for these signs, one signed byte for each face: which way its volume runs."""
        plan = self._plans.get(signs)
        if plan is None:
            plan = self._plans[signs] = _Draft(self, list(memoryview(signs).cast("b"))).plan()
        return plan


class _Draft:
    """A plan while it is drawn up: from every cell upstream, depth first."""

    def __init__(self, routes: Routes, signs: list[int]) -> None:
        self._routes, self._signs = routes, signs
        self._steps: list[Step] = []
        self._mixed: set[int] = set()
        self._begun: set[int] = set()
        self._done: set[int] = set()
        self._gave: set[int] = set()
        self._feeders: dict[int, list[int]] = {}
        for face, sign in enumerate(signs):
            if sign != 0 and sign == routes.enters[face]:
                self._feeders.setdefault(routes.nodes[face], []).append(face)

    def plan(self) -> Plan:
        """Run every cell that moves, then serve the sites."""
        n = self._routes.cells
        for cell in range(n):
            if self._signs[cell] or self._signs[n + cell]:
                self._run(cell)
        sites = []
        for face in range(2 * n, len(self._signs)):
            if self._signs[face]:
                self._supply(self._routes.nodes[face])
                sites.append((face - 2 * n, face, self._crossing(face)))
        ends = tuple((cell, self._crossing(n + cell)) for cell in range(n) if self._signs[n + cell])
        return Plan(tuple(self._steps), tuple(sites), ends)

    def _crossing(self, face: int) -> int:
        """Give the slot of what crosses a face: its own where it feeds the node, else the node's."""
        if self._signs[face] == self._routes.enters[face]:
            return face
        return self._slot(self._routes.nodes[face])

    def _slot(self, node: int) -> int:
        feeders = self._feeders.get(node, [])
        if len(feeders) == 1:
            return feeders[0]
        return len(self._signs) + node + (0 if feeders else self._routes.count)

    def _supply(self, node: int) -> None:
        """See to it that all that enters a node is known."""
        feeders = self._feeders.get(node, [])
        for face in feeders:
            if face < 2 * self._routes.cells:
                self._run(face % self._routes.cells)
        if len(feeders) > 1 and node not in self._mixed:
            self._mixed.add(node)
            self._steps.append(_mix(feeders, self._slot(node)))

    def _run(self, cell: int) -> None:
        if cell in self._done:
            return
        n = self._routes.cells
        if cell in self._begun:
            if cell not in self._gave:
                self._gave.add(cell)
                self._steps.append(_give(cell, n + cell, self._signs))
            return
        self._begun.add(cell)
        for face in (cell, n + cell):
            if self._signs[face] == -self._routes.enters[face]:
                self._supply(self._routes.nodes[face])
        self._done.add(cell)
        begin, end = self._slot(self._routes.nodes[cell]), self._slot(self._routes.nodes[n + cell])
        if cell in self._gave:
            self._steps.append(_take(cell, n + cell, begin, end, self._signs))
        else:
            self._steps.append(_move(cell, n + cell, begin, end))


def _move(hi: int, lo: int, begin: int, end: int) -> Step:
    def step(before: Row, after: Row, slots: list[Stream], cells: list[Cell]) -> None:
        slots[hi], slots[lo] = cells[hi].move(before[hi], after[hi], before[lo], after[lo], slots[begin], slots[end])

    return step


def _mix(faces: list[int], slot: int) -> Step:
    def step(before: Row, after: Row, slots: list[Stream], cells: list[Cell]) -> None:  # noqa: ARG001 (as every step)
        slots[slot] = join([abs(after[face] - before[face]) for face in faces], [slots[face] for face in faces])

    return step


def _give(hi: int, lo: int, signs: list[int]) -> Step:
    """In a circle: give only, from what is held."""

    def step(before: Row, after: Row, slots: list[Stream], cells: list[Cell]) -> None:
        hi1 = after[hi] if signs[hi] < 0 else before[hi]
        lo1 = after[lo] if signs[lo] > 0 else before[lo]
        slots[hi], slots[lo] = cells[hi].move(before[hi], hi1, before[lo], lo1, NOTHING, NOTHING)

    return step


def _take(hi: int, lo: int, begin: int, end: int, signs: list[int]) -> Step:
    """In a circle: take only, once it is known what."""

    def step(before: Row, after: Row, slots: list[Stream], cells: list[Cell]) -> None:
        hi0 = after[hi] if signs[hi] < 0 else before[hi]
        lo0 = after[lo] if signs[lo] > 0 else before[lo]
        cells[hi].move(hi0, after[hi], lo0, after[lo], slots[begin], slots[end])

    return step
