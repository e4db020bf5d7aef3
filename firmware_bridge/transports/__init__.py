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


class DevicePort(Protocol):
    """A device's end of a byte link, as a loop that serves many of them wants it: nothing here ever waits.

    ``path``: what a host opens. ``dropped_bytes``: what nobody took.
    """

    dropped_bytes: int

    @property
    def path(self) -> str:
        """See above."""

    @property
    def host_baud(self) -> int | None:
        """The rate that the host has set its end to; None where there is none, or none that can be seen."""

    def descriptors(self) -> tuple[int, ...]:
        """What to wait on for ``take``; none: it has to be asked now and then."""

    def take(self) -> bytes:
        """Give what has arrived; empty when nothing has. Raises LinkLost when the port is gone."""

    def give(self, data: bytes) -> None:
        """Send what the other end takes now; drop the rest and count it. Raises LinkLost when the port is gone."""

    def close(self) -> None:
        """Close; harmless when closed already."""
