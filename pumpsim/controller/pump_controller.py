"""The controller: inputs in time, outputs and the next instant at which it wants to be called.

The order within one input: time passes, the input acts, deadlines and limits are judged, the lines are settled between
each other, and alarm signals and motor command follow from the state. Extra readings and extra calls change no decision.
"""

from collections.abc import Iterator

from pumpsim.controller import (
    alarm_monitor,
    back_off,
    backprime,
    commands,
    counted,
    course,
    demand,
    deviation,
    device_events,
    doses,
    drugs,
    dual,
    finishing,
    power,
    pressure_rise,
    programme,
    quiet,
    reminders,
    signals,
    withdraw,
)
from pumpsim.controller.model_facts import ModelFacts
from pumpsim.controller.quiet import Quiet
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.inputs import DeviceEvent, Input, SensorReading, Tick
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import LineMotion, LineState, MotorCommand, Output, Step, Watch
from pumpsim.vocabulary.status import LineStatus, PumpState, RunKind


class PumpController:
    """Decides for one pump. Its whole memory is ``state``, an immutable value; what it keeps beside saves work only."""

    def __init__(self, model: PumpModel, state: PumpState | None = None) -> None:
        self.model = model
        still = MotorCommand(tuple(LineMotion(line, 0) for line in model.lines))
        self.facts = ModelFacts(model)
        self.quiet: Quiet | None = None
        self.state = state or PumpState(0, tuple(LineStatus(line) for line in model.lines), motor=still)

    def step(self, now_ns: int, given: Input) -> Step:
        """Answer one input at an instant. Raises ValueError when time runs backwards, for nothing else."""
        if now_ns < self.state.now_ns:
            raise ValueError(f"time runs backwards: {now_ns} ns after {self.state.now_ns} ns")
        if self.quiet is not None and self._passes(self.quiet, now_ns, given):
            return self.quiet.answer
        return self._answer(self._taken(now_ns, given))

    def see(self, now_ns: int, reading: SensorReading) -> tuple[Output, ...]:
        """``step`` for a reading, but that nobody wants to know when to call again; what was said."""
        if self.quiet is not None and self._passes(self.quiet, now_ns, reading):
            return ()
        turn = self._taken(now_ns, reading)
        self.state, self.quiet = turn.state, None
        return tuple(turn.said)

    def _passes(self, answer: Quiet, now_ns: int, given: Input) -> bool:
        """Take an input that leaves the answer before standing, if it does."""
        if not quiet.is_early(answer, now_ns, given):
            return False
        turn = Turn(self.model, self.state, now_ns, self.facts)
        if not quiet.passes(turn, given):
            return False
        self.state = turn.state
        return True

    def _taken(self, now_ns: int, given: Input) -> Turn:
        """The full way, up to the motor command."""
        turn = Turn(self.model, self.state, now_ns, self.facts)
        turn.pass_time()
        if power.keeps_off(turn, given):
            return turn
        match given:
            case Tick():
                pass
            case SensorReading():
                turn.state = turn.state.seeing(given)
            case DeviceEvent():
                device_events.note(turn, given)
                power.note(turn, given)
            case _:
                reminders.touch(turn, given)
                commands.obey(turn, given)
        programme.pass_deadlines(turn)
        programme.judge(turn)
        course.follow(turn)
        doses.judge(turn)
        demand.judge(turn)
        reminders.judge(turn)
        power.judge(turn)
        if isinstance(given, SensorReading):
            deviation.judge(turn)
        alarm_monitor.judge(turn)
        finishing.judge(turn)
        dual.settle(turn)
        pressure_rise.judge(turn)
        back_off.judge(turn)
        backprime.judge(turn)
        withdraw.judge(turn)
        deviation.settle(turn)
        drugs.note(turn, self.state)
        if not turn.state.unit.power.off:
            signals.follow(turn)
        _move(turn)
        return turn

    def _answer(self, turn: Turn) -> Step:
        """Keep the state, and say what was said and when to call again; a pump that is off waits for its power only."""
        self.state, self.quiet = turn.state, None
        if turn.state.unit.power.off:
            return Step(tuple(turn.said), None, ())
        answer = Step(tuple(turn.said), _wake(turn), tuple(_watches(turn)))
        self.quiet = quiet.after(turn, answer)
        return answer


def _watches(turn: Turn) -> Iterator[Watch]:
    """What the driver is to look out for."""
    yield from programme.watches(turn)
    yield from doses.watches(turn)
    yield from deviation.watches(turn)
    yield from finishing.watches(turn)
    yield from alarm_monitor.watches(turn)
    yield from pressure_rise.watches(turn)
    yield from back_off.watches(turn)
    yield from backprime.watches(turn)
    yield from counted.watches(turn)


def _move(turn: Turn) -> None:
    """Say what the mechanism shall do, if that has changed."""
    motions, driven = (
        tuple([_motion(turn, status) for status in turn.state.lines]),
        counted.motion(turn, RunKind.BACKPRIMING),
    )
    if motions != turn.state.motor.lines or driven != turn.state.motor.backpriming:
        command = MotorCommand(motions, driven)
        turn.state = turn.state.with_motor(command)
        turn.said.append(command)


def _motion(turn: Turn, status: LineStatus) -> LineMotion:
    """What one line shall do; one that is stopped may have a stroke to finish."""
    if status.finish_at_step is not None:
        return LineMotion(status.line, finishing.rate_nl_per_h(turn, status), status.finish_at_step)
    back = back_off.motion(turn, status) or counted.motion(turn, RunKind.WITHDRAWING)
    return back or LineMotion(status.line, turn.rate_nl_per_h(status), stop_at_step(turn, status))


def stop_at_step(turn: Turn, status: LineStatus) -> int | None:
    """The count beyond which a line must not come: that of its VTBI, or of a dose after which nothing runs."""
    end = status.stop_at_step if status.state is LineState.INFUSING else None
    dose = doses.stop_at_step(turn, status) if status.course.doses else None
    return dose if end is None else end if dose is None else min(end, dose)


def _wake(turn: Turn) -> int | None:
    """The earliest deadline; one that has passed has been dealt with."""
    parts = (
        programme,
        course,
        doses,
        demand,
        deviation,
        finishing,
        alarm_monitor,
        counted,
        reminders,
        power,
        signals,
    )
    due = [at for part in parts for at in part.deadlines(turn) if at > turn.now_ns]
    return min(due, default=None)
