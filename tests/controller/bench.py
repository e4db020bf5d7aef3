"""A pump on an ideal mechanism, in integers: it moves exactly as it is told. For rules in time without a fluid path.

It honours wake-ups and watches as the drivers do: the pump gets a reading at each, then a ``Tick``. ``kpa`` is what the
pressure sensor says, ``reservoir_ml`` what line A's reservoir held at 0 (None: nobody measures it); whoever changes them hands
the reading over.
"""

from pumpsim.controller import Pump
from pumpsim.controller.turn import Q_PER_FL
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.inputs import Input, LineReading, Measured, SensorReading, Tick
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import (
    AlarmCleared,
    AlarmRaised,
    CommandRejected,
    DeliveryEvent,
    DoseDenied,
    MotorCommand,
    Output,
    Step,
)
from pumpsim.vocabulary.status import LineStatus

Q_PER_ML = 3_600_000_000_000 * 1_000_000


class Bench:
    """Pump, mechanism and all that was given and said; a first reading is handed over at 0."""

    def __init__(self, model: PumpModel) -> None:
        self.pump, self.model = Pump(model), model
        self.now_ns, self.kpa = 0, 0.0
        self.reservoir_ml: float | None = None
        self.moved, self.driven = dict.fromkeys(model.lines, 0), dict.fromkeys(model.lines, 0)
        self.given: list[tuple[int, Input, Step]] = []
        self.said: list[tuple[int, Output]] = []
        self._motor = MotorCommand(())
        self._answer = Step((), None, ())
        self.step = model.mechanism.step_fl * Q_PER_FL
        self.give(self.reading())

    def give(self, given: Input) -> list[Output]:
        """One input now; the outputs."""
        step = self.pump.step(self.now_ns, given)
        self._answer = step
        self.given.append((self.now_ns, given, step))
        for output in step.outputs:
            self.said.append((self.now_ns, output))
            if isinstance(output, MotorCommand):
                self._motor = output
        return list(step.outputs)

    def do(self, at_ns: int, *given: Input) -> list[Output]:
        """Let time pass to an instant, then give a reading and these."""
        self.run(at_ns)
        self.give(self.reading())
        return [output for one in given for output in self.give(one)]

    def run(self, until_ns: int) -> None:
        """Let time pass; whatever is due happens, the end included."""
        while True:
            due = min((at for at in (self._answer.wake_at_ns, self._crossing()) if at is not None), default=until_ns)
            at_ns = max(self.now_ns, min(due, until_ns))
            self._move(at_ns)
            if due > until_ns:
                return
            self.give(self.reading())
            if self._answer.wake_at_ns is not None and self._answer.wake_at_ns <= self.now_ns:
                self.give(Tick())
            if at_ns >= until_ns and due >= until_ns:
                return

    def reading(self) -> SensorReading:
        """What the sensors say now."""
        level = (
            ()
            if self.reservoir_ml is None
            else (Measured(Signal.RESERVOIR_LEVEL, self.reservoir_ml - self.counted_ml()),)
        )
        lines = tuple(
            LineReading(
                line,
                self.steps(line),
                4.9,
                False,
                level if line == "A" else (),
                backprimed=self.driven[line] // self.step,
            )
            for line in self.model.lines
        )
        return SensorReading(lines, self.kpa)

    def steps(self, line: str = "A") -> int:
        """Where the motor stands."""
        return self.moved[line] // self.step

    def ml(self, line: str = "A") -> float:
        """What has been moved."""
        return self.moved[line] / Q_PER_ML

    def counted_ml(self, line: str = "A") -> float:
        """What whole steps have moved."""
        return self.steps(line) * self.step / Q_PER_ML

    def line(self, line: str = "A") -> LineStatus:
        """The status of a line."""
        return self.pump.state.line(line)

    def rate(self, line: str = "A") -> float:
        """What the motor is told, mL/h."""
        return next((m.rate_nl_per_h / 1e6 for m in self._motor.lines if m.line == line), 0.0)

    def events(self, line: str | None = None) -> list[tuple[float, str]]:
        """Minute and word of what was said, commands to the motor left out."""
        words = []
        for at_ns, output in self.said:
            word = _word(output)
            if word and (line is None or getattr(output, "line", None) in (None, line)):
                words.append((round(at_ns / 60e9, 6), word))
        return words

    def minutes(self, word: str) -> list[float]:
        """When this was said."""
        return [minute for minute, said in self.events() if said == word]

    def _move(self, at_ns: int) -> None:
        for motion in self._motor.lines:
            moved = self.moved[motion.line] + motion.rate_nl_per_h * (at_ns - self.now_ns)
            if motion.stop_at_step is not None:
                moved = max(self.moved[motion.line], min(moved, motion.stop_at_step * self.step))
            self.moved[motion.line] = moved
        order = self._motor.backpriming
        if order is not None and order.stop_at_step is not None:
            driven = self.driven[order.line] + order.rate_nl_per_h * (at_ns - self.now_ns)
            self.driven[order.line] = min(driven, max(self.driven[order.line], order.stop_at_step * self.step))
        self.now_ns = at_ns

    def _crossing(self) -> int | None:
        """When the first watched count is reached."""
        found = []
        for watch in self._answer.watches:
            if watch.signal is Signal.BACKPRIMED:
                motion, moved = self._motor.backpriming, self.driven
            elif (
                watch.signal is Signal.STEPS and not watch.per_h
            ):  # one that moves is never reached by a motor that obeys
                motion, moved = next((m for m in self._motor.lines if m.line == watch.line), None), self.moved
            else:
                continue
            if motion is None or motion.rate_nl_per_h <= 0:
                continue
            goal = int(watch.level)
            if motion.stop_at_step is not None and goal > motion.stop_at_step:
                continue
            left = goal * self.step - moved[motion.line]
            found.append(max(self.now_ns + 1, self.now_ns - (-left // motion.rate_nl_per_h)))
        return min(found, default=None)


def _word(output: Output) -> str:
    match output:
        case DeliveryEvent():
            return output.kind.value
        case AlarmRaised():
            return f"alarm {output.alarm.value}"
        case AlarmCleared():
            return f"clear {output.alarm.value}"
        case CommandRejected():
            return f"rejected {output.command}"
        case DoseDenied():
            return f"denied {output.reason}"
        case _:
            return ""
