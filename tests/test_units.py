"""Unit words: what is read exactly, what is refused, and that both directions agree."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.errors import UnitError
from pumpsim.units import (
    TABLE,
    Dimension,
    format_quantity,
    format_time,
    parse,
    rate_nl_per_h,
    time_ns,
    volume_nl,
)

D = Dimension


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("13.1 mL/h", D.RATE, 13_100_000),
        ("0.1 mL/h", D.RATE, 100_000),
        ("1 mL/min", D.RATE, 60_000_000),
        ("16.7 uL/min", D.RATE, 1_002_000),
        ("1 L/h", D.RATE, 1_000_000_000),
        ("125 ml/hr", D.RATE, 125_000_000),
        ("0.05 mL", D.VOLUME, 50_000),
        ("1e3 mL", D.VOLUME, 10**9),
        ("1.5 L", D.VOLUME, 1_500_000_000),
        ("250cc", D.VOLUME, 250_000_000),
        ("3 µL", D.VOLUME, 3_000),
        ("90 min", D.TIME, 90 * 60 * 10**9),
        ("1 h 30 min", D.TIME, 90 * 60 * 10**9),
        ("2 min 0.5 s", D.TIME, 120_500_000_000),
        ("0.5 ms", D.TIME, 500_000),
        ("1 d", D.TIME, 86_400 * 10**9),
        ("2 g", D.MASS, 2000),
        ("100 units", D.UNITS, 100),
        ("5 mU", D.UNITS, Fraction(1, 200)),
        ("20 mEq", D.EQUIVALENTS, 20),
        ("1.6 mg/mL", D.MASS_CONCENTRATION, Fraction(8, 5)),
        ("1600 mcg/mL", D.MASS_CONCENTRATION, Fraction(8, 5)),
        ("1.6 g/L", D.MASS_CONCENTRATION, Fraction(8, 5)),
        ("100 units/mL", D.UNIT_CONCENTRATION, 100),
        ("40 mEq/L", D.EQUIVALENT_CONCENTRATION, Fraction(1, 25)),
        ("5 mcg/kg/min", D.MASS_RATE_PER_KG, Fraction(3, 10)),
        ("0.1 mg/kg/h", D.MASS_RATE_PER_KG, Fraction(1, 10)),
        ("10 mcg/min", D.MASS_RATE, Fraction(3, 5)),
        ("2 mU/min", D.UNIT_RATE, Fraction(3, 25)),
        ("18 U/kg/h", D.UNIT_RATE_PER_KG, 18),
        ("10 mEq/h", D.EQUIVALENT_RATE, 10),
        ("6 psi", D.PRESSURE, Fraction("41.368543759008")),
        ("100 mmHg", D.PRESSURE, Fraction("13.3322387415")),
        ("0.3 bar", D.PRESSURE, 30),
        ("120 mbar", D.PRESSURE, 12),
        ("10 cmH2O", D.PRESSURE, Fraction("0.980665")),
        ("1.5 m", D.LENGTH, 150),
        ("20 in", D.LENGTH, Fraction("50.8")),
        ("70 kg", D.WEIGHT, 70),
        ("6 uL/kPa", D.COMPLIANCE, Fraction("0.006")),
        ("3.6e12 Pa s/m3", D.RESISTANCE, 1),
        ("60 kPa/(mL/min)", D.RESISTANCE, 1),
        ("2 %", D.RATIO, Fraction(1, 50)),
    ],
)
def test_what_is_read_is_exact(text, dimension, value):
    found = parse(text, dimension)
    assert (found.dimension, found.value) == (dimension, value)
    assert found.text == text


def test_published_constants():
    """PHYSICS, unit constants: 1 uL/mmHg is 7.5006 uL/kPa; 6.124e10 Pa s/m3 is 0.01701 kPa/(mL/h)."""
    assert parse("1 uL/mmHg", D.COMPLIANCE).measured == pytest.approx(7.5006e-3, rel=1e-5)
    assert parse("6.124e10 Pa s/m3", D.RESISTANCE).measured == pytest.approx(0.01701, rel=1e-3)
    assert parse("1 bar", D.PRESSURE).value / parse("1 mmHg", D.PRESSURE).value == pytest.approx(750.06, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "dimension", "why", "nearest"),
    [
        ("5 MG", D.MASS, "no unit of an amount", "mg"),
        ("5 Mg", D.MASS, "no unit", "mg"),
        ("5 IU", D.UNITS, "no unit", "U"),
        ("5 mcg/kg/mn", D.MASS_RATE_PER_KG, "no unit of a dose rate", "mcg/kg/min"),
        ("5 l", D.VOLUME, "no unit of a volume", "L"),
        ("5 ML/H", D.RATE, "no unit of a rate", "mL/h"),
        ("5 furlong", D.TIME, "no unit of a time", None),
        ("5 mL", D.TIME, "is the unit of a volume; a time is wanted", None),
        ("5 mL/h", D.VOLUME, "is the unit of a rate; a volume is wanted", None),
        ("5", D.RATE, "the unit is missing", None),
        ("", D.RATE, "empty", None),
        ("mL/h", D.RATE, "a number and a unit", None),
        ("nan mL", D.VOLUME, "finite", None),
        ("inf mL", D.VOLUME, "finite", None),
        ("-5 mL", D.VOLUME, "negative", None),
        ("1,000 mL", D.VOLUME, "comma", None),
        ("1,5 mL", D.VOLUME, "decimal point", None),
        (".5 mL", D.VOLUME, "zero ahead", None),
        ("5. mL", D.VOLUME, "digit after", None),
        ("1_000 mL", D.VOLUME, "a number and a unit", None),
        ("٥ mL", D.VOLUME, "a number and a unit", None),
        ("0x10 mL", D.VOLUME, "no unit", None),
        ("1e999999999 mL", D.VOLUME, "a number and a unit|no unit", None),
        ("5 mL" + " " * 20 + "9" * 100, D.VOLUME, "characters", None),
        ("5\nmL", D.VOLUME, "a number and a unit", None),
        ("30 min 1 h", D.TIME, "longest unit to the shortest", None),
        ("1 h 1 h", D.TIME, "longest unit to the shortest", None),
        ("1 h 30 mi", D.TIME, "no unit of a time", "min"),
    ],
)
def test_what_is_refused(text, dimension, why, nearest):
    with pytest.raises(UnitError, match=why) as refusal:
        parse(text, dimension)
    assert refusal.value.nearest == nearest


@pytest.mark.parametrize(
    ("read", "text"), [(volume_nl, "0.0000001 mL"), (rate_nl_per_h, "0.00001 uL/min"), (time_ns, "1e-7 ms")]
)
def test_what_is_between_two_counts_is_refused(read, text):
    with pytest.raises(UnitError, match="not a whole number"):
        read(text)


def test_negative_is_read_where_it_may_be():
    assert parse("-20 cm", D.LENGTH, negative=True).value == -20


def test_a_word_of_two_dimensions_is_read_as_the_one_asked_for():
    assert parse("500 g", D.WEIGHT).value == Fraction(1, 2)
    assert parse("500 g", D.MASS).value == 500_000


@pytest.mark.parametrize("dimension", list(Dimension))
def test_words_that_differ_in_case_alone_mean_the_same(dimension):
    """Else a slip of the shift key would change a dose."""
    worth = {}
    for word, value in TABLE[dimension].items():
        assert worth.setdefault(word.lower(), value) == value, word


@pytest.mark.parametrize("dimension", list(Dimension))
def test_every_word_of_the_table_is_read(dimension):
    for word, worth in TABLE[dimension].items():
        assert parse(f"3 {word}", dimension).value == 3 * worth, word


@given(st.integers(min_value=0, max_value=10**12))
def test_every_programmable_volume_and_rate_is_exact(count):
    text = f"{count // 10**6}.{count % 10**6:06d}"
    assert volume_nl(f"{text} mL") == count
    assert rate_nl_per_h(f"{text} mL/h") == count


@given(st.integers(min_value=0, max_value=10**9))
def test_a_written_time_is_read_back(ms):
    assert time_ns(format_time(ms * 10**6)) == ms * 10**6


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 s"),
        (400_000, "0.4 ms"),
        (999_999_999, "999.999999 ms"),
        (10**9, "1 s"),
        (90 * 60 * 10**9, "90 min"),
        (5_431_200_400_000, "90 min 31.2 s"),
        (3 * 3600 * 10**9, "3 h"),
        (12 * 3600 * 10**9 + 300 * 10**9, "12 h 5 min"),
        (-(10**9), "-1 s"),
    ],
)
def test_times_are_written_as_people_say_them(ns, text):
    assert format_time(ns) == text


@pytest.mark.parametrize(
    ("value", "dimension", "word", "text"),
    [
        (Fraction(20_960, 70_000), D.MASS_RATE_PER_KG, "mcg/kg/min", "4.990 mcg/kg/min"),
        (Fraction(1000), D.UNIT_RATE, "U/h", "1000 U/h"),
        (Fraction(123_456), D.MASS_RATE, "mg/h", "123456 mg/h"),
        (Fraction(0), D.MASS, "mg", "0 mg"),
    ],
)
def test_quantities_are_written_with_four_digits(value, dimension, word, text):
    assert format_quantity(value, dimension, word) == text
