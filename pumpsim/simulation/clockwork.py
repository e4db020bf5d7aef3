"""The pumps of one line on a clock that somebody else turns: what is due next, and let it happen.

Order within one instant: disturbance, sensor, wake-up, device, operator, then pumps in the order of the file. Between two
instants nothing happens, so nothing is computed. SimPy turns it for a simulation, the emulated pump's link for the bridge.
"""

from collections.abc import Callable, Sequence

from pumpsim.fluidics.chunk import Chunk
from pumpsim.scenario import Action, Scenario
from pumpsim.simulation.chance import Chance
from pumpsim.simulation.paths import ENDLESS_NS, groups, ways
from pumpsim.simulation.simulated_pump import HOUSEKEEPING_NS, SimulatedPump


class Clockwork:
    """Pumps that share a line, from power-on to ``until_ns``, inclusive. ``begin`` comes first.

    ``happened``: how often anything has; until it grows, what was read of an instant stands.
    """

    def __init__(self, pumps: Sequence[SimulatedPump], until_ns: int = ENDLESS_NS) -> None:
        self.pumps = {pump.id: pump for pump in pumps}
        self._pumps, self._until_ns = tuple(pumps), until_ns
        self._planned: list[tuple[int, bool]] | None = []
        self._next_ns: int | None = None
        self.now_ns = self.happened = 0

    def begin(self) -> None:
        """Look at the sensors for the first time, and let happen what is due at once."""
        for pump in self._pumps:
            pump.sense(0)
            pump.capture(0)
        self._act(0)

    @property
    def next_ns(self) -> int | None:
        """When something happens next; None once the end has come."""
        if self._planned is None:
            self._plan([pump.next(self.now_ns, self._until_ns) for pump in self._pumps])
        return self._next_ns

    def _plan(self, planned: list[tuple[int, bool]] | None) -> None:
        """When each pump is due, and whether it looks at its sensors then; None: to be looked for when it is first asked."""
        self._planned = planned
        self._next_ns = min((at_ns for at_ns, _ in planned or ()), default=None)

    def happen(self) -> None:
        """Let happen what is due next."""
        at_ns = self.next_ns
        assert at_ns is not None
        assert self._planned is not None
        self.forget()
        looking = [
            (due_ns == at_ns and looks) or pump.due(at_ns)
            for pump, (due_ns, looks) in zip(self._pumps, self._planned, strict=True)
        ]
        self._come_to(at_ns, looking)

    def turn_to(self, now_ns: int) -> None:
        """Let everything happen that is due by an instant, in its order."""
        while (at_ns := self.next_ns) is not None and at_ns <= now_ns:
            self.happen()

    def do(self, now_ns: int, pump: str, action: Action) -> None:
        """Do something to a pump at an instant that ``turn_to`` has come to: as if its script had said so."""
        at = self.pumps[pump]
        at.insert(now_ns, action)
        self._come_to(now_ns, [member is at or member.due(now_ns) for member in self._pumps])

    def forget(self) -> None:
        """Drop what was said and recorded, of pumps that keep nothing of it."""
        for pump in self._pumps:
            pump.forget()

    def _come_to(self, at_ns: int, looking: Sequence[bool]) -> None:
        for pump in self._pumps:
            pump.way.forget(at_ns)
            pump.suffer(at_ns)
            pump.capture(at_ns)
        for pump, looks in zip(self._pumps, looking, strict=True):
            if looks:
                pump.sense(at_ns)
            pump.wake(at_ns)
        self._act(at_ns)

    def _act(self, at_ns: int) -> None:
        """Carry out the script of an instant; anchor at the end."""
        self.now_ns, self.happened = at_ns, self.happened + 1
        for pump in self._pumps:
            pump.act(at_ns)
        self._plan(None if at_ns < self._until_ns else [])
        if at_ns < self._until_ns:
            return
        for pump in self._pumps:
            pump.way.advance(self._until_ns)


def clockworks(
    scenario: Scenario,
    sink: Callable[[str, Chunk], None] | None = None,
    until_ns: int | None = None,
    ahead_ns: int = HOUSEKEEPING_NS,
    *,
    keeps: bool = True,
) -> list[Clockwork]:
    """Make every line of a scenario, to its end or ``until_ns``. ``sink`` receives (pump id, chunk) as history is made.

    ``keeps`` False: nobody will ask for traces, journals or history, so memory is flat however long it goes on.
    ``ahead_ns``: how far is looked ahead at most: never a result, but work done at once, for naught if something comes between.
    """
    place = {setup.id: i for i, setup in enumerate(scenario.pumps)}
    return [
        Clockwork(
            [
                SimulatedPump(
                    setup,
                    tuple(entry for entry in scenario.entries if entry.pump == setup.id),
                    scenario.asks(setup.id),
                    Chance(scenario.seed, place[setup.id]),
                    way,
                    ahead_ns,
                    keeps=keeps,
                )
                for setup, way in zip(group, ways(group, scenario, sink, keeps=keeps), strict=True)
            ],
            scenario.duration_ns if until_ns is None else until_ns,
        )
        for group in groups(scenario)
    ]
