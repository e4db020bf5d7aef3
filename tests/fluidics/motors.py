"""Drives whose motor keeps to the rate, as tests plan and read them.

Figures: Omnipod, LoopKit/OmniKit Pod.swift; CADD-Prizm technical manual p. 18; BD 60 mL, Graseby 3100 service manual.
"""

from dataclasses import replace
from math import pi, sin

import numpy as np

from pumpsim.fluidics.drives.by_name import next_leg_of
from pumpsim.fluidics.drives.leg import DriveState, Leg
from pumpsim.fluidics.drives.mechanism import LineDrive
from pumpsim.vocabulary.model import Corner, Drive, LeadScrew, Mechanism
from tests.build import S

FAR = 10**10
ML = 1_000_000
"""1 mL in nL: rates below are in mL/h times this."""
UNIT = 10_000
"""1 U of U-100 insulin in nL."""

OMNIPOD = Mechanism(Drive.PULSES, step_fl=500_000_000, cycle_steps=1, pulse_ns=2 * S)
CADD = Mechanism(Drive.PULSES, step_fl=1_000_000_000, cycle_steps=50, pulse_ns=1 * S)
"""Half a revolution, 0.05 mL, in 50 motor steps; its second is assumed."""
WAVES = tuple(Corner(p, round(p + 30_000 * sin(2 * pi * p / 1e6))) for p in range(83_333, 990_000, 83_333))
RIPPLED = Mechanism(Drive.PERISTALTIC, step_fl=100_000_000, cycle_steps=1200, course=WAVES)
ROLLER = Mechanism(
    Drive.PERISTALTIC, 100_000_000, 1200, course=(Corner(700_000, 1_050_000), Corner(850_000, 900_000))
)  # the roller leaves the tube: a seventh of what it gave comes back
EVEN = replace(RIPPLED, course=())
BORE_MM2 = pi * 13.3**2
BD_60 = Mechanism(
    Drive.LEAD_SCREW, round(BORE_MM2 * 1e-4 * 1e9), 10_000, pulse_ns=20_000_000, screw=LeadScrew(100, 10_000)
)  # micro-steps of 0.1 um, 1 mm a turn
WORN = replace(BD_60, cycle_steps=200, course=(Corner(250_000, 260_000), Corner(753_000, 741_000)))


def drive(mechanism: Mechanism, rate: int, stop: int | None = None, *, supply: int = FAR) -> DriveState:
    return DriveState((LineDrive(rate, stop, supply=supply),))


def legs(mechanism: Mechanism, state: DriveState, until_ns: int, *, at_ns: int = 0, look_ns: int = 0) -> list[Leg]:
    """All legs to ``until_ns``, planned as far as that, or with looks no farther than ``look_ns`` ahead."""
    plan, found = next_leg_of(mechanism), []
    while at_ns < until_ns:
        leg = plan(mechanism, state, at_ns, min(until_ns, at_ns + look_ns) if look_ns else until_ns)
        assert leg.end_ns > leg.start_ns == at_ns
        found.append(leg)
        state, at_ns = leg.state(leg.end_ns), leg.end_ns
    return found


def at(plan: list[Leg], at_ns: int) -> Leg:
    return next(leg for leg in plan if at_ns <= leg.end_ns)


def given_ml(mechanism: Mechanism, plan: list[Leg], at_ns: int) -> float:
    return at(plan, at_ns).volumes(at_ns)[0][0] * mechanism.step_fl / 1e12


def course_points(plan: list[Leg], until_ns: int) -> list[tuple[int, float, float]]:
    """Every breakpoint to ``until_ns``, once: instant, steps pumped and drawn."""
    rows: list[tuple[int, float, float]] = []
    for leg in plan:
        pieces = leg.pieces()
        rows += zip(pieces.at_ns.tolist(), pieces.pumped[0].tolist(), pieces.drawn[0].tolist(), strict=True)
    return [row for row in dict.fromkeys(rows) if row[0] <= until_ns]


def motions(plan: list[Leg]) -> list[tuple[int, int]]:
    """Begin and end of every piece in which something is displaced."""
    found = []
    for leg in plan:
        pieces = leg.pieces()
        moving = np.flatnonzero(np.diff(pieces.pumped[0]) != 0.0)
        found += [(int(pieces.at_ns[k]), int(pieces.at_ns[k + 1])) for k in moving]
    return found
