"""Lines with a secondary in a scenario file: what is assumed, what is read, and every fault with its key."""

import pytest

from pumpsim.analysis.balance import balance
from pumpsim.catalogue.fluids import head_kpa
from pumpsim.errors import ScenarioError
from pumpsim.fluidics.network.plumbing import LEVEL_CM
from pumpsim.scenario_file import parse_scenario
from pumpsim.scenario_file.secondaries import LEAST_CM
from pumpsim.simulation import simulate
from pumpsim.vocabulary.disturbances import Hang, Occlude, Place, Release
from tests.build import MIN

GOOD = """
title = "A secondary"
duration = "1 h"
[pump]
model = "linear-peristaltic"
[line.A]
container = { bag = "500 mL", fluid = "saline-0.9" }
[line.A.secondary]
container = { bag = "50 mL", fluid = { drug = "cefazolin", concentration = "20 mg/mL" } }
[[operator]]
at = "0 s"
load = { rate = "100 mL/h" }
[[operator]]
at = "0 s"
do = "start"
[[fault]]
at = "5 min"
occlude = "line A secondary"
until = "10 min"
[[fault]]
at = "20 min"
hang = { place = "line A secondary", head = "30 cm" }
until = "25 min"
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        parse_scenario(text, "a.toml")
    return [f"{fault.key}: {fault.message}" for fault in error.value.faults]


def test_what_is_not_said_is_assumed_and_listed():
    """8 in above the primary; R from 300 mL/h at that difference: 1.989 kPa / 300 mL/h."""
    scenario = parse_scenario(GOOD, "a.toml")
    line = scenario.pumps[0].path.lines[0]
    second = line.secondary
    assert second is not None
    assert second.head_kpa - line.head_kpa == pytest.approx(998.2 * 9.80665 * 0.2032 / 1000.0)
    assert second.resistance_kpa_h_per_ml == pytest.approx(0.0066304, rel=1e-4)
    assert line.resistance_kpa_h_per_ml == second.resistance_kpa_h_per_ml
    assert (line.limb_ml, line.shared_ml, second.limb_ml, line.valve_kpa) == (6.0, 2.0, 15.0, 0.0)
    assert {
        "height of the secondary",
        "resistance of the limbs",
        "opening pressure of the check valve",
        "volumes above the pump",
    } <= {source.figure for source in scenario.pumps[0].path.set.sources}


def test_clamps_and_heights_come_and_go():
    entries = [(e.at_ns, e.action) for e in parse_scenario(GOOD, "a.toml").entries]
    low, usual = head_kpa(30.0), head_kpa(50.0) + head_kpa(20.32)
    assert (5 * MIN, Occlude(Place.SECONDARY, "A")) in entries
    assert (10 * MIN, Release(Place.SECONDARY, "A")) in entries
    assert (20 * MIN, Hang("A", Place.SECONDARY, low)) in entries
    assert (25 * MIN, Hang("A", Place.SECONDARY, pytest.approx(usual))) in entries


@pytest.mark.parametrize(("word", "opens_kpa"), [("none", None), ("0.2 kPa", 0.2)])
def test_the_check_valve(word, opens_kpa):
    text = GOOD.replace("[line.A.secondary]", f'check_valve = "{word}"\n[line.A.secondary]')
    assert parse_scenario(text, "a.toml").pumps[0].path.lines[0].valve_kpa == opens_kpa


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ('"linear-peristaltic"', '"dual-channel-cassette"', "line.A.secondary", "has an inlet for it: write it as line B"),
        ('"linear-peristaltic"', '"gravity-20"', "line.A.secondary", "draws from one container"),
        ("bag = \"50 mL\"", "cartridge = \"50 mL\"", "line.A.secondary.container", "hangs from bags or burettes"),
        ("[line.A.secondary]", "[line.A.secondary]\nhead = \"15 cm\"", "line.A.secondary.head", "above its own height"),
        ("[line.A.secondary]", "[line.A.secondary]\nlimb_volume = \"0 mL\"", "line.A.secondary.limb_volume", "above 0"),
        ("[line.A.secondary]", "resistance = \"0.06 kPa/(mL/h)\"\n[line.A.secondary]", "line.A.resistance", "at most 0.0501"),
        ("[line.A.secondary]", "shared_volume = \"0.1 mL\"\n[line.A.secondary]", "line.A.shared_volume", "a cycle of the"),
        ("30 cm", "10 cm", "fault[2].hang.head", "above its own height"),
        ("place = \"line A secondary\"", "place = \"line A\"", "fault[2].hang.place", "unknown place"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(old, new, key, says):
    found = faults(GOOD.replace(old, new))
    assert any(fault.startswith(f"{key}: ") and says in fault for fault in found), found


def test_what_wants_a_secondary_is_refused_without_one():
    text = GOOD[: GOOD.index("[line.A.secondary]")] + 'check_valve = "none"\nshared_volume = "2 mL"\n'
    assert any(
        "check_valve and shared_volume: only a line with a secondary has this" in fault for fault in faults(text)
    )
    alone = GOOD[: GOOD.index("[line.A.secondary]")] + GOOD[GOOD.index("[[operator]]") :]
    assert any("unknown place" in fault and "fault[1].occlude" in fault for fault in faults(alone))


def test_a_container_is_as_high_here_as_in_the_network():
    assert LEAST_CM == LEVEL_CM


def test_every_drug_is_accounted_for():
    (trace,) = simulate(parse_scenario(GOOD, "a.toml")).traces
    found = balance(trace)
    assert found.worst < 1e-9
    assert found.drugs[0].initial == pytest.approx(65.0 * 20.0)
