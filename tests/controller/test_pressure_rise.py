"""A fast rise of the pressure: how fast, from where, when it is over, and that nothing happens in steady running."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.alarms import pressure_rise
from pumpsim.catalogue.occlusion import with_pressure_rise
from pumpsim.vocabulary.alarms import AlarmId, Direction, Effect, Priority, Signal
from pumpsim.vocabulary.inputs import Start, Stop, Tick
from pumpsim.vocabulary.model import PressureRise
from pumpsim.vocabulary.outputs import AlarmRaised, Watch
from tests.build import S
from tests.controller.occlusion import ONE, counted, course, kpa, running

RISING = with_pressure_rise(ONE, PressureRise(by_kpa=20.0, within_ns=300 * S))
RAISED, CLEARED = ["raised pressure-rise"], ["cleared pressure-rise"]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, 5.0), (20, 10.0), (30, 15.0), (40, 19.999)], []),
        ([(10, 5.0), (20, 10.0), (30, 15.0), (40, 20.0)], [(40, RAISED)]),
        ([(40, 20.0)], [(40, RAISED)]),
        ([(100, 5.0), (200, 10.0), (299, 15.0), (300, 20.0)], [(300, RAISED)]),
        ([(100, 5.0), (200, 10.0), (299, 15.0), (301, 20.0)], []),
        ([(200, 5.0), (400, 10.0), (600, 15.0), (800, 20.0), (1000, 25.0), (1200, 30.0)], []),
        ([(600, 10.0), (3600, 15.0), (3610, 20.0), (3620, 25.0), (3630, 30.0), (3640, 35.0)], [(3640, RAISED)]),
        ([(600, 10.0), (3600, 15.0), (3610, 20.0), (3620, 25.0), (3901, 35.0)], []),
        ([(600, 10.0), (1000, 5.0), (1010, 25.0)], [(1010, RAISED)]),
        ([(40, 20.0), (50, 10.0), (51, 9.999)], [(40, RAISED), (51, CLEARED)]),
        ([(40, 20.0), (51, 0.0), (60, 20.0)], [(40, RAISED), (51, CLEARED), (60, RAISED)]),
    ],
    ids=[
        "not quite",
        "by steps",
        "at once",
        "in the last instant",
        "an instant too late",
        "slowly to any height",
        "from where it stood for long, a quarter later",
        "from where it stood, and too slowly",
        "from the lowest",
        "over below half of the rise",
        "and again",
    ],
)
def test_course(points, expected):
    found = course(running(RISING), *((at_s, kpa(value)) for at_s, value in points))
    assert found == expected


def test_readings_between_change_nothing():
    few = [
        (at_s, kpa(value))
        for at_s, value in ((600, 10.0), (3600, 15.0), (3620, 20.0), (3640, 25.0), (3660, 30.0), (3680, 35.0))
    ]
    many = sorted(
        [*few, *((at_s + 1, kpa(one.distal_kpa + 1.0)) for at_s, one in few[1:-1]), (10, Tick()), (3000, kpa(12.0))],
        key=lambda pair: pair[0],
    )
    assert course(running(RISING), *few) == course(running(RISING), *many) != []


def test_it_watches_a_quarter_up_and_down_and_never_wakes():
    pump = running(RISING)
    step = pump.step(10 * S, kpa(0.0))
    assert step.wake_at_ns is None
    levels = [(w.direction.value, w.level) for w in step.watches if w.signal is Signal.DISTAL_PRESSURE]
    assert levels == [(">=", 40.0), (">=", 5.0), ("<=", -5.0)]


def test_while_it_stands_it_watches_for_half_of_the_rise_to_be_gone():
    watches = running(RISING).step(40 * S, kpa(20.0)).watches
    assert Watch(Signal.DISTAL_PRESSURE, None, Direction.BELOW, 10.0) in watches
    assert [w.level for w in watches if w.signal is Signal.DISTAL_PRESSURE] == [40.0, 10.0]


def test_nothing_rises_while_nothing_is_delivered_and_a_start_begins_anew():
    pump = running(RISING)
    given = [(10, Stop()), (20, kpa(30.0)), (30, Start()), (31, kpa(35.0)), (40, kpa(39.0))]
    assert not any("raised" in word for _, words in course(pump, *given) for word in words)


def test_priority_and_effect_are_data():
    row = pressure_rise(Priority.HIGH, Effect.STOP_ALL)
    rows = tuple(row if old.id is AlarmId.PRESSURE_RISE else old for old in RISING.alarms)
    found = course(running(replace(RISING, alarms=rows)), (40, kpa(20.0)))
    assert found == [(40, ["raised pressure-rise", "alarm: pressure-rise", "motor 0"])]


def test_without_the_setting_there_is_none():
    assert course(running(ONE), (1, kpa(39.9))) == []


@pytest.mark.parametrize(
    ("points", "detail"),
    [
        ([(30, 10.0), (40, 20.0)], "20.00 kPa in 40 s"),
        ([(310, 5.0), (311, 30.5)], "25.50 kPa in 1 s"),
        ([(400, 10.0), (410, 15.0), (460, 10.0), (500, 30.0)], "20.00 kPa in 40 s"),
    ],
    ids=["from the start", "from a later mark", "from the last of two that are equal"],
)
def test_it_says_how_much_in_how_long(points, detail):
    """It begins at 0 with 0 kPa; of what is older than 300 s nothing counts."""
    pump = running(RISING)
    said = [o for at_s, one in points for o in pump.step(at_s * S, counted(pump, at_s * S, kpa(one))).outputs]
    assert [o.detail for o in said if isinstance(o, AlarmRaised)] == [detail]


def test_a_reading_within_a_quarter_is_no_mark_to_measure_a_rise_from():
    """5 min from the start the pressure is 25 kPa; 4.9 kPa were seen meanwhile, which is no mark."""
    assert course(running(RISING), (200, kpa(4.9)), (310, kpa(25.0))) == []
    assert course(running(RISING), (200, kpa(5.0)), (310, kpa(25.0))) == [(310, RAISED)]
