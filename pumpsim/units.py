"""The field's unit words in one closed table: text to exact quantities, and back. Used at borders only.

A quantity is a decimal number and a unit word: ``13.1 mL/h``, ``5 mcg/kg/min``; a time may be several: ``1 h 30 min``.
It is read with ``fractions`` from the text as written and never passes through a float, so that 13.1 mL/h is exactly
13,100,000 nL/h. Words are matched letter by letter: ``MG`` is refused, for some would read mega and some milli. What can
be misread is refused, never guessed: ``.5 mL``, ``1,000 mL``, ``5 IU``, a number alone. Source of the cautions: ISMP, list
of error-prone abbreviations, symbols and dose designations (unverified: from memory).

A temperature is read in degC alone: every other word (C, K, degF) is refused, so that no zero point is ever shifted.

Conversion constants: NIST SP 811, appendix B.8; the conventional millimetre of mercury is 133.322387415 Pa.
"""

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import floor, log10

from pumpsim.errors import UnitError, nearest_name


class Dimension(Enum):
    """What a quantity measures. The value is the unit in which we hold it."""

    TIME = "ns"
    VOLUME = "nL"
    RATE = "nL/h"
    MASS = "mg"
    UNITS = "U"
    EQUIVALENTS = "mEq"
    MASS_CONCENTRATION = "mg/mL"
    UNIT_CONCENTRATION = "U/mL"
    EQUIVALENT_CONCENTRATION = "mEq/mL"
    MASS_RATE = "mg/h"
    UNIT_RATE = "U/h"
    EQUIVALENT_RATE = "mEq/h"
    MASS_RATE_PER_KG = "mg/kg/h"
    UNIT_RATE_PER_KG = "U/kg/h"
    EQUIVALENT_RATE_PER_KG = "mEq/kg/h"
    PRESSURE = "kPa"
    LENGTH = "cm"
    FORCE = "N"
    TEMPERATURE = "degC"
    DIFFUSIVITY = "m2/s"
    WEIGHT = "kg"
    COMPLIANCE = "mL/kPa"
    RESISTANCE = "kPa h/mL"
    RATIO = "1"

    @property
    def noun(self) -> str:
        """The word for it in a message, with its article: ``a dose rate``."""
        if self in AMOUNTS:
            return "an amount"
        if self in CONCENTRATIONS:
            return "a concentration"
        if self in DOSE_RATES:
            return "a dose rate"
        return "a percentage" if self is Dimension.RATIO else f"a {self.name.lower()}"

    @property
    def counted(self) -> str:
        """For amounts, concentrations and dose rates: how the drug is counted (``mg``, ``U``, ``mEq``)."""
        return self.value.partition("/")[0]


AMOUNTS = (Dimension.MASS, Dimension.UNITS, Dimension.EQUIVALENTS)
CONCENTRATIONS = (
    Dimension.MASS_CONCENTRATION,
    Dimension.UNIT_CONCENTRATION,
    Dimension.EQUIVALENT_CONCENTRATION,
)
DOSE_RATES_PER_KG = (
    Dimension.MASS_RATE_PER_KG,
    Dimension.UNIT_RATE_PER_KG,
    Dimension.EQUIVALENT_RATE_PER_KG,
)
DOSE_RATES = (Dimension.MASS_RATE, Dimension.UNIT_RATE, Dimension.EQUIVALENT_RATE, *DOSE_RATES_PER_KG)

MMHG_KPA = Fraction("0.133322387415")
PSI_KPA = Fraction("6.894757293168")
CMH2O_KPA = Fraction("0.0980665")
_PA_S_PER_M3 = Fraction(1, 3_600_000_000_000)
"""1 Pa s/m3 in kPa h/mL: 1e-3 kPa/Pa x 1e-6 m3/mL / 3600 s/h."""

