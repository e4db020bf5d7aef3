"""How one power-on of a pump reads in the time of the scenario, and in the counts of its path.

A pump's clock and its device's counts begin at 0 with each power-on; scenario and path go on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, SensorReading
from pumpsim.vocabulary.outputs import DeliveryEvent, LineMotion, MotorCommand, Record, SignalChanged, Step
from pumpsim.vocabulary.status import Shown

POWERED_ON = DeviceEvent(DeviceEventKind.POWERED_ON)


def what_ends(pump: Pump) -> list[Record]:
    """What is so from the instant on at which a pump's power is cut: what it will say of its lines when it is on again, and
    that it is silent."""
    again = Pump.power_on(pump.model, pump.snapshot())
    said: list[Record] = [o for o in again.step(0, POWERED_ON).outputs if isinstance(o, DeliveryEvent)]
    if pump.state.unit.signals.shown != Shown():
        said.append(SignalChanged(None, None, None, audible=False))
    return said


@dataclass(frozen=True, slots=True)
class PowerOn:
    """The ``number``-th power-on, from 1, at ``zero_ns`` of the scenario; ``steps``, ``backprimed``: the path's counts then;
    ``air_ml``: all air that the sensor behind the pump had counted."""

    number: int
    zero_ns: int
    steps: Mapping[str, int]
    backprimed: Mapping[str, int]
    air_ml: float = 0.0

    @classmethod
    def again(cls, last: "PowerOn", zero_ns: int, here: SensorReading) -> "PowerOn":
        """The next power-on, at which the path has this reading."""
        steps = {line.line: line.steps for line in here.lines}
        driven = {line.line: line.backprimed for line in here.lines}
        return cls(last.number + 1, zero_ns, steps, driven, here.air_total_ml)

    def reading(self, seen: SensorReading, *, older: bool = False) -> SensorReading:
        """What the pump is handed of a reading: steps, and air, since this power-on; of an ``older`` one none."""
        if self.number == 1:
            return seen
        lines = tuple(
            replace(
                line,
                steps=max(0, line.steps - self.steps[line.line]) if older else line.steps - self.steps[line.line],
                backprimed=max(0, line.backprimed - self.backprimed[line.line]),
            )
            for line in seen.lines
        )
        return replace(seen, lines=lines, air_total_ml=max(0.0, seen.air_total_ml - self.air_ml))

    def counts(self, lines: Iterable[str], steps: tuple[int, ...]) -> tuple[int, ...]:
        """What the pump is handed of the path's counts, line by line."""
        if self.number == 1:
            return steps
        return tuple(count - self.steps[line] for line, count in zip(lines, steps, strict=True))

    def command(self, command: MotorCommand) -> MotorCommand:
        """What the path is told by a motor command."""
        if self.number == 1:
            return command
        driven = command.backpriming
        return MotorCommand(
            tuple(_from(self.steps, motion) for motion in command.lines),
            None if driven is None else _from(self.backprimed, driven),
        )

    def answer(self, step: Step) -> Step:
        """When, in the scenario, the pump wants to be called again, and what the path is to look out for."""
        if self.number == 1:
            return step
        counts = {Signal.STEPS: self.steps, Signal.BACKPRIMED: self.backprimed}
        watches = tuple(
            replace(watch, level=watch.level + counts[watch.signal][watch.line], from_ns=watch.from_ns + self.zero_ns)
            if watch.signal in counts and watch.line is not None
            else watch
            for watch in step.watches
        )
        wake = step.wake_at_ns
        return Step(step.outputs, None if wake is None else wake + self.zero_ns, watches)


def _from(counts: Mapping[str, int], motion: LineMotion) -> LineMotion:
    """A motion whose end is counted from the begin of the path."""
    stop = motion.stop_at_step
    return replace(motion, stop_at_step=None if stop is None else stop + counts[motion.line])
