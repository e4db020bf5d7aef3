"""Backpriming: the first line's fluid is driven up into the limb of the other, to clear it of air, while nothing is delivered.

It runs for one order, to a count at which the mechanism stops by itself, and never beside a delivery: whatever begins to
deliver, or may not go on, ends it. What it moves reaches no patient, is owed to nobody and counts for no line. It ends early
when the operator stops, when the limb turns out to be closed, and with every condition that stops the pump, or the line whose
fluid it takes; air ahead of the pump on the line that it clears does not stop it. If the count does not come in twice its
time, the motor is taken to stand. PHYSICS 3.1.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import alarm_monitor
from pumpsim.controller.answer import OPERATOR, refuse
from pumpsim.controller.turn import FL_PER_NL, Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Effect, Signal
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.inputs import Backprime
from pumpsim.vocabulary.outputs import DeliveryEventKind, LineMotion, LineState, Watch
from pumpsim.vocabulary.program import backprime_faults
from pumpsim.vocabulary.status import Backpriming

CLEARED = (AlarmId.AIR_IN_LINE_PROXIMAL, AlarmId.CONTAINER_EMPTY)
"""Conditions of the line that is cleared which do not stand in the way."""
PATIENCE_NS = 10_000_000_000
"""A choice of ours, for the way to the motor and back."""
RESTING = (
    LineState.EMPTY,
    LineState.READY,
    LineState.HELD,
    LineState.ALARM,
    LineState.COMPLETE,
    LineState.STANDBY,
)


def order(turn: Turn, command: Backprime) -> None:
    """Begin to backprime a line, or say why not."""
    reasons = _against(turn, command)
    reading = turn.state.read_line(command.line)
    if reading is None:
        reasons.append("there is no reading from the pump yet")
    if reasons:
        refuse(turn, command, reasons)
        return
    assert reading is not None
    steps = command.volume_nl * FL_PER_NL // turn.model.mechanism.step_fl
    rule = turn.model.backpriming
    assert rule is not None
    late_ns = turn.now_ns + 2 * command.volume_nl * NL_NS_PER_H // rule.rate_nl_per_h + PATIENCE_NS
    _put(turn, Backpriming(command.line, reading.backprimed, reading.backprimed + steps, late_ns))
    turn.say(DeliveryEventKind.BACKPRIME_STARTED, command.line, f"{command.volume_nl / 1e6:g} mL")


def stop(turn: Turn) -> bool:
    """Let the operator end it; whether there was anything to end."""
    running = turn.state.unit.backpriming
    if running is not None:
        _end(turn, running, OPERATOR)
    return running is not None


def judge(turn: Turn) -> None:
    """See whether it is over, or may not go on."""
    running, rule = turn.state.unit.backpriming, turn.model.backpriming
    if running is None or rule is None:
        return
    reading = turn.state.read_line(running.line)
    if reading is not None and reading.backprimed >= running.to_step:
        _end(turn, running)
        return
    reasons = _standing(turn, running.line)
    reasons += [f"line {s.line} is {s.state.value}" for s in turn.state.lines if s.state not in RESTING]
    kpa = None if turn.state.reading is None else turn.state.reading.value(Signal.PROXIMAL_PRESSURE, running.line)
    if kpa is not None and kpa >= rule.most_kpa:
        reasons.append(f"line {running.line} is closed: {kpa:.1f} kPa ahead of the pump")
    if turn.state.unit.power.off:
        reasons.append("power is off")
    if turn.now_ns >= running.late_ns:
        reasons.append("the motor does not move as told")
        turn.raise_alarm(AlarmId.MOTOR_STALL, None, "backpriming takes more than twice its time")
    if reasons:
        _end(turn, running, reasons[0])


def motion(turn: Turn) -> LineMotion | None:
    """What the mechanism shall drive; None for nothing."""
    running, rule = turn.state.unit.backpriming, turn.model.backpriming
    return None if running is None or rule is None else LineMotion(running.line, rule.rate_nl_per_h, running.to_step)


def watches(turn: Turn) -> Iterator[Watch]:
    """What ends it: the count, and the pressure of a closed limb."""
    running, rule = turn.state.unit.backpriming, turn.model.backpriming
    if running is not None and rule is not None:
        yield Watch(Signal.BACKPRIMED, running.line, Direction.AT_LEAST, float(running.to_step))
        yield Watch(Signal.PROXIMAL_PRESSURE, running.line, Direction.AT_LEAST, rule.most_kpa)


def deadlines(turn: Turn) -> Iterator[int]:
    """When it is given up."""
    running = turn.state.unit.backpriming
    if running is not None:
        yield running.late_ns


def _against(turn: Turn, command: Backprime) -> list[str]:
    reasons = list(backprime_faults(turn.model, command.line, command.volume_nl))
    if turn.model.backpriming is None:
        return reasons
    if turn.state.unit.backpriming is not None:
        reasons.append("it is backpriming already")
    for status in turn.state.lines:
        if status.state not in RESTING:
            reasons.append(f"line {status.line} is {status.state.value}: stop it first")
        elif status.finish_at_step is not None:
            reasons.append(f"line {status.line} finishes its stroke")
    return reasons + _standing(turn, command.line)


def _standing(turn: Turn, line: str) -> list[str]:
    """The conditions that stand and stop the pump, or what this takes fluid from."""
    found = []
    for alarm in turn.state.alarms:
        effect = turn.row(alarm.alarm).effect
        own = alarm.line == line and alarm.alarm in CLEARED and effect is not Effect.STOP_ALL
        if alarm.standing and alarm_monitor.stops(turn, alarm) and not own:
            found.append(f"alarm {alarm.alarm.value} stands")
    return found


def _end(turn: Turn, running: Backpriming, cause: str = "") -> None:
    """Let it be over: complete where there is no cause."""
    reading = turn.state.read_line(running.line)
    steps = 0 if reading is None else min(reading.backprimed, running.to_step) - running.from_step
    volume = f"{steps * turn.model.mechanism.step_fl / 1e12:.4g} mL"
    _put(turn, None)
    kind = DeliveryEventKind.BACKPRIME_STOPPED if cause else DeliveryEventKind.BACKPRIME_COMPLETE
    turn.say(kind, running.line, f"{volume}, {cause}" if cause else volume)


def _put(turn: Turn, running: Backpriming | None) -> None:
    turn.state = turn.state.with_unit(replace(turn.state.unit, backpriming=running))
