"""Laws of transport through any network of tubes: nothing is lost, calls may be split, copies go their own way."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pumpsim.fluidics.transport.common_volume import CommonVolume
from pumpsim.fluidics.transport.streams import join
from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes
from pumpsim.vocabulary.path import Access, AdministrationSet, Fluid, LineSetup, PathSetup
from tests.examples import examples
from tests.fluidics.tubes import DISPERSED, KINDS, MIXED, PLUG, TANKS, line, rows, through


def setup(transport):
    drug, carrier = Fluid("drug"), Fluid("carrier")
    lines = (
        LineSetup("A", "bag A", 1000.0, carrier, 0.4, drug),
        LineSetup("B", "bag B", 1000.0, drug),
    )
    common = AdministrationSet("set", 1.3, carrier, 0.0, 0.0, transport)
    return PathSetup(lines, common, Access("cannula", 0.0))


@pytest.mark.parametrize(("transport", "limit"), [(PLUG, 1e-9), (MIXED, 1e-9)])
def test_one_tube_forward_equals_the_common_volume_in_closed_form(transport, limit):
    rng = np.random.default_rng(7)
    steps = rng.uniform(0.0, 0.02, (2, 400)) * rng.integers(0, 2, (2, 400))
    lines = np.concatenate([np.zeros((2, 1)), np.cumsum(steps, axis=1)], axis=1)
    total = lines.sum(axis=0, keepdims=True)
    common = CommonVolume(setup(transport), total[0], lines)
    tube = Tube("common", 0, 1, 1.3, 3, transport)
    inlets = [Inlet(0, ((0.0, 0), (0.4, 1))), Inlet(0, ((0.0, 2),))]
    outflow = Carriage(4, [tube], inlets, [Site(1, 3)]).advance(Volumes(total, total, lines, total)).sites[0]
    left = common.left(np.interp(outflow.knots, np.arange(total.size), total[0]))
    assert np.abs(left - outflow.amounts).max() < limit


SHAPES = {
    "chain": [(0, 1), (1, 2), (2, 3)],
    "fork": [(0, 2), (1, 2), (2, 3), (3, 4)],
    "tree": [(0, 4), (1, 4), (2, 5), (4, 5), (5, 6)],
    "turned": [(2, 0), (2, 1), (3, 2)],
    "ring": [(0, 1), (1, 2), (2, 0)],
}


class Case:
    """A random network: every tube swells, shrinks and turns as it likes; a site at each node takes up the difference."""

    def __init__(self, seed, shape, kinds, pieces=25):
        scale, least = (0.1, 0.5) if "laminar" in kinds else (0.6, 0.05)
        rng = np.random.default_rng(seed)
        edges = SHAPES[shape]
        nodes = sorted({node for edge in edges for node in edge})
        self.volume = rng.uniform(least, 1.0, len(edges)) * (rng.uniform(size=len(edges)) > 0.15)
        mixings = [KINDS[kinds[i % len(kinds)]] for i in range(len(edges))]
        self.tubes = [Tube(f"t{i}", a, b, float(self.volume[i]), i % 4, **mixings[i]) for i, (a, b) in enumerate(edges)]
        self.inlets = [Inlet(nodes[0], ((0.0, 0), (0.7, 4))), Inlet(nodes[-1], ((0.0, 1),))]
        self.sites = [Site(node, 5) for node in nodes]
        middle = np.cumsum(rng.normal(0.0, scale, (len(edges), pieces)) * rng.integers(0, 2, pieces), axis=1)
        swell = rng.uniform(-0.4, 0.5, (len(edges), pieces)) * self.volume[:, None] * rng.integers(0, 2, pieces)
        first = np.zeros((len(edges), 1))
        begin = np.concatenate([first, middle + swell / 2], axis=1)
        end = np.concatenate([first, middle - swell / 2], axis=1)
        inlet = np.maximum(np.cumsum(rng.uniform(0.0, scale / 2, (2, pieces + 1)), axis=1) - scale / 2, 0.0)
        site = np.zeros((len(nodes), pieces + 1))
        for i, (a, b) in enumerate(edges):
            site[nodes.index(a)] -= begin[i]
            site[nodes.index(b)] += end[i]
        site[0] += inlet[0]
        site[-1] += inlet[1]
        self.volumes = Volumes(begin, end, inlet, site)

    def carriage(self):
        return Carriage(6, self.tubes, self.inlets, self.sites)

    def part(self, i, j):
        v = self.volumes
        return Volumes(*(x[:, i : j + 1] for x in (v.tube_begin, v.tube_end, v.inlet, v.site)))

    def entered(self):
        total = np.zeros(6)
        for tube in self.tubes:
            total[tube.filling] += tube.volume_ml
        a, b = self.volumes.inlet[:, -1]
        total[[0, 4, 1]] += [min(a, 0.7), max(a - 0.7, 0.0), b]
        return total


KIND_SETS = [("plug",), ("mixed", "plug"), ("tanks", "mixed"), ("laminar", "plug"), ("dispersed", "laminar", "tanks")]
QUICK = KIND_SETS[:1] * 3 + KIND_SETS[1:]
CASES = given(seed=st.integers(0, 2**32 - 1), shape=st.sampled_from([*SHAPES][:-1]), kinds=st.sampled_from(QUICK))


def quiet(affordable: int) -> settings:
    return settings(max_examples=examples(affordable), deadline=None, derandomize=True)


@quiet(25)
@CASES
@example(seed=1, shape="tree", kinds=KIND_SETS[4])
def test_nothing_is_lost_in_any_network(seed, shape, kinds):
    case = Case(seed, shape, kinds)
    carriage = case.carriage()
    moved = carriage.advance(case.volumes)
    held = carriage.contents()
    content = case.volume + case.volumes.tube_begin[:, -1] - case.volumes.tube_end[:, -1]
    assert held.sum(axis=1) == pytest.approx(content, abs=2e-12)
    assert held.min() >= -1e-12
    left = sum(outflow.amounts[:, -1] for outflow in moved.sites)
    assert left + held.sum(axis=0) == pytest.approx(case.entered(), abs=2e-11)
    whole = np.arange(case.volumes.site.shape[1])
    for outflow, volume in zip(moved.sites, case.volumes.site, strict=True):
        assert np.all(np.diff(outflow.knots) >= 0.0)
        assert outflow.amounts.sum(axis=0) == pytest.approx(np.interp(outflow.knots, whole, volume), abs=2e-11)
        assert np.diff(outflow.amounts[:5], axis=1).min() >= -1e-12, "only what refills ever comes back"


@quiet(15)
@CASES
def test_calls_may_be_split_anywhere(seed, shape, kinds):
    case = Case(seed, shape, kinds, pieces=12)
    whole, parts = case.carriage(), case.carriage()
    moved = whole.advance(case.volumes)
    rng = np.random.default_rng(seed)
    stops = [0, *sorted({int(k) for k in rng.integers(1, 12, 4)}), 12]
    for i, j in pairwise(stops):
        piece = parts.advance(case.part(i, j))
        for outflow, full in zip(piece.sites, moved.sites, strict=True):
            for source in range(6):
                expected = np.interp(outflow.knots + i, full.knots, full.amounts[source])
                assert outflow.amounts[source] == pytest.approx(expected, abs=1e-12)
    assert parts.contents() == pytest.approx(whole.contents(), abs=1e-12)


@quiet(10)
@CASES
def test_a_copy_goes_its_own_way_and_the_same_way(seed, shape, kinds):
    case = Case(seed, shape, kinds, pieces=10)
    carriage = case.carriage()
    carriage.advance(case.part(0, 5))
    before = carriage.contents()
    ahead = carriage.copy().advance(case.part(5, 10))
    assert carriage.contents().tolist() == before.tolist()
    now = carriage.advance(case.part(5, 10))
    for a, b in zip(ahead.sites, now.sites, strict=True):
        assert a.knots.tolist() == b.knots.tolist()
        assert a.amounts.tolist() == b.amounts.tolist()
    assert ahead.arrived == now.arrived


def test_flow_round_a_ring_carries_on():
    """Three tubes of 1 mL in a circle turn by 0.1 mL thirty times: all is where it was."""
    tubes = [Tube(f"t{i}", a, b, 1.0, i) for i, (a, b) in enumerate(SHAPES["ring"])]
    carriage = Carriage(3, tubes, [], [])
    x = np.tile(np.linspace(0.0, 3.0, 31), (3, 1))
    carriage.advance(Volumes(x, x, np.zeros((0, 31)), np.zeros((0, 31))))
    assert carriage.contents() == pytest.approx(np.eye(3), abs=1e-12)


def test_many_reversals_lose_nothing():
    """20,000 strokes to and fro through a stirred, a laminar and a plug tube."""
    rng = np.random.default_rng(3)
    tubes = [Tube("a", 0, 1, 0.5, 0, MIXED), Tube("b", 1, 2, 0.3, 0, TANKS, 3), Tube("c", 2, 3, 0.4, 0)]
    carriage = Carriage(3, tubes, [Inlet(0, ((0.0, 1),))], [Site(0, 2), Site(3, 2)])
    x = np.concatenate([[0.0], np.cumsum(rng.normal(1e-4, 2e-3, 20_000))])
    fresh = np.concatenate([[0.0], np.cumsum(rng.uniform(0.0, 2e-3, 20_000))])
    moved = carriage.advance(Volumes(rows(x, x, x), rows(x, x, x), rows(fresh), rows(fresh - x, x)))
    left = sum(outflow.amounts[:, -1] for outflow in moved.sites)
    total = left + carriage.contents().sum(axis=0)
    assert total == pytest.approx([1.2, fresh[-1], 0.0], abs=1e-11)


def test_pieces_in_which_nothing_moves_change_nothing():
    carriage = line()
    assert through(carriage, 0.0, 0.0, 0.0).amounts.tolist() == [[0.0, 0.0]] * 3
    outflow = through(carriage, 0.0, 0.0, 0.5, 0.5, 0.5, 1.5)
    assert outflow.knots == pytest.approx([0, 1, 2, 4, 4.5, 5])
    assert outflow.amounts[1] == pytest.approx([0, 0, 0, 0, 0, 0.5], abs=1e-12)
    alone = carriage.advance(Volumes(*[rows([1.5])] * 4)).sites[0]
    assert alone.knots.tolist() == [0.0]
    assert alone.amounts[:, 0] == pytest.approx([1.0, 0.5, 0.0])


def test_a_call_that_does_not_go_on_from_the_last_is_refused():
    carriage = line()
    through(carriage, 0.0, 0.5)
    with pytest.raises(ValueError, match="begin where"):
        through(carriage, 0.6, 0.7)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: Tube("t", 0, 1, -1.0, 0),
        lambda: Tube("t", 0, 1, 1.0, 0, tanks=0),
        lambda: Tube("t", 0, 1, 1.0, 0, DISPERSED, spread=0.0),
        lambda: Inlet(0, ()),
        lambda: Inlet(0, ((0.1, 0),)),
        lambda: Inlet(0, ((0.0, 0), (0.0, 1))),
        lambda: Carriage(1, [Tube("t", 0, 1, 1.0, 1)], [], []),
    ],
)
def test_impossible_networks_are_refused(bad):
    with pytest.raises(ValueError, match=r"must|numbered"):
        bad()


def test_streams_that_change_at_different_places_mix_piece_by_piece():
    a, b = (1.0, 0.0), (0.0, 1.0)
    joined = join((1.0, 3.0), (((0.5, a), (1.0, b)), ((0.25, a), (1.0, b))))
    assert joined == ((0.25, a), (0.5, (0.25, 0.75)), (1.0, b))


def test_parts_without_width_do_not_hold_up_what_follows():
    a, b = (1.0, 0.0), (0.0, 1.0)
    joined = join((1.0, 1.0), (((0.5, a), (0.5, a), (0.5, a), (1.0, b)), ((1.0, b),)))
    assert joined == ((0.5, (0.5, 0.5)), (1.0, b))
