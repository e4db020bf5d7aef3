"""How much a line has been given in a window of time, and when that will have come to a limit; in integers, exact.

What counts towards the limit grows evenly between marks; a mark is set wherever its rate may have changed. A rolling window
looks back from now; fixed ones follow each other from the programme's start on.
"""

import itertools
from dataclasses import replace

from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import NL_NS_PER_H, DoseLimit
from pumpsim.vocabulary.status import LineStatus, Mark


def begin(turn: Turn, status: LineStatus, limit: DoseLimit) -> None:
    """Begin to count, at the first start of a programme."""
    course = replace(status.course, marks=(Mark(turn.now_ns, counted(status, limit)),))
    turn.put(replace(status, course=course))


def counted(status: LineStatus, limit: DoseLimit) -> int:
    """What counts of all that the line was owed since power-on."""
    return status.owed if limit.continuous else status.course.dosed


def left(turn: Turn, status: LineStatus, limit: DoseLimit) -> int:
    """What the window leaves, in nL/h x ns; what a dose under way has still to come is taken off."""
    to_come = 0
    for dose in status.course.doses:
        to_come += dose.volume - dose.owed
    return limit.volume_nl * NL_NS_PER_H - _inside(turn, status, limit) - to_come


def full(turn: Turn, status: LineStatus, limit: DoseLimit) -> bool:
    """Whether the window holds the limit by now."""
    return _inside(turn, status, limit) >= limit.volume_nl * NL_NS_PER_H


def _inside(turn: Turn, status: LineStatus, limit: DoseLimit) -> int:
    return counted(status, limit) - _before(status, limit, turn.now_ns)


def mark(turn: Turn, status: LineStatus, limit: DoseLimit) -> None:
    """Set a mark now, and forget what no window reaches any more."""
    marks, now = status.course.marks, Mark(turn.now_ns, counted(status, limit))
    if not marks:
        return
    if not limit.rolling:
        begun_ns = marks[0].at_ns
        if turn.now_ns < begun_ns + limit.window_ns:
            return
        begun_ns += (turn.now_ns - begun_ns) // limit.window_ns * limit.window_ns
        kept: tuple[Mark, ...] = (Mark(begun_ns, now.owed),)
    else:
        from_ns = turn.now_ns - limit.window_ns
        older = tuple(m for m in marks if m.at_ns <= from_ns)
        recent = tuple(m for m in marks if from_ns < m.at_ns < turn.now_ns)
        kept = _thinned((*older[-1:], *recent, now))
    turn.put(replace(status, course=replace(status.course, marks=kept)))


def _thinned(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Leave out the mark before the last where growth goes on as it was: what lies between follows from its neighbours."""
    if len(marks) < 3:
        return marks
    a, b, c = marks[-3:]
    even = (b.owed - a.owed) * (c.at_ns - b.at_ns) == (c.owed - b.owed) * (b.at_ns - a.at_ns)
    return (*marks[:-2], c) if even else marks


def reached_ns(turn: Turn, status: LineStatus, limit: DoseLimit) -> int | None:
    """The first instant after now at which the window comes to be full if rates stay as they are; None when it never does.

    What is given grows at the present rate; what leaves a rolling window grew at the rates between the marks.
    """
    rate = turn.rate_nl_per_h(status) if limit.continuous else 0
    at_ns, given, inside = turn.now_ns, counted(status, limit), _inside(turn, status, limit)
    full = limit.volume_nl * NL_NS_PER_H
    if not limit.rolling:
        return at_ns - (inside - full) // rate if rate > 0 else None
    for old in status.course.marks:
        end_ns = old.at_ns + limit.window_ns
        if end_ns <= at_ns:
            continue
        later = given + rate * (end_ns - at_ns)
        then = later - _before(status, limit, end_ns)
        if inside < full <= then:
            return at_ns - (inside - full) * (end_ns - at_ns) // (then - inside)
        at_ns, given, inside = end_ns, later, then
    return None


def _before(status: LineStatus, limit: DoseLimit, now_ns: int) -> int:
    """What had counted at the begin of the window that ends now; between marks by proportion."""
    marks = status.course.marks
    if not marks:
        return counted(status, limit)
    if not limit.rolling:
        return marks[0].owed
    from_ns = now_ns - limit.window_ns
    if from_ns <= marks[0].at_ns:
        return marks[0].owed
    for a, b in itertools.pairwise(marks):
        if from_ns < b.at_ns:
            return a.owed + (b.owed - a.owed) * (from_ns - a.at_ns) // (b.at_ns - a.at_ns)
    return marks[-1].owed
