"""Measure and print every claim of speed and memory. Medians of several runs; ratios are taken side by side, in turn."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks import peer
from benchmarks.cases import DRUG_MG_PER_ML, H, S, beside, manifold, steady, through_the_network
from benchmarks.controller import step_cost
from benchmarks.virtual_pump import virtual_pumps
from pumpsim.catalogue.peristaltic import LINEAR_PERISTALTIC
from pumpsim.catalogue.pumps import SINGLE_CHANNEL_CASSETTE, with_smooth_drive
from pumpsim.fluidics.chunk import Chunk
from pumpsim.simulation import simulate

DAY_S = 86_400
LENGTHS_H = (1, 6, 24, 7 * 24, 30 * 24)
RATES_ML_PER_H = (80.0, 25.0, 10.0)
TWELVE_NODES = (10.0, 8.0, 5.0, 2.0)
"""Four pumps: each a node and the air at its end; the junction, its end, the air there, the site."""
VALVED_H, VALVED_ML_PER_H = 1, (60.0, 20.0)
"""Each revolution ends with a back-flow, at which the valve closes."""


def timed(action: Callable[[], object]) -> float:
    """Wall time of one call, s."""
    begin = perf_counter()
    action()
    return perf_counter() - begin


def days(console: Console) -> None:
    """A day, quiet and with 1,000 titrations, beside the peer; all in turn, five times."""
    quiet, titrated = steady(24), steady(24, titrations=1000)
    simulate(quiet)
    rows = [
        (timed(lambda: simulate(quiet)), timed(lambda: simulate(titrated)), timed(lambda: peer.simulate(DAY_S)))
        for _ in range(5)
    ]
    day, titrations, loop = (statistics.median(column) for column in zip(*rows, strict=True))
    ratios = [slow / fast for fast, _, slow in rows]
    pressure_error, drug_error = peer_errors()
    table = Table("a day of dual-channel delivery, 9,091 strokes", "median", "target")
    table.add_row("every stroke resolved, trace in memory", f"{day * 1e3:.1f} ms", "25 ms")
    table.add_row("times real time", f"{DAY_S / day:,.0f}", "3,456,000")
    table.add_row("with 1,000 titrations", f"{titrations * 1e3:.0f} ms", "")
    table.add_row("for each further event", f"{(titrations - day):.3f} ms", "0.3 ms")
    table.add_row("the 1 s fixed-step peer", f"{loop * 1e3:.0f} ms", "")
    table.add_row("peer / ours, pair by pair", f"{min(ratios):.1f} to {max(ratios):.1f}", "above 1")
    table.add_row("peer's largest error of pressure", f"{pressure_error:.3f} kPa", "ours: 0 by construction")
    table.add_row("peer's largest error of the drug delivered", f"{drug_error:.3f} mg", "ours: 0 by construction")
    console.print(table)


def peer_errors() -> tuple[float, float]:
    """Greatest distance of the peer from the exact solution, at every second of a day: kPa and mg."""
    trace = simulate(steady(24)).traces[0]
    exact = trace.at(np.arange(1, DAY_S + 1, dtype=np.int64) * S)
    loop = peer.simulate(DAY_S)
    drug = np.array(loop.patient_ml)[:, 1] * DRUG_MG_PER_ML
    return (
        float(np.abs(np.array(loop.pressure_kpa) - exact.pressure_kpa).max()),
        float(np.abs(drug - exact.patient_drug[0]).max()),
    )


def controller(console: Console) -> None:
    """One step of the controller beside an empty one."""
    cost = step_cost()
    table = Table("the controller, two lines infusing concurrently", "median", "target")
    table.add_row("a step, ticks and readings in turn", f"{cost.step_s * 1e6:.1f} us", "50 us")
    table.add_row("the same, the quickest of the rounds", f"{cost.quickest_s * 1e6:.1f} us", "")
    table.add_row("a tick", f"{cost.tick_s * 1e6:.1f} us", "50 us")
    table.add_row("a reading", f"{cost.reading_s * 1e6:.1f} us", "50 us")
    table.add_row("a reading and a titration in turn, none of them quiet", f"{cost.titrating_s * 1e6:.1f} us", "50 us")
    table.add_row("the same, the quickest of the rounds", f"{cost.quickest_titrating_s * 1e6:.1f} us", "")
    table.add_row("an empty step: one frozen value built and returned", f"{cost.empty_s * 1e6:.2f} us", "")
    low, middle, high = statistics.quantiles(cost.ratios)
    table.add_row(
        "a step / an empty step, pair by pair, median and quartiles", f"{middle:.0f} ({low:.0f} to {high:.0f})", ""
    )
    console.print(table)


def networks(console: Console) -> None:
    """Pumps in one line; valves that switch; a lone line by the network's way, and beside a network in one scenario."""
    table = Table("pumps that share a line", "median", "times real time", "target")
    three = manifold(24, RATES_ML_PER_H)
    valved = manifold(VALVED_H, VALVED_ML_PER_H, LINEAR_PERISTALTIC, 0.0)
    for scenario in (three, valved):
        simulate(replace(scenario, duration_ns=H))
    day = statistics.median(timed(lambda: simulate(three)) for _ in range(3))
    traces = simulate(three).traces
    carried = timed(lambda: [trace.at([trace.end_ns]) for trace in traces])
    hours = statistics.median(timed(lambda: simulate(valved)) for _ in range(3))
    switched = sum(len(trace.chunks) for trace in simulate(valved).traces[:1])
    resolved = "a day of three pumps in one manifold, every stroke"
    table.add_row(resolved, f"{day:.2f} s", f"{DAY_S / day:,.0f}", "100,000")
    table.add_row("what of each drug arrived, when it is first asked for", f"{carried:.2f} s", "", "")
    name = f"{VALVED_H} h of two pumps, valves that switch {switched} times"
    table.add_row(name, f"{hours:.2f} s", f"{VALVED_H * 3600 / hours:,.0f}", "")
    console.print(table)
    lone, crowd = steady(24), manifold(24, TWELVE_NODES, with_smooth_drive(SINGLE_CHANNEL_CASSETTE))
    forced, both = through_the_network(lone), beside(lone, crowd)
    rows = [tuple(timed(lambda s=s: simulate(s)) for s in (lone, forced, crowd, both)) for _ in range(15)]
    alone, network, twelve, together = (statistics.median(column) for column in zip(*rows, strict=True))
    share = statistics.median((all_ - net) / one for one, _, net, all_ in rows)
    table = Table("a day of a lone pump, in turn, fifteen times", "median", "to the lone line")
    table.add_row("its own way, in closed form", f"{alone * 1e3:.1f} ms", "1")
    table.add_row("forced through the network", f"{network * 1e3:.1f} ms", f"{network / alone:.1f}")
    table.add_row("a network of 12 nodes (4 pumps, smooth), by itself", f"{twelve * 1e3:.1f} ms", "")
    table.add_row(
        "both in one scenario, less the network by itself", f"{(together - twelve) * 1e3:.1f} ms", f"{share:.2f}"
    )
    console.print(table)


