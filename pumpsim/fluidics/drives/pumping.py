"""One pump's mechanism in time: what it is asked, what it draws from its limbs, and the legs of its motion.

State moves only at an anchor: a motor command, or a limb that is closed or opened or gets another container. Between
anchors the legs may be prolonged but never change. What the motion does to the pressure behind the pump is not known here.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from math import inf

from pumpsim.fluidics.drives.by_name import next_leg_of
from pumpsim.fluidics.drives.leg import DriveState, Leg
from pumpsim.fluidics.drives.limb import Limb
from pumpsim.fluidics.drives.mechanism import LineDrive
from pumpsim.fluidics.feed import Air, Feed
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.inputs import LineReading
from pumpsim.vocabulary.model import TURNING_BACK, PumpModel
from pumpsim.vocabulary.outputs import MotorCommand
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
        self.step_ml = model.mechanism.step_fl / FL_PER_ML
        self.limbs = [Limb.of(line, model.mechanism.step_fl, airy=air_follows(model, line)) for line in lines]
        self.feeds = [_at_first(line, limb, model) for line, limb in zip(lines, self.limbs, strict=True)]
        self._limb_ml = [line.limb_ml for line in lines]
        self.anchor_ns = 0
        self.legs: list[Leg] = []
        self._next_leg = next_leg_of(model.mechanism)
        self._state = DriveState(tuple(LineDrive(supply=limb.supply) for limb in self.limbs))
        self._starts: list[int] = []
        self._taken: tuple[float, ...] = (0.0,) * len(lines)

    def wants(self, command: MotorCommand) -> bool:
        """Whether a command asks for anything new."""
        return tuple((line.rate, line.stop) for line in self._state.lines) != self._asked(command)

    def command(self, command: MotorCommand) -> None:
        """Let the mechanism do this from the anchor on. Raises ValueError for a mechanism that cannot turn back and should."""
        if any(motion.rate_nl_per_h < 0 for motion in command.lines) and not _can_turn_back(self.model):
            raise ValueError(f"model {self.model.id} has no mechanism that turns back")
        lines = tuple(
            LineDrive(rate, stop, line.owed, line.drawn, line.pumped, line.supply)
            for line, (rate, stop) in zip(self._state.lines, self._asked(command), strict=True)
        )
        self._state = replace(self._state, lines=lines)
        for i, line in enumerate(lines):
            if line.rate == 0:
                self._shorten(i, 0)

    def close(self, line: str, closed: bool) -> None:
        """Close or open the limb of a line at the anchor."""
        i = self.index(line)
        limb = self.limbs[i]
        self._supply(i, limb.clamped(self._taken[i]) if closed else limb.opened())

    def drawn(self, line: int) -> float:
        """Steps that a line has drawn by the anchor, parts of a step included."""
        return self._taken[line]

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
        seen = tuple((begin / self.step_ml, end / self.step_ml) for begin, end in feed.at_sensor if end < inf)
        self.limbs[i] = replace(limb, held=limb.held + round(volume_ml / self.step_ml), bubbles=seen)
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
        while end_ns < until_ns:
            if self.legs:
                state = self.legs[-1].state(end_ns)
            leg = self._next_leg(self.model.mechanism, state, end_ns, until_ns)
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

    def settle(self, at_ns: int) -> None:
        """Move the anchor; legs must reach to it."""
        if at_ns > self.anchor_ns:
            leg = self.legs[self.place_before(at_ns)]
            self._state, self._taken = leg.state(at_ns), leg.volumes(at_ns)[1]
            self.anchor_ns = at_ns
        self.legs.clear()
        self._starts.clear()

    def drop_first(self) -> None:
        """Forget the first leg."""
        del self.legs[0], self._starts[0]

    def read(self, at_ns: int) -> tuple[LineReading, ...]:
        """What the sensors of each line see."""
        leg = self.legs[self.place(at_ns)]
        pumped, taken = leg.counts(at_ns)
        drawn: tuple[float, ...] = taken
        if any(limb.clamped_at is not None for limb in self.limbs):
            drawn = leg.volumes(at_ns)[1]  # pressure falls within a step too
        return tuple(
            LineReading(line, pumped[i], limb.pressure_kpa(drawn[i]), limb.sees_air(taken[i]))
            for i, (line, limb) in enumerate(zip(self.model.lines, self.limbs, strict=True))
        )

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
    return model.mechanism.drive in TURNING_BACK and len(model.lines) == 1


def _at_first(line: LineSetup, limb: Limb, model: PumpModel) -> Feed:
    """What a line holds: nothing but fluid, until it is followed by air."""
    held_ml = line.container_ml + line.limb_ml
    return Feed((Air(held_ml, inf, by_trap=True),) if limb.airy else (), model.air_trap_ml + line.drip_chamber_ml)
