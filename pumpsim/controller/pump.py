"""Controller and interlock, wired once, so that no driver can forget the second."""

from copy import copy

from pumpsim.controller.interlock import Interlock
from pumpsim.controller.pump_controller import PumpController
from pumpsim.controller.restart import rebased
from pumpsim.controller.time_left import remaining
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.inputs import Input, SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import Step
from pumpsim.vocabulary.remaining import Remaining
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
        pump._interlock = Interlock.power_on(model, snapshot.interlock)
        return pump

    def snapshot(self) -> Snapshot:
        """All that controller and interlock know, to ``resume`` or ``power_on`` from."""
        return Snapshot(SNAPSHOT_SCHEMA, self.model.id, self._controller.state, self._interlock.status)

    @property
    def state(self) -> PumpState:
        """The controller's state, an immutable value."""
        return self._controller.state

    def remaining(self, line: str) -> Remaining:
        """What is left of a line's VTBI and reservoir, and how long that lasts from the last input on, if nothing else happens.

        Asking changes nothing. What it rests on, and how exact it is: ``controller.time_left``. Raises LookupError.
        """
        return remaining(self.model, self.state, line, self._controller.facts)

    def remaining_after(self, now_ns: int, reading: SensorReading, line: str) -> Remaining:
        """``remaining`` as it would be if the pump were shown this reading now; asking changes nothing."""
        twin = copy(self)
        twin._controller, twin._interlock = copy(self._controller), Interlock(self.model, self._interlock.status)
        said = twin._controller.see(now_ns, reading)
        for trip in (twin._interlock.observe(now_ns, reading, said), twin._interlock.let_through(said)[1]):
            if trip is not None:
                twin._controller.step(now_ns, trip)
        return twin.remaining(line)

    def remaining_by(self, now_ns: int, reading: SensorReading, line: str) -> Remaining:
        """``remaining_after`` for whoever knows that nothing is to be decided: it is before the wake-up, and no watch holds.

        So time has passed and the counts have grown, and no rule need be asked: counts and levels are all that the reading has
        to have. Asking changes nothing.
        """
        turn = Turn(self.model, self.state, now_ns, self._controller.facts)
        turn.pass_time()
        return remaining(self.model, turn.state.seeing(reading), line, turn.facts)

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
                told, _ = self._interlock.let_through(step.outputs)
                outputs += tuple(said for said in told if said not in outputs)  # a stop that stands is not said again
        if found is not None:
            outputs += self._interlock.halt()
        answer = step if outputs is step.outputs else Step(outputs, step.wake_at_ns, step.watches)
        return answer if self.state.unit.power.off else self._interlock.promise(answer)


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
