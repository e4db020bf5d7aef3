"""The live state of a rack: a table on a terminal, drawn anew when something has changed; a line for each change elsewhere."""

import os
import select
import sys
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING

from firmware_bridge.rack import Rack
from firmware_bridge.virtual_pump.unit import Sent, Unit
from firmware_bridge.virtual_pump.world import Look, PumpPort

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

EVERY_NS = 500_000_000
"""How often is looked, at most: at ten pumps; of many more seldom, for each look costs up to 1 ms."""
AT_ONCE_NS = 2_000_000
"""How long is looked before hosts are listened to again."""
LINE_NS = 10_000_000_000
"""How often a line is printed though only volumes have changed."""
MOST_ROWS = 16
FRAME_CHARACTERS = 48
NL_PER_ML = 1_000_000


class Shown:
    """Shows a rack as long as it is entered; ``show`` after every turn. It looks at a few pumps at a time: hosts come first."""

    def __init__(self, rack: Rack) -> None:
        self._rack = rack
        self._due_ns = 0
        self._round: list[tuple[int, str]] = []
        self._rows: dict[tuple[int, str], tuple[str, ...]] = {}
        self._drawn: dict[tuple[int, str], tuple[str, ...]] = {}
        self._printed: dict[tuple[int, str], tuple[str, str, int]] = {}
        self._slower = max(1, len(rack.units) // 10)
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

    def show(self) -> bool:
        """Look, if it is time to, and show what is new; whether there is more to look at."""
        begin_ns = self._rack.now_ns()
        if not self._round:
            if begin_ns < self._due_ns:
                return False
            self._due_ns = begin_ns + EVERY_NS * self._slower
            self._round = [(number, name) for number, unit in self._rack.units.items() for name in unit.pumps]
            if self._live is not None:
                self._round = self._round[:MOST_ROWS]
            self._round.reverse()
        while self._round:
            self._look(*self._round.pop())
            if self._rack.now_ns() - begin_ns >= AT_ONCE_NS:
                break
        if self._live is not None and not self._round and self._rows != self._drawn:
            self._drawn = dict(self._rows)
            self._live.update(_table(self._drawn.values(), self._rack), refresh=True)
        return bool(self._round)

    def _look(self, number: int, name: str) -> None:
        unit = self._rack.units[number]
        port = unit.pumps[name]
        if self._live is None:
            self._print(number, name, port)
            return
        path = self._rack.paths()[number - 1] or "unplugged"
        self._rows[number, name] = (f"{number} {name}", path, *_words(port), last_frames(unit))

    def _print(self, number: int, name: str, port: PumpPort) -> None:
        """A line for a pump of which the state or an alarm is new, or whose volumes were not printed for a while.

        What nobody reads is not printed: a pump does not wait for that.
        """
        now_ns = self._rack.now_ns()
        state, volumes, kpa, alarms = _words(port)
        before = self._printed.get((number, name))
        late = before is not None and before[1] != volumes and now_ns - before[2] >= LINE_NS * self._slower
        if (before is not None and before[0] == state + alarms and not late) or not _takes_a_line():
            return
        self._printed[number, name] = (state + alarms, volumes, now_ns)
        print(f"{port.look().at_ns / 1e9:10.1f} s  {number} {name}  {state}; {volumes}; {kpa}; {alarms}", flush=True)


def _takes_a_line() -> bool:
    """Whether standard output takes a line without waiting."""
    try:
        return os.name != "posix" or bool(select.select([], [sys.stdout], [], 0.0)[1])
    except (OSError, ValueError):
        return True  # it is no file that could be waited on


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
    return _state(look), volumes, f"{port.distal_kpa:.1f} kPa", alarms


def _state(look: Look) -> str:
    if look.off:
        return "off"
    return ", ".join(
        f"{line.line} {line.state.value}" + (f" {line.rate_nl_per_h / NL_PER_ML:g} mL/h" if line.rate_nl_per_h else "")
        for line in look.lines
    )


def _table(rows: Iterable[tuple[str, ...]], rack: Rack) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    more = sum(len(unit.pumps) for unit in rack.units.values()) - MOST_ROWS
    caption = f"and {more} more" if more > 0 else ""
    dropped = rack.dropped_bytes
    table = Table(caption=", ".join([caption, f"{dropped} bytes that nobody read"] if dropped else [caption]))
    for head in ("pump", "port", "state", "delivered", "pressure", "alarms", "wire"):
        table.add_column(head)
    for row in rows:
        table.add_row(*map(escape, row))
    return table
