"""Fluid through networks of tubes, either way: expected numbers by hand, from PHYSICS V9, V10, 4.1, or from closed forms."""

from itertools import pairwise
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pumpsim.fluidics.transport.common_volume import CommonVolume
from pumpsim.fluidics.transport.dispersion import dispersion_number, taylor_diffusivity, taylor_spread
from pumpsim.fluidics.transport.laminar import EDGES, SHARES
from pumpsim.fluidics.transport.streams import TOLERANCE, join
from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes
from pumpsim.vocabulary.path import Access, AdministrationSet, Fluid, LineSetup, PathSetup, Transport

PLUG, MIXED, TANKS, LAMINAR, DISPERSED = (
    Transport.PLUG,
    Transport.MIXED,
    Transport.TANKS,
    Transport.LAMINAR,
    Transport.DISPERSED,
)
KINDS = {
    "plug": {"mixing": PLUG},
    "mixed": {"mixing": MIXED},
    "tanks": {"mixing": TANKS, "tanks": 4},
    "laminar": {"mixing": LAMINAR},
    "dispersed": {"mixing": DISPERSED, "spread": 0.05},
}
ALL = pytest.mark.parametrize("kind", KINDS)


def rows(*given):
    return np.array([np.asarray(row, dtype=float) for row in given])


def line(kind="plug", volume=1.0, fresh=1, refill=2, **more):
    """One tube between an inlet of source 1 and a site; the tube is full of source 0."""
    tube = Tube("set", 0, 1, volume, 0, **KINDS[kind], **more)
    return Carriage(3, [tube], [Inlet(0, ((0.0, fresh),))], [Site(1, refill)])


def through(carriage, *stops):
    """Move the whole line, which is rigid, through these cumulated volumes."""
    x = rows(stops)
    return carriage.advance(Volumes(x, x, x, x)).sites[0]


def at(outflow, source, knot):
    return float(np.interp(knot, outflow.knots, outflow.amounts[source]))


# --- V9 ---


def two_lines(kind="plug"):
    """V9: A carrier (0), B drug (1) at one node, common volume 2.5 mL full of carrier."""
    tubes = [Tube("common", 0, 1, 2.5, 0, **KINDS[kind])]
    return Carriage(3, tubes, [Inlet(0, ((0.0, 0),)), Inlet(0, ((0.0, 1),))], [Site(1, 2)])


def run_v9(carriage, legs):
    """Legs of (min, carrier mL/h, drug mL/h); give drug volumes (1 mg/mL: mg) by minute."""
    steps = [(a / 60, b / 60) for minutes, a, b in legs for _ in range(minutes)]
    x = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)]).T
    total = x.sum(axis=0, keepdims=True)
    outflow = carriage.advance(Volumes(total, total, x, total)).sites[0]
    return np.interp(np.arange(total.size), outflow.knots, outflow.amounts[1])


def test_v9_lag_and_push_out_by_hand():
    carriage = two_lines()
    drug = run_v9(carriage, [(30, 20, 5), (30, 45, 5), (30, 20, 5)])
    rate = np.diff(drug) * 60
    expected = [0] * 6 + [5] * 24 + [10] * 3 + [5] * 27 + [2.5] * 6 + [5] * 24
    assert rate == pytest.approx(expected, abs=1e-9)
    assert carriage.contents()[0] == pytest.approx([2.0, 0.5, 0.0], abs=1e-12)
    assert drug[60] - drug[30] - 5 * 0.5 == pytest.approx(0.25, abs=1e-12)
    assert drug[90] - drug[60] - 5 * 0.5 == pytest.approx(-0.25, abs=1e-12)


def test_v9_when_the_drug_stops_what_is_in_the_common_volume_still_comes():
    drug = run_v9(two_lines(), [(30, 20, 5), (30, 20, 0)])
    assert drug[60] - drug[30] == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize(("kind", "minutes"), [("mixed", 300), ("tanks", 120), ("dispersed", 120), ("laminar", 72)])
def test_v9_any_mixing_gives_the_same_excess(kind, minutes):
    drug = run_v9(two_lines(kind), [(minutes, 20, 5), (minutes, 45, 5)])
    assert drug[2 * minutes] - drug[minutes] - 5 * minutes / 60 == pytest.approx(0.25, abs=1e-9)


# --- V10 ---


