"""Bytes of each direction into frames, cut anywhere, with the link time of their first and last byte.

A cutter is a function: of the bytes that wait (never empty) the length of the first whole piece, 0 when it is not whole yet.
What belongs to no frame comes out as a piece of its own. Nothing here drops or changes a byte.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from firmware_bridge.virtual_pump.unit import By

Cutter = Callable[[bytes], int]
LONGEST = 4096
"""Bytes without an end that are taken for one piece: more is no frame of any protocol here."""
STX, ETX, CR, LF = 0x02, 0x03, 0x0D, 0x0A


def run(_waiting: bytes) -> int:
    """No frames: a piece ends when the other side speaks, or with a pause."""
    return 0


def line(waiting: bytes) -> int:
    """Text up to CR."""
    return waiting.find(CR) + 1


def between(begin: int, end: int, after: bytes = b"", *, waits: bool = True) -> Cutter:
    """From one byte to another; a frame that begins anew ends the one before. ``after``: what follows the end as a rule, and
    whether it is waited for."""

    def cut(waiting: bytes) -> int:
        again = waiting.find(begin, 1)
        if waiting[0] != begin:
            return max(again, 0)
        last = waiting.find(end, 1)
        if last < 0 or 0 < again < last:
            return max(again, 0)
        rest = waiting[last + 1 : last + 1 + len(after)]
        if rest == after:
            return last + 1 + len(after)
        return 0 if waits and after.startswith(rest) else last + 1

    return cut


def before(prompt: re.Pattern[bytes]) -> Cutter:
    """An answer that ends with a prompt: it is known to be one when something follows, or by a pause."""

    def cut(waiting: bytes) -> int:
        found = prompt.search(waiting)
        return 0 if found is None else found.end()

    return cut


@dataclass(frozen=True, slots=True)
class Framing:
    """How each direction is cut. ``open_ended``: whose pieces end when the other side speaks, too; ``patience_ns``: the pause
    after which what waits is a piece, whole or not."""

    cutters: Mapping[By, Cutter]
    open_ended: frozenset[By] = frozenset()
    patience_ns: int = 500_000_000


RUN_PAUSE_NS = 50_000_000
"""Three times a slow USB adapter's 16 ms latency timer: what comes later is another run."""
RUNS = Framing({By.HOST: run, By.PUMP: run}, frozenset(By), RUN_PAUSE_NS)


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece: link time of its first and of its last byte."""

    at_ns: int
    until_ns: int
    by: By
    data: bytes


@dataclass(slots=True)
class _Waiting:
    data: bytearray = field(default_factory=bytearray)
    arrivals: deque[tuple[int, int]] = field(default_factory=deque)
    """Link time, and how many bytes of what waits came then."""


class Splitter:
    """Cuts both directions of one wire."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
        self._waiting = {by: _Waiting() for by in By}

    def take(self, at_ns: int, by: By, data: bytes) -> list[Cut]:
        """Take bytes in that arrived now; the pieces that are over."""
        pieces = self.expire(at_ns)
        other = By.PUMP if by is By.HOST else By.HOST
        if other in self._framing.open_ended:
            pieces += self._all(other)
        waiting = self._waiting[by]
        waiting.data += data
        waiting.arrivals.append((at_ns, len(data)))
        while waiting.data:
            length = self._framing.cutters[by](bytes(waiting.data))
            if not length and len(waiting.data) >= LONGEST:
                length = len(waiting.data)
            if not length:
                break
            pieces.append(self._cut(by, length))
        return pieces

    def expire(self, now_ns: int) -> list[Cut]:
        """The pieces that a pause has ended by now."""
        return [
            piece
            for by, waiting in self._waiting.items()
            if waiting.data and now_ns - waiting.arrivals[-1][0] >= self._framing.patience_ns
            for piece in self._all(by)
        ]

    def waiting(self, by: By) -> bytes:
        """What waits to become a whole piece."""
        return bytes(self._waiting[by].data)

    def end(self, by: By) -> list[Cut]:
        """Take what waits for a whole piece."""
        return self._all(by)

    def rest(self) -> list[Cut]:
        """What still waits: the wire is closed."""
        return sorted((piece for by in By for piece in self._all(by)), key=lambda piece: piece.at_ns)

    @property
    def due_ns(self) -> int | None:
        """When a pause ends something."""
        return min(
            (w.arrivals[-1][0] + self._framing.patience_ns for w in self._waiting.values() if w.data), default=None
        )

    def _all(self, by: By) -> list[Cut]:
        waiting = self._waiting[by]
        return [self._cut(by, len(waiting.data))] if waiting.data else []

    def _cut(self, by: By, length: int) -> Cut:
        waiting = self._waiting[by]
        data = bytes(waiting.data[:length])
        del waiting.data[:length]
        at_ns = until_ns = waiting.arrivals[0][0]
        while length:
            until_ns, count = waiting.arrivals.popleft()
            if count > length:
                waiting.arrivals.appendleft((until_ns, count - length))
            length -= min(count, length)
        return Cut(at_ns, until_ns, by, data)
