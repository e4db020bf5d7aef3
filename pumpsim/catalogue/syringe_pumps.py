"""Syringe pumps: a lead screw pushes the plunger. The step volume of a row is for a 50 mL syringe; ``with_syringe`` sets it.

Syringe pumps have no sensor ahead of the plunger, hence no proximal occlusion. Travel of a micro-step, lead and backlash are
assumptions for all: makers print none of them.
"""

from dataclasses import replace

from pumpsim.catalogue.alarms import DECLARED, PSI_KPA, container_empty, occlusion_distal
from pumpsim.catalogue.attention import (
    B_BRAUN,
    BY_GIP,
    GIP_SOURCES,
    LIKE_GIP_SOURCES,
    MEDFUSION,
    MEDFUSION_ROWS,
    MEDFUSION_SOURCES,
    PERFUSOR_SOURCES,
)
from pumpsim.catalogue.batteries import BEDSIDE, BEDSIDE_FIGURES
from pumpsim.catalogue.rows import BAR_KPA, MINUTE_NS, ML, MMHG_KPA, MS_NS, figures
from pumpsim.catalogue.syringes import BORE, SYRINGES
from pumpsim.vocabulary.alarms import AlarmCondition, Effect, Signal
from pumpsim.vocabulary.model import (
    AtEnd,
    Drive,
    FlowLimits,
    LeadScrew,
    Mechanism,
    PumpClass,
    PumpModel,
    RateBand,
    Reminders,
    Sourced,
)
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.path import Syringe

ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory"
SYRINGE = "syringe that the motor step is for"

SCREW = LeadScrew(step_nm=250, steps_per_turn=4_000, backlash_nm=100_000, stick_nm_per_s=100.0)
"""A lead of 1 mm; 0.1 mm of lost motion at first."""
FL_PER_MM2_NM = 1_000
"""1 mm2 x 1 nm = 1e-15 m3 = 1000 fL."""
SENSORS = (Signal.PLUNGER_FORCE, Signal.PLUNGER_POSITION, Signal.RESERVOIR_LEVEL)
"""The force of the drive on the plunger, the travel of the drive, and what the travel has left in the syringe."""
PLACEHOLDER = SYRINGES["bd-plastipak-50"]
MAKERS_MMHG_CM2_PER_KG = 732.0
"""The constant in the Graseby 3100's law of force (technical service manual, Aug 2004, p. 6-3)."""
MMHG_CM2_PER_KGF = 98.0665 / MMHG_KPA
"""What it is by physics: 1 kgf/cm2 is 98.0665 kPa, 735.56 mmHg."""


def trip_mmhg(
    force_kg: float, area_cm2: float, stiction_kg: float, mmhg_cm2_per_kg: float = MAKERS_MMHG_CM2_PER_KG
) -> float:
    """Give the pressure in the line at which a force on the plunger is reached: P = (T - S) 732 / A."""
    return (force_kg - stiction_kg) * mmhg_cm2_per_kg / area_cm2


def with_syringe(model: PumpModel, syringe: Syringe) -> PumpModel:
    """The same pump with this syringe: step volume = area of the bore x travel of a step, to the next fL.

    Raises ValueError for a model without a lead screw.
    """
    mechanism = model.mechanism
    if mechanism.screw is None:
        raise ValueError(f"{model.id} holds no syringe: it has no lead screw")
    step_fl = round(syringe.area_mm2 * mechanism.screw.step_nm * FL_PER_MM2_NM)
    source = next((entry.source for entry in syringe.sources if entry.figure == BORE), "unverified: not stated")
    kept = tuple(entry for entry in model.sources if entry.figure not in (SYRINGE, "motor step"))
    return replace(
        model,
        mechanism=replace(mechanism, step_fl=step_fl, cycle_steps=mechanism.screw.steps_per_turn),
        sources=(
            *kept,
            Sourced(SYRINGE, f"{syringe.name}, {syringe.bore_mm:g} mm", source),
            Sourced("motor step", f"{step_fl / FL_PER_NL:.4g} nL: area of the bore x travel of a step", ASSUMED),
        ),
    )


