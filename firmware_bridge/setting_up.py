"""How a virtual pump is set up by names: dialect, model or scenario, port. For the command and for tests alike."""

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.rack import Opener
from firmware_bridge.transports import DevicePort, LinkLost
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.transports.tcp import SCHEME, TcpPort, loopback_address
from firmware_bridge.virtual_pump.cupboard import plain_document
from firmware_bridge.virtual_pump.dialect import Dialect
from firmware_bridge.virtual_pump.unit import Settings, Unit
from pumpsim.errors import PumpsimError, UnknownNameError
from pumpsim.scenario_file import load_scenario


def dialects() -> dict[str, Dialect]:
    """Every dialect that a virtual pump can speak, by its name."""
    return {name: row for name, row in PROTOCOLS.items() if isinstance(row, Dialect)}


def dialect_of(name: str) -> Dialect:
    """The dialect of this name. Raises PumpsimError."""
    found = dialects().get(name)
    if found is None:
        raise UnknownNameError(f"protocol of a virtual pump: {name!r}", name, dialects())
    return found


def unit_of(
    dialect: Dialect,
    model: str | None = None,
    scenario: Path | None = None,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    pump: str | None = None,
) -> Unit:
    """Put pumps behind a dialect: the scenario's, or one of the model, or the dialect's own. Raises PumpsimError."""
    if scenario is None:
        return Unit(plain_document(model or dialect.model), dialect, settings, name=model or dialect.model)
    checked = load_scenario(scenario)
    models = {setup.id: setup.model.id for setup in checked.pumps}
    if pump is not None and pump not in models:
        raise UnknownNameError(f"pump of {checked.name}: {pump!r}", pump, models)
    if model is not None and any(model != found for found in _chosen(models, pump)):
        raise PumpsimError(f"MODEL is {model}, but {scenario} has {', '.join(dict.fromkeys(_chosen(models, pump)))}")
    document = tomllib.loads(scenario.read_bytes().decode("utf-8-sig"))
    only = None if pump is None else (pump,)
    return Unit(document, dialect, settings, name=checked.name, folder=scenario.parent, only=only)


def opener_of(port: str | None, link: Path | None, baud: int) -> Opener:
    """A way to make the port that is meant, as often as it is plugged in. Raises PumpsimError for what cannot be meant.

    ``port`` None: a new pseudo-terminal, with ``link`` as its stable name; ``tcp://127.0.0.1:5025``: on loopback; else a port
    that is there.
    """
    if link is not None and port is not None:
        raise PumpsimError("--link names a new pseudo-terminal, --port an existing device: give one of them")
    if port is None:
        return lambda: _terminal(link)
    if port.startswith(SCHEME):
        return _listening(*loopback_address(port))
    return lambda: _existing(port, baud)


def _chosen(models: dict[str, str], pump: str | None) -> Iterable[str]:
    return models.values() if pump is None else (models[pump],)


def _terminal(link: Path | None) -> DevicePort:
    if os.name != "posix":
        raise PumpsimError("pseudo-terminals need Linux or macOS; give --port (a com0com pair, a real port, tcp://)")
    from firmware_bridge.transports.pseudo_terminal import PseudoTerminal

    try:
        return PseudoTerminal(link)
    except OSError as error:
        raise PumpsimError(f"cannot make the link {link}: {error.strerror or error}") from error


def _listening(host: str, port: int) -> Opener:
    """A port that keeps its number, once it has one."""
    numbers = [port]

    def listen() -> DevicePort:
        made = TcpPort(host, numbers[0])
        numbers[0] = made.address[1]
        return made

    return listen


def _existing(port: str, baud: int) -> DevicePort:
    try:
        return SerialPort(port, baud)
    except LinkLost as lost:
        raise LinkLost(f"cannot open port {port}: {lost}") from lost
