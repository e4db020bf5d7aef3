"""The live state of a rack: a table on a terminal, drawn anew when something has changed; a line for each change elsewhere."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from firmware_bridge.rack import Rack
from firmware_bridge.virtual_pump.unit import Sent, Unit
from firmware_bridge.virtual_pump.world import Look, PumpPort

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

EVERY_NS = 500_000_000
"""How often is looked, at most."""
LINE_NS = 10_000_000_000
"""How often a line is printed though only volumes have changed."""
MOST_ROWS = 30
FRAME_CHARACTERS = 48
NL_PER_ML = 1_000_000


class Shown:
    """Shows a rack as long as it is entered; ``show`` after every turn."""

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self._due_ns = 0
        self._before: object = None
        self._printed: dict[tuple[int, str], tuple[str, str, int]] = {}
        self._live: Live | None = None

    def __enter__(self) -> "Shown":
        if sys.stdout.isatty():
            from rich.live import Live

            self._live = Live(auto_refresh=False)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self) -> None:
        """Look, if it is time to, and show what is new."""
        now_ns = self._rack.now_ns()
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + EVERY_NS
        if self._live is None:
            self._print(now_ns)
            return
        rows = self._rows()
        if rows != self._before:
            self._before = rows
            self._live.update(_table(rows, self._rack), refresh=True)

    def _rows(self) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        for (number, unit), path in list(zip(self._rack.units.items(), self._rack.paths(), strict=True))[:MOST_ROWS]:
            for name, port in unit.pumps.items():
                found.append((f"{number} {name}", path or "unplugged", *_words(port), last_frames(unit)))
        return found

    def _print(self, now_ns: int) -> None:
        """A line for every pump of which the state or an alarm is new, or whose volumes were not printed for a while."""
        for number, unit in self._rack.units.items():
            for name, port in unit.pumps.items():
                state, volumes, kpa, alarms = _words(port)
                which = (number, name)
                before = self._printed.get(which)
                late = before is not None and before[1] != volumes and now_ns - before[2] >= LINE_NS
                if before is not None and before[0] == state + alarms and not late:
                    continue
                self._printed[which] = (state + alarms, volumes, now_ns)
                print(
                    f"{port.look().at_ns / 1e9:10.1f} s  {number} {name}  {state}; {volumes}; {kpa}; {alarms}",
                    flush=True,
                )


def last_frames(unit: Unit, count: int = 2) -> str:
    """What went over a wire last, each frame on one short line."""
    frames = [unit.frames[i] for i in range(-min(count, len(unit.frames)), 0)]
    return "\n".join(_short(frame) for frame in frames)


def _short(frame: Sent) -> str:
    text = str(frame).partition(" s ")[2]
    return text if len(text) <= FRAME_CHARACTERS else text[: FRAME_CHARACTERS - 3] + "..."


def _words(port: PumpPort) -> tuple[str, str, str, str]:
    """State and rate, volumes, pressure, alarms."""
    look = port.look()
    alarms = ", ".join(s.alarm.value + ("" if s.line is None else f" {s.line}") for s in look.standing) or "no alarm"
    volumes = ", ".join(f"{line.line} {port.delivered_ml(line.line):.3f} mL" for line in look.lines)
    return _state(look), volumes, f"{look.distal_kpa:.1f} kPa", alarms


def _state(look: Look) -> str:
    if look.off:
        return "off"
    return ", ".join(
        f"{line.line} {line.state.value}" + (f" {line.rate_nl_per_h / NL_PER_ML:g} mL/h" if line.rate_nl_per_h else "")
        for line in look.lines
    )


def _table(rows: list[tuple[str, ...]], rack: Rack) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    more = len(rack.units) - MOST_ROWS
    caption = f"and {more} more" if more > 0 else ""
    dropped = rack.dropped_bytes
    table = Table(caption=", ".join([caption, f"{dropped} bytes that nobody read"] if dropped else [caption]))
    for head in ("pump", "port", "state", "delivered", "pressure", "alarms", "wire"):
        table.add_column(head)
    for row in rows:
        table.add_row(*map(escape, row))
    return table
