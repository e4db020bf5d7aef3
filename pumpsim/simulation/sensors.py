"""What a pump's sensors say of the truth: offset, noise, quantum, their own faults, and what is worked out from them.

Every signal follows from the pressures, the air and the motor steps that the path gives, so a sensor never touches the path.
A watch on what a sensor says becomes a watch on the truth: exact to the last bit, because what is said only rises, or only
falls, with what is true. Where a sensor drifts the level moves: an interval of time is left out only when no level within it
is reached, and halved otherwise.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace

from pumpsim.scenario import PumpSetup
from pumpsim.simulation.chance import Chance
from pumpsim.simulation.paths import Way
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.disturbances import Change, Hanging, Refill
from pumpsim.vocabulary.inputs import LineReading, Measured, SensorReading
from pumpsim.vocabulary.outputs import Watch
from pumpsim.vocabulary.path import LineSetup, Syringe
from pumpsim.vocabulary.sensors import Drift, Mended, Sensor, SensorFault, Silent, Stuck

NS_PER_H = 3_600_000_000_000
DISTAL, BUBBLE = Sensor(Signal.DISTAL_PRESSURE), Sensor(Signal.AIR_BUBBLE)
BEHIND = (Signal.AIR_BUBBLE, Signal.AIR_ACCUMULATED, Signal.AIR_TOTAL)
"""What the air sensor behind the mechanism says: a bubble's size, and what it has counted, of late and in all."""
PRESSURES = (Signal.DISTAL_PRESSURE, Signal.PROXIMAL_PRESSURE)
WHOLE = 1.0 - 1e-6
"""Of a step: a difference of volumes may come out a little too low."""
LEAST_KPA, MOST_KPA = -1e6, 1e6
MOST_STEPS = 2**53
"""Bounds of the search for a level: far beyond what a line can stand, and what a float can count."""


