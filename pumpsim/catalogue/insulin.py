"""Insulin pumps. Rates are volumes of U-100 insulin: 1 U = 10 uL, so 1 U/h = 10,000 nL/h.

A basal rate is given in pulses of one size; the interval follows from the rate. Pumps that give a share of the hourly rate
at fixed intervals (every 3 or 5 min) stand here with the smallest volume that they count, hence more often than they do.
A bolus runs at ``bolus_nl_per_h``, far above every basal rate. None has a KVO: the lowest basal rate stands in its place.
"""

from pumpsim.catalogue import attention
from pumpsim.catalogue.alarms import DECLARED, container_empty, occlusion_distal, reservoir_low
from pumpsim.catalogue.rows import SECOND_NS, UNIT, figures
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.model import AtEnd, Drive, Mechanism, PumpClass, PumpModel, RateBand, Sourced
from pumpsim.vocabulary.motor import FL_PER_NL

ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory"
PUBLIC = "public text on the Kaleido pump"
OMNIKIT = "LoopKit OmniKit, Pod.swift"
WELLION = "Wellion Micro-Pump manual p. 105"
LONGEST_SQUARE_H = 8
"""Of every pump here that a source was found for."""
ANDROID_APS = "nightscout/AndroidAPS, interfaces/src/main/java/info/nightscout/interfaces/pump/defs/PumpType.kt"


def _pump(
    id: str,
    title: str,
    *,
    basal: tuple[int, int, int],
    pulse: tuple[int, int],
    reservoir_u: int,
    low_u: tuple[int, str],
    bolus_u_per_min: float,
    bolus_max_u: int = 25,
    occlusion_kpa: float,
    standard_set: str,
    sources: tuple[Sourced, ...],
    square_source: str = ASSUMED,
) -> PumpModel:
    """A row: ``basal`` lowest, highest and step in nL/h; ``pulse`` volume in nL and duration in ns; ``low_u``: when it
    warns, and where that stands. ``square_source``: where it stands that a bolus over a time takes 8 h at most."""
    low, high, step = basal
    volume_nl, pulse_ns = pulse
    return PumpModel(
        id=id,
        title=title,
        lines=("A",),
        mechanism=Mechanism(drive=Drive.PULSES, step_fl=volume_nl * FL_PER_NL, cycle_steps=1, pulse_ns=pulse_ns),
        rate_bands=(RateBand(low, high, step),),
        vtbi_min_nl=volume_nl,
        vtbi_max_nl=reservoir_u * UNIT,
        vtbi_step_nl=volume_nl,
        kvo_nl_per_h=low,
        at_end=AtEnd.STOP,
        near_end_ns=0,
        occlusion_range_kpa=(occlusion_kpa, occlusion_kpa),
        alarms=(
            occlusion_distal(occlusion_kpa),
            reservoir_low(low_u[0] / 100.0, low_u[1]),
            container_empty(ASSUMED),
            *DECLARED,
        ),
        kind=PumpClass.INSULIN,
        standard_set=standard_set,
        sensors=(Signal.RESERVOIR_LEVEL,),
        bolus_nl_per_h=round(bolus_u_per_min * 60 * UNIT),
        bolus_adds=True,
        bolus_max_nl=bolus_max_u * UNIT,
        square_max_ns=LONGEST_SQUARE_H * 3600 * SECOND_NS,
        clockwork=True,
        reminders=attention.INSULIN,
        sources=(
            *sources,
            *attention.INSULIN_SOURCES,
            *figures(square_source, ("longest bolus over a time", f"{LONGEST_SQUARE_H} h")),
            *figures(low_u[1], ("reservoir low", f"{low_u[0]} U left")),
            *figures(
                ASSUMED,
                ("reservoir empty", "0 U left: stopped, at the end of a pulse"),
                ("VTBI range", f"{volume_nl / UNIT:g}-{reservoir_u} U by one pulse"),
                ("KVO rate", f"{low / UNIT:g} U/h, the lowest basal rate: the pump has none"),
                ("largest bolus", f"{bolus_max_u} U, where no source says another"),
                ("day's profile", "48 segments; boluses beside the basal rate"),
                ("near-end warning", "0 min: its warning is of the reservoir"),
                ("sensors", "the level of the reservoir, counted from the pulses"),
            ),
        ),
    )


