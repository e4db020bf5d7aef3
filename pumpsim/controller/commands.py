"""What the operator asks for: done, or refused with the reason. A refused command changes nothing."""

from dataclasses import replace
from typing import assert_never

from pumpsim.controller import (
    air_reset,
    alarm_monitor,
    backprime,
    counted,
    course,
    demand,
    dosing,
    drugs,
    programme,
    questions,
    signals,
    withdraw,
)
from pumpsim.controller.answer import OPERATOR, refuse
from pumpsim.controller.dual import faults_together
from pumpsim.controller.line_table import Trigger, possible
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import DAY_NS, Profile
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Backprime,
    ChangeMode,
    Confirm,
    GiveBolus,
    LoadProgram,
    OfALine,
    OperatorCommand,
    PauseAudio,
    RequestDose,
    ResetAir,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Titrate,
    Withdraw,
)
from pumpsim.vocabulary.outputs import AlarmAcknowledged, DeliveryEventKind, LineState
from pumpsim.vocabulary.program import program_faults, rate_faults
from pumpsim.vocabulary.status import CourseStatus, LineStatus

TITRATABLE = (
    LineState.READY,
    LineState.DELAYED,
    LineState.INFUSING,
    LineState.CONTINUING,
    LineState.PAUSED,
    LineState.CHECKING,
    LineState.HELD,
    LineState.ALARM,
)


def obey(turn: Turn, command: OperatorCommand) -> None:
    """Carry out one command, ask before, or say why not."""
    if isinstance(command, OfALine) and command.line is not None and command.line not in turn.model.lines:
        refuse(turn, command, [f"model {turn.model.id} has no line {command.line}"])
        return
    questions.put(turn, command, _carry_out)


def _carry_out(turn: Turn, command: OperatorCommand) -> None:
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
        case Standby():
            _standby(turn, command)
        case GiveBolus():
            dosing.give_bolus(turn, command)
        case StopBolus():
            dosing.stop_bolus(turn, command)
        case RequestDose():
            demand.request(turn, command.line)
        case SetTemporary():
            dosing.set_temporary(turn, command)
        case SetClock():
            turn.state = turn.state.with_unit(
                replace(turn.state.unit, clock_ns=(command.time_of_day_ns - turn.now_ns) % DAY_NS)
            )
        case Acknowledge():
            _acknowledge(turn, command)
        case Confirm():
            pass  # questions.put has answered it
        case PauseAudio():
            signals.pause_audio(turn, command)
        case ResetAir():
            air_reset.reset(turn, command)
        case Backprime():
            backprime.order(turn, command)
        case Withdraw():
            withdraw.order(turn, command)
        case _:
            assert_never(command)


def _load(turn: Turn, command: LoadProgram) -> None:
    status = turn.state.line(command.line)
    reasons = list(program_faults(turn.model, command.line, command.program))
    if not possible(status.state, Trigger.LOAD):
        reasons.append(f"line {status.line} is {status.state.value}: stop it first")
    if reasons:
        refuse(turn, command, reasons)
        return
    for alarm in (AlarmId.NEAR_END, AlarmId.INFUSION_COMPLETE, AlarmId.CALL_BACK):
        turn.clear_alarm(alarm, command.line)
    program = command.program
    old, new = (None if p is None else p.limit for p in (status.program, program))
    same = old is not None and new is not None and old.continuous is new.continuous
    kept = status.course.marks if same else ()
    fresh = CourseStatus(requests=status.course.requests, dosed=status.course.dosed, marks=kept)
    turn.put(
        replace(
            status,
            program=program,
            rate_nl_per_h=program.rate_nl_per_h,
            stop_at_step=None,
            owed_end=None,
            after_end=None,
            course=fresh,
        )
    )
    turn.fire(command.line, Trigger.LOAD, program.ordered or OPERATOR)
    drugs.judge(turn)


def _start(turn: Turn, command: Start) -> None:
    wanted = [command.line] if command.line else [s.line for s in turn.state.lines if possible(s.state, Trigger.START)]
    reasons = [reason for line in wanted for reason in _against_start(turn, turn.state.line(line))]
    if not wanted:
        reasons.append("no line is ready to start")
    if not reasons:
        reasons.extend(faults_together(turn, turn.state, tuple(wanted)))
    if reasons:
        refuse(turn, command, list(dict.fromkeys(reasons)))
        return
    signals.restarted(turn, wanted)
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
    if turn.state.unit.run is not None:
        reasons.append(f"it is {turn.state.unit.run.kind.value}: stop that first")
    if turn.state.read_line(status.line) is None:
        reasons.append("there is no reading from the pump yet")
    if status.program is not None and isinstance(status.program.course, Profile) and turn.state.unit.clock_ns is None:
        reasons.append("the clock is not set, and the programme goes by time of day")
    return reasons


