"""The one list of verification cases, which page and tests take from here, and what is not in it yet."""

from pumpsim.verification import air, flow, infusion_times, line, occlusion, programmes, syringe, transport
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
)

STILL_TO_COME: tuple[tuple[str, str], ...] = (
    ("V12", "over-infusion (110.1 % alarms just after 15 min, 109.9 % never) and under-infusion (89.9 %)"),
)
"""Parts of the cases for which the software has no feature yet."""
