"""One port of a rack, sans-I/O: pumps behind a dialect, what is done to them from outside, and all that went over the wire.

What is done from outside is told in the words of scenario files (``pumpsim.scenario_file.told``); it happens on pump time,
the wire's faults on link time.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import NamedTuple, Protocol

from firmware_bridge.device import DeviceStep
from firmware_bridge.virtual_pump.dialect import Dialect, Options, Talker
from firmware_bridge.virtual_pump.engine import PPM, VirtualPump, stepped
from firmware_bridge.virtual_pump.wire import COUNTS, NO_FAULTS, SHARES, Wire, WireFaults
from firmware_bridge.virtual_pump.world import AHEAD_NS, PumpPort, World, refusals
from pumpsim.errors import FieldError, PumpsimError, UnknownNameError
from pumpsim.scenario import Entry, Scenario, WireSpan
from pumpsim.scenario_file.checks import Document
from pumpsim.scenario_file.told import Telling, Told, span_ns
from pumpsim.simulation.paths import ENDLESS_NS
from pumpsim.vocabulary.disturbances import Raise
from pumpsim.vocabulary.inputs import OperatorCommand

MOST_FRAMES = 100_000
"""So many are kept; the oldest go first."""
TIMES = {name.removesuffix("_ns"): name for name in COUNTS if name.endswith("_ns")} | {"delay_by": "delay_ns"}
TIMES.pop("delay")
"""Faults of the wire that are times, by the words that people use: ``delay`` is a share, ``delay_by`` how late."""
WORDS = {name: word for word, name in TIMES.items()}
MS_NS = 1_000_000
OF_TYPE: dict[str, type[int]] = {"baud": int, "host_baud": int, "silent": bool, "lose_first": bool, "unplugged": bool}


class PumpRefused(PumpsimError):  # noqa: N818 (what happened, not whose error it is)
    """The pump refused what an operator wanted of it."""


class By(Enum):
    """Who sent what went over the wire."""

    HOST = ">"
    PUMP = "<"


class Sent(NamedTuple):
    """Bytes at the pump's plug, as they came in or went out in one go, and when, on link time."""

    at_ns: int
    by: By
    data: bytes

    def __str__(self) -> str:
        """``12.345678 s > 02 "0RUN" 03``: text as text, the rest in hexadecimal."""
        return f"{self.at_ns / 1e9:.6f} s {self.by.value} {spelled(self.data)}"


class Tap(Protocol):
    """Somebody who listens at the pump's plug."""

    def take(self, at_ns: int, by: By, data: bytes) -> None:
        """Hear what went over the wire."""

    def note(
        self, at_ns: int, what: str, frame: bytes = b"", told: Mapping[str, object] | None = None, ended: bool = False
    ) -> None:
        """Hear what happened otherwise: a fault of the wire, with the frame as it was meant; something told (see ``tell``)."""


USUAL = Options()
SPEEDS = 0.001, 1_000_000.0
"""How slow and how fast pump time may go, for wall time."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a port is set up. ``speed``: pump time for wall time; with ``scale_link_timers`` link time runs as fast, which is for
    the loop to see to. ``first``: address of its first pump, None: the dialect's own; ``seed``: of the wire's chance.
    ``strict_baud``: a host whose port is set to another rate than the pump's hears and says garbage, where that can be seen.
    ``wire_by_scenario``: whether the wire has the faults that the scenario gives it.

    Raises FieldError for a speed that is outside ``SPEEDS``.
    """

    options: Options = USUAL
    faults: WireFaults = NO_FAULTS
    speed: float = 1.0
    seed: int = 1
    first: int | None = None
    scale_link_timers: bool = False
    strict_baud: bool = False
    wire_by_scenario: bool = True

    def __post_init__(self) -> None:
        if not SPEEDS[0] <= self.speed <= SPEEDS[1]:
            raise FieldError(f"a speed of {self.speed:g}: {SPEEDS[0]:g} to {SPEEDS[1]:,.0f} is wanted")

    @property
    def link_speed(self) -> float:
        """Link time for wall time."""
        return self.speed if self.scale_link_timers else 1.0


