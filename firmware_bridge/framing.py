"""Bytes to frames and back: two sync bytes, a length, a payload, a CRC-16.

Knows nothing of what a payload means and reads no clock. A damaged frame never costs more than itself: after a wrong
CRC only its first sync byte is dropped and the search goes on right behind it, so a true frame inside is still found.
CRC: poly 0x1021, start 0xFFFF, not reflected (CRC-16/CCITT-FALSE); of ``123456789`` it is 0x29B1 (G. Cook's catalogue
of parametrised CRC algorithms, CRC-16/IBM-3740).
"""

from binascii import crc_hqx

SYNC = b"\xa5\x5a"
MIN_PAYLOAD = 3
MAX_PAYLOAD = 128
OVERHEAD = 5
"""Bytes of a frame beside its payload: two sync, one length, two CRC."""
GAP_NS = 100_000_000
"""Silence in the middle of a frame after which it is given up. Five times a slow USB adapter's 16 ms latency timer."""


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE of the bytes."""
    return crc_hqx(data, 0xFFFF)


def encode_frame(payload: bytes) -> bytes:
    """Wrap a payload of ``MIN_PAYLOAD`` to ``MAX_PAYLOAD`` bytes; ValueError for any other length."""
    if not MIN_PAYLOAD <= len(payload) <= MAX_PAYLOAD:
        raise ValueError(f"payload of {len(payload)} bytes is outside {MIN_PAYLOAD} to {MAX_PAYLOAD}")
    counted = bytes([len(payload)]) + payload
    return SYNC + counted + crc16(counted).to_bytes(2, "little")


class FrameDecoder:
    """Find whole frames in a stream that may be cut, glued or damaged anywhere.

    ``dropped_bytes`` counts what belonged to no frame, ``bad_frames`` the wrong CRCs and lengths.
    """

    def __init__(self) -> None:
        self.dropped_bytes = 0
        self.bad_frames = 0
        self._pending = bytearray()
        self._last_byte_ns = 0

    def feed(self, now_ns: int, data: bytes) -> tuple[bytes, ...]:
        """Take in what arrived at ``now_ns`` and return the payloads that are whole now, in order."""
        if not data:
            return ()
        payloads: list[bytes] = []
        if self._pending and now_ns - self._last_byte_ns >= GAP_NS:
            payloads += self._give_up()
        self._last_byte_ns = now_ns
        self._pending += data
        payloads += self._whole_frames()
        return tuple(payloads)

    def reset(self) -> None:
        """Forget what is pending: the link was opened anew."""
        self._drop(len(self._pending))

    def _give_up(self) -> list[bytes]:
        """The rest of the pending frame never came; still hand over whole frames that it seemed to contain."""
        payloads: list[bytes] = []
        while self._pending:
            self._drop(1)
            payloads += self._whole_frames()
        return payloads

    def _whole_frames(self) -> list[bytes]:
        payloads: list[bytes] = []
        while self._seek_sync() and len(self._pending) > len(SYNC):
            length = self._pending[len(SYNC)]
            if not MIN_PAYLOAD <= length <= MAX_PAYLOAD:
                self._resynchronise()
                continue
            if len(self._pending) < length + OVERHEAD:
                break
            counted = bytes(self._pending[2 : 3 + length])
            if crc16(counted) != int.from_bytes(self._pending[3 + length : 5 + length], "little"):
                self._resynchronise()
                continue
            payloads.append(counted[1:])
            del self._pending[: length + OVERHEAD]
        return payloads

    def _seek_sync(self) -> bool:
        """Drop everything ahead of the next sync; whether one is there (a lone first half at the end is kept)."""
        at = self._pending.find(SYNC)
        if at < 0:
            at = len(self._pending) - self._pending.endswith(SYNC[:1])
        self._drop(at)
        return self._pending.startswith(SYNC)

    def _resynchronise(self) -> None:
        self.bad_frames += 1
        self._drop(1)

    def _drop(self, count: int) -> None:
        self.dropped_bytes += count
        del self._pending[:count]
