"""A device's port on TCP, loopback only, for one host at a time: a second one is refused as long as the first is there.

Bytes go as they come, without framing or negotiation: what ``socket://`` of pyserial and ``TCPIP::...::SOCKET`` of VISA speak,
and what a terminal server makes of a serial port. There is no security of any kind.
"""

import contextlib
import ipaddress
import select
import socket
import struct

from firmware_bridge.transports import LinkLost
from pumpsim.errors import PumpsimError

SCHEME = "tcp://"
CHUNK = 4096
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: a reset in place of a farewell, so that who is refused knows it."""


def loopback_address(text: str) -> tuple[str, int]:
    """Read ``tcp://127.0.0.1:5025``, or a port alone. Raises PumpsimError for what is none, and for any other computer."""
    host, _, port = text.removeprefix(SCHEME).rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise PumpsimError(f"{text}: a port is wanted, as in tcp://127.0.0.1:5025 (0: any that is free)")
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise PumpsimError(f"{text}: loopback only (127.0.0.1): an emulated pump has no security")
    return ("127.0.0.1" if host == "localhost" else host), int(port)


class TcpPort:
    """The device's end. Raises LinkLost when the address is taken."""

    def __init__(self, host: str, port: int) -> None:
        self.dropped_bytes = 0
        self.refused = 0
        self._host: socket.socket | None = None
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family)
        except OSError as error:
            raise LinkLost(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self._listener.setblocking(False)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]

    @property
    def path(self) -> str:
        """What a host opens, as pyserial writes it."""
        host, port = self.address
        return f"socket://[{host}]:{port}" if ":" in host else f"socket://{host}:{port}"

    @property
    def host_baud(self) -> int | None:
        """What rate the host has set cannot be seen from here."""
        return None

    def descriptors(self) -> tuple[int, ...]:
        """The listener's, and the host's while there is one."""
        return (self._listener.fileno(),) if self._host is None else (self._listener.fileno(), self._host.fileno())

    def take(self) -> bytes:
        """Let a host in, or turn a second one away; give what the first has sent.

        When one leaves, the next is let in with the next call: it may get the same descriptor, and a loop that waits on that
        has to hear that the old one is gone.
        """
        before, data = self._host, self._read()
        if self._host is not before:
            return data
        self._accept()
        return data or self._read()

    def read(self, timeout_s: float) -> bytes:
        """Wait for bytes, or for a host to come, until the time is over; give what is there."""
        ready, _, _ = select.select(self.descriptors(), [], [], max(0.0, timeout_s))
        return self.take() if ready else b""

    def write(self, data: bytes) -> None:
        """Send what the host takes now."""
        self.give(data)

    def give(self, data: bytes) -> None:
        """Send what the host takes now; drop the rest and count it: all of it without a host, as on a plug with no cable."""
        taken = 0
        if self._host is not None:
            try:
                taken = self._host.send(data)
            except BlockingIOError:
                pass
            except OSError:
                self._leave()
        self.dropped_bytes += len(data) - taken

    def close(self) -> None:
        """Close; whoever is connected is reset."""
        if self._host is not None:
            with contextlib.suppress(OSError):
                self._host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self._leave()
        self._listener.close()

    def _read(self) -> bytes:
        if self._host is None:
            return b""
        try:
            data = self._host.recv(CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._leave()
        return data

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            if self._host is not None:
                self.refused += 1
                with contextlib.suppress(OSError):
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                peer.close()
                continue
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._host = peer

    def _leave(self) -> None:
        if self._host is not None:
            self._host.close()
            self._host = None
