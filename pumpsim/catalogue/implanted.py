"""Implanted pumps: rollers on a tube, microlitres an hour, into the fluid around the spinal cord. They measure no pressure."""

from pumpsim.catalogue.alarms import DECLARED, container_empty, reservoir_low
from pumpsim.catalogue.attention import NOBODY_AT_IT, NOBODY_SOURCES
from pumpsim.catalogue.rows import ML, figures
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.model import AtEnd, Corner, Drive, FlowLimits, Mechanism, PumpClass, PumpModel, RateBand
from pumpsim.vocabulary.motor import FL_PER_NL

ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory"

ROLLERS = Mechanism(
    drive=Drive.PERISTALTIC,
    step_fl=10 * FL_PER_NL,
    cycle_steps=250,
    course=(Corner(450_000, 480_000), Corner(900_000, 1_010_000)),
    leak_ml_per_h_per_kpa=0.0,
)

SYNCHROMED_II = PumpModel(
    id="synchromed-ii",
    title="Implanted peristaltic pump, figures of the Medtronic SynchroMed II",
    lines=("A",),
    mechanism=ROLLERS,
    rate_bands=(RateBand(2_000, ML, 10),),
    vtbi_min_nl=1_000,
    vtbi_max_nl=40 * ML,
    vtbi_step_nl=10,
    kvo_nl_per_h=2_000,
    at_end=AtEnd.STOP,
    near_end_ns=0,
    occlusion_range_kpa=(0.0, 0.0),
    alarms=(reservoir_low(2.0, RECALL), container_empty(ASSUMED), *DECLARED),
    kind=PumpClass.IMPLANTED,
    standard_set="intrathecal-catheter",
    sensors=(Signal.RESERVOIR_LEVEL,),
    flow_limits=FlowLimits(over_ppm=1_145_000, under_ppm=855_000),
    bolus_nl_per_h=ML,
    clockwork=True,
    reminders=NOBODY_AT_IT,
    audio_pause_ns=0,
    sources=(
        *NOBODY_SOURCES,
        *figures("ANZCA, SynchroMed II: the limit for over-infusion", ("volume accuracy", "+14.5 %")),
        *figures(
            "unverified: ANZCA calls that over-infusion; that it, and its reverse, are alarmed after GIP's 15 min is assumed",
            ("over- and under-infusion", "14.5 % for 15 min"),
        ),
        *figures(
            "functionalneuro.surgery, SynchroMed II: single bolus, simple continuous, flex",
            ("programmes", "continuous, by time of day, single bolus"),
        ),
        *figures(
            RECALL,
            ("rate range and steps", "0.048-24 mL/day (0.002-1 mL/h) by 0.01 uL/h"),
            ("reservoir", "20 or 40 mL; warns at 2 mL"),
            ("distal occlusion limit", "none: no pressure sensor"),
        ),
        *figures(
            ASSUMED,
            ("motor step", "0.01 uL"),
            ("volume of a revolution", "2.5 uL"),
            ("course over a revolution", "ripple, and a back-flow of 1 % of a revolution"),
            ("leak through the mechanism", "0 mL/h/kPa"),
            ("sensors", "the level of the reservoir, counted from the motor's steps"),
            ("VTBI range", "0.001-40 mL by 0.01 uL"),
            ("bolus rate", "1 mL/h, its highest rate; in place of the programme"),
            ("KVO rate", "0.002 mL/h, the lowest rate: the pump has none"),
            ("near-end warning", "0 min: its warning is of the reservoir"),
            ("reservoir empty", "0 mL left"),
        ),
    ),
)

IMPLANTED = (SYNCHROMED_II,)
