"""Large-volume pumps with a row of fingers on a tube, from container to patient.

Real products stand as models: figures as far as they are public, each with its source. What is inside a pumping mechanism
(volume of a revolution, ripple, back-flow) no maker prints: it is one assumption for all, and says so.
"""

from pumpsim.catalogue.alarms import (
    DECLARED,
    PSI_KPA,
    air_accumulated,
    air_in_line_distal,
    occlusion_distal,
    occlusion_proximal,
)
from pumpsim.catalogue.attention import B_BRAUN, BY_GIP, GIP_SOURCES, INFUSOMAT_SOURCES, LIKE_GIP_SOURCES
from pumpsim.catalogue.batteries import BEDSIDE, BEDSIDE_FIGURES, OFF_AFTER_3_MIN, OFF_AFTER_3_MIN_FIGURES
from pumpsim.catalogue.occlusion import BACK_OFF, BACK_OFF_FIGURES, MOST_RESTARTS
from pumpsim.catalogue.rows import BAR_KPA, MINUTE_NS, ML, MMHG_KPA, figures
from pumpsim.vocabulary.model import (
    AirSensor,
    AtEnd,
    AutoRestart,
    Corner,
    Drive,
    KvoBand,
    Mechanism,
    PumpClass,
    PumpModel,
    RateBand,
)
from pumpsim.vocabulary.motor import FL_PER_NL

ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory"

COURSE = (Corner(300_000, 340_000), Corner(600_000, 630_000), Corner(900_000, 1_030_000))
"""Ripple over a revolution, and at its end a back-flow of 3 % of it while the last finger opens."""
TWELVE_FINGERS = Mechanism(
    drive=Drive.PERISTALTIC, step_fl=100 * FL_PER_NL, cycle_steps=1_200, course=COURSE, leak_ml_per_h_per_kpa=0.0
)
FOUR_FINGERS = Mechanism(
    drive=Drive.PERISTALTIC, step_fl=100 * FL_PER_NL, cycle_steps=800, course=COURSE, leak_ml_per_h_per_kpa=0.0
)


IEC_WINDOW = AirSensor(smallest_ml=0.01, apart_ml=0.01, window_ns=15 * MINUTE_NS)
ONE_IN_15_MIN = ("air behind the pump, in many bubbles", "1 mL in 15 min")
NO_FIGURE = (
    ("smallest bubble that counts; fluid that ends one", "0.01 mL; 0.01 mL"),
    ("what follows an empty bag", "air, without end: what a bag holds of it, or its vent"),
)
IEC_AIR = "unverified: IEC 60601-2-24 as B. Braun Infusomat Space IFU, US, p. 71 restates it"


def _inside(fingers: str, revolution_ul: int) -> tuple[tuple[str, str], ...]:
    return (
        ("motor step", "0.1 uL"),
        ("volume of a revolution", f"{revolution_ul} uL, {fingers}"),
        ("course over a revolution", "ripple, and a back-flow of 3 % of a revolution"),
        ("leak through the mechanism", "0 mL/h/kPa"),
        ("stages of a programme", "21: ten up, a plateau, ten down"),
    )


