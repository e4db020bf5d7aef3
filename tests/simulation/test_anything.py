"""Whatever is written in a scenario: it is refused with a reason, or it runs and every drug is accounted for."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.errors import ScenarioError
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from tests.by_chance import by_chance
from tests.helpers import toml

PASSAGES = 30


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_any_scenario_is_refused_or_balances(seed):
    with suppress(ScenarioError):
        run = simulate(parse_scenario(toml(by_chance(seed)), "by chance"))
        for trace in run.traces:
            assert balance(trace).worst <= 1e-9, trace.pump


@pytest.mark.parametrize("low", [False, True])
def test_what_runs_back_into_a_container_is_found_there(low):
    """A drip's bag that hangs 20 cm below the vein fills with blood; the priming goes there first."""
    text = f"""
title = "A bag that was put down"
duration = "5 min"
[pump]
model = "gravity-20"
[line.A]
container = {{ bag = "500 mL", fluid = {{ drug = "d", concentration = "1 mg/mL" }} }}
head = "{-20 if low else 80} cm"
[set]
access = "18G-peripheral"
priming = "saline-0.9"
[[operator]]
at = "0 s"
load = {{ rate = "100 mL/h" }}
[[operator]]
at = "0 s"
do = "start"
"""
    (trace,) = simulate(parse_scenario(text, "low")).traces
    found = {account.name: account for account in balance(trace).sources}
    assert balance(trace).worst <= 1e-9
    assert (found["priming"].in_container > 5.0) is low
    assert (found["fluid of the site"].in_container > 5.0) is low


def test_a_plunger_that_has_run_out_comes_to_rest_once():
    """A smooth screw that stops: the flow dies away and the plunger sticks; nothing happens again and again."""
    text = """
title = "Done"
duration = "4 h"
[pump]
model = "graseby-3100"
drive = "smooth"
[line.A]
container = { syringe = "monoject-3", fluid = "saline-0.9" }
[set]
kind = "four-port-manifold"
access = "central-venous-4Fr"
[[operator]]
at = "0 s"
load = { rate = "0.6 mL/h", vtbi = "1 mL", at_end = "stop" }
[[operator]]
at = "10 s"
do = "start"
"""
    (trace,) = simulate(parse_scenario(text, "done")).traces
    assert len(trace.chunks) < PASSAGES
    assert trace.at([trace.end_ns]).pumped_ml[0, 0] == pytest.approx(1.0, abs=0.03)


SIPHON = """
title = "The clamp of a pump on a shelf is opened"
duration = "4 h"
[pump]
model = "syringe-pump"
height = "100 cm"
[line.A]
container = { syringe = "bd-plastipak-50", volume = "5 mL", fluid = { drug = "d", concentration = "1 mg/mL" } }
[set]
access = "central-venous-4Fr"
[[operator]]
at = "0 s"
load = { rate = "1 mL/h" }
[[operator]]
at = "10 s"
do = "start"
[[fault]]
at = "10 min"
release_plunger = true
"""


def test_a_siphon_ends_when_the_syringe_is_empty():
    """A metre of height pulls the plunger of an opened clamp: 5 mL are in, 5 mL come, and no more."""
    (trace,) = simulate(parse_scenario(SIPHON, "siphon")).traces
    hour = trace.at([15 * 60 * 10**9, 3600 * 10**9, trace.end_ns])
    assert hour.pumped_ml[0].tolist() == pytest.approx([5.0, 5.0, 5.0], abs=1e-9)
    assert balance(trace).worst <= 1e-9


def test_a_plunger_that_is_held_again_stands_until_the_screw_has_come_up_to_it():
    """The clamp is open for 30 s: some mL come; then nothing, for the screw at 1 mL/h is hours behind."""
    (trace,) = simulate(parse_scenario(SIPHON + 'until = "10 min 30 s"\n', "siphon")).traces
    minutes = trace.at([m * 60 * 10**9 for m in (10, 11, 60, 100)]).pumped_ml[0]
    assert 1.0 < minutes[1] - minutes[0] < 4.9
    assert minutes[2:].tolist() == pytest.approx([float(minutes[1])] * 2, abs=1e-9)
    assert balance(trace).worst <= 1e-9
