"""What a run leaves in its folder beside the report: events, samples, summary, inputs, and every breakpoint on request.

A folder is written beside its place and swapped in whole: a run that is killed leaves the last whole result, or none.
"""

import csv
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import assert_never

import numpy as np

from pumpsim.codec import Json, encode
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.outlet import Outlet
from pumpsim.journal import Taken, write_journal
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace, Samples
from pumpsim.vocabulary.ieee_names import ALARMS, DELIVERY, IeeeName
from pumpsim.vocabulary.outputs import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    CommandRejected,
    ConfirmationAsked,
    DeliveryEvent,
    DoseDenied,
    LimitOverridden,
    PowerChanged,
    Record,
    SignalChanged,
)

NS_PER_S = 1e9


def event_row(pump: str, at_ns: int, record: Record) -> dict[str, Json]:
    """Write one record as a flat row: instant, pump, line, what, what belongs to it, and its verified 11073 name."""
    row: dict[str, Json] = {"at_ns": at_ns, "at_s": at_ns / NS_PER_S, "pump": pump, "line": record.line}
    match record:
        case DeliveryEvent():
            rate = record.rate_nl_per_h / 1e6
            row |= {
                "event": record.kind.value,
                "state": record.state.value,
                "rate_ml_per_h": rate,
                "cause": record.cause,
            }
        case AlarmRaised():
            row |= {"event": "alarm-raised", "alarm": record.alarm.value, "priority": record.priority.value}
            row |= {"detail": record.detail}
        case AlarmCleared():
            row |= {"event": "alarm-cleared", "alarm": record.alarm.value}
        case AlarmAcknowledged():
            row |= {"event": "alarm-acknowledged", "alarm": record.alarm.value}
        case CommandRejected():
            row |= {"event": "command-rejected", "command": record.command, "reason": record.reason}
        case DoseDenied():
            row |= {"event": "dose-denied", "reason": record.reason}
        case ConfirmationAsked():
            row |= {"event": "confirmation-asked", "command": record.command, "reason": record.reason}
        case LimitOverridden():
            row |= {"event": "limit-overridden", "command": record.command, "reason": record.reason}
        case SignalChanged():
            row |= {"event": "signal-changed", "alarm": None if record.alarm is None else record.alarm.value}
            row |= {"priority": None if record.priority is None else record.priority.value}
            row |= {"audible": record.audible, "reminder": record.reminder, "audio_paused": record.paused}
            row |= {"sounding": None if record.sounding is None else record.sounding.value}
            row |= {"sounding_line": record.sounding_line}
        case PowerChanged():
            row |= {"event": "power-changed", "source": record.source}
        case _:
            assert_never(record)
    name = _ieee_name(record)
    if name is not None:
        row["ieee"] = name.refid
        if name.code is not None:
            row["ieee_code"] = name.code
    return row


