"""A virtual pump for tests of pump drivers: it stands on a port while the test runs, and does what the test wants of it.

    with virtual_pump(protocol="new-era", speed=60) as pump:
        driver = MyDriver(pump.port)
        pump.inject(occlude="patient end")
        pump.wait_for(alarm="occlusion-distal")

It runs in a thread of the test's own process, not in another one: it is there at once, what it has done can be looked at
without a wire between, and it ends with the test whatever happens. A host that computes without a pause can delay its answers
by a few ms (Python runs one thread at a time); where that matters, run ``firmware-bridge emulate`` beside the test.
"""

import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware_bridge.rack import Rack
from firmware_bridge.setting_up import dialect_of, opener_of, unit_of
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.orders import state_of
from firmware_bridge.virtual_pump.unit import By, Sent, Settings, Unit, spelled, wire_faults
from pumpsim.errors import PumpsimError

if TYPE_CHECKING:
    from firmware_bridge.traffic.recorder import Behind

PATIENCE_S = 10.0
"""How long is waited for what a test expects, if it says nothing else: wall time."""
LOOK_S = 0.002
SHOWN_FRAMES = 40
S_NS = 1_000_000_000
Reply = bytes | re.Pattern[bytes] | None
"""What a pump is expected to say: these bytes, something of this form, or (None) whatever it says."""


