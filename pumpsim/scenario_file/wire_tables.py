"""What a scenario's wire does wrong, and when: for a pump on a serial line; a simulation has no wire.

The words are those of ``firmware-bridge emulate``; what they mean is known there.
"""

from typing import Annotated

from pydantic import Field, model_validator

from pumpsim.scenario import WireSpan
from pumpsim.scenario_file.checks import Document, Faults, tables_at, validated
from pumpsim.scenario_file.fields import Instant, Span
from pumpsim.scenario_file.places import check_instant
from pumpsim.scenario_file.pump_tables import Table

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Baud = Annotated[int, Field(ge=0)]
WHEN = ("at", "until")


class WireTable(Table):
    """Faults of the wire, from when, until when (for good, if not given): shares of the pump's frames that are lost, damaged,
    doubled, split, glued, late or out of order; times; the rate that bytes take, or that the host speaks at; silence; the next
    thing that the host says is lost; the plug is out."""

    at: Instant
    until: Instant | None = None
    drop: Share | None = None
    corrupt: Share | None = None
    duplicate: Share | None = None
    split: Share | None = None
    glue: Share | None = None
    delay: Share | None = None
    reorder: Share | None = None
    latency: Instant | None = None
    gap: Span | None = None
    delay_by: Span | None = None
    baud: Baud | None = None
    host_baud: Baud | None = None
    silent: bool | None = None
    lose_first: bool | None = None
    unplugged: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "WireTable":
        if not self.words:
            raise ValueError(f"one at least of {', '.join(WIRE_WORDS)} is wanted")
        return self

    @property
    def words(self) -> dict[str, float | int | bool]:
        """What is said of the wire; times in ns."""
        said = {word: getattr(self, word) for word in type(self).model_fields if word not in WHEN}
        return {word: value for word, value in said.items() if value is not None}


WIRE_WORDS = tuple(word for word in WireTable.model_fields if word not in WHEN)


def wire_spans(document: Document, duration_ns: int | None, faults: Faults) -> tuple[WireSpan, ...]:
    """Read every ``[[wire]]``, in time."""
    found = []
    for path, raw in tables_at(document, "wire", faults):
        table = validated(WireTable, raw, path, faults)
        if table is None:
            continue
        check_instant(table.at, duration_ns, (*path, "at"), faults)
        if table.until is not None and table.until <= table.at:
            faults.add((*path, "until"), "is not after at")
        found.append(WireSpan(table.at, table.until, table.words))
    return tuple(sorted(found, key=lambda span: span.at_ns))
