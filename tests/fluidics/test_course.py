"""Following a network where a switch undoes the one before it: no piece is let pass as it is."""

import numpy as np

from pumpsim.fluidics.network.course import follow
from pumpsim.fluidics.network.elements import Edge, Node, Plunger, Stance, Topology
from pumpsim.fluidics.network.state import begin
from tests.build import H

VALVE_KPA, BREAKAWAY_KPA, COULOMB_KPA, GIVE = 12.0, 3.6, 2.5, 0.0194


def test_a_slip_that_is_over_in_the_instant_in_which_it_begins():
    """5 mL/h behind a closed valve: 0.2 beside the syringe's 19.4 uL/kPa; it slides at 0.05 mL/h, where it sticks below 0.2.

    So it comes up in slips until the valve opens, and the line never stands higher than one slip above.
    """
    plunger = Plunger(0, 0, GIVE, BREAKAWAY_KPA, COULOMB_KPA, 0.2, 0.0, 50.0)
    nodes = (Node("syringe", 0.0002), Node("vein", held_kpa=0.0))
    topology = Topology(nodes, (Edge("line", 0, 1, 0.02, valve_kpa=VALVE_KPA),), (0,), (plunger,))
    state, stances, highest = begin(topology, np.zeros(2), 1), [], 0.0
    at_ns = np.array([0, H], dtype=np.int64)
    for stretch in follow(state, at_ns, np.array([[0.0, 5.0]])):
        state = stretch.state()
        stances.append(stretch.begin.regime.switches.stances[0])
        highest = max(highest, float(state.pressures(np.array([5.0]), state.through_ml)[0]))
    assert stances.count(Stance.FORWARD) > 5, "slip after slip"
    assert highest <= VALVE_KPA + BREAKAWAY_KPA - COULOMB_KPA + 0.02 * 5
    held_ml = (VALVE_KPA + 0.02 * 5) * (GIVE + 0.0002) + COULOMB_KPA * GIVE
    assert abs(5.0 - held_ml - state.through_ml[0]) < 1e-6
