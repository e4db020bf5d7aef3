"""The corners of the interlock: other mechanisms, rounding, what it says, and a new power-on."""

from dataclasses import replace

import pytest

from pumpsim.controller.account import UNDER_PERCENT
from pumpsim.controller.interlock import Interlock
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, GiveBolus, LoadProgram, Tick, Titrate
from pumpsim.vocabulary.interlock import InterlockLine, InterlockStatus
from pumpsim.vocabulary.model import AtEnd, Drive, Interleave
from pumpsim.vocabulary.outputs import ConfirmationAsked, LineMotion, MotorCommand, Step
from tests.build import MIN, STROKES, H, S, program
from tests.controller.answers import shown

CYCLE_STEPS = STROKES.mechanism.cycle_steps
STEPS_PER_ML, ML = 10_000, 1_000_000
SLACK = 2 * CYCLE_STEPS + 5 * 100 * STEPS_PER_ML // 3600
RUNS = MotorCommand((LineMotion("A", 100 * ML), LineMotion("B", 0)))


def running(model=STROKES, programme=None) -> Interlock:
    interlock = Interlock(model)
    interlock.observe(0, shown(0), ())
    interlock.observe(0, LoadProgram("A", programme or program(100)), ())
    interlock.let_through((RUNS,))
    return interlock


@pytest.mark.parametrize("hours", range(1, 40))
@pytest.mark.parametrize("interleave", list(Interleave))
def test_what_is_allowed_is_exact_however_much_was_owed(hours, interleave):
    """100 mL/h: 120 mL an hour and the slack, to the step; in floats some of these limits would fall short of themselves."""
    for beyond in (0, 1):
        interlock = running(replace(STROKES, mechanism=replace(STROKES.mechanism, interleave=interleave)))
        event = interlock.observe(hours * H, shown(120 * STEPS_PER_ML * hours + SLACK + beyond), ())
        assert (event is not None) == bool(beyond)
        account = interlock.status.lines[0].account
        assert {type(value) for value in (account.ahead, account.behind, account.due)} == {int}


