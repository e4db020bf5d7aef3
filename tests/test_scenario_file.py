"""Scenario files that are good: what each key becomes."""

import math
import tomllib
from pathlib import Path

import pytest

from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE, PSI_KPA
from pumpsim.catalogue.sets import SETS
from pumpsim.scenario import (
    AlarmDelayExpected,
    AlarmExpected,
    DosePeakExpected,
    DrugExpected,
    RejectionExpected,
    ReleasedBolusExpected,
    SignalExpected,
    StateExpected,
    TimeLeftExpected,
    Tolerance,
    VolumeExpected,
)
from pumpsim.scenario_file import load_scenario, load_scenarios, parse_scenario
from pumpsim.scenario_file.tables import ScenarioTable
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import Acknowledge, ChangeMode, LoadProgram, PauseAudio, Start, Stop, Titrate
from pumpsim.vocabulary.model import AtEnd, Drive, InnerFlow, Interleave
from pumpsim.vocabulary.path import AmountUnit, DrugContent, Fluid, Sensing, Transport
from pumpsim.vocabulary.program import InfusionProgram, LineMode, Purpose
from tests.helpers import GOOD, changed, good, toml, without

SCENARIOS = sorted((Path(__file__).parent.parent / "scenarios").glob("*.toml"))
S, MIN, H = 10**9, 60 * 10**9, 3600 * 10**9
SALINE = Fluid("saline-0.9")


def read(*edits, **more):
    """The good scenario, changed and read."""
    document = good()
    for path, value in edits:
        document = changed(document, path, value)
    return parse_scenario(toml({**document, **more}), "test")


def entries(*operator, fault=()):
    """What these [[operator]] and [[fault]] tables become."""
    return read(operator=list(operator), fault=list(fault), expect=[]).entries


def expected(clause, *edits):
    """What this [[expect]] becomes."""
    (found,) = read(*edits, expect=[clause]).expectations
    return found


def test_the_example_of_the_design_page():
    scenario = parse_scenario(GOOD, "dopamine")
    assert (scenario.name, scenario.title) == ("dopamine", "Dopamine beside saline")
    assert (scenario.duration_ns, scenario.seed, scenario.record_every_ns) == (3 * H, 0, 1_080_000_000)
    (pump,) = scenario.pumps
    assert (pump.id, pump.sensing) == ("main", Sensing())
    assert pump.path.set.common_ml == 2.5
    assert pump.path.access.resistance_kpa_h_per_ml == ACCESSES["20G-peripheral"].resistance_kpa_h_per_ml
    ordered = "5 mcg/kg/min, 70 kg -> 13.1 mL/h: 4.990 mcg/kg/min"
    assert [(entry.at_ns, entry.pump, entry.action) for entry in scenario.entries] == [
        (0, "main", LoadProgram("A", InfusionProgram(100_000_000, 400_000_000))),
        (0, "main", LoadProgram("B", InfusionProgram(13_100_000, 60_000_000, LineMode.CONCURRENT, ordered=ordered))),
        (1 * MIN, "main", Start()),
        (90 * MIN, "main", Occlude(Place.PATIENT_END)),
        (95 * MIN, "main", Release(Place.PATIENT_END)),
    ]


def test_containers_and_defaults():
    a, b = read().pumps[0].path.lines
    assert (a.line, a.container, a.container_ml, a.fluid) == ("A", "bag", 500.0, SALINE)
    assert b.fluid == Fluid("dopamine 1.6 mg/mL", (DrugContent("dopamine", 1.6),))
    assert (a.limb_ml, a.limb_fluid, a.limb_compliance_ml_per_kpa) == (0.0, None, 0.001)
    assert a.head_kpa == pytest.approx(998.2 * 9.80665 * 0.5 / 1000)