def times_of_a_step(kind, volume=2.0, **more):
    """T at which the share of the new source in what leaves comes to 50, 90 and 95 %, and at which it first shows."""
    x = np.linspace(0.0, 3.2 * volume, 6401)
    outflow = through(line(kind, volume, **more), *x)
    share = np.diff(np.interp(np.arange(x.size), outflow.knots, outflow.amounts[1])) / np.diff(x)
    middle = (x[1:] + x[:-1]) / 2 / volume
    first = middle[np.argmax(share > 1e-4)]
    return [float(np.interp(part, share, middle)) for part in (0.5, 0.9, 0.95)], float(first)


@pytest.mark.parametrize(
    ("kind", "times", "first"),
    [
        ("plug", (1.0, 1.0, 1.0), 1.0),
        ("mixed", (0.6931, 2.3026, 2.9957), 0.0),
        ("laminar", (0.7071, 1.5811, 2.2361), 0.5),
    ],
)
def test_v10_a_step_through_each_transport(kind, times, first):
    found, began = times_of_a_step(kind)
    assert found == pytest.approx(times, abs=1e-3)
    assert began == pytest.approx(first, abs=1e-3)


def erlang(n, t):
    return 1.0 - sum(exp(-n * t) * (n * t) ** k / factorial(k) for k in range(n))


@pytest.mark.parametrize("pieces", [3, 60, 3000])
@pytest.mark.parametrize(("kind", "n"), [("mixed", 1), ("tanks", 4), ("dispersed", 20)])
def test_tanks_in_a_row_follow_erlang(kind, n, pieces):
    """What left up to T of a step is the integral of Erlang's distribution: T E_n(T) - E_(n+1)(T (n+1)/n)."""
    x = np.linspace(0.0, 3.0, pieces + 1)
    outflow = through(line(kind), *x)
    for knot, out in zip(outflow.knots, outflow.amounts[1], strict=True):
        t = float(np.interp(knot, np.arange(x.size), x))
        assert out == pytest.approx(t * erlang(n, t) - erlang(n + 1, t * n / (n + 1)), abs=1e-9)


def test_laminar_streamlines_have_the_mean_of_the_tube():
    mean = np.sum(np.diff(SHARES) * (EDGES[1:] + EDGES[:-1]) / 2)
    assert mean == pytest.approx(1.0, abs=1e-12)
    assert np.all(np.diff(EDGES) > 0.0)
    assert pytest.approx(1.0 - (1.0 / (2.0 * EDGES[:-1])) ** 2) == SHARES[:-1]


@ALL
def test_between_knots_amounts_keep_to_the_straight_line(kind):
    """Against a run in pieces 50 times as fine."""
    volume, fine = 2.0, np.linspace(0.0, 6.0, 6001)
    whole, parts = through(line(kind, volume), 0.0, 6.0), through(line(kind, volume), *fine)
    for source in (0, 1):
        stray = np.interp(fine / 6.0, whole.knots, whole.amounts[source])
        exact = np.interp(np.arange(fine.size), parts.knots, parts.amounts[source])
        assert np.abs(stray - exact).max() < 1.01 * TOLERANCE * volume + 2e-9


# --- back and forth ---


def test_plug_what_was_drawn_back_comes_out_first():
    outflow = through(line(), 0.0, 1.2, 0.9, 1.0, 1.6)
    assert [at(outflow, 0, k) for k in range(5)] == pytest.approx([0, 1.0, 1.0, 1.0, 1.0], abs=1e-12)
    assert [at(outflow, 1, k) for k in range(5)] == pytest.approx([0, 0.2, 0.2, 0.2, 0.6], abs=1e-12)
    assert [at(outflow, 2, k) for k in range(5)] == pytest.approx([0, 0.0, -0.3, -0.2, 0.0], abs=1e-12)


def test_plug_what_was_pushed_back_into_an_inlet_comes_in_first():
    carriage = Carriage(4, [Tube("set", 0, 1, 1.0, 0)], [Inlet(0, ((0.0, 1), (0.5, 3)))], [Site(1, 2)])
    outflow = through(carriage, 0.0, 0.6, -0.1, 2.0)
    assert outflow.amounts[:, -1] == pytest.approx([1.0, 0.5, 0.0, 0.5], abs=1e-12)
    assert carriage.contents()[0] == pytest.approx([0.0, 0.0, 0.0, 1.0], abs=1e-12)


def test_a_source_change_within_a_piece_is_on_the_microlitre():
    carriage = Carriage(3, [Tube("set", 0, 1, 0.0, 0)], [Inlet(0, ((0.0, 0), (0.3, 1), (0.9, 2)))], [Site(1, 2)])
    outflow = through(carriage, 0.0, 1.2)
    assert outflow.knots == pytest.approx([0.0, 0.25, 0.75, 1.0])
    assert outflow.amounts == pytest.approx(rows([0, 0.3, 0.3, 0.3], [0, 0, 0.6, 0.6], [0, 0, 0, 0.3]), abs=1e-12)


