"""A second, smaller mind that may only say no.

It stands between controller and motor with limits and a count of its own, and never starts anything. It trips when a
motor command is above the model's limits or runs backwards (but for what ``turning_back`` lets pass, right after a distal
occlusion and to a count), or when a line has pumped more than it was commanded, beyond
one pumping cycle (the fluid of a stroke under way; a cycle and a half where lines take turns by whole strokes) plus
``ALLOWANCE_PERCENT``. Once tripped it passes nothing but stop
until the pump is powered again. It shares no code with the controller. A drip, which nothing drives, runs ahead as it may.
"""

from pumpsim.controller.turning_back import TurningBack
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, SensorReading
from pumpsim.vocabulary.model import Drive, Interleave, PumpModel
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand
from pumpsim.vocabulary.snapshot import InterlockLine, InterlockStatus

ALLOWANCE_PERCENT = 10
"""Over-infusion that is tolerated beside the cycle's volume; GIP 1.2.2 alarms above 10 %."""
FL_NS_PER_H = 3_600_000
"""1 fL in nL/h x ns."""


class Interlock:
    """Independent limits on what the motor is told and on what it has done."""

    def __init__(self, model: PumpModel, status: InterlockStatus | None = None) -> None:
        self._model = model
        self._rates = dict.fromkeys(model.lines, 0)
        self._owed = dict.fromkeys(model.lines, 0)
        self._first: dict[str, int] = {}
        self._back = TurningBack(model)
        self._now_ns = 0
        self.tripped: DeviceEvent | None = None
        if status is not None:
            self._now_ns, self.tripped = status.now_ns, status.tripped
            self._rates = {line.line: line.rate_nl_per_h for line in status.lines}
            self._owed = {line.line: line.owed for line in status.lines}
            self._first = {line.line: line.first for line in status.lines if line.first is not None}
            self._back = TurningBack(model, status.turning)

    @property
    def status(self) -> InterlockStatus:
        """All that it knows, as a value to continue from."""
        lines = tuple(
            InterlockLine(line, rate, self._owed[line], self._first.get(line)) for line, rate in self._rates.items()
        )
        return InterlockStatus(self._now_ns, lines, self.tripped, self._back.status)

    def pass_time(self, now_ns: int) -> None:
        """Count what each line is owed by now."""
        for line, rate in self._rates.items():
            self._owed[line] += max(0, rate) * (now_ns - self._now_ns)
        self._now_ns = now_ns

    def observe(self, reading: SensorReading) -> DeviceEvent | None:
        """Compare the pumped counts with the commanded volume; the event of a trip, if it trips now."""
        if self.tripped is not None or self._model.mechanism.drive is Drive.ROLLER_CLAMP:
            return None
        step = self._model.mechanism.step_fl * FL_NS_PER_H
        cycle = self._model.mechanism.cycle_steps * step
        if self._model.mechanism.interleave is Interleave.WHOLE_STROKE:
            cycle = cycle * 3 // 2
        beyond = self._back.observe(reading)
        if beyond:
            return self._trip(DeviceEventKind.RATE_LIMIT, beyond)
        for line in reading.lines:
            self._owed[line.line] -= self._back.newly_taken(line.line) * step
            pumped = (line.steps - self._first.setdefault(line.line, line.steps)) * step
            allowed = self._owed[line.line] * (100 + ALLOWANCE_PERCENT) // 100 + cycle
            if pumped > allowed:
                return self._trip(
                    DeviceEventKind.OVER_INFUSION,
                    f"line {line.line} has pumped {_ml(pumped)} of {_ml(self._owed[line.line])} commanded",
                )
        return None

    def pass_or_stop(self, command: MotorCommand) -> tuple[MotorCommand, DeviceEvent | None]:
        """Let a command through, or put a stop in its place and say why."""
        event = self.tripped if command.moving else None
        if event is None and self.tripped is None:
            event = self._judge(command)
        if event is not None:
            command = MotorCommand(tuple(LineMotion(motion.line, 0) for motion in command.lines))
        self._rates.update({motion.line: motion.rate_nl_per_h for motion in command.lines})
        self._back.commanded(command)
        return command, event

    def _judge(self, command: MotorCommand) -> DeviceEvent | None:
        total = moving = 0
        for motion in command.lines:
            if motion.line not in self._rates:
                return self._trip(DeviceEventKind.RATE_LIMIT, f"no line {motion.line}")
            if motion.rate_nl_per_h < 0 and (reason := self._back.against(motion)):
                return self._trip(DeviceEventKind.RATE_LIMIT, f"line {motion.line} runs backwards: {reason}")
            if motion.rate_nl_per_h > self._model.max_motor_nl_per_h:
                return self._trip(DeviceEventKind.RATE_LIMIT, f"line {motion.line}: {_rate(motion.rate_nl_per_h)}")
            total += motion.rate_nl_per_h
            moving += motion.rate_nl_per_h > 0
        limits = self._model.concurrent
        if moving > 1 and (limits is None or total > limits.sum_nl_per_h):
            return self._trip(DeviceEventKind.RATE_LIMIT, f"all lines together: {_rate(total)}")
        return None

    def _trip(self, kind: DeviceEventKind, detail: str) -> DeviceEvent:
        self.tripped = DeviceEvent(kind, detail)
        return self.tripped


def _ml(volume: int) -> str:
    return f"{volume / (FL_NS_PER_H * 1e12):.3f} mL"


def _rate(rate_nl_per_h: int) -> str:
    return f"{rate_nl_per_h / 1e6:g} mL/h"