def test_a_line_in_every_detail():
    line = {
        "container": {
            "bag": "970 mL",
            "overfill": "30 mL",
            "fluid": {
                "name": "mix",
                "base": "dextrose-5",
                "drugs": [
                    {"drug": "insulin", "concentration": "1 U/mL"},
                    {"drug": "potassium", "concentration": "40 mEq/L"},
                ],
            },
        },
        "limb_volume": "12 mL",
        "limb_fluid": "dextrose-5",
        "head": "-20 cm",
        "limb_compliance": "2 uL/kPa",
    }
    setup = read((("line", "A"), line)).pumps[0].path.lines[0]
    assert setup.fluid == Fluid(
        "mix", (DrugContent("insulin", 1.0, AmountUnit.U), DrugContent("potassium", 0.04, AmountUnit.MEQ))
    )
    assert (setup.container_ml, setup.limb_ml, setup.limb_fluid) == (1000.0, 12.0, Fluid("dextrose-5"))
    assert setup.head_kpa == pytest.approx(-1.9578, abs=1e-4)
    assert setup.limb_compliance_ml_per_kpa == 0.002


def test_a_line_that_is_not_used_needs_no_container():
    setup = read((("operator",), []), (("fault",), []), (("expect",), []), (("line",), {"A": good()["line"]["A"]}))
    assert [line.container_ml for line in setup.pumps[0].path.lines] == [500.0, 0.0]


def test_the_set_is_primed_with_the_fluid_of_line_a_unless_stated():
    assert read().pumps[0].path.set.priming == SALINE
    assert read((("set", "priming"), "water")).pumps[0].path.set.priming == Fluid("water")


def test_a_set_in_every_detail_and_what_is_stated_is_no_longer_unverified():
    pump = read(
        (
            ("set",),
            {
                "kind": "microbore-extension-150",
                "compliance": "7 uL/kPa",
                "resistance": "0.02 kPa/(mL/h)",
                "transport": "mixed",
                "access": {"resistance": "3.6e9 Pa s/m3"},
                "back_pressure": "10 mmHg",
            },
        )
    ).pumps[0]
    row, access = pump.path.set, pump.path.access
    assert (row.compliance_ml_per_kpa, row.resistance_kpa_h_per_ml, row.transport) == (0.007, 0.02, Transport.MIXED)
    assert row.common_ml == SETS["microbore-extension-150"].common_ml
    assert access.resistance_kpa_h_per_ml == pytest.approx(0.001)
    assert access.back_pressure_kpa == pytest.approx(1.33322, abs=1e-5)
    sources = {source.figure: source for source in pump.sources}
    assert sources["compliance of the set"].value == "7 uL/kPa"
    assert sources["compliance of the set"].verified
    assert sources["venous back pressure"].verified
    assert not sources["height of the container"].verified, "a default that was used is named"


@pytest.mark.parametrize("where", ["back_pressure", "access"])
def test_back_pressure_may_stand_in_either_place(where):
    access = {"resistance": "0 kPa/(mL/h)"} | ({"back_pressure": "-1 kPa"} if where == "access" else {})
    edits = [(("set", "access"), access)] + ([(("set", "back_pressure"), "-1 kPa")] if where != "access" else [])
    assert read(*edits).pumps[0].path.access.back_pressure_kpa == -1.0


def test_settings_of_the_pump():
    pump = {"model": "dual-channel-cassette", "occlusion_limit": "10 psi", "occlusion_delay": "2 s",
            "interleave": "whole-stroke", "inner_flow": "mixed"}  # fmt: skip
    model = read((("pump",), pump)).pumps[0].model
    row = next(row for row in model.alarms if row.id is AlarmId.OCCLUSION_DISTAL)
    assert row.threshold.level == pytest.approx(10 * PSI_KPA)
    assert row.delay_ns == 2 * S
    assert (model.mechanism.interleave, model.mechanism.inner_flow) == (Interleave.WHOLE_STROKE, InnerFlow.MIXED)
    assert read((("pump",), {"model": "dual-channel-cassette"})).pumps[0].model == DUAL_CHANNEL_CASSETTE
    delayed = read((("pump",), {"model": "dual-channel-cassette", "occlusion_delay": "2 s"})).pumps[0].model
    row = next(row for row in delayed.alarms if row.id is AlarmId.OCCLUSION_DISTAL)
    assert (row.threshold.level, row.delay_ns) == (pytest.approx(6 * PSI_KPA), 2 * S)
    assert read((("pump", "drive"), "smooth")).pumps[0].model.mechanism.drive is Drive.SMOOTH


