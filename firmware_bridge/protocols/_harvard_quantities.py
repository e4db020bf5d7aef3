"""Numbers and units of the Harvard / KDS command sets, from text and to text. Exact fractions inside; six figures outside."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction

S_NS = 1_000_000_000
NUMBER = re.compile(r"(\d{1,9}(\.\d{0,9})?|\.\d{1,9})")
VOLUME = re.compile(r"([munp])l?")
RATE = re.compile(r"([munp])l?/(h|hr|m|min|s|sec)")
CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
NL = {"m": Fraction(1_000_000), "u": Fraction(1_000), "n": Fraction(1), "p": Fraction(1, 1_000)}
"""nL of 1 mL, 1 uL, 1 nL, 1 pL; from large to small."""
ABOUT_NL = {letter: float(one) for letter, one in NL.items()}
"""The same for what is shown: a fraction is slow to hold against a number."""
PER_H = {"hr": 1, "min": 60, "sec": 3_600}
WORD = {"h": "hr", "m": "min", "s": "sec"}
FIGURES = 6


@dataclass(frozen=True, slots=True)
class Amount:
    """A volume or a rate as it was set: its number, and the unit as the pump writes it (``ul``, ``ml/min``)."""

    number: Fraction
    unit: str

    @property
    def nl(self) -> Fraction:
        """A volume in nL, a rate in nL/h."""
        volume, _, time = self.unit.partition("/")
        return self.number * NL[volume[0]] * (PER_H[time] if time else 1)

    def __str__(self) -> str:
        return f"{six_figures(float(self.number))} {self.unit}"


def number(text: str) -> Fraction | None:
    """A number without sign or exponent; None when it is none."""
    return Fraction(text) if NUMBER.fullmatch(text) else None


def volume_unit(text: str) -> str | None:
    """``ul`` of ``u``, ``uL`` and the like; None when it is no unit of volume."""
    found = VOLUME.fullmatch(text.lower())
    return f"{found[1]}l" if found else None


def rate_unit(text: str) -> str | None:
    """``ul/min`` of ``u/m``, ``ul/min`` and the like; None when it is no unit of rate."""
    found = RATE.fullmatch(text.lower())
    return f"{found[1]}l/{WORD[found[2][0]]}" if found else None


def seconds_ns(text: str) -> int | None:
    """A time as seconds or as ``hh:mm:ss``, in ns; None when it is none."""
    if found := CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in found.groups())
        return (hours * 3_600 + minutes * 60 + seconds) * S_NS
    plain = number(text)
    return None if plain is None else int(plain * S_NS)


def six_figures(value: float) -> str:
    """Six significant figures, no exponent, no zeros at the end: ``199.49``, ``25.0404``, ``0``."""
    if value == 0.0:
        return "0"
    places = max(0, FIGURES - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def volume_text(nl: float) -> str:
    """A volume in the largest unit of which it is 1 or more; nothing is ``0 ul``."""
    for letter, one in ABOUT_NL.items():
        if nl >= one:
            return f"{six_figures(nl / one)} {letter}l"
    letter = "u" if nl == 0 else "p"
    return f"{six_figures(nl / ABOUT_NL[letter])} {letter}l"


def rate_amount(nl_per_h: Fraction) -> Amount:
    """A rate a minute, in the largest unit of which it is 1 or more."""
    per_min = nl_per_h / PER_H["min"]
    letter = next((letter for letter, one in NL.items() if per_min >= one), "p")
    return Amount(per_min / NL[letter], f"{letter}l/min")


def time_text(ns: int) -> str:
    """``30 seconds`` below a minute, ``00:03:00`` from there on."""
    if ns < 60 * S_NS:
        return f"{six_figures(ns / S_NS)} seconds"
    seconds = ns // S_NS
    return f"{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
