"""The course of a cycle: what a mechanism has displaced as a function of where its motor is.

A cycle is a row of marks; between two marks displacement is even in the motor's position, so a course is its marks and the
volume at each. Three drives, one shape:

- peristaltic: the marks are the corners of the model's course over a revolution; displacement may fall between two;
- pulses: the motor is owed one cycle after the other; each is given in the last ``pulse_ns`` of its interval;
- lead screw: micro-steps, each made in the last ``pulse_ns`` of its interval while a step takes longer than
  ``RESOLVED_NS``, else the corners of the course over a turn (thread error), which whole steps follow in either case.

Positions are integers in nL/h x ns. Volumes are floats in motor steps, always found from the absolute position, so that one
is the same float however a plan was cut; at whole cycles they are exact. Pure arithmetic: nothing here has a clock.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.drives.mechanism import PPM, Q_PER_FL
from pumpsim.vocabulary.model import Drive, Mechanism

RESOLVED_NS = 10**9
"""A micro-step that takes longer than this is resolved by itself; a choice of ours: shorter ones pass for even motion."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Marks at ``offsets`` (m,) of every ``unit`` of position, numbered from power-on, and the volume, in steps, at those of
    the first cycle: ``levels`` (n,), n a multiple of m.

    At whole multiples of ``grain`` the volume is the same at every rate; within one, motion takes the last ``window``.
    ``step`` and ``grain`` in nL/h x ns, ``cycle`` in steps; a step must be less than 2.5 mL (int64). ``draws_evenly``: with
    the motor, else as it gives.
    """

    step: int
    cycle: int
    unit: int
    offsets: tuple[int, ...]
    levels: Floats
    grain: int
    window: int
    draws_evenly: bool = True

    def mark(self, n: int) -> int:
        """Give the position of a mark."""
        unit, i = divmod(n, len(self.offsets))
        return unit * self.unit + self.offsets[i]

    def last_mark(self, position: int) -> int:
        """Find the last mark at or before a position."""
        unit, rest = divmod(position, self.unit)
        return unit * len(self.offsets) + bisect_right(self.offsets, rest) - 1

    def marks_down(self, position: int, to: int) -> list[int]:
        """List the positions of the marks between a position and a lower one, both left out, falling."""
        first, last = self.last_mark(to), self.last_mark(position)
        return [mark for n in range(last, first, -1) if to < (mark := self.mark(n)) < position]

    def displaced(self, position: int) -> float:
        """Give the volume displaced at a position."""
        n = self.last_mark(position)
        begin = self.mark(n)
        low, high = self._level(n), self._level(n + 1)
        return low + (high - low) * (float(position - begin) / float(self.mark(n + 1) - begin))

    def displaced_past(self, marks: Instants, past: Instants) -> Floats:
        """Give ``displaced`` at positions ``past`` these marks, and short of the next: the same floats, (n,)."""
        edges = (*self.offsets, self.unit)
        spans = np.array([float(end - begin) for begin, end in pairwise(edges)])
        low, high = self._levels(marks), self._levels(marks + 1)
        volume: Floats = low + (high - low) * (past / spans[marks % len(self.offsets)])
        return volume

    def moved(self, position: int) -> float:
        """Give the position itself in steps, parts included."""
        whole, rest = divmod(position, self.step)
        return whole + float(rest) / float(self.step)

    def moved_past(self, marks: Instants, past: Instants) -> Floats:
        """Give ``moved`` at positions ``past`` these marks: the same floats, (n,)."""
        units, i = np.divmod(marks, len(self.offsets))
        wholes, rests = (np.array(part)[i] for part in zip(*(divmod(o, self.step) for o in self.offsets), strict=True))
        more, rest = np.divmod(rests + past, self.step)
        volume: Floats = units * (self.unit // self.step) + wholes + more + rest / float(self.step)
        return volume

    def _level(self, n: int) -> float:
        cycles, i = divmod(n, len(self.levels))
        return cycles * self.cycle + float(self.levels[i])

    def _levels(self, n: Instants) -> Floats:
        cycles, i = np.divmod(n, len(self.levels))
        levels: Floats = cycles * self.cycle + self.levels[i]
        return levels


def course_of(mechanism: Mechanism, rate_nl_per_h: int) -> Course:
    """Build the course that a drive follows at a rate above 0.

    Raises ValueError for another drive, a course that is none, or pulses with a course.
    """
    step, cycle = mechanism.step_fl * Q_PER_FL, mechanism.cycle_steps
    full = step * cycle
    corners = corners_of(mechanism)
    offsets = tuple(full * position // PPM for position, _ in corners[:-1])
    levels = np.array([cycle * displaced / PPM for _, displaced in corners])
    if mechanism.drive is Drive.PULSES:
        if mechanism.course:
            raise ValueError("course: a drive of pulses has none, as each pulse is even")
        return _halting(mechanism, rate_nl_per_h, cycle, levels[:1])
    if mechanism.drive is Drive.LEAD_SCREW and step > rate_nl_per_h * RESOLVED_NS:
        places = [offset / step for offset in (*offsets, full)]
        turn = np.arange(cycle if mechanism.course else 1)
        return _halting(mechanism, rate_nl_per_h, 1, np.interp(turn, places, levels))
    if mechanism.drive in (Drive.PERISTALTIC, Drive.LEAD_SCREW):
        return Course(step, cycle, full, offsets, levels[:-1], step, step)
    raise ValueError(f"drive: {mechanism.drive.value} follows no course")


def corners_of(mechanism: Mechanism) -> tuple[tuple[int, int], ...]:
    """Give the corners of the model's course, position and volume in parts per million, end points included.

    Raises ValueError where positions do not ascend from 0 to 1,000,000, or the course does not begin at 0 and end at a whole
    cycle.
    """
    corners = [(corner.position_ppm, corner.displaced_ppm) for corner in mechanism.course]
    if not corners or corners[0][0] > 0:
        corners.insert(0, (0, 0))
    if corners[-1][0] < PPM:
        corners.append((PPM, PPM))
    if any(begin[0] >= end[0] for begin, end in pairwise(corners)):
        raise ValueError(f"course: positions must ascend from 0 to {PPM} ppm")
    if corners[0] != (0, 0) or corners[-1] != (PPM, PPM):
        raise ValueError(f"course: it must begin at (0, 0) and end at ({PPM}, {PPM}) ppm")
    return tuple(corners)


def _halting(mechanism: Mechanism, rate: int, steps: int, levels: Floats) -> Course:
    """Rest, then move: the course of a few steps at a time, with the volume before each time of a cycle.

    A pulse takes 1 ns at least, so that no flow is infinite, and the whole interval where that is shorter than the pulse.
    """
    step = mechanism.step_fl * Q_PER_FL
    grain = steps * step
    window = min(grain, rate * max(1, mechanism.pulse_ns))
    offsets = (0, grain - window) if window < grain else (0,)
    cycle, levels = steps * len(levels), np.repeat(levels, len(offsets))
    return Course(step, cycle, grain, offsets, levels, grain, window, mechanism.drive is not Drive.PULSES)
