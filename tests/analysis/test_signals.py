"""What was shown and heard, when: spans and instants of a run whose story is known."""

from functools import cache

import pytest

from pumpsim.analysis.expectations import judge
from pumpsim.analysis.lines import alarm_spans
from pumpsim.analysis.signals import How, signal_at, signal_spans, words
from pumpsim.figures.alarms import alarm_timeline
from pumpsim.scenario import Scenario, SignalExpected
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, PauseAudio, Start
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import SignalChanged
from tests.build import MIN, STROKES, S, program, scenario

COMPLETE, PROXIMAL, NEAR = AlarmId.INFUSION_COMPLETE, AlarmId.OCCLUSION_PROXIMAL, AlarmId.NEAR_END
HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


@cache
def story() -> tuple[Scenario, PumpTrace]:
    """50 mL at 100 mL/h are in at 30 min; nobody heeds it, so that it is MEDIUM from 40 min on. At 45 min the limb is closed;
    the sound is paused at 46 min, acknowledged at 50 min, the limb opened at 61 min."""
    told = scenario(
        (0, LoadProgram("A", program(100, 50, at_end=AtEnd.STOP))),
        (0, Start("A")),
        (44 * MIN, Acknowledge(COMPLETE)),
        (44 * MIN, LoadProgram("A", program(100))),
        (44 * MIN, Start("A")),
        (45 * MIN, Occlude(Place.LIMB, "A")),
        (46 * MIN, PauseAudio()),
        (50 * MIN, Acknowledge()),
        (61 * MIN, Release(Place.LIMB, "A")),
        until_ns=70 * MIN,
        model=STROKES,
    )
    return told, simulate(told).traces[0]


def test_spans_in_time_each_with_what_was_heard():
    _, trace = story()
    found = [
        (span.alarm, span.priority, span.how, round(span.from_ns / MIN), round(span.to_ns / MIN))
        for span in signal_spans(trace)
    ]
    assert found == [
        (NEAR, LOW, How.SOUNDS, 27, 30),
        (COMPLETE, LOW, How.SOUNDS, 30, 40),
        (COMPLETE, MEDIUM, How.SOUNDS, 40, 44),
        (PROXIMAL, HIGH, How.SOUNDS, 45, 46),
        (PROXIMAL, HIGH, How.PAUSED, 46, 48),
        (PROXIMAL, HIGH, How.SOUNDS, 48, 50),
        (PROXIMAL, HIGH, How.SILENT, 50, 55),
        (PROXIMAL, HIGH, How.REMINDS, 55, 55),
        (PROXIMAL, HIGH, How.SILENT, 55, 60),
        (PROXIMAL, HIGH, How.REMINDS, 60, 60),
        (PROXIMAL, HIGH, How.SILENT, 60, 61),
    ]


@pytest.mark.parametrize(
    ("minute", "text"),
    [
        (10, "none"),
        (28, "near-end of line A sounds, low priority"),
        (46, "occlusion-proximal of line A audio paused, high priority"),
        (51, "occlusion-proximal of line A silent, high priority"),
        (55, "occlusion-proximal of line A reminder sounds, high priority"),
        (69, "none"),
    ],
)
def test_at_an_instant(minute, text):
    assert words(signal_at(story()[1], minute * MIN)) == text


@pytest.mark.parametrize(
    ("alarm", "line", "audible", "reminder", "priority", "minute", "passes"),
    [
        (COMPLETE, "A", True, None, LOW, 35, True),
        (COMPLETE, "A", True, None, LOW, 41, False),
        (COMPLETE, "A", True, None, MEDIUM, 41, True),
        (COMPLETE, "B", True, None, None, 41, False),
        (COMPLETE, None, False, None, None, 41, False),
        (PROXIMAL, None, False, None, None, 47, True),
        (PROXIMAL, None, True, None, None, 49, True),
        (PROXIMAL, None, None, True, None, 55, True),
        (PROXIMAL, None, None, True, None, 56, False),
        (PROXIMAL, None, None, False, None, 56, True),
        (PROXIMAL, None, None, None, None, 69, False),
        (None, None, False, False, None, 69, True),
        (None, None, True, None, None, 69, False),
        (None, None, True, None, None, 28, True),
    ],
)
def test_expectations(alarm, line, audible, reminder, priority, minute, passes):
    told, trace = story()
    expected = SignalExpected("it", "main", alarm, line, audible, reminder, priority, minute * MIN)
    first, *refusals = judge(Scenario("x", "x", told.duration_ns, 1, told.pumps, (), (expected,), S), {"main": trace})
    assert first.passed is passes
    assert refusals == []


def test_a_condition_that_sounds_while_another_is_shown_is_told_apart():
    change = SignalChanged(PROXIMAL, "B", HIGH, True, False, NEAR, "A", paused=True)
    assert words(change) == "occlusion-proximal of line B audio paused, high priority; near-end of line A sounds"


def test_the_timeline_names_what_it_draws():
    _, trace = story()
    figure = alarm_timeline(alarm_spans(trace), signal_spans(trace), trace.end_ns)
    (ax,) = figure.axes
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "high priority",
        "low priority",
        "sounds",
        "audio paused",
        "reminder",
        "acknowledged",
        "shown with a risen priority",
    ]
