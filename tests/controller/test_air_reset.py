"""Somebody takes note of air: a bubble may pass once, and what is counted begins anew."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId, Signal
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, ResetAir, Start, Tick
from pumpsim.vocabulary.sensors import Sensor
from tests.build import STROKES, S
from tests.controller.occlusion import LIMIT, ONE, course, kpa, running
from tests.controller.test_alarm_delay import kpa as both

BUBBLE = ["raised air-in-line-distal", "alarm: air-in-line-distal", "motor 0"]
MANY = ["raised air-accumulated-distal", "alarm: air-accumulated-distal", "motor 0"]
GOES_ON = ["infusing: operator", "motor 36"]


def air(bubble: float, counted: float, total: float):
    return kpa(0.0, bubble_ml=bubble, counted_ml=counted, air_total_ml=total)


@pytest.mark.requirement("GIP 1.9.1", "GPCA REQ 21")
def test_a_bubble_stops_passes_once_and_the_next_one_stops_again():
    """The limit is 0.2 mL."""
    found = course(
        running(ONE),
        (10, air(0.199, 0.199, 0.199)),
        (11, air(0.2, 0.2, 0.2)),
        (12, Start()),
        (13, ResetAir()),
        (14, Start()),
        (15, air(0.3, 0.3, 0.3)),
        (16, air(0.0, 0.3, 0.3)),
        (17, air(0.199, 0.499, 0.499)),
        (18, air(0.2, 0.5, 0.5)),
    )
    assert found == [
        (11, BUBBLE),
        (12, ["refused start: alarm air-in-line-distal stands"]),
        (13, ["cleared air-in-line-distal"]),
        (14, GOES_ON),
        (18, BUBBLE),
    ]


@pytest.mark.requirement("GPCA REQ 21")
def test_what_is_counted_begins_anew():
    """The limit is 1 mL in the window: noted at 1.0, it stands again when 1.0 more has come, old air in the window or not."""
    pump = running(ONE)
    found = course(
        pump,
        (10, air(0.0, 1.0, 1.0)),
        (20, ResetAir()),
        (21, Start()),
        (30, air(0.0, 1.999, 1.999)),
        (40, air(0.0, 1.5, 2.0)),
    )
    assert found == [(10, MANY), (20, ["cleared air-accumulated-distal"]), (21, GOES_ON), (40, MANY)]


def test_old_air_that_leaves_the_window_hides_no_new_air():
    """Noted at 1.0; all of that has left the window when 0.999 have come since: not enough, a thousandth more is."""
    given = [(10, air(0.0, 1.0, 1.0)), (20, ResetAir()), (21, Start()), (900, air(0.0, 0.999, 1.999))]
    assert course(running(ONE), *given)[-1][0] == 21
    assert course(running(ONE), *given, (901, air(0.0, 1.0, 2.0)))[-1] == (901, MANY)


def test_new_air_that_leaves_the_window_is_not_counted():
    given = [(10, air(0.0, 1.0, 1.0)), (20, ResetAir()), (21, Start()), (2000, air(0.0, 0.5, 2.5))]
    assert course(running(ONE), *given)[-1][0] == 21


def test_a_bubble_that_passes_is_counted_all_the_same():
    given = [(10, air(0.2, 0.2, 0.2)), (20, ResetAir()), (21, Start()), (30, air(1.199, 1.199, 1.199))]
    assert course(running(ONE), *given)[-1][0] == 21
    assert course(running(ONE), *given, (31, air(1.2, 1.2, 1.2)))[-1] == (31, MANY)


def test_it_watches_the_end_of_the_bubble_and_what_has_come_since():
    pump = running(ONE)
    pump.step(10 * S, air(1.0, 1.0, 1.0))
    step = pump.step(20 * S, ResetAir())
    watched = [(w.signal, w.direction.value, w.level) for w in step.watches]
    assert (Signal.AIR_BUBBLE, "<=", 0.0) in watched
    assert (Signal.AIR_TOTAL, ">=", 2.0) in watched
    assert not [w for w in watched if w[0] is Signal.AIR_ACCUMULATED]
    step = pump.step(30 * S, air(0.0, 0.5, 1.0))
    assert pump.state.unit.air_passing is False
    watched = [(w.signal, w.direction.value, w.level) for w in step.watches]
    assert (Signal.AIR_BUBBLE, ">=", 0.2) in watched
    assert (Signal.AIR_ACCUMULATED, ">=", 1.0) in watched


def test_where_nothing_was_found_or_nothing_looks():
    pump = running(ONE)
    assert course(pump, (10, ResetAir()), (20, air(0.2, 0.2, 0.2))) == [(20, BUBBLE)]
    pump = Pump(STROKES)
    pump.step(0, both(0.0))
    assert pump.step(1, ResetAir()).outputs == ()
    assert course(Pump(ONE), (1, ResetAir())) == [(1, ["refused reset-air: there is no air sensor behind the pump"])]


def test_a_bubble_that_nobody_has_seen_is_not_let_pass():
    """The sensor says nothing while somebody takes note; when it speaks again there is a bubble."""
    silent = replace(air(0.0, 0.0, 0.0), silent=(Sensor(Signal.AIR_BUBBLE, None),))
    assert course(running(ONE), (10, silent), (11, ResetAir()), (12, air(0.2, 0.2, 0.2))) == [(12, BUBBLE)]


@pytest.mark.parametrize("found", [(0.0, 1.0, 1.0), (0.2, 0.2, 0.2)], ids=["counted", "a bubble"])
def test_what_only_pends_is_over_when_it_is_noted(found):
    """With a delay of 4 s on both, and a pump whose cycle is longer than that: its ripple would keep them for 4 s more."""
    model = MODELS["linear-peristaltic"]
    delayed = (AlarmId.AIR_ACCUMULATED, AlarmId.AIR_IN_LINE_DISTAL)
    rows = tuple(replace(r, delay_ns=4 * S) if r.id in delayed else r for r in model.alarms)
    pump = running(replace(model, alarms=rows), rate=1.0)
    assert course(pump, (10, air(*found)), (12, ResetAir()), (14, Tick())) == []


def test_what_has_been_noted_of_air_changes_no_other_signal_and_needs_no_sensor():
    given = [(10, air(0.0, 1.0, 1.0)), (20, ResetAir()), (21, Start())]
    silent = replace(air(0.0, 0.0, 1.0), silent=(Sensor(Signal.AIR_ACCUMULATED, None),))
    occluded = replace(silent, distal_kpa=LIMIT)
    found = course(running(ONE), *given, (22, silent), (23, occluded))
    assert found[-1] == (23, ["raised occlusion-distal", "alarm: occlusion-distal", "motor 0"])


def test_what_only_pends_is_noted_as_well_and_nothing_else_is():
    """With a delay of 4 s on what is counted: noted within it, it is not raised; a fault of the device stands on."""
    rows = tuple(replace(r, delay_ns=4 * S) if r.id is AlarmId.AIR_ACCUMULATED else r for r in ONE.alarms)
    pump = running(replace(ONE, alarms=rows))
    given = [
        (9, DeviceEvent(DeviceEventKind.DEVICE_FAULT)),
        (10, air(0.0, 1.0, 1.0)),
        (12, ResetAir()),
        (14, Tick()),
        (15, Start()),
    ]
    found = course(pump, *given)
    assert found[1:] == [(15, ["refused start: alarm device-fault stands"])]
    assert [alarm.alarm for alarm in pump.state.alarms] == [AlarmId.DEVICE_FAULT]
