"""Means over pumping cycles; expected values from V9 (PHYSICS) and by hand."""

import math

import numpy as np
import pytest

from pumpsim.analysis.grid import WINDOWS, pumping_windows
from pumpsim.analysis.windows import Course, Flows, flows, peak_over_mean
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.path import Transport
from tests.analysis.cases import CASES, push_out, trace_of
from tests.build import MIN, H, S, path, simulate_one


def flows_of(trace: PumpTrace) -> Flows:
    grid = pumping_windows(trace)
    return flows(trace, grid, trace.at(grid.fine_ns))


def during(course: Course, begin_min: float, end_min: float) -> np.ndarray:
    """Means of the windows that lie wholly between two minutes."""
    within = (course.edges_ns[:-1] >= begin_min * MIN) & (course.edges_ns[1:] <= end_min * MIN)
    assert within.any()
    return course.mean[within]


@pytest.mark.parametrize("name", CASES)
def test_windows_cover_the_run_and_lose_nothing(name: str) -> None:
    trace = trace_of(name)
    grid = pumping_windows(trace)
    assert grid.edges_ns[0] == 0
    assert grid.edges_ns[-1] == trace.end_ns
    assert (np.diff(grid.edges_ns) > 0).all()
    assert (np.diff(grid.fine_ns) > 0).all()
    assert len(grid.edges_ns) - 1 <= 1.3 * WINDOWS
    assert np.isin(grid.edges_ns, grid.fine_ns).all()
    everything = flows(trace, grid, trace.at(grid.fine_ns))
    fine_hours = np.diff(grid.fine_ns) / 3.6e12
    end = trace.at([trace.end_ns])
    for row, flow in enumerate(everything.lines):
        assert float(flow.pump.fine @ fine_hours) == pytest.approx(end.pumped_ml[row, 0], rel=1e-9, abs=1e-12)
    assert float(everything.patient.fine @ fine_hours) == pytest.approx(end.patient_ml.sum(), rel=1e-9, abs=1e-12)
    for one in (everything.pump, everything.patient, *(dose.patient for dose in everything.drugs)):
        known = ~np.isnan(one.mean)
        slack = 1e-9 * max(1.0, float(one.high.max()))
        assert (one.low[known] <= one.mean[known] + slack).all()
        assert (one.mean[known] <= one.high[known] + slack).all()


def test_push_out_is_twice_the_dose_for_three_minutes() -> None:
    (dose,) = flows_of(trace_of("push_out")).drugs
    assert during(dose.pump, 0, 180) == pytest.approx(5.0)
    assert during(dose.patient, 0, 5.9) == pytest.approx(0.0)  # lag: 2.5 mL at 25 mL/h
    assert during(dose.patient, 6.1, 60) == pytest.approx(5.0)
    assert during(dose.patient, 60, 62.9) == pytest.approx(10.0)
    assert during(dose.patient, 63.1, 120) == pytest.approx(5.0)
    assert during(dose.patient, 120, 125.9) == pytest.approx(2.5)
    assert during(dose.patient, 126.1, 180) == pytest.approx(5.0)
    assert during(dose.patient, 180, 187.4) == pytest.approx(4.0)  # the rest, at 20 mL/h of 0.2 mg/mL
    assert during(dose.patient, 187.6, 200) == pytest.approx(0.0, abs=1e-9)


def test_push_out_shows_behind_the_strokes() -> None:
    """Within a cycle the dose is 0 or ten times as high; the mean over a cycle is the smooth one's, to a stroke's step."""
    (dose,) = flows_of(trace_of("push_out_strokes")).drugs
    assert during(dose.patient, 40, 59) == pytest.approx(5.0, rel=0.01)
    assert during(dose.patient, 60.8, 62.8) == pytest.approx(10.0, rel=0.02)
    assert during(dose.patient, 121, 125) == pytest.approx(2.5, rel=0.02)
    assert float(dose.pump.high.max()) == pytest.approx(
        50.0 / 0.9, rel=1e-3
    )  # all of 50 mL/h, in nine tenths of the time
    assert float(dose.pump.low.max()) == 0.0


def test_windows_are_whole_cycles() -> None:
    """0.33 mL at 1 mL/h: 19.8 min, 72 whole ones in a day and a rest, whose mean would say nothing."""
    grid = pumping_windows(trace_of("at_the_floor"))
    assert grid.cycles
    assert np.diff(grid.edges_ns)[:-1] / MIN == pytest.approx(19.8)
    assert len(grid.edges_ns) - 1 == 73
    assert grid.complete.tolist() == [True] * 72 + [False]
    for flow in flows_of(trace_of("at_the_floor")).lines:
        assert flow.pump.mean[:-1] == pytest.approx(0.5)
        assert math.isnan(flow.pump.mean[-1])


def test_smooth_windows_are_cut_at_every_command() -> None:
    grid = pumping_windows(trace_of("push_out"))
    assert not grid.cycles
    assert grid.complete.all()
    assert set((np.array([60, 120, 180]) * MIN).tolist()) <= set(grid.edges_ns.tolist())
    assert grid.least_ns == 200 * MIN // WINDOWS


def test_peak_over_mean_of_the_push_out() -> None:
    trace = trace_of("push_out")
    # mean between 30 and 90 min: 5 mg/h and 0.25 mg more in 1 h: 5.25 mg/h
    for window_min, peak in ((1, 10.0), (3, 10.0), (6, 7.5), (60, 5.25)):
        ratio = peak_over_mean(trace, "drug", True, window_min * MIN, 30 * MIN, 90 * MIN)
        assert ratio == pytest.approx(peak / 5.25, rel=1e-9)
    assert peak_over_mean(trace, "drug", False, 3 * MIN, 30 * MIN, 90 * MIN) == pytest.approx(1.0, rel=1e-9)


def test_peak_over_mean_in_a_stirred_line() -> None:
    """After the step the dose decays from 10 to 5 with tau = V/Q = 3 min: the mean over 3 min is 5 + 5 (1 - 1/e)."""
    mixed = path(compliance=0.0, resistance=0.0, transport=Transport.MIXED)
    trace = simulate_one(push_out(setup=mixed)).traces[0]
    begin, end = 45 * MIN, 105 * MIN
    settled = 5.0 + 5.0 * 3.0 / 60.0 * (1.0 - math.exp(-15.0))
    ratio = peak_over_mean(trace, "drug", True, 3 * MIN, begin, end)
    assert ratio == pytest.approx((5.0 + 5.0 * (1.0 - math.exp(-1.0))) / settled, rel=1e-3)


def test_peak_over_mean_says_what_is_wrong() -> None:
    trace = trace_of("push_out")
    with pytest.raises(ValueError, match="does not fit"):
        peak_over_mean(trace, "drug", True, 11 * S, 0, 10 * S)
    with pytest.raises(ValueError, match="no drug 'dopamine'"):
        peak_over_mean(trace, "dopamine", True, S, 0, H)
    assert math.isnan(peak_over_mean(trace, "drug", True, S, 0, MIN))  # nothing has arrived
