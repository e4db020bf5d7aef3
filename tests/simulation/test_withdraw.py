"""A syringe that is drawn back: what comes into it, the play of the screw, both ends of the barrel, and mass."""

import random
from itertools import pairwise

import pytest

from pumpsim.analysis.balance import balance
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from tests.build import MIN, S, when

SYRINGE = SYRINGES["bd-luer-lok-60"]
GIVE, SLIDES_KPA = SYRINGE.compliance_ml_per_kpa, SYRINGE.coulomb_n / SYRINGE.area_mm2 * 1000.0
PLAY_ML = 100_000e-9 * SYRINGE.area_mm2
"""0.1 mm of backlash."""
PUMP = """
title = "withdraw"
duration = "{minutes} min"
[pump]
model = "{model}"
[line.A]
container = {{ syringe = "bd-luer-lok-60", fluid = "saline-0.9", volume = "{volume}" }}
[set]
kind = "extension-150"
access = "20G-peripheral"
"""


def run(*happenings: tuple[float, str], volume: str = "20 mL", minutes: int = 30, model: str = "ne-1000") -> PumpTrace:
    """A laboratory pump to which this is done, each at its minute."""
    text = PUMP.format(volume=volume, minutes=minutes, model=model)
    text += "".join(f'[[operator]]\nat = "{at * 60:g} s"\n{what}\n' for at, what in happenings)
    return simulate(parse_scenario(text, "withdraw")).traces[0]


def withdraw(volume: str, rate: str = "60 mL/h") -> str:
    return f'withdraw = {{ rate = "{rate}", volume = "{volume}" }}'


def infuse(at: float, vtbi: str, rate: str = "60 mL/h") -> tuple[tuple[float, str], ...]:
    return (at, f'load = {{ rate = "{rate}", vtbi = "{vtbi}" }}'), (at, 'do = "start"')


def given_ml(trace: PumpTrace, at_min: float) -> tuple[float, float]:
    """What the plunger has given by a minute, and the pressure then."""
    samples = trace.at([round(at_min * MIN)])
    return float(samples.pumped_ml[0][0]), float(samples.pressure_kpa[0])


def test_the_spring_the_play_and_friction_are_taken_up_on_either_way():
    """What has left is what the screw has turned, less where it touches, less give times the force over the area; what is
    read is that force, less the friction of a plunger that slides ahead."""
    trace = run((0, withdraw("10 mL")), *infuse(12, "5 mL"))
    given, kpa = given_ml(trace, 9.9)
    assert given == pytest.approx(-9.9 - GIVE * (kpa + SLIDES_KPA), abs=3e-4)
    given, kpa = given_ml(trace, 16.9)
    assert given == pytest.approx(-10.0 + 4.9 - PLAY_ML - GIVE * (kpa + SLIDES_KPA), abs=3e-4)


def test_while_the_screw_turns_through_its_play_nothing_flows():
    trace = run((0, withdraw("10 mL")), *infuse(12, "5 mL"))
    through_min = PLAY_ML / (60.0 / 60.0)
    before, after = given_ml(trace, 11.9)[0], given_ml(trace, 12.0 + through_min)[0]
    assert after == pytest.approx(before, abs=1e-9)


def test_what_comes_in_is_the_fluid_of_the_site_and_goes_out_again_first():
    """10 mL: 1.18 mL of the set's own, then the site's."""
    trace = run((0, withdraw("10 mL")))
    accounts = {account.name: account for account in balance(trace).sources}
    assert accounts["priming"].in_container == pytest.approx(accounts["priming"].initial)
    drawn = -given_ml(trace, 30)[0]
    assert -accounts["fluid of the site"].at_patient == pytest.approx(drawn, abs=1e-3)
    back = {a.name: a for a in balance(run((0, withdraw("10 mL")), *infuse(12, "11 mL"))).sources}
    assert back["fluid of the site"].at_patient == pytest.approx(0.0, abs=1e-3), (
        "the container gives last in, first out"
    )


def test_an_emptied_syringe_is_filled_again():
    """This pump counts no level: its motor stands at the end of the barrel until the interlock finds that it does."""
    happenings = (
        *infuse(0, "9 mL", "300 mL/h"),
        (5, 'do = "acknowledge"'),
        (5, 'load = { rate = "60 mL/h" }'),
        (5, withdraw("14 mL")),
    )
    trace = run(*happenings, volume="3 mL", model="legato-110")
    assert when(trace, "alarm motor-stall") == [pytest.approx(1.767, abs=0.001)]
    given, kpa = given_ml(trace, 4)
    assert given == pytest.approx(3.0 - PLAY_ML - GIVE * (kpa + SLIDES_KPA), abs=1e-3)
    given, kpa = given_ml(trace, 29)
    assert given == pytest.approx(3.0 - 14.0 - GIVE * (kpa + SLIDES_KPA), abs=1e-3)
    assert balance(trace).worst <= 1e-9


