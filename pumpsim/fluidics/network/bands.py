"""Entrance loss R_T q |q| as a chain of straight pieces, so that a network stays linear within each.

Bands widen by ``RATIO``; a secant over one errs by at most (RATIO - 1)^2 / 4 of R_T q^2, 0.25 %. The first one, about 0, ends
where R_T q is 0.25 % of R: within it the error of the whole loss is no more than that either.
"""

from pumpsim.fluidics.network.elements import Edge

RATIO = 1.1
FIRST = 0.0025
SMALLEST_ML_PER_H = 1.0
"""End of the first band of an edge that has no linear part."""


def limits(edge: Edge, band: int) -> tuple[float, float]:
    """The flows between which a band holds, mL/h."""
    first = FIRST * edge.resistance / edge.turbulent if edge.resistance > 0.0 else SMALLEST_ML_PER_H
    if band == 0:
        return -first, first
    near, far = first * RATIO ** (abs(band) - 1), first * RATIO ** abs(band)
    return (near, far) if band > 0 else (-far, -near)


def secant(edge: Edge, band: int) -> tuple[float, float]:
    """Slope (kPa h/mL) and offset (kPa) of the edge's law in a band: H_begin - H_end = slope q + offset."""
    if edge.turbulent == 0.0:
        return edge.resistance, 0.0
    low, high = limits(edge, band)
    if band == 0:
        return edge.resistance + edge.turbulent * high, 0.0
    sign = 1.0 if band > 0 else -1.0
    return edge.resistance + edge.turbulent * abs(low + high), -sign * edge.turbulent * low * high
