"""The dose-limit window against a count by hand: what is given grows evenly between instants at which its rate changes."""

from dataclasses import replace
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import window
from pumpsim.controller.pump import Pump
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import NL_NS_PER_H, DoseLimit
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.status import Dose, DoseKind, LineStatus, Mark

MODEL = MODELS["cadd-solis"]
LINE = MODEL.lines[0]
WINDOW_NS = 1_000
LIMIT = DoseLimit(volume_nl=1, window_ns=WINDOW_NS)
Pieces = list[tuple[int, int]]
"""Rates, each with how long it lasts, ns."""

pieces = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 700)), min_size=1, max_size=8)


def given_by(course: Pieces, at_ns: int) -> int:
    """What has been given at an instant; nothing before 0."""
    total, begun = 0, 0
    for rate, lasts in course:
        total += rate * max(0, min(at_ns - begun, lasts))
        begun += lasts
    return total


def lived(course: Pieces, limit: DoseLimit) -> tuple[Turn, LineStatus]:
    """A line to the end of the course, with a mark at every change of its rate."""
    turn = Turn(MODEL, Pump(MODEL).state, 0)
    window.begin(turn, turn.state.line(LINE), limit)
    now = 0
    for _, lasts in course:
        now += lasts
        turn = Turn(MODEL, turn.state, now)
        turn.put(replace(turn.state.line(LINE), owed=given_by(course, now)))
        window.mark(turn, turn.state.line(LINE), limit)
    return turn, turn.state.line(LINE)


@given(pieces)
def test_a_rolling_window_holds_what_was_given_within_it(course: Pieces) -> None:
    turn, status = lived(course, LIMIT)
    inside = given_by(course, turn.now_ns) - given_by(course, turn.now_ns - WINDOW_NS)
    assert window.left(turn, status, LIMIT) == NL_NS_PER_H - inside


def test_what_lies_between_two_marks_follows_by_proportion() -> None:
    turn, status = lived([(8, 600), (2, 900)], LIMIT)
    assert window.left(turn, status, LIMIT) == NL_NS_PER_H - (8 * 100 + 2 * 900)


def test_even_growth_needs_no_mark_between() -> None:
    _, status = lived([(5, 100), (5, 100), (5, 100), (7, 100)], LIMIT)
    assert [(m.at_ns, m.owed) for m in status.course.marks] == [(0, 0), (300, 1500), (400, 2200)]


def test_the_doses_under_way_and_waiting_are_taken_off() -> None:
    turn, status = lived([(1, 10)], LIMIT)
    doses = (Dose(DoseKind.BOLUS, 700, 1, 0, 200, None), Dose(DoseKind.BOLUS, 300, 1, 0, 0, None))
    status = replace(status, course=replace(status.course, doses=doses))
    assert window.left(turn, status, LIMIT) == NL_NS_PER_H - 10 - (500 + 300)


UNIT = NL_NS_PER_H // WINDOW_NS
"""The rate, nL/h, that gives 1 nL in a window."""


@given(pieces, st.integers(0, 9), st.integers(1, 6))
@example([(0, 500), (4, 500)], 2, 3)
@example([(3, 1000)], 3, 3)
@example([(4, 500), (0, 500)], 4, 2)
@example([(5, 400), (0, 100), (2, 500)], 5, 4)
def test_the_window_is_full_when_a_count_of_every_nanosecond_finds_it_full(course: Pieces, rate: int, nl: int) -> None:
    limit = DoseLimit(volume_nl=nl, window_ns=WINDOW_NS)
    course = [(one * UNIT, lasts) for one, lasts in course]
    turn, status = lived(course, limit)
    status = replace(status, state=LineState.INFUSING, rate_nl_per_h=rate * UNIT)
    for_ever = [*course, (rate * UNIT, 10 * WINDOW_NS)]
    is_full = [
        given_by(for_ever, at) - given_by(for_ever, at - WINDOW_NS) >= nl * NL_NS_PER_H
        for at in range(turn.now_ns, turn.now_ns + 3 * WINDOW_NS)
    ]
    comes = (n for n, (before, after) in enumerate(pairwise(is_full), start=1) if after and not before)
    reached = next(comes, None)
    assert window.reached_ns(turn, status, limit) == (None if reached is None else turn.now_ns + reached)


