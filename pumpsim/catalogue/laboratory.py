"""Laboratory syringe pumps: a stepper turns a lead screw, a serial line says when. Not made for patients, and without alarms.

What such a pump knows of the line in front of it is that its motor stalls: the force on the plunger is more than the motor has.
Its host sets rates and volumes finer than a motor step, and the rate that is possible follows from the bore.
"""

from dataclasses import replace

from pumpsim.catalogue.alarms import DECLARED, container_empty
from pumpsim.catalogue.rows import ML, figures
from pumpsim.catalogue.syringe_pumps import FL_PER_MM2_NM, PLACEHOLDER, SENSORS, with_syringe
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Effect, Signal, Threshold
from pumpsim.vocabulary.model import (
    AtEnd,
    Drive,
    LeadScrew,
    Mechanism,
    PumpClass,
    PumpModel,
    RateBand,
    Reminders,
)

NE_1000 = "New Era NE-1000 user manual 1200-01 (V3.923), 12.5, as restated by a public driver of that pump"
RECALL = "unverified: New Era NE-1000 user manual 1200-01, from memory"
ASSUMED = "unverified: assumption"
LBF_N = 4.4482216152605
NE_1000_SCREW = LeadScrew(step_nm=213, steps_per_turn=5_962, backlash_nm=100_000, stick_nm_per_s=10.0)
"""20 turns an inch; 1.27 mm x 15 / 28 / 400 / 8 = 0.2126 um a micro-step."""


def stalls(force_n: float, source: str) -> tuple[AlarmCondition, ...]:
    """The declared rows, with a motor that stalls at a force on the plunger; over as soon as somebody has taken note."""
    threshold = Threshold(Signal.PLUNGER_FORCE, force_n, 0.9 * force_n)
    return tuple(
        replace(row, threshold=threshold, per_line=True, source=source) if row.id is AlarmId.MOTOR_STALL else row
        for row in DECLARED
    )


NE_1000_PUMP = with_syringe(
    PumpModel(
        id="ne-1000",
        title="Laboratory syringe pump, figures of the New Era NE-1000",
        lines=("A",),
        mechanism=Mechanism(
            drive=Drive.LEAD_SCREW,
            step_fl=round(PLACEHOLDER.area_mm2 * NE_1000_SCREW.step_nm * FL_PER_MM2_NM),
            cycle_steps=NE_1000_SCREW.steps_per_turn,
            pulse_ns=1_000_000,
            screw=NE_1000_SCREW,
        ),
        rate_bands=(RateBand(1, 2_150 * ML, 1),),
        vtbi_min_nl=1,
        vtbi_max_nl=9_999 * ML,
        vtbi_step_nl=1,
        kvo_nl_per_h=1,
        at_end=AtEnd.STOP,
        near_end_ns=0,
        occlusion_range_kpa=(0.0, 0.0),
        alarms=(container_empty(ASSUMED, effect=Effect.STOP_LINE), *stalls(35 * LBF_N, RECALL)),
        kind=PumpClass.LABORATORY,
        withdraws=True,
        standard_set="extension-150",
        sensors=SENSORS,
        flow_limits=None,
        reminders=Reminders(key_ns=None),
        audio_pause_ns=0,
        sources=(
            *figures(
                NE_1000, ("plunger speed", "0.004205 cm/h to 5.1005 cm/min; the protocol holds to it by the bore")
            ),
            *figures(
                RECALL,
                (
                    "force on the plunger at which the motor stalls",
                    "35 lb, as at the lowest speed; 18 lb at the highest",
                ),
                ("travel of a micro-step", "0.2126 um, here 213 nm, 5962 a turn: 20 turns an inch, 15:28, 400 x 8"),
                ("near-end warning", "0 min: the pump has none"),
                ("distal occlusion limit", "none: no pressure sensor; the motor stalls"),
                ("KVO rate", "1 nL/h, the lowest rate: the pump has none, it stops"),
                ("reminders", "none"),
                ("longest audio pause", "0"),
            ),
            *figures(
                ASSUMED,
                (
                    "rate range and steps",
                    "1 nL/h to 2150 mL/h by 1 nL/h: the widest bore of the catalogue at full speed",
                ),
                ("VTBI range", "1 nL to 9999 mL by 1 nL: finer than a step of the motor, what is beyond counts later"),
                ("an empty syringe", "the plunger stands at the end of the barrel: the motor stalls"),
                ("backlash", "0.1 mm"),
                ("speed below which the plunger sticks", "0.01 um/s"),
                ("sensors", "the force that the motor gives, and its count of steps"),
            ),
        ),
    ),
    PLACEHOLDER,
)

LABORATORY = (NE_1000_PUMP,)
