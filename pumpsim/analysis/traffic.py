"""What a recorded conversation with a pump comes to: which frames are shown, how long replies took, what was wrong and when.

Knows no protocol: what a frame means has been said by whoever read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

MOST_SHOWN = 400
AT_AN_END = 120
"""Frames of a long conversation that are always shown at its begin, and at its end."""
BESIDE = 3
"""Frames that are shown on either side of one with a fault."""


class Source(Enum):
    """Whose fault it was, or who brought it about."""

    WIRE = "wire"
    PUMP = "pump"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Rung:
    """A frame, on link time. ``from_host``: which way it went, None: it is no frame, but something that happened; ``spelled``:
    its bytes; ``says``: what it means; ``fault``: what is wrong, empty: nothing; ``delay_ns``: how long after the host's last
    byte, where it is a reply."""

    at_ns: int
    from_host: bool | None
    spelled: str
    says: str
    fault: str = ""
    delay_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was wrong for a while, or at one instant (both are the same), on pump time."""

    source: Source
    what: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class ReplyTimes:
    """``ms``: every reply time, in the order of the conversation; and what they come to: median, 99th percentile (nearest
    rank), the longest."""

    ms: tuple[float, ...]
    median_ms: float
    p99_ms: float
    longest_ms: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames that are shown one after the other; ``left_out``: how many are not, behind them."""

    rungs: tuple[Rung, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that is over. ``facts``: what is known of it, name and value; ``end_ns``: on pump time."""

    title: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    rungs: tuple[Rung, ...]
    troubles: tuple[Trouble, ...]
    end_ns: int


def reply_times(rungs: Sequence[Rung]) -> ReplyTimes | None:
    """Sum up how long replies took; None when there are none."""
    ms = tuple(rung.delay_ns / 1e6 for rung in rungs if rung.delay_ns is not None)
    if not ms:
        return None
    ranked = sorted(ms)
    middle = len(ranked) // 2
    median = ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2
    return ReplyTimes(ms, median, ranked[-(-99 * len(ranked) // 100) - 1], ranked[-1])


def shown(rungs: Sequence[Rung], most: int = MOST_SHOWN) -> tuple[Stretch, ...]:
    """Choose what is shown of a long conversation: its begin, its end, and what stands around faults, the first ones first."""
    if len(rungs) <= most:
        return (Stretch(tuple(rungs), 0),)
    ends = min(AT_AN_END, most // 2)
    chosen = {*range(ends), *range(len(rungs) - ends, len(rungs))}
    for at, rung in enumerate(rungs):
        around = {n for n in range(at - BESIDE, at + BESIDE + 1) if 0 <= n < len(rungs)} if rung.fault else set()
        if len(chosen | around) <= most:
            chosen |= around
    stretches: list[Stretch] = []
    run: list[Rung] = []
    last = -1
    for at in sorted(chosen):
        if at > last + 1:
            stretches.append(Stretch(tuple(run), at - last - 1))
            run = []
        run.append(rungs[at])
        last = at
    return (*stretches, Stretch(tuple(run), 0))