FIXED = replace(LIMIT, rolling=False)


def lived_in_fixed(course: Pieces, begun_ns: int = 0) -> tuple[Turn, LineStatus]:
    """The same from an instant on, called at the begin of every window as well, as the pump asks to be."""
    turn = Turn(MODEL, Pump(MODEL).state, begun_ns)
    window.begin(turn, turn.state.line(LINE), FIXED)
    ends = list(accumulate(lasts for _, lasts in course))
    for now in sorted({*ends, *range(WINDOW_NS, ends[-1], WINDOW_NS)}):
        turn = Turn(MODEL, turn.state, begun_ns + now)
        turn.put(replace(turn.state.line(LINE), owed=given_by(course, now)))
        window.mark(turn, turn.state.line(LINE), FIXED)
    return turn, turn.state.line(LINE)


@given(pieces, st.integers(0, 5000))
def test_a_fixed_window_holds_what_was_given_since_it_began(course: Pieces, begun_ns: int) -> None:
    turn, status = lived_in_fixed(course, begun_ns)
    now = turn.now_ns - begun_ns
    inside = given_by(course, now) - given_by(course, now // WINDOW_NS * WINDOW_NS)
    assert window.left(turn, status, FIXED) == NL_NS_PER_H - inside
    assert [m.at_ns for m in status.course.marks] == [begun_ns + now // WINDOW_NS * WINDOW_NS]


@pytest.mark.parametrize(
    ("now_ns", "begins_ns"), [(999, 0), (1000, 1000), (1001, 1000), (1999, 1000), (2000, 2000), (3500, 3000)]
)
def test_fixed_windows_follow_each_other_from_the_first_start_on(now_ns: int, begins_ns: int) -> None:
    """However late the pump is called: 50 ns after power-on the programme was started."""
    turn = Turn(MODEL, Pump(MODEL).state, 50)
    window.begin(turn, turn.state.line(LINE), FIXED)
    turn = Turn(MODEL, turn.state, 50 + now_ns)
    window.mark(turn, turn.state.line(LINE), FIXED)
    assert [m.at_ns - 50 for m in turn.state.line(LINE).course.marks] == [begins_ns]


@pytest.mark.parametrize(
    ("owed", "rate", "full_in_ns"),
    [
        (0, 100, NL_NS_PER_H // 100),
        (1, 100, NL_NS_PER_H // 100),
        (99, 100, NL_NS_PER_H // 100),
        (100, 100, NL_NS_PER_H // 100 - 1),
        (NL_NS_PER_H - 1, 100, 1),
        (NL_NS_PER_H - 101, 100, 2),
        (0, 1, NL_NS_PER_H),
        (0, 0, None),
    ],
)
def test_a_fixed_window_is_full_at_the_first_ns_at_which_all_of_it_is_given(
    owed: int, rate: int, full_in_ns: int | None
) -> None:
    """The rest of 1 nL at a rate in nL/h, rounded up to the ns."""
    turn, status = lived_in_fixed([(0, 10)], begun_ns=7)
    status = replace(status, owed=owed, state=LineState.INFUSING, rate_nl_per_h=rate)
    assert window.reached_ns(turn, status, FIXED) == (None if full_in_ns is None else 17 + full_in_ns)


@pytest.mark.parametrize(("inside", "full"), [(-1, False), (0, True), (1, True)])
@pytest.mark.parametrize("limit", [LIMIT, FIXED], ids=["rolling", "fixed"])
def test_a_window_is_full_when_it_holds_the_limit(limit: DoseLimit, inside: int, full: bool) -> None:
    turn, status = lived_in_fixed([(0, 10)])
    assert window.full(turn, replace(status, owed=NL_NS_PER_H + inside), limit) is full


@pytest.mark.parametrize("rolling", [True, False], ids=["rolling", "fixed"])
def test_where_the_continuous_rate_does_not_count_doses_alone_do(rolling: bool) -> None:
    limit = replace(LIMIT, rolling=rolling, continuous=False)
    turn = Turn(MODEL, Pump(MODEL).state, 0)
    status = replace(turn.state.line(LINE), owed=900, course=replace(turn.state.line(LINE).course, dosed=70))
    window.begin(turn, status, limit)
    turn = Turn(MODEL, turn.state, 10)
    status = turn.state.line(LINE)
    assert status.course.marks == (Mark(0, 70),)
    status = replace(status, owed=5000, state=LineState.INFUSING, rate_nl_per_h=9 * UNIT)
    status = replace(status, course=replace(status.course, dosed=100))
    assert window.left(turn, status, limit) == NL_NS_PER_H - 30
    assert window.reached_ns(turn, status, limit) is None


@pytest.mark.parametrize("limit", [LIMIT, FIXED], ids=["rolling", "fixed"])
def test_before_the_first_start_nothing_counts(limit: DoseLimit) -> None:
    turn = Turn(MODEL, Pump(MODEL).state, 0)
    status = replace(turn.state.line(LINE), owed=900)
    window.mark(turn, status, limit)
    assert turn.state.line(LINE).course.marks == ()
    assert window.left(turn, status, limit) == NL_NS_PER_H


@pytest.mark.parametrize(
    ("before", "now_ns", "owed", "after"),
    [
        ([(0, 5)], 0, 5, [(0, 5)]),
        ([(0, 5), (10, 7)], 10, 9, [(0, 5), (10, 9)]),
        ([(10, 5), (20, 15)], 30, 25, [(10, 5), (30, 25)]),
        ([(10, 5), (20, 15)], 30, 26, [(10, 5), (20, 15), (30, 26)]),
        ([(0, 0), (200, 1), (300, 9)], 1200, 12, [(200, 1), (300, 9), (1200, 12)]),
        ([(0, 0), (100, 0), (200, 1), (300, 9)], 1201, 12, [(200, 1), (300, 9), (1201, 12)]),
        ([(0, 0), (200, 1), (300, 9)], 1299, 12, [(200, 1), (300, 9), (1299, 12)]),
        ([(0, 0), (200, 1), (300, 9)], 5000, 12, [(300, 9), (5000, 12)]),
    ],
    ids=[
        "the same again",
        "the same instant",
        "even",
        "uneven",
        "reaches back to one",
        "beyond one",
        "before one",
        "old",
    ],
)
def test_marks_are_kept_as_far_back_as_the_window_reaches(before, now_ns, owed, after) -> None:
    """The last mark at or before the begin of the window, and all since; what grew evenly needs none between."""
    turn = Turn(MODEL, Pump(MODEL).state, now_ns)
    status = turn.state.line(LINE)
    marks = tuple(Mark(*one) for one in before)
    window.mark(turn, replace(status, owed=owed, course=replace(status.course, marks=marks)), LIMIT)
    assert [(m.at_ns, m.owed) for m in turn.state.line(LINE).course.marks] == after


def test_a_share_of_a_large_amount_is_exact() -> None:
    """A third of 10**18 + 1, rounded down, left the window; the rest of it is inside. A float has 53 bits."""
    most = 10**18 + 1
    turn = Turn(MODEL, Pump(MODEL).state, WINDOW_NS + 1)
    status = turn.state.line(LINE)
    status = replace(status, owed=most, course=replace(status.course, marks=(Mark(0, 0), Mark(3, most))))
    assert window.left(turn, status, LIMIT) == NL_NS_PER_H - (most - most // 3)
