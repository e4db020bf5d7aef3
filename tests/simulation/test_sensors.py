"""What sensors say of the truth, when a watch on it fires, and what a pump does when one fails.

Expected numbers by hand. A closed line of 0.010 mL/kPa at 12 mL/h rises by 1200 kPa/h, a third of a kPa in a second (V3's
line); the limit is 6 psi, 41.3685 kPa.
"""

from dataclasses import replace

import pytest

from pumpsim.catalogue.alarms import PSI_KPA
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.journal import write_journal
from pumpsim.replay import replay
from pumpsim.report.tables import WORLD, events
from pumpsim.scenario import Scenario
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.simulation.chance import Chance
from pumpsim.simulation.paths import LoneWay, is_lone, ways
from pumpsim.simulation.sensors import Sensors
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import Change, Occlude, Place, Refill
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEvent, LoadProgram, SensorReading, Start
from pumpsim.vocabulary.outputs import AlarmRaised, LineMotion, LineState, MotorCommand, Watch
from pumpsim.vocabulary.path import ContainerKind, Sensing
from pumpsim.vocabulary.sensors import Drift, Mended, Sensor, Silent, Stuck
from tests.build import MIN, SALINE, SMOOTH, STROKES, H, S, path, program, scenario, when

LIMIT = 6 * PSI_KPA
RISE = 12.0 / 0.010
DISTAL = Sensor(Signal.DISTAL_PRESSURE)
LINE = path(compliance=0.010, resistance=0.0)
RUNNING = ((0, LoadProgram("A", program(12.0))), (0, Start()))
CLOSED = (MIN, Occlude(Place.PATIENT_END))
FIRES = Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_LEAST, LIMIT)


def closed(*more, until_ns=10 * MIN, **kwargs):
    """The line runs at 12 mL/h and is closed at 1 min."""
    entries = sorted((*RUNNING, CLOSED, *more), key=lambda entry: entry[0])
    return scenario(*entries, until_ns=until_ns, **{"model": SMOOTH, "setup": LINE, **kwargs})


def occlusion_s(given: Scenario) -> list[float]:
    """Seconds from the closing to each occlusion alarm."""
    return [60.0 * minute - 60.0 for minute in when(simulate(given).traces[0], "alarm occlusion-distal")]


def readings(given: Scenario) -> list[tuple[int, SensorReading]]:
    return [(t.at_ns, t.input) for t in simulate(given).journals[0] if isinstance(t.input, SensorReading)]


def test_an_offset_moves_the_alarm_and_keeps_the_watch_exact():
    given = closed(sensing=Sensing(offset_kpa=5.0))
    assert occlusion_s(given) == [pytest.approx((LIMIT - 5.0) / RISE * 3600.0, abs=1e-4)]
    at_ns = next(at for at, reading in readings(given) if reading.distal_kpa >= LIMIT)
    truth = ways(given.pumps, given, None)[0]
    truth.command(0, MotorCommand((LineMotion("A", 12_000_000), LineMotion("B", 0))))
    truth.disturb(MIN, CLOSED[1])
    assert truth.read(at_ns).distal_kpa + 5.0 >= LIMIT > truth.read(at_ns - 1).distal_kpa + 5.0


@pytest.mark.parametrize("offset", [-7.3, -1e-9, 1e-13, 0.1, 1e4])
@pytest.mark.parametrize("direction", list(Direction))
def test_a_shifted_watch_holds_where_the_sensor_says_so_to_the_last_bit(offset, direction):
    given = closed(sensing=Sensing(offset_kpa=offset))
    sensors = Sensors(given.pumps[0], Chance(1, 0))
    watch = Watch(Signal.DISTAL_PRESSURE, None, direction, LIMIT)
    base = sensors._sought(watch, (0,))
    for ulps in range(-40, 41):
        true = (LIMIT - offset) + ulps * 2.0**-48
        assert base.holds(true) == watch.holds(true + offset)


@pytest.mark.parametrize(
    ("per_h", "hours"),
    [(600.0, LIMIT / (RISE + 600.0)), (-600.0, LIMIT / (RISE - 600.0)), (-1e-6, LIMIT / RISE)],
)
def test_a_drift_during_an_occlusion(per_h, hours):
    assert occlusion_s(closed((MIN, Drift(DISTAL, per_h)))) == [pytest.approx(hours * 3600.0, abs=1e-4)]


