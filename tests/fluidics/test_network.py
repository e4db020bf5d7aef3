"""The network by itself: published and analytic cases, certainty of crossings, conservation, and equality with a lone line.

PHYSICS V5 to V7; everything else by hand, as each test says.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.fluidics.lone.crossings import next_crossing
from pumpsim.fluidics.lone.path import FluidPath
from pumpsim.fluidics.network import crossings
from pumpsim.fluidics.network.bands import limits, secant
from pumpsim.fluidics.network.course import follow
from pumpsim.fluidics.network.elements import Edge, Node, Plunger, Stance, Store, Topology
from pumpsim.fluidics.network.expo import Expo, first_reached
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.fluidics.network.plumbing import Member, plumbing
from pumpsim.fluidics.network.state import State, begin, changed, settled
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import Constrict, Leak, Occlude, Place, Release
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand, Watch
from pumpsim.vocabulary.path import Access, AdministrationSet, JunctionSetup
from tests.build import MIN, SALINE, SMOOTH, STROKES, H, S, path
from tests.examples import examples

NONE = np.zeros(0)
VEIN = Node("vein", held_kpa=0.0)


def line(compliance: float, resistance: float, *, height: float = 0.0, valve: float | None = None) -> Topology:
    return Topology((Node("pump", compliance, height), VEIN), (Edge("line", 0, 1, resistance, valve_kpa=valve),), (0,))


def run(state: State, hours: list[float], rate: float, start_ml: float = 0.0) -> list[State]:
    """The states at these hours, one pump delivering evenly."""
    found = []
    at_ns = [0, *(round(h * H) for h in hours)]
    for a, b in pairwise(at_ns):
        given_ml = start_ml + np.array([[a, b]]) / H * rate
        for stretch in follow(state, np.array([a, b], dtype=np.int64), given_ml):
            state = stretch.state()
        found.append(state)
    return found


def test_rc_start_up_v7():
    states = run(begin(line(0.015, 1.4175), np.zeros(2), 1), [0.884 / 60, 2.938 / 60, 3.822 / 60, 2.0], 1.0)
    pressure = [float(s.pressures(np.array([1.0]), np.array([0.0]))[0]) for s in states]
    assert np.array(pressure) / 1.4175 == pytest.approx([0.5, 0.9, 0.95, 1.0], rel=1e-3)
    assert 2.0 - states[-1].through_ml[0] == pytest.approx(0.02126, abs=1e-5)


@pytest.mark.parametrize(("valve", "lost_ml"), [(None, 0.5 * 0.01 * 0.2), (0.0, 0.0)])
def test_a_lowered_pump_v5(valve, lost_ml):
    """C = 10 uL/kPa, 0.4 m, 0.2 mL/h: 3.923 kPa, 39.2 uL; net volume back at zero after 11.77 min.

    With an anti-reflux valve flow is zero for C rho g dh / Q - R C. At the begin the line holds C R Q above rest.
    """
    step, rate, resistance = 1000 * 9.80665 * 0.4 / 1000, 0.2, 0.5
    steady = begin(line(0.01, resistance, valve=valve), np.array([rate * resistance, 0.0]), 1)
    lowered = changed(steady, line(0.01, resistance, height=-step, valve=valve), np.array([rate]), np.zeros(1))
    zero_h = 0.01 * step / rate
    before, at, after = run(lowered, [zero_h - 0.02, zero_h, zero_h + 1.0], rate)
    assert zero_h * 60 == pytest.approx(11.77, rel=0.005)
    if valve is None:
        assert before.through_ml[0] < 0.0
        assert at.through_ml[0] == pytest.approx(0.0, abs=1e-9)
    else:
        assert before.through_ml[0] == 0.0
        starts_h = zero_h - resistance * 0.01
        until, later = run(lowered, [starts_h - 1e-6, starts_h + 1e-4], rate)
        assert until.through_ml[0] == 0.0
        assert later.through_ml[0] > 0.0
    assert after.through_ml[0] == pytest.approx(rate * 1.0, abs=1e-9 if valve is None else 0.001)


def test_connection_to_a_vein_v6():
    """C = 8 uL/kPa, vein at 1.0 kPa, 2 mL/h: -8.0 uL at once, back to zero at 14.4 s."""
    nodes = (Node("line", 0.008), Node("vein", held_kpa=1.0))
    apart = Topology(nodes, (Edge("catheter", 0, 1, open=False),), (0,))
    joined = Topology(nodes, (Edge("catheter", 0, 1),), (0,))
    state = changed(begin(apart, np.array([0.0, 1.0]), 1), joined, np.array([2.0]), np.zeros(1))
    assert state.through_ml[0] == pytest.approx(-0.008, abs=1e-12)
    assert run(state, [14.4 / 3600], 2.0)[0].through_ml[0] == pytest.approx(0.0, abs=1e-12)


def test_two_chambers_share_what_they_store():
    """3 uL/kPa at 10 kPa and 1 uL/kPa at 2 kPa, joined without resistance: 8 kPa, and 6 uL pass."""
    nodes = (Node("a", 0.003), Node("b", 0.001))
    state = begin(Topology(nodes, (Edge("tap", 0, 1, open=False),), ()), np.array([10.0, 2.0]), 0)
    state = changed(state, Topology(nodes, (Edge("tap", 0, 1),), ()), NONE, NONE)
    assert state.pressures(NONE, NONE) == pytest.approx([8.0, 8.0])
    assert state.through_ml[0] == pytest.approx(0.006)


def test_a_store_fills_piece_by_piece():
    """1 mL/kPa up to 2 kPa, then 0.1: with 3 mL at 1 mL/h it stands at 2 kPa after 2 h and at 12 kPa after 3 h."""
    store = Store((0.0, 2.0, 3.0), (0.0, 2.0, 2.1))
    topology = Topology((Node("bag", store=store),), (), (0,))
    states = run(begin(topology, np.zeros(1), 1), [1.0, 2.0, 3.0], 1.0)
    pressures = [float(state.pressures(np.array([1.0]), np.array([h]))[0]) for h, state in enumerate(states, 1)]
    assert pressures == pytest.approx([1.0, 2.0, 12.0], rel=1e-9)


def test_stores_that_are_joined_lose_nothing_across_their_knots():
    """8 kPa over 1 mL/kPa; beside it 0.5 kPa over 1, above 1 kPa over 3: 8.5 mL in all, p + 1 + 3 (p - 1) = 8.5."""
    narrow_then_wide = Store((0.0, 1.0, 2.0), (0.0, 1.0, 4.0))
    nodes = (Node("full", 1.0), Node("empty", store=narrow_then_wide))
    apart = Topology(nodes, (Edge("tap", 0, 1, open=False),), ())
    joined = replace(apart, edges=(replace(apart.edges[0], open=True),))
    before = begin(apart, np.array([8.0, 0.5]), 0)
    after = settled(changed(before, joined, NONE, NONE), NONE, NONE)
    assert after.pressures(NONE, NONE) == pytest.approx([2.625, 2.625], rel=1e-12)
    assert after.through_ml[0] == pytest.approx(8.0 - 2.625, rel=1e-12)


@pytest.mark.parametrize(
    ("pressures", "volumes"), [((0.0,), (0.0,)), ((1.0, 1.0), (0.0, 1.0)), ((0.0, 1.0), (1.0, 0.0))]
)
def test_impossible_stores_are_refused(pressures, volumes):
    with pytest.raises(ValueError, match="ascending"):
        Store(pressures, volumes)


def test_a_check_valve_keeps_a_second_pump_from_filling_the_first_line():
    """Both lines meet at m, which leads through 2 kPa/(mL/h) to the vein; only b delivers, 5 mL/h: m stands at 10 kPa."""
    nodes = (Node("a", 0.01), Node("b", 0.01), Node("m", 0.001), VEIN)

    def net(valve: float | None) -> Topology:
        edges = (Edge("a-m", 0, 2, 0.1, valve_kpa=valve), Edge("b-m", 1, 2, 0.1), Edge("m-v", 2, 3, 2.0))
        return Topology(nodes, edges, (1,))

    free = run(begin(net(None), np.zeros(4), 1), [5.0], 5.0)[0]
    kept = run(begin(net(0.0), np.zeros(4), 1), [5.0], 5.0)[0]
    assert free.through_ml[0] == pytest.approx(-0.1, rel=1e-6)
    assert kept.through_ml[0] == pytest.approx(0.0, abs=1e-9)
    assert kept.pressures(np.array([5.0]), np.zeros(1))[:3] == pytest.approx([0.0, 10.5, 10.0], abs=1e-6)


def test_superposition_in_a_linear_network():
    """What two pumps do together is the sum of what each does alone."""
    nodes = (Node("a", 0.01), Node("b", 0.004), Node("m", 0.002), VEIN)
    edges = (Edge("a-m", 0, 2, 0.3), Edge("b-m", 1, 2, 0.7), Edge("m-v", 2, 3, 1.1))
    topology = Topology(nodes, edges, (0, 1))

    def pressures(rates: tuple[float, float]) -> np.ndarray:
        state = begin(topology, np.zeros(4), 2)
        at_ns = np.array([0, 20 * S, 100 * S], dtype=np.int64)
        for stretch in follow(state, at_ns, np.outer(rates, at_ns / H)):
            state = stretch.state()
        return state.pressures(np.array(rates), np.array(rates) * 100 * S / H)

    assert pressures((3.0, 8.0)) == pytest.approx(pressures((3.0, 0.0)) + pressures((0.0, 8.0)), rel=1e-12)


def test_entrance_loss_is_within_its_tolerance():
    """P = R F + R_T F^2: every flow from 0.1 to 1000 mL/h, to 0.3 % of the loss."""
    edge = Edge("catheter", 0, 1, 0.001, turbulent=2e-6)
    for flow in np.geomspace(0.1, 1000.0, 400).tolist():
        band = next(b for b in range(200) if limits(edge, b)[1] >= flow)
        slope, offset = secant(edge, band)
        assert slope * flow + offset == pytest.approx(0.001 * flow + 2e-6 * flow * flow, rel=0.003)


def test_entrance_loss_bounds_a_gravity_flow():
    """10 kPa over a catheter with R 0.001 and R_T 2e-6: F = (-R + sqrt(R^2 + 4 R_T P)) / (2 R_T) = 1999.9 mL/h."""
    nodes = (Node("bag", held_kpa=10.0), Node("hub", 1e-4), VEIN)
    edges = (Edge("set", 0, 1, 1e-5), Edge("catheter", 1, 2, 0.001, turbulent=2e-6))
    state = begin(Topology(nodes, edges, ()), np.array([10.0, 0.0, 0.0]), 0)
    for stretch in follow(state, np.array([0, 10 * S], dtype=np.int64), np.zeros((0, 2))):
        state = stretch.state()
    flow = float(state.value(state.regime.mode.flows, NONE, NONE)[1])
    resistance = 0.001 + 1e-5
    expected = (-resistance + math.sqrt(resistance**2 + 4 * 2e-6 * 10)) / (2 * 2e-6)
    assert flow == pytest.approx(expected, rel=0.003)


def sticking(rate: float, hours: float, stick: float = 0.3) -> list[tuple[Stance, float]]:
    """A plunger that gives 19.4 uL/kPa, sticks below ``stick`` mL/h, needs 3.6 kPa to break away and 2.5 to slide."""
    plunger = Plunger(0, 0, 0.0194, 3.6, 2.5, stick, 0.05, 50.0)
    topology = Topology((Node("syringe", 0.001), VEIN), (Edge("line", 0, 1, 0.02),), (0,), (plunger,))
    state, found = begin(topology, np.zeros(2), 1), []
    at_ns = np.array([0, round(hours * H)], dtype=np.int64)
    for stretch in follow(state, at_ns, np.array([at_ns / H * rate])):
        found.append((stretch.begin.regime.switches.stances[0], float(stretch.state().plunged_ml[0])))
    return found


def test_stick_slip_arises_at_a_low_rate_only():
    """0.1 mL/h: 0.05 mL of backlash, then the spring must come to 3.6 kPa: 0.0698 mL; each slip gives 1.1 kPa x 19.4 uL."""
    slow, fast = sticking(0.1, 12.0), sticking(5.0, 1.0)
    slips = [ml for stance, ml in slow if stance is Stance.FORWARD]
    assert len(slips) > 30
    assert np.diff(slips) == pytest.approx(1.1 * 0.0194, rel=0.02)
    assert [stance for stance, _ in fast] == [Stance.LOOSE, Stance.STUCK, Stance.FORWARD]


def test_a_plunger_that_nothing_holds_is_pulled_ahead():
    """The pump stands 60 cm above the vein: 5.87 kPa pull, sliding friction takes 2.5; R 0.5: (5.87 - 2.5) / 0.5 mL/h."""
    height = 0.998 * 9.80665 * 0.6
    plunger = Plunger(0, 0, 0.0194, 3.6, 2.5, 0.3, 0.0, 50.0, grip=False)
    for grip in (True, False):
        topology = Topology(
            (Node("syringe", 0.001, height), VEIN), (Edge("line", 0, 1, 0.5),), (0,), (replace(plunger, grip=grip),)
        )
        state = run(begin(topology, np.zeros(2), 1), [1.0], 0.0)[0]
        flow = float(state.value(state.regime.mode.flows, np.zeros(1), np.zeros(1))[0])
        assert flow == pytest.approx(0.0 if grip else (height - 2.5) / 0.5, abs=1e-6)


WEIGHTS = st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 50.0)), min_size=1, max_size=4)


@given(WEIGHTS, st.floats(-3, 3), st.floats(-2, 2))
def test_the_first_crossing_is_certain(parts, constant, slope):
    """Whatever the mixture of exponentials, no sample of 4,000 lies at 0 or above before the instant that is named."""
    function = Expo(constant, slope, [w for w, _ in parts], [d for _, d in parts])
    found = first_reached(function, 1.0)
    times = np.linspace(0.0, 1.0, 4001)
    values = constant + slope * times + sum(w * np.exp(-d * times) for w, d in parts)
    above = times[values >= 1e-9]
    if found is None:
        assert len(above) == 0
    else:
        assert function.at(found) >= -1e-9
        assert len(above) == 0 or found <= above[0] + 1e-9


def test_a_lone_line_is_a_network_of_one():
    """The same pressures to 1e-9, the same alarm to the ns, with strokes and without."""
    command = MotorCommand((LineMotion("A", 100_000_000, None), LineMotion("B", 13_100_000, None)))
    watch = (Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_LEAST, 41.37),)
    for model in (STROKES, SMOOTH):
        lone, network = FluidPath(model, path()), NetworkPath([Member("p", model, path())])
        lone.command(0, command)
        network.command("p", 0, command)
        for at_ns in np.linspace(1, H, 60).astype(int).tolist():
            assert network.read("p", at_ns).distal_kpa == pytest.approx(lone.read(at_ns).distal_kpa, abs=1e-9)
            assert network.read("p", at_ns).lines == lone.read(at_ns).lines
        lone.disturb(H, Occlude(Place.PATIENT_END))
        network.disturb("p", H, Occlude(Place.PATIENT_END))
        alarm_ns = next_crossing(lone, watch, H, 2 * H)
        assert alarm_ns is not None
        assert crossings.next_crossing(network, "p", watch, H, 2 * H) == alarm_ns
        lone.disturb(alarm_ns, Release(Place.PATIENT_END))
        network.disturb("p", alarm_ns, Release(Place.PATIENT_END))
        assert network.pressure_kpa("p", alarm_ns + S) == pytest.approx(lone.pressure_kpa(alarm_ns + S), abs=1e-9)


@settings(max_examples=examples(10))
@given(st.lists(st.integers(1, 40 * MIN), min_size=1, max_size=6, unique=True))
def test_looking_does_not_disturb(looks):
    def two_pumps() -> NetworkPath:
        into = AdministrationSet("set", 1.0, SALINE, 0.004, 0.05, valve_kpa=0.0)
        setup = path(common_ml=1.0)

        joined = replace(setup, set=into, into="m")
        junction = JunctionSetup("m", AdministrationSet("m", 0.5, SALINE, 0.001, 0.02), Access("vein", 0.01))
        found = NetworkPath([Member("a", STROKES, joined), Member("b", STROKES, joined)], [junction])
        found.command("a", 0, MotorCommand((LineMotion("A", 80_000_000, None),)))
        found.command("b", 0, MotorCommand((LineMotion("A", 7_000_000, None),)))
        return found

    looked, left_alone = two_pumps(), two_pumps()
    for at_ns in looks:
        looked.read("b", at_ns)
    for pump in ("a", "b"):
        assert looked.read(pump, 41 * MIN) == left_alone.read(pump, 41 * MIN)


@pytest.mark.parametrize("other", [Constrict("p", 0.0), Constrict("p", 5.0), Leak("p", 0.0)])
def test_what_ends_beside_an_occlusion_does_not_open_it(other):
    """100 mL/h into a closed line of 6 uL/kPa: 10/36 mL and 46.3 kPa in 10 s, whatever ends or changes meanwhile."""
    network = NetworkPath([Member("p", SMOOTH, path())])
    network.command("p", 0, MotorCommand((LineMotion("A", 100_000_000, None),)))
    network.disturb("p", MIN, Occlude(Place.PATIENT_END))
    before = network.pressure_kpa("p", MIN)
    network.disturb("p", MIN + 5 * S, other)
    rise = network.pressure_kpa("p", MIN + 10 * S) - before
    assert rise == pytest.approx(10.0 / 36.0 / 0.006, rel=1e-6)
    network.disturb("p", MIN + 10 * S, Release(Place.PATIENT_END))
    assert network.pressure_kpa("p", MIN + 11 * S) < before + 1.1 * rise - 0.3


def test_a_place_that_cannot_give_is_not_closed():
    closed = Topology((Node("pump"), VEIN), (Edge("line", 0, 1, 1.0, open=False),), (0,))
    with pytest.raises(ValueError, match="pump: a line without compliance cannot be closed"):
        begin(closed, np.zeros(2), 1)


def test_impossible_junctions_are_named_all_at_once():
    a_set = AdministrationSet("set", 1.0, SALINE, 0.004, 0.05)
    access = Access("vein", 0.0)

    pump = Member("p", SMOOTH, replace(path(), into="nowhere"))
    junctions = [JunctionSetup(id, a_set, access, into) for id, into in (("x", "y"), ("y", "x"), ("lonely", None))]
    with pytest.raises(ValueError, match="p leads into nowhere, which is no junction") as refusal:
        plumbing([pump], junctions)
    assert "nothing leads into junction lonely" in str(refusal.value)
    assert "junction x leads back into itself: x -> y -> x" in str(refusal.value)
