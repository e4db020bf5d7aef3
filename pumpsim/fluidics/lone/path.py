"""The fluid path of one pump: containers, limbs, mechanism, line, access, sensors.

State moves only at an anchor: a motor command or a disturbance. Between anchors everything is a query of the plan, which
may be prolonged but never changes; so any number of looks is bit-equal and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.chunk import Chunk, flow_between
from pumpsim.fluidics.drives.leg import Leg
from pumpsim.fluidics.drives.limb import Limb
from pumpsim.fluidics.drives.pumping import Pumping
from pumpsim.fluidics.hung import head_of
from pumpsim.fluidics.outlet import Outlet
from pumpsim.fluidics.sources import Fed, hang
from pumpsim.fluidics.thickness import alike, hanging, thickness
from pumpsim.vocabulary.disturbances import Hanging, Occlude, Place, Plain, Warm
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import MotorCommand
from pumpsim.vocabulary.path import Fluid, PathSetup


@dataclass(frozen=True, slots=True)
class Planned:
    """A leg of the mechanism with the course of the pressure that it causes."""

    leg: Leg
    chunk: Chunk
    flow_ml_per_h: Floats


class FluidPath:
    """Where every microlitre is, at any instant from the last anchor on.

    ``fed``: what came to its lines since power-on. ``record`` receives the history, chunk by chunk, as anchors
    are passed. Instants are ns since power-on; ``command``, ``disturb`` and ``advance`` must not go back in time (ValueError).
    """

    def __init__(self, model: PumpModel, setup: PathSetup, record: Callable[[Chunk], None] | None = None) -> None:
        self.model, self.setup = model, setup
        self._record = record
        self._pumping = Pumping(model, setup.lines)
        self.step_ml = self._pumping.step_ml
        self._water = setup.set.resistance_kpa_h_per_ml + setup.access.resistance_kpa_h_per_ml
        self._outlet = Outlet(self._water, setup.set.compliance_ml_per_kpa, setup.access.back_pressure_kpa)
        self._celsius = setup.set.celsius
        self._lines, self._rates = setup.lines, dict[str, float]()
        self._alike = alike(setup.lines)
        self._filling: tuple[tuple[Fluid, float], ...] = ((hanging(setup.lines), 1.0),)
        self._fill()
        self._anchor_kpa = setup.access.back_pressure_kpa
        self._plan: list[Planned] = []
        self.fed: list[Fed] = []

    def command(self, at_ns: int, command: MotorCommand) -> None:
        """Let the mechanism do this from now on; the same command again changes nothing."""
        if self._pumping.wants(command):
            self._settle(at_ns)
            self._pumping.command(command)
            self._rates = {motion.line: float(motion.rate_nl_per_h) for motion in command.lines}
            if not self._alike:
                self._mix()

    def _mix(self) -> None:
        """Fill the set with the mixture that is programmed; where all stands it stays as it was."""
        parts = tuple((line.fluid, rate) for line in self._lines if (rate := self._rates.get(line.line, 0.0)) > 0.0)
        if parts:
            self._filling = parts
            self._fill()

    def _fill(self) -> None:
        """Give set and access the resistance of what fills them: the container's fluid, of two lines the mixture that is
        programmed (see ``network.filling``)."""
        viscosity = thickness(self._filling, self._celsius).viscosity
        self._outlet = replace(self._outlet, resistance=self._water * viscosity)

    def disturb(self, at_ns: int, disturbance: Plain) -> None:
        """Put a disturbance on the path. Raises ValueError for a closed line that cannot give (compliance 0)."""
        if isinstance(disturbance, Hanging):
            self._hang(at_ns, disturbance)
            return
        if isinstance(disturbance, Warm):
            self._settle(at_ns)
            self._celsius = disturbance.celsius
            self._fill()
            return
        closing = isinstance(disturbance, Occlude)
        if disturbance.place is Place.PATIENT_END:
            if closing and self._outlet.compliance == 0.0:
                raise ValueError("a line without compliance cannot be closed: its pressure would have no bound")
            self._settle(at_ns)
            self._outlet = replace(self._outlet, open=not closing)
            if self._outlet.at_once:
                self._anchor_kpa = self._outlet.settled(0.0)
            return
        self._pumping.index(str(disturbance.line))
        self._settle(at_ns)
        self._pumping.close(str(disturbance.line), closing)

    def _hang(self, at_ns: int, hanging: Hanging) -> None:
        """Another container, or one filled again."""
        i = self._pumping.index(hanging.line)
        self._settle(at_ns)
        drawn_ml = self._pumping.drawn(i) * self.step_ml
        hung = hang(self.setup.lines, self.fed, i, at_ns, drawn_ml, hanging)
        self._pumping.hang(i, hung.more_ml / self.step_ml, head_of(hanging))
        self.fed.append(hung)
        self._lines = tuple(replace(line, fluid=hung.fluid) if k == i else line for k, line in enumerate(self._lines))
        self._alike = alike(self._lines)
        if len(self._lines) == 1:
            self._filling = ((hung.fluid, 1.0),)
            self._fill()
        else:
            self._mix()

    def read(self, at_ns: int) -> SensorReading:
        """Give what the sensors see at an instant at or after the last anchor."""
        pressure = self.pressure_kpa(at_ns)
        return SensorReading(self._pumping.read(at_ns), pressure)

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
            del self._plan[0]
            self._pumping.drop_first()

    def planned(self, after_ns: int, until_ns: int) -> "list[Planned]":
        """Give the legs that touch ``after_ns`` to ``until_ns``, planning them if need be (see ``crossings``)."""
        self._extend(until_ns)
        first = max(0, self._pumping.place(after_ns))
        return [p for p in self._plan[first:] if p.leg.start_ns <= until_ns]

    @property
    def turns_ns(self) -> list[int] | None:
        """While something is, or since the last anchor was, backprimed: when what is seen ahead of the mechanism may turn."""
        return self._pumping.turns_ns

    def limb(self, line: str) -> Limb:
        """The limb of a line as it is now."""
        return self._pumping.limbs[self._pumping.index(line)]

    def line_index(self, line: str) -> int:
        """The place of a line in the order of the model."""
        return self._pumping.index(line)

    def _during(self, at_ns: int) -> Planned:
        if at_ns < self._pumping.anchor_ns:
            raise ValueError(f"{at_ns} ns is before the last change, at {self._pumping.anchor_ns} ns")
        self._extend(at_ns + 1)
        return self._plan[self._pumping.place(at_ns)]

    def _extend(self, until_ns: int) -> None:
        """Prolong the plan to ``until_ns`` at least."""
        self._pumping.extend(until_ns)
        for leg in self._pumping.legs[len(self._plan) :]:
            begin_kpa = float(self._plan[-1].chunk.pressure_kpa[-1]) if self._plan else self._anchor_kpa
            self._plan.append(self._with_pressure(leg, begin_kpa))

    def _with_pressure(self, leg: Leg, begin_kpa: float) -> Planned:
        pieces = leg.pieces()
        pumped = pieces.pumped * self.step_ml
        flow = flow_between(pieces.at_ns, np.add.reduce(pumped))
        course = self._outlet.course(pieces.at_ns, flow, begin_kpa)
        return Planned(leg, Chunk(pieces.at_ns, pumped, pieces.drawn * self.step_ml, course, self._outlet), flow)

    def _settle(self, at_ns: int) -> None:
        """Move the anchor to ``at_ns`` and hand over what happened before it."""
        if at_ns > self._pumping.anchor_ns:
            self._anchor_kpa = pressure = self.pressure_kpa(at_ns)
            if self._record is not None:
                for planned in self._plan:
                    if planned.leg.end_ns <= at_ns:
                        self._record(planned.chunk)
                    elif planned.leg.start_ns < at_ns:
                        self._record(self._cut(planned, at_ns, pressure))
        self.fed += self._pumping.settle(at_ns)
        self._plan.clear()

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