def test_a_drift_alone_becomes_a_false_alarm():
    """Open line without resistance: the truth stands at 0, the level comes down by 10 kPa/h."""
    given = scenario(*RUNNING, (0, Drift(DISTAL, 10.0)), until_ns=5 * H, model=SMOOTH, setup=LINE)
    assert when(simulate(given).traces[0], "alarm occlusion-distal") == [pytest.approx(LIMIT / 10.0 * 60.0, abs=1e-6)]


@pytest.mark.parametrize("per_h", [40.0, -60.0])
def test_a_drift_beside_strokes_is_found_at_its_first_instant(per_h):
    """The pressure ripples with every stroke; the level is met first on the peak of one of some hundred."""
    given = scenario(*RUNNING, until_ns=H, model=STROKES, setup=path(compliance=0.006, resistance=0.5))
    way, sensors = ways(given.pumps, given, None)[0], Sensors(given.pumps[0], Chance(1, 0))
    way.command(0, MotorCommand((LineMotion("A", 100_000_000), LineMotion("B", 0))))
    sensors.disturb(0, Drift(DISTAL, per_h), lambda: way.read(0))
    level = 75.0 if per_h > 0 else 2.0
    watch = Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_LEAST if per_h > 0 else Direction.AT_MOST, level)
    found = sensors.next_crossing(way, (watch,), 10 * MIN, H)
    assert found is not None
    assert found > 11 * MIN
    assert watch.holds(sensors.seen(way.read(found), found).distal_kpa)
    earlier = [10 * MIN + 1 + (found - 10 * MIN - 2) * k // 20_000 for k in range(20_001)]
    assert not any(watch.holds(sensors.seen(way.read(at), at).distal_kpa) for at in earlier)


def test_a_stuck_sensor_sees_no_occlusion_until_it_is_mended():
    given = closed((30 * S, Stuck(DISTAL)), (5 * MIN, Mended(DISTAL)))
    assert occlusion_s(given) == [pytest.approx(240.0)]
    assert {reading.distal_kpa for at, reading in readings(given) if 30 * S <= at < 5 * MIN} == {0.0}
    assert occlusion_s(closed((30 * S, Stuck(DISTAL)))) == []
    assert occlusion_s(closed((30 * S, Stuck(DISTAL, 50.0)))) == [pytest.approx(-30.0)]


def test_a_stuck_sensor_that_is_sampled_keeps_its_last_sample():
    sensing = Sensing(S, noise_kpa=0.2, quantum_kpa=0.5)
    seen = readings(closed((90 * S + 1, Stuck(DISTAL)), sensing=sensing))
    last = next(reading.distal_kpa for at, reading in seen if at == 90 * S)
    assert 8.5 <= last <= 11.5
    assert {reading.distal_kpa for at, reading in seen if at > 90 * S} == {last}


def test_a_silent_sensor_is_noticed_and_the_pump_stops():
    given = closed((30 * S, Silent(DISTAL, 4 * S)))
    trace = simulate(given).traces[0]
    assert when(trace, "alarm device-fault") == [pytest.approx(34.0 / 60.0)]
    assert occlusion_s(given) == []
    assert trace.state.lines[0].state is LineState.ALARM
    told = [t.input for t in simulate(given).journals[0] if isinstance(t.input, DeviceEvent)]
    assert [event.detail for event in told] == ["no answer from the sensor: distal pressure"]
    silent = [reading for at, reading in readings(given) if at >= 30 * S]
    assert silent
    assert all(reading.value(Signal.DISTAL_PRESSURE, None) is None for reading in silent)


def test_a_sensor_that_speaks_again_in_time_is_not_noticed():
    given = closed((30 * S, Silent(DISTAL, 4 * S)), (33 * S, Mended(DISTAL)))
    assert when(simulate(given).traces[0], "alarm device-fault") == []
    assert len(occlusion_s(given)) == 1


@pytest.mark.parametrize(("value", "minutes"), [(0.0, []), (None, []), (1.0, [2.0])])
def test_an_air_sensor_that_sticks(value, minutes):
    """The bag holds 1 mL; 5 min at 12 mL/h. Stuck at no air nothing is said of that; stuck at air at once, at 2 min."""
    air = Sensor(Signal.AIR_PROXIMAL, "A")
    setup = path(compliance=0.010, resistance=0.0, bags_ml=(1.0, 1000.0))
    given = scenario(*RUNNING, (2 * MIN, Stuck(air, value)), until_ns=10 * MIN, model=SMOOTH, setup=setup)
    assert when(simulate(given).traces[0], "alarm air-in-line-proximal") == minutes
    sound = scenario(*RUNNING, until_ns=10 * MIN, model=SMOOTH, setup=setup)
    assert when(simulate(sound).traces[0], "alarm air-in-line-proximal") == [pytest.approx(5.0, abs=1e-6)]


def test_a_delayed_sample_is_what_was():
    """Sampled each second, 2.5 s old: 41.3685 kPa are there 124.1 s after the closing, told at the next whole second."""
    given = closed(sensing=Sensing(S, delay_ns=2_500_000_000))
    assert occlusion_s(given) == [pytest.approx(127.0)]
    for at, reading in readings(given):
        if MIN < at < 3 * MIN:
            assert reading.distal_kpa == pytest.approx(max(0.0, (at - 2.5 * S - MIN) / S / 3.0), abs=1e-9)


def test_what_a_sensor_says_never_touches_the_line():
    quiet = scenario(*RUNNING, until_ns=H)
    sound = simulate(quiet).traces[0]
    every = list(range(0, H, 7 * S + 1))
    for fault in (Drift(DISTAL, -1.0), Drift(Sensor(Signal.PROXIMAL_PRESSURE, "A"), 1.0), Stuck(DISTAL)):
        failing = scenario(*RUNNING, (10 * MIN + 7, fault), (20 * MIN, Mended(fault.sensor)), until_ns=H)
        assert is_lone(failing.pumps[0], failing)
        trace = simulate(failing).traces[0]
        assert (trace.records, trace.decisions) == (sound.records, sound.decisions)
        assert trace.at(every).pressure_kpa.tolist() == sound.at(every).pressure_kpa.tolist()
        assert trace.at(every).pumped_ml.tolist() == sound.at(every).pumped_ml.tolist()
    assert isinstance(ways(quiet.pumps, quiet, None)[0], LoneWay)


SYRINGE = """
title = "syringe"
duration = "1 h"
[pump]
model = "graseby-3100"
[line.A]
container = { syringe = "bd-plastipak-50", fluid = "water" }
[[operator]]
at = "0 s"
load = { rate = "99.9 mL/h" }
[[operator]]
at = "0 s"
do = "start"
"""


def pushed(rate_nl_per_h=99_900_000):
    given = parse_scenario(SYRINGE, "syringe")
    way, sensors = ways(given.pumps, given, None)[0], Sensors(given.pumps[0], Chance(1, 0))
    way.command(0, MotorCommand((LineMotion("A", rate_nl_per_h),)))
    return way, sensors, given.pumps[0]


def further(sensors, way, at_ns, signal):
    return sensors.seen(way.read(at_ns), at_ns).value(signal, "A")


def test_position_and_level_of_a_plunger():
    """V8: 99.9 mL/h for 6 min push 9.99 mL, over an area of 5.557 cm2 17.98 mm; here over the syringe's own bore."""
    way, sensors, pump = pushed()
    syringe = pump.path.lines[0].syringe
    travel = 9.99e3 / syringe.area_mm2
    assert further(sensors, way, 6 * MIN, Signal.PLUNGER_POSITION) == pytest.approx(travel, abs=3e-4)
    assert further(sensors, way, 6 * MIN, Signal.RESERVOIR_LEVEL) == pytest.approx(50.0 - 9.99, abs=2e-4)
    for signal, direction, level in (
        (Signal.PLUNGER_POSITION, Direction.AT_LEAST, travel),
        (Signal.RESERVOIR_LEVEL, Direction.AT_MOST, 50.0 - 9.99),
    ):
        watch = Watch(signal, "A", direction, level)
        at_ns = sensors.next_crossing(way, (watch,), 0, H)
        assert at_ns == pytest.approx(6 * MIN, abs=20 * 10**6)
        assert watch.holds(further(sensors, way, at_ns, signal))
        assert not watch.holds(further(sensors, way, at_ns - 1, signal))
    above = Watch(Signal.RESERVOIR_LEVEL, "A", Direction.ABOVE, 50.0 - 9.99)
    assert sensors.next_crossing(way, (above,), MIN, H) == MIN + 1
    assert sensors.next_crossing(way, (above,), 7 * MIN, H) is None


def test_force_on_a_plunger_rises_to_the_level_of_the_watch():
    """G3100's law T = P A + S (without its rounding): 3.5 kgf are met at (34.32 N - S) / A."""
    way, sensors, pump = pushed()
    syringe = pump.path.lines[0].syringe
    way.disturb(MIN, Occlude(Place.PATIENT_END))
    force_n = 3.5 * 9.80665
    watch = Watch(Signal.PLUNGER_FORCE, "A", Direction.AT_LEAST, force_n)
    at_ns = sensors.next_crossing(way, (watch,), MIN, H)
    pressure = (force_n - syringe.coulomb_n) / syringe.area_mm2 * 1000.0
    assert way.read(at_ns).distal_kpa == pytest.approx(pressure, abs=1e-5)
    assert watch.holds(further(sensors, way, at_ns, Signal.PLUNGER_FORCE))
    assert not watch.holds(further(sensors, way, at_ns - 1, Signal.PLUNGER_FORCE))


def test_a_stuck_force_is_a_stuck_pressure():
    """3.5 kgf on 5.44 cm2 without friction are 473.2 mmHg (V8)."""
    way, _, pump = pushed()
    bore = (4.0 * 544.0 / 3.141592653589793) ** 0.5
    syringe = replace(SYRINGES["bd-plastipak-50"], bore_mm=bore, breakaway_n=0.0, coulomb_n=0.0)
    line = replace(pump.path.lines[0], syringe=syringe)
    sensors = Sensors(replace(pump, path=replace(pump.path, lines=(line,))), Chance(1, 0))
    sensors.disturb(0, Stuck(Sensor(Signal.PLUNGER_FORCE, "A"), 3.5 * 9.80665), lambda: way.read(0))
    reading = sensors.seen(way.read(MIN), MIN)
    assert reading.distal_kpa / 0.133322387415 == pytest.approx(473.2, abs=0.05)
    assert reading.value(Signal.PLUNGER_FORCE, "A") == pytest.approx(3.5 * 9.80665)


BUBBLE = """
title = "half a mL of air"
duration = "10 min"
[pump]
model = "linear-peristaltic"
{sensing}
[line.A]
container = {{ bag = "100 mL", fluid = "water" }}
[[operator]]
at = "0 s"
load = {{ rate = "100 mL/h" }}
[[operator]]
at = "0 s"
do = "start"
[[fault]]
at = "5 min"
air = {{ volume = "0.5 mL" }}
{fault}
"""


def air_alarms_s(sensing="", fault=""):
    sensor = f'[[fault]]\nat = "1 min"\nsensor = {{ {fault} }}' if fault else ""
    (trace,) = simulate(parse_scenario(BUBBLE.format(sensing=sensing, fault=sensor), "bubble")).traces
    return [r.at_ns / S for r in trace.records if isinstance(r.record, AlarmRaised) and "air" in r.record.alarm.value]


def test_air_behind_the_pump_is_seen_whatever_its_pressure_sensor_says():
    """0.2 mL at 100 mL/h: 7.2 s after 5 min, and what the fingers hold; to the ns the same with any offset or fault."""
    (sound,) = air_alarms_s()
    assert sound == pytest.approx(307.2, abs=0.6)
    assert air_alarms_s(sensing='sensing = { offset = "1 kPa" }') == [sound]
    assert air_alarms_s(fault='name = "distal pressure", does = "stuck"') == [sound]
    assert air_alarms_s(fault='name = "distal pressure", does = "drift", per_hour = "1 kPa"') == [sound]


def test_an_air_sensor_behind_the_pump_that_sticks_or_is_silent():
    assert air_alarms_s(fault='name = "bubble", does = "stuck"') == []
    assert air_alarms_s(fault='name = "bubble", does = "silent"') == [], "the pump stops for another reason"
    assert air_alarms_s(fault='name = "bubble", does = "stuck", value = "0.3 mL"') == [60.0]


@pytest.mark.requirement("OPCA R6.8.0(2)")
def test_level_and_travel_are_counted_anew_from_what_is_hung():
    """10 mL are given of 50, then another full syringe, or 20 mL beside the 15 that stay of 40 in a reservoir."""
    way, sensors, _ = pushed()
    at_ns = 6 * MIN
    before = further(sensors, way, at_ns, Signal.RESERVOIR_LEVEL)
    sensors.hang(Refill("A", 20.0, SALINE, withdrawn_ml=before - 15.0), way.read(at_ns))
    assert further(sensors, way, at_ns, Signal.RESERVOIR_LEVEL) == pytest.approx(35.0, abs=1e-9)
    sensors.hang(Change("A", "syringe", 50.0, SALINE), way.read(at_ns))
    assert further(sensors, way, at_ns, Signal.RESERVOIR_LEVEL) == pytest.approx(50.0, abs=1e-9)
    assert further(sensors, way, at_ns, Signal.PLUNGER_POSITION) == 0.0


def test_drops_are_counted_until_the_counter_sticks():
    """125 mL/h at 15 gtt/mL are 31.25 gtt/min (PHYSICS 5)."""
    given = scenario(until_ns=H, model=MODELS["gravity-15"])
    line = replace(given.pumps[0].path.lines[0], container_ml=1000.0, kind=ContainerKind.BAG, head_kpa=10.0)
    pump = replace(given.pumps[0], path=replace(given.pumps[0].path, lines=(line,)))
    way, sensors = ways((pump,), replace(given, pumps=(pump,)), None)[0], Sensors(pump, Chance(1, 0))
    way.command(0, MotorCommand((LineMotion("A", 125_000_000),)))
    watch = Watch(Signal.DROPS, "A", Direction.AT_LEAST, 125.0)
    assert sensors.next_crossing(way, (watch,), 0, H) == pytest.approx(4 * MIN, rel=0.01)
    sensors.disturb(2 * MIN, Stuck(Sensor(Signal.DROPS, "A")), lambda: way.read(2 * MIN))
    assert further(sensors, way, 10 * MIN, Signal.DROPS) in (61.0, 62.0)
    assert sensors.next_crossing(way, (watch,), 2 * MIN, H) is None


def test_noise_is_not_asked_of_a_pump_that_sees_at_once():
    with pytest.raises(ValueError, match="a period is wanted"):
        Sensing(delay_ns=S)


def test_an_acknowledgement_does_not_mend_a_sensor():
    """Silent from 30 s, found after 4 s; acknowledged and started at 60 s, found again at 64 s; the line is open."""
    more = ((60 * S, Acknowledge()), (60 * S, Start()))
    given = scenario(*RUNNING, (30 * S, Silent(DISTAL, 4 * S)), *more, until_ns=3 * MIN, model=SMOOTH, setup=LINE)
    trace = simulate(given).traces[0]
    assert when(trace, "alarm device-fault") == [
        pytest.approx(34.0 / 60.0, abs=1e-6),
        pytest.approx(64.0 / 60.0, abs=1e-6),
    ]
    assert trace.state.lines[0].state is LineState.ALARM


def test_readings_of_failing_sensors_are_replayed_from_a_file(tmp_path):
    given = closed((20 * S, Silent(DISTAL)), (2 * MIN, Stuck(Sensor(Signal.AIR_PROXIMAL, "A"), 1.0)))
    run = simulate(given)
    journal = tmp_path / "inputs.jsonl"
    write_journal(journal, given.pumps[0].model, given.seed, "main", list(run.journals[0]))
    assert replay(journal).parting is None


def test_the_list_of_events_tells_of_it_in_time():
    given = closed((20 * S, Silent(DISTAL)), (2 * MIN, Stuck(Sensor(Signal.AIR_PROXIMAL, "A"), 1.0)))
    rows = [row for row in events(simulate(given).traces[0], given.entries).rows if row[2].startswith(WORLD)]
    assert rows == [
        ("20 s", "all", f"{WORLD}sensor silent: distal pressure", "noticed after 5 s"),
        ("1 min", "all", f"{WORLD}patient end closed", ""),
        ("2 min", "A", f"{WORLD}sensor stuck: air at the proximal sensor", "says 1"),
    ]
