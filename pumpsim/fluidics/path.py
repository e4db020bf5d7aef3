"""The fluid path of one pump: containers, limbs, mechanism, line, access, sensors.

State moves only at an anchor: a motor command or a disturbance. Between anchors everything is a query of the plan, which
may be prolonged but never changes; so any number of looks is bit-equal and changes nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics import smooth, strokes
from pumpsim.fluidics.chunk import Chunk, flow_between
from pumpsim.fluidics.leg import DriveState, Floats, Leg
from pumpsim.fluidics.limb import Limb
from pumpsim.fluidics.mechanism import LineDrive
from pumpsim.fluidics.outlet import Outlet
from pumpsim.vocabulary.inputs import LineReading, SensorReading
from pumpsim.vocabulary.model import Drive, PumpModel
from pumpsim.vocabulary.outputs import MotorCommand
from pumpsim.vocabulary.path import Disturbance, Occlude, PathSetup, Place

FL_PER_ML = 1e12


@dataclass(frozen=True, slots=True)
class Planned:
    """A leg of the mechanism with the course of the pressure that it causes."""

    leg: Leg
    chunk: Chunk
    flow_ml_per_h: Floats


class FluidPath:
    """Where every microlitre is, at any instant from the last anchor on.

    ``record`` receives the history, chunk by chunk, as anchors are passed. Instants are ns since power-on; ``command``,
    ``disturb`` and ``advance`` must not go back in time (ValueError).
    """

    def __init__(self, model: PumpModel, setup: PathSetup, record: Callable[[Chunk], None] | None = None) -> None:
        self.model, self.setup = model, setup
        self._record = record
        self.step_ml = model.mechanism.step_fl / FL_PER_ML
        self._next_leg = smooth.next_leg if model.mechanism.drive is Drive.SMOOTH else strokes.next_leg
        self._index = {line: i for i, line in enumerate(model.lines)}
        self._limbs = [Limb.of(line, model.mechanism.step_fl) for line in setup.lines]
        self._drive = DriveState(tuple(LineDrive(supply=limb.supply) for limb in self._limbs))
        self._outlet = Outlet(
            setup.set.resistance_kpa_h_per_ml + setup.access.resistance_kpa_h_per_ml,
            setup.set.compliance_ml_per_kpa,
            setup.access.back_pressure_kpa,
        )
        self._anchor_ns = 0
        self._anchor_kpa = setup.access.back_pressure_kpa
        self._plan: list[Planned] = []
        self._starts: list[int] = []

    def command(self, at_ns: int, command: MotorCommand) -> None:
        """Let the mechanism do this from now on; the same command again changes nothing."""
        wanted = {motion.line: (motion.rate_nl_per_h, motion.stop_at_step) for motion in command.lines}
        now = tuple((line.rate, line.stop) for line in self._drive.lines)
        asked = tuple(wanted.get(line, (0, None)) for line in self.model.lines)
        if now == asked:
            return
        self._settle(at_ns)
        lines = tuple(
            LineDrive(rate, stop, line.owed, line.drawn, line.pumped, line.supply)
            for line, (rate, stop) in zip(self._drive.lines, asked, strict=True)
        )
        self._drive = DriveState(lines, self._drive.cycle, self._drive.progress)
        for i, line in enumerate(lines):
            if line.rate == 0:
                self._shorten(i, 0)

    def disturb(self, at_ns: int, disturbance: Disturbance) -> None:
        """Put a disturbance on the path. Raises ValueError for a closed line that cannot give (compliance 0)."""
        closing = isinstance(disturbance, Occlude)
        if disturbance.place is Place.PATIENT_END:
            if closing and self._outlet.compliance == 0.0:
                raise ValueError("a line without compliance cannot be closed: its pressure would have no bound")
            self._settle(at_ns)
            self._outlet = replace(self._outlet, open=not closing)
            if self._outlet.at_once:
                self._anchor_kpa = self._outlet.settled(0.0)
            return
        if disturbance.line not in self._index:
            raise ValueError(f"no line {disturbance.line}")
        self._settle(at_ns)
        i = self._index[disturbance.line]
        drawn = self._drawn_now(i)
        self._limbs[i] = self._limbs[i].clamped(drawn) if closing else self._limbs[i].opened()
        line = replace(self._drive.lines[i], supply=self._limbs[i].supply)
        self._drive = replace(self._drive, lines=(*self._drive.lines[:i], line, *self._drive.lines[i + 1 :]))
        if self._drive.cycle is not None:
            self._shorten(i, self._limbs[i].supply - self._drive.cycle.drawn[i])

    def read(self, at_ns: int) -> SensorReading:
        """Give what the sensors see at an instant at or after the last anchor."""
        planned = self._during(at_ns)
        pumped, taken = planned.leg.counts(at_ns)
        drawn: tuple[float, ...] = taken
        if any(limb.clamped_at is not None for limb in self._limbs):
            drawn = planned.leg.volumes(at_ns)[1]  # pressure falls within a step too
        return SensorReading(
            tuple(
                LineReading(line, pumped[i], self._limbs[i].pressure_kpa(drawn[i]), taken[i] >= self._limbs[i].held)
                for i, line in enumerate(self.model.lines)
            ),
            self.pressure_kpa(at_ns),
        )

    def pressure_kpa(self, at_ns: int) -> float:
        """Gauge pressure behind the mechanism."""
        planned = self._during(at_ns)
        chunk = planned.chunk
        i = max(0, min(int(chunk.at_ns.searchsorted(at_ns, side="right")) - 1, len(chunk.at_ns) - 2))
        return chunk.outlet.pressure(
            float(chunk.pressure_kpa[i]), float(planned.flow_ml_per_h[i]), at_ns - int(chunk.at_ns[i])
        )

    def advance(self, at_ns: int) -> None:
        """Hand the history up to ``at_ns`` over to ``record`` and anchor there; nothing physical changes."""
        self._settle(at_ns)

    def forget(self, before_ns: int) -> None:
        """Hand over, and drop, what ended before an instant. No anchor: what comes is not touched by it."""
        while len(self._plan) > 1 and self._plan[0].leg.end_ns < before_ns:
            if self._record is not None:
                self._record(self._plan[0].chunk)
            del self._plan[0], self._starts[0]

    def planned(self, after_ns: int, until_ns: int) -> "list[Planned]":
        """Give the legs that touch ``after_ns`` to ``until_ns``, planning them if need be (see ``crossings``)."""
        self._extend(until_ns)
        first = max(0, bisect_right(self._starts, after_ns) - 1)
        return [p for p in self._plan[first:] if p.leg.start_ns <= until_ns]

    def limb(self, line: str) -> Limb:
        """The limb of a line as it is now."""
        return self._limbs[self._index[line]]

    def line_index(self, line: str) -> int:
        """The place of a line in the order of the model."""
        return self._index[line]

    def _drawn_now(self, line: int) -> float:
        cycle = self._drive.cycle
        return cycle.volumes(self._drive.progress)[1][line] if cycle else float(self._drive.lines[line].drawn)

    def _shorten(self, line: int, steps: int) -> None:
        """Let the cycle under way draw no more than ``steps`` of this line, or what it has drawn already."""
        state = self._drive
        if state.cycle is None:
            return
        shortened = state.cycle.shortened(line, steps, state.progress)
        self._drive = DriveState(state.lines, *shortened) if shortened else DriveState(state.lines)

    def _during(self, at_ns: int) -> Planned:
        if at_ns < self._anchor_ns:
            raise ValueError(f"{at_ns} ns is before the last change, at {self._anchor_ns} ns")
        self._extend(at_ns + 1)
        return self._plan[bisect_right(self._starts, at_ns) - 1]

    def _extend(self, until_ns: int) -> None:
        """Prolong the plan to ``until_ns`` at least."""
        end_ns = self._plan[-1].leg.end_ns if self._plan else self._anchor_ns
        state, begin_kpa = self._drive, self._anchor_kpa
        while end_ns < until_ns:
            if self._plan:
                last = self._plan[-1]
                state, begin_kpa = last.leg.state(end_ns), float(last.chunk.pressure_kpa[-1])
            leg = self._next_leg(self.model.mechanism, state, end_ns, until_ns)
            assert leg.end_ns > leg.start_ns
            self._plan.append(self._with_pressure(leg, begin_kpa))
            self._starts.append(leg.start_ns)
            end_ns = leg.end_ns

    def _with_pressure(self, leg: Leg, begin_kpa: float) -> Planned:
        pieces = leg.pieces()
        pumped = pieces.pumped * self.step_ml
        flow = flow_between(pieces.at_ns, np.add.reduce(pumped))
        course = self._outlet.course(pieces.at_ns, flow, begin_kpa)
        return Planned(leg, Chunk(pieces.at_ns, pumped, pieces.drawn * self.step_ml, course, self._outlet), flow)

    def _settle(self, at_ns: int) -> None:
        """Move the anchor to ``at_ns`` and hand over what happened before it."""
        if at_ns == self._anchor_ns:
            self._plan.clear()
            self._starts.clear()
            return
        pressure = self.pressure_kpa(at_ns)
        last = self._plan[bisect_left(self._starts, at_ns) - 1]  # what begins in this instant is decided anew
        if self._record is not None:
            for planned in self._plan:
                if planned.leg.end_ns <= at_ns:
                    self._record(planned.chunk)
                elif planned.leg.start_ns < at_ns:
                    self._record(self._cut(planned, at_ns, pressure))
        self._drive = last.leg.state(at_ns)
        self._anchor_ns, self._anchor_kpa = at_ns, pressure
        self._plan.clear()
        self._starts.clear()

    def _cut(self, planned: Planned, at_ns: int, pressure_kpa: float) -> Chunk:
        """The part of a leg's history that lies before ``at_ns``."""
        chunk, n = planned.chunk, int(planned.chunk.at_ns.searchsorted(at_ns, side="left"))
        pumped, drawn = planned.leg.volumes(at_ns)
        return Chunk(
            np.concatenate([chunk.at_ns[:n], [at_ns]]),
            np.concatenate([chunk.pumped_ml[:, :n], np.array([pumped]).T * self.step_ml], axis=1),
            np.concatenate([chunk.drawn_ml[:, :n], np.array([drawn]).T * self.step_ml], axis=1),
            np.concatenate([chunk.pressure_kpa[:n], [pressure_kpa]]),
            chunk.outlet,
        )
