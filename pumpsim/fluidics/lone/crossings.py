"""When a watched signal first comes to its level: searched in the breakpoints, then solved within one piece.

Pressure is monotone between two breakpoints, draw and push are linear; so the first piece whose ends straddle the level
holds the crossing. The instant is rounded up to the ns at which the delivered reading satisfies the watch.
"""

from collections.abc import Callable, Iterable

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.first_holding import first_holding, first_within
from pumpsim.fluidics.lone.path import FluidPath, Planned
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.outputs import Watch


def next_crossing(path: FluidPath, watches: tuple[Watch, ...], after_ns: int, until_ns: int) -> int | None:
    """Find the first instant in (after_ns, until_ns] at which any of the watches is satisfied; None if there is none."""
    if until_ns <= after_ns:
        return None
    for planned in path.planned(after_ns + 1, until_ns):
        begin, end = max(planned.leg.start_ns, after_ns + 1), min(planned.leg.end_ns, until_ns)
        if begin > end:
            continue
        found = [at for watch in watches if (at := _in_leg(path, planned, watch, begin, end)) is not None]
        if found:
            return min(found)
    return None


def _in_leg(path: FluidPath, planned: Planned, watch: Watch, begin: int, end: int) -> int | None:
    """The first instant of ``begin`` to ``end`` within this leg."""
    if watch.signal is Signal.DISTAL_PRESSURE:
        return _pressure(path, planned, watch, begin, end)
    if watch.signal in (
        Signal.AIR_BUBBLE,
        Signal.AIR_ACCUMULATED,
        Signal.AIR_TOTAL,
    ):  # no air comes to a line of its own
        return begin if watch.holds(0.0) else None
    turns_ns = path.turns_ns
    if turns_ns is not None or watch.signal is Signal.BACKPRIMED:
        return _read(path, watch, (begin, *(at for at in turns_ns or () if begin < at < end), end))
    assert watch.line is not None
    i = path.line_index(watch.line)
    limb, step_ml = path.limb(watch.line), path.step_ml
    if watch.signal is Signal.STEPS and watch.direction in (Direction.AT_MOST, Direction.BELOW):
        return first_within(lambda at_ns: watch.holds(planned.leg.counts(at_ns)[0][i]), (begin, end))
    if planned.chunk.drawn_ml[i, -1] < planned.chunk.drawn_ml[i, 0]:  # the mechanism turns back
        return _read(path, watch, (begin, *(at for at in planned.chunk.at_ns.tolist() if begin < at < end), end))
    if watch.signal is Signal.STEPS:
        ahead = 1.0 + path.model.mechanism.cycle_steps  # counts may be ahead of what is displaced, by a cycle at most
        if (
            planned.chunk.pumped_ml[i, -1] < (watch.level - ahead) * step_ml
            or planned.leg.counts(end)[0][i] < watch.level
        ):
            return None
        return begin if planned.leg.counts(begin)[0][i] >= watch.level else planned.leg.when_pumped(i, int(watch.level))
    drawn_ml = planned.chunk.drawn_ml[i]
    if watch.signal is Signal.AIR_PROXIMAL:
        if drawn_ml[-1] < (limb.held - 1.0) * step_ml:
            return begin if watch.holds(0.0) else None
        return _drawn(
            planned,
            (i, limb.held),
            step_ml,
            (begin, end),
            lambda at_ns: watch.holds(float(planned.leg.counts(at_ns)[1][i] >= limb.held)),
        )
    if limb.clamped_at is None:
        return begin if watch.holds(limb.head_kpa) else None
    lowest, highest = (limb.pressure_kpa(float(drawn_ml[k]) / step_ml) for k in (-1, 0))
    if not watch.holds(lowest - 1e-6) and not watch.holds(highest):
        return None
    return _drawn(
        planned,
        (i, limb.drawn_at(watch.level)),
        step_ml,
        (begin, end),
        lambda at_ns: watch.holds(limb.pressure_kpa(planned.leg.volumes(at_ns)[1][i])),
    )


def _read(path: FluidPath, watch: Watch, edges: Iterable[int]) -> int | None:
    """The first instant at which a reading satisfies a watch on what runs one way between two edges."""

    def holds(at_ns: int) -> bool:
        value = path.read(at_ns).value(watch.signal, watch.line)
        return value is not None and watch.holds(value)

    return first_within(holds, edges)


def _drawn(
    planned: Planned,
    goal: tuple[int, float],
    step_ml: float,
    within: tuple[int, int],
    holds: Callable[[int], bool],
) -> int | None:
    """The first instant at which what a line has drawn, which only grows, comes to a level: ``goal`` (line, steps)."""
    line, level = goal
    begin, end = within
    if holds(begin):
        return begin
    drawn, at_ns = planned.chunk.drawn_ml[line] / step_ml, planned.chunk.at_ns
    for k in np.flatnonzero((drawn[1:] >= level - 1.0) & (drawn[1:] > drawn[:-1])).tolist():
        share = (level - float(drawn[k])) / float(drawn[k + 1] - drawn[k])
        guess = int(at_ns[k]) + round(share * int(at_ns[k + 1] - at_ns[k]))
        found = first_holding(holds, guess, max(begin, int(at_ns[k])), min(end, int(at_ns[k + 1])))
        if found is not None:
            return found
    return None


def _pressure(path: FluidPath, planned: Planned, watch: Watch, begin: int, end: int) -> int | None:
    def holds(at_ns: int) -> bool:
        return watch.holds(path.pressure_kpa(at_ns))

    chunk = planned.chunk
    at_ns, flow = chunk.at_ns, planned.flow_ml_per_h
    for k in _candidates(chunk.pressure_kpa, watch):
        low, high = max(begin, int(at_ns[k])), min(end, int(at_ns[k + 1]))
        if low > high:
            continue
        if holds(low):
            return low
        pressure = float(chunk.pressure_kpa[k])
        guess = int(at_ns[k]) + chunk.outlet.ns_until(pressure, float(flow[k]), watch.level)
        found = first_holding(holds, guess, low, high)
        if found is not None:
            return found
    return None


def _candidates(values: Floats, watch: Watch) -> Iterable[int]:
    """Pieces that begin or end on the watched side of the level."""
    if watch.direction in (Direction.AT_LEAST, Direction.ABOVE):
        if values.max() < watch.level:
            return ()
        reached = np.maximum(values[:-1], values[1:]) >= watch.level
    else:
        if values.min() > watch.level:
            return ()
        reached = np.minimum(values[:-1], values[1:]) <= watch.level
    hits: list[int] = np.flatnonzero(reached).tolist()
    return hits
