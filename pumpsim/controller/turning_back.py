"""What the interlock lets run backwards: after a distal occlusion that it has seen itself, slowly, and down to a count.

From the reading on that shows the distal limit reached, until something is delivered again, the mechanism may go back by the
most that the model lets it take back, from the highest count ever seen. Every command must end at a count within that, so no
sequence of commands makes reverse delivery continuous (GIP v1.0, 1.8.1). It shares no code with the controller.
"""

from pumpsim.vocabulary.alarms import AlarmId, Signal
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.interlock import TurningStatus
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand

SLACK_STEPS = 1
"""A count may stand a step below where its command ends: it is cut off to whole steps."""


class TurningBack:
    """The limits of one pump; without a ``back_off`` in its model nothing is let run backwards."""

    def __init__(self, model: PumpModel, status: TurningStatus) -> None:
        self._rule = model.back_off
        self._line = model.lines[0]
        rows = [row.threshold for row in model.alarms if row.id is AlarmId.OCCLUSION_DISTAL]
        self._threshold = rows[0] if rows else None
        self._most = 0 if self._rule is None else self._rule.most_nl * FL_PER_NL // model.mechanism.step_fl
        self._granted, self._forward, self._turned = status.granted, status.forward, status.turned
        self._highest = status.highest

    @property
    def status(self) -> TurningStatus:
        """All that it knows, as a value to continue from."""
        return TurningStatus(self._granted, self._forward, self._turned, self._highest)

    def observe(self, reading: SensorReading) -> str:
        """See an occlusion, and what the count did; say what is wrong with it, if something is."""
        if self._rule is None or self._threshold is None:
            return ""
        steps = next((line.steps for line in reading.lines if line.line == self._line), None)
        kpa = reading.value(Signal.DISTAL_PRESSURE, None)
        if steps is None:
            return ""
        if kpa is not None and not self._turned:
            self._granted = kpa >= self._threshold.level or (
                self._granted and (not self._forward or kpa >= self._threshold.clear_level)
            )
        if not self._turned:
            self._highest = max(self._highest, steps)
            return ""
        if steps < self._highest - self._most - SLACK_STEPS:
            return f"line {self._line} has run backwards by {self._highest - steps} steps, {self._most} allowed"
        return ""

    def against(self, motion: LineMotion) -> str:
        """Say why a motion backwards must not pass; empty when it may."""
        if self._rule is None or motion.line != self._line:
            return "it never may"
        if not self._granted:
            return "there is no distal occlusion"
        if -motion.rate_nl_per_h > self._rule.rate_nl_per_h:
            return f"faster than {self._rule.rate_nl_per_h / 1e6:g} mL/h"
        if motion.stop_at_step is None:
            return "without an end"
        if motion.stop_at_step < self._highest - self._most:
            return f"by more than {self._rule.most_nl / 1e6:g} mL"
        return ""

    def commanded(self, command: MotorCommand) -> None:
        """Note what has been passed; with the first delivery the next occlusion is another one."""
        if self._rule is None:
            return
        rate = next((motion.rate_nl_per_h for motion in command.lines if motion.line == self._line), 0)
        if rate > 0 and not self._forward:
            self._granted = self._turned = False
        self._turned = self._turned or rate < 0
        self._forward = rate > 0
