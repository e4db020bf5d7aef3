"""Pumps of which nobody will ask what has been: they take and answer the same, to the bit, and memory is flat."""

from dataclasses import replace
from pathlib import Path

import pytest

from pumpsim.errors import PumpsimError
from pumpsim.journal import Taken
from pumpsim.scenario import Entry, Scenario
from pumpsim.scenario_file import load_scenario, parse_scenario
from pumpsim.simulation.clockwork import Clockwork, clockworks
from pumpsim.simulation.paths import ENDLESS_NS, NetworkWay
from pumpsim.vocabulary.disturbances import Raise
from tests.build import H, S
from tests.by_chance import by_chance
from tests.examples import examples
from tests.helpers import toml

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
FILES = (
    "air_in_line",
    "bag_runs_dry",
    "dopamine_with_saline",
    "line_disconnected",
    "manifold_carrier",
    "power_cut",
    "secondary_backprimed",
    "syringe_change",
)
"""Air that a sensor counts over a window, containers changed, backpriming, pumps that share a line, power-ons."""
Seen = list[tuple[str, Taken]]


def taken(scenario: Scenario, ahead_ns: int, *, keeps: bool) -> Seen:
    """All that the pumps of a scenario were given and answered, event by event."""
    found: Seen = []
    for line in clockworks(scenario, until_ns=scenario.duration_ns, ahead_ns=ahead_ns, keeps=keeps):
        counted = dict.fromkeys(line.pumps, 0)
        line.begin()
        while True:
            for pump in line.pumps.values():
                found += [(pump.id, each) for each in pump.taken[counted[pump.id] if keeps else 0 :]]
                counted[pump.id] = len(pump.taken)
            if line.next_ns is None:
                break
            line.happen()
    return found


def as_a_network(scenario: Scenario) -> Scenario:
    """Every line a part of a network, by a disturbance that changes nothing at the end of all time."""
    never = tuple(Entry(ENDLESS_NS - 1, setup.id, Raise(setup.path.height_cm)) for setup in scenario.pumps)
    return replace(scenario, entries=(*scenario.entries, *never))


@pytest.mark.parametrize("name", FILES)
def test_what_is_dropped_is_not_missed(name: str) -> None:
    scenario = as_a_network(load_scenario(SCENARIOS / f"{name}.toml"))
    kept = taken(scenario, 6 * H, keeps=True)
    assert len(kept) > 4
    assert taken(scenario, 10 * S, keeps=False) == kept


@pytest.mark.parametrize("seed", range(examples(6)))
def test_nor_by_scenarios_made_by_chance(seed: int) -> None:
    try:
        scenario = parse_scenario(toml(by_chance(seed)), "by chance")
    except PumpsimError:
        return  # it was not a sound one
    assert taken(scenario, 10 * S, keeps=False) == taken(scenario, 6 * H, keeps=True)


ENDLESS = """
title = "endless"
duration = "100 h"
[pump.p]
model = "{model}"
[pump.p.set]
access = "20G-peripheral"
[pump.p.line.A]
container = {container}
[[operator]]
at = "0 s"
load = {{ rate = "{rate}" }}
[[operator]]
at = "0 s"
do = "start"
"""
HOURLY = '[[operator]]\nat = "{hour} h"\ntitrate = {{ line = "A", rate = "{rate}" }}\n'
BAG, SYRINGE = '{ bag = "3000 mL", fluid = "saline-0.9" }', '{ syringe = "bd-plastipak-50", fluid = "saline-0.9" }'
LONG = pytest.mark.parametrize(
    ("model", "container", "rates"),
    [
        pytest.param("linear-peristaltic", BAG, ("20 mL/h", "25 mL/h"), id="peristaltic"),
        pytest.param("single-channel-cassette", BAG, ("10 mL/h", "12 mL/h"), id="cassette"),
        pytest.param("asena-gh", SYRINGE, ("0.4 mL/h", "0.5 mL/h"), id="syringe"),
    ],
)


@LONG
@pytest.mark.parametrize("titrated", [False, True])
def test_history_does_not_grow_over_days(model: str, container: str, rates: tuple[str, str], titrated: bool) -> None:
    """Chunks of a day and of three, with a titration each hour or none: what is held at either end is as much."""
    text = ENDLESS.format(model=model, container=container, rate=rates[0])
    if titrated:
        text += "".join(HOURLY.format(hour=hour, rate=rates[hour % 2]) for hour in range(1, 73))
    (line,) = clockworks(as_a_network(parse_scenario(text, "endless")), None, ENDLESS_NS, 10 * S, keeps=False)
    line.begin()
    held = []
    for day in (1, 3):
        line.turn_to(day * 24 * H)
        held.append(_held(line))
    assert all(then <= before + 2 for before, then in zip(*held, strict=True)), held


def _held(line: Clockwork) -> tuple[int, ...]:
    """Passages, legs and planned passages; what was taken and said."""
    (pump,) = line.pumps.values()
    assert isinstance(pump.way, NetworkWay)
    path = pump.way._path
    (pumping,) = path.pumping.values()
    return len(path.history), len(path._plan), len(pumping.legs), len(pump.taken), pump.recorded
