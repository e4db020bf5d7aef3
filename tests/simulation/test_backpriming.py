"""Backpriming, from the order to what reaches the patient: laws, and cases worked out by hand. Every mass is held to 1e-9."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.fluidics.drives.backpriming import GIVES_WAY_KPA
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import AirIn, Change, Occlude, Place, PowerBack, PowerCut, Release, Warm
from pumpsim.vocabulary.inputs import Backprime, LoadProgram, SetClock, Start, Stop
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.path import DrugContent, Fluid, Transport
from pumpsim.vocabulary.program import LineMode
from tests.build import DRUG, MIN, SALINE, SMOOTH, STROKES, H, S, path, program, run, said, when
from tests.examples import examples

ML = 10**6
OTHER = Fluid("other 5 mg/mL", (DrugContent("other", 5.0),))
PIGGYBACK, CONCURRENT = LineMode.PIGGYBACK, LineMode.CONCURRENT


def limbs(a_ml=8.0, b_ml=12.0, bags_ml=(500.0, 100.0), b_fluid=None, **kwargs):
    """Limbs of these volumes below two bags; B's filled with another fluid at first, if one is named."""
    whole = path(bags_ml=bags_ml, **kwargs)
    first, second = whole.lines
    return replace(whole, lines=(replace(first, limb_ml=a_ml), replace(second, limb_ml=b_ml, limb_fluid=b_fluid)))


def account(trace: PumpTrace) -> dict[str, float]:
    """What of each drug has reached the patient at the end; the books must balance."""
    found = balance(trace)
    assert found.worst < 1e-9
    return {drug.name: drug.at_patient for drug in found.drugs}


