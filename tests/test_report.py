"""The page: whole, self-contained, honest about what it rests on."""

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pumpsim.analysis.expectations import Outcome
from pumpsim.analysis.infusion_units import LEFT_OUT
from pumpsim.analysis.segments import segments
from pumpsim.analysis.summary import summarise
from pumpsim.report.content import DISCLAIMER, Report, build_report
from pumpsim.report.gallery import write_gallery
from pumpsim.report.infusion_tables import segment_table
from pumpsim.report.page import render, write_report
from pumpsim.report.table import amount, error, number
from pumpsim.scenario import PumpSetup, Scenario
from pumpsim.scenario_file import load_scenario
from pumpsim.simulation import Run, simulate
from pumpsim.vocabulary.disturbances import Refill
from pumpsim.vocabulary.inputs import LoadProgram, Start
from pumpsim.vocabulary.path import AmountUnit
from tests.analysis.cases import CASES, occluded, push_out, run_of
from tests.build import DRUG, SMOOTH, STROKES, H, path, program, scenario

VOID = {"meta", "link", "br", "hr", "img", "input", "col"}
OUTCOMES = (
    Outcome("alarm occlusion-distal between 90 min and 92 min", True, "90 min 7.469 s"),
    Outcome('line A pumps 149 mL & "no more" <than that>', False, "288.5 mL"),
)


def report_of(run: Run, outcomes: tuple[Outcome, ...] = OUTCOMES) -> Report:
    traces = {trace.pump: trace for trace in run.traces}
    summary = summarise(run.scenario, traces, outcomes, "0123abcd", 0.004)
    return build_report(run.scenario, run.traces, outcomes, summary)


@cache
def page_of(name: str) -> str:
    return render(report_of(run_of(name)))


@cache
def two_pumps() -> Run:
    one, other = occluded(), push_out(STROKES, path())
    second = PumpSetup("second", other.pumps[0].model, other.pumps[0].path, other.pumps[0].sensing)
    moved = tuple(replace(entry, pump="second") for entry in other.entries)
    entries = tuple(sorted(one.entries + moved, key=lambda entry: entry.at_ns))
    both = Scenario("two", "Two pumps", one.duration_ns, 7, (one.pumps[0], second), entries, (), one.record_every_ns)
    return simulate(replace(both, description="First.\n\nSecond <b>."))


class Reader(HTMLParser):
    """Follows what is open, and collects text, ids and references."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.anchors: list[str] = []
        self.text: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self._note(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing of its own"

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key == "id":
                self.ids.append(value or "")
            elif key == "href":
                assert value is not None
                assert value.startswith("#"), f"<{tag} href={value}>"
                self.anchors.append(value[1:])
            assert key not in ("src", "action", "onclick"), f"<{tag} {key}={value}>"


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_whole_and_self_contained(name: str) -> None:
    page = page_of(name)
    reader = read(page)
    assert len(set(reader.ids)) == len(reader.ids)
    assert set(reader.anchors) <= set(reader.ids)
    assert "<script" not in page
    assert "@import" not in page
    assert set(re.findall(r"https?://[^\"'\s<>]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\((?!#)", page)


def test_the_page_says_what_was_expected_and_measured() -> None:
    text = " ".join("".join(read(page_of("occluded")).text).split())
    for outcome in OUTCOMES:
        assert outcome.text in text
        assert outcome.measured in text
    assert "FAIL 1 of 2 expectations hold." in text
    assert text.count(DISCLAIMER) == 2
    assert "✓ holds" in text
    assert "✗ fails" in text


def test_every_unverified_figure_is_named_and_the_verdict_says_so() -> None:
    run = run_of("occluded")
    text = " ".join("".join(read(page_of("occluded")).text).split())
    unverified = [entry for entry in run.scenario.pumps[0].sources if not entry.verified]
    assert unverified
    for entry in unverified:
        assert entry.figure in text
        assert entry.source in text
    assert "alarm occlusion-distal" in text  # its row rests on a clause that was not at hand
    assert f"This verdict rests on {len(unverified) + 1} unverified figures" in text


def test_the_order_of_the_page() -> None:
    assert read(page_of("occluded")).headings == [
        "test",
        "Expectations",
        "Totals",
        "Infusion times",
        "What is left out",
        "Pump main: Dual-channel cassette pump",
        "Events",
        "Delivery segments",
        "Volume and time left",
        "Occlusion: stored and released",
        "Mass balance",
        "How it was run",
        "Unverified figures",
    ]


def test_totals_and_what_was_stored() -> None:
    """A: 89 min, 7.469 s and 84 min at 100 mL/h are 288.54 mL; 100/113.1 of 2.5 mL, and of what R Q C stores, less."""
    text = " ".join("".join(read(page_of("occluded_smooth")).text).split())
    assert "main A infusing 400.00 288.54 288.54 286.32" in text
    assert "90 min 7.469 s 41.37 0.2482 95 min 0.2457 drug 28.46 mcg" in text
    assert "0123abcd" in text
    assert "4 ms, 2,700,000 times real time" in text


def test_segments_infusion_times_and_the_drugs_of_each_line() -> None:
    """V11: A 125 mL/h, 30 min and 90 min of hydration, but 30 of B's drug between; KVO from 150 min on."""
    text = " ".join("".join(read(page_of("piggyback")).text).split())
    assert "main A hydration saline-0.9 0 s 150 min delivery complete 1 30.0 30.0 120.0 main B" in text
    assert "main B therapeutic drug 1 mg/mL 30 min 60 min delivery complete 0 0.0 0.0 30.0 To the second" in text
    assert "main main B therapeutic 1 x 96365 30 main main A hydration 2 x 96361 120" in text
    assert "Shown for documentation, not advice." in text
    assert LEFT_OUT[0] in text
    assert "main B drug 100.00 mg 100.00 mg" in text
    kvo = "A 150 min 3 h kvo saline-0.9 delivery complete record ended 1 30.0 0.50000"
    assert kvo in text


