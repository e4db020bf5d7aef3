"""The pytest plugin: the fixture ``virtual_pump``, a factory of pumps on ports. What went over their wires is in the report of
a test that fails.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from firmware_bridge.testing import HostedPump

PUMPS: "pytest.StashKey[list[HostedPump]]" = pytest.StashKey()


@pytest.fixture
def virtual_pump(request: pytest.FixtureRequest) -> "Iterator[Callable[..., HostedPump]]":
    """Make virtual pumps as ``firmware_bridge.testing.virtual_pump`` does; they are switched off when the test is over."""
    from firmware_bridge import testing

    pumps = request.node.stash.setdefault(PUMPS, [])
    with ExitStack() as stack:

        def make(*args: Any, **kwargs: Any) -> "HostedPump":
            pump = stack.enter_context(testing.virtual_pump(*args, **kwargs))
            pumps.append(pump)
            return pump

        yield make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the wires' records into the report of a test that failed."""
    del call
    report = yield
    if report.failed:
        for pump in item.stash.get(PUMPS, []):
            report.sections.append((f"wire of the virtual pump at {pump.port}", pump.transcript()))
    return report
