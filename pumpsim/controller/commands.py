"""What the operator asks for: done, or refused with the reason. A refused command changes nothing."""

from dataclasses import replace
from typing import assert_never

from pumpsim.controller import alarm_monitor, programme
from pumpsim.controller.dual import faults_together
from pumpsim.controller.line_table import Trigger, possible
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Acknowledge, ChangeMode, LoadProgram, OperatorCommand, Start, Stop, Titrate
from pumpsim.vocabulary.outputs import AlarmAcknowledged, CommandRejected, DeliveryEventKind, LineState
from pumpsim.vocabulary.program import program_faults, rate_faults
from pumpsim.vocabulary.status import LineStatus

OPERATOR = "operator"
TITRATABLE = (
    LineState.READY,
    LineState.DELAYED,
    LineState.INFUSING,
    LineState.CONTINUING,
    LineState.PAUSED,
    LineState.HELD,
    LineState.ALARM,
)


def obey(turn: Turn, command: OperatorCommand) -> None:
    """Carry out one command, or say why not."""
    line = None if isinstance(command, Acknowledge) else command.line
    if line is not None and line not in turn.model.lines:
        _refuse(turn, command, [f"model {turn.model.id} has no line {line}"])
        return
    match command:
        case LoadProgram():
            _load(turn, command)
        case Start():
            _start(turn, command)
        case Stop():
            _stop(turn, command)
        case Titrate():
            _titrate(turn, command)
        case ChangeMode():
            _change_mode(turn, command)
        case Acknowledge():
            _acknowledge(turn, command)
        case _:
            assert_never(command)


def _refuse(turn: Turn, command: OperatorCommand, reasons: list[str]) -> None:
    line = command.alarm.value if isinstance(command, Acknowledge) and command.alarm else getattr(command, "line", None)
    turn.said.append(CommandRejected(NAMES[type(command)], line, "; ".join(reasons)))


def _load(turn: Turn, command: LoadProgram) -> None:
    status = turn.state.line(command.line)
    reasons = list(program_faults(turn.model, command.line, command.program))
    if not possible(status.state, Trigger.LOAD):
        reasons.append(f"line {status.line} is {status.state.value}: stop it first")
    if reasons:
        _refuse(turn, command, reasons)
        return
    for alarm in (AlarmId.NEAR_END, AlarmId.INFUSION_COMPLETE, AlarmId.CALL_BACK):
        turn.clear_alarm(alarm, command.line)
    program = command.program
    turn.put(replace(status, program=program, rate_nl_per_h=program.rate_nl_per_h, stop_at_step=None, after_end=None))
    turn.fire(command.line, Trigger.LOAD, program.ordered or OPERATOR)


def _start(turn: Turn, command: Start) -> None:
    wanted = [command.line] if command.line else [s.line for s in turn.state.lines if possible(s.state, Trigger.START)]
    reasons = [reason for line in wanted for reason in _against_start(turn, turn.state.line(line))]
    if not wanted:
        reasons.append("no line is ready to start")
    if not reasons:
        reasons.extend(faults_together(turn, turn.state, tuple(wanted)))
    if reasons:
        _refuse(turn, command, list(dict.fromkeys(reasons)))
        return
    for line in wanted:
        programme.begin(turn, line, OPERATOR)


def _against_start(turn: Turn, status: LineStatus) -> list[str]:
    if not possible(status.state, Trigger.START):
        why = {
            LineState.EMPTY: "has no program",
            LineState.COMPLETE: "has its volume in: load a program",
        }.get(status.state, f"is {status.state.value} already")
        return [f"line {status.line} {why}"]
    reasons = alarm_monitor.obstacles(turn, status.line)
    if turn.state.read_line(status.line) is None:
        reasons.append("there is no reading from the pump yet")
    return reasons


def _stop(turn: Turn, command: Stop) -> None:
    wanted = [command.line] if command.line else [s.line for s in turn.state.lines]
    stoppable = [line for line in wanted if possible(turn.state.line(line).state, Trigger.STOP)]
    if not stoppable:
        states = ", ".join(f"line {line} is {turn.state.line(line).state.value}" for line in wanted)
        _refuse(turn, command, [f"nothing to stop: {states}"])
        return
    for line in stoppable:
        turn.fire(line, Trigger.STOP, OPERATOR)


def _titrate(turn: Turn, command: Titrate) -> None:
    status = turn.state.line(command.line)
    if status.state not in TITRATABLE or status.after_end is LineState.KVO:
        _refuse(turn, command, [f"line {status.line} is {status.state.value}: there is no rate to change"])
        return
    titrated = replace(status, rate_nl_per_h=command.rate_nl_per_h)
    reasons = list(rate_faults(turn.model, command.rate_nl_per_h))
    if not reasons and (status.state.delivering or status.state in (LineState.DELAYED, LineState.PAUSED)):
        reasons.extend(faults_together(turn, turn.state.with_line(titrated), (status.line,)))
    if reasons:
        _refuse(turn, command, reasons)
        return
    if command.rate_nl_per_h != status.rate_nl_per_h:
        turn.put(titrated)
        turn.say(DeliveryEventKind.RATE_CHANGED, status.line, command.ordered or OPERATOR)


def _change_mode(turn: Turn, command: ChangeMode) -> None:
    status = turn.state.line(command.line)
    if status.program is None:
        _refuse(turn, command, [f"line {status.line} has no program"])
        return
    try:
        program = replace(status.program, mode=command.mode)
    except ValueError as fault:
        _refuse(turn, command, [str(fault)])
        return
    changed = replace(status, program=program)
    reasons = list(program_faults(turn.model, command.line, replace(program, rate_nl_per_h=status.rate_nl_per_h)))
    if not reasons and status.state.delivering:
        reasons.extend(faults_together(turn, turn.state.with_line(changed), (status.line,)))
    if reasons:
        _refuse(turn, command, reasons)
        return
    if command.mode is not status.mode:
        turn.put(changed)
        turn.say(DeliveryEventKind.MODE_CHANGED, status.line, command.mode.value)


def _acknowledge(turn: Turn, command: Acknowledge) -> None:
    found = [a for a in turn.state.alarms if a.standing and command.alarm in (None, a.alarm)]
    if not found:
        _refuse(turn, command, ["no such alarm stands"])
    for alarm in found:
        turn.said.append(AlarmAcknowledged(alarm.alarm, alarm.line))
        if not turn.row(alarm.alarm).self_clearing:
            turn.clear_alarm(alarm.alarm, alarm.line)
        else:
            noted = tuple(replace(a, acknowledged=True) if a is alarm else a for a in turn.state.alarms)
            turn.state = replace(turn.state, alarms=noted)


NAMES: dict[type[OperatorCommand], str] = {
    LoadProgram: "load",
    Start: "start",
    Stop: "stop",
    Titrate: "titrate",
    ChangeMode: "mode",
    Acknowledge: "acknowledge",
}
"""What a scenario calls each command."""
