"""Where every microlitre and every milligram is at the end of a run: the mass balance.

    initial = in container and limb + in the chamber + in the line + at the patient

The line's content is not taken as what is missing, which could not fail: it is followed here by itself, as what entered
last (plug flow) or as a stirred tank, from the volume that the pressure says is stored. The flow to the patient is
integrated on its own as well, piece by piece, and held against what the sources gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.leg import Floats
from pumpsim.fluidics.outlet import NS_PER_H
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.path import Transport


@dataclass(frozen=True, slots=True)
class Account:
    """One source (mL) or drug (its own unit): what there was, and where it is."""

    name: str
    unit: str
    initial: float
    in_container: float
    in_chamber: float
    in_line: float
    at_patient: float

    @property
    def error(self) -> float:
        """What is missing (positive) or too much, as a share of the initial amount."""
        found = self.in_container + self.in_chamber + self.in_line + self.at_patient
        return (self.initial - found) / self.initial if self.initial else self.initial - found


@dataclass(frozen=True, slots=True)
class Balance:
    """Every source's and every drug's account.

    ``flow_error``: the integral of the flow to the patient less the volume that the sources gave, over the latter.
    """

    sources: tuple[Account, ...]
    drugs: tuple[Account, ...]
    flow_error: float

    @property
    def worst(self) -> float:
        """The largest relative error of all, without sign."""
        return max(abs(error) for error in (self.flow_error, *(a.error for a in (*self.sources, *self.drugs))))


def balance(trace: PumpTrace) -> Balance:
    """Draw up the balance at the end of a run."""
    end = trace.at([trace.end_ns])
    initial, drawn, pumped = (_of_sources(trace, values)[:, 0] for values in (None, end.drawn_ml, end.pumped_ml))
    columns = (initial, initial - drawn, drawn - pumped, _in_line(trace), end.patient_ml[:, 0])
    names = [origin.source.name for origin in trace.sources]
    given = float(end.patient_ml.sum())
    flowed = sum(_outflow_ml(trace))
    return Balance(
        tuple(Account(name, "mL", *row) for name, row in zip(names, _rows(columns), strict=True)),
        tuple(
            Account(drug, unit.value, *row)
            for (drug, unit), row in zip(trace.drugs, _rows([trace.concentration @ c for c in columns]), strict=True)
        ),
        (flowed - given) / given if given > 0.0 else flowed,
    )


def _rows(columns: Sequence[Floats]) -> list[list[float]]:
    rows: list[list[float]] = np.stack(columns, axis=1).tolist()
    return rows


def _of_sources(trace: PumpTrace, volumes: Floats | None) -> Floats:
    """What of each source is within volumes drawn or pumped by each line (lines, m); None: all that there was.

    The priming counts as pumped from the beginning: it is in the line.
    """
    setup = trace.setup
    if volumes is None:
        volumes = np.array([[line.container_ml + line.limb_ml] for line in setup.lines])
    found = np.full((len(trace.sources), volumes.shape[1]), setup.set.common_ml)
    for row, origin in enumerate(trace.sources):
        if origin.line >= 0:
            found[row] = np.clip(volumes[origin.line] - origin.begin_ml, 0.0, origin.end_ml - origin.begin_ml)
    return found


def _outflow_ml(trace: PumpTrace) -> list[float]:
    """Volume through the access in each chunk: the integral of (p - p0) / R, in closed form."""
    volumes = []
    before_kpa = trace.setup.access.back_pressure_kpa
    for chunk in trace.chunks:
        outlet, displaced = chunk.outlet, np.diff(chunk.inflow_ml)
        if outlet.open and outlet.at_once:
            stored = outlet.compliance * (before_kpa - float(chunk.pressure_kpa[-1]))
            volumes.append(float(displaced.sum()) + stored)
        elif outlet.open:
            tau = outlet.resistance * outlet.compliance
            lost = 1.0 - np.exp(-np.diff(chunk.at_ns) / NS_PER_H / tau)
            settled = outlet.back_pressure_kpa + outlet.resistance * chunk.flow_ml_per_h
            above = chunk.pressure_kpa[:-1] - settled
            volumes.append(float((displaced + outlet.compliance * above * lost).sum()))
        before_kpa = float(chunk.pressure_kpa[-1])
    return volumes


def _in_line(trace: PumpTrace) -> Floats:
    """Content of the common volume, and of what compliance stores ahead of it, by source."""
    setup = trace.setup
    volume = setup.set.common_ml
    inflow = np.concatenate([chunk.inflow_ml for chunk in trace.chunks])
    lines = np.concatenate([chunk.pumped_ml for chunk in trace.chunks], axis=1)
    excess_kpa = float(trace.chunks[-1].pressure_kpa[-1]) - setup.access.back_pressure_kpa
    out = float(inflow[-1]) - setup.set.compliance_ml_per_kpa * excess_kpa

    def entered(at_ml: Floats) -> Floats:
        """What of each source had entered with these inflows, (sources, m)."""
        table = _of_sources(trace, np.array([np.interp(at_ml, inflow, line) for line in lines]))
        table[-1] = 0.0
        return table

    now = entered(inflow[-1:])[:, 0]
    if setup.set.transport is Transport.MIXED and volume > 0.0:
        knots = _knots(trace, inflow, lines, out)
        through = entered(knots)
        return now - through[:, -1] + volume * _tank(through, knots, volume)
    content = now - entered(np.array([max(0.0, out - volume)]))[:, 0]
    content[-1] = max(0.0, volume - max(0.0, out))
    return content


def _knots(trace: PumpTrace, inflow: Floats, lines: Floats, out: float) -> Floats:
    """Inflows up to ``out`` between which the entering mixture is even."""
    changes = [
        float(np.interp(origin.begin_ml, lines[origin.line], inflow))
        for origin in trace.sources
        if origin.begin_ml > 0.0
    ]
    knots = np.unique(np.concatenate([inflow, changes, [0.0, out]]))
    return knots[(knots >= 0.0) & (knots <= out)]


def _tank(entered: Floats, knots: Floats, volume: float) -> Floats:
    """Share of each source in a stirred tank after all knots; at first it is full of the last source, the priming."""
    steps = np.diff(knots)
    keep = np.exp(-steps / volume)
    share = np.zeros(len(entered))
    share[-1] = 1.0
    for new, kept in zip((np.diff(entered, axis=1) / steps).T, keep, strict=True):
        share = new + (share - new) * kept
    return share
