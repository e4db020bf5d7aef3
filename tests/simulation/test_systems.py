"""Every delivery system as a scenario: order, conservation, and analytic figures beyond the verification cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import Run, simulate
from pumpsim.verification.line import first_drop_min
from pumpsim.vocabulary.outputs import AlarmRaised
from tests.build import MIN, H
from tests.examples import examples

START = """
[[operator]]
at = "0 s"
do = "start"
"""


def one(pump: str, line: str, set_: str, rate: str, rest: str = "", duration: str = "2 h") -> Run:
    """A pump that is started at 0 s."""
    return simulate(
        parse_scenario(
            f"""
title = "one"
duration = "{duration}"
[pump]
{pump}
[line.A]
{line}
[set]
{set_}
[[operator]]
at = "0 s"
load = {{ rate = "{rate}" }}
{START}
{rest}
""",
            "one",
        )
    )


def patient_ml(run: Run, at_ns: "list[int] | np.ndarray") -> np.ndarray:
    return sum(trace.at(at_ns).patient_ml.sum(axis=0) for trace in run.traces)


def test_a_smaller_syringe_and_a_higher_rate_are_never_slower():
    sizes = ["bd-plastipak-5", "bd-plastipak-10", "bd-plastipak-20", "bd-plastipak-30", "bd-plastipak-50"]
    minutes = [first_drop_min(size, "1 mL/h") for size in sizes]
    assert minutes == sorted(minutes)
    assert first_drop_min("bd-plastipak-20", "2 mL/h") < first_drop_min("bd-plastipak-20", "1 mL/h")


def test_gravity_drips_at_the_rate_that_was_set():
    """125 mL/h at 20 drops a mL: 41.67 drops/min at first; slower as the bag empties (its surface falls by up to 15 cm)."""
    run = one(
        'model = "gravity-20"',
        'container = { bag = "1000 mL", fluid = "water" }\nhead = "80 cm"',
        'access = "20G-peripheral"',
        "125 mL/h",
        duration="4 h",
    )
    trace = run.traces[0]
    flow = trace.at([5 * MIN, 4 * H]).patient_flow_ml_per_h
    assert flow[0] == pytest.approx(125.0, rel=0.005)
    assert flow[1] == pytest.approx(125.0 * (1 - 0.5 * 0.15 / (0.80 - 0.136)), rel=0.02)
    assert balance(trace).worst < 1e-9


MANIFOLD = """
title = "three pumps"
duration = "{duration}"
{pumps}
[junction.hub]
common_volume = "0.6 mL"
compliance = "1 uL/kPa"
resistance = "0.05 kPa/(mL/h)"
{end}
[junction.lumen]
common_volume = "0.4 mL"
resistance = "0.02 kPa/(mL/h)"
access = "central-venous-4Fr"
{rest}
"""
PUMP = """
[pump.{id}]
model = "{model}"
[pump.{id}.line.A]
container = {{ {container}, fluid = {{ drug = "{id}", concentration = "1 mg/mL" }} }}
[pump.{id}.set]
kind = "extension-150"
into = "{into}"
{valve}
[[operator]]
at = "0 s"
pump = "{id}"
load = {{ rate = "{rate}" }}
[[operator]]
at = "1 min"
pump = "{id}"
do = "start"
"""


def three(
    valve: str = "",
    rest: str = "",
    rates: tuple[str, str, str] = ("80 mL/h", "5 mL/h", "3 mL/h"),
    duration: str = "45 min",
) -> Run:
    bag, syringe = 'bag = "250 mL"', 'syringe = "bd-plastipak-50"'
    pumps = [
        PUMP.format(
            id="carrier", model="single-channel-cassette", container=bag, into="hub", valve=valve, rate=rates[0]
        ),
        PUMP.format(id="pressor", model="syringe-pump", container=syringe, into="hub", valve=valve, rate=rates[1]),
        PUMP.format(id="sedative", model="linear-peristaltic", container=bag, into="lumen", valve=valve, rate=rates[2]),
    ]
    text = MANIFOLD.format(pumps="".join(pumps), end='into = "lumen"', rest=rest, duration=duration)
    return simulate(parse_scenario(text, "three"))


def disturbed(minutes: tuple[int, int, int, int, int, int]) -> str:
    """A pump that is lowered, a lumen that is closed, a leak: from and until these."""
    low, up, closed, open_, leaks, tight = minutes
    return f"""
[[fault]]
at = "{low} min"
pump = "pressor"
height = "-60 cm"
until = "{up} min"
[[fault]]
at = "{closed} min"
pump = "carrier"
occlude = "junction lumen"
until = "{open_} min"
[[fault]]
at = "{leaks} min"
pump = "sedative"
leak = "50 kPa/(mL/h)"
until = "{tight} min"
"""


DISTURBED = disturbed((10, 20, 25, 26, 30, 35))
IN_HASTE = disturbed((2, 3, 4, 5, 6, 7))


@pytest.mark.parametrize("valve", ["", 'valve = "0 kPa"'], ids=["open", "check valves"])
@pytest.mark.parametrize("rest", ["", DISTURBED], ids=["quiet", "disturbed"])
def test_every_drug_of_three_pumps_in_one_lumen_is_accounted_for(valve, rest):
    run = three(valve, rest)
    for trace in run.traces:
        assert balance(trace).worst < 1e-9, trace.pump
    total = sum(float(trace.at([trace.end_ns]).patient_ml.sum()) for trace in run.traces)
    assert total > 30.0


@settings(max_examples=examples(12))
@given(st.tuples(*[st.sampled_from(["0.5 mL/h", "2 mL/h", "12 mL/h", "60 mL/h"])] * 3), st.booleans())
def test_mass_is_conserved_whatever_the_rates(rates, valves):
    """In 8 min: by the half hour, valves that open and close with every stroke, the test above goes."""
    for trace in three('valve = "0 kPa"' if valves else "", IN_HASTE, rates, "8 min").traces:
        assert balance(trace).worst < 1e-9, trace.pump


def test_an_occluded_lumen_alarms_the_pumps_behind_it_one_after_the_other():
    """All three press into one closed lumen: the carrier fills it, and the first limit that is reached is one of theirs."""
    run = three(rest='[[fault]]\nat = "25 min"\npump = "carrier"\nocclude = "junction lumen"')
    first = {
        trace.pump: next(
            (r.at_ns for r in trace.records if isinstance(r.record, AlarmRaised) and r.at_ns >= 25 * MIN), None
        )
        for trace in run.traces
    }
    assert first["carrier"] is not None
    assert 25 * MIN < first["carrier"] < 26 * MIN


def test_the_same_run_twice_is_the_same():
    assert three(rest=DISTURBED).digest == three(rest=DISTURBED).digest


@pytest.mark.parametrize(("transport", "first_at"), [("plug", 1.0), ("laminar", 0.5)])
def test_the_way_through_the_set_is_the_one_that_was_asked_for(transport, first_at):
    """1 mL primed with water at 10 mL/h: the first saline arrives after one volume, 6 min, along streamlines after half."""
    run = one(
        'model = "linear-peristaltic"\ndrive = "smooth"',
        'container = { bag = "100 mL", fluid = "saline-0.9" }',
        f'common_volume = "1 mL"\npriming = "water"\ntransport = "{transport}"',
        "10 mL/h",
    )
    before, after = run.traces[0].at([round(6 * first_at * f * MIN) for f in (0.97, 1.03)]).patient_ml[0]
    assert before == pytest.approx(0.0, abs=1e-9)
    assert after > 1e-4
