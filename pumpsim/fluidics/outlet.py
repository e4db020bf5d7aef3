"""Compliance and resistance between the mechanism and the patient: one node, in closed form between events.

    C dp/dt = q - (p - Pv) / R          open;   tau = R C,   p -> Pv + R q
    C dp/dt = q                         closed at the patient end

q is constant between two breakpoints. With C = 0 or R = 0 the pressure follows at once. The volume stored is C (p - p0).
Source: standard lumped-parameter hydraulics (PHILIP & PHILIP for R; see docs), as an electrical RC element.
"""

import math
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants

NS_PER_H = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Outlet:
    """Resistance (kPa h/mL) and compliance (mL/kPa) of line and access, the pressure behind, and whether it is open."""

    resistance: float
    compliance: float
    back_pressure_kpa: float
    open: bool = True

    @property
    def at_once(self) -> bool:
        """Whether pressure follows flow without delay."""
        return self.open and (self.compliance == 0.0 or self.resistance == 0.0)

    def settled(self, flow_ml_per_h: float) -> float:
        """The pressure that a lasting flow comes to through the open outlet, kPa."""
        return self.back_pressure_kpa + self.resistance * flow_ml_per_h

    def course(self, at_ns: Instants, flow: Floats, begin_kpa: float) -> Floats:
        """Follow the pressure through breakpoints ``at_ns`` (n+1,) with the flows (n,) between them: kPa (n+1,).

        A value is that at the begin of its piece; the last one that at the end of the last piece.
        """
        if self.at_once:
            settled = self.back_pressure_kpa + self.resistance * flow
            return np.append(settled, settled[-1])
        hours = (at_ns[1:] - at_ns[:-1]) / NS_PER_H
        if self.open:
            keep = np.exp(-hours / (self.resistance * self.compliance))
            gain = (self.back_pressure_kpa + self.resistance * flow) * (1.0 - keep)
        else:
            keep = np.ones_like(hours)
            gain = flow * hours / self.compliance
        pressure = begin_kpa
        course = [pressure]
        for share, more in zip(keep.tolist(), gain.tolist(), strict=True):
            pressure = pressure * share + more
            course.append(pressure)
        return np.array(course)

    def pressure(self, begin_kpa: float, flow_ml_per_h: float, ns: int) -> float:
        """The pressure ``ns`` after it was ``begin_kpa``, at constant flow, kPa."""
        hours = ns / NS_PER_H
        if not self.open:
            return begin_kpa + flow_ml_per_h * hours / self.compliance
        settled = self.settled(flow_ml_per_h)
        if self.at_once:
            return settled
        return settled + (begin_kpa - settled) * math.exp(-hours / (self.resistance * self.compliance))

    def ns_until(self, begin_kpa: float, flow_ml_per_h: float, level_kpa: float) -> int:
        """Estimate, to a few ns, when the pressure comes to ``level_kpa``; 0 if it stands there or never comes."""
        if not self.open:
            hours = (level_kpa - begin_kpa) * self.compliance / flow_ml_per_h if flow_ml_per_h else 0.0
        elif self.at_once:
            hours = 0.0
        else:
            settled = self.settled(flow_ml_per_h)
            ratio = (level_kpa - settled) / (begin_kpa - settled) if begin_kpa != settled else 0.0
            hours = -self.resistance * self.compliance * math.log(ratio) if 0.0 < ratio < 1.0 else 0.0
        return max(0, math.ceil(hours * NS_PER_H))
