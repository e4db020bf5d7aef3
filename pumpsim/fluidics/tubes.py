"""Carry fluid through any network of tubes, either way: cumulated volumes in, what came out of each source.

It knows nothing of pressure, flow or time: the solver says what volume has crossed every end of every tube, and between two
breakpoints all volumes run straight in one common fraction. A tube may hold more or less than at rest:

    content = volume + volume in at the begin - volume out at the end

Sources are numbered from 0: a container, a limb's first filling, a priming, blood, air. Nodes hold nothing: all that enters
one in a piece is mixed by volume and given to all that leaves it. Nothing is created or lost, whatever the sequence, but for
the rounding of the volumes to 2**-44 mL; only a tube asked for more than it holds gives what it has not.

Plug flow fills the whole content, swollen or not. Stirred tanks, rows of tanks and streamlines keep their volume: what a tube
holds beyond it waits, as a plug, ahead of them at the begin; what it lacks, they lack. A trap is one stirred vessel.
Knots are exact; between them amounts stray from the straight line by at most 1e-6 of the tube's volume (``TOLERANCE``).
Sources: PHYSICS 4.1, 4.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from pumpsim.fluidics.laminar import Laminar
from pumpsim.fluidics.leg import Floats
from pumpsim.fluidics.plug import Plug
from pumpsim.fluidics.routes import Plan, Routes
from pumpsim.fluidics.stirred import Stirred, Trap
from pumpsim.fluidics.streams import Cell, Composition, Stream, all_on_grid, on_grid, pure
from pumpsim.fluidics.tanks import Row
from pumpsim.vocabulary.path import Transport

PRESENT = 1e-9
"""The least share of air that counts as air."""


@dataclass(frozen=True, slots=True)
class Tube:
    """A tube from a begin to an end node, at first full of one source.

    ``volume_ml``: at rest, at least 0 (0: straight through). ``tanks``: how many, with TANKS. ``spread``: with DISPERSED,
    the variance of the residence time as part of its mean squared, 2 D_eff / (u L) (``dispersion.taylor_spread``); a row of
    1/spread tanks is taken, of ``tanks`` without it. ``trap``: an air trap or drip chamber, whatever the mixing.
    """

    name: str
    begin: int
    end: int
    volume_ml: float
    filling: int
    mixing: Transport = Transport.PLUG
    tanks: int = 1
    spread: float | None = None
    trap: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.volume_ml < inf or self.tanks < 1 or (self.spread is not None and not self.spread > 0.0):
            raise ValueError(f"{self}: volume_ml must be at least 0, tanks at least 1, spread above 0")

    @property
    def row(self) -> int:
        """How many stirred tanks it has."""
        if self.mixing is Transport.DISPERSED and self.spread is not None:
            return max(1, round(1.0 / self.spread))
        return 1 if self.mixing is Transport.MIXED else self.tanks


@dataclass(frozen=True, slots=True)
class Inlet:
    """Where fluid comes into the network. ``changes``: from so many mL in total on, this source; the first from 0.

    What runs back out of the network there comes in again first.
    """

    node: int
    changes: tuple[tuple[float, int], ...]

    def __post_init__(self) -> None:
        begins = [from_ml for from_ml, _ in self.changes]
        if not begins or begins[0] != 0.0 or any(b <= a for a, b in zip(begins, begins[1:], strict=False)):
            raise ValueError(f"{self}: changes must ascend from 0.0")


@dataclass(frozen=True, slots=True)
class Site:
    """Where fluid leaves the network for good. What is drawn back there is always ``refill``."""

    node: int
    refill: int


@dataclass(frozen=True, slots=True)
class Volumes:
    """Cumulated volumes since the carriage was made, mL, at n+1 breakpoints; the first is where the last call ended (0 at
    the very first). ``tube_begin``, ``tube_end`` (tubes, n+1): from begin to end above 0; ``inlet`` (inlets, n+1): into the
    network; ``site`` (sites, n+1): out to the site."""

    tube_begin: Floats
    tube_end: Floats
    inlet: Floats
    site: Floats


@dataclass(frozen=True, slots=True)
class Outflow:
    """What has left to a site. ``knots`` (m,): ascending, k + f for the fraction f of this call's piece k. ``amounts``
    (sources, m): net mL of each source since the carriage was made, straight between knots."""

    knots: Floats
    amounts: Floats


@dataclass(frozen=True, slots=True)
class Carried:
    """What one call carried: the outflow at each site; for each tube the first knot at which there is air at its end, None
    if there is none."""

    sites: tuple[Outflow, ...]
    arrived: tuple[float | None, ...]


class Carriage:
    """A network of tubes and what is in it. ``air``: the source that is air, None if there is none."""

    def __init__(
        self,
        sources: int,
        tubes: Sequence[Tube],
        inlets: Sequence[Inlet],
        sites: Sequence[Site],
        air: int | None = None,
    ) -> None:
        self._sources, self._tubes, self._air = sources, tuple(tubes), air
        self._inlets = tuple(inlets)
        self._check(sites)
        self._layout = _Layout(self._tubes, self._inlets, sites, sources, air)
        self._cells = self._layout.fill()
        self._row = self._layout.at_rest()
        self._left = [np.zeros(sources) for _ in sites]
        self._air_at_end = [tube.filling == air for tube in self._tubes]
        self._may_be_air = any(self._air_at_end) or any(site.refill == air for site in sites)

    def advance(self, volumes: Volumes) -> Carried:
        """Carry on to the last breakpoint. ValueError where the first is not where the last call ended (1e-9 mL)."""
        at, table = self._layout.table(volumes)
        if not np.allclose(table[:, 0], self._row, rtol=1e-12, atol=1e-9):
            raise ValueError("the volumes do not begin where the last call ended")
        table[:, 0] = self._row
        self._row = table[:, -1].copy()
        records = [_Record(left) for left in self._left]
        arrived = self._carry(at.tolist(), table, records)
        outflows = tuple(record.outflow(float(at[-1])) for record in records)
        self._left = [outflow.amounts[:, -1].copy() for outflow in outflows]
        return Carried(outflows, arrived)

    def contents(self) -> Floats:
        """Give what each tube holds of each source, mL: (tubes, sources)."""
        held = np.zeros((len(self._tubes), self._sources))
        n = len(self._cells)
        for i, (place, cell) in enumerate(zip(self._layout.places, self._cells, strict=True)):
            if place.tube is not None:
                held[place.tube] += cell.amounts(self._row[i], self._row[n + i])
        return held

    def copy(self) -> "Carriage":
        """Give one that goes its own way from here on; the network is shared, the contents are not."""
        twin = Carriage.__new__(Carriage)
        twin._sources, twin._tubes, twin._air = self._sources, self._tubes, self._air
        twin._inlets, twin._layout = self._inlets, self._layout
        twin._cells = [cell.copy() for cell in self._cells]
        twin._row, twin._left = self._row, self._left.copy()
        twin._air_at_end, twin._may_be_air = self._air_at_end.copy(), self._may_be_air
        return twin

    def _check(self, sites: Sequence[Site]) -> None:
        named = [tube.filling for tube in self._tubes] + [site.refill for site in sites]
        named += [source for inlet in self._inlets for _, source in inlet.changes]
        if any(not 0 <= source < self._sources for source in named):
            raise ValueError(f"sources are numbered 0 to {self._sources - 1}")

    def _carry(self, at: list[float], table: Floats, records: "list[_Record]") -> tuple[float | None, ...]:
        """Run the pieces one by one; those in which nothing moves cost nothing."""
        arrived: list[float | None] = [None] * len(self._tubes)
        watch = self._watches_air(table)
        if watch:
            arrived = [at[0] if there else None for there in self._air_at_end]
        signs = np.ascontiguousarray(np.sign(np.diff(table, axis=1)).astype(np.int8).T)
        rows = table.T.tolist()
        slots, cells, plan_for = self._layout.routes.slots.copy(), self._cells, self._layout.routes.plan
        for k in np.flatnonzero(signs.any(axis=1)).tolist():
            plan = plan_for(signs[k].tobytes())
            before, after = rows[k], rows[k + 1]
            for step in plan.steps:
                step(before, after, slots, cells)
            start, width = at[k], at[k + 1] - at[k]
            for site, face, slot in plan.sites:
                records[site].add(start, width, after[face] - before[face], slots[slot])
            if watch:
                self._note_air(plan, slots, start, width, arrived)
        return tuple(arrived)

    def _watches_air(self, table: Floats) -> bool:
        """Whether air can be anywhere by the end of this call."""
        if self._air is not None and not self._may_be_air:
            first = len(self._cells) - len(self._inlets)
            for i, inlet in enumerate(self._inlets):
                entered = float(table[len(self._cells) + first + i].max())
                self._may_be_air |= any(source == self._air and from_ml <= entered for from_ml, source in inlet.changes)
        return self._may_be_air

    def _note_air(
        self, plan: Plan, slots: list[Stream], start: float, width: float, arrived: list[float | None]
    ) -> None:
        """Note where air first crosses the end of each tube in this piece, and whether it is there at last."""
        assert self._air is not None
        for cell, slot in plan.ends:
            tube = self._layout.ends_of[cell]
            if tube is None:
                continue
            since = 0.0
            for until, composition in slots[slot]:
                there = composition[self._air] > PRESENT
                if there and arrived[tube] is None:
                    arrived[tube] = start + since * width
                since = until
            self._air_at_end[tube] = there


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell in the network: its nodes, the tube that it is a part of (None: an inlet), the volume it holds at rest, and
    whether it runs from the tube's begin and to its end, or to the middle, where swelling meets what is at rest."""

    begin: int
    end: int
    tube: int | None
    volume: float
    from_begin: bool
    to_end: bool


