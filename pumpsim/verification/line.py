"""V5 to V7: a pump lowered and raised, a line opened to a vein, and the start-up of a line that gives."""

from functools import cache

import numpy as np

from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace
from pumpsim.verification.case import Case, Expected, by, share
from pumpsim.verification.runs import MIN, H, S, first_passed_ns, one, patient_ml, trace_of

STEP = """
[[fault]]
at = "60 min"
height = "{height}"
"""


def moved(height: str, valve: str = "") -> Scenario:
    """0.2 mL/h of water through 10 uL/kPa and 0.5 kPa/(mL/h); at 60 min the pump is brought to another height."""
    return one(
        'model = "linear-peristaltic"\ndrive = "smooth"',
        'container = { bag = "100 mL", fluid = "water" }',
        tubing=f'common_volume = "1 mL"\ncompliance = "10 uL/kPa"\nresistance = "0.5 kPa/(mL/h)"\n{valve}',
        rate="0.2 mL/h",
        duration="2 h",
        more=STEP.format(height=height),
    )


def net_ul(trace: PumpTrace, *minutes: float) -> list[float]:
    """What the patient has had since the step, uL, so many minutes after it."""
    begin, *later = patient_ml(trace, H, *(H + round(m * MIN) for m in minutes))
    return [1000.0 * (ml - begin) for ml in later]


