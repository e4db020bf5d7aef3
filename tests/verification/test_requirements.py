"""Every requirement is shown or says why not; and what could hide that is seen: wrong ids, stray markers."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pumpsim import cli
from pumpsim.requirements import REQUIREMENTS, SECTIONS, TO_COME
from pumpsim.scenario_file import load_scenario
from pumpsim.verification.claims import Claim, ClaimError, claims, claims_in_tests, unsettled
from pumpsim.verification.traced import page
from tests.requirement_marker import RUNS_SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
ROW = REQUIREMENTS["GIP 1.2.3"]


def test_every_requirement_is_claimed_or_says_why_not_and_never_both():
    assert unsettled(claims(ROOT)) == []


def test_no_two_rows_share_an_id_and_none_says_nothing():
    rows = [row for section in SECTIONS for row in section.rows]
    assert len(rows) == len(REQUIREMENTS)
    assert all(len({row.source for row in section.rows}) == 1 for section in SECTIONS)
    for row in rows:
        assert row.text
        assert row.not_covered is None or len(row.not_covered.removeprefix(TO_COME)) > 3
        assert "|" not in row.text + row.limit + row.note + (row.not_covered or ""), "it would break the table"


@pytest.mark.parametrize(
    ("claimed", "reason", "says"),
    [
        (False, None, "no test and no scenario claims it"),
        (True, "to come: x", "is claimed and says that it is not covered"),
        (True, None, ""),
        (False, "to come: x", ""),
    ],
)
def test_a_row_is_claimed_or_gives_a_reason(claimed, reason, says):
    found = [Claim(ROW.id, "tests/test_x.py", "test_x")] if claimed else []
    faults = unsettled(found, {ROW.id: replace(ROW, not_covered=reason)})
    assert bool(faults) == bool(says)
    assert says in "".join(faults)


TESTS = """
import pytest
from pytest import mark

@pytest.mark.requirement("GIP 1.2.2", "GIP 1.2.3")
@pytest.mark.parametrize("x", [1, 2])
def test_one(x): ...

class TestThings:
    @mark.requirement("GPCA REQ 25")
    def test_two(self): ...
"""


def faults_of(tmp_path: Path, text: str, name: str = "test_x.py") -> tuple[list[Claim], list[str]]:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    faults: list[str] = []
    return list(claims_in_tests(file, f"tests/{name}", faults)), faults


def test_claims_are_read_without_running(tmp_path):
    found, faults = faults_of(tmp_path, TESTS)
    assert faults == []
    assert found == [
        Claim("GIP 1.2.2", "tests/test_x.py", "test_one"),
        Claim("GIP 1.2.3", "tests/test_x.py", "test_one"),
        Claim("GPCA REQ 25", "tests/test_x.py", "TestThings::test_two"),
    ]


@pytest.mark.parametrize(
    "stray",
    [
        'pytestmark = pytest.mark.requirement("GIP 1.2.2")',
        '@pytest.mark.requirement("GIP 1.2.2")\nclass TestAll:\n    def test_x(self): ...',
        '@pytest.mark.requirement("GIP 1.2.2")\ndef helper(): ...',
        "@pytest.mark.requirement\ndef test_x(): ...",
        "@pytest.mark.requirement()\ndef test_x(): ...",
        "@pytest.mark.requirement(ID)\ndef test_x(): ...",
        '@pytest.mark.requirement("GIP " + "1.2.2")\ndef test_x(): ...',
        '@pytest.mark.requirement(id="GIP 1.2.2")\ndef test_x(): ...',
        'x = pytest.param(1, marks=pytest.mark.requirement("GIP 1.2.2"))',
        'if True:\n    @pytest.mark.requirement("GIP 1.2.2")\n    def test_x(): ...',
    ],
)
def test_a_marker_that_the_page_would_not_see_is_refused(tmp_path, stray):
    found, faults = faults_of(tmp_path, stray)
    assert found == []
    assert len(faults) == 1
    assert "on a test function, ids as literal texts" in faults[0]


def test_a_marker_in_a_file_that_is_not_collected_is_refused(tmp_path):
    assert faults_of(tmp_path, TESTS, "helpers.py")[0] == []
    assert len(faults_of(tmp_path, TESTS, "helpers.py")[1]) == 2


def test_an_unknown_id_is_one_message_with_the_nearest(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "x.toml").write_text('requirements = ["GIP 1.10.33"]')
    with pytest.raises(ClaimError, match=r"^scenarios/x.toml: unknown requirement 'GIP 1.10.33'.*'GIP 1.10.3'\?\)$"):
        claims(tmp_path)


def test_scenarios_claim_as_the_page_reads_them():
    """The page reads the file, the run the scenario: they say the same."""
    found = [claim for claim in claims(ROOT) if claim.test is None]
    for file in {claim.file for claim in found}:
        assert load_scenario(ROOT / file).requirements == tuple(c.requirement for c in found if c.file == file)
    assert len(found) > 5


def test_what_scenarios_claim_is_put_to_the_test():
    """The test that stands for their claims is there; the hook sees to it that it is not skipped."""
    name, _, function = RUNS_SCENARIOS.partition("::")
    tree = ast.parse((ROOT / "tests" / name).read_text(encoding="utf-8"))
    assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_the_command_writes_the_page_and_says_where_it_cannot(tmp_path):
    done = CliRunner().invoke(cli.app, ["docs", "--out", str(tmp_path / "docs"), "--root", str(ROOT)])
    assert done.exit_code == 0
    assert (tmp_path / "docs" / "requirements.md").read_text(encoding="utf-8") == page(claims(ROOT))
    elsewhere = CliRunner().invoke(cli.app, ["docs", "--out", str(tmp_path / "none"), "--root", str(tmp_path)])
    assert isinstance(elsewhere.exception, ClaimError)
    assert not (tmp_path / "none").exists(), "no page rather than half of them"
