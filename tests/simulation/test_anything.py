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
from tests.examples import examples
from tests.helpers import toml

PASSAGES = 30


@settings(max_examples=examples(60))
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


def test_a_bag_that_is_hung_higher_runs_faster_and_a_pump_does_not():
    """80 cm over a vein at 0 kPa give what was set, 100 mL/h; half a metre more, 162.5: heads are 7.831 and 12.725 kPa."""
    text = """
title = "Bags on a hook that slides"
duration = "20 min"
[pump.drip]
model = "gravity-20"
[pump.drip.line.A]
container = { bag = "100 L", fluid = "water" }
head = "80 cm"
[pump.drip.set]
access = "18G-peripheral"
back_pressure = "0 kPa"
[pump.pump]
model = "linear-peristaltic"
drive = "smooth"
[pump.pump.line.A]
container = { bag = "100 L", fluid = "water" }
"""
    for pump in ("drip", "pump"):
        text += f'[[operator]]\nat = "0 s"\npump = "{pump}"\nload = {{ rate = "100 mL/h" }}\n'
        text += f'[[operator]]\nat = "0 s"\npump = "{pump}"\ndo = "start"\n'
        text += f'[[fault]]\nat = "10 min"\npump = "{pump}"\nhang = {{ place = "line A", head = "130 cm" }}\n'
    drip, pump = simulate(parse_scenario(text, "hook")).traces
    assert drip.at([9 * 60 * 10**9]).pump_flow_ml_per_h[0] == pytest.approx(100.0, rel=1e-3)
    assert drip.at([20 * 60 * 10**9]).pump_flow_ml_per_h[0] == pytest.approx(162.5, rel=1e-3)
    assert pump.at([20 * 60 * 10**9]).pump_flow_ml_per_h[0] == pytest.approx(100.0, rel=1e-9)
