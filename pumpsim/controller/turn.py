"""One turn of the controller: the state as it is being worked on, and what has been said so far.

Lives only while one input is answered; the rules read and replace its parts. ``fire`` is the only way by which a line
changes its state.
"""

from dataclasses import replace

from pumpsim.controller.line_table import TABLE, Trigger
from pumpsim.controller.model_facts import ModelFacts
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, DeliveryEvent, DeliveryEventKind, LineState, Output
from pumpsim.vocabulary.status import AlarmStatus, Dose, DoseKind, LineStatus, PumpState

Q_PER_FL = NL_NS_PER_H // FL_PER_NL
"""1 fL in nL/h x ns."""


class Turn:
    """The state under work, at one instant."""

    def __init__(self, model: PumpModel, state: PumpState, now_ns: int, facts: ModelFacts | None = None) -> None:
        self.model, self.now_ns = model, now_ns
        self.facts = facts or ModelFacts(model)
        self.state = state
        self.said: list[Output] = []
        self.step = model.mechanism.step_fl * Q_PER_FL
        """Volume of a motor step, nL/h x ns."""

    def later(self, state: PumpState, now_ns: int) -> "Turn":
        """A turn of the same model, at another instant."""
        return Turn(self.model, state, now_ns, self.facts)

    def base_nl_per_h(self, status: LineStatus) -> int:
        """The rate of a line's programme in its present state, without doses; KVO is never above the programmed rate."""
        if not status.state.delivering:
            return 0
        return self.kvo_nl_per_h(status) if status.state is LineState.KVO else status.rate_nl_per_h

    def kvo_nl_per_h(self, status: LineStatus) -> int:
        """The rate at which a line keeps open; 0 where its drug forbids it."""
        return 0 if status.forbids_kvo else self.model.kvo_for(status.rate_nl_per_h)

    def dose_nl_per_h(self, status: LineStatus, base: int) -> int:
        """The rate of the dose that a line gives, beside ``base``; together they stay within what the mechanism can."""
        wanted = status.course.doses[0].rate_nl_per_h
        return min(wanted, self.model.max_motor_nl_per_h - base) if self.model.bolus_adds else wanted

    def rate_nl_per_h(self, status: LineStatus) -> int:
        """The rate that a line delivers at: that of its programme, and of a dose beside it or in its place."""
        base = self.base_nl_per_h(status)
        if not status.course.doses:
            return base
        dose = self.dose_nl_per_h(status, base)
        return base + dose if self.model.bolus_adds or not dose else dose

    def pass_time(self) -> None:
        """Bring every line's owed volume up to now."""
        passed = self.now_ns - self.state.now_ns
        if passed:
            old = self.state
            lines = old.lines
            if not old.unit.power.off:
                lines = tuple([self._owing(line, passed) if line.state.delivering else line for line in lines])
            self.state = PumpState(self.now_ns, lines, old.motor, old.alarms, old.reading, old.unit)

    def _owing(self, line: LineStatus, passed: int) -> LineStatus:
        """The line ``passed`` ns later; it never owes more than its programme, and a dose no more than its volume."""
        base, course = self.base_nl_per_h(line), line.course
        more = 0
        if course.doses:
            dose = course.doses[0]
            rate, left = self.dose_nl_per_h(line, base), dose.volume - dose.owed
            more = left if left < rate * (passed + 1) else rate * passed  # what is less than a ns of it is owed with it
            if not self.model.bolus_adds:
                base = 0
            grown = Dose(dose.kind, dose.volume, dose.rate_nl_per_h, dose.began_ns, dose.owed + more, dose.stop_at_step)
            course = replace(course, doses=(grown, *course.doses[1:]), dosed=course.dosed + more)
        infusing, program = line.state is LineState.INFUSING, line.program
        if infusing and program is not None and program.staged:
            course = replace(course, based=course.based + base * passed)
        owed = line.owed + base * passed + more
        if infusing and line.owed_end is not None and owed > line.owed_end:
            owed = line.owed_end
        return line.owing(owed, course)

    def put(self, status: LineStatus) -> None:
        """Replace a line's status without changing its state."""
        self.state = self.state.with_line(status)

    def fire(self, line: str, trigger: Trigger, cause: str = "") -> None:
        """Move a line by the table and record it. The trigger must be possible."""
        status = self.state.line(line)
        transition = TABLE[status.state, trigger]
        to = status.doing if transition.to is None else transition.to
        after = status.after_end
        complete = transition.said is DeliveryEventKind.DELIVERY_COMPLETE
        if status.state is LineState.INFUSING and complete:
            after = to
        if status.course.doses:  # only a line that infuses gives any: it ceases to
            self.drop_doses(line, cause or trigger.value)
            status = self.state.line(line)
        self.put(replace(status, state=to, after_end=after, start_at_ns=None, finish_at_step=None))
        self.say(transition.said, line, cause)

    def drop_doses(self, line: str, cause: str) -> None:
        """End the doses that run or wait on a line; the lockout counts from here."""
        status = self.state.line(line)
        doses, requests = status.course.doses, status.course.requests
        if any(dose.kind is DoseKind.DEMAND for dose in doses):
            requests = replace(requests, ended_ns=self.now_ns)
        self.put(replace(status, course=replace(status.course, doses=(), requests=requests)))
        for dose in doses:
            given = f"{dose.owed / (NL_NS_PER_H * 1e6):.4g} of {dose.volume / (NL_NS_PER_H * 1e6):.4g} mL"
            self.say(DeliveryEventKind.BOLUS_STOPPED, line, f"{dose.kind.value}: {given}, {cause}")

    def say(self, kind: DeliveryEventKind, line: str, cause: str) -> None:
        """Record what happened to a line's delivery."""
        status = self.state.line(line)
        self.said.append(DeliveryEvent(kind, line, status.state, self.rate_nl_per_h(status), cause))

    def row(self, alarm: AlarmId) -> AlarmCondition:
        """The model's row for an alarm that every model has."""
        return self.facts.rows[alarm]

    def has(self, alarm: AlarmId) -> bool:
        """Whether the model knows the condition."""
        return alarm in self.facts.rows

    def standing(self, alarm: AlarmId, line: str | None) -> bool:
        """Whether the condition has been raised and not cleared."""
        for status in self.state.alarms:
            if status.alarm is alarm and status.line == line:
                return status.standing
        return False

    def raise_alarm(self, alarm: AlarmId, line: str | None, detail: str = "") -> None:
        """Let a condition stand from now on; its effect on delivery comes with it. Once is enough."""
        if self.standing(alarm, line):
            return
        row = self.row(alarm)
        others = tuple(a for a in self.state.alarms if not (a.alarm is alarm and a.line == line))
        status = AlarmStatus(alarm, line, self.now_ns, standing=True)
        self.state = self.state.with_alarms((*others, status))
        self.said.append(AlarmRaised(alarm, line, row.priority, detail))

    def clear_alarm(self, alarm: AlarmId, line: str | None) -> None:
        """End a condition, if it stands."""
        if self.standing(alarm, line):
            others = tuple(a for a in self.state.alarms if not (a.alarm is alarm and a.line == line))
            self.state = self.state.with_alarms(others)
            self.said.append(AlarmCleared(alarm, line))
