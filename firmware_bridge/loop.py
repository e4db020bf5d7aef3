"""The real-time loops, and the only clock of the bridge: wait for bytes until the wake-up, step, write.

``drive`` is the host's loop, ``serve`` the emulated device's; they mirror each other and ``simulation``. The host's
``finally`` stops the device, whatever happened. Nothing here decides anything about delivery.
"""

import time
from collections.abc import Callable
from enum import Enum

from firmware_bridge.bridge import Bridge, BridgeStep
from firmware_bridge.device import Device
from firmware_bridge.session import LinkDown
from firmware_bridge.transports import LinkLost, Transport
from pumpsim.vocabulary.inputs import Stop

S_NS = 1_000_000_000
CONNECT_NS = 5 * S_NS
"""How long a device may take for its first answer; one that resets when its port is opened needs 2 s."""
PATIENCE_NS = 10 * S_NS
"""How long a lost link is waited for."""
REOPEN_NS = S_NS // 4
REST_NS = S_NS
"""How long the device may take to confirm that it stands, at the end."""
IDLE_S = 0.25
"""The longest wait without looking whether someone wants to end."""
STATUS_NS = 10 * S_NS


class DriveEnd(Enum):
    """Why driving ended."""

    COMPLETE = "the scenario is over"
    INTERRUPTED = "interrupted"
    LINK_LOST = "the link was lost and did not come back"
    NO_ANSWER = "the device does not answer"
    REFUSED = "this device cannot be driven so"


class _Line:
    """The host's link, opened again when it dies: bytes, or that it is down."""

    def __init__(self, open_link: Callable[[], Transport]) -> None:
        self._open_link = open_link
        self._link: Transport | None = open_link()
        self._retry_ns = 0
        self._broken: str | None = None

    def read(self, timeout_s: float) -> bytes | LinkDown:
        if self._broken is not None:
            detail, self._broken = self._broken, None
            return LinkDown(detail)
        if self._link is None:
            self._reopen(timeout_s)
            return b""
        try:
            return self._link.read(timeout_s)
        except LinkLost as lost:
            self._drop()
            return LinkDown(str(lost))

    def write(self, data: bytes) -> None:
        """Send; when the link dies of it, the next read says so."""
        if self._link is None or not data:
            return
        try:
            self._link.write(data)
        except LinkLost as lost:
            self._drop()
            self._broken = str(lost)

    def close(self) -> None:
        self._drop()

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def _reopen(self, timeout_s: float) -> None:
        time.sleep(max(0.0, timeout_s))
        if time.monotonic_ns() >= self._retry_ns:
            self._retry_ns = time.monotonic_ns() + REOPEN_NS
            try:
                self._link = self._open_link()
            except LinkLost:
                return


def session_number() -> int:
    """A number that no earlier session has had: the time of day in ms, 32 bits of it."""
    return time.time_ns() // 1_000_000 & 0xFFFFFFFF


def drive(
    bridge: Bridge,
    open_link: Callable[[], Transport],
    duration_ns: int,
    tell: Callable[[BridgeStep], None],
    interrupted: Callable[[], bool],
) -> DriveEnd:
    """Drive the device in real time until pump time ``duration_ns``, inclusive, or until it ends otherwise.

    ``tell`` gets every step. Raises LinkLost when the port cannot be opened at the beginning. However it ends, by an
    exception too, the device is told to stop, and waited for within bounds.
    """
    line = _Line(open_link)
    begin_ns = time.monotonic_ns()
    end = None
    try:
        data: bytes | LinkDown = b""
        while end is None:
            now_ns = time.monotonic_ns() - begin_ns
            step = bridge.step(now_ns, data)
            line.write(step.data_out)
            tell(step)
            end = _ended(bridge, now_ns, duration_ns, interrupted)
            if end is None:
                data = line.read(_wait_s(bridge, step.wake_at_ns, duration_ns, begin_ns))
        return end
    finally:
        try:
            last = _bring_to_rest(bridge, line, begin_ns, end)
            if end is not None:
                tell(last)
        finally:
            line.close()


def serve(
    device: Device, link: Transport, interrupted: Callable[[], bool], status: Callable[[Device, int], None]
) -> None:
    """Be a device on a link until interrupted. Raises LinkLost when the link dies.

    ``status`` is called when the state has changed, and now and then.
    """
    begin_ns = time.monotonic_ns()
    status_ns, state, data = STATUS_NS, device.state, b""
    while not interrupted():
        now_ns = time.monotonic_ns() - begin_ns
        step = device.step(now_ns, data)
        if step.data_out:
            link.write(step.data_out)
        if now_ns >= status_ns or device.state is not state:
            status_ns, state = now_ns + STATUS_NS, device.state
            status(device, now_ns)
        wait_ns = None if step.wake_at_ns is None else step.wake_at_ns - (time.monotonic_ns() - begin_ns)
        data = link.read(IDLE_S if wait_ns is None else min(IDLE_S, max(0, wait_ns) / S_NS))


def _ended(bridge: Bridge, now_ns: int, duration_ns: int, interrupted: Callable[[], bool]) -> DriveEnd | None:
    if bridge.refusal is not None:
        return DriveEnd.REFUSED
    if interrupted():
        return DriveEnd.INTERRUPTED
    if bridge.zero_ns is None:
        return DriveEnd.NO_ANSWER if now_ns >= CONNECT_NS else None
    if now_ns - bridge.zero_ns >= duration_ns:
        return DriveEnd.COMPLETE
    down_ns = bridge.down_since_ns
    return DriveEnd.LINK_LOST if down_ns is not None and now_ns - down_ns >= PATIENCE_NS else None


def _wait_s(bridge: Bridge, wake_at_ns: int, duration_ns: int, begin_ns: int) -> float:
    if bridge.zero_ns is not None:
        wake_at_ns = min(wake_at_ns, bridge.zero_ns + duration_ns)
    wait_ns = wake_at_ns - (time.monotonic_ns() - begin_ns)
    return min(IDLE_S, max(0, wait_ns) / S_NS)


def _bring_to_rest(bridge: Bridge, line: _Line, begin_ns: int, end: DriveEnd | None) -> BridgeStep:
    """Stop the device, as the operator would when it was interrupted, and wait for it; give what the pump said last.

    After an exception (``end`` None) the pump is not asked any more.
    """
    now_ns = time.monotonic_ns()
    until_ns, now_ns = now_ns + REST_NS, now_ns - begin_ns
    if end is None:
        step = last = bridge.stop(now_ns)
    else:
        step = last = bridge.end(now_ns, Stop() if end is DriveEnd.INTERRUPTED else None)
    line.write(step.data_out)
    while bridge.session.attached and not bridge.at_rest and time.monotonic_ns() < until_ns:
        data = line.read(_wait_s(bridge, step.wake_at_ns, 1 << 62, begin_ns))
        step = bridge.step(time.monotonic_ns() - begin_ns, data)
        line.write(step.data_out)
    return last
