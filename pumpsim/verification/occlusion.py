"""V3 and V4: how long pumps press into a closed line before they alarm, by hand and as makers print it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from pumpsim.analysis.expectations import judge
from pumpsim.analysis.storage import releases
from pumpsim.catalogue.insulin import KALEIDO, MINIMED_511, WELLION_MICRO
from pumpsim.catalogue.pumps import with_smooth_drive
from pumpsim.scenario import Scenario
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.verification.case import Case, Expected, by, share
from pumpsim.verification.runs import CLOSED, MIN, S, first_alarm_ns, one, trace_of
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import LoadProgram
from pumpsim.vocabulary.model import PumpModel, RateBand

DISTAL = AlarmId.OCCLUSION_DISTAL

WORKED = """
title = "V3"
duration = "20 min"
[pump]
model = "dual-channel-cassette"
drive = "smooth"
occlusion_limit = "85 kPa"
occlusion_delay = "8 s"
[line.A]
container = { bag = "500 mL", fluid = "water" }
[set]
kind = "ideal"
common_volume = "2.5 mL"
compliance = "10 uL/kPa"
back_pressure = "15 kPa"
[[operator]]
at = "0 s"
load = { line = "A", rate = "12 mL/h" }
[[operator]]
at = "0 s"
do = "start"
[[fault]]
at = "60 s"
occlude = "patient end"
until = "10 min"
[[expect]]
alarm_delay = { alarm = "occlusion-distal", after = "60 s", at_most = "120 s" }
[[expect]]
released = { at_most = "0.5 mL" }
"""


def worked() -> tuple[float, ...]:
    """Pressure at 210 s, time to the alarm, what is stored then, and how many of the two expectations fail."""
    scenario = parse_scenario(WORKED, "V3")
    run = simulate(scenario)
    (trace,) = run.traces
    alarm_ns = first_alarm_ns(trace, DISTAL)
    at = trace.at([(60 + 210) * S, alarm_ns])
    failed = sum(not outcome.passed for outcome in judge(scenario, run.by_pump))
    given, out = at.pumped_ml.sum(axis=0), at.patient_ml.sum(axis=0)
    return float(at.pressure_kpa[0]), alarm_ns / S - 60, float(given[0] - out[0]), float(given[1] - out[1]), failed


INFUSOMAT_RATES = (1, 25, 100)
INFUSOMAT = {226: (547, 33, 7), 563: (1553, 74, 15), 900: (2810, 126, 24)}
"""Published seconds to the alarm by level, mmHg, for each of the rates, mL/h."""


@cache
def infusomat_s(level_mmhg: int, rate_ml_per_h: int) -> float:
    """Seconds from the closing of the line to the alarm."""
    scenario = one(
        f'model = "infusomat-space"\ndrive = "smooth"\nocclusion_limit = "{level_mmhg} mmHg"',
        'container = { bag = "1000 mL", fluid = "water" }',
        tubing='kind = "infusomat-line"',
        rate=f"{rate_ml_per_h} mL/h",
        duration="2 h",
        more=CLOSED.format(at="1 min"),
    )
    return (first_alarm_ns(trace_of(scenario), DISTAL) - MIN) / S


def infusomat() -> tuple[float, ...]:
    """All nine cells, level by level."""
    return tuple(infusomat_s(level, rate) for level in INFUSOMAT for rate in INFUSOMAT_RATES)


INFUSOMAT_BOLUS_ML = {226: 0.0347, 563: 0.0987, 900: 0.1787}
"""Published bolus after reduction by level, mmHg."""


@cache
def reduced_ml(level_mmhg: int) -> float:
    """What comes when the line is opened again, after the pump has turned back."""
    scenario = one(
        f'model = "infusomat-space"\ndrive = "smooth"\nocclusion_limit = "{level_mmhg} mmHg"',
        'container = { bag = "1000 mL", fluid = "water" }',
        tubing='kind = "infusomat-line"',
        rate="25 mL/h",
        duration="20 min",
        more=CLOSED.format(at="1 min") + 'until = "10 min"\n',
    )
    (release,) = releases(trace_of(scenario))
    return release.released_ml


def with_model(scenario: Scenario, model: PumpModel) -> Scenario:
    """The same scenario on another model."""
    return replace(scenario, pumps=tuple(replace(pump, model=model) for pump in scenario.pumps))


def insulin_s(model: PumpModel, units_per_h: float) -> float:
    """Seconds from a start into a closed set to the alarm; the pump takes any rate, that of its bolus too."""
    scenario = one(
        f'model = "{model.id}"',
        'container = { cartridge = "3 mL", fluid = { drug = "insulin", concentration = "100 U/mL" } }',
        rate="0.01 mL/h",
        duration="5 d",
        more=CLOSED.format(at="0 s"),
    )
    rate = round(units_per_h * 10_000)
    entries = tuple(
        replace(entry, action=replace(entry.action, program=replace(entry.action.program, rate_nl_per_h=rate)))
        if isinstance(entry.action, LoadProgram)
        else entry
        for entry in scenario.entries
    )
    any_rate = replace(model, rate_bands=(RateBand(1, 100_000_000, 1),))
    return first_alarm_ns(trace_of(with_model(replace(scenario, entries=entries), any_rate)), DISTAL) / S


def times(
    model: PumpModel, units_per_h: tuple[float, ...], unit_s: tuple[float, ...]
) -> Callable[[], tuple[float, ...]]:
    """Compute the times of one pump, each in its own unit."""
    smooth = with_smooth_drive(model)
    return lambda: tuple(insulin_s(smooth, u) / unit for u, unit in zip(units_per_h, unit_s, strict=True))


_CONSTANT = "t = V / Q: the set takes up the same volume at any rate"
CASES = (
    Case(
        "V3",
        "A line closed under a pump",
        "12 mL/h into 0.010 mL/kPa from 15 to 85 kPa, latency 8 s; the scenario expects 120 s and at most 0.5 mL.",
        "t = C (P_thr - P0) / Q + latency; stored V = C (P_thr - P0) + Q latency",
        "atlasofengineering (worked case)",
        (
            Expected("pressure 210 s after closing", 85.0, "kPa"),
            Expected("closing to alarm", 218.0, "s", by(0.1)),
            Expected("stored at the threshold", 0.700, "mL", decimals=4),
            Expected("stored at the alarm", 0.010 * 70 + 12 / 3600 * 8, "mL", decimals=4),
            Expected("expectations of the scenario that fail", 2, "of 2", decimals=0),
        ),
        worked,
    ),
    Case(
        "V3 Infusomat",
        "Time to alarm as a maker prints it",
        "Nine cells, levels 1, 5, 9 at 1, 25, 100 mL/h; one compliance, 0.84 uL/mmHg, no latency.",
        "t = C P / Q",
        "B. Braun Infusomat Space IFU, US, 586U, p. 72",
        tuple(
            Expected(f"{level} mmHg, {rate} mL/h", seconds, "s", share(0.30), 1)
            for level, row in INFUSOMAT.items()
            for rate, seconds in zip(INFUSOMAT_RATES, row, strict=True)
        ),
        infusomat,
    ),
    Case(
        "V3 reduction",
        "The bolus when the line is opened, after the pump's own reduction",
        "Levels 1, 5, 9 at 25 mL/h; the pump turns back to 22.9 % of its limit, a share that was fitted to this column.",
        "V = 0.229 C P, of the model's own stored volume",
        "B. Braun Infusomat Space IFU, US, 586U, p. 72",
        tuple(Expected(f"{level} mmHg", volume, "mL", share(0.30), 4) for level, volume in INFUSOMAT_BOLUS_ML.items()),
        lambda: tuple(reduced_ml(level) for level in INFUSOMAT_BOLUS_ML),
    ),
    Case(
        "V4 Wellion",
        "Time to alarm, 2.5 U at 100 kPa",
        "A Wellion Micro-Pump starts into a closed set, at the rate of its bolus and at two basal rates; smooth drive.",
        _CONSTANT,
        "Wellion Micro-Pump manual p. 105",
        (
            Expected("3 U/min", 50, "s", decimals=1),
            Expected("1 U/h", 150, "min", decimals=1),
            Expected("0.025 U/h", 100, "h", decimals=1),
        ),
        times(WELLION_MICRO, (180.0, 1.0, 0.025), (1.0, 60.0, 3600.0)),
    ),
    Case(
        "V4 Kaleido",
        "Time to alarm, 1.0 U at 100 kPa",
        "A Kaleido starts into a closed set; smooth drive.",
        _CONSTANT,
        "public text on the Kaleido pump",
        (Expected("1 U/h", 1, "h", decimals=2), Expected("0.05 U/h", 20, "h", decimals=2)),
        times(KALEIDO, (1.0, 0.05), (3600.0, 3600.0)),
    ),
    Case(
        "V4 MiniMed 511",
        "Time to alarm, typically 1.25 U",
        "A MiniMed 511 starts into a closed set; smooth drive. Its 25 s at 1.5 U/min are 0.625 U and not on the line; "
        "there only the printed range, 10 s to 2 min, is asked for.",
        _CONSTANT,
        "MiniMed 511 manual p. 158",
        (
            Expected("1 U/h", 75, "min", decimals=1),
            Expected("0.1 U/h", 12.5, "h", decimals=2),
            Expected("1.5 U/min, between 10 and 120 s", 65, "s", by(55), 1),
        ),
        times(MINIMED_511, (1.0, 0.1, 90.0), (60.0, 3600.0, 1.0)),
    ),
)
