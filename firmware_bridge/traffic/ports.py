"""The ports of a wire that is listened to, or played: who speaks at which, what arrives, what is still to be taken.

Nothing here waits for a port that does not take its bytes. They are offered again, in order and unchanged, as long as they are
few and fresh; what nobody takes by then is dropped, and counted, as on a plug with no cable.
"""

import selectors
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from firmware_bridge.setting_up import opener_of
from firmware_bridge.transports import DevicePort, LinkLost
from firmware_bridge.transports.serial_port import FRAMING, SerialPort
from firmware_bridge.transports.tcp import SCHEME
from firmware_bridge.virtual_pump.unit import By
from pumpsim.errors import PumpsimError

S_NS = 1_000_000_000
IDLE_S = 0.25
"""The longest wait without looking whether someone wants to end."""
MOST_WAITING = 65_536
LONGEST_WAIT_NS = S_NS
AGAIN_S = 0.002
"""How often bytes that were not taken are offered again."""
ASKING_S = 0.002
"""How often a port is asked that cannot be waited on (Windows)."""
NEW, NEW_AS = "pty", "pty:"


class SideLost(LinkLost):
    """The port of one side is gone."""

    def __init__(self, by: By, reason: str) -> None:
        self.by = by
        super().__init__(f"the port of the {by.name.lower()} is gone: {reason}")


def port_of(place: str, baud: int, framing: str = "8N1") -> DevicePort:
    """Open what is meant: ``pty`` or ``pty:./ttyHOST``, a new pseudo-terminal, with a stable name; ``tcp://127.0.0.1:0``,
    listening on loopback; else a port that is there. Raises PumpsimError."""
    if FRAMING.fullmatch(framing) is None:
        raise PumpsimError(f"framing {framing!r}: bits, parity and stop bits are wanted, as in 8N1 or 7E1")
    if place == NEW or place.startswith(NEW_AS):
        name = place.removeprefix(NEW).removeprefix(":")
        return opener_of(None, Path(name) if name else None, baud)()
    if place.startswith(SCHEME):
        return opener_of(place, None, baud)()
    try:
        return SerialPort(place, baud, framing)
    except LinkLost as lost:
        hint = (
            "" if Path(place).exists() or "://" in place else f" (pty:{place} makes a new pseudo-terminal of that name)"
        )
        raise LinkLost(f"cannot open port {place}: {lost}{hint}") from lost


class Ports:
    """Open ports, by who speaks there. As a context manager it closes them. ``dropped``: bytes that nobody took."""

    def __init__(self, ports: Mapping[By, DevicePort]) -> None:
        self._ports = dict(ports)
        self._selector = selectors.DefaultSelector()
        self._watched: dict[By, tuple[int, ...]] = dict.fromkeys(ports, ())
        self._waiting = {by: bytearray() for by in ports}
        self._since_ns = dict.fromkeys(ports, 0)
        self.dropped = dict.fromkeys(ports, 0)
        for by in ports:
            self._watch(by)

    def __enter__(self) -> "Ports":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def turn(self, wait_s: float, heard: Callable[[By, bytes], None]) -> None:
        """Wait for bytes, at most so long, and hand on what has arrived. Raises SideLost."""
        if any(self._waiting.values()):
            wait_s = min(wait_s, AGAIN_S)
        if not all(self._watched.values()):
            wait_s = min(wait_s, ASKING_S)
        ready = {key.data for key, _ in self._selector.select(max(0.0, wait_s))}
        for by, port in self._ports.items():
            if by not in ready and self._watched[by]:
                continue
            try:
                data = port.take()
            except LinkLost as lost:
                raise SideLost(by, str(lost)) from lost
            self._watch(by)
            if data:
                heard(by, data)
        for by in self._ports:
            self._offer(by)

    def give(self, by: By, data: bytes) -> None:
        """Send bytes to whoever is at the port of ``by``. Raises SideLost."""
        waiting = self._waiting[by]
        if not waiting:
            self._since_ns[by] = time.monotonic_ns()
        waiting += data
        self._offer(by)

    def close(self) -> None:
        """Close every port; harmless when closed already."""
        for port in self._ports.values():
            port.close()
        self._selector.close()

    def _offer(self, by: By) -> None:
        waiting, port = self._waiting[by], self._ports[by]
        if not waiting:
            return
        before = port.dropped_bytes
        try:
            port.give(bytes(waiting))
        except LinkLost as lost:
            raise SideLost(by, str(lost)) from lost
        self._watch(by)
        left = port.dropped_bytes - before
        now_ns = time.monotonic_ns()
        if left < len(waiting):
            self._since_ns[by] = now_ns
        del waiting[: len(waiting) - left]
        if len(waiting) > MOST_WAITING or (waiting and now_ns - self._since_ns[by] >= LONGEST_WAIT_NS):
            self.dropped[by] += len(waiting)
            waiting.clear()

    def _watch(self, by: By) -> None:
        """Wait on what the port is now made of: a host on TCP comes and goes."""
        wanted, watched = self._ports[by].descriptors(), self._watched[by]
        if wanted == watched:
            return
        for descriptor in set(watched) - set(wanted):
            self._selector.unregister(descriptor)
        for descriptor in set(wanted) - set(watched):
            self._selector.register(descriptor, selectors.EVENT_READ, by)
        self._watched[by] = wanted
