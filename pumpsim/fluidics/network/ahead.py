"""The fluid ahead of pumps that draw from two containers, as transport sees it: tubes, inlets, and what is where.

A container is stirred and keeps air on top, as a drip chamber: it gives its fluid, then air follows. What runs back up into
it mixes with what it holds. Each limb is a tube that stays full: where fluid has left it, air is. The shared tubing holds
what has come to the meeting and not left the mechanism: the chamber, and what limbs and tubing give, are part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.network.supply import Basin, Supply
from pumpsim.fluidics.origin import Origin
from pumpsim.fluidics.transport.tubes import Inlet, Tube


@dataclass(frozen=True, slots=True)
class Filling:
    """The sources of a line with two containers, by their number: first in the limb, then in the container above it."""

    primary: tuple[int, int]
    secondary: tuple[int, int]

    @property
    def sources(self) -> tuple[int, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.primary, *self.secondary)))


def filling_of(supply: Supply, numbered: Sequence[tuple[int, Origin]]) -> Filling:
    """Find a line's sources among those of its pump, each with its number."""
    own = [i for i, origin in numbered if origin.line == supply.row]
    ends = 1 if supply.setup.limb_fluid is None else 2
    return Filling((own[0], own[ends - 1]), (own[ends], own[-1]))


def tubes_of(supply: Supply, filling: Filling, outlet: int) -> tuple[Tube, ...]:
    """Containers, limbs, and the shared tubing with the mechanism at its end, which gives to the node ``outlet``."""
    (first, second), name = supply.basins, f"{supply.pump}, line {supply.setup.line}"
    return (
        _container(first, f"primary of {name}", filling.primary[1]),
        _container(second, f"secondary of {name}", filling.secondary[1]),
        Tube(f"limb of {name}", first.node, supply.meeting, first.setup.limb_ml, filling.primary[0]),
        Tube(f"secondary limb of {name}", second.node, supply.meeting, second.setup.limb_ml, filling.secondary[0]),
        Tube(f"inlet of {name}", supply.meeting, outlet, supply.setup.shared_ml, filling.primary[0]),
    )


def vents_of(supply: Supply, air: int) -> tuple[Inlet, Inlet]:
    """Where air comes into both containers."""
    first, second = (Inlet(_top(basin), ((0.0, air),)) for basin in supply.basins)
    return first, second


def crossed(supply: Supply, through: Floats, pumped: Floats) -> tuple[Floats, Floats, Floats]:
    """What has crossed the begin and the end of each of the tubes, (5, n), and the vents, (2, n).

    ``through`` (edges, n); ``pumped`` (n,). Air comes into a container when it has given all that it had, and never leaves
    it by the top: what comes back up the limb stays there.
    """
    limbs = through[[basin.edge for basin in supply.basins]]
    had = np.array([[basin.setup.container_ml] for basin in supply.basins])
    air = np.maximum.accumulate(np.maximum(limbs - had, 0.0), axis=1)
    return np.vstack([air, limbs, limbs.sum(axis=0)]), np.vstack([limbs, limbs, pumped]), air


def _top(basin: Basin) -> int:
    """A node of transport's own, above a container."""
    return -1 - basin.node


def _container(basin: Basin, name: str, filling: int) -> Tube:
    return Tube(name, _top(basin), basin.node, basin.setup.container_ml, filling, trap=True)
