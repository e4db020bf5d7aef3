"""What a run leaves: whole or not at all, readable by others, and enough to repeat every decision."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pumpsim.analysis.expectations import judge
from pumpsim.analysis.summary import summarise
from pumpsim.errors import JournalError
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.lone.history import LoneHistory
from pumpsim.journal import read_journal
from pumpsim.replay import replay
from pumpsim.report.infusion_tables import estimate_table
from pumpsim.report.records import BreakpointFile, read_breakpoints, write_folder, write_records
from pumpsim.scenario import PumpSetup
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.ieee_names import ALARMS, DELIVERY
from pumpsim.vocabulary.inputs import LoadProgram, Start, Titrate
from pumpsim.vocabulary.program import LineMode
from tests.build import MIN, STROKES, H, S, path, program, scenario

GOLDEN = Path(__file__).parent / "golden"


def a_scenario():
    return scenario(
        (0, LoadProgram("A", program(100, 60))),
        (0, LoadProgram("B", program(25, 10, LineMode.CONCURRENT))),
        (0, Start()),
        (10 * MIN, Titrate("A", 120_000_000)),
        (20 * MIN, Titrate("A", 600_000_000)),
        (30 * MIN, Occlude(Place.PATIENT_END)),
        (35 * MIN, Release(Place.PATIENT_END)),
        (36 * MIN, Start()),
        until_ns=H,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run = simulate(a_scenario())
    outcomes = judge(run.scenario, run.by_pump)
    summary = summarise(run.scenario, run.by_pump, outcomes, run.digest, run.wall_s)
    write_records(folder, run.scenario, run.by_pump, run.journal_by_pump, summary)
    return folder, run, summary


def test_summary_has_what_it_promises(written):
    _, run, summary = written
    assert {"title", "duration_s", "seed", "digest", "pumps", "patient", "alarms", "expectations", "speed"} <= set(
        summary
    )
    lines = summary["pumps"]["main"]["lines"]
    assert lines["A"]["programmed_ml"] == 60
    assert set(lines["B"]) >= {"programmed_ml", "owed_ml", "pumped_ml", "at_patient_ml"}
    drug = summary["patient"]["drugs"]["drug"]
    in_line = run.traces[0].at([H]).pump_drug[0, 0] - drug["delivered_mg"]
    assert drug["in_line_mg"] == pytest.approx(in_line)
    first = summary["alarms"][0]
    assert set(first) == {"id", "pump", "line", "priority", "raised_at_s", "cleared_at_s"}
    occlusion = next(a for a in summary["alarms"] if a["id"] == "occlusion-distal")
    assert 1800 < occlusion["raised_at_s"] < occlusion["cleared_at_s"] < 2101
    assert summary["passed"] is False, "the titration above the sum was refused and nobody expected it"
    assert json.loads(json.dumps(summary)) == summary


def test_summary_tells_what_the_pump_said_was_left(written):
    """60 mL at 100 mL/h; 43.33 mL at 120 from 10 min on; a titration that is refused changes nothing. B: 10 mL at 25 mL/h."""
    _, run, summary = written
    lines = summary["pumps"]["main"]["lines"]
    assert [(row["at_s"], row["after"]) for row in lines["A"]["time_left"]] == [
        (0.0, "program-loaded"),
        (0.0, "delivery-started"),
        (600.0, "rate-changed"),
        (2160.0, "delivery-started"),
    ]
    assert [row["vtbi_left_s"] for row in lines["A"]["time_left"][:3]] == pytest.approx([2160, 2160, 1300], abs=1)
    assert [row["vtbi_left_ml"] for row in lines["A"]["time_left"][:3]] == pytest.approx([60, 60, 43.33], abs=0.01)
    assert [row["vtbi_left_s"] for row in lines["B"]["time_left"][:2]] == pytest.approx([1440, 1440], abs=1)
    assert all("reservoir_left_s" not in row for line in "AB" for row in lines[line]["time_left"])
    table = estimate_table(run.traces[0].estimates)
    assert table is not None
    assert table.rows[2] == ("0 s", "A", "delivery-started", "60", "36 min", "", "")


def test_summary_tells_what_each_line_delivered(written):
    """A 100 mL/h from 0 to 10 min, then 120; B's drug beside it throughout, so that no minute of A counts as hydration."""
    _, run, summary = written
    lines, infusions = summary["pumps"]["main"]["lines"], summary["infusions"]
    end = run.traces[0].at([H])
    assert lines["A"]["drugs"] == {}
    assert lines["B"]["drugs"]["drug"]["pumped_mg"] == pytest.approx(end.pump_drug[0, 0])
    assert lines["B"]["drugs"]["drug"]["at_patient_mg"] == pytest.approx(end.patient_drug[0, 0])
    first, second, *_ = lines["A"]["segments"]
    assert (first["from_s"], first["to_s"], first["rate_ml_per_h"], first["ended"]) == (
        0,
        600,
        100,
        "rate changed (operator)",
    )
    assert (second["from_s"], second["state"], second["fluid"]) == (600, "infusing", "saline-0.9")
    assert [(t["line"], t["purpose"]) for t in infusions["times"]] == [("A", "hydration"), ("B", "therapeutic")]
    assert [(d["role"], d["units"]) for d in infusions["documented"]] == [
        ("therapeutic", {"96365": 1}),
        ("hydration", {}),
    ]
    assert infusions["note"][0] == "Shown for documentation, not advice."


