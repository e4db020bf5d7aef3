"""The one list of verification cases, which page and tests take from here, and what is not in it yet."""

from pumpsim.verification import air, deviation, flow, line, occlusion, programmes, syringe, transport
from pumpsim.verification.case import Case

CASES: tuple[Case, ...] = (
    *flow.CASES,
    *occlusion.CASES,
    *line.CASES,
    *syringe.CASES,
    *transport.CASES,
    *programmes.CASES,
    *air.CASES,
    *deviation.CASES,
)

STILL_TO_COME: tuple[tuple[str, str], ...] = (
    ("V3", "the bolus after a pump's own reduction (0.0347, 0.0987, 0.1787 mL): no pump takes fluid back yet"),
    ("V11", "billing codes of hydration and infusion times (30, 31, 90, 91, 151, 200 min)"),
    ("V12", "lockout of doses on request, from the end of a dose and from start to start"),
)
"""Parts of the cases for which the software has no feature yet."""
