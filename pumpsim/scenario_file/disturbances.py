"""What the world does to the pumps of a scenario file: clamps, heights, pressures, leaks, sensors, motors, devices that fail.

A disturbance with ``until`` ends there: what it changed is as it was before it. One that comes gradually becomes a row of
small ones, each adding at most a tenth to the resistance.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from pumpsim.catalogue.fluids import head_kpa
from pumpsim.scenario import Entry
from pumpsim.scenario_file.changes import Changed
from pumpsim.scenario_file.checks import Document, Faults, Path, tables_at, validated
from pumpsim.scenario_file.device_faults import device_course
from pumpsim.scenario_file.fields import millilitres
from pumpsim.scenario_file.happening_tables import AirTable, FaultTable, HangTable, NarrowTable
from pumpsim.scenario_file.motor_faults import motor_fault
from pumpsim.scenario_file.places import Placed, Pumps, check_instant, line_of, pump_of
from pumpsim.scenario_file.pumps import BuiltPump, is_rigid
from pumpsim.scenario_file.secondaries import hangs_alone, head_of, limbs_of, too_low
from pumpsim.scenario_file.sensor_faults import sensor_course
from pumpsim.units import format_time
from pumpsim.vocabulary.disturbances import (
    AirIn,
    BackPressure,
    Constrict,
    Disturbance,
    Grip,
    Hang,
    Leak,
    Occlude,
    Place,
    Powering,
    Raise,
    Release,
    Warm,
)
from pumpsim.vocabulary.inputs import DeviceEvent
from pumpsim.vocabulary.model import Drive
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.path import WATER_DENSITY_KG_PER_M3, JunctionSetup, way_of
from pumpsim.vocabulary.sensors import SensorFault

PATIENT_END, JUNCTION = "patient end", "junction "
CLOSING = ("occlude", "gap")
RIGID = "the set has no compliance: behind a closed end its pressure would have no bound; state a compliance above 0"
GROWTH = 1.1
FIRST_SHARE = 0.001
"""A narrowing that grows begins at this share of its final resistance and grows by a tenth at each step."""


World = Disturbance | SensorFault | MotorFault | DeviceEvent | Powering
"""What the world, or the pump's own device, does."""


@dataclass(frozen=True, slots=True)
class _Course:
    """A disturbance: what is done at its begin and later, as (ns after the begin, action), and what ends it (None: nothing)."""

    key: str
    what: str
    begins: tuple[tuple[int, World], ...]
    ends: World | None


@dataclass(frozen=True, slots=True)
class _Disturbed:
    """A disturbance with its pump, its place in the file, and when it begins and ends (None: never)."""

    at_ns: int
    until_ns: int | None
    pump: str
    path: Path
    course: _Course


def _gaps(found: Iterable[Changed]) -> list[_Disturbed]:
    """The clamps that are shut while a container is changed."""
    return [
        _Disturbed(
            changed.later.at_ns,
            changed.later.at_ns + changed.gap_ns,
            changed.placed.entry.pump,
            changed.placed.path,
            _Course(
                "gap",
                f"line {changed.later.line}",
                ((0, Occlude(Place.LIMB, changed.later.line)),),
                Release(Place.LIMB, changed.later.line),
            ),
        )
        for changed in found
        if changed.gap_ns is not None
    ]


