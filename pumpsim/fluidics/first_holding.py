"""From where a closed form says that something comes true to the exact ns at which the delivered reading has it so."""

from collections.abc import Callable, Iterable
from itertools import pairwise

SLACK_NS = 64
"""How far the closed form may lie beside the exact ns, from rounding."""


def first_holding(holds: Callable[[int], bool], guess: int, low: int, high: int) -> int | None:
    """Walk from the closed form's guess to the exact first ns; None when it is not within reach."""
    at_ns = max(low, min(guess, high))
    for _ in range(SLACK_NS):
        if holds(at_ns):
            break
        if at_ns >= high:
            return None
        at_ns += 1
    else:
        return None
    for _ in range(SLACK_NS):
        if at_ns - 1 < low or not holds(at_ns - 1):
            break
        at_ns -= 1
    return at_ns


def first_within(holds: Callable[[int], bool], edges: Iterable[int]) -> int | None:
    """The first ns at which something holds that between two edges (at least two, ascending) only comes true, or only ends."""
    for low, high in pairwise(edges):
        if holds(low):
            return low
        if not holds(high):
            continue
        before, first = low, high
        while first - before > 1:
            middle = (before + first) // 2
            before, first = (before, middle) if holds(middle) else (middle, first)
        return first
    return None
