"""The loop that serves virtual pumps: many ports, one thread, one clock. It waits for bytes until a wake-up, steps, sends.

Hosts come first: an answer goes out before the pump looks for what happens next, and between two such looks, or two things
that happen by themselves, hosts are listened to again. Without anything to do it sleeps.
Nothing here blocks: what a host does not read is dropped, and counted. Nothing here decides anything about pumps or protocols.
Other threads may only ``ask``; what they ask is done between two steps.
"""

import contextlib
import json
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TypeVar

from firmware_bridge.transports import DevicePort, LinkLost
from firmware_bridge.virtual_pump.engine import PPM
from firmware_bridge.virtual_pump.orders import Unplug, obey
from firmware_bridge.virtual_pump.unit import Unit

S_NS = 1_000_000_000
IDLE_S = 0.25
"""The longest wait without looking whether someone wants to end."""
ASKING_S = 0.005
"""How often a port is asked that cannot be waited on (Windows)."""
AT_ONCE_NS = 2_000_000
"""How long pumps are stepped for themselves before hosts are listened to again."""
LONGEST_LINE = 100_000
T = TypeVar("T")
Opener = Callable[[], DevicePort]


@dataclass
class _Slot:
    """A unit and its plug; ``port`` None: unplugged, until ``back_ns``; ``pulled``: the unit's wire says that it is out.
    ``wake_ns``: when the unit wants to be called; ``waiting``: still to be found out. ``at_ns``: when it was called last.
    ``noted_ns``: the instants at which the rack looks at it, the next one last."""

    number: int
    unit: Unit
    make: Opener
    port: DevicePort | None = None
    back_ns: int | None = None
    wake_ns: int | None = 0
    waiting: bool = False
    pulled: bool = False
    at_ns: int = 0
    noted_ns: list[int] = field(default_factory=lambda: [0])
    watched: tuple[int, ...] = ()


@dataclass
class _Caller:
    """Somebody at the control channel, and the begin of a line."""

    link: socket.socket
    rest: bytes = b""


@dataclass
class _Asked:
    """Something that another thread wants done here."""

    do: Callable[[], object]
    answer: "Future[object]" = field(default_factory=Future)


