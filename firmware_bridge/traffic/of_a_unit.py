"""The header of a virtual pump's journal, and the virtual pump of a header."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from firmware_bridge.setting_up import dialect_of, unit_of
from firmware_bridge.traffic.exchanges import read_anew
from firmware_bridge.traffic.journal import Header, WireJournal, WireWriter
from firmware_bridge.traffic.languages import language_of
from firmware_bridge.traffic.reading import Language, masked
from firmware_bridge.traffic.recorder import Behind, Recorder
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.unit import Settings, Unit
from firmware_bridge.virtual_pump.wire import WireFaults
from pumpsim.errors import PumpsimError

SERIAL = "serial"
"""The setting of dialects that is a serial number."""


def header_of(
    source: Literal["emulate", "test"],
    dialect: Dialect,
    settings: Settings,
    model: str | None,
    scenario: Path | None,
    pump: str | None,
    hide: bool,
) -> Header:
    """The header of what is recorded from now on at a virtual pump. ``hide``: whether its serial number is redacted, too."""
    more = settings.options.more
    return Header(
        source=source,
        began=now(),
        protocol=dialect.name,
        model=model or ("" if scenario else dialect.model),
        scenario="" if scenario is None else scenario.read_text(encoding="utf-8-sig"),
        pump=pump,
        address=settings.first,
        options={key: masked(value) if hide and key == SERIAL else value for key, value in more.items()},
        spontaneous=settings.options.spontaneous,
        power_up_alarm=settings.options.power_up_alarm,
        speed=settings.speed,
        latency_ns=settings.faults.latency_ns,
        baud=settings.faults.baud,
        host_baud=settings.faults.host_baud,
        redacted=language_of(dialect.name).redacts if hide else "",
    )


def listen(unit: Unit, clock: Callable[[], int], path: Path, header: Header) -> Behind:
    """Begin a journal of a unit's wire; ``write`` it between two steps, ``close`` it at the end. ``clock``: gives link time.

    Raises JournalError when the file exists, OSError as files do.
    """
    writer = WireWriter(path, header)
    recorder = Recorder(language_of(header.protocol), writer.write, hide=bool(header.redacted))
    behind = Behind(recorder, clock, writer.close)
    unit.listen(behind)
    return behind


def now() -> str:
    """The wall clock, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def unit_for(
    journal: WireJournal, protocol: str = "", model: str | None = None, scenario: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> tuple[Unit, Language]:  # fmt: skip
    """Set a virtual pump up as the journal's header says; what is named here comes first. Its language with it.

    In a redacted journal the pump has the redacted serial number, so that what a host made of it is right. Raises PumpsimError.
    """
    header = journal.header
    name = protocol or header.protocol
    if not name:
        raise PumpsimError("the journal names no protocol: give --protocol")
    dialect, language = dialect_of(name), language_of(name)
    more = {**header.options, **(options or {})}
    serial = _serial(journal, language) if header.redacted else None
    if serial is not None and SERIAL in dialect.options:
        more = {**more, SERIAL: serial, **(options or {})}
    settings = Settings(
        Options(header.spontaneous, header.power_up_alarm, more),
        WireFaults(latency_ns=header.latency_ns, baud=header.baud, host_baud=header.host_baud),
        header.speed,
        first=header.address,
        wire_by_scenario=False,
    )
    if scenario is not None or not header.scenario or (model is not None and model != header.model):
        return unit_of(dialect, model or header.model or None, scenario, settings, header.pump), language
    try:
        document = tomllib.loads(header.scenario)
    except ValueError as error:
        raise PumpsimError(f"the scenario in the journal cannot be read: {error}") from error
    only = None if header.pump is None else (header.pump,)
    return Unit(document, dialect, settings, name="scenario of the journal", only=only), language


def _serial(journal: WireJournal, language: Language) -> str | None:
    """The serial number, redacted, that the pump told."""
    pieces = read_anew(journal, language)
    reader = language.reader(True)
    return next((found for p in pieces if (found := language.serial(reader.read(p.by, p.data).body))), None)
