"""Delivered against programmed over a moving window; V9 by hand."""

import numpy as np
import pytest

from pumpsim.analysis.deviation import Deviation, deviations
from pumpsim.analysis.grid import pumping_windows
from pumpsim.analysis.lines import line_courses
from tests.analysis.cases import trace_of
from tests.build import MIN


def deviations_of(name: str, window_ns: int | None = None) -> tuple[Deviation, ...]:
    trace = trace_of(name)
    return deviations(trace, pumping_windows(trace), line_courses(trace), window_ns)


def at(deviation: Deviation, minute: float) -> tuple[float, float]:
    """Pumped and at the patient at the last instant up to a minute."""
    i = int(np.searchsorted(deviation.at_ns, round(minute * MIN), side="right")) - 1
    return float(deviation.pumped_percent[i]), float(deviation.patient_percent[i])


def test_push_out_in_percent() -> None:
    a, b = deviations_of("push_out")
    assert a.window_ns == 5 * MIN
    known = b.pumped_percent[~np.isnan(b.pumped_percent)]
    assert known == pytest.approx(0.0, abs=1e-6)
    assert at(b, 5.0) == pytest.approx((0.0, -100.0), abs=1e-6)
    assert at(b, 59.9)[1] == pytest.approx(0.0, abs=1e-6)
    # five minutes up to 64: 1 min at 5, 3 at 10, 1 at 5 mg/h against 5 mg/h: 40 / 25
    assert at(b, 64.0)[1] == pytest.approx(60.0, abs=0.05)
    # up to 125: all at half the dose
    assert at(b, 125.0)[1] == pytest.approx(-50.0, abs=0.05)


def test_a_line_that_does_not_deliver_has_no_deviation() -> None:
    _, b = deviations_of("push_out")
    assert np.isnan(at(b, 190.0)).all()
    a, b = deviations_of("piggyback")
    assert np.isnan(at(a, 45.0)).all()
    assert at(a, 100.0)[0] == pytest.approx(0.0, abs=1e-6)


def test_strokes_do_not_beat_with_the_window() -> None:
    """A cycle takes 19.8 min: the window holds whole ones, so what was asked for is what was pumped, to a motor step."""
    for deviation in deviations_of("at_the_floor"):
        known = deviation.pumped_percent[~np.isnan(deviation.pumped_percent)]
        assert len(known) == 72
        assert known == pytest.approx(0.0, abs=0.1)


def test_the_window_can_be_set() -> None:
    _, b = deviations_of("push_out", 10 * MIN)
    assert at(b, 69.0)[1] == pytest.approx(30.0, abs=0.05)  # 3 of 10 min at twice the dose
