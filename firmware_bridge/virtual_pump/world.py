"""Pumps and their fluid path on pump time, and what a protocol may see of a pump and do to it.

Nothing here knows a wire. Time is handed over; what is due by then happens at its own instant, in the order of simulation.
What a look gives are named tuples: they are made for every question, and a frozen dataclass takes four times as long to make.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pumpsim.fluidics.drives.leg import Counts
from pumpsim.scenario import Action, Scenario
from pumpsim.simulation.clockwork import Clockwork, clockworks
from pumpsim.simulation.paths import ENDLESS_NS
from pumpsim.simulation.simulated_pump import SimulatedPump
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.disturbances import PowerBack, PowerCut
from pumpsim.vocabulary.inputs import OperatorCommand
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import CommandRejected, LineState, Output
from pumpsim.vocabulary.program import InfusionProgram
from pumpsim.vocabulary.remaining import Remaining

new = tuple.__new__
"""Makes a named tuple of its fields in order, without the function that its class has for it."""
AHEAD_NS = 50_000_000_000
"""How far the physics is reckoned ahead at most: each command throws away what was, and an answer waits for the new one."""


class LineLook(NamedTuple):
    """One line as its pump knows it. ``rate_nl_per_h``: what it delivers at now, ``back_nl_per_h``: what it is drawn back at;
    ``pumped_nl`` and ``withdrawn_nl``: counted since power-on, each by itself."""

    line: str
    state: LineState
    program: InfusionProgram | None
    rate_nl_per_h: int
    back_nl_per_h: int
    pumped_nl: int
    withdrawn_nl: int


class Standing(NamedTuple):
    """An alarm condition that stands; ``line`` None: of the pump."""

    alarm: AlarmId
    line: str | None
    priority: Priority
    acknowledged: bool


class Look(NamedTuple):
    """A pump at an instant of pump time: lines in the order of the model, conditions in the order in which they began."""

    at_ns: int
    lines: tuple[LineLook, ...]
    standing: tuple[Standing, ...]
    off: bool

    def line(self, name: str) -> LineLook:
        """One line of the model."""
        for line in self.lines:
            if line.line == name:
                return line
        raise LookupError(f"no line {name}")


class _Still(NamedTuple):
    """What of a look stays until something happens: of each line all but its counts; by how many steps the plunger was drawn
    back before, and from which count on it is now."""

    lines: tuple[tuple[str, LineState, InfusionProgram | None, int, int], ...]
    standing: tuple[Standing, ...]
    off: bool
    withdrawing: bool
    power_ons: int
    withdrawn: int
    from_step: int | None


class World:
    """Everything behind one or more ports: the pumps of a scenario, without an end, from power-on.

    What has passed is dropped, so memory is flat; with ``keeps`` it stays. ``changes``: how often anything was done to a pump,
    or another instant to be called at was set: until it grows, what ``next_ns`` said stands up to that instant.
    """

    def __init__(self, scenario: Scenario, ahead_ns: int = AHEAD_NS, *, keeps: bool = False) -> None:
        self.now_ns = self.changes = 0
        self._lines = clockworks(scenario, None, ENDLESS_NS, ahead_ns, keeps=keeps)
        for line in self._lines:
            line.begin()
        self.pumps = {pump.id: PumpPort(self, line, pump) for line in self._lines for pump in line.pumps.values()}

    @property
    def next_ns(self) -> int | None:
        """When something happens next by itself, or a dialect wants to be called."""
        due = [at_ns for line in self._lines if (at_ns := line.next_ns) is not None]
        due += [at_ns for port in self.pumps.values() if (at_ns := port.wake_ns) is not None and at_ns > self.now_ns]
        return min(due, default=None)

    def turn_to(self, now_ns: int) -> None:
        """Let everything happen that is due by an instant. Raises ValueError when time runs backwards."""
        for line in self._lines:
            line.turn_to(now_ns)
        self.pass_to(now_ns)

    def pass_to(self, now_ns: int) -> None:
        """``turn_to`` where it is known that nothing is due by then."""
        if now_ns < self.now_ns:
            raise ValueError(f"time runs backwards: {now_ns} ns after {self.now_ns} ns")
        self.now_ns = now_ns


class PumpPort:
    """One pump as its protocol meets it, at the world's instant."""

    def __init__(self, world: World, line: Clockwork, pump: SimulatedPump) -> None:
        self._world, self._line, self._pump = world, line, pump
        self._rows = {row.id: row for row in pump.model.alarms}
        self._step_fl = pump.model.mechanism.step_fl
        self._happened = -1
        self._look: Look | None = None
        self._still = self._find_still()
        self._counts: Callable[[int], Counts] = lambda _at_ns: ((), ())
        self._counts_until_ns = 0
        self._left: dict[str, tuple[int, Remaining]] = {}
        self._ends_ns: dict[str, tuple[int, int | None]] = {}
        self._wake_ns: int | None = None

    @property
    def wake_ns(self) -> int | None:
        """When its protocol wants to be called, on pump time."""
        return self._wake_ns

    @wake_ns.setter
    def wake_ns(self, at_ns: int | None) -> None:
        self._wake_ns = at_ns
        self._world.changes += 1

    @property
    def id(self) -> str:
        """Its id in the scenario."""
        return self._pump.id

    @property
    def model(self) -> PumpModel:
        """What it is."""
        return self._pump.model

    @property
    def now_ns(self) -> int:
        """Pump time."""
        return self._world.now_ns

    @property
    def off(self) -> bool:
        """Whether it has no power."""
        return self._still_now().off

    @property
    def alarms(self) -> tuple[AlarmId, ...]:
        """The conditions that stand. This, and ``line_state``, costs next to nothing: it reads no sensor."""
        return tuple(standing.alarm for standing in self._still_now().standing)

    def line_state(self, line: str) -> LineState:
        """Where a line is in its life, as the pump knows it."""
        for name, state, *_ in self._still_now().lines:
            if name == line:
                return state
        raise LookupError(f"no line {line}")

    @property
    def withdrawing(self) -> bool:
        """Whether its plunger is being drawn back."""
        return self._still_now().withdrawing

    def look(self) -> Look:
        """What the pump knows, and what its motor has counted by now; looking changes nothing."""
        at_ns, still = self._world.now_ns, self._still_now()
        if self._look is None or self._look.at_ns != at_ns:
            self._look = self._looked(at_ns, still)
        return self._look

    @property
    def distal_kpa(self) -> float:
        """The pressure behind the mechanism by now. It may cost more than a look: few ask, and not right after a start."""
        return self._pump.distal_kpa(self._world.now_ns)

    def _looked(self, at_ns: int, still: "_Still") -> Look:
        """Until something happens only counts change, and how they do is known for a while."""
        if at_ns >= self._counts_until_ns:
            self._counts, self._counts_until_ns = self._pump.counting(at_ns)
        lines, step_fl = [], self._step_fl
        for line, count in zip(still.lines, self._counts(at_ns)[0], strict=True):
            back = still.withdrawn if still.from_step is None else still.withdrawn + still.from_step - count
            moved_nl = (count + back) * step_fl // FL_PER_NL, back * step_fl // FL_PER_NL
            lines.append(new(LineLook, (*line, *moved_nl)))
        return new(Look, (at_ns, tuple(lines), still.standing, still.off))

    def _still_now(self) -> "_Still":
        """What stays until something happens; all that was looked at or reckoned before is forgotten."""
        if self._happened != self._line.happened:
            self._happened, self._look, self._counts_until_ns = self._line.happened, None, 0
            self._left.clear()
            self._ends_ns.clear()
            self._still = self._find_still()
        return self._still

    def _find_still(self) -> "_Still":
        pump, state, model = self._pump, self._pump.state, self._pump.model
        lines = tuple(
            (status.line, status.state, status.program, max(0, motion.rate_nl_per_h), max(0, -motion.rate_nl_per_h))
            for status, motion in zip(state.lines, state.motor.lines, strict=True)
        )
        standing = tuple(
            Standing(alarm.alarm, alarm.line, self._rows[alarm.alarm].priority, alarm.acknowledged)
            for alarm in state.alarms
            if alarm.standing
        )
        run = state.unit.run
        from_step = run.from_step if run is not None and model.withdraws else None
        withdrawn = state.unit.withdrawn_steps if model.withdraws else 0
        return _Still(lines, standing, pump.is_dead, run is not None, pump.power_ons, withdrawn, from_step)

    def remaining(self, line: str) -> Remaining:
        """What is left of a line, and for how long, as the pump says it."""
        self._still_now()
        at_ns = self._world.now_ns
        known = self._left.get(line)
        if known is None or known[0] != at_ns:
            self._left[line] = known = at_ns, self._pump.remaining(at_ns, line)
        return known[1]

    def left_ns(self, line: str) -> int | None:
        """How long a line goes on as it is set, until VTBI or reservoir are in, as the pump says it to a motor step; None where
        that has no end that is known. While a line infuses and nothing happens it passes as time does."""
        still, now_ns, known = self._still_now(), self._world.now_ns, self._ends_ns.get(line)
        if known is not None:
            at_ns, left_ns = known
            return None if left_ns is None else max(0, left_ns - (now_ns - at_ns))
        left = self.remaining(line)
        ends = [end.time_ns for end in (left.vtbi, left.reservoir) if end is not None and end.time_ns is not None]
        left_ns = min(ends, default=None)
        if self._pump.keeps_time and (line, LineState.INFUSING) in (row[:2] for row in still.lines):
            self._ends_ns[line] = now_ns, left_ns
        return left_ns

    @property
    def touches(self) -> int:
        """How many things have been done at the pump by now, through a dialect or by hand; refused ones count too."""
        return self._pump.touches

    @property
    def power_ons(self) -> int:
        """How often it has been switched on by now; at each, its counts begin at 0."""
        return self._still_now().power_ons

    def operate(self, *commands: OperatorCommand) -> tuple[Output, ...]:
        """Do at the pump what an operator does, one after the other, up to the first that is refused; what it said to them."""
        said: list[Output] = []
        for command in commands:
            answer = self.do(command)
            said += answer
            if any(isinstance(output, CommandRejected) for output in answer):
                break
        return tuple(said)

    def do(self, action: Action) -> tuple[Output, ...]:
        """Let anything be done to the pump now, by the operator, its device or the world; what the pump said to it."""
        self._line.forget()
        self._world.changes += 1
        before, recorded = len(self._pump.taken), self._pump.recorded
        self._line.do(self._world.now_ns, self.id, action)
        said = [output for taken in self._pump.taken[before:] for output in taken.step.outputs]
        return tuple(said) if said else self._pump.recorded_since(recorded)

    def delivered_ml(self, line: str) -> float:
        """What the mechanism has really moved of a line since the world began, whatever the pump counts or has forgotten."""
        return self._pump.moved_ml(self._world.now_ns, line)

    def power_cycle(self) -> None:
        """Take its power and give it back at once; what the pump keeps, it keeps."""
        self.do(PowerCut())
        self.do(PowerBack())


def refusals(outputs: Sequence[Output]) -> tuple[str, ...]:
    """Why commands were refused; empty when all were carried out."""
    return tuple(output.reason for output in outputs if isinstance(output, CommandRejected))
