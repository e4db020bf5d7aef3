"""How New Era pumps write numbers, and which rates go with a diameter. Integers: thousandths of what is written.

A number has at most 4 digits and a point, at most 3 digits behind the point. Source: New Era NE-1000 user manual 1200-01,
10.2.1 (numbers) and 12.5 (plunger speed).
"""

import math
import re
from dataclasses import dataclass

NUMBER = r"\d*\.?\d*"
_NUMBER = re.compile(r"(?P<whole>\d*)(?:\.(?P<part>\d{0,3}))?")
MOST = 9_999_000
RATE_NL_PER_H = {"UM": 60_000, "MM": 60_000_000, "UH": 1_000, "MH": 1_000_000}
"""Units of a rate: u or m for micro- and millilitre, m or h for minute and hour."""
VOLUME_NL = {"UL": 1_000, "ML": 1_000_000}
LARGEST_UL_MILLI_MM = 14_000
"""The largest diameter at which volumes are in uL where nothing else was said: 14.00 mm."""
FASTEST_CM_PER_MIN, SLOWEST_CM_PER_H = 5.1005, 0.004205
LOWEST_MILLI_MM, HIGHEST_MILLI_MM = 100, 50_000
"""Diameters: 0.1 to 50.0 mm."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it was set: ``milli`` thousandths of its unit."""

    milli: int
    unit: str

    @property
    def nl_per_h(self) -> int:
        """The rate in nL/h; exact, for every unit is a multiple of 1000 nL/h."""
        return self.milli * RATE_NL_PER_H[self.unit] // 1000

    def of(self, nl_per_h: int) -> "Rate":
        """Another rate in the same unit, to the nearest thousandth."""
        unit = RATE_NL_PER_H[self.unit]
        return Rate((2000 * nl_per_h + unit) // (2 * unit), self.unit)

    def __str__(self) -> str:
        return written(self.milli) + self.unit


def parsed(text: str) -> int | None:
    """Thousandths of a number; None when it is none, or has too many digits."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    whole, part = found["whole"], found["part"] or ""
    if not 1 <= len(whole) + len(part) <= 4:
        return None
    return int(whole or "0") * 1000 + int(part.ljust(3, "0") or "0")


def written(milli: int) -> str:
    """Write a number with as many digits behind the point as 4 digits allow: ``0.050``, ``20.00``, ``2000.``."""
    for decimals in (3, 2, 1, 0):
        unit = 10 ** (3 - decimals)
        rounded = (2 * milli + unit) // (2 * unit)
        if rounded < 10_000:
            break
    rounded = min(rounded, 9_999)
    return f"{rounded // 10**decimals}.{rounded % 10**decimals:0{decimals}d}" if decimals else f"{rounded}."


def to_milli(nl: int, unit: int) -> int:
    """A volume in thousandths of a unit of so many nL, to the nearest."""
    return (2000 * nl + unit) // (2 * unit)


def area_cm2(milli_mm: int) -> float:
    """Cross-section of a bore."""
    return math.pi / 4.0 * (milli_mm / 10_000.0) ** 2


def fastest_nl_per_h(milli_mm: int) -> int:
    """The rate at which the plunger is at its highest speed."""
    return int(area_cm2(milli_mm) * FASTEST_CM_PER_MIN * 60e6)


def allows(milli_mm: int, rate: Rate) -> bool:
    """Whether the plunger can go at the speed that a rate takes; limits are in 4 digits of its unit, as in the manual."""
    unit, area = RATE_NL_PER_H[rate.unit], area_cm2(milli_mm)
    lowest, highest = area * SLOWEST_CM_PER_H * 1e6 / unit, area * FASTEST_CM_PER_MIN * 60e6 / unit
    return float(f"{lowest:.4g}") <= rate.milli / 1000 <= float(f"{highest:.4g}")
