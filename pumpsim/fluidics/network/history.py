"""What a network did, pump by pump: pressures and flows from its stretches, and where each source's fluid went.

Pressures and volumes are exact at any instant. Transport goes from breakpoint to breakpoint: within a piece all volumes run
straight in a common fraction, and pieces are divided until they do (``voyage``); totals are exact all the same. What
compliance stores waits at the begin of the set that it belongs to.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import inf
from types import MappingProxyType

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.feed import Feed, with_air
from pumpsim.fluidics.history import Look, Stock
from pumpsim.fluidics.hung import Hung
from pumpsim.fluidics.network import ahead
from pumpsim.fluidics.network.course import Stretch
from pumpsim.fluidics.network.expo import Expo, first_reached
from pumpsim.fluidics.network.inflows import Inflow, by_container, inflows, is_direct, stock
from pumpsim.fluidics.network.passage import Passage, sensor_row
from pumpsim.fluidics.network.plumbing import Member, Plumbing, Tubing
from pumpsim.fluidics.network.voyage import (
    Course,
    at_rest,
    bend_of,
    course_of,
    entered,
    joined,
    outlets,
    tube_as,
    volumes,
)
from pumpsim.fluidics.origin import Origin
from pumpsim.fluidics.outlet import NS_PER_H, Outlet
from pumpsim.fluidics.sources import Fed, origins
from pumpsim.fluidics.transport.tubes import Carriage, Carried, Outflow, Site, Volumes
from pumpsim.vocabulary.path import AIR, Fluid, Source

BLOOD = Fluid("fluid of the site")


class NetworkHistory:
    """The history of a whole network; ``of`` gives each pump's part."""

    def __init__(
        self,
        plumbing: Plumbing,
        passages: Sequence[Passage],
        fed: Mapping[str, Sequence[Fed]] = MappingProxyType({}),
        feeds: Mapping[str, Sequence[Feed]] = MappingProxyType({}),
    ) -> None:
        """``fed``: what came to the lines later, and ``feeds``: the air that has come, or will, on the lines of each pump."""
        self.plumbing, self.passages, self.fed = plumbing, tuple(passages), fed
        come = _come(plumbing, passages, feeds)
        self.origins = {
            member.id: _origins(member, fed.get(member.id, ()), come.get(member.id)) for member in plumbing.members
        }
        self.starts = [int(passage.stretch.at_ns[0]) for passage in self.passages]
        self.sources: list[Origin] = []
        self.first: dict[str, int] = {}
        for member in plumbing.members:
            self.first[member.id] = len(self.sources)
            self.sources += self.origins[member.id]
        self.own = len(self.sources)
        pumps = {member.id for member in plumbing.members}
        self.meeting = [tube for tube in plumbing.tubing if tube.name not in pumps]
        for tube in self.meeting:
            priming = Source(f"priming of {tube.name}", None, tube.set.priming)
            fluid_ml = tube.set.common_ml - tube.set.air_ml
            self.sources.append(Origin(priming, -1, 0.0, fluid_ml, fluid_ml))
        self.aired = {
            tube.name: len(self.sources) + i
            for i, tube in enumerate(tube for tube in plumbing.tubing if tube.set.air_ml)
        }
        for name in self.aired:
            air = Source(f"air in the set of {name}", None, AIR)
            air_ml = plumbing.tube(name).set.air_ml
            self.sources.append(Origin(air, -1, 0.0, air_ml, air_ml))
        self.blood, self.air = len(self.sources), len(self.sources) + 1
        self.sources += [Origin(Source(fluid.name, None, fluid), -1, 0.0, 0.0) for fluid in (BLOOD, AIR)]

    def of(self, pump: str) -> "PumpHistory":
        """One pump's part; the first pump's holds what is no pump's own (primings of junctions, fluid drawn back)."""
        member = next(member for member in self.plumbing.members if member.id == pump)
        mine = list(self.numbers(member))
        if member is self.plumbing.members[0]:
            mine += [i for i in range(self.own, len(self.sources)) if i not in self._aired_pumps]
        mine += [i for i, name in self._aired_pumps.items() if name == pump]
        return PumpHistory(self, member, mine)

    def numbers(self, member: Member) -> range:
        """The places of a pump's own sources; the last is its set's priming."""
        begin = self.first[member.id]
        return range(begin, begin + len(self.origins[member.id]))

    @property
    def _aired_pumps(self) -> dict[int, str]:
        """Sources that are air in the set of a pump."""
        return {i: name for name, i in self.aired.items() if name in self.origins}

    def place(self, at_ns: int) -> int:
        """The passage under way at an instant."""
        return max(0, bisect_right(self.starts, at_ns) - 1)

    @cached_property
    def course(self) -> Course:
        """Every volume at every breakpoint."""
        bend = bend_of(self.plumbing)
        rest = at_rest(self.passages[0].stretch)
        return joined([rest, *(course_of(passage.stretch, bend) for passage in self.passages)])

    @cached_property
    def carried(self) -> tuple[tuple[Outflow, ...], Floats, Floats]:
        """What has arrived at each site, in the order of ``outlets``; what each tube holds at the end (tubes, sources), and
        what the container behind each of the ``inflows`` holds (inflows, sources)."""
        carried, carriage = self._moved
        held = carriage.supplies([inflow.held_ml for inflow in self.inflows] + [0.0] * 2 * len(self.plumbing.supplies))
        return carried.sites, carriage.contents()[: len(self.plumbing.tubing)], held[: len(self.inflows)]

    @cached_property
    def _above(self) -> Floats:
        """What is ahead of pumps with two containers on a line, (sources,)."""
        _, carriage = self._moved
        held: Floats = carriage.contents()[len(self.plumbing.tubing) :].sum(axis=0)
        vents = carriage.supplies([0.0] * (len(self.inflows) + 2 * len(self.plumbing.supplies)))[len(self.inflows) :]
        held = held + vents.sum(axis=0)
        for supply, given in zip(self.plumbing.supplies, self._given, strict=True):
            held[self.air] -= ahead.crossed(supply, self.course.through, given)[2][:, -1].sum()
        return held

    @cached_property
    def _moved(self) -> tuple[Carried, Carriage]:
        """All transport: sets first, then what is ahead of pumps with two containers on a line, in the order of supplies."""
        laid, course = self.plumbing, self.course
        crossed = volumes(laid, course)
        begins, ends = crossed.tube_begin, crossed.tube_end
        tubes = [
            replace(tube_as(tube, self._filling(tube)), first=self.aired.get(tube.name, 0), first_ml=tube.set.air_ml)
            for tube in laid.tubing
        ]
        sites = tuple(Site(laid.topology.edges[i].begin, refill) for i, refill in self.outlets)
        inlets = [inflow.inlet for inflow in self.inflows]
        entering, gauges = [inflow.entered for inflow in self.inflows], []
        for supply, filling, given in zip(laid.supplies, self.fillings, self._given, strict=True):
            begin, end, vents = ahead.crossed(supply, course.through, given)
            tubes += ahead.tubes_of(supply, filling, laid.node_of[supply.pump])
            gauges.append(len(tubes) - 1)
            begins, ends = np.vstack([begins, begin]), np.vstack([ends, end])
            inlets += ahead.vents_of(supply, self.air)
            entering += list(vents)
        carriage = Carriage(len(self.sources), tuple(tubes), tuple(inlets), sites, self.air, gauges, self._bubbles)
        entered = np.array(entering).reshape(len(entering), len(course.at_ns))
        return carriage.advance(Volumes(begins, ends, entered, crossed.site)), carriage

    @cached_property
    def inflows(self) -> tuple[Inflow, ...]:
        """Every inlet, pump by pump."""
        course, node_of = self.course, self.plumbing.node_of
        return tuple(
            inflow
            for member in self.plumbing.members
            for inflow in inflows(
                member,
                node_of[member.id],
                [(i, self.sources[i]) for i in self.numbers(member)],
                self.fed.get(member.id, ()),
                (course.at_ns, entered(self.plumbing, course, member.id)),
            )
        )

    @cached_property
    def stock(self) -> Stock:
        """What of each source is ahead of the lines at the end, or went away there."""
        drawn = {member.id: self._drawn(member) for member in self.plumbing.members}
        return stock(self.sources, self.inflows, (self.carried[2], self._above), drawn)

    def _drawn(self, member: Member) -> Floats:
        """What each line of a pump has drawn at the end: by its motor, or what has left its syringe or its bag."""
        laid = self.plumbing
        rows = [i for i, (pump, _) in enumerate(laid.ports) if pump == member.id]
        direct = [not rows or laid.plunger_of(member.id, line.line) is not None for line in member.setup.lines]
        given = entered(self.plumbing, self.course, member.id)[:, -1]
        return np.where(direct, given, self.passages[-1].drawn_ml[rows, -1] if rows else given)

    @cached_property
    def fillings(self) -> tuple[ahead.Filling, ...]:
        """The sources of each line with two containers."""
        numbered = {m.id: [(i, self.sources[i]) for i in self.numbers(m)] for m in self.plumbing.members}
        return tuple(ahead.filling_of(supply, numbered[supply.pump]) for supply in self.plumbing.supplies)

    @property
    def _given(self) -> list[Floats]:
        """What the mechanism has given of each line with two containers, (n,)."""
        return [entered(self.plumbing, self.course, supply.pump)[supply.row] for supply in self.plumbing.supplies]

    def pumped(self, supply: int) -> Outflow:
        """What a mechanism has given of each source of a line with two containers, numbered as ``plumbing.supplies``."""
        return self._moved[0].gauges[supply]

    @property
    def _bubbles(self) -> frozenset[int]:
        """The sources that are air, where any came: one is always there, what a leak would suck in."""
        airs = frozenset(i for i, origin in enumerate(self.sources) if origin.source.fluid == AIR)
        return airs if len(airs) > 1 or self._leaked or self.plumbing.supplies else frozenset()

    def _drawn_ml(self, pump: str, line: str) -> float:
        """What a line with a motor has drawn by the end."""
        ports = self.plumbing.ports
        return float(self.passages[-1].drawn_ml[ports.index((pump, line)), -1]) if (pump, line) in ports else 0.0

    @property
    def _leaked(self) -> bool:
        """Whether anything was ever open to the air."""
        leaks = [tube.leak for tube in self.plumbing.tubing]
        return any(passage.stretch.begin.regime.topology.edges[i].open for passage in self.passages for i in leaks)

    @cached_property
    def outlets(self) -> list[tuple[int, int]]:
        """Edges through which fluid leaves the network for good, and what comes in where it flows back."""
        return [(edge, self.air if airy else self.blood) for edge, airy in outlets(self.plumbing)]

    def _filling(self, tube: Tubing) -> int:
        for member in self.plumbing.members:
            if member.id == tube.name:
                return self.numbers(member)[-1]
        return self.own + self.meeting.index(tube)


