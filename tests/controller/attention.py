"""A pump that is driven by hand: inputs at instants, wake-ups kept in between, and what it says of its signals."""

from collections.abc import Iterable
from dataclasses import replace

from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Effect, Priority
from pumpsim.vocabulary.inputs import DeviceEvent, Input, LineReading, SensorReading, Tick
from pumpsim.vocabulary.inputs import DeviceEventKind as Kind
from pumpsim.vocabulary.model import PumpModel, Reminders
from pumpsim.vocabulary.outputs import AlarmAcknowledged, AlarmCleared, AlarmRaised, CommandRejected, Output
from pumpsim.vocabulary.outputs import SignalChanged as Changed
from tests.build import STROKES, S

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
DOOR, SYRINGE, LINK = AlarmId.DOOR_OPEN, AlarmId.SYRINGE_OFF, AlarmId.COMMUNICATION_LOST
OPEN, SHUT = DeviceEvent(Kind.DOOR_OPENED), DeviceEvent(Kind.DOOR_CLOSED)
OFF, SEATED = DeviceEvent(Kind.SYRINGE_REMOVED), DeviceEvent(Kind.SYRINGE_SEATED)
LOST, FOUND = DeviceEvent(Kind.COMMUNICATION_LOST), DeviceEvent(Kind.COMMUNICATION_RESTORED)
PRESSED, RELEASED = DeviceEvent(Kind.KEY_PRESSED), DeviceEvent(Kind.KEY_RELEASED)
NAMES = {DOOR: "door", SYRINGE: "syringe", LINK: "link"}
READING = SensorReading((LineReading("A", 0, 4.9, False), LineReading("B", 0, 4.9, False)), 0.0)
QUIET = Reminders(key_ns=None)


def plain(row: AlarmCondition) -> AlarmCondition:
    """The three conditions that these tests play with, reduced to what they have in common: HIGH, and nothing else."""
    if row.id not in (DOOR, SYRINGE, LINK):
        return row
    return replace(
        row,
        priority=HIGH,
        effect=Effect.CONTINUE,
        self_clearing=True,
        signal_delay_ns=0,
        latching=False,
        escalates_after_ns=None,
    )


def model_with(reminders: Reminders = QUIET, **changes: dict[str, object]) -> PumpModel:
    """The dual pump with its rows changed: ``door``, ``syringe`` or ``link`` = fields of the row."""
    ids = {"door": DOOR, "syringe": SYRINGE, "link": LINK}
    by_id = {ids[name]: fields for name, fields in changes.items()}
    rows = tuple(replace(plain(row), **by_id.get(row.id, {})) for row in STROKES.alarms)  # type: ignore[arg-type]
    return replace(STROKES, alarms=rows, reminders=reminders)


def play(
    model: PumpModel, points: Iterable[tuple[float, Input]], until_s: float = 0, reading: SensorReading = READING
) -> list[tuple[float, Output]]:
    """Hand inputs over at seconds, and a tick at every instant that the pump asks for; all that it says."""
    pump, said = Pump(model), []
    step = pump.step(0, reading)
    for at_s, given in [*points, (until_s, None)]:
        at_ns = round(at_s * S)
        while step.wake_at_ns is not None and step.wake_at_ns <= at_ns:
            now_ns = step.wake_at_ns
            step = pump.step(now_ns, Tick())
            said += [(now_ns / S, output) for output in step.outputs]
        if given is not None:
            step = pump.step(at_ns, given)
            said += [(at_s, output) for output in step.outputs]
    return said


def signals(said: list[tuple[float, Output]]) -> list[tuple[float, str]]:
    """What was shown and heard from when on: as in ``high door sounds``."""
    return [(at_s, written(output)) for at_s, output in said if isinstance(output, Changed)]


def written(change: Changed) -> str:
    """A change of signals in words."""
    if change == Changed(None, None, None, False):
        return "none"
    assert change.alarm is not None
    assert change.priority is not None
    word = "reminds" if change.reminder else "sounds" if change.audible and change.sounding is None else "silent"
    beside = f", {name(change.sounding)} sounds" if change.sounding is not None else ""
    paused = ", paused" if change.paused else ""
    return f"{change.priority.value} {name(change.alarm)} {word}{beside}{paused}"


def name(alarm: AlarmId) -> str:
    """A short name for the three that these tests play with."""
    return NAMES.get(alarm, alarm.value)


def conditions(said: list[tuple[float, Output]]) -> list[tuple[float, str]]:
    """What was raised, cleared, acknowledged and refused."""
    words = {AlarmRaised: "raised", AlarmCleared: "cleared", AlarmAcknowledged: "acknowledged"}
    found = []
    for at_s, output in said:
        if isinstance(output, AlarmRaised | AlarmCleared | AlarmAcknowledged):
            found.append((at_s, f"{words[type(output)]} {name(output.alarm)}"))
        elif isinstance(output, CommandRejected):
            found.append((at_s, f"refused {output.command}: {output.reason}"))
    return found
