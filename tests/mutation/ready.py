"""Tests that stand ready: pytest collects them once, and every change is tried in a fork of that process.

Starting pytest anew takes far longer than the tests that notice a change. Each test has its own limit of CPU time, so that a
change which makes one run for ever is known in a second or two, and no other process on the machine makes it look so. The few
tests that take long by chance or search are spared, but for a module that they are named for or that their own file imports
from: a change that only the others of them would notice counts as one that nobody does, so the score is a little too low.
"""

import ast
import contextlib
import json
import os
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from time import process_time

import pytest

SLOWER, LEAST_S = 10, 1.0
"""How many times its usual CPU time a test may take, and what it has at least."""
LONG_S, LONG_SLOWER = 0.4, 3
"""Usual CPU time from which a test runs only for changes of a module that it is for, and how many times that it may take."""
TOO_SLOW = -signal.SIGVTALRM
"""Exit code of a fork in which a test has run out of its time."""


class _Ready:
    """A plugin that does something else than to run the tests that were collected."""

    def __init__(self, work: Callable[[pytest.Session], None]) -> None:
        self.work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self.work(session)
        return True


class Notes:
    """Which tests have noticed changes of a function; forks of this process note them."""

    MOST = 12

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)

    def note(self, where: str, test: str) -> None:
        """Note a test that has noticed; short enough to be written at once, whoever writes beside."""
        os.write(self._write, f"{where}\t{test}\n".encode())

    def known(self, where: str) -> list[str]:
        """Give the tests that have noticed a change there by now."""
        with contextlib.suppress(BlockingIOError):
            for line in os.read(self._read, 1 << 16).decode().splitlines():
                at, _, test = line.partition("\t")
                others = [other for other in self._known.get(at, []) if other != test]
                self._known[at] = [test, *others][: self.MOST]
        return self._known.get(where, [])


def with_tests(arguments: list[str], work: Callable[[pytest.Session], None]) -> None:
    """Collect tests, then work with them. SystemExit when that fails."""
    if code := pytest.main(["-q", "-s", *arguments], plugins=[_Ready(work)]):
        raise SystemExit(f"pytest ended with {code}")


def usual_s(session: pytest.Session) -> dict[str, float]:
    """Run every test once, as everything stands: the CPU time of each. SystemExit when one fails."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        with os.fdopen(write, "w") as answer:
            found = {}
            for item, following in _pairs(session.items):
                begin = process_time()
                session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                found[item.nodeid] = process_time() - begin
            json.dump(None if session.testsfailed else found, answer)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        times: dict[str, float] | None = json.load(answer)
    os.waitpid(pid, 0)
    if times is None:
        raise SystemExit("the tests fail before anything is changed")
    return times


def begin(
    session: pytest.Session,
    usual: dict[str, float],
    act: Callable[[], None],
    where: str = "",
    notes: Notes | None = None,
) -> int:
    """Make a change in a fork and run the tests that ``usual`` names there; the id of its process.

    It exits with 0 when all of them pass, with ``TOO_SLOW`` when one runs for too long, else with 1. Those go first that have
    noticed another change ``where`` this one is, as the ``notes`` have it, then those of its module, and the fastest of each.
    """
    known = [] if notes is None else notes.known(where)
    items = _chosen(session, usual, known, where.split(".")[-2] if "." in where else where)
    pid = os.fork()
    if pid:
        return pid
    code = 1
    with contextlib.suppress(BaseException), Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
        act()
        failed = _first_that_fails(session, items, usual)
        code = int(failed is not None)
        if failed is not None and notes is not None:
            notes.note(where, failed)
    os._exit(code)


def _chosen(session: pytest.Session, usual: dict[str, float], known: list[str], module: str) -> list[pytest.Item]:
    """The tests to be run for a change of a module, in their order."""
    items = [
        item
        for item in session.items
        if item.nodeid in usual and (usual[item.nodeid] < LONG_S or _is_for(item, module))
    ]
    return sorted(items, key=lambda item: (item.nodeid not in known, not _is_for(item, module), usual[item.nodeid]))


def _first_that_fails(session: pytest.Session, items: list[pytest.Item], usual: dict[str, float]) -> str | None:
    for item, following in _pairs(items):
        usual_s = usual[item.nodeid]
        signal.setitimer(signal.ITIMER_VIRTUAL, LEAST_S + usual_s * (SLOWER if usual_s < LONG_S else LONG_SLOWER))
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return item.nodeid
    return None


def _is_for(item: pytest.Item, module: str) -> bool:
    """Whether a test is named for a module, or its file imports from it."""
    return f"/test_{module}" in item.nodeid or module in _imported_from(item.path)


@cache
def _imported_from(path: Path) -> frozenset[str]:
    """The last names of the modules that a file imports from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = (node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module)
    return frozenset(name.rpartition(".")[2] for name in froms)


def _pairs(items: list[pytest.Item]) -> list[tuple[pytest.Item, pytest.Item | None]]:
    return list(zip(items, [*items[1:], None], strict=True))
