"""Where every microlitre and every milligram is at the end of a run: the mass balance.

    initial + hung later = in container and limb + in the chamber + in the line + at the patient + leaked
                           + taken away + mixed into what a container was filled with again

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
    """One source (mL) or drug (its own unit): what there was, and where it is.

    ``hung``: what came with containers while the pump was on; ``taken``: what went away with those that they replaced;
    ``mixed``: of a source, what stayed when its container was filled again, and is that source's now.
    """

    name: str
    unit: str
    initial: float
    in_container: float
    in_chamber: float
    in_line: float
    at_patient: float
    lost: float
    hung: float = 0.0
    taken: float = 0.0
    mixed: float = 0.0

    @property
    def error(self) -> float:
        """What is missing (positive) or too much, as a share of all that there was."""
        found = self.in_container + self.in_chamber + self.in_line + self.at_patient + self.lost
        was = self.initial + self.hung
        error = was - found - self.taken - self.mixed
        return error / was if was else error


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
    history, stock = trace.history, trace.history.stock()
    held = np.array([origin.held_ml for origin in trace.sources])
    later = np.array([origin.since_ns is not None for origin in trace.sources], dtype=bool)
    initial, hung = np.where(later, 0.0, held), np.where(later, held, 0.0)
    places = (stock.in_container, stock.in_chamber, history.in_line(), end.patient_ml[:, 0], history.lost())
    columns: tuple[Floats, ...] = (initial, *places, hung, stock.taken, stock.mixed)
    of_drugs = [trace.concentration @ column for column in (initial, *places, hung, stock.taken, np.zeros_like(held))]
    of_drugs[6] -= trace.concentration @ stock.mixed  # what stayed is no new drug
    names, columns = _by_name(trace, columns)
    given = float(end.patient_ml.sum())
    most = max(float(np.abs(end.patient_ml).sum()), float(end.pumped_ml.sum()), LEAST_ML)
    flowed = history.outflow_ml()
    return Balance(
        tuple(Account(name, "mL", *row) for name, row in zip(names, _rows(columns), strict=True)),
        tuple(Account(drug, unit.value, *row) for (drug, unit), row in zip(trace.drugs, _rows(of_drugs), strict=True)),
        (flowed - given) / most,
    )


def _by_name(trace: PumpTrace, columns: Sequence[Floats]) -> tuple[list[str], tuple[Floats, ...]]:
    """What goes by one name as one: air that came between parts a container's fluid."""
    names = list(dict.fromkeys(origin.source.name for origin in trace.sources))
    member = np.zeros((len(names), len(trace.sources)))
    for i, origin in enumerate(trace.sources):
        member[names.index(origin.source.name), i] = 1.0
    return names, tuple(member @ column for column in columns)


def _rows(columns: Sequence[Floats]) -> list[list[float]]:
    rows: list[list[float]] = np.stack(columns, axis=1).tolist()
    return rows
