"""Delivery segments: their bounds by the story, and the laws that hold for every run."""

from itertools import pairwise

import pytest

from pumpsim.analysis.lines import line_courses
from pumpsim.analysis.segments import Segment, segments
from pumpsim.scenario import PumpSetup, Scenario
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Change, Leak
from pumpsim.vocabulary.inputs import ChangeMode, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.program import LineMode
from tests.analysis.cases import CASES, CONCURRENT, trace_of
from tests.build import CYCLE_ML, DRUG, MIN, SALINE, SMOOTH, STROKES, H, path, program, run, scenario

Bounds = list[tuple[float, float, str, float, str, str]]


def bounds(found: tuple[Segment, ...], line: str) -> Bounds:
    """Minutes, state, rate in mL/h, what began and what ended it."""
    return [
        (s.from_ns / MIN, s.to_ns / MIN, s.state.value, s.rate_nl_per_h / 1e6, s.began.text, s.ended.text)
        for s in found
        if s.line == line
    ]


def test_a_piggyback_and_the_keep_open_rate_bound_the_primary() -> None:
    """V11: A pauses at 30 min, resumes at 60, is complete at 150, KVO at 1 mL/h to the end."""
    found = segments(trace_of("piggyback"))
    back = "delivery resumed (B has ended, stopped or changed mode)"
    assert bounds(found, "A") == [
        (0, 30, "infusing", 125, "delivery started (operator)", "delivery paused (B infuses as piggyback)"),
        (60, 150, "infusing", 125, back, "delivery complete"),
        (150, 180, "kvo", 1, "delivery complete", "record ended"),
    ]
    assert bounds(found, "B") == [(30, 60, "infusing", 200, "delivery started (operator)", "delivery complete")]
    assert [s.pumped_ml for s in found] == pytest.approx([62.5, 187.5, 0.5, 100.0])
    assert [s.fluid for s in found] == [SALINE.name] * 3 + [DRUG.name]


def test_rates_stops_and_containers_bound_a_line_of_its_own() -> None:
    """By hand: 10 min at 60, 10 at 120 from the old bag, 10 from the new, a stop of 5, then 5 to the end."""
    trace = run(
        (0, LoadProgram("A", program(60, 90))),
        (0, Start()),
        (10 * MIN, Titrate("A", 120_000_000)),
        (20 * MIN, Change("A", "bag", 500.0, DRUG)),
        (25 * MIN, Titrate("A", 120_000_000)),
        (30 * MIN, Stop("A")),
        (35 * MIN, Start("A")),
        until_ns=40 * MIN,
        model=SMOOTH,
    )
    assert bounds(segments(trace), "A") == [
        (0, 10, "infusing", 60, "delivery started (operator)", "rate changed (operator)"),
        (10, 20, "infusing", 120, "rate changed (operator)", f"source changed ({DRUG.name})"),
        (20, 30, "infusing", 120, f"source changed ({DRUG.name})", "delivery stopped (operator)"),
        (35, 40, "infusing", 120, "delivery started (operator)", "record ended"),
    ]
    assert [s.pumped_ml for s in segments(trace)] == pytest.approx([10, 20, 20, 10])
    assert [s.fluid for s in segments(trace)] == [SALINE.name, SALINE.name, DRUG.name, DRUG.name]


def test_a_change_at_the_instant_of_an_event_is_no_bound_of_its_own() -> None:
    trace = run(
        (0, LoadProgram("A", program(60))),
        (0, Start()),
        (10 * MIN, Change("A", "bag", 500.0, DRUG)),
        (10 * MIN, Titrate("A", 120_000_000)),
        (20 * MIN, Stop("A")),
        (20 * MIN, Start("A")),
        (30 * MIN, Change("A", "bag", 500.0, SALINE)),
        until_ns=30 * MIN,
        model=SMOOTH,
    )
    first, second, third = segments(trace)
    assert (first.ended.text, second.began.text, second.fluid) == ("rate changed (operator)",) * 2 + (DRUG.name,)
    assert (second.ended.text, third.began.text) == ("delivery stopped (operator)", "delivery started (operator)")
    assert (third.to_ns, third.ended.text) == (30 * MIN, f"source changed ({SALINE.name})"), (
        "the last instant belongs to it"
    )


