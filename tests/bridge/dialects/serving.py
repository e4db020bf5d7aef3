"""A virtual pump on a port, in a thread of the test, for client libraries that want a path to open."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from firmware_bridge.transports.pseudo_terminal import PseudoTerminal
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.virtual_pump.engine import VirtualPump

IDLE_S = 0.02
PATIENCE_S = 60.0
Serve = Callable[[VirtualPump], AbstractContextManager[str]]
"""Puts a pump on a port for the while, and gives the path that a client opens."""


@contextmanager
def served(virtual: VirtualPump, port: PseudoTerminal | SerialPort) -> Iterator[None]:
    """Step the pump in real time while bytes come and go at its end of a port; its link time begins now. Closes the port."""
    over, begin_ns = threading.Event(), time.monotonic_ns()

    def serve() -> None:
        data = b""
        while not over.is_set():
            step = virtual.step(time.monotonic_ns() - begin_ns, data)
            if step.data_out:
                port.give(step.data_out)
            wait_s = IDLE_S
            if step.wake_at_ns is not None:
                wait_s = min(wait_s, max(0, step.wake_at_ns - (time.monotonic_ns() - begin_ns)) / 1e9)
            data = port.read(wait_s)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_S)
        port.close()
