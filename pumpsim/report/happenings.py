"""What the world did to a pump, in plain words: the disturbances of a scenario, for the list of events."""

import math
from typing import assert_never

from pumpsim.scenario import Entry
from pumpsim.units import format_time
from pumpsim.vocabulary.disturbances import (
    AirIn,
    BackPressure,
    Change,
    Constrict,
    Disturbance,
    Grip,
    Hang,
    Leak,
    Occlude,
    Place,
    PowerCut,
    Powering,
    Raise,
    Refill,
    Release,
    Warm,
)
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.sensors import Drift, Mended, Sensor, SensorFault, Silent, Stuck

REPORTED = {
    DeviceEventKind.SYRINGE_REMOVED: "syringe off",
    DeviceEventKind.SYRINGE_SEATED: "syringe seated",
    DeviceEventKind.MAINS_RESTORED: "mains back",
    DeviceEventKind.SENSOR_FAULT: "a sensor found faulty",
}
"""What a device reports, where its own word would not do."""


def happened(entry: Entry) -> tuple[str, str, str] | None:
    """Say line, what and detail of a disturbance; None for what the operator does."""
    action = entry.action
    if isinstance(action, SensorFault):
        return action.sensor.line or "all", *_of_sensor(action)
    if isinstance(action, MotorFault):
        return "all", *_of_motor(action)
    if isinstance(action, Disturbance):
        line = action.line if isinstance(action, Occlude | Release | Change | Refill | Hang | AirIn) else None
        return line or "all", *_of_path(action)
    if isinstance(action, Powering):
        return "all", "power cut" if isinstance(action, PowerCut) else "power back, switched on", ""
    if isinstance(action, DeviceEvent):
        return "all", REPORTED.get(action.kind, action.kind.value.replace("-", " ")), action.detail
    return None


def _of_sensor(fault: SensorFault) -> tuple[str, str]:
    name, unit = _words(fault.sensor)
    match fault:
        case Stuck(value=value):
            said = "what it said last" if value is None else f"{value:.4g} {unit}".rstrip()
            return f"sensor stuck: {name}", f"says {said}"
        case Drift(per_h=per_h):
            return f"sensor drifts: {name}", f"{per_h:+.4g} {unit} in each hour"
        case Silent(noticed_ns=noticed_ns):
            return f"sensor silent: {name}", f"noticed after {format_time(noticed_ns)}"
        case Mended():
            return f"sensor in order again: {name}", ""
        case _:
            assert_never(fault)


def _of_motor(fault: MotorFault) -> tuple[str, str]:
    if fault == MotorFault():
        return "motor in order again", ""
    if fault.runs_on:
        return "motor runs on", "it does not stop when it is told to"
    return (
        ("motor at another speed", f"{fault.ppm / 1e4:g} % of what it is told") if fault.ppm else ("motor stalled", "")
    )


def _words(sensor: Sensor) -> tuple[str, str]:
    """A signal's name, and its unit where it has one."""
    name, _, unit = sensor.signal.value.partition(" (")
    return name, "" if unit.startswith(("0 or", "absolute")) else unit.rstrip(")")


def _place(place: Place) -> str:
    """What a clamp closes: the limb of a line, or of one of its two containers."""
    return f"{place.value} limb" if place in (Place.PRIMARY, Place.SECONDARY) else place.value


def _of_path(disturbance: Disturbance) -> tuple[str, str]:
    match disturbance:
        case Occlude(place=place):
            return f"{_place(place)} closed", ""
        case Release(place=place):
            return f"{_place(place)} opened", ""
        case Constrict(tube=tube, added_kpa_h_per_ml=added):
            if math.isinf(added):
                return f"end of {tube} closed", ""
            return f"end of {tube} narrowed" if added else f"end of {tube} as wide as before", f"{added:.4g} kPa/(mL/h)"
        case Raise(height_cm=height):
            return "pump brought to another height", f"{height:g} cm above the patient"
        case Hang(place=place, head_kpa=kpa):
            return f"{place.value} hung at another height", f"{kpa:.4g} kPa above the pump"
        case BackPressure(tube=tube, pressure_kpa=kpa):
            return f"pressure behind the access of {tube}", f"{kpa:.4g} kPa"
        case Leak(tube=tube, ml_per_h_per_kpa=conductance):
            if math.isinf(conductance):
                return f"line disconnected at the end of {tube}", ""
            return f"leak at the end of {tube}" if conductance else f"end of {tube} tight again", ""
        case Warm(tube=tube, celsius=celsius):
            return f"fluid in {tube} brought to another temperature", f"{celsius:g} degC"
        case Change(container=container, fluid=fluid):
            return "container changed", f"{container} of {fluid.name}"
        case Refill(volume_ml=volume, fluid=fluid):
            return "container filled again", f"{volume:g} mL of {fluid.name}"
        case AirIn(volume_ml=volume, at_pump=at_pump):
            return f"air came into the line at the {'pump' if at_pump else 'container'}", f"{volume:g} mL"
        case Grip(holds=holds):
            return ("plunger held again" if holds else "plunger not held back"), ""
        case _:
            assert_never(disturbance)
