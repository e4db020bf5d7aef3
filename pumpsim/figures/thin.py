"""Leave out what no eye can see: at most a few points for each column of a panel, extremes always kept."""

import numpy as np

from pumpsim.figures.style import COLUMNS
from pumpsim.fluidics.arrays import Floats, Instants


def thin_line(x: Floats, y: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """Keep first, lowest, highest and last point of each column. ``x`` (n,) ascends; nan stays where it is."""
    if len(x) <= 4 * columns:
        return x, y
    column = _columns(x, columns)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    ends = np.append(starts[1:], len(x))
    keep: list[int] = []
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        part = y[begin:end]
        if np.isnan(part).all():
            keep.extend({begin, end - 1})
        else:
            keep.extend({begin, begin + int(np.nanargmin(part)), begin + int(np.nanargmax(part)), end - 1})
    chosen = np.array(sorted(keep))
    return x[chosen], y[chosen]


def thin_steps(edges: Floats, values: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats]:
    """Turn a step function into a line: values (n,) between edges (n+1,), equal neighbours joined, thinned."""
    if len(values) == 0:
        return edges[:0], values
    new = _changes(values)
    begin, end = edges[new], np.append(edges[new[1:]], edges[-1])
    x, y = np.column_stack([begin, end]).ravel(), np.repeat(values[new], 2)
    return thin_line(x, y, columns)


def thin_band(edges: Floats, low: Floats, high: Floats, columns: int = COLUMNS) -> tuple[Floats, Floats, Floats]:
    """Outline a band: the lowest low and the highest high of each column, as edges (k+1,) and values (k,)."""
    if len(low) > columns:
        starts = np.flatnonzero(np.diff(_columns(edges[:-1], columns), prepend=-1))
        edges = np.append(edges[starts], edges[-1])
        low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    new = np.union1d(_changes(low), _changes(high))
    return np.append(edges[new], edges[-1]), low[new], high[new]


def _changes(values: Floats) -> Instants:
    """Where a value differs visibly from the one before: by a 4000th of the largest."""
    size = np.abs(values[~np.isnan(values)])
    grade = np.round(values * (4000.0 / (float(size.max(initial=0.0)) or 1.0)))
    same = (grade[1:] == grade[:-1]) | (np.isnan(grade[1:]) & np.isnan(grade[:-1]))
    changes: Instants = np.flatnonzero(np.append(True, ~same))
    return changes


def _columns(x: Floats, columns: int) -> Instants:
    span = float(x[-1] - x[0]) or 1.0
    column: Instants = np.minimum((x - x[0]) / span * columns, columns - 1).astype(np.int64)
    return column
