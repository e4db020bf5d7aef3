"""Drug libraries in scenario files: what a load becomes, each slip as one fault, questions and overrides as expectations."""

from pathlib import Path

import pytest

from pumpsim.analysis.expectations import judge
from pumpsim.analysis.summary import summarise
from pumpsim.errors import ScenarioError
from pumpsim.scenario import QuestionExpected
from pumpsim.scenario_file import load_scenario, parse_scenario
from pumpsim.simulation import simulate
from pumpsim.vocabulary.inputs import Confirm, LoadProgram
from pumpsim.vocabulary.library import DrugRule, Limits
from tests.helpers import Document, changed, faults_of, good, toml, without

ROOT = Path(__file__).parent.parent
DOPAMINE: Document = {
    "concentrations": ["1.6 mg/mL", "3.2 mg/mL"],
    "default": "5 mcg/kg/min",
    "soft": ["2 mcg/kg/min", "20 mcg/kg/min"],
    "hard": ["none", "50 mcg/kg/min"],
    "bolus": {"soft": ["none", "5 mg"], "hard": ["1 mL", "10 mL"]},
    "bolus_rate": {"hard": ["none", "100 mL/h"]},
    "kvo": False,
}
LIBRARY: Document = {
    "care_area": {"icu": {"dopamine": DOPAMINE, "furosemide": {"concentrations": ["2 mg/mL"]}}},
    "incompatible": [["furosemide", "dopamine"]],
    "flush_volume": "10 mL",
}
DRUG = ("library", "care_area", "icu", "dopamine")
LOAD_B = ("operator", 1, "load")
MISSING = object()


def with_library() -> Document:
    """The good scenario, its dopamine in a library."""
    bolus = {"hard": ["none", "10 mg"], "soft": ["none", "5 mg"]}
    return changed(changed(good(), ("library",), LIBRARY), (*DRUG, "bolus"), bolus)


def load_of(document: Document, line: str = "B") -> LoadProgram:
    entries = parse_scenario(toml(document), "test").entries
    return next(e.action for e in entries if isinstance(e.action, LoadProgram) and e.action.line == line)


def test_a_load_takes_the_limits_of_the_drug_that_hangs_there():
    """70 kg of 1.6 mg/mL: 1 mcg/kg/min is 2.625 mL/h; 10 mg are 6.25 mL. All on the pump's step, half up."""
    vtbi = {"soft": ["none", "80 mg"], "hard": ["none", "160 mg"]}
    rule = load_of(changed(with_library(), (*DRUG, "vtbi"), vtbi)).program.drug
    assert rule == DrugRule(
        "dopamine",
        "icu",
        Limits(5_300_000, 52_500_000, None, 131_000_000, ("", "2 mcg/kg/min", "20 mcg/kg/min", "50 mcg/kg/min")),
        Limits(None, 3_125_000, None, 6_250_000, ("", "", "5 mg", "10 mg")),
        forbids_kvo=True,
        incompatible=("furosemide",),
        bolus_rate=Limits(hard_high=100_000_000, written=("", "", "", "100 mL/h")),
        flush_nl=10_000_000,
        vtbi=Limits(None, 50_000_000, None, 100_000_000, ("", "", "80 mg", "160 mg")),
    )
    assert load_of(with_library(), "A").program.drug is None, "saline carries no drug"


def test_the_concentration_that_hangs_there_counts():
    document = changed(with_library(), ("line", "B", "container", "fluid", "concentration"), "3.2 mg/mL")
    rule = load_of(document).program.drug
    assert rule is not None
    assert rule.rate.hard_high == 65_600_000, "65.625 mL/h"


def test_without_rate_and_dose_the_library_s_default_is_taken():
    program = load_of(without(with_library(), (*LOAD_B, "dose"))).program
    assert program.rate_nl_per_h == 13_100_000
    assert program.ordered == "library: 5 mcg/kg/min, 70 kg -> 13.1 mL/h: 4.990 mcg/kg/min"


def test_an_order_by_rate_may_state_the_weight_that_the_limits_want():
    document = changed(without(with_library(), (*LOAD_B, "dose")), (*LOAD_B, "rate"), "20 mL/h")
    program = load_of(document).program
    assert program.rate_nl_per_h == 20_000_000
    assert program.drug is not None


