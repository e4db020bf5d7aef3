"""Laws that hold for any scenario: conservation, looking, shifting, replay, sensing, independence of the lines."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pumpsim.analysis.balance import balance
from pumpsim.controller import Pump
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.journal import write_journal
from pumpsim.replay import replay
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import ChangeMode, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.model import Interleave
from pumpsim.vocabulary.outputs import AlarmRaised, DeliveryEvent, LineMotion, MotorCommand
from pumpsim.vocabulary.path import Sensing, Transport
from pumpsim.vocabulary.program import LineMode
from tests.build import CYCLE_ML, DRUG, MIN, SALINE, SMOOTH, STROKES, H, S, path, program, run, scenario, simulate_one
from tests.examples import examples

CONCURRENT = LineMode.CONCURRENT
rates = st.integers(5, 2_000).map(lambda tenths: tenths / 10 if tenths < 1000 else tenths // 10)
actions = st.one_of(
    st.builds(Start, st.sampled_from([None, "A", "B"])),
    st.builds(Stop, st.sampled_from([None, "A", "B"])),
    st.builds(Titrate, st.sampled_from(["A", "B"]), rates.map(lambda r: round(r * 1e6))),
    st.builds(ChangeMode, st.just("B"), st.sampled_from([LineMode.PIGGYBACK, CONCURRENT])),
    st.sampled_from(
        [Occlude(Place.PATIENT_END), Release(Place.PATIENT_END), Occlude(Place.LIMB, "B"), Release(Place.LIMB, "B")]
    ),
)
scripts = st.lists(st.tuples(st.integers(1, 3 * 3600 * 1000), actions), max_size=12)
WHOLE = replace(STROKES, mechanism=replace(STROKES.mechanism, interleave=Interleave.WHOLE_STROKE))
models = st.sampled_from([STROKES, SMOOTH, WHOLE])


def a_scenario(script, model=STROKES, rate_a=100.0, rate_b=25.0, setup=None, until_ns=4 * H, **kwargs):
    entries = [
        (0, LoadProgram("A", program(rate_a, 150))),
        (0, LoadProgram("B", program(rate_b, 60, CONCURRENT))),
        (0, Start()),
        *sorted(((ms * 1_000_000, action) for ms, action in script), key=lambda pair: pair[0]),
    ]
    setup = setup or path(bags_ml=(120.0, 200.0))
    return scenario(*entries, until_ns=until_ns, model=model, setup=setup, **kwargs)


def balance_error(trace) -> float:
    """Largest relative error of: held at first = container and limb + chamber + line + patient, for volume and drug."""
    at = trace.at(np.linspace(0, trace.end_ns, 50).astype(np.int64))
    entered, patient = trace.history.common.entered(at.pumped_ml), at.patient_ml
    stored = at.pressure_kpa - trace.setup.access.back_pressure_kpa
    inside = entered.sum(axis=0) - patient.sum(axis=0) + trace.setup.set.common_ml
    volume = inside - trace.setup.set.common_ml - trace.setup.set.compliance_ml_per_kpa * stored
    scale = max(1.0, float(entered.sum(axis=0)[-1]))
    assert (at.drawn_ml >= at.pumped_ml - 1e-12).all(), "nothing is given that was not drawn"
    assert (at.drawn_ml - at.pumped_ml <= CYCLE_ML + 1e-9).all(), "the chamber holds a stroke at most"
    assert (patient >= -1e-12).all()
    assert (entered[:-1] - patient[:-1] >= -1e-9 * scale).all(), "no source has given more than it put in"
    return float(np.abs(volume).max()) / scale


@settings(max_examples=examples(60), deadline=None)
@given(scripts, models, st.sampled_from([Transport.PLUG, Transport.MIXED]))
@example([(1, Occlude(Place.PATIENT_END))], SMOOTH, Transport.PLUG)  # rest once lost the part of a step
@example([(1, Stop("B")), (90_001, Stop(None))], SMOOTH, Transport.PLUG)
def test_mass_is_conserved(script, model, transport):
    setup = path(bags_ml=(120.0, 200.0), transport=transport)
    trace = simulate_one(a_scenario(script, model, setup=setup)).traces[0]
    assert balance_error(trace) < 1e-9
    drug = trace.at([trace.end_ns])
    inside = trace.history.common.entered(drug.pumped_ml)[:, 0] - drug.patient_ml[:, 0]
    inside[-1] += trace.setup.set.common_ml
    assert trace.concentration @ inside + drug.patient_drug[:, 0] == pytest.approx(
        drug.pump_drug[:, 0], rel=1e-9, abs=1e-9
    )


@settings(max_examples=examples(6), deadline=None)
@given(scripts, st.sampled_from([Transport.TANKS, Transport.LAMINAR]))
def test_mass_is_conserved_through_tanks_and_along_streamlines(script, transport):
    """All of it in an hour, and bags that run dry in it: what these cost goes with the volume."""
    setup = path(bags_ml=(30.0, 50.0), transport=transport)
    script = [(ms // 4, action) for ms, action in script]
    assert balance(simulate_one(a_scenario(script, SMOOTH, setup=setup, until_ns=H)).traces[0]).worst < 1e-9


@settings(max_examples=examples(40), deadline=None)
@given(scripts, models)
def test_replay_equals_run(tmp_path_factory, script, model):
    given_run = simulate_one(a_scenario(script, model))
    file = tmp_path_factory.mktemp("replay") / "inputs.jsonl"
    write_journal(file, model, 1, "main", list(given_run.journals[0]))
    result = replay(file)
    assert result.parting is None
    assert result.equal == len(given_run.journals[0])
    assert simulate_one(a_scenario(script, model)).traces[0].digest() == given_run.traces[0].digest()


@settings(max_examples=examples(30), deadline=None)
@given(scripts, models, st.integers(1, 10**13))
def test_shifting_time_changes_nothing(script, model, shift_ns):
    """The same script that begins later gives the same decisions, later by as much."""
    base = a_scenario(script, model)
    later = replace(
        base,
        duration_ns=base.duration_ns + shift_ns,
        entries=tuple(replace(e, at_ns=e.at_ns + shift_ns) for e in base.entries),
    )
    first, second = simulate_one(base).traces[0], simulate_one(later).traces[0]
    assert [(r.at_ns + shift_ns, r.record) for r in first.records] == [(r.at_ns, r.record) for r in second.records]
    assert first.decisions == tuple((at - shift_ns, command) for at, command in second.decisions)


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.integers(0, 2 * H), min_size=1, max_size=40), st.sampled_from([STROKES, SMOOTH]))
def test_looking_does_not_disturb(looks, model):
    """Any number of looks, in any order, is bit-equal to none."""
    command = MotorCommand((LineMotion("A", 100_000_000, 1_500_000), LineMotion("B", 13_100_000)))
    quiet, watched = FluidPath(model, path()), FluidPath(model, path())
    for fluid_path in (quiet, watched):
        fluid_path.command(0, command)
    seen = [watched.read(at) for at in looks]
    assert seen == [watched.read(at) for at in looks]
    assert watched.read(2 * H) == quiet.read(2 * H)
    assert [quiet.read(at) for at in looks] == seen


@settings(max_examples=examples(30), deadline=None)
@given(scripts, st.lists(st.integers(0, 4 * H), max_size=30))
@example([(1, Titrate("B", 99_900_000))], [4_315_201_711_573])  # a command in the very ns in which a cycle ends
def test_extra_readings_change_no_decision(script, extra):
    """A pump that is shown more of the same world decides the same."""
    plain = simulate_one(a_scenario(script))
    pump, recorded = Pump(STROKES), list(plain.journals[0])
    fluid_path, outputs = FluidPath(STROKES, path(bags_ml=(120.0, 200.0))), []
    disturbances = [e for e in plain.scenario.entries if isinstance(e.action, Occlude | Release)]
    looks = sorted(set(extra))
    for taken in recorded:
        while looks and looks[0] < taken.at_ns:
            at = looks.pop(0)
            while disturbances and disturbances[0].at_ns <= at:
                fluid_path.disturb(disturbances[0].at_ns, disturbances.pop(0).action)
            assert pump.step(at, fluid_path.read(at)).outputs == ()
        while disturbances and disturbances[0].at_ns <= taken.at_ns:
            fluid_path.disturb(disturbances[0].at_ns, disturbances.pop(0).action)
        step = pump.step(taken.at_ns, taken.input)
        outputs.append(step.outputs)
        for output in step.outputs:
            if isinstance(output, MotorCommand):
                fluid_path.command(taken.at_ns, output)
    assert outputs == [taken.step.outputs for taken in recorded]


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4 * 3600 * 1000), actions), max_size=20))
def test_a_is_within_one_cycle_whatever_b_does(script):
    """Only B is touched, concurrently; A's pumped volume follows what A is owed, and A's decisions are those of A alone."""
    only_b = [(ms, a) for ms, a in script if getattr(a, "line", None) == "B" and isinstance(a, Start | Stop | Titrate)]
    both = a_scenario(only_b, setup=path())
    alone = replace(both, entries=tuple(e for e in both.entries if getattr(e.action, "line", "A") in ("A", None)))
    alone = replace(
        alone, entries=tuple(e for e in alone.entries if not isinstance(e.action, LoadProgram) or e.action.line == "A")
    )
    with_b, without = simulate_one(both).traces[0], simulate_one(alone).traces[0]
    at = np.linspace(0, 4 * H, 200).astype(np.int64)
    owed = np.minimum(100.0 * at / H, 150.0) + np.maximum(0.0, at / H - 1.5)
    assert np.abs(with_b.at(at).pumped_ml[0] - owed).max() <= CYCLE_ML + 1e-6
    rates_of_a = [[m for _, c in t.decisions for m in c.lines if m.line == "A"] for t in (with_b, without)]
    assert list(dict.fromkeys(rates_of_a[0])) == list(dict.fromkeys(rates_of_a[1]))


def test_a_day_of_a_thousand_titrations_ends_within_one_stroke_of_what_was_owed():
    chance = random.Random(7)
    script = [
        (k * 86 * S, Titrate(chance.choice("AB"), chance.randrange(5, 999) * 100_000 * 2)) for k in range(1, 1001)
    ]
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(25, mode=CONCURRENT))),
        (0, Start()),
        *script,
        until_ns=24 * H,
        setup=path(bags_ml=(9000.0, 9000.0)),
    )
    pumped = trace.at([24 * H]).pumped_ml[:, 0]
    owed = [line.owed / 3.6e18 for line in trace.state.lines]
    assert min(owed) > 1000
    assert pumped == pytest.approx(owed, abs=CYCLE_ML)


@pytest.mark.requirement("GIP 1.1.2", "GIP 1.2.1")
@pytest.mark.parametrize(("rate", "hours"), [(0.1, 100), (25, 72), (999, 3)])
def test_both_ends_of_the_range_are_delivered_and_days_of_it_within_5_percent(rate, hours):
    trace = run((0, LoadProgram("A", program(rate))), (0, Start("A")), until_ns=hours * H)
    given = trace.at([hours * H]).pumped_ml[0, 0]
    assert given == pytest.approx(rate * hours, abs=CYCLE_ML)
    assert given == pytest.approx(rate * hours, rel=0.05)


@pytest.mark.parametrize("occluded_at", [30 * MIN, 47 * MIN + 123_456_789])
def test_sampled_sensing_agrees_with_watches_within_one_period(occluded_at):
    period = 250_000_000
    script = [
        (0, LoadProgram("A", program(100, 200))),
        (0, LoadProgram("B", program(25, 20, CONCURRENT))),
        (0, Start()),
        (occluded_at, Occlude(Place.PATIENT_END)),
        (occluded_at + 10 * MIN, Release(Place.PATIENT_END)),
    ]
    until_ns = occluded_at + 12 * MIN  # all lines stand since the alarm: no more is decided
    watched = run(*script, until_ns=until_ns)
    sampled = run(*script, until_ns=until_ns, sensing=Sensing(period))
    assert [type(r.record) for r in watched.records] == [type(r.record) for r in sampled.records]
    for exact, late in zip(watched.records, sampled.records, strict=True):
        slack = period if late.at_ns < occluded_at + 10 * MIN else 2 * period  # more was stored by the later alarm
        assert 0 <= late.at_ns - exact.at_ns <= slack
        if isinstance(exact.record, DeliveryEvent):
            assert exact.record == late.record


def test_noise_needs_a_seed_and_keeps_to_it():
    noisy = Sensing(100_000_000, noise_kpa=3.0, quantum_kpa=0.5)
    script = [(0, LoadProgram("A", program(100))), (0, Start("A")), (MIN, Occlude(Place.PATIENT_END))]
    one, same, other = (
        simulate_one(scenario(*script, until_ns=5 * MIN, sensing=noisy, seed=seed)).traces[0] for seed in (1, 1, 2)
    )
    assert one.digest() == same.digest() != other.digest()
    assert any(isinstance(r.record, AlarmRaised) for r in one.records)


def test_source_of_a_limb_filled_with_another_fluid_comes_first():
    setup = path(compliance=0.0, resistance=0.0)
    primed = replace(setup.lines[1], limb_ml=5.0, limb_fluid=SALINE)
    setup = replace(setup, lines=(setup.lines[0], primed))
    trace = run((0, LoadProgram("B", program(60))), (0, Start("B")), until_ns=H, model=SMOOTH, setup=setup)
    assert [o.source.name for o in trace.sources] == ["A bag", "B limb", "B bag", "priming"]
    at = trace.at([150 * S, 450 * S, 451 * S, H])  # 2.5 mL common volume, then 5 mL of the limb
    assert at.patient_drug[0] == pytest.approx([0.0, 0.0, 60 / 3600, 60 - 7.5], abs=1e-9)
    assert DRUG.drugs[0].amount_per_ml == 1.0
