"""A virtual pump on a pseudo-terminal, in a thread of the test, for client libraries that want a port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from firmware_bridge.transports.pseudo_terminal import PseudoTerminal
from firmware_bridge.virtual_pump.engine import VirtualPump

IDLE_S = 0.02


@contextmanager
def served(virtual: VirtualPump) -> Iterator[str]:
    """The path of a port with the pump behind it; its link time begins now."""
    terminal, over = PseudoTerminal(), threading.Event()
    begin_ns = time.monotonic_ns()

    def serve() -> None:
        data = b""
        while not over.is_set():
            step = virtual.step(time.monotonic_ns() - begin_ns, data)
            if step.data_out:
                terminal.write(step.data_out)
            wait_s = IDLE_S
            if step.wake_at_ns is not None:
                wait_s = min(wait_s, max(0, step.wake_at_ns - (time.monotonic_ns() - begin_ns)) / 1e9)
            data = terminal.read(wait_s)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield terminal.path
    finally:
        over.set()
        thread.join(10.0)
        terminal.close()