class PumpHistory:
    """One pump's part of a network's history (see ``fluidics.history.History``)."""

    def __init__(self, network: NetworkHistory, member: Member, mine: list[int]) -> None:
        self._network, self._member, self._mine = network, member, mine
        laid = network.plumbing
        self._tube = laid.tube(member.id)
        self._rows = [i for i, (pump, _) in enumerate(laid.ports) if pump == member.id]
        tube = self._tube
        while tube.access is None:
            tube = next(other for other in laid.tubing if other.begin == tube.end)
        self._access = tube.access

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The pump's own sources; the first pump of a network has those that are nobody's as well."""
        return tuple(self._network.sources[i] for i in self._mine)

    @property
    def jumps(self) -> bool:
        """A network may jump wherever something switches."""
        return True

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """One for each stretch."""
        return tuple(self._chunk(passage) for passage in self._network.passages)

    def _chunk(self, passage: Passage) -> Chunk:
        stretch = passage.stretch
        n = len(stretch.at_ns) - 1
        pieces, hours = np.append(np.arange(n), n - 1), np.append(np.zeros(n), stretch.hours[-1])
        look = self._inside(passage, pieces, hours)
        kind, topology = self._tube.set, stretch.begin.regime.topology
        tubing, edge = topology.edges[self._tube.edge], topology.edges[self._access]
        back = topology.nodes[edge.end].held_kpa or 0.0
        outlet = Outlet(tubing.resistance + edge.resistance, kind.compliance_ml_per_kpa, back, self._is_open(stretch))
        return Chunk(stretch.at_ns, look.pumped_ml, look.drawn_ml, look.pressure_kpa, outlet)

    def _is_open(self, stretch: Stretch) -> bool:
        """Whether no clamp stands between the pump and the patient."""
        edges, tube, laid = stretch.begin.regime.topology.edges, self._tube, self._network.plumbing
        while tube.access is None:
            if not edges[tube.edge].open:
                return False
            tube = next(other for other in laid.tubing if other.begin == tube.end)
        return edges[tube.edge].open and edges[tube.access].open

    def look(self, at_ns: Instants) -> Look:
        """Pressures, flows and volumes stretch by stretch; what arrived, from the knots of transport."""
        network = self._network
        places = np.array([network.place(int(at)) for at in at_ns], dtype=np.int64)
        lines, m = len(self._member.model.lines), len(at_ns)
        blank = (np.zeros(m), np.zeros(m), np.zeros(m), np.zeros((lines, m)), np.zeros((lines, m)))
        found = Look(*blank, np.zeros((len(self._mine), m)), np.zeros((len(self._mine), m)))
        for place in np.unique(places).tolist():
            passage = network.passages[place]
            stretch, here = passage.stretch, np.flatnonzero(places == place)
            pieces = np.clip(np.searchsorted(stretch.at_ns, at_ns[here], side="right") - 1, 0, len(stretch.at_ns) - 2)
            inside = self._inside(passage, pieces, (at_ns[here] - stretch.at_ns[pieces]) / NS_PER_H)
            found.pressure_kpa[here] = inside.pressure_kpa
            found.pump_flow_ml_per_h[here] = inside.pump_flow_ml_per_h
            found.patient_flow_ml_per_h[here] = inside.patient_flow_ml_per_h
            found.pumped_ml[:, here] = inside.pumped_ml
            found.drawn_ml[:, here] = inside.drawn_ml
            found.patient_ml[:, here] = self._arrived(at_ns[here], inside.patient_ml[0])
        found.entered_ml[:] = self._entered(at_ns, found.pumped_ml)
        return found

    def _inside(self, passage: Passage, pieces: Instants, hours: Floats) -> Look:
        """The state within one passage; ``patient_ml`` holds one row, the total volume through the access."""
        stretch, laid = passage.stretch, self._network.plumbing
        mode = stretch.mode
        before = np.concatenate(
            [np.zeros((len(laid.topology.edges), 1)), np.cumsum(self._through(stretch), axis=1)], axis=1
        )
        through = stretch.begin.through_ml[:, None] + before[:, pieces] + stretch.through(mode.flows, pieces, hours)
        flows = stretch.values(mode.flows, pieces, hours)
        pressure = stretch.values(sensor_row(laid, self._member.id, stretch), pieces, hours)[0]
        if self._member.by_gravity:
            i = laid.clamp_of[self._member.id]
            pumped, drawn, flow = through[[i]], through[[i]], flows[i]
        else:
            given = stretch.given_ml[self._rows]
            drawn_at = passage.drawn_ml[self._rows]
            part = hours / stretch.hours[pieces]
            pumped = given[:, pieces] + (given[:, pieces + 1] - given[:, pieces]) * part
            drawn = drawn_at[:, pieces] + (drawn_at[:, pieces + 1] - drawn_at[:, pieces]) * part
            flow = stretch.flows[self._rows][:, pieces].sum(axis=0)
            for j, plunger in enumerate(laid.topology.plungers):
                if plunger.port in self._rows:
                    done = np.concatenate(
                        [
                            [0.0],
                            np.cumsum(
                                stretch.through(
                                    mode.plunger_flows.take([j]), np.arange(len(stretch.hours)), stretch.hours
                                )[0]
                            ),
                        ]
                    )
                    inside = stretch.through(mode.plunger_flows.take([j]), pieces, hours)[0]
                    pumped = (stretch.begin.plunged_ml[j] + done[pieces] + inside)[None]
                    drawn = pumped
                    flow = stretch.values(mode.plunger_flows.take([j]), pieces, hours)[0]
        return Look(
            pressure, flow, flows[self._access], pumped, drawn, np.zeros((0, len(pieces))), through[[self._access]]
        )

    def _through(self, stretch: Stretch) -> Floats:
        return stretch.through(stretch.mode.flows, np.arange(len(stretch.hours)), stretch.hours)

    def _arrived(self, at_ns: Instants, through: Floats) -> Floats:
        """What of each own source has reached the patient by these instants, of which this has passed the access."""
        network = self._network
        arrived = network.carried[0][[i for i, _ in network.outlets].index(self._access)]
        knots = knots_at(network.course, at_ns, network.course.through[self._access], through)
        return np.array([np.interp(knots, arrived.knots, arrived.amounts[i]) for i in self._mine])

    def _entered(self, at_ns: Instants, pumped: Floats) -> Floats:
        """What of each source the lines have given by then, of which they have given this in all."""
        rows = []
        followed = self._followed(at_ns, pumped)
        for source, origin in zip(self._mine, self.origins, strict=True):
            if source in followed:
                rows.append(followed[source])
            elif origin.line < 0:
                rows.append(np.zeros(pumped.shape[1]))
            else:
                rows.append(np.clip(pumped[origin.line], origin.begin_ml, origin.end_ml) - origin.begin_ml)
        found = np.array(rows)
        hung = [change for change in self._network.fed.get(self._member.id, ()) if isinstance(change, Hung)]
        for line in {change.line for change in hung if is_direct(self._member, change.line)}:
            later = [change for change in hung if change.line == line]
            number = np.searchsorted([change.at_ns for change in later], at_ns, side="right")
            own = [row for row, origin in enumerate(self.origins) if origin.line == line]
            found[own] = by_container(pumped[line], number, later)
        return found

    def _followed(self, at_ns: Instants, pumped: Floats) -> dict[int, Floats]:
        """What has been given by these instants of each source of lines with two containers."""
        network, found = self._network, dict[int, Floats]()
        for i, (supply, filling) in enumerate(zip(network.plumbing.supplies, network.fillings, strict=True)):
            if supply.pump != self._member.id:
                continue
            given = entered(network.plumbing, network.course, supply.pump)[supply.row]
            knots = knots_at(network.course, at_ns, given, pumped[supply.row])
            outflow = network.pumped(i)
            for source in (*filling.sources, network.air):
                found[source] = np.interp(knots, outflow.knots, outflow.amounts[source])
        return found

    def relaxed_ns(self, at_ns: int, excess_kpa: float) -> int | None:
        """From piece to piece, until what is still above the pressure that the piece's flow would settle at is small."""
        network = self._network
        for passage in network.passages[network.place(at_ns) :]:
            stretch = passage.stretch
            if not self._is_open(stretch):
                return None
            row = sensor_row(network.plumbing, self._member.id, stretch)
            for piece in range(len(stretch.at_ns) - 1):
                begin_ns, end_ns = int(stretch.at_ns[piece]), int(stretch.at_ns[piece + 1])
                if end_ns <= at_ns:
                    continue
                course = stretch.function(row, 0, piece)
                above = Expo(excess_kpa, 0.0, [-w for w in course.weights], course.decays)
                length = (end_ns - begin_ns) / NS_PER_H
                hours = first_reached(above, length, max(0, at_ns - begin_ns) / NS_PER_H)
                if hours is not None:
                    return max(at_ns, begin_ns + int(hours * NS_PER_H) + 1)
        return None

    def squeezed_ml(self, at_ns: int, from_kpa: float, to_kpa: float) -> float:
        """By the store that the air makes at that instant, beside what the place stores of its own."""
        network, node = self._network, self._tube.begin
        stores = (
            network.passages[network.place(at_ns)].stretch.begin.regime.topology.nodes[node].store,
            network.plumbing.topology.nodes[node].store,
        )
        now, own = (0.0 if store is None else store.at(to_kpa) - store.at(from_kpa) for store in stores)
        return now - own

    def in_line(self) -> Floats:
        """What the tubes hold, followed by itself."""
        contents: Floats = self._network.carried[1].sum(axis=0)[self._mine]
        return contents

    def stock(self) -> Stock:
        """What is ahead of the line, followed by itself."""
        all_of = self._network.stock
        return Stock(
            all_of.in_container[self._mine],
            all_of.in_chamber[self._mine],
            all_of.taken[self._mine],
            all_of.mixed[self._mine],
        )

    def lost(self) -> Floats:
        """What went through leaks."""
        lost = np.zeros(len(self._network.sources))
        sites = {tube.access for tube in self._network.plumbing.tubing}
        for (edge, _), arrived in zip(self._network.outlets, self._network.carried[0], strict=True):
            if edge not in sites:
                lost += arrived.amounts[:, -1]
        return lost[self._mine]

    def outflow_ml(self) -> float:
        """Own fluid at the patient, and what the integral of the flow through the access is beside all that arrived there."""
        arrived = self._network.carried[0][[i for i, _ in self._network.outlets].index(self._access)].amounts[:, -1]
        flowed = float(self._network.course.through[self._access, -1])
        return float(arrived[self._mine].sum()) + flowed - float(arrived.sum())


