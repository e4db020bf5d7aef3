"""How a drive ended: its records, its volumes, its expectations, its exit code."""

import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from firmware_bridge.bridge import Bridge, LinkEvent, LinkEventKind
from firmware_bridge.loop import CONNECT_NS, DriveEnd
from firmware_bridge.recording import Recording
from pumpsim.analysis.expectations import judge
from pumpsim.analysis.summary import summarise
from pumpsim.codec import Json
from pumpsim.errors import PumpsimError
from pumpsim.report.records import csv_lines, event_row
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId

LOSSES = (LinkEventKind.LOST, LinkEventKind.TRIPPED, LinkEventKind.RESTARTED)


def conclude(
    end: DriveEnd, bridge: Bridge, recording: Recording, scenario: Scenario, port: str, *, report: bool
) -> int:
    """Leave the records, say how it went, and choose the exit code."""
    if bridge.zero_ns is None:
        if end is DriveEnd.REFUSED:
            raise PumpsimError(f"{port}: {bridge.refusal}")
        if end is DriveEnd.INTERRUPTED:
            print("interrupted before the device answered; nothing was moved", file=sys.stderr)
            return 130
        raise PumpsimError(
            f"{port}: no device answered within {CONNECT_NS / 1e9:g} s (native protocol, right baud rate?)"
        )
    passed = _leave(end, bridge, recording, scenario, report=report)
    if not bridge.at_rest:
        print("the device has not confirmed that it stands; its own watchdog stops it", file=sys.stderr)
    if end is DriveEnd.INTERRUPTED:
        print(f"interrupted at {recording.end_ns / 1e9:.1f} s; the pump was stopped first", file=sys.stderr)
        return 130
    if end is DriveEnd.REFUSED:
        print(f"{port}: another device answers after the loss: {bridge.refusal}", file=sys.stderr)
        return 1
    expected = any(getattr(e, "alarm", None) is AlarmId.COMMUNICATION_LOST for e in scenario.expectations)
    lost = any(e.kind in LOSSES for e in recording.link_events)
    if end is DriveEnd.LINK_LOST or (lost and not expected):
        print(f"the link was lost: {end.value}" if end is DriveEnd.LINK_LOST else "the link was lost", file=sys.stderr)
        return 1
    return 0 if passed else 1


def _leave(end: DriveEnd, bridge: Bridge, recording: Recording, scenario: Scenario, *, report: bool) -> bool:
    """Write and print what a simulation would; whether every expectation held (judged only when the end was reached)."""
    complete = end is DriveEnd.COMPLETE
    end_ns = scenario.duration_ns if complete else max(1, recording.end_ns)
    trace = recording.trace(end_ns, bridge.state)
    traces = {trace.pump: trace}
    outcomes = judge(scenario, traces) if complete else ()
    about = replace(scenario, duration_ns=end_ns)
    summary = summarise(about, traces, outcomes, trace.digest(), end_ns / 1e9)
    summary["bridge"] = _about_link(end, bridge, recording)
    rows = _rows(trace, recording.link_events)
    recording.write("events.jsonl", lambda path: _write(path, _json_lines(rows)))
    recording.write("trace.csv", lambda path: _write(path, csv_lines(trace, scenario.record_every_ns)))
    recording.write("summary.json", lambda path: _write(path, _json_lines([summary], indent=2)))
    if report:
        from pumpsim.report.content import build_report
        from pumpsim.report.page import write_report

        content = build_report(about, (trace,), outcomes, summary)
        recording.write("report.html", lambda path: write_report(path, content))
    _print_volumes(trace)
    for outcome in outcomes:
        print(f"{'pass' if outcome.passed else 'FAIL'}  {outcome.text}: {outcome.measured}")
    if not complete:
        print(f"expectations are not judged: {end.value}")
    print(f"report: {recording.folder / 'report.html'}" if report else f"records: {recording.folder}")
    return all(outcome.passed for outcome in outcomes)


def _about_link(end: DriveEnd, bridge: Bridge, recording: Recording) -> dict[str, Json]:
    counts, decoder = bridge.session.counts, bridge.session.decoder
    return {
        "end": end.name.lower(),
        "at_rest": bridge.at_rest,
        "questions": counts.asked,
        "repeated": counts.repeated,
        "late_answers": counts.late_answers,
        "bad_frames": decoder.bad_frames + counts.unreadable,
        "events": len(recording.link_events),
    }


def _rows(trace: PumpTrace, link_events: list[LinkEvent]) -> list[dict[str, Json]]:
    """The events of pump and link, in time."""
    rows: list[dict[str, Json]] = []
    for e in link_events:
        row: dict[str, Json] = {"at_ns": e.at_ns, "at_s": e.at_ns / 1e9, "pump": trace.pump, "line": None}
        rows.append(row | {"event": e.kind.value, "detail": e.detail})
    rows += [event_row(trace.pump, r.at_ns, r.record) for r in trace.records]
    return sorted(rows, key=lambda row: int(str(row["at_ns"])))


def _json_lines(values: Iterable[Json], indent: int | None = None) -> Iterable[str]:
    return (json.dumps(value, ensure_ascii=False, indent=indent) + "\n" for value in values)


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)


def _print_volumes(trace: PumpTrace) -> None:
    table = Table("line", "state", title=f"Volumes at {trace.end_ns / 1e9:g} s (mL)", title_justify="left")
    for heading in ("programmed", "pumped, measured", "at patient, by the scenario's line"):
        table.add_column(heading, justify="right")
    end = trace.at([trace.end_ns])
    for i, status in enumerate(trace.state.lines):
        vtbi_nl = status.program.vtbi_nl if status.program else None
        own = [row[0] for o, row in zip(trace.sources, end.patient_ml, strict=True) if o.source.line == status.line]
        programmed = "-" if vtbi_nl is None else f"{vtbi_nl / 1e6:g}"
        table.add_row(status.line, status.state.value, programmed, f"{end.pumped_ml[i, 0]:.3f}", f"{sum(own):.3f}")
    Console().print(table)