def test_what_changes_neither_state_nor_rate_bounds_nothing() -> None:
    trace = run(
        (0, LoadProgram("A", program(60))),
        (0, LoadProgram("B", program(30, 50, CONCURRENT))),
        (0, Start()),
        (10 * MIN, LoadProgram("B", program(10))),
        (20 * MIN, ChangeMode("B", LineMode.PIGGYBACK)),
        (30 * MIN, ChangeMode("B", CONCURRENT)),
        until_ns=40 * MIN,
        model=SMOOTH,
    )
    found = segments(trace)
    assert [(s.from_ns // MIN, s.to_ns // MIN) for s in found if s.line == "A"] == [(0, 20), (30, 40)]
    assert [(s.from_ns // MIN, s.to_ns // MIN) for s in found if s.line == "B"] == [(0, 40)]


def networked() -> Scenario:
    """A leak makes a network of the line; its containers are told of in the same way."""
    return scenario(
        (0, LoadProgram("A", program(60))),
        (0, Start()),
        (10 * MIN, Change("A", "bag", 500.0, DRUG)),
        (15 * MIN, Leak("main", 0.1)),
        until_ns=20 * MIN,
        model=SMOOTH,
        setup=path(),
    )


def test_a_network_tells_of_its_containers_too() -> None:
    first, second = segments(simulate(networked()).traces[0])
    assert (first.ended.text, second.fluid) == (f"source changed ({DRUG.name})", DRUG.name)
    assert (first.pumped_ml, second.pumped_ml) == pytest.approx((10.0, 10.0))


def test_a_pump_that_is_never_started_has_none() -> None:
    assert segments(run((0, LoadProgram("A", program(60))), until_ns=MIN)) == ()


@pytest.mark.parametrize("name", CASES)
def test_segments_cover_exactly_when_a_line_delivers_and_do_not_overlap(name: str) -> None:
    trace = trace_of(name)
    found = segments(trace)
    for course in line_courses(trace):
        own = [s for s in found if s.line == course.line]
        assert all(s.duration_ns > 0 and s.rate_nl_per_h > 0 and s.state.delivering for s in own)
        assert all(early.to_ns <= late.from_ns for early, late in pairwise(own))
        joined: list[tuple[int, int]] = []
        for s in own:
            if joined and joined[-1][1] == s.from_ns:
                joined[-1] = (joined[-1][0], s.to_ns)
            else:
                joined.append((s.from_ns, s.to_ns))
        assert tuple(joined) == course.rate.delivering(trace.end_ns)


@pytest.mark.parametrize("name", CASES)
def test_their_volumes_add_up_to_what_the_line_pumped(name: str) -> None:
    """Exactly with the smooth drive; a stroke that is shared may finish a line's last cycle while another line runs."""
    trace = trace_of(name)
    end = trace.at([trace.end_ns]).pumped_ml[:, 0].tolist()
    for line, pumped in zip(trace.model.lines, end, strict=True):
        total = sum(s.pumped_ml for s in segments(trace) if s.line == line)
        assert total == pytest.approx(pumped, abs=1e-6 if trace.model.mechanism == SMOOTH.mechanism else CYCLE_ML)


def test_several_pumps_each_have_their_own() -> None:
    base = scenario((0, LoadProgram("A", program(60))), (0, Start()), until_ns=H)
    second = PumpSetup("second", STROKES, path(), base.pumps[0].sensing)
    both = Scenario("two", "two", H, 1, (*base.pumps, second), base.entries, (), H)
    traces: tuple[PumpTrace, ...] = simulate(both).traces
    assert [len(segments(trace)) for trace in traces] == [1, 0]
