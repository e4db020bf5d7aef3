"""The page for authors of drivers says what is so: its examples run, its words exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge.setting_up import dialects
from firmware_bridge.testing import HostedPump
from firmware_bridge.virtual_pump.unit import WIRE_WORDS
from pumpsim.scenario_file.told import KIND_OF

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "test_your_driver.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_its_examples_are_python() -> None:
    assert len(EXAMPLES) == 4
    for example in EXAMPLES:
        compile(example, "page", "exec")


def test_what_it_calls_is_there() -> None:
    called = set(re.findall(r"pump\.(\w+)", PAGE))
    assert {name for name in called if not hasattr(HostedPump, name)} == {"port"}  # made when the pump is


def test_its_words_are_those_of_scenarios_and_wires() -> None:
    told = re.findall(r"(?:inject|operate|end)\((\w+)=", PAGE) + re.findall(r"inject 7001 (\w+) ", PAGE)
    assert {word for word in told if word not in KIND_OF} == {"wire"}
    wire = re.findall(r"wire_faults\((.*?)\)", PAGE)
    assert {word for call in wire for word in re.findall(r"(\w+)=", call)} <= set(WIRE_WORDS)


@pytest.mark.skipif("new-era" not in dialects(), reason="its protocol is not in the registry")
def test_its_examples_run(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text("\n".join(EXAMPLES[:3]), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "firmware_bridge.pytest_plugin",
            "-p",
            "no:cacheprovider",
            str(tmp_path),
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300.0,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr
