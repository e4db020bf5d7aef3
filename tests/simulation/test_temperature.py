"""Viscosity, temperature and density: what they do to resistances, heights and flows. Expected numbers by hand.

Water, mPa s (tabled values; from memory): 1.002 at 20 degC, 1.567 at 4, 0.692 at 37. The blood of these
tests has 4 at 37 and goes with water: 5.79 at 20, 9.06 at 4.
"""

from dataclasses import replace

import numpy as np
import pytest

from pumpsim.analysis.balance import balance
from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS, water_ratio
from pumpsim.catalogue.pumps import MODELS, with_smooth_drive
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.fluidics.network.plumbing import Member
from pumpsim.fluidics.thickness import WATER, thickness
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.simulation.paths import is_lone
from pumpsim.vocabulary.disturbances import Constrict, Raise, Warm
from pumpsim.vocabulary.inputs import LoadProgram, Start
from pumpsim.vocabulary.outputs import AlarmRaised, LineMotion, MotorCommand
from pumpsim.vocabulary.path import Fluid, JunctionSetup
from tests.build import DRUG, MIN, SALINE, SMOOTH, H, S, path, program, scenario
from tests.helpers import changed, faults_of, good, toml

BLOOD = Fluid("blood", (), 1058.0, 4.0 / water_ratio(37.0))
STARCH = FLUIDS["hydroxyethyl-starch-10"]
ONE = with_smooth_drive(MODELS["single-channel-cassette"])
TWO = MotorCommand((LineMotion("A", 75_000_000), LineMotion("B", 25_000_000)))


def alone(fluid, access, celsius=20.0, rate=100.0, compliance=0.006):
    """The path of one line into an access, nothing else resisting, running from the start."""
    setup = path(compliance=compliance, resistance=0.0)
    line = replace(setup.lines[0], fluid=fluid)
    setup = replace(setup, lines=(line,), access=access, set=replace(setup.set, celsius=celsius))
    fluid_path = FluidPath(ONE, setup)
    fluid_path.command(0, MotorCommand((LineMotion("A", round(rate * 1e6)),)))
    return fluid_path


def test_water_and_what_counts_as_water_change_no_bit():
    assert thickness([(FLUIDS["water"], 3.0), (SALINE, 0.1), (DRUG, 1e-9)], 20.0) == WATER


@pytest.mark.parametrize(("celsius", "mpa_s"), [(4.0, 9.06), (20.0, 5.79), (37.0, 4.0)])
def test_a_mixture_is_the_geometric_mean_by_volume(celsius, mpa_s):
    """Arrhenius: 1 of blood and 3 of water; density by volume, 1058 and 998.2."""
    water = {4.0: 1.567, 20.0: 1.002, 37.0: 0.692}[celsius]
    blood = thickness([(BLOOD, 1.0)], celsius)
    assert blood.viscosity == pytest.approx(mpa_s / 1.002, rel=4e-3)
    mixed = thickness([(BLOOD, 25.0), (SALINE, 75.0)], celsius)
    assert mixed.viscosity == pytest.approx(mpa_s**0.25 * water**0.75 / 1.002, rel=4e-3)
    assert mixed.density == pytest.approx((1058.0 + 3 * 998.2) / (4 * 998.2))


def test_blood_from_the_fridge_through_a_20g_catheter():
    """60 mL/min of water under 1 m (9.789 kPa) is 2.719 Pa h/mL; blood at 4 degC is 9.04 times as thick: 398 mL/h, not 3600."""
    access = replace(ACCESSES["20G-peripheral"], back_pressure_kpa=0.0)
    for fluid, celsius, kpa, within in ((SALINE, 20.0, 9.789, 1e-4), (BLOOD, 4.0, 9.789 * 9.04, 4e-3)):
        pressure = alone(fluid, access, celsius, rate=3600.0).pressure_kpa(MIN)
        assert pressure == pytest.approx(kpa, rel=within)
    assert alone(BLOOD, access, 4.0, rate=398.0).pressure_kpa(H) == pytest.approx(9.789, rel=5e-3)


def test_warming_changes_the_pressure_with_the_new_time_constant():
    """R C before and after: 0.5 x 0.01 h; water from 20 to 4 degC is 1.564 times as thick. Steady, then warmed at 1 h."""
    access = replace(ACCESSES["open-end"], resistance_kpa_h_per_ml=0.5)
    line = alone(SALINE, access, rate=10.0, compliance=0.01)
    assert line.pressure_kpa(H - 1) == pytest.approx(5.0)
    line.disturb(H, Warm("main", 4.0))
    ratio = 1.567 / 1.002
    for minutes in (0.1, 0.5, 2.0, 30.0):
        expected = 5.0 * ratio + 5.0 * (1.0 - ratio) * np.exp(-minutes / 60.0 / (0.005 * ratio))
        assert line.pressure_kpa(H + round(minutes * MIN)) == pytest.approx(expected, rel=2e-3)


