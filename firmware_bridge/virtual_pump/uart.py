"""What a serial receiver makes of bytes that were sent at another rate than its own: what a wrong baud rate looks like.

A character is a start bit (low), eight bits, the lowest first, and a stop bit (high); the line rests high. A receiver waits for
the line to fall and looks at it in the middle of each of its own bits. Where it finds no stop bit it has a framing error: the
character is then read as 00, as Linux does by default, and the receiver waits for the line to be high again.
Reckoned in whole ticks, so exact.
"""

DATA_BITS, BITS = 8, 10


def at_another_rate(data: bytes, sent_baud: int, read_baud: int) -> bytes:
    """What is read at ``read_baud`` of bytes that were sent one right after the other at ``sent_baud``."""
    if sent_baud == read_baud:
        return data
    line = _Line(data, 2 * read_baud)  # a tick is 1 / (2 sent x read)
    bit, found, at = 2 * sent_baud, bytearray(), 0
    while (edge := line.falls(at)) is not None:
        middle = edge + bit // 2
        if line.level(middle):  # too short to be a start bit
            at = middle
            continue
        levels = [line.level(middle + bit * k) for k in range(1, BITS)]
        at = middle + bit * (BITS - 1)
        sound = levels[DATA_BITS]
        found.append(sum(level << k for k, level in enumerate(levels[:DATA_BITS])) if sound else 0)
    return bytes(found)


class _Line:
    """The level of a line while characters are sent over it; ``bit``: ticks of a bit."""

    def __init__(self, data: bytes, bit: int) -> None:
        self._bit = bit
        self._levels = [
            level for byte in data for level in (False, *(bool(byte >> k & 1) for k in range(DATA_BITS)), True)
        ]

    def level(self, tick: int) -> bool:
        """Whether it is high; it rests high."""
        place = tick // self._bit
        return place >= len(self._levels) or self._levels[place]

    def falls(self, tick: int) -> int | None:
        """When it is low first after it has been high, from a tick on; None: never again. Before all it was high."""
        place = tick // self._bit
        high = tick == 0 or self.level(tick)
        while place < len(self._levels):
            if high and not self._levels[place]:
                return max(tick, place * self._bit)
            high = high or self._levels[place]
            place += 1
        return None
