"""Every verification case holds; the page in docs is what the command writes; and a case that does not hold is seen."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pumpsim import cli
from pumpsim.catalogue.insulin import KALEIDO
from pumpsim.report.verification import infusomat_svg, write_verification
from pumpsim.verification import cases as listed
from pumpsim.verification.case import Case, found, holds
from pumpsim.verification.cases import CASES
from pumpsim.verification.occlusion import INFUSOMAT, INFUSOMAT_RATES, infusomat_s, insulin_s
from pumpsim.verification.page import page, written

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case):
    for one in found(case):
        assert one.holds, f"{one.expected.what}: {one.computed} {one.expected.unit}, expected {one.expected.value}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_no_number_stands_where_another_machine_would_round_it_otherwise(case):
    for one in found(case):
        for value in (one.computed, one.computed - one.expected.value):
            scaled = abs(value) * 10**one.expected.decimals
            assert abs(scaled % 1.0 - 0.5) > 1e-4, one.expected.what


def test_no_two_cases_share_a_name_and_each_has_its_source():
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(case.source and case.formula and case.asked for case in CASES)


def test_the_page_is_what_the_command_writes(tmp_path):
    names = [path.name for path in write_verification(CASES, tmp_path)]
    assert names == ["verification.md", "time_to_alarm.svg"]
    text = (DOCS / "verification.md").read_text(encoding="utf-8")
    assert (tmp_path / "verification.md").read_text(encoding="utf-8") == text, "run `make docs`"
    assert (DOCS / "time_to_alarm.svg").is_file()
    assert infusomat_svg() == (tmp_path / "time_to_alarm.svg").read_text(encoding="utf-8"), "the same bytes each time"


def failing() -> Case:
    case = next(case for case in CASES if case.id == "V6")
    first, *others = case.expected
    return replace(case, expected=(replace(first, value=first.value + 0.021), *others))


def test_a_case_that_does_not_hold_is_said_and_ends_the_command_with_1(monkeypatch):
    assert not holds(failing())
    assert "**NO**" in page([failing()])
    assert "0 of 1 cases hold, 1 of 2 numbers" in page([failing()])
    monkeypatch.setattr(listed, "CASES", (failing(),))
    done = CliRunner().invoke(cli.app, ["verify"])
    assert done.exit_code == 1
    assert "FAILS" in done.stdout
    assert "V6: net volume at once: -7.99999 uL, expected -7.979" in done.stdout


def test_nan_never_holds_and_zero_has_no_sign():
    case = replace(CASES[0], expected=CASES[0].expected[:1], compute=lambda: (float("nan"),))
    assert not holds(case)
    assert written(-1e-9, 3, sign=True) == "0.000"
    assert written(0.5, 1, sign=True) == "+0.5"


def test_a_case_that_computes_too_little_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        found(replace(CASES[0], compute=lambda: (1.0,)))


def test_time_to_alarm_rises_with_the_limit_and_falls_with_the_rate():
    for rate in INFUSOMAT_RATES:
        assert all(a < b for a, b in pairwise(infusomat_s(level, rate) for level in INFUSOMAT))
    for level in INFUSOMAT:
        assert all(a > b for a, b in pairwise(infusomat_s(level, rate) for rate in INFUSOMAT_RATES))


def test_with_pulses_the_alarm_comes_with_the_pulse_that_reaches_the_limit():
    """V4 Kaleido at 0.9 of its limit: the 18th pulse of 0.05 U, one every 180 s at 1 U/h, 1 s long."""
    low = replace(KALEIDO, alarms=tuple(lowered(row, 0.899) for row in KALEIDO.alarms))
    assert insulin_s(low, 1.0) == pytest.approx(18 * 180, abs=1.0)


def lowered(row, share):
    if row.threshold is None:
        return row
    return replace(row, threshold=replace(row.threshold, level=share * row.threshold.level))
