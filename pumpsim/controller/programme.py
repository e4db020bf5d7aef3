"""The ends of one line's program: delayed start, standby, near end, volume in, what follows. Independent of the other line,
but for one thing: a piggyback whose primary waits for it needs no KVO of its own."""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import counts, course, window
from pumpsim.controller.line_table import Trigger
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import LineState, Watch
from pumpsim.vocabulary.program import LineMode
from pumpsim.vocabulary.status import LineStatus

NO_KVO = "the drug library forbids KVO"
AT_END = {
    AtEnd.KVO: Trigger.VTBI_IN_KVO,
    AtEnd.CONTINUE: Trigger.VTBI_IN_CONTINUE,
    AtEnd.STOP: Trigger.VTBI_IN_STOP,
}


def begin(turn: Turn, line: str, cause: str) -> None:
    """Let a line that is READY, HELD or stopped by an alarm deliver, or wait for its delay."""
    status = turn.state.line(line)
    program = status.program
    assert program is not None
    if status.state is LineState.READY and program.start_delay_ns:
        turn.fire(line, Trigger.START_LATER, cause)
        turn.put(replace(turn.state.line(line), start_at_ns=turn.now_ns + program.start_delay_ns))
        return
    _set_target(turn, line)
    turn.fire(line, Trigger.START, cause)


def pass_deadlines(turn: Turn) -> None:
    """Start the lines whose delay is over; call back for those whose standby is."""
    for status in turn.state.lines:
        if status.start_at_ns is None or turn.now_ns < status.start_at_ns:
            continue
        if status.state is LineState.STANDBY:
            turn.fire(status.line, Trigger.STANDBY_OVER)
            turn.raise_alarm(AlarmId.STANDBY_OVER, status.line)
        else:
            _set_target(turn, status.line)
            turn.fire(status.line, Trigger.DELAY_OVER)


def judge(turn: Turn) -> None:
    """Compare each line's count with its target: near end, and volume in."""
    for line in turn.model.lines:
        status, reading = turn.state.line(line), turn.state.read_line(line)
        if status.stop_at_step is None or reading is None or status.state is not LineState.INFUSING:
            continue
        if reading.steps >= status.stop_at_step:
            _end(turn, status)
        elif reading.steps >= status.stop_at_step - _near_end_steps(turn, status):
            turn.raise_alarm(AlarmId.NEAR_END, line)
        else:
            turn.clear_alarm(AlarmId.NEAR_END, line)


def watches(turn: Turn) -> Iterator[Watch]:
    """The counts at which something is due."""
    for status in turn.state.lines:
        if status.stop_at_step is not None and status.state is LineState.INFUSING:
            yield counts.reached(status.line, status.stop_at_step)
            if not turn.standing(AlarmId.NEAR_END, status.line):
                yield counts.reached(status.line, status.stop_at_step - _near_end_steps(turn, status))


def deadlines(turn: Turn) -> Iterator[int]:
    """The ends of delayed starts."""
    for status in turn.state.lines:
        if status.start_at_ns is not None:
            yield status.start_at_ns


def _set_target(turn: Turn, line: str) -> None:
    """Fix the absolute count at which the VTBI is in, and what is owed then; once for each program, so that a restart adds
    nothing. The part of a step that is owed from before counts: no remainder is ever lost."""
    status, reading = turn.state.line(line), turn.state.read_line(line)
    program = status.program
    assert program is not None
    assert reading is not None
    if program.limit is not None and not status.course.marks:
        window.begin(turn, status, program.limit)
        status = turn.state.line(line)
    if status.stop_at_step is None and program.total_nl is not None:
        total = program.total_nl * NL_NS_PER_H
        steps = (status.owed % turn.step + total) // turn.step
        turn.put(replace(status, stop_at_step=reading.steps + steps, owed_end=status.owed + total))


def _near_end_steps(turn: Turn, status: LineStatus) -> int:
    """The steps that the line takes, at the rate that its course wants now, in the model's near-end time."""
    program = status.program
    if program is not None and (program.first is not None or program.course is not None):
        status = replace(status, rate_nl_per_h=course.wanted(turn, status)[0])
    return turn.rate_nl_per_h(status) * turn.model.near_end_ns // turn.step


def _end(turn: Turn, status: LineStatus) -> None:
    """The volume is in: KVO, go on or stop, as program and model say."""
    assert status.program is not None
    rule = status.program.at_end or turn.model.at_end
    if status.mode is LineMode.PIGGYBACK and turn.state.lines[0].state is LineState.PAUSED:
        rule = AtEnd.STOP
    cause = NO_KVO if rule is AtEnd.KVO and status.forbids_kvo else ""
    turn.clear_alarm(AlarmId.NEAR_END, status.line)
    turn.fire(status.line, AT_END[AtEnd.STOP if cause else rule], cause)
    turn.raise_alarm(AlarmId.INFUSION_COMPLETE, status.line)
    if status.program.call_back:
        turn.raise_alarm(AlarmId.CALL_BACK, status.line)
