"""Which tests and scenarios claim to show a requirement, read from the files without running anything.

A test claims by ``@pytest.mark.requirement("GIP 1.2.2")`` right on its function, ids as literal texts; a scenario by
``requirements = ["GIP 1.2.2"]`` at the top of its file. A marker anywhere else (a class, a module, a parameter, a helper)
is refused, because this page would not see it. That a claimed test passes is seen to by ``tests/requirement_marker.py``.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from pumpsim.errors import PumpsimError, hint, nearest_name
from pumpsim.requirements import LISTED_IN, REQUIREMENTS, Requirement

MARKER = "requirement"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Claim:
    """``file``, from the project's folder on, shows ``requirement``; ``test``: the function in it, None for a scenario."""

    requirement: str
    file: str
    test: str | None = None


class ClaimError(PumpsimError):
    """Claims that cannot stand, one a line."""


def claims(root: Path) -> tuple[Claim, ...]:
    """Every claim of the tests and scenarios of a project's folder, by file.

    Raises ClaimError for a folder that has none, for a marker where it is not seen, and for an id that is none.
    """
    tests, scenarios = root / "tests", root / "scenarios"
    if missing := [folder for folder in (tests, scenarios) if not folder.is_dir()]:
        raise ClaimError(
            f"{missing[0]}: there is no such folder; the page of requirements is made in the project's own"
        )
    faults: list[str] = []
    found = [
        claim for path in sorted(tests.rglob("*.py")) for claim in claims_in_tests(path, _named(path, root), faults)
    ]
    found += [
        claim for path in sorted(scenarios.glob("*.toml")) for claim in claims_in_scenario(path, _named(path, root))
    ]
    faults += [
        f"{claim.file}: {unknown(claim.requirement)}" for claim in found if claim.requirement not in REQUIREMENTS
    ]
    if faults:
        raise ClaimError("\n".join(faults))
    return tuple(found)


def claims_in_tests(path: Path, name: str, faults: list[str]) -> Iterator[Claim]:
    """The claims of one file of tests; what is marked elsewhere or not in literal texts goes to ``faults``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    seen: set[ast.AST] = set()
    for test, function in _test_functions(tree) if path.name.startswith("test_") else ():
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and _is_marker(decorator.func):
                ids = [arg.value for arg in decorator.args if isinstance(arg, ast.Constant)]
                if ids and len(ids) == len(decorator.args) and not decorator.keywords:
                    seen.add(decorator.func)
                    yield from (Claim(str(id), name, test) for id in ids)
    for node in ast.walk(tree):
        if _is_marker(node) and node not in seen:
            line = getattr(node, "lineno", 0)
            faults.append(
                f'{name}:{line}: write @pytest.mark.{MARKER}("GIP 1.2.2") on a test function, ids as literal texts'
            )


def claims_in_scenario(path: Path, name: str) -> Iterator[Claim]:
    """The claims of one scenario file; a file that is no TOML or claims otherwise than by a list of texts claims nothing.

    Such files are refused where scenarios are read.
    """
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8")).get("requirements", [])
    except ValueError:
        return
    if isinstance(listed, list):
        yield from (Claim(id, name) for id in listed if isinstance(id, str))


def unsettled(found: Iterable[Claim], requirements: Mapping[str, Requirement] = REQUIREMENTS) -> list[str]:
    """Rows that nobody claims and that give no reason, and rows that are claimed and give one."""
    claimed = {claim.requirement for claim in found}
    said = {
        (
            False,
            False,
        ): "no test and no scenario claims it, and it gives no reason: mark a test, or say why (not_covered)",
        (True, True): "is claimed and says that it is not covered: take the reason away",
    }
    settled = [(row.id, (row.id in claimed, row.not_covered is not None)) for row in requirements.values()]
    return [f"{id}: {said[state]}" for id, state in settled if state in said]


def unknown(id: str) -> str:
    """Say that an id is none, with the nearest that is."""
    return f"unknown requirement {id!r}; {LISTED_IN} lists them{hint(nearest_name(id, REQUIREMENTS))}"


def _named(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _test_functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """What pytest collects: functions ``test_...`` of the module and of its classes ``Test...``."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from ((f"{node.name}::{f.name}", f) for f in node.body if _is_test(f))
        elif _is_test(node):
            yield node.name, node


def _is_test(node: ast.AST) -> TypeGuard[Function]:
    return isinstance(node, Function) and node.name.startswith("test")


def _is_marker(node: ast.AST) -> bool:
    """Whether this is ``pytest.mark.requirement`` or ``mark.requirement``."""
    if not isinstance(node, ast.Attribute) or node.attr != MARKER:
        return False
    owner = node.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", None)) == "mark"
