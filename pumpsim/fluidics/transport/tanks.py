"""Several equal stirred tanks in a row; with many of them, Taylor-Aris dispersion.

For n tanks of volume V/n each, an even inflow f and x = volume through / (V/n):

    c_i(x) = SUM_j w_j(x) c_(i-j)(0),   w_j = exp(-x) x^j / j!,   c_k(0) = f for k before the first

exact for an inflow that stays the same. From x = 0 of a clean start the last tank follows Erlang's distribution. What left
is the mean of the last tank: the same sum with SUM_(i>j) w_i / x for w_j. Source: standard reactor theory (tanks in series).

The tanks stay as large as they are while as much leaves as enters. A tube that gives up part of its volume at rest (suction)
takes it from all tanks alike: the row is then cut, or grown, at the end where it happens and divided into n equal parts again.
"""

from math import exp, factorial, sqrt

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.transport.streams import NOTHING, TOLERANCE, Composition, Stream

REACH = 24
"""Terms of the sum; with x at most 1 the next is below 1e-23."""
ORDERS = np.arange(1.0, 2 * REACH)
NEAR = 4
COLLAPSED = 1e-2
"""Below this part of its volume at rest a row that more runs through than it holds is flushed at once, not tank by tank."""


class Row:
    """``n`` tanks in a row, at rest of ``volume`` (above 0) together, mL.

    ``_line`` (sources, REACH + n): what enters, REACH times, then the shares in each tank; ``_windows`` looks at it.
    """

    __slots__ = ("_line", "_volume", "_windows")

    def __init__(self, volume: float, n: int, filling: Composition) -> None:
        self._volume = volume
        self._line = np.repeat(np.array(filling)[:, None], REACH + n, axis=1)
        self._windows = np.lib.stride_tricks.sliding_window_view(self._line, REACH + 1, axis=1)

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Run through in steps that keep the tolerance; what enters is even in each of them."""
        at_begin: list[tuple[float, Composition]] = []
        at_end: list[tuple[float, Composition]] = []
        start = 0.0
        into, out_of = hi1 - hi0, lo1 - lo0
        begin, end = begin if into > 0.0 else NOTHING, end if out_of < 0.0 else NOTHING
        while start < 1.0:
            fresh, tail = _part(begin, start), _part(end, start)
            volume = hi0 - lo0 + (into - out_of) * start
            stop = self._stop(start, fresh, tail, volume, max(abs(into), abs(out_of)))
            first, last = self._step(volume, into * (stop - start), out_of * (stop - start), fresh[1], tail[1])
            at_begin.append((stop, first))
            at_end.append((stop, last))
            start = stop
        return tuple(at_begin) if into < 0.0 else NOTHING, tuple(at_end) if out_of > 0.0 else NOTHING

    def amounts(self, hi: float, lo: float) -> Floats:
        """The mean of the tanks times the content."""
        held: Floats = max(hi - lo, 0.0) * self._line[:, REACH:].mean(axis=1)
        return held

    def copy(self) -> "Row":
        """Copy the shares."""
        twin = Row(self._volume, self._line.shape[1] - REACH, tuple(self._line[:, 0]))
        twin._line[:] = self._line
        return twin

    def _stop(
        self,
        start: float,
        fresh: tuple[float, Composition],
        tail: tuple[float, Composition],
        volume: float,
        through: float,
    ) -> float:
        """Give where the next step ends: x^2 times the slope of what leaves, times V/n, over 8, is the greatest stray."""
        stop = min(fresh[0], tail[0])
        if volume <= COLLAPSED * self._volume and through * (stop - start) >= volume:
            return stop
        n = self._line.shape[1] - REACH
        x = through * (stop - start) * n / volume
        limit = 8.0 * TOLERANCE * n
        longest = min(x, 1.0)
        if x * x > limit:
            slope = self._slope(longest, fresh[1], tail[1])
            longest = min(longest, sqrt(limit / slope)) if slope > 0.0 else longest
        upto = start + (stop - start) * longest / x
        return upto if upto < stop * (1.0 - 1e-12) else stop

    def _slope(self, x: float, fresh: Composition, tail: Composition) -> float:
        """Bound the slope of what leaves within x, at most 1: neighbours' differences only even out, and one that lies
        more than NEAR tanks from where it leaves comes there with a weight of at most x^NEAR / NEAR!."""
        line = self._line[:, REACH:]
        if fresh:
            line = np.column_stack((fresh, line))
        if tail:
            line = np.column_stack((line, tail))
        apart = np.abs(np.diff(line, axis=1)).max(axis=0, initial=0.0)
        far = float(apart.max(initial=0.0))
        if bool(fresh) == bool(tail):
            return far
        near = float((apart[-NEAR:] if fresh else apart[:NEAR]).max(initial=0.0))
        return min(far, near + far * x**NEAR / factorial(NEAR))

    def _step(
        self, volume: float, into: float, out_of: float, fresh: Composition, tail: Composition
    ) -> tuple[Composition, Composition]:
        """Take one step, ``into`` the begin and ``out_of`` the end, and give what left at each, if it did."""
        if self._is_flushed(volume, into, out_of):
            left = self._flush(volume, into, out_of, fresh, tail)
            return left, left
        through = min(into, out_of) if into > 0.0 < out_of else max(into, out_of) if into < 0.0 > out_of else 0.0
        first, last = np.zeros(len(self._line)), np.zeros(len(self._line))
        if through > 0.0:
            last = through * self._run(through / volume, fresh)
        elif through < 0.0:
            self._turn()
            first = -through * self._run(-through / volume, tail)
            self._turn()
        if into != out_of:
            cut = self._reshape(volume, into - through, through - out_of, fresh, tail)
            first, last = first + cut[0], last + cut[1]
        return _shares(first, -into), _shares(last, out_of)

    def _turn(self) -> None:
        self._line[:, REACH:] = self._line[:, : REACH - 1 : -1].copy()

    def _is_flushed(self, volume: float, into: float, out_of: float) -> bool:
        """Whether the tube has all but collapsed and more runs through it than it holds."""
        return volume <= COLLAPSED * self._volume and max(abs(into), abs(out_of)) >= volume

    def _flush(self, volume: float, into: float, out_of: float, fresh: Composition, tail: Composition) -> Composition:
        """Replace the content by what enters; give the shares of what left."""
        held = max(volume, 0.0) * self._line[:, REACH:].mean(axis=1)
        for taken, shares in ((into, fresh), (-out_of, tail)):
            if taken > 0.0:
                held = held + taken * np.array(shares)
        total = held.sum()
        entering = fresh or tail
        after = np.array(entering) if entering else self._line[:, REACH:].mean(axis=1)
        left = np.maximum(held - max(volume + into - out_of, 0.0) * after, 0.0)
        self._line[:, REACH:] = after[:, None]
        return tuple((left / left.sum() if left.sum() > 1e-9 * total else after).tolist())

    def _run(self, part: float, entering: Composition) -> Floats:
        """Send through ``part`` of the content; give the mean shares of what left at the last tank, (sources,)."""
        line = self._line
        x = part * (line.shape[1] - REACH)
        line[:, :REACH] = np.array(entering)[:, None]
        weights = np.empty(2 * REACH)
        weights[0] = exp(-x)
        weights[1:] = weights[0] * np.cumprod(x / ORDERS)
        beyond = np.cumsum(weights[::-1])[::-1]
        mean: Floats = line[:, -REACH:] @ (beyond[REACH:0:-1] / x)
        line[:, REACH:] = self._windows @ weights[REACH::-1]
        return mean

    def _reshape(self, volume: float, at_begin: float, at_end: float, fresh: Composition, tail: Composition) -> Floats:
        """Grow (above 0) or cut (below) the row at its ends and divide it again; give the amounts cut off (2, sources)."""
        tanks = self._line[:, REACH:]
        n = tanks.shape[1]
        edges = np.linspace(0.0, volume, n + 1)
        fresh_edges = np.linspace(-at_begin, volume + at_end, n + 1)
        cut = np.zeros((2, len(tanks)))
        for source, shares in enumerate(tanks):
            held = np.concatenate(([0.0], np.cumsum(shares) * volume / n))
            x, y = edges, held
            if at_begin > 0.0:
                x, y = np.insert(x, 0, -at_begin), np.insert(y, 0, -at_begin * fresh[source])
            if at_end > 0.0:
                x, y = np.append(x, volume + at_end), np.append(y, held[-1] + at_end * tail[source])
            now = np.interp(fresh_edges, x, y)
            cut[:, source] = max(now[0], 0.0), max(held[-1] - now[-1], 0.0)
            tanks[source] = np.diff(now) / (fresh_edges[1] - fresh_edges[0])
        return cut


def _part(stream: Stream, start: float) -> tuple[float, Composition]:
    """Give the part of the stream that runs from ``start`` on."""
    for part in stream:
        if part[0] > start:
            return part
    return 1.0, ()


def _shares(amounts: Floats, volume: float) -> Composition:
    return tuple((amounts / volume).tolist()) if volume > 0.0 else ()
