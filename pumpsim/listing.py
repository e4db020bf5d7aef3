"""What the commands print for people: a run's tables and the catalogue, with rich."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from pumpsim.analysis.expectations import Outcome
from pumpsim.analysis.summary import Plain
from pumpsim.codec import Json, encode
from pumpsim.errors import FieldError, nearest_name
from pumpsim.scenario import Scenario
from pumpsim.vocabulary.model import PumpClass, PumpModel, Sourced
from pumpsim.vocabulary.path import Access, AdministrationSet, AmountUnit, Fluid, Syringe

UNITS = {unit.value.lower(): unit.value for unit in AmountUnit}
"""How amounts are written, by the ends of the summary's keys."""

if TYPE_CHECKING:
    from pumpsim.verification.case import Case


def print_run(scenario: Scenario, outcomes: Sequence[Outcome], summary: Mapping[str, Plain]) -> None:
    """Print the totals of a run and every expectation with what was measured."""
    console = Console()
    console.print(f"\n{scenario.title}", style="bold", markup=False, highlight=False)
    console.print(_totals(summary))
    drugs = _drugs(summary)
    if drugs.row_count:
        console.print(drugs)
    patient = summary["patient"]
    assert isinstance(patient, dict)
    if patient.get("air_ml"):
        console.print(f"Air at the patient: {_number(patient['air_ml'])} mL", highlight=False)
    if summary.get("orders"):
        console.print(_orders(summary))
    overrides, notes = summary["overrides"], summary["notes"]
    assert isinstance(overrides, list)
    assert isinstance(notes, list)
    for row in overrides:
        assert isinstance(row, dict)
        where = " ".join(str(row[key]) for key in ("pump", "line", "command") if row[key] is not None)
        console.print(f"Soft limit overridden: {where}: {row['reason']}", style="yellow", markup=False, highlight=False)
    for note in notes:
        console.print(f"Note: {note}", style="yellow", markup=False, highlight=False)
    if outcomes:
        table = Table("expectation", "measured", "", title="Expectations", title_justify="left")
        for outcome in outcomes:
            verdict = "[green]pass[/]" if outcome.passed else "[bold red]FAIL[/]"
            table.add_row(_plain(outcome.text), _plain(outcome.measured), verdict)
        console.print(table)
    failed = sum(not outcome.passed for outcome in outcomes)
    speed = summary["speed"]
    assert isinstance(speed, dict)
    verdict = f"{failed} of {len(outcomes)} expectations FAILED" if failed else f"all {len(outcomes)} expectations hold"
    console.print(
        f"{verdict}; {_number(summary['duration_s'])} s simulated in {_number(speed['wall_s'])} s", highlight=False
    )


def _orders(summary: Mapping[str, Plain]) -> Table:
    table = Table("drug", "order", "pump", "in the window", "later", title="Ordered, and given", title_justify="left")
    table.add_column("alarms", overflow="fold")
    rows = summary["orders"]
    assert isinstance(rows, list)
    for row in rows:
        assert isinstance(row, dict)
        kind = next(key for key in row if key.startswith("ordered_")).removeprefix("ordered_")
        ordered, within, later = (row[f"{word}_{kind}"] for word in ("ordered", "within", "later"))
        assert isinstance(ordered, float)
        assert isinstance(within, float)
        assert isinstance(row["alarms"], list)
        share = f" ({within / ordered:.1%})" if ordered else ""
        amounts = f"{_number(within)} {UNITS[kind]}{share}", f"{_number(later)} {UNITS[kind]}"
        alarms = ", ".join(str(alarm) for alarm in row["alarms"]) or "none"
        table.add_row(_plain(str(row["drug"])), _plain(str(row["text"])), str(row["pump"]), *amounts, alarms)
    return table


