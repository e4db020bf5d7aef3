"""The two framings of New Era pumps: bytes to packets, replies to bytes. Nothing here knows a command.

    Basic   to the pump    [address][command] CR           from the pump   STX data ETX
    Safe    both ways      STX length data CRC CRC ETX     length counts itself and all behind it: data + 4

A byte STX begins a Safe packet, whatever the mode is. Such a packet is counted by its length: STX, ETX and CR can occur inside.
Source: New Era NE-1000 user manual 1200-01, 10.2.
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

STX, ETX, CR = 0x02, 0x03, 0x0D
AROUND = 4
"""Bytes of a Safe packet that ``length`` counts beside the data: itself, two of CRC, ETX."""
GAP_NS = 500_000_000
"""A packet in which a byte is awaited longer is dropped (manual, 10.2.3)."""
LONGEST = 128
"""Characters of a Basic command, without blanks: far beyond the longest one. What is beyond makes it an unknown one."""
BEYOND = b"?"
"""What is kept in the place of all that is beyond: it ends no command."""
_DROPPED = bytes([*range(0x21), 0x7F])
_BASIC_ENDS = re.compile(b"[%c%c]" % (STX, CR))


@dataclass(frozen=True, slots=True)
class Packet:
    """What the host said: text without spaces and control characters, in capitals. ``safe``: in a Safe packet; ``sound``:
    its CRC and its end are right."""

    text: str
    safe: bool
    sound: bool = True


def crc(data: bytes) -> int:
    """CCITT CRC: polynomial 1021, start 0, no reflection, no final xor."""
    return binascii.crc_hqx(data, 0)


def encode(data: str, *, safe: bool) -> bytes:
    """The frame of a reply."""
    body = data.encode("ascii")
    if not safe:
        return bytes([STX, *body, ETX])
    return bytes([STX, len(body) + AROUND, *body, *crc(body).to_bytes(2, "big"), ETX])


class Receiver:
    """Takes bytes in as they come, cut anywhere."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._packet: bytearray | None = None
        self._heard_ns = 0

    def take(self, link_ns: int, data: bytes) -> Sequence[Packet]:
        """The packets that are whole now. Never raises."""
        if self._packet is not None and link_ns - self._heard_ns > GAP_NS:
            self._packet = None
        self._heard_ns = link_ns
        found: list[Packet] = []
        while data:
            if self._packet is not None:
                packet, data = self._take_safe(data[0]), data[1:]
            else:
                end = _BASIC_ENDS.search(data)
                here = len(data) if end is None else end.start()
                packet, data = self._take_basic(data[:here], data[here : here + 1]), data[here + 1 :]
            if packet is not None:
                found.append(packet)
        return found

    def _take_basic(self, part: bytes, end: bytes) -> Packet | None:
        """Take a part of a command, and what ends it: CR, the STX of a Safe packet, or nothing yet."""
        self._line += part.translate(None, _DROPPED)
        if len(self._line) > LONGEST:
            self._line[LONGEST:] = BEYOND
        if not end:
            return None
        text = _plain(self._line)
        self._line.clear()
        if end[0] == CR:
            return Packet(text, safe=False)
        self._packet = bytearray()
        return None

    def _take_safe(self, byte: int) -> Packet | None:
        assert self._packet is not None
        self._packet.append(byte)
        length = self._packet[0]
        if length < AROUND:  # no packet is so short: this STX was none
            self._packet = None
        if self._packet is None or len(self._packet) < length:
            return None
        whole, self._packet = bytes(self._packet), None
        data, check, end = whole[1:-3], whole[-3:-1], whole[-1]
        return Packet(_plain(data), safe=True, sound=end == ETX and crc(data) == int.from_bytes(check, "big"))


def _plain(data: bytes | bytearray) -> str:
    """Drop spaces and control characters, and ignore case; a byte beyond ASCII makes no command."""
    return data.translate(None, _DROPPED).upper().decode("latin-1")
