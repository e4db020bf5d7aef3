"""The one list of verification cases, which page and tests take from here, and what is not in it yet."""

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

STILL_TO_COME: tuple[tuple[str, str], ...] = (
    ("V12", "lockout of doses on request, from the end of a dose and from start to start"),
)
"""Parts of the cases for which the software has no feature yet."""
