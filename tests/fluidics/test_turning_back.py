"""A mechanism that turns back: the same course the other way, to the count that it was told, and nothing is lost by it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.fluidics.drives.leg import Idle
from pumpsim.fluidics.drives.pumping import Pumping
from pumpsim.fluidics.lone.crossings import next_crossing
from pumpsim.fluidics.lone.history import LoneHistory
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import Occlude, Place
from pumpsim.vocabulary.model import Drive, Mechanism
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand, Watch
from pumpsim.vocabulary.path import Transport
from tests.build import DRUG, MIN, SALINE, SMOOTH, STROKES, H, S, path
from tests.controller.occlusion import ONE
from tests.examples import examples
from tests.fluidics.motors import EVEN, FAR, ML, RIPPLED, ROLLER, legs
from tests.fluidics.motors import drive as state_of

FLAT = Mechanism(Drive.SMOOTH, step_fl=1_000_000, cycle_steps=1)
MECHANISMS = pytest.mark.parametrize(
    "mechanism", [FLAT, EVEN, RIPPLED, ROLLER], ids=["smooth", "even", "rippled", "roller"]
)


def turned(mechanism, forward_ns, rate, to):
    """Legs forward at 100 mL/h for so long, then back at ``rate`` to a count."""
    there = legs(mechanism, state_of(mechanism, 100 * ML), forward_ns)
    state = there[-1].state(forward_ns)
    (line,) = state.lines
    back = replace(state, lines=(replace(line, rate=-rate, stop=to),))
    return there, legs(mechanism, back, forward_ns + H, at_ns=forward_ns)


@MECHANISMS
@settings(max_examples=examples(40), deadline=None)
@given(st.integers(30 * S, 2 * MIN), st.integers(1, 1200 * ML), st.integers(0, 10**6), st.integers(0, 10**6))
def test_at_every_position_is_displaced_what_was_there_on_the_way_out(mechanism, forward_ns, rate, share, where):
    """To the part of a step that the motor moves in 1 ns."""
    there, back = turned(mechanism, forward_ns, rate, 100)
    begin, goal = there[-1].state(forward_ns).lines[0].owed, back[0].state(back[0].end_ns).lines[0].owed
    position = goal + (begin - goal) * share // 10**6
    at_ns = forward_ns + (begin - position) // rate
    out_ns = min(position // (100 * ML), forward_ns)
    out = next(leg for leg in there if out_ns <= leg.end_ns)
    step = mechanism.step_fl * 3_600_000
    slack = 3.0 * (rate + 100 * ML) / step
    assert back[0].volumes(at_ns)[0][0] == pytest.approx(out.volumes(out_ns)[0][0], abs=slack)
    pieces = back[0].pieces()
    assert (np.diff(pieces.at_ns) > 0).all()
    look_ns = int(pieces.at_ns[0]) + where * int(pieces.at_ns[-1] - pieces.at_ns[0]) // 10**6
    straight = np.interp(look_ns, pieces.at_ns, pieces.pumped[0])
    assert straight == pytest.approx(back[0].volumes(look_ns)[0][0], abs=slack)


@MECHANISMS
def test_it_stands_at_the_count_that_it_was_told(mechanism):
    _, back = turned(mechanism, MIN, 60 * ML, 5_000)
    assert back[0].counts(back[0].end_ns) == ((5_000,), (5_000,))
    assert back[0].counts(back[0].end_ns - 1) == ((5_000,), (5_000,)), "whole steps are cut off"
    assert isinstance(back[1], Idle) or back[1].counts(10 * H) == ((5_000,), (5_000,))
    _, stays = turned(mechanism, MIN, 60 * ML, None)
    assert stays[0].volumes(MIN) == stays[0].volumes(10 * MIN), "without an end it does not begin"
    assert stays[0].state(H).lines[0].supply == FAR


@pytest.mark.parametrize("model", [STROKES, SMOOTH])
def test_what_cannot_turn_back_is_refused(model):
    with pytest.raises(ValueError, match="no mechanism that turns back"):
        Pumping(model, path().lines).command(MotorCommand((LineMotion("A", -1, 0),)))


def one_line(**kwargs):
    """A bag of drug of which the set holds saline at first."""
    whole = path(compliance=0.006, resistance=0.02, priming=SALINE, fluids=(DRUG, SALINE), **kwargs)
    return replace(whole, lines=whole.lines[:1])


RIPPLED_ONE = replace(ONE, mechanism=RIPPLED)


@pytest.mark.parametrize("model", [ONE, RIPPLED_ONE], ids=["smooth", "rippled"])
@pytest.mark.parametrize("transport", [Transport.PLUG, Transport.MIXED])
@settings(max_examples=examples(15), deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 200), st.integers(1, 100)), min_size=1, max_size=5),
)
def test_nothing_is_lost_whatever_is_taken_back_and_given_again(model, transport, turns):
    """Into a closed line; at the end it is opened and flushed. (seconds forward, mL/h, percent of it taken back)"""
    chunks = []
    setup = one_line(transport=transport)
    line = FluidPath(model, setup, chunks.append)
    line.command(0, MotorCommand((LineMotion("A", 100 * ML),)))
    at_ns = 3 * MIN
    line.disturb(at_ns, Occlude(Place.PATIENT_END))
    for seconds, rate, percent in turns:
        line.command(at_ns, MotorCommand((LineMotion("A", rate * ML),)))
        before = line.read(at_ns).lines[0].steps
        at_ns += seconds * S
        after = line.read(at_ns).lines[0].steps
        line.command(at_ns, MotorCommand((LineMotion("A", -50 * ML, after - (after - before) * percent // 100),)))
        at_ns += 30 * S
    line.command(at_ns, MotorCommand((LineMotion("A", 0),)))
    line.advance(at_ns + MIN)
    history = LoneHistory(setup, chunks)
    last = history.look(np.array([at_ns + MIN]))
    stock = history.stock()
    found = stock.in_container + stock.in_chamber + history.in_line() + last.patient_ml[:, 0]
    held = np.array([origin.held_ml for origin in history.origins])
    np.testing.assert_allclose(found, held, rtol=1e-9, atol=1e-9)
    assert history.outflow_ml() == pytest.approx(float(last.patient_ml.sum()), abs=1e-9)


@pytest.mark.parametrize("model", [ONE, RIPPLED_ONE], ids=["smooth", "rippled"])
def test_a_watch_on_the_count_or_the_pressure_fires_at_the_first_ns(model):
    line = FluidPath(model, one_line())
    line.command(0, MotorCommand((LineMotion("A", 100 * ML),)))
    line.disturb(MIN, Occlude(Place.PATIENT_END))
    line.command(2 * MIN, MotorCommand((LineMotion("A", -50 * ML, 12_000),)))
    end_ns = 20 * MIN
    top = line.read(2 * MIN)
    middle = (top.lines[0].steps + 12_000) // 2
    for watch, value in (
        (Watch(Signal.STEPS, "A", Direction.AT_MOST, float(middle)), lambda at: line.read(at).lines[0].steps),
        (Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_MOST, top.distal_kpa / 2), line.pressure_kpa),
    ):
        at_ns = next_crossing(line, (watch,), 2 * MIN, end_ns)
        assert at_ns is not None
        assert watch.holds(value(at_ns))
        assert not watch.holds(value(at_ns - 1))
    none = (Watch(Signal.STEPS, "A", Direction.AT_MOST, 11_999.0), Watch(Signal.STEPS, "A", Direction.AT_LEAST, 1e9))
    assert next_crossing(line, none, 2 * MIN, end_ns) is None
