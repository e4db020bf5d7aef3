"""Laminar flow along the streamlines of a round tube, with no diffusion between them.

Each streamline is a plug of its own; v, the tube's volume over a streamline's speed relative to the mean, is spread as

    F(v) = 1 - (V / 2 v)^2,   v >= V / 2         (share of the flow on streamlines with less than v; mean V)

so that a step arrives at V/2, its half at 0.7071 V, 95 % at 2.2361 V (PHYSICS 4.1, V10). Slow viscous flow is reversible:
fluid that turns round goes back along its own streamline (G. I. Taylor, film Low-Reynolds-Number Flows, 1966).

On every streamline fluid that entered at the begin lies behind fluid that came in at the end, and all of it entered as the
two ends' tapes say: at begin coordinate x the fluid lies at x + v, at end coordinate y at -y. So the state is the two tapes
and where the two meet on streamline v: as the end left it, at one place for all v, or as the begin left it, at x + v.
Whatever leaves at an end draws that line anew for the fastest streamlines, up to some v: a stack of ``Reach``. What left is
the balance of what entered and what is held.

F runs straight between ``EDGES``; times of T50, T90, T95 are within 5e-4. The slowest 1.6 % of the flow (T above 4) is spread
evenly from 4 V to where the mean comes to V. Content that swells waits ahead; a tube squeezed below half its volume has no
fluid left on its fastest streamlines, which then give what comes in.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.transport.streams import NOTHING, TOLERANCE, Composition, Stream
from pumpsim.fluidics.transport.tape import Tape

BEGIN, END = 0, 1


def _edges() -> tuple[Floats, Floats]:
    """Give v / V at the edges of the bins, and F there; the last edge makes the mean 1."""
    edges = np.geomspace(0.5, 4.0, 129)
    shares = 1.0 - 0.25 / edges**2
    mean = float(np.sum(np.diff(shares) * (edges[1:] + edges[:-1]) / 2.0))
    last = 2.0 * (1.0 - mean) / (1.0 - shares[-1]) - edges[-1]
    return np.append(edges, last), np.append(shares, 1.0)


EDGES, SHARES = _edges()
OWED = 1e-9
"""A balance so far below 0, as part of the volume, is that of a tube asked for what it has not; it is drawn up anew."""
STEEPEST = 4.0
"""dF/d(v/V) at V/2: how fast what leaves can change."""


@dataclass(frozen=True, slots=True)
class Reach:
    """On streamlines up to ``v`` (mL) the two fluids meet where ``side`` left it when its coordinate was ``at``."""

    v: float
    side: int
    at: float


class Laminar:
    """A bundle of streamlines, at rest of ``volume`` (above 0) together, mL."""

    __slots__ = ("_densities", "_edges", "_held", "_reaches", "_tapes", "_tidied", "_volume")

    def __init__(self, volume: float, filling: Composition) -> None:
        self._volume = volume
        self._edges = EDGES * volume
        self._densities = np.diff(SHARES) / np.diff(self._edges)
        self._tapes = (Tape(0.0, filling), Tape(0.0, filling))
        self._reaches = [Reach(float(self._edges[-1]), END, 0.0)]
        self._held = volume * np.array(filling)
        self._tidied = 0.0

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Write on what enters, draw the line anew where something leaves, in steps that keep the tolerance."""
        came = (hi0 - self._volume, -lo0)
        moved = (hi1 - hi0, lo0 - lo1)
        streams = (begin if hi1 > hi0 else NOTHING, end if lo1 < lo0 else NOTHING)
        left: tuple[list[tuple[float, Composition]], ...] = ([], [])
        at = list(came)
        start = 0.0
        for stop in self._stops(moved, streams):
            for side in (BEGIN, END):
                if moved[side] > 0.0:
                    shares = _shares_at(streams[side], start)
                    self._tapes[side].write(at[side], shares)
                    at[side] = came[side] + moved[side] * stop
                    self._held = self._held + moved[side] * (stop - start) * np.array(shares)
            for side in (BEGIN, END):
                if moved[side] < 0.0:
                    at[side] = came[side] + moved[side] * stop
                    left[side].append((stop, self._leave(side, at, -moved[side] * (stop - start))))
            start = stop
        if self._held.min() < -OWED * self._volume:
            self._held = self._holds(at)
        self._tidy(at)
        return tuple(left[BEGIN]) if moved[BEGIN] < 0.0 else NOTHING, tuple(left[END]) if moved[END] < 0.0 else NOTHING

    def amounts(self, hi: float, lo: float) -> Floats:
        """What entered and has not left."""
        held = np.maximum(self._held, 0.0)
        content, total = max(hi - lo, 0.0), float(held.sum())
        whole: Floats = held * (content / total) if total > 0.0 else held
        return whole

    def copy(self) -> "Laminar":
        """Copy the tapes and where they meet."""
        twin = Laminar.__new__(Laminar)
        twin._volume, twin._edges, twin._densities = self._volume, self._edges, self._densities
        twin._tapes = (self._tapes[BEGIN].copy(), self._tapes[END].copy())
        twin._reaches, twin._held, twin._tidied = self._reaches.copy(), self._held, self._tidied
        return twin

    def _stops(self, moved: tuple[float, float], streams: tuple[Stream, Stream]) -> list[float]:
        """Where steps end: at every change of what enters, and often enough between. A step of h strays by at most
        h^2 / 8 times 4 / V."""
        stops = sorted({until for stream in streams for until, _ in stream} | {1.0})
        kinds = {tape.last for tape in self._tapes} | {shares for stream in streams for _, shares in stream}
        if all(tape.is_even for tape in self._tapes) and len(kinds) == 1:
            return [1.0]
        longest = self._volume * (8.0 * TOLERANCE / STEEPEST) ** 0.5
        through = max(abs(moved[BEGIN]), abs(moved[END]))
        steps: list[float] = []
        start = 0.0
        for stop in stops:
            n = max(1, ceil(through * (stop - start) / longest))
            steps += [start + (stop - start) * k / n for k in range(1, n)] + [stop]
            start = stop
        return steps

    def _leave(self, side: int, at: list[float], volume: float) -> Composition:
        """Let ``volume`` leave, up to the coordinate ``at[side]``; give its shares."""
        tape = self._tapes[side]
        tape.cut(at[side])
        self._draw(side, at[side])
        other = self._tapes[1 - side]
        if tape.is_even and other.is_even and tape.last == other.last:
            shares = tape.last
            self._held = self._held - volume * np.array(shares)
            return shares
        amounts = np.maximum(self._held - self._holds(at), 0.0)
        part = amounts * (volume / amounts.sum()) if amounts.any() else volume * np.array(tape.last)
        self._held = self._held - part
        return tuple((part / volume).tolist())

    def _draw(self, side: int, at: float) -> None:
        """Draw the line anew on the streamlines on which ``side`` has taken back all that came in there."""
        reaches = self._reaches
        v = 0.0
        while reaches:
            first = reaches[0]
            upto = (first.v if first.at > at else v) if first.side == side else min(-first.at - at, first.v)
            v = max(v, upto)
            if v < first.v:
                break
            reaches.pop(0)
        if v > self._edges[0]:
            reaches.insert(0, Reach(v, side, at))

    def _holds(self, at: list[float]) -> Floats:
        """Sum what lies on all streamlines, by source, mL: on each from either end to where the two meet."""
        total = self._tapes[BEGIN].upto(at[BEGIN]) + self._tapes[END].upto(at[END])
        edges, v = self._edges, float(self._edges[0])
        whole = len(self._reaches) == 1
        for reach in self._reaches:
            part = 1.0 if whole else float(np.diff(np.interp((v, reach.v), edges, SHARES))[0])
            between = edges if whole else np.clip(edges, v, reach.v)
            total = total - part * self._tapes[reach.side].upto(reach.at)
            total = total - self._tapes[1 - reach.side].smeared(-reach.at, between, self._densities)
            v = reach.v
        return total

    def _tidy(self, at: list[float]) -> None:
        """Now and then forget what has left for good."""
        if abs(at[BEGIN] - self._tidied) < 0.5 * self._volume:
            return
        self._tidied = at[BEGIN]
        for side in (BEGIN, END):
            needed = [reach.at if reach.side == side else -reach.at - reach.v for reach in self._reaches]
            self._tapes[side].tidy(min(at[side], *needed), at[side])


def _shares_at(stream: Stream, start: float) -> Composition:
    """Give what crosses from ``start`` on."""
    return next(shares for until, shares in stream if until > start)
