"""What hangs on a line is changed while it runs: bags, and what holds of any change. Laws, and cases worked out by hand.

Every mass is held to 1e-9; hand calculations stand with each test (PHYSICS 4.1, 4.3).
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.fluidics.network.plumbing import Member
from pumpsim.scenario import Scenario
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Change, Occlude, Place, Refill, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.outputs import AlarmRaised, LineMotion, MotorCommand
from pumpsim.vocabulary.path import AdministrationSet, JunctionSetup, Transport
from pumpsim.vocabulary.program import LineMode
from tests.build import DRUG, MIN, SALINE, SMOOTH, STROKES, H, S, path, program, run, scenario, simulate_one
from tests.examples import examples
from tests.simulation.changing import SYRINGE, bag, fluids, fresh, syringe_path

CONCURRENT = LineMode.CONCURRENT


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


def test_what_cannot_be_filled_again_where_it_is():
    net = NetworkPath([Member("main", SYRINGE, syringe_path())])
    with pytest.raises(ValueError, match="changed and not filled again"):
        net.disturb("main", H, Refill("A", 10.0, SALINE))
    with pytest.raises(ValueError, match="no line C"):
        net.disturb("main", H, Change("C", "bag", 10.0, SALINE))


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
