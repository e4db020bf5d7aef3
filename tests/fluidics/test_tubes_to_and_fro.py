"""Fluid that turns in its tube: expected numbers by hand."""

import numpy as np
import pytest

from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes
from tests.fluidics.tubes import ALL, KINDS, LAMINAR, at, line, rows, through


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