class Rack:
    """Units on their ports, numbered from 1. ``control``: a listening socket for requests, one JSON table a line.
    ``link_speed``: link time for wall time, of all units.

    Raises LinkLost when a port cannot be opened; those that were are closed again.
    """

    def __init__(
        self, units: Sequence[tuple[Unit, Opener]], control: socket.socket | None = None, link_speed: float = 1.0
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._asked: deque[_Asked] = deque()
        self._lock, self._over = threading.Lock(), False
        self._slots = {number: _Slot(number, unit, make) for number, (unit, make) in enumerate(units, 1)}
        self._due = [(0, number) for number in self._slots]
        self._waiting = deque[_Slot]()
        self._unwatched = dict[int, _Slot]()
        self._control, self._callers = control, dict[int, _Caller]()
        self._begin_ns, self._link_ppm = time.monotonic_ns(), round(link_speed * PPM)
        self._selector.register(self._near, selectors.EVENT_READ, self._far)
        if control is not None:
            control.setblocking(False)
            self._selector.register(control, selectors.EVENT_READ, control)
        try:
            for slot in self._slots.values():
                self._plug_in(slot)
        except BaseException:
            self.close()
            raise

    @property
    def units(self) -> Mapping[int, Unit]:
        """Its units by number."""
        return {number: slot.unit for number, slot in self._slots.items()}

    def paths(self) -> tuple[str, ...]:
        """What hosts open, in the order of the units; empty for one that is unplugged."""
        return tuple(slot.port.path if slot.port is not None else "" for slot in self._slots.values())

    @property
    def dropped_bytes(self) -> int:
        """What no host has taken."""
        return sum(slot.port.dropped_bytes for slot in self._slots.values() if slot.port is not None)

    def now_ns(self) -> int:
        """Link time: since the rack was switched on."""
        return (time.monotonic_ns() - self._begin_ns) * self._link_ppm // PPM

    def run(self, interrupted: Callable[[], bool], tell: Callable[[], bool] = lambda: False) -> None:
        """Serve until interrupted. Raises LinkLost when a port dies by itself.

        ``tell`` is called after every turn; it gives whether it has more to do and wants to be called again at once.
        """
        try:
            more = False
            while not interrupted():
                self._turn(0.0 if more else self._wait_s())
                more = tell()
        finally:
            self.close()

    def ask(self, do: Callable[[], T]) -> T:
        """Have something done by the loop, from another thread; what it raises is raised here. LinkLost after the end."""
        asked = _Asked(do)
        with self._lock:
            if self._over:
                raise LinkLost("the virtual pump is switched off")
            self._asked.append(asked)
        with contextlib.suppress(OSError):
            self._far.send(b"!")
        return asked.answer.result()  # type: ignore[return-value]

    def do(self, number: int, what: Callable[[Unit], T]) -> T:
        """Do something to a unit at this instant, and send what it says to it. Only between two turns, or inside ``ask``."""
        slot = self._slots[number]
        self._step(slot, self.now_ns(), b"")
        try:
            return what(slot.unit)
        finally:
            self._step(slot, self.now_ns(), b"")

    def unplug(self, number: int, for_ns: int) -> None:
        """Take the plug out for so long on the wall's clock: the host's end dies, or is reset; the pump goes on."""
        slot = self._slots[number]
        self._pull_out(slot)
        slot.back_ns = self.now_ns() + for_ns * self._link_ppm // PPM
        self._note(slot)

    def close(self) -> None:
        """Close every port; harmless when closed already. Who still asks is told."""
        with self._lock:
            if self._over:
                return
            self._over = True
            asked = [*self._asked]
        for waiting in asked:
            waiting.answer.set_exception(LinkLost("the virtual pump is switched off"))
        for slot in self._slots.values():
            self._pull_out(slot)
        for caller in self._callers.values():
            caller.link.close()
        for end in (self._near, self._far, *([self._control] if self._control is not None else [])):
            end.close()
        self._selector.close()

    # One turn

    def _turn(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            match key.data:
                case _Slot() as slot:
                    self._hear(slot)
                case _Caller() as caller:
                    self._listen(caller)
                case own if own is self._control:
                    self._let_in()
                case _:
                    self._answer_threads()
        self._let_time_pass()

    def _let_time_pass(self) -> None:
        """Step those that are due and look for what comes next, in turns: who waits for an answer shall not wait for all that
        the others have to do.

        Late is harmless: everything happens at its own instant, however late it is reckoned.
        """
        until_ns = time.monotonic_ns() + AT_ONCE_NS
        for slot in list(self._unwatched.values()):
            self._hear(slot)
        while self._step_one_due() | self._look_ahead_for_one():
            if time.monotonic_ns() >= until_ns:
                return

    def _step_one_due(self) -> bool:
        """Let the next thing happen that is due, at its own instant; whether there was one."""
        now_ns = self.now_ns()
        if not self._due or self._due[0][0] > now_ns:
            return False
        slot = self._slots[heappop(self._due)[1]]
        slot.noted_ns.pop()
        if slot.back_ns is not None and slot.back_ns <= now_ns:
            self._plug_in(slot)
        if slot.wake_ns is not None and slot.wake_ns <= now_ns:
            self._step(slot, slot.wake_ns if slot.wake_ns > slot.at_ns else now_ns, b"")
        self._note(slot)
        return True

    def _note(self, slot: _Slot) -> None:
        """See that a unit is looked at when it is due, not later; what is noted for an earlier instant is enough."""
        due_ns = min((at_ns for at_ns in (slot.wake_ns, slot.back_ns) if at_ns is not None), default=None)
        if due_ns is not None and (not slot.noted_ns or due_ns < slot.noted_ns[-1]):
            slot.noted_ns.append(due_ns)
            heappush(self._due, (due_ns, slot.number))

    def _look_ahead_for_one(self) -> bool:
        """Find out when a unit that was stepped wants to be called again; whether there was one."""
        if not self._waiting:
            return False
        slot = self._waiting.popleft()
        slot.waiting, slot.wake_ns = False, slot.unit.settle()
        self._note(slot)
        return True

    def _wait_s(self) -> float:
        if self._waiting:
            return 0.0
        idle_s = ASKING_S if self._unwatched else IDLE_S
        if not self._due:
            return idle_s
        return min(idle_s, max(0, self._due[0][0] - self.now_ns()) * PPM / self._link_ppm / S_NS)

    def _hear(self, slot: _Slot) -> None:
        if slot.port is None:
            return
        if data := slot.port.take():
            if slot.unit.strict_baud:
                slot.unit.host_at(slot.port.host_baud)
            self._step(slot, (time.monotonic_ns() - self._begin_ns) * self._link_ppm // PPM, data)
        self._watch(slot)

    def _step(self, slot: _Slot, at_ns: int, data: bytes) -> None:
        """Send what a unit answers; what it waits for next is looked for later."""
        slot.at_ns, out = at_ns, slot.unit.answer(at_ns, data)
        if out and slot.port is not None:
            slot.port.give(out)
            self._watch(slot)
        slot.wake_ns = None
        if not slot.waiting:
            slot.waiting = True
            self._waiting.append(slot)
        if slot.unit.wire.unplugged is not slot.pulled:
            self._follow_plug(slot)

    # Plugs

    def _plug_in(self, slot: _Slot) -> None:
        slot.back_ns = None
        if not slot.pulled:
            slot.port = slot.make()
            self._watch(slot)

    def _follow_plug(self, slot: _Slot) -> None:
        """Have the plug out, or in, as the unit's wire says now."""
        slot.pulled = slot.unit.wire.unplugged
        if slot.pulled:
            self._pull_out(slot)
        elif slot.port is None and slot.back_ns is None:
            self._plug_in(slot)

    def _pull_out(self, slot: _Slot) -> None:
        if slot.port is not None:
            port, slot.port = slot.port, None
            self._watch(slot)
            port.close()

    def _watch(self, slot: _Slot) -> None:
        """Wait on what the port is now made of. It is called after everything that may close a descriptor, before a new one can
        get the same number."""
        wanted = () if slot.port is None else slot.port.descriptors()
        if slot.port is not None and not wanted:
            self._unwatched[slot.number] = slot
        elif self._unwatched:
            self._unwatched.pop(slot.number, None)
        if wanted == slot.watched:
            return
        for descriptor in set(slot.watched) - set(wanted):
            self._selector.unregister(descriptor)
        for descriptor in set(wanted) - set(slot.watched):
            self._selector.register(descriptor, selectors.EVENT_READ, slot)
        slot.watched = wanted

    # Other threads, and the control channel

    def _answer_threads(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._near.recv(4096)
        while self._asked:
            with self._lock:
                asked = self._asked.popleft()
            try:
                asked.answer.set_result(asked.do())
            except Exception as error:
                asked.answer.set_exception(error)

    def _let_in(self) -> None:
        assert self._control is not None
        with contextlib.suppress(OSError):
            link, _ = self._control.accept()
            link.setblocking(False)
            caller = self._callers[link.fileno()] = _Caller(link)
            self._selector.register(link, selectors.EVENT_READ, caller)

    def _listen(self, caller: _Caller) -> None:
        """Carry out every whole line. Who sends what is no table is cut off: it is a browser, or something worse."""
        try:
            data = caller.link.recv(4096)
            *lines, caller.rest = (caller.rest + data).split(b"\n")
            for line in lines:
                caller.link.sendall(self._obeyed(line))
            ended = not data or len(caller.rest) > LONGEST_LINE
        except BlockingIOError:
            return
        except (OSError, ValueError, RecursionError):
            ended = True
        if ended:
            self._selector.unregister(caller.link)
            del self._callers[caller.link.fileno()]
            caller.link.close()

    def _obeyed(self, line: bytes) -> bytes:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("a table is wanted")
        answer, unplug = self.obey(request)
        if unplug is not None:
            self.unplug(unplug.unit, unplug.for_ns)
        return json.dumps(answer).encode() + b"\n"

    def obey(self, request: Mapping[str, object]) -> tuple[dict[str, object], Unplug | None]:
        """Carry a request of the control channel out now."""
        with self._all_at_now():
            return obey(self.units, request)

    @contextlib.contextmanager
    def _all_at_now(self) -> Iterator[None]:
        for slot in self._slots.values():
            self._step(slot, self.now_ns(), b"")
        yield
        for slot in self._slots.values():
            self._step(slot, self.now_ns(), b"")
