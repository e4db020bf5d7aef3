"""The pressure behind the pump over time, with the limit that it is held against."""

from dataclasses import dataclass

import numpy as np

from pumpsim.analysis.grid import Grid
from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.trace import PumpTrace, Samples
from pumpsim.vocabulary.alarms import Signal


@dataclass(frozen=True, slots=True)
class PressureCourse:
    """Distal pressure (m,) at instants (m,), kPa gauge; the alarm limit, None when the model has none."""

    at_ns: Instants
    pressure_kpa: Floats
    limit_kpa: float | None


def pressure_course(trace: PumpTrace, grid: Grid, samples: Samples) -> PressureCourse:
    """Take the pressure at the grid's finer parts and, where it jumps, just ahead of the jump as well.

    Between breakpoints pressure rises or falls all the way, so its extremes are among these instants as long as the grid
    holds every breakpoint.
    """
    rows = [row.threshold for row in trace.model.alarms if row.threshold is not None]
    limit = next((row.level for row in rows if row.signal is Signal.DISTAL_PRESSURE), None)
    if not trace.history.jumps:
        return PressureCourse(grid.fine_ns, samples.pressure_kpa, limit)
    at_ns = np.unique(np.concatenate([grid.fine_ns, np.maximum(grid.fine_ns - 1, 0)]))
    return PressureCourse(at_ns, trace.at(at_ns).pressure_kpa, limit)
