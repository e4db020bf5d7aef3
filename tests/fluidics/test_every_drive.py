"""One contract for every drive."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pumpsim.fluidics.drives.by_name import next_leg_of
from pumpsim.fluidics.drives.course import course_of
from pumpsim.fluidics.drives.leg import DriveState, Idle
from pumpsim.fluidics.drives.mechanism import Q_PER_FL, LineDrive
from pumpsim.vocabulary.model import Corner, Drive, Mechanism
from tests.build import SMOOTH, STROKES, H, S
from tests.fluidics.motors import (
    BD_60,
    CADD,
    EVEN,
    FAR,
    ML,
    OMNIPOD,
    RIPPLED,
    ROLLER,
    UNIT,
    WORN,
    at,
    course_points,
    drive,
    given_ml,
    legs,
)


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
