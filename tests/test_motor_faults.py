"""``[[fault]]`` with ``motor`` in a scenario file: what becomes of it, and every way in which it can be wrong."""

import pytest

from firmware_bridge.cli.bench import bench_of
from pumpsim.errors import PumpsimError
from pumpsim.report.happenings import happened
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.vocabulary.motor import MotorFault
from tests.build import MIN
from tests.helpers import Document, faults_of, good, toml


def with_motor(motor: object, **keys: object) -> Document:
    return {**good(), "fault": [{"at": "10 min", "motor": motor, **keys}]}


@pytest.mark.parametrize(
    ("motor", "fault", "said"),
    [
        ("stalled", MotorFault(0), ("motor stalled", "")),
        ("runs on", MotorFault(runs_on=True), ("motor runs on", "it does not stop when it is told to")),
        ({"speed": "110.1 %"}, MotorFault(1_101_000), ("motor at another speed", "110.1 % of what it is told")),
        ({"speed": "0.0001 %"}, MotorFault(1), ("motor at another speed", "0.0001 % of what it is told")),
        ({"speed": "200 %"}, MotorFault(2_000_000), ("motor at another speed", "200 % of what it is told")),
    ],
)
def test_it_begins_ends_and_is_said(motor, fault, said):
    scenario = parse_scenario(toml(with_motor(motor, until="12 min")), "x")
    found = [entry for entry in scenario.entries if isinstance(entry.action, MotorFault)]
    assert [(entry.at_ns, entry.action) for entry in found] == [(10 * MIN, fault), (12 * MIN, MotorFault())]
    assert [happened(entry) for entry in found] == [("all", *said), ("all", "motor in order again", "")]


@pytest.mark.parametrize(
    ("motor", "key", "why"),
    [
        ("stuck", "fault[1].motor", "unknown motor fault"),
        ({"speed": "0 %"}, "fault[1].motor.speed", "above 0"),
        ({"speed": "200.0001 %"}, "fault[1].motor.speed", "at most 200 %"),
        ({"speed": "100.00001 %"}, "fault[1].motor.speed", "by 0.0001 %"),
        ({"speed": "1.1"}, "fault[1].motor.speed", "unit"),
        ({"sped": "110 %"}, "fault[1].motor.sped", "unknown key"),
    ],
)
def test_what_is_wrong_is_said(motor, key, why):
    assert any(fault.key == key and why in fault.message for fault in faults_of(toml(with_motor(motor))))


def test_one_at_a_time():
    twice = with_motor("stalled")
    twice["fault"].append({"at": "11 min", "motor": "runs on"})
    assert any("is so already" in fault.message for fault in faults_of(toml(twice)))


def test_a_drip_has_no_motor_and_a_bench_breaks_none():
    drip = """
title = "x"
duration = "2 h"
[pump]
model = "gravity-20"
[line.A]
container = { bag = "500 mL", fluid = "saline-0.9" }
[[fault]]
at = "1 h"
motor = "stalled"
"""
    assert any("has no motor" in fault.message for fault in faults_of(drip))
    with pytest.raises(PumpsimError, match="on a bench"):
        bench_of(parse_scenario(toml(with_motor("stalled")), "x"))


def test_a_motor_that_is_too_fast_may_empty_a_bag_that_would_have_lasted():
    """20 mL hang, 18 are programmed. A fast motor stops at its VTBI all the same; one that runs on draws air."""
    text = """
title = "x"
duration = "45 min"
[pump]
model = "linear-peristaltic"
[line.A]
container = {{ bag = "20 mL", fluid = "saline-0.9" }}
limb_volume = "1 mL"
[[operator]]
at = "0 s"
load = {{ rate = "36 mL/h", vtbi = "18 mL", at_end = "stop" }}
[[operator]]
at = "0 s"
do = "start"
[[fault]]
at = "10 min"
motor = {motor}
"""
    pumped = {}
    for motor in ('"runs on"', '{ speed = "105 %" }'):
        (trace,) = simulate(parse_scenario(text.format(motor=motor), "x")).traces
        pumped[motor] = float(trace.at([trace.end_ns]).pumped_ml[0, 0])
    assert pumped['{ speed = "105 %" }'] == pytest.approx(18.0, abs=0.01)
    assert pumped['"runs on"'] == pytest.approx(27.0, abs=0.1)
