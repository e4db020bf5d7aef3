"""The one list of verification cases, which page and tests take from here."""

from pumpsim.verification import (
    air,
    deviation,
    flow,
    infusion_times,
    line,
    occlusion,
    programmes,
    syringe,
    transport,
)
from pumpsim.verification.case import Case

CASES: tuple[Case, ...] = (
    *flow.CASES,
    *occlusion.CASES,
    *line.CASES,
    *syringe.CASES,
    *transport.CASES,
    *programmes.CASES,
    *infusion_times.CASES,
    *air.CASES,
    *deviation.CASES,
)
