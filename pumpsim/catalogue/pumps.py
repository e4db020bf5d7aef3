"""Pump models: rows of figures, each with its source.

``dual-channel-cassette`` is a generic two-line cassette pump with the figures of the Plum family as far as they are
public; most are from memory and say so. ``single-channel-cassette`` is the same mechanism with one line. The other kinds
have a file each; ``MODELS`` lists them all. A title that names a product says whose figures a row has, not that it is one.
"""

from dataclasses import replace

from pumpsim.catalogue.alarms import (
    AIR_IN_LINE_PROXIMAL,
    DECLARED,
    PSI_KPA,
    air_accumulated,
    air_in_line_distal,
    occlusion_distal,
    occlusion_proximal,
)
from pumpsim.catalogue.ambulatory import AMBULATORY
from pumpsim.catalogue.attention import BY_GIP, PLUM_SOURCES
from pumpsim.catalogue.batteries import BEDSIDE, BEDSIDE_FIGURES
from pumpsim.catalogue.clinical_syringes import CLINICAL_SYRINGES
from pumpsim.catalogue.gravity import GRAVITY
from pumpsim.catalogue.implanted import IMPLANTED
from pumpsim.catalogue.insulin import INSULIN
from pumpsim.catalogue.laboratory import LABORATORY
from pumpsim.catalogue.laboratory_harvard import LABORATORY_HARVARD
from pumpsim.catalogue.peristaltic import PERISTALTIC
from pumpsim.catalogue.rows import MINUTE_NS, ML
from pumpsim.catalogue.syringe_pumps import SYRINGE_PUMPS
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import (
    AirSensor,
    AtEnd,
    Backpriming,
    ConcurrentLimits,
    Drive,
    InnerFlow,
    Interleave,
    Mechanism,
    PumpModel,
    RateBand,
    Sourced,
)

RECALL = "unverified: Plum family, from memory"

CASSETTE = Mechanism(
    drive=Drive.STROKES,
    step_fl=100_000_000,
    cycle_steps=3_300,
    fill_ppm=100_000,
    catch_up_ppm=100_000,
    interleave=Interleave.WITHIN_CYCLE,
    inner_flow=InnerFlow.IN_ORDER,
)
SMOOTH = Mechanism(drive=Drive.SMOOTH, step_fl=1_000_000, cycle_steps=1)

