"""What is hung on the lines of a scenario file while it runs: bags, syringes, refilled reservoirs.

A change is no disturbance that ends: what it brings stays until the next. Its ``gap`` is one: the clamp of the limb is shut.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pumpsim.catalogue.fluids import head_kpa
from pumpsim.scenario import Entry
from pumpsim.scenario_file.checks import Document, Faults, Path, tables_at, validated
from pumpsim.scenario_file.fields import millilitres
from pumpsim.scenario_file.happening_tables import ChangeTable, RefillTable
from pumpsim.scenario_file.places import Placed, Pumps, check_instant, line_of, pump_of
from pumpsim.scenario_file.pumps import BuiltPump, Later, built_fluid, held_in
from pumpsim.vocabulary.disturbances import Change, Hanging, Refill
from pumpsim.vocabulary.model import Drive
from pumpsim.vocabulary.path import ContainerKind, LineSetup


@dataclass(frozen=True, slots=True)
class Changed:
    """A change as it is done, where it stands in the file, what the line holds from then on, and how long it is shut."""

    placed: Placed
    later: Later
    gap_ns: int | None


def changes(document: Document, pumps: Pumps, duration_ns: int | None, faults: Faults) -> list[Changed]:
    """Read every ``[[change]]``, in time."""
    found = []
    for path, raw in tables_at(document, "change", faults):
        table = validated(ChangeTable, raw, path, faults)
        if table is None:
            continue
        check_instant(table.at, duration_ns, (*path, "at"), faults)
        if table.gap is not None and not faults.any_under((*path, "at")):
            check_instant(table.at + table.gap, duration_ns, (*path, "gap"), faults)
        pump = pump_of(pumps, table.pump, path, faults)
        line = None if pump is None else line_of(pump, table.line, path, faults)
        changed = None if pump is None or line is None else _changed(table, pump, line, path, faults)
        if changed is not None:
            found.append(changed)
    return sorted(found, key=lambda changed: changed.later.at_ns)


def with_changes(pumps: Pumps, found: Iterable[Changed]) -> dict[str, BuiltPump | None]:
    """The pumps with what is hung on them later."""
    later = [(changed.placed.entry.pump, changed.later) for changed in found]
    return {
        id: pump and replace(pump, later=tuple(what for whose, what in later if whose == id))
        for id, pump in pumps.items()
    }


def _changed(table: ChangeTable, pump: BuiltPump, line: str, path: Path, faults: Faults) -> Changed | None:
    """One change; None after a fault, or on a line that could not be read."""
    setup = next(setup for setup in pump.setup.path.lines if setup.line == line)
    if line in pump.unknown:
        return None
    if not pump.has_container(line):
        faults.add((*path, "line"), f"line {line} has no container that could be changed: write a [line.{line}]")
        return None
    if setup.secondary is not None:
        faults.add(
            (*path, "line"), f"line {line} has a secondary: its containers are hung elsewhere (hang), not changed"
        )
        return None
    if table.refill is not None:
        given = table.refill.fluid
        where: Path = (*path, "refill")
    else:
        assert table.container is not None
        given, where = table.container.fluid, (*path, "container")
    fluid, contents = built_fluid(given, (*where, "fluid"), faults)
    later = Later(table.at, line, contents, fluid)
    hanging: Hanging | None
    if table.refill is not None:
        hanging = _refill(table.refill, pump, setup, later, where, faults)
    else:
        assert table.container is not None
        hanging = _container(table, pump, setup, later, where, faults)
    if hanging is None:
        return None
    return Changed(Placed(Entry(table.at, pump.setup.id, hanging), path), later, table.gap)


def _refill(
    table: RefillTable, pump: BuiltPump, setup: LineSetup, later: Later, path: Path, faults: Faults
) -> Refill | None:
    if pump.model.mechanism.drive is Drive.ROLLER_CLAMP:
        faults.add(path, f"{pump.model.id} is a drip: what hangs there is changed, not filled again")
        return None
    if setup.kind is not ContainerKind.RESERVOIR:
        faults.add(path, f"line {setup.line} has a {setup.kind.value}: only a reservoir is filled again where it is")
        return None
    withdrawn = None if table.withdraw is None else millilitres(table.withdraw)
    return Refill(setup.line, millilitres(table.volume), later.fluid, withdrawn)


def _container(
    table: ChangeTable, pump: BuiltPump, setup: LineSetup, later: Later, path: Path, faults: Faults
) -> Change | None:
    container = table.container
    assert container is not None
    kind, volume_ml = held_in(container)
    if container.syringe != setup.syringe:
        if setup.syringe is None:
            faults.add(path, f"line {setup.line} has a {setup.kind.value}: no syringe can come in its place")
        else:
            faults.add(
                path, f"the pump is set to {setup.syringe.name}: another syringe of this type is wanted, full or not"
            )
        return None
    bolus_ml = 0.0 if table.bolus is None else millilitres(table.bolus)
    if bolus_ml >= volume_ml:
        faults.add((*path[:-1], "bolus"), f"is all that is in the syringe, {volume_ml:g} mL, or more")
    if -bolus_ml >= pump.setup.path.set.common_ml > 0.0:
        faults.add(
            (*path[:-1], "bolus"), f"draws back all that is in the set, {pump.setup.path.set.common_ml:g} mL, or more"
        )
    return Change(
        setup.line,
        kind.value,
        volume_ml,
        later.fluid,
        None if table.head is None else head_kpa(table.head.measured),
        bool(table.purged),
        bolus_ml,
    )
