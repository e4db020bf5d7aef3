"""What a pump says is left of its lines, against what then comes of it, with real mechanisms and what goes wrong."""

from dataclasses import replace

import pytest

from pumpsim.analysis.expectations import judge
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE
from pumpsim.scenario import Scenario, TimeLeftExpected
from pumpsim.simulation import simulate
from pumpsim.vocabulary.disturbances import PowerCut
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.outputs import DeliveryEvent, DeliveryEventKind
from tests.build import MIN, SMOOTH, H, S, program, scenario

PERCENT_PPM = 10_000


def asking(run: Scenario, *at_ns: int) -> Scenario:
    """The same scenario, in which line A's pump is asked at these instants whether an hour is left."""
    asks = tuple(TimeLeftExpected(f"at {at}", "main", "A", False, H, 0, at) for at in at_ns)
    return replace(run, expectations=asks)


@pytest.mark.requirement("GIP 1.5.2")
@pytest.mark.parametrize("model", [SMOOTH, DUAL_CHANNEL_CASSETTE], ids=["smooth", "strokes"])
def test_the_volume_is_in_when_the_pump_said(model):
    """20 mL at 30 mL/h, at 17 after 10 min, held for 5 min at 20 min. Within a cycle, 0.33 mL: 70 s at 17 mL/h."""
    begun = scenario(
        (0, LoadProgram("A", program(30, 20))),
        (0, Start()),
        (10 * MIN, Titrate("A", 17_000_000)),
        (20 * MIN, Stop()),
        (25 * MIN, Start()),
        until_ns=2 * H,
        model=model,
    )
    (trace,) = simulate(asking(begun, 12 * MIN, 20 * MIN, 40 * MIN)).traces
    kind = DeliveryEventKind.DELIVERY_COMPLETE
    (end_ns,) = (r.at_ns for r in trace.records if isinstance(r.record, DeliveryEvent) and r.record.kind is kind)
    said = {e.at_ns: e.at_ns + e.remaining.vtbi.time_ns for e in trace.estimates if e.remaining.vtbi is not None}
    assert sorted(said) == [0, 10 * MIN, 12 * MIN, 20 * MIN, 25 * MIN, 40 * MIN]
    assert [said[at] == pytest.approx(end_ns, abs=70e9) for at in (25 * MIN, 40 * MIN)] == [True, True]
    assert end_ns - said[20 * MIN] == pytest.approx(5 * MIN, abs=70e9)
    assert said[12 * MIN] == pytest.approx(said[20 * MIN], abs=1)


def test_asking_changes_nothing():
    begun = scenario((0, LoadProgram("A", program(30, 20))), (0, Start()), until_ns=H)
    (asked,), (unasked,) = simulate(asking(begun, *range(0, H, 7 * MIN))).traces, simulate(begun).traces
    assert (asked.records, asked.decisions) == (unasked.records, unasked.decisions)
    at = range(0, H, 13 * S)
    assert asked.at(at).pumped_ml.tolist() == unasked.at(at).pumped_ml.tolist()


@pytest.mark.requirement("GIP 1.5.2")
def test_what_a_slow_motor_has_not_pumped_is_still_to_come():
    """At 80 % of its speed it has given 16 mL of 40 after an hour at 20 mL/h, not 20: 24 are left, 72 min once it is well."""
    begun = scenario(
        (0, LoadProgram("A", program(20, 40))),
        (0, Start()),
        (0, MotorFault(80 * PERCENT_PPM)),
        (H - 1, MotorFault()),
        until_ns=H,
        model=SMOOTH,
    )
    (trace,) = simulate(asking(begun, H)).traces
    left = trace.estimates[-1].remaining.vtbi
    assert left is not None
    assert left.time_ns == pytest.approx(72 * MIN, abs=1e9)


def test_a_pump_without_power_says_nothing():
    begun = scenario((0, LoadProgram("A", program(30, 20))), (10 * MIN, PowerCut()), until_ns=H)
    run = simulate(asking(begun, 20 * MIN))
    assert next(outcome.measured for outcome in judge(run.scenario, run.by_pump)) == "the pump does not say"


@pytest.mark.parametrize(
    ("expected_ns", "within_ns", "passed"), [(40 * MIN, 0, True), (41 * MIN, MIN, True), (41 * MIN, MIN - 1, False)]
)
def test_what_is_said_is_held_against_what_is_expected(expected_ns, within_ns, passed):
    begun = scenario((0, LoadProgram("A", program(30, 20))), until_ns=H)
    expected = TimeLeftExpected("", "main", "A", False, expected_ns, within_ns, 5 * MIN)
    run = simulate(replace(begun, expectations=(expected,)))
    (outcome,) = judge(run.scenario, run.by_pump)
    assert (outcome.passed, outcome.measured) == (passed, "40 min, 20 mL")