def test_csv_has_one_header_units_in_every_name_and_every_event(written):
    folder, run, _ = written
    with (folder / "trace.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    header, body = rows[0], rows[1:]
    assert all(name.rsplit("_", 1)[-1] in ("s", "kpa", "h", "ml", "mg") for name in header[:-3])
    assert {len(row) for row in body} == {len(header)}
    times = [float(row[0]) for row in body]
    assert times == sorted(times)
    assert times[-1] == 3600
    events = [row[-3] for row in body if row[-3]]
    assert len(events) == len(run.traces[0].records)
    assert "command-rejected" in events
    middle = body[len(body) // 2]
    exact = run.traces[0].at([round(float(middle[0]) * S)])
    assert float(middle[header.index("A_pumped_ml")]) == pytest.approx(exact.pumped_ml[0, 0], rel=1e-8)


def test_events_are_json_lines_in_time(written):
    folder, run, _ = written
    rows = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(run.traces[0].records)
    assert [row["at_ns"] for row in rows] == sorted(row["at_ns"] for row in rows)
    assert {"at_s", "pump", "line", "event"} <= set(rows[0])


def test_events_carry_their_11073_name_where_one_is_verified(written):
    folder, _, _ = written
    rows = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    named = {row["event"]: (row.get("ieee"), row.get("ieee_code")) for row in rows if "alarm" not in row}
    assert named["delivery-started"] == ("MDC_EVT_PUMP_DELIV_START", 197_288)
    assert named["delivery-stopped"] == ("MDC_EVT_PUMP_DELIV_STOP", None)
    assert named["rate-changed"] == named["command-rejected"] == (None, None)
    occlusions = [row for row in rows if row.get("alarm") == "occlusion-distal"]
    assert {row["event"] for row in occlusions} >= {"alarm-raised", "alarm-cleared"}
    assert {(row["ieee"], row["ieee_code"]) for row in occlusions} == {("MDC_EVT_FLUID_LINE_OCCL", 196_940)}


def test_every_11073_name_has_its_source_and_its_code_is_of_partition_3():
    for name in (*DELIVERY.values(), *ALARMS.values()):
        assert name.refid.startswith("MDC_EVT_")
        assert len(name.source) > 40
        assert name.code is None or name.code >> 16 == 3


def test_journal_replays_and_says_where_it_parts(written, tmp_path):
    folder, run, _ = written
    journal = folder / "inputs.jsonl"
    assert replay(journal).equal == len(run.journals[0])
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if '"Titrate"' in line and "120000000" in line)
    broken = tmp_path / "inputs.jsonl"
    broken.write_text("".join([*lines[:at], lines[at].replace("120000000", "121000000", 1), *lines[at + 1 :]]))
    parting = replay(broken).parting
    assert parting is not None
    assert parting.number == at, "lines are counted from the header"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty, not a journal"),
        (b"\x00\xff\x00\n", "line 1: not a line of a journal"),
        (b'{"type":"Header"}\n', "line 1: not a line of a journal"),
        (b"[" * 100_000 + b"\n", "line 1: not a line of a journal"),
    ],
)
def test_what_is_no_journal_is_refused(tmp_path, content, says):
    file = tmp_path / "bad.jsonl"
    file.write_bytes(content)
    with pytest.raises(JournalError, match=says):
        replay(file)


