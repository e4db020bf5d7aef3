"""One controller, two worlds: the same scenario in simulation and on a device decides the same, at nearly the same time.

First in virtual time, many situations over a wire with latency; then in real time over a pseudo-terminal and a socat
pair.
"""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.bridge import LinkEventKind
from pumpsim.replay import replay
from pumpsim.report.records import event_row
from pumpsim.scenario_file import load_scenario
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Disturbance, Occlude, Place, Release
from pumpsim.vocabulary.inputs import Acknowledge, ChangeMode, LoadProgram, OperatorCommand, Start, Stop, Titrate
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import Record
from pumpsim.vocabulary.program import LineMode
from tests.bridge.processes import emulator, events, finish, socat_pair, start
from tests.bridge.wire_bench import MS, Bench
from tests.build import CYCLE_ML, MIN, SMOOTH, STROKES, S, path, program, run

CONCURRENT, PIGGYBACK = LineMode.CONCURRENT, LineMode.PIGGYBACK
Script = tuple[tuple[int, OperatorCommand | Disturbance], ...]
WITHIN_NS = 500 * MS
BENCH = Path(__file__).parents[2] / "scenarios" / "bench_60s.toml"

SITUATIONS: dict[str, tuple[int, Script]] = {
    "one line to its end and KVO": (
        3 * MIN,
        ((0, LoadProgram("A", program(60.0, 1.0))), (5 * S, Start())),
    ),
    "two lines at once": (
        3 * MIN,
        (
            (0, LoadProgram("A", program(100.0, 400.0))),
            (0, LoadProgram("B", program(13.1, 60.0, CONCURRENT))),
            (S, Start()),
        ),
    ),
    "piggyback, then the primary resumes": (
        4 * MIN,
        (
            (0, LoadProgram("A", program(100.0, 400.0))),
            (0, LoadProgram("B", program(90.0, 2.0, PIGGYBACK))),
            (S, Start("A")),
            (30 * S, Start("B")),
        ),
    ),
    "titrations, a hold, a change of mode": (
        4 * MIN,
        (
            (0, LoadProgram("A", program(100.0, 400.0))),
            (0, LoadProgram("B", program(25.0, 50.0, CONCURRENT))),
            (S, Start()),
            (30 * S, Titrate("A", 250_000_000)),
            (50 * S, Titrate("B", 5_000_000)),
            (70 * S, Stop("A")),
            (100 * S, Start("A")),
            (150 * S, ChangeMode("B", PIGGYBACK)),
        ),
    ),
    "occlusion at the patient, released and started again": (
        5 * MIN,
        (
            (0, LoadProgram("A", program(125.0, 400.0))),
            (S, Start()),
            (60 * S, Occlude(Place.PATIENT_END)),
            (180 * S, Release(Place.PATIENT_END)),
            (200 * S, Acknowledge()),
            (201 * S, Start()),
        ),
    ),
    "clamped secondary": (
        3 * MIN,
        (
            (0, LoadProgram("A", program(100.0, 400.0))),
            (0, LoadProgram("B", program(50.0, 60.0, CONCURRENT))),
            (S, Start()),
            (40 * S, Occlude(Place.LIMB, "B")),
        ),
    ),
    "commands that are refused": (
        MIN,
        (
            (0, Start()),
            (S, LoadProgram("A", program(1500.0, 10.0))),
            (2 * S, LoadProgram("A", program(100.0, 10.0))),
            (3 * S, Start()),
            (4 * S, LoadProgram("A", program(50.0, 10.0))),
            (5 * S, Titrate("A", 100_050_000)),
        ),
    ),
}


def decisions(records: list[tuple[int, Record]]) -> list[tuple[str, ...]]:
    """What was decided, in order: event, line, alarm."""
    return [said(record) for _, record in records]


def said(record: Record) -> tuple[str, ...]:
    kind = getattr(record, "kind", None)
    alarm = getattr(record, "alarm", None)
    command = getattr(record, "command", "")
    return (
        type(record).__name__ if kind is None else kind.value,
        record.line or "",
        "" if alarm is None else alarm.value,
        command,
    )