def lengths(console: Console) -> None:
    """Cost against length, history handed to a sink: time and peak memory, each in a process of its own."""
    table = Table("length", "wall", "per simulated day", "peak memory, streamed", "kept in memory")
    for hours in LENGTHS_H:
        wall, peak = in_process(f"length {hours}")
        _, kept = in_process(f"kept {hours}")
        name = f"{hours} h" if hours < 24 else f"{hours // 24} d"
        table.add_row(name, f"{wall * 1e3:.1f} ms", f"{wall / hours * 24e3:.2f} ms", f"{peak:.0f} MB", f"{kept:.0f} MB")
    console.print(table)


def in_process(what: str) -> tuple[float, float]:
    """Run one measurement in a fresh interpreter: wall s, peak MB."""
    shown = subprocess.run(
        [sys.executable, "-m", "benchmarks", *what.split()], capture_output=True, text=True, check=True
    )
    wall, peak = json.loads(shown.stdout)
    return wall, peak


def forget(_pump: str, _chunk: Chunk) -> None:
    """A sink that keeps nothing."""


def one_length(hours: int, *, streamed: bool) -> None:
    """Simulate so many hours and print wall time and peak memory."""
    simulate(steady(1))
    scenario = steady(hours)
    wall = timed(lambda: simulate(scenario, forget if streamed else None))
    print(json.dumps([wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def cold_starts(console: Console) -> None:
    """Whole processes beside a bare interpreter that imports numpy, in turn."""
    scenario = Path("scenarios/dopamine_with_saline.toml")
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "bare interpreter, import numpy": [sys.executable, "-c", "import numpy"],
            "pumpsim --help": [sys.executable, "-m", "pumpsim", "--help"],
            "pumpsim run --no-report": [
                sys.executable,
                "-m",
                "pumpsim",
                "run",
                str(scenario),
                "--no-report",
                "--out",
                folder,
            ],
        }
        rows = [
            [
                timed(lambda c=command: subprocess.run(c, check=True, capture_output=True))
                for command in commands.values()
            ]
            for _ in range(6)
        ][1:]
    table = Table("cold start", "median", "beyond the bare interpreter", "target")
    bare = statistics.median(row[0] for row in rows)
    for i, (name, target) in enumerate(zip(commands, ("", "0.15 s", "0.4 s"), strict=True)):
        beyond = statistics.median(row[i] - row[0] for row in rows)
        table.add_row(
            name,
            f"{statistics.median(row[i] for row in rows):.3f} s",
            f"{beyond:.3f} s" if i else f"({bare:.3f} s)",
            target,
        )
    console.print(table)


def writing(console: Console) -> None:
    """What is left on disk, apart from simulation."""
    from pumpsim.analysis.expectations import judge
    from pumpsim.analysis.summary import summarise
    from pumpsim.report.content import build_report
    from pumpsim.report.page import write_report
    from pumpsim.report.records import BreakpointFile, write_records
    from pumpsim.scenario_file import load_scenario

    scenario = load_scenario(Path("scenarios/dopamine_with_saline.toml"))
    result = simulate(scenario)
    outcomes = judge(scenario, result.by_pump)
    summary = summarise(scenario, result.by_pump, outcomes, result.digest, result.wall_s)
    table = Table("writing, the main scenario (3 h)", "time", "size")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wall = timed(lambda: write_records(folder, scenario, result.by_pump, result.journal_by_pump, summary))
        size = sum(file.stat().st_size for file in folder.iterdir())
        table.add_row("records (events, csv, summary, inputs)", f"{wall:.2f} s", f"{size / 1e3:.0f} kB")
        page = folder / "report.html"
        wall = timed(lambda: write_report(page, build_report(scenario, result.traces, outcomes, summary)))
        table.add_row(
            "report.html, matplotlib's import included", f"{wall:.2f} s", f"{page.stat().st_size / 1e3:.0f} kB"
        )

        def archive() -> None:
            file = BreakpointFile(folder / "trace.npz", scenario)
            for trace in result.traces:
                for chunk in trace.chunks:
                    file.add(trace.pump, chunk)
            file.close()

        wall = timed(archive)
        table.add_row(
            "every breakpoint (trace.npz)", f"{wall:.2f} s", f"{(folder / 'trace.npz').stat().st_size / 1e3:.0f} kB"
        )
    console.print(table)


def main() -> None:
    """All of it, or one length for ``in_process``."""
    if len(sys.argv) == 3:
        one_length(int(sys.argv[2]), streamed=sys.argv[1] == "length")
        return
    console = Console(width=110)
    console.print(f"Python {sys.version.split()[0]}, numpy {np.__version__}; a day is {24 * H // S:,} s")
    for part in (days, controller, lengths, cold_starts, writing, networks, virtual_pumps):
        part(console)


main()