def test_of_very_many_segments_the_first_and_the_last_are_shown() -> None:
    (one,) = (s for s in segments(run_of("minute").traces[0]) if s.line == "A")
    table = segment_table([one] * 500 + [replace(one, rate_nl_per_h=7)] * 2 + [one] * 500)
    assert len(table.rows) == 1_001
    assert "2 segments left out here: see summary.json" in table.rows[500]
    assert len({len(row) for row in (*table.rows, table.headings)}) == 1
    assert len(segment_table([one] * 1_000).rows) == 1_000


def test_what_never_ran_has_no_times() -> None:
    page = render(report_of(simulate(scenario((0, LoadProgram("A", program(60))), until_ns=H))))
    assert "Infusion times" not in page
    assert "Delivery segments" not in page


def test_nothing_expected_is_no_verdict() -> None:
    report = report_of(run_of("minute"), ())
    assert report.verdict.word == "NO VERDICT"
    text = " ".join("".join(read(render(report)).text).split())
    assert "This scenario expects nothing." in text
    assert "This verdict rests" not in text


def test_several_pumps_have_a_section_each() -> None:
    reader = read(render(report_of(two_pumps())))
    assert [h for h in reader.headings if h.startswith("Pump ")] == [
        "Pump main: Dual-channel cassette pump",
        "Pump second: Dual-channel cassette pump",
    ]
    assert {"pump-1", "pump-2", "p1-states-title", "p2-states-title"} <= set(reader.ids)
    assert "Second <b>." in "".join(reader.text)


def test_a_long_list_of_events_can_be_folded_but_is_there() -> None:
    page = page_of("restless")
    assert "<details open>" in page
    assert re.search(r">\d{3,4} segments</summary>", page)
    assert page.count('<tr>\n<th scope="row" class="short">') > len(run_of("restless").traces[0].records) > 1_000
    assert "<details" not in page_of("minute")


def test_a_balance_that_does_not_close_is_said_loudly() -> None:
    report = report_of(run_of("minute"))
    broken = replace(report, pumps=tuple(replace(pump, balanced=False, worst="1e−03") for pump in report.pumps))
    assert "The balance does not close:" in render(broken)
    assert "The balance does not close:" not in page_of("minute")


def test_the_page_is_swapped_in(tmp_path: Path) -> None:
    report, path_ = report_of(run_of("minute")), tmp_path / "report.html"
    path_.write_text("old", encoding="utf-8")
    write_report(path_, report)
    assert path_.read_text(encoding="utf-8") == render(report)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_the_gallery_is_the_same_each_time_and_drops_what_is_no_longer_drawn(tmp_path: Path) -> None:
    one = run_of("minute")
    for folder in (tmp_path / "a", tmp_path / "b"):
        (folder / "two").mkdir(parents=True)
        (folder / "two" / "old.svg").write_text("old", encoding="utf-8")
        write_gallery([one.scenario, two_pumps().scenario], [one.traces, two_pumps().traces], folder)
    files = {p.relative_to(tmp_path / "a"): p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    assert files == {p.relative_to(tmp_path / "b"): p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file()}
    assert Path("test/rates.svg") in files
    assert Path("two/second-rates.svg") in files
    assert Path("two/old.svg") not in files
    index = files[Path("README.md")].decode()
    for name in files:
        assert name.suffix != ".svg" or f"({name.as_posix()})" in index


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "–"), (0.0, "0"), (288.5312, "288.53"), (-12.5, "−12.500"), (1272.63, "1,272.6"), (0.0096085, "0.0096085")],
)
def test_numbers_are_written_as_people_do(value: float | None, written: str) -> None:
    assert number(value) == written


def test_amounts_and_errors() -> None:
    assert amount(0.0382, AmountUnit.MG) == "38.20 mcg"
    assert amount(34.9, AmountUnit.MG) == "34.90 mg"
    assert amount(0.05, AmountUnit.U) == "0.05000 U"
    assert amount(0.0, AmountUnit.MG) == "0 mg"
    assert (error(0.0), error(3.99e-14)) == ("0", "4e−14")


def test_changed_containers_stand_in_the_report_and_in_the_balance() -> None:
    """An hour at 10 mL/h from 1000 mL, then all but 5 mL of 990 withdrawn and 50 mL put in."""
    entries = ((0, LoadProgram("B", program(10))), (0, Start("B")), (H, Refill("B", 50.0, DRUG, 985.0)))
    (pump,) = report_of(simulate(scenario(*entries, until_ns=2 * H, model=SMOOTH))).pumps
    assert pump.containers is not None
    assert pump.containers.rows[1:] == (
        ("B bag", "drug 1 mg/mL", "the start", "1,000.00", "985.000", "5.00000", "0"),
        ("B bag 2", "drug 1 mg/mL", "60 min", "55.0000", "0", "0", "45.0000"),
    )
    assert pump.balance.headings[-3:] == ("Taken away", "Mixed", "Error")
    (plain,) = report_of(run_of("minute")).pumps
    assert plain.containers is None
    assert not {"Hung later", "Taken away", "Mixed"} & set(plain.balance.headings)


def test_the_patient_s_requests_are_shown_where_there_were_any():
    night = simulate(load_scenario(Path(__file__).resolve().parents[1] / "scenarios" / "pca_night.toml"))
    table = report_of(night).requests
    assert table is not None
    assert table.rows == (("main", "A", "9", "6", "0", "3"),)
    assert "Doses on request" in render(report_of(night))
    assert report_of(run_of("occluded")).requests is None
