"""The shadow line: a bench run becomes a trace that agrees with the simulation of the same scenario."""

import pytest

from firmware_bridge.bridge import Answered, BridgeStep
from firmware_bridge.shadow import Shadow
from pumpsim.analysis.storage import releases
from pumpsim.scenario import PumpSetup
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import LineReading, LoadProgram, SensorReading, Start
from pumpsim.vocabulary.outputs import Step
from pumpsim.vocabulary.path import PathSetup, Sensing
from tests.bridge.wire_bench import MODEL, MS, SECOND, SETUP, Bench
from tests.build import CYCLE_ML, MIN, path, program, run


def shadow_of(bench: Bench, setup: PathSetup, end_ns: int) -> PumpTrace:
    shadow = Shadow(PumpSetup("main", MODEL, setup, Sensing()))
    shadow.take(BridgeStep(b"", tuple(bench.answers), (), 0))
    return shadow.trace(end_ns, bench.bridge.state)


def test_patient_volume_agrees_with_the_simulation() -> None:
    until_ns = 3 * MIN
    script = ((0, LoadProgram("A", program(250.0, 400.0))), (SECOND, Start()))
    setup = path()
    trace = shadow_of(Bench(commands=script, setup=setup, look_every_ns=MIN).run(until_ns), setup, until_ns)
    simulated = run(*script, until_ns=until_ns, setup=setup)
    measured, wanted = trace.at([until_ns]), simulated.at([until_ns])
    assert measured.pumped_ml[0, 0] == pytest.approx(wanted.pumped_ml[0, 0], abs=CYCLE_ML)
    assert measured.patient_ml.sum() == pytest.approx(wanted.patient_ml.sum(), abs=CYCLE_ML)
    assert [r.record for r in trace.records] == [r.record for r in simulated.records]


def test_what_an_occlusion_holds_back_has_not_reached_the_patient() -> None:
    until_ns = 2 * MIN
    setup = path(compliance=0.02)
    script = ((0, LoadProgram("A", program(100.0, 400.0))), (SECOND, Start()))
    bench = Bench(commands=script, disturbances=((20 * SECOND, Occlude(Place.PATIENT_END)),), setup=setup)
    trace = shadow_of(bench.run(until_ns), setup, until_ns)
    end = trace.at([until_ns])
    held = float(end.pumped_ml.sum() - end.patient_ml.sum())
    assert held == pytest.approx(0.02 * bench.telemetry().distal_pa / 1000, rel=0.02)
    assert held > 0.5


def test_release_is_placed_where_the_pressure_says() -> None:
    until_ns = 60 * SECOND
    setup = path(compliance=0.02)
    script = ((0, LoadProgram("A", program(300.0, 400.0))), (SECOND, Start()))
    faults = ((20 * SECOND, Occlude(Place.PATIENT_END)), (40 * SECOND, Release(Place.PATIENT_END)))
    trace = shadow_of(Bench(commands=script, disturbances=faults, setup=setup).run(until_ns), setup, until_ns)
    opened_ns = [int(chunk.at_ns[0]) for chunk in trace.chunks if chunk.outlet.open]
    assert 40 * SECOND - 20 * MS <= opened_ns[-1] <= 40 * SECOND
    before, after = trace.at([40 * SECOND - 20 * MS, 50 * SECOND]).patient_ml.sum(axis=0)
    assert after - before == pytest.approx(0.02 * 41.4, abs=0.02)


def test_run_without_any_reading_is_a_trace_of_nothing() -> None:
    trace = shadow_of(Bench(plugged=False), SETUP, SECOND)
    assert trace.at([0, SECOND]).pumped_ml.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_release_that_a_reading_caught_half_way_is_of_all_that_was_stored() -> None:
    """A hand-made course: closed at 41.4 kPa, opened, and read twice while it falls (tau 21.6 ms)."""
    setup = path(compliance=0.006, resistance=0.001)
    shadow = Shadow(PumpSetup("main", MODEL, setup, Sensing()))
    seconds = ((0.0, 0.0), (10.0, 20.0), (20.0, 41.4), (39.9, 41.4), (40.0, 29.0), (40.02, 11.5), (50.0, 0.0))
    for second, kpa in seconds:
        pumped = round(min(second, 20.0) / 20.0 * 0.006 * 41.4 * 10_000)
        lines = (LineReading("A", pumped, 4.9, False), LineReading("B", 0, 4.9, False))
        answer = Answered(round(second * SECOND), SensorReading(lines, kpa), Step((), None, ()))
        shadow.take(BridgeStep(b"", (answer,), (), 0))
    trace = shadow.trace(60 * SECOND, Bench(plugged=False).bridge.state)
    (release,) = releases(trace)
    assert release.volume_ml == pytest.approx(0.006 * 41.4, rel=1e-3)
    before, after = trace.at([39 * SECOND, 50 * SECOND]).patient_ml.sum(axis=0)
    assert after - before == pytest.approx(0.006 * 41.4, rel=1e-3)
