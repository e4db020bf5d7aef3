"""What the air sensor behind a mechanism sees, as a function of the volume that has been given: a bubble's size, and all air
counted within the sensor's window. When either first satisfies a watch is found between the places at which it turns.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.feed import Bubbles
from pumpsim.vocabulary.alarms import Signal

AIR_SIGNALS = (Signal.AIR_BUBBLE, Signal.AIR_ACCUMULATED, Signal.AIR_TOTAL)
"""What the sensor behind a mechanism says."""


def seen(bubbles: Sequence[Bubbles], signal: Signal, now_ml: Sequence[float], then_ml: Sequence[float]) -> float:
    """A signal where the lines have given ``now_ml``, and had given ``then_ml`` when the window began.

    Lines that deliver at once are judged each by itself, as if the other's fluid did not break their bubbles up.
    """
    if signal is Signal.AIR_BUBBLE:
        return max((line.size_ml(now) for line, now in zip(bubbles, now_ml, strict=True)), default=0.0)
    counted = 0.0
    for line, now, then in zip(bubbles, now_ml, then_ml, strict=True):
        counted += line.counted_ml(now) - line.counted_ml(then)
    return max(counted, 0.0)


def turns(bubbles: Bubbles, levels: Sequence[float], at_ns: Instants, given_ml: Floats) -> set[int]:
    """Instants about which a signal turns, or comes to a level, while a line gives ``given_ml`` by ``at_ns``."""
    found: set[int] = set()
    for group in bubbles.groups:
        near = (given_ml >= group[0][0]) & (given_ml <= group[-1][1] + bubbles.apart_ml)
        found.update(at_ns[near].tolist())
    for place in bubbles.places(levels):
        sides = given_ml - place
        for k in np.flatnonzero(sides[:-1] * sides[1:] <= 0.0).tolist():
            low, high = int(at_ns[k]), int(at_ns[k + 1])
            width = float(given_ml[k + 1] - given_ml[k])
            into = (place - float(given_ml[k])) / width if width else 0.0
            ns = low + int(into * (high - low))
            found.update((ns - 1, ns, ns + 1, ns + 2))
    return found


def first_of(holds: Callable[[int], bool], turning_ns: Iterable[int], begin_ns: int, end_ns: int) -> int | None:
    """The first ns in an interval at which something holds that changes its mind at most once between two turns."""
    before = begin_ns
    if holds(begin_ns):
        return begin_ns
    for at_ns in sorted(ns for ns in {*turning_ns, end_ns} if begin_ns < ns <= end_ns):
        if holds(at_ns):
            low, high = before, at_ns
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if holds(middle) else (middle, high)
            return high
        before = at_ns
    return None
