"""What the pump showed and sounded, when: its alarm signals as the records tell them.

A ``SignalChanged`` holds from its instant to the next; of one instant the last counts. Only what is shown, or sounds in its
place, is known; a condition of lower priority is listed by the pump and has no signals of its own.
"""

from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.outputs import SignalChanged

NOTHING = SignalChanged(None, None, None, False)


class How(Enum):
    """What became of a condition's auditory signal."""

    SOUNDS = "sounds"
    REMINDS = "reminder sounds"
    PAUSED = "audio paused"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class SignalSpan:
    """A condition's signals from ``from_ns`` to ``to_ns``. ``priority``: as it was signalled; None: it sounded unshown."""

    alarm: AlarmId
    line: str | None
    priority: Priority | None
    how: How
    from_ns: int
    to_ns: int


def signal_spans(trace: PumpTrace) -> tuple[SignalSpan, ...]:
    """List what was signalled, in time; of one condition what follows without a gap and in the same way is one span."""
    changes = _changes(trace)
    spans: list[SignalSpan] = []
    for (from_ns, change), (to_ns, _) in pairwise([*changes.items(), (trace.end_ns, NOTHING)]):
        for span in _spans(change, from_ns, to_ns):
            before = replace(span, to_ns=from_ns)
            found = next((i for i, old in enumerate(spans) if replace(before, from_ns=old.from_ns) == old), None)
            if found is None:
                spans.append(span)
            else:
                spans[found] = replace(spans[found], to_ns=to_ns)
    return tuple(spans)


def signal_at(trace: PumpTrace, at_ns: int) -> SignalChanged:
    """What was shown and sounded at an instant, what began in it included."""
    found = NOTHING
    for then_ns, change in _changes(trace).items():
        if then_ns <= at_ns:
            found = change
    return found


def how_of(change: SignalChanged, alarm: AlarmId | None, line: str | None) -> How | None:
    """What became of a condition, or (None) of whatever is shown; None where it was neither shown nor heard."""
    if change.alarm is None:
        return None
    if alarm is None:
        return How.SOUNDS if change.audible else _of_shown(change)
    if change.sounding is alarm and line in (None, change.sounding_line):
        return How.SOUNDS
    return _of_shown(change) if change.alarm is alarm and line in (None, change.line) else None


def words(change: SignalChanged) -> str:
    """Write what is shown and heard: ``occlusion-distal sounds, high priority``."""
    if change.alarm is None or change.priority is None:
        return "none"
    other = "" if change.sounding is None else f"; {_name(change.sounding, change.sounding_line)} sounds"
    how = _of_shown(change)
    paused = "; audio paused" if change.paused and how is not How.PAUSED else ""
    return f"{_name(change.alarm, change.line)} {how.value}, {change.priority.value} priority{other}{paused}"


def _name(alarm: AlarmId, line: str | None) -> str:
    return alarm.value if line is None else f"{alarm.value} of line {line}"


def _of_shown(change: SignalChanged) -> How:
    if change.reminder:
        return How.REMINDS
    if change.audible and change.sounding is None:
        return How.SOUNDS
    return How.PAUSED if change.paused else How.SILENT


def _changes(trace: PumpTrace) -> dict[int, SignalChanged]:
    return {r.at_ns: r.record for r in trace.records if isinstance(r.record, SignalChanged)}


def _spans(change: SignalChanged, from_ns: int, to_ns: int) -> list[SignalSpan]:
    spans = []
    if change.alarm is not None and to_ns > from_ns:
        spans.append(SignalSpan(change.alarm, change.line, change.priority, _of_shown(change), from_ns, to_ns))
        if change.sounding is not None:
            spans.append(SignalSpan(change.sounding, change.sounding_line, None, How.SOUNDS, from_ns, to_ns))
    return spans
