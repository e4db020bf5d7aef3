"""When a watched signal first comes to its level: with certainty for pressures, between turns for what comes and goes."""

from collections.abc import Sequence

import numpy as np

from pumpsim.fluidics.first_holding import first_holding, first_within
from pumpsim.fluidics.network.air_watch import AIR_SIGNALS, first_of, turns
from pumpsim.fluidics.network.course import Stretch, first_in_piece
from pumpsim.fluidics.network.inlet import AirAhead, inlet_row
from pumpsim.fluidics.network.passage import sensor_row
from pumpsim.fluidics.network.path import NetworkPath
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.outputs import Watch

AHEAD = (Signal.PROXIMAL_PRESSURE, Signal.AIR_PROXIMAL, Signal.BACKPRIMED)
"""What is seen ahead of the mechanism."""
ROUNDING_KPA = 1e-9
"""By how much a bound may be too low, from rounding."""


def next_crossing(path: NetworkPath, pump: str, watches: tuple[Watch, ...], after_ns: int, until_ns: int) -> int | None:
    """Find the first instant in (after_ns, until_ns] at which any watch of a pump is satisfied; None if none is."""
    at_ns = after_ns + 1
    while watches and at_ns <= until_ns:
        stretch, piece, _ = path.during(at_ns)
        last = min(until_ns, int(stretch.at_ns[-1]))
        first, final = path.read(pump, at_ns), path.read(pump, last)
        found = []
        for watch in watches:
            if _holds(watch, first):
                return at_ns
            ahead = path.ahead.get((pump, str(watch.line)))
            at_inlet = ahead is not None and watch.signal is Signal.PROXIMAL_PRESSURE
            if watch.signal is Signal.DISTAL_PRESSURE or at_inlet:
                at = _pressure_crossing(path, pump, watch, stretch, (piece, at_ns, last))
            elif watch.signal in AHEAD and (turns_ns := path.turns_ns(pump)) is not None:
                edges = (at_ns, *(ns for ns in turns_ns if at_ns < ns < last), last)
                at = _turn_crossing(path, pump, watch, edges)
            elif ahead is not None and watch.signal is Signal.AIR_PROXIMAL:
                at = _air_crossing(path, pump, watch, ahead, (at_ns, last))
            elif watch.signal in AIR_SIGNALS:
                at = _sensor_crossing(path, pump, watch, at_ns, last)
            elif watch.signal is Signal.AIR_PROXIMAL and path.has_bubbles(pump, watch.line):
                at = _bubble_crossing(path, pump, watch, at_ns, last)
            else:
                at = _counted(path, pump, watch, at_ns, last) if _holds(watch, final) else None
            if at is not None:
                found.append(at)
        if found:
            return min(found)
        at_ns = last + 1
    return None


def _pressure_crossing(
    path: NetworkPath, pump: str, watch: Watch, stretch: Stretch, within: tuple[int, int, int]
) -> int | None:
    """The first instant within a stretch; ``within``: the piece to begin with, the first and the last instant."""
    piece, begin, end = within
    at_inlet = watch.signal is Signal.PROXIMAL_PRESSURE
    ahead = path.ahead.get((pump, str(watch.line))) if at_inlet else None
    rows = sensor_row(path.plumbing, pump, stretch) if ahead is None else inlet_row(ahead.supply, stretch)
    rising = watch.direction in (Direction.AT_LEAST, Direction.ABOVE)
    guard = rows.through(np.array([[1.0 if rising else -1.0]])).plus(-watch.level if rising else watch.level)
    pieces = np.flatnonzero((stretch.bounds(guard) >= -ROUNDING_KPA)[0])
    for k in pieces[pieces >= piece].tolist():
        low, high = max(begin, int(stretch.at_ns[k])), min(end, int(stretch.at_ns[k + 1]))
        if low > high:
            return None
        ns = first_in_piece(stretch, guard, k)
        guess = high if ns is None else int(stretch.at_ns[k]) + ns
        found = first_holding(lambda at_ns: watch.holds(_pressure(path, pump, watch, at_ns)), guess, low, high)
        if found is not None:
            return found
    return None


