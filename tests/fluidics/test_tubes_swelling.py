"""Tubes that swell and are squeezed, traps, and air that is seen where it comes: expected numbers by hand."""

from math import exp

import numpy as np
import pytest

from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes
from tests.fluidics.tubes import ALL, at, line, rows, through


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
