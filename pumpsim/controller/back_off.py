"""Turning the mechanism back after a distal occlusion, so that less comes at once when the line is opened.

While the alarm stands the mechanism takes fluid back until the pressure is at a share of the limit, or it has taken back the
most that it may; then it stands. It never turns back without a count at which it stops by itself, not for anything else than
this alarm, not again before something was delivered, and never by more than that below the highest count there was. The count
of the motor goes back with it, so that what was taken back is still owed of the VTBI. Source: GIP v1.0, 1.10.6 and 1.10.7.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import alarm_monitor
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.model import BackOff
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import DeliveryEventKind, LineMotion, LineState, Watch
from pumpsim.vocabulary.status import LineStatus, TurnedBack


def judge(turn: Turn) -> None:
    """Begin to turn back, or see whether it is over."""
    rule = turn.model.back_off
    if rule is None:
        return
    status, turned = turn.state.lines[0], turn.state.unit.turned_back
    if status.state.delivering:
        if turned is not None and not turned.delivered:
            _put(turn, replace(turned, delivered=True))
    elif turned is None or turned.delivered:
        _begin(turn, rule, status, turned)
    elif not turned.over and not _goes_on(turn, rule, turned):
        _put(turn, replace(turned, over=True))
        turn.say(DeliveryEventKind.BACK_OFF_COMPLETE, turned.line, _taken(turn, turned))


def motion(turn: Turn, status: LineStatus) -> LineMotion | None:
    """What the mechanism shall do for a line that is taken back; None for any other."""
    rule, turned = turn.model.back_off, turn.state.unit.turned_back
    if rule is None or turned is None or turned.over or turned.line != status.line:
        return None
    return LineMotion(status.line, -rule.rate_nl_per_h, turned.to_step)


def watches(turn: Turn) -> Iterator[Watch]:
    """What ends it: the pressure, and the count."""
    rule, turned = turn.model.back_off, turn.state.unit.turned_back
    if rule is not None and turned is not None and not turned.over:
        yield Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_MOST, _to_kpa(turn, rule))
        yield Watch(Signal.STEPS, turned.line, Direction.AT_MOST, float(turned.to_step))


def _begin(turn: Turn, rule: BackOff, status: LineStatus, before: TurnedBack | None) -> None:
    steps = _steps(turn, status.line)
    if steps is None:
        return
    most = rule.most_nl * FL_PER_NL // turn.model.mechanism.step_fl
    highest = steps if before is None else max(before.highest_step, steps)
    turned = TurnedBack(status.line, steps, highest, max(0, highest - most))
    if _goes_on(turn, rule, turned):
        _put(turn, turned)
        turn.say(DeliveryEventKind.BACK_OFF_STARTED, status.line, AlarmId.OCCLUSION_DISTAL.value)


def _goes_on(turn: Turn, rule: BackOff, turned: TurnedBack) -> bool:
    """Whether there is still something to take back."""
    reading = turn.state.reading
    assert reading is not None
    kpa = reading.value(Signal.DISTAL_PRESSURE, None)
    low = kpa is not None and kpa <= _to_kpa(turn, rule)
    steps = _steps(turn, turned.line)
    return _may(turn) and not low and steps is not None and steps > turned.to_step


def _may(turn: Turn) -> bool:
    """Whether an occlusion has stopped the line, and nothing else that stops stands beside it."""
    stopping = [a.alarm for a in turn.state.alarms if a.standing and alarm_monitor.stops(turn, a)]
    return turn.state.lines[0].state is LineState.ALARM and stopping == [AlarmId.OCCLUSION_DISTAL]


def _to_kpa(turn: Turn, rule: BackOff) -> float:
    threshold = turn.row(AlarmId.OCCLUSION_DISTAL).threshold
    assert threshold is not None
    return threshold.level * rule.to_ppm / 1_000_000


def _steps(turn: Turn, line: str) -> int | None:
    """The count of a line; None where the last reading says nothing of it."""
    reading = turn.state.read_line(line)
    return None if reading is None else reading.steps


def _taken(turn: Turn, turned: TurnedBack) -> str:
    """Say how much was taken back; where the count is not known, that."""
    steps = _steps(turn, turned.line)
    if steps is None:
        return "how much was taken back is not known"
    return f"{(turned.from_step - steps) * turn.model.mechanism.step_fl / 1e12:.4f} mL taken back"


def _put(turn: Turn, turned: TurnedBack) -> None:
    turn.state = turn.state.with_unit(replace(turn.state.unit, turned_back=turned))
