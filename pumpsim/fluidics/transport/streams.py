"""What crosses a place while a piece runs: compositions, and how they follow each other.

A composition is the share of each source, in the order of the sources; its shares sum to 1. A stream says what crosses
during one piece, in which every volume runs straight from 0 to 1: parts ``(until, composition)``, ``until`` ascending to 1.
Values only: nothing here holds fluid.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pumpsim.fluidics.arrays import Floats

Composition = tuple[float, ...]
Stream = tuple[tuple[float, Composition], ...]

NOTHING: Stream = ()
"""Nothing crosses."""

QUANTA_PER_ML = 2.0**44
"""Volumes are rounded to 2**-44 mL (0.06 pL), so that those that should meet do so exactly: sums and differences of such
numbers are exact below 512 mL, and rounding of the solver does not show as flow."""

TOLERANCE = 1e-6
"""How far amounts may stray from the straight line between two knots, as part of the tube's volume."""


class Cell(Protocol):
    """A stretch of tube that holds fluid. ``hi`` and ``lo``: the volume that its begin and its end have come to, counted
    from the same origin, so that it holds ``hi - lo``."""

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Run one piece. ``begin``, ``end``: what enters there; it means nothing where nothing enters. Give what leaves."""

    def amounts(self, hi: float, lo: float) -> Sequence[float] | Floats:
        """Give what it holds of each source, mL."""

    def copy(self) -> "Cell":
        """Give one that goes its own way from here on."""


def pure(source: int, sources: int) -> Composition:
    """Give the composition that is all of one source."""
    return tuple(1.0 if i == source else 0.0 for i in range(sources))


def even(composition: Composition) -> Stream:
    """Give the stream that is the same from first to last."""
    return ((1.0, composition),)


def on_grid(volume_ml: float) -> float:
    """Round one volume to the grid."""
    return round(volume_ml * QUANTA_PER_ML) / QUANTA_PER_ML


def all_on_grid(volumes_ml: Floats) -> Floats:
    """Round an array of volumes to the grid."""
    rounded: Floats = np.round(volumes_ml * QUANTA_PER_ML) / QUANTA_PER_ML
    return rounded


def blend(volumes: Sequence[float], compositions: Sequence[Composition]) -> Composition:
    """Mix by volume; the volumes are above 0. Equal compositions give the first of them, to the bit."""
    first = compositions[0]
    if len(volumes) == 2:
        second = compositions[1]
        if first == second:
            return first
        u, v = volumes
        u, v = u / (u + v), v / (u + v)
        return tuple([a * u + b * v for a, b in zip(first, second, strict=True)])
    if all(c == first for c in compositions):
        return first
    total = sum(volumes)
    parts = [v / total for v in volumes]
    return tuple([sum(map(float.__mul__, parts, shares)) for shares in zip(*compositions, strict=True)])


def join(volumes: Sequence[float], streams: Sequence[Stream]) -> Stream:
    """Mix streams of these volumes that run side by side into one."""
    if all(len(stream) == 1 for stream in streams):
        return ((1.0, blend(volumes, [stream[0][1] for stream in streams])),)
    joined = []
    at = [0] * len(streams)
    for until in sorted({part[0] for stream in streams for part in stream}):
        joined.append((until, blend(volumes, [stream[i][1] for i, stream in zip(at, streams, strict=True)])))
        for k, stream in enumerate(streams):  # parts of no width end where others do
            while at[k] < len(stream) - 1 and stream[at[k]][0] <= until:
                at[k] += 1
    return tuple(joined)


def taken_and_given(
    hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream
) -> tuple[float, float, Stream]:
    """Sum what a stirred vessel takes and gives at both ends, mL, and mix what it takes."""
    at_begin, at_end = hi1 - hi0, lo0 - lo1
    taken, given = max(at_begin, 0.0) + max(at_end, 0.0), max(-at_begin, 0.0) + max(-at_end, 0.0)
    if at_begin > 0.0 and at_end > 0.0:
        return taken, given, join((at_begin, at_end), (begin, end))
    return taken, given, begin if at_begin > 0.0 else end if at_end > 0.0 else NOTHING
