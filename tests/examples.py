"""How many examples a costly law is tried with: what every run affords; ``make fuzz`` tries FUZZ times as many, and a profile
that takes fewer than the usual hundred, as CI and ``make mutants`` do, takes its share.
"""

import os

from hypothesis import settings

FUZZ, USUAL = int(os.environ.get("FUZZ", "1")), 100


def examples(affordable: int) -> int:
    """For ``@settings(max_examples=...)`` where the usual hundred take too long."""
    return max(1, affordable * FUZZ * min(USUAL, settings().max_examples) // USUAL)
