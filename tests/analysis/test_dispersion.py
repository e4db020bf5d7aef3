"""Which transport holds in a set, by hand.

PHYSICS 4.1: 1 mm bore, D = 1e-9 m2/s, r^2 / D = 250 s; at 10 mL/h over 1.5 m the transit takes 424 s, D_eff is 6.5e-5 m2/s and
sigma 66 s.
"""

from math import pi, sqrt

import pytest

from pumpsim.analysis.balance import balance
from pumpsim.analysis.dispersion import dispersions
from pumpsim.report.how import setup_table
from pumpsim.scenario_file import parse_scenario
from pumpsim.scenario_file.spreads import first_nl_per_h
from pumpsim.simulation import simulate
from tests.build import MIN, S
from tests.helpers import faults_of

TRANSIT_S = 250.0 * 1.696
MICROBORE = """
title = "microbore"
duration = "40 min"
[pump]
model = "syringe-pump"
drive = "smooth"
[line.A]
container = { bag = "100 mL", fluid = { drug = "x", concentration = "1 mg/mL" } }
[set]
kind = "microbore-extension-150"
compliance = "0 uL/kPa"
priming = "saline-0.9"
transport = "TRANSPORT"
[[operator]]
at = "0 s"
load = { rate = "10 mL/h" }
[[operator]]
at = "0 s"
do = "start"
"""
CHANGED = '[[operator]]\nat = "20 min"\ntitrate = { rate = "RATE mL/h" }\n'


def of(text, name="main"):
    scenario = parse_scenario(text, "s")
    return dispersions(scenario, simulate(scenario).traces).get(name)


@pytest.mark.parametrize(
    ("transport", "extra", "ends", "warning"),
    [
        ("plug", "", (1.696, 1.696), ""),
        ("laminar", "", (1.696, 1.696), "laminar holds below 0.05 only"),
        ("dispersed", "", (1.696, 1.696), ""),
        ("dispersed", CHANGED.replace("RATE", "17"), (1.696, 0.998), "dispersed holds from about 1 on"),
        ("dispersed", CHANGED.replace("RATE", "4.9"), (3.46, 1.696), "factor of 2"),
        ("dispersed", CHANGED.replace("RATE", "5"), (3.392, 1.696), ""),
        ("dispersed", 'diffusivity = "1e-8 m2/s"', (16.96, 16.96), "200 stirred tanks"),
        ("laminar", CHANGED.replace("RATE", "340"), (1.696, 0.0499), "laminar"),
    ],
)
def test_the_number_and_what_it_warns_of(transport, extra, ends, warning):
    text = MICROBORE.replace("TRANSPORT", transport)
    found = of(text.replace("[set]", f"[set]\n{extra}") if extra.startswith("diff") else text + extra)
    assert (found.at_slowest, found.at_fastest) == pytest.approx(ends, rel=1e-3)
    assert warning in found.warning
    assert bool(found.warning) == bool(warning)


def test_laminar_holds_in_a_wide_set_at_a_high_rate():
    """3 mm, 10.6 mL at 999 mL/h: 38.2 s over 2250 s is 0.017."""
    wide = MICROBORE.replace("TRANSPORT", "laminar").replace("microbore-extension-150", "dual-channel-cassette-set")
    found = of(wide.replace("10 mL/h", "999 mL/h").replace("40 min", "5 min"))
    assert (found.at_slowest, found.warning) == (pytest.approx(0.017, rel=2e-3), "")


def test_the_spread_is_that_of_taylor_at_the_first_rate():
    """Spread = (66 s / 424 s)^2; 41 tanks."""
    scenario = parse_scenario(MICROBORE.replace("TRANSPORT", "dispersed") + CHANGED.replace("RATE", "40"), "s")
    spread = scenario.pumps[0].path.set.spread
    assert sqrt(spread) * TRANSIT_S == pytest.approx(66.4, abs=0.2)
    assert round(1 / spread) == 41


