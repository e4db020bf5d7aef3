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