def disturbances(
    document: Document,
    pumps: Pumps,
    junctions: tuple[JunctionSetup, ...],
    changed: Iterable[Changed],
    duration_ns: int | None,
    faults: Faults,
) -> Iterable[Placed]:
    """Read every ``[[fault]]``, and the gaps of the changes; one that is put where it is already is refused."""
    leads = [(junction.id, junction.into) for junction in junctions]
    rigid = {
        name
        for pump in pumps.values()
        if pump is not None and is_rigid(pump.setup.path)
        for name in way_of(pump.setup.path.into, leads)
    }
    standing: dict[tuple[str, str], int | None] = {}
    found = _gaps(changed)
    for path, raw in tables_at(document, "fault", faults):
        table = validated(FaultTable, raw, path, faults)
        if table is None:
            continue
        _check_times(table, duration_ns, path, faults)
        pump = pump_of(pumps, table.pump, path, faults)
        course = None
        if pump is not None:
            way = way_of(pump.setup.path.into, leads)
            course = _course(table, pump, way, path, faults)
            if course is not None and course.key == "occlude" and course.what.removeprefix(JUNCTION) in rigid:
                faults.add((*path, "occlude"), RIGID)
        if pump is not None and course is not None:
            found.append(_Disturbed(table.at, table.until, pump.setup.id, path, course))
    for this in sorted(found, key=lambda disturbed: disturbed.at_ns):
        course = this.course
        key = ("" if course.what.startswith(JUNCTION) else this.pump, course.what)
        if key in standing and ((until := standing[key]) is None or until > this.at_ns):
            when = "for good" if until is None else f"until {format_time(until)}"
            done = "so" if course.key not in CLOSING else "closed"
            faults.add((*this.path, course.key), f"is {done} already at {format_time(this.at_ns)}, {when}")
        standing[key] = this.until_ns
        for after_ns, action in course.begins:
            if this.until_ns is None or this.at_ns + after_ns < this.until_ns:
                yield Placed(Entry(this.at_ns + after_ns, this.pump, action), this.path)
        if this.until_ns is not None and course.ends is not None:
            yield Placed(Entry(this.until_ns, this.pump, course.ends), this.path)


def _check_times(table: FaultTable, duration_ns: int | None, path: Path, faults: Faults) -> None:
    check_instant(table.at, duration_ns, (*path, "at"), faults)
    if table.until is not None:
        check_instant(table.until, duration_ns, (*path, "until"), faults)
        if table.until <= table.at and not faults.any_under((*path, "at")):
            faults.add((*path, "until"), f"is not after {format_time(table.at)}, when it begins")


def _course(
    table: FaultTable, pump: BuiltPump, junctions: tuple[str, ...], path: Path, faults: Faults
) -> _Course | None:
    """What happens; None after a fault."""
    setup = pump.setup
    if table.occlude is not None:
        return _occluded(table.occlude, pump, junctions, path, faults)
    if table.narrow is not None:
        return _narrowed(table.narrow, pump, junctions, path, faults)
    if table.height is not None:
        before = setup.path.height_cm
        return _Course("height", "height", ((0, Raise(table.height.measured)),), Raise(before))
    if table.hang is not None:
        return _hung(table.hang, pump, (*path, "hang"), faults)
    if table.back_pressure is not None:
        if setup.path.into is not None:
            faults.add((*path, "back_pressure"), f"the set of {setup.id} ends in a junction, not at a patient")
            return None
        usual = BackPressure(setup.id, setup.path.access.back_pressure_kpa)
        now = BackPressure(setup.id, table.back_pressure.measured)
        return _Course("back_pressure", "back pressure", ((0, now),), usual)
    if table.leak is not None:
        if table.leak.value == 0:
            faults.add((*path, "leak"), "a resistance above 0 is wanted; a line that comes apart is disconnect")
            return None
        leak = Leak(setup.id, 1.0 / table.leak.measured)
        return _Course("leak", "leak", ((0, leak),), Leak(setup.id, 0.0))
    if table.disconnect is not None:
        name = _tube(table.disconnect, pump, junctions, (*path, "disconnect"), faults)
        return None if name is None else _Course("disconnect", name, ((0, Leak(name, math.inf)),), Leak(name, 0.0))
    if table.temperature is not None:
        warmed, before_it = Warm(setup.id, table.temperature), Warm(setup.id, setup.path.set.celsius)
        return _Course("temperature", "temperature", ((0, warmed),), before_it)
    if table.sensor is not None:
        failing = sensor_course(table.sensor, pump, (*path, "sensor"), faults)
        return None if failing is None else _Course("sensor", failing.what, ((0, failing.begins),), failing.ends)
    if table.motor is not None:
        motor = motor_fault(table.motor, pump, (*path, "motor"), faults)
        return None if motor is None else _Course("motor", "motor", ((0, motor),), MotorFault())
    if table.air is not None:
        return _aired(table, table.air, pump, path, faults)
    if table.device is not None or table.power is not None:
        device = device_course(table, pump, path, faults)
        return None if device is None else _Course(device.key, device.what, ((0, device.begins),), device.ends)
    if not any(line.syringe for line in setup.path.lines):
        faults.add((*path, "release_plunger"), f"pump {setup.id} has no syringe")
        return None
    free = bool(table.release_plunger)
    return _Course("release_plunger", "plunger", ((0, Grip(not free)),), Grip(free))