def test_a_dispersed_front_arrives_when_a_plug_would_spread_by_sigma():
    """Mean residence 424 s: 10 mg/h x (2400 - 424) s = 5.489 mg in 40 min. At 424 s a plug has given nothing, a front of
    sigma 66 s has given sigma / sqrt(2 pi) = 26.4 s of the rate: 0.073 mg."""
    trace = simulate(parse_scenario(MICROBORE.replace("TRANSPORT", "dispersed"), "s")).traces[0]
    (end,), (early,) = trace.at([40 * MIN]).patient_drug[0], trace.at([round(TRANSIT_S * S)]).patient_drug[0]
    assert end == pytest.approx(10.0 * (2400.0 - TRANSIT_S) / 3600.0, rel=1e-3)
    assert early == pytest.approx(10.0 * TRANSIT_S / sqrt(41 * 2 * pi) / 3600.0, rel=5e-3)
    assert balance(trace).worst < 1e-9


def test_it_stands_in_the_report():
    scenario = parse_scenario(MICROBORE.replace("TRANSPORT", "laminar"), "s")
    found = dispersions(scenario, simulate(scenario).traces)["main"]
    rows = dict(setup_table(scenario.pumps[0], found).rows)
    assert rows["Dispersion"] == "D t / r² = 1.7 at 10 mL/h. Warning: laminar holds below 0.05 only"
    assert "Dispersion" not in dict(setup_table(scenario.pumps[0], None).rows)


JUNCTION = """
title = "two"
duration = "10 min"
[junction.m]
bore = "1 mm"
length = "150 cm"
transport = "dispersed"
diffusivity = "2e-9 m2/s"
"""
PUMP = """
[pump.ID]
model = "syringe-pump"
drive = "smooth"
[pump.ID.line.A]
container = { bag = "100 mL", fluid = "water" }
[pump.ID.set]
into = "m"
kind = "ideal"
"""
STEPS = """
[[operator]]
at = "0 s"
pump = "ID"
load = { rate = "5 mL/h" }
[[operator]]
at = "0 s"
pump = "ID"
do = "start"
"""


def test_a_junction_counts_what_flows_into_it_and_its_volume_follows_from_its_bore():
    text = JUNCTION + "".join(part.replace("ID", id) for part in (PUMP, STEPS) for id in ("a", "b"))
    scenario = parse_scenario(text, "s")
    tubing = scenario.junctions[0].set
    assert tubing.common_ml == pytest.approx(1.178, abs=1e-3)
    assert tubing.resistance_kpa_h_per_ml == pytest.approx(0.01701, rel=1e-3)
    assert tubing.spread == pytest.approx(2 * 3.258e-5 / (3.537e-3 * 1.5), rel=2e-3)
    assert of(text, "m").at_fastest == pytest.approx(2 * 1.696, rel=1e-3)
    assert of(text, "a") is None


def test_what_is_programmed_first():
    text = MICROBORE.replace("TRANSPORT", "plug")
    assert first_nl_per_h(parse_scenario(text, "s").entries) == 10_000_000
    assert first_nl_per_h(parse_scenario(text.split("[[operator]]")[0], "s").entries) == 0


@pytest.mark.parametrize(
    ("line", "key", "why"),
    [
        ('kind = "ideal"\ntransport = "dispersed"', "set.transport", "no known bore"),
        ('kind = "ideal"\ndiffusivity = "1e-9 m2/s"', "set.diffusivity", "no known bore"),
        ('bore = "1 mm"', "set", "belong together"),
        ('diffusivity = "1e-9 m2"', "set.diffusivity", "no unit of a diffusivity"),
    ],
)
def test_dispersion_wants_a_bore(line, key, why):
    text = MICROBORE.replace("TRANSPORT", "plug")
    head, rest = text.split("[set]")
    (fault,) = faults_of(f"{head}[set]\n{line}\n[[operator]]{rest.split('[[operator]]', 1)[1]}")
    assert (fault.key, why in fault.message) == (key, True)