def test_reversal_through_a_junction():
    """Limbs A (0) and B (1), common (2), blood 3: A pushes 0.4 mL of its fluid into B; then B gives it back before its own."""
    tubes = [Tube("a", 0, 2, 1.0, 0), Tube("b", 1, 2, 1.0, 1), Tube("common", 2, 3, 0.5, 2)]
    carriage = Carriage(4, tubes, [Inlet(0, ((0.0, 0),)), Inlet(1, ((0.0, 1),))], [Site(3, 3)])
    a, b, c = [0, 0.6, 0.6, 0.1], [0, -0.4, 0.6, 0.6], [0, 0.2, 1.2, 0.7]
    moved = carriage.advance(Volumes(rows(a, b, c), rows(a, b, c), rows(a, b), rows(c)))
    outflow = moved.sites[0]
    assert [at(outflow, 2, k) for k in range(4)] == pytest.approx([0, 0.2, 0.5, 0.5], abs=1e-12)
    assert [at(outflow, 0, k) for k in range(4)] == pytest.approx([0, 0.0, 0.6, 0.6], abs=1e-12)
    assert [at(outflow, 1, k) for k in range(4)] == pytest.approx([0, 0.0, 0.1, 0.1], abs=1e-12)
    assert at(outflow, 3, 3) == pytest.approx(-0.5, abs=1e-12)
    held = carriage.contents()
    assert held[0] == pytest.approx([0.5, 0.5, 0.0, 0.0], abs=1e-12), "the common volume's 0.5 mL of B went up A"
    assert held[2] == pytest.approx([0.0, 0.0, 0.0, 0.5], abs=1e-12)


def test_laminar_flow_goes_back_along_its_streamlines():
    """0.45 mL of dye go in, the fastest 0.9 of the way; as much drawn back brings all of it out where it went in, twice."""
    carriage = Carriage(3, [Tube("set", 0, 1, 1.0, 0, LAMINAR)], [Inlet(0, ((0.0, 1),))], [Site(1, 2)])
    outflow = through(carriage, 0.0, 0.45, 0.0, 0.45, 0.0)
    assert outflow.amounts[:, -1] == pytest.approx([0.45, 0.0, -0.45], abs=1e-12)
    assert carriage.contents()[0] == pytest.approx([0.55, 0.0, 0.45], abs=1e-12)


@pytest.mark.parametrize("kind", ["plug", "laminar"])
@pytest.mark.parametrize("shift", [0.0, 40.0])
def test_flow_back_undoes_flow_forth(kind, shift):
    """Drawn back x < V/2 and given again: every later outflow is as if nothing had been."""
    still, moved = line(kind), line(kind)
    start = through(still, 0.0, shift + 0.7).amounts[:, -1]
    through(moved, 0.0, shift + 0.7)
    excursion = through(moved, *(shift + x for x in (0.7, 0.3, 0.5, 0.4, 0.7)))
    for knot, drawn in enumerate((0.0, 0.4, 0.2, 0.3, 0.0)):
        now = [at(excursion, source, knot) for source in range(3)]
        assert now == pytest.approx([start[0], start[1], -drawn], abs=1e-11)
    x = np.linspace(shift + 0.7, shift + 3.0, 300)
    assert through(moved, *x).amounts[1, -1] == pytest.approx(through(still, *x).amounts[1, -1], abs=1e-10)


@ALL
def test_a_tube_is_the_same_from_either_end(kind):
    """Run as it is, and with begin and end exchanged and every volume reversed."""
    x = np.concatenate([[0.0], np.cumsum(np.random.default_rng(5).normal(0.05, 0.3, 40))])
    sites = [Site(0, 1), Site(1, 2)]
    ahead = Carriage(3, [Tube("t", 0, 1, 0.8, 0, **KINDS[kind])], [], sites)
    turned = Carriage(3, [Tube("t", 1, 0, 0.8, 0, **KINDS[kind])], [], sites)
    none = np.zeros((0, x.size))
    one = ahead.advance(Volumes(rows(x), rows(x), none, rows(-x, x)))
    other = turned.advance(Volumes(rows(-x), rows(-x), none, rows(-x, x)))
    for a, b in zip(one.sites, other.sites, strict=True):
        assert a.amounts == pytest.approx(b.amounts, abs=1e-11)
    assert ahead.contents() == pytest.approx(turned.contents(), abs=1e-11)


