"""What a wire does to bytes on their way: time, and faults. Chance comes from a seed; nothing here knows a protocol.

A frame is what the dialect sends in one go. Faults act on frames on their way to the host, ``silent`` and ``lose_first`` on
what the host sends too. All of it can be changed while it runs.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from firmware_bridge.virtual_pump.uart import at_another_rate

BITS_PER_BYTE = 10
"""Start, eight of data or seven and parity, stop."""


SHARES = ("drop", "corrupt", "duplicate", "split", "glue", "delay", "reorder")
WRONG_BAUD = "wrong-baud"
COUNTS = ("latency_ns", "baud", "gap_ns", "delay_ns", "host_baud")


@dataclass(frozen=True, slots=True)
class WireFaults:
    """``latency_ns``: at least so long until a reply goes out; ``baud``: paced as at this rate, 0: at once.

    Shares of frames, 0 to 1: that are dropped, have a bit turned, come twice, come in two parts ``gap_ns`` apart, are glued to
    the next, come late by ``delay_ns``, or after the next. ``silent``: nothing goes out or comes in. ``lose_first``: the next
    thing that the host says is lost. ``host_baud``: the rate at which the host speaks and listens, 0: the pump's; at another
    one both hear garbage. ``unplugged``: the plug is out, so the host's port is gone; what is sent goes nowhere.
    """

    latency_ns: int = 0
    baud: int = 0
    drop: float = 0.0
    corrupt: float = 0.0
    duplicate: float = 0.0
    split: float = 0.0
    glue: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0
    gap_ns: int = 20_000_000
    delay_ns: int = 500_000_000
    silent: bool = False
    lose_first: bool = False
    host_baud: int = 0
    unplugged: bool = False

    def __post_init__(self) -> None:
        wrong = [f"{name} = {getattr(self, name):g}" for name in SHARES if not 0.0 <= getattr(self, name) <= 1.0]
        wrong += [f"{name} = {getattr(self, name)}" for name in COUNTS if getattr(self, name) < 0]
        if wrong:
            raise ValueError(f"wire faults: {', '.join(wrong)}: shares are 0 to 1, times and rates not below 0")


NO_FAULTS = WireFaults()


class Wire:
    """The way between a dialect and its host, with what is still on it. ``pump_baud``: the rate of the pump, 0: none.

    ``note``: is told of every fault that happens: when, which, and the frame as it was meant.
    """

    def __init__(self, faults: WireFaults = NO_FAULTS, seed: int = 1, pump_baud: int = 0) -> None:
        self.pump_baud = pump_baud
        self._chance = random.Random(seed)
        self._heard_any = False
        self._faults = NO_FAULTS
        self.faults = faults
        self._queue = deque[tuple[int, bytes]]()
        self._free_ns = 0
        self._held: bytes | None = None
        self.note: Callable[[int, str, bytes], None] = lambda _now_ns, _what, _frame: None

    @property
    def faults(self) -> WireFaults:
        """What it does now."""
        return self._faults

    @faults.setter
    def faults(self, faults: WireFaults) -> None:
        if faults.lose_first and self._heard_any and not self._faults.lose_first:
            self._heard_any = False
        self._faults = faults
        self._garbles = faults.host_baud not in (0, self.pump_baud) and self.pump_baud > 0
        self.unplugged, self._mute = faults.unplugged, faults.silent or faults.unplugged
        switches = faults.latency_ns, faults.baud, self._mute, faults.lose_first, self._garbles
        self._sound = not any((*switches, *(getattr(faults, name) for name in SHARES)))

    def carry(self, now_ns: int, data: bytes, talk: Callable[[int, bytes], Sequence[bytes]]) -> bytes:
        """What the host's bytes come to: ``talk`` answers what of them comes through; what has come out by now."""
        if self._sound and self._held is None and not self._queue and self._free_ns <= now_ns:
            self._heard_any = True
            return b"".join(talk(now_ns, data))
        if heard := self.hear(now_ns, data):
            self.send(now_ns, talk(now_ns, heard))
        return self.due(now_ns)

    def hear(self, now_ns: int, data: bytes) -> bytes:
        """What of the host's bytes comes through."""
        if self._sound:
            self._heard_any = True
            return data
        if self._mute:
            self.note(now_ns, "silent", b"")
            return b""
        first, self._heard_any = not self._heard_any, True
        if first and self.faults.lose_first:
            self.note(now_ns, "lose-first", b"")
            return b""
        if self._garbles:
            self.note(now_ns, WRONG_BAUD, b"")
            return at_another_rate(data, self.faults.host_baud, self.pump_baud)
        return data

    def send(self, now_ns: int, frames: Sequence[bytes]) -> None:
        """Put frames on their way."""
        for frame in frames:
            if not frame:
                continue
            if self._sound and self._held is None:
                self._queue.append((max(now_ns, self._free_ns), frame))
            elif self._mute:
                self.note(now_ns, "silent", frame)
            else:
                self._put(now_ns, frame)

    @property
    def next_ns(self) -> int | None:
        """When bytes come out next."""
        return self._queue[0][0] if self._queue else None

    def due(self, now_ns: int) -> bytes:
        """The bytes that have come out by now."""
        out = b""
        while self._queue and self._queue[0][0] <= now_ns:
            out += self._queue.popleft()[1]
        return out

    def change(self, **faults: object) -> None:
        """Set some of the faults from now on. Raises ValueError for what cannot be, TypeError for what there is not."""
        self.faults = replace(self.faults, **faults)  # type: ignore[arg-type]

    def _put(self, now_ns: int, frame: bytes) -> None:
        faults, meant = self.faults, frame

        def happens(word: str) -> bool:
            found = self._happens(getattr(faults, word))
            if found:
                self.note(now_ns, word, meant)
            return found

        if happens("drop"):
            return
        if happens("corrupt"):
            frame = self._corrupted(frame)
        if self._garbles:
            self.note(now_ns, WRONG_BAUD, meant)
            frame = at_another_rate(frame, self.pump_baud, faults.host_baud)
        if self._held is not None:
            held, self._held = self._held, None
            frame = held + frame
        elif happens("glue"):
            self._held = frame
            return
        at_ns = now_ns + faults.latency_ns + (faults.delay_ns if happens("delay") else 0)
        for _ in range(2 if happens("duplicate") else 1):
            if len(frame) > 1 and happens("split"):
                cut = self._chance.randrange(1, len(frame))
                self._line_up(at_ns, frame[:cut])
                self._line_up(at_ns + faults.gap_ns, frame[cut:])
            else:
                self._line_up(at_ns, frame)
        if len(self._queue) > 1 and happens("reorder"):
            (first_ns, first), (last_ns, last) = self._queue[-2], self._queue[-1]
            self._queue[-2], self._queue[-1] = (first_ns, last), (last_ns, first)

    def _line_up(self, at_ns: int, data: bytes) -> None:
        """Behind what is on the wire already; paced, the last byte decides when it has come."""
        faults = self.faults
        begin_ns = max(at_ns, self._free_ns)
        if faults.baud:
            begin_ns += len(data) * BITS_PER_BYTE * 1_000_000_000 // faults.baud
        self._free_ns = begin_ns
        self._queue.append((begin_ns, data))

    def _happens(self, share: float) -> bool:
        return share > 0.0 and self._chance.random() < share

    def _corrupted(self, frame: bytes) -> bytes:
        at, bit = self._chance.randrange(len(frame)), self._chance.randrange(8)
        return frame[:at] + bytes([frame[at] ^ 1 << bit]) + frame[at + 1 :]
