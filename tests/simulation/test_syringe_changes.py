"""A syringe is changed while its pump runs. Laws, and cases worked out by hand.

Every mass is held to 1e-9; hand calculations stand with each test (PHYSICS 4.1, 4.3).
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.catalogue.pumps import with_smooth_drive
from pumpsim.catalogue.syringe_pumps import SYRINGE_PUMP
from pumpsim.scenario import Entry, PumpSetup, Scenario
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Change, Occlude, Place, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.path import Access, AdministrationSet, JunctionSetup, LineSetup, PathSetup, Sensing, Transport
from tests.build import DRUG, MIN, SALINE, H, S, program, run
from tests.examples import examples
from tests.simulation.changing import BD_50, OTHER, STRONG, SYRINGE, fresh, syringe_path

PLAY_ML = 0.1 * BD_50.area_mm2 / 1000.0
"""0.1 mm of play on 555.7 mm2: 55.6 uL."""
BREAKAWAY_KPA, COULOMB_KPA = 2.0 / BD_50.area_mm2 * 1000.0, 1.4 / BD_50.area_mm2 * 1000.0
GIVE = 0.0194


def changed_syringe(change: Change, *, running: float = 5.0, setup: PathSetup | None = None) -> PumpTrace:
    """5 mL/h for an hour, stopped for half a minute, in which the syringe is changed."""
    return run(
        (0, LoadProgram("A", program(running))),
        (0, Start("A")),
        (H, Stop("A")),
        (H + 30 * S, change),
        (H + 30 * S, Start("A")),
        until_ns=2 * H,
        model=SYRINGE,
        setup=setup or syringe_path(),
    )


def moves_at(trace: PumpTrace, after_ns: int) -> float:
    """Seconds from an instant until the plunger has given 0.1 uL more."""
    start = float(trace.at([after_ns]).pumped_ml[0, 0])
    low, high = after_ns, trace.end_ns
    while high - low > 1_000_000:
        middle = (low + high) // 2
        low, high = (low, middle) if float(trace.at([middle]).pumped_ml[0, 0]) > start + 1e-4 else (middle, high)
    return (high - after_ns) / S


@pytest.mark.parametrize(
    ("purged", "slack_ml"),
    [(False, PLAY_ML + GIVE * BREAKAWAY_KPA), (True, GIVE * (BREAKAWAY_KPA - COULOMB_KPA))],
    ids=["as it is", "purged"],
)
def test_after_a_syringe_change_nothing_comes_until_play_and_spring_are_taken_up(purged, slack_ml):
    """55.6 + 69.8 = 125.4 uL, or 20.9 uL, at 5 mL/h: 90.3 s, or 15.1 s; the line is at rest by then."""
    trace = changed_syringe(fresh(purged=purged))
    assert moves_at(trace, H + 30 * S) == pytest.approx(slack_ml / 5.0 * 3600.0, abs=0.3)
    assert balance(trace).worst < 1e-9
    assert trace.at([2 * H]).pumped_ml[0, 0] == pytest.approx(
        10.0 - 30 * 5 / 3600 - PLAY_ML - GIVE * COULOMB_KPA - (0.0 if purged else PLAY_ML + GIVE * COULOMB_KPA),
        abs=0.15,
    )


def test_a_stop_and_a_start_without_a_change_miss_only_what_the_spring_lacks():
    """The same stop without a change behaves as the purged syringe does: the spring is at its sliding friction."""
    script = [(0, LoadProgram("A", program(5))), (0, Start("A")), (H, Stop("A")), (H + 30 * S, Start("A"))]
    plain = run(*script, until_ns=2 * H, model=SYRINGE, setup=syringe_path())
    purged = changed_syringe(fresh(DRUG, purged=True))
    assert moves_at(plain, H + 30 * S) == pytest.approx(moves_at(purged, H + 30 * S), abs=0.2)


@pytest.mark.parametrize("bolus", [0.02, -0.02])
def test_what_handling_pushes_goes_through_the_line(bolus):
    """Elli 2020: 8 +- 33 uL. What is pushed moves what the line holds, not the fresh drug."""
    plain, pushed = changed_syringe(fresh(purged=True)), changed_syringe(fresh(purged=True, bolus=bolus))
    at = [H + 30 * S]
    more = pushed.at(at).patient_ml.sum() - plain.at(at).patient_ml.sum()
    assert more == pytest.approx(bolus, abs=1e-9)
    found = balance(pushed)
    assert found.worst < 1e-9
    assert found.sources[0].taken == pytest.approx(50.0 - plain.at([H + 30 * S]).pumped_ml[0, 0], abs=1e-9)


def test_the_fresh_syringe_reaches_the_patient_behind_what_the_line_holds():
    """Without any store or friction: 1 mL of line at 5 mL/h is 12 min; from 1 h on 4 mg/mL."""
    ideal = replace(BD_50, breakaway_n=0.0, coulomb_n=0.0)
    setup = syringe_path(compliance=0.0, resistance=0.0)
    setup = replace(setup, lines=(replace(setup.lines[0], syringe=ideal),))
    trace = run(
        (0, LoadProgram("A", program(5))),
        (0, Start("A")),
        (H, fresh()),
        until_ns=2 * H,
        model=with_smooth_drive(SYRINGE_PUMP),
        setup=setup,
    )
    at = trace.at([72 * MIN, 2 * H])
    assert at.patient_drug[0] == pytest.approx([5.0, 5.0 + 4.0 * 4.0], abs=1e-6)


syringe_doings = st.one_of(
    st.builds(
        fresh,
        st.sampled_from([DRUG, STRONG, OTHER]),
        st.sampled_from([0.2, 10.0, 50.0]),
        purged=st.booleans(),
        bolus=st.sampled_from([0.0, 0.033, -0.025, 0.008, -0.06]),
    ),
    st.builds(Start, st.none()),
    st.builds(Stop, st.none()),
    st.builds(Titrate, st.just("A"), st.sampled_from([500_000, 5_000_000, 60_000_000])),
    st.sampled_from([Occlude(Place.PATIENT_END), Release(Place.PATIENT_END)]),
)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3600 * 1000), syringe_doings), max_size=10),
    st.sampled_from([Transport.PLUG, Transport.MIXED, Transport.TANKS]),
)
def test_every_drug_is_accounted_for_whatever_syringe_is_put_on(script, transport):
    setup = syringe_path(transport=transport, compliance=0.004, volume=10.0)
    entries = sorted(((ms * 1_000_000, action) for ms, action in script), key=lambda pair: pair[0])
    trace = run(
        (0, LoadProgram("A", program(5))), (0, Start("A")), *entries, until_ns=2 * H, model=SYRINGE, setup=setup
    )
    assert balance(trace).worst < 1e-9


def two_syringes(script, transport: Transport) -> Scenario:
    """Two syringe pumps that meet in a stirred or a plain line; what is drawn back at one may be the other's drug."""
    common = AdministrationSet("common", 0.4, SALINE, 0.002, 0.1, transport, tanks=3)
    thin = AdministrationSet("thin", 0.1, SALINE, 0.002, 0.05, transport, tanks=3)
    pumps, entries = [], []
    for i, (id, fluid) in enumerate((("one", DRUG), ("two", OTHER))):
        line = LineSetup("A", "syringe", 20.0, fluid, syringe=BD_50)
        setup = PathSetup((line,), thin, Access("none", 0.0), "all")
        pumps.append(PumpSetup(id, SYRINGE, setup, Sensing()))
        entries += [Entry(0, id, LoadProgram("A", program(3.0 + 2.0 * i))), Entry(0, id, Start())]
    entries += [
        Entry(ms * 1_000_000, "one" if first else "two", action)
        for ms, first, action in sorted(script, key=lambda row: row[0])
    ]
    meets = (JunctionSetup("all", common, Access("vein", 0.2, 1.3)),)
    return Scenario("test", "test", 40 * MIN, 1, tuple(pumps), tuple(entries), (), MIN, "", meets)


@settings(max_examples=examples(10), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1200 * 1000), st.booleans(), syringe_doings), max_size=10),
    st.sampled_from([Transport.PLUG, Transport.MIXED, Transport.TANKS]),
)
def test_every_drug_of_two_pumps_is_accounted_for_whatever_syringes_are_put_on(script, transport):
    traces = simulate(two_syringes(script, transport)).traces
    for trace in traces:
        assert balance(trace).worst < 1e-9


def test_a_syringe_behind_a_limb():
    """Tubing between container and set stays when the container goes: 3 mL come first."""
    setup = syringe_path()
    behind = replace(setup, lines=(replace(setup.lines[0], limb_ml=3.0, limb_fluid=SALINE),))
    trace = changed_syringe(fresh(bolus=-0.02), setup=behind)
    found = balance(trace)
    assert found.worst < 1e-9
    assert trace.sources[2].begin_ml == pytest.approx(trace.at([H + 30 * S - 1]).pumped_ml[0, 0] + 3.0, abs=1e-6)
