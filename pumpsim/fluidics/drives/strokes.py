"""The stroke-resolved drive: one cycle after the other, singly or many at once.

A ``CycleLeg`` is one cycle, or what is left of one. A ``UniformLeg`` is any number of full cycles at constant rates, in
closed form as arrays; it gives the same integers as the rule taken cycle by cycle (a test says so).
"""

import numpy as np

from pumpsim.fluidics.arrays import Instants
from pumpsim.fluidics.drives.cycle import Cycle, begin_cycle
from pumpsim.fluidics.drives.leg import Counts, DriveState, Idle, Leg, Pieces
from pumpsim.fluidics.drives.mechanism import PPM, Q_PER_FL, LineDrive, pace
from pumpsim.vocabulary.model import InnerFlow, Interleave, Mechanism

MAX_CYCLES = 8_192
"""Cycles planned at once: bounds the memory of a plan, never its result."""


def next_leg(mechanism: Mechanism, state: DriveState, at_ns: int, until_ns: int) -> Leg:
    """Plan the mechanism's next stretch from ``at_ns``, to ``until_ns`` or beyond unless something changes first."""
    if not any(line.running for line in state.lines):
        return Idle(at_ns, state)
    if state.cycle is None:
        uniform = UniformLeg.plan(mechanism, state.lines, at_ns, until_ns)
        if uniform is not None:
            return uniform
        begun = begin_cycle(mechanism, state.lines)
        if begun is None:
            return Idle(at_ns, state)
        state = DriveState(state.lines, *begun)
    assert state.cycle is not None
    return CycleLeg(at_ns, state.lines, state.cycle, state.progress)


