"""Doses on the patient's request: lockout, the limit of a window, what is counted; and what happens at the limit.

A request is granted, granted in part, or denied with the reason, and counted in every case. The order of the reasons is that
in which a clinician would look: is the programme running (an alarm has stopped or limited it), does a dose run, the lockout,
the limit.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import doses, window
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Effect
from pumpsim.vocabulary.courses import NL_NS_PER_H, AtLimit, Demand, LockoutFrom, Whole
from pumpsim.vocabulary.outputs import DoseDenied, LineState
from pumpsim.vocabulary.program import InfusionProgram
from pumpsim.vocabulary.status import DoseKind, LineStatus

Granted = tuple[int, bool]
"""The volume of a dose in nL, and whether it is only a part of what is programmed."""
GOES_ON = (LineState.INFUSING, LineState.KVO, LineState.CONTINUING, LineState.PAUSED, LineState.CHECKING)
"""What delivers, or will by itself: a line that waits must not come back beyond its limit."""


def request(turn: Turn, line: str) -> None:
    """Answer the patient's button."""
    status = turn.state.line(line)
    requests = replace(status.course.requests, made=status.course.requests.made + 1)
    granted = _granted(turn, status)
    if isinstance(granted, str):
        requests = replace(requests, denied=requests.denied + 1)
        turn.put(replace(status, course=replace(status.course, requests=requests)))
        turn.said.append(DoseDenied(line, granted))
        return
    volume_nl, in_part = granted
    requests = replace(
        requests,
        granted=requests.granted + 1,
        in_part=requests.in_part + in_part,
        began_ns=turn.now_ns,
        ended_ns=None,
    )
    turn.put(replace(status, course=replace(status.course, requests=requests)))
    doses.give(turn, line, DoseKind.DEMAND, volume_nl, turn.model.bolus_nl_per_h)


def _granted(turn: Turn, status: LineStatus) -> Granted | str:
    """What is given; or why a request is denied."""
    program = status.program
    if program is None or program.demand is None:
        return "no doses on request are programmed"
    if status.state is not LineState.INFUSING:
        return f"line {status.line} is {status.state.value}"
    if any(dose.kind is not DoseKind.EXTENDED for dose in status.course.doses):
        return "a dose is being given"
    if turn.now_ns < lockout_end_ns(turn, status, program.demand):
        return "lockout"
    return _within_limit(turn, status, program, program.demand.dose_nl)


def in_the_way(turn: Turn, line: str) -> bool:
    """Whether a condition stands that stops or limits the line: then no bolus is given (GIP 1.4.11)."""
    return any(
        alarm.standing and alarm.line in (None, line) and turn.row(alarm.alarm).effect is not Effect.CONTINUE
        for alarm in turn.state.alarms
    )


def lockout_end_ns(turn: Turn, status: LineStatus, demand: Demand) -> int:
    """When the lockout after the last dose is over; counted from its end, or from its start, as programme or model say."""
    requests = status.course.requests
    rule = demand.lockout_from or turn.model.lockout_from
    since = requests.began_ns if rule is LockoutFrom.START else requests.ended_ns
    return turn.now_ns if since is None else since + demand.lockout_ns


def _within_limit(turn: Turn, status: LineStatus, program: InfusionProgram, dose_nl: int) -> Granted | str:
    """Hold a dose against what the window leaves."""
    limit = program.limit
    if limit is None:
        return dose_nl, False
    left_nl = window.left(turn, status, limit) // NL_NS_PER_H
    if left_nl >= dose_nl:
        return dose_nl, False
    if limit.part is Whole.PARTIAL and left_nl > 0:
        return left_nl, True
    return "limit of the window"


def judge(turn: Turn) -> None:
    """Keep the marks of the windows, and act where the programme itself has come to its limit."""
    for line in turn.model.lines:
        status = turn.state.line(line)
        limit = status.program.limit if status.program is not None else None
        if limit is None:
            continue
        window.mark(turn, status, limit)
        status = turn.state.line(line)
        if limit.at_limit is AtLimit.DENY or status.state not in GOES_ON or not window.full(turn, status, limit):
            continue
        turn.raise_alarm(AlarmId.MAX_DOSE, line, f"limit of {limit.volume_nl / 1e6:g} mL in the window")


def stops_at_limit(turn: Turn, line: str) -> bool:
    """Whether the maximum dose stops a line, rather than letting it keep open; not where its new program has no limit."""
    program = turn.state.line(line).program
    assert program is not None
    return program.limit is not None and program.limit.at_limit is AtLimit.STOP


def deadlines(turn: Turn) -> Iterator[int]:
    """When a window begins anew, and when the programme itself will have come to its limit."""
    for status in turn.state.lines:
        limit = status.program.limit if status.program is not None else None
        if limit is None or not status.course.marks:
            continue
        if not limit.rolling:
            yield status.course.marks[0].at_ns + limit.window_ns
        full = turn.standing(AlarmId.MAX_DOSE, status.line)
        if limit.at_limit is not AtLimit.DENY and status.state.delivering and not full:
            reached = window.reached_ns(turn, status, limit)
            if reached is not None:
                yield reached
