"""A wire in memory on virtual time, with the faults of real ones: delay, loss, damage, doubling, noise, a cut.

For tests and for everything that runs without a port. Chance is an argument: the same generator gives the same faults.
"""

from collections import deque
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class WireFaults:
    """Shares of the writes (0 to 1) that are lost, damaged in one bit, sent twice, or followed by noise."""

    lost: float = 0.0
    damaged: float = 0.0
    doubled: float = 0.0
    noise: float = 0.0


NO_FAULTS = WireFaults()


class Wire:
    """One direction of a link. ``jitter_ns``: up to so much is added to each write's latency; order is kept."""

    def __init__(self, latency_ns: int, chance: Random, faults: WireFaults = NO_FAULTS, jitter_ns: int = 0) -> None:
        self.cut = False
        self._latency_ns = latency_ns
        self._jitter_ns = jitter_ns
        self._chance = chance
        self._faults = faults
        self._travelling: deque[tuple[int, bytes]] = deque()
        self._last_ns = 0

    @property
    def next_ns(self) -> int | None:
        """When the next bytes arrive."""
        return self._travelling[0][0] if self._travelling else None

    def send(self, now_ns: int, data: bytes) -> None:
        """Put one write on the wire."""
        if not data or self.cut or self._happens(self._faults.lost):
            return
        if self._happens(self._faults.damaged):
            at = self._chance.randrange(len(data))
            data = data[:at] + bytes([data[at] ^ 1 << self._chance.randrange(8)]) + data[at + 1 :]
        if self._happens(self._faults.noise):
            data += self._chance.randbytes(self._chance.randrange(1, 20))
        copies = 2 if self._happens(self._faults.doubled) else 1
        for _ in range(copies):
            delay_ns = self._latency_ns + (self._chance.randrange(self._jitter_ns) if self._jitter_ns else 0)
            self._last_ns = max(self._last_ns, now_ns + delay_ns)
            self._travelling.append((self._last_ns, data))

    def receive(self, now_ns: int) -> bytes:
        """Take all that has arrived by now."""
        arrived = bytearray()
        while self._travelling and self._travelling[0][0] <= now_ns:
            arrived += self._travelling.popleft()[1]
        return bytes(arrived)

    def clear(self) -> None:
        """Forget what is under way: the plug was pulled."""
        self._travelling.clear()

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share