def _air_crossing(path: NetworkPath, pump: str, watch: Watch, ahead: AirAhead, within: tuple[int, int]) -> int | None:
    """The first instant at which air comes to a line's inlet, or goes, so that a watch holds."""
    begin, end = within
    row = ahead.supply.row
    first, last = path.drawn_ml(pump, row, begin), path.drawn_ml(pump, row, end)
    for drawn_ml in ahead.changes(path.planned(end)):
        if not first < drawn_ml <= last:
            continue
        low, high = begin, end
        while high - low > 1:
            middle = (low + high) // 2
            if path.drawn_ml(pump, row, middle) >= drawn_ml:
                high = middle
            else:
                low = middle
        if _holds(watch, path.read(pump, high)):
            return high
    return None


def _turn_crossing(path: NetworkPath, pump: str, watch: Watch, edges: Sequence[int]) -> int | None:
    """The first instant at which a reading satisfies a watch on what runs one way between two edges."""
    return first_within(lambda at_ns: _holds(watch, path.read(pump, at_ns)), edges)


def _counted(path: NetworkPath, pump: str, watch: Watch, begin: int, end: int) -> int:
    """The first instant at which something that only comes true once holds: counts and emptiness. It holds at ``end``."""
    low, high = begin, end
    while high - low > 1:
        middle = (low + high) // 2
        if _holds(watch, path.read(pump, middle)):
            high = middle
        else:
            low = middle
    return high


def _pressure(path: NetworkPath, pump: str, watch: Watch, at_ns: int) -> float:
    """The pressure that a watch is on."""
    if watch.signal is Signal.PROXIMAL_PRESSURE:
        return path.inlet_kpa(pump, str(watch.line), at_ns)
    return path.pressure_kpa(pump, at_ns)


def _sensor_crossing(path: NetworkPath, pump: str, watch: Watch, begin: int, end: int) -> int | None:
    """The first instant within a stretch at which what the sensor behind the mechanism sees satisfies a watch."""
    bubbles, sensor = path.bubbles(pump), path.members[pump].model.air_sensor
    if not bubbles or sensor is None:
        return begin if watch.holds(0.0) else None
    about: set[int] = set()
    for later_ns in (0, sensor.window_ns) if watch.signal is Signal.AIR_ACCUMULATED else (0,):
        for stretch in _between(path, begin - later_ns, end - later_ns):
            for line, row in zip(bubbles, path.rows(pump), strict=True):
                found = turns(line, (watch.level,), stretch.at_ns, stretch.given_ml[row])
                found |= turns(line, (), stretch.at_ns, stretch.given_ml[row] - sensor.window_ml)
                about.update(ns + later_ns for ns in found)
    return first_of(lambda at_ns: watch.holds(path.seen(pump, watch.signal, at_ns)), about, begin, end)


def _between(path: NetworkPath, begin_ns: int, end_ns: int) -> list[Stretch]:
    """Every stretch, past or planned, that touches an interval."""
    found, at_ns = [], max(begin_ns, 0)
    while at_ns <= end_ns:
        stretch = path.passage(at_ns).stretch
        found.append(stretch)
        at_ns = max(int(stretch.at_ns[-1]), at_ns + 1)
    return found


def _bubble_crossing(path: NetworkPath, pump: str, watch: Watch, begin: int, end: int) -> int | None:
    """The first instant within a stretch at which the sensor ahead of the pump satisfies a watch."""
    pumping, passage = path.pumping[pump], path.passage(begin)
    i = pumping.index(str(watch.line))
    drawn, at_ns = passage.drawn_ml[path.rows(pump)[i]] / pumping.step_ml, passage.stretch.at_ns
    about: set[int] = set()
    for place in (*(edge for span in pumping.limbs[i].bubbles for edge in span), float(pumping.limbs[i].held)):
        for k in np.flatnonzero((drawn[:-1] <= place) & (drawn[1:] >= place - 1.0)).tolist():
            about.update((int(at_ns[k]), int(at_ns[k + 1])))
    return first_of(lambda ns: _holds(watch, path.read(pump, ns)), about, begin, end)


def _holds(watch: Watch, reading: SensorReading) -> bool:
    value = reading.value(watch.signal, watch.line)
    return value is not None and watch.holds(value)
