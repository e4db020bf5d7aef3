"""The virtual pump: how soon it answers, alone and in a crowd, and what it costs while nobody asks.

    python -m benchmarks.virtual_pump

Every figure of pumps stands beside one of a bare echo on pseudo-terminals, by the same host: that is what a machine as busy as
this one allows at all. One pump and one echo are asked in turn, a quarter of a second each, or 200 times; a crowd comes after a
crowd of echoes. Pumps and echo are processes of their own, the host is this one.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.polling import COMMAND, ECHO, TALKS, Host, Polled, Served, Talk, cpu_s, served
from benchmarks.turns import crowd_alone, hot_and_cold

MS_NS = 1_000_000
ALONE_S, ALONE_EVERY_S, SLICE_S = 6.0, 0.01, 0.25
CROWD, CROWD_S, CROWD_EVERY_S = 200, 10.0, 0.1
IDLE_S = 60.0
"""The look ahead fifty seconds after a start falls into it."""
STARTS = 20
IN_A_ROW, ROWS = 200, 10
MIRROR = Talk((), b"", b"", b"0DIS\r", b"\r")


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of polling pumps of one protocol, and as many echoes just before; ``cpu_s``: of their process, a question."""

    pumps: Polled
    echo: Polled
    cpu_s: float


def emulated(protocol: str, count: int, folder: Path) -> Sequence[str]:
    """The command that makes so many pumps."""
    file, text = folder / f"{protocol}.toml", TALKS[protocol].scenario
    file.write_text(text, encoding="utf-8")
    return (*COMMAND, "--protocol", protocol, "--count", str(count), *(("--scenario", str(file)) if text else ()))


@contextmanager
def hosted(command: Sequence[str], count: int, talk: Talk) -> Iterator[tuple[Host, Served]]:
    """A host at the ports of a process, for the while."""
    with served(command, count) as process:
        host = Host(process.paths, talk)
        try:
            yield host, process
        finally:
            host.close()


def started(host: Host, protocol: str, every_s: float) -> None:
    """Let pumps infuse, and wait until what follows a start is over."""
    talk = TALKS[protocol]
    for order in (*talk.before, talk.start):
        host.say(order)
    host.poll(1.0, every_s)


def polled(protocol: str, count: int, seconds: float, every_s: float, folder: Path) -> Measured:
    """Poll so many pumps that infuse, after as many echoes."""
    with hosted((*ECHO, str(count)), count, MIRROR) as (host, _):
        echo = host.poll(seconds / 2, every_s)
    with hosted(emulated(protocol, count, folder), count, TALKS[protocol]) as (host, process):
        started(host, protocol, every_s)
        before_s = cpu_s(process.pid)
        pumps = host.poll(seconds, every_s)
        return Measured(pumps, echo, (cpu_s(process.pid) - before_s) / max(1, pumps.asked))


@contextmanager
def pump_and_echo(protocol: str, folder: Path) -> Iterator[tuple[Host, Host]]:
    """A pump that infuses, and an echo, to be asked in turn: whatever the machine does, it does to both."""
    pumps, echoes = hosted(emulated(protocol, 1, folder), 1, TALKS[protocol]), hosted((*ECHO, "1"), 1, MIRROR)
    with pumps as (pump, _), echoes as (echo, _):
        started(pump, protocol, ALONE_EVERY_S)
        yield pump, echo


def in_turn(protocol: str, folder: Path) -> tuple[list[int], list[int]]:
    """How long answers took, ns, of a pump and of an echo that are polled a slice of time each."""
    found = list[int](), list[int]()
    with pump_and_echo(protocol, folder) as hosts:
        for _ in range(round(ALONE_S / SLICE_S)):
            for host, took in zip(hosts, found, strict=True):
                took.extend(host.poll(SLICE_S, ALONE_EVERY_S).took_ns)
    return found


def in_a_row(protocol: str, folder: Path) -> tuple[list[int], list[int]]:
    """The same where each is asked again as soon as it has answered, some hundred times before it is the other's turn."""
    found = list[int](), list[int]()
    with pump_and_echo(protocol, folder) as hosts:
        for _ in range(ROWS):
            for host, talk, took in zip(hosts, (TALKS[protocol], MIRROR), found, strict=True):
                took.extend(ns for _ in range(IN_A_ROW) for ns in host.say(talk.question))
    return found


def starts(protocol: str, folder: Path) -> list[int]:
    """How long one pump takes to answer an order to start, ns; stopped before each."""
    talk, took = TALKS[protocol], list[int]()
    with hosted(emulated(protocol, 1, folder), 1, talk) as (host, _):
        for order in talk.before:
            host.say(order)
        for _ in range(STARTS):
            took += host.say(talk.start)
            host.poll(0.1, 0.05)
            host.say(talk.stop)
            host.poll(0.1, 0.05)
    return took


