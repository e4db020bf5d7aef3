"""Stretches of time as sorted tuples of (from, to) in ns, which neither overlap nor touch. An end does not belong to it."""

from collections.abc import Iterable

Spans = tuple[tuple[int, int], ...]


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Sort stretches, and make one of those that overlap or touch; empty ones go."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(span for span in spans if span[1] > span[0]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return tuple(found)


def without(spans: Spans, others: Spans) -> Spans:
    """What is in ``spans`` and in none of ``others``."""
    kept = list(spans)
    for begin, end in others:
        kept = [part for b, e in kept for part in ((b, min(e, begin)), (max(b, end), e)) if part[1] > part[0]]
    return tuple(kept)


def overlap(spans: Spans, others: Spans) -> bool:
    """Whether two have more than an instant in common."""
    return any(begin < e and b < end for begin, end in spans for b, e in others)


def total_ns(spans: Spans) -> int:
    """How long they are together."""
    return sum(end - begin for begin, end in spans)