_TIMES = {
    "s": Fraction(10**9),
    "ms": Fraction(10**6),
    "min": Fraction(60 * 10**9),
    "h": Fraction(3_600 * 10**9),
    "hr": Fraction(3_600 * 10**9),
    "d": Fraction(86_400 * 10**9),
}
_LITRES = {"L": Fraction(10**9), "mL": Fraction(10**6), "ml": Fraction(10**6), "cc": Fraction(10**6)} | {
    word: Fraction(10**3) for word in ("uL", "µL", "μL", "mcL")
}
_MASSES = {"g": Fraction(1000), "mg": Fraction(1), "ng": Fraction(1, 10**6)} | {
    word: Fraction(1, 1000) for word in ("mcg", "ug", "µg", "μg")
}
_UNITS = {"U": Fraction(1), "units": Fraction(1), "unit": Fraction(1), "mU": Fraction(1, 1000)}
_EQUIVALENTS = {"mEq": Fraction(1)}
_PER_LITRE = {"mL": Fraction(1), "ml": Fraction(1), "L": Fraction(1, 1000)}
_PER_TIME = {"min": Fraction(60), "h": Fraction(1), "hr": Fraction(1), "d": Fraction(1, 24)}
_PRESSURES = {
    "kPa": Fraction(1),
    "Pa": Fraction(1, 1000),
    "psi": PSI_KPA,
    "mmHg": MMHG_KPA,
    "cmH2O": CMH2O_KPA,
    "bar": Fraction(100),
    "mbar": Fraction(1, 10),
}
_MICROLITRES = ("uL", "µL", "μL", "mcL")

Words = dict[str, Fraction]
"""Unit words of one dimension, each with what it is worth in the dimension's own unit."""


def _over(above: Words, *below: str | Words) -> Words:
    """Every ``a/b`` (``a/kg/b``) of two tables; a plain text between them stands for itself."""
    words = above
    for part in below:
        tail = {part: Fraction(1)} if isinstance(part, str) else part
        words = {f"{a}/{b}": x * y for a, x in words.items() for b, y in tail.items()}
    return words


TABLE: dict[Dimension, Words] = {
    Dimension.TIME: _TIMES,
    Dimension.VOLUME: _LITRES,
    Dimension.RATE: _over(_LITRES, {word: _PER_TIME[word] for word in ("h", "hr", "min")}),
    Dimension.MASS: _MASSES,
    Dimension.UNITS: _UNITS,
    Dimension.EQUIVALENTS: _EQUIVALENTS,
    Dimension.MASS_CONCENTRATION: _over(_MASSES, _PER_LITRE),
    Dimension.UNIT_CONCENTRATION: _over(_UNITS, _PER_LITRE),
    Dimension.EQUIVALENT_CONCENTRATION: _over(_EQUIVALENTS, _PER_LITRE),
    Dimension.MASS_RATE: _over(_MASSES, _PER_TIME),
    Dimension.UNIT_RATE: _over(_UNITS, _PER_TIME),
    Dimension.EQUIVALENT_RATE: _over(_EQUIVALENTS, _PER_TIME),
    Dimension.MASS_RATE_PER_KG: _over(_MASSES, "kg", _PER_TIME),
    Dimension.UNIT_RATE_PER_KG: _over(_UNITS, "kg", _PER_TIME),
    Dimension.EQUIVALENT_RATE_PER_KG: _over(_EQUIVALENTS, "kg", _PER_TIME),
    Dimension.PRESSURE: _PRESSURES,
    Dimension.LENGTH: {"cm": Fraction(1), "m": Fraction(100), "mm": Fraction(1, 10), "in": Fraction("2.54")},
    Dimension.FORCE: {"N": Fraction(1), "mN": Fraction(1, 1000), "kgf": Fraction("9.80665")},
    Dimension.DIFFUSIVITY: {"m2/s": Fraction(1), "cm2/s": Fraction(1, 10_000)},
    Dimension.TEMPERATURE: {"degC": Fraction(1)},
    Dimension.WEIGHT: {"kg": Fraction(1), "g": Fraction(1, 1000)},
    Dimension.COMPLIANCE: {"mL/kPa": Fraction(1), "mL/mmHg": 1 / MMHG_KPA, "mL/psi": 1 / PSI_KPA}
    | {f"{word}/kPa": Fraction(1, 1000) for word in _MICROLITRES}
    | {f"{word}/mmHg": Fraction(1, 1000) / MMHG_KPA for word in _MICROLITRES},
    Dimension.RESISTANCE: {
        "kPa/(mL/h)": Fraction(1),
        "kPa h/mL": Fraction(1),
        "kPa/(mL/min)": Fraction(1, 60),
        "mmHg/(mL/h)": MMHG_KPA,
        "mmHg/(mL/min)": MMHG_KPA / 60,
        "Pa s/m3": _PA_S_PER_M3,
        "Pa s/m³": _PA_S_PER_M3,
        "Pa·s/m³": _PA_S_PER_M3,
    },
    Dimension.RATIO: {"%": Fraction(1, 100)},
}
"""Every unit word that is read. ``ml``, ``cc``, ``hr``, ``units`` and the three ways to write micro are aliases."""

