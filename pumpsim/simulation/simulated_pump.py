"""One pump on virtual time: the same ``Pump`` that the serial bridge drives, on a fluid path that obeys physics.

Order within one instant: disturbance, sensor, wake-up, operator. The process sleeps until the next of them; nothing
happens between, so nothing is computed between. The mirror of this loop in real time is the bridge's.
"""

from collections.abc import Callable, Generator
from dataclasses import replace

import simpy

from pumpsim.controller import Pump
from pumpsim.fluidics import FluidPath
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.crossings import next_crossing
from pumpsim.journal import Taken
from pumpsim.scenario import Entry, PumpSetup
from pumpsim.simulation.chance import Chance
from pumpsim.trace import PumpTrace, Recorded
from pumpsim.vocabulary.inputs import Input, SensorReading, Tick
from pumpsim.vocabulary.outputs import MotorCommand, Step
from pumpsim.vocabulary.path import Occlude, Release

HOUSEKEEPING_NS = 6 * 3_600_000_000_000
"""How far the path is planned at most before history is handed over: bounds memory, never a result."""
TAIL_VOLUMES, TAIL_ML = 40.0, 1.0
"""History kept beside a sink: 40 common volumes (a stirred one has forgotten all but exp(-40)), and what is stored."""


class SimulatedPump:
    """Pump, path and the script of what is done to them."""

    def __init__(
        self,
        env: simpy.Environment,
        setup: PumpSetup,
        entries: tuple[Entry, ...],
        chance: Chance,
        sink: Callable[[str, Chunk], None] | None = None,
    ) -> None:
        self._env, self._setup, self._chance, self._sink = env, setup, chance, sink
        self._pump = Pump(setup.model)
        self._chunks: list[Chunk] = []
        self._path = FluidPath(setup.model, setup.path, self._keep)
        self._entries = list(entries)
        self._records: list[Recorded] = []
        self._decisions: list[tuple[int, MotorCommand]] = []
        self._step = Step((), None, ())
        self.taken: list[Taken] = []

    def run(self, until_ns: int) -> Generator[simpy.Event, None, None]:
        """Live from now to ``until_ns``, inclusive."""
        self._sense()
        while True:
            now_ns = int(self._env.now)
            self._act(now_ns)
            if now_ns >= until_ns:
                self._path.advance(until_ns)
                return
            next_ns, sense = self._next(now_ns, until_ns)
            yield self._env.timeout(next_ns - now_ns)
            self._path.forget(next_ns)
            if sense or self._due(next_ns):
                self._disturb(next_ns)
                self._sense()
            if self._step.wake_at_ns is not None and self._step.wake_at_ns <= next_ns:
                self._give(next_ns, Tick())

    def _keep(self, chunk: Chunk) -> None:
        """Keep a chunk of history; with a sink, only as much as still travels through the common volume."""
        self._chunks.append(chunk)
        if self._sink is None:
            return
        self._sink(self._setup.id, chunk)
        travelling = TAIL_VOLUMES * self._setup.path.set.common_ml + TAIL_ML
        last = float(chunk.pumped_ml[:, -1].sum())
        while len(self._chunks) > 1 and float(self._chunks[0].pumped_ml[:, -1].sum()) < last - travelling:
            del self._chunks[0]

    def trace(self) -> PumpTrace:
        """What did happen; with a sink only the end of it."""
        return PumpTrace(
            self._setup.id,
            self._setup.model,
            self._setup.path,
            chunks=self._chunks,
            records=self._records,
            decisions=self._decisions,
            state=self._pump.state,
        )

    def _next(self, now_ns: int, until_ns: int) -> tuple[int, bool]:
        """The next instant at which anything is due, and whether the pump gets a reading then."""
        horizon = min(until_ns, now_ns + HOUSEKEEPING_NS)
        if self._entries:
            horizon = min(horizon, self._entries[0].at_ns)
        wake = self._step.wake_at_ns
        if wake is not None:
            horizon = min(horizon, max(wake, now_ns))
        period = self._setup.sensing.period_ns
        if period is not None:
            sample_ns = (now_ns // period + 1) * period
            return (sample_ns, True) if sample_ns <= horizon else (horizon, False)
        crossing = next_crossing(self._path, self._step.watches, now_ns, horizon)
        if crossing is not None:
            return crossing, True
        return horizon, horizon in (wake, until_ns)

    def _due(self, now_ns: int) -> bool:
        """Whether the script has something for this instant, and the pump sees the world without delay."""
        return bool(self._entries) and self._entries[0].at_ns <= now_ns and self._setup.sensing.period_ns is None

    def _disturb(self, now_ns: int) -> None:
        while self._entries and self._entries[0].at_ns <= now_ns:
            action = self._entries[0].action
            if not isinstance(action, Occlude | Release):
                return
            self._path.disturb(now_ns, action)
            del self._entries[0]

    def _act(self, now_ns: int) -> None:
        """Carry out the script's entries of this instant."""
        while self._entries and self._entries[0].at_ns <= now_ns:
            action = self._entries[0].action
            if isinstance(action, Occlude | Release):
                self._disturb(now_ns)
            else:
                del self._entries[0]
                self._give(now_ns, action)

    def _sense(self) -> None:
        """Hand a reading over, as the sensors give it."""
        now_ns = int(self._env.now)
        self._give(now_ns, self._with_noise(self._path.read(now_ns)))

    def _with_noise(self, reading: SensorReading) -> SensorReading:
        sensing = self._setup.sensing
        if sensing.period_ns is None:
            return reading

        def measured(kpa: float) -> float:
            value = kpa + (self._chance.normal(sensing.noise_kpa) if sensing.noise_kpa else 0.0)
            return round(value / sensing.quantum_kpa) * sensing.quantum_kpa if sensing.quantum_kpa else value

        lines = tuple(replace(line, proximal_kpa=measured(line.proximal_kpa)) for line in reading.lines)
        return SensorReading(lines, measured(reading.distal_kpa))

    def _give(self, now_ns: int, given: Input) -> None:
        """One input: the pump answers, the motor obeys, the rest is recorded."""
        self._step = step = self._pump.step(now_ns, given)
        self.taken.append(Taken(1, now_ns, given, step))
        for output in step.outputs:
            if isinstance(output, MotorCommand):
                self._path.command(now_ns, output)
                self._decisions.append((now_ns, output))
            else:
                self._records.append(Recorded(now_ns, output))
