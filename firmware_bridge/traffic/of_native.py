"""The native protocol overheard: messages with their fields. Nothing in them identifies anybody."""

from dataclasses import fields

from firmware_bridge.framing import MAX_PAYLOAD, MIN_PAYLOAD, OVERHEAD, SYNC, crc16
from firmware_bridge.protocols.native import Unreadable, decode
from firmware_bridge.traffic.framing import Framing
from firmware_bridge.traffic.reading import WRONG_CHECK, Language, Reading, not_understood
from firmware_bridge.virtual_pump.unit import By

LENGTH = len(SYNC)
"""Where the length of the payload stands."""


def cut(waiting: bytes) -> int:
    """A frame by its length; what stands ahead of the next sync is a piece of its own."""
    if not waiting.startswith(SYNC):
        return max(waiting.find(SYNC, 1), 0)
    if len(waiting) <= LENGTH:
        return 0
    if not MIN_PAYLOAD <= waiting[LENGTH] <= MAX_PAYLOAD:
        return LENGTH
    whole = waiting[LENGTH] + OVERHEAD
    return whole if len(waiting) >= whole else 0


class NativeReader:
    """One wire. There is nothing to redact."""

    def __init__(self, hide: bool) -> None:
        del hide

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece."""
        del by
        if not data.startswith(SYNC) or len(data) < OVERHEAD + MIN_PAYLOAD or len(data) != data[LENGTH] + OVERHEAD:
            return not_understood(data, False, "no whole frame")
        if crc16(data[LENGTH:-2]) != int.from_bytes(data[-2:], "little"):
            return not_understood(data, False, WRONG_CHECK)
        found = decode(data[LENGTH + 1 : -2])
        if isinstance(found, Unreadable):
            return Reading(data, f"code {found.code:02X}", "", fault=f"no message: {found.reason.name.lower()}")
        message = found.message
        said = ", ".join(f"{field.name} {getattr(message, field.name)}" for field in fields(message))
        says = f"{type(message).__name__} {found.seq}{f': {said}' if said else ''}"
        return Reading(data, says, says)


NATIVE = Language(Framing(dict.fromkeys(By, cut)), NativeReader)
