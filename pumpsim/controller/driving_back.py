"""What the interlock lets be driven into a line's limb: what the operator asked for, no faster than the model does, to a count.

It never passes beside a delivery, and what moves there by itself, or beyond its end, trips the interlock. It shares no code
with the controller.
"""

from dataclasses import replace

from pumpsim.vocabulary.inputs import Backprime, SensorReading
from pumpsim.vocabulary.interlock import DrivingStatus
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import MotorCommand

FL_NS_PER_H = 3_600_000
LATENCY_NS = 5_000_000_000
"""A choice of ours: for so long a device may do what it was told before."""


class DrivingBack:
    """The limits of one pump; without ``backpriming`` in its model nothing is let be driven back."""

    def __init__(self, model: PumpModel, status: DrivingStatus) -> None:
        self._model, self._rule = model, model.backpriming
        self.status = status

    @property
    def moving(self) -> bool:
        """Whether it is commanded."""
        return self.status.commanded_to is not None

    def hear(self, command: Backprime) -> None:
        """Note what the operator has asked for, and was granted."""
        steps = command.volume_nl * FL_PER_NL // self._model.mechanism.step_fl
        self.status = replace(self.status, line=command.line, asked_to=(self.status.count or 0) + steps)

    def observe(self, reading: SensorReading) -> str:
        """See what the count did; say what is wrong with it, if something is."""
        counts = [
            line.backprimed for line in reading.lines if self._rule is not None and line.line == self._model.lines[1]
        ]
        if not counts:
            return ""
        known, most = self.status.count, self.status.most
        if counts[0] != known:
            most = max(most, counts[0]) if known is None else most
            self.status = replace(self.status, count=counts[0], most=most)
        return f"{counts[0] - most} steps more than were commanded went into a limb" if counts[0] > most else ""

    def against(self, command: MotorCommand) -> str:
        """Say why a command must not pass; empty when it may."""
        order, status = command.backpriming, self.status
        if order is None:
            return ""
        if self._rule is None or order.line != status.line:
            return "nobody asked for it"
        if any(motion.rate_nl_per_h for motion in command.lines):
            return "beside a delivery"
        if not 0 < order.rate_nl_per_h <= self._rule.rate_nl_per_h:
            return f"not at {self._rule.rate_nl_per_h / 1e6:g} mL/h at most"
        if order.stop_at_step is None or order.stop_at_step > status.asked_to:
            return "further than was asked for"
        return ""

    def commanded(self, command: MotorCommand) -> None:
        """Note what has been passed: how far a count may come, and about where it is left to stand."""
        order, mechanism = command.backpriming, self._model.mechanism
        if order is not None and order.stop_at_step is not None:
            most = max(self.status.most, order.stop_at_step)
            self.status = replace(self.status, commanded_to=order.stop_at_step, most=most)
        elif self.moving and self._rule is not None:
            late = self._rule.rate_nl_per_h * LATENCY_NS // (mechanism.step_fl * FL_NS_PER_H)
            most = min(self.status.most, (self.status.count or 0) + late)
            self.status = replace(self.status, commanded_to=None, most=most)