def test_a_plunger_that_is_drawn_out_draws_no_more_and_has_to_be_pushed_back():
    """50 mL in a barrel of 60: 10 mL come, the screw goes 5 further; of the 15 mL then given the first 5 are none."""
    trace = run((0, withdraw("15 mL", "300 mL/h")), *infuse(5, "15 mL", "300 mL/h"), volume="50 mL")
    assert given_ml(trace, 4.9)[0] == pytest.approx(-10.0, abs=1e-9)
    assert given_ml(trace, 5.9)[0] == pytest.approx(-10.0, abs=1e-9)
    given, kpa = given_ml(trace, 7.9)
    assert given == pytest.approx(-15.0 + 14.5 - PLAY_ML - GIVE * (kpa + SLIDES_KPA), abs=1e-3)
    assert balance(trace).worst <= 1e-9


def test_a_closed_line_gives_little_and_the_rest_when_it_is_opened():
    """Nothing comes but what the line's compliance gives; what was pulled comes when it is opened again."""
    text = PUMP.format(volume="20 mL", minutes=30, model="ne-1000")
    text += f'[[operator]]\nat = "1 min"\n{withdraw("2 mL")}\n'
    text += '[[fault]]\nat = "30 s"\nocclude = "patient end"\nuntil = "10 min"\n'
    trace = simulate(parse_scenario(text, "closed")).traces[0]
    low, kpa = given_ml(trace, 5)
    assert kpa < -20.0
    assert -0.05 < low < -0.005
    given, kpa = given_ml(trace, 25)
    assert given == pytest.approx(-2.0 - GIVE * (kpa + SLIDES_KPA), abs=1e-3)
    assert balance(trace).worst <= 1e-9


@pytest.mark.parametrize("seed", range(25))
def test_mass_is_conserved_whatever_is_done(seed):
    chance = random.Random(seed)
    at, happenings = 0.0, list[tuple[float, str]]()
    for _ in range(8):
        rate = f"{chance.choice([30, 300, 900])} mL/h"
        volume = f"{chance.randint(1, 30)} mL"
        if chance.random() < 0.5:
            happenings += [(at, 'do = "stop"'), *infuse(at, volume, rate)]
        else:
            happenings += [(at, 'do = "stop"'), infuse(at, "1 mL")[0], (at, withdraw(volume, rate))]
        at += chance.choice([0.01, 0.3, 2.0, 3.0])
    trace = run(*happenings, volume=chance.choice(["1 mL", "20 mL", "60 mL"]))
    assert balance(trace).worst <= 1e-9
    low, high = (f(given_ml(trace, m / 4)[0] for m in range(120)) for f in (min, max))
    assert -60.0 <= low <= high <= 60.0


def test_looks_change_nothing():
    once = run((0, withdraw("3 mL")), *infuse(5, "2 mL")).digest()
    trace = run((0, withdraw("3 mL")), *infuse(5, "2 mL"))
    trace.at(range(0, 10 * MIN, 7 * S))
    assert trace.digest() == once


def test_a_count_below_that_of_the_power_on_is_known():
    """Power goes and comes; 2 mL are drawn back then, to a count of -2 mL of the new power-on."""
    text = PUMP.format(volume="20 mL", minutes=10, model="ne-1000")
    text += f'[[operator]]\nat = "10 s"\n{withdraw("1 mL")}\n'
    text += '[[fault]]\nat = "3 min"\npower = "off"\nuntil = "4 min"\n'
    text += f'[[operator]]\nat = "5 min"\n{withdraw("2 mL")}\n'
    trace = simulate(parse_scenario(text, "again")).traces[0]
    assert given_ml(trace, 9)[0] == pytest.approx(-3.0, abs=0.06)


def test_a_slow_screw_makes_its_steps_one_by_one_on_either_way():
    """At 0.2 mL/h a micro-step of 0.12 uL takes 2.1 s: between two the plunger stands."""
    trace = run((0, withdraw("1 mL", "0.2 mL/h")), minutes=5)
    given = [given_ml(trace, 4.0 + second / 60)[0] for second in range(40)]
    falls = [later - before for before, later in pairwise(given)]
    assert max(falls) <= 1e-9
    assert trace.breakpoints_ns.size > 250


def test_a_fast_one_is_planned_in_few_pieces():
    """Also where it has never run before, or ran slowly."""
    assert run((0, withdraw("30 mL", "900 mL/h"))).breakpoints_ns.size < 500
    stopped = (*infuse(0, "1 mL", "0.2 mL/h"), (1, 'do = "stop"'), (1, 'load = { rate = "1 mL/h" }'))
    slow = run(*stopped, (1, withdraw("30 mL", "900 mL/h")))
    assert slow.breakpoints_ns.size < 1000
    given, kpa = given_ml(slow, 1.5)
    assert given == pytest.approx(0.2 / 60 - 7.5 - GIVE * (kpa + SLIDES_KPA), abs=1e-3)
