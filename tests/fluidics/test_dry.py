"""A container that runs empty and lets air follow, and fills again from below: volumes by hand."""

import numpy as np
import pytest

from pumpsim.fluidics.network.course import follow
from pumpsim.fluidics.network.elements import DRY, Edge, Node, Store, Topology
from pumpsim.fluidics.network.state import State, begin
from tests.build import H

BAG = Store((0.0, 4.0, 5.0), (0.0, 8.0, 30.0), vented=True)
TOPOLOGY = Topology((Node("bag", store=BAG), Node("outlet", 0.001)), (Edge("limb", 0, 1, 0.01),), (1,))


def after(state: State, hours: tuple[float, float], given: tuple[float, float]) -> State:
    at_ns = np.array([round(h * H) for h in hours], dtype=np.int64)
    for stretch in follow(state, at_ns, np.array([given])):
        state = stretch.state()
    return state


def pressures(state: State, given: float) -> list[float]:
    found: list[float] = state.pressures(np.zeros(1), np.array([given])).tolist()
    return found


def test_a_container_empties_lets_air_follow_and_fills_again():
    """30 mL at 20 mL/h: dry after 1.5 h, and 10 mL of air until 2 h; then 4 mL back stand half way up the 8 mL of the limb."""
    full = begin(TOPOLOGY, np.array([5.0, 5.0]), 1)
    half = after(full, (0.0, 0.55), (0.0, -11.0))
    assert pressures(half, -11.0)[0] == pytest.approx(4.5, abs=1e-3)
    dry = after(half, (0.55, 2.0), (-11.0, -40.0))
    assert dry.regime.switches.levels[0] == DRY
    assert pressures(dry, -40.0) == pytest.approx([0.0, -0.2], abs=1e-9)
    assert dry.through_ml[0] == pytest.approx(40.0, abs=0.01)
    filled = after(after(dry, (2.0, 2.2), (-40.0, -36.0)), (2.2, 3.0), (-36.0, -36.0))
    assert filled.regime.switches.levels[0] == 0
    assert pressures(filled, -36.0) == pytest.approx([2.0, 2.0], abs=0.002)
    assert filled.through_ml[0] == pytest.approx(dry.through_ml[0] - 4.0, abs=0.01)
