"""Hypothesis: the same examples in every CI run, half as many as on a desk, where there are new ones each time; one that fails
is printed to be repeated.

And the hooks behind ``@pytest.mark.requirement``.

``make mutants`` and ``make coverage`` take a quarter of the usual examples and do not look for the shortest that fails: that
one fails, and that a line is reached, is enough. ``make fuzz`` takes many times as many, FUZZ (``tests/examples.py``).
"""

import os

import pytest
from hypothesis import Phase, settings

from tests.examples import examples
from tests.requirement_marker import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: tests of the serial port wait for real time, a minute in all, and no core need wait with them."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


settings.register_profile("ci", max_examples=50, derandomize=True, deadline=None, print_blob=True)
settings.register_profile("desk", max_examples=examples(100), deadline=None, print_blob=True)
settings.register_profile(
    "mutants", derandomize=True, deadline=None, max_examples=25, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