def _aired(table: FaultTable, air: AirTable, pump: BuiltPump, path: Path, faults: Faults) -> _Course | None:
    """Air that comes into a line, once."""
    line = line_of(pump, air.line, (*path, "air"), faults)
    if table.until is not None:
        faults.add((*path, "until"), "air that has come in is in: leave until away")
    by_gravity = pump.model.mechanism.drive is Drive.ROLLER_CLAMP
    if by_gravity or any(hung.syringe is not None for hung in pump.setup.path.lines):
        faults.add((*path, "air"), f"pump {pump.setup.id} draws nothing: what air there is, its set holds (set.air)")
        return None
    if line is None:
        return None
    (hung,) = (hung for hung in pump.setup.path.lines if hung.line == line)
    if hung.secondary is not None:
        faults.add((*path, "air"), f"line {line} has a secondary: air comes there only from what is empty")
        return None
    if any(later.line == line for later in pump.later):
        faults.add(
            (*path, "air"), f"the container of line {line} is changed in this scenario: what came in is not told apart"
        )
        return None
    let_in = AirIn(line, millilitres(air.volume), air.place == "pump")
    return _Course("air", f"air at {table.at} on {line}", ((0, let_in),), None)


def _tube(place: str, pump: BuiltPump, junctions: tuple[str, ...], path: Path, faults: Faults) -> str | None:
    """The tube at whose end a place is: the pump's own set, or a junction's."""
    places = {PATIENT_END: pump.setup.id} | {JUNCTION + name: name for name in junctions}
    if place not in places:
        faults.add_unknown(path, "place", place, places)
    return places.get(place)


def _narrowed(
    table: NarrowTable, pump: BuiltPump, junctions: tuple[str, ...], path: Path, faults: Faults
) -> _Course | None:
    name = _tube(table.place, pump, junctions, (*path, "narrow", "place"), faults)
    if name is None:
        return None
    final = table.by.measured
    ends = Constrict(name, 0.0)
    if table.over is None or final == 0.0:
        return _Course("narrow", name, ((0, Constrict(name, final)),), ends)
    steps = math.ceil(math.log(1.0 / FIRST_SHARE) / math.log(GROWTH))
    begins = tuple(
        (table.over * k // steps, Constrict(name, final * FIRST_SHARE ** (1.0 - k / steps))) for k in range(steps + 1)
    )
    return _Course("narrow", name, begins, ends)


def _hung(table: HangTable, pump: BuiltPump, path: Path, faults: Faults) -> _Course | None:
    """A container that is hung at another height."""
    setup = pump.setup.path
    places = {f"line {line.line}": (line.line, Place.LIMB) for line in setup.lines if hangs_alone(line)}
    places |= limbs_of(setup)
    if table.place not in places:
        faults.add_unknown((*path, "place"), "place", table.place, places)
        return None
    line, place = places[table.place]
    if place is not Place.LIMB and (wrong := too_low(table.head.measured)) is not None:
        faults.add((*path, "head"), wrong)
        return None
    before = head_of(setup, line, place)
    alone = (hung.fluid.density_kg_per_m3 for hung in setup.lines if hung.line == line and place is Place.LIMB)
    now = Hang(line, place, head_kpa(table.head.measured, next(alone, WATER_DENSITY_KG_PER_M3)))
    return _Course("hang", f"hang {table.place}", ((0, now),), Hang(line, place, before))


def _occluded(place: str, pump: BuiltPump, junctions: tuple[str, ...], path: Path, faults: Faults) -> _Course | None:
    """A place that is closed."""
    closing = {PATIENT_END: Occlude(Place.PATIENT_END)}
    closing |= {f"line {line}": Occlude(Place.LIMB, line) for line in pump.model.lines}
    closing |= {name: Occlude(place, line) for name, (line, place) in limbs_of(pump.setup.path).items()}
    shut = {JUNCTION + name: name for name in junctions}
    if place not in closing and place not in shut:
        faults.add_unknown((*path, "occlude"), "place", place, (*closing, *shut))
        return None
    if place in shut:
        name = shut[place]
        return _Course("occlude", place, ((0, Constrict(name, math.inf)),), Constrict(name, 0.0))
    if place == PATIENT_END and is_rigid(pump.setup.path):
        faults.add((*path, "occlude"), RIGID)
        return None
    action = closing[place]
    return _Course("occlude", place, ((0, action),), Release(action.place, action.line))
