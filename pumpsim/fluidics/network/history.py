"""What a network did, pump by pump: pressures and flows from its stretches, and where each source's fluid went.

Pressures and volumes are exact at any instant. Transport goes from breakpoint to breakpoint: within a piece all volumes run
straight in a common fraction, and pieces are divided until they do (``voyage``); totals are exact all the same. What
compliance stores waits at the begin of the set that it belongs to.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.feed import Feed, to_come_ml, with_air
from pumpsim.fluidics.history import Look
from pumpsim.fluidics.network.course import Stretch
from pumpsim.fluidics.network.expo import Expo, first_reached
from pumpsim.fluidics.network.path import Passage, sensor_row
from pumpsim.fluidics.network.plumbing import Member, Plumbing, Tubing
from pumpsim.fluidics.network.voyage import Course, at_rest, bend_of, course_of, joined, outlets, tube_as, volumes
from pumpsim.fluidics.outlet import NS_PER_H, Outlet
from pumpsim.fluidics.transport.common_volume import Origin, origins
from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Outflow, Site
from pumpsim.vocabulary.path import AIR, Fluid, Source

BLOOD = Fluid("fluid of the site")


class NetworkHistory:
    """The history of a whole network; ``of`` gives each pump's part."""

    def __init__(
        self, plumbing: Plumbing, passages: Sequence[Passage], feeds: Mapping[str, Sequence[Feed]] | None = None
    ) -> None:
        """``feeds``: the air that has come, or will, on the lines of each pump."""
        self.plumbing, self.passages = plumbing, tuple(passages)
        come = _come(plumbing, passages, feeds or {})
        self.origins = {member.id: _origins(member, come.get(member.id)) for member in plumbing.members}
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
            self.sources.append(Origin(priming, -1, 0.0, tube.set.common_ml - tube.set.air_ml))
        self.aired = {
            tube.name: len(self.sources) + i
            for i, tube in enumerate(tube for tube in plumbing.tubing if tube.set.air_ml)
        }
        for name in self.aired:
            air = Source(f"air in the set of {name}", None, AIR)
            self.sources.append(Origin(air, -1, 0.0, plumbing.tube(name).set.air_ml))
        self.blood, self.air = len(self.sources), len(self.sources) + 1
        self.sources += [Origin(Source(fluid.name, None, fluid), -1, 0.0, 0.0) for fluid in (BLOOD, AIR)]

    def of(self, pump: str) -> "PumpHistory":
        """One pump's part; the first pump's holds what is no pump's own (primings of junctions, fluid drawn back)."""
        member = next(member for member in self.plumbing.members if member.id == pump)
        begin = self.first[pump]
        mine = list(range(begin, begin + len(self.origins[pump])))
        if member is self.plumbing.members[0]:
            mine += [i for i in range(self.own, len(self.sources)) if i not in self._aired_pumps]
        mine += [i for i, name in self._aired_pumps.items() if name == pump]
        return PumpHistory(self, member, mine)

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
        what all containers hold, with the limbs below them (sources,)."""
        laid = self.plumbing
        tubes = tuple(
            replace(tube_as(tube, self._filling(tube)), first=self.aired.get(tube.name, 0), first_ml=tube.set.air_ml)
            for tube in laid.tubing
        )
        inlets, totals = [], []
        for member in laid.members:
            for line in range(len(member.model.lines)):
                changes = tuple(
                    (origin.begin_ml, self.first[member.id] + i)
                    for i, origin in enumerate(self.origins[member.id])
                    if origin.line == line
                )
                inlets.append(Inlet(laid.node_of[member.id], changes))
                setup = member.setup.lines[line]
                mine = [origin for origin in self.origins[member.id] if origin.line == line]
                totals.append(
                    to_come_ml(setup.container_ml + setup.limb_ml, mine, self._drawn_ml(member.id, setup.line))
                )
        sites = tuple(Site(laid.topology.edges[i].begin, refill) for i, refill in self.outlets)
        airs = frozenset(i for i, origin in enumerate(self.sources) if origin.source.fluid == AIR)
        came = len(airs) > 1 or self._leaked  # one is always there: what a leak would suck in
        bubbles = airs if came else frozenset()
        carriage = Carriage(len(self.sources), tubes, tuple(inlets), sites, self.air, bubbles)
        moved = carriage.advance(volumes(laid, self.course))
        return moved.sites, carriage.contents(), carriage.supplies(totals).sum(axis=0)

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
                return self.first[member.id] + len(self.origins[member.id]) - 1
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
        found.entered_ml[:] = self._entered(found.pumped_ml)
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
        course = self._network.course
        arrived = self._network.carried[0][[i for i, _ in self._network.outlets].index(self._access)]
        k = np.clip(np.searchsorted(course.at_ns, at_ns, side="right") - 1, 0, len(course.at_ns) - 2)
        total = course.through[self._access]
        width = total[k + 1] - total[k]
        length = (course.at_ns[k + 1] - course.at_ns[k]).astype(np.float64)
        by_time = (at_ns - course.at_ns[k]) / np.where(length > 0.0, length, 1.0)
        by_volume = (through - total[k]) / np.where(width != 0.0, width, 1.0)
        share = np.clip(np.where(np.abs(width) > 1e-12, by_volume, by_time), 0.0, 1.0)
        return np.array([np.interp(k + share, arrived.knots, arrived.amounts[i]) for i in self._mine])

    def _entered(self, pumped: Floats) -> Floats:
        rows = []
        for origin in self.origins:
            if origin.line < 0:
                rows.append(np.zeros(pumped.shape[1]))
            else:
                rows.append(np.clip(pumped[origin.line], origin.begin_ml, origin.end_ml) - origin.begin_ml)
        return np.array(rows)

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

    def ahead(self) -> Floats:
        """What is in the containers and limbs, what ran back into them too."""
        contents: Floats = self._network.carried[2][self._mine]
        return contents

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


def _come(laid: Plumbing, passages: Sequence[Passage], feeds: Mapping[str, Sequence[Feed]]) -> dict[str, list[Feed]]:
    """The air that has come by the end."""
    if not passages:
        return {}
    last = passages[-1]
    place = np.maximum(last.drawn_ml, last.stretch.given_ml)[:, -1].tolist()
    found: dict[str, list[Feed]] = {}
    for (pump, line), ml in zip(laid.ports, place, strict=True):
        if pump in feeds:
            lines = next(member.model.lines for member in laid.members if member.id == pump)
            found.setdefault(pump, []).append(feeds[pump][lines.index(line)].come(ml))
    return found


def _origins(member: Member, feeds: Sequence[Feed] | None) -> tuple[Origin, ...]:
    """A pump's sources with the air that came on its lines; last the priming, less the air that is left in it."""
    found = origins(member.setup)
    if feeds is not None:
        found = with_air(found, feeds, [line.fluid for line in member.setup.lines])
    priming = replace(found[-1], end_ml=found[-1].end_ml - member.setup.set.air_ml)
    return (*found[:-1], priming)
