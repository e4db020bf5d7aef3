"""What sampling and windows refuse; the numbers themselves are cases V1 and V2 of the verification."""

import numpy as np
import pytest

from pumpsim.analysis.trumpet import overall_error_percent, trumpet, weighed_g
from pumpsim.vocabulary.inputs import LoadProgram, Start
from tests.build import MIN, SMOOTH, H, S, path, program, run


def test_over_the_whole_period_both_branches_are_the_overall_error():
    """Stated in PHYSICS 1.4; with strokes, 47 samples of 30 s at 25 mL/h and r = 24."""
    trace = run((0, LoadProgram("A", program(25))), (0, Start("A")), until_ns=H)
    weight = weighed_g(trace, 30 * S, 5 * MIN, 5 * MIN + 47 * 30 * S)
    curve = trumpet(weight, 30 * S, 24.0, [47 * 30 * S])
    overall = overall_error_percent(weight, 30 * S, 24.0)
    assert [curve.highest[0], curve.lowest[0]] == pytest.approx([overall, overall], rel=1e-9)
    assert overall == pytest.approx(100 / 24, abs=2.0)


@pytest.mark.parametrize(("to_ns", "says"), [(45 * S, "no whole number"), (0, "no whole number")])
def test_a_period_is_whole_samples(to_ns, says):
    trace = run((0, LoadProgram("A", program(25))), (0, Start("A")), until_ns=MIN, model=SMOOTH, setup=path())
    with pytest.raises(ValueError, match=says):
        weighed_g(trace, 30 * S, 0, to_ns)


@pytest.mark.parametrize("window_ns", [0, 45 * S, 90 * S])
def test_a_window_is_whole_samples_and_fits(window_ns):
    with pytest.raises(ValueError, match="is not 1 to 2 samples"):
        trumpet(np.array([0.0, 0.1, 0.2]), 30 * S, 10.0, [window_ns])
