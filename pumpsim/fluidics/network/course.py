"""Follow a network through the breakpoints of its pumps: every piece exact, every switch at its ns.

Between two breakpoints each pump delivers evenly, so every mode of the network runs to its end exponentially, or, where it
has no way out, straight. A piece in which a guard is reached is cut at the first ns at which it is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.network.elements import Stance
from pumpsim.fluidics.network.expo import Expo, first_reached
from pumpsim.fluidics.network.mode import Mode, Rows
from pumpsim.fluidics.network.state import State, plunged_ml, settled
from pumpsim.fluidics.outlet import NS_PER_H

FIRST_BLOCK, LARGEST_BLOCK = 16, 4_096
"""Pieces looked at together; few after a switch, more and more while there is none."""
ROUNDING = 1e-12
"""By how much a bound may come out too low."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """What a network does while nothing switches.

    ``at_ns`` (n+1,), strictly ascending; ``given_ml`` (ports, n+1): delivered by the pumps since power-on, straight between
    breakpoints; ``modes`` (k, n+1). ``begin``: the state at the first breakpoint, switches and jumps done.
    """

    begin: State
    at_ns: Instants
    given_ml: Floats
    modes: Floats

    @property
    def mode(self) -> Mode:
        """The linear system that holds throughout."""
        return self.begin.regime.mode

    @cached_property
    def hours(self) -> Floats:
        """Length of each piece, (n,)."""
        length: Floats = (self.at_ns[1:] - self.at_ns[:-1]) / NS_PER_H
        return length

    @cached_property
    def flows(self) -> Floats:
        """What each pump delivers within each piece, (ports, n), mL/h."""
        flow: Floats = (self.given_ml[:, 1:] - self.given_ml[:, :-1]) / self.hours
        return flow

    def values(self, rows: Rows, pieces: Instants, hours: Floats) -> Floats:
        """Evaluate rows (m,) at instants ``hours`` (j,) after the begin of ``pieces`` (j,): (m, j)."""
        modes, flows, given = self._at(pieces, hours)
        value: Floats = (
            rows.modes @ modes
            + rows.flows @ flows
            + rows.given @ given
            + (rows.springs @ self.begin.springs + rows.constant)[:, None]
        )
        return value

    def _at(self, pieces: Instants, hours: Floats) -> tuple[Floats, Floats, Floats]:
        flows = self.flows[:, pieces]
        force = self.mode.drive @ flows + self.mode.lift[:, None]
        keep, gain = _kept(self.mode, hours)
        modes = self.modes[:, pieces] * keep + force * gain
        return modes, flows, self.given_ml[:, pieces] + flows * hours

    def through(self, rows: Rows, pieces: Instants, hours: Floats) -> Floats:
        """Integrate rows that do not depend on what is delivered over the first ``hours`` (j,) of ``pieces`` (j,): (m, j)."""
        flows = self.flows[:, pieces]
        force = self.mode.drive @ flows + self.mode.lift[:, None]
        _, gain = _kept(self.mode, hours)
        decay = self.mode.decay[:, None]
        pushed = np.where(decay > 0.0, (hours - gain) / _safe(decay), hours * hours / 2.0)
        integral: Floats = (
            rows.modes @ (self.modes[:, pieces] * gain + force * pushed)
            + (rows.flows @ flows) * hours
            + np.outer(rows.springs @ self.begin.springs + rows.constant, hours)
        )
        return integral

    def state(self) -> State:
        """The network at the last breakpoint."""
        mode, decay = self.mode, self.mode.decay[:, None]
        force = mode.drive @ self.flows + mode.lift[:, None]
        _, gain = _kept(mode, self.hours)
        pushed = np.where(decay > 0.0, (self.hours - gain) / _safe(decay), self.hours * self.hours / 2.0)
        moved = (self.modes[:, :-1] * gain + force * pushed).sum(axis=1)
        given, hours = self.given_ml[:, -1] - self.given_ml[:, 0], float(self.hours.sum())

        def passed(rows: Rows) -> Floats:
            steady = rows.springs @ self.begin.springs + rows.constant
            total: Floats = rows.modes @ moved + rows.flows @ given + steady * hours
            return total

        through = self.begin.through_ml + passed(mode.flows)
        plunged = self.begin.plunged_ml
        if len(plunged):
            plunged = plunged + passed(mode.plunger_flows)
        end = replace(self.begin, modes=self.modes[:, -1].copy(), through_ml=through, plunged_ml=plunged)
        pressures = end.pressures(self.flows[:, -1], self.given_ml[:, -1])
        return replace(end, plunged_ml=plunged_ml(end, pressures, self.given_ml[:, -1]))

    def function(self, rows: Rows, row: int, piece: int) -> Expo:
        """One row within one piece, as a function of the hours since its begin."""
        flows = self.flows[:, piece]
        force = self.mode.drive @ flows + self.mode.lift
        constant = float(
            rows.flows[row] @ flows
            + rows.given[row] @ self.given_ml[:, piece]
            + rows.springs[row] @ self.begin.springs
            + rows.constant[row]
        )
        slope, decays, parts = float(rows.given[row] @ flows), self.mode.decay.tolist(), []
        courses = zip(rows.modes[row].tolist(), decays, self.modes[:, piece].tolist(), force.tolist(), strict=True)
        for weight, decay, now, push in courses:  # a handful: arrays would cost more
            end = push / decay if decay > 0.0 else now
            constant += weight * end
            slope += 0.0 if decay > 0.0 else weight * push
            parts.append(weight * (now - end))
        return Expo(constant, slope, parts, decays)

    def bounds(self, rows: Rows) -> Floats:
        """A value that each row does not exceed within each piece: (m, n).

        The lesser of two bounds: how far it can rise from its begin, and from how far above its end it can come.
        """
        hours, flows, decay = self.hours, self.flows, self.mode.decay[:, None]
        force = self.mode.drive @ flows + self.mode.lift[:, None]
        now = self.modes[:, :-1]
        ends = np.where(decay > 0.0, force / _safe(decay), now)
        gone = (ends - now) * -np.expm1(-decay * hours)
        slope = rows.given @ flows + rows.modes @ np.where(decay > 0.0, 0.0, force)
        straight = slope * hours
        begin = rows.modes @ now + rows.flows @ flows + rows.given @ self.given_ml[:, :-1]
        begin += (rows.springs @ self.begin.springs + rows.constant)[:, None]
        up, down = np.maximum(gone, 0.0), np.maximum(-gone, 0.0)
        more, less = np.maximum(rows.modes, 0.0), np.maximum(-rows.modes, 0.0)
        rise = np.maximum(straight, 0.0) + more @ up + less @ down
        fall = np.maximum(-straight, 0.0) + more @ down + less @ up
        bound: Floats = begin + np.minimum(rise, rows.modes @ gone + straight + fall)
        return bound

    def until(self, piece: int, ns: int) -> "Stretch":
        """The part of it that ends ``ns`` after the begin of a piece; 0: at its begin. What leads there is the same."""
        if ns == 0:
            last = piece + 1
            return Stretch(self.begin, self.at_ns[:last], self.given_ml[:, :last], self.modes[:, :last])
        modes, _, given = self._at(np.array([piece]), np.array([ns / NS_PER_H]))
        kept = slice(0, piece + 1)
        return Stretch(
            self.begin,
            np.append(self.at_ns[kept], self.at_ns[piece] + ns),
            np.concatenate([self.given_ml[:, kept], given], axis=1),
            np.concatenate([self.modes[:, kept], modes], axis=1),
        )


def _kept(mode: Mode, hours: Floats) -> tuple[Floats, Floats]:
    """exp(-decay t), and (1 - exp(-decay t)) / decay, each (k, j)."""
    decay = mode.decay[:, None]
    gone = -np.expm1(-decay * hours)
    gain = np.where(decay > 0.0, gone / _safe(decay), hours)
    return 1.0 - gone, gain


def _safe(decay: Floats) -> Floats:
    """To divide by, where a mode that does not decay is left out."""
    return np.where(decay > 0.0, decay, 1.0)


def follow(state: State, at_ns: Instants, given_ml: Floats) -> Iterator[Stretch]:
    """Follow a network through breakpoints ``at_ns`` (n+1,), n >= 1; pumps have delivered ``given_ml`` (ports, n+1) by then.

    Gives stretch after stretch; each begins with the state in which the last one ended, switches done.
    """
    first, block, unsettled = 0, FIRST_BLOCK, 0
    begin_ns, begin_ml = at_ns[:1], given_ml[:, :1]  # of the piece that ``first`` begins, what of it is over left out
    while first < len(at_ns) - 1:
        length_ns = int(at_ns[first + 1] - begin_ns[0])
        flows = (given_ml[:, first + 1] - begin_ml[:, 0]) / (length_ns / NS_PER_H)
        state = settled(state, flows, begin_ml[:, 0])
        last = min(len(at_ns) - 1, first + block)
        stretch = _run(
            state,
            np.concatenate([begin_ns, at_ns[first + 1 : last + 1]]),
            np.concatenate([begin_ml, given_ml[:, first + 1 : last + 1]], axis=1),
        )
        cut = min((at for at in (first_switch(stretch), first_emptied(stretch)) if at is not None), default=None)
        if cut is None:
            block, unsettled, first = min(2 * block, LARGEST_BLOCK), 0, last
        else:
            piece, ns = cut
            block = FIRST_BLOCK
            unsettled = unsettled + 1 if cut == (0, 0) else 0
            if unsettled:  # what has switched would switch back at once: let it have a little time, and more each time
                piece, ns = (0, 2**unsettled) if 2**unsettled < length_ns else (1, 0)
            stretch = stretch.until(piece, ns)
            first += piece
        yield stretch
        state = stretch.state()
        begin_ns, begin_ml = stretch.at_ns[-1:], stretch.given_ml[:, -1:]


def _run(state: State, at_ns: Instants, given_ml: Floats) -> Stretch:
    """Take every mode through the pieces, as long as nothing switches."""
    mode = state.regime.mode
    hours = (at_ns[1:] - at_ns[:-1]) / NS_PER_H
    flows = (given_ml[:, 1:] - given_ml[:, :-1]) / hours
    keep, gain = _kept(mode, hours)
    rise = (mode.drive @ flows + mode.lift[:, None]) * gain
    modes = np.empty((len(mode.decay), len(at_ns)))
    for k, value in enumerate(state.modes.tolist()):
        course = [value]
        for share, more in zip(keep[k].tolist(), rise[k].tolist(), strict=True):
            value = value * share + more  # noqa: PLW2901 (the recursion itself)
            course.append(value)
        modes[k] = course
    return Stretch(state, at_ns, given_ml, modes)


def first_switch(stretch: Stretch) -> tuple[int, int] | None:
    """Find the first piece in which a guard is reached, and the ns into it, rounded up; None if there is none."""
    guards = stretch.begin.regime.guards
    if guards is None:
        return None
    near = stretch.bounds(guards.rows) >= -ROUNDING
    for piece in np.flatnonzero(near.any(axis=0)).tolist():
        ns = first_in_piece(stretch, guards.rows.take(np.flatnonzero(near[:, piece]).tolist()), piece)
        if ns is not None:
            return piece, ns
    return None


def first_emptied(stretch: Stretch) -> tuple[int, int] | None:
    """Find when a plunger that is pulled ahead comes to the bottom: the piece, and the ns into it, rounded up.

    What it has given only grows while it is pulled, so bisection finds the instant.
    """
    found = []
    regime, every = stretch.begin.regime, np.arange(len(stretch.hours))
    for j, plunger in enumerate(regime.topology.plungers):
        if regime.switches.stances[j] is not Stance.FREE:
            continue
        rows = regime.mode.plunger_flows.take([j])
        given = stretch.begin.plunged_ml[j] + np.cumsum(stretch.through(rows, every, stretch.hours)[0])
        piece = int(np.searchsorted(given >= plunger.content_ml, True))
        if piece == len(every):
            continue
        wanted = plunger.content_ml - (given[piece - 1] if piece else stretch.begin.plunged_ml[j])
        low, high = 0, int(stretch.at_ns[piece + 1] - stretch.at_ns[piece])
        length_ns = high
        while high - low > 1:
            middle = (low + high) // 2
            enough = stretch.through(rows, np.array([piece]), np.array([middle / NS_PER_H]))[0, 0] >= wanted
            low, high = (low, middle) if enough else (middle, high)
        found.append((piece, high) if high < length_ns else (piece + 1, 0))
    return min(found, default=None)


def first_in_piece(stretch: Stretch, rows: Rows, piece: int) -> int | None:
    """The first ns into a piece at which any of the rows is 0 or more, rounded up; None if none is, or only at its end."""
    length_ns = int(stretch.at_ns[piece + 1] - stretch.at_ns[piece])
    first, found = length_ns / NS_PER_H, False
    for row in range(len(rows.constant)):  # each is of interest only until the earliest of those before it
        hours = first_reached(stretch.function(rows, row, piece), first)
        if hours is not None:
            first, found = hours, True
    ns = math.ceil(first * NS_PER_H) if found else length_ns
    return ns if ns < length_ns else None
