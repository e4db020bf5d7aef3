"""What a report says, as a value: built from a scenario, its traces and what was judged; drawn and written by ``page``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pumpsim import __version__
from pumpsim.analysis.dispersion import Dispersion, dispersions
from pumpsim.analysis.expectations import Outcome
from pumpsim.analysis.infusion_times import infusion_times
from pumpsim.analysis.infusion_units import LEFT_OUT, access_sites, documented
from pumpsim.analysis.orders import Fulfilment, fulfilments
from pumpsim.analysis.results import PumpResults, analyse
from pumpsim.analysis.segments import segments
from pumpsim.analysis.summary import Plain
from pumpsim.report import tables
from pumpsim.report.how import junction_table, setup_table
from pumpsim.report.infusion_tables import documented_table, estimate_table, segment_table, time_table
from pumpsim.report.table import Table, error
from pumpsim.scenario import PumpSetup, Scenario
from pumpsim.trace import PumpTrace
from pumpsim.units import format_time

DISCLAIMER = (
    "Not a medical device. Never connect it to a person, nor use its results for dosing; drug figures are examples. "
    "Passing here is not conformity with any standard; who relies on a result validates the tool."
)

BALANCED = 1e-9
"""The relative error up to which a mass balance closes (DESIGN 9)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether all expectations held, and on how many unverified figures that rests. ``count`` 0: nothing was expected."""

    held: int
    count: int
    unverified: int

    @property
    def passed(self) -> bool:
        """True when nothing failed; also when nothing was expected."""
        return self.held == self.count

    @property
    def word(self) -> str:
        """PASS or FAIL; NO VERDICT where nothing was expected."""
        if not self.count:
            return "NO VERDICT"
        return "PASS" if self.passed else "FAIL"

    @property
    def sentence(self) -> str:
        """The verdict in a line."""
        if not self.count:
            return "This scenario expects nothing."
        return f"{self.held} of {self.count} expectations hold."


@dataclass(frozen=True, slots=True)
class PumpSection:
    """What is said of one pump. ``containers`` None: none was changed. ``stored`` None: no distal occlusion alarm was raised.
    ``estimates`` None: the pump never said what is left. ``worst``: the largest error of the balance."""

    id: str
    title: str
    results: PumpResults
    events: Table
    segments: Table
    estimates: Table | None
    containers: Table | None
    stored: Table | None
    balance: Table
    worst: str
    balanced: bool
    setup: Table


@dataclass(frozen=True, slots=True)
class Report:
    """What a run means, ready to be written. ``kind``: where it comes from, simulation or bench."""

    kind: str
    name: str
    title: str
    description: str
    duration: str
    end_ns: int
    verdict: Verdict
    expectations: tuple[Outcome, ...]
    orders: tuple[Fulfilment, ...]
    ordered: Table
    lines: Table
    requests: Table | None
    drugs: Table
    line_drugs: Table
    air: Table
    overrides: Table
    notes: tuple[str, ...]
    times: Table
    documented: Table
    left_out: tuple[str, ...]
    pumps: tuple[PumpSection, ...]
    run: Table
    junctions: tuple[Table, ...]
    unverified: Table


def build_report(
    scenario: Scenario, traces: Sequence[PumpTrace], expectations: Sequence[Outcome], summary: Mapping[str, Plain]
) -> Report:
    """Work everything out. Traces in the order of the scenario's pumps."""
    unverified = tables.unverified(scenario.pumps, traces)
    by_pump = {trace.pump: trace for trace in traces}
    orders, times = fulfilments(scenario, by_pump), infusion_times(scenario, by_pump)
    spread = dispersions(scenario, traces)
    held = sum(outcome.passed for outcome in expectations)
    return Report(
        "Bench" if "bridge" in summary else "Simulation",
        scenario.name,
        scenario.title,
        scenario.description,
        format_time(scenario.duration_ns),
        scenario.duration_ns,
        Verdict(held, len(expectations), len(unverified.rows)),
        tuple(expectations),
        orders,
        tables.orders(orders),
        tables.line_totals(summary),
        tables.requests(summary),
        tables.drug_totals(summary),
        tables.line_drug_totals(summary),
        tables.air_totals(summary),
        tables.overrides(summary),
        scenario.notes,
        time_table(times),
        documented_table(documented(times, access_sites(scenario))),
        LEFT_OUT,
        tuple(
            _section(scenario, setup, trace, spread.get(setup.id))
            for setup, trace in zip(scenario.pumps, traces, strict=True)
        ),
        _run(scenario, summary),
        tuple(junction_table(junction, spread.get(junction.id)) for junction in scenario.junctions),
        unverified,
    )


def _section(scenario: Scenario, setup: PumpSetup, trace: PumpTrace, spread: Dispersion | None) -> PumpSection:
    results = analyse(trace)
    return PumpSection(
        setup.id,
        setup.model.title,
        results,
        tables.events(trace, [entry for entry in scenario.entries if entry.pump == setup.id]),
        segment_table(segments(trace)),
        estimate_table(trace.estimates),
        tables.containers(trace, results.balance),
        tables.stored(results.stored) if results.stored else None,
        tables.mass_balance(results.balance),
        error(results.balance.worst),
        results.balance.worst <= BALANCED,
        setup_table(setup, spread),
    )


def _run(scenario: Scenario, summary: Mapping[str, Plain]) -> Table:
    """How all of it was run."""
    speed = summary.get("speed")
    wall, ratio = (speed.get("wall_s"), speed.get("ratio_to_real_time")) if isinstance(speed, dict) else (None, None)
    rows = [
        ("Scenario", scenario.name),
        ("Simulated time", format_time(scenario.duration_ns)),
        ("Seed", str(scenario.seed)),
        ("Digest", str(summary.get("digest"))),
        ("Version", f"pumpsim {__version__}"),
    ]
    if isinstance(wall, float) and isinstance(ratio, float):
        rows.append(("Wall time", f"{1000 * wall:.3g} ms, {ratio:,.0f} times real time"))
    return Table("The run", ("What", "Value"), tuple(rows), words=2)
