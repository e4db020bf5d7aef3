"""A bench in virtual time: the host's bridge, the emulated device, and a wire with faults between them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from firmware_bridge.bridge import Answered, Bridge, LinkEvent
from firmware_bridge.device import Device
from firmware_bridge.emulator import Disturbances, emulator
from firmware_bridge.protocols.native import Telemetry
from firmware_bridge.session import LinkDown
from firmware_bridge.transports.loopback import NO_FAULTS, Wire, WireFaults
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE
from pumpsim.trace import Estimate
from pumpsim.vocabulary.inputs import LoadProgram, OperatorCommand, Start
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import Record
from pumpsim.vocabulary.path import Access, AdministrationSet, Fluid, LineSetup, PathSetup
from pumpsim.vocabulary.program import InfusionProgram, LineMode

SECOND = 1_000_000_000
MS = 1_000_000
ML = 1_000_000
MODEL = DUAL_CHANNEL_CASSETTE
SALINE = Fluid("saline")
SETUP = PathSetup(
    tuple(LineSetup(line, "bag", 250.0, SALINE, limb_ml=10.0) for line in MODEL.lines),
    AdministrationSet("set", 2.5, SALINE, compliance_ml_per_kpa=0.002, resistance_kpa_h_per_ml=0.01),
    Access("catheter", 0.02),
)
BOTH: tuple[tuple[int, OperatorCommand], ...] = (
    (0, LoadProgram("A", InfusionProgram(100 * ML, 400 * ML))),
    (0, LoadProgram("B", InfusionProgram(13_100_000, 60 * ML, LineMode.CONCURRENT))),
    (SECOND, Start()),
)
"""Two lines at once, started after a second."""


@dataclass
class Bench:
    """Host and device with a wire each way; ``run`` lets time pass, ``at`` does something at an instant.

    The device is looked at every ``look_every_ns``; that is ``history``.
    """

    commands: tuple[tuple[int, OperatorCommand], ...] = BOTH
    disturbances: Disturbances = ()
    model: PumpModel = MODEL
    setup: PathSetup = SETUP
    faults: WireFaults = NO_FAULTS
    latency_ns: int = MS
    jitter_ns: int = 0
    seed: int = 1
    plugged: bool = True
    device_silent: bool = False
    look_every_ns: int = 10 * MS
    asks: tuple[tuple[int, str], ...] = ()
    now_ns: int = 0
    answers: list[Answered] = field(default_factory=list)
    link_events: list[LinkEvent] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    history: list[tuple[int, Telemetry]] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = Random(self.seed)
        self.bridge = Bridge(self.model, self.commands, session_number=77, asks=self.asks)
        self.device: Device = emulator(self.model, self.setup, self.disturbances)
        self.down = Wire(self.latency_ns, chance, self.faults, self.jitter_ns)
        self.up = Wire(self.latency_ns, chance, self.faults, self.jitter_ns)
        self._host_wake_ns: int = 0
        self._device_wake_ns: int | None = None
        self._planned: list[tuple[int, Callable[[], None]]] = []

    def at(self, at_ns: int, action: Callable[[], None]) -> "Bench":
        """Do something to the bench at an instant of its own time."""
        self._planned.append((at_ns, action))
        self._planned.sort(key=lambda planned: planned[0])
        return self

    def run(self, until_ns: int) -> "Bench":
        """Let time pass to ``until_ns``, from one thing that happens to the next."""
        while (at_ns := max(self.now_ns, self._next_ns())) <= until_ns:
            self.now_ns = at_ns
            while self._planned and self._planned[0][0] <= at_ns:
                self._planned.pop(0)[1]()
            self._step_device()
            if self.plugged:
                self._step_host(self.up.receive(at_ns))
            elif self._host_wake_ns <= at_ns:
                self._step_host(b"")
        self.now_ns = until_ns
        return self

    def unplug(self) -> None:
        """Pull the plug: what is under way is gone, and the host's port is gone."""
        self.plugged = False
        self.up.clear()
        self.down.clear()
        self._step_host(LinkDown("unplugged"))

    def plug_in(self) -> None:
        """Put the plug back in."""
        self.plugged = True

    def end(self) -> None:
        """Let the host stop the device."""
        self._take(self.bridge.end(self.now_ns))

    def telemetry(self) -> Telemetry:
        """What the device knows now."""
        telemetry = self.device.telemetry(self.now_ns)
        assert telemetry is not None
        return telemetry

    @property
    def records(self) -> list[tuple[int, Record]]:
        """All that the pump decided."""
        return [
            (answer.at_ns, output)
            for answer in self.answers
            for output in answer.step.outputs
            if type(output).__name__ != "MotorCommand"
        ]

    @property
    def moved_at_ns(self) -> list[int]:
        """Every look at the device after which it has pumped, whatever it says of its state."""
        return [
            at_ns
            for (at_ns, now), (_, later) in pairwise(self.history)
            if any(b.steps > a.steps for a, b in zip(now.lines, later.lines, strict=False))
        ]

    @property
    def last_moved_ns(self) -> int:
        """The last of them; 0 if it never moved."""
        return max(self.moved_at_ns, default=0)

    def _next_ns(self) -> int:
        due = [self._host_wake_ns, self._device_wake_ns, self.up.next_ns, self.down.next_ns]
        if self._planned:
            due.append(self._planned[0][0])
        return min(at_ns for at_ns in due if at_ns is not None)

    def _step_device(self) -> None:
        step = self.device.step(self.now_ns, self.down.receive(self.now_ns))
        self._device_wake_ns = step.wake_at_ns
        if self.plugged and not self.device_silent:
            self.up.send(self.now_ns, step.data_out)
        looked_ns = self.history[-1][0] if self.history else -self.look_every_ns
        if self.now_ns - looked_ns >= self.look_every_ns:
            telemetry = self.device.telemetry(self.now_ns)
            if telemetry is not None:
                self.history.append((self.now_ns, telemetry))

    def _step_host(self, data: bytes | LinkDown) -> None:
        self._take(self.bridge.step(self.now_ns, data))

    def _take(self, step: object) -> None:
        assert hasattr(step, "data_out")
        if self.plugged:
            self.down.send(self.now_ns, step.data_out)
        self.answers += step.answers
        self.link_events += step.link_events
        self.estimates += step.estimates
        self._host_wake_ns = max(step.wake_at_ns, self.now_ns + 1)
