"""Scenario texts for tests: a good one, ways to change it, and the faults that a bad one has."""

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy

import pytest

from pumpsim.errors import Fault, ScenarioError
from pumpsim.scenario_file import parse_scenario

Document = dict[str, object]

GOOD = """
title = "Dopamine beside saline"
duration = "3 h"
[pump]
model = "dual-channel-cassette"
occlusion_limit = "6 psi"
[line.A]
container = { bag = "500 mL", fluid = "saline-0.9" }
[line.B]
container = { bag = "250 mL", fluid = { drug = "dopamine", concentration = "1.6 mg/mL" } }
[set]
common_volume = "2.5 mL"
access = "20G-peripheral"
[[operator]]
at = "0 s"
load = { line = "A", rate = "100 mL/h", vtbi = "400 mL" }
[[operator]]
at = "0 s"
load = { line = "B", dose = "5 mcg/kg/min", weight = "70 kg", vtbi = "60 mL", mode = "concurrent" }
[[operator]]
at = "1 min"
do = "start"
[[fault]]
at = "90 min"
occlude = "patient end"
until = "95 min"
[[expect]]
alarm = "occlusion-distal"
between = ["90 min", "92 min"]
[[expect]]
pumped = { line = "A", volume = "149 mL", within = "2 %" }
[[expect]]
drug = { name = "dopamine", amount = "30 mg", within = "1 mg" }
"""
"""The example of the design page, and a clause about the drug."""


def good() -> Document:
    """The good scenario as data, to be changed."""
    return tomllib.loads(GOOD)


def toml(document: Document) -> str:
    """Write data as TOML, every value inline."""
    return "".join(f"{json.dumps(key)} = {_inline(value)}\n" for key, value in document.items())


def faults_of(text: str) -> tuple[Fault, ...]:
    """The faults for which a text is refused; it must be."""
    with pytest.raises(ScenarioError) as refusal:
        parse_scenario(text, "test.toml")
    return refusal.value.faults


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value that is no table."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))
    else:
        yield path


def changed(document: Document, path: tuple[str | int, ...], value: object) -> Document:
    """A copy with another value at a place; tables on the way are made where there are none."""
    copy = deepcopy(document)
    inner: object = copy
    for part in path[:-1]:
        if isinstance(inner, dict):
            inner = inner.setdefault(part, {})
        else:
            assert isinstance(inner, list)
            inner = inner[part]  # type: ignore[index]
    assert isinstance(inner, dict | list)
    inner[path[-1]] = value  # type: ignore[index]
    return copy


def without(document: Document, path: tuple[str | int, ...]) -> Document:
    """A copy without what stands at a place."""
    copy = deepcopy(document)
    inner: object = copy
    for part in path[:-1]:
        assert isinstance(inner, dict | list)
        inner = inner[part]  # type: ignore[index]
    assert isinstance(inner, dict | list)
    del inner[path[-1]]  # type: ignore[arg-type]
    return copy


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(inner) for inner in value) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value)
