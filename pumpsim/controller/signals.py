"""What the pump shows and sounds of the conditions that stand: alarm signals.

Rules of IEC 60601-1-8, each with its clause; the numbers are unverified, the text was not at hand.

- Shown is the condition of the highest priority (6.3.2); of one priority that of the most restrictive effect, then the newest
  (GPCA REQ 60, 61, 67). The others are listed only (GPCA REQ 64).
- Signals begin when the alarm signal generation delay is over (6.4.1); a condition that is over before leaves none.
- Latching signals go on when the condition is over, until it is acknowledged (6.10); starting its line does so.
- AUDIO PAUSED silences for a while what is signalled at that instant; what is new, or escalates, sounds through it (6.8).
- ACKNOWLEDGED silences a condition until it is over (6.8); raised again it is a new one.
- What nobody acknowledges rises by one priority after its time (6.2); what it does to delivery stays as it is.
- While all that stands is silenced a REMINDER SIGNAL sounds from time to time (6.8), where the model has it.

What sounds while the shown condition is silenced is chosen by the same order from those that are not. Here is never decided
what stands or what is delivered: that is ``alarm_monitor``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pumpsim.controller import signalled
from pumpsim.controller.answer import refuse
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Effect
from pumpsim.vocabulary.inputs import PauseAudio
from pumpsim.vocabulary.outputs import AlarmAcknowledged, SignalChanged
from pumpsim.vocabulary.status import AlarmStatus, Shown, Signalled, SignalStatus

EFFECTS = tuple(Effect)
"""From the least restrictive on."""


def follow(turn: Turn) -> None:
    """Bring the signals up to what stands now, and say so if what is shown or sounds has changed."""
    before = turn.state.unit.signals
    if not before.conditions and not turn.state.alarms:
        return
    conditions = tuple(signalled.aged(turn, condition) for condition in _present(turn, before.conditions))
    after = SignalStatus(conditions, before.shown)
    if any(signalled.paused(turn, condition) for condition in conditions):
        after = replace(after, paused_until_ns=before.paused_until_ns, paused_since_ns=before.paused_since_ns)
    shown = _shown(turn, after)
    if shown != before.shown:
        after = replace(after, shown=shown)
        turn.said.append(_changed(shown))
    _put(turn, after)


def acknowledge(turn: Turn, alarm: AlarmId | None) -> bool:
    """Silence a condition, or all (None); say whether one was over and latched: its signals end with it."""
    meant = [c for c in turn.state.unit.signals.conditions if alarm in (None, c.alarm)]
    return _note(turn, meant)


def restarted(turn: Turn, lines: Sequence[str]) -> None:
    """Let latched signals end that the operator has answered by starting the lines again."""
    _note(turn, [c for c in turn.state.unit.signals.conditions if c.over and c.line in (None, *lines)])


def _note(turn: Turn, meant: Sequence[Signalled]) -> bool:
    """Take note of conditions; of those that stand the caller makes the record."""
    signals, latched = turn.state.unit.signals, [c for c in meant if c.over]
    noted = tuple(
        replace(signalled.aged(turn, c), acknowledged_ns=turn.now_ns) if c in meant else c for c in signals.conditions
    )
    _put(turn, replace(signals, conditions=noted))
    turn.said += (AlarmAcknowledged(c.alarm, c.line) for c in latched)
    return bool(latched)


def pause_audio(turn: Turn, command: PauseAudio) -> None:
    """Pause what is signalled now, or (0) end the pause; refuse what is longer than the model allows."""
    signals, longest_ns = turn.state.unit.signals, turn.model.audio_pause_ns
    heard = [c for c in signals.conditions if signalled.begun(turn, c) and c.acknowledged_ns is None]
    reasons: list[str] = []
    if not 0 <= command.duration_ns <= longest_ns:
        reasons.append(f"audio is paused for at most {longest_ns / 1e9:g} s")
    if command.duration_ns == 0 and signals.paused_until_ns is None:
        reasons.append("audio is not paused")
    if command.duration_ns > 0 and not heard:
        reasons.append("nothing sounds")
    if reasons:
        refuse(turn, command, reasons)
        return
    until_ns = turn.now_ns + command.duration_ns
    silenced = tuple(replace(c, silent_until_ns=until_ns) if c in heard else c for c in signals.conditions)
    _put(turn, SignalStatus(silenced, signals.shown, until_ns, turn.now_ns))


def deadlines(turn: Turn) -> Iterator[int]:
    """When any of the signals changes by itself."""
    signals = turn.state.unit.signals
    for condition in signals.conditions:
        yield from signalled.deadlines(turn, condition, signals.paused_since_ns)


def _present(turn: Turn, old: Sequence[Signalled]) -> Iterator[Signalled]:
    """What still stands or is latched, then what is new. What was raised again is new."""
    standing = [alarm for alarm in turn.state.alarms if alarm.standing]
    kept = []
    for condition in old:
        alarm = next((a for a in standing if (a.alarm, a.line) == (condition.alarm, condition.line)), None)
        if alarm is None and signalled.latched(turn, condition):
            yield condition if condition.over else replace(condition, over=True)
        elif alarm is not None and _is_same(alarm, condition):
            kept.append(alarm)
            yield condition
    for alarm in standing:
        if alarm not in kept:
            yield signalled.new(turn, alarm)


def _is_same(alarm: AlarmStatus, condition: Signalled) -> bool:
    """Whether what stands is still what was raised then."""
    noted = condition.acknowledged_ns is None or alarm.acknowledged
    return alarm.since_ns == condition.raised_ns and not condition.over and noted


def _shown(turn: Turn, signals: SignalStatus) -> Shown:
    """What is seen, and what is heard."""
    begun = [c for c in signals.conditions if signalled.begun(turn, c)]
    first = _first(turn, begun)
    if first is None:
        return Shown()
    heard = _first(turn, [c for c in begun if not signalled.silent(turn, c)])
    other = None if heard is first else heard
    return Shown(
        first.alarm,
        first.line,
        first.priority,
        audible=heard is not None,
        reminder=heard is None and any(signalled.reminds(turn, c, signals.paused_since_ns) for c in begun),
        sounding=None if other is None else other.alarm,
        sounding_line=None if other is None else other.line,
        paused=signals.paused_until_ns is not None,
    )


def _first(turn: Turn, conditions: Sequence[Signalled]) -> Signalled | None:
    """The condition that goes first; of equals the newest, which stands last."""

    def place(condition: Signalled) -> tuple[int, int]:
        return condition.priority.rank, -EFFECTS.index(turn.row(condition.alarm).effect)

    return min(reversed(conditions), key=place, default=None)


def _changed(shown: Shown) -> SignalChanged:
    return SignalChanged(
        shown.alarm,
        shown.line,
        shown.priority,
        shown.audible,
        shown.reminder,
        shown.sounding,
        shown.sounding_line,
        shown.paused,
    )


def _put(turn: Turn, signals: SignalStatus) -> None:
    if signals != turn.state.unit.signals:
        turn.state = turn.state.with_unit(replace(turn.state.unit, signals=signals))