class HostedPump:
    """A virtual pump on its port. Everything here may be called from any thread; times are wall time unless said otherwise."""

    def __init__(
        self,
        unit: Unit,
        port: str | None,
        folder: str | None,
        record: Callable[[Rack], "Behind"] | None = None,
        link_speed: float = 1.0,
    ) -> None:
        link = None if folder is None or port is not None else Path(folder) / "ttyPUMP"
        self._rack = Rack([(unit, opener_of(port, link, unit.dialect.baud))], link_speed=link_speed)
        (self.port,) = self._rack.paths()
        self._unit, self._stopped = unit, threading.Event()
        try:
            self._behind = None if record is None else record(self._rack)
        except BaseException:
            self._rack.close()
            raise
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name=f"virtual pump at {self.port}", daemon=True)
        self._thread.start()

    # What is done to it

    def inject(self, **words: object) -> None:
        """Let something happen to the pump now, in the words of scenario files: ``inject(occlude="patient end", for_="30 s")``.

        A ``[[fault]]`` or a ``[[change]]`` without ``at``; ``for_``: how long, on pump time. Raises PumpsimError.
        """
        self._do(lambda unit: unit.tell(_words(words)))

    def end(self, **words: object) -> None:
        """Let what was injected with these words end now. Raises PumpsimError."""
        self._do(lambda unit: unit.end(_words(words)))

    def operate(self, **words: object) -> None:
        """Do something at the pump's own keys: an ``[[operator]]`` without ``at``: ``operate(do="stop")``.

        Raises PumpRefused with the pump's reason, PumpsimError for what is no command.
        """
        self._do(lambda unit: unit.tell(_words(words)))

    def wire_faults(self, **words: object) -> None:
        """Change the faults of the wire: ``wire_faults(drop=0.1, latency="20 ms")``. Raises PumpsimError."""
        self._do(lambda unit: unit.set_wire(words))

    def power_cycle(self, pump: str | None = None) -> None:
        """Take the power and give it back at once; what the pump keeps, it keeps."""
        self._do(lambda unit: unit.power_cycle(pump))

    def unplug(self, seconds: float) -> None:
        """Take the plug out for so long: the host's end dies. The pump goes on; the port comes back under the same name."""
        self._rack_does(lambda: self._rack.unplug(1, round(seconds * S_NS)))

    # What it does

    @property
    def state(self) -> dict[str, Any]:
        """What the pump knows now, as the control channel says it; by pump id where there are several."""
        pumps: dict[str, Any] = self._do(state_of)
        return next(iter(pumps.values())) if len(pumps) == 1 else pumps

    @property
    def delivered_ml(self) -> float:
        """What the mechanism has really moved, all lines of all pumps together."""
        return float(
            self._do(lambda unit: sum(port.delivered_ml(of) for port in unit.pumps.values() for of in port.model.lines))
        )

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarm conditions that stand, of all pumps."""
        return tuple(
            self._do(lambda unit: [s.alarm.value for port in unit.pumps.values() for s in port.look().standing])
        )

    @property
    def wire(self) -> tuple[Sent, ...]:
        """All that went over the wire, in its order."""
        return tuple(self._do(lambda unit: list(unit.frames)))

    def wait_for(
        self,
        condition: Callable[[dict[str, Any]], bool] | None = None,
        *,
        state: str | None = None,
        alarm: str | None = None,
        delivered_ml: float | None = None,
        within_s: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """Wait until all of it holds, and give the state: a function of the state, the state of any line, an alarm, a volume.

        Raises AssertionError with the last state and the end of the wire's record when it does not come about.
        """

        def holds(unit: Unit) -> tuple[bool, dict[str, Any]]:
            pumps: dict[str, Any] = state_of(unit)
            lines = [line for found in pumps.values() for line in found["lines"].values()]
            seen = next(iter(pumps.values())) if len(pumps) == 1 else pumps
            wanted = (
                state is None or any(line["state"] == state for line in lines),
                alarm is None or any(a["alarm"] == alarm for found in pumps.values() for a in found["alarms"]),
                delivered_ml is None or sum(line["delivered_ml"] for line in lines) >= delivered_ml,
                condition is None or condition(seen),
            )
            return all(wanted), seen

        until = time.monotonic() + within_s
        while not (found := self._do(holds))[0]:
            if time.monotonic() >= until:
                raise AssertionError(f"not within {within_s:g} s; the pump: {found[1]}\n{self.transcript()}")
            time.sleep(LOOK_S)
        return dict(found[1])

    @contextmanager
    def expect(self, conversation: Sequence[tuple[bytes, Reply]], within_s: float = 1.0) -> Iterator[None]:
        """Let the driver do something, and see that it and the pump said exactly this: (what was sent, what was answered).

        How bytes are cut does not matter. ``b""`` sent: the pump speaks unasked. Raises AssertionError.
        """
        begin = len(self.wire)
        yield
        wanted, until = _merged(conversation), time.monotonic() + within_s
        while not _agree(wanted, said := _exchanges(self.wire[begin:])):
            if time.monotonic() >= until:
                raise AssertionError(f"the conversation was\n{_spoken(said)}\nand not\n{_spoken(wanted)}")
            time.sleep(LOOK_S)

    def transcript(self, last: int = SHOWN_FRAMES) -> str:
        """The end of the wire's record, a line each."""
        return "\n".join(str(sent) for sent in self.frames_at_the_end(last)) or "nothing went over the wire"

    def frames_at_the_end(self, last: int) -> tuple[Sent, ...]:
        """What went over the wire last; after the pump was switched off, too."""
        return self.wire[-last:] if self._thread.is_alive() else tuple(self._unit.frames)[-last:]

    def close(self) -> None:
        """Switch it off and take its port away; harmless when that was done. Raises what the pump's loop died of."""
        self._stopped.set()
        with suppress(PumpsimError):
            self._rack.ask(lambda: None)
        self._thread.join(PATIENCE_S)
        if self._behind is not None:
            self._behind.close()
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed

    def _serve(self) -> None:
        try:
            self._rack.run(self._stopped.is_set, self._write_down)
        except BaseException as error:
            self._failed = error

    def _write_down(self) -> bool:
        """Write what went over the wire into the journal, if there is one; there is never more to do."""
        if self._behind is not None:
            self._behind.write()
        return False

    def _do(self, what: Callable[[Unit], Any]) -> Any:
        return self._rack_does(lambda: self._rack.do(1, what))

    def _rack_does(self, what: Callable[[], Any]) -> Any:
        try:
            return self._rack.ask(what)
        except PumpsimError as error:
            if self._failed is not None:
                raise self._failed from error
            raise