def test_the_primarys_fluid_comes_first_and_then_the_drug():
    """6 mL of saline in B's limb below the drug: at 60 mL/h it comes for 6 min, behind 2.5 mL of set; exact, nothing stores."""
    trace = run(
        (0, Backprime("B", 6 * ML)),
        (2 * MIN, LoadProgram("B", program(60))),
        (2 * MIN, Start("B")),
        until_ns=20 * MIN,
        model=SMOOTH,
        setup=limbs(compliance=0.0, resistance=0.0),
    )
    at = trace.at(np.array([10, 10.5, 11, 20]) * MIN // 1)
    assert at.patient_drug[0] == pytest.approx([0.0, 0.0, 0.5, 9.5], abs=1e-9)
    assert at.pumped_ml[:, -1] == pytest.approx([0.0, 18.0]), "what is backprimed counts for no line"
    assert account(trace) == pytest.approx({"drug": 9.5})
    assert said(trace)[:2] == [(0.0, "backprime-started", "B"), (6 / 5, "backprime-complete", "B")], "300 mL/h"


def test_what_is_driven_over_the_limb_mixes_in_the_bag():
    """20 mL into 12 mL of limb: 8 mL, and the 12 mL of drug that were there, go up; 100 mL are 108 then, 100/108 of it drug."""
    trace = run(
        (0, Backprime("B", 20 * ML)),
        (5 * MIN, LoadProgram("B", program(60))),
        (5 * MIN, Start("B")),
        until_ns=25 * MIN,
        model=SMOOTH,
        setup=limbs(compliance=0.0, resistance=0.0, bags_ml=(500.0, 88.0)),
    )
    at = trace.at(np.array([19.5, 20.5, 25]) * MIN // 1)
    share = 100.0 / 108.0
    assert at.patient_drug[0] == pytest.approx([0.0, share, 5.5 * share], abs=1e-9)
    assert account(trace) == pytest.approx({"drug": 5.5 * share})


def test_what_filled_the_limb_goes_up_into_the_bag_too():
    """3 mL of limb were saline: 5 mL of the primary's drug push all of it, and 2 mL of their own, into 50 mL."""
    setup = limbs(b_ml=3.0, bags_ml=(500.0, 50.0), b_fluid=SALINE, fluids=(OTHER, DRUG), compliance=0.0, resistance=0.0)
    trace = run(
        (0, Backprime("B", 5 * ML)),
        (5 * MIN, LoadProgram("B", program(60))),
        (5 * MIN, Start("B")),
        until_ns=15 * MIN,
        model=SMOOTH,
        setup=setup,
    )
    # 10 mL given, 2.5 mL of them still in the set: 3 mL of the other drug first, then 4.5 mL of 50 drug, 3 saline and 2 other
    found = account(trace)
    assert found["drug"] == pytest.approx(4.5 * 50.0 / 55.0)
    assert found["other"] == pytest.approx(5.0 * (3.0 + 4.5 * 2.0 / 55.0))


@pytest.mark.parametrize("model", [STROKES, SMOOTH])
def test_air_that_stands_at_the_pump_goes_up_into_the_bag(model):
    """3 mL of air come to B's inlet; the trap keeps 1 mL, the rest alarms. 15 mL drive it over 12 mL of limb: no more of it."""
    script = [
        (0, LoadProgram("B", program(100, 50, at_end=AtEnd.STOP))),
        (0, Start("B")),
        (2 * MIN, AirIn("B", 3.0, at_pump=False)),
    ]
    again = [(20 * MIN, Backprime("B", 15 * ML)), (25 * MIN, Start("B"))]
    trace = run(*script, *again, until_ns=H, model=model, setup=limbs())
    (alarm,) = when(trace, "alarm air-in-line-proximal", "B")
    assert alarm == pytest.approx(2 + (12.0 + 1.0) / 100 * 60, abs=0.2), "limb and trap later"
    assert when(trace, "delivery-complete", "B")
    # 16.33 mL of drug by the alarm, 12 mL of saline, 2 of the 14 mL up in the 96.67 mL of the bag; 2.5 mL are in the set
    share = 96.667 / 98.667
    within = 1e-3 if model is SMOOTH else 0.33
    assert account(trace)["drug"] == pytest.approx(16.333 + (50.0 - 16.333 - 12.0 - 2.5) * share, abs=within)
    books = {a.name: a for a in balance(trace).sources}
    assert (books["A bag"].mixed, books["A bag"].taken) == pytest.approx((14.0, 1.0), abs=within), "1 mL fills the trap"
    short = run(
        *script, (20 * MIN, Backprime("B", 2 * ML)), (25 * MIN, Start("B")), until_ns=H, model=model, setup=limbs()
    )
    assert len(when(short, "alarm air-in-line-proximal", "B")) == 2, "it comes down again"
    account(short)


def test_a_closed_limb_ends_it_by_its_pressure():
    """1 uL/kPa of limb from 4.9 kPa to the limit of 41.4 kPa: 36.5 uL, less than half a second."""
    setup = limbs()
    trace = run((0, Occlude(Place.LIMB, "B")), (0, Backprime("B", 6 * ML)), until_ns=MIN, setup=setup)
    give = setup.lines[1].limb_compliance_ml_per_kpa
    (stopped,) = when(trace, "backprime-stopped", "B")
    limit = STROKES.backpriming.most_kpa
    assert stopped * 60 == pytest.approx((limit - 4.9) * give / 300 * 3600, abs=1e-4)
    account(trace)


def test_a_pump_that_nothing_stops_does_not_burst_a_closed_limb():
    """Without the controller's limit the fluid path gives way at its own."""
    model = replace(STROKES, backpriming=replace(STROKES.backpriming, most_kpa=1e9))
    trace = run(
        (0, Occlude(Place.LIMB, "B")), (0, Backprime("B", 6 * ML)), until_ns=10 * MIN, model=model, setup=limbs()
    )
    assert when(trace, "alarm motor-stall")
    assert trace.state.reading.lines[1].proximal_kpa == pytest.approx(GIVES_WAY_KPA, abs=0.2)


def test_a_primary_that_is_clamped_ends_it():
    trace = run((0, Occlude(Place.LIMB, "A")), (0, Backprime("B", 6 * ML)), until_ns=10 * MIN, setup=limbs())
    assert when(trace, "alarm occlusion-proximal", "A")
    assert when(trace, "backprime-stopped", "B")
    account(trace)


def test_a_primary_that_runs_dry_ends_it():
    trace = run((0, Backprime("B", 20 * ML)), until_ns=10 * MIN, setup=limbs(bags_ml=(4.0, 100.0)))
    (empty,) = when(trace, "alarm air-in-line-proximal", "A")
    assert empty == pytest.approx(12.0 / 300 * 60, abs=0.01)
    assert when(trace, "backprime-stopped", "B") == [empty]
    account(trace)


def test_a_motor_that_does_not_move_is_noticed():
    trace = run((0, MotorFault(0)), (0, Backprime("B", 5 * ML)), until_ns=10 * MIN, setup=limbs())
    assert when(trace, "alarm motor-stall") == [pytest.approx(2.0 + 10 / 60)], "twice its time, and 10 s"
    assert trace.state.reading.lines[1].backprimed == 0


def test_what_stands_in_the_chamber_goes_up_first():
    """Stopped within a stroke, of which so much was drawn and not given: what there was of B is up in its limb again."""
    script = [
        (0, LoadProgram("A", program(60))),
        (0, LoadProgram("B", program(60, None, CONCURRENT))),
        (0, Start()),
        (63 * S, Stop()),
    ]
    before = run(*script, until_ns=2 * MIN, setup=limbs())
    end = before.at([before.end_ns])
    inside = (end.drawn_ml - end.pumped_ml)[:, 0]
    assert inside.min() > 0.01
    after = run(*script, (70 * S, Backprime("B", ML)), until_ns=2 * MIN, setup=limbs())
    last = after.at([after.end_ns])
    assert last.pumped_ml[:, 0] == pytest.approx(end.pumped_ml[:, 0], abs=1e-12)
    assert last.drawn_ml[:, 0] == pytest.approx(end.drawn_ml[:, 0], abs=1e-12)
    held = {a.name: a.in_chamber for a in balance(after).sources}
    assert held["B bag"] == pytest.approx(0.0, abs=1e-12)
    assert held["B backprimed"] == pytest.approx(inside[1]), "the chamber is as full as before, of the primary's fluid"
    account(after)


def test_a_power_cut_ends_it_and_counts_begin_anew():
    trace = run(
        (0, Backprime("B", 6 * ML)),
        (30 * S, PowerCut()),
        (60 * S, PowerBack()),
        (70 * S, Backprime("B", 2 * ML)),
        until_ns=3 * MIN,
        setup=limbs(),
    )
    assert when(trace, "backprime-complete", "B") == [pytest.approx((70 + 24) / 60)]
    assert sum(a.hung for a in balance(trace).sources if a.name == "B backprimed") == pytest.approx(2.5 + 2.0)
    account(trace)


ACTIONS = st.sampled_from(
    [
        Start(),
        Stop(),
        Start("A"),
        Stop("B"),
        Occlude(Place.LIMB, "A"),
        Occlude(Place.LIMB, "B"),
        Release(Place.LIMB, "A"),
        Release(Place.LIMB, "B"),
        Occlude(Place.PATIENT_END, None),
        Release(Place.PATIENT_END, None),
        Change("B", "bag", 40.0, OTHER),
        Change("A", "bag", 30.0, DRUG),
        MotorFault(0),
        MotorFault(1_000_000),
        SetClock(0),
    ]
)
AIR = st.builds(AirIn, st.sampled_from("AB"), st.floats(0.05, 4.0), at_pump=st.booleans())
MOMENTS = st.integers(0, 20 * 60 * 1000).map(lambda ms: ms * 10**6)


ORDERS = st.tuples(MOMENTS, st.integers(ML // 100, 30 * ML), st.integers(0, 6 * MIN)).map(
    lambda order: [(order[0], Stop()), (order[0], Backprime("B", order[1])), (order[0] + order[2], Start())]
)
SCRIPTS = st.tuples(
    st.lists(ORDERS, min_size=1, max_size=3), st.lists(st.tuples(MOMENTS, ACTIONS).map(lambda e: [e]), max_size=5)
).map(lambda parts: [entry for part in (*parts[0], *parts[1]) for entry in part])
"""Stop, backprime, go on, as somebody may do it, and what may come between."""


def scripted(found, until_ns=25 * MIN, **kwargs):
    """B beside A, and then whatever was found."""
    first = [
        (0, LoadProgram("A", program(40))),
        (0, LoadProgram("B", program(90, None, CONCURRENT))),
        (0, Start()),
    ]
    return run(*first, *sorted(found, key=lambda entry: entry[0]), until_ns=until_ns, **kwargs)


@pytest.mark.parametrize("model", [STROKES, SMOOTH], ids=["strokes", "smooth"])
@pytest.mark.parametrize("transport", [Transport.PLUG, Transport.MIXED])
@settings(max_examples=examples(12))
@given(SCRIPTS)
def test_mass_is_conserved_whatever_is_backprimed(model, transport, found):
    trace = scripted(found, model=model, setup=limbs(transport=transport, b_fluid=SALINE))
    assert balance(trace).worst < 1e-9


@settings(max_examples=examples(5))
@given(SCRIPTS, st.lists(st.tuples(MOMENTS, AIR), min_size=1, max_size=3))
def test_mass_is_conserved_with_air_among_it(found, air):
    trace = scripted([*found, *air], setup=limbs(b_fluid=SALINE))
    assert balance(trace).worst < 1e-9


@settings(max_examples=examples(6))
@given(SCRIPTS)
def test_a_network_of_one_line_says_the_same(found):
    """A one-way valve makes a network of it."""
    lone = scripted(found, setup=limbs(compliance=0.002))
    valve = limbs(compliance=0.002)
    network = scripted(found, setup=replace(valve, set=replace(valve.set, valve_kpa=0.0)))
    at = np.linspace(0, 25 * MIN, 97).astype(np.int64)
    one, two = lone.at(at), network.at(at)
    assert one.pumped_ml == pytest.approx(two.pumped_ml, abs=1e-6)
    assert one.patient_drug == pytest.approx(two.patient_drug, abs=1e-6)
    theirs = {account.name: account for account in balance(network).sources}
    for mine in balance(lone).sources:
        assert mine.in_container == pytest.approx(theirs[mine.name].in_container, abs=1e-6), mine.name


@settings(max_examples=examples(6))
@given(SCRIPTS, st.lists(MOMENTS, max_size=5))
def test_looking_changes_nothing(found, looks):
    """An anchor cuts what is driven in two: nothing that matters may depend on it."""
    plain = scripted(found, setup=limbs())
    looked = scripted([*found, *((at, Warm("main", 20.0)) for at in looks)], setup=limbs())
    one, two = ([(r.at_ns, type(r.record)) for r in trace.records] for trace in (plain, looked))
    assert [kind for _, kind in one] == [kind for _, kind in two]
    assert [at for at, _ in one] == pytest.approx([at for at, _ in two], abs=100), (
        "pressures begin anew at an anchor: some ns"
    )
    drugs = [[drug.at_patient for drug in balance(trace).drugs] for trace in (plain, looked)]
    assert drugs[0] == pytest.approx(drugs[1], abs=1e-9)
