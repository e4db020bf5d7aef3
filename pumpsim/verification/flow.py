"""V1 and V2: gravimetric samples and the trumpet curve, of runs whose flow is known by hand."""

import math
from dataclasses import replace
from functools import cache

from pumpsim.analysis.trumpet import flow_ml_per_h, overall_error_percent, trumpet, weighed_g
from pumpsim.catalogue.accesses import OPEN_END
from pumpsim.catalogue.fluids import FLUIDS
from pumpsim.catalogue.peristaltic import INFUSOMAT_SPACE
from pumpsim.catalogue.pumps import with_smooth_drive
from pumpsim.catalogue.sets import IDEAL
from pumpsim.scenario import Entry, PumpSetup, Scenario
from pumpsim.trace import PumpTrace
from pumpsim.verification.case import Case, Expected, by
from pumpsim.verification.runs import MIN, S, trace_of
from pumpsim.vocabulary.inputs import LoadProgram, Start, Titrate
from pumpsim.vocabulary.model import RateBand
from pumpsim.vocabulary.path import LineSetup, PathSetup, Sensing
from pumpsim.vocabulary.program import InfusionProgram

SAMPLE_NS = 30 * S
HAND_ML_PER_H = (0.90, 1.20, 1.00, 0.80, 1.10, 1.12)
SWING, PERIOD_MIN, MIDDLE_ML_PER_H = 0.10, 10.0, 100.0
WINDOWS_MIN = (2, 5, 11, 19, 31)
MODEL = replace(with_smooth_drive(INFUSOMAT_SPACE), rate_bands=(RateBand(1, 1_200_000_000, 1),))
"""A pump that takes any rate, to the nL/h."""


def rates(per_sample_nl_per_h: tuple[int, ...]) -> PumpTrace:
    """A pump that is titrated at every sample, at an open end."""
    first, *later = per_sample_nl_per_h
    line = LineSetup("A", "bag", 1000.0, FLUIDS["water"], head_kpa=4.9)
    pump = PumpSetup("main", MODEL, PathSetup((line,), IDEAL, OPEN_END), Sensing())
    entries = [Entry(0, "main", LoadProgram("A", InfusionProgram(first))), Entry(0, "main", Start("A"))]
    entries += [Entry(k * SAMPLE_NS, "main", Titrate("A", rate)) for k, rate in enumerate(later, start=1)]
    end_ns = len(per_sample_nl_per_h) * SAMPLE_NS
    return trace_of(Scenario("case", "rates", end_ns, 0, (pump,), tuple(entries), (), SAMPLE_NS))


def hand_series() -> tuple[float, ...]:
    """Ep(max), Ep(min) for every window, then A."""
    trace = rates(tuple(round(rate * 1e6) for rate in HAND_ML_PER_H))
    weight = weighed_g(trace, SAMPLE_NS, 0, trace.end_ns)
    curve = trumpet(weight, SAMPLE_NS, 1.0, [p * SAMPLE_NS for p in range(1, 7)])
    extremes = [value for pair in zip(curve.highest.tolist(), curve.lowest.tolist(), strict=True) for value in pair]
    return (*extremes, overall_error_percent(weight, SAMPLE_NS, 1.0))


def sine() -> tuple[float, ...]:
    """Half the width of the trumpet for each window."""
    turn = 2.0 * math.pi / (PERIOD_MIN * MIN)

    def displaced(at_ns: int) -> float:
        return MIDDLE_ML_PER_H * (at_ns + SWING / turn * (1.0 - math.cos(turn * at_ns)))

    means = [(displaced((k + 1) * SAMPLE_NS) - displaced(k * SAMPLE_NS)) / SAMPLE_NS for k in range(120)]
    trace = rates(tuple(round(mean * 1e6) for mean in means))
    weight = weighed_g(trace, SAMPLE_NS, 0, 60 * MIN)
    return tuple(trumpet(weight, SAMPLE_NS, MIDDLE_ML_PER_H, [p * MIN for p in WINDOWS_MIN]).highest.tolist())


@cache
def ten_and_two_percent() -> tuple[PumpTrace, PumpTrace]:
    """A pump that gives 10 mL/h, and one that gives 2 % more."""
    return rates((10_000_000,) * 120), rates((10_200_000,) * 120)


def sampling() -> tuple[float, ...]:
    """A sample of the even pump, and the extremes of the pump that gives too much."""
    even, over = (weighed_g(trace, SAMPLE_NS, 0, 60 * MIN) for trace in ten_and_two_percent())
    curve = trumpet(over, SAMPLE_NS, 10.0, [p * MIN for p in WINDOWS_MIN])
    sample_g = float(even[7] - even[6])
    return (
        sample_g / 0.998 * 1000,
        sample_g * 1000,
        float(flow_ml_per_h(even, SAMPLE_NS)[6]),
        float(curve.highest.max()),
        float(curve.lowest.min()),
    )


_TABLE = (
    (0.5, 20.0, -20.0),
    (1.0, 11.0, -10.0),
    (1.5, 10 / 3, -10 / 3),
    (2.0, 2.5, -2.5),
    (2.5, 4.4, 0.0),
    (3.0, 2, 2),
)
CASES = (
    Case(
        "V1 hand series",
        "Trumpet curve of six samples",
        "A pump is titrated every 30 s to 0.90, 1.20, 1.00, 0.80, 1.10, 1.12 mL/h and weighed; r = 1 mL/h.",
        "Ep(max) = MAX (S/P) SUM ei, ei = 100 (Qi - r)/r; A = 100 (Q - r)/r",
        "IEC 60601-2-24 (formulas from memory); worked by hand",
        (
            *(
                Expected(f"Ep({side}), P = {minutes} min", value, "%")
                for minutes, high, low in _TABLE
                for side, value in (("max", high), ("min", low))
            ),
            Expected("A", 2.0, "%"),
        ),
        hand_series,
    ),
    Case(
        "V1 sine",
        "Trumpet curve of a flow that swings by 10 %",
        "Flow r (1 + 0.1 sin(2 pi t / 10 min)), 60 min, samples of 30 s.",
        "|Ep(P)| = 100 a |sin(pi P/Tc)| / (pi P/Tc)",
        "derived: the mean of a sine over a window",
        tuple(
            Expected(f"Ep(max), P = {minutes} min", value, "%", by(1e-4), 4)
            for minutes, value in zip(WINDOWS_MIN, (9.3549, 6.3662, 0.8942, 0.5177, 0.3173), strict=True)
        ),
        sine,
    ),
    Case(
        "V2",
        "Gravimetric samples",
        "10 mL/h weighed every 30 s (0.998 g/mL); then a pump that gives 10.2 mL/h where 10 are set.",
        "Qi = 60 (Wi - Wi-1) / (S d)",
        "Metron QA-IDS manual p. 23 (83.3 uL)",
        (
            Expected("volume of a sample", 10_000 / 120, "uL", decimals=2),
            Expected("mass of a sample", 0.998 * 10_000 / 120, "mg", decimals=2),
            Expected("flow from it", 10.0, "mL/h"),
            Expected("2 % too much: highest of all windows", 2.0, "%"),
            Expected("2 % too much: lowest of all windows", 2.0, "%"),
        ),
        sampling,
    ),
)
