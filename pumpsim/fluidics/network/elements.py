"""What a network is made of: nodes, edges between them, plungers. Values only; ``mode`` gives them their meaning.

Pressure p is gauge pressure at the place itself; head H = p + rho g z is what drives flow. An edge obeys, with q from begin
to end,

    H_begin - H_end = R q + R_T q |q| + opening pressure (while a one-way valve lets flow pass)

and a node C dp/dt + dV(p)/dt = sum of inflows, V(p) being its store. Source: PHYSICS 4.1; Philip & Philip for R_T.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

DRY = -1
"""The piece of a vented store that has run empty."""


@dataclass(frozen=True, slots=True)
class Store:
    """What a place holds beside its compliance, in straight pieces: at ``pressures_kpa`` (n >= 2, ascending, gauge) it holds
    ``volumes_ml`` (not descending); below the first and above the last knot the piece there goes on.

    A bag above its tubing is one, and so is air that is squeezed (Boyle's law in chords). ``vented``: at the first knot it is
    empty, and air follows: the pressure stays there. Raises ValueError for others.
    """

    pressures_kpa: tuple[float, ...]
    volumes_ml: tuple[float, ...]
    vented: bool = False

    def __post_init__(self) -> None:
        rising = all(b > a for a, b in pairwise(self.pressures_kpa))
        filling = all(b >= a for a, b in pairwise(self.volumes_ml))
        if len(self.pressures_kpa) < 2 or len(self.pressures_kpa) != len(self.volumes_ml) or not (rising and filling):
            raise ValueError(f"{self}: two knots at least, pressures ascending, volumes not descending")

    @property
    def pieces(self) -> int:
        """How many straight pieces there are."""
        return len(self.pressures_kpa) - 1

    def piece_at(self, pressure_kpa: float) -> int:
        """The piece that holds at a pressure."""
        return min(max(bisect_right(self.pressures_kpa, pressure_kpa) - 1, 0), self.pieces - 1)

    def at(self, pressure_kpa: float) -> float:
        """What it holds at a pressure, mL."""
        slope, offset = self.law(self.piece_at(pressure_kpa))
        return slope * pressure_kpa + offset

    def law(self, piece: int) -> tuple[float, float]:
        """Slope (mL/kPa) and offset (mL) of a piece: V = slope p + offset. Dry, it holds what the first knot says."""
        p, v = self.pressures_kpa, self.volumes_ml
        if piece == DRY:
            return 0.0, v[0]
        slope = (v[piece + 1] - v[piece]) / (p[piece + 1] - p[piece])
        return slope, v[piece] - slope * p[piece]


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the network. ``compliance`` mL/kPa, at least 0; ``height_kpa``: rho g z of the place.

    ``held_kpa``: the gauge pressure that something outside keeps here (a vein, open air), None where nothing does.
    ``store``: what it holds beyond its compliance, None for nothing.
    """

    name: str
    compliance: float = 0.0
    height_kpa: float = 0.0
    held_kpa: float | None = None
    store: Store | None = None


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
    ``content_ml``: what it can give until it stands at the bottom. ``barrel_ml``: what the barrel holds, of a pump that
    draws back by order, None of others: there the screw lets go of the plunger, turns through ``play_ml``, and pulls it.
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
    barrel_ml: float | None = None
    play_ml: float = 0.0

    def touches_ml(self, stance: "Stance") -> float:
        """What the screw has turned, less what the plunger has given, where it touches with no force: pushing, or pulling."""
        return self.backlash_ml - self.play_ml if stance in PULLED else self.backlash_ml

    def friction_kpa(self, stance: "Stance") -> float:
        """By how much the spring pushes a sliding plunger harder than the pressure does."""
        return self.coulomb_kpa if stance in (Stance.FORWARD, Stance.LET_AHEAD) else -self.coulomb_kpa


class Stance(Enum):
    """What a plunger does. LOOSE: the screw does not touch it. TAUT, DRAWN and LET_AHEAD are to a pulling screw what STUCK,
    BACKWARD and FORWARD are to one that pushes. BOTTOM: it stands at the end of the barrel. OUT: at its other end; what the
    screw draws back further has to be pushed back before it slides again."""

    LOOSE = "loose"
    STUCK = "stuck"
    FORWARD = "forward"
    BACKWARD = "backward"
    TAUT = "taut"
    DRAWN = "drawn back"
    LET_AHEAD = "let ahead"
    FREE = "pulled ahead"
    BOTTOM = "at the bottom"
    OUT = "drawn out"


PULLED = (Stance.TAUT, Stance.DRAWN, Stance.LET_AHEAD)
SLIDING = (Stance.FORWARD, Stance.BACKWARD, Stance.DRAWN, Stance.LET_AHEAD)


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that stays as it is until a disturbance. ``ports``: the nodes into which pumps deliver."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    ports: tuple[int, ...]
    plungers: tuple[Plunger, ...] = ()


@dataclass(frozen=True, slots=True)
class Switches:
    """What changes by itself: whether each edge lets flow pass, its band of flow, each plunger's stance, each store's piece.

    ``bands``: signed number of the band of flow (see ``bands``); 0 for edges without a turbulent part. ``levels``: of each
    node, 0 for those without a store, ``DRY`` for a vented one that is empty.
    """

    passing: tuple[bool, ...]
    bands: tuple[int, ...]
    stances: tuple[Stance, ...]
    levels: tuple[int, ...]
