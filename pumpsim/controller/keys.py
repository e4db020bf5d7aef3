"""A key that is held down too long is stuck: whatever it is for, nobody means it (GIP v1.0, 2.3.1)."""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind


def note(turn: Turn, event: DeviceEvent) -> None:
    """A key goes down, or comes up. A second one that goes down does not begin anew."""
    unit = turn.state.unit
    if event.kind is DeviceEventKind.KEY_PRESSED and unit.key_since_ns is None:
        turn.state = turn.state.with_unit(replace(unit, key_since_ns=turn.now_ns))
    elif event.kind is DeviceEventKind.KEY_RELEASED:
        turn.state = turn.state.with_unit(replace(unit, key_since_ns=None))
        turn.clear_alarm(AlarmId.KEY_STUCK, None)


def judge(turn: Turn) -> None:
    """Raise the condition once the key is down for the model's time."""
    if any(turn.now_ns >= due_ns for due_ns in deadlines(turn)) and turn.has(AlarmId.KEY_STUCK):
        turn.raise_alarm(AlarmId.KEY_STUCK, None)


def deadlines(turn: Turn) -> Iterator[int]:
    """When the key that is down will be stuck."""
    since_ns, patience_ns = turn.state.unit.key_since_ns, turn.model.reminders.key_ns
    if since_ns is not None and patience_ns is not None:
        yield since_ns + patience_ns
