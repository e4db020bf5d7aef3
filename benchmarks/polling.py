"""Software that polls pumps, as the benchmarks need it: many ports in one process, each asked in its turn, nothing waited for.

What is asked, and how an answer ends, is a row for each protocol.
"""

import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from pathlib import Path
from typing import IO

from firmware_bridge.protocols import alaris_frames, fresenius_link, zyno

S_NS = 1_000_000_000
COMMAND = (sys.executable, "-c", "from firmware_bridge.cli import main; main()", "emulate", "--no-power-up-alarm")
ECHO = (sys.executable, "-m", "benchmarks.echo")
PATIENCE_S = 5.0
SERIAL = "8002-51740"
PERMIT = alaris_frames.frame("REMOTE_CTRL", "ENABLED", alaris_frames.crc(SERIAL))


@dataclass(frozen=True, slots=True)
class Talk:
    """A protocol as a poller speaks it. ``before``: what makes a pump ready to start; ``ends``: the bytes of which one ends an
    answer; ``replies``: what the host owes a byte; ``scenario``: what is on the pump when no host can say it."""

    before: tuple[bytes, ...]
    start: bytes
    stop: bytes
    question: bytes
    ends: bytes
    replies: dict[int, bytes] = field(default_factory=dict)
    scenario: str = ""


PROMPTS = b":><*"
ACKNOWLEDGED = {fresenius_link.ETX: b"\x06", fresenius_link.ENQ: b"\x14"}
LOADED = """
title = "loaded"
duration = "100 h"
[pump]
model = "linear-peristaltic"
[line.A]
container = { bag = "1000 mL", fluid = "saline-0.9" }
[[operator]]
at = "0 s"
load = { rate = "50 mL/h", vtbi = "900 mL" }
"""
TALKS = {
    "new-era": Talk((b"0DIA26.60\r", b"0RAT5MH\r", b"0VOL50\r"), b"0RUN\r", b"0STP\r", b"0DIS\r", b"\x03"),
    "alaris": Talk(
        (PERMIT, alaris_frames.frame("INF_RATE", "5", "ml/h")),
        alaris_frames.frame("INF_START"),
        alaris_frames.frame("INF_STOP"),
        alaris_frames.frame("INF"),
        b"\r",
    ),
    "fresenius": Talk(
        tuple(fresenius_link.frame(text) for text in ("0DC", "1DC", "1MO;2")),
        fresenius_link.frame("1PR;0050"),
        fresenius_link.frame("1PR;0000"),
        fresenius_link.frame("1LE;dr"),
        b"\x03",
        ACKNOWLEDGED,
    ),
    "ultra": Talk((b"diameter 26.6\r", b"irate 5 ml/hr\r"), b"irun\r", b"stop\r", b"ivolume\r", PROMPTS),
    "33-dds": Talk((b"diameter a 26.6\r", b"irate a 5 ml/hr\r"), b"irun a\r", b"stop a\r", b"ivolume a\r", PROMPTS),
    "harvard-11": Talk((b"MMD 26.60\r", b"MLH 5\r"), b"RUN\r", b"STP\r", b"VOL\r", PROMPTS),
    "zyno": Talk((), zyno.framed("WT01"), zyno.framed("WT02"), zyno.framed("Q5"), b"\n", scenario=LOADED),
}
"""A syringe of 50 mL at 5 mL/h; a bag at 50."""


@dataclass(slots=True)
class Polled:
    """What came of polling: how long each answer took, ns; how many questions were due, and how many of them were not put
    because the answer before had not come; how many were never answered; how late the poller was itself, ns."""

    took_ns: list[int] = field(default_factory=list)
    due: int = 0
    skipped: int = 0
    unanswered: int = 0
    late_ns: list[int] = field(default_factory=list)

    @property
    def asked(self) -> int:
        """How many questions were put."""
        return self.due - self.skipped

    def share_within(self, most_ns: int) -> float:
        """The share of what was due that was answered in time."""
        return sum(ns <= most_ns for ns in self.took_ns) / max(1, self.due)