LEAD_SCREW = Mechanism(
    drive=Drive.LEAD_SCREW,
    step_fl=round(PLACEHOLDER.area_mm2 * SCREW.step_nm * FL_PER_MM2_NM),
    cycle_steps=SCREW.steps_per_turn,
    pulse_ns=10 * MS_NS,
    screw=SCREW,
)
_INSIDE = figures(
    ASSUMED,
    ("travel of a micro-step", "250 nm in 10 ms; 4000 steps, 1 mm, a turn"),
    ("backlash", "0.1 mm"),
    ("speed below which the plunger sticks", "0.1 um/s"),
    ("sensors", "force and position of the plunger; the level follows from the position"),
    ("stages of a programme", "10"),
)


def _pump(
    id: str,
    title: str,
    *,
    rate_bands: tuple[RateBand, ...],
    kvo_nl_per_h: int,
    occlusion_kpa: tuple[float, float, float],
    sources: tuple[Sourced, ...],
    vtbi_nl: tuple[int, int, int] = (ML // 10, 999 * ML, ML // 10),
    kind: PumpClass = PumpClass.SYRINGE,
    standard_set: str = "extension-150",
    bolus_nl_per_h: int = 0,
    end_of_travel: str | None = ASSUMED,
    flow_limits: FlowLimits | None = None,
    bolus_adds: bool = False,
    reminders: Reminders = BY_GIP,
    attention: tuple[Sourced, ...] = LIKE_GIP_SOURCES,
    declared: tuple[AlarmCondition, ...] = DECLARED,
) -> PumpModel:
    """A row with the mechanism that all share; ``occlusion_kpa`` and ``vtbi_nl``: lowest, default and highest; lowest,
    highest and step. ``end_of_travel``: where it stands that an empty syringe is alarmed; None: the motor stalls there.
    ``attention``: where the reminders come from."""
    low, default, high = occlusion_kpa
    empty = () if end_of_travel is None else (container_empty(end_of_travel, effect=Effect.STOP_LINE),)
    found = "stalls the motor, as an occlusion does" if end_of_travel is None else "stops the line"
    model = PumpModel(
        id=id,
        title=title,
        lines=("A",),
        mechanism=LEAD_SCREW,
        rate_bands=rate_bands,
        vtbi_min_nl=vtbi_nl[0],
        vtbi_max_nl=vtbi_nl[1],
        vtbi_step_nl=vtbi_nl[2],
        kvo_nl_per_h=kvo_nl_per_h,
        at_end=AtEnd.KVO,
        near_end_ns=3 * MINUTE_NS,
        occlusion_range_kpa=(low, high),
        alarms=(occlusion_distal(default), *empty, *declared),
        battery=BEDSIDE,
        kind=kind,
        standard_set=standard_set,
        sensors=SENSORS,
        bolus_nl_per_h=bolus_nl_per_h,
        flow_limits=flow_limits or FlowLimits(),
        bolus_adds=bolus_adds,
        most_stages=10,
        reminders=reminders,
        sources=(
            *sources,
            *_INSIDE,
            *figures(end_of_travel or G3100, ("an empty syringe", found)),
            *BEDSIDE_FIGURES,
            *attention,
        ),
    )
    return with_syringe(model, PLACEHOLDER)


G3100 = "Graseby 3100 technical service manual (Aug 2004), pp. 1-3, 2-4, 6-3"
G3300 = "Graseby 3300 technical service manual (Aug 2004), pp. 1-4, 2-3"
SMALL_VOLUME = figures(
    "unverified: GIP v1.0, 1.3.1, asks 0.1-999 mL of pumps for small volumes", ("VTBI range", "0.1-999 mL by 0.1 mL")
)
THREE_MINUTES = figures(
    "unverified: by analogy with Graseby 3100 service manual (2004) p. 3-3", ("near-end warning", "3 min")
)
FINE = (RateBand(ML // 100, 99_990_000, ML // 100), RateBand(100 * ML, 999_900_000, ML // 10))
"""0.01-99.99 by 0.01 and 100-999.9 by 0.1 mL/h."""

SYRINGE_PUMP = _pump(
    "syringe-pump",
    "Syringe pump",
    rate_bands=(RateBand(ML // 10, 999_900_000, ML // 10),),
    kvo_nl_per_h=ML // 2,
    occlusion_kpa=(10.0, 60.0, 120.0),
    attention=GIP_SOURCES,
    sources=(
        *SMALL_VOLUME,
        *THREE_MINUTES,
        *figures(f"unverified: by analogy with {G3100}", ("KVO rate", "0.5 mL/h")),
        *figures(
            ASSUMED,
            ("rate range and steps", "0.1-999.9 mL/h by 0.1 mL/h"),
            ("distal occlusion limit", "10-120 kPa, default 60 kPa"),
        ),
    ),
)
GRASEBY_3100 = _pump(
    "graseby-3100",
    "Syringe pump, figures of the Graseby 3100",
    rate_bands=(RateBand(ML // 10, 199_900_000, ML // 10),),
    end_of_travel=None,
    kvo_nl_per_h=ML // 2,
    occlusion_kpa=(250 * MMHG_KPA, 518 * MMHG_KPA, 600 * MMHG_KPA),
    sources=(
        *figures(
            G3100,
            ("rate range and steps", "0.1-199.9 mL/h by 0.1 mL/h"),
            ("distal occlusion limit", "250-600 mmHg, set to 471-565 mmHg (here the middle, 518 mmHg)"),
            ("KVO rate", "0.5 mL/h"),
            ("volume accuracy", "+-2 %"),
        ),
        *figures("Graseby 3100 technical service manual (Aug 2004), p. 3-3", ("near-end warning", "3 min")),
        *SMALL_VOLUME,
    ),
)
PERFUSOR_SPACE = _pump(
    "perfusor-space",
    "Syringe pump, figures of the B. Braun Perfusor Space",
    rate_bands=FINE,
    kvo_nl_per_h=ML,
    occlusion_kpa=(0.1 * BAR_KPA, 0.6 * BAR_KPA, 1.2 * BAR_KPA),
    bolus_nl_per_h=999_900_000,
    reminders=B_BRAUN,
    attention=PERFUSOR_SOURCES,
    sources=(
        *figures(
            RECALL,
            ("rate range and steps", "0.01-99.99 by 0.01, 100-999.9 by 0.1 mL/h"),
            ("distal occlusion limit", "0.1-1.2 bar in 9 levels, default 0.6 bar"),
            ("KVO rate", "1 mL/h, or the set rate if lower"),
            ("bolus rate", "999.9 mL/h"),
            ("VTBI range", "0.1-999 mL by 0.1 mL"),
        ),
        *THREE_MINUTES,
        *figures(
            "unverified: of an elder pump, B. Braun Perfusor compact plus IFU p. 42",
            ("volume accuracy", "+-2 % at 1 mL/h"),
            ("recommended minimum rate", "50, 30 mL: 1; 20 mL: 0.5; 10 mL: 0.1; 5 mL: 0.05; 3 mL: 0.01 mL/h"),
        ),
    ),
)
ALARIS_SYRINGE = _pump(
    "alaris-syringe",
    "Syringe pump, figures of the BD Alaris 8110",
    rate_bands=FINE,
    kvo_nl_per_h=ML,
    occlusion_kpa=(25 * MMHG_KPA, 300 * MMHG_KPA, 800 * MMHG_KPA),
    sources=(
        *figures(
            RECALL,
            ("rate range and steps", "0.01-99.99 by 0.01, 100-999.9 by 0.1 mL/h; less with small syringes"),
            ("distal occlusion limit", "25-800 mmHg, default 300 mmHg"),
            ("KVO rate", "1 mL/h"),
            ("VTBI range", "0.1-999 mL by 0.1 mL"),
            ("volume accuracy", "+-2 to 3 %"),
        ),
        *THREE_MINUTES,
    ),
)
MEDFUSION_3500 = _pump(
    "medfusion-3500",
    "Syringe pump, figures of the Smiths Medfusion 3500",
    rate_bands=FINE,
    end_of_travel="Medfusion 3500 (V6) operator's manual p. 102",
    kvo_nl_per_h=ML,
    occlusion_kpa=(6 * PSI_KPA, 12 * PSI_KPA, 16 * PSI_KPA),
    reminders=MEDFUSION,
    attention=MEDFUSION_SOURCES,
    declared=MEDFUSION_ROWS,
    sources=(
        *figures(
            "Medfusion 3500 (V6) performance tips, brochure, table of minimum recommended rates",
            (
                "rate range by syringe",
                "BD 1 mL 0.01-29, 3 mL 0.01-98, 5 mL 0.03-191, 10 mL 0.05-277, 20 mL 0.1-483 mL/h",
            ),
        ),
        *figures(
            "Medfusion 3500 (V6) operator's manual p. 123",
            ("volume accuracy", "+-2 % and the syringe's own, at -100 to +300 mmHg of back pressure"),
        ),
        *figures(
            "Medfusion 3500 (V6) operator's manual p. 102 (1-240 min, a setting)", ("near-end warning", "3 min, chosen")
        ),
        *figures(
            RECALL,
            ("rate range and steps", "0.01-99.99 by 0.01, 100-999.9 by 0.1 mL/h"),
            ("distal occlusion limit", "6-16 psi, default 12 psi"),
            ("KVO rate", "1 mL/h"),
            ("VTBI range", "0.1-999 mL by 0.1 mL"),
        ),
    ),
)
GRASEBY_3300_PCA = _pump(
    "graseby-3300-pca",
    "PCA syringe pump, figures of the Graseby 3300",
    rate_bands=(RateBand(ML // 10, 99_900_000, ML // 10),),
    end_of_travel=None,
    kvo_nl_per_h=ML // 10,
    occlusion_kpa=(608 * MMHG_KPA, 674 * MMHG_KPA, 740 * MMHG_KPA),
    kind=PumpClass.PCA,
    standard_set="pca-set",
    flow_limits=FlowLimits(for_ns=5 * MINUTE_NS, dose_for_ns=MINUTE_NS),
    bolus_nl_per_h=200 * ML,
    bolus_adds=True,
    sources=(
        *figures(
            G3300,
            ("rate range", "0-99.9 mL/h alone, 0-20 mL/h with doses on request"),
            ("distal occlusion limit", "608-740 mmHg (here the middle, 674 mmHg)"),
            ("bolus rate", "200 / 100 / 60 mL/h with 50 / 30 / 20 mL syringes"),
            ("lockout", "0-360 min, from the end of a dose"),
            ("total-dose window", "1-8 h, fixed or rolling"),
            ("volume accuracy", "+-2 %"),
        ),
        *figures(
            "unverified: by analogy with the Open PCA requirements v1.0.0, R6.4.0(2)-(7)",
            ("over- and under-infusion", "10 % for 5 min, in a dose on request or a bolus for 1 min"),
        ),
        *SMALL_VOLUME,
        *THREE_MINUTES,
        *figures(ASSUMED, ("rate steps", "0.1 mL/h"), ("KVO rate", "0.1 mL/h, the lowest rate: the pump has none")),
    ),
)

SYRINGE_PUMPS = (SYRINGE_PUMP, GRASEBY_3100, PERFUSOR_SPACE, ALARIS_SYRINGE, MEDFUSION_3500, GRASEBY_3300_PCA)
