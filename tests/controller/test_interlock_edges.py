"""The corners of the interlock: other mechanisms, rounding, what it says, and what it owes when nothing was commanded."""

from dataclasses import replace

import pytest

from pumpsim.controller.interlock import Interlock
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind
from pumpsim.vocabulary.model import Drive, Interleave
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand
from tests.build import MIN, STROKES, H
from tests.controller.answers import shown

CYCLE_STEPS = STROKES.mechanism.cycle_steps
STEPS_PER_ML = 10_000


def test_lines_that_take_turns_by_whole_strokes_may_be_a_cycle_and_a_half_ahead():
    model = replace(STROKES, mechanism=replace(STROKES.mechanism, interleave=Interleave.WHOLE_STROKE))
    for steps, trips in ((CYCLE_STEPS * 3 // 2, False), (CYCLE_STEPS * 3 // 2 + 1, True)):
        interlock = Interlock(model)
        interlock.observe(shown(0))
        assert (interlock.observe(shown(steps)) is not None) == trips


def test_a_drip_runs_ahead_as_it_may():
    drip = Interlock(replace(STROKES, mechanism=replace(STROKES.mechanism, drive=Drive.ROLLER_CLAMP)))
    drip.observe(shown(0))
    assert drip.observe(shown(9_000_000)) is None


@pytest.mark.parametrize("hours", range(1, 40))
@pytest.mark.parametrize(("interleave", "ahead"), [(Interleave.WITHIN_CYCLE, 2), (Interleave.WHOLE_STROKE, 3)])
def test_the_allowance_is_exact_however_much_was_owed(hours, interleave, ahead):
    """100 mL/h: 110 mL an hour and a cycle, to the step; in floats some of these limits would fall short of themselves."""
    for beyond in (0, 1):
        interlock = Interlock(replace(STROKES, mechanism=replace(STROKES.mechanism, interleave=interleave)))
        interlock.observe(shown(0))
        interlock.pass_or_stop(MotorCommand((LineMotion("A", 100_000_000), LineMotion("B", 0))))
        interlock.pass_time(hours * H)
        event = interlock.observe(shown(110 * STEPS_PER_ML * hours + CYCLE_STEPS * ahead // 2 + beyond))
        assert (event is not None) == bool(beyond)


def test_minute_by_minute_it_owes_what_it_owes_at_once():
    interlock = Interlock(STROKES)
    interlock.observe(shown(0))
    interlock.pass_or_stop(MotorCommand((LineMotion("A", 60_000_000),)))
    for minute in range(1, 61):
        interlock.pass_time(minute * MIN)
    assert interlock.observe(shown(66 * STEPS_PER_ML + CYCLE_STEPS + 1)) == DeviceEvent(
        DeviceEventKind.OVER_INFUSION, "line A has pumped 66.330 mL of 60.000 mL commanded"
    )


def test_nothing_is_owed_when_nothing_was_commanded_however_long():
    interlock = Interlock(STROKES)
    interlock.observe(shown(0))
    interlock.pass_time(10_000_000 * H)
    assert interlock.observe(shown(0, CYCLE_STEPS + 1)) is not None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((LineMotion("C", 1),), "no line C"),
        ((LineMotion("A", 1_234_565_500),), "line A: 1234.57 mL/h"),
        ((LineMotion("A", -100_000),), "line A runs backwards: it never may"),
        ((LineMotion("A", 300_000_000), LineMotion("B", 250_000_000)), "all lines together: 550 mL/h"),
    ],
)
def test_it_says_what_it_holds_against_a_command(lines, says):
    passed, event = Interlock(STROKES).pass_or_stop(MotorCommand(lines))
    assert event == DeviceEvent(DeviceEventKind.RATE_LIMIT, says)
    assert passed == MotorCommand(tuple(LineMotion(motion.line, 0) for motion in lines))


def test_even_the_slowest_motion_of_two_lines_counts_as_two():
    _, event = Interlock(replace(STROKES, concurrent=None)).pass_or_stop(
        MotorCommand((LineMotion("A", 1), LineMotion("B", 1)))
    )
    assert event is not None


def test_tripped_it_lets_every_stop_through():
    interlock = Interlock(STROKES)
    interlock.pass_or_stop(MotorCommand((LineMotion("A", -1),)))
    still = MotorCommand((LineMotion("C", 0),))
    assert interlock.pass_or_stop(still) == (still, None)
