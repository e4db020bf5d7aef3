"""The journal: every input that a pump was given and the whole ``Step`` that answered it, line by line.

``inputs.jsonl``: a header, then one line an input. The file of a session that was killed is good up to its last whole
line. Source of the format: DESIGN of this project; it is also the format of a bug report.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pumpsim import __version__
from pumpsim.codec import decode, encode
from pumpsim.errors import JournalError
from pumpsim.vocabulary.inputs import Input
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import Step

SCHEMA = "pumpsim-inputs/2"


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says of itself; ``model`` is the whole configured model, so that nothing else is needed."""

    schema: str
    version: str
    pump: str
    seed: int
    model: PumpModel


@dataclass(frozen=True, slots=True)
class Taken:
    """One input and its answer. ``epoch`` counts power-ons from 1; ``at_ns`` is ns since that power-on."""

    epoch: int
    at_ns: int
    input: Input
    step: Step


class JournalWriter:
    """Writes a journal as it happens, flushed line by line."""

    def __init__(self, path: Path, model: PumpModel, seed: int, pump_id: str) -> None:
        self._file: IO[str] = path.open("w", encoding="utf-8", newline="\n")
        self._line(Header(SCHEMA, __version__, pump_id, seed, model))

    def write(self, at_ns: int, given: Input, step: Step, epoch: int = 1) -> None:
        """Add one input and its answer."""
        self._line(Taken(epoch, at_ns, given, step))

    def close(self) -> None:
        """Close the file; harmless when closed already."""
        self._file.close()

    def _line(self, value: Header | Taken) -> None:
        self._file.write(json.dumps(encode(value), separators=(",", ":")) + "\n")
        self._file.flush()


def write_journal(path: Path, model: PumpModel, seed: int, pump_id: str, taken: list[Taken]) -> None:
    """Write a whole journal at once."""
    header = Header(SCHEMA, __version__, pump_id, seed, model)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for value in (header, *taken):
            file.write(json.dumps(encode(value), separators=(",", ":")) + "\n")


def read_journal(path: Path) -> tuple[Header, Iterator[Taken]]:
    """Open a journal: its header, and its lines one by one.

    A last line without its end is what a killed process leaves, and is passed over. Raises JournalError, naming file and
    line, for anything else that is no journal.
    """
    lines = _lines(path)
    try:
        first = next(lines, None)
        if first is None:
            raise JournalError(f"{path}: empty, not a journal")
        header = cast(Header, _parse(path, 1, first, Header))
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    if header.schema != SCHEMA:
        raise JournalError(f"{path}: schema {header.schema!r}, this version reads {SCHEMA!r}")
    return header, (cast(Taken, _parse(path, n, line, Taken)) for n, line in enumerate(lines, start=2))


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.endswith("\n"):
                yield line


def _parse(path: Path, number: int, line: str, kind: type) -> object:
    try:
        return decode(kind, json.loads(line))
    except (ValueError, RecursionError) as error:
        raise JournalError(f"{path}, line {number}: not a line of a journal: {error}") from error
