"""Rates that are fit to be looked at: means over windows of whole pumping cycles, with what happens within them.

Every mean is a difference of exact totals over a length of time; no rate is ever sampled. The band of a window is the
lowest and highest mean over its finer parts (see ``grid``).
"""

import math
from dataclasses import dataclass

import numpy as np

from pumpsim.analysis.grid import Grid, hours
from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.trace import PumpTrace, Samples
from pumpsim.vocabulary.path import AmountUnit

MOST_LOOKS = 200_000
"""Instants at which a moving mean is tried at most, beside those at which its course can turn."""
LOOKS = 32
"""Instants within one length of a moving mean."""


@dataclass(frozen=True, slots=True)
class Course:
    """A rate over time: ``mean``, ``low`` and ``high`` (n,) of windows between ``edges_ns`` (n+1,), and ``fine`` (m,)
    between ``fine_ns`` (m+1,). In mL/h, or in the drug's own unit per hour. ``mean`` is nan for a short window that is cut out
    of a cycle."""

    edges_ns: Instants
    mean: Floats
    low: Floats
    high: Floats
    fine_ns: Instants
    fine: Floats


@dataclass(frozen=True, slots=True)
class LineFlow:
    """Flow of one line: displaced by the mechanism, and of its fluid at the patient, mL/h."""

    line: str
    pump: Course
    patient: Course


@dataclass(frozen=True, slots=True)
class DrugDose:
    """Dose rate of one drug at the pump and at the patient, in ``unit`` per hour."""

    drug: str
    unit: AmountUnit
    pump: Course
    patient: Course


@dataclass(frozen=True, slots=True)
class Flows:
    """Everything that flows, on one grid: each line, all lines together, each drug."""

    grid: Grid
    lines: tuple[LineFlow, ...]
    pump: Course
    patient: Course
    drugs: tuple[DrugDose, ...]


def flows(trace: PumpTrace, grid: Grid, samples: Samples) -> Flows:
    """Form every rate. ``samples`` are those at ``grid.fine_ns``."""
    at_patient = by_line(trace, samples)
    return Flows(
        grid,
        tuple(
            LineFlow(line, course(grid, samples.pumped_ml[i]), course(grid, at_patient[i]))
            for i, line in enumerate(trace.model.lines)
        ),
        course(grid, samples.pumped_ml.sum(axis=0)),
        course(grid, samples.patient_ml.sum(axis=0)),
        tuple(
            DrugDose(drug, unit, course(grid, samples.pump_drug[i]), course(grid, samples.patient_drug[i]))
            for i, (drug, unit) in enumerate(trace.drugs)
        ),
    )


def course(grid: Grid, total: Floats) -> Course:
    """Turn totals at ``grid.fine_ns`` (m+1,) into rates."""
    fine = np.diff(total) / hours(grid.fine_ns)
    mean = (total[grid.last] - total[grid.first]) / hours(grid.edges_ns)
    mean[~grid.complete] = np.nan
    low, high = np.minimum.reduceat(fine, grid.first), np.maximum.reduceat(fine, grid.first)
    return Course(grid.edges_ns, mean, low, high, grid.fine_ns, fine)


def by_line(trace: PumpTrace, samples: Samples) -> Floats:
    """Volume of each line's fluid that has reached the patient, (lines, m), mL; the priming is no line's."""
    volume = np.zeros_like(samples.pumped_ml)
    for origin, part in zip(trace.sources, samples.patient_ml, strict=True):
        if origin.line >= 0:
            volume[origin.line] += part
    return volume


def peak_over_mean(trace: PumpTrace, drug: str, at_patient: bool, window_ns: int, from_ns: int, to_ns: int) -> float:
    """Highest mean dose rate over any ``window_ns`` between two instants, over the mean between them.

    Exact where totals run straight between breakpoints (at the pump; at the patient with plug flow through a line that
    does not store); elsewhere the peak is found to a small part of ``window_ns``, never too high. nan when nothing is
    delivered. Raises ValueError for an unknown drug or a window that does not fit in.
    """
    if not 0 < window_ns <= to_ns - from_ns:
        raise ValueError(f"a window of {window_ns} ns does not fit between {from_ns} and {to_ns} ns")
    names = [name for name, _ in trace.drugs]
    if drug not in names:
        raise ValueError(f"no drug {drug!r} in this run; there is {', '.join(names) or 'none'}")
    row = names.index(drug)

    def total(at_ns: Instants) -> Floats:
        samples = trace.at(at_ns)
        amount: Floats = (samples.patient_drug if at_patient else samples.pump_drug)[row]
        return amount

    begin, end = (float(amount) for amount in total(np.array([from_ns, to_ns])))
    if end <= begin:
        return math.nan
    turns = _turns(trace, at_patient, window_ns, from_ns, to_ns)
    starts = np.unique(np.clip(np.concatenate([turns, turns - window_ns]), from_ns, to_ns - window_ns))
    highest = float((total(starts + window_ns) - total(starts)).max())
    return (highest / window_ns) / ((end - begin) / (to_ns - from_ns))


def _turns(trace: PumpTrace, at_patient: bool, window_ns: int, from_ns: int, to_ns: int) -> Instants:
    """Instants at which the course of a total can turn, and some between."""
    step = max(1, window_ns // LOOKS, (to_ns - from_ns) // MOST_LOOKS)
    looks = np.concatenate([trace.breakpoints_ns, np.arange(from_ns, to_ns, step, dtype=np.int64)])
    if not at_patient:
        return looks
    looks = np.unique(looks)
    samples = trace.at(looks)
    entered, left = samples.pumped_ml.sum(axis=0), samples.patient_ml.sum(axis=0)
    arrivals = np.interp(entered + trace.setup.set.common_ml, left, looks.astype(np.float64))
    return np.concatenate([looks, np.floor(arrivals).astype(np.int64), np.ceil(arrivals).astype(np.int64)])
