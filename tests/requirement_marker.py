"""What ``@pytest.mark.requirement`` does to a run: an unknown id is an error, and so is a claim that is not put to the test.

Both hooks work on one test or file alone, so they hold under xdist and when a part of the tests is chosen. That every row
is claimed or gives its reason is a test of its own, ``tests/verification/test_requirements.py``.
"""

from collections.abc import Generator

import pytest

from pumpsim.requirements import REQUIREMENTS
from pumpsim.verification.claims import MARKER, claims_in_tests, unknown

RUNS_SCENARIOS = "test_scenarios.py::test_every_expectation_holds"
"""The test that holds what scenarios claim."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a file that claims what is no requirement, or that claims and is left out as a whole."""
    report = yield
    faults: list[str] = []
    for item in report.result or ():
        if isinstance(item, pytest.Item):
            faults += [
                f"{item.nodeid.partition('[')[0]}: {unknown(id)}" for id in ids_of(item) if id not in REQUIREMENTS
            ]
    if report.skipped and isinstance(collector, pytest.Module):
        claimed = {claim.requirement for claim in claims_in_tests(collector.path, collector.nodeid, faults)}
        faults += [f"{collector.nodeid}: is skipped, and claims {', '.join(sorted(claimed))}"] if claimed else []
    if faults:
        report.outcome, report.result = "failed", []
        report.longrepr = "\n".join(dict.fromkeys(faults))
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that claims a requirement and is skipped or expected to fail."""
    report = yield
    claimed = ids_of(item) or (["what its scenario claims"] if RUNS_SCENARIOS in item.nodeid else [])
    if claimed and (report.skipped or hasattr(report, "wasxfail")):
        how = "is expected to fail" if hasattr(report, "wasxfail") else "is skipped"
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {how}, and claims {', '.join(claimed)}"
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    return report


def ids_of(item: pytest.Item) -> list[str]:
    """The ids that a test claims."""
    return [str(id) for marker in item.iter_markers(MARKER) for id in marker.args]
