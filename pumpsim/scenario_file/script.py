"""What is done to the pumps of a scenario file, in time: the operator's commands, changed containers and disturbances.

A dose becomes a rate here, once: exact to the last digit up to the rounding to the model's rate step, which
``nearest_rate_nl_per_h`` does.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from pumpsim.scenario import Entry
from pumpsim.scenario_file.changes import Changed
from pumpsim.scenario_file.checks import Document, Faults, Path, tables_at, validated
from pumpsim.scenario_file.disturbances import disturbances
from pumpsim.scenario_file.happening_tables import LoadTable, OperatorTable, OrderTable
from pumpsim.scenario_file.places import Placed, Pumps, check_instant, line_of, pump_of
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.units import Quantity, format_quantity
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    LoadProgram,
    OperatorCommand,
    ResetAir,
    Start,
    Stop,
    Titrate,
)
from pumpsim.vocabulary.path import JunctionSetup
from pumpsim.vocabulary.program import (
    InfusionProgram,
    format_rate,
    nearest_rate_nl_per_h,
    program_faults,
    rate_faults,
)

NL_PER_ML = 1_000_000
NOTHING_DONE = {"do": "acknowledge"}
"""Stands in for a command with faults, so that its instant and its pump are checked all the same."""


def script(
    document: Document,
    pumps: Pumps,
    junctions: tuple[JunctionSetup, ...],
    changed: Sequence[Changed],
    duration_ns: int | None,
    faults: Faults,
) -> list[Placed]:
    """Read all that is done, sorted: by instant; of one instant disturbances first, then changes, then as in the file.

    ``duration_ns`` None: not known, so nothing is checked against it.
    """
    happening = disturbances(document, pumps, junctions, changed, duration_ns, faults)
    hung = (change.placed for change in changed)
    placed = [*happening, *hung, *_commands(document, pumps, duration_ns, faults)]
    return sorted(placed, key=lambda p: p.entry.at_ns)


def _commands(document: Document, pumps: Pumps, duration_ns: int | None, faults: Faults) -> Iterable[Placed]:
    for path, raw in tables_at(document, "operator", faults):
        table = validated(OperatorTable, raw, path, faults, NOTHING_DONE)
        if table is None:
            continue
        check_instant(table.at, duration_ns, (*path, "at"), faults)
        pump = pump_of(pumps, table.pump, path, faults)
        command = None if pump is None else _command(table, pump.at(table.at), path, faults)
        if pump is not None and command is not None:
            yield Placed(Entry(table.at, pump.setup.id, command), path)


def _command(table: OperatorTable, pump: BuiltPump, path: Path, faults: Faults) -> OperatorCommand | None:
    """What the operator asks for; None after a fault."""
    if table.load is not None:
        return _load(table.load, pump, (*path, "load"), faults)
    if table.titrate is not None:
        return _titrate(table.titrate, pump, (*path, "titrate"), faults)
    if table.mode is not None:
        line = line_of(pump, table.mode.line, (*path, "mode"), faults)
        return None if line is None else ChangeMode(line, table.mode.mode)
    if table.do == "acknowledge":
        return Acknowledge(table.alarm)
    if table.do == "reset-air":
        return ResetAir()
    if table.line is not None and line_of(pump, table.line, path, faults) is None:
        return None
    return Start(table.line) if table.do == "start" else Stop(table.line)


def _load(table: LoadTable, pump: BuiltPump, path: Path, faults: Faults) -> LoadProgram | None:
    line = line_of(pump, table.line, path, faults)
    if line is not None and not pump.has_container(line):
        faults.add((*path, "line"), f"line {line} has no container: write a [line.{line}]")
    order = _order(table, pump, line, path, faults)
    if line is None or order is None:
        return None
    rate, ordered = order
    try:
        program = InfusionProgram(rate, table.vtbi, table.mode, table.at_end, table.delay, table.call_back, ordered)
    except ValueError as fault:
        faults.add(path, str(fault))
        return None
    for limit in program_faults(pump.model, line, program):
        if limit not in rate_faults(pump.model, rate):
            faults.add((*path, "vtbi" if limit.startswith("VTBI") else "mode"), limit)
    return LoadProgram(line, program)


def _titrate(table: OrderTable, pump: BuiltPump, path: Path, faults: Faults) -> Titrate | None:
    line = line_of(pump, table.line, path, faults)
    order = _order(table, pump, line, path, faults)
    return None if line is None or order is None else Titrate(line, *order)


def _order(table: OrderTable, pump: BuiltPump, line: str | None, path: Path, faults: Faults) -> tuple[int, str] | None:
    """Give the rate in nL/h, within the model's limits, and the dose as it was ordered and is delivered.

    None after a fault, or when a dose is of a line or a fluid that is not known.
    """
    if table.rate is not None:
        order, key = (table.rate, ""), "rate"
    elif line is not None and line in pump.contents:
        dosed, key = _dosed(table, pump, line, path, faults), "dose"
        if dosed is None:
            return None
        order = dosed
    else:
        return None
    limits = rate_faults(pump.model, order[0])
    for limit in limits:
        faults.add((*path, key), limit)
    return None if limits else order


def _dosed(table: OrderTable, pump: BuiltPump, line: str, path: Path, faults: Faults) -> tuple[int, str] | None:
    """Make a rate of a dose; None after a fault."""
    assert table.dose is not None
    concentration = _concentration(table, pump, line, path, faults)
    if concentration is None:
        return None
    if concentration.dimension.counted != table.dose.dimension.counted:
        faults.add(
            (*path, "dose"),
            f"the dose is counted in {table.dose.dimension.counted}, the concentration {concentration.text} of line {line} "
            f"in {concentration.dimension.counted}",
        )
        return None
    weight = table.weight.value if table.weight is not None else Fraction(1)
    exact = table.dose.value * weight / concentration.value * NL_PER_ML
    rate = nearest_rate_nl_per_h(pump.model, exact.numerator, exact.denominator)
    delivered = rate * concentration.value / weight / NL_PER_ML
    ordered = ", ".join(q.text for q in (table.dose, table.weight) if q is not None)
    written = format_quantity(delivered, table.dose.dimension, table.dose.word)
    return rate, f"{ordered} -> {format_rate(rate)}: {written}"


def _concentration(table: OrderTable, pump: BuiltPump, line: str, path: Path, faults: Faults) -> Quantity | None:
    """The concentration of the drug that a dose is of."""
    drugs = dict(pump.contents[line])
    if not drugs:
        faults.add((*path, "dose"), f"line {line} has no drug, so a dose of it is no rate")
        return None
    if table.drug is None:
        if len(drugs) > 1:
            faults.add((*path, "drug"), f"is missing: line {line} has {', '.join(drugs)}")
            return None
        return next(iter(drugs.values()))
    if table.drug not in drugs:
        faults.add_unknown((*path, "drug"), f"drug of line {line}", table.drug, drugs)
    return drugs.get(table.drug)
