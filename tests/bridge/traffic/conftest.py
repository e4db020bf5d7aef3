"""The command in the test's own process."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.cli import main
from tests.bridge.processes import Finished


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., Finished]]:
    """The command in this process, in the test's folder: for what ends at once, and need not wait for a new interpreter."""
    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def command(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["firmware-bridge", *map(str, arguments)])
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        return Finished(int(str(code or 0)), out, err)

    yield command
    for number, handler in before.items():
        signal.signal(number, handler)
