"""One condition as far as its alarm signals go: from when they are given, when they escalate, are silent, or remind.

All are questions to a value, at the instant of the turn. The rules and their source stand in ``signals``.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import PRIORITIES
from pumpsim.vocabulary.status import AlarmStatus, Signalled

REMINDER_NS = 2_000_000_000
"""How long a REMINDER SIGNAL sounds: 2 s (GPCA REQ 72, of audio; unverified: that it holds for reminders)."""


def new(turn: Turn, alarm: AlarmStatus) -> Signalled:
    """A condition as it is raised."""
    return Signalled(alarm.alarm, alarm.line, turn.row(alarm.alarm).priority, alarm.since_ns)


def begun(turn: Turn, condition: Signalled) -> bool:
    """Whether its signals are given: the alarm signal generation delay is over."""
    return condition.over or turn.now_ns >= condition.raised_ns + turn.row(condition.alarm).signal_delay_ns


def latched(turn: Turn, condition: Signalled) -> bool:
    """Whether the signals go on though the condition is over; none go on that never began."""
    return turn.row(condition.alarm).latching and condition.acknowledged_ns is None and begun(turn, condition)


def paused(turn: Turn, condition: Signalled) -> bool:
    """Whether it is audio paused."""
    until_ns = condition.silent_until_ns
    return condition.acknowledged_ns is None and until_ns is not None and turn.now_ns < until_ns


def silent(turn: Turn, condition: Signalled) -> bool:
    """Whether the operator has silenced it, for good or for a while."""
    return condition.acknowledged_ns is not None or paused(turn, condition)


def aged(turn: Turn, condition: Signalled) -> Signalled:
    """The condition as time has made it: its pause may be over; unheeded for its time it is one priority higher."""
    after_ns = turn.row(condition.alarm).escalates_after_ns
    if after_ns is not None and _may_escalate(turn, condition) and turn.now_ns >= condition.raised_ns + after_ns:
        return replace(condition, priority=PRIORITIES[condition.priority.rank - 1], silent_until_ns=None)
    if condition.silent_until_ns is not None and turn.now_ns >= condition.silent_until_ns:
        return replace(condition, silent_until_ns=None)
    return condition


def reminds(turn: Turn, condition: Signalled, paused_since_ns: int | None) -> bool:
    """Whether a reminder of it is due now, while it is silent."""
    every_ns, since_ns = turn.model.reminders.acknowledged_ns, _silent_since_ns(turn, condition, paused_since_ns)
    if every_ns is None or since_ns is None:
        return False
    passed_ns = turn.now_ns - since_ns
    return passed_ns >= every_ns and passed_ns % every_ns < REMINDER_NS


def deadlines(turn: Turn, condition: Signalled, paused_since_ns: int | None) -> Iterator[int]:
    """When its signals begin, escalate, sound again, or remind."""
    row = turn.row(condition.alarm)
    if not begun(turn, condition):
        yield condition.raised_ns + row.signal_delay_ns
    if row.escalates_after_ns is not None and _may_escalate(turn, condition):
        yield condition.raised_ns + row.escalates_after_ns
    if condition.silent_until_ns is not None:
        yield condition.silent_until_ns
    every_ns, since_ns = turn.model.reminders.acknowledged_ns, _silent_since_ns(turn, condition, paused_since_ns)
    if every_ns is not None and since_ns is not None:
        last_ns = turn.now_ns - (turn.now_ns - since_ns) % every_ns
        yield last_ns + (REMINDER_NS if reminds(turn, condition, paused_since_ns) else every_ns)


def _may_escalate(turn: Turn, condition: Signalled) -> bool:
    priority = turn.row(condition.alarm).priority
    unheeded = condition.acknowledged_ns is None and not condition.over
    return unheeded and condition.priority is priority and priority.rank > 0


def _silent_since_ns(turn: Turn, condition: Signalled, paused_since_ns: int | None) -> int | None:
    """From when reminders are counted; None where the condition sounds."""
    if condition.acknowledged_ns is not None:
        return condition.acknowledged_ns
    return paused_since_ns if paused(turn, condition) else None
