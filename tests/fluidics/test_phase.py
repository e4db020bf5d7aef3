"""The drives whose motor keeps to the rate, against published pulses and travel; and one contract for every drive.

Figures: Omnipod, LoopKit/OmniKit Pod.swift; CADD-Prizm technical manual p. 18; BD 60 mL, Graseby 3100 service manual.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor, pi, sin

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pumpsim.fluidics.drives.by_name import next_leg_of
from pumpsim.fluidics.drives.course import corners_of, course_of
from pumpsim.fluidics.drives.leg import DriveState, Idle, Leg
from pumpsim.fluidics.drives.mechanism import Q_PER_FL, LineDrive
from pumpsim.vocabulary.model import Corner, Drive, LeadScrew, Mechanism
from tests.build import MIN, SMOOTH, STROKES, H, S

FAR = 10**10
ML = 1_000_000
"""1 mL in nL: rates below are in mL/h times this."""
UNIT = 10_000
"""1 U of U-100 insulin in nL."""

OMNIPOD = Mechanism(Drive.PULSES, step_fl=500_000_000, cycle_steps=1, pulse_ns=2 * S)
CADD = Mechanism(Drive.PULSES, step_fl=1_000_000_000, cycle_steps=50, pulse_ns=1 * S)
"""Half a revolution, 0.05 mL, in 50 motor steps; its second is assumed."""
WAVES = tuple(Corner(p, round(p + 30_000 * sin(2 * pi * p / 1e6))) for p in range(83_333, 990_000, 83_333))
RIPPLED = Mechanism(Drive.PERISTALTIC, step_fl=100_000_000, cycle_steps=1200, course=WAVES)
ROLLER = Mechanism(
    Drive.PERISTALTIC, 100_000_000, 1200, course=(Corner(700_000, 1_050_000), Corner(850_000, 900_000))
)  # the roller leaves the tube: a seventh of what it gave comes back
EVEN = replace(RIPPLED, course=())
BORE_MM2 = pi * 13.3**2
BD_60 = Mechanism(
    Drive.LEAD_SCREW, round(BORE_MM2 * 1e-4 * 1e9), 10_000, pulse_ns=20_000_000, screw=LeadScrew(100, 10_000)
)  # micro-steps of 0.1 um, 1 mm a turn
WORN = replace(BD_60, cycle_steps=200, course=(Corner(250_000, 260_000), Corner(753_000, 741_000)))


def drive(mechanism: Mechanism, rate: int, stop: int | None = None, *, supply: int = FAR) -> DriveState:
    return DriveState((LineDrive(rate, stop, supply=supply),))


def legs(mechanism: Mechanism, state: DriveState, until_ns: int, *, at_ns: int = 0, look_ns: int = 0) -> list[Leg]:
    """All legs to ``until_ns``, planned as far as that, or with looks no farther than ``look_ns`` ahead."""
    plan, found = next_leg_of(mechanism), []
    while at_ns < until_ns:
        leg = plan(mechanism, state, at_ns, min(until_ns, at_ns + look_ns) if look_ns else until_ns)
        assert leg.end_ns > leg.start_ns == at_ns
        found.append(leg)
        state, at_ns = leg.state(leg.end_ns), leg.end_ns
    return found


def at(plan: list[Leg], at_ns: int) -> Leg:
    return next(leg for leg in plan if at_ns <= leg.end_ns)


def given_ml(mechanism: Mechanism, plan: list[Leg], at_ns: int) -> float:
    return at(plan, at_ns).volumes(at_ns)[0][0] * mechanism.step_fl / 1e12


def course_points(plan: list[Leg], until_ns: int) -> list[tuple[int, float, float]]:
    """Every breakpoint to ``until_ns``, once: instant, steps pumped and drawn."""
    rows: list[tuple[int, float, float]] = []
    for leg in plan:
        pieces = leg.pieces()
        rows += zip(pieces.at_ns.tolist(), pieces.pumped[0].tolist(), pieces.drawn[0].tolist(), strict=True)
    return [row for row in dict.fromkeys(rows) if row[0] <= until_ns]


def motions(plan: list[Leg]) -> list[tuple[int, int]]:
    """Begin and end of every piece in which something is displaced."""
    found = []
    for leg in plan:
        pieces = leg.pieces()
        moving = np.flatnonzero(np.diff(pieces.pumped[0]) != 0.0)
        found += [(int(pieces.at_ns[k]), int(pieces.at_ns[k + 1])) for k in moving]
    return found


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


# One contract for every drive


@dataclass(frozen=True)
class Kind:
    """A drive and the rates, nL/h, at which it is tried."""

    name: str
    mechanism: Mechanism
    rates: tuple[int, ...]

    def __repr__(self) -> str:
        return self.name

    def slack(self, rate: int) -> float:
        """Steps in 1 ns at the fastest that a drive moves its cycle: instants are rounded up to the ns."""
        return 4 * rate / (self.mechanism.step_fl * Q_PER_FL) + 1e-9


KINDS = (
    Kind("strokes", STROKES.mechanism, (100_000, 13_100_000, 999 * ML)),
    Kind("smooth", SMOOTH.mechanism, (100_000, 13_100_000, 999 * ML)),
    Kind("even", EVEN, (100_000, 13_100_000, 999 * ML)),
    Kind("rippled", RIPPLED, (100_000, 13_100_000, 999 * ML)),
    Kind("roller", ROLLER, (100_000, 13_100_000, 999 * ML)),
    Kind("omnipod", OMNIPOD, (UNIT // 20, UNIT, 7 * UNIT // 3, 90 * UNIT, 20 * ML)),
    Kind("cadd", CADD, (100_000, 2_970_001, 20 * ML, 250 * ML)),
    Kind("bd 60 mL", BD_60, (1_000, 100_000, 200_058, 200_059, 99_900_000, 999 * ML)),
    Kind("worn thread", WORN, (1_000, 100_000, 199_000, 201_000, 99_900_000)),
)
cases = st.sampled_from([(kind, rate) for kind in KINDS for rate in kind.rates])
shares = st.floats(0.0, 1.0)
stops = st.one_of(st.none(), st.integers(1, 5_000))


def cycle_ns(kind: Kind, rate: int) -> int:
    return kind.mechanism.step_fl * kind.mechanism.cycle_steps * Q_PER_FL // rate


def span_ns(kind: Kind, rate: int) -> int:
    """Two and a half cycles or 20 steps, whichever is longer, but no more than 300 steps."""
    steps = min(max(kind.mechanism.cycle_steps * 5 // 2, 20), 300)
    return kind.mechanism.step_fl * steps * Q_PER_FL // rate + 7


@given(cases, stops)
def test_breakpoints_ascend_and_agree_with_the_volumes_at_them(case, stop):
    kind, rate = case
    for leg in legs(kind.mechanism, drive(kind.mechanism, rate, stop), 3 * span_ns(kind, rate)):
        pieces = leg.pieces()
        assert pieces.pumped.shape == pieces.drawn.shape == (1, len(pieces.at_ns))
        assert (pieces.at_ns[0], pieces.at_ns[-1]) == (leg.start_ns, leg.end_ns)
        assert (np.diff(pieces.at_ns) > 0).all()
        counted = (-1, -1)
        for k in {*range(0, len(pieces.at_ns), 1 + len(pieces.at_ns) // 50), len(pieces.at_ns) - 1}:
            pumped, drawn = leg.volumes(int(pieces.at_ns[k]))
            assert pumped[0] == pytest.approx(pieces.pumped[0, k], rel=1e-12, abs=kind.slack(rate))
            assert drawn[0] == pytest.approx(pieces.drawn[0, k], rel=1e-12, abs=kind.slack(rate))
        for at_ns in pieces.at_ns[:: 1 + len(pieces.at_ns) // 50].tolist():
            counts = tuple(count for (count,) in leg.counts(at_ns))
            assert counts >= counted
            assert counts[1] >= counted[1]
            counted = counts


@given(cases, stops, shares)
def test_between_breakpoints_motion_is_even(case, stop, share):
    kind, rate = case
    for leg in legs(kind.mechanism, drive(kind.mechanism, rate, stop), span_ns(kind, rate)):
        if isinstance(leg, Idle):
            continue
        pieces = leg.pieces()
        at_ns = leg.start_ns + int((leg.end_ns - leg.start_ns) * share)
        pumped = float(np.interp(at_ns, pieces.at_ns, pieces.pumped[0]))
        assert leg.volumes(at_ns)[0][0] == pytest.approx(pumped, rel=1e-12, abs=kind.slack(rate) + 1e-7)


@given(cases, stops, shares, shares)
@example((KINDS[5], UNIT), None, 0.9, 0.1)
def test_an_interruption_changes_nothing(case, stop, where, later):
    """Not a bit."""
    kind, rate = case
    state, until_ns = drive(kind.mechanism, rate, stop), span_ns(kind, rate)
    whole = legs(kind.mechanism, state, until_ns)
    cut_ns = int(until_ns * where)
    cut = at(whole, cut_ns).state(cut_ns)
    rest = legs(kind.mechanism, cut, until_ns, at_ns=cut_ns) if cut_ns < until_ns else []
    for at_ns in {cut_ns, cut_ns + 1, cut_ns + int((until_ns - cut_ns) * later), until_ns}:
        if rest and at_ns <= until_ns:
            assert at(rest, at_ns).volumes(at_ns) == at(whole, at_ns).volumes(at_ns)
            assert at(rest, at_ns).counts(at_ns) == at(whole, at_ns).counts(at_ns)


@given(cases, stops, shares)
def test_a_count_is_reached_in_the_first_ns_at_which_it_holds(case, stop, share):
    kind, rate = case
    for leg in legs(kind.mechanism, drive(kind.mechanism, rate, stop), span_ns(kind, rate)):
        before, after = leg.counts(leg.start_ns)[0][0], leg.counts(leg.end_ns)[0][0]
        if before == after:
            continue
        count = before + 1 + int((after - before - 1) * share)
        at_ns = leg.when_pumped(0, count)
        assert leg.start_ns <= at_ns <= leg.end_ns
        assert leg.counts(at_ns)[0][0] >= count
        assert leg.counts(at_ns - 1)[0][0] < count


@given(cases, stops, shares)
def test_looks_do_not_matter(case, stop, share):
    """The same breakpoints, to the last bit, however far is planned at once."""
    kind, rate = case
    state, until_ns = drive(kind.mechanism, rate, stop), span_ns(kind, rate)
    once = legs(kind.mechanism, state, until_ns)
    often = legs(kind.mechanism, state, until_ns, look_ns=max(1, int(cycle_ns(kind, rate) * share)))

    assert course_points(once, until_ns) == course_points(often, until_ns)


@given(cases, st.integers(1, 5_000), shares)
def test_a_stop_is_kept_to_the_step(case, stop, share):
    """Named at the start or in mid-delivery; and so is an empty container."""
    kind, rate = case
    end_ns = kind.mechanism.step_fl * (stop + kind.mechanism.cycle_steps) * 2 * Q_PER_FL // rate
    early = legs(kind.mechanism, drive(kind.mechanism, rate, stop), end_ns)
    empty = legs(kind.mechanism, drive(kind.mechanism, rate, supply=stop), end_ns)
    free = legs(kind.mechanism, drive(kind.mechanism, rate), end_ns)
    cut_ns = int(stop * kind.mechanism.step_fl * Q_PER_FL // rate * share)
    state = at(free, cut_ns).state(cut_ns)
    named = replace(state, lines=(replace(state.lines[0], stop=stop),))
    late = legs(kind.mechanism, named, end_ns, at_ns=cut_ns) if state.lines[0].pumped < stop else early
    for plan in (early, empty, late):
        assert plan[-1].counts(end_ns)[0] == (stop,)
    if kind.mechanism.drive is Drive.PULSES:
        assert early[-1].volumes(end_ns)[0] == late[-1].volumes(end_ns)[0] == (float(stop),)


@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.integers(0, 5), st.floats(0.001, 1.5), st.booleans()), min_size=1, max_size=30),
)
def test_no_titration_parts_displaced_from_owed_by_more_than_a_cycle(kind, script):
    """Rates come and go at the worst moments that hypothesis finds; volumes never jump, counts never fall."""
    state, at_ns, pumped, counted = drive(kind.mechanism, 0), 0, 0.0, 0
    plan = next_leg_of(kind.mechanism)
    for which, cycles, stops_here in script:
        rate = 0 if stops_here else kind.rates[which % len(kind.rates)]
        state = replace(state, lines=(replace(state.lines[0], rate=rate),))
        end_ns = at_ns + int(cycles * min(cycle_ns(kind, rate or kind.rates[0]), 40 * 3600 * S))
        while at_ns < end_ns:
            leg = plan(kind.mechanism, state, at_ns, end_ns)
            assert leg.volumes(at_ns)[0][0] == pytest.approx(pumped, rel=0, abs=1e-9)
            state, at_ns = leg.state(min(leg.end_ns, end_ns)), min(leg.end_ns, end_ns)
            pumped, count = leg.volumes(at_ns)[0][0], leg.counts(at_ns)[0][0]
            owed = state.lines[0].owed / (kind.mechanism.step_fl * Q_PER_FL)
            assert abs(pumped - owed) <= kind.mechanism.cycle_steps + 1
            assert count >= counted
            counted = count


courses = st.dictionaries(st.integers(1, 999_999), st.integers(-200_000, 1_200_000), max_size=8).map(
    lambda corners: tuple(Corner(*corner) for corner in sorted(corners.items()))
)


@given(
    st.sampled_from((EVEN, BD_60, replace(WORN, pulse_ns=3 * S))),
    courses,
    st.integers(1, 1_200 * ML),
    st.integers(0, 10**9),
    st.floats(1e-9, 3.0),
)
@example(BD_60, (Corner(999_998, 0), Corner(999_999, 1_000_000)), 1_200 * ML, 10**9, 3.0)
@example(EVEN, (Corner(1, 1_200_000), Corner(2, -200_000)), 1_200 * ML, 10**9, 1e-9)
def test_any_course_from_any_place_is_the_same_one_mark_at_a_time(mechanism, course, rate, cycles, share):
    """Arrays against integers: a plan of many marks, and legs of one mark each, to the last bit; far beyond 64 bits."""
    mechanism = replace(mechanism, course=course)
    full = mechanism.cycle_fl * Q_PER_FL
    start = cycles * full + int(share * full) % full
    steps = start // (mechanism.step_fl * Q_PER_FL)
    state = DriveState((LineDrive(rate, None, start, steps, steps, FAR * 10**6),))
    until_ns = 60 * min(full, mechanism.step_fl * Q_PER_FL * 20) // 20 // rate + 1
    rows = []
    for leg in legs(mechanism, state, until_ns, look_ns=1):
        pieces = leg.pieces()
        assert len(pieces.at_ns) <= 3  # a mark may be passed in the first ns
        for k in range(len(pieces.at_ns)):
            at_ns = int(pieces.at_ns[k])
            assert leg.volumes(at_ns) == ((pieces.pumped[0, k],), (pieces.drawn[0, k],))
            rows.append((at_ns, pieces.pumped[0, k], pieces.drawn[0, k]))
    assert list(dict.fromkeys(rows)) == course_points(legs(mechanism, state, until_ns), rows[-1][0])


@given(st.sampled_from([k for k in KINDS if k.mechanism.drive in (Drive.PULSES, Drive.LEAD_SCREW)]), st.data())
def test_pulses_and_steps_never_draw_back_and_are_whole_at_the_end_of_each(kind, data):
    """Whatever is changed within them."""
    mechanism, at_ns, last = kind.mechanism, 0, 0.0
    grain = mechanism.step_fl * Q_PER_FL * (mechanism.cycle_steps if mechanism.drive is Drive.PULSES else 1)
    state = drive(mechanism, kind.rates[0])
    for _ in range(data.draw(st.integers(1, 12))):
        rate = data.draw(st.sampled_from(kind.rates))
        further = data.draw(st.none() | st.integers(0, 60))
        stop = None if further is None else state.lines[0].pumped + further
        state = replace(state, lines=(replace(state.lines[0], rate=rate, stop=stop),))
        end_ns = at_ns + int(data.draw(st.floats(0.0, 1.2)) * grain / rate) + 1
        for leg in legs(mechanism, state, end_ns, at_ns=at_ns):
            pieces = leg.pieces()
            assert pieces.pumped[0, 0] >= last - 1e-9
            assert (np.diff(pieces.pumped[0]) >= -1e-9).all()
            stop_ns = min(leg.end_ns, end_ns)
            state, last = leg.state(stop_ns), leg.volumes(stop_ns)[0][0]
        at_ns = end_ns
    state = replace(state, lines=(replace(state.lines[0], stop=None),))
    (leg, *_) = legs(mechanism, state, at_ns + 1, at_ns=at_ns)
    while leg.state(leg.end_ns).lines[0].owed // grain == state.lines[0].owed // grain:
        leg = next_leg_of(mechanism)(mechanism, leg.state(leg.end_ns), leg.end_ns, leg.end_ns + 1)
    whole = leg.state(leg.end_ns).lines[0].owed // grain * grain
    fresh = course_of(mechanism, state.lines[0].rate).displaced(whole)
    assert leg.volumes(leg.end_ns)[0][0] == pytest.approx(fresh, abs=kind.slack(state.lines[0].rate) * 4)


def test_a_leg_is_as_long_as_it_may_be_and_as_the_one_before():
    """A day in legs of at most 8,192 marks; consecutive revolutions are the same to the last bit but for their number."""
    plan = legs(RIPPLED, drive(RIPPLED, 125 * ML), 24 * H)
    ends = [leg.end_ns for leg in plan]
    assert len(plan) == ceil(25_000 * 12 / 8_192)
    assert all(begin < end for begin, end in pairwise(ends))
    assert given_ml(RIPPLED, plan, 24 * H) == 3000.0
