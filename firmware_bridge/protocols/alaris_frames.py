"""Frames of the Alaris Asena GH and CC: ``!NAME [^field]... |hhhh CR``.

hhhh is CRC-16 CCITT (polynomial 1021, start FFFF, not reflected) in upper-case hex over what stands between ``!`` and ``|``.
Source: captures of real pumps in public clients (OpenICE, EasyTIVA); every one of them is in the tests.
"""

from binascii import crc_hqx
from dataclasses import dataclass, field

BEGIN, END, CHECK, BETWEEN, ESC = ord("!"), ord("\r"), "|", "^", 0x1B
LONGEST = 128
"""Characters between BEGIN and END; a longer line is dropped. The longest that is known has 80."""


def crc(text: str) -> str:
    """The check of a text: four upper-case hex digits."""
    return f"{crc_hqx(text.encode('ascii'), 0xFFFF):04X}"


def frame(*fields: str) -> bytes:
    """The frame of a name and its fields."""
    text = BETWEEN.join(fields)
    return f"!{text}{CHECK}{crc(text)}\r".encode("ascii")


def fields_of(line: bytes) -> tuple[str, ...] | None:
    """Name and fields of what stands between BEGIN and END; None when it is damaged."""
    if not line.isascii():
        return None
    text, bar, check = line.decode("ascii").rpartition(CHECK)
    return tuple(text.split(BETWEEN)) if bar and check == crc(text) else None


@dataclass(slots=True)
class Reader:
    """Bytes, cut anywhere, into messages. Damaged ones, and what stands between frames, are dropped."""

    _line: bytearray | None = field(default=None)

    def take(self, data: bytes) -> list[tuple[str, ...]]:
        """Take bytes in and give the messages that are complete with them."""
        found: list[tuple[str, ...]] = []
        for byte in data:
            if byte == BEGIN:
                self._line = bytearray()
            elif self._line is None:
                continue
            elif byte == END:
                message = fields_of(bytes(self._line))
                self._line = None
                if message is not None:
                    found.append(message)
            elif byte == ESC or len(self._line) == LONGEST:
                self._line = None
            else:
                self._line.append(byte)
        return found

    def drop(self) -> None:
        """Forget a message that has begun."""
        self._line = None
