"""What hangs on a line is changed while it runs: bags, syringes, refilled reservoirs. Laws, and cases worked out by hand.

Every mass is held to 1e-9; hand calculations stand with each test (PHYSICS 4.1, 4.3).
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.catalogue.implanted import SYNCHROMED_II
from pumpsim.catalogue.pumps import MODELS, with_smooth_drive
from pumpsim.catalogue.syringe_pumps import SYRINGE_PUMP, with_syringe
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.fluidics.network.plumbing import Member
from pumpsim.scenario import Entry, PumpSetup, Scenario
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Change, Occlude, Place, Refill, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import AlarmRaised, LineMotion, MotorCommand
from pumpsim.vocabulary.path import (
    Access,
    AdministrationSet,
    DrugContent,
    Fluid,
    JunctionSetup,
    LineSetup,
    PathSetup,
    Sensing,
    Transport,
    stirred,
)
from pumpsim.vocabulary.program import LineMode
from tests.build import DRUG, MIN, SALINE, SMOOTH, STROKES, H, S, path, program, run, scenario, simulate_one
from tests.examples import examples

CONCURRENT = LineMode.CONCURRENT
STRONG = Fluid("drug 4 mg/mL", (DrugContent("drug", 4.0),))
OTHER = Fluid("other 2 mg/mL", (DrugContent("other", 2.0),))
BD_50 = SYRINGES["bd-plastipak-50"]
SYRINGE = with_syringe(SYRINGE_PUMP, BD_50)
PLAY_ML = 0.1 * BD_50.area_mm2 / 1000.0
"""0.1 mm of play on 555.7 mm2: 55.6 uL."""
BREAKAWAY_KPA, COULOMB_KPA = 2.0 / BD_50.area_mm2 * 1000.0, 1.4 / BD_50.area_mm2 * 1000.0
GIVE = 0.0194


def bag(fluid: Fluid = STRONG, volume: float = 250.0, line: str = "B", head_kpa: float | None = None) -> Change:
    return Change(line, "bag", volume, fluid, head_kpa)


def syringe_path(
    *, compliance: float = 0.001, resistance: float = 0.05, transport: Transport = Transport.PLUG, volume: float = 50.0
) -> PathSetup:
    line = LineSetup("A", "syringe", volume, DRUG, syringe=BD_50)
    return PathSetup(
        (line,), AdministrationSet("set", 1.0, SALINE, compliance, resistance, transport), Access("access", 0.0)
    )


def fresh(fluid: Fluid = STRONG, volume: float = 50.0, *, purged: bool = False, bolus: float = 0.0) -> Change:
    return Change("A", "syringe", volume, fluid, purged=purged, bolus_ml=bolus)


# Bags


def test_a_second_bag_of_another_concentration_arrives_when_limb_and_line_are_through():
    """60 mL/h of 1 mg/mL; at 30 min 4 mg/mL, behind 5 mL of limb and 2.5 mL of line: 7.5 min. Nothing stores: exact."""
    setup = path(compliance=0.0, resistance=0.0)
    setup = replace(setup, lines=(setup.lines[0], replace(setup.lines[1], limb_ml=5.0)))
    trace = run(
        (0, LoadProgram("B", program(60))),
        (0, Start("B")),
        (30 * MIN, bag(volume=100.0)),
        until_ns=H,
        model=SMOOTH,
        setup=setup,
    )
    at = trace.at(np.array([30, 37, 38, 60]) * MIN)
    # saline first for 2.5 min, then 1 mg/min to 37.5 min, then 4 mg/min
    assert at.patient_drug[0] == pytest.approx([27.5, 34.5, 35.0 + 4.0 * 0.5, 35.0 + 4.0 * 22.5], abs=1e-9)
    found = balance(trace)
    assert found.worst < 1e-9
    _, old, new, _ = found.sources
    assert (old.initial, old.hung, old.taken) == pytest.approx((1005.0, 0.0, 1000.0 - 30.0))
    assert (new.initial, new.hung, new.in_container) == pytest.approx((0.0, 100.0, 100.0 - 25.0))
    assert (found.drugs[0].initial, found.drugs[0].hung, found.drugs[0].taken) == pytest.approx((1005.0, 400.0, 970.0))


@pytest.mark.parametrize("model", [STROKES, SMOOTH])
def test_a_bag_like_the_old_one_is_invisible_but_for_what_is_left(model):
    """Same fluid, same head, as much as was left: nothing but the volume in the books changes."""
    script = [(0, LoadProgram("A", program(100))), (0, LoadProgram("B", program(13.1, None, CONCURRENT))), (0, Start())]
    plain = run(*script, until_ns=2 * H, model=model)
    changed = run(*script, (47 * MIN + 7, bag(DRUG, 1000.0)), until_ns=2 * H, model=model)
    at = np.linspace(0, 2 * H, 400).astype(np.int64)
    one, two = plain.at(at), changed.at(at)
    assert [(r.at_ns, r.record) for r in plain.records] == [(r.at_ns, r.record) for r in changed.records]
    for name in ("pressure_kpa", "pumped_ml", "drawn_ml", "patient_drug"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), abs=1e-9)
    left = [sum(a.in_container for a in balance(t).sources if a.name.startswith("B")) for t in (plain, changed)]
    assert left[1] - left[0] == pytest.approx(float(changed.at([47 * MIN + 7]).drawn_ml[1, 0]), abs=1e-9)


def test_a_pump_that_runs_while_the_clamp_is_shut_draws_against_it_and_alarms():
    """1 uL/kPa of limb, from 4.9 kPa down to the limit: the gap of 45 s is noticed, and B goes on when it is restarted."""
    trace = run(
        (0, LoadProgram("B", program(60))),
        (0, Start("B")),
        (30 * MIN, Occlude(Place.LIMB, "B")),
        (30 * MIN, bag()),
        (30 * MIN + 45 * S, Release(Place.LIMB, "B")),
        (32 * MIN, Start("B")),
        until_ns=H,
    )
    raised = [r for r in trace.records if isinstance(r.record, AlarmRaised)]
    assert [r.record.alarm.value for r in raised] == ["occlusion-proximal"]
    assert 30 * MIN < raised[0].at_ns < 30 * MIN + 45 * S
    assert trace.at([H]).pumped_ml[1, 0] == pytest.approx(30.0 + 28.0, abs=0.4)
    assert balance(trace).worst < 1e-9


def test_a_new_bag_ends_the_air_alarm_of_an_empty_one():
    """20 mL at 60 mL/h: empty at 20 min; the new bag at 25 min, the pump restarted: 35 mL more."""
    trace = run(
        (0, LoadProgram("B", program(60))),
        (0, Start("B")),
        (25 * MIN, bag(DRUG, 250.0)),
        (25 * MIN, Start("B")),
        until_ns=H,
        setup=path(bags_ml=(100.0, 20.0)),
    )
    assert [r.record.alarm.value for r in trace.records if isinstance(r.record, AlarmRaised)] == [
        "air-in-line-proximal"
    ]
    assert trace.at([H]).pumped_ml[1, 0] == pytest.approx(20.0 + 35.0, abs=0.4)
    found = balance(trace)
    assert found.worst < 1e-9
    assert found.sources[1].taken == pytest.approx(0.0, abs=1e-3)


def test_another_head_is_what_the_pump_measures_ahead_of_it():
    path_ = FluidPath(STROKES, path())
    path_.disturb(H, bag(head_kpa=7.0))
    assert path_.read(H).lines[1].proximal_kpa == 7.0
    closed = FluidPath(STROKES, path())
    closed.disturb(H, Occlude(Place.LIMB, "B"))
    closed.disturb(H, bag(head_kpa=7.0))
    assert closed.read(H).lines[1].proximal_kpa == pytest.approx(4.9)
    closed.disturb(2 * H, Release(Place.LIMB, "B"))
    assert closed.read(2 * H).lines[1].proximal_kpa == 7.0


def test_a_higher_bag_over_a_mechanism_that_leaks_lets_more_through():
    """0.01 mL/h for each kPa, the pump at rest, the line without resistance: the head drives it alone, 5 kPa, then 8 kPa."""
    leaking = replace(SMOOTH, mechanism=replace(SMOOTH.mechanism, leak_ml_per_h_per_kpa=0.01))
    setup = path(compliance=0.001, resistance=0.0)
    lines = tuple(replace(line, head_kpa=5.0) for line in setup.lines)
    net = NetworkPath([Member("main", leaking, replace(setup, lines=lines))])
    net.disturb("main", H, bag(line="A", head_kpa=8.0))
    net.advance(2 * H)
    flows = [
        passage.stretch.values(passage.stretch.mode.flows, np.array([0]), np.array([0.5]))[:, 0]
        for passage in net.history
    ]
    leaked = [abs(float(flow[net.plumbing.back_leak_of["main"]])) for flow in flows]
    assert leaked == pytest.approx([0.05, 0.08])


fluids = st.sampled_from([SALINE, DRUG, STRONG, OTHER])
hangings = st.one_of(
    st.builds(
        Change,
        st.sampled_from(["A", "B"]),
        st.just("bag"),
        st.sampled_from([0.5, 10.0, 100.0]),
        fluids,
        st.sampled_from([None, 2.0, 9.0]),
    ),
    st.builds(Refill, st.sampled_from(["A", "B"]), st.sampled_from([1.0, 20.0]), fluids, st.sampled_from([None, 3.0])),
)
doings = st.one_of(
    hangings,
    hangings,
    st.builds(Start, st.sampled_from([None, "A", "B"])),
    st.builds(Stop, st.sampled_from([None, "A", "B"])),
    st.builds(Titrate, st.sampled_from(["A", "B"]), st.sampled_from([500_000, 13_100_000, 80_000_000])),
    st.sampled_from(
        [Occlude(Place.PATIENT_END), Release(Place.PATIENT_END), Occlude(Place.LIMB, "B"), Release(Place.LIMB, "B")]
    ),
)
scripts = st.lists(st.tuples(st.integers(0, 3 * 3600 * 1000), doings), max_size=12)


def two_bags(script, model=STROKES, transport=Transport.PLUG, limb_ml=4.0):
    setup = path(bags_ml=(30.0, 50.0), transport=transport)
    lines = tuple(replace(line, limb_ml=limb_ml, limb_fluid=SALINE) for line in setup.lines)
    entries = [
        (0, LoadProgram("A", program(40))),
        (0, LoadProgram("B", program(25, None, CONCURRENT))),
        (0, Start()),
        *sorted(((ms * 1_000_000, action) for ms, action in script), key=lambda pair: pair[0]),
    ]
    return scenario(*entries, until_ns=4 * H, model=model, setup=replace(setup, lines=lines))


@settings(max_examples=examples(120), deadline=None)
@given(
    scripts,
    st.sampled_from([STROKES, SMOOTH]),
    st.sampled_from([Transport.PLUG, Transport.MIXED]),
    st.sampled_from([0.0, 4.0]),
)
def test_every_drug_is_accounted_for_whatever_is_hung(script, model, transport, limb_ml):
    (trace,) = simulate_one(two_bags(script, model, transport, limb_ml)).traces
    found = balance(trace)
    assert found.worst < 1e-9
    assert min(min(a.in_container, a.taken, a.mixed) for a in found.sources) > -1e-9


def as_network(lone: Scenario) -> PumpTrace:
    """The same pump, its set led through a junction that is nothing."""
    (setup,) = lone.pumps
    ideal = AdministrationSet("ideal", 0.0, SALINE, 0.0, 0.0)
    meets = JunctionSetup("all", ideal, setup.path.access)
    pump = replace(setup, path=replace(setup.path, into="all"))
    return simulate(replace(lone, pumps=(pump,), junctions=(meets,))).traces[0]


@settings(max_examples=examples(30), deadline=None)
@given(scripts, st.sampled_from([STROKES, SMOOTH]))
def test_a_lone_line_and_a_network_agree(script, model):
    given_scenario = two_bags(script, model)
    lone, network = simulate(given_scenario).traces[0], as_network(given_scenario)
    assert [(r.at_ns, r.record) for r in lone.records] == [(r.at_ns, r.record) for r in network.records]
    at = np.linspace(0, 4 * H, 97).astype(np.int64)
    one, two = lone.at(at), network.at(at)
    assert one.pumped_ml == pytest.approx(two.pumped_ml, abs=1e-9)
    assert one.drawn_ml == pytest.approx(two.drawn_ml, abs=1e-9)
    names = [origin.source.name for origin in lone.sources]
    assert names == [origin.source.name for origin in network.sources][: len(names)]
    here, there = balance(lone), balance(network)
    for a, b in zip(here.drugs, there.drugs, strict=True):
        assert (a.hung, a.taken, a.at_patient, a.in_line) == pytest.approx(
            (b.hung, b.taken, b.at_patient, b.in_line), abs=1e-8
        )
    assert there.worst < 1e-9


# Syringes


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


@settings(max_examples=examples(15), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1200 * 1000), st.booleans(), syringe_doings), max_size=10),
    st.sampled_from([Transport.PLUG, Transport.MIXED, Transport.TANKS]),
)
def test_every_drug_of_two_pumps_is_accounted_for_whatever_syringes_are_put_on(script, transport):
    traces = simulate(two_syringes(script, transport)).traces
    for trace in traces:
        assert balance(trace).worst < 1e-9


# Drips


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


def test_a_syringe_behind_a_limb():
    """Tubing between container and set stays when the container goes: 3 mL come first."""
    setup = syringe_path()
    behind = replace(setup, lines=(replace(setup.lines[0], limb_ml=3.0, limb_fluid=SALINE),))
    trace = changed_syringe(fresh(bolus=-0.02), setup=behind)
    found = balance(trace)
    assert found.worst < 1e-9
    assert trace.sources[2].begin_ml == pytest.approx(trace.at([H + 30 * S - 1]).pumped_ml[0, 0] + 3.0, abs=1e-6)


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


# Reservoirs


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


def test_what_cannot_be_filled_again_where_it_is():
    net = NetworkPath([Member("main", SYRINGE, syringe_path())])
    with pytest.raises(ValueError, match="changed and not filled again"):
        net.disturb("main", H, Refill("A", 10.0, SALINE))
    with pytest.raises(ValueError, match="no line C"):
        net.disturb("main", H, Change("C", "bag", 10.0, SALINE))


def test_two_fluids_stirred():
    one = Fluid("one", (DrugContent("a", 2.0), DrugContent("b", 1.0)), 1000.0)
    two = Fluid("two", (DrugContent("b", 5.0),), 1100.0)
    mixed = stirred(one, 1.0, two, 3.0)
    assert {d.drug: d.amount_per_ml for d in mixed.drugs} == pytest.approx({"a": 0.5, "b": 4.0})
    assert mixed.density_kg_per_m3 == pytest.approx(1075.0)
    assert stirred(one, 0.0, two, 3.0) is two


# Looking


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.integers(0, 2 * H), min_size=1, max_size=20))
def test_looking_does_not_disturb(looks):
    """Looks between two changes, in any order, are bit-equal to none: of a lone line and of a syringe."""
    command = MotorCommand((LineMotion("A", 30_000_000), LineMotion("B", 13_100_000)))
    push = MotorCommand((LineMotion("A", 3_000_000),))
    quiet, watched = FluidPath(STROKES, path()), FluidPath(STROKES, path())
    still, seen = (NetworkPath([Member("main", SYRINGE, syringe_path())]) for _ in range(2))
    for one, many in ((quiet, watched),):
        for fluid_path in (one, many):
            fluid_path.command(0, command)
        for at in sorted(looks):
            many.read(at)
        for fluid_path in (one, many):
            fluid_path.disturb(2 * H, bag())
        assert one.read(3 * H) == many.read(3 * H)
        assert one.hung == many.hung
    for net in (still, seen):
        net.command("main", 0, push)
    for at in sorted(looks):
        seen.read("main", at)
    for net in (still, seen):
        net.disturb("main", 2 * H, fresh(bolus=0.01))
    assert still.read("main", 3 * H) == seen.read("main", 3 * H)
    assert still.hung == seen.hung
