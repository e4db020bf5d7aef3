"""Typed messages to bytes and back by a table: fixed columns, then perhaps one group of columns for each line.

Little-endian, no padding. The same table writes the byte tables of the protocol's text.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

MAX_LINES = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a body: the message's attribute, its ``struct`` letter, what it says."""

    name: str
    letter: str
    meaning: str
    enum: type[IntEnum] | None = None

    def to_wire(self, value: Any) -> Any:
        """The value as ``struct`` takes it."""
        return value.encode("ascii") if isinstance(value, str) else value

    def from_wire(self, value: Any) -> Any:
        """The value as the message holds it; ValueError for an enum's unknown number or a text beyond ASCII."""
        if self.enum is not None:
            return self.enum(value)
        return value.rstrip(b"\0").decode("ascii") if isinstance(value, bytes) else value


class Fields:
    """Columns that lie one behind the other."""

    def __init__(self, *columns: Column) -> None:
        self.columns = columns
        self._struct = struct.Struct("<" + "".join(column.letter for column in columns))
        self.size = self._struct.size

    def pack(self, values: object) -> bytes:
        """The bytes of an object's attributes; ``struct.error`` when one does not fit."""
        return self._struct.pack(*(column.to_wire(getattr(values, column.name)) for column in self.columns))

    def unpack(self, data: bytes) -> dict[str, Any]:
        """The attributes by name; ``struct.error`` for a wrong length, ValueError for a value without meaning."""
        values = self._struct.unpack(data)
        return {column.name: column.from_wire(value) for column, value in zip(self.columns, values, strict=True)}


NOTHING = Fields()
"""Of a body without fields."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a message lies in its body: fields, then (if ``line_type``) a count of lines and the fields of each."""

    code: int
    message: type[Any]
    fields: Fields = NOTHING
    line_type: type[Any] | None = None
    line_fields: Fields = NOTHING

    def pack(self, message: Any) -> bytes:
        """The body of a message; ``struct.error`` when a value does not fit."""
        body = self.fields.pack(message)
        if self.line_type is None:
            return body
        return body + bytes([len(message.lines)]) + b"".join(self.line_fields.pack(line) for line in message.lines)

    def unpack(self, body: bytes) -> Any:
        """The message of a body; ValueError or ``struct.error`` when the bytes are not one."""
        values = self.fields.unpack(body[: self.fields.size])
        rest = body[self.fields.size :]
        if self.line_type is not None:
            values["lines"] = self._unpack_lines(rest)
        elif rest:
            raise ValueError(f"{len(rest)} bytes too many")
        return self.message(**values)

    def _unpack_lines(self, data: bytes) -> tuple[Any, ...]:
        size = self.line_fields.size
        if not data or not 1 <= data[0] <= MAX_LINES or len(data) != 1 + data[0] * size:
            raise ValueError(f"{len(data)} bytes are no count of lines and the lines")
        assert self.line_type is not None
        return tuple(
            self.line_type(**self.line_fields.unpack(data[at : at + size])) for at in range(1, len(data), size)
        )