class _Layout:
    """The network as cells: one for a plug or a trap, two (what waits ahead, and the volume at rest) for the others, one
    for each inlet, which is a plug without end. Shared by all copies of a carriage."""

    def __init__(
        self,
        tubes: tuple[Tube, ...],
        inlets: tuple[Inlet, ...],
        sites: Sequence[Site],
        sources: int,
        air: int | None,
    ) -> None:
        self._tubes, self._inlets, self._air = tubes, inlets, air
        self._pure = [pure(i, sources) for i in range(sources)]
        given = [n for tube in tubes for n in (tube.begin, tube.end)] + [x.node for x in (*inlets, *sites)]
        index = {node: i for i, node in enumerate(dict.fromkeys(given))}
        resting = [0] * len(index)
        self.places: list[_Place] = []
        for i, tube in enumerate(tubes):
            begin, end, volume = index[tube.begin], index[tube.end], on_grid(tube.volume_ml)
            resting[begin] = resting[end] = tube.filling
            if _is_one(tube):
                self.places.append(_Place(begin, end, i, volume, True, True))
            else:
                middle = len(resting)
                resting.append(tube.filling)
                self.places.append(_Place(begin, middle, i, 0.0, True, False))
                self.places.append(_Place(middle, end, i, volume, False, True))
        for inlet in inlets:
            resting.append(inlet.changes[0][1])
            self.places.append(_Place(len(resting) - 1, index[inlet.node], None, 0.0, True, True))
        self._pairs = [i for i, tube in enumerate(tubes) if not _is_one(tube)]
        self.ends_of = [place.tube if place.to_end else None for place in self.places]
        self.routes = Routes(
            [(place.begin, place.end) for place in self.places],
            [index[site.node] for site in sites],
            [self._pure[site.refill] for site in sites],
            [self._pure[source] for source in resting],
        )
        self._sites = len(sites)

    def fill(self) -> list[Cell]:
        """Make the cells as they are at first."""
        cells: list[Cell] = []
        for place in self.places:
            if place.tube is not None:
                tube = self._tubes[place.tube]
                filling = self._pure[tube.filling]
                cells.append(_core(tube, place, filling, self._air) if place.to_end else Plug(((inf, filling),)))
        return cells + [self._supply(inlet) for inlet in self._inlets]

    def at_rest(self) -> Floats:
        """Give the volume at every face before anything moves."""
        return np.array([place.volume for place in self.places] + [0.0] * (len(self.places) + self._sites))

    def table(self, volumes: Volumes) -> tuple[Floats, Floats]:
        """Give breakpoints as positions (m,) and the volume at every face there (faces, m).

        Where a content passes the tube's volume at rest there is a breakpoint of its own: there its two cells change over.
        """
        begin, end = volumes.tube_begin, volumes.tube_end
        at = self._positions(begin, end)
        if len(at) > volumes.site.shape[1]:
            whole = np.arange(float(volumes.site.shape[1]))
            begin, end, inlet, site = (
                np.array([np.interp(at, whole, row) for row in rows]).reshape(len(rows), len(at))
                for rows in (begin, end, volumes.inlet, volumes.site)
            )
        else:
            inlet, site = volumes.inlet, volumes.site
        begin, end, inlet, site = (all_on_grid(rows) for rows in (begin, end, inlet, site))
        middle = np.minimum(begin, end)
        first = [(begin if p.from_begin else middle)[p.tube] + p.volume for p in self.places if p.tube is not None]
        last = [(end if p.to_end else middle)[p.tube] for p in self.places if p.tube is not None]
        still = np.zeros_like(inlet)
        table = np.concatenate([np.reshape(first, (-1, len(at))), still, np.reshape(last, (-1, len(at))), inlet, site])
        return at, table

    def _positions(self, begin: Floats, end: Floats) -> Floats:
        whole = np.arange(float(begin.shape[1]))
        excess = (begin - end)[self._pairs]
        crossing = excess[:, :-1] * excess[:, 1:] < 0.0
        if not crossing.any():
            return whole
        tube, piece = np.nonzero(crossing)
        f = excess[tube, piece] / (excess[tube, piece] - excess[tube, piece + 1])
        positions: Floats = np.unique(np.concatenate([whole, piece + f]))
        return positions

    def _supply(self, inlet: Inlet) -> Plug:
        bounds = [on_grid(from_ml) for from_ml, _ in inlet.changes[1:]] + [inf]
        return Plug((bound, self._pure[source]) for bound, (_, source) in zip(bounds, inlet.changes, strict=True))


