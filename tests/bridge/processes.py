"""The two commands as processes, as a user runs them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-c", "from firmware_bridge.cli import main; main()")
PATIENCE_S = 600.0
"""After which a command hangs: far beyond what a machine that is busy with other tests takes, where 2 s have become 90."""


@dataclass
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str


def finish(process: subprocess.Popen[str], within_s: float = PATIENCE_S) -> Finished:
    """Wait for a command to end; it is killed when it does not."""
    try:
        out, err = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Finished(process.returncode, out, err)


def start(*arguments: object, cwd: Path | None = None) -> subprocess.Popen[str]:
    """Start ``firmware-bridge``."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "120"},
    )


def run(*arguments: object, cwd: Path | None = None) -> Finished:
    """Run ``firmware-bridge`` to its end."""
    return finish(start(*arguments, cwd=cwd))


@contextmanager
def emulator(*arguments: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """An emulated device for the while: the path to attach to, and its process."""
    process = start("emulate", *arguments)
    try:
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        assert path, process.stderr.read() if process.stderr else ""
        yield path, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        finish(process)


@contextmanager
def socat_pair(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Two ports, each the other's far end."""
    socat = shutil.which("socat")
    assert socat is not None, "socat is needed for this test (Debian and Ubuntu: apt install socat)"
    ends = folder / "ttyA", folder / "ttyB"
    process = subprocess.Popen([socat, *(f"pty,raw,echo=0,link={end}" for end in ends)])
    try:
        until = time.monotonic() + PATIENCE_S
        while not all(end.exists() for end in ends):
            assert time.monotonic() < until, "socat has made no ports"
            time.sleep(0.005)
        yield ends
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def wait_for(process: subprocess.Popen[str], word: str) -> str:
    """Read a command's output until a line has the word."""
    assert process.stdout is not None
    for line in process.stdout:
        if word in line:
            return line
    raise AssertionError(f"{word!r} was never said")


def events(folder: Path) -> list[dict[str, Any]]:
    """The rows of events.jsonl."""
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
