"""The pump as it goes on by itself: its programmes carried out ahead of time, on a motor that moves exactly as it is told.

The rules themselves say how: those that a programme follows without anybody (start delays, stages, repeats, the day's
profile, temporary rates, doses, dose limits, KVO, one line waiting for the other) act from one deadline to the next. Repeats
and days that are all alike are passed over at once. Nothing measured is judged; no alarm is found but those of a programme.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pumpsim.controller import alarm_monitor, course, demand, doses, dual, programme
from pumpsim.controller.line_table import Trigger
from pumpsim.controller.pump_controller import stop_at_step
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import DAY_NS, NL_NS_PER_H, AtLimit, Profile, Repeat
from pumpsim.vocabulary.inputs import LineReading, SensorReading
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.status import LineStatus, PowerStatus

MOST_LOOKS = 10_000
"""So many deadlines are looked ahead; an end beyond them is not known. A choice of ours: a fraction of a second of work."""
STANDS = (LineState.READY, LineState.HELD, LineState.ALARM, LineState.STANDBY)
MOVES_ON = (LineState.INFUSING, LineState.KVO, LineState.CONTINUING, LineState.PAUSED, LineState.DELAYED)


@dataclass(frozen=True, slots=True)
class _Seen:
    """How far a line was at an instant of its period."""

    at_ns: int
    moved: int


class Ahead:
    """A pump as it is ``now``, and one line of it whose ends are looked for. Counts are those of a motor that has moved what is
    owed.

    ``missing``: the steps of each line that have not been pumped though they are owed. ``level_nl``: what the line's
    reservoir holds, None: not known.
    """

    def __init__(self, now: Turn, line: str, missing: dict[str, int], level_nl: int | None) -> None:
        self._line, state, step = line, now.state, now.step
        unit = replace(state.unit, power=PowerStatus(), asked=None)
        lines = tuple(_counted_anew(s, step, missing[s.line]) for s in state.lines)
        self._turn = now.later(replace(state, lines=lines, alarms=(), unit=unit), state.now_ns)
        self._begin_ns = state.now_ns
        self._moved = {status.line: status.owed for status in lines}
        pumped = self._moved[line] // step * step  # what is owed of a step is still in the reservoir
        self._empty = None if level_nl is None else pumped + level_nl * NL_NS_PER_H
        self._seen: dict[int, _Seen] = {}

    @property
    def _status(self) -> LineStatus:
        return self._turn.state.line(self._line)

    def ends(self) -> tuple[int | None, int | None]:
        """How long it is until the VTBI is in, and until the reservoir is empty; None: not known, or never.

        A programme that goes by the time of day has none while the clock is not set: it cannot start.
        """
        program, end_ns, empty_ns = self._status.program, None, None
        if program is not None and isinstance(program.course, Profile) and self._turn.state.unit.clock_ns is None:
            return end_ns, empty_ns
        self._go_on()
        for _ in range(MOST_LOOKS):
            passed_ns, status = self._turn.now_ns - self._begin_ns, self._status
            if end_ns is None and status.after_end is not None:
                end_ns = passed_ns
            if empty_ns is None and self._empty is not None and self._moved[self._line] >= self._empty:
                empty_ns = passed_ns
            ending = end_ns is None and status.program is not None and status.program.vtbi_nl is not None
            emptying = empty_ns is None and self._empty is not None
            next_ns = self._next_ns()
            if status.state not in MOVES_ON or not (ending or emptying) or next_ns is None:
                break
            self._pass_to(next_ns)
            self._look()
            self._skip()
        return end_ns, empty_ns

    def _go_on(self) -> None:
        """Let what waits for somebody go on now."""
        self._read()
        for status in self._turn.state.lines:
            if status.state is LineState.CHECKING:
                self._turn.fire(status.line, Trigger.CHECKED)
        if self._status.state in STANDS:
            programme.begin(self._turn, self._line, "")
        self._look()

    def _look(self) -> None:
        """What the controller does at one instant, as far as programmes go."""
        turn = self._turn
        self._read()
        programme.pass_deadlines(turn)
        programme.judge(turn)
        course.follow(turn)
        doses.judge(turn)
        if self._limited:
            demand.judge(turn)
        alarm_monitor.act(turn)
        dual.settle(turn)

    def _read(self) -> None:
        """Let the motor's counts be known."""
        lines = tuple(
            LineReading(s.line, self._moved[s.line] // self._turn.step, 0.0, False) for s in self._turn.state.lines
        )
        self._turn.state = self._turn.state.seeing(SensorReading(lines, 0.0))

    @property
    def _limited(self) -> bool:
        """Whether a dose limit does more than deny requests."""
        limits = [
            s.program.limit for s in self._turn.state.lines if s.program is not None and s.program.limit is not None
        ]
        return any(limit.at_limit is not AtLimit.DENY for limit in limits)

    def _next_ns(self) -> int | None:
        """The next deadline, or count that matters."""
        turn = self._turn
        parts = (programme, course, doses, demand) if self._limited else (programme, course, doses)
        due = [at for part in parts for at in part.deadlines(turn)]
        return min((at for at in (*due, *self._crossings()) if at > turn.now_ns), default=None)

    def _crossings(self) -> Iterator[int]:
        turn = self._turn
        goals = [(w.line, int(w.level) * turn.step) for part in (programme, doses) for w in part.watches(turn)]
        if self._empty is not None and self._moved[self._line] < self._empty:
            goals.append((self._line, self._empty))
        for line, goal in goals:
            assert line is not None
            status = turn.state.line(line)
            rate, stop, left = turn.rate_nl_per_h(status), stop_at_step(turn, status), goal - self._moved[line]
            if rate > 0 and (stop is None or goal <= stop * turn.step):
                yield max(turn.now_ns + 1, turn.now_ns - (-left // rate))

    def _pass_to(self, at_ns: int) -> None:
        turn = self._turn
        for status in turn.state.lines:
            moved = self._moved[status.line]
            goal, stop = moved + turn.rate_nl_per_h(status) * (at_ns - turn.now_ns), stop_at_step(turn, status)
            self._moved[status.line] = goal if stop is None else max(moved, min(goal, stop * turn.step))
        self._turn = turn.later(turn.state, at_ns)
        self._turn.pass_time()

    def _skip(self) -> None:
        """Pass over all but the last of the periods that are as the one that has just gone by."""
        period_ns, now_ns, moved = self._period_ns(), self._turn.now_ns, self._moved[self._line]
        if period_ns is None:
            return
        before = self._seen.get(now_ns % period_ns)
        self._seen[now_ns % period_ns] = _Seen(now_ns, moved)
        if before is None or before.at_ns != now_ns - period_ns or moved == before.moved:
            return
        each, left = moved - before.moved, min((goal - moved for goal in self._goals() if goal > moved), default=0)
        count = left // each - 1
        if count <= 0:
            return
        status, ahead_ns = self._status, count * period_ns
        since_ns = None if status.course.since_ns is None else status.course.since_ns + ahead_ns
        later = replace(status, course=replace(status.course, since_ns=since_ns))
        state = replace(self._turn.state.with_line(later), now_ns=now_ns + ahead_ns)
        self._turn = self._turn.later(state, state.now_ns)
        self._moved[self._line] = moved + count * each
        self._seen.clear()

    def _goals(self) -> Iterator[int]:
        """The ends that are looked for, as what has been moved by then."""
        if self._status.stop_at_step is not None:
            yield self._status.stop_at_step * self._turn.step
        if self._empty is not None:
            yield self._empty

    def _period_ns(self) -> int | None:
        """The time after which all comes again; None where something else goes on beside."""
        status = self._status
        alone = all(s.line == self._line or s.state not in MOVES_ON for s in self._turn.state.lines)
        plain = status.state is LineState.INFUSING and not status.course.doses and status.course.temporary is None
        if not (alone and plain) or self._limited or status.program is None:
            return None
        match status.program.course:
            case Repeat(interval_ns=interval_ns) if status.course.since_ns is not None:
                return interval_ns
            case Profile():
                return DAY_NS
            case _:
                return None


def _counted_anew(status: LineStatus, step: int, missing: int) -> LineStatus:
    """The line with its targets as counts of what is owed: then it does not matter where the motor began."""
    running = tuple(
        replace(
            dose, stop_at_step=None if dose.stop_at_step is None else (status.owed + dose.volume - dose.owed) // step
        )
        for dose in status.course.doses
    )
    stop = None if status.owed_end is None else status.owed_end // step + missing
    return replace(status, stop_at_step=stop, finish_at_step=None, course=replace(status.course, doses=running))
