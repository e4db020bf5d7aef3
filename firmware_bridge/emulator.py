"""A device that pumps in the simulated world: the native protocol's ``Device`` in front of a ``FluidPath``.

The only file of the bridge that knows the physics. Its time zero is the host's first valid frame.
"""

from firmware_bridge.device import WATCHDOG_NS, Device
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.vocabulary.disturbances import Closing
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import MotorCommand
from pumpsim.vocabulary.path import PathSetup

Disturbances = tuple[tuple[int, Closing], ...]


class PathWorld:
    """The fluid path with its disturbances, on a clock that begins at ``zero_ns``."""

    def __init__(self, model: PumpModel, setup: PathSetup, disturbances: Disturbances, zero_ns: int) -> None:
        self._path = FluidPath(model, setup)
        self._waiting = list(disturbances)
        self._zero_ns = zero_ns

    @property
    def next_ns(self) -> int | None:
        """When the next disturbance is due."""
        return self._zero_ns + self._waiting[0][0] if self._waiting else None

    def happen(self) -> None:
        """Let the next disturbance happen at its instant."""
        at_ns, disturbance = self._waiting.pop(0)
        self._path.disturb(at_ns, disturbance)

    def command(self, now_ns: int, command: MotorCommand) -> None:
        """Hand a motor command to the mechanism."""
        self._path.command(now_ns - self._zero_ns, command)

    def read(self, now_ns: int) -> SensorReading:
        """Give what the sensors see; what lies behind is forgotten, so that memory stays flat."""
        at_ns = now_ns - self._zero_ns
        self._path.forget(at_ns)
        return self._path.read(at_ns)


def emulator(
    model: PumpModel,
    setup: PathSetup,
    disturbances: Disturbances = (),
    *,
    epoch: int = 1,
    watchdog_ns: int = WATCHDOG_NS,
    keep_world: bool = False,
) -> Device:
    """Build an emulated device. ``disturbances``: (ns since the host's first valid frame, what happens), ascending."""
    return Device(
        model,
        lambda zero_ns: PathWorld(model, setup, disturbances, zero_ns),
        epoch=epoch,
        watchdog_ns=watchdog_ns,
        keep_world=keep_world,
    )
