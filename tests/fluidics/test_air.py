"""Air in the line: Boyle's law against its chords, bubbles against hand calculation, nothing lost, looking changes nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.catalogue.pumps import MODELS, SMOOTH
from pumpsim.fluidics.feed import Air, Bubbles, Feed
from pumpsim.fluidics.network import crossings
from pumpsim.fluidics.network.aboard import Fineness
from pumpsim.fluidics.network.boyle import ATMOSPHERE_KPA, HIGHEST_KPA, LOWEST_KPA, air_store, squeezed_ml, together
from pumpsim.fluidics.network.elements import Store
from pumpsim.fluidics.network.history import NetworkHistory
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.fluidics.network.plumbing import Member
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import AirIn, Leak, Occlude, Place, Raise, Release
from pumpsim.vocabulary.model import AirSensor, Drive
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand, Watch
from pumpsim.vocabulary.path import Access, AdministrationSet, ContainerKind, LineSetup, PathSetup, Transport
from tests.build import DRUG, MIN, SALINE, H, S
from tests.examples import examples

PERISTALTIC = replace(MODELS["linear-peristaltic"], air_sensor=AirSensor(0.01, 0.01, window_ns=15 * MIN))
EVEN = replace(PERISTALTIC, mechanism=SMOOTH)
CASSETTE = MODELS["single-channel-cassette"]
COARSE = Fineness(0.5, 0.1)
"""For what does not hang on pressure."""
PSI_6_KPA = 41.36854


def path_setup(
    air_ml=0.0,
    common_ml=5.0,
    compliance=0.006,
    resistance=0.0,
    bag_ml=500.0,
    limb_ml=0.0,
    back=0.0,
    transport=Transport.PLUG,
):
    return PathSetup(
        (LineSetup("A", "bag", bag_ml, DRUG, limb_ml=limb_ml, head_kpa=4.9),),
        AdministrationSet("set", common_ml, SALINE, compliance, resistance, transport, air_ml=air_ml),
        Access("access", 0.01, back),
    )


def at_rate(ml_per_h):
    return MotorCommand((LineMotion("A", round(ml_per_h * 1e6)),))


def a_path(model=EVEN, fineness=Fineness(), **kwargs):
    return NetworkPath([Member("p", model, path_setup(**kwargs))], (), fineness)


def pressure_at_least(kpa):
    return (Watch(Signal.DISTAL_PRESSURE, None, Direction.AT_LEAST, kpa),)


def bubble_at_least(ml):
    return (Watch(Signal.AIR_BUBBLE, None, Direction.AT_LEAST, ml),)


def counted_at_least(ml):
    return (Watch(Signal.AIR_ACCUMULATED, None, Direction.AT_LEAST, ml),)


def history_of(path):
    return NetworkHistory(path.plumbing, path.history, feeds=path.feeds).of("p")


def arrived_ml(path, at_ns, name="A air"):
    history = history_of(path)
    row = [origin.source.name for origin in history.origins].index(name)
    return float(history.look(np.array([at_ns])).patient_ml[row, 0])


# Boyle


def test_chords_are_within_a_thousandth_of_the_airs_volume():
    """PHYSICS 4.1: 1 mL of air is 9.87 uL/kPa at 0 gauge (1/101.325), and 5.0 at 6 psi over two atmospheres."""
    store, kpa = air_store(2.0), np.linspace(LOWEST_KPA, HIGHEST_KPA, 200_001)
    held = np.interp(kpa, store.pressures_kpa, store.volumes_ml)
    true = 2.0 * kpa / (ATMOSPHERE_KPA + kpa)
    volume = 2.0 * ATMOSPHERE_KPA / (ATMOSPHERE_KPA + kpa)
    assert np.max(np.abs(held - true) / np.maximum(volume, 2.0)) <= 1e-3
    assert store.at(0.0) == pytest.approx(0.0, abs=1e-15)
    assert store.law(store.piece_at(0.0))[0] / 2.0 == pytest.approx(0.00987, rel=1e-3)


def test_two_stores_in_one_place_hold_what_both_hold():
    bag, air = Store((0.0, 2.0, 3.0), (0.0, 2.0, 2.1)), air_store(0.7)
    both = together(bag, air)
    for kpa in (-50.0, 0.0, 1.9, 2.5, 77.0):
        assert both.at(kpa) == pytest.approx(bag.at(kpa) + air.at(kpa), rel=1e-12)
    assert together(None, air) is air
    assert together(bag, None) is bag


@pytest.mark.parametrize("air_ml", [0.0, 0.3, 1.0, 2.0])
def test_air_delays_an_occlusion_alarm_by_what_it_is_squeezed(air_ml):
    """t = (C p + n p / (Pa + p)) / Q: at 10 mL/h, 6 uL/kPa and 6 psi 89.4 s without air, 193.7 s with 1 mL."""
    path = a_path(air_ml=air_ml)
    path.disturb("p", 0, Occlude(Place.PATIENT_END))
    path.command("p", 0, at_rate(10.0))
    found = crossings.next_crossing(path, "p", pressure_at_least(PSI_6_KPA), 0, H)
    by_hand_ml = 0.006 * PSI_6_KPA + air_ml * PSI_6_KPA / (101.325 + PSI_6_KPA)
    assert found / S == pytest.approx(by_hand_ml / 10.0 * 3600, abs=(1e-3 * air_ml + 1e-9) / 10.0 * 3600)
    path.disturb("p", found, Release(Place.PATIENT_END))
    path.command("p", found, at_rate(0.0))
    path.advance(found + H)
    history = history_of(path)
    passed = history.look(np.array([found - 1, found + H])).patient_ml.sum(axis=0)
    assert passed[1] - passed[0] == pytest.approx(by_hand_ml, abs=1e-3 * air_ml + 1e-6), "and all of it comes out"


# bubbles on their way


@pytest.mark.parametrize("transport", [Transport.PLUG, Transport.MIXED, Transport.TANKS, Transport.LAMINAR])
def test_a_bubble_takes_its_volume_over_the_flow_to_pass_and_the_sets_volume_to_arrive(transport):
    """0.5 mL at 100 mL/h: 18 s; 5 mL of set: 3 min later at the patient. It is a segment in any kind of tube."""
    path = a_path(transport=transport, compliance=0.0)
    path.command("p", 0, at_rate(100.0))
    path.disturb("p", MIN, AirIn("A", 0.5, at_pump=True))
    sizes = [path.read("p", MIN + s * S).bubble_ml for s in (0, 9, 18, 19)]
    assert sizes == pytest.approx([0.0, 0.25, 0.5, 0.0], abs=1e-9)
    assert crossings.next_crossing(path, "p", bubble_at_least(0.3), MIN, H) == pytest.approx(MIN + 10.8 * S, abs=2)
    path.advance(10 * MIN)
    assert arrived_ml(path, 4 * MIN - S) == 0.0
    assert arrived_ml(path, 4 * MIN + 9 * S) == pytest.approx(0.25, abs=5e-3), "less what 1 kPa squeezes it by"
    assert arrived_ml(path, 4 * MIN + 19 * S) == pytest.approx(0.5, abs=1e-9)


def test_a_bubble_travels_through_the_limb_first():
    """2 mL of limb at 60 mL/h: 2 min until the pump has it."""
    path = a_path(limb_ml=2.0)
    path.command("p", 0, at_rate(60.0))
    path.disturb("p", 0, AirIn("A", 0.3, at_pump=False))
    assert crossings.next_crossing(path, "p", bubble_at_least(1e-6), 0, H) == pytest.approx(2 * MIN, abs=S // 1000)


def test_a_bubble_that_recedes_is_no_larger_bubble():
    """The back-flow of the fingers, 3 % of 120 uL, takes 3.6 uL of it back each time: it is 0.5 mL at its end all the same."""
    path = a_path(PERISTALTIC)
    path.command("p", 0, at_rate(100.0))
    path.disturb("p", MIN, AirIn("A", 0.5, at_pump=True))
    seen = [path.read("p", MIN + ms * 10**6).bubble_ml for ms in range(0, 25_000, 50)]
    assert max(seen) == pytest.approx(0.5, abs=1e-9)
    assert min(np.diff(seen)[: seen.index(max(seen))]) < -1e-4
    first = crossings.next_crossing(path, "p", bubble_at_least(0.3), MIN, H)
    assert path.read("p", first).bubble_ml >= 0.3 > path.read("p", first - 1).bubble_ml
    assert not any(path.read("p", at).bubble_ml >= 0.3 for at in range(MIN, first, 10**7))


def test_one_ml_in_15_min_alarms_and_099_does_not():
    """PHYSICS V12: bubbles of 0.05 mL (above the 0.01 mL that count) every 44 s at 100 mL/h; of 0.009 mL none counts."""

    def counted(sizes_ml, every_ns):
        path = a_path(fineness=COARSE)
        path.command("p", 0, at_rate(100.0))
        for i, ml in enumerate(sizes_ml):
            path.disturb("p", MIN + i * every_ns, AirIn("A", ml, at_pump=True))
        last = MIN + (len(sizes_ml) - 1) * every_ns
        return crossings.next_crossing(path, "p", counted_at_least(1.0), last, H)

    assert counted([0.05] * 20, 44 * S) == pytest.approx(MIN + 19 * 44 * S + 1.8 * S, abs=2000), (
        "with the last of the 20th"
    )
    assert counted([0.05] * 19 + [0.04], 44 * S) is None
    assert counted([0.05] * 20, 60 * S) is None, "over 19 min they are never 1 mL in 15"
    assert counted([0.009] * 120, 7 * S) is None


def test_bubbles_nearer_than_the_sensor_can_tell_are_one():
    feed = Feed((Air(1.0, 1.1, False), Air(1.105, 1.2, False), Air(2.0, 2.004, False)))
    seen = Bubbles.of(feed, apart_ml=0.01, smallest_ml=0.01)
    assert [seen.size_ml(x) for x in (0.9, 1.05, 1.102, 1.2, 1.209, 1.211, 2.003)] == pytest.approx(
        [0.0, 0.05, 0.1, 0.195, 0.195, 0.0, 0.003]
    )
    assert [seen.counted_ml(x) for x in (1.009, 1.0101, 1.3, 3.0)] == pytest.approx([0.0, 0.0101, 0.195, 0.195])


def test_the_cassettes_window_is_a_volume():
    """0.25 mL in 6.9 mL: three bubbles of 0.09 mL within 6 mL alarm with the third, spread over 8 mL they do not."""
    for apart_ml, alarms in ((3.0, True), (4.0, False)):
        path = a_path(CASSETTE)
        path.command("p", 0, at_rate(360.0))  # 0.1 mL/s
        for i in range(3):
            path.disturb("p", MIN + round(i * (apart_ml / 0.1) * S), AirIn("A", 0.09, at_pump=True))
        last = MIN + round(2 * (apart_ml / 0.1) * S)
        assert (crossings.next_crossing(path, "p", counted_at_least(0.25), last, 10 * MIN) is not None) == alarms


# what a trap keeps


def test_a_trap_keeps_what_it_holds_and_gives_fluid_for_it():
    """1.5 mL into a cassette with a trap of 1 mL: 1 mL of fluid for it, then the sensor ahead of the pump sees 0.5 mL."""
    path = a_path(CASSETTE, limb_ml=1.0)
    path.command("p", 0, at_rate(100.0))
    path.disturb("p", 0, AirIn("A", 1.5, at_pump=False))
    seen = crossings.next_crossing(path, "p", (Watch(Signal.AIR_PROXIMAL, "A", Direction.AT_LEAST, 1.0),), 0, H)
    assert path.read("p", seen).lines[0].steps == pytest.approx(20_000, abs=3_300), (
        "1 mL of limb, 1 mL of the trap: 2 mL"
    )
    over = crossings.next_crossing(path, "p", (Watch(Signal.AIR_PROXIMAL, "A", Direction.BELOW, 1.0),), seen, H)
    assert path.read("p", over).lines[0].steps == pytest.approx(25_000, abs=3_300)
    assert [
        sum(end - begin for begin, end in spans) for spans in (path.feeds["p"][0].caught, path.feeds["p"][0].passing)
    ] == (pytest.approx([1.0, 0.5]))


def test_what_is_let_in_pushes_back_what_comes_after():
    feed = Feed((Air(5.0, 6.0, True), Air(30.0, math.inf, True)), trap_ml=0.4)
    assert feed.passing == ((5.4, 6.0), (30.0, math.inf))
    before = feed.let_in(2.0, 0.5, by_trap=False)
    assert before.airs == (Air(2.0, 2.5, False), Air(5.5, 6.5, True), Air(30.5, math.inf, True))
    assert before.passing == ((2.0, 2.5), (5.9, 6.5), (30.5, math.inf))
    assert feed.let_in(5.5, 0.5, by_trap=True).airs == (Air(5.0, 6.5, True), Air(30.5, math.inf, True))


# containers that run dry


def test_air_follows_a_bag_that_is_empty_but_not_a_cartridge():
    """10 mL at 60 mL/h: dry after 10 min; 2 mL later it is all the way through a set of 2 mL."""
    path = a_path(bag_ml=10.0, common_ml=2.0)
    path.command("p", 0, at_rate(60.0))
    assert crossings.next_crossing(path, "p", bubble_at_least(1e-6), 0, H) == pytest.approx(10 * MIN, abs=S // 1000)
    path.advance(20 * MIN)
    assert arrived_ml(path, 12 * MIN - 2 * S) == 0.0
    assert arrived_ml(path, 15 * MIN) == pytest.approx(3.0 - 2.0 * 0.6 / 101.9, abs=4e-3), (
        "2 mL in the set, under 0.6 kPa"
    )
    line = replace(path_setup(bag_ml=10.0).lines[0], kind=ContainerKind.CARTRIDGE)
    other = NetworkPath([Member("p", EVEN, replace(path_setup(), lines=(line,)))])
    other.command("p", 0, at_rate(60.0))
    assert crossings.next_crossing(other, "p", bubble_at_least(1e-6), 0, H) is None
    assert other.read("p", H).lines[0].steps * 1e-6 == pytest.approx(10.0)


# laws

STIRRED = [Transport.PLUG, Transport.MIXED, Transport.TANKS, Transport.LAMINAR]
DEEDS = st.one_of(
    st.builds(AirIn, st.just("A"), st.sampled_from([0.002, 0.05, 0.3, 1.2]), st.booleans()),
    st.sampled_from([0.0, 1.0, 25.0, 100.0, 400.0]),
    st.sampled_from([Occlude(Place.PATIENT_END), Release(Place.PATIENT_END), Raise(-40.0), Raise(60.0), Raise(0.0)]),
    st.sampled_from([Leak("p", 0.05), Leak("p", 0.0)]),
)
SCRIPTS = st.lists(st.tuples(st.integers(1, 10 * 60 * 1000), DEEDS), max_size=6)


def played(path, script, looks=()):
    path.command("p", 0, at_rate(100.0))
    looks = sorted(looks)
    for ms, deed in sorted(script, key=lambda pair: pair[0]):
        at_ns = ms * 10**6
        while looks and looks[0] < at_ns:
            look(path, looks.pop(0))
        if isinstance(deed, float):
            path.command("p", at_ns, at_rate(deed))
        else:
            path.disturb("p", at_ns, deed)
    for at_ns in looks:
        look(path, at_ns)
    return path


def look(path, at_ns):
    path.read("p", at_ns)
    crossings.next_crossing(
        path, "p", (*bubble_at_least(0.2), *counted_at_least(0.3), *pressure_at_least(30.0)), at_ns, at_ns + 5 * MIN
    )


@settings(max_examples=examples(12), deadline=None)
@given(
    SCRIPTS,
    st.sampled_from([EVEN, PERISTALTIC, CASSETTE]),
    st.sampled_from([0.0, 0.8]),
    st.sampled_from(list(Transport)[:4]),
)
def test_air_and_drug_are_conserved(script, model, air_ml, transport):
    """What came in = in the line + at the patient + leaked, for every source, to 1e-9; and so is what places store."""
    path = played(
        a_path(model, Fineness(0.1, 0.02), bag_ml=12.0, common_ml=2.0, air_ml=air_ml, transport=transport), script
    )
    path.advance(12 * MIN)
    history = history_of(path)
    end = history.look(np.array([12 * MIN]))
    came = end.entered_ml[:, 0] + [origin.end_ml if origin.line < 0 else 0.0 for origin in history.origins]
    found = history.in_line() + end.patient_ml[:, 0] + history.lost()
    assert came == pytest.approx(found, abs=1e-9 * max(1.0, float(end.pumped_ml.sum())))
    state, node = path._state, path.plumbing.node_of["p"]
    kpa = float(state.pressures(np.zeros(1), path._given)[node])
    place = state.regime.topology.nodes[node]
    stored = place.compliance * (kpa - float(path.plumbing.pressures[node]))
    if place.store is not None:
        stored += place.store.at(kpa)
    begin = air_store(air_ml).at(float(path.plumbing.pressures[node])) if air_ml else 0.0
    assert history.in_line().sum() == pytest.approx(2.0 + stored - begin, abs=1e-8), "by pressure, and by what it holds"


@settings(max_examples=examples(6), deadline=None)
@given(SCRIPTS, st.sampled_from([EVEN, PERISTALTIC]), st.lists(st.integers(1, 11 * MIN), max_size=5))
def test_looking_changes_nothing(script, model, looks):
    quiet, watched = (played(a_path(model, Fineness(0.1, 0.02), bag_ml=12.0), script, seen) for seen in ((), looks))
    for path in (quiet, watched):
        path.advance(12 * MIN)
    assert quiet.read("p", 12 * MIN) == watched.read("p", 12 * MIN)
    assert [p.stretch.at_ns.tolist() for p in quiet.history] == [p.stretch.at_ns.tolist() for p in watched.history]


def test_finer_exchanges_of_stores_change_little():
    """A bubble of 0.2 mL enters against 30 kPa: an eighth of the tolerance moves the pressure little, a half of it less."""
    pressures = []
    for part in (1.0, 0.5, 0.125):
        path = a_path(fineness=Fineness(0.02 * part, 0.002 * part), resistance=0.3)
        path.command("p", 0, at_rate(100.0))
        path.disturb("p", 10 * MIN, AirIn("A", 0.2, at_pump=True))
        pressures.append([path.pressure_kpa("p", 10 * MIN + k * S) for k in range(1, 60, 3)])
    best = np.array(pressures[-1])
    worst = [float(np.abs(np.array(course) - best).max()) for course in pressures[:-1]]
    assert worst[0] < 0.5, "of 30 kPa"
    assert worst[1] < 0.75 * worst[0]
    assert worst[0] > 0.0


def test_without_air_nothing_is_carried_along():
    path = a_path(bag_ml=5000.0)
    path.command("p", 0, at_rate(100.0))
    path.read("p", 30 * MIN)
    assert all(passage.aboard is None for passage in path._plan)


def test_air_is_refused_where_nothing_draws():
    drip = MODELS["gravity-20"]
    assert drip.mechanism.drive is Drive.ROLLER_CLAMP
    path = NetworkPath([Member("p", drip, path_setup())])
    with pytest.raises(ValueError, match="draws nothing"):
        path.disturb("p", 0, AirIn("A", 0.1, at_pump=True))


def test_squeezed_by_hand():
    """1 mL under one more atmosphere is half as large."""
    assert squeezed_ml(1.0, 101.325) == pytest.approx(0.5)
