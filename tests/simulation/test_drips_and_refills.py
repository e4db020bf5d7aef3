"""Bags over a drip are changed, reservoirs filled again. Laws, and cases worked out by hand.

Every mass is held to 1e-9; hand calculations stand with each test (PHYSICS 4.1, 4.3).
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.catalogue.implanted import SYNCHROMED_II
from pumpsim.catalogue.pumps import MODELS, with_smooth_drive
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Occlude, Place, Refill, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.path import Access, AdministrationSet, DrugContent, Fluid, LineSetup, PathSetup, stirred
from tests.build import DRUG, MIN, SALINE, SMOOTH, H, S, program, run
from tests.examples import examples
from tests.simulation.changing import STRONG, bag, fluids


def drip(*entries, until_ns: int = 2 * H, volume: float = 500.0, limb_ml: float = 0.0) -> PumpTrace:
    """Saline by gravity, 100 mL/h set at the first heads, into a line that hardly resists."""
    setup = PathSetup(
        (LineSetup("A", "bag", volume, SALINE, limb_ml, head_kpa=9.0),),
        AdministrationSet("set", 2.0, SALINE, 0.001, 0.001),
        Access("vein", 0.001, 1.0),
    )
    model: PumpModel = MODELS["gravity-20"]
    return run(
        (0, LoadProgram("A", program(100))), (0, Start("A")), *entries, until_ns=until_ns, model=model, setup=setup
    )


def test_a_full_bag_over_a_drip_brings_its_flow_back():
    """9 kPa of head over 1 kPa of vein, 15 cm (1.468 kPa) of fall in 500 mL: flow goes as the head less the vein.

    100 mL/h x (8 - 1.468 V / 500) / 8; after an hour 96.4 mL/h; a full bag: 100 mL/h again.
    """
    trace = drip((H, bag(DRUG, 500.0, "A")))
    before, after = trace.at([H, H + 10 * S]).patient_flow_ml_per_h
    assert before == pytest.approx(100.0 * np.exp(-100.0 * 1.46844 / 500.0 / 8.0), rel=1e-3)
    assert after == pytest.approx(100.0, rel=2e-3)
    found = balance(trace)
    assert found.worst < 1e-9
    assert found.sources[0].taken == pytest.approx(500.0 - trace.at([H]).pumped_ml[0, 0], abs=1e-9)


def test_a_drip_that_has_run_dry_drips_again_from_the_next_bag():
    trace = drip((H, bag(SALINE, 250.0, "A")), volume=30.0)
    at = trace.at([30 * MIN, H, 90 * MIN]).patient_ml.sum(axis=0)
    assert at[:2] == pytest.approx([30.0, 30.0], abs=1e-6)
    assert 70.0 < at[2] < 80.0
    assert balance(trace).worst < 1e-9


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3600 * 1000),
            st.one_of(
                st.builds(bag, fluids, st.sampled_from([5.0, 200.0]), st.just("A"), st.sampled_from([None, 0.5, 9.0])),
                st.builds(Stop, st.none()),
                st.builds(Start, st.none()),
                st.sampled_from([Occlude(Place.LIMB, "A"), Release(Place.LIMB, "A")]),
            ),
        ),
        max_size=8,
    ),
    st.sampled_from([0.0, 7.0]),
)
def test_every_drug_is_accounted_for_whatever_bag_is_hung_over_a_drip(script, limb_ml):
    entries = sorted(((ms * 1_000_000, action) for ms, action in script), key=lambda pair: pair[0])
    assert balance(drip(*entries, limb_ml=limb_ml)).worst < 1e-9


def test_what_remains_in_a_reservoir_mixes_with_what_is_put_in():
    """20 mL of 4 mg/mL, 1 mL gone into 0.3 mL of pump tube and the line; all but 2 mL of 19 withdrawn, 18 mL of 0.5 put in.

    (2 x 4 + 18 x 0.5) / 20 = 0.85 mg/mL; 0.3 + 0.2 mL of the old are still ahead: at 1 mL/h half an hour.
    """
    weak = Fluid("drug 0.5 mg/mL", (DrugContent("drug", 0.5),))
    setup = PathSetup(
        (LineSetup("A", "reservoir", 20.0, STRONG, limb_ml=0.3),),
        AdministrationSet("catheter", 0.2, SALINE, 0.0, 0.0),
        Access("spine", 0.0),
    )
    trace = run(
        (0, LoadProgram("A", program(1))),
        (0, Start("A")),
        (H, Refill("A", 18.0, weak, 17.0)),
        until_ns=4 * H,
        model=with_smooth_drive(SYNCHROMED_II),
        setup=setup,
    )
    assert trace.sources[1].source.fluid.drugs[0].amount_per_ml == pytest.approx(0.85, rel=1e-12)
    at = trace.at([H, 90 * MIN, 150 * MIN])
    assert at.patient_drug[0] == pytest.approx([0.8 * 4.0, 1.3 * 4.0, 1.3 * 4.0 + 0.85], abs=1e-6)
    found = balance(trace)
    assert found.worst < 1e-9
    old, new, _ = found.sources
    assert (old.taken, old.mixed, new.hung) == pytest.approx((17.0, 2.0, 20.0))
    (drug,) = found.drugs
    assert (drug.initial, drug.hung, drug.taken) == pytest.approx((20.3 * 4.0, 9.0, 17.0 * 4.0))


def test_more_is_not_withdrawn_than_there_is():
    trace = run(
        (0, LoadProgram("B", program(10))),
        (0, Start("B")),
        (H, Refill("B", 50.0, STRONG, 5000.0)),
        until_ns=2 * H,
        model=SMOOTH,
    )
    _, old, new, _ = balance(trace).sources
    assert (old.taken, old.mixed, new.hung) == pytest.approx((990.0, 0.0, 50.0))


def test_two_fluids_stirred():
    one = Fluid("one", (DrugContent("a", 2.0), DrugContent("b", 1.0)), 1000.0)
    two = Fluid("two", (DrugContent("b", 5.0),), 1100.0)
    mixed = stirred(one, 1.0, two, 3.0)
    assert {d.drug: d.amount_per_ml for d in mixed.drugs} == pytest.approx({"a": 0.5, "b": 4.0})
    assert mixed.density_kg_per_m3 == pytest.approx(1075.0)
    assert stirred(one, 0.0, two, 3.0) is two
