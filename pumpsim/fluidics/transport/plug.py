"""Plug flow: one behind the other, and back the way it came.

The content is a tape along the volume coordinate: what lies between ``lo`` and ``hi``. What enters at the begin is written
on at ``hi``, what enters at the end at ``lo``; what leaves is read off where it leaves, last in first out at either end.
Asked for more than it holds, a tube gives what passes through it; a content below 0 counts as none.
"""

from collections import deque
from collections.abc import Iterable
from math import inf

from pumpsim.fluidics.transport.streams import NOTHING, Composition, Stream, on_grid


class Plug:
    """Segments in the order of the volume coordinate, each ``(bound, composition)`` up to its upper bound.

    The last has the bound infinity and so reaches to ``hi``, the first from ``lo``: fluid that comes after its like, and
    fluid that leaves with more of it behind, changes no segment.
    """

    __slots__ = ("_segments",)

    def __init__(self, segments: Iterable[tuple[float, Composition]]) -> None:
        self._segments = deque(segments)

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Write on what enters, then read off what leaves."""
        if hi0 <= lo0 and hi1 <= lo1 and (hi1 - hi0) * (lo1 - lo0) > 0.0:
            return (NOTHING, self._pass(begin)) if lo1 > lo0 else (self._pass(end), NOTHING)
        if hi1 > hi0:
            self._enter_at_begin(hi0, hi1, begin)
        if lo1 < lo0:
            self._enter_at_end(lo0, lo1, end)
        return (
            self._leave_at_begin(hi0, hi1) if hi1 < hi0 else NOTHING,
            self._leave_at_end(lo0, lo1) if lo1 > lo0 else NOTHING,
        )

    def amounts(self, hi: float, lo: float) -> list[float]:
        """Sum the segments by source; the part that lies between ``lo`` and ``hi``."""
        total = [0.0] * len(self._segments[0][1])
        for bound, composition in self._segments:
            volume = min(bound, hi) - lo
            if volume > 0.0:
                total = [t + volume * c for t, c in zip(total, composition, strict=True)]
                lo += volume
        return total

    def copy(self) -> "Plug":
        """Copy the segments, which never change themselves."""
        return Plug(self._segments)

    def _pass(self, entering: Stream) -> Stream:
        """Let through what enters: nothing is held."""
        last = entering[-1][1]
        if len(self._segments) > 1 or self._segments[0][1] != last:
            self._segments = deque(((inf, last),))
        return entering

    def _enter_at_begin(self, hi0: float, hi1: float, stream: Stream) -> None:
        segments, at = self._segments, hi0
        for until, composition in stream:
            last = segments[-1][1]
            if composition is not last and composition != last:
                segments[-1] = (at, last)
                segments.append((inf, composition))
            if until < 1.0:
                at = on_grid(hi0 + until * (hi1 - hi0))

    def _enter_at_end(self, lo0: float, lo1: float, stream: Stream) -> None:
        segments, at = self._segments, lo0
        while segments[0][0] <= lo0:
            segments.popleft()
        for until, composition in stream:
            if composition != segments[0][1]:
                segments.appendleft((at, composition))
            if until < 1.0:
                at = on_grid(lo0 + until * (lo1 - lo0))

    def _leave_at_end(self, lo0: float, lo1: float) -> Stream:
        segments = self._segments
        bound, composition = segments[0]
        if bound >= lo1:
            return ((1.0, composition),)
        parts = []
        while bound < lo1:
            if bound > lo0:
                parts.append(((bound - lo0) / (lo1 - lo0), composition))
            segments.popleft()
            bound, composition = segments[0]
        parts.append((1.0, composition))
        return tuple(parts)

    def _leave_at_begin(self, hi0: float, hi1: float) -> Stream:
        segments, parts = self._segments, []
        while len(segments) > 1 and segments[-2][0] > hi1:
            bound = segments[-2][0]
            if bound < hi0:
                parts.append(((hi0 - bound) / (hi0 - hi1), segments[-1][1]))
            segments.pop()
            segments[-1] = (inf, segments[-1][1])
        parts.append((1.0, segments[-1][1]))
        return tuple(parts)
