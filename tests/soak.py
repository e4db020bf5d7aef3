"""Hours of pump time with a host that polls: what the protocol says in the end is what was delivered, and what was asked for.

    python -m tests.soak                     8 h of pump time, 480 times as fast
    python -m tests.soak --hours 24 --speed 960

Each pump is a process of its own on a pseudo-terminal, as anybody runs it; the host is this one. Its orders are for just so
long that the volumes are in when the time is over. Ends with 1 when a total is more than a motor step off, a question was not
answered, or memory has grown.
"""

import json
import re
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.polling import COMMAND, PROMPTS, Host, Talk, cpu_s, memory_mb, served
from firmware_bridge.protocols import alaris_frames, zyno
from pumpsim.scenario_file import parse_scenario

EVERY_S = 0.02
GROWTH_MB = 8.0
"""What a process may grow by: what went over the wire is kept, up to 100,000 frames."""
SYRINGE = '{ syringe = "bd-plastipak-50", fluid = "saline-0.9" }'
BAG = '{ bag = "2000 mL", fluid = "saline-0.9" }'
NUMBER = re.compile(rb"(\d+)\.?(\d*) ?(ml|ul)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """A dialect of the soak. ``rates``: by pump, nL/h; ``orders``: what the host says first, with the rates and, as mL, the
    volumes of the whole time in it; ``volumes``: the question for what was infused, and where it stands in the answer."""

    protocol: str
    model: str
    container: str
    rates: Mapping[str, int]
    orders: tuple[str, ...]
    volumes: Mapping[str, tuple[bytes, re.Pattern[bytes]]]
    ends: bytes
    frame: str = "cr"

    def framed(self, text: str) -> bytes:
        """An order as it goes over the wire."""
        match self.frame:
            case "alaris":
                return alaris_frames.frame(*text.split("^"))
            case "zyno":
                return zyno.framed(text)
            case _:
                return text.encode() + b"\r"

    def scenario(self, hours: float) -> str:
        """The file: pumps with their containers; on a pump whose host cannot set a programme, that too."""
        text = f'title = "soak"\nduration = "{hours + 1:g} h"\n'
        for pump, rate in self.rates.items():
            text += f'[pump.{pump}]\nmodel = "{self.model}"\n[pump.{pump}.line.A]\ncontainer = {self.container}\n'
            text += f'[pump.{pump}.set]\naccess = "20G-peripheral"\n'
            if self.protocol == "zyno":
                load = f'load = {{ rate = "{rate / 1e6:g} mL/h", vtbi = "{rate / 1e6 * hours:g} mL", at_end = "stop" }}'
                text += f'[[operator]]\nat = "0 s"\n{load}\n'
        return text


PERMITTED = f"REMOTE_CTRL^ENABLED^{alaris_frames.crc('8002-51740')}"
ROWS = (
    Row(
        "new-era",
        "ne-1000",
        SYRINGE,
        {"p": 5_000_000},
        ("0DIA26.60", "0RAT{0:g}MH", "0VOL{1:.4g}", "0RUN"),
        {"p": (b"0DIS\r", re.compile(rb"I([0-9.]+)W"))},
        b"\x03",
    ),
    Row(
        "alaris",
        "asena-gh",
        SYRINGE,
        {"p": 5_000_000},
        (PERMITTED, "INF_RATE^{0:.2f}^ml/h", "INF_VTBI^ACTIV^{1:.3f}^ml^STOP", "INF_START"),
        {"p": (alaris_frames.frame("INF_VI"), re.compile(rb"\^([0-9.]+)\^ml"))},
        b"\r",
        "alaris",
    ),
    Row(
        "33-dds",
        "harvard-33-dds",
        SYRINGE,
        {"a": 4_000_000, "b": 6_000_000},
        (
            "diameter ab 26.6",
            "irate a {0:g} ml/hr",
            "irate b {2:g} ml/hr",
            "tvolume a {1:g} ml",
            "tvolume b {3:g} ml",
            "irun ab",
        ),
        {
            "a": (b"ivolume a\r", re.compile(rb"A: ([0-9.]+ [mu]l)")),
            "b": (b"ivolume b\r", re.compile(rb"B: ([0-9.]+ [mu]l)")),
        },
        PROMPTS,
    ),
    Row(
        "zyno",
        "linear-peristaltic",
        BAG,
        {"p": 50_000_000},
        ("WT01",),
        {"p": (zyno.framed(":INFUSION:VINF?"), re.compile(rb"\x02([0-9]+\.[0-9]{2})"))},
        b"\n",
        "zyno",
    ),
)
"""Syringes, a bag, and two syringes at one address."""


@dataclass(frozen=True, slots=True)
class Total:
    """One pump at the end, mL: ``due``: asked for; ``said``: over the protocol, to ``digit``; ``counted`` by the pump;
    ``delivered`` by its mechanism."""

    pump: str
    due: float
    said: float
    digit: float
    counted: float
    delivered: float
    step: float

    @property
    def right(self) -> bool:
        """To one motor step; what is said, to its last digit as well."""
        least = self.step + 1e-9
        return (
            abs(self.delivered - self.due) <= least
            and abs(self.counted - self.delivered) <= least
            and abs(self.said - self.delivered) <= least + self.digit
        )


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of one dialect. ``asked``: questions, of which so many were ``missed``; memory after a tenth of the time and
    at the end, MB; ``pump_h``: pump time; ``cpu_s``: the time that the pump's process had on a core."""

    protocol: str
    totals: tuple[Total, ...]
    asked: int
    missed: int
    early_mb: float
    late_mb: float
    pump_h: float
    cpu_s: float

    @property
    def faults(self) -> list[str]:
        """What is not as it should be."""
        found = [f"{self.protocol}: a total is off: {total}" for total in self.totals if not total.right]
        found += [f"{self.protocol}: {self.missed} of {self.asked} questions unanswered"] if self.missed else []
        grown = self.late_mb - self.early_mb
        return found + ([f"{self.protocol}: memory grew by {grown:.1f} MB"] if grown > GROWTH_MB else [])


def soak(row: Row, hours: float, speed: float, folder: Path) -> Soaked:
    """Let one dialect's pumps run for so long, polled all the while. Raises TimeoutError when one falls silent."""
    file = folder / f"{row.protocol}.toml"
    file.write_text(row.scenario(hours), encoding="utf-8")
    more = ("--protocol", row.protocol, "--scenario", str(file), "--speed", f"{speed:g}", "--control", "127.0.0.1:0")
    with served([*COMMAND, "--no-spontaneous", *more], 1) as process:
        control = int(re.findall(r"127\.0\.0\.1:(\d+)", process.said.readline())[0])
        host = Host(process.paths, Talk((), b"", b"", b"", row.ends))
        volumes = [text for rate in row.rates.values() for text in (rate / 1e6, rate / 1e6 * hours)]
        for order in row.orders:
            host.say(row.framed(order.format(*volumes)))
        begin_h, memory, asked, missed = _pumps(control)[1], list[float](), 0, 0
        questions = [question for question, _ in row.volumes.values()]
        while (now_h := _pumps(control)[1]) < begin_h + hours * 1.001 + 1e-3:
            for question in questions:
                polled = host.poll(0.5 / len(questions), EVERY_S, question)
                asked, missed = asked + polled.asked, missed + polled.unanswered
            if not memory and now_h >= begin_h + hours / 10:
                memory.append(memory_mb(process.pid))
        memory.append(memory_mb(process.pid))
        pumps, now_h = _pumps(control)
        totals = tuple(_total(row, hours, pump, pumps[pump], host) for pump in row.rates)
        host.close()
        return Soaked(row.protocol, totals, asked, missed, memory[0], memory[-1], now_h - begin_h, cpu_s(process.pid))


def _total(row: Row, hours: float, pump: str, state: Mapping[str, Any], host: Host) -> Total:
    question, place = row.volumes[pump]
    answer = host.answer(question)
    found = place.search(answer)
    if found is None:
        raise ValueError(f"{row.protocol}: no volume in {answer!r}")
    said, digit = _volume_ml(found[1])
    setups = {setup.id: setup for setup in parse_scenario(row.scenario(hours), "soak").pumps}
    line, step = state["lines"]["A"], setups[pump].model.mechanism.step_fl * 1e-12  # of the syringe that is in it
    due = row.rates[pump] / 1e6 * hours
    return Total(pump, due, said, digit, line["counted_ml"], line["delivered_ml"], step)


def _volume_ml(text: bytes) -> tuple[float, float]:
    """A volume and the worth of its last digit."""
    found = NUMBER.match(text)
    assert found is not None
    unit = 1e-3 if found[3] == b"ul" else 1.0
    return float(text.split()[0]) * unit, 10.0 ** -len(found[2]) * unit


def _pumps(control: int) -> tuple[dict[str, Any], float]:
    """The pumps as the control channel says them, and what time it is for them, h."""
    with socket.create_connection(("127.0.0.1", control)) as link, link.makefile("rw", encoding="utf-8") as file:
        file.write('{"read": true}\n')
        file.flush()
        pumps: dict[str, Any] = json.loads(file.readline())["pumps"]
    return pumps, next(iter(pumps.values()))["at_s"] / 3600


def soak_all(rows: Sequence[Row], hours: float, speed: float) -> list[Soaked]:
    """One dialect after the other."""
    with tempfile.TemporaryDirectory() as folder:
        return [soak(row, hours, speed, Path(folder)) for row in rows]


def main(
    hours: Annotated[float, typer.Option(help="Pump time.", min=0.01)] = 8.0,
    speed: Annotated[float, typer.Option(help="Pump time for wall time.", min=1.0)] = 480.0,
) -> None:
    """Soak every dialect of the list and print what came of it."""
    console, begin = Console(width=120), time.monotonic()
    soaked = soak_all(ROWS, hours, speed)
    table = Table("dialect, pump", "asked for", "said", "counted", "delivered", "a step", "right", title="mL")
    for found in soaked:
        for total in found.totals:
            volumes = (total.due, total.said, total.counted, total.delivered, total.step)
            table.add_row(f"{found.protocol} {total.pump}", *(f"{ml:.6f}" for ml in volumes), str(total.right))
    console.print(table)
    table = Table("dialect", "pump time", "questions", "missed", "memory at a tenth, at the end", "core time")
    for found in soaked:
        memory = f"{found.early_mb:.1f}, {found.late_mb:.1f} MB"
        shares = (str(found.asked), str(found.missed), memory, f"{found.cpu_s:.1f} s")
        table.add_row(found.protocol, f"{found.pump_h:.2f} h", *shares)
    console.print(table)
    console.print(f"{time.monotonic() - begin:.0f} s of wall time, {speed:g} times as fast")
    faults = [fault for found in soaked for fault in found.faults]
    console.print("\n".join(faults) or "all totals right to one motor step, every question answered, memory flat")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    typer.run(main)
