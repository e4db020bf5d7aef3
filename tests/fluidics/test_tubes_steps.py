"""A step through tubes of every kind: PHYSICS V9, V10, 4.1, or closed forms."""

from math import exp, factorial

import numpy as np
import pytest

from pumpsim.fluidics.transport.dispersion import dispersion_number, taylor_diffusivity, taylor_spread
from pumpsim.fluidics.transport.laminar import EDGES, SHARES
from pumpsim.fluidics.transport.streams import TOLERANCE
from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes
from tests.fluidics.tubes import ALL, KINDS, line, through


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
