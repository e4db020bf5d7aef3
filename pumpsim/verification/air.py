"""V12, air: what a sensor behind the pump adds up, against its limit of 1 mL in 15 min."""

from pumpsim.scenario import Tolerance
from pumpsim.verification.case import Case, Expected
from pumpsim.verification.runs import S, first_alarm_ns, one, trace_of
from pumpsim.vocabulary.alarms import AlarmId

NEVER = -1.0


def bubbles() -> tuple[float, ...]:
    """When the alarm comes, s, or -1: 20 bubbles of 0.05 mL in 14 min, 0.99 mL, 1 mL in 19 min, 1.08 mL that does not count."""
    return (
        _alarm_s([0.05] * 20, 44),
        _alarm_s([0.05] * 19 + [0.04], 44),
        _alarm_s([0.05] * 20, 60),
        _alarm_s([0.009] * 120, 7),
    )


def _alarm_s(sizes_ml: list[float], every_s: int) -> float:
    """Bubbles of these sizes, one after the other from 1 min on, through a pump at 100 mL/h."""
    let_in = "".join(
        f'[[fault]]\nat = "{60 + i * every_s} s"\nair = {{ volume = "{ml} mL" }}\n' for i, ml in enumerate(sizes_ml)
    )
    scenario = one(
        'model = "linear-peristaltic"\ndrive = "smooth"',
        'container = { bag = "100 mL", fluid = "water" }',
        tubing='kind = "ideal"',
        rate="100 mL/h",
        duration="30 min",
        more=let_in,
    )
    try:
        return first_alarm_ns(trace_of(scenario), AlarmId.AIR_ACCUMULATED) / S
    except LookupError:
        return NEVER


CASES = (
    Case(
        "V12 air",
        "Air that is added up",
        "Bubbles through a pump at 100 mL/h; the sensor counts those of 0.01 mL or more within 15 min, the limit is 1 mL.",
        "the 20th bubble begins at 60 + 19 x 44 = 896 s and is in after 0.05 mL / 100 mL/h = 1.8 s; never is -1",
        "IEC 60601-2-24, 51.104 and 201.12.4.4.107; Infusomat Space IFU, US, p. 71 (0.01 mL)",
        (
            Expected("20 of 0.05 mL, one every 44 s", 897.8, "s", Tolerance(absolute=1e-3), 2),
            Expected("the last of 0.04 mL: 0.99 mL", NEVER, "s"),
            Expected("one every 60 s: never 1 mL in 15 min", NEVER, "s"),
            Expected("120 of 0.009 mL, which do not count", NEVER, "s"),
        ),
        bubbles,
    ),
)