def _is_one(tube: Tube) -> bool:
    return tube.mixing is Transport.PLUG or tube.trap or on_grid(tube.volume_ml) == 0.0


def _core(tube: Tube, place: _Place, filling: Composition, air: int | None) -> Cell:
    """Make what a tube is at rest."""
    if place.volume == 0.0 or (tube.mixing is Transport.PLUG and not tube.trap):
        return Plug(((inf, filling),))
    if tube.trap:
        return Stirred(place.volume, filling) if air is None else Trap(place.volume, filling, air)
    if tube.mixing is Transport.LAMINAR:
        return Laminar(place.volume, filling)
    return Stirred(place.volume, filling) if tube.row == 1 else Row(place.volume, tube.row, filling)


class _Record:
    """The outflow at one site while a call runs."""

    __slots__ = ("_at", "_compositions", "_left", "_volumes")

    def __init__(self, left: Floats) -> None:
        self._left = left
        self._at = [0.0]
        self._volumes: list[float] = []
        self._compositions: list[Composition] = []

    def add(self, start: float, width: float, volume: float, stream: Stream) -> None:
        """Note what crosses in one piece; since the last knot nothing has."""
        if self._at[-1] < start:
            self._at.append(start)
            self._volumes.append(0.0)
            self._compositions.append(stream[0][1])
        if len(stream) == 1:
            self._at.append(start + width)
            self._volumes.append(volume)
            self._compositions.append(stream[0][1])
            return
        since = 0.0
        for until, composition in stream:
            self._at.append(start + until * width)
            self._volumes.append(volume * (until - since))
            self._compositions.append(composition)
            since = until

    def outflow(self, stop: float) -> Outflow:
        """Sum up, with a last knot at ``stop``."""
        compositions = np.reshape(self._compositions, (-1, len(self._left)))
        parts = np.array(self._volumes)[:, None] * compositions
        amounts = np.cumsum(np.concatenate((self._left[None, :], parts)), axis=0)
        if self._at[-1] < stop:
            self._at.append(stop)
            amounts = np.concatenate((amounts, amounts[-1:]))
        return Outflow(np.array(self._at), np.ascontiguousarray(amounts.T))