def back_to_zero_min(trace: PumpTrace) -> float:
    """When the patient has again as much as before the step, min after it; to a tenth of a second."""
    at_ns = np.arange(H + MIN, 2 * H, S // 10)
    total = trace.at(at_ns).patient_ml.sum(axis=0)
    return float(at_ns[np.argmax(total >= patient_ml(trace, H)[0])] - H) / MIN


def lowered() -> tuple[float, ...]:
    """Net volume at 2 min, when it is back at zero, flow after 5 min."""
    trace = trace_of(moved("-40 cm"))
    flow = float(trace.at([H + 5 * MIN]).patient_flow_ml_per_h[0])
    return net_ul(trace, 2)[0], back_to_zero_min(trace), flow


def lowered_with_valve() -> tuple[float, ...]:
    """What comes back, when flow begins, and what the patient has had half an hour after the step."""
    trace = trace_of(moved("-40 cm", 'valve = "0 kPa"'))
    at_ns = np.arange(H, 2 * H, S // 10)
    flows = trace.at(at_ns[1:]).patient_flow_ml_per_h
    begins = float(at_ns[1:][np.argmax(flows > 1e-9)] - H) / MIN
    return min(net_ul(trace, *range(1, 11))), begins, net_ul(trace, 30)[0]


def raised() -> tuple[float, ...]:
    """What the patient has had 2 min after the pump was lifted, and half an hour after."""
    two, thirty = net_ul(trace_of(moved("40 cm")), 2, 30)
    return two, thirty


@cache
def lowered_syringe_ul(syringe: str) -> float:
    """By how much a syringe pump that glides is behind half an hour after it was lowered, uL."""
    scenario = one(
        'model = "syringe-pump"',
        f'container = {{ syringe = "{syringe}", fluid = "water" }}',
        tubing='kind = "ideal"\nresistance = "0.01 kPa/(mL/h)"',
        rate="5 mL/h",
        duration="2 h",
        more=STEP.format(height="-40 cm"),
    )
    return 5.0 / 2 * 1000 - net_ul(trace_of(scenario), 30)[0]


def two_syringes() -> tuple[float, ...]:
    """The ratio of what two syringes withhold."""
    return (lowered_syringe_ul("bd-plastipak-50") / lowered_syringe_ul("bd-plastipak-10"),)


def to_a_vein() -> tuple[float, ...]:
    """Net volume at once, and when it is back at zero, s."""
    scenario = one(
        'model = "linear-peristaltic"\ndrive = "smooth"',
        'container = { bag = "100 mL", fluid = "water" }',
        tubing='kind = "ideal"\ncommon_volume = "1 mL"\ncompliance = "8 uL/kPa"\nback_pressure = "1 kPa"',
        rate="2 mL/h",
        duration="10 min",
        more='[[fault]]\nat = "1 s"\ndisconnect = "patient end"\nuntil = "5 min"',
    )
    trace = trace_of(scenario)
    begin, after, back = patient_ml(trace, 5 * MIN - 1, 5 * MIN, 5 * MIN + round(14.4 * S))
    return 1000.0 * (after - begin), 1000.0 * (back - begin)


RISE_MIN = (0.884, 2.938, 3.822)


def start_up() -> tuple[float, ...]:
    """Flow at three instants, what is withheld and the pressure at the end."""
    scenario = one(
        'model = "linear-peristaltic"\ndrive = "smooth"',
        'container = { bag = "100 mL", fluid = "water" }',
        tubing='kind = "ideal"\ncommon_volume = "1 mL"\ncompliance = "15 uL/kPa"\nresistance = "5.103e12 Pa s/m3"',
        rate="1 mL/h",
        duration="1 h",
    )
    trace = trace_of(scenario)
    flows = trace.at([round(m * MIN) for m in RISE_MIN]).patient_flow_ml_per_h
    end = trace.at([H])
    withheld = float(end.pumped_ml.sum() - end.patient_ml.sum())
    return *(100.0 * flows).tolist(), 1000.0 * withheld, float(end.pressure_kpa[0])


@cache
def first_drop_min(syringe: str, rate: str) -> float:
    """When the first 0.1 uL has left an extension line behind a syringe that was not purged, min."""
    scenario = one(
        'model = "syringe-pump"',
        f'container = {{ syringe = "{syringe}", fluid = "saline-0.9" }}',
        tubing='kind = "extension-150"',
        rate=rate,
        duration="3 h",
    )
    return first_passed_ns(trace_of(scenario), 1e-4, S) / MIN


_STEP = "flow = Q - (rho g dh / R) exp(-t / RC); net zero at C rho g dh / Q"
_LOWERED = "derived: 0.4 m of water are 3.923 kPa, on 10 uL/kPa 39.2 uL"
CASES = (
    Case(
        "V5 lowered",
        "A pump lowered by 40 cm, open line",
        "0.2 mL/h, 10 uL/kPa, R C = 18 s. Fluid is drawn back, then flow is Q again.",
        _STEP,
        _LOWERED,
        (
            Expected("net volume after 2 min: 6.67 - 39.23 (1 - exp(-6.67))", -32.51, "uL", by(0.2), 2),
            Expected("net volume back at zero after", 11.77, "min", share(0.005), 2),
            Expected("flow after 5 min", 0.2, "mL/h", share(0.005), 4),
        ),
        lowered,
    ),
    Case(
        "V5 lowered, valve",
        "The same behind an anti-reflux valve",
        "Nothing comes back; flow is zero until the line has filled.",
        "zero flow for C rho g dh / Q - R C",
        _LOWERED,
        (
            Expected("lowest net volume", 0.0, "uL", by(1e-6), 2),
            Expected("flow begins after: 11.77 - 0.30", 11.47, "min", share(0.005), 2),
            Expected("net volume after 30 min: 100 - 39.23", 60.77, "uL", by(0.2), 2),
        ),
        lowered_with_valve,
    ),
    Case(
        "V5 raised",
        "The same pump raised by 40 cm",
        "What was stored comes as a bolus.",
        "V = C rho g dh, on top of Q t",
        _LOWERED,
        (
            Expected("net volume after 2 min: 6.67 + 39.23 (1 - exp(-6.67))", 45.84, "uL", by(0.2), 2),
            Expected("net volume after 30 min: 100 + 39.23", 139.23, "uL", by(0.2), 2),
        ),
        raised,
    ),
    Case(
        "V5 two syringes",
        "Two syringes lowered by 40 cm at one rate",
        "50 and 10 mL at 5 mL/h, behind a line that does not give: what each withholds, and so its time without delivery.",
        "t = C rho g dh / Q: the ratio is that of the compliances, 19.4 / 3.6",
        "Weiss 2000 (29.7 and 5.5 min at 0.5 mL/h: 5.4)",
        (Expected("ratio", 19.4 / 3.6, "", share(0.005), 2),),
        two_syringes,
    ),
    Case(
        "V6",
        "A line at 0 kPa opened to a vein at 1.0 kPa",
        "8 uL/kPa, no resistance, 2 mL/h; the line stands open to the air before it is connected.",
        "net(t) = Q t - C (P_vein - P_line)",
        "connection to venous pressure, derived",
        (
            Expected("net volume at once", -8.0, "uL", by(0.02), 2),
            Expected("net volume after 14.4 s", 0.0, "uL", by(0.02), 2),
        ),
        to_a_vein,
    ),
    Case(
        "V7",
        "RC start-up",
        "1 mL/h into 15 uL/kPa behind 5.103e12 Pa s/m3 (0.20 mm x 0.20 m): tau = 76.55 s.",
        "Q_out = Q (1 - exp(-t / RC)); withheld C R Q",
        "derived: Poiseuille, water at 20 degC",
        (
            *(
                Expected(f"flow after {minutes} min", percent, "% of Q", share(1e-3), 2)
                for minutes, percent in zip(RISE_MIN, (50.0, 90.0, 95.0), strict=True)
            ),
            Expected("withheld at steady state", 21.26, "uL", share(1e-3), 2),
            Expected("pressure at steady state", 1.4175, "kPa", share(1e-3), 4),
        ),
        start_up,
    ),
    Case(
        "V7 bench",
        "Start-up of two syringes on the bench",
        "Not purged: 0.1 mm of play, 2.0 N of stiction, behind 150 cm of extension line; first 0.1 uL at its end.",
        "play A + stiction / A x C, over Q: 60.1 uL and 125.4 uL",
        "Neff 2007 (Anaesthesia): 3.6 +- 0.9 and 74.5 +- 26.6 min",
        (
            Expected("10 mL at 1.0 mL/h", 3.6, "min", by(0.9), 1),
            Expected("50 mL at 0.1 mL/h", 74.5, "min", by(26.6), 1),
        ),
        lambda: (first_drop_min("bd-plastipak-10", "1 mL/h"), first_drop_min("bd-plastipak-50", "0.1 mL/h")),
    ),
)
