"""What pumps do about an occlusion beside the alarm, as settings that a scenario can change."""

from dataclasses import replace

from pumpsim.catalogue.alarms import pressure_rise
from pumpsim.catalogue.rows import ML
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import AutoRestart, BackOff, PressureRise, PumpModel, Sourced

MOST_RESTARTS = 9
"""BD Alaris 8000 user manual p. 139: 0 to 9 in 10 min."""
BACK_OFF = BackOff(rate_nl_per_h=100 * ML, most_nl=ML, to_ppm=229_000)
"""22.9 % of the limit: fitted to the bolus after reduction that the B. Braun Infusomat Space IFU, US, p. 72 prints, which is
22.9 % of the volume pumped at 1 mL/h at each of three levels. Rate and most: assumptions."""
BACK_OFF_FIGURES = (
    Sourced(
        "pressure after the back-off",
        "22.9 % of the limit",
        "fitted: B. Braun Infusomat Space IFU, US, p. 72 (0.0347, 0.0987, 0.1787 mL)",
    ),
    Sourced("back-off", "at 100 mL/h, 1 mL at most", "unverified: assumption"),
)
ASSUMED_RESTART = Sourced(
    "auto-restart", "below 50 % of the limit within 15 s, counted over 10 min", "BD Alaris 8000 user manual p. 139"
)


def with_auto_restarts(model: PumpModel, most: int) -> PumpModel:
    """Let a pump go on by itself so many times in its window; 0: never."""
    if most == 0:
        return replace(model, auto_restart=None)
    if model.auto_restart is not None:
        return replace(model, auto_restart=replace(model.auto_restart, most=most))
    return replace(model, auto_restart=AutoRestart(most), sources=(*model.sources, ASSUMED_RESTART))


def with_back_off(model: PumpModel, on: bool) -> PumpModel:
    """Let a pump turn back after a distal occlusion, or not; with it the alarm stands until it is acknowledged.

    Raises ValueError for a pump that cannot.
    """
    rows = tuple(
        replace(row, self_clearing=not on) if row.id is AlarmId.OCCLUSION_DISTAL else row for row in model.alarms
    )
    names = [figure.figure for figure in BACK_OFF_FIGURES]
    others = tuple(source for source in model.sources if source.figure not in names)
    if not on:
        return replace(model, back_off=None, alarms=rows, sources=others)
    return replace(model, back_off=model.back_off or BACK_OFF, alarms=rows, sources=(*others, *BACK_OFF_FIGURES))


def with_pressure_rise(model: PumpModel, rule: PressureRise) -> PumpModel:
    """Let a pump alarm when the pressure rises fast."""
    others = tuple(row for row in model.alarms if row.id is not AlarmId.PRESSURE_RISE)
    return replace(model, pressure_rise=rule, alarms=(*others, pressure_rise()))
