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
    for alarm, due_ns, detail in _reminders(turn):
        if due_ns is None or turn.now_ns < due_ns:
            turn.clear_alarm(alarm, None)
        elif turn.has(alarm):
            turn.raise_alarm(alarm, None, detail)


def deadlines(turn: Turn) -> Iterator[int]:
    """When a reminder is due."""
    for _, due_ns, _ in _reminders(turn):
        if due_ns is not None:
            yield due_ns


def _reminders(turn: Turn) -> Iterator[tuple[AlarmId, int | None, str]]:
    """Each condition, from when it stands (None: there is no reason for it), and its detail."""
    unit, times = turn.state.unit, turn.model.reminders
    waiting = ", ".join(f"line {s.line} is {s.state.value}" for s in turn.state.lines if _waits(turn, s))
    yield AlarmId.IDLE, _after(unit.touched_ns if waiting else None, times.idle_ns), waiting
    asked = "" if unit.asked is None else f"{NAMES[type(unit.asked)]} waits to be confirmed"
    yield AlarmId.PENDING_INPUT, _after(unit.touched_ns if asked else None, times.pending_ns), asked
    yield AlarmId.KEY_STUCK, _after(unit.key_since_ns, times.key_ns), ""


def _waits(turn: Turn, status: LineStatus) -> bool:
    """Whether a line waits for somebody who has not been called for it already."""
    return status.state in IDLE and not turn.standing(AlarmId.STANDBY_OVER, status.line)


def _after(since_ns: int | None, duration_ns: int | None) -> int | None:
    return None if since_ns is None or duration_ns is None else since_ns + duration_ns