def test_what_it_is_short_of_is_exact_too():
    """A minute and a ns of 100 mL/h, and 0.5 mL of it has come: short of half of it."""
    interlock = running()
    assert interlock.observe(MIN + 1, shown(STEPS_PER_ML // 2), ()) is None
    behind = interlock.status.lines[0].account.behind
    assert (behind, type(behind)) == (100 * ML * (MIN + 1) * UNDER_PERCENT // 100 - ML * H // 2, int)
    assert behind > 0


def test_minute_by_minute_it_owes_what_it_owes_at_once():
    interlock = running()
    for minute in range(1, 61):
        interlock.observe(minute * MIN, Tick(), ())
    assert interlock.observe(H, shown(120 * STEPS_PER_ML + SLACK + 1), ()) == DeviceEvent(
        DeviceEventKind.OVER_INFUSION, "line A: 0.799 mL beyond 120 % of what it was commanded"
    )


def test_nothing_is_owed_when_nothing_was_commanded_however_long():
    interlock = Interlock(STROKES)
    interlock.observe(0, shown(0), ())
    assert interlock.observe(10_000_000 * H, shown(0, 2 * CYCLE_STEPS), ()) is None
    assert interlock.observe(10_000_000 * H, shown(0, 2 * CYCLE_STEPS + 1), ()) is not None


def test_a_programme_that_is_loaded_before_the_first_count_counts_from_there():
    """1 mL are programmed and 500 steps had been counted before."""
    interlock = Interlock(STROKES)
    interlock.observe(0, LoadProgram("A", program(100, 1.0, at_end=AtEnd.STOP)), ())
    interlock.observe(0, shown(500), ())
    assert interlock.status.lines[0].asked.since_steps == 500
    interlock.let_through((RUNS,))
    most = 500 + STEPS_PER_ML + SLACK
    assert interlock.observe(40 * S, shown(most), ()) is None
    event = interlock.observe(40 * S, shown(most + 1), ())
    assert event is not None
    assert event.kind is DeviceEventKind.OVER_INFUSION
    assert "pumped of 1.000 mL programmed" in event.detail


@pytest.mark.parametrize(("beyond", "trips"), [(-1, False), (0, False), (1, True)])
def test_of_a_programme_its_volume_and_the_slack_may_be_pumped(beyond, trips):
    """1 mL at 72 mL/h, which are 1000 steps in 5 s: to the step."""
    interlock = Interlock(STROKES)
    interlock.observe(0, shown(0), ())
    interlock.observe(0, LoadProgram("A", program(72, 1.0, at_end=AtEnd.STOP)), ())
    interlock.let_through((MotorCommand((LineMotion("A", 72 * ML), LineMotion("B", 0))),))
    steps = STEPS_PER_ML + 2 * CYCLE_STEPS + 1_000
    assert (interlock.observe(100 * S, shown(steps + beyond), ()) is not None) is trips


@pytest.mark.parametrize(("after_ns", "trips"), [(76 * S - 1, False), (76 * S, False), (76 * S + 1, True)])
def test_a_motor_that_stands_is_told_of_when_half_of_what_was_commanded_is_beyond_the_slack(after_ns, trips):
    """7600 steps of slack; at 72 mL/h half of it is 100 steps a second."""
    interlock = Interlock(STROKES)
    interlock.observe(0, shown(0), ())
    interlock.observe(0, LoadProgram("A", program(72)), ())
    interlock.let_through((MotorCommand((LineMotion("A", 72 * ML), LineMotion("B", 0))),))
    assert (interlock.observe(after_ns, shown(0), ()) is not None) is trips


def test_a_new_command_forgives_nothing():
    """All of the slack is used up before it; a step more is too much after it."""
    interlock = running()
    most = 120 * STEPS_PER_ML + SLACK
    assert interlock.observe(H, shown(most), ()) is None
    interlock.let_through((RUNS,))
    event = interlock.observe(H, shown(most + 1), ())
    assert event is not None
    assert event.kind is DeviceEventKind.OVER_INFUSION


def test_it_begins_with_nothing():
    assert Interlock(STROKES).status == InterlockStatus(0, (InterlockLine("A"), InterlockLine("B")))


def test_an_extended_bolus_is_heard_at_the_rate_at_which_it_will_be_given():
    """2 mL in 7 min, rounded down to the nL/h as the controller does."""
    interlock = running()
    interlock.observe(0, GiveBolus("A", 2 * ML, over_ns=7 * MIN), ())
    rate = interlock.status.lines[0].asked.dose_nl_per_h
    assert (rate, type(rate)) == (17_142_857, int)


def test_it_watches_both_sides_of_what_moves_and_one_of_what_stands():
    watches = running().promise(Step((), None, ())).watches
    assert [(w.signal, w.line, w.direction) for w in watches] == [
        (Signal.STEPS, "A", Direction.AT_LEAST),
        (Signal.STEPS, "A", Direction.AT_MOST),
        (Signal.STEPS, "B", Direction.AT_LEAST),
    ]


def test_a_command_to_move_forgives_what_was_short_while_it_stood():
    interlock = running()
    assert interlock.status.lines[1].account.behind == 0
    interlock.let_through((MotorCommand((LineMotion("A", 0), LineMotion("B", 0))),))
    interlock.observe(MIN, shown(0), ())
    assert [line.account.behind for line in interlock.status.lines] == [0, 0]


def test_a_stop_makes_up_for_what_was_short_until_then():
    interlock = running()
    assert interlock.observe(57 * S, shown(0), ()) is None
    interlock.let_through((MotorCommand((LineMotion("A", 0), LineMotion("B", 0))),))
    interlock.let_through((RUNS,))
    assert interlock.observe(58 * S, shown(0), ()) is None


def test_a_new_command_makes_up_for_nothing():
    """A motor that stands is short by the slack after 57.5 s, half of what 100 mL/h are."""
    interlock = running()
    assert interlock.observe(57 * S, shown(0), ()) is None
    interlock.let_through((RUNS,))
    event = interlock.observe(58 * S, shown(0), ())
    assert event is not None
    assert event.kind is DeviceEventKind.MOTOR_STALL


@pytest.mark.parametrize(("stopped", "says"), [(False, DeviceEventKind.MOTOR_STALL), (True, None)])
def test_a_motor_that_has_been_stopped_is_not_short_of_anything(stopped, says):
    """It has not moved for an hour; nothing is said of that once it is to stand."""
    interlock = running()
    interlock.observe(H, Tick(), ())
    if stopped:
        interlock.let_through((MotorCommand((LineMotion("A", 0), LineMotion("B", 0))),))
    event = interlock.observe(H, shown(0), ())
    assert (event.kind if event else None) is says
    assert interlock.status.lines[0].account.behind == 0
    assert interlock.observe(H + 1, shown(0), ()) is None, "it says so once"


def test_a_motor_that_keeps_to_its_steps_has_two_of_them():
    interlock = Interlock(
        replace(STROKES, mechanism=replace(STROKES.mechanism, drive=Drive.PERISTALTIC), backpriming=None)
    )
    interlock.observe(0, shown(0), ())
    assert interlock.observe(H, shown(2), ()) is None
    assert interlock.observe(H, shown(3), ()) is not None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ((LineMotion("C", 1),), "line C: there is none"),
        ((LineMotion("A", 1_234_565_500),), "line A: 1234.57 mL/h, beyond the model's 999 mL/h"),
        ((LineMotion("A", 100_100_000),), "line A: 100.1 mL/h, where no more than 100 mL/h was asked for"),
        ((LineMotion("A", -100_000),), "line A: it runs backwards: it never may"),
        ((LineMotion("A", 300_000_000), LineMotion("B", 250_000_000)), "all lines together: 550 mL/h"),
    ],
)
def test_it_says_what_it_holds_against_a_command(lines, says):
    interlock = Interlock(STROKES)
    for line, rate in (("A", 100 if len(lines) == 1 else 300), ("B", 250)):
        interlock.observe(0, LoadProgram(line, program(rate)), ())
    (passed,), event = interlock.let_through((MotorCommand(lines),))
    assert event == DeviceEvent(DeviceEventKind.RATE_LIMIT, says)
    assert passed == MotorCommand(tuple(LineMotion(motion.line, 0) for motion in lines))


def test_even_the_slowest_motion_of_two_lines_counts_as_two():
    interlock = Interlock(replace(STROKES, concurrent=None))
    for line in "AB":
        interlock.observe(0, LoadProgram(line, program(1)), ())
    _, event = interlock.let_through((MotorCommand((LineMotion("A", 1), LineMotion("B", 1))),))
    assert event is not None


def test_tripped_it_lets_every_stop_through():
    interlock = Interlock(STROKES)
    interlock.let_through((MotorCommand((LineMotion("A", -1),)),))
    still = MotorCommand((LineMotion("C", 0),))
    assert interlock.let_through((still,)) == ((still,), None)


def test_a_new_power_on_goes_on_with_what_was_asked_for_and_counts_from_nothing():
    """7 of 10 mL are in when the power goes, 20 min after the load; 3 mL more, and the slack, are all that may come."""
    before = running(programme=program(100, 10.0, at_end=AtEnd.KVO))
    before.observe(H // 3, shown(7 * STEPS_PER_ML), ())
    waits = (ConfirmationAsked("titrate", "A", "above the soft limit"),)
    before.observe(H // 3, Titrate("A", 200 * ML), waits)
    after = Interlock.power_on(STROKES, before.status)
    assert after.status.waiting == Titrate("A", 200 * ML)
    assert (after.tripped, after.moving, after.status.now_ns) == (None, False, 0)
    assert after.promise(Step((), None, ())).watches == (), "no count is known yet"
    after.observe(0, shown(0), ())
    assert after.let_through((RUNS,)) == ((RUNS,), None)
    for steps, trips in ((41_655, False), (41_656, True)):  # 3 mL, 22 min of KVO at 1 mL/h, two cycles, 5 s at 100 mL/h
        event = Interlock(STROKES, after.status).observe(2 * MIN, shown(steps), ())
        assert (event is not None) == trips
        if event is not None:
            assert "mL programmed" in event.detail


def test_a_trip_is_over_with_the_power():
    before = running()
    assert before.observe(S, shown(STEPS_PER_ML * 100), ()) is not None
    assert Interlock.power_on(STROKES, before.status).let_through((RUNS,)) == ((RUNS,), None)
    nothing = Interlock.power_on(STROKES, Interlock(STROKES).status)
    assert nothing.let_through((RUNS,))[1] is not None, "nobody has asked for anything"