@pytest.mark.parametrize(
    ("path", "value", "key", "why", "nearest"),
    [
        (("library",), 5, "library", "a table, or the name of a file", None),
        (("library",), "drugs.toml", "library", "no folder to find it in", None),
        (("library",), MISSING, "care_area", "there is no library", None),
        (("library", "care_area"), MISSING, "library.care_area", "is missing", None),
        (("library", "care_area"), {}, "library.care_area", "one care area at least", None),
        (("library", "care_aera"), {}, "library.care_aera", "unknown key", "care_area"),
        (("library", "flush_volume"), "10 mg", "library.flush_volume", "a volume is wanted", None),
        (("library", "incompatible"), [["dopamine"]], "library.incompatible[1]", "two different drugs", None),
        (("library", "incompatible"), [["dopamine", "furosemid"]], "library.incompatible[1]", "unknown drug", "furosemide"),
        (("care_area",), "icy", "care_area", "unknown care area", "icu"),
        (("pump", "care_area"), "ice", "pump.care_area", "unknown care area", "icu"),
        ((*DRUG, "sofd"), ["none", "none"], "library.care_area.icu.dopamine.sofd", "unknown key", "soft"),
        ((*DRUG, "soft"), ["2 mcg/kg/min"], "library.care_area.icu.dopamine.soft", "two bounds are wanted", None),
        ((*DRUG, "soft"), ["5 mcg/kg/min", "2 mcg/kg/min"], "library.care_area.icu.dopamine.soft", "low bound is above", None),
        ((*DRUG, "soft"), ["5 mL/h", "9 mcg/kg/min"], "library.care_area.icu.dopamine.soft", "cannot be compared", None),
        ((*DRUG, "soft"), ["none", "60 mcg/kg/min"], "library.care_area.icu.dopamine", "outside the hard ones", None),
        ((*DRUG, "soft"), ["none", "20 mcg"], "library.care_area.icu.dopamine.soft[2]", "unit of an amount", None),
        ((*DRUG, "hard"), ["none", "50 U/h"], "library.care_area.icu.dopamine", "cannot be compared", None),
        ((*DRUG, "default"), "30 mcg/kg/min", "library.care_area.icu.dopamine", "default is outside", None),
        ((*DRUG, "bolus"), {"hard": ["none", "10 U"]}, "library.care_area.icu.dopamine", "counted in mg and in U", None),
        ((*DRUG, "concentrations"), [], "library.care_area.icu.dopamine.concentrations", "one concentration at least", None),
        ((*DRUG, "concentrations"), MISSING, "library.care_area.icu.dopamine.concentrations", "is missing", None),
        ((*DRUG, "concentrations"), ["3.2 mg/mL"], "operator[2].load", "has dopamine 1.6 mg/mL; care area icu has 3.2", None),
        (("line", "B", "container", "fluid", "drug"), "dopamin", "operator[2].load", "icu has no dopamin", "dopamine"),
        ((*LOAD_B, "drug"), "dopamin", "operator[2].load.drug", "unknown drug of line B", "dopamine"),
        ((*LOAD_B,), {"line": "B", "rate": "9 mL/h"}, "operator[2].load.weight", "icu has figures per kg for dopamine", None),
        ((*LOAD_B,), {"line": "B"}, "operator[2].load.weight", "is missing", None),
        ((*LOAD_B,), {"line": "A"}, "operator[2].load", "exactly one of rate or dose", None),
        (("operator", 2, "do"), "agree", "operator[3].do", "unknown action", None),
        (("expect", 0), {"asked": {"command": "loud"}}, "expect[1].asked.command", "unknown command", "load"),
        (("expect", 0), {"overridden": {"command": "load", "line": "C"}}, "expect[1].overridden.line", "unknown line", None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_one_slip_is_one_fault(path, value, key, why, nearest):
    document = changed(with_library(), ("care_area",), "icu")
    document = without(document, ("expect", 2)) if path[-1] == "drug" and path[0] == "line" else document
    document = without(document, path) if value is MISSING else changed(document, path, value)
    found = faults_of(toml(document))
    assert [(fault.key, fault.nearest) for fault in found] == [(key, nearest)]
    assert why in found[0].message


def test_a_library_of_several_areas_wants_one_to_be_named():
    document = changed(with_library(), ("library", "care_area", "ward"), {"dopamine": DOPAMINE | {"bolus": {}}})
    (fault,) = faults_of(toml(document))
    assert (fault.key, fault.message) == ("care_area", "is missing: the library has icu, ward")
    rule = load_of(changed(document, ("pump", "care_area"), "ward")).program.drug
    assert rule is not None
    assert rule.care_area == "ward"


def test_a_library_file_lies_beside_the_scenario_and_its_faults_come_with_those_of_the_scenario(tmp_path):
    (tmp_path / "drugs.toml").write_text(toml(with_library()["library"]), encoding="utf-8")  # type: ignore[arg-type]
    file = tmp_path / "scenario.toml"
    file.write_text(toml(changed(with_library(), ("library",), "drugs.toml")), encoding="utf-8")
    assert load_scenario(file).entries
    (tmp_path / "drugs.toml").write_text(toml(changed(LIBRARY, ("title",), 5)), encoding="utf-8")
    file.write_text(toml(changed(with_library(), ("library",), "drugs.toml") | {"duration": "3"}), encoding="utf-8")
    with pytest.raises(ScenarioError) as refusal:
        load_scenario(file)
    assert [(Path(f.file).name, f.key) for f in refusal.value.faults] == [
        ("scenario.toml", "duration"),
        ("drugs.toml", "title"),
        ("drugs.toml", "care_area.icu.dopamine.bolus"),
    ]
    file.write_text(toml(changed(with_library(), ("library",), "drug.toml")), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"drug\.toml: there is no such file"):
        load_scenario(file)


HIGH = {"at": "10 min", "titrate": {"line": "B", "dose": "25 mcg/kg/min", "weight": "70 kg"}}


def outcomes(*operator: Document, expect: list[Document]) -> list[tuple[bool, str]]:
    document = with_library()
    document["operator"] = [*document["operator"], *operator]  # type: ignore[misc]
    scenario = parse_scenario(toml({**document, "expect": expect, "fault": []}), "test")
    return [(outcome.passed, outcome.measured) for outcome in judge(scenario, simulate(scenario).by_pump)]


SAID = "rate 65.6 mL/h of dopamine is above the soft limit of 52.5 mL/h (20 mcg/kg/min) in icu"
YES, NO = ({"at": "11 min", "do": word} for word in ("confirm", "decline"))
ASKED = {"asked": {"command": "titrate", "line": "B", "reason": "soft limit"}, "between": ["10 min", "10 min"]}
OVERRIDDEN = {"overridden": {"command": "titrate", "line": "B"}, "between": ["11 min", "11 min"]}


@pytest.mark.parametrize(
    ("operator", "expect", "found"),
    [
        ((HIGH, YES), [ASKED, OVERRIDDEN], [(True, f"titrate B at 10 min: {SAID}"), (True, f"titrate B at 11 min: {SAID}")]),
        ((HIGH, YES), [OVERRIDDEN], [(True, f"titrate B at 11 min: {SAID}")]),
        ((HIGH,), [ASKED], [(True, f"titrate B at 10 min: {SAID}")]),
        ((HIGH,), [], [(False, f"titrate B at 10 min: {SAID}")]),
        ((HIGH,), [ASKED, OVERRIDDEN], [(True, f"titrate B at 10 min: {SAID}"), (False, "nothing was overridden")]),
        ((), [ASKED], [(False, "nothing was asked")]),
        ((HIGH, NO), [ASKED], [(True, f"titrate B at 10 min: {SAID}"),
                               (False, f"titrate B at 11 min: not confirmed: declined; {SAID}")]),
        ((YES,), [], [(False, "confirm at 11 min: nothing waits for confirmation")]),
    ],
)  # fmt: skip
def test_questions_and_overrides_are_expected_like_refusals(operator, expect, found):
    assert outcomes(*operator, expect=expect) == found


def test_answers_and_clauses_become_values():
    document = changed(with_library(), ("operator", 2), {"at": "1 min", "do": "decline"})
    scenario = parse_scenario(toml({**document, "expect": [OVERRIDDEN], "fault": []}), "test")
    assert scenario.entries[-1].action == Confirm(agreed=False)
    (clause,) = scenario.expectations
    assert isinstance(clause, QuestionExpected)
    assert clause.overridden
    assert clause.text == "titrate of line B is carried out beyond a soft limit between 11 min and 11 min"


def test_the_summary_says_what_was_overridden():
    scenario = load_scenario(ROOT / "scenarios" / "library_vasopressor.toml")
    run = simulate(scenario)
    (row,) = summarise(scenario, run.by_pump, (), run.digest, 1.0)["overrides"]
    assert (row["line"], row["command"], row["at_s"]) == ("B", "titrate", 1820.0)


JUNCTION = """
title = "Two pumps into one lumen"
duration = "10 min"
[library]
incompatible = [["b", "a"]]
[library.care_area.icu]
a = { concentrations = ["1 mg/mL"] }
b = { concentrations = ["1 mg/mL"] }
[junction.lumen]
kind = "four-port-manifold"
access = "central-venous-4Fr"
"""


@pytest.mark.parametrize("joined", [True, False])
def test_drugs_of_two_pumps_that_meet_in_a_junction_are_noted_and_not_refused(joined):
    text = JUNCTION if joined else JUNCTION.partition("[junction.lumen]")[0]
    for pump in "ab":
        end = 'into = "lumen"' if joined else 'access = "20G-peripheral"'
        text += f"""
[pump.{pump}]
model = "linear-peristaltic"
[pump.{pump}.line.A]
container = {{ bag = "100 mL", fluid = {{ drug = "{pump}", concentration = "1 mg/mL" }} }}
[pump.{pump}.set]
{end}
[[operator]]
at = "0 s"
pump = "{pump}"
load = {{ rate = "10 mL/h" }}
"""
    scenario = parse_scenario(text, "lumen")
    said = (
        "a of pump a and b of pump b meet in junction lumen; the library calls them incompatible, and no pump can know"
    )
    assert scenario.notes == ((said,) if joined else ())
    assert judge(scenario, simulate(scenario).by_pump) == ()


def test_the_example_library_says_that_it_is_not_for_dosing():
    text = (ROOT / "scenarios" / "libraries" / "example.toml").read_text(encoding="utf-8")
    assert "Never for dosing" in text
