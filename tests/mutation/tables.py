"""What mutmut leaves alone: the tables and constants of a module. Each row dropped, each exchanged for the next, in turn.

``python -m tests.mutation.tables OUT FILE...`` collects the tests once, sees them pass, then makes each change in the memory of
a process of its own, and runs the tests there until one fails. OUT gets a list of file, name, row, change, line and whether it
was killed.
"""

import ast
import importlib
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mutation import ready

DROPPED, EXCHANGED, PLUS_ONE = "(dropped)", "(that of the next row)", "(one more)"


def main() -> None:
    """Try every change of the files named; ``CHILDREN`` at a time."""
    out, files = Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    arguments = [*settings["pytest_add_cli_args"], *settings["pytest_add_cli_args_test_selection"]]
    ready.with_tests(arguments, lambda session: _try_all(session, files, out))


def _try_all(session: pytest.Session, files: list[Path], out: Path) -> None:
    usual = ready.usual_s(session)
    waiting = [(file, change) for file in files for change in changes(file)]
    running: dict[int, tuple[str, str, str, str, int]] = {}
    notes, results = ready.Notes(), []
    children = int(os.environ.get("CHILDREN", "2"))
    while waiting or running:
        while waiting and len(running) < children:
            file, (name, row, what, line, act) = waiting.pop(0)
            pid = ready.begin(session, usual, act, f"{file.stem}.{name}", notes)
            running[pid] = (file.as_posix(), name, row, what, line)
        pid, status = os.wait()
        results.append([*running.pop(pid), os.waitstatus_to_exitcode(status) != 0])
    out.write_text(json.dumps(sorted(results)), encoding="utf-8")


def changes(file: Path) -> Iterator[tuple[str, str, str, int, Callable[[], None]]]:
    """Every change of a module's tables and numbers: name, row, what is done to it, line, and how to do it."""
    module = importlib.import_module(".".join(file.with_suffix("").parts).removesuffix(".__init__"))
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and not target.id.startswith("__"):
                value = getattr(module, target.id)
                for row, what, act in _of_value(target.id, value):
                    yield target.id, row, what, node.lineno, act


def _of_value(name: str, value: object) -> Iterator[tuple[str, str, Callable[[], None]]]:
    if isinstance(value, dict):
        keys = list(value)
        for key, following in zip(keys, [*keys[1:], *keys[:1]], strict=True):
            yield _words(key), DROPPED, lambda key=key: value.pop(key)
            if value[following] != value[key]:
                yield _words(key), EXCHANGED, lambda key=key, other=value[following]: value.update({key: other})
    elif isinstance(value, tuple | frozenset) and type(value) in (tuple, frozenset):
        for item in value:
            yield (
                _words(item),
                DROPPED,
                lambda item=item: _rebind(name, value, type(value)(i for i in value if i != item)),
            )
    elif type(value) in (int, float):
        yield str(value), PLUS_ONE, lambda: _rebind(name, value, value + 1)


def _rebind(name: str, old: object, new: object) -> None:
    """Put a value in the place of another wherever it has been imported under its name."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("pumpsim") and vars(module).get(name) is old:
            setattr(module, name, new)


def _words(key: object) -> str:
    """A row's key as the source names it."""
    if isinstance(key, tuple):
        return ", ".join(_words(part) for part in key)
    return str(getattr(key, "name", None) or getattr(key, "__name__", None) or key)


if __name__ == "__main__":
    main()
