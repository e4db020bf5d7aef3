"""Air in the sets of a network while the plan is made: where it is decides how much each set gives.

As long as there is air, the volumes of the plan are carried along with it. Whenever a set holds more or less air than its store
was made for, by more than ``Fineness``, the plan is cut there and the store exchanged; what the place holds is conserved.
Air is a segment in every kind of tube: buoyancy is neglected. Only fluid and air are told apart here; which fluid it is, and
what becomes of the air, ``history`` follows by itself.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.feed import Feed, Span
from pumpsim.fluidics.network.boyle import air_store, together
from pumpsim.fluidics.network.course import Stretch, follow
from pumpsim.fluidics.network.elements import Topology
from pumpsim.fluidics.network.plumbing import Plumbing
from pumpsim.fluidics.network.state import State, changed
from pumpsim.fluidics.network.voyage import Course, bend_of, course_of, joined, outlets, tube_as, volumes
from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Volumes
from pumpsim.vocabulary.path import Transport

FLUID, AIR = 0, 1
NONE_ML = 1e-9
"""Less air than this is none."""
NARROW, AIMED = 1.1, 1.05
"""A cut may come where a store has strayed by this share of what is allowed; it is aimed at."""
EMPTIED = 2.0
"""How far a store has strayed whose air is gone."""
NEAR_ML = 1e-4
"""Volume within which it is not asked when exactly a store strays."""


@dataclass(frozen=True, slots=True)
class Fineness:
    """How far the air in a set may be from what its store was made for: the greater of a share of it and a volume."""

    share: float = 0.02
    least_ml: float = 0.002

    def strayed(self, stored_ml: float, air_ml: float) -> float:
        """How far the air is from its store, as a share of what is allowed: above 1, the store must be exchanged."""
        if stored_ml > 0.0 and air_ml <= NONE_ML:
            return EMPTIED
        return abs(air_ml - stored_ml) / max(self.share * stored_ml, self.least_ml)


USUAL = Fineness()
Feeds = Mapping[str, Sequence[Feed]]
"""What comes on each line of each pump."""


class Aboard:
    """Fluid and air in every set, at an instant of the plan. ``stored``: the air that each set's store was made for."""

    def __init__(self, laid: Plumbing, feeds: Feeds, fineness: Fineness, *, at_first: bool) -> None:
        """``at_first``: at power-on, when sets hold what priming left in them; else nothing but fluid has come until now."""
        self._laid, self._fineness, self._bend_ml = laid, fineness, bend_of(laid)
        tubes = [
            replace(
                tube_as(tube, FLUID), mixing=Transport.PLUG, first=AIR, first_ml=tube.set.air_ml if at_first else 0.0
            )
            for tube in laid.tubing
        ]
        sites = [Site(laid.topology.edges[i].begin, AIR if airy else FLUID) for i, airy in outlets(laid)]
        self._carriage = Carriage(2, tubes, inlets_of(laid, feeds), sites)
        self._spans = _spans(laid, feeds)
        self._open_to_air = [i for i, (_, airy) in enumerate(outlets(laid)) if airy]
        self.stored: tuple[float, ...] = (0.0,) * len(tubes)
        sizes = [tube.volume_ml for tube in tubes if tube.volume_ml > 0.0]
        self._most_ml = min(sizes, default=1.0) / 2.0
        ports, plungers = len(laid.topology.ports), len(laid.topology.plungers)
        edges = len(laid.topology.edges)
        self._last = Course(
            np.zeros(1, dtype=np.int64), np.zeros((edges, 1)), np.zeros((ports, 1)), np.zeros((plungers, 1))
        )

    def copy(self) -> "Aboard":
        """Give one that goes its own way from here on."""
        twin = Aboard.__new__(Aboard)
        twin._laid, twin._fineness, twin._bend_ml = self._laid, self._fineness, self._bend_ml
        twin._carriage, twin.stored = self._carriage.copy(), self.stored
        twin._most_ml, twin._last = self._most_ml, self._last
        twin._spans, twin._open_to_air = self._spans, self._open_to_air
        return twin

    def fed(self, feeds: Feeds) -> "Aboard":
        """The same, with other things to come on the lines."""
        twin = self.copy()
        for i, inlet in enumerate(inlets_of(self._laid, feeds)):
            twin._carriage.supply(i, inlet.changes)
        twin._spans = _spans(self._laid, feeds)
        return twin

    @property
    def air_ml(self) -> tuple[float, ...]:
        """Air in each set, in the order of the tubing."""
        held: list[float] = self._carriage.contents()[:, AIR].tolist()
        return tuple(held)

    @property
    def is_empty(self) -> bool:
        """Whether there is no air in any set."""
        return max(self.air_ml, default=0.0) <= NONE_ML

    @property
    def strays(self) -> bool:
        """Whether a store must be exchanged."""
        return self._strayed > 1.0

    @property
    def _strayed(self) -> float:
        return max(map(self._fineness.strayed, self.stored, self.air_ml))

    def loaded(self, topology: Topology) -> Topology:
        """The topology with the stores that the air of now makes; from here on these are ``stored``."""
        self.stored = tuple(0.0 if air <= NONE_ML else air for air in self.air_ml)
        nodes = list(topology.nodes)
        for tube, air in zip(self._laid.tubing, self.stored, strict=True):
            own = self._laid.topology.nodes[tube.begin].store
            nodes[tube.begin] = replace(nodes[tube.begin], store=together(own, air_store(air) if air > 0.0 else None))
        return replace(topology, nodes=tuple(nodes))

    def carry(self, stretch: Stretch) -> None:
        """Carry on through a stretch that follows what was carried last."""
        self._move(self._course(stretch))

    def cut_ns(self, stretch: Stretch) -> int | None:
        """Find the instant within a stretch at which a store must be exchanged; None if it lasts to the end."""
        trial, course = self.copy(), self._course(stretch)
        crossed = volumes(self._laid, course)
        if self._stays_clear(crossed):
            return None
        moved = np.abs(np.diff(np.concatenate([crossed.tube_begin, crossed.tube_end]), axis=1)).max(axis=0)
        for k, ml in enumerate(moved.tolist()):
            parts = max(1, math.ceil(ml / self._most_ml))
            for j in range(parts):
                here = trial.copy()
                trial._move(_between(course, k, j / parts, (j + 1) / parts))
                if trial.strays:
                    share = here._first_stray(course, k, j / parts, (j + 1) / parts, ml)
                    begin_ns, end_ns = int(course.at_ns[k]), int(course.at_ns[k + 1])
                    at_ns = begin_ns + math.ceil(share * (end_ns - begin_ns))
                    return max(at_ns, int(stretch.at_ns[0]) + 1) if at_ns < int(stretch.at_ns[-1]) else None
        return None

    def _stays_clear(self, crossed: Volumes) -> bool:
        """Whether there is no air, and none comes in: at no inlet, and through nothing that is open to the air."""
        if max(self.stored) > 0.0 or not self.is_empty:
            return False
        if (np.diff(crossed.site[self._open_to_air], axis=1) < 0.0).any():
            return False
        lows, highs = crossed.inlet.min(axis=1).tolist(), crossed.inlet.max(axis=1).tolist()
        return not any(
            begin <= high and end > low
            for spans, low, high in zip(self._spans, lows, highs, strict=True)
            for begin, end in spans
        )

    def _course(self, stretch: Stretch) -> Course:
        return joined([self._last, course_of(stretch, self._bend_ml)])

    def _move(self, course: Course) -> None:
        self._carriage.advance(volumes(self._laid, course))
        self._last = _column(course, -1)

    def _first_stray(self, course: Course, piece: int, begin: float, end: float, moved_ml: float) -> float:
        """The share of a piece at which a store must be exchanged: by the chord, and by halving where that does not help."""
        low, high = (begin, self._strayed), (end, self._strayed_at(course, piece, begin, end))
        by_chord = True
        while high[1] > NARROW and (high[0] - low[0]) * moved_ml > NEAR_ML:
            share = (AIMED - low[1]) / (high[1] - low[1]) if by_chord else 0.5
            middle = low[0] + (high[0] - low[0]) * min(max(share, 0.01), 0.99)
            at = (middle, self._strayed_at(course, piece, begin, middle))
            by_chord = not by_chord
            low, high = (low, at) if at[1] > 1.0 else (at, high)
        return high[0]

    def _strayed_at(self, course: Course, piece: int, begin: float, end: float) -> float:
        trial = self.copy()
        trial._move(_between(course, piece, begin, end))
        return trial._strayed