@dataclass(slots=True)
class _End:
    """The host's end of a port; ``asked_ns`` None: nothing is being waited for."""

    descriptor: int
    talk: Talk
    asked_ns: int | None = None
    heard: bytes = b""

    def ask(self, question: bytes) -> None:
        self.heard, self.asked_ns = b"", time.perf_counter_ns()
        os.write(self.descriptor, question)

    def hear(self) -> int | None:
        """Take in what is there; how long the answer took, when it is whole."""
        data = os.read(self.descriptor, 4096)
        now_ns = time.perf_counter_ns()
        owed = b"".join(self.talk.replies.get(byte, b"") for byte in data)
        if owed:
            os.write(self.descriptor, owed)
        self.heard += data
        if self.asked_ns is None or not self.heard or self.heard[-1] not in self.talk.ends:
            return None
        took_ns, self.asked_ns = now_ns - self.asked_ns, None
        return took_ns


class Host:
    """Ports that are open for polling. Closed by ``close``."""

    def __init__(self, paths: Sequence[str], talk: Talk) -> None:
        self._ends = [_End(os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK), talk) for path in paths]
        self._talk, self._selector = talk, selectors.DefaultSelector()
        for end in self._ends:
            self._selector.register(end.descriptor, selectors.EVENT_READ, end)

    def close(self) -> None:
        """Close every port."""
        self._selector.close()
        for end in self._ends:
            os.close(end.descriptor)

    def say(self, question: bytes) -> list[int]:
        """Ask every port, one after the other; how long each answer took, ns. Raises TimeoutError."""
        took = []
        for end in self._ends:
            end.ask(question)
            until_ns = time.perf_counter_ns() + round(PATIENCE_S * S_NS)
            while end.asked_ns is not None:
                took += [ns for ns in self._hear(0.1) if ns is not None]
                if time.perf_counter_ns() > until_ns:
                    raise TimeoutError(f"no answer to {question!r}: {end.heard!r}")
        return took

    def answer(self, question: bytes) -> bytes:
        """What the first port says to a question. Raises TimeoutError."""
        self.say(question)
        return self._ends[0].heard

    def poll(self, seconds: float, every_s: float, question: bytes | None = None) -> Polled:
        """Ask each port so often, the ports spread evenly over the period."""
        asked, found = question or self._talk.question, Polled()
        begin_ns, every_ns = time.perf_counter_ns(), round(every_s * S_NS)
        due = [(begin_ns + i * every_ns // len(self._ends), i) for i in range(len(self._ends))]
        heapify(due)
        end_ns = begin_ns + round(seconds * S_NS)
        while (now_ns := time.perf_counter_ns()) < end_ns:
            while due[0][0] <= now_ns:
                at_ns, i = due[0]
                heapreplace(due, (at_ns + every_ns, i))
                found.due += 1
                found.late_ns.append(now_ns - at_ns)
                if self._ends[i].asked_ns is None:
                    self._ends[i].ask(asked)
                else:
                    found.skipped += 1
            found.took_ns += self._hear(max(0.0, (due[0][0] - time.perf_counter_ns()) / S_NS))
        until_ns = time.perf_counter_ns() + round(PATIENCE_S * S_NS)
        while any(end.asked_ns for end in self._ends) and time.perf_counter_ns() < until_ns:
            found.took_ns += self._hear(0.1)
        found.unanswered = sum(end.asked_ns is not None for end in self._ends)
        return found

    def _hear(self, within_s: float) -> list[int]:
        took = (key.data.hear() for key, _ in self._selector.select(within_s))
        return [ns for ns in took if ns is not None]


@dataclass(frozen=True, slots=True)
class Served:
    """A process that has ports: their paths, its number, and what it says further."""

    paths: list[str]
    pid: int
    said: IO[str]


@contextmanager
def served(command: Sequence[str], count: int) -> Iterator[Served]:
    """A process that first prints ``count`` ports, for the while."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            paths = [process.stdout.readline().strip() for _ in range(count)]
            if not all(paths):
                raise RuntimeError(f"{' '.join(command)} ended with {process.wait()}")
            yield Served(paths, process.pid, process.stdout)
        finally:
            process.terminate()


def cpu_s(pid: int) -> float:
    """The time that a process has had on a core, s: to the tick on Linux, elsewhere to the second."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        *hours, seconds = _process_status(pid, "time").replace("-", ":").split(":")
        return float(seconds) + sum(int(part) * 60 ** (k + 1) for k, part in enumerate(reversed(hours)))
    fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """What a process has in memory now, MB."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return int(_process_status(pid, "rss")) / 1024
    return int(re.findall(r"VmRSS:\s+(\d+)", status.read_text(encoding="ascii"))[0]) / 1024


def _process_status(pid: int, what: str) -> str:
    command = ("ps", "-o", f"{what}=", "-p", str(pid))
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
