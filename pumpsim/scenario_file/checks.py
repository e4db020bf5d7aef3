"""How faults in a scenario file are found all at once: a collector, and tables that are validated piece by piece.

A piece that is wrong is set aside and the rest is checked on; what depends on it is passed over, so that one slip makes one
fault. Nothing here knows what a scenario means.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pumpsim.errors import Fault, FieldError, nearest_name
from pumpsim.scenario_file.pump_tables import TABLE, TEXT, Table

Path = tuple[str | int, ...]
"""Where in the file's data: keys of tables, and places in lists from 0."""
Document = Mapping[str, object]
T = TypeVar("T", bound=Table)

LONGEST_VALUE = 60
MESSAGES = {
    "missing": "is missing",
    "extra_forbidden": "unknown key",
    "string_type": "a text is wanted",
    "string_too_short": "must not be empty",
    "int_type": "a whole number is wanted",
    "float_type": "a number is wanted",
    "greater_than_equal": "at least {ge} is wanted",
    "less_than_equal": "at most {le} is wanted",
    "finite_number": "a finite number is wanted",
    "bool_type": "true or false is wanted",
    "list_type": "a list is wanted",
    "dict_type": "a table is wanted",
    "model_type": "a table is wanted",
    "too_short": "two instants are wanted, as in ['90 min', '92 min']",
    "too_long": "two instants are wanted, as in ['90 min', '92 min']",
    "union_tag_not_found": "a name or a table is wanted",
}
"""What pydantic's kinds of error mean for an author."""


class Faults:
    """The faults of one file, each with its key and the value that stands there."""

    def __init__(self, file: str, document: Document | None = None) -> None:
        self.file = file
        self.document: Document = document or {}
        self.found: list[Fault] = []
        self._paths: list[Path] = []

    def add(self, path: Path, message: str, nearest: str | None = None) -> None:
        """Note a fault at a place; what stands there is looked up."""
        self._paths.append(path)
        self.found.append(Fault(self.file, written_key(path), shown(value_at(self.document, path)), message, nearest))

    def add_unknown(self, path: Path, kind: str, name: str, valid: Iterable[str]) -> None:
        """Note a name that is none of the valid ones."""
        names = tuple(valid)
        self.add(path, f"unknown {kind}; valid: {', '.join(names) or 'none'}", nearest_name(name, names))

    def any_under(self, path: Path) -> bool:
        """Whether there is a fault at a place or below it."""
        return any(found[: len(path)] == path for found in self._paths)


def validated(
    kind: type[T], raw: object, path: Path, faults: Faults, stand_in: Mapping[str, object] = MappingProxyType({})
) -> T | None:
    """Validate one table and note every fault in it.

    With faults, the keys that have them are left out, ``stand_in`` fills gaps, and the rest is tried again: gives what is
    sound, so that it can be checked on, or None.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        _note(kind, detail, path, faults)
    if not isinstance(raw, dict):
        return None
    sound = _without(raw, details)
    for attempt in (sound, {**stand_in, **sound}):
        try:
            return kind.model_validate(attempt)
        except ValidationError:
            continue
    return None


def table_at(document: Document, path: Path, faults: Faults) -> Mapping[str, object]:
    """Give the table at a place; empty when there is none, a fault when it is something else."""
    value = value_at(document, path)
    if isinstance(value, dict):
        return value
    if value is not None:
        faults.add(path, "a table is wanted")
    return {}


def tables_at(document: Document, key: str, faults: Faults) -> list[tuple[Path, object]]:
    """Give the ``[[key]]`` tables of the file, each with its place."""
    value = document.get(key, [])
    if not isinstance(value, list):
        faults.add((key,), f"a list of tables is wanted: write [[{key}]]")
        return []
    return [((key, i), item) for i, item in enumerate(value)]


def value_at(document: Document, path: Path) -> object:
    """Find what stands at a place; None when nothing does."""
    value: object = document
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def written_key(path: Path) -> str:
    """Write a place as authors count: ``operator[2].load.rate`` is in the second [[operator]]."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            bare = part.isascii() and part.replace("-", "").replace("_", "").isalnum()
            text += ("." if text else "") + (part if bare else json.dumps(part, ensure_ascii=False))
    return text


def shown(value: object) -> str:
    """Write a value on one short line; nothing for a table, a list of tables, or no value."""
    if (
        value is None
        or isinstance(value, dict)
        or (isinstance(value, list) and any(isinstance(v, dict) for v in value))
    ):
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def _note(kind: type[Table], detail: ErrorDetails, path: Path, faults: Faults) -> None:
    """Turn one error of pydantic's into a fault."""
    where = _place(detail)
    nearest = None
    context = detail.get("ctx", {})
    message = MESSAGES.get(detail["type"], detail["msg"]).format_map(context)
    raised = context.get("error")
    if isinstance(raised, FieldError):
        message, nearest = raised.message, raised.nearest
    elif raised is not None:
        message = str(raised)
    if detail["type"] == "extra_forbidden":
        keys = tuple(_keys(_table_of(kind, where[:-1])))
        nearest = nearest_name(str(where[-1]), keys)
        message += f"; valid: {', '.join(keys)}" if nearest is None else ""
    faults.add(path + where, message, nearest)


def _place(detail: ErrorDetails) -> Path:
    """The place of an error within the table, without the marks of alternatives."""
    return tuple(part for part in detail["loc"] if part not in (TEXT, TABLE))


def _without(raw: Mapping[str, object], details: Iterable[ErrorDetails]) -> dict[str, object]:
    """Copy a table without what is wrong: unknown keys where they stand, else the whole value of the table's own key."""
    sound = dict(raw)
    for detail in details:
        place = _place(detail)
        if not place:
            continue
        if detail["type"] == "extra_forbidden":
            _drop(sound, place)
        else:
            sound.pop(str(place[0]), None)
    return sound


def _drop(table: dict[str, object], place: Path) -> None:
    """Remove the key at a place, copying every table on the way."""
    key, rest = str(place[0]), place[1:]
    if not rest:
        table.pop(key, None)
        return
    inner = table.get(key)
    if isinstance(inner, dict):
        table[key] = copy = dict(inner)
        _drop(copy, rest)


def _table_of(kind: type[Table], place: Path) -> type[Table]:
    """Find the model of the table at a place below ``kind``."""
    for part in place:
        if isinstance(part, str):
            fields = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
            kind = next(_tables_in(fields.get(part)), kind)
    return kind


def _tables_in(annotation: object) -> Iterator[type[Table]]:
    """Every table model that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for inner in get_args(annotation):
        yield from _tables_in(inner)


def _keys(kind: type[Table]) -> Iterable[str]:
    """The keys of a table as authors write them."""
    return (field.alias or name for name, field in kind.model_fields.items())
