"""The fluid path by itself: crossings to the ns, clamps, unfinished fillings, back pressure."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.peristaltic import LINEAR_PERISTALTIC
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.lone.crossings import next_crossing
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop
from pumpsim.vocabulary.outputs import AlarmCleared, LineMotion, MotorCommand, Watch
from pumpsim.vocabulary.program import LineMode
from tests.build import MIN, SMOOTH, STROKES, H, S, path, program, run

BOTH = MotorCommand((LineMotion("A", 100_000_000), LineMotion("B", 25_000_000)))
A_ALONE = MotorCommand((LineMotion("A", 100_000_000), LineMotion("B", 0)))
B_ALONE = MotorCommand((LineMotion("A", 0), LineMotion("B", 25_000_000)))


@pytest.mark.parametrize("model", [STROKES, SMOOTH])
@pytest.mark.parametrize("level", [0.5, 1.234567, 2.0, 17.3, 41.368543759008])
def test_a_pressure_watch_fires_at_the_first_ns_at_which_it_holds(model, level):
    fluid_path = FluidPath(model, path(resistance=0.03))
    fluid_path.command(0, BOTH)
    fluid_path.disturb(5 * S, Occlude(Place.PATIENT_END))
    watch = Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_LEAST, level)
    at = next_crossing(fluid_path, (watch,), 5 * S, H)
    assert at is not None
    assert fluid_path.pressure_kpa(at) >= level
    assert at == 5 * S + 1 or fluid_path.pressure_kpa(at - 1) < level


@pytest.mark.parametrize("model", [STROKES, SMOOTH])
@pytest.mark.parametrize("count", [1, 100, 3_301, 250_000])
def test_a_step_watch_fires_at_the_first_ns_at_which_the_count_is_reached(model, count):
    fluid_path = FluidPath(model, path())
    fluid_path.command(0, BOTH)
    watch = Watch(Signal.STEPS, "B", Direction.AT_LEAST, float(count))
    at = next_crossing(fluid_path, (watch,), 0, 24 * H)
    assert at is not None
    assert fluid_path.read(at).lines[1].steps == count
    assert fluid_path.read(at - 1).lines[1].steps == count - 1


def test_a_proximal_watch_fires_at_the_first_ns_and_a_second_clamp_changes_nothing():
    watch = Watch(Signal.PROXIMAL_PRESSURE, "B", Direction.AT_MOST, -41.368543759008)
    found = []
    for clamps in (1, 2):
        fluid_path = FluidPath(STROKES, path())
        fluid_path.command(0, BOTH)
        for k in range(clamps):
            fluid_path.disturb(800_000_000 + k * 50_000_000, Occlude(Place.LIMB, "B"))  # B is drawn from 0.76 to 0.95 s
        at = next_crossing(fluid_path, (watch,), 860_000_000, H)
        assert at is not None
        assert fluid_path.read(at).lines[1].proximal_kpa <= watch.level < fluid_path.read(at - 1).lines[1].proximal_kpa
        found.append(at)
    assert found[0] == pytest.approx(found[1], abs=1)


def test_a_line_that_stops_in_mid_filling_draws_no_more():
    """A cycle of A alone takes 11.88 s, 1.188 s of it filling; B takes over after 0.5 s."""
    chunks: list[Chunk] = []
    fluid_path = FluidPath(STROKES, path(), chunks.append)
    fluid_path.command(0, A_ALONE)
    fluid_path.command(S // 2, B_ALONE)
    fluid_path.advance(5 * MIN)
    drawn = chunks[-1].drawn_ml[0, -1]
    assert drawn == pytest.approx(0.33 * 0.5 / 1.188, abs=1e-4)
    assert chunks[-1].pumped_ml[0, -1] == pytest.approx(drawn), "what was in the chamber has been given"


def test_a_fault_is_seen_in_its_own_instant():
    """Disturbance before sensor: a clamp that opens clears its alarm in that very ns."""
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(25, mode=LineMode.CONCURRENT))),
        (0, Start()),
        (10 * MIN, Occlude(Place.LIMB, "B")),
        (20 * MIN, Release(Place.LIMB, "B")),
        until_ns=30 * MIN,
    )
    assert [r.at_ns for r in trace.records if isinstance(r.record, AlarmCleared)] == [20 * MIN]


def test_what_the_line_held_against_back_pressure_at_the_start_is_no_delivery():
    trace = run(
        (0, LoadProgram("A", program(100))),
        (0, Start("A")),
        (10 * MIN, Stop("A")),
        until_ns=H,
        setup=path(back_pressure=4.0, resistance=0.05),
    )
    at = trace.at([0, 5 * MIN, H])
    assert at.patient_ml.sum(axis=0)[0] == 0.0
    withheld = at.pumped_ml.sum(axis=0) - at.patient_ml.sum(axis=0)
    assert withheld[1] == pytest.approx(0.006 * (at.pressure_kpa[1] - 4.0), rel=1e-9)
    assert withheld[2] == pytest.approx(0.0, abs=1e-9), "at rest all of it has gone on"


@pytest.mark.parametrize("model", [STROKES, SMOOTH, LINEAR_PERISTALTIC])
@pytest.mark.parametrize("at_ns", [MIN, MIN + 123_456_789])
def test_a_clamp_between_two_counts_makes_no_jump(model, at_ns):
    """1 mL/h is a step of 0.1 uL each 0.36 s: within it the pressure at a clamp begins at the head, 4.9 kPa, all the same."""
    setup = path()
    fluid_path = FluidPath(model, replace(setup, lines=setup.lines[: len(model.lines)]))
    fluid_path.command(0, MotorCommand((LineMotion("A", 1_000_000),)))
    fluid_path.disturb(at_ns, Occlude(Place.LIMB, "A"))
    assert fluid_path.read(at_ns).lines[0].proximal_kpa == pytest.approx(4.9, abs=1e-9)
