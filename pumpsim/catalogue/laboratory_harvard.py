"""Laboratory syringe pumps of the Harvard Apparatus and KD Scientific family: a lead screw, a stall, nothing else.

They keep nothing open, count down to nothing and remind of nothing: at its target a pump stops, and a force that is too high
stalls the motor. The rows of conditions that any model declares stay, since a controller needs them; the ones that a
laboratory pump does not have are never raised: there are no flow limits and no reminders, and no battery.

Travel follows from the drive that a public client writes as the factory setting of the family (KDSautolib 0.0.4,
``default_config``: 400 steps a revolution, gear 1, pulley 2.4, 24 threads an inch) with 16 micro-steps a step: 25.4 mm / 24 /
(400 x 16 x 2.4) = 68.90 nm. A micro-step in 27 s to 26 us is 0.1531 um/min to 159.0 mm/min; on a bore of 14.43 mm that is
the 25.0404 nL/min to 26.0035 mL/min which such a pump answers to a question for its limits.
"""

from dataclasses import replace

from pumpsim.catalogue.alarms import DECLARED, occlusion_distal
from pumpsim.catalogue.attention import NOBODY_AT_IT
from pumpsim.catalogue.rows import ML, MS_NS, figures
from pumpsim.catalogue.syringe_pumps import SENSORS, with_syringe
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.vocabulary.model import AtEnd, Drive, LeadScrew, Mechanism, PumpClass, PumpModel, RateBand, Sourced

ASSUMED = "unverified: assumption"
RECALL = "unverified: from memory of the maker's data sheet"
CLIENT = "KDSautolib 0.0.4, default_config (a400,g1,p2.4,t24); unread: that a step is 16 micro-steps"
LIMITS = "derived: 25.0404 nL/min to 26.0035 mL/min, as a pump answers for a bore of 14.43 mm"

SCREW = LeadScrew(step_nm=69, steps_per_turn=15_360, backlash_nm=100_000, stick_nm_per_s=100.0)
"""68.90 nm, to the next nm; 15,360 micro-steps are a turn of 1.058 mm."""
SMALLEST = SYRINGES["bd-plastipak-1"]
FORCE_N = 155.7
"""35 lbf."""
LARGEST_MM2 = 555.7
STALL_KPA = 1_000.0 * FORCE_N / LARGEST_MM2
"""The full force on the bore of a 60 mL syringe: 280 kPa."""


def _pump(id: str, title: str, max_ml_per_h: int, *sources: Sourced) -> PumpModel:
    """A row with the drive that all share; the step volume is that of a 1 mL syringe until another one is put in."""
    model = PumpModel(
        id=id,
        title=title,
        lines=("A",),
        mechanism=Mechanism(
            drive=Drive.LEAD_SCREW, step_fl=1, cycle_steps=SCREW.steps_per_turn, pulse_ns=10 * MS_NS, screw=SCREW
        ),
        rate_bands=(RateBand(1, max_ml_per_h * ML, 1),),
        vtbi_min_nl=1,
        vtbi_max_nl=9_999 * ML,
        vtbi_step_nl=1,
        kvo_nl_per_h=1,
        at_end=AtEnd.STOP,
        near_end_ns=0,
        occlusion_range_kpa=(STALL_KPA / 10, 9_000.0),
        alarms=(occlusion_distal(STALL_KPA), *DECLARED),
        kind=PumpClass.LABORATORY,
        withdraws=True,
        standard_set="extension-150",
        sensors=SENSORS,
        most_stages=32,
        flow_limits=None,
        reminders=NOBODY_AT_IT,
        audio_pause_ns=0,
        sources=(
            *sources,
            *figures(CLIENT, ("travel of a micro-step", "69 nm; 15,360 steps, 1.058 mm, a turn")),
            *figures(
                RECALL,
                (
                    "distal occlusion limit",
                    "35 lbf on a 60 mL syringe: 280 kPa; 28-9000 kPa (10 % there, all of it on 1 mL)",
                ),
            ),
            *figures("by definition: the motor stalls", ("an empty syringe", "stalls the motor, as an occlusion does")),
            *figures("by definition: it stops at its target", ("KVO rate", "none"), ("near-end warning", "none")),
            *figures("by definition: a laboratory pump asks for no attention", ("reminders", "none")),
            *figures("by definition: there is no auditory signal to pause", ("longest audio pause", "0")),
            *figures(
                ASSUMED,
                ("VTBI range", "1 nL to 9999 mL by 1 nL: finer than a step of the motor, what is beyond counts later"),
                ("rate steps", "1 nL/h"),
                ("a slow micro-step", "lasts 10 ms"),
                ("backlash", "0.1 mm"),
                ("speed below which the plunger sticks", "0.1 um/s"),
                ("sensors", "force and position of the plunger; the level follows from the position"),
                ("stages of a ramp", "32"),
            ),
        ),
    )
    return with_syringe(model, SMALLEST)


LEGATO_110 = _pump(
    "legato-110",
    "Laboratory syringe pump, figures of the KDS Legato 110",
    5_304,
    *figures(LIMITS, ("rate range", "0.1531 um/min to 159.0 mm/min: to 5302 mL/h with 60 mL")),
)
ELITE_11 = replace(
    LEGATO_110, id="harvard-11-elite", title="Laboratory syringe pump, figures of the Harvard Apparatus 11 Elite"
)
PHD_ULTRA = _pump(
    "phd-ultra",
    "Laboratory syringe pump, figures of the Harvard Apparatus PHD Ultra",
    13_250,
    *figures(RECALL, ("rate range", "0.18 um/min to 190.8 mm/min: to 220.8 mL/min with 140 mL")),
)
HARVARD_33_DDS = _pump(
    "harvard-33-dds",
    "One axis of a laboratory syringe pump with two, figures of the Harvard Apparatus 33 DDS",
    6_364,
    *figures(RECALL, ("rate range", "0.18 um/min to 190.8 mm/min: to 106 mL/min with 60 mL")),
)
HARVARD_11 = _pump(
    "harvard-11-plus",
    "Laboratory syringe pump, figures of the Harvard Apparatus 11 Plus",
    1_590,
    *figures(RECALL, ("rate range", "to 26.5 mL/min with a 50 mL syringe, 47.7 mm/min")),
)

LABORATORY_HARVARD = (LEGATO_110, ELITE_11, PHD_ULTRA, HARVARD_33_DDS, HARVARD_11)
