"""A network at an instant, and how it goes over from one mode to the next without losing a microlitre."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.network.elements import SLIDING, Plunger, Stance, Switches, Topology
from pumpsim.fluidics.network.guards import Guards, guards_of
from pumpsim.fluidics.network.mode import Mode, Rows, mode_of

MOST_SWITCHES = 200
"""Switches in one instant beyond which the last ones stand: two valves that cannot agree."""

ROUNDING_ML = 1e-12
"""By how much what has been given may come out too low."""


@dataclass(frozen=True, slots=True, eq=False)
class Regime:
    """A topology in one set of switches, solved, with its guards."""

    topology: Topology
    switches: Switches
    mode: Mode
    guards: Guards | None


@lru_cache(maxsize=4096)
def regime_of(topology: Topology, switches: Switches) -> Regime:
    """Solve once for each set of switches. Raises ValueError as ``mode_of`` does."""
    mode = mode_of(topology, switches)
    return Regime(topology, switches, mode, guards_of(topology, switches, mode))


def at_first(topology: Topology, pressures: Floats) -> Switches:
    """Valves open where these pressures open them, flow in the middle band, plungers not yet touched, unless there is
    nothing to be taken up."""
    heads = [kpa + node.height_kpa for node, kpa in zip(topology.nodes, pressures.tolist(), strict=True)]
    return Switches(
        tuple(
            edge.valve_kpa is None or heads[edge.begin] - heads[edge.end] >= edge.valve_kpa for edge in topology.edges
        ),
        tuple(0 for _ in topology.edges),
        tuple(Stance.LOOSE if plunger.backlash_ml > 0.0 else Stance.STUCK for plunger in topology.plungers),
        _levels(topology, pressures),
    )


def _levels(topology: Topology, pressures: Floats) -> tuple[int, ...]:
    """The piece of each node's store that holds at these pressures."""
    return tuple(
        0 if node.store is None else node.store.piece_at(kpa)
        for node, kpa in zip(topology.nodes, pressures.tolist(), strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A network at an instant: ``modes`` (k,) and ``springs`` w (plungers,). ``through_ml`` (edges,) and ``plunged_ml``
    (plungers,): what has passed each edge, and left each syringe, since power-on."""

    regime: Regime
    modes: Floats
    springs: Floats
    through_ml: Floats
    plunged_ml: Floats

    def value(self, rows: Rows, flows: Floats, given: Floats) -> Floats:
        """Evaluate rows now, with the flows that pumps deliver and what they have delivered."""
        value: Floats = (
            rows.modes @ self.modes
            + rows.flows @ flows
            + rows.given @ given
            + rows.springs @ self.springs
            + rows.constant
        )
        return value

    def pressures(self, flows: Floats, given: Floats) -> Floats:
        """Gauge pressure of every node."""
        return self.value(self.regime.mode.pressures, flows, given)


def begin(topology: Topology, pressures: Floats, ports: int) -> State:
    """Start a network at given node pressures (nodes,), with nothing delivered yet."""
    springs = np.array([-plunger.backlash_ml / plunger.give for plunger in topology.plungers])
    blank = State(
        regime_of(topology, at_first(topology, pressures)),
        np.zeros(0),
        springs,
        np.zeros(len(topology.edges)),
        np.zeros(len(topology.plungers)),
    )
    return _entered(blank, blank.regime, pressures, (_node_pressures(topology, pressures), np.zeros(ports)))


def changed(state: State, topology: Topology, flows: Floats, given: Floats) -> State:
    """Go over to another topology with the same nodes and edges: what compliance stores stays, save where it must not.

    An edge that is a container's and has run dry stays so until its ``dry_kpa`` changes.
    """
    old = state.regime
    passing = tuple(
        True if edge.dry_kpa is None and edge.valve_kpa is None else was or edge.dry_kpa != before.dry_kpa
        for was, edge, before in zip(old.switches.passing, topology.edges, old.topology.edges, strict=True)
    )
    pressures = state.pressures(flows, given)
    switches = replace(old.switches, passing=passing, levels=_levels(topology, pressures))
    return _entered(state, regime_of(topology, switches), pressures, (_node_pressures(topology, pressures), given))


def resumed(state: State, topology: Topology, switches: Switches, pressures: Floats, given: Floats) -> State:
    """Go on from these pressures in another topology and other switches, whatever was stored before: not by itself."""
    regime = regime_of(topology, replace(switches, levels=_levels(topology, pressures)))
    return _entered(replace(state, regime=regime), regime, pressures, (_node_pressures(topology, pressures), given))


def settled(state: State, flows: Floats, given: Floats) -> State:
    """Let everything switch that must switch at this instant."""
    state = _caught(state, flows, given)
    seen: set[Switches] = {state.regime.switches}
    for _ in range(MOST_SWITCHES):
        guards = state.regime.guards
        if guards is None:
            return state
        due = np.flatnonzero(state.value(guards.rows, flows, given) >= 0.0)
        after = next((guards.then[i] for i in due if guards.then[i] not in seen), None)
        if after is None:
            return state
        seen.add(after)
        state = switched(state, after, flows, given)
    return state


def _caught(state: State, flows: Floats, given: Floats) -> State:
    """Let plungers that were pulled ahead stand where there is nothing left, or where they are held again."""
    stances = state.regime.switches.stances
    plungers = state.regime.topology.plungers
    now = tuple(
        _after_pull(plunger, float(plunged)) if stance is Stance.FREE else stance
        for stance, plunger, plunged in zip(stances, plungers, state.plunged_ml, strict=True)
    )
    return state if now == stances else switched(state, replace(state.regime.switches, stances=now), flows, given)


def _after_pull(plunger: Plunger, plunged_ml: float) -> Stance:
    if plunged_ml >= plunger.content_ml - ROUNDING_ML:
        return Stance.BOTTOM
    return Stance.LOOSE if plunger.grip else Stance.FREE


def switched(state: State, switches: Switches, flows: Floats, given: Floats) -> State:
    """Go over to other switches of the same topology."""
    topology = state.regime.topology
    pressures = state.pressures(flows, given)
    springs, pushes = state.springs.copy(), _node_pressures(topology, pressures)
    was, now = state.regime.switches.stances, switches.stances
    for j, plunger in enumerate(topology.plungers):
        if was[j] is now[j]:
            continue
        if was[j] in SLIDING or was[j] is Stance.FREE:
            springs[j] = -(plunger.backlash_ml + float(state.plunged_ml[j])) / plunger.give
        if now[j] in SLIDING:
            turned_ml = float(given[plunger.port]) + (plunger.backlash_ml - plunger.touches_ml(now[j]))
            pushes[j] = springs[j] + turned_ml / plunger.give - plunger.friction_kpa(now[j])
    return _entered(replace(state, springs=springs), regime_of(topology, switches), pressures, (pushes, given))


def plunged_ml(state: State, pressures: Floats, given: Floats) -> Floats:
    """What each plunger has given since power-on: from the pressure while it slides, else as it was."""
    plunged = state.plunged_ml.copy()
    for j, (plunger, stance) in enumerate(
        zip(state.regime.topology.plungers, state.regime.switches.stances, strict=True)
    ):
        if stance in SLIDING:
            spring = float(pressures[plunger.node]) + plunger.friction_kpa(stance)
            plunged[j] = float(given[plunger.port]) - plunger.touches_ml(stance) - plunger.give * spring
    return plunged


def _node_pressures(topology: Topology, pressures: Floats) -> Floats:
    """The pressure at each plunger."""
    at: Floats = pressures[[plunger.node for plunger in topology.plungers]]
    return at


def _entered(state: State, regime: Regime, pressures: Floats, pushed: tuple[Floats, Floats]) -> State:
    """Begin a mode: places that are one now share what they store; what moves for it is counted.

    ``pushed``: the pressure that each sliding plunger's spring would make by itself, and what the pumps have delivered.
    """
    mode, topology, old = regime.mode, regime.topology, state.regime.mode
    pushes, given = pushed
    alone = _alone(old, mode, pressures)
    after = mode.share @ np.concatenate([alone, pushes]) + mode.share_lift
    entered = replace(state, regime=regime, modes=mode.into @ (after + mode.rise))
    plunged = plunged_ml(entered, after, given)
    surplus = mode.own * (alone - after)
    for j, plunger in enumerate(topology.plungers):
        surplus[plunger.node] += plunged[j] - state.plunged_ml[j]
    return replace(entered, through_ml=state.through_ml + mode.tree @ surplus, plunged_ml=plunged)


def _alone(old: Mode, new: Mode, pressures: Floats) -> Floats:
    """The pressures at which each node by itself would hold, by the new mode, what it holds by the old one."""
    same = (new.own == 0.0) | ((old.own == new.own) & (old.offset == new.offset))
    held = old.own * pressures + old.offset
    alone: Floats = np.where(same, pressures, (held - new.offset) / np.where(new.own > 0.0, new.own, 1.0))
    return alone
