"""A line that is stopped, and is let finish the stroke under way: so an empty container ends it (OPCA R7.2.0(7)).

Strokes end at whole multiples of the mechanism's cycle. What is still to come of one is owed at once. If it does not come,
because nothing is left to draw, the line is let off after twice the time that a cycle takes.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import counts
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import Effect
from pumpsim.vocabulary.outputs import LineState, Watch
from pumpsim.vocabulary.status import LineStatus


def begin(turn: Turn, line: str) -> None:
    """Let a line that has just been stopped go on to the end of its stroke, if it stands within one."""
    status, reading = turn.state.line(line), turn.state.read_line(line)
    if reading is None:
        return
    end = -(-reading.steps // turn.model.mechanism.cycle_steps) * turn.model.mechanism.cycle_steps
    if status.stop_at_step is not None and status.doing is LineState.INFUSING:
        end = min(end, status.stop_at_step)
    if end > reading.steps:
        owed = status.owed + (end - reading.steps) * turn.step
        owed = owed if status.owed_end is None else max(status.owed, min(owed, status.owed_end))
        turn.put(replace(status, finish_at_step=end, owed=owed))


def judge(turn: Turn) -> None:
    """Let the lines stand whose stroke is over, or does not come, or must not be finished any more."""
    for status in turn.state.lines:
        if status.finish_at_step is None or (reading := turn.state.read_line(status.line)) is None:
            continue
        since_ns, effect = _cause(turn, status.line)
        late = turn.now_ns >= since_ns + _patience_ns(turn, status)
        if effect is not Effect.FINISH_STROKE or late or reading.steps >= status.finish_at_step:
            turn.put(replace(status, finish_at_step=None))


def rate_nl_per_h(turn: Turn, status: LineStatus) -> int:
    """The rate at which a line finishes: that of what it did."""
    return turn.kvo_nl_per_h(status) if status.doing is LineState.KVO else status.rate_nl_per_h


def deadlines(turn: Turn) -> Iterator[int]:
    """When a stroke that does not come is given up."""
    for status in turn.state.lines:
        if status.finish_at_step is not None:
            yield _cause(turn, status.line)[0] + _patience_ns(turn, status)


def watches(turn: Turn) -> Iterator[Watch]:
    """The count at which the stroke is over."""
    for status in turn.state.lines:
        if status.finish_at_step is not None:
            yield counts.reached(status.line, status.finish_at_step)


def _cause(turn: Turn, line: str) -> tuple[int, Effect]:
    """Since when the line is stopped by what lets it finish, and the most restrictive of what stands."""
    since_ns, effects = 0, []
    for alarm in turn.state.alarms:
        row = turn.row(alarm.alarm)
        if alarm.standing and row.effect.stops and (row.effect is Effect.STOP_ALL or alarm.line in (None, line)):
            effects.append(row.effect)
            since_ns = max(since_ns, alarm.since_ns)
    at_once = any(effect is not Effect.FINISH_STROKE for effect in effects)
    return since_ns, Effect.FINISH_STROKE if effects and not at_once else Effect.STOP_ALL


def _patience_ns(turn: Turn, status: LineStatus) -> int:
    rate = rate_nl_per_h(turn, status)
    return 2 * turn.model.mechanism.cycle_steps * turn.step // rate if rate > 0 else 0
