"""What meets behind several pumps: drugs that the library calls incompatible and that come together in a junction.

A pump knows its own lines only, so no pump can warn of these. The file is not refused for them either: it says what
happens, and that may be what it is written to show. They are noted, for whoever reads the check or the report.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

from pumpsim.scenario import Entry, PumpSetup
from pumpsim.vocabulary.inputs import LoadProgram
from pumpsim.vocabulary.library import DrugRule
from pumpsim.vocabulary.path import JunctionSetup, way_of


def meetings(
    setups: Iterable[PumpSetup], junctions: Sequence[JunctionSetup], entries: Iterable[Entry]
) -> tuple[str, ...]:
    """Say which incompatible drugs of different pumps share a junction, whenever they are given."""
    leads = [(junction.id, junction.into) for junction in junctions]
    ways = {setup.id: way_of(setup.path.into, leads) for setup in setups}
    rules: dict[str, dict[str, DrugRule]] = {}
    for entry in entries:
        if isinstance(entry.action, LoadProgram) and entry.action.program.drug is not None:
            rules.setdefault(entry.pump, {})[entry.action.program.drug.drug] = entry.action.program.drug
    found: list[str] = []
    for one, other in combinations(rules, 2):
        shared = [junction for junction in ways[one] if junction in ways[other]]
        for drug, rule in rules[one].items():
            for also, against in rules[other].items():
                if shared and (also in rule.incompatible or drug in against.incompatible):
                    found.append(
                        f"{drug} of pump {one} and {also} of pump {other} meet in junction {shared[0]}; the library calls them "
                        "incompatible, and no pump can know"
                    )
    return tuple(found)
