"""What has come in at one end of a tube, along the volume that has: written on, read anywhere, taken back."""

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.transport.streams import Composition


class Tape:
    """Compositions along a coordinate x (mL), each from its knot to the next, the last open upwards, the first downwards.

    With their first and second integral over x at the knots, (capacity, sources), from an origin that moves along with
    what is read, so that differences stay exact; only differences mean anything.
    """

    __slots__ = ("_count", "_first", "_knots", "_second", "_shares", "last")

    def __init__(self, at: float, composition: Composition) -> None:
        self._knots = np.full(16, at)
        self._shares = np.tile(composition, (16, 1))
        self._first, self._second = np.zeros_like(self._shares), np.zeros_like(self._shares)
        self._count, self.last = 1, composition

    @property
    def is_even(self) -> bool:
        """Whether there is one composition only."""
        return self._count == 1

    def write(self, at: float, composition: Composition) -> None:
        """From ``at`` on this composition comes in; at or above the last knot."""
        if composition == self.last:
            return
        i = self._count
        if i == len(self._knots):
            self._grow()
        step = at - self._knots[i - 1]
        self._knots[i], self._shares[i] = at, composition
        self._first[i] = self._first[i - 1] + self._shares[i - 1] * step
        self._second[i] = self._second[i - 1] + (self._first[i - 1] + self._shares[i - 1] * (0.5 * step)) * step
        self._count, self.last = i + 1, composition

    def cut(self, at: float) -> None:
        """Forget what was written from ``at`` on."""
        i = self._count
        if self._knots[i - 1] < at:
            return
        while i > 1 and self._knots[i - 1] >= at:
            i -= 1
        self._count, self.last = i, tuple(self._shares[i - 1].tolist())
        if i == 1:
            self._restart(min(at, float(self._knots[0])))

    def upto(self, x: float) -> Floats:
        """Integrate the shares from the origin to x: (sources,), mL."""
        i = max(int(self._knots[: self._count].searchsorted(x, "right")) - 1, 0)
        integral: Floats = self._first[i] + self._shares[i] * (x - self._knots[i])
        return integral

    def smeared(self, at: float, edges: Floats, densities: Floats) -> Floats:
        """Integrate ``upto(at - v)`` over v with ``densities`` (n,), even between ``edges`` (n+1,): (sources,), mL."""
        second = self._twice_upto(at - edges)
        integral: Floats = densities @ (second[:-1] - second[1:])
        return integral

    def tidy(self, before: float, origin: float) -> None:
        """Forget what lies below ``before`` and count from ``origin`` from here on."""
        drop = max(int(self._knots[: self._count].searchsorted(before, "right")) - 1, 0)
        first, second = self.upto(origin), self._twice_upto(np.array([origin]))[0]
        keep = slice(drop, self._count)
        self._knots, self._shares = self._knots[keep].copy(), self._shares[keep].copy()
        self._second = self._second[keep] - (second + first * (self._knots - origin)[:, None])
        self._first = self._first[keep] - first
        self._count -= drop
        if self._count == 1:
            self._restart(origin)

    def copy(self) -> "Tape":
        """Copy what is written."""
        twin = Tape.__new__(Tape)
        used = slice(0, self._count)
        twin._knots, twin._shares = self._knots[used].copy(), self._shares[used].copy()
        twin._first, twin._second = self._first[used].copy(), self._second[used].copy()
        twin._count, twin.last = self._count, self.last
        return twin

    def _twice_upto(self, x: Floats) -> Floats:
        """Integrate ``upto`` from the origin to x: (n,) to (n, sources)."""
        i = np.maximum(self._knots[: self._count].searchsorted(x, "right") - 1, 0)
        step = (x - self._knots[i])[:, None]
        twice: Floats = self._second[i] + (self._first[i] + 0.5 * self._shares[i] * step) * step
        return twice

    def _restart(self, at: float) -> None:
        """Count from ``at``, where the one composition that there is now has its knot."""
        self._knots[0], self._first[0], self._second[0] = at, 0.0, 0.0

    def _grow(self) -> None:
        self._knots = np.concatenate((self._knots, self._knots))
        self._shares = np.concatenate((self._shares, self._shares))
        self._first = np.concatenate((self._first, self._first))
        self._second = np.concatenate((self._second, self._second))
