"""A container of a network that is changed: the syringe on a screw, the bag of a drip. What it does to the state.

A syringe is pushed with D = (u - backlash - V) / give, u what the screw has turned and V what has left, both since power-on.
So a fresh one is the same plunger with another backlash: that by which its own play comes out, or its own tension.
Nothing of the line's fluid goes with the old one: the spring between screw and plunger holds none.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.network.elements import Stance
from pumpsim.fluidics.network.plumbing import LEVEL_CM, Member, Plumbing, head_kpa, with_node
from pumpsim.fluidics.network.state import State, changed, resumed
from pumpsim.vocabulary.disturbances import Change

T = TypeVar("T")


def with_container(
    state: State, laid: Plumbing, where: tuple[Member, int | None], change: Change, given: Floats
) -> State:
    """Put another container where a pump has one: on its screw (``where``: the pump and its plunger, None for none), over a
    drip, or at another height over a mechanism that leaks. Any other container is known to its limb alone."""
    member, plunger = where
    if plunger is not None:
        play_ml = laid.topology.plungers[plunger].backlash_ml
        return with_syringe(state, plunger, play_ml, change, laid.way_of(member.id), given)
    if member.id in laid.clamp_of:
        level_kpa = head_kpa(member.density, LEVEL_CM)
        return with_bag(state, laid.clamp_of[member.id], (change.container_ml, level_kpa, change.head_kpa), given)
    if member.id in laid.back_leak_of and change.head_kpa is not None:
        topology = state.regime.topology
        inlet = topology.edges[laid.back_leak_of[member.id]].end
        topology = with_node(topology, inlet, replace(topology.nodes[inlet], held_kpa=change.head_kpa))
        return changed(state, topology, np.zeros(len(topology.ports)), given)
    return state


def with_syringe(
    state: State, plunger: int, play_ml: float, change: Change, way: Sequence[int], given: Floats
) -> State:
    """Put a fresh syringe of the same type on a screw. ``play_ml``: what the screw turns before it touches the plunger.

    What handling pushes goes through the edges of ``way`` to the patient: it is slow against the line. Where the way is
    shut it is stored behind the pump, and where nothing gives there, nothing can be pushed.
    """
    topology, switches = state.regime.topology, state.regime.switches
    old = topology.plungers[plunger]
    pressures = state.pressures(np.zeros(len(topology.ports)), given)
    plunged, springs, through = state.plunged_ml.copy(), state.springs.copy(), state.through_ml.copy()
    gives, before, pushed = float(state.regime.mode.own[old.node]), float(plunged[plunger]), change.bolus_ml
    if all(topology.edges[i].open and (topology.edges[i].valve_kpa is None or pushed > 0.0) for i in way):
        through[list(way)] += pushed
    elif gives > 0.0:
        pressures[old.node] += pushed / gives
    else:
        pushed = 0.0
    slack = -old.give * old.coulomb_kpa if change.purged else play_ml
    backlash = float(given[old.port]) + slack - before - pushed
    new = replace(old, backlash_ml=backlash, content_ml=before + change.container_ml)
    plunged[plunger], springs[plunger] = before + pushed, -(backlash + before + pushed) / new.give
    stance = Stance.LOOSE if slack > 0.0 else Stance.STUCK
    return resumed(
        replace(state, springs=springs, plunged_ml=plunged, through_ml=through),
        replace(topology, plungers=_with(topology.plungers, plunger, new)),
        replace(switches, stances=_with(switches.stances, plunger, stance)),
        pressures,
        given,
    )


def with_bag(state: State, clamp: int, bag: tuple[float, float, float | None], given: Floats) -> State:
    """Hang a full bag over a drip; its clamp stays as it is set.

    ``bag``: its content (mL), how high that stands above its outlet (kPa), and the head of the surface, None for as before.
    """
    topology, switches = state.regime.topology, state.regime.switches
    pressures = state.pressures(np.zeros(len(topology.ports)), given)
    volume_ml, level_kpa, surface_kpa = bag
    i = topology.edges[clamp].begin
    node = replace(topology.nodes[i], compliance=volume_ml / level_kpa)
    if surface_kpa is not None:
        node = replace(node, height_kpa=surface_kpa - level_kpa)
    pressures[i] = level_kpa
    passing = _with(switches.passing, clamp, True)
    return resumed(state, with_node(topology, i, node), replace(switches, passing=passing), pressures, given)


def _with(values: tuple[T, ...], i: int, value: T) -> tuple[T, ...]:
    return (*values[:i], value, *values[i + 1 :])
