"""Short ways to build networks of tubes and to move fluid through them."""

import numpy as np
import pytest

from pumpsim.fluidics.transport.tubes import Carriage, Inlet, Site, Tube, Volumes
from pumpsim.vocabulary.path import Transport

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