@contextmanager
def virtual_pump(
    model: str | None = None,
    protocol: str | Dialect = "",
    speed: float = 1.0,
    *,
    scenario: str | Path | None = None,
    port: str | None = None,
    wire: Mapping[str, object] | None = None,
    spontaneous: bool = True,
    power_up_alarm: bool = True,
    options: Mapping[str, str] | None = None,
    address: int | None = None,
    seed: int = 1,
    journal: str | Path | None = None,
    keep_identifiers: bool = False,
    scale_link_timers: bool = False,
    strict_baud: bool = False,
) -> Iterator[HostedPump]:
    """A virtual pump for the while.

    ``model`` None: the protocol's own. ``speed``: pump time for wall time; the wire stays as it is. ``scenario``: a file, or
    the text of one, with what hangs on the pump. ``port`` None: a pseudo-terminal; ``"tcp://127.0.0.1:0"``, or one there is.
    ``wire``: its faults. ``options``: of the dialect. ``address``: of the first pump. ``journal``: a new file for all that goes
    over the wire, redacted unless ``keep_identifiers``. ``scale_link_timers``: watchdogs, keep-alives, byte gaps and the wire
    run at ``speed`` too. Raises PumpsimError for what cannot be.
    """
    dialect = dialect_of(protocol) if isinstance(protocol, str) else protocol
    more = dict(options or {})
    settings = Settings(
        Options(spontaneous, power_up_alarm, more),
        wire_faults(wire or {}),
        speed,
        seed=seed,
        first=address,
        scale_link_timers=scale_link_timers,
        strict_baud=strict_baud,
    )
    folder = tempfile.mkdtemp(prefix="pump-")
    try:
        file = _file(scenario, folder)

        def record(rack: Rack) -> "Behind":
            from firmware_bridge.traffic.of_a_unit import header_of, listen

            assert journal is not None
            header = header_of("test", dialect, settings, model, file, None, not keep_identifiers)
            return listen(rack.units[1], rack.now_ns, Path(journal), header)

        unit = unit_of(dialect, model, file, settings)
        hosted = HostedPump(unit, port, folder, None if journal is None else record, settings.link_speed)
        try:
            yield hosted
        finally:
            hosted.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _file(scenario: str | Path | None, folder: str) -> Path | None:
    """A scenario's file; a text of several lines is put into one."""
    if not isinstance(scenario, str) or "\n" not in scenario:
        return None if scenario is None else Path(scenario)
    file = Path(folder) / "scenario.toml"
    file.write_text(scenario, encoding="utf-8")
    return file


def _words(words: Mapping[str, object]) -> dict[str, object]:
    """Words as files have them: ``for`` is none of Python's names."""
    return {word.removesuffix("_"): value for word, value in words.items()}


def _exchanges(frames: Sequence[Sent]) -> list[tuple[bytes, bytes]]:
    """What was sent, and all that came until something was sent again."""
    found: list[tuple[bytes, bytes]] = []
    for frame in frames:
        sent, answered = found[-1] if found else (b"", b"")
        if frame.by is By.PUMP and found:
            found[-1] = sent, answered + frame.data
        elif frame.by is By.PUMP:
            found.append((b"", frame.data))
        elif answered or not found:
            found.append((frame.data, b""))
        else:
            found[-1] = sent + frame.data, b""
    return found


def _merged(conversation: Sequence[tuple[bytes, Reply]]) -> list[tuple[bytes, Reply]]:
    """The same conversation with neighbours put together that no wire can tell apart."""
    found: list[tuple[bytes, Reply]] = []
    for sent, reply in conversation:
        before, answered = found[-1] if found else (b"", None)
        if found and answered == b"":
            found[-1] = before + sent, reply
        elif found and not sent and isinstance(answered, bytes) and isinstance(reply, bytes):
            found[-1] = before, answered + reply
        else:
            found.append((sent, reply))
    return found


def _agree(wanted: Sequence[tuple[bytes, Reply]], said: Sequence[tuple[bytes, bytes]]) -> bool:
    return len(wanted) == len(said) and all(
        sent == really
        and (reply is None or (reply == answer if isinstance(reply, bytes) else bool(reply.fullmatch(answer))))
        for (sent, reply), (really, answer) in zip(wanted, said, strict=True)
    )


def _spoken(conversation: Sequence[tuple[bytes, Reply]]) -> str:
    def written(reply: Reply) -> str:
        if reply is None:
            return "(anything)"
        return spelled(reply) if isinstance(reply, bytes) else f"(like {reply.pattern!r})"

    return "\n".join(f"  > {spelled(sent)}\n  < {written(reply)}" for sent, reply in conversation) or "  (silence)"
