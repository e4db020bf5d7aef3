"""Controller and interlock, wired once, so that no driver can forget the second."""

from pumpsim.controller.interlock import Interlock
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.inputs import Input
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import Step
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

        Raises ValueError when time runs backwards; for anything that the world can do there is an output. What the interlock
        finds is told to the controller in the same instant; whatever that makes of it, the motor stands.
        """
        step = self._controller.step(now_ns, given)
        found = self._interlock.observe(now_ns, given, step.outputs)
        outputs, refused = self._interlock.let_through(step.outputs)
        for trip in (found, refused):
            if trip is not None:
                step = self._controller.step(now_ns, trip)
                outputs += self._interlock.let_through(step.outputs)[0]
        if found is not None:
            outputs += self._interlock.halt()
        return self._interlock.promise(Step(outputs, step.wake_at_ns, step.watches))
