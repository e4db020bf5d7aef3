"""Two containers over one line of a pump: flows, levels and air by hand, conservation, and that looking changes nothing.

Heads and rates are those of the rule in PHYSICS 3.3: 8 in higher, and the primary runs along above 300 mL/h; so R is the
head of 8 in over 300 mL/h. A full container is 15 cm high.
"""

from itertools import pairwise
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.catalogue.peristaltic import LINEAR_PERISTALTIC
from pumpsim.catalogue.pumps import with_smooth_drive
from pumpsim.fluidics.network import crossings
from pumpsim.fluidics.network.history import NetworkHistory, PumpHistory
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.fluidics.network.plumbing import LEVEL_CM, Member, head_kpa
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import Disturbance, Hang, Occlude, Place, Release
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand, Watch
from pumpsim.vocabulary.path import Access, AdministrationSet, Fluid, LineSetup, PathSetup, SecondarySetup
from tests.build import DRUG, MIN, SALINE, H, S
from tests.examples import examples

SMOOTH = with_smooth_drive(LINEAR_PERISTALTIC)
DENSITY = SALINE.density_kg_per_m3
EIGHT_INCHES = head_kpa(DENSITY, 20.32)
R = EIGHT_INCHES / 300.0
LEVEL = head_kpa(DENSITY, LEVEL_CM)
LOW = head_kpa(DENSITY, 50.0)
LIMB, SECOND_LIMB, SHARED = 6.0, 15.0, 2.0
FLUSH = Fluid("flush")


def line(
    bags: tuple[float, float] = (500.0, 100.0),
    heads: tuple[float, float] = (LOW, LOW + EIGHT_INCHES),
    *,
    valve: float | None = 0.0,
    compliance: float = 1e-4,
    limb_fluid: Fluid | None = None,
) -> LineSetup:
    second = SecondarySetup("bag", bags[1], DRUG, SECOND_LIMB, heads[1], R, limb_fluid, compliance)
    return LineSetup(
        "A",
        "bag",
        bags[0],
        SALINE,
        LIMB,
        head_kpa=heads[0],
        limb_compliance_ml_per_kpa=compliance,
        secondary=second,
        resistance_kpa_h_per_ml=R,
        valve_kpa=valve,
        shared_ml=SHARED,
    )


def network(setup: LineSetup, model: PumpModel = SMOOTH) -> NetworkPath:
    tubing = AdministrationSet("set", 12.0, SALINE, 0.0063, 0.001)
    return NetworkPath([Member("p", model, PathSetup((setup,), tubing, Access("vein", 0.0)))])


def run(path: NetworkPath, at_ns: int, rate: float) -> None:
    path.command("p", at_ns, MotorCommand((LineMotion("A", round(rate * 1e6), None),)))


def history(path: NetworkPath, end_ns: int) -> PumpHistory:
    path.advance(end_ns)
    return NetworkHistory(path.plumbing, path.history).of("p")


def from_each(path: NetworkPath) -> tuple[float, float]:
    """What has come from the primary, and from the secondary, by the end of the history, mL."""
    through = path.history[-1].stretch.state().through_ml
    (supply,) = path.plumbing.supplies
    return float(through[supply.primary.edge]), float(through[supply.secondary.edge])


def inlet(path: NetworkPath, at_ns: int) -> float:
    return path.read("p", at_ns).lines[0].proximal_kpa


def watch(signal: Signal, level: float, direction: Direction) -> tuple[Watch, ...]:
    return (Watch(signal, "A", direction, level),)


def test_the_valve_holds_while_the_secondary_stands_higher_than_its_tubing_takes():
    """At 100 mL/h the limb takes 0.663 kPa, and the surface falls by 15 cm x 50/100: 1.989 - 0.734 is more than that."""
    path = network(line())
    run(path, 0, 100.0)
    assert inlet(path, 30 * MIN) == pytest.approx(LOW + EIGHT_INCHES - LEVEL * 0.5 - 100.0 * R, abs=0.002)
    path.advance(30 * MIN)
    assert from_each(path) == pytest.approx((0.0, 50.0), abs=0.002)


@pytest.mark.parametrize(("rate", "primary"), [(300.0, 0.0), (500.0, 100.0), (900.0, 300.0)])
def test_above_300_ml_per_h_the_primary_runs_along(rate, primary):
    """Equal limbs: Q_B - Q_A = 1.989 kPa / R = 300 mL/h, so Q_A = (Q - 300) / 2. Bags so large that no surface falls."""
    path = network(line((1e5, 1e5)))
    run(path, 0, rate)
    path.advance(6 * MIN)
    assert from_each(path) == pytest.approx((0.1 * primary, 0.1 * (rate - primary)), abs=0.03)


