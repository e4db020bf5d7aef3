"""A device's shadow line: from what a real device reported, the same kind of trace that a simulation leaves.

Pumped volumes and the pressure behind the pump are measured. What has reached the patient follows from them through the
scenario's own line and access. Whether the line is open is not told by any device; between two readings it counts as
closed if that explains the second pressure better, and it opened at the instant that explains it best. So every
analysis and every expectation works on a bench run as it does on a simulated one.
"""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np

from firmware_bridge.bridge import BridgeStep
from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.chunk import Chunk, flow_between
from pumpsim.fluidics.lone.history import LoneHistory
from pumpsim.fluidics.outlet import NS_PER_H, Outlet
from pumpsim.scenario import PumpSetup
from pumpsim.trace import Estimate, PumpTrace, Recorded
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.outputs import MotorCommand
from pumpsim.vocabulary.status import PumpState

FL_PER_ML = 1e12
FALL_KPA = 0.1
"""A fall of pressure beyond this is one, and no noise; native telemetry counts in Pa."""
DOUBT_KPA = 0.02
"""By how much a closed line must explain a pressure better than an open one; a device rounds to 1 Pa."""


class Shadow:
    """Collects what a bridge was told and said; ``trace`` makes the record of it."""

    def __init__(self, setup: PumpSetup) -> None:
        self._setup = setup
        self._at_ns: list[int] = []
        self._steps: list[tuple[int, ...]] = []
        self._pressure_kpa: list[float] = []
        self._records: list[Recorded] = []
        self._decisions: list[tuple[int, MotorCommand]] = []
        self._estimates: list[Estimate] = []

    def take(self, step: BridgeStep) -> None:
        """Add what one step of the bridge brought."""
        self._estimates += step.estimates
        for answer in step.answers:
            if isinstance(answer.given, SensorReading):
                self._read(answer.at_ns - answer.given.age_ns, answer.given)
            for output in answer.step.outputs:
                if isinstance(output, MotorCommand):
                    self._decisions.append((answer.at_ns, output))
                else:
                    self._records.append(Recorded(answer.at_ns, output))

    def trace(self, end_ns: int, state: PumpState) -> PumpTrace:
        """The record from 0 to ``end_ns`` (above 0); the last reading stands from its instant to the end."""
        before = [i for i, at_ns in enumerate(self._at_ns) if 0 < at_ns < end_ns]
        if not self._at_ns:
            self._read(0, SensorReading((), self._setup.path.access.back_pressure_kpa))
        rows = [0, *before, before[-1] if before else 0]
        steps = np.array([self._steps[i] or (0,) * len(self._setup.model.lines) for i in rows], dtype=np.float64).T
        pumped = steps * (self._setup.model.mechanism.step_fl / FL_PER_ML)
        at = np.array([0, *(self._at_ns[i] for i in before), end_ns], dtype=np.int64)
        pressure = np.array([self._pressure_kpa[i] for i in rows])
        return PumpTrace(
            self._setup.id,
            self._setup.model,
            self._setup.path,
            history=LoneHistory(
                self._setup.path, _chunks(self._outlet(), *_with_releases(self._outlet(), at, pumped, pressure))
            ),
            records=self._records,
            decisions=self._decisions,
            state=state,
            estimates=self._estimates,
        )

    def _outlet(self) -> Outlet:
        path = self._setup.path
        resistance = path.set.resistance_kpa_h_per_ml + path.access.resistance_kpa_h_per_ml
        return Outlet(resistance, path.set.compliance_ml_per_kpa, path.access.back_pressure_kpa)

    def _read(self, at_ns: int, reading: SensorReading) -> None:
        if not self._at_ns or at_ns > self._at_ns[-1]:
            self._at_ns.append(at_ns)
            self._steps.append(tuple(line.steps for line in reading.lines))
            self._pressure_kpa.append(reading.distal_kpa)


def _chunks(outlet: Outlet, at_ns: Instants, pumped_ml: Floats, pressure_kpa: Floats) -> list[Chunk]:
    """Breakpoints as chunks, each with the line open or closed throughout."""
    closed = _closed(outlet, at_ns, flow_between(at_ns, pumped_ml.sum(axis=0)), pressure_kpa)
    edges = [0, *(np.flatnonzero(np.diff(closed)) + 1).tolist(), len(closed)]
    return [
        Chunk(
            at_ns[a : b + 1],
            pumped_ml[:, a : b + 1],
            pumped_ml[:, a : b + 1],
            pressure_kpa[a : b + 1],
            replace(outlet, open=not closed[a]),
        )
        for a, b in pairwise(edges)
    ]


def _with_releases(
    outlet: Outlet, at_ns: Instants, pumped_ml: Floats, pressure_kpa: Floats
) -> tuple[Instants, Floats, Floats]:
    """Add a breakpoint where a closed line opened between two readings, from how far the pressure has fallen since:
    t = R C ln((p0 - p_end) / (p - p_end)) before the second reading.
    """
    flow = flow_between(at_ns, pumped_ml.sum(axis=0))
    closed = _closed(outlet, at_ns, flow, pressure_kpa)
    added: list[tuple[int, int, float]] = []
    for i in np.flatnonzero(closed[:-1] & ~closed[1:]) + 1:
        settled = outlet.settled(float(flow[i]))
        above, left = float(pressure_kpa[i]) - settled, float(pressure_kpa[i + 1]) - settled
        if 0.0 < left < above:
            open_ns = round(outlet.resistance * outlet.compliance * NS_PER_H * math.log(above / left))
            opened_ns = int(at_ns[i + 1]) - open_ns
            if at_ns[i] < opened_ns < at_ns[i + 1]:
                risen = float(flow[i]) * (opened_ns - int(at_ns[i])) / NS_PER_H / outlet.compliance
                added.append((int(i) + 1, opened_ns, float(pressure_kpa[i]) + risen))
    where = [place for place, _, _ in added]
    instants = np.array([opened_ns for _, opened_ns, _ in added], dtype=np.int64)
    pumped = np.array([np.interp(instants, at_ns, line) for line in pumped_ml])
    return (
        np.insert(at_ns, where, instants),
        np.insert(pumped_ml, where, pumped, axis=1),
        np.insert(pressure_kpa, where, [kpa for _, _, kpa in added]),
    )


def _closed(
    outlet: Outlet, at_ns: Instants, flow: Floats, pressure_kpa: Floats
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each piece (n,): whether a closed line explains the pressure at its end better than an open one.

    In a closed line pressure never falls: where it does, the line was opened within the piece, however little of the
    fall the second reading has caught.
    """
    if outlet.at_once:
        return np.zeros(len(flow), dtype=np.bool_)
    begin, end, hours = pressure_kpa[:-1], pressure_kpa[1:], np.diff(at_ns) / NS_PER_H
    settled = outlet.back_pressure_kpa + outlet.resistance * flow
    if_open = settled + (begin - settled) * np.exp(-hours / (outlet.resistance * outlet.compliance))
    if_closed = begin + flow * hours / outlet.compliance
    closed: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.abs(end - if_closed) + DOUBT_KPA < np.abs(end - if_open)
    falls: np.ndarray[tuple[int], np.dtype[np.bool_]] = end < begin - FALL_KPA
    return closed & ~falls
