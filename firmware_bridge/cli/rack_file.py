"""The file of a rack: which pumps stand behind which ports, all in one process (``emulate --rack FILE``).

    [[port]]
    protocol = "new-era"
    count = 3

    [[port]]
    protocol = "alaris"
    scenario = "ward.toml"
    link = "ttyALARIS"
    speed = 60
    wire = { drop = 0.01 }

Each ``[[port]]`` is what ``emulate`` takes as options for one protocol, by the same names. Files and links are named from where
the rack's file lies.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from firmware_bridge.cli.virtual import Made, Wanted, made
from firmware_bridge.setting_up import dialects
from firmware_bridge.virtual_pump.unit import Settings, wire_faults
from pumpsim.errors import FieldError, PumpsimError, ScenarioError
from pumpsim.scenario_file.checks import Faults, tables_at, validated
from pumpsim.scenario_file.files import document_of, printable, text_of
from pumpsim.scenario_file.pump_tables import Table

MOST = 1000


class PortTable(Table):
    """A port, or several alike."""

    protocol: str
    model: str | None = None
    scenario: str | None = None
    pump: str | None = None
    link: str | None = None
    port: str | None = None
    count: Annotated[int, Field(ge=1, le=MOST)] = 1
    speed: float = 1.0
    wire: dict[str, str | float | int | bool] | None = None
    baud_pacing: bool = False
    strict_baud: bool = False
    spontaneous: bool = True
    power_up_alarm: bool = True
    settings: dict[str, str] | None = None
    address: int | None = None
    seed: int = 1


def made_of(file: Path, control: str | None) -> list[Made]:
    """Read what a rack shall have, and set it up. Raises ScenarioError with every fault of the file, and of the scenarios that
    it names."""
    faults = Faults(printable(str(file)))
    text = text_of(file, faults, "rack")
    document = None if text is None else document_of(text, faults)
    found: list[Made] = []
    if document is not None:
        for key in document:
            if key != "port":
                faults.add((key,), "unknown key: a rack has [[port]] tables only")
        for path, raw in tables_at(document, "port", faults):
            table = validated(PortTable, raw, path, faults)
            if table is None:
                continue
            for word, fault in _wrong(table):
                faults.add((*path, word), fault)
            if faults.any_under(path):
                continue
            try:
                found.append(made(_wanted(table, file.parent, control)))
            except PumpsimError as error:
                for line in str(error).splitlines():
                    faults.add(path, line)
        if not found and not faults.found:
            faults.add((), "a rack has one [[port]] at least")
    if faults.found:
        raise ScenarioError(faults.found)
    return found


def _wrong(table: PortTable) -> Iterator[tuple[str, str]]:
    """What can be seen without the files that the table names."""
    if table.protocol not in dialects():
        yield "protocol", f"one of {', '.join(dialects())} is wanted"
    if table.link is not None and table.port is not None:
        yield "link", "names a new pseudo-terminal, port an existing device: give one of them"
    for word, check in (
        ("wire", lambda: wire_faults(table.wire or {})),
        ("speed", lambda: Settings(speed=table.speed)),
    ):
        try:
            check()
        except FieldError as error:
            yield word, str(error)


def _wanted(table: PortTable, folder: Path, control: str | None) -> Wanted:
    return Wanted(
        table.model,
        table.protocol,
        None if table.scenario is None else folder / table.scenario,
        table.pump,
        None if table.link is None else folder / table.link,
        table.port,
        table.count,
        control,
        table.speed,
        table.wire or {},
        table.baud_pacing,
        table.spontaneous,
        table.power_up_alarm,
        [f"{key}={value}" for key, value in (table.settings or {}).items()],
        table.address,
        table.seed,
        strict_baud=table.strict_baud,
    )
