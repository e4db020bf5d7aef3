"""The page of the protocols is that of the dialects, and leaves nothing of them out."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_bridge.cli import app
from firmware_bridge.protocol_page import FAULTS, page
from firmware_bridge.protocols.about import ABOUT
from firmware_bridge.setting_up import dialects
from firmware_bridge.virtual_pump.unit import WIRE_WORDS
from pumpsim.catalogue.pumps import MODELS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")


def test_it_is_what_the_dialects_are() -> None:
    assert page(dialects()) == TEXT, "run `make docs`"


def test_the_command_writes_it(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["protocols", "--page", str(tmp_path / "page.md")])
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / "page.md"))
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == TEXT


def test_every_dialect_and_every_option_has_its_words() -> None:
    assert sorted(ABOUT) == sorted(dialects())
    assert {name: sorted(about.options) for name, about in ABOUT.items()} == {
        name: sorted(row.options) for name, row in dialects().items()
    }


@pytest.mark.parametrize("name", sorted(ABOUT))
def test_a_dialect_is_there_whole(name: str) -> None:
    row, about = dialects()[name], ABOUT[name]
    section = TEXT.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert all(sentence.strip() in section for sentence in row.assumptions)
    assert all(f"| `{key}` | " in section for key in row.options)
    assert all(f"`{word}`" in section for words in about.words.values() for word in words)
    assert set(about.models) <= set(MODELS)


def test_every_fault_of_the_wire_is_there_with_an_option_that_exists() -> None:
    assert sorted(FAULTS) == sorted(WIRE_WORDS)
    told = CliRunner().invoke(app, ["emulate", "--help"], env={"COLUMNS": "200"}).output
    named = set(re.findall(r"--[a-z][a-z-]+", TEXT.split("## Faults of the wire")[1]))
    assert named - {"--seed", "--for"} <= set(re.findall(r"--[a-z][a-z-]+", told)), "an option of emulate"


def test_tables_are_whole() -> None:
    for block in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        widths = {len(re.split(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block
