"""Withdrawing: a laboratory pump draws its plunger back by order, to fill its syringe or to take a sample.

It runs for one order, down to a count at which the mechanism stops by itself, on a line that has no programme under way; the
count of the motor goes back with it. It ends early when the operator stops, and with every condition that stops the line; that
the syringe is empty does not stand in the way. If the count does not come in twice its time, the motor is taken to stand.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import alarm_monitor
from pumpsim.controller.answer import OPERATOR, refuse
from pumpsim.controller.turn import FL_PER_NL, Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.inputs import Withdraw
from pumpsim.vocabulary.outputs import DeliveryEventKind, LineMotion, LineState, Watch
from pumpsim.vocabulary.program import withdrawal_faults
from pumpsim.vocabulary.status import LineStatus, Withdrawing

RESTING = (LineState.EMPTY, LineState.READY, LineState.COMPLETE)
PATIENCE_NS = 10_000_000_000
"""A choice of ours, for the way to the motor and back."""


def order(turn: Turn, command: Withdraw) -> None:
    """Begin to draw a line's plunger back, or say why not."""
    reasons, reading = _against(turn, command), turn.state.read_line(command.line)
    if reading is None:
        reasons.append("there is no reading from the pump yet")
    if reasons:
        refuse(turn, command, reasons)
        return
    assert reading is not None
    steps = command.volume_nl * FL_PER_NL // turn.model.mechanism.step_fl
    late_ns = turn.now_ns + 2 * command.volume_nl * NL_NS_PER_H // command.rate_nl_per_h + PATIENCE_NS
    _put(turn, Withdrawing(command.line, reading.steps, reading.steps - steps, command.rate_nl_per_h, late_ns))
    turn.say(DeliveryEventKind.WITHDRAWAL_STARTED, command.line, f"{command.volume_nl / 1e6:g} mL")


def stop(turn: Turn) -> bool:
    """Let the operator end it; whether there was anything to end."""
    running = turn.state.unit.withdrawing
    if running is not None:
        _end(turn, running, OPERATOR)
    return running is not None


def judge(turn: Turn) -> None:
    """See whether it is over, or may not go on."""
    running = turn.state.unit.withdrawing
    if running is None:
        return
    reading = turn.state.read_line(running.line)
    if reading is not None and reading.steps <= running.to_step:
        _end(turn, running)
        return
    reasons = _standing(turn, running.line)
    if turn.state.unit.power.off:
        reasons.append("power is off")
    if turn.now_ns >= running.late_ns:
        reasons.append("the motor does not move as told")
        line = running.line if turn.row(AlarmId.MOTOR_STALL).per_line else None
        turn.raise_alarm(AlarmId.MOTOR_STALL, line, "withdrawing takes more than twice its time")
    if reasons:
        _end(turn, running, reasons[0])


def motion(turn: Turn, status: LineStatus) -> LineMotion | None:
    """What the mechanism shall do for a line that is drawn back; None for any other."""
    running = turn.state.unit.withdrawing
    if running is None or running.line != status.line:
        return None
    return LineMotion(status.line, -running.rate_nl_per_h, running.to_step)


def watches(turn: Turn) -> Iterator[Watch]:
    """The count that ends it."""
    running = turn.state.unit.withdrawing
    if running is not None:
        yield Watch(Signal.STEPS, running.line, Direction.AT_MOST, float(running.to_step))


def deadlines(turn: Turn) -> Iterator[int]:
    """When it is given up."""
    running = turn.state.unit.withdrawing
    if running is not None:
        yield running.late_ns


def _against(turn: Turn, command: Withdraw) -> list[str]:
    reasons = list(withdrawal_faults(turn.model, command.volume_nl, command.rate_nl_per_h))
    if not turn.model.withdraws:
        return reasons
    status = turn.state.line(command.line)
    if turn.state.unit.withdrawing is not None:
        reasons.append("it is withdrawing already")
    if status.state.delivering:
        reasons.append(f"line {status.line} is {status.state.value}: stop it first")
    elif status.state not in RESTING:
        reasons.append(f"line {status.line} is {status.state.value}: its programme is under way, load another")
    return reasons + _standing(turn, command.line)


def _standing(turn: Turn, line: str) -> list[str]:
    """The conditions that stand and stop the line, but for an empty syringe."""
    return [
        f"alarm {alarm.alarm.value} stands"
        for alarm in turn.state.alarms
        if alarm.standing
        and alarm.line in (None, line)
        and alarm.alarm is not AlarmId.CONTAINER_EMPTY
        and alarm_monitor.stops(turn, alarm)
    ]


def _end(turn: Turn, running: Withdrawing, cause: str = "") -> None:
    """Let it be over: complete where there is no cause."""
    reading, unit = turn.state.read_line(running.line), turn.state.unit
    assert reading is not None, "it began with one"
    steps = running.from_step - reading.steps
    turn.state = turn.state.with_unit(replace(unit, withdrawing=None, withdrawn_steps=unit.withdrawn_steps + steps))
    volume = f"{steps * turn.model.mechanism.step_fl / 1e12:.4g} mL"
    kind = DeliveryEventKind.WITHDRAWAL_STOPPED if cause else DeliveryEventKind.WITHDRAWAL_COMPLETE
    turn.say(kind, running.line, f"{volume}, {cause}" if cause else volume)


def _put(turn: Turn, running: Withdrawing) -> None:
    turn.state = turn.state.with_unit(replace(turn.state.unit, withdrawing=running))
