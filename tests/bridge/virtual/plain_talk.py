"""A dialect that no pump speaks: lines of text in, lines of text out. It drives the command, the rack and the fixture.

``ID``, ``RATE 10`` (mL/h), ``RUN``, ``STOP``, ``STATUS``; ``BEAT`` begins a watchdog of 200 ms of link time. Alarms are sent
unasked. ``STATUS`` gives state, rate in nL/h, volume in nL and the alarms that stand.
"""

from collections.abc import Mapping

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.world import PumpPort, refusals
from pumpsim.vocabulary.inputs import LoadProgram, OperatorCommand, Start, Stop
from pumpsim.vocabulary.program import InfusionProgram

BEAT_NS = 200_000_000


class PlainTalk:
    """One port of it."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options) -> None:
        self._pumps, self._options = pumps, options
        self._pump = next(iter(pumps.values()))
        self._rest = b""
        self._beat_ns: int | None = None
        self._said: tuple[str, ...] = ()

    def take(self, link_ns: int, data: bytes) -> list[bytes]:
        """Answer every whole line."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [self._answer(link_ns, line.decode(errors="replace").strip()) for line in lines]

    def pass_time(self, link_ns: int) -> list[bytes]:
        """Stop what nobody watches; say what is new of alarms."""
        if self._beat_ns is not None and link_ns >= self._beat_ns:
            self._beat_ns = None
            self._pump.operate(Stop())
            return [b"! SILENCE\n"]
        now = tuple(standing.alarm.value for standing in self._pump.look().standing)
        new, self._said = [alarm for alarm in now if alarm not in self._said], now
        return [f"! {alarm}\n".encode() for alarm in new] if self._options.spontaneous else []

    @property
    def wake_ns(self) -> int | None:
        """When the watchdog runs out."""
        return self._beat_ns

    def _answer(self, link_ns: int, line: str) -> bytes:
        word, _, value = line.partition(" ")
        match word:
            case "ID":
                return f"{self._pump.model.id} of {sorted(self._pumps)}, {self._options.more['accent']}\n".encode()
            case "RATE":
                program = InfusionProgram(round(float(value) * 1e6), None)
                return self._done(LoadProgram(self._pump.model.lines[0], program))
            case "RUN":
                return self._done(Start())
            case "STOP":
                return self._done(Stop())
            case "BEAT":
                self._beat_ns = link_ns + BEAT_NS
                return b"OK\n"
            case "STATUS":
                return self._status()
        return b"WHAT\n"

    def _done(self, command: OperatorCommand) -> bytes:
        return b"NO\n" if refusals(self._pump.operate(command)) else b"OK\n"

    def _status(self) -> bytes:
        look = self._pump.look()
        line = look.lines[0]
        alarms = ",".join(standing.alarm.value for standing in look.standing) or "none"
        return f"{line.state.value} {line.rate_nl_per_h} {line.pumped_nl} {alarms}\n".encode()


PLAIN = Dialect(
    name="plain",
    title="lines of text, for tests",
    baud=9600,
    framing="8N1",
    model="syringe-pump",
    addresses=range(1, 4),
    talk=PlainTalk,
    options={"accent": "none"},
)


def main() -> None:
    """The command, with this dialect among its own."""
    PROTOCOLS["plain"] = PLAIN
    from firmware_bridge.cli import main as command

    command()