def test_two_bags_over_one_limb_in_closed_form():
    """C dp/dt = -Q_i, equal C and R: d = p_B - p_A dies with R C, Q_B = Q/2 + d/(2 R)."""
    path = network(line((500.0, 500.0)))
    run(path, 0, 800.0)
    path.advance(30 * MIN)
    c = 500.0 / LEVEL
    moved = c * EIGHT_INCHES / 2.0 * (1.0 - exp(-0.5 / (R * c)))
    assert from_each(path) == pytest.approx((200.0 - moved, 200.0 + moved), abs=0.002)


def test_the_opening_pressure_comes_on_top():
    """With 0.2 kPa to open, Q_A = (Q - 300 - 0.2 / R) / 2."""
    path = network(line((1e5, 1e5), valve=0.2))
    run(path, 0, 500.0)
    path.advance(6 * MIN)
    assert from_each(path)[0] == pytest.approx(0.1 * (200.0 - 0.2 / R) / 2.0, abs=0.03)


def test_what_is_left_in_the_tubing_of_an_empty_secondary():
    """B's level stands still where its head is A's less R Q; a primary so large that its own does not fall does the rest."""
    path = network(line((1e5, 35.0)))
    run(path, 0, 100.0)
    path.advance(3 * H)
    outlet = LOW + EIGHT_INCHES - LEVEL
    left = SECOND_LIMB * (LOW - 100.0 * R) / outlet
    assert left == pytest.approx(11.72, abs=0.01)
    assert from_each(path) == pytest.approx((300.0 - (50.0 - left), 50.0 - left), abs=0.03)
    assert inlet(path, 3 * H) == pytest.approx(LOW - 100.0 * R, abs=0.01)


def test_a_secondary_on_the_level_of_the_primary_shares_from_the_first_minute():
    path = network(line((1e5, 1e5), (LOW, LOW)))
    run(path, 0, 100.0)
    path.advance(H)
    assert from_each(path) == pytest.approx((50.0, 50.0), abs=0.03)


def test_a_low_secondary_fills_from_the_primary_while_the_pump_stands():
    """8 in lower, equal bags: half the difference C dp flows over; with R for both limbs tau = R C."""
    path = network(line((500.0, 500.0), (LOW, LOW - EIGHT_INCHES)))
    path.advance(H)
    c = 500.0 / LEVEL
    moved = c * EIGHT_INCHES / 2.0 * (1.0 - exp(-1.0 / (R * c)))
    assert from_each(path) == pytest.approx((moved, -moved), abs=0.002)
    assert history(path, H).look(np.array([H])).patient_ml.sum() == 0.0


@pytest.mark.parametrize(("valve", "moves"), [(0.0, False), (None, True)])
def test_without_a_check_valve_the_secondary_runs_into_the_primary(valve, moves):
    path = network(line((500.0, 500.0), valve=valve))
    path.advance(H)
    assert (from_each(path)[0] < -1.0) is moves
    assert sum(from_each(path)) == pytest.approx(0.0, abs=0.002)


def test_a_closed_secondary_gives_nothing_and_nobody_notices():
    path = network(line())
    path.disturb("p", 0, Occlude(Place.SECONDARY, "A"))
    run(path, 0, 100.0)
    low = watch(Signal.PROXIMAL_PRESSURE, -16.0, Direction.AT_MOST)
    assert crossings.next_crossing(path, "p", low, 0, 30 * MIN) is None
    path.disturb("p", 30 * MIN, Release(Place.SECONDARY, "A"))
    assert from_each(path) == pytest.approx((50.0, 0.0), abs=0.001)
    path.advance(40 * MIN)
    assert from_each(path)[0] == pytest.approx(50.0, abs=0.002)


@pytest.mark.parametrize("places", [(Place.LIMB,), (Place.PRIMARY, Place.SECONDARY)])
def test_with_everything_closed_the_pressure_falls_and_at_last_nothing_comes(places):
    """C = 1 uL/kPa at each place: from the head to -16 kPa, and to -99 kPa, where the water boils."""
    path = network(line(compliance=0.001))
    for place in places:
        path.disturb("p", 0, Occlude(place, "A"))
    run(path, 0, 100.0)
    give, head = 0.001 * len(places), LOW + EIGHT_INCHES
    found = crossings.next_crossing(path, "p", watch(Signal.PROXIMAL_PRESSURE, -16.0, Direction.AT_MOST), 0, MIN)
    assert found == pytest.approx(give * (head + 16.0) / 100.0 * H, abs=2)
    assert found is not None
    assert inlet(path, found) <= -16.0 < inlet(path, found - 1)
    assert path.read("p", H).lines[0].steps == int(give * (head + 99.0) / 1e-6)  # the smooth drive's step is 1 nL
    assert -99.0 <= inlet(path, H) < -98.9
    for place in places:
        path.disturb("p", H, Release(place, "A"))
    path.advance(2 * H)
    assert sum(from_each(path)) == pytest.approx(100.0 + give * (head + 99.0), abs=0.01)


