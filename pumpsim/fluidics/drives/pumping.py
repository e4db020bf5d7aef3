"""One pump's mechanism in time: what it is asked, what it draws from its limbs, and the legs of its motion.

State moves only at an anchor: a motor command, or a limb that is closed or opened or gets another container. Between
anchors the legs may be prolonged but never change. What the motion does to the pressure behind the pump is not known here.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from math import inf

from pumpsim.fluidics.backprimed import LEAST_ML, Backprimed
from pumpsim.fluidics.drives.backpriming import GIVES_WAY_KPA, Driven, leg_of
from pumpsim.fluidics.drives.by_name import next_leg_of
from pumpsim.fluidics.drives.leg import Counting, DriveState, Leg
from pumpsim.fluidics.drives.limb import Limb
from pumpsim.fluidics.drives.mechanism import Q_PER_FL, LineDrive
from pumpsim.fluidics.feed import Air, Feed
from pumpsim.fluidics.hung import Drawn
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.inputs import LineReading
from pumpsim.vocabulary.model import TURNING_BACK, PumpModel
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand
from pumpsim.vocabulary.path import ContainerKind, LineSetup

FL_PER_ML = 1e12
AIRY = (ContainerKind.BAG, ContainerKind.BURETTE)
"""Containers that give air when they are empty; the others have none, or their piston stands at its end."""


def air_follows(model: PumpModel, line: LineSetup) -> bool:
    """Whether a pump draws air when its container is empty: it has no alarm that would stop it, and there is air to draw."""
    stops = any(row.threshold is not None and row.threshold.signal is Signal.AIR_PROXIMAL for row in model.alarms)
    return not stops and line.kind in AIRY and model.mechanism.screw is None and line.secondary is None


class Pumping:
    """A mechanism with the limbs ahead of it. Instants are ns since power-on and never go back."""

    def __init__(self, model: PumpModel, lines: tuple[LineSetup, ...]) -> None:
        self.model = model
        self.step_ml, self._step = model.mechanism.step_fl / FL_PER_ML, model.mechanism.step_fl * Q_PER_FL
        self.limbs = [Limb.of(line, model.mechanism.step_fl, airy=air_follows(model, line)) for line in lines]
        self.feeds = [_at_first(line, limb, model) for line, limb in zip(lines, self.limbs, strict=True)]
        self._limb_ml = [line.limb_ml for line in lines]
        self.anchor_ns = 0
        self.legs: list[Leg] = []
        self._next_leg = next_leg_of(model.mechanism)
        self._state = DriveState(tuple(LineDrive(supply=limb.supply) for limb in self.limbs))
        self._starts: list[int] = []
        self._given: tuple[float, ...] = (0.0,) * len(lines)
        self._taken: tuple[float, ...] = (0.0,) * len(lines)
        self._backpriming: LineMotion | None = None
        self._backprimed = [0] * len(lines)
        self._driven: Driven | None = None

    def wants(self, command: MotorCommand) -> bool:
        """Whether a command asks for anything new."""
        lines = tuple((line.rate, line.stop) for line in self._state.lines)
        return lines != self._asked(command) or command.backpriming != self._backpriming

    def command(self, command: MotorCommand) -> None:
        """Let the mechanism do this from the anchor on. Raises ValueError for what it cannot: turn back, or backprime."""
        if any(motion.rate_nl_per_h < 0 for motion in command.lines) and not _can_turn_back(self.model):
            raise ValueError(f"model {self.model.id} has no mechanism that turns back")
        if command.backpriming is not None and (reason := self._against_backpriming(command)):
            raise ValueError(f"model {self.model.id} cannot backprime: {reason}")
        lines = tuple(
            LineDrive(rate, stop, line.owed, line.drawn, line.pumped, line.supply)
            for line, (rate, stop) in zip(self._state.lines, self._asked(command), strict=True)
        )
        self._state = replace(self._state, lines=lines)
        for i, line in enumerate(lines):
            if line.rate == 0:
                self._shorten(i, 0)
        self._set_backpriming(command.backpriming)

    def close(self, line: str, closed: bool) -> None:
        """Close or open the limb of a line at the anchor."""
        i = self.index(line)
        limb = self.limbs[i]
        self._supply(i, limb.clamped(self._taken[i]) if closed else limb.opened())

    def drawn(self, line: int) -> Drawn:
        """What a line has drawn by the anchor."""
        ml, feed = self._taken[line] * self.step_ml, self.feeds[line]
        top_ml = ml + self._limb_ml[line]
        in_limb_ml = feed.air_before_ml(top_ml, ends=True) - feed.air_before_ml(ml, ends=True)
        return Drawn(ml, feed.air_before_ml(ml), in_limb_ml)

    def hang(self, line: int, more: float, head_kpa: float | None) -> None:
        """Hang another container on a line at the anchor: ``more`` steps can be drawn from here on."""
        limb = self.limbs[line]
        self._supply(line, limb.hung(self._taken[line], more, limb.head_kpa if head_kpa is None else head_kpa))
        self.feeds[line] = self.feeds[line].hung(self._taken[line] * self.step_ml, self.limbs[line].held * self.step_ml)

    def lift(self, line: str, head_kpa: float) -> None:
        """Hang the container of a line at another height at the anchor; a closed limb keeps its pressure until it is opened."""
        i = self.index(line)
        self._supply(i, self.limbs[i].lifted(head_kpa))

    def shut(self, line: str, inlet_kpa: float, give_ml_per_kpa: float) -> None:
        """Let a line draw only on what gives ahead of it from the anchor on; its inlet stands at this pressure now."""
        i = self.index(line)
        limb = Limb(self.limbs[i].held, inlet_kpa, give_ml_per_kpa / self.step_ml)
        self._supply(i, limb.clamped(self._taken[i]))

    def let_air_in(self, line: str, volume_ml: float, *, at_pump: bool) -> None:
        """Let air into a line at the anchor: behind all that its limb holds, or behind what the mechanism holds itself."""
        i = self.index(line)
        limb, drawn_ml = self.limbs[i], self._taken[i] * self.step_ml
        if at_pump:
            at_ml = drawn_ml + self._inside_ml()
        elif limb.airy:
            at_ml = drawn_ml + self._limb_ml[i]
        else:
            at_ml = min(drawn_ml + self._limb_ml[i], limb.held * self.step_ml)
        self.feeds[i] = feed = self.feeds[i].let_in(at_ml, volume_ml, by_trap=not at_pump)
        held = limb.held + round(volume_ml / self.step_ml)
        self.limbs[i] = replace(limb, held=held, bubbles=self._seen_ahead(feed, 0.0))
        drive = replace(self._state.lines[i], supply=self.limbs[i].supply)
        self._state = replace(self._state, lines=(*self._state.lines[:i], drive, *self._state.lines[i + 1 :]))

    def _inside_ml(self) -> float:
        """By how much a course may be ahead of what has been drawn: so much has come to the outlet already."""
        mechanism = self.model.mechanism
        ahead = max((corner.displaced_ppm - corner.position_ppm for corner in mechanism.course), default=0)
        return max(ahead, 0) * 1e-6 * mechanism.cycle_steps * self.step_ml

    def index(self, line: str) -> int:
        """The place of a line in the order of the model. Raises ValueError for none of its lines."""
        if line not in self.model.lines:
            raise ValueError(f"no line {line}")
        return self.model.lines.index(line)

    def extend(self, until_ns: int) -> None:
        """Prolong the legs to ``until_ns`` at least."""
        end_ns = self.legs[-1].end_ns if self.legs else self.anchor_ns
        state = self._state
        if not self.legs:
            self._driven = self._drive()
        while end_ns < until_ns:
            if self.legs:
                state = self.legs[-1].state(end_ns)
            if self.legs or self._driven is None:
                leg = self._next_leg(self.model.mechanism, state, end_ns, until_ns)
            else:
                leg = leg_of(self._driven, state, (self._given, self._taken))
            assert leg.end_ns > leg.start_ns
            self.legs.append(leg)
            self._starts.append(leg.start_ns)
            end_ns = leg.end_ns

    def place(self, at_ns: int) -> int:
        """The place in ``legs`` of the one under way at an instant; legs must reach beyond it."""
        return bisect_right(self._starts, at_ns) - 1

    def place_before(self, at_ns: int) -> int:
        """The place of the leg that leads to an instant: what begins in this very instant is decided anew."""
        return bisect_left(self._starts, at_ns) - 1

    def settle(self, at_ns: int) -> list[Backprimed]:
        """Move the anchor; legs must reach to it. Tells what has been backprimed since the last one."""
        driven, self._driven = self._driven, None
        if at_ns > self.anchor_ns:
            leg = self.legs[self.place_before(at_ns)]
            self._state, (self._given, self._taken) = leg.state(at_ns), leg.volumes(at_ns)
            self.anchor_ns = at_ns
        self.legs.clear()
        self._starts.clear()
        return [] if driven is None else self._keep_driven(driven, driven.at(at_ns))

    def drop_first(self) -> None:
        """Forget the first leg."""
        del self.legs[0], self._starts[0]

    def counting(self, at_ns: int) -> Counting:
        """The counts of the lines from an instant on; legs must reach beyond it."""
        leg = self.legs[bisect_right(self._starts, at_ns) - 1]
        return leg.counts, leg.end_ns

    def read(self, at_ns: int) -> tuple[LineReading, ...]:
        """What the sensors of each line see."""
        leg = self.legs[self.place(at_ns)]
        pumped, taken = leg.counts(at_ns)
        drawn: tuple[float, ...] = taken
        if any(limb.clamped_at is not None for limb in self.limbs):
            drawn = leg.volumes(at_ns)[1]  # pressure falls within a step too
        counts = list(self._backprimed)
        if self._driven is not None:
            into, more = self._driven.line, self._driven.since_begin(at_ns)
            counts[into] = self._driven.at(at_ns)
            taken = (taken[0] + int(more), taken[1] - int(more))
            drawn = (drawn[0] + more, drawn[1] - more)
        return tuple(
            LineReading(
                line,
                pumped[i],
                limb.pressure_kpa(drawn[i]),
                limb.sees_air(taken[i]),
                backprimed=counts[i] // self._step,
            )
            for i, (line, limb) in enumerate(zip(self.model.lines, self.limbs, strict=True))
        )

    @property
    def turns_ns(self) -> list[int] | None:
        """While something is backprimed, and until the next anchor: instants about which air at an inlet, or the end, comes."""
        if self._driven is None:
            return None
        (of, into), (taken_of, taken_into) = self.limbs, self._taken
        places = [place - taken_of for place in (of.held, *(edge for span in of.bubbles for edge in span))]
        places += [taken_into - place for place in (into.held, *(edge for span in into.bubbles for edge in span))]
        about = [self._driven.when(place) for place in places if place >= 0]
        return sorted({self._driven.end_ns, *(ns + k for ns in about for k in (-1, 0, 1))})

    def _against_backpriming(self, command: MotorCommand) -> str:
        """Say why the mechanism cannot do what it is told; empty when it can."""
        assert command.backpriming is not None
        if self.model.backpriming is None:
            return "it has no way to"
        if command.backpriming.line != self.model.lines[1] or command.backpriming.rate_nl_per_h <= 0:
            return (
                f"it drives fluid of line {self.model.lines[0]} into that of line {self.model.lines[1]}, and not back"
            )
        return "its lines move" if any(motion.rate_nl_per_h for motion in command.lines) else ""

    def _set_backpriming(self, order: LineMotion | None) -> None:
        """Begin, or end, to backprime; the count goes on from whole steps."""
        self._backpriming = order
        self._backprimed = [count - count % self._step for count in self._backprimed]

    def _drive(self) -> Driven | None:
        """What is driven into a limb from the anchor on: as far as there is something to draw, and room in a closed limb."""
        order = self._backpriming
        if order is None or order.stop_at_step is None:
            return None
        (of, into), done = self.limbs, self._backprimed[1]
        most = done + max(0, int(of.supply - self._taken[0])) * self._step
        if into.clamped_at is not None:
            room = (GIVES_WAY_KPA - into.pressure_kpa(self._taken[1])) * into.give_steps_per_kpa
            most = min(most, done + max(0, int(room)) * self._step)
        goal = max(done, min(order.stop_at_step * self._step, most))
        return Driven(1, order.rate_nl_per_h, self._step, self.anchor_ns, done, goal)

    def _keep_driven(self, driven: Driven, now: int) -> list[Backprimed]:
        """Note how far it has come."""
        steps = now // self._step - driven.done // self._step
        self._backprimed[driven.line] = now
        return self._move(steps) if steps else []

    def _move(self, steps: int) -> list[Backprimed]:
        """Take so many steps off what comes on the first line, and let them come first on the second.

        What stands in the mechanism goes with it: what comes first is what is given next, not what is drawn next.
        """
        width_ml, (at_of, at_into) = steps * self.step_ml, (given * self.step_ml for given in self._given)
        before = self.feeds[0].air_before_ml(at_of), self.feeds[1].air_before_ml(at_into)
        top_ml = self._taken[1] * self.step_ml + self._limb_ml[1]
        self.feeds[0], airs = self.feeds[0].cut_out(at_of, width_ml)
        pushed = self.feeds[1].pushed_back(at_into, width_ml, airs, top_ml)
        self.feeds[1] = pushed.feed
        fluid_ml = width_ml - sum(end - begin for begin, end in airs)
        fluid_ml = fluid_ml if fluid_ml > LEAST_ML else 0.0
        risen = (0, round(pushed.gone_ml / self.step_ml))
        for i, more in enumerate((-steps, steps)):
            seen = self._seen_ahead(self.feeds[i], self._taken[i] * self.step_ml)
            self.limbs[i] = self.limbs[i].shifted(more, risen[i], seen)
        lines = tuple(
            replace(line, supply=limb.supply) for line, limb in zip(self._state.lines, self.limbs, strict=True)
        )
        self._state = replace(self._state, lines=lines)
        trapped_ml = min(pushed.freed_ml, fluid_ml)
        to_ml = at_into - before[1]
        record = Backprimed(
            0, 1, self.anchor_ns, at_of - before[0], fluid_ml, to_ml, trapped_ml, top_ml - before[1] - pushed.in_limb_ml
        )
        return [record]

    def _seen_ahead(self, feed: Feed, from_ml: float) -> tuple[tuple[float, float], ...]:
        """Where, from a place on, the sensor ahead of the pump sees air although the container is not empty, in steps drawn."""
        return tuple((begin / self.step_ml, end / self.step_ml) for begin, end in feed.at_sensor if from_ml < end < inf)

    def _asked(self, command: MotorCommand) -> tuple[tuple[int, int | None], ...]:
        wanted = {motion.line: (motion.rate_nl_per_h, motion.stop_at_step) for motion in command.lines}
        return tuple(wanted.get(line, (0, None)) for line in self.model.lines)

    def _supply(self, line: int, limb: Limb) -> None:
        """Put a limb in the place of another; what the cycle under way would draw beyond it is not drawn."""
        self.limbs[line] = limb
        drive = replace(self._state.lines[line], supply=limb.supply)
        self._state = replace(self._state, lines=(*self._state.lines[:line], drive, *self._state.lines[line + 1 :]))
        if self._state.cycle is not None:
            self._shorten(line, limb.supply - self._state.cycle.drawn[line])

    def _shorten(self, line: int, steps: int) -> None:
        """Let the cycle under way draw no more than ``steps`` of this line, or what it has drawn already."""
        state = self._state
        if state.cycle is None:
            return
        shortened = state.cycle.shortened(line, steps, state.progress)
        self._state = DriveState(state.lines, *shortened) if shortened else DriveState(state.lines)


def _can_turn_back(model: PumpModel) -> bool:
    """Whether the drive can, and it is plain whose fluid it would take back."""
    return model.withdraws or (model.mechanism.drive in TURNING_BACK and len(model.lines) == 1)


def _at_first(line: LineSetup, limb: Limb, model: PumpModel) -> Feed:
    """What a line holds: nothing but fluid, until it is followed by air."""
    held_ml = line.container_ml + line.limb_ml
    return Feed((Air(held_ml, inf, by_trap=True),) if limb.airy else (), model.air_trap_ml + line.drip_chamber_ml)