OMNIPOD = _pump(
    "omnipod",
    "Patch insulin pump, figures of the Insulet Omnipod",
    basal=(500, 30 * UNIT, 500),
    pulse=(500, 2 * SECOND_NS),
    reservoir_u=200,
    low_u=(10, f"{OMNIKIT}: the default"),
    bolus_u_per_min=1.5,
    occlusion_kpa=100.0,
    standard_set="insulin-patch-cannula",
    square_source=f"{ANDROID_APS}: Omnipod Eros, extendedBolusSettings",
    sources=(
        *figures(
            OMNIKIT,
            ("rate range and steps", "0.05-30 U/h by 0.05 U/h"),
            ("motor step", "0.05 U (0.5 uL)"),
            ("pulse", "one every 2 s in a bolus, so at most 2 s long"),
            ("bolus rate", "1.5 U/min"),
            ("reservoir", "200 U; stops for good at 80 h"),
        ),
        *figures(
            "Omnipod 5 user guide, appendix, p. 349",
            ("insulin missed at the alarm", "3-5 U; typically 3.0 h at 1 U/h, 51 h at 0.05 U/h"),
        ),
        *figures(ASSUMED, ("distal occlusion limit", "100 kPa: with the cannula's compliance 3.0 U are missed")),
    ),
)
MINIMED_670G = _pump(
    "minimed-670g",
    "Insulin pump, figures of the Medtronic MiniMed 670G",
    basal=(250, 35 * UNIT, 250),
    pulse=(250, SECOND_NS),
    reservoir_u=300,
    low_u=(20, ASSUMED),
    bolus_u_per_min=1.5,
    occlusion_kpa=125.0,
    standard_set="insulin-tubing-60cm",
    square_source=f"{ANDROID_APS}: as the 640G, extendedBolusSettings",
    sources=(
        *figures(
            "Glucose Monitoring Devices (Elsevier), p. 337",
            ("rate range", "0-35 U/h"),
            ("bolus rate", "1.5 U/min (standard), 15 U/min (quick); at most 25 U"),
            ("reservoir", "300 U"),
        ),
        *figures(RECALL, ("rate steps", "0.025 U/h")),
        *figures(ASSUMED, ("motor step", "0.025 U (0.25 uL)"), ("pulse", "1 s")),
        *figures(
            "unverified: chosen for the typical 1.25 U of the MiniMed 511 manual p. 158 in a 60 cm tubing",
            ("distal occlusion limit", "125 kPa"),
        ),
    ),
)
TSLIM_X2 = _pump(
    "tslim-x2",
    "Insulin pump, figures of the Tandem t:slim X2",
    basal=(1_000, 15 * UNIT, 10),
    pulse=(10, SECOND_NS // 50),
    reservoir_u=300,
    low_u=(20, "t:slim X2 user guide p. 118: the default, settable 10-40 U"),
    bolus_u_per_min=2.0,
    occlusion_kpa=200.0,
    standard_set="insulin-tubing-60cm",
    square_source=f"{ANDROID_APS}: t:slim, extendedBolusSettings",
    sources=(
        *figures(
            RECALL,
            ("rate range", "0.1-15 U/h"),
            ("interval of delivery", "every 5 min (not in this row)"),
            ("bolus rate", "2 U/min; by 0.01 U"),
            ("volume accuracy", "+-5 %"),
        ),
        *figures(f"{ANDROID_APS}: from 0.1 U/h by 0.001 U/h", ("rate steps", "0.001 U/h")),
        *figures("t1dtoolkit.org, Pump Options: up to 300 units", ("reservoir", "300 U")),
        *figures(
            "t:slim X2 user guide p. 118",
            ("low-insulin alert", "20 U, settable 10-40 U; auto-off 12 h, settable 5-24 h"),
        ),
        *figures(
            ASSUMED,
            ("motor step", "0.001 U (0.01 uL), its unit of account"),
            ("pulse", "20 ms"),
            ("distal occlusion limit", "200 kPa"),
        ),
    ),
)
KALEIDO = _pump(
    "kaleido",
    "Patch insulin pump, figures of the Kaleido",
    basal=(500, 5 * UNIT, 500),
    pulse=(500, SECOND_NS),
    reservoir_u=200,
    low_u=(20, ASSUMED),
    bolus_u_per_min=1.5,
    bolus_max_u=20,
    occlusion_kpa=100.0,
    standard_set="insulin-tubing-60cm",
    sources=(
        *figures(
            PUBLIC,
            ("rate range", "0.05-5.00 U/h"),
            ("motor step", "0.05 U (0.5 uL)"),
            ("distal occlusion limit", "1 bar: alarm within 1 h at 1 U/h, 20 h at 0.05 U/h"),
            ("bolus", "0.05-20 U"),
        ),
        *figures(
            ASSUMED, ("rate steps", "0.05 U/h"), ("pulse", "1 s"), ("bolus rate", "1.5 U/min"), ("reservoir", "200 U")
        ),
    ),
)
D_TRON_PLUS = _pump(
    "d-tron-plus",
    "Insulin pump, figures of the Accu-Chek D-TRONplus",
    basal=(1_000, 25 * UNIT, 1_000),
    pulse=(50, SECOND_NS // 10),
    reservoir_u=300,
    low_u=(20, ASSUMED),
    bolus_u_per_min=2.0,
    occlusion_kpa=200.0,
    standard_set="insulin-tubing-110cm",
    sources=(
        *figures(
            "Accu-Chek D-TRONplus manual p. 94",
            ("rate range and steps", "0-25 U/h by 0.1 U/h"),
            ("interval of delivery", "1/20 of the hourly rate every 3 min (not in this row)"),
            ("insulin missed at the alarm", "2-5 U, at most 8 U"),
        ),
        *figures(
            RECALL,
            ("reservoir", "300 U"),
            ("bolus rate", "2 U/min"),
        ),
        *figures(
            ASSUMED,
            ("motor step", "0.005 U (0.05 uL): 1/20 of the lowest rate"),
            ("pulse", "0.1 s"),
            ("distal occlusion limit", "200 kPa: with a 110 cm tubing 3.6 U are missed"),
        ),
    ),
)
WELLION_MICRO = _pump(
    "wellion-micro",
    "Patch insulin pump, figures of the Wellion Micro-Pump",
    basal=(250, 30 * UNIT, 250),
    pulse=(250, SECOND_NS // 2),
    reservoir_u=300,
    low_u=(20, ASSUMED),
    bolus_u_per_min=3.0,
    occlusion_kpa=100.0,
    standard_set="wellion-infusion-set",
    sources=(
        *figures(
            WELLION,
            ("distal occlusion limit", "100 +- 30 kPa"),
            ("insulin missed at the alarm", "2.5 U: 50 s at 3 U/min, 150 min at 1 U/h, 100 h at 0.025 U/h"),
            ("bolus rate", "3 U/min"),
            ("lowest rate", "0.025 U/h"),
        ),
        *figures(
            ASSUMED,
            ("rate range and steps", "0.025-30 U/h by 0.025 U/h"),
            ("motor step", "0.025 U (0.25 uL)"),
            ("pulse", "0.5 s"),
            ("reservoir", "300 U"),
        ),
    ),
)
MINIMED_511 = _pump(
    "minimed-511",
    "Insulin pump, figures of the MiniMed 511",
    basal=(1_000, 35 * UNIT, 1_000),
    pulse=(1_000, SECOND_NS),
    reservoir_u=300,
    low_u=(20, ASSUMED),
    bolus_u_per_min=1.5,
    occlusion_kpa=125.0,
    standard_set="insulin-tubing-60cm",
    square_source=f"{ANDROID_APS}: as the 512/712, extendedBolusSettings",
    sources=(
        *figures(
            "MiniMed 511 manual p. 158",
            ("insulin missed at the alarm", "at most 3.0 U; typically 75 min at 1 U/h, 12.5 h at 0.1 U/h (1.25 U)"),
            ("bolus rate", "1.5 U/min"),
        ),
        *figures(RECALL, ("rate range and steps", "0.1-35 U/h by 0.1 U/h"), ("reservoir", "300 U")),
        *figures(ASSUMED, ("motor step", "0.1 U (1 uL)"), ("pulse", "1 s")),
        *figures(
            "unverified: chosen for the typical 1.25 U of its manual in a 60 cm tubing",
            ("distal occlusion limit", "125 kPa"),
        ),
    ),
)

INSULIN = (OMNIPOD, MINIMED_670G, MINIMED_511, TSLIM_X2, KALEIDO, WELLION_MICRO, D_TRON_PLUS)
