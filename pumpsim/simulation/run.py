"""Run a scenario: every pump on one virtual clock, from power-on to the end."""

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import perf_counter

import simpy

from pumpsim.fluidics.chunk import Chunk
from pumpsim.journal import Taken
from pumpsim.scenario import Scenario
from pumpsim.simulation.clockwork import Clockwork, clockworks
from pumpsim.trace import PumpTrace


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario and what came of it: a trace and a journal for each pump, in the order of the file.

    ``wall_s``: real time that simulation took, traces in memory, nothing written.
    """

    scenario: Scenario
    traces: tuple[PumpTrace, ...]
    journals: tuple[tuple[Taken, ...], ...]
    wall_s: float

    @property
    def by_pump(self) -> dict[str, PumpTrace]:
        """The traces by pump id."""
        return {trace.pump: trace for trace in self.traces}

    @property
    def journal_by_pump(self) -> dict[str, tuple[Taken, ...]]:
        """The journals by pump id."""
        return {trace.pump: journal for trace, journal in zip(self.traces, self.journals, strict=True)}

    @property
    def digest(self) -> str:
        """Fingerprint of all pumps together."""
        return hashlib.sha256("".join(trace.digest() for trace in self.traces).encode()).hexdigest()[:32]


def live(env: simpy.Environment, line: Clockwork) -> Generator[simpy.Event, None, None]:
    """Turn the clock of a line to its end; the process sleeps until something is due."""
    line.begin()
    while (next_ns := line.next_ns) is not None:
        yield env.timeout(next_ns - int(env.now))
        line.happen()


def simulate(scenario: Scenario, sink: Callable[[str, Chunk], None] | None = None) -> Run:
    """Simulate a scenario; deterministic, the seed included.

    ``sink`` receives (pump id, chunk) as history is made; the traces then keep only their end, and memory stays flat
    however long the run is. A network of pumps keeps its history all the same.
    """
    begin = perf_counter()
    env = simpy.Environment()
    lines = clockworks(scenario, sink)
    for line in lines:
        env.process(live(env, line))
    env.run()
    place = {setup.id: i for i, setup in enumerate(scenario.pumps)}
    pumps = sorted((pump for line in lines for pump in line.pumps.values()), key=lambda pump: place[pump.id])
    traces = tuple(pump.trace() for pump in pumps)
    return Run(scenario, traces, tuple(tuple(pump.taken) for pump in pumps), perf_counter() - begin)
