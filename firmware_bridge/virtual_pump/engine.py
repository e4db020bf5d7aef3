"""One port of a virtual pump, sans-I/O: bytes in, bytes out, and when it wants to be called again.

    bytes -> wire faults -> dialect -> pumps -> dialect -> wire faults -> bytes

Two clocks: the wire's (``now_ns``, wall time or virtual) and the pumps', which runs ``speed`` times as fast. What is due on
either happens in its order: a watchdog that stops a pump at an instant finds everything done that the pump did before it.
"""

from firmware_bridge.device import DeviceStep
from firmware_bridge.virtual_pump.dialect import Talker
from firmware_bridge.virtual_pump.wire import Wire
from firmware_bridge.virtual_pump.world import World

PPM = 1_000_000


class VirtualPump:
    """A dialect in front of pumps. ``speed``: pump time for link time."""

    def __init__(self, world: World, talker: Talker, wire: Wire | None = None, speed: float = 1.0) -> None:
        if not speed > 0.0:
            raise ValueError(f"a speed of {speed:g}: it must be above 0")
        self.world, self.talker, self.wire = world, talker, wire or Wire()
        self._speed_ppm = round(speed * PPM)
        self._now_ns = 0

    @property
    def now_ns(self) -> int:
        """Link time that it has come to."""
        return self._now_ns

    def step(self, now_ns: int, data: bytes = b"") -> DeviceStep:
        """``answer``, and when this wants to be called again."""
        return DeviceStep(self.answer(now_ns, data), self.wake_ns)

    def answer(self, now_ns: int, data: bytes = b"") -> bytes:
        """Take in what arrived by ``now_ns`` and give what goes out; what was due earlier happens first, at its own instant."""
        before_ns = -1
        while (due_ns := self._due_ns()) is not None and before_ns < due_ns < now_ns:
            before_ns = due_ns  # whoever is due at the same instant for ever is called once
            self._come_to(max(due_ns, self._now_ns))
        self._come_to(now_ns)
        if data and (heard := self.wire.hear(now_ns, data)):
            self.wire.send(now_ns, self.talker.take(now_ns, heard))
            self.wire.send(now_ns, self.talker.pass_time(now_ns))
        return self.wire.due(now_ns)

    @property
    def wake_ns(self) -> int | None:
        """When this wants to be called again. After a change that takes ms to find out: so an answer goes out before."""
        due = [at_ns for at_ns in (self._due_ns(), self.wire.next_ns) if at_ns is not None]
        return min(due, default=None)

    def _come_to(self, now_ns: int) -> None:
        self._now_ns = now_ns
        self.world.turn_to(now_ns * self._speed_ppm // PPM)
        self.wire.send(now_ns, self.talker.pass_time(now_ns))

    def _due_ns(self) -> int | None:
        """When the dialect, or a pump by itself, has something to do."""
        pump_ns, talk_ns = self.world.next_ns, self.talker.wake_ns
        due = [] if pump_ns is None else [-(-pump_ns * PPM // self._speed_ppm)]
        due += [] if talk_ns is None else [talk_ns]
        return min(due, default=None)
