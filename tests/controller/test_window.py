"""The dose-limit window against a count by hand: what is given grows evenly between instants at which its rate changes."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import window
from pumpsim.controller.pump import Pump
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import NL_NS_PER_H, DoseLimit
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.status import Dose, DoseKind, LineStatus

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
def test_the_window_is_full_when_a_count_of_every_nanosecond_finds_it_full(course: Pieces, rate: int, nl: int) -> None:
    limit = DoseLimit(volume_nl=nl, window_ns=WINDOW_NS)
    course = [(one * UNIT, lasts) for one, lasts in course]
    turn, status = lived(course, limit)
    if window.full(turn, status, limit):
        return
    status = replace(status, state=LineState.INFUSING, rate_nl_per_h=rate * UNIT)
    for_ever = [*course, (rate * UNIT, 10 * WINDOW_NS)]
    full = (
        at
        for at in range(turn.now_ns + 1, turn.now_ns + 3 * WINDOW_NS)
        if given_by(for_ever, at) - given_by(for_ever, at - WINDOW_NS) >= nl * NL_NS_PER_H
    )
    assert window.reached_ns(turn, status, limit) == next(full, None)
