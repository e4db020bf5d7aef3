"""Frozen values to plain JSON values and back, by their own type hints.

A dataclass becomes an object with its class name under ``type``; an enum its value; a tuple a list. Floats survive bit for
bit (shortest repr). Used for journals and traces; knows nothing of what the values mean.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Union, get_args, get_origin, get_type_hints

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def encode(value: object) -> Json:
    """Turn a value into what ``json`` can write. Raises TypeError for anything but frozen values and their parts."""
    if isinstance(value, Enum):
        written_value: Json = value.value
        return written_value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if is_dataclass(value):
        kind: type = type(value)
        written: dict[str, Json] = {"type": kind.__name__}
        for name in _names(kind):
            written[name] = encode(getattr(value, name))
        return written
    raise TypeError(f"cannot encode {type(value).__name__}")


def decode(kind: object, data: Json) -> object:
    """Rebuild a value of the given type. Raises ValueError where the data does not fit."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), data)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data)
    if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if isinstance(kind, type) and is_dataclass(kind):
        return _decode_dataclass(kind, data)
    if kind is type(None) and data is None:
        return None
    if isinstance(kind, type) and type(data) is kind:
        return data
    raise ValueError(f"expected {getattr(kind, '__name__', kind)}, found {str(data)[:60]!r}")


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _required(kind: type) -> tuple[str, ...]:
    """The fields without a default; one with a default may be younger than the file."""
    return tuple(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


def _decode_union(kinds: tuple[object, ...], data: Json) -> object:
    if isinstance(data, dict):
        for kind in kinds:
            if isinstance(kind, type) and kind.__name__ == data.get("type"):
                return _decode_dataclass(kind, data)
        raise ValueError(f"unknown type {data.get('type')!r}")
    for kind in kinds:
        try:
            return decode(kind, data)
        except ValueError:
            continue
    raise ValueError(f"found {str(data)[:60]!r}")


def _decode_tuple(kinds: tuple[object, ...], data: Json) -> object:
    if not isinstance(data, list):
        raise ValueError(f"expected a list, found {str(data)[:60]!r}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(decode(kinds[0], item) for item in data)
    if len(kinds) != len(data):
        raise ValueError(f"expected {len(kinds)} items, found {len(data)}")
    return tuple(decode(kind, item) for kind, item in zip(kinds, data, strict=True))


def _decode_dataclass(kind: type, data: Json) -> object:
    if not isinstance(data, dict) or data.get("type") != kind.__name__:
        raise ValueError(f"expected a {kind.__name__}, found {str(data)[:60]!r}")
    hints = _hints(kind)
    unknown = [name for name in data if name != "type" and name not in hints]
    missing = [name for name in _required(kind) if name not in data]
    if unknown or missing:
        raise ValueError(f"{kind.__name__}: unknown {unknown}, missing {missing}")
    return kind(**{name: decode(hints[name], data[name]) for name in _names(kind) if name in data})