def test_laminar_drawn_back_by_its_volume_keeps_some_of_what_it_held():
    """A streamline of residence v then holds min(v, V) of blood. Over F: 1/2 (1/0.5 - 1/1) up to V, 1/4 beyond: 0.75 V."""
    carriage = line("laminar")
    through(carriage, 0.0, -1.0)
    assert carriage.contents()[0] == pytest.approx([0.25, 0.0, 0.75], abs=1e-4)


# --- swelling, traps, air ---


@ALL
def test_a_swelling_tube_holds_more_and_gives_it_back(kind):
    """0.5 mL go in and stay, then 0.5 mL leave: the content is 1.5, then 1."""
    carriage = line(kind)
    begin, end = rows([0.0, 0.5, 0.5]), rows([0.0, 0.0, 0.5])
    first = carriage.advance(Volumes(begin[:, :2], end[:, :2], begin[:, :2], end[:, :2]))
    assert first.sites[0].amounts[:, -1] == pytest.approx([0, 0, 0])
    assert carriage.contents()[0] == pytest.approx([1.0, 0.5, 0.0], abs=1e-12)
    last = carriage.advance(Volumes(begin[:, 1:], end[:, 1:], begin[:, 1:], end[:, 1:])).sites[0]
    assert last.amounts.sum(axis=0)[-1] == pytest.approx(0.5)
    if kind == "plug":
        assert last.amounts[:, -1] == pytest.approx([0.5, 0.0, 0.0], abs=1e-12)
    if kind == "mixed":
        assert last.amounts[0, -1] == pytest.approx(1.0 - exp(-0.5), abs=1e-12)


@ALL
def test_a_tube_that_is_squeezed_and_fills_again_loses_nothing(kind):
    """0.3 mL leave before anything comes in; then 0.5 mL go in, and 2.2 mL through."""
    carriage = line(kind)
    begin, end = rows([0.0, 0.0, 0.5, 2.7]), rows([0.0, 0.3, 0.3, 2.5])
    outflow = carriage.advance(Volumes(begin, end, begin, end)).sites[0]
    assert outflow.amounts.sum(axis=0)[-1] == pytest.approx(2.5, abs=1e-12)
    total = outflow.amounts[:, -1] + carriage.contents()[0]
    assert total == pytest.approx([1.0, 2.7, 0.0], abs=1e-11)
    assert at(outflow, 0, 1) == pytest.approx(0.3, abs=1e-12)


@pytest.mark.parametrize(("kind", "limit"), [("plug", 1e-12), ("mixed", 1e-12), ("laminar", 1e-9), ("tanks", 1e-4)])
def test_a_tube_that_goes_from_swollen_to_squeezed_in_one_piece_is_split_where_it_is_at_rest(kind, limit):
    """In one piece, and in pieces that meet at the instant when the content is the volume at rest (f = 2/3)."""
    ends = []
    for stops in ((0.0, 1.0), (0.0, 2 / 3, 1.0)):
        carriage = line(kind)
        f = np.array(stops)
        begin, end = rows([0.0, *(0.4 + 0.5 * f)]), rows([0.0, *(0.0 + 1.1 * f)])
        outflow = carriage.advance(Volumes(begin, end, begin, end)).sites[0]
        ends.append([*outflow.amounts[:, -1], *carriage.contents()[0]])
    assert ends[0] == pytest.approx(ends[1], abs=limit)


@ALL
def test_more_asked_of_a_tube_than_it_holds_passes_through(kind):
    carriage = line(kind, volume=0.2)
    begin, end = rows([0.0, 0.0, 1.0, 1.3]), rows([0.0, 0.5, 1.5, 1.5])
    outflow = carriage.advance(Volumes(begin, end, begin, end)).sites[0]
    assert outflow.amounts.sum(axis=0)[-1] == pytest.approx(1.5, abs=1e-9)
    assert np.all(np.isfinite(outflow.amounts))
    assert np.all(carriage.contents() >= -1e-9)


def trapped(volume=1.0):
    """A drip chamber full of source 0, then a set; saline 1, air 2; the container runs dry after 1.5 mL."""
    tubes = [Tube("chamber", 0, 1, volume, 0, trap=True), Tube("set", 1, 2, 0.2, 0)]
    return Carriage(3, tubes, [Inlet(0, ((0.0, 1), (1.5, 2)))], [Site(2, 0)], air=2)