LONGEST = 100
"""A longer text is no quantity."""
_QUANTITY = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)[ \u00a0\u202f]*((?:[^\W\d_]|%).*)?")
_TIME_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*([a-zA-Z]+)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value in the unit of its dimension, and the word and text in which it was written."""

    value: Fraction
    dimension: Dimension
    word: str
    text: str

    @property
    def measured(self) -> float:
        """The value as a float, for what is measured and not counted."""
        return float(self.value)

    @property
    def whole(self) -> int:
        """The value as a whole count of ns, nL or nL/h. Raises UnitError if it is between two of them."""
        if self.value.denominator != 1:
            raise UnitError(f"{self.text} is not a whole number of {self.dimension.value}")
        return self.value.numerator


def parse(text: str, *dimensions: Dimension, negative: bool = False) -> Quantity:
    """Read a number and a unit word of one of these dimensions (none given: of any).

    ``5 g`` with both MASS and WEIGHT possible is read as the one that comes first in ``Dimension``. Raises UnitError; for
    negative values too, unless ``negative``.
    """
    wanted = dimensions or tuple(Dimension)
    text = text.strip()
    if len(text) > LONGEST:
        raise UnitError(f"{len(text)} characters are no quantity: a number and a unit are wanted")
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UnitError(_why_no_number(text))
    number, word = match[1], (match[2] or "").strip()
    if Dimension.TIME in wanted and len(parts := _time_parts(text)) > 1:
        return _time_of_parts(text, parts)
    if not word:
        raise UnitError(f"the unit is missing: {_wanted(wanted)} is wanted, as in {_example(wanted)}")
    for dimension in Dimension:
        if dimension in wanted and word in TABLE[dimension]:
            value = Fraction(number) * TABLE[dimension][word]
            if value < 0 and not negative:
                raise UnitError(f"{text} is negative: {dimension.noun} of at least 0 is wanted")
            return Quantity(value, dimension, word, text)
    raise _unknown(word, wanted)


def time_ns(text: str) -> int:
    """Read a time, exactly: ``90 min``, ``1 h 30 min``, ``0.5 s``."""
    return parse(text, Dimension.TIME).whole


def volume_nl(text: str) -> int:
    """Read a programmed volume, exactly: ``400 mL``."""
    return parse(text, Dimension.VOLUME).whole


def rate_nl_per_h(text: str) -> int:
    """Read a programmed rate, exactly: ``13.1 mL/h``."""
    return parse(text, Dimension.RATE).whole


def format_time(ns: int) -> str:
    """Write an instant or a duration so that people, and ``parse``, can read it; rounded to the ms from 1 s on.

    Below 3 h in minutes, from 3 h on in hours and minutes: ``90 min 31.2 s``, ``12 h 5 min``.
    """
    if ns < 0:
        return f"-{format_time(-ns)}"
    if ns < 10**9:
        return f"{_plain(Fraction(ns, 10**6))} ms" if ns else "0 s"
    ms = (ns + 500_000) // 1_000_000
    minutes, rest_ms = divmod(ms, 60_000)
    hours = minutes // 60 if minutes >= 180 else 0
    minutes -= 60 * hours
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    parts += [f"{_plain(Fraction(rest_ms, 1000))} s"] if rest_ms else []
    return " ".join(parts)


def format_quantity(value: Fraction, dimension: Dimension, word: str, digits: int = 4) -> str:
    """Write a value, held in its dimension's unit, in the unit ``word`` with ``digits`` significant ones: ``4.990 mg/h``."""
    number = value / TABLE[dimension][word]
    decimals = max(0, digits - 1 - floor(log10(abs(number)))) if number else 0
    return f"{float(number):.{decimals}f} {word}"


