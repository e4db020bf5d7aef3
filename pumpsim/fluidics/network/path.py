"""The fluid path of several pumps that share a line, or of one whose line is more than a single compliance.

The same promises as ``lone.path``: state moves only at an anchor (a motor command, a disturbance), everything between is
a query of a plan that may be prolonged but never changes.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.backprimed import Backprimed
from pumpsim.fluidics.drives.leg import Counting
from pumpsim.fluidics.drives.pumping import Pumping
from pumpsim.fluidics.feed import Bubbles, Feed
from pumpsim.fluidics.hung import Drawn, Hung, head_of
from pumpsim.fluidics.network.aboard import USUAL, Aboard, Fineness, sailed
from pumpsim.fluidics.network.air_watch import AIR_SIGNALS, seen
from pumpsim.fluidics.network.course import Stretch, follow
from pumpsim.fluidics.network.elements import Topology
from pumpsim.fluidics.network.expo import Expo
from pumpsim.fluidics.network.hanging import with_container
from pumpsim.fluidics.network.inlet import AirAhead, inlet_row
from pumpsim.fluidics.network.passage import Passage, cut, sensor_row, through_ml
from pumpsim.fluidics.network.plumbing import (
    CLAMP_OPEN,
    LEVEL_CM,
    Member,
    Plumbing,
    head_kpa,
    plumbing,
    with_edge,
    with_node,
)
from pumpsim.fluidics.network.state import State, begin, changed
from pumpsim.fluidics.network.tubes import CLAMP, OCCLUSION, Tubes
from pumpsim.fluidics.outlet import NS_PER_H
from pumpsim.fluidics.sources import Fed, hang
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.disturbances import (
    AirIn,
    BackPressure,
    Change,
    Constrict,
    Disturbance,
    Grip,
    Hang,
    Hanging,
    Leak,
    Occlude,
    Place,
    Raise,
    Refill,
    Release,
    Standing,
    Warm,
)
from pumpsim.vocabulary.inputs import LineReading, SensorReading
from pumpsim.vocabulary.outputs import MotorCommand
from pumpsim.vocabulary.path import JunctionSetup

FIRST_NS, LONGEST_NS = 60 * 10**9, 6 * 3600 * 10**9
"""Planned at once: little after an anchor, more and more while there is none. Bounds work and memory, never a result."""
NO_AIR = (0.0, 0.0, 0.0)


class NetworkPath:
    """Where every microlitre of several pumps is, at any instant from the last anchor on.

    ``version`` grows with every anchor: what was foreseen before it no longer counts. ``history``: everything that has
    passed for good, in order; ``keeps`` False: only as much of its end as a sensor may still ask for. ``fed``: by pump, what
    came to its lines since power-on.
    Instants are ns since power-on; nothing may go back.
    """

    def __init__(
        self,
        members: Iterable[Member],
        junctions: Iterable[JunctionSetup] = (),
        fineness: Fineness = USUAL,
        *,
        keeps: bool = True,
    ) -> None:
        self.plumbing: Plumbing = plumbing(members, junctions)
        self.history: list[Passage] = []
        self.version = 0
        self.pumping = {
            pump.id: Pumping(pump.model, pump.setup.lines) for pump in self.plumbing.members if not pump.by_gravity
        }
        self.members = {pump.id: pump for pump in self.plumbing.members}
        self._ports = {port: i for i, port in enumerate(self.plumbing.ports)}
        ports = len(self.plumbing.topology.ports)
        self.ahead = {(supply.pump, supply.setup.line): AirAhead(supply) for supply in self.plumbing.supplies}
        self._fineness, topology = fineness, self.plumbing.topology
        self._aboard: Aboard | None = None
        if any(tube.set.air_ml > 0.0 for tube in self.plumbing.tubing):
            self._aboard = Aboard(self.plumbing, self.feeds, fineness, at_first=True)
            topology = self._aboard.loaded(topology)
        self._state: State = begin(topology, self.plumbing.pressures, ports)
        self._anchor_ns = 0
        self._given = np.zeros(ports)
        self._drawn = np.zeros(ports)
        self.fed: dict[str, list[Fed]] = {pump: [] for pump in self.members}
        self._clamps: dict[str, int] = dict.fromkeys(self.plumbing.clamp_of, 0)
        self._tubes = Tubes(self.plumbing)
        self._plan: list[Passage] = []
        self._starts: list[int] = []
        self._planned_ns = 0
        self._ahead_ns = FIRST_NS
        self._aboard_last = self._aboard
        sensors = [pump.model.air_sensor for pump in self.plumbing.members]
        self._asked_back_ns = max((sensor.window_ns for sensor in sensors if sensor is not None), default=0)
        self._keeps = keeps
        self._bubbles: dict[str, tuple[tuple[Feed, ...], list[Bubbles]]] = {}
        self._courses: dict[str, tuple[Stretch, int, Expo]] = {}
        self._supplied()

    @property
    def feeds(self) -> dict[str, list[Feed]]:
        """What comes on each line of each pump that has a motor."""
        return {id: pumping.feeds for id, pumping in self.pumping.items()}

    def command(self, pump: str, at_ns: int, command: MotorCommand) -> None:
        """Let a pump's mechanism do this from now on; the same command again changes nothing."""
        if pump in self._clamps:
            rate = command.lines[0].rate_nl_per_h
            if rate != self._clamps[pump]:
                self._settle(at_ns)
                self._clamps[pump] = rate
                self._program(pump, command)
                self._set_clamp(pump, rate / 1e6)
        elif self.pumping[pump].wants(command):
            self._settle(at_ns)
            self.pumping[pump].command(command)
            self._program(pump, command)

    def _supplied(self) -> None:
        """Let what fills the tubes follow what hangs on the lines."""
        self._change(self._tubes.supplied(self._state.regime.topology, self.members))

    def _fed(self) -> None:
        """Let the air that travels along know what comes on the lines now."""
        if self._aboard is not None:
            self._aboard = self._aboard_last = self._aboard.fed(self.feeds)

    def _program(self, pump: str, command: MotorCommand) -> None:
        """Let what fills the tubes follow the rates."""
        self._change(self._tubes.programmed(self._state.regime.topology, pump, command))

    def disturb(self, pump: str, at_ns: int, disturbance: Disturbance) -> None:
        """Put a disturbance on the path of a pump. Raises ValueError for one that cannot be."""
        if isinstance(disturbance, Hanging):
            self._hang(pump, at_ns, disturbance)
            return
        if (
            isinstance(disturbance, Occlude | Release)
            and disturbance.place is Place.LIMB
            and pump in self.pumping
            and (pump, disturbance.line) not in self.ahead
        ):
            self.pumping[pump].index(str(disturbance.line))
            self._settle(at_ns)
            self.pumping[pump].close(str(disturbance.line), isinstance(disturbance, Occlude))
            return
        if isinstance(disturbance, AirIn):
            if pump not in self.pumping:
                raise ValueError(f"{pump} draws nothing: air cannot come with what it draws")
            self.pumping[pump].index(disturbance.line)
        self._settle(at_ns)
        self._change(self._disturbed(pump, disturbance))
        self._limit_draw(pump)

    def read(self, pump: str, at_ns: int) -> SensorReading:
        """Give what a pump's sensors see at an instant at or after the last anchor."""
        pressure = self.pressure_kpa(pump, at_ns)
        if pump in self.pumping:
            lines = self.pumping[pump].read(at_ns)
            air = (self.seen(pump, signal, at_ns) for signal in AIR_SIGNALS) if self.bubbles(pump) else NO_AIR
            bubble, counted, total = air
            lines = self._at_inlets(pump, at_ns, lines) if self.ahead else lines
            return SensorReading(lines, pressure, bubble_ml=bubble, counted_ml=counted, air_total_ml=total)
        member = self.members[pump]
        line = member.setup.lines[0]
        passed = self._dropped_ml(pump, at_ns)
        steps = math.floor(passed * 1e12 / member.model.mechanism.step_fl + 1e-9)
        hung = [change for change in self.fed[pump] if isinstance(change, Hung)]
        empty_ml = hung[-1].drawn_ml + hung[-1].held_ml if hung else line.container_ml
        return SensorReading((LineReading(line.line, steps, 0.0, passed >= empty_ml - 1e-9),), pressure)

    def counting(self, pump: str, at_ns: int) -> Counting:
        """What ``read`` will say of the counts from an instant on, if nothing happens; right after an anchor nothing but the
        motors' motion is planned for it."""
        if pump not in self.pumping:
            steps = tuple(line.steps for line in self.read(pump, at_ns).lines)
            return lambda _at_ns: (steps, steps), at_ns + 1
        if self._plan or at_ns != self._anchor_ns:
            self._reach(at_ns)
        else:
            for pumping in self.pumping.values():
                # as far as the plan of all will want it, or legs would end elsewhere
                pumping.extend(at_ns + self._ahead_ns)
        return self.pumping[pump].counting(at_ns)

    def pressure_kpa(self, pump: str, at_ns: int) -> float:
        """What the pump's sensor measures behind its mechanism: the pressure there, or the force on its plunger over its area.

        The force is given less the friction of a plunger that slides forward, as pumps are calibrated.
        """
        stretch, piece, hours = self.during(at_ns)
        known = self._courses.get(pump)
        if known is None or known[0] is not stretch or known[1] != piece:
            course = stretch.function(sensor_row(self.plumbing, pump, stretch), 0, piece)
            self._courses[pump] = known = stretch, piece, course
        return known[2].at(hours)

    def _at_inlets(self, pump: str, at_ns: int, lines: tuple[LineReading, ...]) -> tuple[LineReading, ...]:
        """The readings, with what is seen at the inlets of lines with two containers."""
        found = list(lines)
        for (owner, name), ahead in self.ahead.items():
            if owner == pump:
                i = ahead.supply.row
                air = ahead.there(self.drawn_ml(pump, i, at_ns), self.planned(at_ns))
                found[i] = replace(lines[i], proximal_kpa=self.inlet_kpa(pump, name, at_ns), air=air)
        return tuple(found)

    def inlet_kpa(self, pump: str, line: str, at_ns: int) -> float:
        stretch, piece, hours = self.during(at_ns)
        return stretch.function(inlet_row(self.ahead[pump, line].supply, stretch), 0, piece).at(hours)

    def drawn_ml(self, pump: str, line: int, at_ns: int) -> float:
        pumping = self.pumping[pump]
        return pumping.legs[pumping.place(at_ns)].volumes(at_ns)[1][line] * pumping.step_ml

    def planned(self, until_ns: int) -> list[Stretch]:
        """The stretches from the anchor on that begin by an instant."""
        return [passage.stretch for passage in self._plan[: bisect_right(self._starts, until_ns)]]

    def advance(self, at_ns: int) -> None:
        """Put what happened up to ``at_ns`` into the history and anchor there; nothing physical changes."""
        self._settle(at_ns)

    def forget(self, before_ns: int) -> None:
        """Put what ended before an instant into the history. No anchor: what comes is not touched by it."""
        while len(self._plan) > 1 and int(self._plan[0].stretch.at_ns[-1]) < before_ns:
            self._keep(replace(self._plan.pop(0), aboard=None))
            del self._starts[0]
        for pumping in self.pumping.values():
            while len(pumping.legs) > 1 and pumping.legs[0].end_ns < before_ns:
                pumping.drop_first()

    def bubbles(self, pump: str) -> list[Bubbles]:
        """What the sensor behind a mechanism can meet, line by line; none without a sensor, or without air."""
        feeds = self.pumping[pump].feeds
        known = self._bubbles.get(pump)
        if known is None or any(feed is not before for feed, before in zip(feeds, known[0], strict=True)):
            self._bubbles[pump] = known = tuple(feeds), self._bubbles_of(pump, feeds)
        return known[1]

    def _bubbles_of(self, pump: str, feeds: Sequence[Feed]) -> list[Bubbles]:
        sensor = self.members[pump].model.air_sensor
        if sensor is None or not any(feed.passing for feed in feeds):
            return []
        return [Bubbles.of(feed, sensor.apart_ml, sensor.smallest_ml) for feed in feeds]

    def seen(self, pump: str, signal: Signal, at_ns: int) -> float:
        """What the air sensor behind a mechanism says."""
        bubbles, sensor = self.bubbles(pump), self.members[pump].model.air_sensor
        if not bubbles or sensor is None:
            return 0.0
        now = self._passed_ml(pump, at_ns)
        if signal is Signal.AIR_TOTAL:
            return seen(bubbles, signal, now, [0.0] * len(now))
        if sensor.window_ns == 0:
            return seen(bubbles, signal, now, [ml - sensor.window_ml for ml in now])
        return seen(bubbles, signal, now, self._passed_ml(pump, at_ns - sensor.window_ns))

    def _passed_ml(self, pump: str, at_ns: int) -> list[float]:
        """What each line of a pump has given by an instant, which may be before the last anchor."""
        if at_ns < 0:
            return [0.0] * len(self.pumping[pump].feeds)
        passage = self.passage(at_ns)
        at, rows = passage.stretch.at_ns, self.rows(pump)
        return [float(np.interp(at_ns, at, passage.stretch.given_ml[row])) for row in rows]

    def passage(self, at_ns: int) -> Passage:
        """The passage under way at an instant, planned or past."""
        self._extend(at_ns + 1)
        if self._starts and at_ns >= self._starts[0]:
            return self._plan[bisect_right(self._starts, at_ns) - 1]
        return self.history[max(0, bisect_right(self.history, at_ns, key=lambda p: int(p.stretch.at_ns[0])) - 1)]

    def rows(self, pump: str) -> list[int]:
        return [self._ports[pump, line] for line in self.pumping[pump].model.lines]

    def has_bubbles(self, pump: str, line: str | None) -> bool:
        pumping = self.pumping.get(pump)
        return pumping is not None and bool(pumping.limbs[pumping.index(str(line))].bubbles)

    def turns_ns(self, pump: str) -> list[int] | None:
        """See ``Pumping.turns_ns``."""
        return self.pumping[pump].turns_ns if pump in self.pumping else None

    def _dropped_ml(self, pump: str, at_ns: int) -> float:
        """Volume that has passed a roller clamp."""
        stretch, piece, hours = self.during(at_ns)
        return float(through_ml(stretch, piece, hours)[self.plumbing.clamp_of[pump]])

    def during(self, at_ns: int) -> tuple[Stretch, int, float]:
        """The stretch under way at an instant, the piece of it, and the hours since that began."""
        self._reach(at_ns)
        stretch = self._plan[bisect_right(self._starts, at_ns) - 1].stretch
        piece = min(int(stretch.at_ns.searchsorted(at_ns, side="right")), len(stretch.at_ns) - 1) - 1
        return stretch, piece, (at_ns - int(stretch.at_ns[piece])) / NS_PER_H

    def _reach(self, at_ns: int) -> None:
        """Let the plan lead beyond an instant. Raises ValueError for one before the last change."""
        if at_ns < self._anchor_ns:
            raise ValueError(f"{at_ns} ns is before the last change, at {self._anchor_ns} ns")
        if at_ns >= self._planned_ns:
            self._extend(at_ns + 1)

    def _extend(self, until_ns: int) -> None:
        """Prolong the plan to ``until_ns`` at least."""
        end_ns = int(self._plan[-1].stretch.at_ns[-1]) if self._plan else self._anchor_ns
        while end_ns < until_ns:
            state = self._plan[-1].stretch.state() if self._plan else self._state
            for pumping in self.pumping.values():
                pumping.extend(end_ns + self._ahead_ns)  # whoever asks, and how far: a plan is the same for all
            at_ns, given, drawn = self._window(end_ns, end_ns + LONGEST_NS)
            if self._air_matters(state.regime.topology, given):
                at_ns, given, drawn = self._window(end_ns, end_ns + self._ahead_ns)
            self._ahead_ns = min(2 * self._ahead_ns, LONGEST_NS)
            for stretch, aboard in self._followed(state, at_ns, given):
                columns = np.searchsorted(at_ns, stretch.at_ns)
                exact = at_ns[np.minimum(columns, len(at_ns) - 1)] == stretch.at_ns
                part = drawn[:, np.minimum(columns, len(at_ns) - 1)]
                if not exact.all():
                    part = np.array([np.interp(stretch.at_ns, at_ns, line) for line in drawn]).reshape(part.shape)
                self._plan.append(Passage(stretch, part, aboard))
                self._starts.append(int(stretch.at_ns[0]))
            end_ns = int(at_ns[-1])
        self._planned_ns = end_ns

    def _followed(self, state: State, at_ns: Instants, given: Floats) -> Iterator[tuple[Stretch, Aboard | None]]:
        """Follow the network through a window of the plan, with the air in it if there is any."""
        if not self._air_matters(state.regime.topology, given):
            self._aboard_last = None
            yield from ((stretch, None) for stretch in follow(state, at_ns, given))
            return
        aboard = self._aboard_last
        if aboard is None:
            aboard = Aboard(self.plumbing, self.feeds, self._fineness, at_first=False)
        for stretch, at_begin, at_end in sailed(aboard, state, at_ns, given):
            self._aboard_last = at_end
            yield stretch, at_begin

    def _air_matters(self, topology: Topology, given: Floats) -> bool:
        """Whether there is air in any set, or may be by the end of a window."""
        aboard = self._aboard_last
        if aboard is not None and (aboard.strays or not aboard.is_empty):
            return True
        if any(topology.edges[tube.leak].open for tube in self.plumbing.tubing):
            return True
        for (id, line), row in self._ports.items():
            feed = self.pumping[id].feeds[self.pumping[id].index(line)]
            if any(given[row, 0] < end and given[row, -1] >= begin for begin, end in feed.passing):
                return True
        return False

    def _window(self, begin_ns: int, end_ns: int) -> tuple[Instants, Floats, Floats]:
        """Merge the breakpoints of all mechanisms from an instant to ``end_ns``, or the end of the first leg that ends."""
        legs = {id: p.legs[p.place(begin_ns)] for id, p in self.pumping.items()}
        end_ns = min([end_ns, *(leg.end_ns for leg in legs.values())])
        pieces = {id: leg.pieces() for id, leg in legs.items()}
        inner = [p.at_ns[(p.at_ns > begin_ns) & (p.at_ns < end_ns)] for p in pieces.values()]
        at_ns = np.unique(np.concatenate([np.array([begin_ns, end_ns], dtype=np.int64), *inner]))
        given, drawn = np.zeros((len(self._given), len(at_ns))), np.zeros((len(self._given), len(at_ns)))
        for (id, line), row in self._ports.items():
            pumping, part = self.pumping[id], pieces[id]
            i = pumping.index(line)
            given[row] = np.interp(at_ns, part.at_ns, part.pumped[i]) * pumping.step_ml
            drawn[row] = np.interp(at_ns, part.at_ns, part.drawn[i]) * pumping.step_ml
            first = legs[id].volumes(begin_ns)
            given[row, 0], drawn[row, 0] = first[0][i] * pumping.step_ml, first[1][i] * pumping.step_ml
        for supply in self.plumbing.supplies:
            given[supply.port] = -drawn[self._ports[supply.pump, supply.setup.line]]
        return at_ns, given, drawn

    def _settle(self, at_ns: int) -> None:
        """Move the anchor to ``at_ns``; what happened before it is history."""
        if at_ns > self._anchor_ns:
            self._extend(at_ns)
            for passage in self._plan:
                stretch = passage.stretch
                if int(stretch.at_ns[0]) >= at_ns:
                    break
                done = passage if int(stretch.at_ns[-1]) <= at_ns else cut(passage, at_ns)
                self._aboard = None if passage.aboard is None else passage.aboard.copy()
                if self._aboard is not None:
                    self._aboard.carry(done.stretch)
                self._keep(replace(done, aboard=None))
            last = self.history[-1]
            self._state = last.stretch.state()
            self._given, self._drawn = last.stretch.given_ml[:, -1], last.drawn_ml[:, -1]
            self._anchor_ns = at_ns
        self._plan.clear()
        self._starts.clear()
        self._planned_ns = self._anchor_ns
        self._aboard_last = self._aboard
        for pump, pumping in self.pumping.items():
            self._backprimed(pump, pumping.settle(at_ns))
        self._ahead_ns = FIRST_NS
        self.version += 1

    def _backprimed(self, pump: str, changes: Sequence[Backprimed]) -> None:
        """Note what was driven into a limb: what comes on both lines is another."""
        if changes:
            self.fed[pump] += changes
            self._fed()

    def _keep(self, passage: Passage) -> None:
        """Put a passage into the history."""
        self.history.append(passage)
        if not self._keeps:
            oldest_ns = int(passage.stretch.at_ns[-1]) - self._asked_back_ns
            while len(self.history) > 1 and int(self.history[0].stretch.at_ns[-1]) < oldest_ns:
                del self.history[0]
        for ahead in self.ahead.values():
            ahead.keep(passage.stretch)

    def _limit_draw(self, pump: str) -> None:
        """Let a line with two containers draw no more than gives, while clamps close every way to both."""
        for ahead in self.ahead.values():
            supply, line = ahead.supply, ahead.supply.setup.line
            if supply.pump != pump:
                continue
            give = supply.give_where_closed(self._state.regime.topology)
            if give is not None:
                pressures = self._state.pressures(np.zeros(len(self._given)), self._given)
                self.pumping[pump].shut(line, float(pressures[supply.inlet]), give)
            elif self.pumping[pump].limbs[supply.row].clamped_at is not None:
                self.pumping[pump].close(line, False)

    def _change(self, topology: Topology) -> None:
        """Go over to another topology at the anchor."""
        if topology != self._state.regime.topology:
            self._state = changed(self._state, topology, np.zeros(len(self._given)), self._given)

    def _hang(self, pump: str, at_ns: int, hanging: Hanging) -> None:
        """Another container on a line, or one filled again."""
        member, motor = self.members[pump], self.pumping.get(pump)
        if hanging.line not in member.model.lines:
            raise ValueError(f"no line {hanging.line}")
        if (pump, hanging.line) in self.ahead:
            raise ValueError("of two containers over one line none is changed")
        i = member.model.lines.index(hanging.line)
        plunger = self.plumbing.plunger_of(pump, hanging.line)
        if isinstance(hanging, Refill) and (motor is None or plunger is not None):
            raise ValueError("a syringe, or the bag of a drip, is changed and not filled again")
        self._settle(at_ns)
        if motor is None:
            drawn = Drawn(float(self._state.through_ml[self.plumbing.clamp_of[pump]]))
        else:
            drawn = motor.drawn(i) if plunger is None else Drawn(float(self._state.plunged_ml[plunger]))
        hung = hang(member.setup.lines, self.fed[pump], i, at_ns, drawn, hanging)
        self.fed[pump].append(hung)
        if motor is not None:
            motor.hang(i, hung.more_ml / motor.step_ml, head_of(hanging))
            self._fed()
        if isinstance(hanging, Change):
            self._state = with_container(self._state, self.plumbing, (member, plunger), hanging, self._given)
        if hung.fluid != member.setup.lines[i].fluid:
            lines = tuple(
                replace(line, fluid=hung.fluid) if k == i else line for k, line in enumerate(member.setup.lines)
            )
            self.members[pump] = replace(member, setup=replace(member.setup, lines=lines))
            self._supplied()

    def _disturbed(self, pump: str, disturbance: Standing) -> Topology:
        """The topology with a disturbance in it."""
        topology, laid = self._state.regime.topology, self.plumbing
        match disturbance:
            case Occlude() | Release():
                tube, supply = laid.tube(pump), laid.supply(pump, disturbance.line)
                i = tube.edge if tube.access is None else tube.access
                if supply is not None:
                    i = supply.edge_at(disturbance.place)
                elif disturbance.place is Place.LIMB:  # of a drip: its clamp
                    i = laid.clamp_of[pump]
                elif disturbance.place is not Place.PATIENT_END:
                    raise ValueError(f"line {disturbance.line} has no {disturbance.place.value}: it has one container")
                return self._tubes.shutting(topology, i, OCCLUSION, shut=isinstance(disturbance, Occlude))
            case Constrict(tube=name, added_kpa_h_per_ml=added):
                return self._tubes.narrowed(topology, laid.tube(name), added)
            case Raise(height_cm=height):
                i = laid.node_of[pump]
                kpa = head_kpa(self.members[pump].density, height)
                return with_node(topology, i, replace(topology.nodes[i], height_kpa=kpa))
            case BackPressure(tube=name, pressure_kpa=kpa):
                access = laid.tube(name).access
                if access is None:
                    raise ValueError(f"{name} ends in a junction, not at a patient")
                i = topology.edges[access].end
                return with_node(topology, i, replace(topology.nodes[i], held_kpa=kpa))
            case Warm(tube=name, celsius=celsius):
                return self._tubes.warmed(topology, laid.tube(name).name, celsius)
            case Leak(tube=name, ml_per_h_per_kpa=conductance):
                return self._tubes.leaking(topology, laid.tube(name), conductance)
            case Hang():
                supply = laid.supply(pump, disturbance.line)
                if supply is not None:
                    return supply.hung(topology, disturbance)
                if pump in self.pumping:
                    self.pumping[pump].lift(disturbance.line, disturbance.head_kpa)
                    return topology
                bag = topology.edges[laid.clamp_of[pump]].begin
                level = head_kpa(self.members[pump].density, LEVEL_CM)
                return with_node(topology, bag, replace(topology.nodes[bag], height_kpa=disturbance.head_kpa - level))
            case AirIn(line=line, volume_ml=volume_ml, at_pump=at_pump):
                self.pumping[pump].let_air_in(line, volume_ml, at_pump=at_pump)
                self._fed()
                return topology
            case Grip(holds=holds):
                node = laid.node_of[pump]
                plungers = tuple(
                    replace(plunger, grip=holds) if plunger.node == node else plunger for plunger in topology.plungers
                )
                return replace(topology, plungers=plungers)

    def _set_clamp(self, pump: str, rate_ml_per_h: float) -> None:
        """Set a roller clamp so that at the present heads the drip comes to a rate; closed for none."""
        i, topology = self.plumbing.clamp_of[pump], self._state.regime.topology
        if rate_ml_per_h == 0.0:
            self._change(self._tubes.shutting(topology, i, CLAMP, shut=True))
            return
        flows = np.zeros(len(self._given))
        pressures = self._state.pressures(flows, self._given)
        edge = topology.edges[i]
        head = float(pressures[edge.begin]) + topology.nodes[edge.begin].height_kpa
        behind = self._steady_head(pump, rate_ml_per_h)
        resistance = max(CLAMP_OPEN * self._tubes.viscosity(pump), (head - behind) / rate_ml_per_h)
        topology = with_edge(topology, i, replace(edge, resistance=resistance))
        self._change(self._tubes.shutting(topology, i, CLAMP, shut=False))

    def _steady_head(self, pump: str, rate_ml_per_h: float) -> float:
        """The head behind a clamp at a lasting flow: a short run with the flow put in there, the clamp closed."""
        i, topology = self.plumbing.clamp_of[pump], self._state.regime.topology
        node = self.plumbing.node_of[pump]
        closed = with_edge(topology, i, replace(topology.edges[i], open=False))
        trial = replace(closed, ports=(*closed.ports, node))
        at_ns = np.array([0, LONGEST_NS], dtype=np.int64)
        given = np.concatenate(
            [np.repeat(self._given[:, None], 2, axis=1), [[0.0, rate_ml_per_h * LONGEST_NS / NS_PER_H]]]
        )
        flows = np.append(np.zeros(len(self._given)), rate_ml_per_h)
        pressures = self._state.pressures(np.zeros(len(self._given)), self._given)
        state = begin(trial, pressures, len(trial.ports))
        for stretch in follow(state, at_ns, given):
            state = stretch.state()
        return float(state.pressures(flows, given[:, -1])[node]) + trial.nodes[node].height_kpa
