"""A pseudo-terminal that looks like a serial port to whoever opens it (not on Windows).

Raw from the start, or the client's first bytes come back as an echo and CR becomes CR LF. One slave descriptor stays
open here, so clients may come and go. Nobody reading: the kernel takes about 20 kB, what is beyond is dropped, never
waited for.
"""

import os
import select
import termios
import tty
from pathlib import Path

from firmware_bridge.transports import LinkLost

CHUNK = 4096
OUTPUT_SPEED = 5
"""Its place among the attributes."""
BAUDS = {getattr(termios, name): int(name[1:]) for name in dir(termios) if name[:1] == "B" and name[1:].isdigit()}
"""Baud rates by the system's constants for them."""


class PseudoTerminal:
    """The device's end. ``link``: a stable name for the other end, made here and removed at close.

    Raises FileExistsError when ``link`` is something else than a symbolic link, OSError when it cannot be made.
    """

    def __init__(self, link: Path | None = None) -> None:
        self.dropped_bytes = 0
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._name = os.ttyname(self._slave)
        self._link = link
        self._open = True
        if link is not None:
            try:
                _make_link(link, self._name)
            except OSError:
                self._link = None
                self.close()
                raise

    @property
    def path(self) -> str:
        """What a client opens."""
        return self._name if self._link is None else str(self._link)

    def read(self, timeout_s: float) -> bytes:
        """Wait for bytes until the time is over and give what is there."""
        try:
            ready, _, _ = select.select([self._master], [], [], max(0.0, timeout_s))
            return os.read(self._master, CHUNK) if ready else b""
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:
            raise LinkLost(str(error)) from error

    def write(self, data: bytes) -> None:
        """Send what the other end takes now."""
        self.give(data)

    @property
    def host_baud(self) -> int | None:
        """The rate that the host has set its end to: both ends have one set of terminal attributes."""
        return BAUDS.get(termios.tcgetattr(self._master)[OUTPUT_SPEED])

    def descriptors(self) -> tuple[int, ...]:
        """What to wait on."""
        return (self._master,)

    def take(self) -> bytes:
        """Give what has arrived, without waiting; with any number of descriptors in use."""
        try:
            return os.read(self._master, CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LinkLost(str(error)) from error

    def give(self, data: bytes) -> None:
        """Send what the other end takes now; drop the rest and count it."""
        try:
            taken = os.write(self._master, data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            raise LinkLost(str(error)) from error
        self.dropped_bytes += len(data) - taken

    def close(self) -> None:
        """Close both ends and remove the link if it is still ours."""
        if not self._open:
            return
        self._open = False
        if self._link is not None and self._link.is_symlink() and os.readlink(self._link) == self._name:
            self._link.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1


def _make_link(link: Path, name: str) -> None:
    """Put the link in place of an old one in one move; a file or folder of that name is left alone."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(f"{link} exists and is no link")
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.symlink_to(name)
    beside.replace(link)