def test_air_follows_and_comes_to_the_inlet_after_the_shared_tubing():
    """The primary closed: 35 mL and 15 mL of limb leave the meeting, then air; 2 mL more are drawn until it is at the pump."""
    path = network(line((500.0, 35.0)))
    path.disturb("p", 0, Occlude(Place.PRIMARY, "A"))
    run(path, 0, 100.0)
    air = watch(Signal.AIR_PROXIMAL, 1.0, Direction.AT_LEAST)
    found = crossings.next_crossing(path, "p", air, 0, H)
    assert found == pytest.approx(0.52 * H, abs=S)
    assert found is not None
    assert path.read("p", found).lines[0].air
    assert not path.read("p", found - 1).lines[0].air
    path.disturb("p", 36 * MIN, Release(Place.PRIMARY, "A"))
    gone = crossings.next_crossing(path, "p", watch(Signal.AIR_PROXIMAL, 0.0, Direction.AT_MOST), 36 * MIN, 40 * MIN)
    assert gone == pytest.approx(0.62 * H, abs=S)
    look = history(path, H).look(np.array([0, 36 * MIN, H]))
    assert look.entered_ml[4] == pytest.approx([0.0, 60.0 - 52.0, 10.0], abs=0.002)


def test_a_flush_pushes_in_what_was_left():
    """An empty bag is lowered: the primary fills it, what was left in the tubing first, and all mixes there.

    Raised again the bag gives back what it took, and more: so much of the drug as of the fluid.
    """
    path = network(line((1e5, 35.0)))
    run(path, 0, 100.0)
    path.advance(2 * H)
    given = from_each(path)[1]
    left = 50.0 - given
    assert left == pytest.approx(11.72, abs=0.01)
    run(path, 2 * H, 0.0)
    path.disturb("p", 2 * H, Hang("A", Place.SECONDARY, LOW - EIGHT_INCHES))
    path.advance(2 * H + 15 * MIN)
    risen = given - from_each(path)[1]
    assert risen > SECOND_LIMB
    path.disturb("p", 2 * H + 15 * MIN, Hang("A", Place.SECONDARY, LOW + EIGHT_INCHES))
    run(path, 2 * H + 15 * MIN, 100.0)
    drug = history(path, 5 * H).look(np.array([2 * H, 5 * H])).entered_ml[1]
    assert drug[0] == pytest.approx(given, abs=0.002)
    # all of what was left is in the bag, in left + risen - 15 mL of fluid; of this all but what is left again comes down,
    # the 15 mL of the primary's in the tubing ahead of it
    share = left / (left + risen - SECOND_LIMB)
    assert drug[1] - drug[0] == pytest.approx(share * (risen - SECOND_LIMB), abs=0.03)


def test_the_limbs_own_fluid_comes_first():
    """A limb full of the primary's fluid (backprimed): 15 mL of it, then the drug, and 2 mL of shared tubing before both."""
    path = network(line(limb_fluid=FLUSH))
    run(path, 0, 100.0)
    look = history(path, 30 * MIN).look(np.array([10 * MIN, 30 * MIN]))
    assert [origin.source.name for origin in history(path, 30 * MIN).origins][:3] == [
        "A bag",
        "A secondary limb",
        "A secondary bag",
    ]
    assert look.entered_ml[:3, 0] == pytest.approx([2.0, 100.0 / 6.0 - 2.0, 0.0], abs=0.002)
    assert look.entered_ml[:3, 1] == pytest.approx([2.0, 15.0, 33.0], abs=0.002)


def test_with_the_secondary_closed_a_line_is_as_with_one_container():
    """The same motor, the same set: pressures behind the pump and volumes at the patient agree to 1e-9."""
    two = network(line(compliance=0.001), LINEAR_PERISTALTIC)
    two.disturb("p", 0, Occlude(Place.SECONDARY, "A"))
    alone = LineSetup("A", "bag", 500.0, SALINE, LIMB + SHARED, head_kpa=LOW)
    one = network(alone, LINEAR_PERISTALTIC)
    at = np.linspace(0, H, 57).astype(np.int64)
    found = []
    for path in (two, one):
        run(path, 0, 100.0)
        look = history(path, H).look(at)
        found.append((look.pressure_kpa, look.pumped_ml[0], look.drawn_ml[0], look.patient_ml.sum(axis=0)))
    for a, b in zip(*found, strict=True):
        assert np.abs(a - b).max() < 1e-9


