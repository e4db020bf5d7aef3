"""An honest fixed-step peer: what one would write by hand, a loop over seconds, with the same strokes, slugs and trace.

It knows the same physics (an exponential step for the RC line, a queue of slugs for the common volume, fill and push
within each cycle, A ahead of B) and keeps the same trace: time, pressure, what each line has pumped, what of each source
has reached the patient. What it cannot do is see between its steps.
"""

import math
from collections import deque
from dataclasses import dataclass

from benchmarks.cases import BACK_KPA, COMMON_ML, COMPLIANCE, RATES_ML_PER_H, RESISTANCE

STROKE_ML, FILL_SHARE = 0.33, 0.1


@dataclass
class PeerTrace:
    """One row a step: pressure in kPa, volumes in mL."""

    pressure_kpa: list[float]
    pumped_ml: list[tuple[float, float]]
    patient_ml: list[tuple[float, float, float]]


def simulate(seconds: int) -> PeerTrace:
    """Run the loop with a step of 1 s."""
    rate_a, rate_b = RATES_ML_PER_H
    cycle_s = STROKE_ML / (rate_a + rate_b) * 3600
    push_s = cycle_s * (1 - FILL_SHARE)
    a_ends_s = cycle_s * FILL_SHARE + push_s * rate_a / (rate_a + rate_b)
    push_ml = STROKE_ML / push_s
    tau_s = RESISTANCE * COMPLIANCE * 3600
    keep = math.exp(-1.0 / tau_s)
    pressure, into_cycle = BACK_KPA, 0.0
    pumped, patient = [0.0, 0.0], [0.0, 0.0, 0.0]
    slugs: deque[list[float]] = deque([[2, COMMON_ML]])
    trace = PeerTrace([], [], [])
    for _ in range(seconds):
        into_cycle = (into_cycle + 1.0) % cycle_s
        given = push_ml if into_cycle >= cycle_s * FILL_SHARE else 0.0
        line = 0 if into_cycle < a_ends_s else 1
        if given:
            pumped[line] += given
            if slugs and slugs[-1][0] == line:
                slugs[-1][1] += given
            else:
                slugs.append([line, given])
        before = pressure
        settled = BACK_KPA + RESISTANCE * given * 3600
        pressure = settled + (pressure - settled) * keep
        leaving = given - COMPLIANCE * (pressure - before)
        while leaving > 1e-15 and slugs:
            source, volume = slugs[0]
            part = min(volume, leaving)
            patient[int(source)] += part
            leaving -= part
            if part == volume:
                slugs.popleft()
            else:
                slugs[0][1] = volume - part
        trace.pressure_kpa.append(pressure)
        trace.pumped_ml.append((pumped[0], pumped[1]))
        trace.patient_ml.append((patient[0], patient[1], patient[2]))
    return trace
