"""``[[change]]`` in a scenario file: what becomes of it, and every way in which it can be wrong."""

import pytest

from firmware_bridge.cli.bench import bench_of
from pumpsim.catalogue.fluids import head_kpa
from pumpsim.errors import PumpsimError
from pumpsim.scenario import Scenario
from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.disturbances import Change, Occlude, Place, Refill, Release
from pumpsim.vocabulary.inputs import LoadProgram, Titrate
from tests.build import MIN, S
from tests.helpers import GOOD, Document, faults_of, good, toml

BAG = {"bag": "500 mL", "fluid": {"drug": "dopamine", "concentration": "3.2 mg/mL"}}
SYRINGE = """
title = "x"
duration = "2 h"
[pump]
model = "syringe-pump"
[line.A]
container = { syringe = "bd-plastipak-50", volume = "30 mL", fluid = { drug = "d", concentration = "1 mg/mL" } }
"""
RESERVOIR = """
title = "x"
duration = "2 h"
[pump]
model = "synchromed-ii"
[line.A]
container = { reservoir = "20 mL", fluid = { drug = "d", concentration = "2 mg/mL" } }
"""


def with_change(**keys: object) -> Document:
    return {**good(), "change": [{"at": "10 min", "line": "B", "container": BAG, **keys}]}


def hung(scenario: Scenario) -> list[tuple[int, object]]:
    return [(e.at_ns, e.action) for e in scenario.entries if isinstance(e.action, Change | Refill)]


def test_a_bag_with_its_gap_and_its_head():
    scenario = parse_scenario(toml(with_change(gap="45 s", head="60 cm")), "x")
    ((at_ns, change),) = hung(scenario)
    assert at_ns == 10 * MIN
    assert isinstance(change, Change)
    assert (change.line, change.container, change.container_ml) == ("B", "bag", 500.0)
    assert change.head_kpa == pytest.approx(head_kpa(60))
    assert [(d.drug, d.amount_per_ml) for d in change.fluid.drugs] == [("dopamine", 3.2)]
    around = [
        (e.at_ns, e.action)
        for e in scenario.entries
        if e.action in (Occlude(Place.LIMB, "B"), Release(Place.LIMB, "B"))
    ]
    assert around == [(10 * MIN, Occlude(Place.LIMB, "B")), (10 * MIN + 45 * S, Release(Place.LIMB, "B"))]


def test_of_one_instant_faults_come_before_changes_and_changes_before_the_operator():
    document = with_change(gap="45 s") | {
        "fault": [{"at": "10 min", "height": "20 cm"}],
        "operator": [*good()["operator"], {"at": "10 min", "do": "stop"}],  # type: ignore[misc]
    }
    names = [type(e.action).__name__ for e in parse_scenario(toml(document), "x").entries if e.at_ns == 10 * MIN]
    assert names == ["Occlude", "Raise", "Change", "Stop"]


def test_a_dose_is_worked_out_with_what_hangs_then():
    """5 mcg/kg/min, 70 kg: 21 mg/h; of 1.6 mg/mL 13.1 mL/h (rounded), of 3.2 mg/mL 6.6."""
    dose = {"line": "B", "dose": "5 mcg/kg/min", "weight": "70 kg"}
    document = with_change() | {
        "operator": [
            *good()["operator"],  # type: ignore[misc]
            {"at": "9 min", "titrate": dose},
            {"at": "10 min", "titrate": dose},
        ]
    }
    scenario = parse_scenario(toml(document), "x")
    rates = [e.action.rate_nl_per_h for e in scenario.entries if isinstance(e.action, Titrate)]
    assert rates == [13_100_000, 6_600_000]
    assert [e.action.program.rate_nl_per_h for e in scenario.entries if isinstance(e.action, LoadProgram)][
        1
    ] == 13_100_000


def test_a_drug_that_comes_later_can_be_expected():
    other = {"bag": "100 mL", "fluid": {"drug": "heparin", "concentration": "50 U/mL"}}
    expect = [{"drug": {"name": "heparin", "amount": "0 U", "within": "5000 U"}}]
    assert parse_scenario(toml(with_change(container=other) | {"expect": expect}), "x").expectations


def test_a_syringe_and_what_handling_pushes():
    text = (
        SYRINGE
        + """
[[change]]
at = "1 h"
container = { syringe = "bd-plastipak-50", fluid = { drug = "d", concentration = "2 mg/mL" } }
purged = true
bolus = "-8 uL"
"""
    )
    ((_, change),) = hung(parse_scenario(text, "x"))
    assert isinstance(change, Change)
    assert (change.container, change.container_ml, change.purged) == ("syringe", 50.0, True)
    assert change.bolus_ml == pytest.approx(-0.008)