class Sensors:
    """The sensors of one pump."""

    def __init__(self, setup: PumpSetup, chance: Chance) -> None:
        self._sensing, self._chance = setup.sensing, chance
        self._lines = {line.line: line for line in setup.path.lines}
        self._further = setup.model.sensors
        self._step_ml = setup.model.mechanism.step_fl * 1e-12
        self._faults: dict[Sensor, Stuck | Drift | Silent] = {}
        self._since: dict[Sensor, int] = {}
        self._last: SensorReading | None = None
        self._hung = {line: (setup.container_ml, 0) for line, setup in self._lines.items()}
        self._known: dict[Watch, Watch | None] = {}

    @property
    def sound(self) -> bool:
        """Whether none of them fails."""
        return not self._faults

    @property
    def _plain(self) -> bool:
        """Whether what is said is what is true, and nothing more is measured."""
        sensing = self._sensing
        return not (self._faults or self._further or sensing.offset_kpa or sensing.noise_kpa or sensing.quantum_kpa)

    def disturb(self, at_ns: int, fault: SensorFault, truth: Callable[[], SensorReading]) -> None:
        """Let a sensor fail, or be as it was. ``truth`` is asked for where a sensor sticks at what it says now."""
        sensor = self._physical(fault.sensor)
        self._known = {}
        if isinstance(fault, Mended):
            self._faults.pop(sensor, None)
            return
        if isinstance(fault, Stuck):
            value = fault.value
            if value is None:
                said = self._last if self._sensing.period_ns is not None and self._last else self.seen(truth(), at_ns)
                value = said.value(sensor.signal, sensor.line) or 0.0
            elif sensor is not fault.sensor:
                value = _kpa_of_force(self._syringe(fault.sensor.line), value)
            fault = Stuck(sensor, value)
        elif isinstance(fault, Drift) and sensor is not fault.sensor:
            fault = Drift(sensor, fault.per_h / _n_per_kpa(self._syringe(fault.sensor.line)))
        self._faults[sensor], self._since[sensor] = fault, at_ns

    def hang(self, hanging: Hanging, truth: SensorReading) -> None:
        """Count level and travel anew from a container that is changed, or filled again; before it is."""
        self._known = {}
        steps = int(truth.value(Signal.STEPS, hanging.line) or 0)
        held_ml, since = self._hung[hanging.line]
        match hanging:
            case Change(container_ml=volume_ml):
                self._hung[hanging.line] = (volume_ml, steps)
            case Refill(volume_ml=volume_ml, withdrawn_ml=withdrawn_ml):
                rest_ml = max(0.0, held_ml - (steps - since) * self._step_ml)
                stays_ml = 0.0 if withdrawn_ml is None else max(0.0, rest_ml - withdrawn_ml)
                self._hung[hanging.line] = (volume_ml + stays_ml, steps)

    def seen(self, truth: SensorReading, at_ns: int) -> SensorReading:
        """What the pump gets to know."""
        self._last = self._shown(truth, at_ns)
        return self._last

    def but_for_noise(self, truth: SensorReading, at_ns: int) -> SensorReading:
        """What the pump would get to know if there were no noise; asking disturbs neither the sensors nor chance."""
        if not self._sensing.noise_kpa:
            return self._shown(truth, at_ns)
        quiet = copy(self)
        quiet._sensing = replace(self._sensing, noise_kpa=0.0)
        return quiet._shown(truth, at_ns)

    def counts(self, steps: Sequence[int], at_ns: int) -> SensorReading:
        """What the pump would get to know of what it has counted, and of the levels that follow from that; nothing else."""
        lines: list[LineReading] = []
        for line, count in zip(self._lines, steps, strict=True):
            level = None
            if Signal.RESERVOIR_LEVEL in self._further:
                level = self._derived(Sensor(Signal.RESERVOIR_LEVEL, line), float(count), at_ns)
            more = () if level is None else (Measured(Signal.RESERVOIR_LEVEL, level),)
            lines.append(LineReading(line, count, 0.0, air=False, more=more))
        return SensorReading(tuple(lines), 0.0, silent=self._silent())

    def _shown(self, truth: SensorReading, at_ns: int) -> SensorReading:
        if self._plain:
            return truth
        proximal = [
            self._measured(Sensor(Signal.PROXIMAL_PRESSURE, r.line), r.proximal_kpa, at_ns) for r in truth.lines
        ]
        distal = self._measured(DISTAL, truth.distal_kpa, at_ns)
        lines = tuple(self._line(line, kpa, distal, at_ns) for line, kpa in zip(truth.lines, proximal, strict=True))
        air = (truth.bubble_ml, truth.counted_ml, truth.air_total_ml)
        behind = (self._behind(signal, true) for signal, true in zip(BEHIND, air, strict=True))
        return SensorReading(lines, distal, truth.age_ns, self._silent(), *behind)

    def _line(self, true: LineReading, proximal_kpa: float, distal_kpa: float, at_ns: int) -> LineReading:
        air = self._faults.get(Sensor(Signal.AIR_PROXIMAL, true.line))
        said = {Stuck: isinstance(air, Stuck) and bool(air.value), Silent: False}.get(type(air), true.air)
        more = []
        for signal in self._further:
            base = distal_kpa if signal is Signal.PLUNGER_FORCE else float(true.steps)
            value = self._derived(Sensor(signal, true.line), base, at_ns)
            if value is not None:
                more.append(Measured(signal, value))
        return replace(true, proximal_kpa=proximal_kpa, air=said, more=tuple(more))

    def _silent(self) -> tuple[Sensor, ...]:
        """The sensors that say nothing, those that are worked out from a silent one included."""
        if not self._faults:
            return ()
        silent = [sensor for sensor, fault in self._faults.items() if isinstance(fault, Silent)]
        if DISTAL in silent and Signal.PLUNGER_FORCE in self._further:
            silent += [Sensor(Signal.PLUNGER_FORCE, line) for line in self._lines]
        if BUBBLE in silent:
            silent += [Sensor(signal) for signal in BEHIND[1:]]
        return tuple(silent)

    def _behind(self, signal: Signal, true: float) -> float:
        """What the air sensor behind the mechanism says; one that is stuck, or silent, counts nothing."""
        match self._faults.get(BUBBLE):
            case Stuck(value=value):
                return value or 0.0 if signal is Signal.AIR_BUBBLE else 0.0
            case Silent():
                return 0.0
        return true

    def _measured(self, sensor: Sensor, true_kpa: float, at_ns: int) -> float:
        """A pressure as it is handed over."""
        value, sensing = self._pressure(sensor, true_kpa, at_ns), self._sensing
        if isinstance(self._faults.get(sensor), Stuck | Silent):
            return value
        if sensing.noise_kpa:
            value += self._chance.normal(sensing.noise_kpa)
        return round(value / sensing.quantum_kpa) * sensing.quantum_kpa if sensing.quantum_kpa else value

    def _pressure(self, sensor: Sensor, true_kpa: float, at_ns: int) -> float:
        """A pressure with offset and fault, before noise: it only rises with what is true."""
        match self._faults.get(sensor):
            case Stuck(value=value):
                return value or 0.0
            case Silent():
                return 0.0
            case Drift(per_h=per_h):
                return true_kpa + (self._sensing.offset_kpa + per_h * (at_ns - self._since[sensor]) / NS_PER_H)
        return true_kpa + self._sensing.offset_kpa

    def _derived(self, sensor: Sensor, base: float, at_ns: int) -> float | None:
        """What is worked out from the measured pressure, or from steps; None where the line has nothing to measure."""
        fault = self._faults.get(sensor) if self._faults else None
        if isinstance(fault, Stuck | Silent):
            return fault.value or 0.0 if isinstance(fault, Stuck) else 0.0
        line = str(sensor.line)
        value = _worked_out(sensor.signal, self._lines[line], self._step_ml, self._hung[line], base)
        if value is not None and isinstance(fault, Drift):
            value += fault.per_h * (at_ns - self._since[sensor]) / NS_PER_H
        return value

    def _said(self, sensor: Sensor, base: float, at_ns: int) -> float | None:
        """What a sensor says when the signal that it rests on has this value."""
        if sensor.signal in PRESSURES:
            return self._pressure(sensor, base, at_ns)
        if sensor.signal in (Signal.AIR_PROXIMAL, Signal.STEPS):
            fault = self._faults.get(sensor)
            return fault.value if isinstance(fault, Stuck) else base
        if sensor.signal in BEHIND:
            return self._behind(sensor.signal, base)
        if sensor.signal not in self._further:
            return None
        return self._derived(sensor, self._pressure(DISTAL, base, at_ns) if _by_force(sensor) else base, at_ns)

    def next_crossing(self, way: Way, watches: tuple[Watch, ...], after_ns: int, until_ns: int) -> int | None:
        """Find the first instant in (after_ns, until_ns] at which what is said satisfies a watch; None if none does."""
        if self._plain or until_ns <= after_ns:
            return way.next_crossing(watches, after_ns, until_ns)
        direct, moving, known = list[Watch](), list[Watch](), dict[Watch, Watch | None]()
        for watch in watches:
            fault = self._faults.get(self._physical(Sensor(watch.signal, watch.line)))
            said = self._said(Sensor(watch.signal, watch.line), 0.0, after_ns)
            if isinstance(fault, Silent) or said is None:
                continue
            if isinstance(fault, Stuck):
                if watch.holds(said):
                    return after_ns + 1
            elif isinstance(fault, Drift):
                moving.append(watch)
            else:  # until a sensor fails or a container is changed, the level on the truth stays
                base = self._known[watch] if watch in self._known else self._sought(watch, (after_ns,))
                known[watch] = base
                direct += [] if base is None else [base]
        self._known = known
        found = _first(way, direct, after_ns, until_ns)
        for watch in moving:
            at_ns = self._reached(way, watch, after_ns, until_ns if found is None else found)
            found = at_ns if at_ns is not None else found
        return found

    def _reached(self, way: Way, watch: Watch, after_ns: int, until_ns: int) -> int | None:
        """When the signal comes to a level that moves: never where it does not come to the nearest of the interval."""
        base = self._sought(watch, (after_ns + 1, until_ns))
        if base is None or until_ns <= after_ns:
            return None
        at_ns = _first(way, [base], after_ns, until_ns)
        if at_ns is None:
            return None
        true = way.read(at_ns).value(base.signal, base.line)
        said = None if true is None else self._said(Sensor(watch.signal, watch.line), true, at_ns)
        if said is not None and watch.holds(said):
            return at_ns
        middle = (at_ns + until_ns) // 2
        early = self._reached(way, watch, at_ns, middle)
        return self._reached(way, watch, max(at_ns, middle), until_ns) if early is None else early

    def _sought(self, watch: Watch, at_ns: tuple[int, ...]) -> Watch | None:
        """The watch on the truth that holds exactly where this one would at one of these instants; None: nowhere."""
        sensor = Sensor(watch.signal, watch.line)
        signal, line = _rests_on(sensor)

        def holds(base: float) -> bool:
            return any((said := self._said(sensor, base, at)) is not None and watch.holds(said) for at in at_ns)

        if signal is watch.signal and (signal not in PRESSURES or self._pressure(sensor, 0.0, at_ns[-1]) == 0.0):
            return watch
        rising = watch.direction in (Direction.AT_LEAST, Direction.ABOVE)
        upwards = rising is (watch.signal is not Signal.RESERVOIR_LEVEL)
        whole = signal is Signal.STEPS
        level = _edge(holds, (0.0, float(MOST_STEPS)) if whole else (LEAST_KPA, MOST_KPA), upwards, whole)
        direction = Direction.AT_LEAST if upwards else Direction.AT_MOST
        return None if level is None else Watch(signal, line, direction, level)

    def _physical(self, sensor: Sensor) -> Sensor:
        """The sensor that measures: a syringe pump works its pressure out from the force on the plunger, and what is counted
        of air are the bubbles."""
        if sensor.signal in BEHIND[1:]:
            return BUBBLE
        return DISTAL if _by_force(sensor) else sensor

    def _syringe(self, line: str | None) -> Syringe:
        syringe = self._lines[str(line)].syringe
        if syringe is None:
            raise ValueError(f"line {line} has no syringe, so nothing pushes on a plunger")
        return syringe


