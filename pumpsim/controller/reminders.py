"""When a pump that waits for somebody reminds: idle, a question without an answer, a key that is stuck.

Each is a condition with an instant from which it stands; any touch of the operator begins the first two
anew. The patient's button is no touch. Sources: GIP v1.0, 2.2.1, 2.2.4, 2.3.1; GPCA REQ 15, 44.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller.answer import NAMES
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, OperatorCommand, RequestDose
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.status import LineStatus

CALLS = (AlarmId.IDLE, AlarmId.PENDING_INPUT, AlarmId.KEY_STUCK)
IDLE = (LineState.READY, LineState.HELD)
"""What waits for somebody. STANDBY is put aside on purpose; ALARM has its own signals."""


def touch(turn: Turn, command: OperatorCommand) -> None:
    """Take note that somebody is there, even if the command is refused."""
    if not isinstance(command, RequestDose):
        turn.state = turn.state.with_unit(replace(turn.state.unit, touched_ns=turn.now_ns))


def note_key(turn: Turn, event: DeviceEvent) -> None:
    """Take note of a key that goes down or up; one that is down already stays as it is."""
    unit = turn.state.unit
    if event.kind is DeviceEventKind.KEY_RELEASED:
        turn.state = turn.state.with_unit(replace(unit, key_since_ns=None))
    elif event.kind is DeviceEventKind.KEY_PRESSED and unit.key_since_ns is None:
        turn.state = turn.state.with_unit(replace(unit, key_since_ns=turn.now_ns))


def judge(turn: Turn) -> None:
    """Raise what is due, and clear what has no reason any more."""
    due = _due(turn)
    if not due and not turn.state.alarms:
        return
    for alarm in CALLS:
        if alarm in due and turn.now_ns >= due[alarm]:
            if turn.has(alarm):
                turn.raise_alarm(alarm, None, _detail(turn, alarm))
        elif turn.state.alarms:
            turn.clear_alarm(alarm, None)


def deadlines(turn: Turn) -> Iterator[int]:
    """When a reminder is due."""
    yield from _due(turn).values()


def _due(turn: Turn) -> dict[AlarmId, int]:
    """The conditions that there is a reason for, and from when each stands."""
    unit, times = turn.state.unit, turn.model.reminders
    due: dict[AlarmId, int] = {}
    if times.idle_ns is not None and _waiting(turn):
        due[AlarmId.IDLE] = unit.touched_ns + times.idle_ns
    if times.pending_ns is not None and unit.asked is not None:
        due[AlarmId.PENDING_INPUT] = unit.touched_ns + times.pending_ns
    if times.key_ns is not None and unit.key_since_ns is not None:
        due[AlarmId.KEY_STUCK] = unit.key_since_ns + times.key_ns
    return due


def _detail(turn: Turn, alarm: AlarmId) -> str:
    """Which lines wait, or what the pump asks."""
    if alarm is AlarmId.IDLE:
        return ", ".join(f"line {status.line} is {status.state.value}" for status in _waiting(turn))
    asked = turn.state.unit.asked
    return f"{NAMES[type(asked)]} waits to be confirmed" if asked is not None and alarm is AlarmId.PENDING_INPUT else ""


def _waiting(turn: Turn) -> list[LineStatus]:
    """The lines that wait for somebody who has not been called for them already."""
    return [
        status
        for status in turn.state.lines
        if status.state in IDLE and not turn.standing(AlarmId.STANDBY_OVER, status.line)
    ]
