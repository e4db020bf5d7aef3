"""What the commands print for people: a run's tables and the catalogue, with rich."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from pumpsim.analysis.expectations import Outcome
from pumpsim.analysis.summary import Plain
from pumpsim.scenario import Scenario
from pumpsim.vocabulary.model import Sourced


def print_run(scenario: Scenario, outcomes: Sequence[Outcome], summary: Mapping[str, Plain]) -> None:
    """Print the totals of a run and every expectation with what was measured."""
    console = Console()
    console.print(f"\n{scenario.title}", style="bold", markup=False, highlight=False)
    console.print(_totals(summary))
    drugs = _drugs(summary)
    if drugs.row_count:
        console.print(drugs)
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
    units = {"mg": "mg", "u": "U", "meq": "mEq"}
    for drug, amounts in drugs.items():
        assert isinstance(amounts, dict)
        for key in amounts:
            kind = key.removeprefix("delivered_")
            if kind != key:
                unit = units[kind]
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


def print_catalogue() -> None:
    """Print every row that a scenario can name, with its figures and their sources."""
    from pumpsim.catalogue.accesses import ACCESSES
    from pumpsim.catalogue.fluids import FLUIDS
    from pumpsim.catalogue.pumps import MODELS
    from pumpsim.catalogue.sets import SETS

    console = Console()
    for model in MODELS.values():
        console.print(_figures(f"pump {model.id}: {model.title}, lines {' and '.join(model.lines)}", model.sources))
        alarms = Table(
            "alarm", "priority", "effect", "source", title=f"{model.id}: alarm conditions", title_justify="left"
        )
        for row in model.alarms:
            alarms.add_row(row.id.value, row.priority.value, row.effect.value, _plain(row.source))
        console.print(alarms)
    for kind in SETS.values():
        console.print(_figures(f"set {kind.name}", kind.sources))
    for access in ACCESSES.values():
        console.print(_figures(f"access {access.name}", access.sources))
    console.print(f"fluids: {', '.join(FLUIDS)}", highlight=False)
    console.print("A drug is given with its concentration: fluid = { drug = ..., concentration = ... }", markup=False)


def _figures(title: str, sources: Sequence[Sourced]) -> Table:
    table = Table("figure", "value", "source", title=title, title_justify="left")
    for entry in sources:
        table.add_row(
            _plain(entry.figure), _plain(entry.value), _plain(entry.source), style="" if entry.verified else "dim"
        )
    return table
