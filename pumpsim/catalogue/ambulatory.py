"""Ambulatory pumps that press a tube twice a revolution: each half expels one activation, with nothing between.

At low rates the activations come one by one. Above 3 mL/h the real pump gives two in succession at doubled intervals, which
these rows do not.
"""

from pumpsim.catalogue.alarms import (
    DECLARED,
    air_in_line_distal,
    container_empty,
    occlusion_distal,
    occlusion_proximal,
    reservoir_low,
)
from pumpsim.catalogue.attention import BY_GIP, LIKE_GIP_SOURCES
from pumpsim.catalogue.batteries import AMBULATORY_PACK, AMBULATORY_PACK_FIGURES
from pumpsim.catalogue.rows import MINUTE_NS, ML, MS_NS, figures
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.courses import LockoutFrom
from pumpsim.vocabulary.model import AirSensor, AtEnd, Drive, FlowLimits, Mechanism, PumpClass, PumpModel, RateBand
from pumpsim.vocabulary.motor import FL_PER_NL

ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory"
PRIZM = "CADD-Prizm PCS II manual p. 5"
PRIZM_SERVICE = "CADD-Prizm technical manual p. 18"
SOLIS = "CADD-Solis operator's manual pp. 25, 46, 74-75"

ACTIVATION_NL = ML // 20
ACTIVATIONS = Mechanism(
    drive=Drive.PULSES,
    step_fl=ACTIVATION_NL * FL_PER_NL,
    cycle_steps=1,
    pulse_ns=200 * MS_NS,
    leak_ml_per_h_per_kpa=0.0,
)
"""0.050 mL each, 0.2 s long."""
OPCA = "unverified: by analogy with the Open PCA requirements v1.0.0"
FLOW = FlowLimits(for_ns=5 * MINUTE_NS, dose_for_ns=MINUTE_NS)
RESERVOIR = (reservoir_low(1.0, f"{OPCA}, R6.8.0(9)"), container_empty(OPCA))
WATCHED = figures(
    OPCA,
    ("over- and under-infusion", "10 % for 5 min, in a dose on request or a bolus for 1 min (R6.4.0(2)-(7))"),
    ("reservoir low", "1 mL left (R6.8.0(9)); here it only warns"),
    ("reservoir empty", "0 mL left; an activation under way is finished (R7.2.0(7))"),
)

