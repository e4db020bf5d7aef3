"""What was delivered against what was programmed, over a moving window, in percent.

    d = 100 (delivered - programmed) / programmed

with both volumes over the same stretch: the last ``window_ns`` or a little more, so that it holds whole pumping cycles (a
mean over anything else beats with the strokes), but never reaching back before the delivery under way began. Programmed
is the integral of the programmed rate; delivered is what the mechanism displaced, or the line's own fluid that reached
the patient.
"""

from dataclasses import dataclass

import numpy as np

from pumpsim.analysis.grid import Grid
from pumpsim.analysis.lines import LineCourse
from pumpsim.analysis.windows import by_line
from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.trace import PumpTrace

WINDOW_NS = 300_000_000_000
"""5 min: among the observation windows of a trumpet curve (IEC 60601-2-24; see PHYSICS 1.4)."""
LEAST_SHARE = 5
"""A stretch is looked at from a fifth of the window on."""
SHORT_RUN = 6
"""The window is at most a sixth of the run."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """Percent at instants (n,), nan where the line does not deliver, or has only just begun to."""

    line: str
    window_ns: int
    at_ns: Instants
    pumped_percent: Floats
    patient_percent: Floats


def default_window_ns(trace: PumpTrace) -> int:
    """5 min, less for a short run."""
    return max(1, min(WINDOW_NS, trace.end_ns // SHORT_RUN))


def deviations(
    trace: PumpTrace, grid: Grid, courses: tuple[LineCourse, ...], window_ns: int | None = None
) -> tuple[Deviation, ...]:
    """Compare delivered with programmed for every line, at every edge of the grid at which no cycle is under way."""
    window = default_window_ns(trace) if window_ns is None else window_ns
    return tuple(_deviation(trace, grid.whole_ns, i, course, window) for i, course in enumerate(courses))


def _deviation(trace: PumpTrace, edges: Instants, row: int, course: LineCourse, window_ns: int) -> Deviation:
    spans = np.array(course.rate.delivering(trace.end_ns), dtype=np.int64).reshape(-1, 2)
    at = np.union1d(edges, spans[:, 0])  # each delivery begins with a nan, so that no line joins it to the one before
    since = np.where(np.isin(at, edges), _since(edges, at, spans, window_ns), -1)
    valid = since >= 0
    begin, end = since[valid], at[valid]
    programmed = course.rate.owed_ml(end) - course.rate.owed_ml(begin)
    samples_then, samples_now = trace.at(begin), trace.at(end)
    pumped, patient = np.full(len(at), np.nan), np.full(len(at), np.nan)
    delivered = samples_now.pumped_ml[row] - samples_then.pumped_ml[row]
    pumped[valid] = 100.0 * (delivered - programmed) / programmed
    arrived = by_line(trace, samples_now)[row] - by_line(trace, samples_then)[row]
    patient[valid] = 100.0 * (arrived - programmed) / programmed
    return Deviation(course.line, window_ns, at, pumped, patient)


def _since(edges: Instants, at: Instants, spans: Instants, window_ns: int) -> Instants:
    """The begin of the stretch that ends at each instant; -1 where there is none."""
    since = np.full(len(at), -1, dtype=np.int64)
    for begin, end in spans:
        within = (at > begin) & (at <= end)
        wanted = at[within] - window_ns
        edge = edges[np.maximum(0, np.searchsorted(edges, wanted, side="right") - 1)]
        first = np.where(wanted >= begin, np.maximum(edge, begin), begin)
        long_enough = LEAST_SHARE * (at[within] - first) >= window_ns
        since[within] = np.where(long_enough, first, -1)
    return since
