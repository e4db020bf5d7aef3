"""A serial port by resource string: ``/dev/ttyUSB0``, ``COM3``, ``socket://host:port``, a pseudo-terminal. The only pyserial.

A port that dies shows it in many ways: SerialException, OSError 5, ``termios.error``, a TypeError from a descriptor that
is None already. All of them become ``LinkLost`` here. Every call is bounded in time.
"""

import errno
import importlib.util
import io
import os
import re
import select

import serial

from firmware_bridge.transports import LinkLost

DEAD: tuple[type[Exception], ...] = (OSError, TypeError, ValueError)
"""What pyserial raises when a port dies (its SerialException is an OSError)."""
if importlib.util.find_spec("termios"):  # not on Windows
    import termios

    DEAD += (termios.error,)
WRITE_S = 0.25
"""How long a write may take: ten frames at 9600 baud. A port that takes no more bytes counts as lost."""
CHUNK = 4096


FRAMING = re.compile(r"(?P<bits>[5-8])(?P<parity>[NEOMS])(?P<stop>1|1\.5|2)")


class SerialPort:
    """A port of pyserial, opened when built. Raises LinkLost when it cannot be opened.

    ``framing``: data bits, parity, stop bits, as in ``7E1``; ValueError for what is none.
    """

    def __init__(self, resource: str, baud: int, framing: str = "8N1") -> None:
        self.path, self.dropped_bytes = resource, 0
        found = FRAMING.fullmatch(framing)
        if found is None:
            raise ValueError(f"framing {framing!r}: bits, parity and stop bits are wanted, as in 8N1 or 7E1")
        try:
            self._port = serial.serial_for_url(
                resource,
                baud,
                bytesize=int(found["bits"]),
                parity=found["parity"],
                stopbits=float(found["stop"]),
                timeout=0,
                write_timeout=WRITE_S,
                exclusive=True,
            )
        except DEAD as error:
            raise LinkLost(_reason(error)) from error
        self._descriptor = self._find_descriptor()

    def read(self, timeout_s: float) -> bytes:
        """Wait for bytes until the time is over and give what is there."""
        try:
            if self._descriptor is not None:
                ready, _, _ = select.select([self._descriptor], [], [], max(0.0, timeout_s))
                return bytes(self._port.read(CHUNK)) if ready else b""
            self._port.timeout = max(0.0, timeout_s)
            first = bytes(self._port.read(1))
            return first + bytes(self._port.read(self._port.in_waiting)) if first else b""
        except DEAD as error:
            raise LinkLost(_reason(error)) from error

    def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            self._port.write(data)
        except DEAD as error:
            raise LinkLost(_reason(error)) from error

    @property
    def host_baud(self) -> int | None:
        """What rate the host has set cannot be seen from here."""
        return None

    def descriptors(self) -> tuple[int, ...]:
        """What to wait on; none where there is nothing of the kind."""
        return () if self._descriptor is None else (self._descriptor,)

    def take(self) -> bytes:
        """Give what has arrived, without waiting."""
        return self.read(0.0)

    def give(self, data: bytes) -> None:
        """Send what the port takes now; drop the rest and count it. A port without a descriptor may take a quarter second."""
        if self._descriptor is None:
            self.write(data)
            return
        try:
            taken = os.write(self._descriptor, data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            raise LinkLost(_reason(error)) from error
        self.dropped_bytes += len(data) - taken

    def close(self) -> None:
        """Close; harmless when closed or dead already. (Of a peer that reset it, pyserial leaves the socket open.)"""
        left = getattr(self._port, "_socket", None)
        try:
            self._port.close()
        except DEAD:
            return
        finally:
            if left is not None:
                left.close()

    def _find_descriptor(self) -> int | None:
        """What ``select`` can wait on; None where there is none (Windows ports, rfc2217, loop)."""
        try:
            return self._port.fileno()
        except (io.UnsupportedOperation, AttributeError, NotImplementedError):
            return None


def _reason(error: BaseException) -> str:
    """The last and plainest part of what pyserial says."""
    if getattr(error, "errno", None) == errno.EAGAIN:
        return "another program has locked it"
    return str(error).rpartition("] ")[2] or type(error).__name__


def ports() -> tuple[tuple[str, str], ...]:
    """The serial ports of this computer: device and description."""
    from serial.tools.list_ports import comports

    return tuple((port.device, port.description) for port in sorted(comports()))
