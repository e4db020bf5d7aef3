"""What is done to pumps that are on already, in the words of scenario files: one table at a time, as it is told.

What has been told so far and the file that it began with are one scenario file at every moment, and are checked as one: what
is closed already is not closed again, what no line has is not changed. Times are told from now: ``for``, never ``at``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pumpsim.errors import FieldError, ScenarioError, UnitError, nearest_name
from pumpsim.scenario import Entry, Scenario
from pumpsim.scenario_file.checks import Document
from pumpsim.scenario_file.happening_tables import ChangeTable, FaultTable, OperatorTable
from pumpsim.scenario_file.pump_tables import Table
from pumpsim.scenario_file.read import checked_scenario
from pumpsim.units import time_ns

KINDS: dict[str, type[Table]] = {"operator": OperatorTable, "fault": FaultTable, "change": ChangeTable}
KIND_OF = {word: kind for kind, table in KINDS.items() for word in table.one_of}
"""Every word that says what is done, and the kind of table that it stands in: ``occlude`` in a ``[[fault]]``."""
OF_A_RUN = ("expect", "order", "requirements", "record")
"""What a file says about a run that is over."""
ENDLESS = "366 d"
"""The longest that a scenario may be."""
S_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """What shall be done, at its instants; and what had been going to be done, and shall not be any more."""

    entries: tuple[Entry, ...]
    dropped: tuple[Entry, ...] = ()


class Telling:
    """A scenario file and what is told after its begin. Raises ScenarioError with every fault of the file."""

    def __init__(self, document: Document, name: str, folder: Path | None = None) -> None:
        self._base = {key: value for key, value in document.items() if key not in OF_A_RUN} | {"duration": ENDLESS}
        self._name, self._folder = name, folder
        self._standing: list[tuple[str, dict[str, object]]] = []
        self.scenario = self._checked(())

    def tell(self, at_ns: int, words: Mapping[str, object]) -> Told:
        """Say what is done now. ``words``: a table of the file without ``at``; a fault may have ``for``, how long.

        Raises ScenarioError, and FieldError for words that are no table of a file.
        """
        kind = kind_of(words)
        table = _placed(kind, at_ns, words)
        kept = [(of, told) for of, told in self._standing if not _is_over(told, at_ns)]
        told = _differences(self._checked(kept), self._with(kept, (kind, table)))
        self._standing = kept if kind == "operator" else [*kept, (kind, table)]
        return told

    def end(self, at_ns: int, words: Mapping[str, object]) -> Told:
        """Let a fault that was told end now. Raises FieldError when none such stands, ScenarioError when it has no end."""
        kept = [(kind, table) for kind, table in self._standing if not _is_over(table, at_ns)]
        found = next((i for i, (kind, table) in enumerate(kept) if kind == "fault" and _is_this(table, words)), None)
        if found is None:
            raise FieldError(f"nothing of what was injected and still stands is {dict(words)}")
        others = kept[:found] + kept[found + 1 :]
        table = kept[found][1]
        after_ns = max(at_ns, time_ns(str(table["at"])) + 1)  # nothing ends in the instant in which it begins
        ended = ("fault", table | {"until": _written(after_ns)})
        told = _differences(self._checked(kept), self._with(others, ended))
        self._standing = others
        return told

    def _with(self, standing: Sequence[tuple[str, dict[str, object]]], last: tuple[str, dict[str, object]]) -> Scenario:
        """What stands and one more; faults are named as in that one, for nobody has seen a file."""
        try:
            return self._checked([*standing, last])
        except ScenarioError as error:
            raise ScenarioError(replace(f, file="", key=f.key.partition("].")[2]) for f in error.faults) from error

    def _checked(self, told: Sequence[tuple[str, dict[str, object]]]) -> Scenario:
        document = dict(self._base)
        for kind in KINDS:
            own = document.get(kind, [])
            more = [table for of, table in told if of == kind]
            if more:
                assert isinstance(own, list)
                document[kind] = [*own, *more]
        return checked_scenario(document, self._name, self._folder)


def kind_of(words: Mapping[str, object]) -> str:
    """Find the kind of table that words belong to. Raises FieldError when they belong to none, or to two."""
    kinds = {KIND_OF[word] for word in words if word in KIND_OF}
    if not kinds:
        name = next(iter(words), "")
        raise FieldError(f"unknown word {name!r}; valid: {', '.join(KIND_OF)}", nearest_name(name, KIND_OF))
    if len(kinds) > 1:
        raise FieldError(f"{' and '.join(word for word in words if word in KIND_OF)} belong to different tables")
    return kinds.pop()


def span_ns(word: str, value: object) -> int:
    """Read a time that stands behind a word. Raises FieldError, which names both."""
    try:
        if isinstance(value, str):
            return time_ns(value)
    except UnitError as error:
        raise FieldError(f"{word} = {value!r}: {error}") from error
    raise FieldError(f"{word} = {value!r}: a time is wanted, as in '30 s'")


def _placed(kind: str, at_ns: int, words: Mapping[str, object]) -> dict[str, object]:
    """The table as the file would have it."""
    for word in ("at", "until"):
        if word in words:
            raise FieldError(f"{word}: what is told is done now; how long a fault stands is said by for")
    table = dict(words) | {"at": _written(at_ns)}
    if kind == "fault" and "for" in table:
        table["until"] = _written(at_ns + span_ns("for", table.pop("for")))
    return table


def _written(at_ns: int) -> str:
    return f"{at_ns // S_NS}.{at_ns % S_NS:09d} s"


def _is_over(table: Mapping[str, object], at_ns: int) -> bool:
    until = table.get("until")
    return isinstance(until, str) and time_ns(until) <= at_ns


def _is_this(table: Mapping[str, object], words: Mapping[str, object]) -> bool:
    return all(table.get(word) == value for word, value in words.items() if word != "for")


def _differences(before: Scenario, after: Scenario) -> Told:
    """What one has and the other has not; both may hold equal entries several times."""
    new, old = list(after.entries), list(before.entries)
    for entry in before.entries:
        if entry in new:
            new.remove(entry)
            old.remove(entry)
    return Told(tuple(new), tuple(old))
