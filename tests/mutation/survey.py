"""What was found, in the words of the source: each mutant by file, function, line before and after, and verdict.

Reads what mutmut 3.8 and ``tables`` leave in ``mutants/``. A mutant is known by what it changes, not by mutmut's number, which
any edit of the function shifts.
"""

import ast
import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mutmut.mutation.data import MutantLineSpans, SourceFileMutationData
from mutmut.stats import status_by_exit_code


class Verdict(Enum):
    """What the tests said to a mutant."""

    KILLED = "killed"
    TOO_SLOW = "killed by the time limit"
    SURVIVED = "survived"
    NO_TESTS = "no test reaches it"
    NOT_CHECKED = "not checked"


VERDICTS = {
    "killed": Verdict.KILLED,
    "timeout": Verdict.TOO_SLOW,
    "segfault": Verdict.KILLED,
    "caught by type check": Verdict.KILLED,
    "survived": Verdict.SURVIVED,
    "no tests": Verdict.NO_TESTS,
    "not checked": Verdict.NOT_CHECKED,
    "check was interrupted by user": Verdict.NOT_CHECKED,
}
"""mutmut's words; one that is missing here, ``suspicious``, counts as survived."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutant does to the source: the changed lines before and after, joined by blanks."""

    file: str
    where: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant and its verdict; ``line`` in the source as it stands; no ``name`` where it is not mutmut's."""

    name: str
    change: Change
    line: int
    verdict: Verdict

    @property
    def dead(self) -> bool:
        """Whether the tests noticed; those that never came to an end did."""
        return self.verdict in (Verdict.KILLED, Verdict.TOO_SLOW)


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Every mutant of a source file that mutmut has made; none when it found nothing to change."""
    data = SourceFileMutationData(path=file)
    data.load()
    spans = MutantLineSpans.load(file)
    first_lines = {where: line for where, line, _ in functions(file)}
    for name, exit_code in data.exit_code_by_key.items():
        assert spans is not None, f"{file}: no index of mutants; remove mutants/ and run again"
        generated = name.rpartition(".")[2]
        mangled = generated.partition("__mutmut_")[0]
        where = _plain(mangled)
        before, after = spans.read_function_sources([f"{mangled}__mutmut_orig", generated])
        offset, was, now = _difference(before, after)
        verdict = VERDICTS.get(status_by_exit_code[exit_code], Verdict.SURVIVED)
        yield Mutant(name, Change(file.as_posix(), where, was, now), first_lines[where] + offset, verdict)


def rows_of(results: Path) -> Iterator[Mutant]:
    """Every change of a table or a constant that ``tables`` has tried."""
    for file, name, row, what, line, killed in json.loads(results.read_text(encoding="utf-8")):
        yield Mutant("", Change(file, name, row, what), line, Verdict.KILLED if killed else Verdict.SURVIVED)


def functions(file: Path) -> Iterator[tuple[str, int, bool]]:
    """Functions and methods of a file as (``Class.method``, line of its def, whether mutmut leaves it alone).

    mutmut copies a function under other names, so it does not touch one with a decorator.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for item in inside:
            if isinstance(item, ast.FunctionDef):
                decorators = [ast.unparse(decorator) for decorator in item.decorator_list]
                left_alone = bool(decorators) and decorators not in (["staticmethod"], ["classmethod"])
                yield prefix + item.name, item.lineno, left_alone


def _plain(mangled: str) -> str:
    """``Class.method`` of mutmut's ``xǁClassǁmethod``, ``function`` of ``x_function``."""
    return ".".join(mangled.split("ǁ")[1:]) if "ǁ" in mangled else mangled.removeprefix("x_")


def _difference(before: str, after: str) -> tuple[int, str, str]:
    """Lines from the def to the first change, and the changed lines before and after."""
    old, new = _from_def(before), _from_def(after)
    groups = [
        group for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if group[0] != "equal"
    ]
    first, last = groups[0], groups[-1]
    was = " ".join(line.strip() for line in old[first[1] : last[2]])
    now = " ".join(line.strip() for line in new[first[3] : last[4]])
    return first[1], was, now


def _from_def(text: str) -> list[str]:
    """The lines from the def on, its name taken away so that it is no difference."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def "))
    head = lines[start]
    return [head[: head.index("def ")] + "def " + head[head.index("(") :], *lines[start + 1 :]]