def test_a_trap_keeps_air_until_no_liquid_is_left():
    """After 2 mL: 0.5 mL of air in it, 0.5 mL of liquid; dry after 2.5 mL, air at the end of the set after 2.7 mL."""
    carriage = trapped()
    first = carriage.advance(Volumes(*(rows(*[[0.0, 2.0]] * n) for n in (2, 2, 1, 1))))
    assert first.arrived == (None, None)
    held = carriage.contents()
    assert held[0, 2] == pytest.approx(0.5, abs=1e-12)
    assert held[0].sum() == pytest.approx(1.0, abs=1e-12)
    last = carriage.advance(Volumes(*(rows(*[[2.0, 3.0]] * n) for n in (2, 2, 1, 1))))
    assert last.arrived == (pytest.approx(0.5, abs=1e-9), pytest.approx(0.7, abs=1e-9))
    assert last.sites[0].amounts[2, -1] == pytest.approx(0.3, abs=1e-9)
    assert last.sites[0].amounts[:2].sum(axis=0)[-1] == pytest.approx(2.7, abs=1e-9)


def test_a_trap_is_stirred_and_fills_again():
    """1 mL of saline through 1 mL leaves exp(-1) of the first filling; liquid after air goes before the air."""
    carriage = Carriage(
        3, [Tube("chamber", 0, 1, 1.0, 0, trap=True)], [Inlet(0, ((0.0, 1), (1.0, 2), (3.0, 1)))], [Site(1, 0)], air=2
    )
    early = through(carriage, 0.0, 1.0)
    assert early.amounts[0, -1] == pytest.approx(1.0 - exp(-1.0), abs=1e-12)
    late = through(carriage, 1.0, 3.0, 5.0)
    assert at(late, 2, 1) == pytest.approx(1.0, abs=1e-9), "1 mL of liquid, then 1 mL of air"
    assert at(late, 2, 2) == pytest.approx(1.0, abs=1e-9), "saline passes, the air stays"
    assert carriage.contents()[0] == pytest.approx([0.0, 0.0, 1.0], abs=1e-9)


def test_air_is_seen_where_it_stands_and_where_it_comes():
    tubes = [Tube("a", 0, 1, 1.0, 0), Tube("b", 1, 2, 1.0, 0)]
    carriage = Carriage(2, tubes, [Inlet(0, ((0.0, 0), (0.25, 1)))], [Site(2, 0)], air=1)

    def move(*x):
        return carriage.advance(Volumes(rows(x, x), rows(x, x), rows(x), rows(x))).arrived

    assert move(0.0, 1.0, 1.0, 2.0) == (pytest.approx(2.25), None)
    assert move(2.0, 2.0) == (0.0, None)
    assert move(2.0, 2.5) == (0.0, pytest.approx(0.5))
    assert move(2.5, 1.0) == (0.0, 0.0), "it stands at both ends and is drawn back from both"
    assert move(1.0, 1.1) == (None, None)


def test_without_air_none_arrives():
    carriage = line()
    x = rows([0.0, 3.0])
    assert carriage.advance(Volumes(x, x, x, x)).arrived == (None,)


# --- laws ---


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
QUIET = settings(max_examples=25, deadline=None, derandomize=True)


@QUIET
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


@QUIET
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


@QUIET
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


# --- which transport holds ---


def test_dispersion_of_the_reference_tube():
    """PHYSICS 4.1: 1 mm bore, D 1e-9 m2/s, 10 mL/h, 1.5 m: r2/D 250 s, transit 424 s, D_eff 6.5e-5 m2/s, sigma 66 s."""
    velocity = 10e-6 / 3600 / (np.pi * 0.5e-3**2)
    transit = 1.5 / velocity
    assert transit == pytest.approx(424, abs=0.5)
    assert dispersion_number(1e-9, 250.0, 0.5) == pytest.approx(1.0)
    assert dispersion_number(1e-9, 62.5, 0.25) == pytest.approx(1.0)
    assert taylor_diffusivity(1e-9, 0.5, velocity) == pytest.approx(6.5e-5, abs=0.05e-5)
    assert transit * taylor_spread(1e-9, 0.5, velocity, 1.5) ** 0.5 == pytest.approx(66, abs=0.5)


def test_dispersed_has_the_variance_that_it_is_given():
    """Mean and variance of the residence time from the step: V, and spread times V squared."""
    x = np.linspace(0.0, 6.0, 3001)
    outflow = through(line("dispersed"), *x)
    left = np.interp(np.arange(x.size), outflow.knots, outflow.amounts[0])
    density = -np.diff(left, 2) / np.diff(x)[1:]
    v = x[1:-1]
    mean = float(np.sum(density * v))
    assert mean == pytest.approx(1.0, abs=1e-4)
    assert float(np.sum(density * (v - mean) ** 2)) == pytest.approx(0.05, abs=1e-4)