def _by_force(sensor: Sensor) -> bool:
    return sensor.signal is Signal.PLUNGER_FORCE


def _rests_on(sensor: Sensor) -> tuple[Signal, str | None]:
    """The signal of the path that a sensor's value is worked out from."""
    if sensor.signal in (*PRESSURES, *BEHIND, Signal.AIR_PROXIMAL):
        return sensor.signal, sensor.line
    return (Signal.DISTAL_PRESSURE, None) if _by_force(sensor) else (Signal.STEPS, sensor.line)


def _worked_out(signal: Signal, line: LineSetup, step_ml: float, hung: tuple[float, int], base: float) -> float | None:
    """Force from the measured pressure; drops from the motor steps, travel and level from those since the container was
    ``hung``, which held so many mL."""
    held_ml, since = hung
    match signal:
        case Signal.PLUNGER_FORCE:
            return None if line.syringe is None else base * _n_per_kpa(line.syringe) + line.syringe.coulomb_n
        case Signal.PLUNGER_POSITION:
            return None if line.syringe is None else (base - since) * step_ml * 1000.0 / line.syringe.area_mm2
        case Signal.RESERVOIR_LEVEL:
            left_ml = held_ml - (base - since) * step_ml
            return left_ml if left_ml >= step_ml * WHOLE else 0.0  # less than a step is never given
        case _:
            return base


def _n_per_kpa(syringe: Syringe) -> float:
    """1 kPa on 1 mm2 is 1 mN."""
    return syringe.area_mm2 / 1000.0


def _kpa_of_force(syringe: Syringe, force_n: float) -> float:
    """The pressure that a pump works out: the force less the friction of a sliding plunger, over the area of the bore."""
    return (force_n - syringe.coulomb_n) / _n_per_kpa(syringe)


def _first(way: Way, watches: list[Watch], after_ns: int, until_ns: int) -> int | None:
    """The first instant at which one of these watches on the truth is satisfied."""
    return way.next_crossing(tuple(watches), after_ns, until_ns) if watches else None


def _edge(holds: Callable[[float], bool], between: tuple[float, float], upwards: bool, whole: bool) -> float | None:
    """The least value that holds (``upwards``), or the greatest; ``whole``: of the whole numbers. None: none does."""
    good, bad = reversed(between) if upwards else between
    if not holds(good):
        return None
    if holds(bad):
        return bad
    while True:
        middle = (good + bad) / 2.0
        if whole:
            middle = float(int(middle))
        if middle in (good, bad):
            return good
        if holds(middle):
            good = middle
        else:
            bad = middle
