"""The settings of a pump that say what it does at an occlusion beside the alarm."""

from pumpsim.catalogue.occlusion import with_auto_restarts, with_back_off, with_pressure_rise
from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.pump_tables import PumpTable
from pumpsim.vocabulary.model import PressureRise, PumpModel


def at_occlusion(model: PumpModel, table: PumpTable, path: Path, faults: Faults) -> PumpModel:
    """Apply them to a model."""
    if table.auto_restarts is not None:
        model = with_auto_restarts(model, table.auto_restarts)
    if table.pressure_rise is not None:
        rise = table.pressure_rise
        model = with_pressure_rise(model, PressureRise(rise.by.measured, rise.within))
    if table.back_off is not None:
        try:
            model = with_back_off(model, table.back_off)
        except ValueError as fault:
            faults.add((*path, "back_off"), str(fault))
    return model
