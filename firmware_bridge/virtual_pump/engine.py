"""One port of a virtual pump, sans-I/O: bytes in, bytes out, and when it wants to be called again.

    bytes -> wire faults -> dialect -> pumps -> dialect -> wire faults -> bytes

Two clocks: the wire's (``now_ns``, wall time or virtual) and the pumps', which runs ``speed`` times as fast. What is due on
either happens in its order: a watchdog that stops a pump at an instant finds everything done that the pump did before it.

An answer is for as few things to be done before it as can be: a question at an instant at which nothing is due is answered at
once, and what follows of it (``settle``) comes when the answer is out.
"""

from typing import Protocol

from firmware_bridge.device import DeviceStep
from firmware_bridge.virtual_pump.dialect import Talker
from firmware_bridge.virtual_pump.wire import Wire
from firmware_bridge.virtual_pump.world import World

PPM = 1_000_000


class Answering(Protocol):
    """What answers first and settles then: a ``VirtualPump``, or a unit around one."""

    def answer(self, now_ns: int, data: bytes = b"") -> bytes:
        """Take in what arrived by ``now_ns`` and give what goes out."""

    def settle(self) -> int | None:
        """Do what follows of it, and say when it wants to be called again."""


def stepped(pump: Answering, now_ns: int, data: bytes = b"") -> DeviceStep:
    """``answer`` and ``settle``, for whoever has no haste: with what there is to say at once after the answer."""
    out, wake_ns = pump.answer(now_ns, data), pump.settle()
    if wake_ns is not None and wake_ns <= now_ns:
        out, wake_ns = out + pump.answer(now_ns), pump.settle()
    return DeviceStep(out, wake_ns)


class VirtualPump:
    """A dialect in front of pumps. ``speed``: pump time for link time."""

    def __init__(self, world: World, talker: Talker, wire: Wire | None = None, speed: float = 1.0) -> None:
        if not speed > 0.0:
            raise ValueError(f"a speed of {speed:g}: it must be above 0")
        self.world, self.talker, self.wire = world, talker, wire or Wire()
        self._speed_ppm = round(speed * PPM)
        self._now_ns = 0
        self._foreseen: tuple[int, int | None] | None = None
        self._heard = True  # that it was switched on

    @property
    def now_ns(self) -> int:
        """Link time that it has come to."""
        return self._now_ns

    def step(self, now_ns: int, data: bytes = b"") -> DeviceStep:
        """``answer`` and ``settle``; see ``stepped``."""
        return stepped(self, now_ns, data)

    def answer(self, now_ns: int, data: bytes = b"") -> bytes:
        """Take in what arrived by ``now_ns`` and give what goes out; what was due earlier happens first, at its own instant."""
        foreseen = self._foreseen
        if foreseen and foreseen[0] == self.world.changes and (foreseen[1] is None or foreseen[1] > now_ns):
            self._now_ns = now_ns
            self.world.pass_to(now_ns * self._speed_ppm // PPM)
        else:
            self._catch_up(now_ns)
        if not data:
            return self.wire.due(now_ns)
        self._foreseen, self._heard = None, True
        return self.wire.carry(now_ns, data, self.talker.take)

    def settle(self) -> int | None:
        """Let the dialect follow what it has heard, and find out when this wants to be called again; it may be at once.

        After a change that takes ms: so an answer goes out before.
        """
        if self._heard:
            self._pass_time()
        due_ns, wire_ns = self._due_ns(), self.wire.next_ns
        self._foreseen = self.world.changes, due_ns
        return min((at_ns for at_ns in (due_ns, wire_ns) if at_ns is not None), default=None)

    def _catch_up(self, now_ns: int) -> None:
        """Let happen what is due by an instant, each at its own."""
        before_ns, self._foreseen = -1, None
        while (due_ns := self._due_ns()) is not None and before_ns < due_ns < now_ns:
            before_ns = due_ns  # whoever is due at the same instant for ever is called once
            self._come_to(max(due_ns, self._now_ns))
        self._come_to(now_ns)

    def _come_to(self, now_ns: int) -> None:
        self._now_ns = now_ns
        self.world.turn_to(now_ns * self._speed_ppm // PPM)
        self._pass_time()

    def _pass_time(self) -> None:
        self._heard = False
        self.wire.send(self._now_ns, self.talker.pass_time(self._now_ns))

    def _due_ns(self) -> int | None:
        """When the dialect, or a pump by itself, has something to do."""
        pump_ns, talk_ns = self.world.next_ns, self.talker.wake_ns
        due = [] if pump_ns is None else [-(-pump_ns * PPM // self._speed_ppm)]
        due += [] if talk_ns is None else [talk_ns]
        return min(due, default=None)
