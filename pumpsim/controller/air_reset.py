"""Somebody takes note of air: what counts begins anew, and a bubble that stands at the sensor may pass once.

What was counted up to then is no longer counted, whether or not it is still within the sensor's window: of the air in the
window, what has come since. A bubble that is let pass is not judged until fluid has followed it; the air in it is counted all
the same, so that an endless one is found by what it adds up to.
"""

from dataclasses import replace

from pumpsim.controller.answer import refuse
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal, Threshold
from pumpsim.vocabulary.inputs import ResetAir, SensorReading
from pumpsim.vocabulary.outputs import Watch

REMEMBERED = (AlarmId.AIR_IN_LINE_DISTAL, AlarmId.AIR_ACCUMULATED)


def reset(turn: Turn, command: ResetAir) -> None:
    """Take note of the air that was found; what stood because of it is over."""
    reading = turn.state.reading
    if turn.model.air_sensor is None or reading is None:
        refuse(turn, command, ["there is no air sensor behind the pump"])
        return
    unit = replace(turn.state.unit, air_counted_ml=reading.air_total_ml, air_passing=reading.bubble_ml > 0.0)
    turn.state = turn.state.with_unit(unit)
    for alarm in REMEMBERED:
        turn.clear_alarm(alarm, None)
    turn.state = turn.state.with_alarms(tuple(a for a in turn.state.alarms if a.alarm not in REMEMBERED))


def follow(turn: Turn) -> None:
    """See whether the bubble that is let pass has gone."""
    unit, reading = turn.state.unit, turn.state.reading
    if unit.air_passing and reading is not None and reading.value(Signal.AIR_BUBBLE, None) == 0.0:
        turn.state = turn.state.with_unit(replace(unit, air_passing=False))


def judged(turn: Turn, signal: Signal, line: str | None, reading: SensorReading) -> float | None:
    """What a signal says, without what somebody has taken note of."""
    value, unit = reading.value(signal, line), turn.state.unit
    if value is None or not (unit.air_passing or unit.air_counted_ml):
        return value
    if signal is Signal.AIR_BUBBLE:
        return 0.0 if unit.air_passing else value
    if signal is Signal.AIR_ACCUMULATED and unit.air_counted_ml:
        return min(value, reading.air_total_ml - unit.air_counted_ml)
    return value


def watch(turn: Turn, threshold: Threshold) -> Watch | None:
    """What to look out for in the place of a row's own level; None: that.

    While a bubble is let pass, that it has gone. Where the window holds enough, but of what was noted, that more has come.
    """
    unit, reading = turn.state.unit, turn.state.reading
    if reading is None or not (unit.air_passing or unit.air_counted_ml):
        return None
    if threshold.signal is Signal.AIR_BUBBLE and unit.air_passing:
        return Watch(Signal.AIR_BUBBLE, None, Direction.AT_MOST, 0.0)
    if threshold.signal is Signal.AIR_ACCUMULATED and unit.air_counted_ml and reading.counted_ml >= threshold.level:
        return Watch(Signal.AIR_TOTAL, None, Direction.AT_LEAST, unit.air_counted_ml + threshold.level)
    return None
