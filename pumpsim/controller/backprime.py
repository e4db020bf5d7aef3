"""Backpriming: the first line's fluid is driven up into the limb of the other, to clear it of air, while nothing is delivered.

It is a run to a count (``counted``). What it moves reaches no patient, is owed to nobody and counts for no line. It ends early
when a line begins to deliver, when the limb turns out to be closed, and with every condition that stops the pump, or the line
whose fluid it takes; air ahead of the pump on the line that it clears does not stop it. PHYSICS 3.1.
"""

from collections.abc import Iterator

from pumpsim.controller import alarm_monitor, counted
from pumpsim.controller.answer import refuse
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Effect, Signal
from pumpsim.vocabulary.inputs import Backprime
from pumpsim.vocabulary.outputs import LineState, Watch
from pumpsim.vocabulary.program import backprime_faults
from pumpsim.vocabulary.status import RunKind

CLEARED = (AlarmId.AIR_IN_LINE_PROXIMAL, AlarmId.CONTAINER_EMPTY)
"""Conditions of the line that is cleared which do not stand in the way."""
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
    rule, faults = turn.model.backpriming, backprime_faults(turn.model, command.line, command.volume_nl)
    if rule is None:
        refuse(turn, command, list(faults))
        return
    counted.begin(turn, RunKind.BACKPRIMING, command, rule.rate_nl_per_h, [*faults, *_against(turn, command)])


def judge(turn: Turn) -> None:
    """See whether it is over, or may not go on."""
    run = counted.running(turn, RunKind.BACKPRIMING)
    if run is None:
        return
    reasons = _standing(turn, run.line)
    reasons += [f"line {s.line} is {s.state.value}" for s in turn.state.lines if s.state not in RESTING]
    kpa = None if turn.state.reading is None else turn.state.reading.value(Signal.PROXIMAL_PRESSURE, run.line)
    if kpa is not None and kpa >= _most_kpa(turn):
        reasons.append(f"line {run.line} is closed: {kpa:.1f} kPa ahead of the pump")
    counted.judge(turn, run, reasons)


def watches(turn: Turn) -> Iterator[Watch]:
    """The pressure of a closed limb, which ends it."""
    run = counted.running(turn, RunKind.BACKPRIMING)
    if run is not None:
        yield Watch(Signal.PROXIMAL_PRESSURE, run.line, Direction.AT_LEAST, _most_kpa(turn))


def _against(turn: Turn, command: Backprime) -> list[str]:
    reasons: list[str] = []
    if turn.state.unit.run is not None:
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


def _most_kpa(turn: Turn) -> float:
    assert turn.model.backpriming is not None  # a model without it never begins
    return turn.model.backpriming.most_kpa
