"""``mutmut run``, as a script of its own: the tests are collected once, and each mutant is tried where they stand ready.

A process of its own has them; it gets (mutant, the usual time of each of its tests) as a line of JSON, and answers with
(mutant, exit code, seconds). mutmut does all the rest. Not run as a module: no package ``tests`` may be loaded but that in
``mutants/``, with the mutated sources.
"""

import gc
import json
import os
import select
import signal
import sys
from pathlib import Path
from time import monotonic

import mutmut.__main__ as mutmut
import pytest
import ready
from mutmut.configuration import config
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.runners.harness import PytestRunner
from mutmut.state import state
from mutmut.workers.isolation import ForkRunner, MutantResult, MutantRunner

TIMED_OUT = 36
"""mutmut's exit code of a mutant that ran into its time limit."""


class ReadyRunner(ForkRunner):
    """mutmut's runner, with the tests ready."""

    def startup(self) -> None:
        """Start the process in which the tests stand ready."""
        self._waiting = 0
        asked, answered = os.pipe(), os.pipe()
        self._server = os.fork()
        if not self._server:
            os.close(asked[1])
            os.close(answered[0])
            _serve(asked[0], answered[1])
        os.close(asked[0])
        os.close(answered[1])
        self._ask, self._answers = os.fdopen(asked[1], "w"), os.fdopen(answered[0])

    def submit(self, mutant_name: str, tests: list[str], cpu_time_limit: int, estimated_time: float) -> None:
        """Let a mutant be tried."""
        del cpu_time_limit, estimated_time
        durations = state().duration_by_test
        print(json.dumps([mutant_name, {test: durations[test] for test in tests}]), file=self._ask, flush=True)
        self._waiting += 1

    def has_capacity(self) -> bool:
        """Whether another mutant may be tried at the same time."""
        return self._waiting < self.max_workers

    def wait_for_result(self, timeout: float | None = None) -> MutantResult:
        """Give the next verdict."""
        line = self._answers.readline()
        if not line:
            raise SystemExit("the process with the tests has ended")
        self._waiting -= 1
        mutant_name, exit_code, duration = json.loads(line)
        return MutantResult(mutant_name=mutant_name, exit_code=exit_code, duration=duration)

    def pending_count(self) -> int:
        """How many verdicts are still to come."""
        return self._waiting

    def stop_all_workers(self) -> None:
        """End the process with the tests, and what it is trying."""
        os.killpg(self._server, signal.SIGTERM)

    def shutdown(self) -> None:
        """Let the process with the tests end."""
        self._ask.close()
        os.waitpid(self._server, 0)


def runner(max_workers: int = 1) -> MutantRunner:
    """Make the runner, in the place of mutmut's own."""
    tests = PytestRunner()
    tests.prepare_main_test_run()
    return ReadyRunner(max_workers=max_workers, test_runner=tests, debug=config().debug)


def _serve(asked: int, answered: int) -> None:
    """Answer what is asked until nothing more is; ends the process."""
    os.setpgid(0, 0)
    os.chdir("mutants")
    settings = config()
    arguments = [*settings.pytest_add_cli_args, *settings.pytest_add_cli_args_test_selection, "--rootdir=."]
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        ready.with_tests(arguments, lambda session: _answer(session, asked, answered))
    os._exit(0)


def _answer(session: pytest.Session, asked: int, answered: int) -> None:
    gc.freeze()
    running: dict[int, tuple[str, float]] = {}
    notes, rest, more = ready.Notes(), b"", True
    while more or running:
        if more and select.select([asked], [], [], 0.005 if running else None)[0]:
            data = os.read(asked, 1 << 20)
            more = bool(data)
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                name, usual = json.loads(line)
                where = name.partition("__mutmut_")[0]
                pid = ready.begin(session, usual, lambda name=name: set_mutant_under_test(name), where, notes)
                running[pid] = name, monotonic()
        pid, status = os.waitpid(-1, os.WNOHANG) if running else (0, 0)
        if pid:
            name, begun = running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            verdict = [name, TIMED_OUT if code == ready.TOO_SLOW else code, monotonic() - begun]
            os.write(answered, json.dumps(verdict).encode() + b"\n")


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
    mutmut.get_mutant_runner = runner
    mutmut.cli()
