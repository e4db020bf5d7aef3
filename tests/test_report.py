"""The page: whole, self-contained, honest about what it rests on."""

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pumpsim.analysis.expectations import Outcome
from pumpsim.analysis.summary import summarise
from pumpsim.report.content import DISCLAIMER, Report, build_report
from pumpsim.report.gallery import write_gallery
from pumpsim.report.page import render, write_report
from pumpsim.report.table import amount, error, number
from pumpsim.scenario import PumpSetup, Scenario
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
        "Pump main: Dual-channel cassette pump",
        "Events",
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
