"""The record of infusion times, from simulated runs; every figure by hand."""

from pathlib import Path

import pytest

from pumpsim.analysis.infusion_times import InfusionTime, infusion_times
from pumpsim.analysis.infusion_units import access_sites, documented
from pumpsim.scenario_file import load_scenario, parse_scenario
from pumpsim.simulation import simulate
from pumpsim.vocabulary.program import Purpose

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
TWO = """
title = "two lines"
duration = "4 h"
[pump]
model = "dual-channel-cassette"
drive = "smooth"
[line.A]
container = { bag = "1000 mL", fluid = "saline-0.9" }
[line.B]
container = { bag = "100 mL", fluid = { drug = "x", concentration = "1 mg/mL" } }
[set]
kind = "ideal"
"""


def do(at: str, what: str) -> str:
    return f'[[operator]]\nat = "{at}"\n{what}\n'


def load(at: str, line: str, rate: int, more: str = "") -> str:
    return do(at, f'load = {{ line = "{line}", rate = "{rate} mL/h"{more} }}')


def times(*what: str) -> tuple[InfusionTime, ...]:
    scenario = parse_scenario(TWO + "".join(what), "two")
    return infusion_times(scenario, simulate(scenario).by_pump)


def minutes(time: InfusionTime) -> list[tuple[float, float]]:
    return [(begin / 6e10, end / 6e10) for begin, end in time.spans]


def test_pauses_and_the_keep_open_rate_do_not_count():
    """100 mL: 0 to 20 min and 50 to 85; then KVO to 240. Without a drug it is hydration."""
    (time,) = times(
        load("0 s", "A", 100, ', vtbi = "100 mL"'),
        do("0 s", 'do = "start"'),
        do("10 min", 'titrate = { line = "A", rate = "200 mL/h" }'),
        do("15 min", 'titrate = { line = "A", rate = "100 mL/h" }'),
        do("20 min", 'do = "stop"'),
        do("50 min", 'do = "start"'),
    )
    assert (time.purpose, time.fluids, time.drugs) == (Purpose.HYDRATION, ("saline-0.9",), ())
    # 10 min at 100, 5 at 200, 5 at 100 mL/h are 41.67 mL; the other 58.33 mL take 35 min
    assert minutes(time) == [(0, 20), (50, pytest.approx(85))]
    assert (time.minutes, time.pauses, time.paused_ns / 6e10) == (55, 1, 30)
    assert time.kvo_ns / 6e10 == pytest.approx(155)
    assert time.pumped_ml == pytest.approx(100)
    assert (time.stopped.text, time.running) == ("delivery complete", False)


def test_the_purpose_is_the_scenario_s_or_follows_from_the_fluid():
    found = times(
        load("0 s", "A", 60, ', vtbi = "10 mL", at_end = "stop", purpose = "therapeutic"'),
        load("0 s", "B", 60, ', vtbi = "10 mL", at_end = "stop", mode = "concurrent"'),
        do("0 s", 'do = "start"'),
        load("20 min", "B", 60, ', vtbi = "5 mL", at_end = "stop", mode = "concurrent", purpose = "flush"'),
        do("20 min", 'do = "start"\nline = "B"'),
        load("30 min", "B", 60, ', vtbi = "5 mL", at_end = "stop", mode = "concurrent"'),
        do("30 min", 'do = "start"\nline = "B"'),
    )
    assert [(t.line, t.purpose.value, minutes(t), t.drugs) for t in found] == [
        ("A", "therapeutic", [(0, 10)], ()),
        ("B", "therapeutic", [(0, 10), (30, 35)], ("x",)),
        ("B", "flush", [(20, 25)], ("x",)),
    ]


def test_a_refused_load_changes_no_purpose():
    """B runs, so it cannot be loaded again."""
    (time,) = times(
        load("0 s", "B", 20, ', purpose = "hydration"'),
        do("0 s", 'do = "start"'),
        load("10 min", "B", 20, ', purpose = "flush"'),
        '[[expect]]\nrejected = { command = "load" }\n',
    )
    assert (time.purpose, time.running, time.minutes) == (Purpose.HYDRATION, True, 240)
    assert time.stopped.text == "record ended"


def test_bags_of_one_drug_are_one_record_and_another_drug_is_another():
    """The bag is changed at 30 min for the same, at 60 min for another drug; the stop at 60 to 70 min is between the two."""
    bag = 'container = {{ bag = "100 mL", fluid = {{ drug = "{}", concentration = "2 mg/mL" }} }}'
    found = times(
        load("0 s", "B", 20),
        do("0 s", 'do = "start"'),
        f'[[change]]\nat = "30 min"\nline = "B"\n{bag.format("x")}\n',
        do("60 min", 'do = "stop"'),
        f'[[change]]\nat = "65 min"\nline = "B"\n{bag.format("y")}\n',
        do("70 min", 'do = "start"'),
        do("100 min", 'do = "stop"'),
    )
    assert [(t.drugs, minutes(t), t.fluids) for t in found] == [
        (("x",), [(0, 60)], ("x 1 mg/mL", "x 2 mg/mL")),
        (("y",), [(70, 100)], ("y 2 mg/mL",)),
    ]


def test_hydration_is_one_record_whatever_is_in_the_bags():
    bag = 'container = { bag = "500 mL", fluid = { drug = "potassium", concentration = "20 mEq/L" } }'
    (time,) = times(
        load("0 s", "A", 100, ', purpose = "hydration"'),
        do("0 s", 'do = "start"'),
        f'[[change]]\nat = "1 h"\nline = "A"\n{bag}\n',
        do("2 h", 'do = "stop"'),
    )
    assert (time.minutes, time.pauses, time.drugs) == (120, 0, ("potassium",))


def test_a_piggyback_is_a_pause_of_the_primary():
    """A waits from 30 to 60 min for B's 100 mL at 200 mL/h."""
    a, b = times(
        load("0 s", "A", 125),
        do("0 s", 'do = "start"'),
        load("30 min", "B", 200, ', vtbi = "100 mL", mode = "piggyback"'),
        do("30 min", 'do = "start"\nline = "B"'),
        do("2 h", 'do = "stop"'),
    )
    assert (minutes(a), minutes(b)) == ([(0, 30), (60, 120)], [(30, 60)])
    assert (a.paused_ns / 6e10, a.stopped.text) == (30, "delivery stopped (operator)")


def test_what_never_delivered_has_no_record():
    assert times(load("0 s", "A", 125)) == ()


def test_the_scenario_says_what_its_description_promises():
    """165 min of saline, 30 of them beside the drug: 135; a drug of 30 min; a flush of 3."""
    scenario = load_scenario(SCENARIOS / "infusion_times.toml")
    found = infusion_times(scenario, simulate(scenario).by_pump)
    assert [(t.line, t.purpose.value, t.minutes, t.pauses) for t in found] == [
        ("A", "hydration", 165, 1),
        ("B", "therapeutic", 30, 0),
        ("B", "flush", 3, 0),
    ]
    rows = documented(found, access_sites(scenario))
    assert [(r.role.value, r.minutes, [(c.value, n) for c, n in r.units]) for r in rows] == [
        ("therapeutic", 30, [("96365", 1)]),
        ("hydration", 135, [("96361", 2)]),
        ("flush", 3, []),
    ]
    (alone,) = documented(found[:1], access_sites(scenario))
    assert [(c.value, n) for c, n in alone.units] == [("96360", 1), ("96361", 2)]
