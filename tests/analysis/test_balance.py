"""The mass balance closes, and would not if something were lost."""

from dataclasses import replace

import pytest

from pumpsim.analysis.balance import balance
from pumpsim.fluidics.lone.history import LoneHistory
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Occlude, Place
from pumpsim.vocabulary.inputs import LoadProgram, Start
from pumpsim.vocabulary.path import Access, AdministrationSet, LineSetup, PathSetup, Transport
from tests.analysis.cases import CASES, CONCURRENT, trace_of
from tests.build import DRUG, MIN, SALINE, STROKES, program, run


@pytest.mark.parametrize("name", CASES)
def test_every_microlitre_is_accounted_for(name: str) -> None:
    found = balance(trace_of(name))
    assert found.worst <= 1e-9
    names = [account.name for account in found.sources]
    assert names == ["A bag", "B bag", "priming"]
    assert [(account.initial, account.unit) for account in found.drugs] == [(1000.0, "mg")]


@pytest.mark.parametrize("transport", [Transport.PLUG, Transport.MIXED])
def test_primed_limbs_back_pressure_and_a_closed_end(transport: Transport) -> None:
    setup = PathSetup(
        (
            LineSetup("A", "bag", 500, SALINE, limb_ml=5.0, limb_fluid=DRUG),
            LineSetup("B", "bag", 500, DRUG, limb_ml=8.0, limb_fluid=SALINE),
        ),
        AdministrationSet("set", 2.0, SALINE, 0.004, 0.02, transport),
        Access("access", 0.0, 1.3),
    )
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(20, None, CONCURRENT))),
        (0, Start()),
        (50 * MIN, Occlude(Place.PATIENT_END)),
        until_ns=60 * MIN,
        setup=setup,
    )
    found = balance(trace)
    assert found.worst <= 1e-9
    assert [account.initial for account in found.sources] == [5.0, 500.0, 8.0, 500.0, 2.0]
    in_line = sum(account.in_line for account in found.sources)
    assert in_line == pytest.approx(2.0 + 0.004 * (6 * 6.894757293168 - 1.3), rel=1e-6)


def test_v9_by_hand() -> None:
    """200 min of A, 180 min of B; 2.5 mL in the line, all of it carrier again."""
    a, b, priming = balance(trace_of("push_out")).sources
    assert (a.in_line, b.in_line, priming.in_line) == pytest.approx((2.5, 0.0, 0.0), abs=1e-9)
    assert b.at_patient == pytest.approx(15.0)
    assert a.at_patient == pytest.approx(20 + 45 + 20 + 20 / 3 - 2.5)
    assert priming.at_patient == pytest.approx(2.5)


def test_a_trace_that_loses_fluid_is_found_out() -> None:
    """Let the pressure drop by itself at the end: what compliance stored is gone."""
    trace = trace_of("occluded")
    last = trace.chunks[-1]
    leaking = PumpTrace(
        trace.pump,
        trace.model,
        trace.setup,
        history=LoneHistory(trace.setup, (*trace.chunks[:-1], replace(last, pressure_kpa=last.pressure_kpa * 0.5))),
        records=trace.records,
        decisions=trace.decisions,
        state=trace.state,
    )
    assert balance(leaking).worst > 1e-6


def test_what_stands_in_the_chamber_counts() -> None:
    """Looked at 1 min after the start: 100 mL/h draw 0.33 mL in 1.188 s, and give it in 10.692 s."""
    trace = run((0, LoadProgram("A", program(100))), (0, Start()), until_ns=MIN, model=STROKES)
    a = balance(trace).sources[0]
    part = (60.0 - 5 * 11.88) / 1.188
    assert a.in_chamber == pytest.approx(0.33 * part, rel=1e-3)
    assert a.in_container == pytest.approx(3000 - 5 * 0.33 - 0.33 * part, rel=1e-9)
