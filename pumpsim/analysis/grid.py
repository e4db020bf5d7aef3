"""Where means are taken: windows of whole pumping cycles, and finer parts of them.

A mean over anything but whole cycles beats with the strokes, so a window runs from one empty chamber to another: the
first cycle end that is at least ``end / WINDOWS`` later. It is cut where the mechanism starts, stops or changes its
speed much, and where the patient end is closed or opened, as the picture changes there at once. A mechanism whose
chamber is never filled (the smooth drive) has no cycles: its windows are ``end / WINDOWS`` long and are cut at every
motor command.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.model import Interleave

WINDOWS = 2_000
"""About as many windows as can be told apart on a page."""
CUTS = 500
"""Cuts beyond which those nearer than ``end / WINDOWS`` to each other are left out."""
MUCH = 3
"""A change of the total rate by this factor or more cuts a window."""
VISIBLE = 40
"""A window that is cut out of a cycle keeps its mean if it is this part of the run or more: a gap would be seen."""
PARTS = 8
"""Finer parts of a cycle."""
MOST_PARTS = 32
"""Finer parts of a window at most."""
BREAKPOINTS = 100_000
"""Up to so many breakpoints the finer parts are cut at each of them, so that even flow within a cycle is exact."""
CYCLE_NS = 3_600_000
"""fL in a (nL/h x ns): a cycle of v fL takes v x this / (nL/h) ns."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Windows from ``edges_ns`` (n+1,), and finer parts of them from ``fine_ns`` (m+1,), which holds every edge.

    ``first`` (n,): the place in ``fine_ns`` at which each window begins. ``whole_ns`` (k,): the edges at which no cycle
    is under way. ``complete`` (n,): False for a window in which the mechanism moves but that begins or ends within a
    cycle: its mean would say more of the cut than of the flow (but see ``VISIBLE``). ``least_ns``: the length that
    windows have at least, but for those that are cut. ``cycles``: whether they are made of whole cycles.
    """

    edges_ns: Instants
    fine_ns: Instants
    first: Instants
    whole_ns: Instants
    complete: NDArray[np.bool_]
    least_ns: int
    cycles: bool

    @property
    def last(self) -> Instants:
        """The place in ``fine_ns`` at which each window ends."""
        return np.append(self.first[1:], len(self.fine_ns) - 1)


def pumping_windows(trace: PumpTrace) -> Grid:
    """Lay windows over a run."""
    ends = _cycle_ends(trace)
    least_ns = max(1, trace.end_ns // WINDOWS)
    cuts = _cuts(trace, ends is None, least_ns)
    edges = [0]
    for begin, end in pairwise(cuts):
        edges.extend(_between(trace, ends, begin, end, least_ns))
    edges_ns = np.array(edges, dtype=np.int64)
    fine_ns = _finer(trace, edges_ns, ends)
    first = np.searchsorted(fine_ns, edges_ns[:-1])
    whole_ns = edges_ns if ends is None else np.intersect1d(edges_ns, np.array(ends), assume_unique=True)
    whole = np.isin(edges_ns, whole_ns, assume_unique=True)
    complete = (whole[:-1] & whole[1:]) | ~_moving(trace, edges_ns[:-1])
    complete |= VISIBLE * np.diff(edges_ns) >= trace.end_ns
    return Grid(edges_ns, fine_ns, first, whole_ns, complete, least_ns, ends is not None)


def _cycle_ends(trace: PumpTrace) -> list[int] | None:
    """Every breakpoint at which the chamber is empty; None when it always is."""
    at_ns = np.concatenate([chunk.at_ns for chunk in trace.chunks])
    inside = np.concatenate([(chunk.drawn_ml - chunk.pumped_ml).sum(axis=0) for chunk in trace.chunks])
    empty = inside < 1e-3 * trace.model.mechanism.step_fl / 1e12
    if empty.all():
        return None
    ends: list[int] = np.unique(at_ns[empty]).tolist()
    return ends


def _moving(trace: PumpTrace, at_ns: Instants) -> NDArray[np.bool_]:
    """Whether the mechanism is asked to move from these instants on."""
    commands = np.array([at for at, _ in trace.decisions], dtype=np.int64)
    moving = np.array([False, *(command.moving for _, command in trace.decisions)])
    return moving[np.searchsorted(commands, at_ns, side="right")]


def _cuts(trace: PumpTrace, at_every_command: bool, least_ns: int) -> list[int]:
    """Instants at which a window must end, 0 and the end of the run included."""
    cuts: set[int] = set()
    before = 0
    for at_ns, command in trace.decisions:
        rate = sum(motion.rate_nl_per_h for motion in command.lines)
        low, high = sorted((before, rate))
        if at_every_command or high > MUCH * low:
            cuts.add(at_ns)
        before = rate
    for last, chunk in pairwise(trace.chunks):
        if last.outlet.open != chunk.outlet.open:
            cuts.add(int(chunk.at_ns[0]))
    inner = sorted(cut for cut in cuts if 0 < cut < trace.end_ns)
    if len(inner) > CUTS:
        kept: list[int] = []
        for cut in inner:
            if not kept or cut - kept[-1] >= least_ns:
                kept.append(cut)
        inner = kept
    return [0, *inner, trace.end_ns]


def _between(trace: PumpTrace, ends: list[int] | None, begin: int, end: int, least_ns: int) -> list[int]:
    """The ends of the windows from one cut to the next, the last one at ``end``."""
    found = [begin]
    while (after := _next(trace, ends, found[-1], least_ns)) < end:
        found.append(after)
    return [*found[1:], end]


def _next(trace: PumpTrace, ends: list[int] | None, at: int, least_ns: int) -> int:
    """The end of the window that begins at ``at``."""
    cycle_ns = _cycle_ns(trace, at) if ends is not None else 0
    if ends is None or cycle_ns == 0:
        return at + least_ns
    if trace.model.mechanism.interleave is Interleave.WHOLE_STROKE:
        least_ns = max(least_ns, _cycle_ns(trace, at, slowest=True))
    i = bisect_left(ends, at + max(least_ns, 3 * cycle_ns // 4))
    late = at + least_ns + 2 * cycle_ns
    return ends[i] if i < len(ends) and ends[i] <= late else at + max(least_ns, cycle_ns)


def _cycle_ns(trace: PumpTrace, at: int, slowest: bool = False) -> int:
    """How long a cycle takes at the rate commanded now, of all lines or of the slowest; 0 when nothing moves."""
    i = bisect_right(trace.decisions, at, key=lambda decision: decision[0]) - 1
    rates = [motion.rate_nl_per_h for motion in trace.decisions[i][1].lines if motion.rate_nl_per_h] if i >= 0 else []
    if not rates:
        return 0
    return trace.model.mechanism.cycle_fl * CYCLE_NS // (min(rates) if slowest else sum(rates))


def _finer(trace: PumpTrace, edges: Instants, ends: list[int] | None) -> Instants:
    """Divide every window; at each breakpoint too, unless there are too many. No part is a mere sliver."""
    cycles = np.ones(len(edges) - 1) if ends is None else np.diff(np.searchsorted(np.array(ends), edges))
    parts = np.clip(PARTS * cycles, PARTS, MOST_PARTS).astype(np.int64)
    length = np.repeat(np.diff(edges) / parts, parts)
    number = np.arange(len(length)) - np.repeat(np.cumsum(parts) - parts, parts)
    fine = np.repeat(edges[:-1], parts) + (number * length).astype(np.int64)
    breakpoints = trace.breakpoints_ns
    if len(breakpoints) <= BREAKPOINTS:
        fine = np.concatenate([fine, breakpoints])
    fine = np.unique(np.concatenate([fine, edges]))
    window = np.clip(np.searchsorted(edges, fine, side="right") - 1, 0, len(edges) - 2)
    sliver = np.diff(edges)[window] / 1000
    is_edge = edges[np.searchsorted(edges, fine)] == fine
    gap = np.diff(fine)
    keep = np.ones(len(fine), dtype=np.bool_)
    keep[1:] &= is_edge[1:] | (gap >= sliver[1:])
    keep[:-1] &= is_edge[:-1] | ~is_edge[1:] | (gap >= sliver[:-1])
    return fine[keep]


def hours(edges: Instants) -> Floats:
    """Lengths between edges, h."""
    length: Floats = np.diff(edges) / 3.6e12
    return length
