"""Controller and interlock, wired once, so that no driver can forget the second."""

from pumpsim.controller.interlock import Interlock
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.inputs import DeviceEvent, Input, SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import MotorCommand, Output, Step
from pumpsim.vocabulary.status import PumpState


class Pump:
    """The pure object that both worlds drive: ``step(now_ns, input) -> Step``."""

    def __init__(self, model: PumpModel) -> None:
        self.model = model
        self._controller = PumpController(model)
        self._interlock = Interlock(model)

    @property
    def state(self) -> PumpState:
        """The controller's state, an immutable value."""
        return self._controller.state

    def step(self, now_ns: int, given: Input) -> Step:
        """Answer one input at an instant.

        Raises ValueError when time runs backwards; for anything that the world can do there is an output.
        """
        step = self._controller.step(now_ns, given)
        self._interlock.pass_time(now_ns)
        if isinstance(given, SensorReading):
            trip = self._interlock.observe(given)
            if trip is not None:
                step = self._also(now_ns, step, trip)
        outputs: list[Output] = []
        for output in step.outputs:
            if isinstance(output, MotorCommand):
                passed, trip = self._interlock.pass_or_stop(output)
                outputs.append(passed)
                if trip is not None:
                    alarmed = self._controller.step(now_ns, trip)
                    outputs.extend(said for said in alarmed.outputs if not isinstance(said, MotorCommand))
                    step = alarmed
            else:
                outputs.append(output)
        return Step(tuple(outputs), step.wake_at_ns, step.watches)

    def _also(self, now_ns: int, step: Step, event: DeviceEvent) -> Step:
        """Answer a second input of the same instant, as one step."""
        second = self._controller.step(now_ns, event)
        return Step(step.outputs + second.outputs, second.wake_at_ns, second.watches)
