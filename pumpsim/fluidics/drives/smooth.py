"""The smooth drive: every line flows at its rate, with no strokes. Analytic cases are exact with it."""

from dataclasses import replace

import numpy as np

from pumpsim.fluidics.drives.backward import BackwardLeg, turns_back
from pumpsim.fluidics.drives.leg import FOREVER_NS, Counts, DriveState, Leg, Pieces
from pumpsim.fluidics.drives.mechanism import Q_PER_FL, LineDrive
from pumpsim.vocabulary.model import Mechanism


def next_leg(mechanism: Mechanism, state: DriveState, at_ns: int, until_ns: int) -> Leg:  # noqa: ARG001 (one for all)
    """Plan a stretch of even flow, or of rest; it ends when a line has nothing more to do."""
    step = mechanism.step_fl * Q_PER_FL
    if turns_back(state, step):
        return BackwardLeg(at_ns, state, step, lambda at: ((at / step,), (at / step,)))
    return SmoothLeg(mechanism, state.lines, at_ns)


class SmoothLeg:
    """Even flow of each running line; the others rest. What is owed is pumped at once: ``owed`` is the volume pumped."""

    def __init__(self, mechanism: Mechanism, lines: tuple[LineDrive, ...], at_ns: int) -> None:
        self.start_ns = at_ns
        self._lines, self._step = lines, mechanism.step_fl * Q_PER_FL
        ends = [at_ns - (line.owed - line.limit * self._step) // line.rate for line in lines if line.running]
        self.end_ns = min([at_ns + FOREVER_NS, *ends])

    def _owed(self, line: LineDrive, at_ns: int) -> int:
        if not line.running:
            return line.owed
        return min(line.owed + line.rate * (at_ns - self.start_ns), line.limit * self._step)

    def pieces(self) -> Pieces:
        """Two breakpoints."""
        begin, end = self.volumes(self.start_ns)[0], self.volumes(self.end_ns)[0]
        volumes = np.array([begin, end]).T
        return Pieces(np.array([self.start_ns, self.end_ns], dtype=np.int64), volumes, volumes)

    def counts(self, at_ns: int) -> Counts:
        """Whole steps given and taken by then: here the same."""
        pumped = tuple(self._owed(line, at_ns) // self._step for line in self._lines)
        return pumped, pumped

    def when_pumped(self, line: int, count: int) -> int:
        """First ns at which the line's count is ``count``."""
        drive = self._lines[line]
        if not drive.running:
            return self.start_ns
        return max(self.start_ns, self.start_ns - (drive.owed - count * self._step) // drive.rate)

    def volumes(self, at_ns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Steps pumped and drawn, parts included: here the same."""
        pumped = tuple(self._owed(line, at_ns) / self._step for line in self._lines)
        return pumped, pumped

    def state(self, at_ns: int) -> DriveState:
        """Counters as they are then."""
        lines = []
        for line in self._lines:
            owed = self._owed(line, at_ns)
            lines.append(replace(line, owed=owed, pumped=owed // self._step, drawn=owed // self._step))
        return DriveState(tuple(lines))
