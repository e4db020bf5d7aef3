"""A table as a value: what stands in which cell; and how numbers are written in it."""

from dataclasses import dataclass
from math import floor, log10

from pumpsim.vocabulary.path import AmountUnit

LITTLE_MG = 0.1


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, the headings of the columns, rows of text. The first ``words`` columns are words, the others numbers.

    ``note``: what a reader should know below it. ``kind``: a name by which the style sheet knows it.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int
    note: str = ""
    kind: str = ""


def number(value: float | None, figures: int = 5) -> str:
    """Write a measured number with some significant figures, never with an exponent unless it is tiny; None: a dash."""
    if value is None:
        return "–"
    if value != 0.0 and abs(value) < 1e-4:
        return f"{value:.1e}"
    decimals = max(0, figures - 1 - floor(log10(abs(value)))) if value else 0
    return f"{value:,.{decimals}f}".replace("-", "−")


def amount(value: float | None, unit: AmountUnit, figures: int = 4) -> str:
    """Write an amount of a drug with its unit; little of a drug that is counted in mg, in mcg."""
    if value is not None and unit is AmountUnit.MG and 0.0 < abs(value) < LITTLE_MG:
        return f"{number(1000.0 * value, figures)} mcg"
    return f"{number(value, figures)} {unit.value}"


def error(value: float) -> str:
    """Write a relative error: its size matters, not its figures."""
    return f"{value:.0e}".replace("-", "−") if value else "0"
