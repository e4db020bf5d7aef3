"""One face for every kind of path that a simulated pump can have: a line of its own, or a part of a network.

Which it is follows from the scenario: a pump whose set is a single compliance behind a resistance, and to which nothing is
done but closing, opening, warming and changing containers, has a path of its own, in closed form; everything else is a
network. Air is always a network's: a line of its own knows none.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Protocol

from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.drives.leg import Counting, Counts
from pumpsim.fluidics.history import History
from pumpsim.fluidics.lone.crossings import next_crossing
from pumpsim.fluidics.lone.history import LoneHistory
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.scenario import PumpSetup, Scenario
from pumpsim.simulation.running_dry import may_draw_air
from pumpsim.vocabulary.disturbances import Disturbance, Plain
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.model import Drive
from pumpsim.vocabulary.outputs import MotorCommand, Watch
from pumpsim.vocabulary.path import Transport

if TYPE_CHECKING:
    from pumpsim.fluidics.network.history import NetworkHistory
    from pumpsim.fluidics.network.path import NetworkPath

    NetworkCrossing = Callable[[NetworkPath, str, tuple[Watch, ...], int, int], int | None]

ENDLESS_NS = 1 << 62
"""Beyond every instant: nobody has said when it ends."""
TAIL_VOLUMES, TAIL_ML = 40.0, 1.0
"""History kept beside a sink: 40 common volumes (a stirred one has forgotten all but exp(-40)), and what is stored."""
Sink = Callable[[str, Chunk], None]


class Way(Protocol):
    """What a simulated pump asks of its path. ``version``: grows whenever something from outside may have changed it."""

    @property
    def version(self) -> int | None:
        """None: only this pump changes it."""

    def command(self, at_ns: int, command: MotorCommand) -> None:
        """Let the mechanism do this from now on."""

    def disturb(self, at_ns: int, disturbance: Disturbance) -> None:
        """Put a disturbance on the path."""

    def read(self, at_ns: int) -> SensorReading:
        """Give what the sensors see."""

    def counting(self, at_ns: int) -> Counting:
        """Give the counts of the lines from an instant on, if nothing happens: what ``read`` will say, at less cost."""

    def distal_kpa(self, at_ns: int) -> float:
        """Give the pressure behind the mechanism, as ``read`` does, without the rest."""

    def next_crossing(self, watches: tuple[Watch, ...], after_ns: int, until_ns: int) -> int | None:
        """Find when a watch is next satisfied."""

    def advance(self, at_ns: int) -> None:
        """Anchor at an instant."""

    def forget(self, before_ns: int) -> None:
        """Hand over what has passed."""

    def history(self) -> History:
        """Everything that happened."""


def is_lone(setup: PumpSetup, scenario: Scenario) -> bool:
    """Whether a pump's line is one compliance behind one resistance throughout."""
    path = setup.path
    plain = (
        path.into is None
        and path.set.valve_kpa is None
        and path.set.air_ml == 0.0
        and path.set.transport in (Transport.PLUG, Transport.MIXED)
        and path.access.turbulent_kpa_h2_per_ml2 == 0.0
        and path.height_cm == 0.0
        and all(line.syringe is None and line.secondary is None for line in path.lines)
        and setup.model.mechanism.drive is not Drive.ROLLER_CLAMP
        and setup.model.mechanism.leak_ml_per_h_per_kpa == 0.0
    )
    if may_draw_air(setup, scenario):
        return False
    return plain and all(
        isinstance(entry.action, Plain) or not isinstance(entry.action, Disturbance)
        for entry in scenario.entries
        if entry.pump == setup.id
    )


class LoneWay:
    """A line of its own; with a sink, only the end of its history is kept."""

    version = None

    def __init__(self, setup: PumpSetup, sink: Sink | None) -> None:
        self._setup, self._sink = setup, sink
        self._chunks: list[Chunk] = []
        self._path = FluidPath(setup.model, setup.path, self._keep)

    def command(self, at_ns: int, command: MotorCommand) -> None:
        """Let the mechanism do this from now on."""
        self._path.command(at_ns, command)

    def disturb(self, at_ns: int, disturbance: Disturbance) -> None:
        """Close or open something, warm it, or change a container."""
        assert isinstance(disturbance, Plain)
        self._path.disturb(at_ns, disturbance)

    def read(self, at_ns: int) -> SensorReading:
        """Give what the sensors see."""
        return self._path.read(at_ns)

    def counting(self, at_ns: int) -> Counting:  # noqa: ARG002 (it is the same from each on)
        """Give the counts of the lines."""
        return self._counts, ENDLESS_NS

    def distal_kpa(self, at_ns: int) -> float:
        """Give the pressure behind the mechanism."""
        return self._path.read(at_ns).distal_kpa

    def next_crossing(self, watches: tuple[Watch, ...], after_ns: int, until_ns: int) -> int | None:
        """Find when a watch is next satisfied."""
        return next_crossing(self._path, watches, after_ns, until_ns)

    def advance(self, at_ns: int) -> None:
        """Anchor at an instant."""
        self._path.advance(at_ns)

    def forget(self, before_ns: int) -> None:
        """Hand over what has passed."""
        self._path.forget(before_ns)

    def history(self) -> History:
        """Everything that happened; with a sink only the end of it."""
        return LoneHistory(self._setup.path, self._chunks, self._path.fed)

    def _counts(self, at_ns: int) -> Counts:
        steps = tuple(line.steps for line in self._path.read(at_ns).lines)
        return steps, steps

    def _keep(self, chunk: Chunk) -> None:
        self._chunks.append(chunk)
        if self._sink is None:
            return
        self._sink(self._setup.id, chunk)
        travelling = TAIL_VOLUMES * self._setup.path.set.common_ml + TAIL_ML
        last = float(chunk.pumped_ml[:, -1].sum())
        while len(self._chunks) > 1 and float(self._chunks[0].pumped_ml[:, -1].sum()) < last - travelling:
            del self._chunks[0]


