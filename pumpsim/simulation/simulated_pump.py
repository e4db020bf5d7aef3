"""Pumps on virtual time: the same ``Pump`` that the serial bridge drives, on a fluid path that obeys physics.

Order within one instant: disturbance, sensor, wake-up, operator, then pumps in the order of the file. The process of a line
sleeps until the next of them; nothing happens between, so nothing is computed between. The mirror of this loop in real
time is the bridge's.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace

import simpy

from pumpsim.controller import Pump
from pumpsim.journal import Taken
from pumpsim.scenario import Entry, PumpSetup
from pumpsim.simulation.chance import Chance
from pumpsim.simulation.paths import Way
from pumpsim.trace import PumpTrace, Recorded
from pumpsim.vocabulary.inputs import Input, SensorReading, Tick
from pumpsim.vocabulary.outputs import MotorCommand, Step
from pumpsim.vocabulary.path import Disturbance

HOUSEKEEPING_NS = 6 * 3_600_000_000_000
"""How far the path is planned at most before history is handed over: bounds memory, never a result."""


def live(env: simpy.Environment, pumps: Sequence["SimulatedPump"], until_ns: int) -> Generator[simpy.Event, None, None]:
    """Let the pumps of one line live from now to ``until_ns``, inclusive."""
    for pump in pumps:
        pump.sense(0)
    while True:
        now_ns = int(env.now)
        for pump in pumps:
            pump.act(now_ns)
        if now_ns >= until_ns:
            for pump in pumps:
                pump.way.advance(until_ns)
            return
        plans = [pump.next(now_ns, until_ns) for pump in pumps]
        next_ns = min(at_ns for at_ns, _ in plans)
        yield env.timeout(next_ns - now_ns)
        looking = [
            (at_ns == next_ns and sense) or pump.due(next_ns) for pump, (at_ns, sense) in zip(pumps, plans, strict=True)
        ]
        for pump in pumps:
            pump.way.forget(next_ns)
            pump.suffer(next_ns)
        for pump, looks in zip(pumps, looking, strict=True):
            if looks:
                pump.sense(next_ns)
            pump.wake(next_ns)


class SimulatedPump:
    """Pump, path and the script of what is done to them."""

    def __init__(self, setup: PumpSetup, entries: tuple[Entry, ...], chance: Chance, way: Way) -> None:
        self.way = way
        self._setup, self._chance = setup, chance
        self._pump = Pump(setup.model)
        self._entries = list(entries)
        self._records: list[Recorded] = []
        self._decisions: list[tuple[int, MotorCommand]] = []
        self._step = Step((), None, ())
        self._foreseen: tuple[int, Step, int, int | None] | None = None
        self.taken: list[Taken] = []

    @property
    def id(self) -> str:
        """The pump's id in the scenario."""
        return self._setup.id

    def trace(self) -> PumpTrace:
        """What did happen."""
        return PumpTrace(
            self._setup.id,
            self._setup.model,
            self._setup.path,
            history=self.way.history(),
            records=self._records,
            decisions=self._decisions,
            state=self._pump.state,
        )

    def next(self, now_ns: int, until_ns: int) -> tuple[int, bool]:
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
        crossing = self._crossing(now_ns, horizon)
        if crossing is not None:
            return crossing, True
        return horizon, horizon in (wake, until_ns)

    def _crossing(self, now_ns: int, horizon: int) -> int | None:
        """When a watch is next satisfied; what was foreseen stands as long as nothing has changed."""
        version = self.way.version
        if version is not None and self._foreseen is not None:
            then, step, looked_to, crossing = self._foreseen
            if then == version and step is self._step:
                if crossing is not None and crossing > now_ns:
                    return crossing if crossing <= horizon else None
                if crossing is None and looked_to >= horizon:
                    return None
        crossing = self.way.next_crossing(self._step.watches, now_ns, horizon)
        if version is not None:
            self._foreseen = (version, self._step, horizon, crossing)
        return crossing

    def due(self, now_ns: int) -> bool:
        """Whether the script has something for this instant, and the pump sees the world without delay."""
        return bool(self._entries) and self._entries[0].at_ns <= now_ns and self._setup.sensing.period_ns is None

    def suffer(self, now_ns: int) -> None:
        """Let the disturbances of this instant happen."""
        while self._entries and self._entries[0].at_ns <= now_ns:
            action = self._entries[0].action
            if not isinstance(action, Disturbance):
                return
            self.way.disturb(now_ns, action)
            del self._entries[0]

    def wake(self, now_ns: int) -> None:
        """Call the pump if it wanted to be called by now."""
        if self._step.wake_at_ns is not None and self._step.wake_at_ns <= now_ns:
            self._give(now_ns, Tick())

    def act(self, now_ns: int) -> None:
        """Carry out the script's entries of this instant."""
        while self._entries and self._entries[0].at_ns <= now_ns:
            action = self._entries[0].action
            if isinstance(action, Disturbance):
                self.suffer(now_ns)
            else:
                del self._entries[0]
                self._give(now_ns, action)

    def sense(self, now_ns: int) -> None:
        """Hand a reading over, as the sensors give it."""
        self._give(now_ns, self._with_noise(self.way.read(now_ns)))

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
                self.way.command(now_ns, output)
                self._decisions.append((now_ns, output))
            else:
                self._records.append(Recorded(now_ns, output))
