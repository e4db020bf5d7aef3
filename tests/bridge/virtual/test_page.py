"""The page for authors of drivers says what is so: its examples run, its words exist."""

import re
from pathlib import Path

from firmware_bridge.testing import HostedPump
from firmware_bridge.virtual_pump.unit import WIRE_WORDS
from pumpsim.scenario_file.told import KIND_OF
from tests.bridge.virtual.with_plugin import run_with_the_plugin

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


def test_its_examples_run(tmp_path: Path) -> None:
    (tmp_path / "test_page.py").write_text("\n".join(EXAMPLES[:3]), encoding="utf-8")
    done = run_with_the_plugin(tmp_path, timeout_s=300.0)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
