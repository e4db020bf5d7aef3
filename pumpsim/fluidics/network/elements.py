"""What a network is made of: nodes, edges between them, plungers. Values only; ``mode`` gives them their meaning.

Pressure p is gauge pressure at the place itself; head H = p + rho g z is what drives flow. An edge obeys, with q from begin
to end,

    H_begin - H_end = R q + R_T q |q| + opening pressure (while a one-way valve lets flow pass)

and a node C dp/dt = sum of inflows. Source: PHYSICS 4.1; Philip & Philip for R_T.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the network. ``compliance`` mL/kPa, at least 0; ``height_kpa``: rho g z of the place.

    ``held_kpa``: the gauge pressure that something outside keeps here (a vein, open air), None where nothing does.
    """

    name: str
    compliance: float = 0.0
    height_kpa: float = 0.0
    held_kpa: float | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A tube, or anything else that lets fluid pass, between the nodes numbered ``begin`` and ``end``.

    ``resistance`` kPa h/mL and ``turbulent`` kPa h2/mL2, at least 0. ``valve_kpa``: opening pressure of a one-way valve in
    it, None for none. ``open`` False: clamped. ``dry_kpa``: the pressure at ``begin`` at which the container there is
    empty and nothing more passes, None for no container.
    """

    name: str
    begin: int
    end: int
    resistance: float = 0.0
    turbulent: float = 0.0
    valve_kpa: float | None = None
    open: bool = True
    dry_kpa: float | None = None


@dataclass(frozen=True, slots=True)
class Plunger:
    """The plunger of a syringe whose outlet is ``node``; ``port`` is the screw that pushes it.

    ``give`` mL/kPa: barrel, rubber and drive train. ``breakaway_kpa`` and ``coulomb_kpa``: friction over the area of
    the bore. ``stick_ml_per_h``: flow below which a sliding plunger sticks. ``backlash_ml``: what the screw turns before
    it touches the plunger. ``grip`` True: the pump also holds the plunger back; False: the fluid may pull it ahead (siphon).
    ``content_ml``: what it can give until it stands at the bottom.
    """

    node: int
    port: int
    give: float
    breakaway_kpa: float
    coulomb_kpa: float
    stick_ml_per_h: float
    backlash_ml: float
    content_ml: float
    grip: bool = True


class Stance(Enum):
    """What a plunger does. LOOSE: the screw has not touched it yet. BOTTOM: it stands at the end of the barrel."""

    LOOSE = "loose"
    STUCK = "stuck"
    FORWARD = "forward"
    BACKWARD = "backward"
    FREE = "pulled ahead"
    BOTTOM = "at the bottom"


SLIDING = (Stance.FORWARD, Stance.BACKWARD)


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that stays as it is until a disturbance. ``ports``: the nodes into which pumps deliver."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    ports: tuple[int, ...]
    plungers: tuple[Plunger, ...] = ()


@dataclass(frozen=True, slots=True)
class Switches:
    """What changes by itself: whether each edge lets flow pass, its band of flow, and each plunger's stance.

    ``bands``: signed number of the band of flow (see ``bands``); 0 for edges without a turbulent part.
    """

    passing: tuple[bool, ...]
    bands: tuple[int, ...]
    stances: tuple[Stance, ...]
