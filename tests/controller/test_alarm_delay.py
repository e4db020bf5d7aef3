"""Threshold, clear level and delay of a measured condition, in hand-made readings (DESIGN 2.5, IEC 60601-1-8)."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.laboratory import NE_1000_PUMP
from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId, Signal
from pumpsim.vocabulary.inputs import LineReading, LoadProgram, Measured, SensorReading, Start, Tick
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised
from tests.build import STROKES, S, program

LIMIT, CLEAR = 40.0, 30.0
DELAY_NS = 4 * S


def kpa(value: float) -> SensorReading:
    return SensorReading((LineReading("A", 0, 4.9, False), LineReading("B", 0, 4.9, False)), value)


def course(rate: float, *points: tuple[float, float | None]) -> list[tuple[float, str]]:
    """Show a running pump these pressures (None: only a tick) at these seconds; what it raises and clears, and when.

    At 100 mL/h a cycle takes 11.88 s and the delay of 4 s is the shorter; at 999 mL/h a cycle takes 1.19 s.
    """
    pump = Pump(with_occlusion_limit(STROKES, LIMIT, DELAY_NS))
    pump.step(0, kpa(0.0))
    pump.step(0, LoadProgram("A", program(rate)))
    pump.step(0, Start("A"))
    found = []
    for at_s, value in points:
        step = pump.step(round(at_s * S), Tick() if value is None else kpa(value))
        found += [
            (at_s, "raised" if isinstance(o, AlarmRaised) else "cleared")
            for o in step.outputs
            if isinstance(o, AlarmRaised | AlarmCleared)
        ]
    return found


@pytest.mark.parametrize(
    ("rate", "points", "expected"),
    [
        (100, [(10, 39.999), (20, 39.999)], []),
        (100, [(10, 40.0), (13.999, 41.0), (14, None)], [(14, "raised")]),
        (100, [(10, 40.0), (11, 20.0), (12, 41.0), (14, 41.0)], [(14, "raised")]),
        (999, [(10, 40.0), (11, 20.0), (12, 20.0), (12.2, 20.0), (14, 20.0)], []),
        (999, [(10, 40.0), (11, 20.0), (12, 20.0), (12.1, 40.0), (14, 40.0)], [(14, "raised")]),
        (100, [(10, 40.0), (11, 35.0), (14, 35.0)], [(14, "raised")]),
        (100, [(10, 40.0), (14, 45.0), (20, 31.0), (21, 29.9)], [(14, "raised"), (21, "cleared")]),
    ],
    ids=[
        "never met",
        "raised when the delay is over",
        "a dip shorter than cycle and delay does not reset the delay",
        "staying below for a cycle cancels it",
        "not quite a cycle does not",
        "between clear level and limit it goes on",
        "cleared at once when the mechanism stands",
    ],
)
def test_course(rate, points, expected):
    assert course(rate, *points) == expected


def test_wakes_at_the_end_of_the_delay_and_watches_the_right_side():
    pump = Pump(with_occlusion_limit(STROKES, LIMIT, DELAY_NS))
    quiet = pump.step(0, kpa(0.0))
    assert [(w.direction.value, w.level) for w in quiet.watches if w.signal is Signal.DISTAL_PRESSURE] == [
        (">=", LIMIT)
    ]
    met = pump.step(10 * S, kpa(40.0))
    assert met.wake_at_ns == 10 * S + DELAY_NS
    assert [(w.direction.value, w.level) for w in met.watches if w.signal is Signal.DISTAL_PRESSURE] == [("<", CLEAR)]
    dipped = pump.step(11 * S, kpa(10.0))
    assert [(w.direction.value, w.level) for w in dipped.watches if w.signal is Signal.DISTAL_PRESSURE] == [
        (">=", LIMIT)
    ]


@pytest.mark.requirement("OPCA R6.1.0(2)")
def test_a_limit_of_10_psi():
    ten_psi = 68.94757293168
    for value, raised in ((ten_psi - 0.001, False), (ten_psi, True), (ten_psi + 0.001, True)):
        pump = Pump(with_occlusion_limit(STROKES, ten_psi))
        pump.step(0, kpa(0.0))
        assert any(isinstance(o, AlarmRaised) for o in pump.step(S, kpa(value)).outputs) is raised


@pytest.mark.parametrize(("after_s", "watched"), [(0, [("<", CLEAR)]), (4, [])])
def test_what_does_not_clear_by_itself_is_watched_for_its_clear_level_only_while_it_pends(after_s, watched):
    model = with_occlusion_limit(STROKES, LIMIT, DELAY_NS)
    rows = tuple(replace(r, self_clearing=False) if r.id is AlarmId.OCCLUSION_DISTAL else r for r in model.alarms)
    pump = Pump(replace(model, alarms=rows))
    for given in (kpa(0.0), LoadProgram("A", program(100)), Start("A")):
        pump.step(0, given)
    pump.step(10 * S, kpa(LIMIT))
    watches = pump.step((10 + after_s) * S, kpa(LIMIT)).watches
    assert [(w.direction.value, w.level) for w in watches if w.signal is Signal.DISTAL_PRESSURE] == watched


def test_a_force_is_told_in_newtons():
    """A laboratory pump stalls by the force on its plunger."""
    row = next(row for row in NE_1000_PUMP.alarms if row.id is AlarmId.MOTOR_STALL)
    assert row.threshold is not None
    level = row.threshold.level
    pump = Pump(NE_1000_PUMP)
    for n in (0.0, level):
        line = LineReading("A", 0, 0.0, False, (Measured(Signal.PLUNGER_FORCE, n),))
        step = pump.step(S if n else 0, SensorReading((line,), 0.0))
        if not n:
            pump.step(0, LoadProgram("A", program(10)))
            pump.step(0, Start("A"))
    raised = [output for output in step.outputs if isinstance(output, AlarmRaised)]
    assert [(alarm.alarm, alarm.detail) for alarm in raised] == [
        (AlarmId.MOTOR_STALL, f"{level:.2f} N, limit {level:.2f} N")
    ]
