"""Air in a vessel that mixes: the fluid is mixed as if there were none, the air goes through as segments, one behind the other.

Buoyancy is neglected: a bubble neither rises nor lingers. What enters as a mixture of both, where streams meet, goes in as air
with fluid behind it. Nothing is lost: the fluid's own vessel holds what the air does not fill.
"""

from collections import deque

from pumpsim.fluidics.transport.streams import NOTHING, Cell, Composition, Stream

NONE = 1e-12
"""Shares and mL below which there is nothing."""


class Segments:
    """A vessel for the fluid (``core``) with air in it. ``airs``: the sources that are air. ``volume``: at rest, mL; of it
    ``first_ml`` at the begin are at first the air ``first``.

    Segments in the order from the end to the begin: (composition of the air, None for fluid; mL).
    """

    __slots__ = ("_airs", "_core", "_hi", "_lo", "_segments")

    def __init__(
        self, core: Cell, airs: frozenset[int], volume: float, first_ml: float = 0.0, first: Composition = ()
    ) -> None:
        self._core, self._airs = core, airs
        self._hi, self._lo = volume - first_ml, 0.0
        self._segments: deque[tuple[Composition | None, float]] = deque()
        self._put(-1, None, volume - first_ml)
        self._put(-1, first, first_ml)

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Run one piece, from one change of what enters or leaves to the next."""
        at_begin, at_end = hi1 - hi0, lo0 - lo1  # above 0: enters there
        entering = (self._sorted(begin) if at_begin > 0.0 else [], self._sorted(end) if at_end > 0.0 else [])
        left: tuple[list[tuple[float, Composition]], list[tuple[float, Composition]]] = ([], [])
        at = 0.0
        while at < 1.0:
            until = min([1.0, *(parts[0][0] for parts in entering if parts)])
            for volume, i in ((at_begin, -1), (at_end, 0)):
                if volume < 0.0 and self._segments and not self._fed_as_well(i, at_begin, at_end, entering):
                    until = min(until, at + max(self._segments[i][1], NONE) / -volume)
            self._span(at, until, (at_begin, at_end), entering, left)
            at = until
            for parts in entering:
                if len(parts) > 1 and parts[0][0] <= at:
                    del parts[0]
        return tuple(left[0]) or NOTHING, tuple(left[1]) or NOTHING

    def amounts(self, hi: float, lo: float) -> list[float]:  # noqa: ARG002 (it knows by itself)
        """Fluid and air."""
        total = list(self._core.amounts(self._hi, self._lo))
        for air, volume in self._segments:
            if air is not None:
                total = [t + volume * share for t, share in zip(total, air, strict=True)]
        return total

    def copy(self) -> "Segments":
        """Copy the segments, which never change themselves, and the vessel."""
        twin = Segments(self._core.copy(), self._airs, 0.0)
        twin._hi, twin._lo, twin._segments = self._hi, self._lo, self._segments.copy()
        return twin

    def _sorted(self, stream: Stream) -> list[tuple[float, Composition, bool]]:
        """A stream as parts that are all air or all fluid: (until, composition, whether it is air)."""
        found, since = [], 0.0
        for until, composition in stream:
            share = sum(composition[i] for i in self._airs)
            middle = since + share * (until - since)
            if share > NONE and middle > since:
                air = tuple(c / share if i in self._airs else 0.0 for i, c in enumerate(composition))
                found.append((until if share > 1.0 - NONE else middle, air, True))
            if share < 1.0 - NONE:
                fluid = tuple(0.0 if i in self._airs else c / (1.0 - share) for i, c in enumerate(composition))
                found.append((until, fluid, False))
            since = until
        return found

    def _fed_as_well(
        self, i: int, at_begin: float, at_end: float, entering: tuple[list[tuple[float, Composition, bool]], ...]
    ) -> bool:
        """Whether the only segment there is takes as much as it gives, at its other end."""
        if len(self._segments) > 1:
            return False
        other, parts = (at_end, entering[1]) if i == -1 else (at_begin, entering[0])
        return other > 0.0 and bool(parts) and parts[0][2] == (self._segments[0][0] is not None)

    def _span(
        self,
        at: float,
        until: float,
        volumes: tuple[float, float],
        entering: tuple[list[tuple[float, Composition, bool]], ...],
        left: tuple[list[tuple[float, Composition]], list[tuple[float, Composition]]],
    ) -> None:
        """Run a part of the piece in which nothing changes over."""
        width = until - at
        moved, streams = [0.0, 0.0], [NOTHING, NOTHING]
        for side, place in ((0, -1), (1, 0)):
            if volumes[side] > 0.0 and entering[side]:
                _, composition, is_air = entering[side][0]
                self._put(place, composition if is_air else None, volumes[side] * width)
                if not is_air:
                    moved[side], streams[side] = volumes[side] * width, ((1.0, composition),)
        gone: list[Composition | None] = [None, None]
        for side, place in ((0, -1), (1, 0)):
            if volumes[side] < 0.0:
                gone[side] = self._take(place, -volumes[side] * width)
                if gone[side] is None:
                    moved[side] = volumes[side] * width
        hi, lo = self._hi + moved[0], self._lo - moved[1]
        out = self._core.move(self._hi, hi, self._lo, lo, *streams) if any(moved) else (NOTHING, NOTHING)
        self._hi, self._lo = hi, lo
        for side in (0, 1):
            air = gone[side]
            if volumes[side] < 0.0:
                parts = ((1.0, air),) if air is not None else out[side]
                left[side].extend((at + part * width, composition) for part, composition in parts)

    def _put(self, place: int, kind: Composition | None, volume: float) -> None:
        if volume == 0.0:
            return
        if self._segments and self._segments[place][0] == kind:
            self._segments[place] = (kind, self._segments[place][1] + volume)
        elif place == 0:
            self._segments.appendleft((kind, volume))
        else:
            self._segments.append((kind, volume))

    def _take(self, place: int, volume: float) -> Composition | None:
        """Take from the segment at one end; fluid where there is nothing."""
        if not self._segments:
            return None
        kind, held = self._segments[place]
        if held - volume > NONE:
            self._segments[place] = (kind, held - volume)
        elif place == 0:
            self._segments.popleft()
        else:
            self._segments.pop()
        return kind