def _stop(turn: Turn, command: Stop) -> None:
    wanted = [command.line] if command.line else [s.line for s in turn.state.lines]
    stoppable = [line for line in wanted if possible(turn.state.line(line).state, Trigger.STOP)]
    ended = counted.stop(turn)
    if not stoppable and not ended:
        states = ", ".join(f"line {line} is {turn.state.line(line).state.value}" for line in wanted)
        refuse(turn, command, [f"nothing to stop: {states}"])
        return
    for line in stoppable:
        turn.fire(line, Trigger.STOP, OPERATOR)


def _titrate(turn: Turn, command: Titrate) -> None:
    status = turn.state.line(command.line)
    if status.state not in TITRATABLE or status.after_end is LineState.KVO:
        refuse(turn, command, [f"line {status.line} is {status.state.value}: there is no rate to change"])
        return
    reasons = list(rate_faults(turn.model, command.rate_nl_per_h))
    program = status.program
    assert program is not None
    if program.course is not None:
        reasons.append("a programme of stages, repeats or times of day has no one rate to change")
    if reasons:
        refuse(turn, command, reasons)
        return
    same = command.rate_nl_per_h == program.rate_nl_per_h
    program = replace(program, rate_nl_per_h=command.rate_nl_per_h, ordered=command.ordered)
    titrated = replace(status, program=program, rate_nl_per_h=command.rate_nl_per_h)
    rate = course.wanted(turn, titrated)[0] if status.state is LineState.INFUSING else titrated.rate_nl_per_h
    if rate != titrated.rate_nl_per_h:
        titrated = replace(titrated, rate_nl_per_h=rate)
    if status.state.delivering or status.state in (LineState.DELAYED, LineState.PAUSED, LineState.CHECKING):
        reasons.extend(faults_together(turn, turn.state.with_line(titrated), (status.line,)))
    if reasons:
        refuse(turn, command, reasons)
    elif not same:
        turn.put(titrated)
        turn.say(DeliveryEventKind.RATE_CHANGED, status.line, command.ordered or OPERATOR)


def _change_mode(turn: Turn, command: ChangeMode) -> None:
    status = turn.state.line(command.line)
    if status.program is None:
        refuse(turn, command, [f"line {status.line} has no program"])
        return
    try:
        program = replace(status.program, mode=command.mode)
    except ValueError as fault:
        refuse(turn, command, [str(fault)])
        return
    changed = replace(status, program=program)
    reasons = list(program_faults(turn.model, command.line, program))
    if not reasons and status.state.delivering:
        reasons.extend(faults_together(turn, turn.state.with_line(changed), (status.line,)))
    if reasons:
        refuse(turn, command, reasons)
        return
    if command.mode is not status.mode:
        turn.put(changed)
        turn.say(DeliveryEventKind.MODE_CHANGED, status.line, command.mode.value)


def _acknowledge(turn: Turn, command: Acknowledge) -> None:
    found = [a for a in turn.state.alarms if a.standing and command.alarm in (None, a.alarm)]
    latched = signals.acknowledge(turn, command.alarm)
    if not found and not latched:
        refuse(turn, command, ["no such alarm stands"])
    for alarm in found:
        turn.said.append(AlarmAcknowledged(alarm.alarm, alarm.line))
        if not turn.row(alarm.alarm).self_clearing:
            turn.clear_alarm(alarm.alarm, alarm.line)
        else:
            noted = tuple(replace(a, acknowledged=True) if a is alarm else a for a in turn.state.alarms)
            turn.state = replace(turn.state, alarms=noted)


def _standby(turn: Turn, command: Standby) -> None:
    status = turn.state.line(command.line)
    if not possible(status.state, Trigger.STANDBY) or command.duration_ns <= 0:
        refuse(
            turn, command, [f"line {status.line} is {status.state.value}: only a line that is ready or held stands by"]
        )
        return
    turn.fire(command.line, Trigger.STANDBY, OPERATOR)
    turn.put(replace(turn.state.line(command.line), start_at_ns=turn.now_ns + command.duration_ns))
