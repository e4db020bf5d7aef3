"""What did happen to one pump: exact state at breakpoints, and every record. Any instant follows in closed form.

A trace is the truth of a run: nothing is sampled, nothing rounded. ``at`` answers for any instants; the volume that has
reached the patient is the volume that has entered the common line less what compliance still stores.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from pumpsim.codec import encode
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.leg import Floats, Instants
from pumpsim.fluidics.outlet import NS_PER_H
from pumpsim.fluidics.transport import CommonVolume, Origin
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import MotorCommand, Record
from pumpsim.vocabulary.path import AmountUnit, PathSetup
from pumpsim.vocabulary.status import PumpState


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record and its instant."""

    at_ns: int
    record: Record


@dataclass(frozen=True, slots=True)
class Samples:
    """The state at m instants. Lines in the order of the model, sources and drugs in that of the trace.

    ``pumped_ml``, ``drawn_ml`` (lines, m); ``patient_ml`` (sources, m); ``pump_drug``, ``patient_drug`` (drugs, m), in the
    drug's own unit; pressures and flows (m,). All volumes and amounts are totals since power-on.
    """

    at_ns: Instants
    pressure_kpa: Floats
    pump_flow_ml_per_h: Floats
    patient_flow_ml_per_h: Floats
    pumped_ml: Floats
    drawn_ml: Floats
    patient_ml: Floats
    pump_drug: Floats
    patient_drug: Floats


@dataclass(frozen=True, slots=True)
class _Pieces:
    """All chunks in one table: pieces (n,) with their begin, and what holds within each."""

    at_ns: Instants
    end_ns: int
    pressure: Floats
    inflow: Floats
    flow: Floats
    resistance: Floats
    compliance: Floats
    back: Floats
    open: np.ndarray[tuple[int], np.dtype[np.bool_]]
    pumped: Floats
    drawn: Floats
    pumped_next: Floats
    drawn_next: Floats
    length: Floats