def test_two_lines_fill_the_set_with_their_mixture_from_the_change_of_rates_on():
    """Starch of 7.87 mPa s (20 degC) as line B: a quarter of it at 75 + 25 mL/h, all of it when A stops."""
    setup = path(resistance=0.02, fluids=(SALINE, STARCH))
    line = FluidPath(SMOOTH, setup)
    line.command(0, TWO)
    ratio = STARCH.viscosity_mpa_s / 1.002
    assert line.pressure_kpa(H) == pytest.approx(2.0 * ratio**0.25, rel=1e-12)
    line.command(H, MotorCommand((LineMotion("A", 0), LineMotion("B", 25_000_000))))
    assert line.pressure_kpa(2 * H) == pytest.approx(0.5 * ratio, rel=1e-12)
    line.command(2 * H, MotorCommand((LineMotion("A", 0), LineMotion("B", 0))))
    line.command(3 * H, MotorCommand((LineMotion("A", 100_000_000), LineMotion("B", 0))))
    assert line.pressure_kpa(4 * H) == pytest.approx(2.0, rel=1e-12)


def test_a_lone_line_and_a_network_agree():
    setup = path(resistance=0.02, fluids=(SALINE, STARCH), back_pressure=1.0)
    setup = replace(setup, set=replace(setup.set, celsius=10.0))
    lone, network = FluidPath(SMOOTH, setup), NetworkPath([Member("p", SMOOTH, setup)])
    for at_ns, act in (
        (0, TWO),
        (10 * MIN, Warm("p", 37.0)),
        (20 * MIN, replace(TWO, lines=(TWO.lines[0], LineMotion("B", 0)))),
        (30 * MIN, TWO),
        (40 * MIN, MotorCommand((LineMotion("A", 0), LineMotion("B", 0)))),
    ):
        if isinstance(act, Warm):
            lone.disturb(at_ns, act)
            network.disturb("p", at_ns, act)
        else:
            lone.command(at_ns, act)
            network.command("p", at_ns, act)
        for later in (S, 5 * S, 20 * S, MIN, 9 * MIN):
            assert network.pressure_kpa("p", at_ns + later) == pytest.approx(lone.pressure_kpa(at_ns + later), abs=1e-9)


def test_entrance_loss_goes_with_density_and_friction_with_viscosity():
    """P = R_L F + R_T F^2 for water; the straight pieces of R_T F^2 err by 0.25 % at most."""
    access = replace(ACCESSES["20G-peripheral-two-term"], back_pressure_kpa=0.0)
    setup = path(resistance=0.0)
    setup = replace(setup, lines=(replace(setup.lines[0], fluid=BLOOD),), access=access)
    network = NetworkPath([Member("p", ONE, setup)])
    network.command("p", 0, MotorCommand((LineMotion("A", 900_000_000),)))
    friction = access.resistance_kpa_h_per_ml * 900.0 * BLOOD.viscosity_mpa_s / 1.002
    entrance = access.turbulent_kpa_h2_per_ml2 * 900.0**2 * 1058.0 / 998.2
    assert network.pressure_kpa("p", H) == pytest.approx(friction + entrance, abs=0.0026 * entrance)


def test_a_junction_is_full_of_what_flows_into_it():
    """Saline 75 and starch 25 mL/h meet; the tube behind has a mixture at its own 37 degC, each pump's set its own fluid."""
    junction = JunctionSetup("m", replace(path().set, resistance_kpa_h_per_ml=0.1, celsius=37.0), ACCESSES["open-end"])
    members = []
    for id, fluid in (("a", SALINE), ("b", STARCH)):
        setup = path(resistance=0.05)
        line = replace(setup.lines[0], fluid=fluid)
        members.append(Member(id, ONE, replace(setup, lines=(line,), into="m")))
    network = NetworkPath(members, [junction])
    network.command("a", 0, MotorCommand((LineMotion("A", 75_000_000),)))
    network.command("b", 0, MotorCommand((LineMotion("A", 25_000_000),)))
    behind = 0.1 * 100.0 * thickness([(SALINE, 75.0), (STARCH, 25.0)], 37.0).viscosity
    assert network.pressure_kpa("a", H) == pytest.approx(behind + 0.05 * 75.0, rel=1e-9)
    assert network.pressure_kpa("b", H) == pytest.approx(
        behind + 0.05 * 25.0 * STARCH.viscosity_mpa_s / 1.002, rel=1e-9
    )


