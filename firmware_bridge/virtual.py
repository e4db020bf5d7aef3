"""The whole serial stack on virtual time: a virtual pump, its wire and a host, with no clock but SimPy's.

The host is a generator: it yields how long it waits, gets what has come by then, and sends what it likes. So a day of polling,
with all that the wire does to it, takes seconds, and the same seed gives the same bytes.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import simpy

from firmware_bridge.virtual_pump.engine import VirtualPump

Host = Callable[["VirtualPort"], Generator[int, None, None]]
"""Yields the ns that it waits."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes on the wire, and when: ``to_pump`` or from it."""

    at_ns: int
    to_pump: bool
    data: bytes


@dataclass(slots=True)
class VirtualPort:
    """The host's end of a virtual wire; what it writes goes out in the same instant."""

    env: simpy.Environment
    heard: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    wire: list[Piece] = field(default_factory=list)

    @property
    def now_ns(self) -> int:
        """The instant on the wire."""
        return int(self.env.now)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.said += data

    def read(self) -> bytes:
        """Everything that has come since the last read."""
        data = bytes(self.heard)
        self.heard.clear()
        return data


def converse(pump: VirtualPump, host: Host, until_ns: int) -> list[Piece]:
    """Let a host talk to a virtual pump until an instant; all that went over the wire."""
    env = simpy.Environment()
    port = VirtualPort(env)
    env.process(_live(env, pump, port, host, until_ns))
    env.run()
    return port.wire


def _live(
    env: simpy.Environment, pump: VirtualPump, port: VirtualPort, host: Host, until_ns: int
) -> Generator[simpy.Event, None, None]:
    talk = host(port)
    host_ns: int | None = 0
    pump_ns: int | None = 0
    while True:
        now_ns = int(env.now)
        if host_ns is not None and host_ns <= now_ns:
            wait_ns = next(talk, None)
            host_ns = None if wait_ns is None else now_ns + max(0, wait_ns)
        said = bytes(port.said)
        port.said.clear()
        if said:
            port.wire.append(Piece(now_ns, True, said))
        if said or (pump_ns is not None and pump_ns <= now_ns):
            step = pump.step(now_ns, said)
            pump_ns = step.wake_at_ns
            if step.data_out:
                port.wire.append(Piece(now_ns, False, step.data_out))
                port.heard += step.data_out
        due = [at_ns for at_ns in (host_ns, pump_ns) if at_ns is not None]
        next_ns = min(due, default=until_ns + 1)
        if next_ns > until_ns:
            return
        yield env.timeout(max(0, next_ns - now_ns))
