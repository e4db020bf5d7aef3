"""What one line does when the other ends, holds, alarms, empties or changes mode: through the door, whole sequences."""

import pytest

from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import Acknowledge, ChangeMode, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import CommandRejected, LineState
from pumpsim.vocabulary.program import LineMode
from tests.build import CYCLE_ML, MIN, SMOOTH, H, path, program, run, said, when

CONCURRENT, PIGGYBACK = LineMode.CONCURRENT, LineMode.PIGGYBACK
A_RUNS = ((0, LoadProgram("A", program(120, 400))), (0, Start("A")))
B_PIGGYBACK = ((30 * MIN, LoadProgram("B", program(200, 100, PIGGYBACK))), (30 * MIN, Start("B")))


def states(trace) -> dict[str, str]:
    return {line.line: line.state.value for line in trace.state.lines}


def after(trace, minute: float) -> list[tuple[str, str | None]]:
    """What was said about delivery from this minute on."""
    return [(word, line) for at, word, line in said(trace) if at >= minute and word.startswith("delivery")]


def refusals(trace) -> list[str]:
    return [r.record.reason for r in trace.records if isinstance(r.record, CommandRejected)]


def test_held_primary_does_not_resume_when_the_piggyback_ends():
    trace = run(*A_RUNS, *B_PIGGYBACK, (40 * MIN, Stop("A")), until_ns=90 * MIN, model=SMOOTH)
    assert after(trace, 40) == [("delivery-stopped", "A"), ("delivery-complete", "B")]
    assert states(trace) == {"A": "held", "B": "kvo"}, "nobody takes over, so B keeps the vein open"
    assert trace.at([90 * MIN]).pumped_ml[1, 0] == pytest.approx(100 + 0.5)


def test_primary_started_again_takes_over_from_the_kvo_of_a_piggyback():
    trace = run(*A_RUNS, *B_PIGGYBACK, (40 * MIN, Stop("A")), (70 * MIN, Start("A")), until_ns=80 * MIN)
    assert after(trace, 70) == [("delivery-started", "A"), ("delivery-stopped", "B")]
    assert states(trace) == {"A": "infusing", "B": "complete"}


def test_held_piggyback_lets_the_primary_resume_and_pauses_it_again():
    trace = run(*A_RUNS, *B_PIGGYBACK, (40 * MIN, Stop("B")), (50 * MIN, Start("B")), until_ns=90 * MIN, model=SMOOTH)
    assert after(trace, 40) == [
        ("delivery-stopped", "B"),
        ("delivery-resumed", "A"),
        ("delivery-started", "B"),
        ("delivery-paused", "A"),
        ("delivery-complete", "B"),
        ("delivery-resumed", "A"),
    ]
    assert when(trace, "delivery-complete", "B") == [pytest.approx(70.0, abs=1e-6)]
    assert trace.at([70 * MIN]).pumped_ml[0, 0] == pytest.approx(120 * 40 / 60, abs=1e-6)


def test_alarm_of_the_piggyback_lets_the_primary_resume():
    trace = run(*A_RUNS, *B_PIGGYBACK, (40 * MIN, Occlude(Place.LIMB, "B")), until_ns=50 * MIN)
    assert after(trace, 40) == [("delivery-stopped", "B"), ("delivery-resumed", "A")]


def test_empty_piggyback_bag_lets_the_primary_resume():
    trace = run(*A_RUNS, *B_PIGGYBACK, until_ns=90 * MIN, setup=path(bags_ml=(1000.0, 50.0)))
    assert [word for word, line in after(trace, 31)] == ["delivery-stopped", "delivery-resumed"]
    assert trace.at([90 * MIN]).pumped_ml[1, 0] == pytest.approx(50.0, abs=1e-9)


def test_distal_occlusion_during_a_piggyback_stops_the_paused_primary_too():
    trace = run(
        *A_RUNS,
        *B_PIGGYBACK,
        (40 * MIN, Occlude(Place.PATIENT_END)),
        (41 * MIN, Release(Place.PATIENT_END)),
        (45 * MIN, Start("B")),
        until_ns=90 * MIN,
    )
    assert after(trace, 40) == [
        ("delivery-stopped", "A"),
        ("delivery-stopped", "B"),
        ("delivery-started", "B"),
        ("delivery-complete", "B"),
    ]
    assert states(trace)["A"] == "alarm", "it waits for the operator"


@pytest.mark.parametrize("end", ["kvo", "complete"])
def test_piggyback_started_during_the_primary_s_kvo_pauses_it(end):
    at_end = AtEnd.KVO if end == "kvo" else AtEnd.STOP
    trace = run(
        (0, LoadProgram("A", program(120, 20, at_end=at_end))), (0, Start("A")), *B_PIGGYBACK, until_ns=90 * MIN
    )
    if end == "kvo":
        assert after(trace, 60) == [("delivery-complete", "B"), ("delivery-resumed", "A")]
        assert states(trace) == {"A": "kvo", "B": "complete"}
    else:
        assert states(trace) == {"A": "complete", "B": "kvo"}


def test_piggyback_made_concurrent_while_running_and_back():
    trace = run(
        *A_RUNS,
        *B_PIGGYBACK,
        (40 * MIN, ChangeMode("B", CONCURRENT)),
        (45 * MIN, ChangeMode("B", PIGGYBACK)),
        until_ns=50 * MIN,
        model=SMOOTH,
    )
    assert after(trace, 40) == [("delivery-resumed", "A"), ("delivery-paused", "A")]
    assert trace.at([50 * MIN]).pumped_ml[:, 0] == pytest.approx([120 * 35 / 60, 200 * 20 / 60], abs=1e-6)


