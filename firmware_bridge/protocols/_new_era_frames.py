"""The two framings of New Era pumps: bytes to packets, replies to bytes. Nothing here knows a command.

    Basic   to the pump    [address][command] CR           from the pump   STX data ETX
    Safe    both ways      STX length data CRC CRC ETX     length counts itself and all behind it: data + 4

A byte STX begins a Safe packet, whatever the mode is. Such a packet is counted by its length: STX, ETX and CR can occur inside.
Source: New Era NE-1000 user manual 1200-01, 10.2.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass

STX, ETX, CR = 0x02, 0x03, 0x0D
AROUND = 4
"""Bytes of a Safe packet that ``length`` counts beside the data: itself, two of CRC, ETX."""
GAP_NS = 500_000_000
"""A packet in which a byte is awaited longer is dropped (manual, 10.2.3)."""
LONGEST = 128
"""Characters of a Basic command, without blanks: far beyond the longest one. What is beyond makes it an unknown one."""
BEYOND = ord("?")
"""What is kept in the place of all that is beyond: it ends no command."""


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
        for byte in data:
            packet = self._take_safe(byte) if self._packet is not None else self._take_basic(byte)
            found += [] if packet is None else [packet]
        return found

    def _take_basic(self, byte: int) -> Packet | None:
        if byte == STX:
            self._line.clear()
            self._packet = bytearray()
        elif byte == CR:
            packet = Packet(_plain(bytes(self._line)), safe=False)
            self._line.clear()
            return packet
        elif _counts(byte) and len(self._line) <= LONGEST:
            self._line.append(byte if len(self._line) < LONGEST else BEYOND)
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


def _plain(data: bytes) -> str:
    """Drop spaces and control characters, and ignore case; a byte beyond ASCII makes no command."""
    return bytes(byte for byte in data if _counts(byte)).upper().decode("latin-1")


def _counts(byte: int) -> bool:
    return byte > 0x20 and byte != 0x7F
