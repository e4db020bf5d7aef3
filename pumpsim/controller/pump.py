"""Controller and interlock, wired once, so that no driver can forget the second."""

from pumpsim.controller.interlock import Interlock
from pumpsim.controller.pump_controller import PumpController
from pumpsim.controller.restart import rebased
from pumpsim.vocabulary.inputs import DeviceEvent, Input, SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import MotorCommand, Output, Step
from pumpsim.vocabulary.snapshot import SNAPSHOT_SCHEMA, Snapshot
from pumpsim.vocabulary.status import PumpState


class Pump:
    """The pure object that both worlds drive: ``step(now_ns, input) -> Step``."""

    def __init__(self, model: PumpModel) -> None:
        self.model = model
        self._controller = PumpController(model)
        self._interlock = Interlock(model)

    @classmethod
    def resume(cls, model: PumpModel, snapshot: Snapshot) -> "Pump":
        """Go on exactly where the snapshot was taken, on the same clock. Raises ValueError when it is not the model's."""
        _check(model, snapshot)
        pump = cls(model)
        pump._controller = PumpController(model, snapshot.state)
        pump._interlock = Interlock(model, snapshot.interlock)
        return pump

    @classmethod
    def power_on(cls, model: PumpModel, snapshot: Snapshot) -> "Pump":
        """The same pump at a new power-on: time and the device's counts begin at 0, settings and totals are those of the
        snapshot, which must be of the instant at which the power went, with the counts of then.

        It is off, and refuses everything, until it is told ``POWERED_ON`` or that mains are back; then it says what has become
        of its lines. Nothing resumes by itself. Raises ValueError as ``resume``.
        """
        _check(model, snapshot)
        pump = cls(model)
        pump._controller = PumpController(model, rebased(model, snapshot.state))
        return pump

    def snapshot(self) -> Snapshot:
        """All that controller and interlock know, to ``resume`` or ``power_on`` from."""
        return Snapshot(SNAPSHOT_SCHEMA, self.model.id, self._controller.state, self._interlock.status)

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


def _check(model: PumpModel, snapshot: Snapshot) -> None:
    """Refuse what this model cannot go on from."""
    faults: list[str] = []
    if snapshot.schema != SNAPSHOT_SCHEMA:
        faults.append(f"schema {snapshot.schema!r}, this version reads {SNAPSHOT_SCHEMA!r}")
    if snapshot.model != model.id:
        faults.append(f"a snapshot of model {snapshot.model}, not of {model.id}")
    lines = tuple(status.line for status in snapshot.state.lines)
    if lines != model.lines:
        faults.append(f"a snapshot of the lines {', '.join(lines)}, not of {', '.join(model.lines)}")
    if faults:
        raise ValueError("; ".join(faults))
