"""Pages that are generated, or that claim something, are true of the tree they stand in."""

import re
from pathlib import Path

import pytest

from pumpsim.catalogue import alarm_page
from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import diagram
from pumpsim.verification import traced
from pumpsim.verification.claims import claims

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    "README.md",
    "scenarios/README.md",
    "plots/README.md",
    "docs/native_protocol.md",
    "docs/test_your_driver.md",
    "docs/protocols.md",
    "docs/dual_channel.md",
    "docs/verification.md",
    "docs/requirements.md",
    "docs/alarms.md",
]


def test_the_state_diagram_is_that_of_the_table():
    assert (ROOT / "docs" / "states.md").read_text(encoding="utf-8") == diagram.page(), "run `make docs`"


def test_the_alarm_conditions_are_those_of_the_catalogue():
    text = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    assert text == alarm_page.page(MODELS.values()), "run `make docs`"
    heads, _, *rows = [line.split(" | ") for line in text.split("## Levels")[0].splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {len(heads)}, "a text would break the table"
    assert {row.id.value for model in MODELS.values() for row in model.alarms} == {row[0].strip("| `") for row in rows}


def test_the_requirements_are_traced_to_the_tests_that_are_there():
    text = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    assert text == traced.page(claims(ROOT)), "run `make docs`"


@pytest.mark.parametrize("name", PAGES)
def test_every_local_link_leads_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    missing = [link for link in links if not ((ROOT / name).parent / link).exists()]
    assert missing == []


def test_the_gallery_shows_every_scenario_in_small_files():
    index = (ROOT / "plots" / "README.md").read_text(encoding="utf-8")
    for scenario in sorted((ROOT / "scenarios").glob("*.toml")):
        assert re.search(rf"\({scenario.stem}/([\w-]+-)?states\.svg\)", index), "run `make plots`"
    sizes = {path: path.stat().st_size for path in (ROOT / "plots").rglob("*.svg")}
    assert max(sizes.values()) < 150_000


def test_the_readme_says_what_this_is_not_and_names_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for words in ("Not a medical device", "make demo", "make test", "never on a hospital network"):
        assert words in text
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", text):
        assert f"\n{target}:" in makefile
