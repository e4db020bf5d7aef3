"""What the interlock lets be withdrawn: of a model that may, no faster than the operator has asked for, and down to the count
that the asked volume comes to from the last count before. It shares no code with the controller.

The motor may stand some steps below that count when it stops; a device that goes on below it is found.
"""

from dataclasses import replace

from pumpsim.vocabulary.inputs import SensorReading, Withdraw
from pumpsim.vocabulary.interlock import DrawingStatus
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand

SLACK_STEPS = 1
"""A count may stand a step below where its command ends: it is cut off to whole steps."""


class DrawingBack:
    """The limits of one pump; of a model that does not withdraw nothing is let pass."""

    def __init__(self, model: PumpModel, status: DrawingStatus) -> None:
        self._model = model
        self.status = status

    @property
    def moving(self) -> bool:
        """Whether it is commanded."""
        return self.status.commanded_to is not None

    def hear(self, command: Withdraw) -> None:
        """Note what the operator has asked for, and was granted."""
        steps = command.volume_nl * FL_PER_NL // self._model.mechanism.step_fl
        to = None if self.status.count is None else self.status.count - steps
        self.status = replace(self.status, rate_nl_per_h=command.rate_nl_per_h, asked_to=to)

    def observe(self, reading: SensorReading) -> str:
        """See what the count did; say what is wrong with it, if something is."""
        if not self._model.withdraws:
            return ""
        count = next((line.steps for line in reading.lines if line.line == self._model.lines[0]), None)
        if count is None or count == self.status.count:
            return ""
        self.status = replace(self.status, count=count)
        end = self.status.commanded_to
        if end is not None and count < end - SLACK_STEPS:
            return f"line {self._model.lines[0]} was drawn back {end - count} steps beyond its end"
        return ""

    def against(self, motion: LineMotion) -> str:
        """Say why a motion backwards must not pass; empty when it may."""
        status = self.status
        if not self._model.withdraws or status.asked_to is None:
            return "nobody asked for it"
        if -motion.rate_nl_per_h > status.rate_nl_per_h:
            return f"faster than {status.rate_nl_per_h / 1e6:g} mL/h"
        if motion.stop_at_step is None or motion.stop_at_step < status.asked_to:
            return "further than was asked for"
        return ""

    def commanded(self, command: MotorCommand) -> None:
        """Note what has been passed; what was asked for is over with the first command that is another one."""
        if not self._model.withdraws:
            return
        back = next((motion.stop_at_step for motion in command.lines if motion.rate_nl_per_h < 0), None)
        if back is not None or self.moving:
            asked = None if back is None else self.status.asked_to
            self.status = replace(self.status, commanded_to=back, asked_to=asked)