def test_piggyback_cannot_be_made_concurrent_above_the_sum():
    trace = run(
        (0, LoadProgram("A", program(400))),
        (0, Start("A")),
        *B_PIGGYBACK,
        (40 * MIN, ChangeMode("B", CONCURRENT)),
        until_ns=50 * MIN,
    )
    assert refusals(trace) == ["A 400 mL/h + B 200 mL/h = 600 mL/h is above the concurrent limit of 500 mL/h"]
    assert states(trace) == {"A": "paused", "B": "infusing"}


def test_titration_of_a_paused_primary_counts_when_it_resumes():
    trace = run(*A_RUNS, *B_PIGGYBACK, (40 * MIN, Titrate("A", 60_000_000)), until_ns=120 * MIN, model=SMOOTH)
    assert refusals(trace) == []
    assert trace.at([120 * MIN]).pumped_ml[0, 0] == pytest.approx(60 + 60.0, abs=1e-6)


def test_titration_above_the_sum_is_refused_and_changes_nothing():
    trace = run(
        (0, LoadProgram("A", program(300))),
        (0, LoadProgram("B", program(100, mode=CONCURRENT))),
        (0, Start()),
        (10 * MIN, Titrate("A", 401_000_000)),
        (20 * MIN, Titrate("B", 200_000_000)),
        until_ns=60 * MIN,
        model=SMOOTH,
    )
    assert refusals(trace) == ["A 401 mL/h + B 100 mL/h = 501 mL/h is above the concurrent limit of 500 mL/h"]
    assert trace.at([60 * MIN]).pumped_ml[0, 0] == pytest.approx(300.0, abs=1e-6)


def test_secondary_programmed_alone_does_not_start_beside_the_primary():
    trace = run(*A_RUNS, (MIN, LoadProgram("B", program(10))), (MIN, Start("B")), until_ns=2 * MIN)
    assert refusals(trace) == ["line B is programmed alone: load it as piggyback or concurrent"]
    assert states(trace) == {"A": "infusing", "B": "ready"}


def test_no_start_while_a_stopping_condition_stands():
    trace = run(
        *A_RUNS,
        (30 * MIN, Occlude(Place.PATIENT_END)),
        (40 * MIN, Start("A")),
        (41 * MIN, Acknowledge()),
        (42 * MIN, Start("A")),
        until_ns=50 * MIN,
    )
    assert refusals(trace) == ["alarm occlusion-distal stands"] * 2, "acknowledging does not open the line"
    assert states(trace)["A"] == "alarm"


def test_delayed_start_and_call_back():
    trace = run(
        (0, LoadProgram("A", program(60, 10, delay_ns=15 * MIN, call_back=True))),
        (0, Start("A")),
        until_ns=60 * MIN,
        model=SMOOTH,
    )
    assert when(trace, "delivery-delayed", "A") == [0.0]
    assert when(trace, "delivery-started", "A") == [15.0]
    assert when(trace, "delivery-complete", "A") == [25.0]
    assert when(trace, "alarm call-back", "A") == [25.0]
    assert when(trace, "alarm near-end", "A") == [22.0], "3 min before"


def test_fluid_of_an_unfinished_stroke_is_given_by_whoever_pumps_next_and_accounted_for():
    """A is cut off in mid-stroke at 30 min + 1 s; its fluid leaves at B's pace; A's count never strays by a cycle."""
    trace = run(
        *A_RUNS,
        (30 * MIN + 10**9, LoadProgram("B", program(200, 100, PIGGYBACK))),
        (30 * MIN + 10**9, Start("B")),
        until_ns=3 * H,
    )
    switched, soon = trace.at([30 * MIN + 10**9, 30 * MIN + 12 * 10**9]).pumped_ml[0]
    assert 0 <= soon - switched <= CYCLE_ML
    assert trace.state.line("A").owed / 3.6e18 == pytest.approx(trace.at([3 * H]).pumped_ml[0, 0], abs=CYCLE_ML)


def test_complete_line_needs_a_program_and_loading_a_running_line_is_refused():
    trace = run(
        (0, LoadProgram("A", program(120, 2, at_end=AtEnd.STOP))),
        (0, Start("A")),
        (1, LoadProgram("A", program(50))),
        (10 * MIN, Start("A")),
        (11 * MIN, Titrate("A", 10_000_000)),
        (12 * MIN, LoadProgram("A", program(60, 1))),
        (12 * MIN, Start("A")),
        until_ns=30 * MIN,
        model=SMOOTH,
    )
    assert refusals(trace) == [
        "line A is infusing: stop it first",
        "line A has its volume in: load a program",
        "line A is complete: there is no rate to change",
    ]
    assert trace.state.line("A").state is LineState.KVO
    assert trace.at([13 * MIN]).pumped_ml[0, 0] == pytest.approx(3.0, abs=1e-6)


def test_a_new_program_on_a_half_full_chamber_ends_at_its_own_volume():
    """A is held in mid-stroke; the next program asks for less than the chamber still holds."""
    trace = run(
        (0, LoadProgram("A", program(120, 400))),
        (0, Start("A")),
        (MIN + 2 * 10**9, Stop("A")),
        (2 * MIN, LoadProgram("A", program(60, 0.1, at_end=AtEnd.STOP))),
        (2 * MIN, Start("A")),
        until_ns=10 * MIN,
    )
    held, end = trace.at([2 * MIN, 10 * MIN]).pumped_ml[0]
    assert end - held == pytest.approx(0.1, abs=1e-4), "to the step of 0.1 uL"
    assert trace.at([10 * MIN]).drawn_ml[0, 0] - end > 0.05, "the rest stays in the chamber"
    assert states(trace)["A"] == "complete"