def test_a_narrowing_is_of_water_too_and_stays_when_it_is_warmed():
    setup = path(resistance=0.02)
    network = NetworkPath([Member("p", SMOOTH, setup)])
    network.command("p", 0, MotorCommand((LineMotion("A", 100_000_000), LineMotion("B", 0))))
    network.disturb("p", MIN, Constrict("p", 0.03))
    network.disturb("p", 2 * MIN, Warm("p", 4.0))
    assert network.pressure_kpa("p", H) == pytest.approx(5.0 * 1.567 / 1.002, rel=2e-3)
    network.disturb("p", H, Constrict("p", 0.0))
    assert network.pressure_kpa("p", 2 * H) == pytest.approx(2.0 * 1.567 / 1.002, rel=2e-3)


DRIP = """
title = "drip"
duration = "2 h"
[pump]
model = "gravity-15"
[line.A]
container = { bag = "100 L", fluid = "blood" }
head = "90 cm"
[set]
access = "20G-peripheral"
temperature = "4 degC"
[[operator]]
at = "0 s"
load = { rate = "125 mL/h" }
[[operator]]
at = "0 s"
do = "start"
[[fault]]
at = "1 h"
temperature = "37 degC"
until = "90 min"
"""


def test_a_drip_that_is_warmed_runs_faster_and_nothing_stops_it():
    """A bag so large that its surface stands: 125 mL/h cold, 125 x 1.567 / 0.692 = 283 warm, 125 again: 125 + 141.5 + 62.5."""
    trace = simulate(parse_scenario(DRIP, "drip")).traces[0]
    pumped = trace.at([H, 90 * MIN, 2 * H]).pumped_ml[0]
    assert pumped.tolist() == pytest.approx([125.0, 266.5, 329.0], rel=4e-3)
    assert not any(isinstance(r.record, AlarmRaised) for r in trace.records)
    assert balance(trace).worst < 1e-9


def test_heights_are_of_the_fluid_that_hangs():
    """50 cm of the catalogue's blood: rho g x 0.5 m."""
    line = parse_scenario(DRIP.replace("90 cm", "50 cm"), "drip").pumps[0].path.lines[0]
    assert line.head_kpa == pytest.approx(FLUIDS["blood"].density_kg_per_m3 * 9.80665 * 0.5 / 1000)


def test_a_drug_in_a_base_has_the_base_s_figures():
    fluid = {"drug": "x", "concentration": "1 mg/mL", "base": "dextrose-50"}
    made = (
        parse_scenario(toml(changed(good(), ("line", "A", "container", "fluid"), fluid)), "s")
        .pumps[0]
        .path.lines[0]
        .fluid
    )
    base = FLUIDS["dextrose-50"]
    assert (made.viscosity_mpa_s, made.density_kg_per_m3) == (base.viscosity_mpa_s, base.density_kg_per_m3)
    assert made.viscosity_mpa_s > 4.0
    assert parse_scenario(toml(good()), "s").pumps[0].path.lines[1].fluid.viscosity_mpa_s == 1.002


def test_a_line_that_is_warmed_stays_a_line_of_its_own():
    setup = path(fluids=(SALINE, STARCH))
    begin = ((0, LoadProgram("A", program(100.0))), (0, Start()))
    given = scenario(*begin, (10 * MIN, Warm("main", 37.0)), until_ns=H, model=SMOOTH, setup=setup)
    assert is_lone(given.pumps[0], given)
    trace = simulate(given).traces[0]
    assert trace.at([20 * MIN]).pressure_kpa[0] == pytest.approx(2.0 * 0.692 / 1.002, rel=3e-3)
    assert balance(trace).worst < 1e-9
    other = scenario(*begin, (10 * MIN, Raise(1.0)), until_ns=H, model=SMOOTH, setup=setup)
    assert not is_lone(other.pumps[0], other)


@pytest.mark.parametrize(
    ("text", "why", "nearest"),
    [("20 C", "no unit of a temperature", None), ("68 degF", "no unit of a temperature", "degC"), ("293 K", "no unit", None),
     ("-1 degC", "outside 0 to 100 degC", None), ("101 degC", "outside 0 to 100 degC", None), ("20", "unit is missing", None)],
)  # fmt: skip
def test_temperatures_are_read_in_one_word_only(text, why, nearest):
    (fault,) = faults_of(toml(changed(good(), ("set", "temperature"), text)))
    assert why in fault.message
    if nearest:
        assert fault.nearest == nearest