@pytest.mark.parametrize(
    ("sensing", "value"),
    [
        ("watches", Sensing()),
        ("sampled", Sensing(100_000_000)),
        ({"period": "20 ms", "noise": "0.1 kPa", "quantum": "1 mmHg"}, Sensing(20_000_000, 0.1, 0.133322387415)),
        ({"period": "1 s"}, Sensing(S)),
    ],
)
def test_sensing(sensing, value):
    assert read((("pump", "sensing"), sensing)).pumps[0].sensing == value


def test_short_and_long_form_are_the_same_scenario():
    short = good()
    long = without(without(short, ("line",)), ("set",))
    long["pump"] = {"main": {**short["pump"], "line": short["line"], "set": short["set"]}}
    mixed = {**short, "pump": {"main": short["pump"]}}
    assert parse_scenario(toml(long), "x") == parse_scenario(toml(short), "x") == parse_scenario(toml(mixed), "x")


def test_several_pumps_each_with_its_own_lines_and_set():
    document = {
        "title": "two", "duration": "1 h",
        "pump": {
            id: {"model": model, "line": {"A": {"container": {"bag": bag, "fluid": "saline-0.9"}}}}
            for id, model, bag in (("left", "single-channel-cassette", "100 mL"), ("right", "dual-channel-cassette", "1 L"))
        },
        "operator": [
            {"at": "2 s", "pump": "right", "do": "start"},
            {"at": "1 s", "pump": "left", "load": {"rate": "5 mL/h"}},
            {"at": "1 s", "pump": "right", "load": {"line": "A", "rate": "7 mL/h"}},
        ],
        "fault": [{"at": "2 s", "pump": "left", "occlude": "line A"}],
        "expect": [{"pump": "left", "pumped": {"volume": "5 mL", "within": "1 %"}}],
    }  # fmt: skip
    scenario = parse_scenario(toml(document), "two")
    assert [pump.id for pump in scenario.pumps] == ["left", "right"]
    assert [(e.at_ns // S, e.pump, type(e.action)) for e in scenario.entries] == [
        (1, "left", LoadProgram),
        (1, "right", LoadProgram),
        (2, "left", Occlude),
        (2, "right", Start),
    ], "by instant; of one instant disturbances first, then as in the file"
    (clause,) = scenario.expectations
    assert (clause.pump, clause.line) == ("left", "A"), "the only line of that model"
    assert clause.text.startswith("pump left: ")


@pytest.mark.parametrize(
    ("dose", "weight", "concentration", "rate_nl_per_h", "written"),
    [
        ("5 mcg/kg/min", "70 kg", "1.6 mg/mL", 13_100_000, "13.1 mL/h: 4.990 mcg/kg/min"),  # 13.125
        ("0.1 mcg/kg/min", "80 kg", "64 mcg/mL", 7_500_000, "7.5 mL/h: 0.1000 mcg/kg/min"),
        ("0.25 mg/h", None, "1 mg/mL", 300_000, "0.3 mL/h: 0.3000 mg/h"),  # 0.25: half up
        ("0.249999 mg/h", None, "1 mg/mL", 200_000, "0.2 mL/h: 0.2000 mg/h"),
        ("1000 U/h", None, "50 U/mL", 20_000_000, "20 mL/h: 1000 U/h"),
        ("12 U/kg/h", "70 kg", "50 units/mL", 16_800_000, "16.8 mL/h: 12.00 U/kg/h"),
        ("2 mU/min", None, "60 mU/mL", 2_000_000, "2 mL/h: 2.000 mU/min"),
        ("4 mEq/h", None, "0.04 mEq/mL", 100_000_000, "100 mL/h: 4.000 mEq/h"),
        ("100.4 mg/h", None, "1 mg/mL", 100_000_000, "100 mL/h: 100.0 mg/h"),  # by 1 mL/h from 100 on
        ("2.4 g/d", None, "10 mg/mL", 10_000_000, "10 mL/h: 2.400 g/d"),
        ("10 mcg/kg/min", "3500 g", "1.6 mg/mL", 1_300_000, "1.3 mL/h: 9.905 mcg/kg/min"),  # 1.3125
    ],
)
def test_a_dose_becomes_a_rate_once(dose, weight, concentration, rate_nl_per_h, written):
    """Worked by hand: dose x weight / concentration, to the step of 0.1 mL/h (1 mL/h from 100 on)."""
    order = {"dose": dose} | ({"weight": weight} if weight else {})
    fluid = {"drug": "drug", "concentration": concentration}
    document = changed(good(), ("line", "A", "container", "fluid"), fluid)
    document |= {"operator": [{"at": "0 s", "titrate": {"line": "A", **order}}], "expect": []}
    titrated = next(e.action for e in parse_scenario(toml(document), "x").entries if isinstance(e.action, Titrate))
    ordered = dose + (f", {weight}" if weight else "")
    assert titrated == Titrate("A", rate_nl_per_h, f"{ordered} -> {written}")


def test_a_dose_of_one_of_several_drugs():
    fluid = {"drugs": [{"drug": "x", "concentration": "1 mg/mL"}, {"drug": "y", "concentration": "2 mg/mL"}]}
    document = changed(good(), ("line", "A", "container", "fluid"), fluid)
    document |= {"operator": [{"at": "0 s", "load": {"line": "A", "dose": "8 mg/h", "drug": "y"}}]}
    assert parse_scenario(toml(document), "x").entries[0].action.program.rate_nl_per_h == 4_000_000


@pytest.mark.parametrize(
    ("table", "action"),
    [
        ({"load": {"line": "A", "rate": "5 mL/h", "at_end": "stop", "delay": "1 h", "call_back": True}},
         LoadProgram("A", InfusionProgram(5_000_000, None, LineMode.SINGLE, AtEnd.STOP, H, True))),
        ({"load": {"line": "A", "rate": "5 mL/h", "purpose": "flush"}},
         LoadProgram("A", InfusionProgram(5_000_000, purpose=Purpose.FLUSH))),
        ({"titrate": {"line": "A", "rate": "125 mL/h"}}, Titrate("A", 125_000_000)),
        ({"mode": {"line": "B", "mode": "piggyback"}}, ChangeMode("B", LineMode.PIGGYBACK)),
        ({"do": "start"}, Start()),
        ({"do": "start", "line": "B"}, Start("B")),
        ({"do": "stop"}, Stop()),
        ({"do": "stop", "line": "A"}, Stop("A")),
        ({"do": "acknowledge"}, Acknowledge()),
        ({"do": "acknowledge", "alarm": "near-end"}, Acknowledge(AlarmId.NEAR_END)),
        ({"do": "pause-audio"}, PauseAudio(2 * MIN)),
        ({"do": "pause-audio", "for": "0 s"}, PauseAudio(0)),
        ({"do": "pause-audio", "for": "90 s"}, PauseAudio(90 * S)),
    ],
)  # fmt: skip
def test_every_command(table, action):
    assert [entry.action for entry in entries({"at": "1 s", **table})] == [action]


def test_a_place_that_is_closed_twice_and_one_for_good():
    faults = [
        {"at": "2 s", "occlude": "line B"},
        {"at": "3 s", "occlude": "patient end", "until": "4 s"},
        {"at": "1 s", "occlude": "patient end", "until": "3 s"},
    ]
    end, limb = Place.PATIENT_END, Place.LIMB
    assert [(e.at_ns // S, e.action) for e in entries(fault=faults)] == [
        (1, Occlude(end)),
        (2, Occlude(limb, "B")),
        (3, Release(end)),
        (3, Occlude(end)),
        (4, Release(end)),
    ]


@pytest.mark.parametrize(
    ("clause", "value"),
    [
        ({"alarm": "near-end"}, AlarmExpected("alarm near-end", "main", AlarmId.NEAR_END, None, 0, 3 * H)),
        ({"alarm": "near-end", "line": "B", "absent": True, "between": ["1 min", "2 min"]},
         AlarmExpected("no alarm near-end on line B between 1 min and 2 min", "main", AlarmId.NEAR_END, "B", MIN, 2 * MIN,
                       True)),
        ({"pumped": {"line": "A", "volume": "5 mL", "within": "2 %"}},
         VolumeExpected("5 mL (within 2 %) of line A is pumped at 3 h", "main", "A", False, 5.0, Tolerance(relative=0.02),
                        3 * H)),
        ({"at_patient": {"line": "B", "volume": "5 mL", "within": "300 uL", "at": "1 h"}},
         VolumeExpected("5 mL (within 300 uL) of line B has reached the patient at 1 h", "main", "B", True, 5.0,
                        Tolerance(absolute=0.3), H)),
        ({"drug": {"name": "dopamine", "amount": "250 mcg", "within": "0.01 mg", "between": ["0 s", "1 h"]}},
         DrugExpected("250 mcg (within 0.01 mg) of dopamine reaches the patient between 0 s and 1 h", "main", "dopamine", 0.25,
                      AmountUnit.MG, Tolerance(absolute=0.01), 0, H)),
        ({"rejected": {"command": "titrate", "line": "A", "reason": "limit"}, "between": ["1 h", "2 h"]},
         RejectionExpected("titrate of line A is refused because 'limit' between 1 h and 2 h", "main", "titrate", "A", "limit",
                           H, 2 * H)),
        ({"state": {"line": "A", "is": "kvo", "at": "2 h"}},
         StateExpected("line A is in state kvo at 2 h", "main", "A", "kvo", 2 * H)),
        ({"time_left": {"line": "A", "is": "4 h", "within": "3 min", "at": "1 h"}},
         TimeLeftExpected("what the pump says is left of the VTBI of line A is 4 h (within 3 min) at 1 h", "main", "A", False,
                          4 * H, 3 * MIN, H)),
        ({"time_left": {"line": "B", "of": "reservoir"}},
         TimeLeftExpected("what the pump says is left of the reservoir of line B has no end that is known at 3 h", "main", "B",
                          True, None, 0, 3 * H)),
        ({"peak_over_mean": {"drug": "dopamine", "at": "pump", "window": "1 min", "at_most": 1.2}},
         DosePeakExpected("peak over mean dose rate of dopamine at the pump, as means over 1 min, is at most 1.2", "main",
                          "dopamine", False, MIN, 0, 3 * H, 0.0, 1.2)),
        ({"peak_over_mean": {"drug": "dopamine", "window": "1 min", "between": ["1 h", "2 h"], "at_least": 2}},
         DosePeakExpected("peak over mean dose rate of dopamine at the patient, as means over 1 min, is at least 2.0 between "
                          "1 h and 2 h", "main", "dopamine", True, MIN, H, 2 * H, 2.0, math.inf)),
        ({"released": {"at_least": "0.2 mL", "at_most": "0.3 mL"}},
         ReleasedBolusExpected("the volume released when the occlusion ends is at least 0.2 mL and at most 0.3 mL", "main",
                               0.2, 0.3)),
        ({"alarm_delay": {"alarm": "occlusion-distal", "after": "90 min", "at_most": "9 s"}},
         AlarmDelayExpected("alarm occlusion-distal at most 9 s after 90 min", "main", AlarmId.OCCLUSION_DISTAL, 90 * MIN,
                            9 * S)),
        ({"signal": {"alarm": "near-end", "line": "A", "audible": True, "priority": "low", "at": "1 h"}},
         SignalExpected("the signal of near-end of line A sounds and has low priority at 1 h", "main", AlarmId.NEAR_END, "A",
                        True, None, Priority.LOW, H)),
        ({"signal": {"alarm": "idle", "reminder": False}},
         SignalExpected("the signal of idle does not remind at 3 h", "main", AlarmId.IDLE, None, None, False, None, 3 * H)),
        ({"signal": {"alarm": "idle"}},
         SignalExpected("the signal of idle is shown at 3 h", "main", AlarmId.IDLE, None, None, None, None, 3 * H)),
        ({"signal": {"audible": False, "reminder": True, "at": "1 h"}},
         SignalExpected("the signal is silent and reminds at 1 h", "main", None, None, False, True, None, H)),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)  # fmt: skip
def test_every_expectation(clause, value):
    assert expected(clause) == value


def test_a_refusal_that_is_expected_is_left_to_the_pump():
    """125 + 400 mL/h cannot start together; the file is good when it says so itself."""
    operator = [
        {"at": "0 s", "load": {"line": "A", "rate": "125 mL/h"}},
        {"at": "0 s", "load": {"line": "B", "rate": "400 mL/h", "mode": "concurrent"}},
        {"at": "1 s", "do": "start"},
    ]
    refused = {"rejected": {"command": "start", "reason": "above the concurrent limit"}, "between": ["1 s", "2 s"]}
    assert len(read(operator=operator, expect=[refused]).entries) == 5


@pytest.mark.parametrize(("duration", "every_ns"), [("60 s", 6_000_000), ("60.001 s", 7_000_000), ("1 ms", 1_000_000)])
def test_ten_thousand_samples_by_default(duration, every_ns):
    document = {**good(), "duration": duration, "operator": [], "fault": [], "expect": []}
    assert parse_scenario(toml(document), "x").record_every_ns == every_ns


def test_record_every():
    assert read(record={"every": "10 s"}).record_every_ns == 10 * S


def test_files_give_their_stems_as_names_and_may_be_given_another_seed(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(GOOD, encoding="utf-8")
    paths = [tmp_path / "two.toml", tmp_path / "one.toml"]
    assert [s.name for s in load_scenarios(paths)] == ["two", "one"]
    assert [s.seed for s in load_scenarios(paths, seed=9)] == [9, 9]
    assert load_scenario(paths[0], seed=9).seed == 9


@pytest.mark.parametrize("text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n")], ids=["byte order mark", "CRLF"])
def test_what_editors_do_to_files(tmp_path, text):
    (tmp_path / "x.toml").write_bytes(text.encode())
    assert load_scenario(tmp_path / "x.toml") == parse_scenario(GOOD, "x")


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_of_the_project_is_good_and_expects_something(path):
    scenario = load_scenario(path)
    assert scenario.description.strip()
    assert len(scenario.expectations) >= 4
    assert len({clause.text for clause in scenario.expectations}) == len(scenario.expectations)


def test_the_schema_describes_the_texts_that_authors_write():
    schema = ScenarioTable.model_json_schema()
    load = schema["$defs"]["LoadTable"]["properties"]
    assert load["rate"]["anyOf"][0] == {"type": "string", "examples": ["13.1 mL/h"]}
    assert load["mode"]["enum"] == ["single", "piggyback", "concurrent"]
    assert schema["required"] == ["title", "duration", "pump"]


def test_the_reference_names_every_key():
    reference = (SCENARIOS[0].parent / "README.md").read_text(encoding="utf-8")
    tables = [ScenarioTable.model_json_schema(), *ScenarioTable.model_json_schema()["$defs"].values()]
    missing = {key for table in tables for key in table["properties"] if f"`{key}`" not in reference}
    assert not missing


def test_the_reference_s_example_is_good():
    reference = (SCENARIOS[0].parent / "README.md").read_text(encoding="utf-8")
    example = reference.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(example)
    assert parse_scenario(example, "example").expectations


def test_a_drug_in_a_heavy_base_has_its_density_and_so_has_its_head():
    """Packed cells, 1087.5 kg/m3: 90 cm of them are 9.598 kPa; a fluid without a base counts as water."""
    fluid = {"drug": "haemoglobin", "concentration": "200 mg/mL", "base": "packed-cells"}
    document = changed(good(), ("line", "A"), {"container": {"bag": "300 mL", "fluid": fluid}, "head": "90 cm"})
    a, b = parse_scenario(toml(document), "heavy").pumps[0].path.lines
    assert a.fluid.density_kg_per_m3 == 1087.5
    assert a.fluid.viscosity_mpa_s == pytest.approx(12.43, abs=0.01)
    assert a.head_kpa == pytest.approx(9.598, abs=1e-3)
    assert b.fluid.density_kg_per_m3 == 998.2
