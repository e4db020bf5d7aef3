"""Some minutes of the soak (``make soak``): real processes on real ports, polled, totals right to one motor step."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak import ROWS, Soaked, Total, soak

MINUTES, SPEED = 6.0, 240.0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.protocol)
def test_what_is_said_in_the_end_is_what_was_delivered(row, tmp_path: Path) -> None:
    found = soak(row, MINUTES / 60.0, SPEED, tmp_path)
    assert found.faults == []
    assert found.asked >= 5 * len(row.rates)
    assert all(total.delivered > 0.0 for total in found.totals)


def test_a_soak_tells_what_is_wrong() -> None:
    """One motor step is let pass, two are not; nor a question without an answer, nor memory that grows."""
    total = Total("p", 1.0, 1.0, 0.001, 0.9999, 0.9999, 0.0001)
    right = Soaked("plain", (total,), 100, 0, 60.0, 61.0, 8.0, 1.0)
    assert right.faults == []
    for wrong in (
        replace(right, totals=(replace(total, delivered=0.9998, counted=0.9998),)),
        replace(right, totals=(replace(total, counted=0.9997),)),
        replace(right, totals=(replace(total, said=0.997),)),
        replace(right, missed=1),
        replace(right, late_mb=90.0),
    ):
        assert len(wrong.faults) == 1
