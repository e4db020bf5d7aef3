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
from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.chunk import Chunk
from pumpsim.fluidics.history import History
from pumpsim.fluidics.origin import Origin
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import DeliveryEventKind, MotorCommand, Record
from pumpsim.vocabulary.path import AmountUnit, PathSetup
from pumpsim.vocabulary.remaining import Remaining
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
class Estimate:
    """What the pump said, at this instant, is left of a line; ``after``: upon which event, None: because it was asked."""

    at_ns: int
    line: str
    after: DeliveryEventKind | None
    remaining: Remaining


class PumpTrace:
    """One pump's run, from 0 to ``end_ns``."""

    def __init__(
        self,
        pump: str,
        model: PumpModel,
        setup: PathSetup,
        *,
        history: History,
        records: Sequence[Recorded],
        decisions: Sequence[tuple[int, MotorCommand]],
        state: PumpState,
        estimates: Sequence[Estimate] = (),
    ) -> None:
        self.pump, self.model, self.setup, self.history = pump, model, setup, history
        self.records, self.decisions, self.state = tuple(records), tuple(decisions), state
        self.estimates = tuple(estimates)

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """Breakpoints of the pump's motion and of the pressure behind it."""
        return self.history.chunks

    @property
    def end_ns(self) -> int:
        """The last instant of the run."""
        return int(self.chunks[-1].at_ns[-1])

    @property
    def sources(self) -> tuple[Origin, ...]:
        """Every source of fluid; primings have no line."""
        return self.history.origins

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
        return np.append(np.concatenate([chunk.at_ns[:-1] for chunk in self.chunks]), self.end_ns)

    @property
    def priming_drug(self) -> Floats:
        """Amount of each drug that the line was primed with, (drugs,)."""
        volume = np.array([origin.end_ml if origin.line < 0 else 0.0 for origin in self.sources])
        amount: Floats = self.concentration @ volume
        return amount

    def at(self, at_ns: ArrayLike) -> Samples:
        """Give the exact state at instants (m,), ns within the run, in any order."""
        at = np.atleast_1d(np.asarray(at_ns, dtype=np.int64))
        look = self.history.look(at)
        return Samples(
            at,
            look.pressure_kpa,
            look.pump_flow_ml_per_h,
            look.patient_flow_ml_per_h,
            look.pumped_ml,
            look.drawn_ml,
            look.patient_ml,
            self.concentration @ look.entered_ml,
            self.concentration @ look.patient_ml,
        )

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
