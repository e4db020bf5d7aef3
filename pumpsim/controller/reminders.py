"""When a pump that waits for somebody reminds: idle, a question without an answer, a key that is stuck.

Each is a condition with an instant from which it stands, as one table; any touch of the operator begins the first two
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
    for alarm, due_ns in _due(turn):
        if due_ns is not None and turn.now_ns >= due_ns:
            if turn.has(alarm):
                turn.raise_alarm(alarm, None, _detail(turn, alarm))
        elif turn.state.alarms:
            turn.clear_alarm(alarm, None)


def deadlines(turn: Turn) -> Iterator[int]:
    """When a reminder is due."""
    for _, due_ns in _due(turn):
        if due_ns is not None:
            yield due_ns


def _due(turn: Turn) -> tuple[tuple[AlarmId, int | None], ...]:
    """Each condition, and from when it stands; None: there is no reason for it."""
    unit, times = turn.state.unit, turn.model.reminders
    return (
        (AlarmId.IDLE, _after(unit.touched_ns if _waiting(turn) else None, times.idle_ns)),
        (AlarmId.PENDING_INPUT, _after(unit.touched_ns if unit.asked is not None else None, times.pending_ns)),
        (AlarmId.KEY_STUCK, _after(unit.key_since_ns, times.key_ns)),
    )


def _detail(turn: Turn, alarm: AlarmId) -> str:
    """Which lines wait, or what the pump asks."""
    if alarm is AlarmId.IDLE:
        return ", ".join(f"line {status.line} is {status.state.value}" for status in _waiting(turn))
    asked = turn.state.unit.asked
    return f"{NAMES[type(asked)]} waits to be confirmed" if asked is not None and alarm is AlarmId.PENDING_INPUT else ""


def _waiting(turn: Turn) -> list[LineStatus]:
    """The lines that wait for somebody who has not been called for them already."""
    lines = [status for status in turn.state.lines if status.state in IDLE]
    return [status for status in lines if not turn.standing(AlarmId.STANDBY_OVER, status.line)]


def _after(since_ns: int | None, duration_ns: int | None) -> int | None:
    return None if since_ns is None or duration_ns is None else since_ns + duration_ns
