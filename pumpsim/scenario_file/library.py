"""The drug library of a scenario: a table of the file, or a file beside it; and what it says of a load, as a ``DrugRule``.

Doses become rates here as everywhere, with the concentration that hangs there and the weight of the order, rounded to the
model's rate step by the rule that rounds orders: an order at a limit is within it, whatever is rounded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from pumpsim.errors import nearest_name
from pumpsim.scenario_file.amounts import NL_PER_ML, Dosing
from pumpsim.scenario_file.checks import Document, Faults, Path, table_at, validated
from pumpsim.scenario_file.files import document_of, printable, text_of
from pumpsim.scenario_file.library_tables import (
    UNKNOWN_AREA,
    Area,
    DrugEntryTable,
    GivenLimitsTable,
    LibraryTable,
    PaceLimitsTable,
    bounds_of,
)
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.units import Dimension, Quantity
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.program import nearest_rate_nl_per_h

HOW_FAST = "exactly one of rate or dose is wanted, not none; or vtbi and duration"


@dataclass(frozen=True, slots=True)
class Library:
    """A drug library as far as it could be read: its care areas by name."""

    areas: Mapping[str, Area] = field(default_factory=dict)
    sound: bool = True


def built_libraries(
    document: Document, pumps: Mapping[str, BuiltPump | None], folder: FilePath | None, faults: Faults
) -> dict[str, Area | None]:
    """Read the library, and find the care area of every pump; None where there is no library."""
    given = document.get("library")
    library = None if given is None else _library(given, folder, faults)
    everywhere = document.get("care_area")
    found: dict[str, Area | None] = {}
    for id, pump in pumps.items():
        own = None if pump is None else pump.care_area
        path: Path = (
            ("care_area",) if own is None else ("pump", "care_area") if _alone(document) else ("pump", id, "care_area")
        )
        name = own if own is not None else everywhere if isinstance(everywhere, str) else None
        found[id] = _area(library, name, path, faults)
    return found


def with_libraries(
    pumps: Mapping[str, BuiltPump | None], areas: Mapping[str, Area | None]
) -> dict[str, BuiltPump | None]:
    """The pumps with what their care area says."""
    return {id: pump and replace(pump, library=areas[id]) for id, pump in pumps.items()}


def default_order(dosing: Dosing, path: Path) -> tuple[int, str] | None:
    """The rate that the library has for a drug whose order names none; None after a fault."""
    area = dosing.pump.library
    if area is not None and not area.sound:
        return None
    found = None if area is None else _entry(area, dosing, path, Faults(dosing.faults.file))
    if found is None or found[1].default is None:
        dosing.faults.add(path, HOW_FAST)
        return None
    order = dosing.rate(found[1].default, path)
    return None if order is None else (order[0], f"library: {order[1] or found[1].default.text}")


def rule_of(dosing: Dosing, path: Path) -> DrugRule | None:
    """What the pump's library says of the drug of a load; None where it has none, or after a fault."""
    area = dosing.pump.library
    found = None if area is None or not area.sound else _entry(area, dosing, path, dosing.faults)
    if area is None or found is None:
        return None
    drug, entry, concentration = found
    if entry.per_kg and dosing.weight is None:
        dosing.faults.add((*path, "weight"), f"is missing: care area {area.name} has figures per kg for {drug}")
        return None
    return DrugRule(
        drug,
        area.name,
        _rates(entry, dosing, concentration, on_step=True),
        _volumes(entry.bolus, concentration) if entry.bolus is not None else Limits(),
        not entry.kvo,
        area.incompatible.get(drug, ()),
        None if entry.bolus_rate is None else _rates(entry.bolus_rate, dosing, concentration, on_step=False),
        area.flush_nl,
        _volumes(entry.vtbi, concentration) if entry.vtbi is not None else Limits(),
    )


def _alone(document: Document) -> bool:
    pump = document.get("pump")
    return isinstance(pump, dict) and "model" in pump


def _area(library: Library | None, name: str | None, path: Path, faults: Faults) -> Area | None:
    """The care area of a pump: the one that it names, that the scenario names, or the only one."""
    if library is None:
        if name is not None:
            faults.add(path, "there is no library: write library = ... or [library]")
        return None
    if not library.sound:
        return UNKNOWN_AREA
    if name is None:
        if len(library.areas) != 1:
            faults.add(path, f"is missing: the library has {', '.join(library.areas) or 'none'}")
            return UNKNOWN_AREA
        return next(iter(library.areas.values()))
    if name not in library.areas:
        faults.add_unknown(path, "care area", name, library.areas)
    return library.areas.get(name, UNKNOWN_AREA)


def _library(given: object, folder: FilePath | None, faults: Faults) -> Library:
    """Read a library from its table, or from the file that is named."""
    if isinstance(given, dict):
        return _read(given, ("library",), faults)
    if not isinstance(given, str) or not given:
        faults.add(("library",), "a table, or the name of a file beside the scenario, is wanted")
        return Library(sound=False)
    if folder is None:
        faults.add(("library",), "there is no folder to find it in: write the library as a table")
        return Library(sound=False)
    own = Faults(printable(str(folder / given)))
    text = text_of(folder / given, own)
    document = None if text is None else document_of(text, own)
    library = Library(sound=False) if document is None else _read(document, (), own)
    faults.found += own.found
    return library


