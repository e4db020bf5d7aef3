"""A motor that fails: what the mechanism makes of what it is told, and when a watch whose level moves finds it out."""

from dataclasses import replace

import pytest

from pumpsim.simulation.motor import Motor
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand, Watch
from tests.build import MIN, SMOOTH, STROKES, H, S, program, run, said, scenario, simulate_one, when

ML = 1_000_000


def told(a: int, b: int = 0, stop: int | None = None) -> MotorCommand:
    return MotorCommand((LineMotion("A", a, stop), LineMotion("B", b)))


def test_a_sound_motor_does_what_it_is_told():
    assert Motor().told(told(5, 0, 70)) == told(5, 0, 70)


@pytest.mark.parametrize(("ppm", "does"), [(1_101_000, 110_100), (899_000, 89_900), (0, 0), (2_000_000, 200_000)])
def test_a_motor_at_another_speed_stops_where_it_is_told_to_all_the_same(ppm, does):
    motor = Motor()
    motor.told(told(100_000, 0, 70))
    assert motor.failing(MotorFault(ppm)) == told(does, 0, 70)
    assert motor.told(told(0)) == told(0)
    assert motor.failing(MotorFault()) == told(0)


def test_a_motor_that_runs_on_stops_neither_when_it_is_told_nor_where():
    motor = Motor()
    motor.told(told(100, 0, 70))
    assert motor.failing(MotorFault(runs_on=True)) == told(100)
    assert motor.told(told(0)) == told(100)
    assert motor.told(told(40, 9)) == told(40, 9)
    assert motor.told(told(0, 0, 70)) == told(40, 9)
    assert motor.failing(MotorFault()) == told(0, 0, 70)


@pytest.mark.parametrize("model", [SMOOTH, STROKES])
@pytest.mark.parametrize("ppm", [500_000, 1_200_000])
def test_what_the_mechanism_gives_is_what_its_motor_does(model, ppm):
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, Start()),
        (0, MotorFault(ppm)),
        (6 * MIN, MotorFault()),
        until_ns=12 * MIN,
        model=replace(model, flow_limits=None),
    )
    expected = 10.0 * ppm / 1e6 + 10.0
    assert trace.at([12 * MIN]).pumped_ml[0, 0] == pytest.approx(expected, abs=0.33)


def test_a_moving_level_stands_where_it_has_come_to():
    watch = Watch(Signal.STEPS, "A", Direction.AT_MOST, 70.0, 3600.0, 5 * S)
    assert watch.at(15 * S) == Watch(Signal.STEPS, "A", Direction.AT_MOST, 80.0)
    assert replace(watch, per_h=0.0).at(H) == replace(watch, per_h=0.0)


@pytest.mark.requirement("GIP 1.2.2")
def test_a_motor_that_runs_on_is_found_and_stays_stopped():
    """Told to stop at 10 min it goes on at 100 mL/h: two cycles, 0.66 mL, and five seconds of it, 0.139 mL, are 28.8 s."""
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, Start()),
        (9 * MIN, MotorFault(runs_on=True)),
        (10 * MIN, Stop()),
        (20 * MIN, Acknowledge()),
        (21 * MIN, Start()),
        until_ns=30 * MIN,
        model=STROKES,
    )
    (first, again) = when(trace, "alarm over-infusion")
    assert first == pytest.approx(10 + 28.8 / 60, abs=1.3 / 60)  # a stroke is pushed faster than it is filled
    assert again == 21.0
    assert not any(command.moving for at_ns, command in trace.decisions if at_ns >= 10 * MIN)


@pytest.mark.parametrize("model", [SMOOTH, STROKES])
def test_a_motor_that_stalls_is_stopped_and_may_be_tried_again(model):
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, Start()),
        (5 * H, MotorFault(0)),
        (5 * H + 5 * MIN, MotorFault()),
        (5 * H + 10 * MIN, Acknowledge()),
        (5 * H + 11 * MIN, Start()),
        until_ns=6 * H,
        model=model,
    )
    (stalled,) = when(trace, "alarm motor-stall")
    assert 300 < stalled < 302
    assert [word for minute, word, _ in said(trace, "A") if minute > 302] == ["delivery-started"]


def test_a_sound_pump_wakes_for_no_level_that_moves():
    """A day with a VTBI, titrations and a hold: what is done, and nothing else, is all that happens."""
    entries = (
        (0, LoadProgram("A", program(100, 900.0))),
        (0, Start()),
        (H, Titrate("A", 50 * ML)),
        (2 * H, Titrate("A", 125 * ML)),
        (3 * H, Stop()),
        (3 * H + 7 * MIN, Start()),
    )
    run_ = simulate_one(scenario(*entries, until_ns=24 * H, model=STROKES))
    assert len(run_.journals[0]) <= 18
