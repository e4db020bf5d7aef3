"""Sensors and their faults as scenario files write them."""

import pytest

from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.path import Sensing
from pumpsim.vocabulary.sensors import NOTICED_NS, Drift, Mended, Sensor, Silent, Stuck
from tests.build import MIN, S
from tests.helpers import changed, faults_of, good, toml

DISTAL, AIR = Sensor(Signal.DISTAL_PRESSURE), Sensor(Signal.AIR_PROXIMAL, "B")
HEAD = 'title = "s"\nduration = "1 h"\n[pump]\nmodel = "MODEL"\n[line.A]\ncontainer = { CONTAINER, fluid = "water" }\n'
SYRINGE = HEAD.replace("MODEL", "syringe-pump").replace("CONTAINER", 'syringe = "bd-plastipak-50"')
DRIP = HEAD.replace("MODEL", "gravity-20").replace("CONTAINER", 'bag = "500 mL"')


def failing(table):
    return toml(changed(good(), ("fault",), [{"at": "1 min", "until": "2 min", "sensor": table}]))


def alone(head, table):
    return f'{head}[[fault]]\nat = "1 min"\nsensor = {table}\n'


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"name": "distal pressure", "does": "stuck"}, Stuck(DISTAL)),
        ({"name": "distal pressure", "does": "stuck", "value": "-2 kPa"}, Stuck(DISTAL, -2.0)),
        ({"name": "distal pressure", "does": "drift", "per_hour": "10 mmHg"}, Drift(DISTAL, 1.33322387415)),
        ({"name": "proximal pressure", "line": "A", "does": "drift", "per_hour": "-1 kPa"},
         Drift(Sensor(Signal.PROXIMAL_PRESSURE, "A"), -1.0)),
        ({"name": "air", "line": "B", "does": "stuck", "value": "no air"}, Stuck(AIR, 0.0)),
        ({"name": "air", "line": "B", "does": "stuck", "value": "air"}, Stuck(AIR, 1.0)),
        ({"name": "air", "line": "B", "does": "silent"}, Silent(AIR, NOTICED_NS)),
        ({"name": "air", "line": "B", "does": "silent", "noticed_after": "1 s"}, Silent(AIR, S)),
    ],
)  # fmt: skip
def test_every_way_to_fail(table, fault):
    entries = [e for e in parse_scenario(failing(table), "s").entries if isinstance(e.action, (type(fault), Mended))]
    assert [(e.at_ns, e.action) for e in entries] == [(MIN, fault), (2 * MIN, Mended(fault.sensor))]


@pytest.mark.parametrize(
    ("head", "table", "fault"),
    [
        (SYRINGE, '{ name = "plunger force", does = "stuck", value = "2 kgf" }',
         Stuck(Sensor(Signal.PLUNGER_FORCE, "A"), 19.6133)),
        (SYRINGE, '{ name = "plunger position", does = "stuck", value = "3 cm" }',
         Stuck(Sensor(Signal.PLUNGER_POSITION, "A"), 30.0)),
        (SYRINGE, '{ name = "reservoir level", does = "drift", per_hour = "-0.5 mL" }',
         Drift(Sensor(Signal.RESERVOIR_LEVEL, "A"), -0.5)),
        (DRIP, '{ name = "drop", does = "stuck", value = "120" }', Stuck(Sensor(Signal.DROPS, "A"), 120.0)),
    ],
)  # fmt: skip
def test_further_sensors(head, table, fault):
    (entry,) = parse_scenario(alone(head, table), "s").entries
    assert entry.action == fault


@pytest.mark.parametrize(
    ("table", "key", "why"),
    [
        ({"name": "drop", "does": "silent"}, "name", "it has: distal pressure, proximal pressure, air"),
        ({"name": "preasure", "does": "silent"}, "name", "unknown sensor"),
        ({"name": "air", "does": "silent"}, "line", "is missing"),
        ({"name": "distal pressure", "line": "A", "does": "silent"}, "line", "of the pump"),
        ({"name": "distal pressure", "does": "drift"}, "per_hour", "is missing"),
        ({"name": "distal pressure", "does": "stuck", "value": "5 mL"}, "value", "unit of a volume"),
        ({"name": "distal pressure", "does": "stuck", "per_hour": "5 kPa"}, "per_hour", "does = 'drift'"),
        ({"name": "distal pressure", "does": "stuck", "noticed_after": "1 s"}, "noticed_after", "does = 'silent'"),
        ({"name": "air", "line": "A", "does": "drift", "per_hour": "5 kPa"}, "does", "cannot drift"),
        ({"name": "air", "line": "A", "does": "stuck", "value": "full"}, "value", "valid: air, no air"),
    ],
)
def test_bad_ones_are_refused(table, key, why):
    (fault,) = faults_of(failing(table))
    assert (fault.key, why in fault.message) == (f"fault[1].sensor.{key}", True)


def test_one_sensor_under_two_names_fails_once():
    text = alone(SYRINGE, '{ name = "plunger force", does = "stuck" }')
    (fault,) = faults_of(alone(text, '{ name = "distal pressure", does = "silent" }'))
    assert "already" in fault.message


@pytest.mark.parametrize(
    ("sensing", "value"),
    [
        ({"offset": "-2 kPa"}, Sensing(offset_kpa=-2.0)),
        ({"period": "1 s", "offset": "1 kPa", "delay": "2 s"}, Sensing(S, offset_kpa=1.0, delay_ns=2 * S)),
    ],
)
def test_offset_and_delay(sensing, value):
    assert parse_scenario(toml(changed(good(), ("pump", "sensing"), sensing)), "s").pumps[0].sensing == value


@pytest.mark.parametrize(
    ("sensing", "why"),
    [
        ({"delay": "2 s"}, "delay belong to samples"),
        ({"offset": "1 kPa", "noise": "1 kPa", "quantum": "1 kPa"}, "noise and quantum belong to samples"),
        ({}, "a period or an offset is wanted"),
    ],
)
def test_what_wants_a_period(sensing, why):
    (fault,) = faults_of(toml(changed(good(), ("pump", "sensing"), sensing)))
    assert why in fault.message
