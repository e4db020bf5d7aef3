"""The drives of one line whose motor keeps to the programmed rate: peristaltic, pulses, lead screw.

What is owed is where the motor is: ``LineDrive.owed`` is its position, ``pumped`` and ``drawn`` its whole steps (so the
controller counts motor steps, as a real one does), and what the fluid does follows from the position by the ``course``.
Pulses draw as they give. The others draw evenly with the motor: a course may fall at the outlet, but not at the inlet, and
what is drawn agrees with its count.

After a change of rate within a pulse or a resolved step, what had been displaced stays, and the course is met again at the
end of that pulse or step (``Motion.stretch``). Between two changes everything is closed form.
"""

from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics.arrays import Instants
from pumpsim.fluidics.drives.backward import BackwardLeg, turns_back
from pumpsim.fluidics.drives.course import Course, course_of
from pumpsim.fluidics.drives.leg import Counts, DriveState, Given, Idle, Leg, Pieces, Volumes
from pumpsim.fluidics.drives.mechanism import Q_PER_FL, LineDrive
from pumpsim.vocabulary.model import Drive, Mechanism

MAX_MARKS = 8_192
"""Marks of a course planned at once: bounds the memory of a plan, never its result."""


def next_leg(mechanism: Mechanism, state: DriveState, at_ns: int, until_ns: int) -> Leg:
    """Plan the line's next stretch from ``at_ns``, to ``until_ns`` or beyond unless something changes first."""
    (line,) = state.lines
    step = mechanism.step_fl * Q_PER_FL
    if turns_back(state, step):
        back = _motion_back(mechanism, state)
        assert line.stop is not None
        goal = max(line.stop * step, _goal_back(back.course, line.owed, line.owed + line.rate * (until_ns - at_ns)))
        marks = [*back.marks_of_top(line.owed, goal), *back.course.marks_down(line.owed, goal)]
        return BackwardLeg(at_ns, replace(state, given=back.given), step, back.volumes, marks, goal)
    if not line.running:
        return Idle(at_ns, state, _held(mechanism, state).volumes(line.owed))
    motion = _motion(mechanism, state)
    until = line.owed + line.rate * (until_ns - at_ns)
    return PhaseLeg(at_ns, line, motion, *_goal(motion, line.owed, until))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a course that is not the usual one: rest at ``low`` steps to ``begin``, then even motion to ``high`` at
    ``end``; positions in nL/h x ns."""

    begin: int
    low: float
    end: int
    high: float

    def displaced(self, position: int) -> float:
        """Give the volume displaced at a position up to ``end``."""
        if position <= self.begin:
            return self.low
        if position >= self.end:
            return self.high
        return self.low + (self.high - self.low) * (float(position - self.begin) / float(self.end - self.begin))


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What is displaced at every position, at one rate and towards one limit (steps)."""

    course: Course
    given: Given

    def volumes(self, position: int) -> Volumes:
        """Give the steps pumped and drawn, parts included."""
        displaced = self.displaced(position)
        return (displaced,), (self.course.moved(position) if self.course.draws_evenly else displaced,)

    def displaced(self, position: int) -> float:
        """Give the volume displaced, in steps."""
        stretch = self.stretch(position)
        return self.course.displaced(position) if stretch is None else stretch.displaced(position)

    def stretch(self, position: int) -> Stretch | None:
        """Find what stands in for the course here: after a change, or in a last pulse that is not a whole one."""
        course, since, top = self.course, self.given.since, self.given.top
        if top is not None and (turned := self._begin_of(top[0])) <= position <= top[0]:
            return Stretch(turned, course.displaced(turned), *top)
        begin, limit = position // course.grain * course.grain, self.given.limit * course.step
        partial = begin < limit < begin + course.grain
        if since is not None and since[0] < begin:
            since = None
        if since is None and not partial:
            return None
        place, low = since or (begin, course.displaced(begin))
        end = limit if partial else begin + course.grain
        high = float(self.given.limit) if partial else course.displaced(end)
        return Stretch(max(place, end - course.window), low, end, high)

    def _begin_of(self, position: int) -> int:
        """Where the pulse or step begins in which a position lies."""
        return position // self.course.grain * self.course.grain

    def marks_of_top(self, position: int, to: int) -> list[int]:
        """Where the course is met again on the way back, if that is still to come."""
        top = self.given.top
        return [] if top is None or not to < self._begin_of(top[0]) < position else [self._begin_of(top[0])]

    def kept(self, position: int) -> Given:
        """What to hand on at a position; a change matters no longer once its pulse or step is over."""
        since = self.given.since
        over = since is not None and position // self.course.grain > since[0] // self.course.grain
        return replace(self.given, since=None) if over else self.given


def _held(mechanism: Mechanism, state: DriveState) -> Motion:
    """The motion by which the line came to where it is."""
    (line,) = state.lines
    given = state.given or Given(max(1, line.rate), line.limit)
    return Motion(course_of(mechanism, given.rate), given)