def _ieee_name(record: Record) -> IeeeName | None:
    """The name of an event, or of the alarm that it is about, in IEEE 11073-10101; None where none is verified."""
    match record:
        case DeliveryEvent():
            return DELIVERY.get(record.kind)
        case AlarmRaised() | AlarmCleared() | AlarmAcknowledged():
            return ALARMS.get(record.alarm)
        case SignalChanged():
            return None if record.alarm is None else ALARMS.get(record.alarm)
        case _:
            return None


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into an empty folder beside, then swap it in for ``folder``. Raises OSError as files do."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{part}") for part in ("new", "old"))
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        fill(beside)
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        if old.exists() and not folder.exists():
            with suppress(OSError):
                old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_records(
    folder: Path,
    scenario: Scenario,
    traces: Mapping[str, PumpTrace],
    journals: Mapping[str, Sequence[Taken]],
    summary: Mapping[str, Json],
) -> None:
    """Write events.jsonl, trace.csv, summary.json and inputs.jsonl; with several pumps the last two kinds one each."""
    rows = [event_row(pump, r.at_ns, r.record) for pump, trace in traces.items() for r in trace.records]
    rows.sort(key=lambda row: int(str(row["at_ns"])))
    with (folder / "events.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for pump, trace in traces.items():
        part = "" if len(traces) == 1 else f".{pump}"
        with (folder / f"trace{part}.csv").open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(csv_lines(trace, scenario.record_every_ns))
        write_journal(folder / f"inputs{part}.jsonl", trace.model, scenario.seed, pump, list(journals[pump]))


def csv_lines(trace: PumpTrace, every_ns: int) -> Iterator[str]:
    """Give the header, then samples each ``every_ns`` and at every event, in time."""
    yield ",".join([*_columns(trace), "event", "event_line", "event_detail"]) + "\n"
    at_events = [r.at_ns for r in trace.records]
    told = frozenset(at_events)
    plain = trace.at([at for at in (*range(0, trace.end_ns, every_ns), trace.end_ns) if at not in told])
    lines = [(at, f"{line},,,\n") for at, line in zip(plain.at_ns.tolist(), _lines(plain), strict=True)]
    with_event = _lines(trace.at(at_events)) if at_events else []
    for recorded, line in zip(trace.records, with_event, strict=True):
        lines.append((recorded.at_ns, f"{line},{_said(recorded.record)}\n"))
    lines.sort(key=itemgetter(0))
    yield from (line for _, line in lines)


def _columns(trace: PumpTrace) -> list[str]:
    lines, drugs = trace.model.lines, [(drug, unit.value.lower()) for drug, unit in trace.drugs]
    return [
        "time_s",
        "distal_pressure_kpa",
        "pump_flow_ml_per_h",
        "patient_flow_ml_per_h",
        *(f"{line}_pumped_ml" for line in lines),
        *(f"{line}_drawn_ml" for line in lines),
        *(f"patient_{origin.source.name.replace(' ', '_')}_ml" for origin in trace.sources),
        *(f"pump_{drug}_{unit}" for drug, unit in drugs),
        *(f"patient_{drug}_{unit}" for drug, unit in drugs),
    ]


def _lines(samples: Samples) -> list[str]:
    """Write each sample as its part of a line."""
    columns = np.vstack(
        [
            samples.pressure_kpa,
            samples.pump_flow_ml_per_h,
            samples.patient_flow_ml_per_h,
            samples.pumped_ml,
            samples.drawn_ml,
            samples.patient_ml,
            samples.pump_drug,
            samples.patient_drug,
        ]
    )
    form = ",".join(["%s", *["%.9g"] * len(columns)])
    times = [f"{at / NS_PER_S:.9f}".rstrip("0").rstrip(".") for at in samples.at_ns.tolist()]
    return [form % (at, *row) for at, row in zip(times, columns.T.tolist(), strict=True)]


def _said(record: Record) -> str:
    """Write a record as the last three fields of a line."""
    row = event_row("", 0, record)
    details = (row.get(key) for key in ("alarm", "state", "command", "cause", "detail", "reason"))
    fields = io.StringIO()
    csv.writer(fields, lineterminator="").writerow(
        [row["event"], record.line or "", "; ".join(str(d) for d in details if d)]
    )
    return fields.getvalue()


class BreakpointFile:
    """Every breakpoint of every pump as ``trace.npz``, written chunk by chunk, so that memory stays flat.

    Members: ``<pump>/setup.json`` (model and path) and ``<pump>/<number>/<array>.npy`` with the arrays ``at_ns``,
    ``pumped_ml``, ``drawn_ml``, ``pressure_kpa`` and ``outlet`` (resistance, compliance, back pressure, open), as in
    ``fluidics.chunk``. numpy alone can read it.
    """

    def __init__(self, path: Path, scenario: Scenario) -> None:
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._numbers = {setup.id: 0 for setup in scenario.pumps}
        for setup in scenario.pumps:
            about = {"model": encode(setup.model), "path": encode(setup.path)}
            self._archive.writestr(f"{setup.id}/setup.json", json.dumps(about))

    def add(self, pump: str, chunk: Chunk) -> None:
        """Add a pump's next chunk."""
        outlet, number = chunk.outlet, self._numbers[pump]
        arrays = {
            "at_ns": chunk.at_ns,
            "pumped_ml": chunk.pumped_ml,
            "drawn_ml": chunk.drawn_ml,
            "pressure_kpa": chunk.pressure_kpa,
            "outlet": np.array([outlet.resistance, outlet.compliance, outlet.back_pressure_kpa, outlet.open]),
        }
        for name, array in arrays.items():
            with self._archive.open(f"{pump}/{number:06d}/{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
        self._numbers[pump] = number + 1

    def close(self) -> None:
        """Finish the file."""
        self._archive.close()


def read_breakpoints(path: Path) -> dict[str, list[Chunk]]:
    """Read a ``trace.npz`` back: the chunks of each pump, in time."""
    found: dict[str, list[Chunk]] = {}
    with np.load(path) as archive:
        names = sorted(name for name in archive.files if name.endswith("/at_ns"))
        for name in names:
            pump, number, _ = name.split("/")
            at_ns, pumped, drawn, pressure, outlet = (
                archive[f"{pump}/{number}/{part}"]
                for part in ("at_ns", "pumped_ml", "drawn_ml", "pressure_kpa", "outlet")
            )
            resistance, compliance, back, is_open = outlet.tolist()
            chunk = Chunk(at_ns, pumped, drawn, pressure, Outlet(resistance, compliance, back, bool(is_open)))
            found.setdefault(pump, []).append(chunk)
    return found
