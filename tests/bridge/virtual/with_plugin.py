"""Tests of somebody else, run in a process of their own with the fixture that the package brings."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def run_with_the_plugin(folder: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Run pytest on a folder, the plugin loaded by name: an entry point is there only after an installation."""
    plugins = ["-p", "firmware_bridge.pytest_plugin", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, str(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
    )
