"""A network of tubes as cells: one for a plug or a trap, two for the others, one for each inlet.

The two are what waits ahead of the tube at the begin, and the volume at rest. Their middle is where the lesser of what
entered and what left has come to: so the first holds what the tube has beyond its volume, the second never more than that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.transport.laminar import Laminar
from pumpsim.fluidics.transport.plug import Plug
from pumpsim.fluidics.transport.routes import Routes
from pumpsim.fluidics.transport.segments import Segments
from pumpsim.fluidics.transport.stirred import Stirred, Trap
from pumpsim.fluidics.transport.streams import Cell, Composition, all_on_grid, on_grid, pure
from pumpsim.fluidics.transport.tanks import Row
from pumpsim.fluidics.transport.tubing import Inlet, Site, Tube, Volumes
from pumpsim.vocabulary.path import Transport


@dataclass(frozen=True, slots=True)
class Place:
    """A cell in the network: its nodes, the tube that it is a part of (None: an inlet), the volume it holds at rest, and
    whether it runs from the tube's begin and to its end, or to the middle, where swelling meets what is at rest."""

    begin: int
    end: int
    tube: int | None
    volume: float
    from_begin: bool
    to_end: bool


class Layout:
    """The network as cells: one for a plug or a trap, two (what waits ahead, and the volume at rest) for the others, one
    for each inlet, which is a plug without end. Shared by all copies of a carriage."""

    def __init__(
        self,
        tubes: tuple[Tube, ...],
        inlets: tuple[Inlet, ...],
        sites: Sequence[Site],
        sources: int,
        air: int | None,
        bubbles: frozenset[int] = frozenset(),
    ) -> None:
        self._tubes, self._inlets, self._air, self._bubbles = tubes, inlets, air, bubbles
        self._pure = [pure(i, sources) for i in range(sources)]
        given = [node for tube in tubes for node in (tube.begin, tube.end)]
        given += [inlet.node for inlet in inlets] + [site.node for site in sites]
        index = {node: i for i, node in enumerate(dict.fromkeys(given))}
        resting = [0] * len(index)
        self.places: list[Place] = []
        for i, tube in enumerate(tubes):
            begin, end, volume = index[tube.begin], index[tube.end], on_grid(tube.volume_ml)
            resting[begin] = resting[end] = tube.filling
            if _is_one(tube):
                self.places.append(Place(begin, end, i, volume, True, True))
            else:
                middle = len(resting)
                resting.append(tube.filling)
                self.places.append(Place(begin, middle, i, 0.0, True, False))
                self.places.append(Place(middle, end, i, volume, False, True))
        for inlet in inlets:
            resting.append(inlet.changes[0][1])
            self.places.append(Place(len(resting) - 1, index[inlet.node], None, 0.0, True, True))
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
                cells.append(self._first(tube, place, filling) if place.to_end else Plug(((inf, filling),)))
        return cells + [self.supply(inlet, 0.0) for inlet in self._inlets]

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

    def _first(self, tube: Tube, place: Place, filling: Composition) -> Cell:
        """What a tube holds at first. Bubbles part the fluid along streamlines, so that it goes as a plug."""
        if tube.trap or not (self._bubbles or tube.first_ml):
            return _core(tube, place, filling, self._air)
        if tube.mixing in (Transport.PLUG, Transport.LAMINAR) or place.volume == 0.0:
            first = ((on_grid(place.volume - tube.first_ml), filling), (inf, self._pure[tube.first]))
            return Plug(first if tube.first_ml else ((inf, filling),))
        core = _core(tube, place, filling, self._air)
        return Segments(core, self._bubbles, place.volume, tube.first_ml, self._pure[tube.first])

    def supply(self, inlet: Inlet, from_ml: float) -> Plug:
        """What is still to come at an inlet after so many mL."""
        bounds = [on_grid(begin_ml) for begin_ml, _ in inlet.changes[1:]] + [inf]
        parts = zip(bounds, inlet.changes, strict=True)
        return Plug((bound, self._pure[source]) for bound, (_, source) in parts if bound > from_ml)


def _is_one(tube: Tube) -> bool:
    return tube.mixing is Transport.PLUG or tube.trap or on_grid(tube.volume_ml) == 0.0


def _core(tube: Tube, place: Place, filling: Composition, air: int | None) -> Cell:
    """Make what a tube is at rest."""
    if place.volume == 0.0 or (tube.mixing is Transport.PLUG and not tube.trap):
        return Plug(((inf, filling),))
    if tube.trap:
        return Stirred(place.volume, filling) if air is None else Trap(place.volume, filling, air)
    if tube.mixing is Transport.LAMINAR:
        return Laminar(place.volume, filling)
    return Stirred(place.volume, filling) if tube.row == 1 else Row(place.volume, tube.row, filling)
