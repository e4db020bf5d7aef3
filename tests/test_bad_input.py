"""Scenario files that are bad: every fault is found, named with key, value and limit, and nothing ever crashes."""

import os
import random
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.catalogue.pumps import MODELS
from pumpsim.errors import Fault, ScenarioError
from pumpsim.scenario_file.files import LARGEST_BYTES
from pumpsim.scenario_file.read import load_scenario, load_scenarios, parse_scenario
from tests.helpers import GOOD, changed, faults_of, good, leaves, toml, without

LOAD_A = ("operator", 0, "load")
LOAD_B = ("operator", 1, "load")
MISSING = object()


@pytest.mark.parametrize(
    ("path", "value", "key", "why", "nearest"),
    [
        (("title",), MISSING, "title", "is missing", None),
        (("title",), "", "title", "empty", None),
        (("duratoin",), "3 h", "duratoin", "unknown key", "duration"),
        (("duration",), "0 s", "duration", "above 0", None),
        (("duration",), "400 d", "duration", "366 days", None),
        (("duration",), 3, "duration", "unit is missing", None),
        (("seed",), -1, "seed", "at least 0", None),
        (("seed",), True, "seed", "whole number", None),
        (("requirements",), ["GIP 1.10.3", "GIP 1.10.33"], "requirements[2]", "unknown requirement", "GIP 1.10.3"),
        (("requirements",), ["REQ 59"], "requirements[1]", "docs/requirements.md", "GPCA REQ 59"),
        (("requirements",), [1], "requirements[1]", "the name of a requirement is wanted", None),
        (("requirements",), "GIP 1.10.3", "requirements", "a list is wanted", None),
        (("record",), {"every": "1 ns"}, "record.every", "no unit of a time", "s"),
        (("record",), {"every": "0.001 ms"}, "record.every", "more than 1000000 samples", None),
        (("pump", "model"), "dual-chanel-cassette", "pump.model", "unknown model", "dual-channel-cassette"),
        (("pump", "model"), MISSING, "pump.model", "is missing", None),
        (("pump",), MISSING, "pump", "is missing", None),
        (("pump",), 5, "pump", "a table is wanted", None),
        (("pump", "modle"), "x", "pump.modle", "unknown key", "model"),
        (("pump", "occlusion_limit"), "16 psi", "pump.occlusion_limit", "6.9 to 103.4 kPa (1 to 15 psi)", None),
        (("pump", "occlusion_limit"), "nan psi", "pump.occlusion_limit", "finite", None),
        (("pump", "occlusion_limit"), "6 PSI", "pump.occlusion_limit", "no unit of a pressure", "psi"),
        (("pump", "sensing"), "sampeld", "pump.sensing", "unknown sensing", "sampled"),
        (("pump", "sensing"), {"period": "0 s"}, "pump.sensing.period", "above 0", None),
        (("line", "a"), {"container": {"bag": "1 L", "fluid": "water"}}, "line.a", "unknown line", "A"),
        (("line",), {}, "line", "is missing", None),
        (("line", "A", "container"), "bag", "line.A.container", "a table is wanted", None),
        (("line", "A", "container", "bag"), "0 mL", "line.A.container.bag", "above 0", None),
        (("set", "common_volume"), "0 mL", "set", "holds 0 uL, which 6 uL/kPa empty at -15 kPa", None),
        (
            ("line", "A", "container"),
            {"burette": "1 L", "overfill": "9 mL", "fluid": "water"},
            "line.A.container",
            "belongs to a bag",
            None,
        ),
        (("line", "A", "container", "bag"), "-1 mL", "line.A.container.bag", "negative", None),
        (("line", "A", "container", "fluid"), "saline", "line.A.container.fluid", "unknown fluid", "saline-0.9"),
        (("line", "A", "container", "fluid"), 9, "line.A.container.fluid", "a name or a table", None),
        (("line", "A", "container", "fluid"), {"drug": "x"}, "line.A.container.fluid", "belong together", None),
        (("line", "A", "container", "fluid"), {"name": "x"}, "line.A.container.fluid", "exactly one of drug or drugs", None),
        (("line", "A", "limb_fluid"), "water", "line.A.limb_fluid", "limb_volume", None),
        (("line", "A", "limb_compliance"), "0 uL/kPa", "line.A.limb_compliance", "above 0", None),
        (("line", "A", "head"), "50 mL", "line.A.head", "is the unit of a volume; a length is wanted", None),
        (("set", "kind"), "micro", "set.kind", "unknown set", None),
        (("set", "access"), "20G-periferal", "set.access", "unknown access", "20G-peripheral"),
        (("set", "transport"), "plugs", "set.transport", "unknown transport", "plug"),
        (("set", "compliance"), "0 uL/kPa", "fault[1].occlude", "no compliance", None),
        ((*LOAD_A, "rate"), 100, "operator[1].load.rate", "unit is missing", None),
        ((*LOAD_A, "rate"), "-100 mL/h", "operator[1].load.rate", "negative", None),
        ((*LOAD_A, "rate"), "0 mL/h", "operator[1].load.rate", "above 0", None),
        ((*LOAD_A, "rate"), "NaN mL/h", "operator[1].load.rate", "finite", None),
        ((*LOAD_A, "rate"), "100.5 mL/h", "operator[1].load.rate", "off the step of 1 mL/h", None),
        ((*LOAD_A, "rate"), "13.125 mL/h", "operator[1].load.rate", "off the step of 0.1 mL/h", None),
        ((*LOAD_A, "rate"), "1000 mL/h", "operator[1].load.rate", "outside 0.1 mL/h to 999 mL/h", None),
        ((*LOAD_A, "rate"), "100 mL", "operator[1].load.rate", "a rate is wanted", None),
        ((*LOAD_A, "rate"), MISSING, "operator[1].load", "exactly one of rate or dose", None),
        ((*LOAD_A, "vtbi"), "0.05 mL", "operator[1].load.vtbi", "outside 0.1 mL to 9999 mL", None),
        ((*LOAD_A, "vtbi"), "0.15 mL", "operator[1].load.vtbi", "off the step of 0.1 mL", None),
        ((*LOAD_A, "line"), "C", "operator[1].load.line", "unknown line", None),
        ((*LOAD_A, "line"), MISSING, "operator[1].load.line", "has the lines A, B", None),
        ((*LOAD_A, "mode"), "piggyback", "operator[1].load.mode", "secondary line", None),
        ((*LOAD_A, "weight"), "70 kg", "operator[1].load", "belong to a dose", None),
        ((*LOAD_A, "purpose"), "hydratation", "operator[1].load.purpose", "unknown purpose", "hydration"),
        ((*LOAD_B, "mode"), "concurent", "operator[2].load.mode", "unknown mode", "concurrent"),
        ((*LOAD_B, "weight"), MISSING, "operator[2].load", "a weight belong together", None),
        ((*LOAD_B, "weight"), "0 kg", "operator[2].load.weight", "above 0", None),
        ((*LOAD_B, "dose"), "5 U/kg/h", "operator[2].load.dose", "counted in U, the concentration 1.6 mg/mL", None),
        ((*LOAD_B, "dose"), "5 MCG/KG/MIN", "operator[2].load.dose", "no unit of a dose rate", "mcg/kg/min"),
        ((*LOAD_B, "dose"), "500 mcg/kg/min", "operator[2].load.dose", "outside 0.1 mL/h to 999 mL/h", None),
        ((*LOAD_B, "drug"), "dopamin", "operator[2].load.drug", "unknown drug of line B", "dopamine"),
        ((*LOAD_B, "line"), "A", "operator[2].load.dose", "line A has no drug", None),
        (("operator", 2, "do"), "go", "operator[3].do", "unknown action", None),
        (("operator", 2, "do"), MISSING, "operator[3]", "exactly one of load, titrate, mode, bolus, temporary", None),
        (("operator", 2, "alarm"), "near-end", "operator[3]", "alarm belongs only", None),
        (("operator", 2, "for"), "2 min", "operator[3]", "for belongs only", None),
        (("operator", 2), {"at": "1 s", "do": "pause-audio", "for": "-1 s"}, "operator[3].for", "negative", None),
        (("operator", 2, "line"), "D", "operator[3].line", "unknown line", None),
        (("operator", 2, "at"), "181 min", "operator[3].at", "beyond the end of the scenario, 3 h", None),
        (("operator", 2, "at"), "-1 s", "operator[3].at", "negative", None),
        (("operator", 2, "pump"), "man", "operator[3].pump", "unknown pump", "main"),
        (("operator",), {"at": "0 s"}, "operator", "write [[operator]]", None),
        (("fault", 0, "at"), "4 h", "fault[1].at", "beyond the end", None),
        (("fault", 0, "until"), "90 min", "fault[1].until", "not after 90 min", None),
        (("fault", 0, "occlude"), "patient", "fault[1].occlude", "unknown place", "patient end"),
        (("expect", 0, "alarm"), "oclusion-distal", "expect[1].alarm", "unknown alarm", "occlusion-distal"),
        (("expect", 0, "line"), "A", "expect[1].line", "whole pump", None),
        (("expect", 0, "between"), ["92 min", "90 min"], "expect[1].between", "begins after its end", None),
        (("expect", 0, "between"), ["92 min"], "expect[1].between", "two instants", None),
        (("expect", 0, "between"), ["1 h", "4 h"], "expect[1].between", "beyond the end", None),
        (("expect", 1, "pumped", "line"), "C", "expect[2].pumped.line", "unknown line", None),
        (("expect", 1, "pumped", "within"), "2 mg", "expect[2].pumped.within", "a percentage or a volume is wanted", None),
        (("expect", 1, "pumped", "within"), MISSING, "expect[2].pumped.within", "is missing", None),
        (("expect", 2, "drug", "name"), "dopamin", "expect[3].drug.name", "unknown drug", "dopamine"),
        (("expect", 2, "drug", "amount"), "3 U", "expect[3].drug.amount", "counted in mg", None),
        (("expect", 2), {"sate": {}}, "expect[3].sate", "unknown key", "state"),
        (("expect", 2), {"state": {"line": "A", "is": "infusin"}}, "expect[3].state.is", "unknown state", "infusing"),
        (("expect", 2), {"released": {}}, "expect[3].released", "at_least or at_most", None),
        (("expect", 2), {"time_left": {"line": "A", "within": "3 min"}}, "expect[3].time_left.within", "only with is", None),
        (("expect", 2), {"time_left": {"line": "A", "of": "reservior"}},
         "expect[3].time_left.of", "unknown volume", "reservoir"),
        (("expect", 2), {"peak_over_mean": {"drug": "dopamine", "window": "4 h", "at_most": 2}},
         "expect[3].peak_over_mean.window", "longer than the 3 h", None),
        (("expect", 2), {"peak_over_mean": {"drug": "dopamine", "window": "1 h", "at_most": float("inf")}},
         "expect[3].peak_over_mean.at_most", "finite", None),
        (("expect", 2), {"signal": {}}, "expect[3].signal", "alarm is wanted", None),
        (("expect", 2), {"signal": {"audible": True, "line": "A"}}, "expect[3].signal", "line belongs to an alarm", None),
        (("expect", 2), {"signal": {"alarm": "idle", "line": "A"}}, "expect[3].signal.line", "whole pump", None),
        (("expect", 2), {"signal": {"alarm": "near-end", "line": "C"}}, "expect[3].signal.line", "unknown line", None),
        (("expect", 2), {"signal": {"alarm": "idle", "at": "4 h"}}, "expect[3].signal.at", "beyond the end", None),
        (("expect", 2), {"signal": {"alarm": "idle", "priority": "urgent"}}, "expect[3].signal.priority", "priority", None),
        (("expect", 2), {"rejected": {"command": "titrat"}}, "expect[3].rejected.command", "unknown command", "titrate"),
        (("expect", 2), {}, "expect[3]", "exactly one of", None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_one_slip_is_one_fault(path, value, key, why, nearest):
    document = without(good(), path) if value is MISSING else changed(good(), path, value)
    faults = [fault for fault in faults_of(toml(document)) if not (path == ("duratoin",) and fault.key == "duration")]
    assert [(fault.key, fault.nearest) for fault in faults] == [(key, nearest)]
    assert why in faults[0].message


@pytest.mark.parametrize(
    "path",
    [p for p in leaves(good()) if p[-1] not in ("title", "drug", "name")],
    ids=lambda path: ".".join(map(str, path)),
)
@pytest.mark.parametrize("value", ["?", -1, [], {}])
def test_nonsense_anywhere_is_one_fault_at_its_key(path, value):
    (fault,) = faults_of(toml(changed(good(), path, value)))
    written = fault.key.replace("[1]", ".0").replace("[2]", ".1").replace("[3]", ".2")
    assert written.startswith(".".join(map(str, path)))


def test_every_fault_of_a_file_in_one_message():
    text = GOOD
    for old, new in (
        ('duration = "3 h"', 'duration = "1 h"'),
        ("dual-channel-cassette", "dual-channel-casette"),
        ('bag = "500 mL"', 'bag = "500"'),
        ('access = "20G-peripheral"', 'acces = "20G-peripheral"'),
        ('within = "2 %"', 'within = "two"'),
    ):
        text = text.replace(old, new)
    with pytest.raises(ScenarioError) as refusal:
        parse_scenario(text, "bad.toml")
    assert str(refusal.value).splitlines() == [
        f'bad.toml: pump.model = "dual-channel-casette": unknown model; one of {len(MODELS)} that pumpsim list shows '
        "(did you mean 'dual-channel-cassette'?)",
        "bad.toml: line.A.container.bag = \"500\": the unit is missing: a volume is wanted, as in '5 mL'",
        "bad.toml: set.acces = \"20G-peripheral\": unknown key (did you mean 'access'?)",
        'bad.toml: fault[1].at = "90 min": is beyond the end of the scenario, 60 min',
        'bad.toml: fault[1].until = "95 min": is beyond the end of the scenario, 60 min',
        "bad.toml: expect[2].pumped.within = \"two\": a number and a unit are wanted, as in '5 mL'",
    ]


@pytest.mark.parametrize(
    ("rate_a", "rate_b", "why"),
    [
        ("300 mL/h", "201 mL/h", "501 mL/h is above the concurrent limit of 500 mL/h"),
        ("0.4 mL/h", "10 mL/h", "line A at 0.4 mL/h is below"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_lines_started_together_must_fit_together(rate_a, rate_b, why, together):
    starts = [{"at": "5 s", "do": "start"}] if together else [{"at": "5 s", "do": "start", "line": x} for x in "AB"]
    operator = [
        {"at": "1 s", "load": {"line": "A", "rate": rate_a}},
        {"at": "2 s", "load": {"line": "B", "rate": "10 mL/h", "mode": "concurrent"}},
        {"at": "3 s", "titrate": {"line": "B", "rate": rate_b}},
        *starts,
    ]
    (fault,) = faults_of(toml({**good(), "operator": operator}))
    assert fault.key == f"operator[{3 + len(starts)}].do"
    assert why in fault.message


@pytest.mark.parametrize(
    "change",
    [
        {"at": "4 s", "titrate": {"line": "A", "rate": "200 mL/h"}},
        {"at": "4 s", "mode": {"line": "B", "mode": "piggyback"}},
        {"at": "4 s", "do": "start", "line": "A"},
    ],
)
def test_what_fits_in_time_is_left_to_the_pump(change):
    operator = [
        {"at": "1 s", "load": {"line": "A", "rate": "300 mL/h"}},
        {"at": "2 s", "load": {"line": "B", "rate": "300 mL/h", "vtbi": "10 mL", "mode": "concurrent"}},
        change,
        {"at": "5 s", "do": "start"},
    ]
    assert parse_scenario(toml({**good(), "operator": operator}), "x")


def test_entries_of_several_pumps_must_name_theirs():
    pump = {"model": "single-channel-cassette", "line": {"A": {"container": {"bag": "1 L", "fluid": "water"}}}}
    document = {
        "title": "x", "duration": "1 h", "pump": {"left": pump, "right": pump, "b/d": pump}, "set": {},
        "operator": [{"at": "0 s", "do": "start"}, {"at": "0 s", "pump": "middle", "do": "start"}],
    }  # fmt: skip
    faults = faults_of(toml(document))
    assert [fault.key for fault in faults] == ["set", 'pump."b/d"', "operator[1].pump", "operator[2].pump"]
    assert [fault.message for fault in faults][2:] == [
        "is missing: there are several pumps; valid: left, right",
        "unknown pump; valid: left, right",
    ]


def test_a_pump_that_stands_alone_and_another_one():
    (fault,) = faults_of(toml(changed(good(), ("pump", "two"), {"model": "single-channel-cassette"})))
    assert (fault.key, fault.message.split(";")[0]) == ("pump.two", "unknown key")


def test_tables_that_are_given_twice():
    document = changed(good(), ("pump", "line"), {"A": good()["line"]["A"]})
    assert "line" in [fault.key for fault in faults_of(toml(document))]


def test_one_drug_is_counted_in_one_unit():
    fluid = {"drug": "dopamine", "concentration": "1 U/mL"}
    faults = faults_of(toml(changed(good(), ("line", "A", "container", "fluid"), fluid)))
    assert any("dopamine is counted in U and in mg" in fault.message for fault in faults)


def test_a_load_on_a_line_without_a_container():
    faults = faults_of(toml({**without(good(), ("line", "B")), "expect": []}))
    assert [(fault.key, fault.message) for fault in faults] == [
        ("operator[2].load.line", "line B has no container: write a [line.B]")
    ]


def test_a_place_cannot_be_closed_twice():
    fault = {"at": "94 min", "occlude": "patient end"}
    (found,) = faults_of(toml({**good(), "fault": [*good()["fault"], fault]}))
    assert (found.key, found.message) == ("fault[2].occlude", "is closed already at 94 min, until 95 min")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" \n\t\n", "is empty"),
        ("title = \n", "is no TOML: Invalid value (at line 1, column 9"),
        ('a = "1"\na = "2"', "Cannot overwrite a value"),
        ("[pump]\n[pump]", "twice"),
        ("x = " + "[" * 100_000, "is no TOML"),
        ("x = " + "9" * 10_000, "is no TOML"),
        ("\x00", "is no TOML"),
        ("just some words", "is no TOML"),
    ],
    ids=range(9),
)
def test_what_is_no_toml(text, why):
    (fault,) = faults_of(text)
    assert why in fault.message


def test_values_that_toml_has_and_scenarios_have_not():
    faults = faults_of(GOOD.replace('duration = "3 h"', "duration = 1979-05-27T07:32:00Z"))
    assert ("duration", "a text is wanted, as in '10 s'") in [(fault.key, fault.message) for fault in faults]


def test_long_values_and_strange_keys_stay_on_one_line():
    text = GOOD + f'[expect."a\\nb"]\nx = "{"y" * 500}"\n[zzz]\n'
    for fault in faults_of(text.replace("[[expect]]", "[[expect2]]").replace("[expect.", "[expect3.")):
        assert "\n" not in str(fault)
        assert len(str(fault)) < 300


class TestFiles:
    """What can be wrong with a file before its text is read."""

    def refused(self, *paths):
        with pytest.raises(ScenarioError) as refusal:
            load_scenarios(paths)
        return [(fault.file, fault.message) for fault in refusal.value.faults]

    def test_absent(self, tmp_path):
        path = tmp_path / "absent.toml"
        assert self.refused(path) == [(str(path), "there is no such file")]

    def test_directory(self, tmp_path):
        assert self.refused(tmp_path)[0][1] == "is a folder; a scenario file is wanted"

    def test_binary(self, tmp_path):
        path = tmp_path / "x.toml"
        path.write_bytes(b"title\xff\xfe")
        assert self.refused(path)[0][1] == "is no text: byte 6 is not UTF-8"

    def test_too_large(self, tmp_path):
        path = tmp_path / "x.toml"
        path.write_bytes(b"#" * (LARGEST_BYTES + 1))
        assert self.refused(path)[0][1] == "has 1000001 bytes; a scenario has at most 1000000"

    def test_no_regular_file(self, tmp_path):
        path = tmp_path / "fifo.toml"
        os.mkfifo(path)
        assert self.refused(path)[0][1] == "is no regular file"

    def test_a_link_to_itself(self, tmp_path):
        path = tmp_path / "loop.toml"
        path.symlink_to(path)
        assert self.refused(path)[0][1].startswith("cannot be read")

    def test_a_name_that_no_file_can_have(self, tmp_path):
        assert self.refused(tmp_path / "a\x00b.toml")[0][1].startswith("cannot be read")

    def test_a_name_that_is_no_text(self, tmp_path):
        path = tmp_path / os.fsdecode(b"caf\xe9.toml")
        (file, message) = self.refused(path)[0]
        assert message == "there is no such file"
        assert file.encode("utf-8")

    def test_equal_stems(self, tmp_path):
        (tmp_path / "other").mkdir()
        paths = [tmp_path / "same.toml", tmp_path / "other" / "same.toml"]
        for path in paths:
            path.write_text(GOOD, encoding="utf-8")
        assert self.refused(*paths) == [(str(paths[1]), f"has the same name as {paths[0]}: both would leave runs/same")]

    def test_all_faults_of_all_files(self, tmp_path):
        good_path, bad, absent = (tmp_path / f"{name}.toml" for name in ("good", "bad", "absent"))
        good_path.write_text(GOOD, encoding="utf-8")
        bad.write_text(GOOD.replace('"3 h"', '"3"').replace('"2.5 mL"', '"2.5"'), encoding="utf-8")
        assert [file for file, _ in self.refused(good_path, bad, absent)] == [str(bad), str(bad), str(absent)]


@given(st.text())
def test_any_text_is_a_scenario_or_refused(text):
    with pytest.raises(ScenarioError):
        parse_scenario(text, "any")


NASTY = ['""', '"?"', "0", "-1", "1e400", "nan", "inf", "true", "[]", "{}", "[[]]", "[{}]", '"1e99 mL"', '"-1 s"', "1979-05-27",
         '"9999999 d"', '"A"', '"1e-99 mL/h"', '{ a = "b" }', '["1 s", "2 s"]', '"\\u0000"', '"patient end"']  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_any_values_anywhere_are_a_scenario_or_refused(seed):
    """One to four values of the good scenario replaced by others, some of them its own."""
    chance = random.Random(seed)
    lines = GOOD.strip().splitlines()
    parts = [part.strip() for line in lines for part in line.split("=", 1)[1:]] + NASTY
    for _ in range(chance.randint(1, 4)):
        i = chance.randrange(len(lines))
        key, equals, _ = lines[i].partition("=")
        lines[i] = (
            f"{key}={chance.choice(parts)}" if equals else chance.choice(["[line.C]", "[pump.x]", "[[set]]", lines[i]])
        )
    text = "\n".join(lines)
    faults: tuple[Fault, ...] = ()
    try:
        parse_scenario(text, "any")
    except ScenarioError as refusal:
        faults = refusal.faults
    assert all("\n" not in str(fault) for fault in faults), f"seed {seed}"


def test_a_good_file_beside(tmp_path):
    """The base of all these tests is good itself."""
    path = tmp_path / "good.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_scenario(path).entries
    assert tomllib.loads(toml(good())) == good()


def test_what_can_shut_wants_something_that_gives():
    """A rigid set with a valve in its way, its own or a junction's; a junction that is closed above a rigid set."""
    rigid = {"kind": "ideal", "valve": "0 kPa"}
    (fault,) = faults_of(toml(without(changed(good(), ("set",), rigid), ("fault",))))
    assert (fault.key, "compliance above 0" in fault.message) == ("set", True)
    junction = {"kind": "extension-150", "valve": "1 kPa", "access": "20G-peripheral"}
    document = changed(changed(good(), ("set",), {"kind": "ideal", "into": "m"}), ("junction",), {"m": junction})
    (fault,) = faults_of(toml(without(document, ("fault",))))
    assert (fault.key, "one-way valve" in fault.message) == ("set", True)
    document = changed(document, ("junction", "m"), {"kind": "extension-150", "access": "20G-peripheral"})
    (fault,) = faults_of(toml(changed(document, ("fault", 0, "occlude"), "junction m")))
    assert (fault.key, "no compliance" in fault.message) == ("fault[1].occlude", True)


def test_a_junction_that_is_not_on_the_way_is_no_place():
    """Two pumps, a junction each: the one's is not the other's."""
    pump = {"model": "single-channel-cassette", "line": {"A": {"container": {"bag": "1 L", "fluid": "water"}}}}
    ends = {"kind": "extension-150", "access": "20G-peripheral"}
    document = {
        "title": "t",
        "duration": "1 h",
        "pump": {"a": {**pump, "set": {"into": "x"}}, "b": {**pump, "set": {"into": "y"}}},
        "junction": {"x": ends, "y": ends},
        "fault": [{"at": "1 min", "pump": "b", "occlude": "junction x"}],
    }
    (fault,) = faults_of(toml(document))
    assert (fault.key, fault.nearest) == ("fault[1].occlude", "junction y")
