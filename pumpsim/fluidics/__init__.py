"""Where every microlitre is, from container to patient, at any instant asked.

Exact between events: the mechanism's strokes are planned as arrays in integers, pressure follows in closed form from
stroke to stroke, transport is a function of volume. No clock, no chance, no time step.
"""

from pumpsim.fluidics.path import FluidPath

__all__ = ["FluidPath"]