PLACES = (Place.PRIMARY, Place.SECONDARY, Place.LIMB)
ACTIONS = st.one_of(
    st.tuples(st.just("rate"), st.sampled_from([0.0, 25.0, 125.0, 600.0, 999.0])),
    st.tuples(st.just("close"), st.sampled_from(PLACES)),
    st.tuples(st.just("open"), st.sampled_from(PLACES)),
    st.tuples(st.just("hang"), st.tuples(st.sampled_from(PLACES[:2]), st.floats(16.0, 120.0))),
)
CASES = st.tuples(
    st.lists(st.tuples(st.integers(1, 40), ACTIONS), min_size=1, max_size=8),
    st.tuples(st.floats(5.0, 200.0), st.floats(5.0, 100.0)),
    st.tuples(st.floats(20.0, 90.0), st.floats(20.0, 90.0)),
    st.sampled_from([0.0, 0.15, None]),
    st.sampled_from([SMOOTH, LINEAR_PERISTALTIC]),
)


def play(case, looks: bool) -> tuple[NetworkPath, int]:
    """Do what a case says, one after the other; with ``looks``, read in between, again and again."""
    steps, bags, heads, valve, model = case
    first, second = (head_kpa(DENSITY, cm) for cm in heads)
    path = network(line(bags, (first, second), valve=valve, compliance=0.001), model)
    run(path, 0, 100.0)
    at_ns = 0
    for minutes, (what, value) in steps:
        if looks:
            for share in (0.1, 0.55, 0.9):
                path.read("p", at_ns + int(share * minutes * MIN))
            crossings.next_crossing(
                path, "p", watch(Signal.PROXIMAL_PRESSURE, -16.0, Direction.AT_MOST), at_ns, at_ns + minutes * MIN
            )
            crossings.next_crossing(
                path, "p", watch(Signal.AIR_PROXIMAL, 1.0, Direction.AT_LEAST), at_ns, at_ns + minutes * MIN
            )
        at_ns += minutes * MIN
        if what == "rate":
            run(path, at_ns, value)
            continue
        disturbance: Disturbance
        if what == "hang":
            disturbance = Hang("A", value[0], head_kpa(DENSITY, value[1]))
        else:
            disturbance = (Occlude if what == "close" else Release)(value, "A")
        path.disturb("p", at_ns, disturbance)
    return path, at_ns + 30 * MIN


@settings(max_examples=examples(40), deadline=None)
@given(CASES)
def test_nothing_is_lost_whatever_is_clamped_and_hung(case):
    path, end_ns = play(case, looks=False)
    found = history(path, end_ns)
    look, ahead = found.look(np.array([0, end_ns // 2, end_ns])), found.stock().in_container
    for i, origin in enumerate(found.origins):
        there = look.patient_ml[i, -1] + found.in_line()[i] + found.lost()[i] + ahead[i]
        assert there == pytest.approx(origin.end_ml, abs=1e-9 * max(1.0, origin.end_ml)), origin.source.name
    assert look.entered_ml.sum(axis=0) == pytest.approx(look.pumped_ml[0], abs=1e-9)
    (supply,) = path.plumbing.supplies
    states = [passage.stretch.begin for passage in path.history] + [path.history[-1].stretch.state()]
    for passage, state in zip(path.history, states[1:], strict=True):
        given = passage.stretch.given_ml[:, -1]
        pressures = state.pressures(np.zeros(len(given)), given)
        for basin in supply.basins:
            assert pressures[basin.node] >= -1e-6  # never below its tubing
    assert all(a.at_ns[-1] == b.at_ns[0] for a, b in pairwise(p.stretch for p in path.history))


@settings(max_examples=examples(25), deadline=None)
@given(CASES)
def test_looking_changes_nothing(case):
    """Readings and pressures to the bit; volumes, which are summed over other pieces, to 1e-9."""
    (seen, end_ns), (left, _) = play(case, looks=True), play(case, looks=False)
    assert [seen.read("p", end_ns - k * MIN) for k in range(29)] == [
        left.read("p", end_ns - k * MIN) for k in range(29)
    ]
    at = np.linspace(0, end_ns, 23).astype(np.int64)
    first, second = history(seen, end_ns).look(at), history(left, end_ns).look(at)
    assert (first.pressure_kpa == second.pressure_kpa).all()
    assert (first.drawn_ml == second.drawn_ml).all()
    assert np.abs(first.patient_ml - second.patient_ml).max() < 1e-9