class Unit:
    """The pumps of a scenario behind one port, or some of them (``only``).

    Raises ScenarioError, and PumpsimError for what does not go together.
    """

    def __init__(
        self,
        document: Document,
        dialect: Dialect,
        settings: Settings = Settings(),
        *,
        name: str = "",
        folder: Path | None = None,
        only: Sequence[str] | None = None,
    ) -> None:
        self._telling = Telling(document, name or dialect.name, folder)
        self.dialect, self.scenario = dialect, _open_to_anything(self._telling.scenario)
        self.world = World(self.scenario, round(AHEAD_NS * max(1.0, settings.speed)))
        by_address = _addressed(self.world, only, dialect, settings.first)
        talker = _talker(dialect, by_address, settings.options)
        self.wire, self.strict_baud = Wire(settings.faults, settings.seed, dialect.baud), settings.strict_baud
        on_link = settings.speed / settings.link_speed
        self._pump = VirtualPump(self.world, talker, self.wire, on_link)
        self.addresses = {port.id: address for address, port in by_address.items()}
        self._speed_ppm, self.link_speed = round(on_link * PPM), settings.link_speed
        self._due: list[Entry] = []
        self._wire_due = list(self.scenario.wire) if settings.wire_by_scenario else []
        self._frames: deque[Sent] = deque(maxlen=MOST_FRAMES)
        self._unnoted: list[tuple[int, bytes, bytes]] = []
        self._tap: Tap | None = None

    def listen(self, tap: Tap) -> None:
        """Let somebody hear all that happens on the wire from now on."""
        self._tap, self.wire.note = tap, tap.note

    @property
    def pumps(self) -> Mapping[str, PumpPort]:
        """Its pumps by their ids, in the order of the scenario."""
        return self.world.pumps

    def pump(self, name: str | None = None) -> PumpPort:
        """The pump of this name, or the only one. Raises FieldError."""
        if name is None and len(self.pumps) > 1:
            raise FieldError(f"there are several pumps: name one of {', '.join(self.pumps)}")
        if name is not None and name not in self.pumps:
            raise UnknownNameError("pump", name, self.pumps)
        return next(iter(self.pumps.values())) if name is None else self.pumps[name]

    def step(self, now_ns: int, data: bytes = b"") -> DeviceStep:
        """``answer`` and ``settle``; see ``stepped``."""
        return stepped(self, now_ns, data)

    def answer(self, now_ns: int, data: bytes = b"") -> bytes:
        """Take in what arrived by ``now_ns`` of link time, and give what goes out; what was told to happen earlier happens
        first."""
        out = b""
        while (self._due or self._wire_due) and (told_ns := self._told_ns) is not None and told_ns <= now_ns:
            out += self._pump.answer(told_ns)
            self._do_next()
        if data and self._tap is not None:
            self._tap.take(now_ns, By.HOST, data)
        out += self._pump.answer(now_ns, data)
        if data or out:
            self._unnoted.append((now_ns, data, out))
        if out and self._tap is not None:
            self._tap.take(now_ns, By.PUMP, out)
        return out

    @property
    def frames(self) -> deque[Sent]:
        """The last of what went over the plug, oldest first."""
        self._note_frames()
        return self._frames

    def settle(self) -> int | None:
        """Follow what was heard, and say when this wants to be called again; see ``VirtualPump.settle``."""
        self._note_frames()
        return min((at_ns for at_ns in (self._told_ns, self._pump.settle()) if at_ns is not None), default=None)

    @property
    def _told_ns(self) -> int | None:
        """When the next of what was told is to happen, on link time."""
        if not (self._due or self._wire_due):
            return None
        first: list[Entry | WireSpan] = [*self._due[:1], *self._wire_due[:1]]
        return self._on_link(min(told.at_ns for told in first))

    def _do_next(self) -> None:
        if self._due and not (self._wire_due and self._wire_due[0].at_ns < self._due[0].at_ns):
            entry = self._due.pop(0)
            self.pumps[entry.pump].do(entry.action)
        else:
            self._change_wire(self._wire_due.pop(0))

    def _change_wire(self, span: WireSpan) -> None:
        """Give the wire the faults that the scenario has for it now; at their end it is as it was."""
        changed = {TIMES.get(word, word): value for word, value in span.words.items()}
        before = {name: getattr(self.wire.faults, name) for name in changed}
        said = {word: f"{value / MS_NS:.6f} ms" if word in TIMES else value for word, value in span.words.items()}
        self._note_told({"wire": said}, ended=False)
        self.wire.change(**changed)
        if span.until_ns is not None:
            back = WireSpan(span.until_ns, None, {WORDS.get(name, name): value for name, value in before.items()})
            self._wire_due = sorted([*self._wire_due, back], key=lambda due: due.at_ns)

    def tell(self, words: Mapping[str, object]) -> None:
        """Let something be done now: a table of a scenario file. Raises PumpsimError: PumpRefused when a pump refuses."""
        self._note_told(words, ended=False)
        self._carry_out(self._telling.tell(self.world.now_ns, words))

    def end(self, words: Mapping[str, object]) -> None:
        """Let a fault that was told end now. Raises PumpsimError when there is none."""
        self._note_told(words, ended=True)
        self._carry_out(self._telling.end(self.world.now_ns, words))

    def set_wire(self, words: Mapping[str, object]) -> None:
        """Change the faults of the wire: shares as numbers, times with their unit. Raises FieldError."""
        faults = wire_faults(words, self.wire.faults)
        self._note_told({"wire": dict(words)}, ended=False)
        self.wire.faults = faults

    def host_at(self, baud: int | None) -> None:
        """Take note of the rate that the host's port is set to, if it is known and the pump minds."""
        if self.strict_baud and baud is not None and baud != (self.wire.faults.host_baud or self.wire.pump_baud):
            self.set_wire({"host_baud": baud})

    def power_cycle(self, name: str | None = None) -> None:
        """Take a pump's power and give it back at once; what the pump keeps, it keeps. Raises FieldError."""
        port = self.pump(name)
        self._note_told({"power-cycle": True, "pump": port.id}, ended=False)
        port.power_cycle()

    def _note_frames(self) -> None:
        """Note what was heard and said since the last time; it waits until the answer is out."""
        for at_ns, data, out in self._unnoted:
            self._frames.extend(Sent(at_ns, by, said) for by, said in ((By.HOST, data), (By.PUMP, out)) if said)
        self._unnoted.clear()

    def _note_told(self, words: Mapping[str, object], *, ended: bool) -> None:
        if self._tap is not None:
            self._tap.note(self._pump.now_ns, "told", told=words, ended=ended)

    def _carry_out(self, told: Told) -> None:
        for entry in told.dropped:
            if entry in self._due:
                self._due.remove(entry)
        now_ns = self.world.now_ns
        self._due = sorted([*self._due, *(e for e in told.entries if e.at_ns > now_ns)], key=lambda entry: entry.at_ns)
        for entry in told.entries:
            if entry.at_ns <= now_ns:
                said = self.pumps[entry.pump].do(entry.action)
                if isinstance(entry.action, OperatorCommand) and (why := refusals(said)):
                    raise PumpRefused("; ".join(why))

    def _on_link(self, pump_ns: int) -> int:
        return -(-pump_ns * PPM // self._speed_ppm)


def wire_faults(words: Mapping[str, object], before: WireFaults = NO_FAULTS) -> WireFaults:
    """Read faults of a wire as people write them: ``drop = 0.1``, ``latency = "20 ms"``, ``silent = true``. Or FieldError."""
    changed: dict[str, int | float | bool] = {}
    for word, value in words.items():
        if word in TIMES:
            changed[TIMES[word]] = span_ns(word, value)
        elif word in SHARES and isinstance(value, int | float) and not isinstance(value, bool):
            changed[word] = float(value)
        elif word in OF_TYPE and type(value) is OF_TYPE[word]:
            changed[word] = value
        elif word in WIRE_WORDS:
            raise FieldError(f"wire: {word} = {value!r}: {WIRE_WORDS[word]} is wanted")
        else:
            raise UnknownNameError(f"fault of the wire: {word}", word, WIRE_WORDS)
    try:
        return replace(before, **changed)  # type: ignore[arg-type]
    except ValueError as error:
        raise FieldError(str(error)) from error


WIRE_WORDS = (
    dict.fromkeys(SHARES, "a share of 0 to 1")
    | dict.fromkeys(TIMES, "a time")
    | {
        "baud": "a baud rate, 0 for none,",
        "host_baud": "a baud rate, 0 for the pump's,",
        "silent": "true or false",
        "lose_first": "true or false",
        "unplugged": "true or false",
    }
)
"""Every word for a fault of the wire, and what stands behind it."""
assert len(WIRE_WORDS) == len(fields(WireFaults))


def spelled(data: bytes) -> str:
    """Write bytes so that people can read them: runs of text in quotes, the rest in hexadecimal."""
    parts: list[str] = []
    text = ""
    for byte in data:
        if 0x20 <= byte < 0x7F and byte != 0x22:
            text += chr(byte)
            continue
        parts += [f'"{text}"'] if text else []
        parts.append(f"{byte:02X}")
        text = ""
    return " ".join([*parts, f'"{text}"'] if text else parts)


def _addressed(world: World, only: Sequence[str] | None, dialect: Dialect, first: int | None) -> dict[int, PumpPort]:
    """The pumps that are on the line by address, in the order of the scenario."""
    pumps = [port for name, port in world.pumps.items() if only is None or name in only]
    begin = dialect.addresses.start if first is None else first
    wanted: Sequence[int] = range(begin, begin + len(pumps))
    if not all(address in dialect.addresses for address in wanted):
        has = f"{dialect.addresses.start} to {dialect.addresses.stop - 1}"
        raise PumpsimError(
            f"{dialect.name} has the addresses {has}: {len(pumps)} pump(s) from {begin} on do not go on one line"
        )
    return dict(zip(wanted, pumps, strict=True))


def _talker(dialect: Dialect, pumps: Mapping[int, PumpPort], options: Options) -> Talker:
    """The dialect in front of pumps. Raises PumpsimError with every option that it does not have or cannot take."""
    faults: list[str] = []
    more = dict(dialect.options)
    for key, value in options.more.items():
        if key not in dialect.options:
            faults.append(str(UnknownNameError(f"option of {dialect.name}: {key}", key, dialect.options)))
        elif not (value.isascii() and value.isprintable()):
            faults.append(f"{dialect.name}: {key} = {value!r}: printable characters of ASCII are wanted")
        else:
            more[key] = value
    try:
        talker = dialect.talk(pumps, replace(options, more=more))
    except ValueError as error:
        faults.append(f"{dialect.name}: {error}")
    if faults:
        raise PumpsimError("; ".join(faults))
    return talker


def _open_to_anything(scenario: Scenario) -> Scenario:
    """Make a scenario's lines such as anything can be done to later: parts of a network, where a leak or air can come in.

    What makes them so is a disturbance that changes nothing, at the end of all time.
    """
    never = tuple(Entry(ENDLESS_NS - 1, setup.id, Raise(setup.path.height_cm)) for setup in scenario.pumps)
    return replace(scenario, entries=(*scenario.entries, *never))