def inlets_of(laid: Plumbing, feeds: Feeds) -> list[Inlet]:
    """Every line of every pump as an inlet of fluid and air."""
    nodes = [laid.node_of[member.id] for member in laid.members for _ in member.model.lines]
    found = []
    for node, spans in zip(nodes, _spans(laid, feeds), strict=True):
        changes = [(0.0, FLUID)]
        for begin, end in spans:
            changes += [(begin, AIR), (end, FLUID)]
        found.append(Inlet(node, _in_order(changes)))
    return found


def _spans(laid: Plumbing, feeds: Feeds) -> list[tuple[Span, ...]]:
    """Where air comes on every line of every pump."""
    return [
        feeds[member.id][line].passing if member.id in feeds else ()
        for member in laid.members
        for line in range(len(member.model.lines))
    ]


def _in_order(changes: list[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """Leave out what comes to nothing, and what never comes."""
    found: list[tuple[float, int]] = []
    for from_ml, source in changes:
        if found and found[-1][0] == from_ml:
            found.pop()
        if from_ml < math.inf:
            found.append((from_ml, source))
    return tuple(found)


def sailed(aboard: Aboard, state: State, at_ns: Instants, given_ml: Floats) -> Iterator[tuple[Stretch, Aboard, Aboard]]:
    """Follow a network with air in it, as ``follow`` does; with each stretch, what there is at its begin and at its end."""
    first = 0
    while first < len(at_ns) - 1:
        if aboard.strays:
            aboard = aboard.copy()
            topology = aboard.loaded(state.regime.topology)
            state = changed(state, topology, np.zeros(len(given_ml)), given_ml[:, first])
        for whole in follow(state, at_ns[first:], given_ml[:, first:]):
            cut_ns = aboard.cut_ns(whole)
            stretch = whole if cut_ns is None else _until(whole, cut_ns)
            end = aboard.copy()
            end.carry(stretch)
            yield stretch, aboard, end
            aboard, state = end, stretch.state()
            if aboard.strays or cut_ns is not None:
                break
        at_ns, given_ml, first = _with_breakpoint(at_ns, given_ml, stretch)


def _until(stretch: Stretch, ns: int) -> Stretch:
    piece = int(np.searchsorted(stretch.at_ns, ns, side="left")) - 1
    return stretch.until(piece, ns - int(stretch.at_ns[piece]))


def _with_breakpoint(at_ns: Instants, given_ml: Floats, stretch: Stretch) -> tuple[Instants, Floats, int]:
    """Breakpoints with one where a stretch ends, and its place."""
    ns = int(stretch.at_ns[-1])
    i = int(np.searchsorted(at_ns, ns))
    if int(at_ns[i]) == ns:
        return at_ns, given_ml, i
    return np.insert(at_ns, i, ns), np.insert(given_ml, i, stretch.given_ml[:, -1], axis=1), i


def _column(course: Course, i: int) -> Course:
    column = slice(i, i + 1 or None)
    return Course(course.at_ns[column], course.through[:, column], course.given[:, column], course.plunged[:, column])


def _between(course: Course, piece: int, begin: float, end: float) -> Course:
    """The part of a piece between two shares of it."""

    def part(values: Floats) -> Floats:
        first, last = values[:, piece : piece + 1], values[:, piece + 1 : piece + 2]
        found: Floats = first + (last - first) * np.array([[begin, end]])
        return found

    at_ns = course.at_ns[piece : piece + 2]
    return Course(at_ns, part(course.through), part(course.given), part(course.plunged))
