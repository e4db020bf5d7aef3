"""The native protocol's driver: ``MotorCommand`` to MOVE and STOP, TELEMETRY to ``SensorReading``.

It translates between two counts and two clocks, and decides nothing. The pump counts steps from its own power-on at 0,
the device from its own; ``_base`` is the difference. A command that moves nothing becomes STOP, so that the message that
stops and the one that unlocks are the same.
"""

from firmware_bridge.protocols.native import Identity, Move, MoveLine, Stop, Telemetry
from pumpsim.vocabulary.inputs import LineReading, SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand

CLOCK_PPM = 500
"""How far apart the two clocks may run: a ceramic resonator's 0.5 % would need more, a crystal a tenth."""


class NativeDriver:
    """Translate for one device of one model."""

    def __init__(self, model: PumpModel) -> None:
        self._model = model
        self._epoch: int | None = None
        self._base: tuple[int, ...] | None = None
        self._steps = (0,) * len(model.lines)
        self._offset_ns: int | None = None
        self._offset_at_ns = 0

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps of each line since the pump's power-on, as last heard."""
        return self._steps

    def mismatch(self, identity: Identity) -> str | None:
        """Say why this device cannot be driven as this model; None when it can."""
        if identity.lines != len(self._model.lines):
            return f"the device has {identity.lines} line(s), model {self._model.id} has {len(self._model.lines)}"
        if identity.step_fl != self._model.mechanism.step_fl:
            return (
                f"the device's motor step is {identity.step_fl / 1e6:g} nL, "
                f"that of model {self._model.id} is {self._model.mechanism.step_fl / 1e6:g} nL"
            )
        return None

    def attach(self, identity: Identity) -> bool:
        """Take note of the device's power-on; whether it is another one than before.

        It counts anew, and so does its clock; what it pumped since the last reading is not known.
        """
        if identity.epoch == self._epoch:
            return False
        known = self._epoch is not None
        self._epoch, self._base, self._offset_ns = identity.epoch, None, None
        return known

    def message(self, command: MotorCommand) -> Move | Stop:
        """The message that lets the device do this. Only after ``attach`` and a reading."""
        if not any(motion.rate_nl_per_h for motion in command.lines):
            return (
                Stop()
            )  # backpriming too: the protocol has no message for it, and the pump notices that nothing moves
        assert self._epoch is not None
        assert self._base is not None
        motions = {motion.line: motion for motion in command.lines}
        lines = (_move_line(motions.get(line), base) for line, base in zip(self._model.lines, self._base, strict=True))
        return Move(self._epoch, tuple(lines))

    def reading(self, now_ns: int, telemetry: Telemetry) -> SensorReading:
        """The reading as the pump knows it: its own count of steps, its own units, the age on its own clock."""
        counted = tuple(line.steps for line in telemetry.lines)
        if self._base is None:
            self._base = tuple(device - pump for device, pump in zip(counted, self._steps, strict=True))
        self._steps = tuple(device - base for device, base in zip(counted, self._base, strict=True))
        return SensorReading(
            lines=tuple(
                LineReading(name, steps, line.proximal_pa / 1000, line.air)
                for name, steps, line in zip(self._model.lines, self._steps, telemetry.lines, strict=True)
            ),
            distal_kpa=telemetry.distal_pa / 1000,
            age_ns=self._age_ns(now_ns, telemetry.uptime_us * 1000),
        )

    def _age_ns(self, now_ns: int, uptime_ns: int) -> int:
        """How old a value is: by how much later it came than the fastest one so far, clocks running apart allowed for."""
        offset_ns = now_ns - uptime_ns
        if self._offset_ns is None:
            self._offset_ns = offset_ns
        else:
            drift_ns = (now_ns - self._offset_at_ns) * CLOCK_PPM // 1_000_000
            self._offset_ns = min(self._offset_ns + drift_ns, offset_ns)
        self._offset_at_ns = now_ns
        return offset_ns - self._offset_ns


def _move_line(motion: LineMotion | None, base: int) -> MoveLine:
    if motion is None:
        return MoveLine(0, False, 0)
    if motion.stop_at_step is None:
        return MoveLine(motion.rate_nl_per_h, False, 0)
    return MoveLine(motion.rate_nl_per_h, True, motion.stop_at_step + base)