def assert_agree(
    simulated: list[tuple[int, Record]], driven: list[tuple[int, Record]], within_ns: int = WITHIN_NS
) -> None:
    assert decisions(driven) == decisions(simulated)
    late = [
        (said(record), (at_ns - wanted_ns) / S)
        for (wanted_ns, record), (at_ns, _) in zip(simulated, driven, strict=True)
        if abs(at_ns - wanted_ns) > within_ns
    ]
    assert not late


def simulated_records(trace: PumpTrace) -> list[tuple[int, Record]]:
    return [(recorded.at_ns, recorded.record) for recorded in trace.records]


CASES = [(name, STROKES) for name in SITUATIONS] + [
    (name, SMOOTH) for name in ("two lines at once", "clamped secondary")
]


@pytest.mark.parametrize(("name", "model"), CASES, ids=[f"{n} ({m.mechanism.drive.value})" for n, m in CASES])
def test_virtual_bench_decides_as_the_simulation(name: str, model: PumpModel) -> None:
    until_ns, script = SITUATIONS[name]
    trace = run(*script, until_ns=until_ns, model=model)
    bench = Bench(
        commands=tuple((at, what) for at, what in script if not isinstance(what, Occlude | Release)),
        disturbances=tuple((at, what) for at, what in script if isinstance(what, Occlude | Release)),
        model=model,
        setup=path(),
        jitter_ns=4 * MS,
        look_every_ns=10 * S,
    )
    bench.run(until_ns + 20 * MS)
    assert_agree(simulated_records(trace), [(at, r) for at, r in bench.records if at <= until_ns])
    assert [event.kind for event in bench.link_events] == [LinkEventKind.ATTACHED]
    for simulated_ml, steps in zip(trace.at([until_ns]).pumped_ml[:, 0], bench.bridge.steps, strict=True):
        assert steps * model.mechanism.step_fl / 1e12 == pytest.approx(simulated_ml, abs=CYCLE_ML)


def driven_records(folder: Path) -> list[dict[str, Any]]:
    """The pump's rows of events.jsonl."""
    link = {kind.value for kind in LinkEventKind}
    return [row for row in events(folder) if row["event"] not in link]


def assert_same_decisions(name: str, folder: Path, trace: PumpTrace) -> None:
    """Compare what a drive left with the simulation: sequence, instants, volumes, and that its journal replays."""
    simulated = [event_row("main", r.at_ns, r.record) for r in trace.records]
    driven = driven_records(folder)
    keys = ("event", "line", "alarm", "command", "state", "rate_ml_per_h")
    assert [[row.get(k) for k in keys] for row in driven] == [[row.get(k) for k in keys] for row in simulated], name
    for wanted, row in zip(simulated, driven, strict=True):
        assert abs(row["at_s"] - float(str(wanted["at_s"]))) <= 0.5, f"{name}: {row} in place of {wanted}"
    lines = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["pumps"]["main"]["lines"]
    end = trace.at([trace.end_ns]).pumped_ml[:, 0]
    for line, pumped_ml in zip(trace.model.lines, end, strict=True):
        assert lines[line]["pumped_ml"] == pytest.approx(pumped_ml, abs=CYCLE_ML), f"{name}: line {line}"
    assert replay(folder / "inputs.jsonl").parting is None


def test_real_time_over_a_pseudo_terminal_and_a_socat_pair_decides_as_the_simulation(tmp_path: Path) -> None:
    """A real minute, both wires at once."""
    trace = simulate(load_scenario(BENCH)).traces[0]
    with ExitStack() as stack:
        near, far = stack.enter_context(socat_pair(tmp_path))
        ports = {
            "pseudo-terminal": stack.enter_context(emulator("--scenario", BENCH, "--link", tmp_path / "ttyPUMP"))[0],
            "socat": str(far) if stack.enter_context(emulator("--scenario", BENCH, "--port", near)) else "",
        }
        drives = {
            name: start("drive", BENCH, "--port", port, "--out", tmp_path / name, "--no-report")
            for name, port in ports.items()
        }
        ended = {name: finish(process, 180.0) for name, process in drives.items()}
    for name, done in ended.items():
        assert (done.code, done.err) == (0, ""), f"{name}: {done.out}"
        assert_same_decisions(name, tmp_path / name, trace)