def _come(
    laid: Plumbing, passages: Sequence[Passage], feeds: Mapping[str, Sequence[Feed]]
) -> dict[str, list[tuple[Feed, float]]]:
    """The air that has come by the end, and how far each line was drawn."""
    if not passages:
        return {}
    furthest = [np.maximum(p.drawn_ml, p.stretch.given_ml).max(axis=1) for p in passages]
    place = np.max(furthest, axis=0).tolist()
    found: dict[str, list[tuple[Feed, float]]] = {}
    for (pump, line), ml in zip(laid.ports, place, strict=False):  # what follows the outlets are inlets
        if pump in feeds:
            lines = next(member.model.lines for member in laid.members if member.id == pump)
            found.setdefault(pump, []).append((feeds[pump][lines.index(line)].come(ml), ml))
    return found


def knots_at(course: Course, at_ns: Instants, total: Floats, reached: Floats) -> Floats:
    """Instants (m,) as positions between breakpoints: by the volume ``reached`` (m,) then, of what is ``total`` (n,) there."""
    k = np.clip(np.searchsorted(course.at_ns, at_ns, side="right") - 1, 0, len(course.at_ns) - 2)
    width = total[k + 1] - total[k]
    length = (course.at_ns[k + 1] - course.at_ns[k]).astype(np.float64)
    by_time = (at_ns - course.at_ns[k]) / np.where(length > 0.0, length, 1.0)
    by_volume = (reached - total[k]) / np.where(width != 0.0, width, 1.0)
    knots: Floats = k + np.clip(np.where(np.abs(width) > 1e-12, by_volume, by_time), 0.0, 1.0)
    return knots


def _origins(member: Member, fed: Sequence[Fed], come: Sequence[tuple[Feed, float]] | None) -> tuple[Origin, ...]:
    """A pump's sources with the air that came on its lines, and how far each was drawn; last the priming, less its air."""
    found = origins(member.setup, fed)
    if come is not None:
        found = with_air(found, [feed for feed, _ in come], [line.fluid for line in member.setup.lines])
        found = tuple(_as_come(origin, come[origin.line][1]) if origin.let_in else origin for origin in found)
    fluid_ml = member.setup.set.common_ml - member.setup.set.air_ml
    return (*found[:-1], replace(found[-1], end_ml=fluid_ml, held_ml=fluid_ml))


def _as_come(origin: Origin, drawn_ml: float) -> Origin:
    """Of air without an end there was what has been drawn."""
    held_ml = min(origin.end_ml, max(drawn_ml, origin.begin_ml)) - origin.begin_ml
    return origin if origin.end_ml < inf else replace(origin, held_ml=held_ml)