CADD_PRIZM = PumpModel(
    id="cadd-prizm",
    title="Ambulatory PCA pump, figures of the CADD-Prizm PCS II",
    lines=("A",),
    mechanism=ACTIVATIONS,
    rate_bands=(RateBand(ML // 10, 30 * ML, ML // 10),),
    vtbi_min_nl=ACTIVATION_NL,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ACTIVATION_NL,
    kvo_nl_per_h=ML // 10,
    at_end=AtEnd.STOP,
    near_end_ns=0,
    occlusion_range_kpa=(62.0, 186.0),
    alarms=(occlusion_distal(124.0), *RESERVOIR, *DECLARED),
    battery=AMBULATORY_PACK,
    kind=PumpClass.PCA,
    standard_set="cadd-set",
    sensors=(Signal.RESERVOIR_LEVEL,),
    flow_limits=FLOW,
    bolus_nl_per_h=125 * ML,
    bolus_adds=True,
    bolus_max_nl=20 * ML,
    lockout_from=LockoutFrom.START,
    reminders=BY_GIP,
    sources=(
        *WATCHED,
        *AMBULATORY_PACK_FIGURES,
        *LIKE_GIP_SOURCES,
        *figures(
            PRIZM,
            ("rate range and steps", "0.1-30 mL/h by 0.1 mL/h"),
            ("dose on request", "0.05-9.9 (20) mL by 0.05 mL"),
            ("clinician bolus", "at most 20 mL"),
        ),
        *figures(
            PRIZM_SERVICE,
            ("motor step", "0.050 mL, half a revolution"),
            ("distal occlusion limit", "124 +- 62 kPa, at most 186 kPa"),
            ("activations", "single up to 3 mL/h; above, two in succession (not in this row)"),
        ),
        *figures(
            ASSUMED,
            ("pulse", "0.2 s"),
            ("VTBI range", "0.05-9999 mL by 0.05 mL"),
            ("KVO rate", "0.1 mL/h, the lowest rate"),
            ("near-end warning", "0 min: its warning is of the reservoir"),
            ("leak through the mechanism", "0 mL/h/kPa"),
            ("level of the reservoir", "counted from the activations"),
            ("lockout", "from start to start, a choice of the programme"),
        ),
        *figures(RECALL, ("bolus rate", "125 mL/h")),
    ),
)

CADD_SOLIS = PumpModel(
    id="cadd-solis",
    title="Ambulatory PCA pump, figures of the CADD-Solis",
    lines=("A",),
    mechanism=ACTIVATIONS,
    rate_bands=(RateBand(ML // 10, 100 * ML, ML // 10), RateBand(101 * ML, 500 * ML, ML)),
    vtbi_min_nl=ACTIVATION_NL,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ACTIVATION_NL,
    kvo_nl_per_h=ML // 10,
    at_end=AtEnd.STOP,
    near_end_ns=0,
    occlusion_range_kpa=(62.0, 186.0),
    alarms=(occlusion_distal(124.0), occlusion_proximal(-16.0), air_in_line_distal(0.15), *RESERVOIR, *DECLARED),
    air_sensor=AirSensor(smallest_ml=0.01, apart_ml=0.01, window_ns=15 * MINUTE_NS),
    battery=AMBULATORY_PACK,
    kind=PumpClass.PCA,
    standard_set="cadd-set",
    sensors=(Signal.RESERVOIR_LEVEL,),
    flow_limits=FLOW,
    bolus_nl_per_h=125 * ML,
    bolus_adds=True,
    bolus_max_nl=20 * ML,
    lockout_from=LockoutFrom.START,
    reminders=BY_GIP,
    sources=(
        *WATCHED,
        *AMBULATORY_PACK_FIGURES,
        *LIKE_GIP_SOURCES,
        *figures(
            SOLIS,
            ("volume accuracy", "+-6 % at 10 mL/h, 22 degC"),
            ("smallest bolus", "0.05 mL: mean 0.0508 mL"),
            ("clinician bolus", "at most 20 mL"),
            ("intermittent bolus", "interval from start to start"),
        ),
        *figures(
            "CADD-Solis VIP operator's manual, contents: p. 14", ("sensors", "air, downstream and upstream occlusion")
        ),
        *figures(
            f"unverified: by analogy with {PRIZM_SERVICE}",
            ("motor step", "0.050 mL, half a revolution"),
            ("distal occlusion limit", "124 +- 62 kPa"),
        ),
        *figures(
            RECALL,
            ("rate range and steps", "0.1-100 by 0.1, 101-500 by 1 mL/h"),
            ("bolus rate", "125 mL/h"),
            ("air behind the pump, a bubble", "0.15 mL, high sensitivity"),
        ),
        *figures(
            ASSUMED,
            ("proximal occlusion limit", "-16 kPa"),
            ("smallest bubble that counts; fluid that ends one", "0.01 mL; 0.01 mL"),
            ("pulse", "0.2 s"),
            ("VTBI range", "0.05-9999 mL by 0.05 mL"),
            ("KVO rate", "0.1 mL/h"),
            ("near-end warning", "0 min: its warning is of the reservoir"),
            ("leak through the mechanism", "0 mL/h/kPa"),
            ("level of the reservoir", "counted from the activations"),
            ("lockout", "from start to start, a choice of the programme"),
        ),
    ),
)

AMBULATORY = (CADD_PRIZM, CADD_SOLIS)