class CycleLeg:
    """One cycle from ``progress`` on, at constant rates, to its end or until a line has nothing more to do."""

    def __init__(self, at_ns: int, lines: tuple[LineDrive, ...], cycle: Cycle, progress: int) -> None:
        self.start_ns = at_ns
        self._lines, self._cycle, self._progress = lines, cycle, progress
        self._rate = sum(line.rate for line in lines if line.running)
        done = [_done(cycle, i, line) for i, line in enumerate(lines) if line.running]
        self._last = min((mark for mark in done if mark is not None), default=cycle.span)
        self.end_ns = self._time_of(self._last)

    def _time_of(self, progress: int) -> int:
        """The first ns at which the progress is reached."""
        return self.start_ns - (self._progress - progress) // self._rate

    def _at(self, at_ns: int) -> int:
        return min(self._progress + self._rate * (at_ns - self.start_ns), self._cycle.span)

    def pieces(self) -> Pieces:
        """Breakpoints at the begin and end of each line's filling and emptying."""
        marks = [self._progress, *(mark for mark in self._cycle.marks() if self._progress < mark <= self._last)]
        at_ns = np.array([self._time_of(mark) for mark in marks], dtype=np.int64)
        pumped, drawn = self._cycle.courses(marks)
        return _strictly_later(Pieces(at_ns, np.array(pumped), np.array(drawn)))

    def counts(self, at_ns: int) -> Counts:
        """Whole steps given and taken by then."""
        return self._cycle.counts(self._at(at_ns))

    def when_pumped(self, line: int, count: int) -> int:
        """First ns at which the line's count is ``count``."""
        return max(self.start_ns, self._time_of(self._cycle.progress_when_pumped(line, count)))

    def volumes(self, at_ns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Steps pumped and drawn, parts included."""
        return self._cycle.volumes(self._at(at_ns))

    def state(self, at_ns: int) -> DriveState:
        """Counters, cycle and progress; no cycle once it is over."""
        progress = self._at(at_ns)
        pumped, drawn = self._cycle.counts(progress)
        lines = tuple(line.later(at_ns - self.start_ns, drawn[i], pumped[i]) for i, line in enumerate(self._lines))
        return DriveState(lines) if progress >= self._cycle.span else DriveState(lines, self._cycle, progress)


def _done(cycle: Cycle, i: int, line: LineDrive) -> int | None:
    """The progress at which a running line has nothing more to do in this cycle or after it; None if there is more.

    A stop that lies within the share in the chamber is kept to the step: the rest stays there.
    """
    if line.stop is not None and cycle.pumped[i] + cycle.steps[i] >= line.stop:
        return cycle.progress_when_pumped(i, line.stop)
    return cycle.push_windows[i][1] if cycle.drawn[i] + cycle.steps[i] >= line.limit else None


class UniformLeg:
    """``count`` full cycles at constant rates from an empty chamber, with no limit within reach."""

    def __init__(
        self, mechanism: Mechanism, lines: tuple[LineDrive, ...], at_ns: int, surplus: int, first: Instants
    ) -> None:
        self.start_ns = at_ns
        self._mechanism, self._lines, self._surplus = mechanism, lines, surplus
        self._rate = sum(line.rate for line in lines if line.running)
        self._full = mechanism.cycle_fl * Q_PER_FL
        self._count = len(first) - 1
        cycles = np.arange(self._count + 1, dtype=np.int64)
        self._given = np.empty((len(lines), self._count + 1), dtype=np.int64)
        self._given[0] = first
        if len(lines) == 2:
            np.subtract(cycles * mechanism.cycle_steps, first, out=self._given[1])
        whole, part = divmod(self._full, self._rate)
        self._whole_ns, self._parts = at_ns + cycles * whole, surplus - cycles * part
        self._ends = self._whole_ns - self._parts // self._rate
        self._ends[0] = at_ns
        self.end_ns = int(self._ends[-1])
        self._kept: tuple[int, CycleLeg] | None = None

    @classmethod
    def plan(cls, mechanism: Mechanism, lines: tuple[LineDrive, ...], at_ns: int, until_ns: int) -> "UniformLeg | None":
        """Find how many full cycles follow each other evenly from here; None when it is not even one."""
        drawing = tuple(line.running for line in lines)
        rate, surplus = pace(mechanism, lines, drawing)
        full = mechanism.cycle_fl * Q_PER_FL
        if not 0 <= surplus < rate:
            return None
        count = min(MAX_CYCLES, -((-rate * (until_ns - at_ns) - surplus) // full))
        first = _first_line(mechanism, lines, drawing, count)
        steps = mechanism.cycle_steps
        if count < 1 or not 0 <= first[1] <= steps:
            return None
        given = (first, np.arange(count + 1, dtype=np.int64) * steps - first)
        for line, draws, by_line in zip(lines, drawing, given, strict=False):
            if draws:
                room = line.limit - line.drawn
                count = min(count, int(by_line[: count + 1].searchsorted(room, side="left")) - 1)
        return cls(mechanism, lines, at_ns, surplus, first[: count + 1]) if count >= 1 else None

    def _times(self, offset: Instants | int) -> Instants:
        """Instants at which ``offset`` of progress is reached in each cycle; exact, rounded up to the ns.

        Cycle k begins after k times its full span of owed volume, less the surplus at the begin; that span is so many
        whole ns of it and a part, which keeps every number within 64 bits.
        """
        times: Instants = self._whole_ns[:-1] - (self._parts[:-1] - offset) // self._rate
        return times

    def _cycle(self, k: int) -> CycleLeg:
        """The k-th cycle by itself; the last one asked for is kept."""
        if self._kept is None or self._kept[0] != k:
            self._kept = (k, self._single(k))
        return self._kept[1]

    def _single(self, k: int) -> CycleLeg:
        begun_ns = int(self._ends[k])
        before = [int(n) for n in self._given[:, k]]
        steps = tuple(int(n) - b for n, b in zip(self._given[:, k + 1], before, strict=True))
        fill = self._full * self._mechanism.fill_ppm // PPM
        lines = tuple(
            line.later(begun_ns - self.start_ns, line.drawn + b, line.pumped + b)
            for line, b in zip(self._lines, before, strict=True)
        )
        cycle = Cycle(
            steps,
            tuple(line.drawn for line in lines),
            tuple(line.pumped for line in lines),
            fill,
            self._full - fill,
            self._mechanism.inner_flow is InnerFlow.IN_ORDER,
        )
        progress = self._rate * (begun_ns - self.start_ns) + self._surplus - k * self._full
        return CycleLeg(begun_ns, lines, cycle, progress)

    def _during(self, at_ns: int) -> CycleLeg:
        k = int(self._ends.searchsorted(at_ns, side="right")) - 1
        return self._cycle(min(k, self._count - 1))

    def pieces(self) -> Pieces:
        """Breakpoints of all cycles: fill A, fill B, push A, push B; a mixed chamber pushes at once."""
        n, lines, steps = self._count, len(self._lines), self._mechanism.cycle_steps
        fill = self._full * self._mechanism.fill_ppm // PPM
        in_order = self._mechanism.inner_flow is InnerFlow.IN_ORDER
        marks = 2 if lines == 1 else 4 if in_order else 3
        at = np.empty((n + 1, marks), dtype=np.int64)
        pumped = np.empty((lines, n + 1, marks))
        drawn = np.empty((lines, n + 1, marks))
        before_pumped, before_drawn = ([line.pumped for line in self._lines], [line.drawn for line in self._lines])
        given = self._given.T
        pumped[:] = (given + before_pumped).T[:, :, None]
        drawn[:] = (given + before_drawn).T[:, :, None]
        at[:, 0] = self._ends
        at[:-1, lines] = self._times(fill)  # all are drawn
        drawn[:, :-1, lines:] = drawn[:, 1:, :1]
        if lines == 2:
            share = self._given[0, 1:] - self._given[0, :-1]
            at[:-1, 1] = self._times(_proportion(fill, share, steps))  # A is drawn, B begins
            drawn[0, :-1, 1] = drawn[0, 1:, 0]
            if in_order:
                at[:-1, 3] = self._times(fill + _proportion(self._full - fill, share, steps))  # A is given
                pumped[0, :-1, 3] = pumped[0, 1:, 0]
        last = n * marks + 1
        flat = (lines, -1)
        return _strictly_later(Pieces(at.ravel()[:last], pumped.reshape(flat)[:, :last], drawn.reshape(flat)[:, :last]))

    def counts(self, at_ns: int) -> Counts:
        """Whole steps given and taken by then."""
        return self._during(at_ns).counts(at_ns)

    def when_pumped(self, line: int, count: int) -> int:
        """First ns at which the line's count is ``count``."""
        k = int(np.searchsorted(self._given[line], count - self._lines[line].pumped, side="left")) - 1
        return self._cycle(max(k, 0)).when_pumped(line, count)

    def volumes(self, at_ns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Steps pumped and drawn, parts included."""
        return self._during(at_ns).volumes(at_ns)

    def state(self, at_ns: int) -> DriveState:
        """Counters, cycle and progress."""
        if at_ns < self.end_ns:
            return self._during(at_ns).state(at_ns)
        passed = self.end_ns - self.start_ns
        given = self._given[:, -1].tolist()
        return DriveState(
            tuple(
                line.later(passed, line.drawn + n, line.pumped + n) for line, n in zip(self._lines, given, strict=True)
            )
        )


def _first_line(mechanism: Mechanism, lines: tuple[LineDrive, ...], drawing: tuple[bool, ...], count: int) -> Instants:
    """Steps that the first line has given after 0, 1 ... ``count`` full cycles: the rule, summed up in closed form."""
    cycles = np.arange(count + 1, dtype=np.int64)
    steps = mechanism.cycle_steps
    if drawing.count(True) == 1:
        return cycles * steps if drawing[0] else cycles * 0
    rate, surplus = pace(mechanism, lines, drawing)
    first, step = lines[0], mechanism.step_fl * Q_PER_FL
    unit = steps if mechanism.interleave is Interleave.WHOLE_STROKE else 1
    behind = (first.owed - first.pumped * step) * rate - first.rate * surplus
    offset = 2 * behind // step + unit * rate
    given: Instants = (2 * first.rate * steps * cycles + offset) // (2 * unit * rate) * unit
    given[0] = 0
    return given


def _proportion(span: int, share: Instants, total: int) -> Instants:
    """``span * share // total`` without leaving 64 bits."""
    whole, part = divmod(span, total)
    return whole * share + part * share // total


def _strictly_later(pieces: Pieces) -> Pieces:
    """Leave out breakpoints at which no time has passed."""
    later = pieces.at_ns[1:] > pieces.at_ns[:-1]
    if later.all():
        return pieces
    keep = np.append(later, True)
    return Pieces(pieces.at_ns[keep], pieces.pumped[:, keep], pieces.drawn[:, keep])
