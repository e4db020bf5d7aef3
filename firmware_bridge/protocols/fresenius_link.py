"""The link layer of the Fresenius Orchestra: ``STX [address] text K K ETX``, ACK, NAK and a code, ENQ and DC4.

KK: two upper-case hex digits of FF minus the sum of what stands between STX and KK, modulo 256. Source: infupy.
"""

import re
from dataclasses import dataclass, field
from enum import Enum

STX, ETX, ENQ, ACK, DC4, NAK = 0x02, 0x03, 0x05, 0x06, 0x14, 0x15
LONGEST = 80
"""Characters of address and text."""
NO_CHARACTER = re.compile(rb"[^\x20-\x7e]")
TRIES = 3
"""How often a frame that is answered by NAK is sent."""


class Fault(Enum):
    """What is wrong with what arrived, as it stands behind a NAK."""

    CHARACTER = "1"
    CHECK = "2"
    ADDRESS = "4"
    NO_ACK = "5"
    LENGTH = "7"
    CONTROL = "8"


class Sign(Enum):
    """What a single byte of the host says."""

    ACK = ACK
    NAK = NAK
    ALIVE = DC4


SIGNS = {sign.value: sign for sign in Sign}


@dataclass(frozen=True, slots=True)
class Text:
    """Address and text of a frame that has arrived whole."""

    text: str


def check(text: str) -> str:
    """The check of address and text."""
    return f"{0xFF - sum(text.encode('ascii')) % 0x100:02X}"


def frame(text: str) -> bytes:
    """The frame of address and text."""
    return bytes([STX]) + f"{text}{check(text)}".encode("ascii") + bytes([ETX])


def nak(fault: Fault) -> bytes:
    """What is sent for a fault."""
    return bytes([NAK]) + fault.value.encode("ascii")


@dataclass(slots=True)
class Reader:
    """Bytes, cut anywhere, into frames, signs and faults. What stands between frames is dropped."""

    _text: bytearray | None = field(default=None)
    _code_follows: bool = field(default=False)

    def take(self, data: bytes) -> list[Text | Sign | Fault]:
        """Take bytes in and give what is complete with them."""
        found: list[Text | Sign | Fault] = []
        heard: Text | Sign | Fault | None
        at = 0
        while at < len(data):
            if self._text is None or data[at] == STX:
                heard, at = self._outside(data[at]), at + 1
            else:
                heard, at = self._inside(self._text, data, at)
            if heard is not None:
                found.append(heard)
        return found

    def _outside(self, byte: int) -> Sign | Fault | None:
        cut = self._text is not None
        self._text = bytearray() if byte == STX else None
        code, self._code_follows = self._code_follows, byte == NAK
        if code and byte not in (STX, ACK, NAK, DC4):
            return None
        if cut:
            return Fault.CONTROL
        return SIGNS.get(byte)

    def _inside(self, text: bytearray, data: bytes, at: int) -> tuple[Text | Fault | None, int]:
        """Take the characters from ``at`` on into the frame that has begun, and the byte that ends it; where to go on."""
        stop = NO_CHARACTER.search(data, at)
        end = len(data) if stop is None else stop.start()
        room = LONGEST + 2 - len(text)
        if end - at > room:
            self._text = None
            return Fault.LENGTH, at + room + 1
        text += data[at:end]
        if stop is None or data[end] == STX:
            return None, end
        self._text = None
        if data[end] != ETX:
            return Fault.CHARACTER if data[end] >= 0x7F else Fault.CONTROL, end + 1
        if len(text) < 3:
            return Fault.LENGTH, end + 1
        said = text[:-2].decode("ascii")
        return Text(said) if text[-2:].decode("ascii") == check(said) else Fault.CHECK, end + 1


@dataclass(slots=True)
class Unanswered:
    """Frames that the host has not acknowledged yet, the oldest first."""

    patience_ns: int
    _sent: list[tuple[bytes, int, int]] = field(default_factory=list)

    def send(self, link_ns: int, sent: bytes, tries: int = 1) -> bytes:
        """Note a frame that goes out now."""
        self._sent.append((sent, link_ns + self.patience_ns, tries))
        return sent

    def hear(self, link_ns: int, sign: Sign) -> bytes:
        """Take an ACK or a NAK for the oldest; what is to be sent again."""
        if not self._sent or sign is Sign.ALIVE:
            return b""
        sent, _, tries = self._sent.pop(0)
        if sign is Sign.ACK or tries == TRIES:
            return b""
        self._sent.insert(0, (sent, link_ns + self.patience_ns, tries + 1))
        return sent

    def expire(self, link_ns: int) -> bytes:
        """Give up what has waited for too long, and say so."""
        late = [entry for entry in self._sent if entry[1] <= link_ns]
        self._sent = [entry for entry in self._sent if entry[1] > link_ns]
        return nak(Fault.NO_ACK) if late else b""

    def clear(self) -> None:
        """Wait for nothing any more."""
        self._sent.clear()

    @property
    def due_ns(self) -> int | None:
        """When something will have waited for too long; None when nothing waits."""
        return min((until_ns for _, until_ns, _ in self._sent), default=None)
