"""When a valve, a band of flow or a plunger changes its mind, and to what.

Each guard is an affine function that stays below 0 as long as things may stay as they are. ``EPSILON`` keeps a switch that
has just been made from being taken back by rounding.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics.network.bands import limits
from pumpsim.fluidics.network.elements import DRY, Plunger, Stance, Switches, Topology
from pumpsim.fluidics.network.mode import Mode, Rows, stacked

EPSILON = 1e-9
"""kPa, mL/h or mL: far below what anything here is known to."""


@dataclass(frozen=True, slots=True)
class Guards:
    """All guards of a mode as ``rows``, and the switches that each leads to."""

    rows: Rows
    then: tuple[Switches, ...]


def guards_of(topology: Topology, switches: Switches, mode: Mode) -> Guards | None:
    """List what can switch; None when nothing can."""
    parts: list[Rows] = []
    then: list[Switches] = []
    for rows, after in (
        *_valves(topology, switches, mode),
        *_bands(topology, switches, mode),
        *_containers(topology, switches, mode),
        *_stores(topology, switches, mode),
        *_plungers(topology, switches, mode),
    ):
        parts.append(rows)
        then.append(after)
    return Guards(stacked(parts), tuple(then)) if parts else None


Found = Iterator[tuple[Rows, Switches]]


def _scaled(rows: Rows, factor: float) -> Rows:
    return rows.through(np.array([[factor]]))


def _valves(topology: Topology, switches: Switches, mode: Mode) -> Found:
    for i, edge in enumerate(topology.edges):
        if edge.valve_kpa is None or not edge.open:
            continue
        passing = list(switches.passing)
        passing[i] = not passing[i]
        after = replace(switches, passing=tuple(passing))
        if switches.passing[i]:
            yield _scaled(mode.flows.take([i]), -1.0).plus(-EPSILON), after
        else:
            begin, end = mode.pressures.take([edge.begin]), mode.pressures.take([edge.end])
            step = topology.nodes[edge.begin].height_kpa - topology.nodes[edge.end].height_kpa
            yield (begin + _scaled(end, -1.0)).plus(step - edge.valve_kpa - EPSILON), after


def _bands(topology: Topology, switches: Switches, mode: Mode) -> Found:
    for i, edge in enumerate(topology.edges):
        if edge.turbulent == 0.0 or not edge.open or not switches.passing[i]:
            continue
        low, high = limits(edge, switches.bands[i])
        flow = mode.flows.take([i])
        for rows, step in ((flow.plus(-high - EPSILON), 1), (_scaled(flow, -1.0).plus(low - EPSILON), -1)):
            bands = list(switches.bands)
            bands[i] += step
            yield rows, replace(switches, bands=tuple(bands))


def _containers(topology: Topology, switches: Switches, mode: Mode) -> Found:
    for i, edge in enumerate(topology.edges):
        if edge.dry_kpa is None or not edge.open or not switches.passing[i]:
            continue
        passing = list(switches.passing)
        passing[i] = False
        begin = mode.pressures.take([edge.begin])
        yield _scaled(begin, -1.0).plus(edge.dry_kpa), replace(switches, passing=tuple(passing))


def _stores(topology: Topology, switches: Switches, mode: Mode) -> Found:
    for i, node in enumerate(topology.nodes):
        if node.store is None:
            continue
        knots, level = node.store.pressures_kpa, switches.levels[i]
        pressure = mode.pressures.take([i])
        if level == DRY:
            signs = [float(edge.end == i) - float(edge.begin == i) for edge in topology.edges]
            yield mode.flows.through(np.array([signs])).plus(-EPSILON), _at_level(switches, i, 0)
            continue
        if level < node.store.pieces - 1:
            yield pressure.plus(-knots[level + 1] - EPSILON), _at_level(switches, i, level + 1)
        if level > 0 or node.store.vented:
            yield _scaled(pressure, -1.0).plus(knots[level] - EPSILON), _at_level(switches, i, level - 1)


def _at_level(switches: Switches, node: int, level: int) -> Switches:
    return replace(switches, levels=(*switches.levels[:node], level, *switches.levels[node + 1 :]))


def _plungers(topology: Topology, switches: Switches, mode: Mode) -> Found:
    for j, (plunger, stance) in enumerate(zip(topology.plungers, switches.stances, strict=True)):
        for rows, to in _of_plunger(j, plunger, stance, mode):
            stances = list(switches.stances)
            stances[j] = to
            yield rows, replace(switches, stances=tuple(stances))


def _of_plunger(j: int, plunger: Plunger, stance: Stance, mode: Mode) -> Iterator[tuple[Rows, Stance]]:
    """The spring between screw and plunger pushes with D = w + u / give, kPa."""
    pressure, flow = mode.pressures.take([plunger.node]), mode.plunger_flows.take([j])
    less = _scaled(pressure, -1.0)
    spring = _scaled(pressure, 0.0)
    spring.given[0, plunger.port] = 1.0 / plunger.give
    spring.springs[0, j] = 1.0
    pulled = less.plus(-plunger.breakaway_kpa - EPSILON)
    sticks = plunger.breakaway_kpa > plunger.coulomb_kpa + EPSILON
    slow = plunger.stick_ml_per_h + EPSILON if sticks else -EPSILON
    if plunger.barrel_ml is not None:
        yield from _of_drawn(plunger, plunger.barrel_ml, stance, (pressure, flow, spring))
    match stance:
        case Stance.LOOSE:
            yield spring, Stance.STUCK
            if not plunger.grip:
                yield pulled, Stance.FREE
        case Stance.STUCK:
            yield (spring + less).plus(-plunger.breakaway_kpa - EPSILON), Stance.FORWARD
            yield (pressure + _scaled(spring, -1.0)).plus(-plunger.breakaway_kpa - EPSILON), Stance.BACKWARD
        case Stance.FORWARD:
            yield _given(plunger, stance, pressure).plus(-plunger.content_ml), Stance.BOTTOM
            if not plunger.grip:
                yield less.plus(-plunger.coulomb_kpa - EPSILON), Stance.FREE
            if sticks:
                yield _scaled(flow, -1.0).plus(plunger.stick_ml_per_h + EPSILON), Stance.STUCK
        case Stance.BACKWARD:
            yield flow.plus(slow), Stance.STUCK
        case Stance.FREE:
            yield _scaled(flow, -1.0).plus(plunger.stick_ml_per_h + EPSILON), Stance.LOOSE
        case _:
            pass  # of what draws back, or at the bottom for good


def _of_drawn(
    plunger: Plunger, barrel_ml: float, stance: Stance, rows: tuple[Rows, Rows, Rows]
) -> Iterator[tuple[Rows, Stance]]:
    """What comes beside, where the screw can pull: with T = D + play / give, below 0, kPa. ``rows``: pressure, flow, D."""
    pressure, flow, spring = rows
    slow = plunger.stick_ml_per_h + EPSILON if plunger.breakaway_kpa > plunger.coulomb_kpa + EPSILON else -EPSILON
    less, pull = _scaled(pressure, -1.0), spring.plus(plunger.play_ml / plunger.give)
    off, on = _scaled(spring, -1.0).plus(-EPSILON), pull.plus(-EPSILON)
    match stance:
        case Stance.LOOSE:
            yield _scaled(pull, -1.0).plus(-EPSILON), Stance.TAUT
        case Stance.STUCK:
            yield off, Stance.LOOSE
        case Stance.BACKWARD:
            yield less.plus(plunger.coulomb_kpa - EPSILON), Stance.LOOSE
        case Stance.TAUT:
            yield (pressure + _scaled(pull, -1.0)).plus(-plunger.breakaway_kpa - EPSILON), Stance.DRAWN
            yield (pull + less).plus(-plunger.breakaway_kpa - EPSILON), Stance.LET_AHEAD
            yield on, Stance.LOOSE
        case Stance.DRAWN:
            room = _scaled(_given(plunger, stance, pressure), -1.0)
            yield room.plus(plunger.content_ml - barrel_ml), Stance.OUT
            yield flow.plus(slow), Stance.TAUT
        case Stance.LET_AHEAD:
            yield _given(plunger, stance, pressure).plus(-plunger.content_ml), Stance.BOTTOM
            yield pressure.plus(plunger.coulomb_kpa - EPSILON), Stance.LOOSE
            yield _scaled(flow, -1.0).plus(slow), Stance.TAUT
        case Stance.BOTTOM:
            yield (pressure + _scaled(spring, -1.0)).plus(-plunger.breakaway_kpa - EPSILON), Stance.BACKWARD
            yield off, Stance.LOOSE
        case Stance.OUT:
            yield on, Stance.LOOSE
        case _:
            pass


def _given(plunger: Plunger, stance: Stance, pressure: Rows) -> Rows:
    """V = u - where it touches - give (p + friction): what a sliding plunger has given."""
    beside = plunger.touches_ml(stance) + plunger.give * plunger.friction_kpa(stance)
    given = _scaled(pressure, -plunger.give).plus(-beside)
    given.given[0, plunger.port] += 1.0
    return given
