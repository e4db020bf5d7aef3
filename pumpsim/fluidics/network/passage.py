"""A part of what a network did or is planned to do, and what can be read from it."""

from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.network.aboard import Aboard
from pumpsim.fluidics.network.course import Stretch
from pumpsim.fluidics.network.elements import SLIDING, Stance
from pumpsim.fluidics.network.mode import Rows
from pumpsim.fluidics.network.plumbing import (
    Plumbing,
)
from pumpsim.fluidics.outlet import NS_PER_H


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """A stretch with what the motors have drawn from their limbs by its breakpoints, (ports, n+1), mL.

    ``aboard``: while it is planned, what air there is at its begin, None for none.
    """

    stretch: Stretch
    drawn_ml: Floats
    aboard: Aboard | None = None


def sensor_row(laid: Plumbing, pump: str, stretch: Stretch) -> Rows:
    """The pressure that a pump measures, as a row: that behind it, or the force on its plunger over the area."""
    node = laid.node_of[pump]
    row = stretch.mode.pressures.take([node])
    for j, (plunger, stance) in enumerate(
        zip(laid.topology.plungers, stretch.begin.regime.switches.stances, strict=True)
    ):
        if plunger.node != node:
            continue
        if stance is Stance.DRAWN:
            row = row.plus(-2.0 * plunger.coulomb_kpa)
        if stance in SLIDING:
            continue
        row = row.through(np.zeros((1, 1))).plus(-plunger.coulomb_kpa)
        if stance in (Stance.STUCK, Stance.BOTTOM, Stance.TAUT):
            row.given[0, plunger.port] = 1.0 / plunger.give
            row.springs[0, j] = 1.0
        if stance is Stance.TAUT:
            row = row.plus(plunger.play_ml / plunger.give)
    return row


def through_ml(stretch: Stretch, piece: int, hours: float) -> Floats:
    """What has passed each edge by an instant within a piece, (edges,)."""
    before = np.arange(piece)
    through: Floats = stretch.begin.through_ml.copy()
    if piece:
        through = through + stretch.through(stretch.mode.flows, before, stretch.hours[:piece]).sum(axis=1)
    inside: Floats = stretch.through(stretch.mode.flows, np.array([piece]), np.array([hours]))[:, 0]
    return through + inside


def cut(passage: Passage, at_ns: int) -> Passage:
    """The part of a passage that lies before an instant within it."""
    stretch = passage.stretch
    n = int(stretch.at_ns.searchsorted(at_ns, side="left"))
    hours = np.array([(at_ns - int(stretch.at_ns[n - 1])) / NS_PER_H])
    modes, _, given = stretch._at(np.array([n - 1]), hours)
    share = (at_ns - int(stretch.at_ns[n - 1])) / float(stretch.at_ns[n] - stretch.at_ns[n - 1])
    drawn = passage.drawn_ml[:, n - 1 : n] + (passage.drawn_ml[:, n : n + 1] - passage.drawn_ml[:, n - 1 : n]) * share
    return Passage(
        Stretch(
            stretch.begin,
            np.append(stretch.at_ns[:n], at_ns),
            np.concatenate([stretch.given_ml[:, :n], given], axis=1),
            np.concatenate([stretch.modes[:, :n], modes], axis=1),
        ),
        np.concatenate([passage.drawn_ml[:, :n], drawn], axis=1),
    )
