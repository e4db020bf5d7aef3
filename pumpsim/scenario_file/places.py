"""Whom an entry of a scenario file concerns, and when: pumps, lines and instants, each found or noted as a fault."""

from collections.abc import Mapping
from dataclasses import dataclass

from pumpsim.scenario import Entry
from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.units import format_time

Pumps = Mapping[str, BuiltPump | None]
"""Every pump of the file by its id; None for one that could not be read."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and where it stands in the file."""

    entry: Entry
    path: Path


def pump_of(pumps: Pumps, name: str | None, path: Path, faults: Faults) -> BuiltPump | None:
    """Find the pump that an entry concerns: the one that it names, or the only one. None: not found, or not readable."""
    if name is None:
        if len(pumps) > 1:
            faults.add((*path, "pump"), f"is missing: there are several pumps; valid: {', '.join(pumps)}")
        return next(iter(pumps.values())) if len(pumps) == 1 else None
    if pumps and name not in pumps:
        faults.add_unknown((*path, "pump"), "pump", name, pumps)
    return pumps.get(name)


def line_of(pump: BuiltPump, name: str | None, path: Path, faults: Faults) -> str | None:
    """Find the line that an entry concerns: the one that it names, or the only one of the model. None: a fault."""
    lines = pump.model.lines
    if name is None:
        if len(lines) > 1:
            faults.add((*path, "line"), f"is missing: {pump.model.id} has the lines {', '.join(lines)}")
            return None
        return lines[0]
    if name not in lines:
        faults.add_unknown((*path, "line"), f"line of {pump.model.id}", name, lines)
        return None
    return name


def check_instant(at_ns: int, duration_ns: int | None, path: Path, faults: Faults) -> None:
    """See that an instant is not beyond the end."""
    if duration_ns is not None and at_ns > duration_ns:
        faults.add(path, f"is beyond the end of the scenario, {format_time(duration_ns)}")
