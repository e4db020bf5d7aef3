"""Functions of the kind that a linear network makes, and the first time that one of them reaches 0, with certainty.

    g(t) = constant + slope t + sum of weights_k exp(-decay_k t),      0 <= t <= length (h), decay_k >= 0

A crossing is not looked for between samples: an interval is left out only when a bound over it says that g stays below 0
there, and it is closed in on only when the derivative's bound says that g rises, or falls, all the way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SHORTEST_H = 1e-10 / 3600
"""A tenth of a ns: two instants nearer than that are one."""
DEPTH = 60
"""Halvings of a piece: 2^-60 of ten years is less than a ns."""


@dataclass(frozen=True, slots=True)
class Expo:
    """One such function; ``weights`` and ``decays`` of the same length, decays in 1/h."""

    constant: float
    slope: float
    weights: Sequence[float]
    decays: Sequence[float]

    def at(self, t: float) -> float:
        """The value at ``t`` hours."""
        value = self.constant + self.slope * t
        for weight, decay in zip(self.weights, self.decays, strict=True):
            value += weight * math.exp(-decay * t)
        return value

    def highest(self, begin: float, end: float) -> float:
        """A bound that the function does not exceed between two instants."""
        bound = self.constant + max(self.slope * begin, self.slope * end)
        for weight, decay in zip(self.weights, self.decays, strict=True):
            bound += weight * math.exp(-decay * (begin if weight > 0.0 else end))
        return bound

    def bends(self, begin: float, end: float) -> tuple[float, float]:
        """Bounds of the derivative between two instants."""
        low = high = self.slope
        for weight, decay in zip(self.weights, self.decays, strict=True):
            first, last = -weight * decay * math.exp(-decay * begin), -weight * decay * math.exp(-decay * end)
            low, high = low + min(first, last), high + max(first, last)
        return low, high


def first_reached(function: Expo, length: float, begin: float = 0.0) -> float | None:
    """Find the first t in [begin, length] h at which the function is 0 or more; None when it is not reached."""
    if function.at(begin) >= 0.0:
        return begin
    return _search(function, begin, length, DEPTH)


def _search(function: Expo, begin: float, end: float, depth: int) -> float | None:
    """Search an interval at whose begin the function is below 0."""
    if function.highest(begin, end) < 0.0:
        return None
    low, high = function.bends(begin, end)
    if low >= 0.0 or high <= 0.0 or depth == 0 or end - begin < SHORTEST_H:
        return _closed_in(function, begin, end) if function.at(end) >= 0.0 else None
    middle = (begin + end) / 2.0
    if function.at(middle) >= 0.0:  # the first one is before the middle, but there may be an earlier one
        found = _search(function, begin, middle, depth - 1)
        return middle if found is None else found
    found = _search(function, begin, middle, depth - 1)
    return _search(function, middle, end, depth - 1) if found is None else found


def _closed_in(function: Expo, begin: float, end: float) -> float:
    """The root of a function that rises through 0 once between two instants, to a tenth of a ns; never before it.

    By chords, where the end that stays counts half each time (the Illinois rule), so that both ends come to the root.
    """
    low, high, moved = function.at(begin), function.at(end), 0
    while end - begin > SHORTEST_H:
        chord = begin - low * (end - begin) / (high - low) if high > low else begin
        middle = min(max(chord, begin + SHORTEST_H / 2.0), end - SHORTEST_H / 2.0)
        if not begin < middle < end:
            break
        value = function.at(middle)
        if value >= 0.0:
            end, high, low, moved = middle, value, low / 2.0 if moved > 0 else low, 1
        else:
            begin, low, high, moved = middle, value, high / 2.0 if moved < 0 else high, -1
    return end
