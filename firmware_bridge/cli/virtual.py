"""``firmware-bridge emulate --protocol NAME``: virtual pumps on ports."""

import gc
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_bridge.cli.shown import Shown
from firmware_bridge.rack import Opener, Rack
from firmware_bridge.setting_up import dialect_of, opener_of, unit_of
from firmware_bridge.transports import LinkLost
from firmware_bridge.transports.tcp import SCHEME, loopback_address
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.unit import Settings, Unit, wire_faults
from pumpsim.errors import PumpsimError

if TYPE_CHECKING:
    from firmware_bridge.traffic.recorder import Behind


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says. ``wire``: faults by their words; ``options``: KEY=VALUE of the dialect; ``journal``: a file
    for all that goes over the wire."""

    model: str | None
    protocol: str
    scenario: Path | None
    pump: str | None
    link: Path | None
    port: str | None
    count: int
    control: str | None
    speed: float
    wire: Mapping[str, object]
    pacing: bool
    spontaneous: bool
    power_up_alarm: bool
    options: Sequence[str]
    address: int | None
    seed: int
    journal: Path | None = None
    keep_identifiers: bool = False
    scale_link_timers: bool = False
    strict_baud: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What was wanted, and the units that came of it, each with a way to make its port."""

    wanted: Wanted
    units: Sequence[tuple[Unit, Opener]]


def made(wanted: Wanted) -> Made:
    """Set the units up; no port is opened yet. Raises PumpsimError for what cannot be meant."""
    dialect = dialect_of(wanted.protocol)
    units = [
        (
            unit_of(dialect, wanted.model, wanted.scenario, _settings(wanted, dialect, number), wanted.pump),
            opener_of(*_place(wanted, number), dialect.baud),
        )
        for number in range(1, wanted.count + 1)
    ]
    return Made(wanted, units)


def emulate(every: Sequence[Made], interrupted: Callable[[], bool]) -> int:
    """Be virtual pumps until interrupted, of one kind or of several; the exit code. The first lines printed are the paths to
    attach to. A journal, and link time that goes as fast as the pump, are for one kind alone."""
    first = every[0].wanted
    if first.journal is not None and first.count > 1:
        raise PumpsimError(f"--count {first.count}: a wire journal is of one wire")
    units = [unit for kind in every for unit in kind.units]
    with _control(first.control) as control:
        rack = Rack(units, control, units[0][0].link_speed)
        try:
            with _journal(first, dialect_of(first.protocol), units[0][0], rack) as behind:
                print("\n".join(rack.paths()))
                at = f"; control on 127.0.0.1:{control.getsockname()[1]}" if control is not None else ""
                print(
                    "\n".join(_described(kind.wanted, kind.units) for kind in every) + f"{at}; Ctrl-C ends",
                    flush=True,
                )
                gc.collect()
                gc.freeze()  # what is there now stays, and need not be looked through while hosts wait
                with Shown(rack) as shown:

                    def tell() -> bool:
                        if behind is not None:
                            behind.write()
                        return shown.show()

                    rack.run(interrupted, tell)
        except LinkLost as lost:
            print(f"the link was lost: {lost}", file=sys.stderr)
            return 1
        finally:
            rack.close()
    return 0


def _described(wanted: Wanted, units: Sequence[tuple[Unit, Opener]]) -> str:
    dialect = units[0][0].dialect
    faster = "" if wanted.speed == 1.0 else f", {wanted.speed:,.10g} times as fast"
    faster += ", its wire too" if faster and wanted.scale_link_timers else ""
    models = ", ".join(dict.fromkeys(port.model.id for unit, _ in units for port in unit.pumps.values()))
    return f"{models}, {dialect.name} protocol, {dialect.baud} baud {dialect.framing}{faster}"


def _settings(wanted: Wanted, dialect: Dialect, number: int) -> Settings:
    more = dict[str, str]()
    for option in wanted.options:
        key, equals, value = option.partition("=")
        if not equals:
            raise PumpsimError(
                f"--set {option}: KEY=VALUE is wanted; {dialect.name} has {', '.join(dialect.options) or 'none'}"
            )
        more[key] = value
    wire = dict(wanted.wire)
    if wanted.pacing:
        wire.setdefault("baud", dialect.baud)
    return Settings(
        Options(wanted.spontaneous, wanted.power_up_alarm, more),
        wire_faults(wire),
        wanted.speed,
        wanted.seed + number - 1,
        wanted.address,
        wanted.scale_link_timers,
        wanted.strict_baud,
    )


def _place(wanted: Wanted, number: int) -> tuple[str | None, Path | None]:
    """Where one of several stands: links and TCP ports are numbered on, an existing port is there once."""
    if wanted.count == 1:
        return wanted.port, wanted.link
    if wanted.link is not None:
        return wanted.port, wanted.link.with_name(f"{wanted.link.name}{number}")
    if wanted.port is None:
        return None, None
    if not wanted.port.startswith(SCHEME):
        raise PumpsimError(f"--count {wanted.count}: {wanted.port} is one port; name --link or tcp://, or neither")
    host, port = loopback_address(wanted.port)
    if port and port + number - 1 > 65535:
        raise PumpsimError(f"--count {wanted.count}: there are no {wanted.count} ports from {port} on")
    return f"{SCHEME}{f'[{host}]' if ':' in host else host}:{port + number - 1 if port else 0}", None


@contextmanager
def _journal(wanted: Wanted, dialect: Dialect, unit: Unit, rack: Rack) -> Iterator["Behind | None"]:
    """Let a journal be kept of the unit's wire. Raises JournalError when the file exists."""
    if wanted.journal is None:
        yield None
        return
    from firmware_bridge.traffic.of_a_unit import header_of, listen

    settings, hide = _settings(wanted, dialect, 1), not wanted.keep_identifiers
    header = header_of("emulate", dialect, settings, wanted.model, wanted.scenario, wanted.pump, hide)
    with closing(listen(unit, rack.now_ns, wanted.journal, header)) as behind:
        yield behind


@contextmanager
def _control(place: str | None) -> Iterator[socket.socket | None]:
    if place is None:
        yield None
        return
    host, port = loopback_address(place)
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise PumpsimError(f"--control {place}: cannot listen: {error.strerror or error}") from error
    with listener:
        yield listener
