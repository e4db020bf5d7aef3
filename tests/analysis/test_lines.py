"""States, rates and alarms as the records tell them; hand-calculated for V11 (PHYSICS)."""

import numpy as np
import pytest

from pumpsim.analysis.lines import RateSteps, alarm_spans, line_courses
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, Start
from pumpsim.vocabulary.outputs import LineState
from tests.analysis.cases import CASES, trace_of
from tests.build import MIN, SMOOTH, program, run


def test_the_piggyback_pauses_the_primary() -> None:
    a, b = line_courses(trace_of("piggyback"))
    spans = [(s.state.value, round(s.from_ns / MIN, 3), round(s.to_ns / MIN, 3)) for s in a.states]
    assert spans == [("infusing", 0, 30), ("paused", 30, 60), ("infusing", 60, 150), ("kvo", 150, 180)]
    spans = [(s.state.value, round(s.from_ns / MIN, 3), round(s.to_ns / MIN, 3)) for s in b.states]
    assert spans == [("empty", 0, 30), ("infusing", 30, 60), ("complete", 60, 180)]
    assert a.rate.rate_nl_per_h.tolist() == [125_000_000, 0, 125_000_000, 1_000_000]
    assert a.rate.owed_ml([30 * MIN, 60 * MIN, 150 * MIN, 180 * MIN]) == pytest.approx([62.5, 62.5, 250.0, 250.5])
    assert a.rate.delivering(180 * MIN) == ((0, 30 * MIN), (60 * MIN, 180 * MIN))


def test_a_titration_changes_the_rate_and_not_the_state() -> None:
    a, _ = line_courses(trace_of("push_out"))
    assert [(span.state, span.from_ns, span.to_ns) for span in a.states] == [(LineState.INFUSING, 0, 200 * MIN)]
    assert a.rate.at_ns.tolist() == [0, 60 * MIN, 120 * MIN]


@pytest.mark.parametrize("name", CASES)
def test_what_is_owed_is_what_the_controller_owes(name: str) -> None:
    trace = trace_of(name)
    for course, status in zip(line_courses(trace), trace.state.lines, strict=True):
        owed = float(course.rate.owed_ml([trace.end_ns])[0])
        assert owed == pytest.approx(status.owed / 3.6e18, rel=1e-9)
        assert course.states[0].from_ns == 0
        assert course.states[-1].to_ns == trace.end_ns
        assert course.states[-1].state is status.state


def test_rate_zero_is_no_delivery_and_the_end_is_included() -> None:
    steps = RateSteps(np.array([0, 10, 20, 30]), np.array([5, 7, 0, 9]))
    assert steps.delivering(30) == ((0, 20),)
    assert steps.delivering(40) == ((0, 20), (30, 40))


def test_alarms_from_raising_to_clearing() -> None:
    spans = alarm_spans(trace_of("occluded_smooth"))
    assert [(s.alarm, s.line, s.priority, s.still) for s in spans] == [
        (AlarmId.OCCLUSION_DISTAL, None, Priority.HIGH, False),
        (AlarmId.OCCLUSION_PROXIMAL, "B", Priority.HIGH, False),
    ]
    distal = spans[0]
    # 113.1 mL/h through 0.02 kPa h/mL is 2.262 kPa; 0.006 x (41.369 - 2.262) = 0.23464 mL take 7.4687 s
    assert (distal.raised_ns - 90 * MIN) / 1e9 == pytest.approx(7.4687, abs=2e-4)
    assert distal.cleared_ns >= 95 * MIN


def test_an_alarm_may_stand_at_the_end_and_be_acknowledged() -> None:
    trace = run(
        (0, LoadProgram("A", program(100, 10))), (0, Start()), (8 * MIN, Acknowledge()), until_ns=10 * MIN, model=SMOOTH
    )
    near, complete = alarm_spans(trace)
    assert (near.alarm, near.raised_ns, near.cleared_ns) == (AlarmId.NEAR_END, 3 * MIN, 6 * MIN)
    assert (complete.alarm, complete.raised_ns, complete.cleared_ns) == (AlarmId.INFUSION_COMPLETE, 6 * MIN, 8 * MIN)
    assert complete.acknowledged_ns == (8 * MIN,)
    still = alarm_spans(trace_of("piggyback"))[-1]
    assert still.still
    assert still.cleared_ns == 180 * MIN


def test_a_line_without_a_program_is_empty_throughout() -> None:
    (course, _) = line_courses(run(until_ns=MIN))
    assert [span.state for span in course.states] == [LineState.EMPTY]
    assert course.rate.delivering(MIN) == ()