def _read(table: Mapping[str, object], path: Path, faults: Faults) -> Library:
    """Check a library piece by piece, so that every fault is found at once."""
    raw = table.get("care_area")
    rest = {**table, "care_area": {}} if isinstance(raw, dict) else table
    whole = validated(LibraryTable, rest, path, faults, {"care_area": {}})
    if raw == {}:
        faults.add((*path, "care_area"), "one care area at least is wanted")
    if not isinstance(raw, dict) or not raw:
        return Library(sound=False)
    drugs: dict[str, dict[str, DrugEntryTable | None]] = {}
    for name in raw:
        entries = table_at(faults.document, (*path, "care_area", name), faults)
        drugs[name] = {
            drug: validated(DrugEntryTable, entry, (*path, "care_area", name, drug), faults)
            for drug, entry in entries.items()
        }
    pairs = [] if whole is None or whole.incompatible is None else whole.incompatible
    incompatible = _incompatible(pairs, {drug for entries in drugs.values() for drug in entries}, path, faults)
    flush = None if whole is None or whole.flush_volume is None else whole.flush_volume.value
    flush_nl = None if flush is None else -(-flush.numerator // flush.denominator)
    return Library({name: Area(name, entries, incompatible, flush_nl) for name, entries in drugs.items()})


def _incompatible(pairs: list[list[str]], known: set[str], path: Path, faults: Faults) -> dict[str, tuple[str, ...]]:
    """By drug, those with which it must not meet: each pair both ways."""
    found: dict[str, tuple[str, ...]] = {}
    for i, pair in enumerate(pairs):
        where: Path = (*path, "incompatible", i)
        if len(pair) != 2 or pair[0] == pair[1]:
            faults.add(where, "two different drugs are wanted")
            continue
        for drug, other in (pair, pair[::-1]):
            if drug not in known:
                faults.add_unknown(where, "drug of the library", drug, sorted(known))
            found[drug] = tuple(dict.fromkeys((*found.get(drug, ()), other)))
    return found


def _entry(area: Area, dosing: Dosing, path: Path, faults: Faults) -> tuple[str, DrugEntryTable, Quantity] | None:
    """The drug of a load, its entry and its concentration; None where the line has no drug, or after a fault."""
    drugs = dict(dosing.pump.contents.get(dosing.line, ()))
    if dosing.line not in dosing.pump.contents or (not drugs and dosing.drug is None):
        return None
    if dosing.drug is None and len(drugs) > 1:
        if any(drug in area.drugs for drug in drugs):
            faults.add((*path, "drug"), f"is missing: line {dosing.line} has {', '.join(drugs)}")
        return None
    drug = next(iter(drugs)) if dosing.drug is None else dosing.drug
    if drug not in drugs:
        faults.add_unknown((*path, "drug"), f"drug of line {dosing.line}", drug, drugs)
        return None
    if drug not in area.drugs:
        why = f"care area {area.name} has no {drug}; valid: {', '.join(area.drugs) or 'none'}"
        faults.add((*path, "drug") if dosing.drug else path, why, nearest_name(drug, area.drugs))
        return None
    entry, concentration = area.drugs[drug], drugs[drug]
    if entry is None:
        return None
    if all((c.dimension, c.value) != (concentration.dimension, concentration.value) for c in entry.concentrations):
        listed = ", ".join(c.text for c in entry.concentrations)
        faults.add(path, f"line {dosing.line} has {drug} {concentration.text}; care area {area.name} has {listed}")
        return None
    return drug, entry, concentration


def _rates(table: PaceLimitsTable, dosing: Dosing, concentration: Quantity, *, on_step: bool) -> Limits:
    """Limits as rates in nL/h: of what is programmed, on the model's step; of a bolus, rounded down to the nL/h."""

    def rate(bound: Quantity) -> int:
        exact = bound.value
        if bound.dimension is not Dimension.RATE:
            per_kg = dosing.weight is not None and "/kg/" in bound.dimension.value
            kg = dosing.weight.value if per_kg and dosing.weight is not None else 1
            exact = bound.value * kg / concentration.value * NL_PER_ML
            if on_step:
                return nearest_rate_nl_per_h(dosing.pump.model, exact.numerator, exact.denominator)
        return exact.numerator // exact.denominator

    return _limits(table, rate)


def _volumes(table: GivenLimitsTable, concentration: Quantity) -> Limits:
    """Limits as volumes, rounded down to the nL as orders are."""

    def volume(bound: Quantity) -> int:
        exact = bound.value
        if bound.dimension is not Dimension.VOLUME:
            exact = bound.value / concentration.value * NL_PER_ML
        return exact.numerator // exact.denominator

    return _limits(table, volume)


def _limits(table: PaceLimitsTable | GivenLimitsTable, convert: Callable[[Quantity], int]) -> Limits:
    bounds = bounds_of(table.soft, table.hard)
    hard_low, soft_low, soft_high, hard_high = (None if bound is None else convert(bound) for bound in bounds)
    written = tuple("" if bound is None else bound.text for bound in bounds)
    return Limits(soft_low, soft_high, hard_low, hard_high, written)
