"""The controller: inputs in time, outputs and the next instant at which it wants to be called.

The order within one input: time passes, the input acts, deadlines and limits are judged, the lines are settled between
each other, and the motor command follows from the state. Extra readings and extra calls change no decision.
"""

from dataclasses import replace
from typing import assert_never

from pumpsim.controller import alarm_monitor, commands, dual, programme
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    DeviceEvent,
    DeviceEventKind,
    Input,
    LoadProgram,
    SensorReading,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import LineMotion, LineState, MotorCommand, Step
from pumpsim.vocabulary.status import LineStatus, PumpState

DECLARED = {
    DeviceEventKind.COMMUNICATION_LOST: AlarmId.COMMUNICATION_LOST,
    DeviceEventKind.DEVICE_FAULT: AlarmId.DEVICE_FAULT,
    DeviceEventKind.OVER_INFUSION: AlarmId.OVER_INFUSION,
    DeviceEventKind.RATE_LIMIT: AlarmId.RATE_LIMIT,
}


class PumpController:
    """Decides for one pump. Its whole memory is ``state``, an immutable value."""

    def __init__(self, model: PumpModel) -> None:
        self.model = model
        still = MotorCommand(tuple(LineMotion(line, 0) for line in model.lines))
        self.state = PumpState(0, tuple(LineStatus(line) for line in model.lines), motor=still)

    def step(self, now_ns: int, given: Input) -> Step:
        """Answer one input at an instant. Raises ValueError when time runs backwards, for nothing else."""
        if now_ns < self.state.now_ns:
            raise ValueError(f"time runs backwards: {now_ns} ns after {self.state.now_ns} ns")
        turn = Turn(self.model, self.state, now_ns)
        turn.pass_time()
        match given:
            case Tick():
                pass
            case SensorReading():
                turn.state = turn.state.seeing(given)
            case LoadProgram() | Start() | Stop() | Titrate() | ChangeMode() | Acknowledge():
                commands.obey(turn, given)
            case DeviceEvent():
                _note(turn, given)
            case _:
                assert_never(given)
        programme.pass_deadlines(turn)
        programme.judge(turn)
        alarm_monitor.judge(turn)
        dual.settle(turn)
        _move(turn)
        self.state = turn.state
        return Step(tuple(turn.said), _wake(turn), (*programme.watches(turn), *alarm_monitor.watches(turn)))


def _note(turn: Turn, event: DeviceEvent) -> None:
    if event.kind is DeviceEventKind.COMMUNICATION_RESTORED:
        turn.clear_alarm(AlarmId.COMMUNICATION_LOST, None)
    else:
        turn.raise_alarm(DECLARED[event.kind], None, event.detail)


def _move(turn: Turn) -> None:
    """Say what the mechanism shall do, if that has changed."""
    motions = tuple(
        LineMotion(
            status.line,
            turn.rate_nl_per_h(status),
            status.stop_at_step if status.state is LineState.INFUSING else None,
        )
        for status in turn.state.lines
    )
    command = MotorCommand(motions)
    if command != turn.state.motor:
        turn.state = replace(turn.state, motor=command)
        turn.said.append(command)


def _wake(turn: Turn) -> int | None:
    """The earliest deadline; one that has passed has been dealt with."""
    due = [at for at in (*programme.deadlines(turn), *alarm_monitor.deadlines(turn)) if at > turn.now_ns]
    return min(due, default=None)