def _plain(number: Fraction) -> str:
    """A decimal fraction without exponent or trailing zeros."""
    return f"{float(number):.9f}".rstrip("0").rstrip(".")


def _time_parts(text: str) -> list[tuple[str, str]]:
    """Split ``1 h 30 min``; empty when the text is anything else."""
    return _TIME_PART.findall(text) if not _TIME_PART.sub("", text).strip() else []


def _time_of_parts(text: str, parts: list[tuple[str, str]]) -> Quantity:
    total, last = Fraction(0), None
    for number, word in parts:
        if word not in _TIMES:
            raise _unknown(word, (Dimension.TIME,))
        if last is not None and _TIMES[word] >= last:
            raise UnitError(f"{text}: the parts of a time go from the longest unit to the shortest, each once")
        total, last = total + Fraction(number) * _TIMES[word], _TIMES[word]
    return Quantity(total, Dimension.TIME, parts[0][1], text)


def _why_no_number(text: str) -> str:
    if re.match(r"[+-]?[0-9]{1,3}(,[0-9]{3})+", text):
        return "write numbers without a comma between thousands"
    if re.match(r"[+-]?[0-9]+,[0-9]", text):
        return "write a decimal point, not a comma"
    if re.match(r"[+-]?\.[0-9]", text):
        return "write a zero ahead of the decimal point: .5 is easily read as 5"
    if re.match(r"[+-]?[0-9]+\.(\D|$)", text):
        return "write a digit after the decimal point, or leave the point away"
    if re.match(r"[+-]?(nan|inf)", text, re.IGNORECASE):
        return "a finite number is wanted"
    return "a number and a unit are wanted, as in '5 mL'" if text else "is empty: a number and a unit are wanted"


def _wanted(wanted: tuple[Dimension, ...]) -> str:
    nouns = list(dict.fromkeys(dimension.noun for dimension in wanted))
    return "a quantity" if len(nouns) > 6 else " or ".join(nouns)


def _example(wanted: tuple[Dimension, ...]) -> str:
    return f"'5 {PREFERRED.get(wanted[0], wanted[0].value)}'"


PREFERRED = {
    Dimension.TIME: "min",
    Dimension.VOLUME: "mL",
    Dimension.RATE: "mL/h",
    Dimension.MASS_RATE: "mcg/min",
    Dimension.MASS_RATE_PER_KG: "mcg/kg/min",
    Dimension.RATIO: "%",
}
"""The word to show as an example, where it is not the unit that we hold the quantity in."""


def _unknown(word: str, wanted: tuple[Dimension, ...]) -> UnitError:
    """Say what is wrong with a unit word: of another dimension, or none at all."""
    for dimension in Dimension:
        if word in TABLE[dimension]:
            return UnitError(
                f"{word!r} is the unit of {dimension.noun}; {_wanted(wanted)} is wanted, as in {_example(wanted)}"
            )
    valid = tuple(name for dimension in wanted for name in TABLE[dimension])
    return UnitError(f"{word!r} is no unit of {_wanted(wanted)}", nearest_name(word, valid))
