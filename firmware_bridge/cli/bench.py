"""What the commands are about: one pump of a scenario, what is done to it, and the port."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.transports import LinkLost, Transport
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.transports.tcp import SCHEME, TcpPort, loopback_address
from firmware_bridge.virtual_pump.dialect import Dialect
from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS, head_kpa
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.sets import SETS
from pumpsim.errors import PumpsimError
from pumpsim.scenario import PumpSetup, Scenario
from pumpsim.scenario_file import load_scenario
from pumpsim.vocabulary.disturbances import Closing, Disturbance, Powering
from pumpsim.vocabulary.inputs import Backprime, DeviceEvent, OperatorCommand
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.path import LineSetup, PathSetup, Sensing
from pumpsim.vocabulary.sensors import SensorFault


@dataclass(frozen=True, slots=True)
class Bench:
    """One pump and its script, divided between the two ends of the wire. ``commands``: what the pump is given at the host,
    ``asks``: when it is asked what is left of which line."""

    setup: PumpSetup
    commands: tuple[tuple[int, OperatorCommand | DeviceEvent], ...] = ()
    faults: tuple[tuple[int, Closing], ...] = ()
    asks: tuple[tuple[int, str], ...] = ()


def load_alone(file: Path, pump: str | None) -> Scenario:
    """Read a scenario as far as it concerns the one pump that is meant. Raises PumpsimError."""
    scenario = load_scenario(file)
    ids = ", ".join(setup.id for setup in scenario.pumps)
    if pump is None and len(scenario.pumps) > 1:
        raise PumpsimError(f"{scenario.name} has several pumps: choose one with --pump ({ids})")
    setup = next((setup for setup in scenario.pumps if pump in (None, setup.id)), None)
    if setup is None:
        raise PumpsimError(f"{scenario.name} has no pump {pump!r}; it has {ids}")
    return replace(
        scenario,
        pumps=(setup,),
        entries=tuple(entry for entry in scenario.entries if entry.pump == setup.id),
        expectations=tuple(expected for expected in scenario.expectations if expected.pump == setup.id),
    )


def bench_of(scenario: Scenario) -> Bench:
    """Divide the script of a scenario with one pump."""
    if scenario.wire:
        raise PumpsimError(f"{scenario.name}: on a bench the wire is what it is: [[wire]] is for emulate --protocol")
    commands: list[tuple[int, OperatorCommand | DeviceEvent]] = []
    faults: list[tuple[int, Closing]] = []
    for entry in scenario.entries:
        if isinstance(entry.action, Closing):
            faults.append((entry.at_ns, entry.action))
        elif isinstance(entry.action, Disturbance | SensorFault | MotorFault):
            raise PumpsimError(f"{scenario.name}: on a bench a line can be occluded, nothing else be done to it")
        elif isinstance(entry.action, Backprime):
            raise PumpsimError(
                f"{scenario.name}: on a bench nothing is backprimed: the native protocol has no message for it"
            )
        elif isinstance(entry.action, Powering):
            raise PumpsimError(f"{scenario.name}: on a bench nobody cuts the power: switch the device off by hand")
        else:
            commands.append((entry.at_ns, entry.action))
    (setup,) = scenario.pumps
    return Bench(setup, tuple(commands), tuple(faults), scenario.asks(setup.id))


def bench_for(model: str | None, file: Path | None, pump: str | None) -> Bench:
    """What to emulate: the scenario's pump, or a plain one of the model. Raises PumpsimError."""
    if file is None:
        return Bench(plain_pump(model or "dual-channel-cassette"))
    bench = bench_of(load_alone(file, pump))
    if model not in (None, bench.setup.model.id):
        raise PumpsimError(f"MODEL is {model}, but {file} has {bench.setup.model.id}")
    return bench


def plain_pump(model: str) -> PumpSetup:
    """A pump as it comes out of the cupboard: a litre of saline on each line, its set, a 20G catheter."""
    if model not in MODELS:
        raise PumpsimError(f"unknown model {model!r}; known: {', '.join(MODELS)}")
    saline, head = FLUIDS["saline-0.9"], head_kpa(50.0)
    lines = tuple(LineSetup(line, "bag", 1000.0, saline, limb_ml=10.0, head_kpa=head) for line in MODELS[model].lines)
    path = PathSetup(lines, SETS["dual-channel-cassette-set"], ACCESSES["20G-peripheral"])
    return PumpSetup("main", MODELS[model], path, Sensing())


def baud_of(protocol: str) -> int:
    """The baud rate that the protocol of a device begins with. Raises PumpsimError for one that no device speaks."""
    row = PROTOCOLS.get(protocol)
    if row is None:
        raise PumpsimError(f"unknown protocol {protocol!r}; known: {', '.join(PROTOCOLS)}")
    if isinstance(row, Dialect):
        raise PumpsimError(f"protocol {protocol} is a pump's own: it can be emulated, not driven")
    return row.baud


def opener(port: str, baud: int) -> Callable[[], Transport]:
    """A way to open the port, as often as needed; LinkLost says which port."""

    def open_port() -> Transport:
        try:
            return SerialPort(port.replace(SCHEME, "socket://", 1), baud)
        except LinkLost as lost:
            raise LinkLost(f"cannot open port {port}: {lost}") from lost

    return open_port


def device_end(link: Path | None, port: str | None, baud: int) -> tuple[Transport, str]:
    """The device's end of the wire, and what the host opens: a new pseudo-terminal, a port on TCP, or an existing port's far
    end."""
    if port is not None and port.startswith(SCHEME):
        listening = TcpPort(*loopback_address(port))
        return listening, listening.path
    if port is not None:
        return opener(port, baud)(), port
    if os.name != "posix":
        raise PumpsimError("pseudo-terminals need Linux or macOS; give --port (a com0com pair, a real port, tcp://)")
    from firmware_bridge.transports.pseudo_terminal import PseudoTerminal

    try:
        terminal = PseudoTerminal(link)
    except OSError as error:
        raise PumpsimError(f"cannot make the link {link}: {error.strerror or error}") from error
    return terminal, terminal.path
