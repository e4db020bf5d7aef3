"""The rate that a line's programme wants at an instant, and when it next wants another.

A function of the programme, of what has been owed of it, of the time of day and of a temporary rate. Stages and repeats
follow what is owed, so that holding a line in mid-stage loses nothing; profiles follow the clock. A late call finds the
stage that belongs to what is owed by then, however many it has missed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import DAY_NS, NL_NS_PER_H, Profile, Repeat, Segment, Stage, Stages
from pumpsim.vocabulary.outputs import DeliveryEventKind, LineState
from pumpsim.vocabulary.program import InfusionProgram, format_time_of_day
from pumpsim.vocabulary.status import LineStatus

Wanted = tuple[int, str, int | None]
"""A rate in nL/h, why, and the owed volume at which it ends (None: not by volume)."""


def follow(turn: Turn) -> None:
    """Give every infusing line the rate that its programme wants now."""
    for line in turn.model.lines:
        if turn.state.line(line).state is not LineState.INFUSING:
            continue
        status = _renewed(turn, turn.state.line(line))
        rate, cause, _ = wanted(turn, status)
        if rate != status.rate_nl_per_h:
            turn.put(replace(status, rate_nl_per_h=rate))
            turn.say(DeliveryEventKind.RATE_CHANGED, line, cause)


def deadlines(turn: Turn) -> Iterator[int]:
    """When a line wants another rate: the end of a stage, the next repeat, the next segment, the end of what is temporary."""
    for status in turn.state.lines:
        program = status.program
        if program is None or status.state is not LineState.INFUSING:
            continue
        if program.first is not None or program.course is not None:
            yield from _ends(turn, status, program)
        if status.course.temporary is not None:
            yield status.course.temporary.until_ns


def _ends(turn: Turn, status: LineStatus, program: InfusionProgram) -> Iterator[int]:
    """When what the course gives now ends, in one that does not give the same for ever."""
    base = turn.base_nl_per_h(status)
    rests = not turn.model.bolus_adds and bool(status.course.doses)
    _, _, end = wanted(turn, status)
    if end is not None and base and not rests:
        yield turn.now_ns - (status.course.based - end) // base
    if isinstance(program.course, Repeat) and status.course.since_ns is not None and not _first(status):
        yield status.course.since_ns + program.course.interval_ns
    if isinstance(program.course, Profile):
        yield turn.now_ns + _to_next_ns(program.course, time_of_day_ns(turn))


def wanted(turn: Turn, status: LineStatus) -> Wanted:
    """The rate that the programme wants now, what a temporary one makes of it included."""
    program, course = status.program, status.course
    assert program is not None
    first = _first(status)
    if first is not None:
        return first
    rate, cause, end = _of_course(turn, status, program)
    temporary = course.temporary
    if temporary is None:
        return rate, cause, end
    if temporary.rate_nl_per_h is not None:
        return temporary.rate_nl_per_h, "temporary rate", end
    assert temporary.percent is not None
    return min(rate * temporary.percent // 100, turn.model.max_rate_nl_per_h), f"{temporary.percent} %, {cause}", end


def time_of_day_ns(turn: Turn) -> int:
    """The time of day now. The clock is set: without it no profile starts, and switching off stops what goes by it."""
    clock_ns = turn.state.unit.clock_ns
    assert clock_ns is not None
    return (turn.now_ns + clock_ns) % DAY_NS


def _renewed(turn: Turn, status: LineStatus) -> LineStatus:
    """Begin the next repeat when it is due, and end what was temporary; what a held line has missed is not made up for."""
    program, course = status.program, status.course
    assert program is not None
    if course.temporary is not None and turn.now_ns >= course.temporary.until_ns:
        course = replace(course, temporary=None)
    if isinstance(program.course, Repeat):
        due_ns = turn.now_ns
        if course.since_ns is not None:
            due_ns = course.since_ns + program.course.interval_ns
        if turn.now_ns >= due_ns and _first(status) is None:
            late = turn.now_ns >= due_ns + program.course.interval_ns
            course = replace(course, since_ns=turn.now_ns if late else due_ns, based=0)
    if course is not status.course:
        status = replace(status, course=course)
        turn.put(status)
    return status


def _first(status: LineStatus) -> Wanted | None:
    """What is given before the course, as long as it is not all owed; repeats once begun are never before it."""
    program = status.program
    assert program is not None
    first = program.first
    if first is None or first.volume_nl is None or status.course.since_ns is not None:
        return None
    end = first.volume_nl * NL_NS_PER_H
    return (first.rate_nl_per_h, "what comes first", end) if status.course.based < end else None


def _of_course(turn: Turn, status: LineStatus, program: InfusionProgram) -> Wanted:
    """The rate of the course proper."""
    based = status.course.based
    match program.course:
        case None:
            return program.rate_nl_per_h, "maintenance", None
        case Stages(stages):
            before = 0 if program.first is None else (program.first.volume_nl or 0)
            return _of_stages(stages, before * NL_NS_PER_H, based)
        case Repeat(volume_nl=volume_nl, between_nl_per_h=between):
            end = volume_nl * NL_NS_PER_H
            return (program.rate_nl_per_h, "dose", end) if based < end else (between, "between doses", None)
        case Profile(segments):
            segment = _segment(segments, time_of_day_ns(turn))
            return segment.rate_nl_per_h, f"from {format_time_of_day(segment.from_ns)}", None
        case _:
            assert_never(program.course)


def _of_stages(stages: tuple[Stage, ...], end: int, based: int) -> Wanted:
    """The stage that belongs to what is owed; the last one where all of it is."""
    for n, stage in enumerate(stages, start=1):
        if stage.volume_nl is None:
            return stage.rate_nl_per_h, f"stage {n} of {len(stages)}", None
        end += stage.volume_nl * NL_NS_PER_H
        if based < end:
            return stage.rate_nl_per_h, f"stage {n} of {len(stages)}", end
    return stages[-1].rate_nl_per_h, f"stage {len(stages)} of {len(stages)}", None


def _segment(segments: tuple[Segment, ...], time_ns: int) -> Segment:
    """The segment that a time of day lies in; before the first one yesterday's last."""
    found = segments[-1]
    for segment in segments:
        if segment.from_ns <= time_ns:
            found = segment
    return found


def _to_next_ns(profile: Profile, time_ns: int) -> int:
    """How long it is to the begin of the next segment; a day where there is one only."""
    later = (segment.from_ns for segment in profile.segments if segment.from_ns > time_ns)
    return min(later, default=profile.segments[0].from_ns + DAY_NS) - time_ns
