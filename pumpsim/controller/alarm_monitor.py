"""Which measured conditions stand, and what standing conditions do to delivery.

A condition is met at its threshold, stands when its delay is over, and is cancelled or cleared by staying beyond the
clear level for one pumping cycle or the delay's own length, whichever is shorter, so that the ripple within a cycle does
not reset it. While the mechanism stands there is no ripple: the first reading beyond the clear level counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pumpsim.controller import air_reset, auto_restart, demand, finishing
from pumpsim.controller.line_table import Trigger, possible
from pumpsim.controller.model_facts import Watched
from pumpsim.controller.turn import Q_PER_FL, Turn
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Effect, Signal, Threshold
from pumpsim.vocabulary.outputs import AlarmCleared, LineState, Watch
from pumpsim.vocabulary.status import AlarmStatus

EFFECTS = tuple(Effect)
"""From the least restrictive on."""


def judge(turn: Turn) -> None:
    """Compare the last reading with every threshold, raise and clear, then let the effects act."""
    reading = turn.state.reading
    air_reset.follow(turn)
    for watched in _watched(turn):
        row, threshold, line = watched.row, watched.threshold, watched.line
        value = air_reset.judged(turn, threshold.signal, line, reading) if reading is not None else None
        status = _status(turn, row, line) if turn.state.alarms else None
        if status is not None and status.checking:
            if auto_restart.fails(turn, row, status, value):
                turn.raise_alarm(row.id, line, _detail(threshold, value))
            continue
        if value is not None and status is None and _met(threshold, value):
            status = AlarmStatus(row.id, line, turn.now_ns, standing=False)
            _put(turn, status)
        if status is None:
            continue
        if value is not None:
            status = _follow_clear_level(turn, row, threshold, status, value)
        if status is None or status.standing or turn.now_ns < status.since_ns + row.delay_ns:
            continue
        if not auto_restart.begins(turn, row, status):
            turn.raise_alarm(row.id, line, _detail(threshold, value))
    act(turn)


def act(turn: Turn) -> None:
    """Stop, or keep open, what the standing conditions do not allow to run; let go on what is limited no more."""
    for line in turn.model.lines:
        effect, cause = effect_on(turn, line)
        status = turn.state.line(line)
        state = status.state
        if effect is Effect.CONTINUE:
            if state is LineState.KVO and status.after_end is not LineState.KVO:
                turn.fire(line, Trigger.UNLIMITED)
        elif effect is Effect.KVO:
            if possible(state, Trigger.LIMITED):
                turn.fire(line, Trigger.LIMITED, cause)
        elif state is not LineState.ALARM and possible(state, Trigger.ALARM):
            turn.fire(line, Trigger.ALARM, cause)
            if effect is Effect.FINISH_STROKE and state.delivering:
                finishing.begin(turn, line)


def effect_on(turn: Turn, line: str) -> tuple[Effect, str]:
    """What the standing conditions do to a line, and which: the most restrictive wins (GPCA REQ 62)."""
    found, cause = Effect.CONTINUE, ""
    for alarm in turn.state.alarms:
        if not alarm.standing:
            continue
        effect = _effect(turn, alarm, line)
        if (effect is Effect.STOP_ALL or alarm.line in (None, line)) and EFFECTS.index(effect) > EFFECTS.index(found):
            found, cause = effect, alarm.alarm.value
    return found, cause


def _effect(turn: Turn, alarm: AlarmStatus, line: str) -> Effect:
    """What one condition does to a line: a line that may not keep open, or stops at its maximum dose, stops instead."""
    effect = turn.row(alarm.alarm).effect
    stops = alarm.alarm is AlarmId.MAX_DOSE and alarm.line == line and demand.stops_at_limit(turn, line)
    return Effect.STOP_LINE if effect is Effect.KVO and (stops or turn.state.line(line).forbids_kvo) else effect


def obstacles(turn: Turn, line: str) -> list[str]:
    """Name the standing conditions that keep a line from being started."""
    found = []
    for alarm in turn.state.alarms:
        effect = _effect(turn, alarm, line)
        if alarm.standing and effect.stops and (effect is Effect.STOP_ALL or alarm.line in (None, line)):
            found.append(f"alarm {alarm.alarm.value} stands")
        elif alarm.checking:
            found.append("the line is being checked")
    return found


def stops(turn: Turn, alarm: AlarmStatus) -> bool:
    """Whether a condition stops what it concerns."""
    return turn.row(alarm.alarm).effect.stops


def watches(turn: Turn) -> Iterator[Watch]:
    """What the driver should look out for on behalf of the measured conditions."""
    for watched in _watched(turn):
        row, status = watched.row, _status(turn, watched.row, watched.line)
        if status is None:
            yield air_reset.watch(turn, watched.threshold) or watched.met
        elif status.checking:
            yield auto_restart.watch(turn, row)
        elif not status.standing and status.over_since_ns is not None:
            yield watched.met
        elif status.over_since_ns is None and (row.self_clearing or not status.standing):
            yield watched.over


def deadlines(turn: Turn) -> Iterator[int]:
    """When a delay, or a stay beyond the clear level, is over."""
    for alarm in turn.state.alarms:
        row = turn.row(alarm.alarm)
        if row.threshold is None:
            continue
        if not alarm.standing:
            yield auto_restart.due_ns(turn, row, alarm)
        if alarm.over_since_ns is not None:
            yield alarm.over_since_ns + _patience_ns(turn, row)


def _watched(turn: Turn) -> Sequence[Watched]:
    """Every measured condition, for the pump or for each line with a program; for all while one is backprimed or drawn back."""
    if turn.state.unit.run is not None:
        return turn.facts.watched
    empty = [status.line for status in turn.state.lines if status.program is None]
    if not empty:
        return turn.facts.watched
    return [w for w in turn.facts.watched if w.line not in empty or _status(turn, w.row, w.line) is not None]


def _met(threshold: Threshold, value: float) -> bool:
    return value >= threshold.level if threshold.rising else value <= threshold.level


def _over(threshold: Threshold, value: float) -> bool:
    return value < threshold.clear_level if threshold.rising else value > threshold.clear_level


def _status(turn: Turn, row: AlarmCondition, line: str | None) -> AlarmStatus | None:
    for status in turn.state.alarms:
        if status.alarm is row.id and status.line == line:
            return status
    return None


def _put(turn: Turn, status: AlarmStatus) -> None:
    others = tuple(a for a in turn.state.alarms if not (a.alarm is status.alarm and a.line == status.line))
    turn.state = turn.state.with_alarms((*others, status))


def _follow_clear_level(
    turn: Turn, row: AlarmCondition, threshold: Threshold, status: AlarmStatus, value: float
) -> AlarmStatus | None:
    """Note since when the signal is beyond the clear level; end the condition when that has lasted."""
    if not row.self_clearing and status.standing:
        return status
    if not _over(threshold, value):
        if status.over_since_ns is not None:
            status = replace(status, over_since_ns=None)
            _put(turn, status)
        return status
    since = turn.now_ns if status.over_since_ns is None else status.over_since_ns
    if turn.now_ns - since < _patience_ns(turn, row):
        status = replace(status, over_since_ns=since)
        _put(turn, status)
        return status
    turn.state = turn.state.with_alarms(tuple(a for a in turn.state.alarms if a is not status))
    if status.standing:
        turn.said.append(AlarmCleared(row.id, status.line))
    return None


def _patience_ns(turn: Turn, row: AlarmCondition) -> int:
    """How long a signal must stay beyond the clear level: a pumping cycle or the delay, 0 while the mechanism stands."""
    if row.delay_ns == 0:
        return 0
    rate = 0
    for status in turn.state.lines:
        rate += turn.rate_nl_per_h(status)
    if rate == 0:
        return 0
    cycle_ns = turn.model.mechanism.cycle_fl * Q_PER_FL // rate
    return min(cycle_ns, row.delay_ns)


def _detail(threshold: Threshold, value: float | None) -> str:
    if value is None or threshold.signal is Signal.AIR_PROXIMAL:
        return ""
    if threshold.signal is Signal.RESERVOIR_LEVEL:
        return f"{value:.3f} mL left, limit {threshold.level:.3f} mL"
    if threshold.signal in (Signal.AIR_BUBBLE, Signal.AIR_ACCUMULATED):
        return f"{value:.3f} mL, limit {threshold.level:.3f} mL"
    unit = threshold.signal.value.partition("(")[2].rstrip(")")
    return f"{value:.2f} {unit}, limit {threshold.level:.2f} {unit}"