def share(took_ns: Sequence[int], part: float) -> float:
    """The time within which this share was answered, ms."""
    return sorted(took_ns)[min(len(took_ns) - 1, int(len(took_ns) * part))] / MS_NS


def alone(console: Console, folder: Path) -> None:
    """One pump of each protocol: asked a hundred times a second, asked again at once, and started."""
    columns = "median", "p99", "max", "echo: median", "p99", "more, ratio"
    steady, at_once = Table("one pump, asked 100 times a second", *columns), Table("asked again at once", *columns)
    begun = Table("one pump", "an order to start: median", "max")
    for protocol in TALKS:
        for table, (took, echo) in ((steady, in_turn(protocol, folder)), (at_once, in_a_row(protocol, folder))):
            middle, floor = share(took, 0.5), share(echo, 0.5)
            figures = (middle, share(took, 0.99), share(took, 1.0), floor, share(echo, 0.99))
            beyond = f"+{middle - floor:.2f} ms, {middle / floor:.1f}"
            table.add_row(protocol, *(f"{ms:.2f} ms" for ms in figures), beyond)
        began = starts(protocol, folder)
        begun.add_row(protocol, f"{statistics.median(began) / MS_NS:.1f} ms", f"{max(began) / MS_NS:.1f} ms")
    console.print(steady, at_once, begun)


def caches(console: Console, folder: Path) -> None:
    """What a sleep costs an answer that does the same work."""
    table = Table("a question within this process, median", "right after another", "after a sleep of 10 ms")
    for protocol in TALKS:
        table.add_row(protocol, *(f"{ns / 1000:.0f} us" for ns in hot_and_cold(protocol, folder)))
    console.print(table)


def crowd(console: Console, folder: Path) -> None:
    """Two hundred pumps in one process, each asked ten times a second."""
    name = f"{CROWD} pumps, each asked 10 times a second"
    table = Table(name, "asked, skipped, unanswered", "median", "p99", "max", "in 20 ms", "echo: p99", "max", "core")
    for protocol in TALKS:
        found = polled(protocol, CROWD, CROWD_S, CROWD_EVERY_S, folder)
        took, echo = found.pumps.took_ns, found.echo.took_ns
        counts = f"{found.pumps.asked}, {found.pumps.skipped}, {found.pumps.unanswered}"
        times = (f"{share(took, part):.2f} ms" for part in (0.5, 0.99, 1.0))
        floor = (f"{share(echo, part):.2f} ms" for part in (0.99, 1.0))
        within = f"{found.pumps.share_within(20 * MS_NS):.2%}"
        table.add_row(protocol, counts, *times, within, *floor, f"{found.cpu_s * 1e6:.0f} us each")
    console.print(table)


def undisturbed(console: Console, folder: Path) -> None:
    """The same crowd by the core time that it takes, as if nothing else ran."""
    name = f"{CROWD} pumps, each asked 10 times a second, by core time alone"
    table = Table(name, "answers", "median", "p99", "99.9 %", "max", "longest look ahead", "core in use")
    for protocol in TALKS:
        found = crowd_alone(protocol, CROWD, CROWD_S, CROWD_EVERY_S, folder)
        times = (f"{share(found.took_ns, part):.2f} ms" for part in (0.5, 0.99, 0.999, 1.0))
        longest = f"{found.longest_look_ns / MS_NS:.1f} ms"
        table.add_row(protocol, str(len(found.took_ns)), *times, longest, f"{found.busy:.0%}")
    console.print(table)


def idle(console: Console, folder: Path) -> None:
    """What a process of pumps takes of a core while nobody asks."""
    table = Table(f"nobody asks for {IDLE_S:g} s", "share of a core", "target")
    talk = TALKS["new-era"]
    for count, infusing in ((1, True), (CROWD, False), (CROWD, True)):
        with hosted(emulated("new-era", count, folder), count, talk) as (host, process):
            for order in (*talk.before, talk.start) if infusing else ():
                host.say(order)
            time.sleep(5.0)
            before_s, begin = cpu_s(process.pid), time.perf_counter()
            time.sleep(IDLE_S)
            used = (cpu_s(process.pid) - before_s) / (time.perf_counter() - begin)
        doing = "infusing" if infusing else "at rest"
        table.add_row(f"{count} new-era pump{'s' if count > 1 else ''}, {doing}", f"{used:.2%}", "1 %")
    console.print(table)


def virtual_pumps(console: Console) -> None:
    """All of it."""
    with tempfile.TemporaryDirectory() as name:
        for part in (alone, caches, crowd, undisturbed, idle):
            part(console, Path(name))


if __name__ == "__main__":
    virtual_pumps(Console(width=130))
    sys.exit(0)