def test_killed_in_the_middle_of_a_line_the_rest_still_replays(written, tmp_path):
    folder, run, _ = written
    text = (folder / "inputs.jsonl").read_bytes()
    cut = tmp_path / "inputs.jsonl"
    cut.write_bytes(text[:-40])
    result = replay(cut)
    assert result.parting is None
    assert result.equal == len(run.journals[0]) - 1


def test_header_carries_the_whole_model(written):
    folder, _, _ = written
    header, _ = read_journal(folder / "inputs.jsonl")
    assert header.model == STROKES


@pytest.mark.parametrize("journal", sorted(GOLDEN.glob("*.jsonl")), ids=lambda file: file.stem)
def test_journals_of_earlier_days_still_replay(journal):
    """Recorded on another Python and another machine: decisions are the same everywhere."""
    result = replay(journal)
    assert result.parting is None
    assert result.equal > 5


def test_there_are_golden_journals():
    assert len(list(GOLDEN.glob("*.jsonl"))) >= 2


def test_breakpoints_come_back_bit_for_bit(written, tmp_path):
    _, run, _ = written
    file = BreakpointFile(tmp_path / "trace.npz", run.scenario)
    simulate(run.scenario, file.add)
    file.close()
    chunks = read_breakpoints(tmp_path / "trace.npz")["main"]
    trace = run.traces[0]
    again = PumpTrace(
        "main",
        trace.model,
        trace.setup,
        history=LoneHistory(trace.setup, chunks),
        records=trace.records,
        decisions=trace.decisions,
        state=trace.state,
    )
    assert again.digest() == trace.digest()


def test_with_a_sink_memory_keeps_only_the_end_and_the_totals_agree():
    base = scenario((0, LoadProgram("A", program(900))), (0, Start()), until_ns=48 * H, setup=path(bags_ml=(60e3, 1.0)))
    chunks: list[Chunk] = []
    streamed = simulate(base, lambda _, chunk: chunks.append(chunk)).traces[0]
    kept = simulate(base).traces[0]
    assert len(streamed.chunks) < len(kept.chunks) == len(chunks)
    assert np.array_equal(streamed.at([48 * H]).patient_ml, kept.at([48 * H]).patient_ml)


def test_a_folder_is_swapped_in_whole_or_left_as_it_was(tmp_path):
    folder = tmp_path / "runs" / "one"
    write_folder(folder, lambda beside: (beside / "a").write_text("first"))

    def dies(beside: Path) -> None:
        (beside / "a").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, dies)
    assert (folder / "a").read_text() == "first"
    assert [p.name for p in folder.parent.iterdir()] == ["one"], "nothing is left beside it"
    write_folder(folder, lambda beside: (beside / "b").write_text("second"))
    assert [p.name for p in folder.iterdir()] == ["b"]


def test_several_pumps_each_have_their_own_controller_path_and_journal(tmp_path):
    base = a_scenario()
    second = PumpSetup("second", STROKES, path(bags_ml=(50.0, 50.0)), base.pumps[0].sensing)
    entries = (*base.entries, *(replace(e, pump="second") for e in base.entries if e.at_ns == 0))
    both = simulate(replace(base, pumps=(*base.pumps, second), entries=entries))
    assert both.by_pump["main"].digest() == simulate(base).traces[0].digest(), "one pump does not disturb the other"
    write_records(tmp_path, both.scenario, both.by_pump, both.journal_by_pump, {})
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "events.jsonl",
        "inputs.main.jsonl",
        "inputs.second.jsonl",
        "summary.json",
        "trace.main.csv",
        "trace.second.csv",
    ]
