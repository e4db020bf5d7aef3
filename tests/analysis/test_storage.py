"""What a line stores at an occlusion and gives back: V = C (p - p0), by hand."""

import math

import pytest

from pumpsim.analysis.storage import releases, stored_at_alarms
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start
from tests.analysis.cases import CONCURRENT, trace_of
from tests.build import MIN, SMOOTH, S, path, program, run

LIMIT_KPA = 6 * 6.894757293168


@pytest.mark.parametrize("name", ["occluded", "occluded_smooth"])
def test_stored_and_released(name: str) -> None:
    (found,) = stored_at_alarms(trace_of(name))
    assert found.pressure_kpa == pytest.approx(LIMIT_KPA, rel=1e-8)
    assert found.volume_ml == pytest.approx(0.006 * LIMIT_KPA, rel=1e-8)
    assert found.release is not None
    assert found.release == releases(trace_of(name))[0]
    assert found.release.at_ns == 95 * MIN
    assert found.release.relaxed
    assert found.release.volume_ml == pytest.approx(0.006 * LIMIT_KPA, rel=1e-8)
    assert found.release.released_ml == pytest.approx(0.99 * 0.006 * LIMIT_KPA, rel=1e-6)
    # p falls to 1 % in R C ln 100 = 0.02 x 0.006 h x 4.60517 = 1.98943 s
    assert (found.release.until_ns - found.release.at_ns) / 1e9 == pytest.approx(0.432 * math.log(100.0), abs=1e-6)


def test_each_drug_comes_with_its_share() -> None:
    (found,) = releases(trace_of("occluded_smooth"))
    (drug,) = found.drugs
    assert drug.amount == pytest.approx(found.released_ml * 13.1 / 113.1, rel=1e-6)


def test_released_while_the_pump_runs_leaves_out_what_is_pumped() -> None:
    """Opened before the alarm: 2 s at 113.1 mL/h are stored beyond R Q C, and come with what is pumped meanwhile."""
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(13.1, None, CONCURRENT))),
        (0, Start()),
        (10 * MIN, Occlude(Place.PATIENT_END)),
        (10 * MIN + 2 * S, Release(Place.PATIENT_END)),
        until_ns=20 * MIN,
        model=SMOOTH,
    )
    assert stored_at_alarms(trace) == ()
    (found,) = releases(trace)
    beyond, steady = 113.1 * 2 / 3600, 0.006 * 0.02 * 113.1
    assert found.volume_ml == pytest.approx(beyond + steady, rel=1e-6)
    assert found.released_ml == pytest.approx(found.volume_ml * 0.99 - steady, rel=1e-5)


def test_without_resistance_all_comes_at_once() -> None:
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, Start()),
        (MIN, Occlude(Place.PATIENT_END)),
        (5 * MIN, Release(Place.PATIENT_END)),
        until_ns=6 * MIN,
        model=SMOOTH,
        setup=path(resistance=0.0),
    )
    (found,) = releases(trace)
    assert found.until_ns == found.at_ns == 5 * MIN
    assert found.released_ml == pytest.approx(0.006 * LIMIT_KPA, rel=1e-8)


def test_what_is_never_released_is_said_so() -> None:
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, Start()),
        (MIN, Occlude(Place.PATIENT_END)),
        until_ns=6 * MIN,
        model=SMOOTH,
    )
    (found,) = stored_at_alarms(trace)
    assert found.release is None
    assert releases(trace) == ()


def test_a_stiff_line_relaxes_when_the_alarm_stops_the_pump() -> None:
    """Nothing is closed: 500 mL/h through 0.1 kPa h/mL come to the limit by themselves; the stop is the release."""
    trace = run(
        (0, LoadProgram("A", program(500))), (0, Start()), until_ns=2 * MIN, model=SMOOTH, setup=path(resistance=0.1)
    )
    found = stored_at_alarms(trace)[0]
    assert found.release is not None
    assert found.release.at_ns == found.at_ns
    assert found.release.released_ml == pytest.approx(0.99 * 0.006 * LIMIT_KPA, rel=1e-5)
