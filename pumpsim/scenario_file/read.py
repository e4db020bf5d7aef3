"""Scenario files: TOML in, validated ``Scenario`` values out, or every fault of every file in one ``ScenarioError``.

The only module that reads scenario files. It never guesses: a key that is not known, a number without its unit, a rate off
the pump's step are faults. The format is described in ``scenarios/README.md``.
"""

import stat
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pumpsim.errors import ScenarioError, nearest_name
from pumpsim.scenario import Scenario
from pumpsim.scenario_file.changes import changes, with_changes
from pumpsim.scenario_file.checks import Document, Faults, validated
from pumpsim.scenario_file.expect import expectations
from pumpsim.scenario_file.orders import orders
from pumpsim.scenario_file.pumps import built_junctions, built_pumps, check_drugs
from pumpsim.scenario_file.script import script
from pumpsim.scenario_file.spreads import with_spreads
from pumpsim.scenario_file.starts import check_starts
from pumpsim.scenario_file.tables import HeadTable, ScenarioTable
from pumpsim.units import format_time

LARGEST_BYTES = 1_000_000
LONGEST_NS = 366 * 86_400 * 10**9
"""The longest scenario, 366 days."""
DEFAULT_SAMPLES, MOST_SAMPLES = 10_000, 1_000_000
MS_NS = 1_000_000


def load_scenario(path: Path, seed: int | None = None) -> Scenario:
    """Read one scenario file; ``seed`` replaces that of the file.

    Raises ScenarioError with every fault.
    """
    (scenario,) = load_scenarios((path,), seed)
    return scenario


def load_scenarios(paths: Iterable[Path], seed: int | None = None) -> tuple[Scenario, ...]:
    """Read several files; all are checked before any is given. ``seed`` replaces theirs.

    Two files with one stem are refused: both would run into the same folder. Raises ScenarioError with every fault of
    every file.
    """
    found: list[Faults] = []
    scenarios: list[Scenario] = []
    by_stem: dict[str, Path] = {}
    for path in paths:
        faults = Faults(_printable(str(path)))
        found.append(faults)
        if path.stem in by_stem:
            faults.add(
                (), f"has the same name as {_printable(str(by_stem[path.stem]))}: both would leave runs/{path.stem}"
            )
        by_stem.setdefault(path.stem, path)
        text = _text_of(path, faults)
        scenario = None if text is None else _parsed(text, path.stem, faults)
        if scenario is not None:
            scenarios.append(scenario)
    _raise_any(found)
    return tuple(scenarios if seed is None else (replace(scenario, seed=seed) for scenario in scenarios))


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a scenario from the text of a file; ``name`` stands for the file's stem.

    Raises ScenarioError with every fault.
    """
    faults = Faults(name)
    scenario = _parsed(text, name, faults)
    _raise_any([faults])
    assert scenario is not None
    return scenario


def _raise_any(found: Iterable[Faults]) -> None:
    everything = [fault for faults in found for fault in dict.fromkeys(faults.found)]
    if everything:
        raise ScenarioError(everything)


def _printable(text: str) -> str:
    """A file's name as it can be written, whatever bytes it is made of."""
    return text.encode("utf-8", "backslashreplace").decode()


def _text_of(path: Path, faults: Faults) -> str | None:
    """Read a file's text; None after a fault."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            faults.add((), "is a folder; a scenario file is wanted")
        elif not stat.S_ISREG(status.st_mode):
            faults.add((), "is no regular file")
        elif status.st_size > LARGEST_BYTES:
            faults.add((), f"has {status.st_size} bytes; a scenario has at most {LARGEST_BYTES}")
        else:
            return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.add((), f"is no text: byte {error.start + 1} is not UTF-8")
    except FileNotFoundError:
        faults.add((), "there is no such file")
    except OSError as error:
        faults.add((), f"cannot be read: {error.strerror or error}")
    except ValueError as error:  # a NUL in the path
        faults.add((), f"cannot be read: {error}")
    return None


def _parsed(text: str, name: str, faults: Faults) -> Scenario | None:
    """Make a scenario; None when there are faults."""
    if not text.strip():
        faults.add((), "is empty")
        return None
    try:
        document: Document = tomllib.loads(text)
    except RecursionError:
        faults.add((), "is no TOML: nested too deeply")
        return None
    except ValueError as error:
        faults.add((), f"is no TOML: {error}")
        return None
    faults.document = document
    return _checked(document, name, faults)


def _checked(document: Document, name: str, faults: Faults) -> Scenario | None:
    """Check every part, each as far as it can be without the others."""
    head = _head(document, faults)
    duration_ns = None if head is None else head.duration
    built = built_pumps(document, faults)
    changed = changes(document, built, duration_ns, faults)
    pumps = with_changes(built, changed)
    check_drugs(pumps.values(), faults)
    junctions = built_junctions(document, pumps, faults)
    placed = script(document, pumps, junctions, changed, duration_ns, faults)
    expected = expectations(document, pumps, duration_ns, faults)
    ordered = orders(document, pumps, duration_ns, faults)
    for pump in pumps.values():
        if pump is not None:
            check_starts(pump.setup.id, pump.model, placed, expected, faults)
    if head is None or faults.found:
        return None
    entries = tuple(p.entry for p in placed)
    setups, junctions = with_spreads((pump.setup for pump in pumps.values() if pump is not None), junctions, entries)
    return Scenario(
        name=name,
        title=head.title,
        duration_ns=head.duration,
        seed=head.seed,
        pumps=setups,
        entries=entries,
        expectations=tuple(expected),
        record_every_ns=head.record.every if head.record else _default_every_ns(head.duration),
        description=head.description,
        junctions=junctions,
        orders=ordered,
        requirements=tuple(dict.fromkeys(head.requirements or ())),
    )


def _head(document: Document, faults: Faults) -> HeadTable | None:
    """Read what stands at the top of the file, and refuse what is no part of one."""
    for key in document:
        if key not in ScenarioTable.model_fields:
            faults.add((key,), "unknown key", nearest_name(key, ScenarioTable.model_fields))
    own = {key: value for key, value in document.items() if key in HeadTable.model_fields}
    head = validated(HeadTable, own, (), faults, {"title": "untitled"})
    if head is None:
        return None
    if head.duration > LONGEST_NS:
        faults.add(("duration",), f"is longer than {format_time(LONGEST_NS)}, 366 days")
    if head.record is not None and head.duration // head.record.every > MOST_SAMPLES:
        faults.add(("record", "every"), f"gives more than {MOST_SAMPLES} samples in {format_time(head.duration)}")
    return head


def _default_every_ns(duration_ns: int) -> int:
    """The spacing that gives at most 10,000 samples, in whole ms."""
    return -(-duration_ns // (DEFAULT_SAMPLES * MS_NS)) * MS_NS
