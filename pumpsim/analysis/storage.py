"""What the line stored at an occlusion, and what the patient got when it was released.

Stored is what compliance holds above the pressure behind the access, V = C (p - p0), and what air is squeezed by. Released
is what reached the patient from the release until the excess pressure is down to 1 %, less what the mechanism displaced
meanwhile; exact, as a difference of totals. Source: PHYSICS 4.1 (stored volume; unreduced post-occlusion bolus).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.outputs import AlarmRaised
from pumpsim.vocabulary.path import AmountUnit

BACK = 0.01
"""Share of the excess pressure at which a line counts as relaxed."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a drug."""

    drug: str
    amount: float
    unit: AmountUnit


@dataclass(frozen=True, slots=True)
class Release:
    """A line under pressure was opened, or its pump stopped, at ``at_ns`` and relaxed until ``until_ns``.

    ``volume_ml``: stored at ``at_ns``. ``released_ml``: given back by ``until_ns``. ``drugs``: what of each reached the
    patient meanwhile, with what was displaced meanwhile. ``relaxed`` False: the run ended, or it was closed again, first.
    """

    at_ns: int
    until_ns: int
    volume_ml: float
    released_ml: float
    drugs: tuple[Amount, ...]
    relaxed: bool


@dataclass(frozen=True, slots=True)
class StoredAtAlarm:
    """What the line held when the distal occlusion alarm was raised, and what came of it (None: never released)."""

    at_ns: int
    pressure_kpa: float
    volume_ml: float
    release: Release | None


def releases(trace: PumpTrace) -> tuple[Release, ...]:
    """List every opening of a closed patient end."""
    return tuple(_release(trace, at_ns) for at_ns in _openings(trace))


def stored_at_alarms(trace: PumpTrace) -> tuple[StoredAtAlarm, ...]:
    """List what was stored at each distal occlusion alarm.

    Its release is the next opening of the patient end, or the alarm's own stop if the end was open then.
    """
    openings = list(_openings(trace))
    found = []
    for recorded in trace.records:
        record, at_ns = recorded.record, recorded.at_ns
        if not isinstance(record, AlarmRaised) or record.alarm is not AlarmId.OCCLUSION_DISTAL:
            continue
        pressure, stored = _held(trace, at_ns)
        freed = at_ns if _is_open(trace, at_ns) else next((at for at in openings if at >= at_ns), None)
        release = None if freed is None else _release(trace, freed)
        found.append(StoredAtAlarm(at_ns, pressure, stored, release))
    return tuple(found)


def _openings(trace: PumpTrace) -> Iterator[int]:
    for before, after in zip(trace.chunks[:-1], trace.chunks[1:], strict=True):
        if after.outlet.open and not before.outlet.open:
            yield int(after.at_ns[0])


def _is_open(trace: PumpTrace, at_ns: int) -> bool:
    return next((chunk.outlet.open for chunk in trace.chunks if chunk.at_ns[-1] > at_ns), trace.chunks[-1].outlet.open)


def _held(trace: PumpTrace, at_ns: int) -> tuple[float, float]:
    """Pressure (kPa) and stored volume (mL) as an instant begins, before anything is opened in it."""
    pressure = float(trace.at([max(0, at_ns - 1)]).pressure_kpa[0])
    setup = trace.setup
    back = setup.access.back_pressure_kpa
    squeezed = trace.history.squeezed_ml(max(0, at_ns - 1), back, pressure)
    return pressure, setup.set.compliance_ml_per_kpa * (pressure - back) + squeezed


def _release(trace: PumpTrace, at_ns: int) -> Release:
    pressure, stored = _held(trace, at_ns)
    until_ns = trace.history.relaxed_ns(at_ns, BACK * (pressure - trace.setup.access.back_pressure_kpa))
    end_ns = trace.end_ns if until_ns is None else until_ns
    samples = trace.at(np.array([max(0, at_ns - 1), end_ns]))
    reached = samples.patient_ml.sum(axis=0)
    displaced = samples.pumped_ml.sum(axis=0)
    drugs = tuple(
        Amount(drug, float(row[1] - row[0]), unit)
        for (drug, unit), row in zip(trace.drugs, samples.patient_drug, strict=True)
    )
    released = float((reached[1] - reached[0]) - (displaced[1] - displaced[0]))
    return Release(at_ns, end_ns, stored, released, drugs, until_ns is not None)