def print_verification(cases: "Sequence[Case]") -> None:
    """Print whether each verification case holds, and every number that does not."""
    from pumpsim.verification.case import found, holds

    console = Console()
    table = Table("case", "what", "numbers", "", title="Verification", title_justify="left")
    for case in cases:
        verdict = "[green]holds[/]" if holds(case) else "[bold red]FAILS[/]"
        table.add_row(_plain(case.id), _plain(case.title), str(len(case.expected)), verdict)
    console.print(table)
    for case in cases:
        for one in found(case):
            if not one.holds:
                wanted = one.expected
                text = f"{case.id}: {wanted.what}: {one.computed:.6g} {wanted.unit}, expected {wanted.value:.6g}"
                console.print(text, style="bold red", markup=False, highlight=False)
    console.print(f"{sum(map(holds, cases))} of {len(cases)} cases hold", highlight=False)


def _totals(summary: Mapping[str, Plain]) -> Table:
    table = Table(title="Volumes (mL)", title_justify="left")
    for heading in ("pump", "line", "state at the end"):
        table.add_column(heading)
    for heading in ("programmed", "owed", "pumped", "at patient"):
        table.add_column(heading, justify="right")
    pumps = summary["pumps"]
    assert isinstance(pumps, dict)
    for pump, about in pumps.items():
        assert isinstance(about, dict)
        lines = about["lines"]
        assert isinstance(lines, dict)
        for line, row in lines.items():
            assert isinstance(row, dict)
            numbers = (row[key] for key in ("programmed_ml", "owed_ml", "pumped_ml", "at_patient_ml"))
            table.add_row(pump, line, str(row["state"]), *(_number(n) for n in numbers))
    return table


def _drugs(summary: Mapping[str, Plain]) -> Table:
    table = Table("drug", "delivered to the patient", "still in the line", title="Drugs", title_justify="left")
    patient = summary["patient"]
    assert isinstance(patient, dict)
    drugs = patient["drugs"]
    assert isinstance(drugs, dict)
    for drug, amounts in drugs.items():
        assert isinstance(amounts, dict)
        for key in amounts:
            kind = key.removeprefix("delivered_")
            if kind != key:
                unit = UNITS[kind]
                table.add_row(
                    _plain(drug), f"{_number(amounts[key])} {unit}", f"{_number(amounts[f'in_line_{kind}'])} {unit}"
                )
    return table


def _number(value: Plain) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 1 else f"{value:.2f}"