LINEAR_PERISTALTIC = PumpModel(
    id="linear-peristaltic",
    title="Linear peristaltic pump",
    lines=("A",),
    mechanism=TWELVE_FINGERS,
    rate_bands=(RateBand(ML // 10, 99_900_000, ML // 10), RateBand(100 * ML, 999 * ML, ML)),
    vtbi_min_nl=ML // 10,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ML // 10,
    kvo_nl_per_h=ML,
    at_end=AtEnd.KVO,
    near_end_ns=3 * MINUTE_NS,
    occlusion_range_kpa=(2 * PSI_KPA, 20 * PSI_KPA),
    alarms=(
        occlusion_distal(6 * PSI_KPA),
        occlusion_proximal(-16.0),
        air_in_line_distal(0.2),
        air_accumulated(1.0),
        *DECLARED,
    ),
    air_sensor=IEC_WINDOW,
    battery=BEDSIDE,
    kind=PumpClass.LARGE_VOLUME,
    most_stages=21,
    standard_set="peristaltic-set",
    reminders=BY_GIP,
    sources=(
        *figures("GIP v1.0, 1.1.2 (programmable range)", ("rate range", "0.1-999 mL/h")),
        *figures(ASSUMED, ("rate steps", "0.1 mL/h below 100, 1 mL/h above"), ("VTBI range", "0.1-9999 mL by 0.1 mL")),
        *figures("unverified: by analogy with Open PCA requirements v1.0.0", ("KVO rate", "1 mL/h")),
        *figures(
            "unverified: by analogy with Graseby 3100 service manual (2004) p. 3-3", ("near-end warning", "3 min")
        ),
        *figures("ECRI criteria 2008/2015: 2 to 20 psi", ("distal occlusion limit", "2-20 psi")),
        *figures("GIP v1.0, 1.9.1", ("air behind the pump, a bubble", "0.2 mL")),
        *figures(IEC_AIR, ONE_IN_15_MIN),
        *figures(ASSUMED, *NO_FIGURE),
        *figures(ASSUMED, ("distal occlusion limit, default", "6 psi"), ("proximal occlusion limit", "-16 kPa")),
        *figures(ASSUMED, *_inside("12 fingers", 120)),
        *BEDSIDE_FIGURES,
        *GIP_SOURCES,
    ),
)

IFU_US = "B. Braun Infusomat Space IFU, US, software 586U, pp. 70-72"
IFU_GB = "B. Braun Infusomat Space IFU, GB, software 686N, pp. 63-66"
INFUSOMAT_SPACE = PumpModel(
    id="infusomat-space",
    title="Linear peristaltic pump, figures of the B. Braun Infusomat Space",
    lines=("A",),
    mechanism=TWELVE_FINGERS,
    rate_bands=(
        RateBand(ML // 10, 99_990_000, ML // 100),
        RateBand(100 * ML, 999_900_000, ML // 10),
        RateBand(1_000 * ML, 1_200 * ML, ML),
    ),
    vtbi_min_nl=ML // 10,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ML // 100,
    kvo_nl_per_h=ML,
    kvo_bands=(KvoBand(10 * ML, 3 * ML),),
    at_end=AtEnd.KVO,
    near_end_ns=3 * MINUTE_NS,
    occlusion_range_kpa=(0.3 * BAR_KPA, 1.2 * BAR_KPA),
    alarms=(
        occlusion_distal(563 * MMHG_KPA, self_clearing=False),
        occlusion_proximal(-0.16 * BAR_KPA),
        air_in_line_distal(0.3),
        air_accumulated(1.5),
        *DECLARED,
    ),
    air_sensor=AirSensor(smallest_ml=0.01, apart_ml=0.01, window_ns=60 * MINUTE_NS),
    battery=OFF_AFTER_3_MIN,
    kind=PumpClass.LARGE_VOLUME,
    most_stages=21,
    standard_set="infusomat-line",
    bolus_nl_per_h=1_200 * ML,
    reminders=B_BRAUN,
    back_off=BACK_OFF,
    sources=(
        *BACK_OFF_FIGURES,
        *figures(
            IFU_US,
            ("rate range and steps", "0.1-99.99 by 0.01, 100-999.9 by 0.1, 1000-1200 by 1 mL/h"),
            ("VTBI range", "0.1-9999 mL; by 0.01 mL below 100 mL (above, the pump's steps are coarser)"),
            ("KVO rate", "3 mL/h from 10 mL/h on, 1 mL/h below, the set rate below 1 mL/h"),
            ("distal occlusion limit", "0.3 bar (226 mmHg, level 1) to 1.2 bar (900 mmHg, level 9), typical"),
            ("volume accuracy", "+-5 %, set life 96 h"),
            ("air behind the pump, a bubble", "0.02-0.3 mL, default 0.3 mL"),
            ("air behind the pump, in many bubbles", "0.5-3.8 mL/h, default 1.5 mL/h"),
            ("smallest bubble that counts", "0.01 mL"),
        ),
        *figures(ASSUMED, ("fluid that ends a bubble", "0.01 mL"), NO_FIGURE[1]),
        *figures(IFU_GB, ("proximal occlusion limit", "-120 to -200 mbar, 9 levels"), ("bolus rate", "1200 mL/h")),
        *figures(
            ASSUMED,
            ("distal occlusion limit, default", "563 mmHg, level 5"),
            ("proximal occlusion limit, default", "-160 mbar, level 5"),
            ("near-end warning", "3 min"),
        ),
        *figures(ASSUMED, *_inside("12 fingers", 120)),
        *OFF_AFTER_3_MIN_FIGURES,
        *INFUSOMAT_SOURCES,
    ),
)

ALARIS_GP = PumpModel(
    id="alaris-gp",
    title="Four-finger peristaltic pump, figures of the BD Alaris GP",
    lines=("A",),
    mechanism=FOUR_FINGERS,
    rate_bands=(RateBand(ML // 10, 99_900_000, ML // 10), RateBand(100 * ML, 1_200 * ML, ML)),
    vtbi_min_nl=ML,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ML,
    kvo_nl_per_h=5 * ML,
    at_end=AtEnd.KVO,
    near_end_ns=5 * MINUTE_NS,
    occlusion_range_kpa=(25 * MMHG_KPA, 525 * MMHG_KPA),
    alarms=(
        occlusion_distal(300 * MMHG_KPA),
        occlusion_proximal(-16.0),
        air_in_line_distal(0.1),
        air_accumulated(1.0),
        *DECLARED,
    ),
    air_sensor=IEC_WINDOW,
    battery=BEDSIDE,
    kind=PumpClass.LARGE_VOLUME,
    most_stages=21,
    standard_set="peristaltic-set",
    bolus_nl_per_h=1_200 * ML,
    bolus_max_nl=100 * ML,
    reminders=BY_GIP,
    auto_restart=AutoRestart(MOST_RESTARTS),
    sources=(
        *figures(
            "unverified: BD Alaris 8000 user manual p. 139, another pump of the maker",
            ("auto-restart", "below 50 % of the limit within 15 s, 0-9 times in 10 min"),
        ),
        *figures(ASSUMED, ("auto-restarts, default", f"{MOST_RESTARTS}, the most that can be set")),
        *figures(
            "Alaris GP plus data sheet (anyflip xciu/fuuk)",
            ("rate range", "0.1-1200 mL/h"),
            ("VTBI range", "1-9999 mL"),
            ("KVO rate, range", "0.1-20 mL/h, or the set rate if lower"),
            ("bolus rate", "10-1200 mL/h"),
            ("largest bolus", "0.1-100 mL"),
            ("volume accuracy", "+-5 %"),
            ("mechanism", "four fingers, peristaltic"),
        ),
        *figures(
            RECALL,
            ("rate steps", "0.1 mL/h below 100, 1 mL/h above"),
            ("VTBI step", "1 mL"),
            ("KVO rate", "5 mL/h, default"),
            ("near-end warning", "5 min"),
            ("distal occlusion limit", "25-525 mmHg, default 300 mmHg"),
            ("proximal occlusion limit", "-16 kPa"),
            ("air behind the pump, a bubble", "0.1 mL, default"),
        ),
        *figures(IEC_AIR, ONE_IN_15_MIN),
        *figures(ASSUMED, *NO_FIGURE),
        *figures(ASSUMED, *_inside("four fingers", 80)),
        *BEDSIDE_FIGURES,
        *LIKE_GIP_SOURCES,
    ),
)

SIGMA_SPECTRUM = PumpModel(
    id="sigma-spectrum",
    title="Linear peristaltic pump, figures of the Baxter Sigma Spectrum",
    lines=("A",),
    mechanism=TWELVE_FINGERS,
    rate_bands=(RateBand(ML // 2, 99_900_000, ML // 10), RateBand(100 * ML, 999 * ML, ML)),
    vtbi_min_nl=ML // 10,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ML // 10,
    kvo_nl_per_h=ML,
    at_end=AtEnd.KVO,
    near_end_ns=3 * MINUTE_NS,
    occlusion_range_kpa=(6 * PSI_KPA, 19 * PSI_KPA),
    alarms=(
        occlusion_distal(13 * PSI_KPA),
        occlusion_proximal(-16.0),
        air_in_line_distal(0.2),
        air_accumulated(1.0),
        *DECLARED,
    ),
    air_sensor=IEC_WINDOW,
    battery=BEDSIDE,
    kind=PumpClass.LARGE_VOLUME,
    most_stages=21,
    standard_set="peristaltic-set",
    reminders=BY_GIP,
    sources=(
        *figures(
            RECALL,
            ("rate range and steps", "0.5-99.9 by 0.1, 100-999 by 1 mL/h"),
            ("VTBI range", "0.1-9999 mL by 0.1 mL"),
            ("KVO rate", "1 mL/h"),
            ("near-end warning", "3 min"),
            ("distal occlusion limit", "6, 13 or 19 psi, default 13 psi"),
            ("proximal occlusion limit", "-16 kPa"),
            ("volume accuracy", "+-5 %"),
        ),
        *figures(
            "Sigma Spectrum operator's manual 41018 Rev T (Nov 2007), contents: pp. 21-22",
            ("alarm conditions", "upstream and downstream occlusion, infusion complete"),
        ),
        *figures("unverified: by analogy with GIP v1.0, 1.9.1", ("air behind the pump, a bubble", "0.2 mL")),
        *figures(IEC_AIR, ONE_IN_15_MIN),
        *figures(ASSUMED, *NO_FIGURE),
        *figures(ASSUMED, *_inside("12 fingers", 120)),
        *BEDSIDE_FIGURES,
        *LIKE_GIP_SOURCES,
    ),
)

PERISTALTIC = (LINEAR_PERISTALTIC, INFUSOMAT_SPACE, ALARIS_GP, SIGMA_SPECTRUM)
