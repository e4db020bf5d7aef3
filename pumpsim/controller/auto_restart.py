"""Going on by itself after a distal occlusion that goes away: the line is checked before an alarm is raised.

When the condition of the occlusion is met the lines that deliver stop, and wait. If the pressure falls below a share of the
limit in time they go on, and that is counted; if it does not, or has done so too often, the alarm is raised as without this.
What the operator stops meanwhile stays stopped. Source: BD Alaris 8000, PHYSICS 3.2 ("checking line").
"""

from dataclasses import replace

from pumpsim.controller.line_table import Trigger
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Direction
from pumpsim.vocabulary.model import AutoRestart
from pumpsim.vocabulary.outputs import LineState, Watch
from pumpsim.vocabulary.status import AlarmStatus

CAUSE = "checking line"


def begins(turn: Turn, row: AlarmCondition, status: AlarmStatus) -> bool:
    """Check the line in the place of an alarm that is due, if the pump does so and has not done it too often."""
    rule = _rule(turn, row)
    if rule is None or _used(turn, rule) >= rule.most or not any(s.state.delivering for s in turn.state.lines):
        return False
    _replace(turn, status, replace(status, since_ns=turn.now_ns, over_since_ns=None, checking=True))
    _hold(turn)
    return True


def fails(turn: Turn, row: AlarmCondition, status: AlarmStatus, value: float | None) -> bool:
    """Follow a line that is checked: let it go on where the pressure has fallen; say whether the alarm is due after all."""
    rule = _rule(turn, row)
    assert rule is not None
    _hold(turn)
    if value is not None and value < _fallen(row, rule):
        _replace(turn, status, None)
        _go_on(turn, rule)
        return False
    return turn.now_ns >= due_ns(turn, row, status)


def due_ns(turn: Turn, row: AlarmCondition, status: AlarmStatus) -> int:
    """When a condition that is pending is raised: at the end of its delay, or of the check."""
    rule = _rule(turn, row)
    return status.since_ns + (rule.within_ns if status.checking and rule is not None else row.delay_ns)


def watch(turn: Turn, row: AlarmCondition) -> Watch:
    """What to look out for while a line is checked."""
    rule = _rule(turn, row)
    assert rule is not None
    assert row.threshold is not None
    return Watch(row.threshold.signal, None, Direction.BELOW, _fallen(row, rule))


def _rule(turn: Turn, row: AlarmCondition) -> AutoRestart | None:
    return turn.model.auto_restart if row.id is AlarmId.OCCLUSION_DISTAL else None


def _fallen(row: AlarmCondition, rule: AutoRestart) -> float:
    assert row.threshold is not None
    return row.threshold.level * rule.fall_ppm / 1_000_000


def _used(turn: Turn, rule: AutoRestart) -> int:
    """How many restarts there were in the window that ends now."""
    return len([at_ns for at_ns in turn.state.unit.restarts_ns if turn.now_ns - at_ns < rule.window_ns])


def _hold(turn: Turn) -> None:
    """Stop what delivers; a line whose delay is over meanwhile as well."""
    for status in turn.state.lines:
        if status.state.delivering:
            turn.fire(status.line, Trigger.CHECK, CAUSE)


def _go_on(turn: Turn, rule: AutoRestart) -> None:
    """Let the lines that wait deliver again; where the operator has stopped them all nothing is counted."""
    waiting = [status.line for status in turn.state.lines if status.state is LineState.CHECKING]
    if not waiting:
        return
    unit, now_ns = turn.state.unit, turn.now_ns
    recent = tuple(at_ns for at_ns in unit.restarts_ns if now_ns - at_ns < rule.window_ns)
    turn.state = turn.state.with_unit(replace(unit, restarts_ns=(*recent, now_ns)))
    for line in waiting:
        turn.fire(line, Trigger.CHECKED, f"restart {len(recent) + 1} of {rule.most}")


def _replace(turn: Turn, old: AlarmStatus, new: AlarmStatus | None) -> None:
    kept = tuple(a for a in turn.state.alarms if a is not old)
    turn.state = turn.state.with_alarms(kept if new is None else (*kept, new))
