"""Gravimetric sampling and the trumpet curve of IEC 60601-2-24: how far flow strays from the set rate over a window.

    Qi = 60 (Wi - Wi-1) / (S d)         ei = 100 (Qi - r) / r         A = 100 (Q - r) / r over the whole period
    Ep(max), Ep(min): the highest and lowest mean of p consecutive ei, over a window P = p S

W in g, S in min, d in g/mL. Source: PHYSICS 1.2 and 1.4 (unverified: formulas of the standard from memory, consistent with
makers' manuals).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.trace import PumpTrace

NS_PER_H = 3.6e12
WATER_G_PER_ML = 0.998
"""Of the water that is weighed, at 20 degC (PHYSICS 1.2)."""


@dataclass(frozen=True, slots=True)
class Trumpet:
    """Extremes for each window, percent: ``windows_ns``, ``highest`` and ``lowest``, all (n,)."""

    windows_ns: tuple[int, ...]
    highest: Floats
    lowest: Floats


def weighed_g(trace: PumpTrace, sample_ns: int, from_ns: int, to_ns: int) -> Floats:
    """Weigh what has left the line, every ``sample_ns`` from one instant to another: (samples + 1,), g since ``from_ns``.

    Raises ValueError where the period holds no whole number of samples.
    """
    if to_ns <= from_ns or (to_ns - from_ns) % sample_ns:
        raise ValueError(f"{to_ns - from_ns} ns are no whole number of samples of {sample_ns} ns")
    left = trace.at(np.arange(from_ns, to_ns + 1, sample_ns)).patient_ml.sum(axis=0)
    weight: Floats = WATER_G_PER_ML * (left - left[0])
    return weight


def flow_ml_per_h(weight_g: Floats, sample_ns: int) -> Floats:
    """The mean flow of each sample, (samples,)."""
    flow: Floats = np.diff(weight_g) / WATER_G_PER_ML / (sample_ns / NS_PER_H)
    return flow


def trumpet(weight_g: Floats, sample_ns: int, rate_ml_per_h: float, windows_ns: Sequence[int]) -> Trumpet:
    """Find the extremes for each window. Raises ValueError for one that is no whole number of samples, or too long."""
    errors = 100.0 * (flow_ml_per_h(weight_g, sample_ns) / rate_ml_per_h - 1.0)
    total = np.concatenate([[0.0], np.cumsum(errors)])
    highest, lowest = [], []
    for window in windows_ns:
        p, rest = divmod(window, sample_ns)
        if rest or not 1 <= p <= len(errors):
            raise ValueError(f"a window of {window} ns is not 1 to {len(errors)} samples of {sample_ns} ns")
        means = (total[p:] - total[:-p]) / p
        highest.append(means.max())
        lowest.append(means.min())
    return Trumpet(tuple(windows_ns), np.array(highest), np.array(lowest))


def overall_error_percent(weight_g: Floats, sample_ns: int, rate_ml_per_h: float) -> float:
    """The overall mean percentage flow error (A, or B) of a period."""
    hours = (len(weight_g) - 1) * sample_ns / NS_PER_H
    return 100.0 * (float(weight_g[-1] - weight_g[0]) / WATER_G_PER_ML / hours / rate_ml_per_h - 1.0)
