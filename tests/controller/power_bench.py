"""A pump on a bench: a mechanism that does exactly what it is told, in whole steps, counted from each power-on."""

from dataclasses import replace

from pumpsim.controller import Pump
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, Input, LineReading, SensorReading, Tick
from pumpsim.vocabulary.model import Battery, PumpModel, Reminders
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand, Output, SignalChanged, Step
from tests.build import STROKES, H

ML = 1_000_000
STEP = STROKES.mechanism.step_fl * 3_600_000
"""A motor step in nL/h x ns."""
FULL = replace(
    STROKES,
    bolus_nl_per_h=200 * ML,
    bolus_max_nl=20 * ML,
    bolus_adds=True,
    clockwork=True,
    most_stages=10,
    reminders=Reminders(),
    battery=Battery(full_ns=4 * H, charge_ns=8 * H, low_ns=H // 4, depleted_ns=H // 12),
)
"""The cassette with everything that a pump can have but reminders, of which it has that of a stuck key."""


def event(kind: DeviceEventKind) -> DeviceEvent:
    return DeviceEvent(kind)


def words(outputs: tuple[Output, ...]) -> list[str]:
    """What was said, each record in a word or two; motor commands as ``motor`` with the rate of each line in mL/h. What is
    shown and sounds is left out: it follows from the conditions, and has its own tests."""
    said = []
    for output in outputs:
        if isinstance(output, MotorCommand):
            said.append("motor " + " ".join(f"{motion.rate_nl_per_h / ML:g}" for motion in output.lines))
        elif not isinstance(output, SignalChanged):
            name = type(output).__name__
            fields = (getattr(output, field, None) for field in ("alarm", "kind", "source", "command", "line"))
            said.append(" ".join([name, *(str(getattr(f, "value", f)) for f in fields if f is not None)]))
    return said


class Bench:
    """Pump and mechanism; ``pumped``: steps of each line over all power-ons. ``kind``: a whole pump, or its controller alone,
    which no interlock stops when it is called late."""

    def __init__(self, model: PumpModel = FULL, kind=Pump) -> None:
        self.model, self.now_ns, self.pump = model, 0, kind(model)
        self.pumped = dict.fromkeys(model.lines, 0)
        self.steps: list[tuple[int, Input, Step]] = []
        self._from = dict.fromkeys(model.lines, 0)
        self._part = dict.fromkeys(model.lines, 0)
        self._motor = MotorCommand(tuple(LineMotion(line, 0) for line in model.lines))
        self.give(self.reading())

    @property
    def moving(self) -> bool:
        return self._motor.moving

    def count(self, line: str) -> int:
        """Steps since this power-on."""
        return self.pumped[line] - self._from[line]

    def reading(self, kpa: float = 0.0) -> SensorReading:
        lines = tuple(LineReading(line, self.count(line), 4.9, False) for line in self.model.lines)
        return SensorReading(lines, kpa)

    def give(self, given: Input) -> Step:
        step = self.pump.step(self.now_ns, given)
        self.steps.append((self.now_ns, given, step))
        for output in step.outputs:
            if isinstance(output, MotorCommand):
                self._motor = output
        return step

    def pass_time(self, ns: int) -> None:
        """Let the mechanism run for so long, without a word to the pump."""
        self.now_ns += ns
        for motion in self._motor.lines:
            self._part[motion.line] += motion.rate_nl_per_h * ns
            more, self._part[motion.line] = divmod(self._part[motion.line], STEP)
            if motion.stop_at_step is not None:
                more = max(0, min(more, motion.stop_at_step - self.count(motion.line)))
            self.pumped[motion.line] += more

    def look(self, ns: int) -> Step:
        """Let it run for so long, calling the pump, with a reading, whenever it wants to be called; then once more."""
        end_ns = self.now_ns + ns
        wake_ns = self.steps[-1][2].wake_at_ns
        while wake_ns is not None and wake_ns < end_ns:
            self.pass_time(wake_ns - self.now_ns)
            self.give(self.reading())
            wake_ns = self.give(Tick()).wake_at_ns
        self.pass_time(end_ns - self.now_ns)
        return self.give(self.reading())

    def cut(self, kpa: float = 0.0) -> Step:
        """Cut the power, after a last reading, and switch on again at once: a new power-on."""
        self.give(self.reading(kpa))
        self.pump = Pump.power_on(self.model, self.pump.snapshot())
        self._motor = MotorCommand(tuple(LineMotion(line, 0) for line in self.model.lines))
        self._from, self._part = dict(self.pumped), dict.fromkeys(self.pumped, 0)
        self.now_ns = 0
        return self.give(event(DeviceEventKind.POWERED_ON))
