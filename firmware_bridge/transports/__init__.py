"""Ways for bytes to travel. Every one raises ``LinkLost`` when it is gone, and nothing else."""

from typing import Protocol

from pumpsim.errors import PumpsimError


class LinkLost(PumpsimError):  # noqa: N818 (what happened, not whose error it is)
    """The port is gone: unplugged, closed at the other end, or it takes no more bytes."""


class Transport(Protocol):
    """One end of a byte link."""

    def read(self, timeout_s: float) -> bytes:
        """Wait for bytes until the time is over and give what is there; empty when nothing came."""

    def write(self, data: bytes) -> None:
        """Send bytes; bounded in time."""

    def close(self) -> None:
        """Close; harmless when closed already."""
