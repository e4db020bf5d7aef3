"""What a gauge notes at the end of a tube is what a site there would have got."""

import numpy as np
import pytest

from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes


def test_a_gauge_tells_what_crosses_the_end_of_a_tube_either_way():
    """1 mL of source 0 in the tube, then source 1; 1.5 mL go on, and 0.2 mL of them come back."""
    inlets, sites = (Inlet(0, ((0.0, 1),)),), (Site(2, 2),)
    tubes = (Tube("first", 0, 1, 1.0, 0), Tube("second", 1, 2, 5.0, 2))
    carriage = Carriage(3, tubes, inlets, sites, gauges=(0,))
    volume = np.array([[0.0, 1.5, 1.3]])
    both = np.vstack([volume, volume])
    (gauge,) = carriage.advance(Volumes(both, both, volume, volume)).gauges
    noted = [[np.interp(k, gauge.knots, row) for k in (0.0, 1.0, 2.0)] for row in gauge.amounts]
    assert noted == pytest.approx(np.array([[0.0, 1.0, 1.0], [0.0, 0.5, 0.3], [0.0, 0.0, 0.0]]), abs=1e-12)
