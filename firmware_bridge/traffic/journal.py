"""The wire journal: everything that went over a pump's wire, line by line, the same for a real pump and for a virtual one.

A header, then one line for each frame, or run of bytes, and one for each thing that happened to the wire. Bytes are written
as text in which every character is one byte (Latin-1), so that JSON's own escapes show what is no text. A process that dies
leaves whole lines. Nothing is rewritten: what is to be redacted is redacted before it comes here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from firmware_bridge.virtual_pump.unit import SPEEDS, By
from pumpsim import __version__
from pumpsim.errors import JournalError

SCHEMA: Literal["pumpsim-wire/1"] = "pumpsim-wire/1"
MOST_FAULTS = 20
"""So many faults of a file are told; the rest is counted."""
Instant = Annotated[int, Field(ge=0)]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


L = TypeVar("L", bound=_Line)


class Header(_Line):
    """What a journal says of itself.

    ``source``: who wrote it. ``protocol``: empty when none was named, then entries are runs of bytes. ``model``, ``scenario``
    (the text of the file), ``pump``, ``address``, ``options`` and the rest: what a virtual pump was set up with, as far as
    known. ``speed``: pump time for link time. ``latency_ns``, ``baud``, ``host_baud``: of its wire. ``began``: the wall clock
    at link time 0, ISO 8601. ``redacted``: what was replaced; empty: nothing.
    """

    schema_: Literal["pumpsim-wire/1"] = Field(default=SCHEMA, alias="schema")
    version: str = __version__
    source: Literal["sniff", "emulate", "test"] = "sniff"
    began: str = ""
    protocol: str = ""
    model: str = ""
    scenario: str = ""
    pump: str | None = None
    address: int | None = None
    options: Mapping[str, str] = {}
    spontaneous: bool = True
    power_up_alarm: bool = True
    speed: float = Field(default=1.0, ge=SPEEDS[0], le=SPEEDS[1])
    latency_ns: Instant = 0
    baud: Instant = 0
    host_baud: Instant = 0
    redacted: str = ""


class Piece(_Line):
    """A frame, or a run of bytes. ``at_ns``: link time of its first byte; ``took_ns``: from the first to the last.

    ``says``: what it means; ``alarm``: what it tells of alarms, empty: that none stands, None: nothing; ``fault``: what is
    wrong with it.
    """

    at_ns: Instant
    by: By
    text: str = Field(alias="bytes")
    took_ns: Instant = 0
    says: str = ""
    alarm: str | None = None
    fault: str = ""

    @field_validator("text")
    @classmethod
    def _are_bytes(cls, text: str, info: ValidationInfo) -> str:
        del info
        if not text or any(ord(letter) > 0xFF for letter in text):
            raise ValueError("each character is one byte, 00 to FF, and there is at least one")
        return text

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self.text.encode("latin-1")

    @property
    def end_ns(self) -> int:
        """Link time of its last byte."""
        return self.at_ns + self.took_ns


class Happening(_Line):
    """Something that happened to the wire or the pump, and not on it: a fault that the wire was told to have, a port that was
    lost, something done to a virtual pump (``told``, in the words of scenario files, ``ended`` when it was the end of it).

    ``text``: the frame that was meant, when it was one.
    """

    at_ns: Instant
    happened: str
    text: str = Field(default="", alias="bytes")
    told: Mapping[str, Any] | None = None
    ended: bool = False


Entry = Piece | Happening


@dataclass(frozen=True, slots=True)
class WireJournal:
    """A journal that was read: pieces and happenings, each in the order of link time."""

    header: Header
    pieces: tuple[Piece, ...]
    happenings: tuple[Happening, ...]

    @property
    def end_ns(self) -> int:
        """The last instant of which it tells."""
        ends = [piece.end_ns for piece in self.pieces] + [happening.at_ns for happening in self.happenings]
        return max(ends, default=0)


def text_of(data: bytes) -> str:
    """Bytes as they are written: each as one character."""
    return data.decode("latin-1")


class WireWriter:
    """Writes a journal as it happens, flushed line by line. Raises JournalError when the file exists, OSError as files do."""

    def __init__(self, path: Path, header: Header) -> None:
        try:
            self._file: IO[str] = path.open("x", encoding="utf-8", newline="\n")
        except FileExistsError as error:
            raise JournalError(f"{path}: exists; a journal is never written over, name another file") from error
        self.path = path
        self._line(header)

    def write(self, entry: Entry) -> None:
        """Add an entry."""
        self._line(entry)

    def close(self) -> None:
        """Close the file; harmless when closed already."""
        self._file.close()

    def _line(self, line: _Line) -> None:
        fields = line.model_dump(mode="json", by_alias=True, exclude_defaults=not isinstance(line, Header))
        self._file.write(json.dumps(fields, separators=(",", ":")) + "\n")
        self._file.flush()


def read_wire(path: Path) -> WireJournal:
    """Read a whole journal. A last line without its end is what a killed process leaves, and is passed over.

    Raises JournalError with every line that is none, for a file of another kind, and for one that cannot be read.
    """
    faults: list[str] = []
    entries: list[Entry] = []
    try:
        lines = list(_lines(path))
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error
    if not lines:
        raise JournalError(f"{path}: empty, not a wire journal")
    header = _parsed(lines[0], 1, Header, faults)
    if header is None:
        raise JournalError(
            "\n".join(f"{path}: not a wire journal that this version reads: {fault}" for fault in faults)
        )
    for number, line in enumerate(lines[1:], start=2):
        happened = '"happened"' in line
        entry = _parsed(line, number, Happening, faults) if happened else _parsed(line, number, Piece, faults)
        if entry is not None:
            entries.append(entry)
    if faults:
        more = [f"{path}: and {len(faults) - MOST_FAULTS} faults more"] if len(faults) > MOST_FAULTS else []
        raise JournalError("\n".join([*(f"{path}: {fault}" for fault in faults[:MOST_FAULTS]), *more]))
    entries.sort(key=lambda entry: entry.at_ns)
    return WireJournal(
        header,
        tuple(entry for entry in entries if isinstance(entry, Piece)),
        tuple(entry for entry in entries if isinstance(entry, Happening)),
    )


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.endswith("\n"):
                yield line


def _parsed(line: str, number: int, kind: type[L], faults: list[str]) -> L | None:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            where = ".".join(map(str, fault["loc"]))
            faults.append(f"line {number}: {where + ': ' if where else ''}{fault['msg']}")
        return None
