"""What is done to the pumps of a scenario file, in time: the operator's commands, changed containers and disturbances.

A dose becomes a rate here, once: exact to the last digit up to the rounding to the model's rate step, which
``nearest_rate_nl_per_h`` does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pumpsim.scenario import Entry
from pumpsim.scenario_file.amounts import Dosing
from pumpsim.scenario_file.changes import Changed
from pumpsim.scenario_file.checks import Document, Faults, Path, tables_at, validated
from pumpsim.scenario_file.disturbances import disturbances
from pumpsim.scenario_file.happening_tables import (
    ANSWERS,
    BackprimeTable,
    LoadTable,
    OperatorTable,
    OrderTable,
    WithdrawTable,
)
from pumpsim.scenario_file.library import default_order, rule_of
from pumpsim.scenario_file.places import Placed, Pumps, check_instant, line_of, pump_of
from pumpsim.scenario_file.programme_tables import BolusTable, TemporaryTable
from pumpsim.scenario_file.programmes import programme
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.vocabulary.disturbances import Disturbance, Powering
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Backprime,
    ChangeMode,
    Confirm,
    DeviceEvent,
    GiveBolus,
    LoadProgram,
    OperatorCommand,
    PauseAudio,
    RequestDose,
    ResetAir,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Titrate,
    Withdraw,
)
from pumpsim.vocabulary.path import JunctionSetup
from pumpsim.vocabulary.program import backprime_faults, bolus_faults, rate_faults, withdrawal_faults
from pumpsim.vocabulary.sensors import SensorFault

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
    """Read all that is done, sorted: by instant; of one instant disturbances first, then changes, then what the device reports,
    then as in the file.

    ``duration_ns`` None: not known, so nothing is checked against it.
    """
    happening = disturbances(document, pumps, junctions, changed, duration_ns, faults)
    hung = (change.placed for change in changed)
    placed = [*happening, *hung, *_commands(document, pumps, duration_ns, faults)]
    return sorted(placed, key=lambda p: (p.entry.at_ns, _rank(p.entry)))


def _rank(entry: Entry) -> int:
    """The world comes first, then the device, then the operator."""
    if isinstance(entry.action, DeviceEvent):
        return 1
    return 0 if isinstance(entry.action, Disturbance | SensorFault | Powering) else 2


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
    if table.bolus is not None:
        return _bolus(table.bolus, pump, (*path, "bolus"), faults)
    if table.temporary is not None:
        return _temporary(table.temporary, pump, (*path, "temporary"), faults)
    if table.backprime is not None:
        return _backprime(table.backprime, pump, (*path, "backprime"), faults)
    if table.withdraw is not None:
        return _withdraw(table.withdraw, pump, (*path, "withdraw"), faults)
    if table.mode is not None:
        line = line_of(pump, table.mode.line, (*path, "mode"), faults)
        return None if line is None else ChangeMode(line, table.mode.mode)
    return _done(table, pump, path, faults)


def _done(table: OperatorTable, pump: BuiltPump, path: Path, faults: Faults) -> OperatorCommand | None:
    """What is done by a word alone."""
    if table.do == "acknowledge":
        return Acknowledge(table.alarm)
    if table.do == "reset-air":
        return ResetAir()
    if table.do == "pause-audio":
        return PauseAudio() if table.for_ is None else PauseAudio(table.for_)
    if table.do == "clock":
        assert table.time is not None
        return SetClock(table.time)
    if table.do in ANSWERS:
        return Confirm(ANSWERS[table.do])
    if table.do in ("start", "stop"):
        if table.line is not None and line_of(pump, table.line, path, faults) is None:
            return None
        return Start(table.line) if table.do == "start" else Stop(table.line)
    line = line_of(pump, table.line, path, faults)
    if line is None:
        return None
    if table.do == "standby":
        assert table.for_ is not None
        return Standby(line, table.for_)
    return RequestDose(line) if table.do == "request" else StopBolus(line)


def _load(table: LoadTable, pump: BuiltPump, path: Path, faults: Faults) -> LoadProgram | None:
    line = line_of(pump, table.line, path, faults)
    if line is not None and not pump.has_container(line):
        faults.add((*path, "line"), f"line {line} has no container: write a [line.{line}]")
    order = None if table.rate is None and table.dose is None else _order(table, pump, line, path, faults)
    if line is None:
        return None
    dosing = Dosing(pump, line, table.weight, table.drug, faults)
    before, rule = len(faults.found), rule_of(dosing, path)
    if not table.paced:
        order = default_order(dosing, path) if len(faults.found) == before else None
        if order is None:
            return None
    program = programme(table, order, dosing, path)
    return None if program is None else LoadProgram(line, replace(program, drug=rule))


def _titrate(table: OrderTable, pump: BuiltPump, path: Path, faults: Faults) -> Titrate | None:
    line = line_of(pump, table.line, path, faults)
    order = _order(table, pump, line, path, faults)
    return None if line is None or order is None else Titrate(line, *order)


def _bolus(table: BolusTable, pump: BuiltPump, path: Path, faults: Faults) -> GiveBolus | None:
    line = line_of(pump, table.line, path, faults)
    if line is None:
        return None
    dosing = Dosing(pump, line, table.weight, table.drug, faults)
    volume = dosing.volume(table.volume, (*path, "volume"))
    rate = None if table.rate is None else dosing.exact_rate(table.rate, (*path, "rate"))
    if volume is None or (table.rate is not None and rate is None):
        return None
    limits = bolus_faults(pump.model, volume, rate, table.over)
    for limit in limits:
        faults.add(path, limit)
    return None if limits else GiveBolus(line, volume, rate, table.over)


def _temporary(table: TemporaryTable, pump: BuiltPump, path: Path, faults: Faults) -> SetTemporary | None:
    line = line_of(pump, table.line, path, faults)
    if line is None:
        return None
    dosing = Dosing(pump, line, table.weight, table.drug, faults)
    rate = None if table.rate is None else dosing.rate(table.rate, (*path, "rate"))
    if table.for_ and (table.percent is None) == (table.rate is None):
        faults.add(path, "exactly one of percent or rate is wanted")
    return SetTemporary(line, table.for_, table.percent, None if rate is None else rate[0])


def _backprime(table: BackprimeTable, pump: BuiltPump, path: Path, faults: Faults) -> Backprime | None:
    line = line_of(pump, table.line, path, faults)
    if line is None:
        return None
    limits = backprime_faults(pump.model, line, table.volume)
    for limit in limits:
        faults.add(path, limit)
    return None if limits else Backprime(line, table.volume)


def _withdraw(table: WithdrawTable, pump: BuiltPump, path: Path, faults: Faults) -> Withdraw | None:
    line = line_of(pump, table.line, path, faults)
    if line is None:
        return None
    limits = withdrawal_faults(pump.model, table.volume, table.rate)
    for limit in limits:
        faults.add(path, limit)
    return None if limits else Withdraw(line, table.volume, table.rate)


def _order(table: OrderTable, pump: BuiltPump, line: str | None, path: Path, faults: Faults) -> tuple[int, str] | None:
    """Give the rate in nL/h, within the model's limits, and the dose as it was ordered and is delivered.

    None after a fault, or when a dose is of a line or a fluid that is not known.
    """
    if pump.library is None and table.idle_words:
        faults.add(path, table.idle_words)
    if table.rate is not None:
        limits = rate_faults(pump.model, table.rate)
        for limit in limits:
            faults.add((*path, "rate"), limit)
        return None if limits else (table.rate, "")
    if line is None or table.dose is None:
        return None
    return Dosing(pump, line, table.weight, table.drug, faults).rate(table.dose, (*path, "dose"))
