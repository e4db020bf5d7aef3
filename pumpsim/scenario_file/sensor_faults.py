"""Sensors that fail, as a scenario file writes them: which one, and what it says from then on."""

from dataclasses import dataclass

from pumpsim.errors import UnitError
from pumpsim.scenario_file.checks import Faults, Path
from pumpsim.scenario_file.happening_tables import SensorTable
from pumpsim.scenario_file.places import line_of
from pumpsim.scenario_file.pumps import BuiltPump
from pumpsim.units import Dimension, parse
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.sensors import NOTICED_NS, Drift, Mended, Sensor, SensorFault, Silent, Stuck, signals_of

NAMES = {
    "distal pressure": Signal.DISTAL_PRESSURE,
    "proximal pressure": Signal.PROXIMAL_PRESSURE,
    "air": Signal.AIR_PROXIMAL,
    "bubble": Signal.AIR_BUBBLE,
    "plunger force": Signal.PLUNGER_FORCE,
    "plunger position": Signal.PLUNGER_POSITION,
    "reservoir level": Signal.RESERVOIR_LEVEL,
    "drop": Signal.DROPS,
}
"""Sensors by the words of a scenario."""
MEASURED_IN = {
    Signal.DISTAL_PRESSURE: (Dimension.PRESSURE, 1.0),
    Signal.PROXIMAL_PRESSURE: (Dimension.PRESSURE, 1.0),
    Signal.PLUNGER_FORCE: (Dimension.FORCE, 1.0),
    Signal.PLUNGER_POSITION: (Dimension.LENGTH, 10.0),
    Signal.RESERVOIR_LEVEL: (Dimension.VOLUME, 1e-6),
    Signal.AIR_BUBBLE: (Dimension.VOLUME, 1e-6),
}
"""What a value is a quantity of, and what its unit is worth in the signal's."""
OF_THE_PUMP = (Signal.DISTAL_PRESSURE, Signal.AIR_BUBBLE)
AIR = {"air": 1.0, "no air": 0.0}
KEYS = {"stuck": "value", "drift": "per_hour", "silent": "noticed_after"}
"""What belongs to each way of failing."""


@dataclass(frozen=True, slots=True)
class SensorCourse:
    """What begins, and what ends it. ``what``: the sensor, however it is called."""

    what: str
    begins: SensorFault
    ends: SensorFault


def sensor_course(table: SensorTable, pump: BuiltPump, path: Path, faults: Faults) -> SensorCourse | None:
    """Read one sensor's fault; None after a fault of the file."""
    signal = NAMES[table.name]
    before = len(faults.found)
    if signal not in signals_of(pump.model):
        own = [name for name, which in NAMES.items() if which in signals_of(pump.model)]
        faults.add((*path, "name"), f"{pump.model.id} has no such sensor; it has: {', '.join(own) or 'none'}")
        return None
    line = _line(table, signal, pump, path, faults)
    for does, key in KEYS.items():
        if getattr(table, key) is not None and table.does != does:
            faults.add((*path, key), f"belongs to does = '{does}'")
    if table.does == "drift" and table.per_hour is None:
        faults.add((*path, "per_hour"), "is missing: how much more, or less, in an hour")
    sensor = Sensor(signal, line)
    fault = _fault(table, sensor, path, faults)
    if fault is None or len(faults.found) > before:
        return None
    by_force = signal is Signal.PLUNGER_FORCE
    what = "sensor distal pressure" if by_force else f"sensor {table.name} {line or ''}".rstrip()
    return SensorCourse(what, fault, Mended(sensor))


def _line(table: SensorTable, signal: Signal, pump: BuiltPump, path: Path, faults: Faults) -> str | None:
    """The line that the sensor is on; None for the one that a pump has for all."""
    if signal in OF_THE_PUMP:
        if table.line is not None:
            faults.add((*path, "line"), f"the sensor {table.name} is of the pump, not of a line")
        return None
    line = line_of(pump, table.line, path, faults)
    plungers = (Signal.PLUNGER_FORCE, Signal.PLUNGER_POSITION)
    if signal in plungers and all(setup.syringe is None for setup in pump.setup.path.lines):
        faults.add((*path, "name"), f"pump {pump.setup.id} has no syringe")
    return line


def _fault(table: SensorTable, sensor: Sensor, path: Path, faults: Faults) -> SensorFault | None:
    if table.does == "silent":
        return Silent(sensor, NOTICED_NS if table.noticed_after is None else table.noticed_after)
    if table.does == "stuck":
        if table.value is None:
            return Stuck(sensor)
        value = _value(table.value, sensor.signal, (*path, "value"), faults)
        return None if value is None else Stuck(sensor, value)
    if sensor.signal not in MEASURED_IN or sensor.signal is Signal.AIR_BUBBLE:
        faults.add((*path, "does"), f"the sensor {table.name} says one of two things, or counts: it cannot drift")
        return None
    if table.per_hour is None:
        return None
    per_h = _quantity(table.per_hour, sensor.signal, (*path, "per_hour"), faults)
    return None if per_h is None else Drift(sensor, per_h)


def _value(text: str, signal: Signal, path: Path, faults: Faults) -> float | None:
    """What a sensor is stuck at."""
    if signal in MEASURED_IN:
        return _quantity(text, signal, path, faults)
    if signal is Signal.AIR_PROXIMAL:
        if text not in AIR:
            faults.add_unknown(path, "value", text, AIR)
        return AIR.get(text)
    if not text.isascii() or not text.isdigit():
        faults.add(path, "a count of drops is wanted, as in '120'")
        return None
    return float(text)


def _quantity(text: str, signal: Signal, path: Path, faults: Faults) -> float | None:
    dimension, worth = MEASURED_IN[signal]
    try:
        return parse(text, dimension, negative=True).measured * worth
    except UnitError as error:
        faults.add(path, str(error))
        return None
