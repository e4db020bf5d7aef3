"""Numbers, units and times of the Harvard / KDS sets, each as one table used both ways."""

import pytest

from firmware_bridge.protocols._harvard_quantities import (
    Amount,
    rate_amount,
    rate_unit,
    seconds_ns,
    six_figures,
    time_text,
    volume_text,
    volume_unit,
)
from firmware_bridge.protocols._harvard_settings import cut
from pumpsim.vocabulary.courses import Stage

H_NS = 3_600 * 10**9
NUMBERS = (
    (199.49, "199.49"),
    (25.0404, "25.0404"),
    (26.00351, "26.0035"),
    (1_234_567.0, "1234567"),
    (0.000_012_345_67, "0.0000123457"),
    (0.0, "0"),
    (60.0, "60"),
)


@pytest.mark.parametrize(("number", "text"), NUMBERS)
def test_six_figures_both_ways(number, text):
    assert six_figures(number) == text
    assert float(text) == pytest.approx(number, rel=1e-5)


UNITS = (
    ("ul/min", "ul/min", 60_000),
    ("u/m", "ul/min", 60_000),
    ("nl/min", "nl/min", 60),
    ("ml/hr", "ml/hr", 1_000_000),
    ("M/H", "ml/hr", 1_000_000),
    ("pl/s", "pl/sec", 3.6),
)


@pytest.mark.parametrize(("said", "unit", "nl_per_h"), UNITS)
def test_units_of_rate(said, unit, nl_per_h):
    assert rate_unit(said) == unit
    assert float(Amount(1, unit).nl) == pytest.approx(nl_per_h)
    assert rate_amount(Amount(1, unit).nl).nl == Amount(1, unit).nl


def test_what_is_no_unit_and_no_time():
    assert [rate_unit(text) for text in ("ml", "x/m", "ml/day", "/", "")] == [None] * 5
    assert [volume_unit(text) for text in ("l", "ul/min", "", "mml")] == [None] * 4
    assert [seconds_ns(text) for text in ("1:2", "-3", "1e3", "00:60:00", "")] == [None] * 5
    assert [volume_text(nl) for nl in (0, 0.5, 12, 12_345.6, 2_000_000)] == [
        "0 ul",
        "500 pl",
        "12 nl",
        "12.3456 ul",
        "2 ml",
    ]


@pytest.mark.parametrize(
    ("text", "ns"), [("30 seconds", 30 * 10**9), ("00:03:00", 180 * 10**9), ("01:00:05", 3605 * 10**9)]
)
def test_times_both_ways(text, ns):
    assert time_text(ns) == text
    assert seconds_ns(text.removesuffix(" seconds")) == ns


def test_what_is_less_than_a_step_is_moved_with_the_rate_after_it():
    """Rates of 1 to 5 nL/h for an hour each, a step of 4 nL: 1 + 2 + 3, then 4, then 5."""
    pieces = [(rate, H_NS) for rate in (1, 2, 3, 4, 5)]
    assert cut(pieces, None, None, 4) == [Stage(3, 6), Stage(4, 4), Stage(5, 5)]
    assert cut(pieces[:2], None, None, 4) == [], "3 nL are no step"
    assert cut([*pieces[:2], (9, None)], None, None, 4) == [Stage(9, None)]


@pytest.mark.parametrize(
    ("left_nl", "left_ns", "stages"),
    [
        (6, None, [Stage(3, 6)]),
        (8, None, [Stage(3, 6)]),
        (12, None, [Stage(3, 6), Stage(4, 4)]),
        (3, None, []),
        (None, 3 * H_NS, [Stage(3, 6)]),
        (None, 2 * H_NS, []),
        (5, None, [Stage(3, 5)]),
    ],
)
def test_nothing_goes_beyond_what_is_left(left_nl, left_ns, stages):
    pieces = [(rate, H_NS) for rate in (1, 2, 3, 4, 5)]
    assert cut(pieces, left_nl, left_ns, 4) == stages
    assert cut([(7, None)], left_nl, left_ns, 4) == ([Stage(7, left_nl or 7 * left_ns // H_NS)] if left_nl != 3 else [])
