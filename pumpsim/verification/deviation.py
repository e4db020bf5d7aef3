"""V12, over- and under-infusion: a motor that runs too fast or too slow, against 10 % for 15 min."""

from functools import partial

from pumpsim.verification.case import EXACT, Case, Expected, by
from pumpsim.verification.runs import MIN, first_alarm_ns, one, trace_of
from pumpsim.vocabulary.alarms import AlarmId

NEVER = -1.0
OVER, UNDER = AlarmId.OVER_INFUSION, AlarmId.UNDER_INFUSION
ALLOWED_ML, FILL_PART = 0.33, 0.1
"""A stroke of the cassette, and the part of it that filling lets the count fall behind and catch up again."""
FASTEST = 999.0


def alarmed(pump: str, rate: str, *motors: tuple[float, float, AlarmId]) -> tuple[float, ...]:
    """When the alarm comes, min from the begin of the fault, or -1: (percent, from so many minutes on, which)."""
    return tuple(_alarm_min(pump, rate, *motor) for motor in motors)


def _alarm_min(pump: str, rate: str, percent: float, from_min: float, alarm: AlarmId) -> float:
    scenario = one(
        pump,
        'container = { bag = "10 L", fluid = "water" }',
        tubing='kind = "ideal"',
        rate=rate,
        duration=f"{from_min + 240:g} min",
        more=f'[[fault]]\nat = "{from_min:g} min"\nmotor = {{ speed = "{percent:g} %" }}\n',
    )
    try:
        return first_alarm_ns(trace_of(scenario), alarm) / MIN - from_min
    except LookupError:
        return NEVER


def _filled_min(percent: float) -> float:
    """The time in which the allowance is filled at the highest rate."""
    return ALLOWED_ML / (abs(percent - 110.0 if percent > 100.0 else percent - 90.0) / 100.0 * FASTEST) * 60.0


RIPPLE = by(FILL_PART * _filled_min(110.1) * 1.1)
SMOOTH, STROKES = (f'model = "single-channel-cassette"{drive}' for drive in ('\ndrive = "smooth"', ""))
CASES = (
    Case(
        "V12 deviation",
        "Over- and under-infusion",
        "100 mL/h by a motor that runs at so many percent of it, from the start or from 2 h on. Smooth drive.",
        "15 min; from mid-run on top 2 % of 15 min / 10.1 %, in which the count leaves the band; never is -1",
        "GIP v1.0, 1.2.2 and 1.2.3",
        (
            Expected("110.1 %: just after 15 min", 15.0, "min", EXACT),
            Expected("109.9 %", NEVER, "min"),
            Expected("89.9 %", 15.0, "min", EXACT),
            Expected("90.1 %", NEVER, "min"),
            Expected("110.1 % from 2 h on", 15.0 + 0.3 / 0.101, "min", by(0.01), 2),
            Expected("89.9 % from 2 h on", 15.0 + 0.3 / 0.101, "min", by(0.01), 2),
        ),
        partial(
            alarmed,
            SMOOTH,
            "100 mL/h",
            (110.1, 0, OVER),
            (109.9, 0, OVER),
            (89.9, 0, UNDER),
            (90.1, 0, UNDER),
            (110.1, 120, OVER),
            (89.9, 120, UNDER),
        ),
    ),
    Case(
        "V12 deviation, strokes",
        "Over- and under-infusion, with strokes",
        "999 mL/h by a motor that runs at so many percent of it. Strokes of 0.33 mL, one of which is allowed.",
        "15 min, or when the excess over 10 % fills the allowance: 0.33 mL / (0.1 % of 999 mL/h); never is -1",
        "GIP v1.0, 1.2.2 and 1.2.3",
        (
            Expected("115 %", 15.0, "min", EXACT),
            Expected("110.1 %", _filled_min(110.1), "min", RIPPLE, 0),
            Expected("109.9 %", NEVER, "min"),
            Expected("85 %", 15.0, "min", EXACT),
            Expected("89.9 %", _filled_min(89.9), "min", RIPPLE, 0),
            Expected("90.1 %", NEVER, "min"),
        ),
        partial(
            alarmed,
            STROKES,
            "999 mL/h",
            (115.0, 0, OVER),
            (110.1, 0, OVER),
            (109.9, 0, OVER),
            (85.0, 0, UNDER),
            (89.9, 0, UNDER),
            (90.1, 0, UNDER),
        ),
    ),
)