def _plain(text: str) -> str:
    """Text as it is, with no markup read into it."""
    return text.replace("[", r"\[")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the catalogue, whatever it is: the kind that people call it, the value, and where its figures come from."""

    kind: str
    name: str
    about: str
    value: PumpModel | Syringe | AdministrationSet | Access | Fluid
    sources: tuple[Sourced, ...]

    @property
    def verified(self) -> str:
        """How many of its figures were read in a source: ``7 of 14``."""
        return f"{sum(entry.verified for entry in self.sources)} of {len(self.sources)}"


def catalogue() -> dict[str, Row]:
    """Every row by its name, in the order in which the kinds are listed."""
    from pumpsim.catalogue.accesses import ACCESSES
    from pumpsim.catalogue.fluids import FLUIDS, KIND, SOURCES
    from pumpsim.catalogue.pumps import MODELS
    from pumpsim.catalogue.sets import SETS
    from pumpsim.catalogue.syringes import SYRINGES

    rows = (
        *(Row("pump", model.id, model.title, model, model.sources) for model in MODELS.values()),
        *(Row("syringe", row.name, f"{row.volume_ml:g} mL", row, row.sources) for row in SYRINGES.values()),
        *(Row("set", row.name, f"{row.common_ml:.4g} mL", row, row.sources) for row in SETS.values()),
        *(Row("access", row.name, f"{row.back_pressure_kpa:.3g} kPa", row, row.sources) for row in ACCESSES.values()),
        *(Row("fluid", name, KIND[name].value, fluid, SOURCES[name]) for name, fluid in FLUIDS.items()),
    )
    return {row.name: row for row in rows}


def row_named(name: str) -> Row:
    """Find a row of any kind. Raises FieldError with the nearest name when there is none of this name."""
    rows = catalogue()
    if name not in rows:
        raise FieldError(f"{name!r} is no row of the catalogue; pumpsim list shows them all", nearest_name(name, rows))
    return rows[name]


def print_catalogue() -> None:
    """Print a compact table for each kind: what a scenario can name, and how many of its figures were read in a source."""
    rows = catalogue().values()
    console = Console()
    for kind in PumpClass:
        table = _compact(f"Pumps: {kind.value}", "model", "rate (mL/h)", "title")
        for row in rows:
            if isinstance(row.value, PumpModel) and row.value.kind is kind:
                table.add_row(row.name, _rates(row.value), _plain(row.about), row.verified)
        console.print(table)
    syringes = _compact("Syringes", "syringe", "bore (mm)", "compliance (uL/kPa)")
    sets = _compact("Administration sets", "set", "volume (mL)", "compliance (uL/kPa)", "resistance (Pa s/m3)")
    accesses = _compact("Accesses", "access", "resistance (Pa s/m3)", "back pressure (kPa)")
    fluids = _compact("Fluids", "fluid", "kind", "density (kg/m3)", "viscosity (mPa s)")
    for row in rows:
        match row.value:
            case Syringe(bore_mm=bore, compliance_ml_per_kpa=compliance):
                syringes.add_row(row.name, f"{bore:g}", f"{compliance * 1000:.3g}", row.verified)
            case AdministrationSet(compliance_ml_per_kpa=compliance, resistance_kpa_h_per_ml=resistance):
                volume = f"{row.value.common_ml:.4g}"
                sets.add_row(row.name, volume, f"{compliance * 1000:.3g}", _in_si(resistance), row.verified)
            case Access(resistance_kpa_h_per_ml=resistance, back_pressure_kpa=back):
                accesses.add_row(row.name, _in_si(resistance), f"{back:.3g}", row.verified)
            case Fluid(density_kg_per_m3=density, viscosity_mpa_s=viscosity):
                fluids.add_row(row.name, row.about, f"{density:g}", f"{viscosity:.3g}", row.verified)
            case PumpModel():
                pass
    for table in (syringes, sets, accesses, fluids):
        console.print(table)
    console.print(
        "Read: figures that were read in the source that they name; the others are unverified. pumpsim list NAME shows all.\n"
        "A drug is given with its concentration: fluid = { drug = ..., concentration = ... }",
        markup=False,
        highlight=False,
    )


def print_row(name: str) -> None:
    """Print all figures of one row with their sources; of a pump, its alarm conditions too."""
    row, console = row_named(name), Console()
    console.print(_figures(f"{row.kind} {row.name}: {row.about}", row.sources))
    if isinstance(row.value, PumpModel):
        console.print(
            f"lines {' and '.join(row.value.lines)}; set, if none is named: {row.value.standard_set}", highlight=False
        )
        alarms = Table("alarm", "priority", "effect", "source", title="Alarm conditions", title_justify="left")
        for alarm in row.value.alarms:
            alarms.add_row(alarm.id.value, alarm.priority.value, alarm.effect.value, _plain(alarm.source))
        console.print(alarms)


def print_json(name: str | None = None) -> None:
    """Print one row, or all, as JSON: kind, name and the value as journals write it; of a fluid, its sources beside it."""
    rows = [row_named(name)] if name is not None else list(catalogue().values())
    written = [{"kind": row.kind, "name": row.name, "value": encode(row.value)} | _sources_beside(row) for row in rows]
    print(json.dumps(written[0] if name is not None else written, indent=2, ensure_ascii=False))


def _sources_beside(row: Row) -> dict[str, Json]:
    return {"sources": encode(row.sources)} if isinstance(row.value, Fluid) else {}


def _compact(title: str, name: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(name, no_wrap=True)
    for column in columns:
        table.add_column(column)
    table.add_column("read", no_wrap=True)
    return table


def _rates(model: PumpModel) -> str:
    low, high = model.rate_bands[0].low_nl_per_h / 1e6, model.max_rate_nl_per_h / 1e6
    return f"{low:g}-{high:g}"


def _in_si(resistance_kpa_h_per_ml: float) -> str:
    return f"{resistance_kpa_h_per_ml * 3.6e12:.3g}"


def _figures(title: str, sources: Sequence[Sourced]) -> Table:
    table = Table("figure", "value", "source", title=_plain(title), title_justify="left")
    for entry in sources:
        table.add_row(
            _plain(entry.figure), _plain(entry.value), _plain(entry.source), style="" if entry.verified else "dim"
        )
    return table
