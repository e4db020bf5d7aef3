"""The drives whose motor keeps to the rate, against published pulses and travel, and what is refused (see ``motors``)."""

from dataclasses import replace
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.fluidics.drives.by_name import next_leg_of
from pumpsim.fluidics.drives.course import corners_of, course_of
from pumpsim.fluidics.drives.leg import Idle
from pumpsim.fluidics.drives.mechanism import Q_PER_FL
from pumpsim.vocabulary.model import Corner, Drive, Mechanism
from tests.build import MIN, STROKES, H, S
from tests.fluidics.motors import (
    BD_60,
    CADD,
    EVEN,
    ML,
    OMNIPOD,
    RIPPLED,
    ROLLER,
    UNIT,
    WORN,
    at,
    drive,
    given_ml,
    legs,
    motions,
)

# Published figures


def test_an_omnipod_bolus_of_1_10_units_is_22_pulses_done_in_44_s():
    plan = legs(OMNIPOD, drive(OMNIPOD, 90 * UNIT, stop=22), MIN)
    assert motions(plan) == [(k * 2 * S, (k + 1) * 2 * S) for k in range(22)]
    assert isinstance(plan[-1], Idle)
    assert plan[-1].counts(MIN) == ((22,), (22,))
    assert given_ml(OMNIPOD, plan, MIN) == 0.011


