"""The pressure behind the pump rises by so much within so long: sooner than the occlusion limit where the rate is low.

A rise is measured from marks: pressures, and when they were passed. A mark is set when something begins to deliver, and
wherever the pressure has come a quarter of the rise beyond the last one, up or down; so nothing happens in steady running, no
reading beside these changes a decision, and a rise is found when it is one to one and a quarter times the limit. Ripple
of more than a quarter of it sets marks with every cycle. Once raised it is over when half of the rise is gone.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import alarm_monitor
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.model import PressureRise
from pumpsim.vocabulary.outputs import Watch
from pumpsim.vocabulary.status import PressureMark

QUARTER, HALF = 0.25, 0.5


def judge(turn: Turn) -> None:
    """Set marks, raise and clear."""
    rule, reading = turn.model.pressure_rise, turn.state.reading
    if rule is None or reading is None:
        return
    kpa = reading.value(Signal.DISTAL_PRESSURE, None)
    if kpa is None:
        return
    marks, standing = turn.state.unit.rising, _standing(turn)
    delivering = any(status.state.delivering for status in turn.state.lines)
    if standing and marks:
        if kpa < _over_kpa(rule, marks):
            turn.clear_alarm(AlarmId.PRESSURE_RISE, None)
            _put(turn, (PressureMark(turn.now_ns, kpa),) if delivering else ())
    elif not delivering:
        _put(turn, ())
    else:
        _measure(turn, rule, marks, kpa)


def watches(turn: Turn) -> Iterator[Watch]:
    """The pressures at which a mark is due, or the condition over."""
    rule, marks = turn.model.pressure_rise, turn.state.unit.rising
    if rule is None or not marks:
        return
    if _standing(turn):
        yield Watch(Signal.DISTAL_PRESSURE, None, Direction.BELOW, _over_kpa(rule, marks))
        return
    yield Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_LEAST, marks[-1].kpa + QUARTER * rule.by_kpa)
    yield Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_MOST, marks[-1].kpa - QUARTER * rule.by_kpa)


def _measure(turn: Turn, rule: PressureRise, marks: tuple[PressureMark, ...], kpa: float) -> None:
    """Set a mark where one is due; the rise counts from the lowest that is young enough."""
    if marks:
        step = QUARTER * rule.by_kpa
        if marks[-1].kpa - step < kpa < marks[-1].kpa + step:
            return
        marks = tuple(m for m in marks if m.kpa < kpa and turn.now_ns - m.at_ns <= rule.within_ns)
    if marks and kpa - marks[0].kpa >= rule.by_kpa:
        _put(turn, marks[:1])
        seconds = (turn.now_ns - marks[0].at_ns) / 1e9
        turn.raise_alarm(AlarmId.PRESSURE_RISE, None, f"{kpa - marks[0].kpa:.2f} kPa in {seconds:.0f} s")
        alarm_monitor.act(turn)
    else:
        _put(turn, (*marks, PressureMark(turn.now_ns, kpa)))


def _over_kpa(rule: PressureRise, marks: tuple[PressureMark, ...]) -> float:
    return marks[0].kpa + HALF * rule.by_kpa


def _standing(turn: Turn) -> bool:
    return turn.standing(AlarmId.PRESSURE_RISE, None)


def _put(turn: Turn, marks: tuple[PressureMark, ...]) -> None:
    if marks != turn.state.unit.rising:
        turn.state = turn.state.with_unit(replace(turn.state.unit, rising=marks))
