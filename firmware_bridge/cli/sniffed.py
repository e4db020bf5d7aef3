"""The live line of ``sniff``: how much has gone by. On a terminal it is drawn anew, elsewhere a line now and then."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from firmware_bridge.traffic.ports import Ports
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By

if TYPE_CHECKING:
    from rich.live import Live

EVERY_S = 0.25
LINE_S = 10.0


class Counts:
    """Shows counts as long as it is entered; ``show`` after every turn."""

    def __init__(self, recorder: Recorder, ports: Ports) -> None:
        self._recorder, self._ports = recorder, ports
        self._shown, self._due_s = "", 0.0
        self._live: Live | None = None

    def __enter__(self) -> "Counts":
        if sys.stdout.isatty():
            from rich.live import Live

            self._live = Live(auto_refresh=False)
            self._live.start()
        else:
            self._shown = self.words()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def words(self) -> str:
        """What has gone by so far."""
        counts = self._recorder
        said = ", ".join(f"{by.name.lower()} {counts.pieces[by]} frames ({counts.bytes[by]} bytes)" for by in By)
        dropped = sum(self._ports.dropped.values())
        return f"{said}, {counts.faults} faults" + (f", {dropped} bytes that nobody took" if dropped else "")

    def show(self) -> None:
        """Show the counts, when they are new and it is time to."""
        now_s = time.monotonic()
        if now_s < self._due_s or self.words() == self._shown:
            return
        self._shown, self._due_s = self.words(), now_s + (EVERY_S if self._live is not None else LINE_S)
        if self._live is not None:
            from rich.text import Text

            self._live.update(Text(self._shown), refresh=True)
        else:
            print(self._shown, flush=True)
