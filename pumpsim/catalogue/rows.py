"""What the rows of the catalogue are written with: scales in the internal units, and figures with one source in common."""

from pumpsim import units
from pumpsim.vocabulary.model import Sourced

ML = 1_000_000
"""1 mL in nL, 1 mL/h in nL/h."""
UNIT = 10_000
"""1 U of U-100 insulin in nL, 1 U/h in nL/h: 100 U are 1 mL."""
FL_PER_ML = 1_000_000_000_000
MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
MMHG_KPA = float(units.MMHG_KPA)
CMH2O_KPA = float(units.CMH2O_KPA)
BAR_KPA = 100.0


def figures(source: str, *written: tuple[str, str]) -> tuple[Sourced, ...]:
    """Give figures, each as (figure, value), that all come from one source."""
    return tuple(Sourced(figure, value, source) for figure, value in written)
