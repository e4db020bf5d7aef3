"""Hypothesis: the same examples in every CI run, new ones on every desk; a failing one is printed to be repeated.

And the hooks behind ``@pytest.mark.requirement``.

``make mutants`` takes a quarter of the usual examples and does not look for the shortest that fails: that one fails is enough.
"""

import os

from hypothesis import Phase, settings

from tests.requirement_marker import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("desk", deadline=None, print_blob=True)
settings.register_profile(
    "mutants", derandomize=True, deadline=None, max_examples=25, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