class NetworkWay:
    """One pump's part of a network. ``shared``: the history of all of it, made when it is first asked for; ``crossing``: what
    finds when a watch on it is satisfied."""

    def __init__(
        self, pump: str, path: "NetworkPath", shared: "Callable[[], NetworkHistory]", crossing: "NetworkCrossing"
    ) -> None:
        self._pump, self._path, self._shared, self._crossing = pump, path, shared, crossing
        self._seen: tuple[int, int, SensorReading] | None = None

    @property
    def version(self) -> int:
        """That of the network."""
        return self._path.version

    def command(self, at_ns: int, command: MotorCommand) -> None:
        """Let the mechanism do this from now on."""
        self._path.command(self._pump, at_ns, command)

    def disturb(self, at_ns: int, disturbance: Disturbance) -> None:
        """Put a disturbance on the network."""
        self._path.disturb(self._pump, at_ns, disturbance)

    def read(self, at_ns: int) -> SensorReading:
        """Give what the sensors see; of one instant it is asked several times."""
        seen = self._seen
        if seen is None or seen[0] != at_ns or seen[1] != self._path.version:
            reading = self._path.read(self._pump, at_ns)
            self._seen = seen = at_ns, self._path.version, reading
        return seen[2]

    def counting(self, at_ns: int) -> Counting:
        """Give the counts of the lines, without a plan of the network where there is none yet."""
        return self._path.counting(self._pump, at_ns)

    def distal_kpa(self, at_ns: int) -> float:
        """Give the pressure behind the mechanism."""
        return self._path.pressure_kpa(self._pump, at_ns)

    def next_crossing(self, watches: tuple[Watch, ...], after_ns: int, until_ns: int) -> int | None:
        """Find when a watch is next satisfied, if nobody changes the network before."""
        return self._crossing(self._path, self._pump, watches, after_ns, until_ns)

    def advance(self, at_ns: int) -> None:
        """Anchor at an instant."""
        self._path.advance(at_ns)

    def forget(self, before_ns: int) -> None:
        """Hand over what has passed."""
        self._path.forget(before_ns)

    def history(self) -> History:
        """This pump's part of what happened."""
        return self._shared().of(self._pump)


def groups(scenario: Scenario) -> Iterable[tuple[PumpSetup, ...]]:
    """Put together the pumps whose sets meet somewhere; in the order of the file."""
    into = {junction.id: junction.into for junction in scenario.junctions}
    found: dict[str, list[PumpSetup]] = {}
    for setup in scenario.pumps:
        last, at = f"pump {setup.id}", setup.path.into
        while at is not None:
            last, at = f"junction {at}", into[at]
        found.setdefault(last, []).append(setup)
    return [tuple(setups) for setups in found.values()]


def ways(group: tuple[PumpSetup, ...], scenario: Scenario, sink: Sink | None, *, keeps: bool = True) -> list[Way]:
    """Make the path of a group, one face for each of its pumps. ``keeps`` False: nobody will ask for its history."""
    if len(group) == 1 and is_lone(group[0], scenario):
        return [LoneWay(group[0], sink if keeps else _drop)]
    from pumpsim.fluidics.network.crossings import next_crossing as crossing  # late: a lone line needs none of it
    from pumpsim.fluidics.network.history import NetworkHistory
    from pumpsim.fluidics.network.path import NetworkPath
    from pumpsim.fluidics.network.plumbing import Member

    ids = {setup.path.into for setup in group}
    junctions = [junction for junction in scenario.junctions if junction.id in ids]
    while more := [j for j in scenario.junctions if j.id in {k.into for k in junctions} and j not in junctions]:
        junctions += more
    path = NetworkPath([Member(setup.id, setup.model, setup.path) for setup in group], junctions, keeps=keeps)
    shared = cache(lambda: NetworkHistory(path.plumbing, path.history, path.fed, path.feeds))
    return [NetworkWay(setup.id, path, shared, crossing) for setup in group]


def _drop(_pump: str, _chunk: Chunk) -> None:
    """A sink that keeps nothing."""