class PumpTrace:
    """One pump's run, from 0 to ``end_ns``."""

    def __init__(
        self,
        pump: str,
        model: PumpModel,
        setup: PathSetup,
        *,
        chunks: Sequence[Chunk],
        records: Sequence[Recorded],
        decisions: Sequence[tuple[int, MotorCommand]],
        state: PumpState,
    ) -> None:
        self.pump, self.model, self.setup = pump, model, setup
        self.chunks, self.records, self.decisions, self.state = tuple(chunks), tuple(records), tuple(decisions), state

    @property
    def end_ns(self) -> int:
        """The last instant of the run."""
        return int(self.chunks[-1].at_ns[-1])

    @property
    def sources(self) -> tuple[Origin, ...]:
        """Every source of fluid; the last is the priming."""
        return self.common.origins

    @cached_property
    def drugs(self) -> tuple[tuple[str, AmountUnit], ...]:
        """Every drug in any source, with the unit in which it is counted."""
        found = {d.drug: d.unit for origin in self.sources for d in origin.source.fluid.drugs}
        return tuple(found.items())

    @cached_property
    def concentration(self) -> Floats:
        """Amount of each drug in a mL of each source: (drugs, sources)."""
        table = np.zeros((len(self.drugs), len(self.sources)))
        for row, (drug, _) in enumerate(self.drugs):
            for column, origin in enumerate(self.sources):
                table[row, column] = sum(d.amount_per_ml for d in origin.source.fluid.drugs if d.drug == drug)
        return table

    @cached_property
    def breakpoints_ns(self) -> Instants:
        """Every instant at which a motion changes, the end included."""
        return np.append(self._pieces.at_ns, self._pieces.end_ns)

    @cached_property
    def common(self) -> CommonVolume:
        """What travels through the common volume."""
        p = self._pieces
        inflow = np.append(p.inflow, p.pumped_next[:, -1].sum())
        given = np.column_stack([p.pumped, p.pumped_next[:, -1]])
        return CommonVolume(self.setup, inflow, given)

    @cached_property
    def _pieces(self) -> _Pieces:
        chunks = self.chunks
        pieces = [len(chunk.at_ns) - 1 for chunk in chunks]

        def every(values: list[float]) -> Floats:
            return np.repeat(np.array(values), pieces)

        at_ns = np.concatenate([chunk.at_ns[:-1] for chunk in chunks])
        end_ns = int(chunks[-1].at_ns[-1])
        return _Pieces(
            at_ns,
            end_ns,
            np.concatenate([chunk.pressure_kpa[:-1] for chunk in chunks]),
            np.concatenate([chunk.inflow_ml[:-1] for chunk in chunks]),
            np.concatenate([chunk.flow_ml_per_h for chunk in chunks]),
            every([chunk.outlet.resistance for chunk in chunks]),
            every([chunk.outlet.compliance for chunk in chunks]),
            every([chunk.outlet.back_pressure_kpa for chunk in chunks]),
            np.repeat(np.array([chunk.outlet.open for chunk in chunks]), pieces),
            np.concatenate([chunk.pumped_ml[:, :-1] for chunk in chunks], axis=1),
            np.concatenate([chunk.drawn_ml[:, :-1] for chunk in chunks], axis=1),
            np.concatenate([chunk.pumped_ml[:, 1:] for chunk in chunks], axis=1),
            np.concatenate([chunk.drawn_ml[:, 1:] for chunk in chunks], axis=1),
            np.diff(np.append(at_ns, end_ns)).astype(np.float64),
        )

    def at(self, at_ns: ArrayLike) -> Samples:
        """Give the exact state at instants (m,), ns within the run, in any order."""
        p = self._pieces
        at = np.atleast_1d(np.asarray(at_ns, dtype=np.int64))
        i = np.clip(np.searchsorted(p.at_ns, at, side="right") - 1, 0, len(p.at_ns) - 1)
        into = (at - p.at_ns[i]).astype(np.float64)
        part = into / p.length[i]
        pumped = p.pumped[:, i] + (p.pumped_next[:, i] - p.pumped[:, i]) * part
        drawn = p.drawn[:, i] + (p.drawn_next[:, i] - p.drawn[:, i]) * part
        pressure, outflow_rate = _pressure_and_outflow(p, i, into / NS_PER_H)
        outflow = self.outflow_ml(pumped.sum(axis=0), pressure, p.compliance[i])
        patient = self.common.left(outflow)
        return Samples(
            at,
            pressure,
            p.flow[i],
            outflow_rate,
            pumped,
            drawn,
            patient,
            self.concentration @ self.common.entered(pumped),
            self.concentration @ patient,
        )

    def outflow_ml(self, inflow_ml: Floats, pressure_kpa: Floats, compliance: Floats) -> Floats:
        """Volume that has reached the patient: what entered the line less what compliance stores, mL."""
        stored = compliance * (pressure_kpa - self.setup.access.back_pressure_kpa)
        out: Floats = inflow_ml - stored
        return out

    def digest(self) -> str:
        """Fingerprint of records, decisions and breakpoints; equal for equal runs on one machine."""
        state = hashlib.sha256()
        for recorded in self.records:
            state.update(json.dumps(encode(recorded)).encode())
        for at_ns, command in self.decisions:
            state.update(json.dumps([at_ns, encode(command)]).encode())
        for chunk in self.chunks:
            for array in (chunk.at_ns, chunk.pumped_ml, chunk.drawn_ml, chunk.pressure_kpa):
                state.update(np.ascontiguousarray(array).tobytes())
        return state.hexdigest()[:32]


def _pressure_and_outflow(p: _Pieces, i: Instants, hours: Floats) -> tuple[Floats, Floats]:
    """Pressure (kPa) and flow to the patient (mL/h) ``hours`` after the begin of pieces ``i``."""
    resistance, compliance, back, flow = p.resistance[i], p.compliance[i], p.back[i], p.flow[i]
    settled = back + resistance * flow
    tau = resistance * compliance
    at_once = tau == 0.0
    decay = np.exp(-hours / np.where(at_once, 1.0, tau))
    follows = settled + (p.pressure[i] - settled) * np.where(at_once, 0.0, decay)
    rises = p.pressure[i] + flow * hours / np.where(compliance > 0.0, compliance, 1.0)
    pressure = np.where(p.open[i], follows, rises)
    outflow = np.where(at_once, flow, (pressure - back) / np.where(resistance > 0.0, resistance, 1.0))
    return pressure, np.where(p.open[i], outflow, 0.0)
