"""Withdrawing: a laboratory pump draws its plunger back by order, to fill its syringe or to take a sample.

It is a run to a count (``counted``) on a line that has no programme under way; the count of the motor goes back with it. Every
condition that stops the line ends it; that the syringe is empty does not stand in the way.
"""

from pumpsim.controller import alarm_monitor, counted
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Withdraw
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import withdrawal_faults
from pumpsim.vocabulary.status import RunKind

RESTING = (LineState.EMPTY, LineState.READY, LineState.COMPLETE)


def order(turn: Turn, command: Withdraw) -> None:
    """Begin to draw a line's plunger back, or say why not."""
    counted.begin(turn, RunKind.WITHDRAWING, command, command.rate_nl_per_h, _against(turn, command))


def judge(turn: Turn) -> None:
    """See whether it is over, or may not go on."""
    run = counted.running(turn, RunKind.WITHDRAWING)
    if run is not None:
        counted.judge(turn, run, _standing(turn, run.line))


def _against(turn: Turn, command: Withdraw) -> list[str]:
    reasons = list(withdrawal_faults(turn.model, command.volume_nl, command.rate_nl_per_h))
    if not turn.model.withdraws:
        return reasons
    status = turn.state.line(command.line)
    if turn.state.unit.run is not None:
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
