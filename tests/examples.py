"""How many examples a costly law is tried with: what every run affords; ``make fuzz`` tries FUZZ times as many."""

import os

FUZZ = int(os.environ.get("FUZZ", "1"))


def examples(affordable: int) -> int:
    """For ``@settings(max_examples=...)`` where the usual hundred take too long."""
    return affordable * FUZZ
