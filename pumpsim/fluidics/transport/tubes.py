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

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.transport.layout import Layout
from pumpsim.fluidics.transport.routes import Plan
from pumpsim.fluidics.transport.streams import Composition, Stream, on_grid
from pumpsim.fluidics.transport.tubing import Carried, Inlet, Outflow, Site, Tube, Volumes

__all__ = ["Carriage", "Carried", "Inlet", "Outflow", "Site", "Tube", "Volumes"]

PRESENT = 1e-9
"""The least share of air that counts as air."""
JOIN_ML = 1e-9
"""How far the first breakpoint of a call may lie from the last of the call before, by rounding."""


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


class Carriage:
    """A network of tubes and what is in it. ``air``: the source that is air, None if there is none. ``gauges``: tubes of which
    it is noted what crosses their end. ``bubbles``: all sources that go through stirred vessels as segments."""

    def __init__(
        self,
        sources: int,
        tubes: Sequence[Tube],
        inlets: Sequence[Inlet],
        sites: Sequence[Site],
        air: int | None = None,
        gauges: Sequence[int] = (),
        bubbles: frozenset[int] = frozenset(),
    ) -> None:
        self._sources, self._tubes, self._air = sources, tuple(tubes), air
        self._inlets = tuple(inlets)
        self._check(sites)
        self._layout = Layout(self._tubes, self._inlets, sites, sources, air, bubbles)
        self._cells = self._layout.fill()
        self._row = self._layout.at_rest()
        self._left = [np.zeros(sources) for _ in (*sites, *gauges)]
        self._gauges = tuple(gauges)
        self._air_at_end = [tube.filling == air for tube in self._tubes]
        self._may_be_air = any(self._air_at_end) or any(site.refill == air for site in sites)

    def advance(self, volumes: Volumes) -> Carried:
        """Carry on to the last breakpoint. ValueError where the first is not where the last call ended."""
        at, table = self._layout.table(volumes)
        if np.abs(table[:, 0] - self._row).max(initial=0.0) > JOIN_ML:
            raise ValueError("the volumes do not begin where the last call ended")
        table[:, 0] = self._row
        self._row = table[:, -1].copy()
        records = [_Record(left) for left in self._left]
        sites = len(self._left) - len(self._gauges)
        arrived = self._carry(at.tolist(), table, records)
        outflows = tuple(record.outflow(float(at[-1])) for record in records)
        self._left = [outflow.amounts[:, -1].copy() for outflow in outflows]
        return Carried(outflows[:sites], arrived, outflows[sites:])

    def contents(self) -> Floats:
        """Give what each tube holds of each source, mL: (tubes, sources)."""
        held = np.zeros((len(self._tubes), self._sources))
        n = len(self._cells)
        for i, (place, cell) in enumerate(zip(self._layout.places, self._cells, strict=True)):
            if place.tube is not None:
                held[place.tube] += cell.amounts(self._row[i], self._row[n + i])
        return held

    def supplies(self, totals_ml: Sequence[float]) -> Floats:
        """Give what each inlet's container holds of each source, which held ``totals_ml`` at first: (inlets, sources). What
        ran back into it is in there."""
        n, first = len(self._cells), len(self._cells) - len(self._inlets)
        held = [
            self._cells[i].amounts(on_grid(total), self._row[n + i])
            for i, total in zip(range(first, n), totals_ml, strict=True)
        ]
        return np.array(held).reshape(len(self._inlets), self._sources)

    def supply(self, inlet: int, changes: tuple[tuple[float, int], ...]) -> None:
        """Let other sources come in at an inlet from now on, from so many mL in total on as in ``Inlet``."""
        self._inlets = (*self._inlets[:inlet], Inlet(self._inlets[inlet].node, changes), *self._inlets[inlet + 1 :])
        i = len(self._cells) - len(self._inlets) + inlet
        self._cells[i] = self._layout.supply(self._inlets[inlet], float(self._row[len(self._cells) + i]))

    def copy(self) -> "Carriage":
        """Give one that goes its own way from here on; the network is shared, the contents are not."""
        twin = Carriage.__new__(Carriage)
        twin._sources, twin._tubes, twin._air = self._sources, self._tubes, self._air
        twin._inlets, twin._layout, twin._gauges = self._inlets, self._layout, self._gauges
        twin._cells = [cell.copy() for cell in self._cells]
        twin._row, twin._left = self._row, self._left.copy()
        twin._air_at_end, twin._may_be_air = self._air_at_end.copy(), self._may_be_air
        return twin

    def _check(self, sites: Sequence[Site]) -> None:
        named = [tube.filling for tube in self._tubes] + [site.refill for site in sites]
        named += [source for inlet in self._inlets for _, source in inlet.changes]
        if any(not 0 <= source < self._sources for source in named):
            raise ValueError(f"sources are numbered 0 to {self._sources - 1}")

    def _carry(self, at: list[float], table: Floats, records: list[_Record]) -> tuple[float | None, ...]:
        """Run the pieces one by one; those in which nothing moves cost nothing."""
        arrived: list[float | None] = [None] * len(self._tubes)
        watch = self._watches_air(table)
        if watch:
            arrived = [at[0] if there else None for there in self._air_at_end]
        signs = np.ascontiguousarray(np.sign(np.diff(table, axis=1)).astype(np.int8).T)
        moving = np.flatnonzero(signs.any(axis=1))
        rows = table[:, np.concatenate(([0], moving + 1))].T.tolist()
        ends = len(records) - len(self._gauges)
        gauge_of = {self._layout.ends_of.index(tube): ends + i for i, tube in enumerate(self._gauges)}
        slots, cells, plan_for = self._layout.routes.slots.copy(), self._cells, self._layout.routes.plan
        for i, k in enumerate(moving.tolist()):
            plan = plan_for(signs[k].tobytes())
            before, after = rows[i], rows[i + 1]
            for step in plan.steps:
                step(before, after, slots, cells)
            start, width = at[k], at[k + 1] - at[k]
            for site, face, slot in plan.sites:
                records[site].add(start, width, after[face] - before[face], slots[slot])
            if gauge_of:
                for cell, slot in plan.ends:
                    if cell in gauge_of:
                        volume = after[len(cells) + cell] - before[len(cells) + cell]
                        records[gauge_of[cell]].add(start, width, volume, slots[slot])
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
