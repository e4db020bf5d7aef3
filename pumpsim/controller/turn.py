"""One turn of the controller: the state as it is being worked on, and what has been said so far.

Lives only while one input is answered; the rules read and replace its parts. ``fire`` is the only way by which a line
changes its state.
"""

from dataclasses import replace

from pumpsim.controller.line_table import TABLE, Trigger
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, DeliveryEvent, DeliveryEventKind, LineState, Output
from pumpsim.vocabulary.status import AlarmStatus, LineStatus, PumpState

NL_NS_PER_H = 3_600_000_000_000
"""1 nL in nL/h x ns."""
FL_PER_NL = 1_000_000


class Turn:
    """The state under work, at one instant."""

    def __init__(self, model: PumpModel, state: PumpState, now_ns: int) -> None:
        self.model, self.now_ns = model, now_ns
        self.state = state
        self.said: list[Output] = []

    def rate_nl_per_h(self, status: LineStatus) -> int:
        """The rate that a line delivers at in its present state; KVO is never above the programmed rate."""
        if status.state in (LineState.INFUSING, LineState.CONTINUING):
            return status.rate_nl_per_h
        if status.state is LineState.KVO:
            return self.model.kvo_for(status.rate_nl_per_h)
        return 0

    def pass_time(self) -> None:
        """Bring every line's owed volume up to now."""
        passed = self.now_ns - self.state.now_ns
        if passed:
            lines = tuple(
                line.owing(line.owed + self.rate_nl_per_h(line) * passed) if line.state.delivering else line
                for line in self.state.lines
            )
            self.state = PumpState(self.now_ns, lines, self.state.motor, self.state.alarms, self.state.reading)

    def put(self, status: LineStatus) -> None:
        """Replace a line's status without changing its state."""
        self.state = self.state.with_line(status)

    def fire(self, line: str, trigger: Trigger, cause: str = "") -> None:
        """Move a line by the table and record it. The trigger must be possible."""
        status = self.state.line(line)
        transition = TABLE[status.state, trigger]
        to = status.doing if transition.to is None else transition.to
        after = status.after_end
        if status.state is LineState.INFUSING and transition.said is DeliveryEventKind.DELIVERY_COMPLETE:
            after = to
        self.put(replace(status, state=to, after_end=after, start_at_ns=None))
        self.say(transition.said, line, cause)

    def say(self, kind: DeliveryEventKind, line: str, cause: str = "") -> None:
        """Record what happened to a line's delivery."""
        status = self.state.line(line)
        self.said.append(DeliveryEvent(kind, line, status.state, self.rate_nl_per_h(status), cause))

    def row(self, alarm: AlarmId) -> AlarmCondition:
        """The model's row for an alarm that every model has."""
        return next(row for row in self.model.alarms if row.id is alarm)

    def standing(self, alarm: AlarmId, line: str | None) -> bool:
        """Whether the condition has been raised and not cleared."""
        return any(a.standing and a.alarm is alarm and a.line == line for a in self.state.alarms)

    def raise_alarm(self, alarm: AlarmId, line: str | None, detail: str = "") -> None:
        """Let a condition stand from now on; its effect on delivery comes with it. Once is enough."""
        if self.standing(alarm, line):
            return
        row = self.row(alarm)
        others = tuple(a for a in self.state.alarms if not (a.alarm is alarm and a.line == line))
        status = AlarmStatus(alarm, line, self.now_ns, standing=True)
        self.state = replace(self.state, alarms=(*others, status))
        self.said.append(AlarmRaised(alarm, line, row.priority, detail))

    def clear_alarm(self, alarm: AlarmId, line: str | None) -> None:
        """End a condition, if it stands."""
        if self.standing(alarm, line):
            others = tuple(a for a in self.state.alarms if not (a.alarm is alarm and a.line == line))
            self.state = replace(self.state, alarms=others)
            self.said.append(AlarmCleared(alarm, line))
