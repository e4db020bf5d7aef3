"""Syringe pumps of the bedside that a virtual pump speaks as: figures of the Asena GH and of a module of the Orchestra rack.

Built from the rows of ``syringe_pumps``: mechanism, sensors, battery and reminders are those. Hardly a figure was read in a
manual, and each says so.
"""

from dataclasses import replace

from pumpsim.catalogue.alarms import occlusion_distal
from pumpsim.catalogue.rows import ML, MMHG_KPA, figures
from pumpsim.catalogue.syringe_pumps import ALARIS_SYRINGE, RECALL, SYRINGE_PUMP
from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Effect
from pumpsim.vocabulary.model import PumpModel, RateBand, Sourced

WIRE = "a range that public clients of its protocol keep to"
REPLACED = ("rate range and steps", "distal occlusion limit", "KVO rate", "VTBI range", "volume accuracy")


def _kept(model: PumpModel) -> tuple[Sourced, ...]:
    """The figures of the row that it is built from, but for those that it has itself."""
    return tuple(entry for entry in model.sources if entry.figure not in REPLACED)


def _with_limit(rows: tuple[AlarmCondition, ...], limit_kpa: float) -> tuple[AlarmCondition, ...]:
    return tuple(occlusion_distal(limit_kpa) if row.id is AlarmId.OCCLUSION_DISTAL else row for row in rows)


ASENA_GH = replace(
    ALARIS_SYRINGE,
    id="asena-gh",
    title="Syringe pump, figures of the Alaris Asena GH",
    rate_bands=(RateBand(ML // 10, 99_990_000, ML // 100), RateBand(100 * ML, 1200 * ML, ML // 10)),
    bolus_nl_per_h=1200 * ML,
    occlusion_range_kpa=(50 * MMHG_KPA, 1000 * MMHG_KPA),
    sources=(
        *_kept(ALARIS_SYRINGE),
        *figures(WIRE, ("rate range", "0.1-1200 mL/h with a 50 mL syringe")),
        *figures(
            RECALL,
            ("rate steps", "0.01 mL/h, from 100 mL/h 0.1 mL/h"),
            ("distal occlusion limit", "50-1000 mmHg, default 300 mmHg"),
            ("KVO rate", "1 mL/h"),
            ("bolus rate", "1200 mL/h at most"),
            ("VTBI range", "0.1-999 mL by 0.1 mL"),
            ("volume accuracy", "+-2 %"),
        ),
    ),
)
ORCHESTRA_MODULE = replace(
    SYRINGE_PUMP,
    id="orchestra-module",
    title="Syringe pump, figures of a module of the Fresenius Orchestra",
    rate_bands=(RateBand(ML // 10, 1200 * ML, ML // 10),),
    bolus_nl_per_h=1200 * ML,
    occlusion_range_kpa=(50 * MMHG_KPA, 900 * MMHG_KPA),
    alarms=tuple(
        replace(
            row,
            effect=Effect.CONTINUE,
            text="The host does not answer: the pump goes on as it was set",
            source="unverified: assumption: a module of the rack goes on at its last rate",
        )
        if row.id is AlarmId.COMMUNICATION_LOST
        else row
        for row in _with_limit(SYRINGE_PUMP.alarms, 500 * MMHG_KPA)
    ),
    sources=(
        *_kept(SYRINGE_PUMP),
        *figures("unverified: the unit of its rate on the wire", ("rate steps", "0.1 mL/h")),
        *figures(
            RECALL,
            ("rate range", "0.1-1200 mL/h with a 50 mL syringe"),
            ("distal occlusion limit", "50-900 mmHg, default 500 mmHg"),
            ("KVO rate", "0.5 mL/h"),
            ("bolus rate", "1200 mL/h at most"),
            ("VTBI range", "0.1-999 mL by 0.1 mL"),
        ),
        *figures("unverified: assumption", ("lost communication", "alarms and goes on")),
    ),
)

CLINICAL_SYRINGES = (ASENA_GH, ORCHESTRA_MODULE)
