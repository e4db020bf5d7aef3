"""What the prescriber wants, as a scenario file says it: ``[[order]]``, so much of a drug between two instants."""

from pumpsim.scenario import Order
from pumpsim.scenario_file.checks import Document, Faults, Path, tables_at, validated
from pumpsim.scenario_file.expect_tables import OrderedTable
from pumpsim.scenario_file.places import Pumps, check_instant, pump_of
from pumpsim.scenario_file.pumps import drugs_of
from pumpsim.units import format_time


def orders(document: Document, pumps: Pumps, duration_ns: int | None, faults: Faults) -> tuple[Order, ...]:
    """Read every order, in the order of the file; one that names no pump is meant for each of them."""
    found = []
    for path, raw in tables_at(document, "order", faults):
        table = validated(OrderedTable, raw, path, faults)
        order = None if table is None else _order(table, pumps, duration_ns, path, faults)
        if order is not None:
            found.append(order)
    return tuple(found)


def _order(table: OrderedTable, pumps: Pumps, duration_ns: int | None, path: Path, faults: Faults) -> Order | None:
    if table.pump is not None and pump_of(pumps, table.pump, path, faults) is None:
        return None
    begin, end = (moment.whole for moment in table.between)
    if begin >= end:
        faults.add((*path, "between"), f"does not end after {format_time(begin)}, when it begins")
    check_instant(end, duration_ns, (*path, "between"), faults)
    meant = [table.pump] if table.pump is not None else list(pumps)
    built = [pump for id in meant if (pump := pumps[id]) is not None]
    units = {drug: unit for pump in built for drug, unit in drugs_of(pump).items()}
    if table.drug not in units:
        if len(built) == len(meant) and not any(pump.unknown for pump in built):
            faults.add_unknown((*path, "drug"), "drug", table.drug, units)
        return None
    unit = units[table.drug]
    if table.amount.dimension.counted != unit.value:
        faults.add((*path, "amount"), f"{table.drug} is counted in {unit.value}")
        return None
    text = f"{table.amount.text} between {table.between[0].text} and {table.between[1].text}"
    return Order(text, table.drug, table.amount.measured, unit, begin, end, tuple(meant))
