"""SimPy drives pumps and fluid paths on virtual time."""

from pumpsim.simulation.run import Run, simulate

__all__ = ["Run", "simulate"]