DUAL_CHANNEL_CASSETTE = PumpModel(
    id="dual-channel-cassette",
    title="Dual-channel cassette pump",
    lines=("A", "B"),
    mechanism=CASSETTE,
    rate_bands=(
        RateBand(ML // 10, 99 * ML + 9 * ML // 10, ML // 10),
        RateBand(100 * ML, 999 * ML, ML),
    ),
    vtbi_min_nl=ML // 10,
    vtbi_max_nl=9_999 * ML,
    vtbi_step_nl=ML // 10,
    kvo_nl_per_h=ML,
    at_end=AtEnd.KVO,
    near_end_ns=3 * MINUTE_NS,
    occlusion_range_kpa=(PSI_KPA, 15 * PSI_KPA),
    alarms=(
        occlusion_distal(6 * PSI_KPA),
        occlusion_proximal(-6 * PSI_KPA),
        AIR_IN_LINE_PROXIMAL,
        air_in_line_distal(0.1),
        air_accumulated(0.25),
        *DECLARED,
    ),
    air_sensor=AirSensor(smallest_ml=0.01, apart_ml=0.01, window_ml=6.9),
    air_trap_ml=1.0,
    backpriming=Backpriming(rate_nl_per_h=300 * ML, most_nl=50 * ML, most_kpa=6 * PSI_KPA),
    battery=BEDSIDE,
    most_stages=10,
    reminders=BY_GIP,
    concurrent=ConcurrentLimits(floor_nl_per_h=ML // 2, sum_nl_per_h=500 * ML),
    sources=(
        Sourced("rate range and steps", "0.1-99.9 by 0.1, 100-999 by 1 mL/h", RECALL),
        Sourced("concurrent floor of each line", "0.5 mL/h", RECALL),
        Sourced("concurrent limit of the sum", "500 mL/h", RECALL),
        Sourced("VTBI range", "0.1-9999 mL by 0.1 mL", RECALL),
        Sourced("KVO rate", "1.0 mL/h or the set rate if lower", RECALL),
        Sourced("near-end warning", "3 min", "Graseby 3100 service manual (2004) p. 3-3; applied here by analogy"),
        Sourced("distal occlusion limit", "1-15 psi, default 6 psi", RECALL),
        Sourced("proximal occlusion limit", "-6 psi", RECALL),
        Sourced("air behind the pump", "a bubble of 0.1 mL; 0.25 mL in the last 6.9 mL of a line", RECALL),
        Sourced("air trap", "1 mL, given back as fluid; a bubble sets off the proximal alarm when it is full", RECALL),
        Sourced("backpriming", "300 mL/h, 50 mL for one order, to 6 psi", "unverified: assumption"),
        Sourced("smallest bubble that counts; fluid that ends one", "0.01 mL; 0.01 mL", "unverified: assumption"),
        Sourced("stages of a programme", "10; a loading dose on line A", RECALL),
        Sourced("stroke volume", "0.33 mL", RECALL),
        Sourced("motor step", "0.1 uL (3300 steps a stroke)", "unverified: assumption"),
        Sourced("fill share", "10 % of the cycle's time", "unverified: assumption"),
        Sourced("interleave and inner flow", "within-cycle, A ahead of B", "unverified: assumption"),
        Sourced("catch-up", "a late cycle is hurried by at most 10 %", "unverified: assumption"),
        *BEDSIDE_FIGURES,
        *PLUM_SOURCES,
    ),
)
SINGLE_CHANNEL_CASSETTE = replace(
    DUAL_CHANNEL_CASSETTE,
    id="single-channel-cassette",
    title="Single-channel cassette pump",
    lines=("A",),
    concurrent=None,
    backpriming=None,
    sources=tuple(
        entry
        for entry in DUAL_CHANNEL_CASSETTE.sources
        if not entry.figure.startswith(("concurrent", "interleave", "backpriming"))
    ),
)

CASSETTES = (DUAL_CHANNEL_CASSETTE, SINGLE_CHANNEL_CASSETTE)
MODELS: dict[str, PumpModel] = {
    model.id: model
    for group in (
        CASSETTES,
        PERISTALTIC,
        SYRINGE_PUMPS,
        CLINICAL_SYRINGES,
        AMBULATORY,
        INSULIN,
        IMPLANTED,
        GRAVITY,
        LABORATORY,
        LABORATORY_HARVARD,
    )
    for model in group
}
"""Every model by its id."""


def with_occlusion_limit(model: PumpModel, limit_kpa: float, delay_ns: int | None = None) -> PumpModel:
    """Set the distal occlusion limit and, if given, its alarm condition delay; the range is not checked here."""
    rows = tuple(
        occlusion_distal(limit_kpa, row.delay_ns if delay_ns is None else delay_ns, self_clearing=row.self_clearing)
        if row.id is AlarmId.OCCLUSION_DISTAL
        else row
        for row in model.alarms
    )
    return replace(model, alarms=rows)


def with_smooth_drive(model: PumpModel) -> PumpModel:
    """The same pump with a drive that has no strokes: analytic cases are exact with it."""
    return replace(model, mechanism=SMOOTH)


def with_mechanism(model: PumpModel, interleave: Interleave | None, inner_flow: InnerFlow | None) -> PumpModel:
    """The same pump with another way to share a cycle between its lines."""
    mechanism = model.mechanism
    return replace(
        model,
        mechanism=replace(
            mechanism,
            interleave=interleave or mechanism.interleave,
            inner_flow=inner_flow or mechanism.inner_flow,
        ),
    )
