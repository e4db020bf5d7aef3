"""Where every microlitre and every milligram is at the end of a run: the mass balance.

    initial = in container and limb + in the chamber + in the line + at the patient + leaked

The line's content is not taken as what is missing, which could not fail: it is followed here by itself, as what entered
last (plug flow) or as a stirred tank, from the volume that the pressure says is stored. The flow to the patient is
integrated on its own as well, piece by piece, and held against what the sources gave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.trace import PumpTrace

LEAST_ML = 1.0
"""What the error of the flow is taken of at least: instants are whole ns, which at a pulse of 900 mL/h is 2.5e-10 mL."""


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
    lost: float

    @property
    def error(self) -> float:
        """What is missing (positive) or too much, as a share of the initial amount."""
        found = self.in_container + self.in_chamber + self.in_line + self.at_patient + self.lost
        return (self.initial - found) / self.initial if self.initial else self.initial - found


@dataclass(frozen=True, slots=True)
class Balance:
    """Every source's and every drug's account.

    ``flow_error``: the integral of the flow to the patient less the volume that the sources gave, over what came and went, was
    pumped, or 1 mL, whichever is most.
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
    history = trace.history
    columns = (
        initial,
        history.ahead() - (drawn - pumped),
        drawn - pumped,
        history.in_line(),
        end.patient_ml[:, 0],
        history.lost(),
    )
    names = [origin.source.name for origin in trace.sources]
    given = float(end.patient_ml.sum())
    most = max(float(np.abs(end.patient_ml).sum()), float(end.pumped_ml.sum()), LEAST_ML)
    flowed = history.outflow_ml()
    return Balance(
        tuple(Account(name, "mL", *row) for name, row in zip(names, _rows(columns), strict=True)),
        tuple(
            Account(drug, unit.value, *row)
            for (drug, unit), row in zip(trace.drugs, _rows([trace.concentration @ c for c in columns]), strict=True)
        ),
        (flowed - given) / most,
    )


def _rows(columns: Sequence[Floats]) -> list[list[float]]:
    rows: list[list[float]] = np.stack(columns, axis=1).tolist()
    return rows


def _of_sources(trace: PumpTrace, volumes: Floats | None) -> Floats:
    """What of each source is within volumes drawn or pumped by each line (lines, m); None: all that there was.

    The priming counts as pumped from the beginning: it is in the line. Of a line with two containers what it drew tells of
    neither: there nothing counts as drawn, and all that is ahead of the mechanism as in the container.
    """
    lines, of_all = trace.setup.lines, volumes is None
    if volumes is None:
        volumes = np.array([[line.container_ml + line.limb_ml] for line in lines])
    found = np.empty((len(trace.sources), volumes.shape[1]))
    for row, origin in enumerate(trace.sources):
        if origin.line < 0:
            found[row] = origin.end_ml
        elif lines[origin.line].secondary is not None:
            found[row] = origin.end_ml if of_all else 0.0
        else:
            found[row] = np.clip(volumes[origin.line] - origin.begin_ml, 0.0, origin.end_ml - origin.begin_ml)
    return found