@pytest.mark.parametrize(("withdraw", "withdrawn"), [("", None), (', withdraw = "17 mL"', 17.0)])
def test_a_reservoir_is_filled_again(withdraw, withdrawn):
    text = (
        RESERVOIR
        + f"""
[[change]]
at = "1 h"
refill = {{ volume = "18 mL", fluid = {{ drug = "d", concentration = "500 mcg/mL" }}{withdraw} }}
"""
    )
    ((_, refill),) = hung(parse_scenario(text, "x"))
    assert isinstance(refill, Refill)
    assert (refill.volume_ml, refill.withdrawn_ml) == (18.0, withdrawn)
    assert refill.fluid.drugs[0].amount_per_ml == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("keys", "key", "why", "nearest"),
    [
        ({"at": "4 h"}, "change[1].at", "beyond the end", None),
        ({"gap": "3 h"}, "change[1].gap", "beyond the end", None),
        ({"gap": "0 s"}, "change[1].gap", "above 0", None),
        ({"gpa": "45 s"}, "change[1].gpa", "unknown key", "gap"),
        ({"line": "C"}, "change[1].line", "unknown line", None),
        ({"pump": "man"}, "change[1].pump", "unknown pump", "main"),
        ({"container": {"bag": "0 mL", "fluid": "water"}}, "change[1].container.bag", "above 0", None),
        ({"container": {"bag": "1 L", "fluid": "watr"}}, "change[1].container.fluid", "unknown fluid", "water"),
        ({"refill": {"volume": "1 mL", "fluid": "water"}}, "change[1]", "exactly one of container or refill", None),
        ({"bolus": "20 uL"}, "change[1]", "belong to a syringe", None),
        ({"purged": True}, "change[1]", "belong to a syringe", None),
        ({"head": "5 kPa"}, "change[1].head", "a length is wanted", None),
        ({"container": {"syringe": "bd-plastipak-50", "fluid": "water"}}, "change[1].container",
         "line B has a bag: no syringe", None),
    ],
)  # fmt: skip
def test_one_slip_is_one_fault(keys, key, why, nearest):
    (fault,) = faults_of(toml(with_change(**keys)))
    assert (fault.key, fault.nearest) == (key, nearest)
    assert why in fault.message


@pytest.mark.parametrize(
    ("text", "change", "why"),
    [
        (SYRINGE, 'container = { syringe = "bd-plastipak-20", fluid = "water" }', "the pump is set to bd-plastipak-50"),
        (SYRINGE, 'container = { bag = "50 mL", fluid = "water" }', "the pump is set to bd-plastipak-50"),
        (SYRINGE, 'container = { syringe = "bd-plastipak-50", fluid = "water" }\ngap = "5 s"', "neither gap nor head"),
        (SYRINGE, 'container = { syringe = "bd-plastipak-50", fluid = "water" }\nbolus = "50 mL"', "all that is in"),
        (SYRINGE, 'container = { syringe = "bd-plastipak-50", volume = "51 mL", fluid = "water" }', "do not go into"),
        (SYRINGE, 'refill = { volume = "5 mL", fluid = "water" }', "line A has a syringe: only a reservoir"),
        (RESERVOIR, 'refill = { volume = "5 mL", fluid = "water" }\nhead = "5 cm"', "gap and head belong"),
    ],
)
def test_what_does_not_fit_the_pump_is_refused(text, change, why):
    (fault,) = faults_of(f'{text}\n[[change]]\nat = "1 h"\n{change}\n')
    assert why in fault.message


def test_a_line_that_has_nothing_has_nothing_to_change():
    document = with_change() | {"line": {"A": good()["line"]["A"]}}  # type: ignore[index]
    found = [fault for fault in faults_of(toml(document)) if fault.key.startswith("change")]
    assert ["no container that could be changed" in fault.message for fault in found] == [True]


def test_what_is_shut_is_not_shut_again():
    shut = {"at": "9 min", "occlude": "line B", "until": "11 min"}
    (fault,) = faults_of(toml(with_change(gap="45 s") | {"fault": [shut]}))
    assert fault.key == "change[1].gap"
    assert "is closed already at 10 min, until 11 min" in fault.message
    (fault,) = faults_of(toml(with_change(gap="45 s") | {"fault": [{**shut, "at": "10 min 30 s"}]}))
    assert fault.key == "fault[1].occlude"


def test_one_drug_is_counted_in_one_unit_in_what_comes_later_too():
    other = {"bag": "100 mL", "fluid": {"drug": "dopamine", "concentration": "50 U/mL"}}
    (fault,) = (f for f in faults_of(toml(with_change(container=other))) if f.key == "pump")
    assert "mg and in U" in fault.message


def test_a_bench_refuses_it_as_it_refuses_other_disturbances():
    text = GOOD + '\n[[change]]\nat = "1 h"\nline = "A"\ncontainer = { bag = "1 L", fluid = "water" }\n'
    with pytest.raises(PumpsimError, match="on a bench a line can be occluded, nothing else be done to it"):
        bench_of(parse_scenario(text, "x"))


def test_of_two_containers_over_one_line_none_is_changed():
    bag = {"bag": "500 mL", "fluid": "saline-0.9"}
    document: Document = {
        "title": "x",
        "duration": "2 h",
        "pump": {"model": "linear-peristaltic"},
        "line": {"A": {"container": bag, "secondary": {"container": bag, "limb_volume": "15 mL", "head": "75 cm"}}},
        "change": [{"at": "1 h", "line": "A", "container": bag}],
    }
    (fault,) = faults_of(toml(document))
    assert (fault.key, "has a secondary" in fault.message) == ("change[1].line", True)
