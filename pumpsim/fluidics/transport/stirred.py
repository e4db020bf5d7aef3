"""Stirred vessels: the well-mixed tank, and the drip chamber that keeps its air.

With an even inflow u of shares f, an outflow w and a content that runs straight from V0 to V1 = V0 + u - w:

    d(shares)/dx = u (f - shares) / V     ->     shares1 = f + (shares0 - f) (V0 / V1)^(u / (V1 - V0))

which is exp(-u / V) where V stays. What left is the balance of what entered and what is held, so knots are exact. Sources:
PHYSICS 4.1 (well-mixed); the power is the same equation with V linear, by separation.
"""

from math import expm1, log1p, sqrt

from pumpsim.fluidics.transport.streams import NOTHING, TOLERANCE, Composition, Stream, taken_and_given

Parts = list[tuple[float, Composition]]


def stir(
    held: Composition, entering: Composition, v0: float, taken: float, given: float
) -> tuple[Composition, Composition]:
    """Give the shares after an even piece, and their mean in what left. Volumes in mL, at least 0."""
    if taken == 0.0 or held == entering:
        return held, held
    if v0 <= 0.0:
        return entering, entering
    growth = taken - given
    v1 = v0 + growth
    if v1 <= 0.0:
        return entering, _towards(entering, held, min(1.0, v0 / given))
    lost = expm1(-taken / v0 if growth == 0.0 else -taken * log1p(growth / v0) / growth)
    after = tuple([c + (c - f) * lost for c, f in zip(held, entering, strict=True)])
    if given == 0.0:
        return after, after
    return after, _towards(entering, held, -(growth + v1 * lost) / given)


def _towards(a: Composition, b: Composition, part: float) -> Composition:
    return tuple([x + (y - x) * part for x, y in zip(a, b, strict=True)])


class Stirred:
    """A tank whose content is always even; it may take and give at both ends. ``volume`` (above 0): at rest, mL."""

    __slots__ = ("_shares", "_volume")

    def __init__(self, volume: float, filling: Composition) -> None:
        self._volume, self._shares = volume, filling

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Stir in what enters; both ends give the same."""
        taken, given, entering = taken_and_given(hi0, hi1, lo0, lo1, begin, end)
        parts: Parts = []
        start = 0.0
        for until, shares in entering or ((1.0, self._shares),):
            self._shares = stir_span(parts, self._shares, shares, hi0 - lo0, taken, given, start, until, self._volume)
            start = until
        out = tuple(parts)
        return out if hi1 < hi0 else NOTHING, out if lo1 > lo0 else NOTHING

    def amounts(self, hi: float, lo: float) -> list[float]:
        """Its content, evenly."""
        held = max(hi - lo, 0.0)
        return [held * share for share in self._shares]

    def copy(self) -> "Stirred":
        """Copy volume and shares."""
        return Stirred(self._volume, self._shares)


def stir_span(
    parts: Parts,
    held: Composition,
    entering: Composition,
    v0: float,
    taken: float,
    given: float,
    start: float,
    stop: float,
    volume: float,
) -> Composition:
    """Stir through the span from ``start`` to ``stop`` of a piece, in steps that keep the tolerance; add what left to
    ``parts`` and give the shares after it. ``v0``: content where the piece begins; ``taken``, ``given``: of the whole piece.

    Amounts bend by given * taken * (f - shares) / V, so a step of length s strays by an eighth of that times s^2.
    """
    while start < stop:
        v = max(v0 + (taken - given) * start, 0.0)
        step = stop - start
        bend, allowed = taken * given * step * step, 8.0 * TOLERANCE * volume * max(v, TOLERANCE * volume)
        if bend > allowed:
            apart = max([abs(a - b) for a, b in zip(held, entering, strict=True)])
            if bend * apart > allowed:
                step *= sqrt(allowed / (bend * apart))
        upto = stop if start + step >= stop * (1.0 - 1e-12) else start + step
        held, left = stir(held, entering, v, taken * (upto - start), given * (upto - start))
        parts.append((upto, left))
        start = upto
    return held


class Trap:
    """A drip chamber: air that enters stays, liquid (stirred) leaves for as long as there is any, at either end.

    Only without liquid does air pass on; liquid that then enters still goes first. ``volume`` (above 0): at rest, mL.
    """

    __slots__ = ("_air", "_liquid", "_shares", "_volume")

    def __init__(self, volume: float, filling: Composition, air: int) -> None:
        self._volume, self._air = volume, air
        self._shares = filling
        self._liquid = volume * (1.0 - filling[air])

    def move(self, hi0: float, hi1: float, lo0: float, lo1: float, begin: Stream, end: Stream) -> tuple[Stream, Stream]:
        """Keep the air of what enters, stir in the rest; both ends give the same."""
        taken, given, entering = taken_and_given(hi0, hi1, lo0, lo1, begin, end)
        parts: Parts = []
        start = 0.0
        for until, shares in entering or ((1.0, self._shares),):
            self._span(parts, shares, taken, given, start, until)
            start = until
        out = tuple(parts)
        return out if hi1 < hi0 else NOTHING, out if lo1 > lo0 else NOTHING

    def amounts(self, hi: float, lo: float) -> list[float]:
        """Its liquid, evenly, and air for the rest."""
        held = max(hi - lo, 0.0)
        liquid = min(self._liquid, held)
        total = [liquid * share for share in self._shares]
        total[self._air] = held - liquid
        return total

    def copy(self) -> "Trap":
        """Copy liquid and shares."""
        twin = Trap(self._volume, self._shares, self._air)
        twin._liquid = self._liquid
        return twin

    def _span(self, parts: Parts, entering: Composition, taken: float, given: float, start: float, stop: float) -> None:
        """Run from ``start`` to ``stop``: first what liquid there is, then what comes in."""
        wet = 1.0 - entering[self._air]
        liquid_in = taken * wet
        if self._liquid > 0.0 or liquid_in > given:
            shares = self._without_air(entering, wet) if wet > 0.0 else self._shares
            growth = liquid_in - given
            v0 = self._liquid - growth * start
            dry = start + self._liquid / -growth if growth < 0.0 else stop
            upto = min(dry, stop)
            self._shares = stir_span(parts, self._shares, shares, v0, liquid_in, given, start, upto, self._volume)
            self._liquid = 0.0 if dry <= stop and growth < 0.0 else max(v0 + growth * upto, 0.0)
            start = upto
        if start < stop:
            parts.append((stop, self._dry(entering, taken, given)))

    def _without_air(self, entering: Composition, wet: float) -> Composition:
        if wet == 1.0:
            return entering
        return tuple([0.0 if i == self._air else share / wet for i, share in enumerate(entering)])

    def _dry(self, entering: Composition, taken: float, given: float) -> Composition:
        """Let through the liquid that enters, with air for the rest."""
        if given == 0.0:
            return entering
        passing = [share * taken / given for share in entering]
        passing[self._air] = 0.0
        passing[self._air] = max(0.0, 1.0 - sum(passing))
        return tuple(passing)