def _motion(mechanism: Mechanism, state: DriveState) -> Motion:
    """The motion of a running line from where it is: the same as before, or another that begins with what is displaced."""
    (line,) = state.lines
    held = _held(mechanism, state)
    if (held.given.rate, held.given.limit, held.given.top) == (line.rate, line.limit, None):
        return held
    motion = Motion(course_of(mechanism, line.rate), Given(line.rate, line.limit))
    displaced = held.displaced(line.owed)
    if motion.displaced(line.owed) == displaced:
        return motion
    return Motion(motion.course, Given(line.rate, line.limit, (line.owed, displaced)))


def _motion_back(mechanism: Mechanism, state: DriveState) -> Motion:
    """The motion of a line that turns back: over the course of its rate, as on the way forward. Fingers have but one, and go
    back over what they have displaced."""
    held = _held(mechanism, state)
    (line,) = state.lines
    if mechanism.drive is not Drive.LEAD_SCREW or (held.given.top is not None and held.given.rate == -line.rate):
        return held
    given = Given(-line.rate, line.limit, top=(line.owed, held.displaced(line.owed)))
    return Motion(course_of(mechanism, given.rate), given)


def _goal(motion: Motion, position: int, until: int) -> tuple[int, tuple[int, int]]:
    """How far may be planned from a position, and which marks of the course (from, to before) lie between.

    The plan ends at the first mark from ``until`` on, so that no look adds a breakpoint; or where a stretch of its own
    begins or ends; or at the limit.
    """
    course, stretch = motion.course, motion.stretch(position)
    first = course.last_mark(position) + 1
    if stretch is not None:
        return stretch.begin if position < stretch.begin else stretch.end, (first, first)
    last = min(max(first, course.last_mark(until - 1) + 1), first + MAX_MARKS - 1)
    goal = min(course.mark(last), motion.given.limit * course.step // course.grain * course.grain)
    return goal, (first, course.last_mark(goal - 1) + 1)


def _goal_back(course: Course, position: int, until: int) -> int:
    """How far back may be planned: to the first mark from ``until`` on."""
    first = course.last_mark(position - 1)
    return course.mark(min(first, max(course.last_mark(until), first - MAX_MARKS)))


class PhaseLeg:
    """Motion at a constant rate from one position to another, over any number of cycles."""

    def __init__(self, at_ns: int, line: LineDrive, motion: Motion, goal: int, marks: tuple[int, int]) -> None:
        self.start_ns = at_ns
        self._line, self._motion, self._marks = line, motion, marks
        self._most = motion.given.limit * motion.course.step
        self.end_ns = self._time_of(goal)

    def _time_of(self, position: int) -> int:
        """The first ns at which the position is reached."""
        return self.start_ns - (self._line.owed - position) // self._line.rate

    def _at(self, at_ns: int) -> int:
        return min(self._line.owed + self._line.rate * (at_ns - self.start_ns), self._most)

    def pieces(self) -> Pieces:
        """Breakpoints at the start, at every mark of the course, and at the end."""
        marks = np.arange(*self._marks, dtype=np.int64)
        passed_ns, past = self._passing(marks)
        ends = [self._motion.volumes(self._at(at_ns)) for at_ns in (self.start_ns, self.end_ns)]
        (pumped, drawn), course = zip(*ends, strict=True), self._motion.course
        at = np.concatenate([[self.start_ns], self.start_ns + passed_ns, [self.end_ns]])
        given = course.displaced_past(marks, past)
        taken = course.moved_past(marks, past) if course.draws_evenly else given
        later = np.append(at[1:] > at[:-1], True)
        return Pieces(
            at[later],
            np.concatenate([pumped[0], given, pumped[1]])[None, later],
            np.concatenate([drawn[0], taken, drawn[1]])[None, later],
        )

    def _passing(self, marks: Instants) -> tuple[Instants, Instants]:
        """When each mark is passed, in ns from the start and rounded up, and the position past it by then.

        A unit of the course is so many whole ns of the rate and a part, which keeps every number within 64 bits.
        """
        course, rate = self._motion.course, self._line.rate
        here = self._marks[0] // len(course.offsets)
        units, i = np.divmod(marks, len(course.offsets))
        whole, part = divmod(course.unit, rate)
        ahead = [divmod(here * course.unit + offset - self._line.owed, rate) for offset in course.offsets]
        wholes, parts = (np.array(column, dtype=np.int64) for column in zip(*ahead, strict=True))
        parts = parts[i] + (units - here) * part
        over_ns = -(-parts // rate)
        return (units - here) * whole + wholes[i] + over_ns, over_ns * rate - parts

    def counts(self, at_ns: int) -> Counts:
        """Whole motor steps made by then."""
        owed = self._line.owed + self._line.rate * (at_ns - self.start_ns)
        steps = (min(owed, self._most) // self._motion.course.step,)
        return steps, steps

    def when_pumped(self, line: int, count: int) -> int:  # noqa: ARG002 (there is one)
        """First ns at which the motor has made ``count`` steps."""
        return max(self.start_ns, self._time_of(count * self._motion.course.step))

    def volumes(self, at_ns: int) -> Volumes:
        """Steps displaced, and drawn, parts included."""
        return self._motion.volumes(self._at(at_ns))

    def state(self, at_ns: int) -> DriveState:
        """Where the motor is, and what position alone does not tell."""
        position = self._at(at_ns)
        steps = position // self._motion.course.step
        line = replace(self._line, owed=position, pumped=steps, drawn=steps)
        return DriveState((line,), given=self._motion.kept(position))
