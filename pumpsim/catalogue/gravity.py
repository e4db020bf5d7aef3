"""Gravity drips, for comparison: a bag on a pole, a drip chamber and a roller clamp. Nothing drives; drops are
counted.

The nurse sets drops a minute: gtt/min = mL/h x gtt/mL / 60. What flows then follows the height of the bag, the vein and the
clamp. There is no occlusion limit and no alarm but those that any model declares; a drip does not stop at its VTBI.
"""

from pumpsim.catalogue.alarms import DECLARED
from pumpsim.catalogue.attention import NOBODY_AT_IT, NOBODY_SOURCES
from pumpsim.catalogue.rows import FL_PER_ML, ML, figures
from pumpsim.catalogue.sets import DROPS, SETS
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.model import AtEnd, Drive, Mechanism, PumpClass, PumpModel, RateBand

ASSUMED = "unverified: assumption"
ISO_FLOW = "ISO 8536-4:2020, 7.10: a set of 20 drops/mL lets at least 1000 mL pass in 10 min"


def _drip(gtt_per_ml: int, max_ml_per_h: int) -> PumpModel:
    """A drip with this many drops in a mL. A drop is rounded down to a fL, so that a whole mL is a whole number of drops."""
    kind = SETS[f"gravity-set-{gtt_per_ml}"]
    drops = next(entry.source for entry in kind.sources if entry.figure == DROPS)
    return PumpModel(
        id=f"gravity-{gtt_per_ml}",
        title=f"Gravity drip, {gtt_per_ml} drops to a mL",
        lines=("A",),
        mechanism=Mechanism(drive=Drive.ROLLER_CLAMP, step_fl=FL_PER_ML // gtt_per_ml, cycle_steps=1),
        rate_bands=(RateBand(ML, max_ml_per_h * ML, ML),),
        vtbi_min_nl=ML,
        vtbi_max_nl=9_999 * ML,
        vtbi_step_nl=ML,
        kvo_nl_per_h=10 * ML,
        at_end=AtEnd.CONTINUE,
        near_end_ns=0,
        occlusion_range_kpa=(0.0, 0.0),
        alarms=DECLARED,
        kind=PumpClass.GRAVITY,
        standard_set=kind.name,
        sensors=(Signal.DROPS,),
        flow_limits=None,
        reminders=NOBODY_AT_IT,
        audio_pause_ns=0,
        sources=(
            *NOBODY_SOURCES,
            *figures(drops, ("motor step", f"one drop, 1/{gtt_per_ml} mL of water")),
            *figures("by definition", ("distal occlusion limit", "none: nothing measures")),
            *figures("by definition: a drip has no end but an empty bag", ("near-end warning", "0 min")),
            *figures(ISO_FLOW, ("flow with the clamp open", "6000 mL/h or more under 1 m")),
            *figures(
                ASSUMED,
                ("rate range and steps", f"1-{max_ml_per_h} mL/h by 1 mL/h"),
                ("VTBI range", "1-9999 mL by 1 mL"),
                ("KVO rate", "10 mL/h"),
                ("resistance of the clamp", "goes with the fluid's viscosity, as friction does"),
                ("sensors", "a drop counter that is clipped on; it raises no alarm"),
            ),
        ),
    )


GRAVITY = (_drip(10, 1_000), _drip(15, 1_000), _drip(20, 1_000), _drip(60, 250))