@pytest.mark.parametrize(("units_per_h", "every_s"), [(1.00, 180), (0.05, 3600), (30.0, 6)])
def test_omnipod_basal_is_a_pulse_of_2_s_at_the_end_of_each_interval(units_per_h, every_s):
    plan = legs(OMNIPOD, drive(OMNIPOD, round(units_per_h * UNIT)), 24 * H)
    assert motions(plan) == [((k * every_s - 2) * S, k * every_s * S) for k in range(1, 86_400 // every_s + 1)]
    assert given_ml(OMNIPOD, plan, 24 * H) == pytest.approx(24 * units_per_h * 0.01, rel=1e-12)


@given(st.integers(1, 600), st.integers(0, 86_400 * S), st.integers(1, 86_400 * S))
def test_any_window_holds_the_floor_or_the_ceiling_of_its_pulses(twentieths, begin_ns, window_ns):
    rate = twentieths * UNIT // 20
    plan = legs(OMNIPOD, drive(OMNIPOD, rate), begin_ns + window_ns)
    pulses = (
        at(plan, begin_ns + window_ns).counts(begin_ns + window_ns)[0][0] - at(plan, begin_ns).counts(begin_ns)[0][0]
    )
    owed = rate * window_ns / (500 * H)
    assert floor(owed - 1e-9) <= pulses <= ceil(owed + 1e-9)


def test_a_pulse_draws_as_it_gives():
    for leg in legs(CADD, drive(CADD, 3 * ML, stop=120), 5 * MIN):
        assert (leg.pieces().drawn == leg.pieces().pumped).all()
        assert leg.volumes(leg.end_ns)[0] == leg.volumes(leg.end_ns)[1]


def test_cadd_gives_a_twentieth_of_a_millilitre_each_minute_at_3_ml_per_h():
    plan = legs(CADD, drive(CADD, 3 * ML), H)
    assert motions(plan) == [((60 * k - 1) * S, 60 * k * S) for k in range(1, 61)]
    assert [given_ml(CADD, plan, k * MIN) for k in (1, 2, 60)] == pytest.approx([0.05, 0.1, 3.0], rel=1e-12)


def test_bd_60_ml_at_99_9_ml_per_h_travels_17_98_mm_in_6_min():
    plan = legs(BD_60, drive(BD_60, 99_900_000), 6 * MIN)
    assert given_ml(BD_60, plan, 6 * MIN) == pytest.approx(9.99, rel=1e-9)
    assert at(plan, 6 * MIN).counts(6 * MIN)[0][0] * 1e-4 == pytest.approx(17.98, abs=0.005)


def test_bd_60_ml_gives_9_ml_at_200_ml_per_h_in_162_s():
    stop = round(9e12 / BD_60.step_fl)
    plan = legs(BD_60, drive(BD_60, 200 * ML, stop), 5 * MIN)
    assert stop * 1e-4 == pytest.approx(16.20, abs=0.005)
    assert plan[-2].end_ns == pytest.approx(162 * S, abs=S // 1000)
    assert plan[-1].counts(5 * MIN)[0] == (stop,)


# The shape of each motion


def test_ripple_is_nothing_over_whole_revolutions():
    """0.12 mL each; between them the flow is off by 18 % at most (2 pi 3 %, less as it goes by chords)."""
    plan = legs(RIPPLED, drive(RIPPLED, 120 * ML), H)
    revolution_ns = 3_600_000_000
    for k in (1, 7, 500, 1000):
        assert at(plan, k * revolution_ns).volumes(k * revolution_ns) == ((k * 1200.0,), (k * 1200.0,))
    pieces = plan[0].pieces()
    flow = np.diff(pieces.pumped[0]) / np.diff(pieces.at_ns) * revolution_ns / 1200
    assert flow.max() == pytest.approx(1.18, abs=0.02)
    assert flow.min() == pytest.approx(0.82, abs=0.02)
    assert at(plan, revolution_ns // 4).volumes(revolution_ns // 4)[0][0] == pytest.approx(1200 * 0.28, abs=0.5)


def test_a_roller_that_leaves_the_tube_draws_back_but_counts_and_draw_do_not_fall():
    plan = legs(ROLLER, drive(ROLLER, 120 * ML), MIN)
    pieces = plan[0].pieces()
    pumped, revolution_ns = pieces.pumped[0], 3_600_000_000
    assert pieces.at_ns[:4].tolist() == [revolution_ns * k // 100 for k in (0, 70, 85, 100)]
    assert pumped[:4].tolist() == pytest.approx([0.0, 1260.0, 1080.0, 1200.0], abs=1e-9)
    assert (np.diff(pieces.drawn[0]) > 0).all()
    assert at(plan, 3 * S).counts(3 * S) == ((1000,), (1000,))


def test_micro_steps_are_resolved_at_0_1_ml_per_h_and_not_at_100():
    """One of 55.57 nL takes 2.0 s at 0.1 mL/h."""
    step_ns = BD_60.step_fl * Q_PER_FL // 100_000
    found = motions(legs(BD_60, drive(BD_60, 100_000), MIN))
    assert len(found) == MIN // step_ns + 1
    assert {end - begin for begin, end in found} == {20_000_000}
    assert [end for _, end in found[:2]] == pytest.approx([step_ns, 2 * step_ns], abs=2)
    (turns,) = legs(BD_60, drive(BD_60, 100 * ML), MIN)
    assert len(turns.pieces().at_ns) == 4  # a mark at each turn of 0.556 mL, three of them within reach of a minute


@pytest.mark.parametrize("rate", [100_000, 100 * ML])
def test_whole_steps_follow_the_thread_resolved_or_not(rate):
    plan = legs(WORN, drive(WORN, rate), 300 * WORN.step_fl * Q_PER_FL // rate)
    expected = {50: 52.0, 150: 147.75, 200: 200.0, 250: 252.0}
    for count in (25, *expected):
        leg = next(leg for leg in plan if leg.counts(leg.end_ns)[0][0] >= count)
        course = float(np.interp(count % 200, [0, 50, 150.6, 200], [0, 52, 148.2, 200])) + count // 200 * 200
        assert leg.volumes(leg.when_pumped(0, count))[0][0] == pytest.approx(course, abs=1e-6)


def test_a_pulse_that_the_stop_cuts_short_gives_what_is_owed_at_its_end():
    plan = legs(CADD, drive(CADD, 3 * ML, stop=120), 5 * MIN)
    assert motions(plan)[-1] == (143 * S, 144 * S)
    assert given_ml(CADD, plan, 143 * S) == pytest.approx(0.1)
    assert given_ml(CADD, plan, 5 * MIN) == pytest.approx(0.12)
    state = plan[-1].state(5 * MIN)
    on = legs(CADD, replace(state, lines=(replace(state.lines[0], stop=None),)), 10 * MIN, at_ns=5 * MIN)
    assert motions(on)[:2] == [(5 * MIN + 35 * S, 5 * MIN + 36 * S), (5 * MIN + 95 * S, 5 * MIN + 96 * S)]
    assert given_ml(CADD, on, 5 * MIN + 36 * S) == pytest.approx(0.15)


def test_a_titration_in_mid_pulse_keeps_what_is_given_and_ends_the_pulse_when_it_is_owed():
    """Half of the second pulse is given at 119.5 s; 0.5 s of 3 mL/h is owed, which takes 5 s at 0.3 mL/h."""
    (leg, *_) = legs(CADD, drive(CADD, 3 * ML), MIN)
    halfway = 59_500_000_000
    state = leg.state(halfway)
    assert leg.volumes(halfway)[0][0] == pytest.approx(25.0)
    slower = replace(state, lines=(replace(state.lines[0], rate=3 * ML // 10),))
    plan = legs(CADD, slower, 2 * MIN, at_ns=halfway)
    assert plan[0].volumes(halfway)[0][0] == leg.volumes(halfway)[0][0]
    assert motions(plan)[0] == (halfway + 4 * S, halfway + 5 * S)
    assert plan[1].volumes(halfway + 5 * S)[0][0] == 50.0
    stopped = replace(state, lines=(replace(state.lines[0], rate=0),))
    (idle,) = legs(CADD, stopped, H, at_ns=halfway)
    assert idle.volumes(H) == leg.volumes(halfway)
    assert idle.state(H) == stopped


# What is refused


@pytest.mark.parametrize(
    ("mechanism", "word"),
    [
        (replace(ROLLER, course=(Corner(500_000, 0), Corner(500_000, 9))), "ascend"),
        (replace(ROLLER, course=(Corner(-1, 0),)), "begin"),
        (replace(ROLLER, course=(Corner(0, 5),)), "begin"),
        (replace(ROLLER, course=(Corner(1_000_000, 990_000),)), "end"),
        (replace(OMNIPOD, course=(Corner(500_000, 0),)), "pulses"),
        (STROKES.mechanism, "strokes"),
    ],
)
def test_a_course_that_is_none_is_refused(mechanism, word):
    with pytest.raises(ValueError, match=word):
        course_of(mechanism, ML)


def test_end_points_are_implied():
    assert corners_of(EVEN) == ((0, 0), (1_000_000, 1_000_000))
    assert corners_of(ROLLER)[0] == (0, 0)
    assert corners_of(replace(EVEN, course=(Corner(0, 0), Corner(1_000_000, 1_000_000)))) == corners_of(EVEN)


def test_a_roller_clamp_has_no_motor():
    with pytest.raises(ValueError, match="a roller-clamp has no motor"):
        next_leg_of(Mechanism(Drive.ROLLER_CLAMP, 1, 1))
