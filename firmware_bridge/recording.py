"""What a bench run leaves: the journal as it happens, and at the end everything that a simulation would leave.

``inputs.jsonl`` is flushed line by line, so that a killed process leaves one that replays to its last whole line. The
other files are written beside their place and swapped in; those of the run before go when this one has begun. Nothing
else in the folder is touched.
"""

import os
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.bridge import BridgeStep, LinkEvent
from firmware_bridge.shadow import Shadow
from pumpsim.journal import JournalWriter
from pumpsim.scenario import PumpSetup
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.status import PumpState

JOURNAL = "inputs.jsonl"
RESULTS = ("events.jsonl", "summary.json", "trace.csv", "report.html")


class Recording:
    """Keeps a run of one pump; files appear with the pump's first input."""

    def __init__(self, setup: PumpSetup, seed: int, folder: Path) -> None:
        self.folder = folder
        self.link_events: list[LinkEvent] = []
        self.end_ns = 0
        self._setup = setup
        self._seed = seed
        self._shadow = Shadow(setup)
        self._journal: JournalWriter | None = None

    def take(self, step: BridgeStep) -> None:
        """Keep what one step brought. Raises OSError as files do."""
        self.link_events += step.link_events
        self._shadow.take(step)
        for answer in step.answers:
            if self._journal is None:
                self._journal = self._begin()
            self._journal.write(answer.at_ns, answer.given, answer.step)
            self.end_ns = answer.at_ns

    def trace(self, end_ns: int, state: PumpState) -> PumpTrace:
        """The record of the run as a trace."""
        return self._shadow.trace(end_ns, state)

    def write(self, name: str, fill: Callable[[Path], None]) -> None:
        """Let ``fill`` write one of ``RESULTS`` beside its place, then swap it in."""
        assert name in RESULTS
        beside = self.folder / f".{name}.{os.getpid()}"
        try:
            fill(beside)
            beside.replace(self.folder / name)
        finally:
            beside.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the journal; harmless when closed or never begun."""
        if self._journal is not None:
            self._journal.close()

    def _begin(self) -> JournalWriter:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in RESULTS:
            (self.folder / name).unlink(missing_ok=True)
        return JournalWriter(self.folder / JOURNAL, self._setup.model, self._seed, self._setup.id)
