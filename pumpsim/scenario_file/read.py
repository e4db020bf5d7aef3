"""Scenario files: TOML in, validated ``Scenario`` values out, or every fault of every file in one ``ScenarioError``.

The only module that reads scenario files. It never guesses: a key that is not known, a number without its unit, a rate off
the pump's step are faults. The format is described in ``scenarios/README.md``.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pumpsim.errors import ScenarioError, nearest_name
from pumpsim.scenario import Scenario
from pumpsim.scenario_file.changes import changes, with_changes
from pumpsim.scenario_file.checks import Document, Faults, validated
from pumpsim.scenario_file.expect import expectations
from pumpsim.scenario_file.files import document_of, printable, text_of
from pumpsim.scenario_file.library import built_libraries, with_libraries
from pumpsim.scenario_file.meetings import meetings
from pumpsim.scenario_file.orders import orders
from pumpsim.scenario_file.pumps import built_junctions, built_pumps, check_drugs
from pumpsim.scenario_file.script import script
from pumpsim.scenario_file.spreads import with_spreads
from pumpsim.scenario_file.starts import check_starts
from pumpsim.scenario_file.tables import HeadTable, ScenarioTable
from pumpsim.scenario_file.wire_tables import wire_spans
from pumpsim.units import format_time

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
        faults = Faults(printable(str(path)))
        found.append(faults)
        if path.stem in by_stem:
            faults.add(
                (), f"has the same name as {printable(str(by_stem[path.stem]))}: both would leave runs/{path.stem}"
            )
        by_stem.setdefault(path.stem, path)
        text = text_of(path, faults)
        scenario = None if text is None else _parsed(text, path.stem, path.parent, faults)
        if scenario is not None:
            scenarios.append(scenario)
    _raise_any(found)
    return tuple(scenarios if seed is None else (replace(scenario, seed=seed) for scenario in scenarios))


def parse_scenario(text: str, name: str) -> Scenario:
    """Read a scenario from the text of a file; ``name`` stands for the file's stem.

    Raises ScenarioError with every fault.
    """
    faults = Faults(name)
    scenario = _parsed(text, name, None, faults)
    _raise_any([faults])
    assert scenario is not None
    return scenario


def checked_scenario(document: Document, name: str, folder: Path | None = None) -> Scenario:
    """Make a scenario of what a file would hold. Raises ScenarioError with every fault."""
    faults = Faults(name, document)
    scenario = _checked(document, name, folder, faults)
    _raise_any([faults])
    assert scenario is not None
    return scenario


def _raise_any(found: Iterable[Faults]) -> None:
    everything = list(dict.fromkeys(fault for faults in found for fault in faults.found))
    if everything:
        raise ScenarioError(everything)


def _parsed(text: str, name: str, folder: Path | None, faults: Faults) -> Scenario | None:
    """Make a scenario; None when there are faults. ``folder``: where files lie that it names."""
    document = document_of(text, faults)
    if document is None:
        return None
    return _checked(document, name, folder, faults)


def _checked(document: Document, name: str, folder: Path | None, faults: Faults) -> Scenario | None:
    """Check every part, each as far as it can be without the others."""
    head = _head(document, faults)
    duration_ns = None if head is None else head.duration
    built = built_pumps(document, faults)
    changed = changes(document, built, duration_ns, faults)
    libraries = built_libraries(document, built, folder, faults)
    pumps = with_libraries(with_changes(built, changed), libraries)
    check_drugs(pumps.values(), faults)
    junctions = built_junctions(document, pumps, faults)
    placed = script(document, pumps, junctions, changed, duration_ns, faults)
    expected = expectations(document, pumps, duration_ns, faults)
    wire = wire_spans(document, duration_ns, faults)
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
        notes=meetings(setups, junctions, entries),
        wire=wire,
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
