"""A network of tubes as data, the volumes that run through it, and what came of it. See ``tubes`` for what they mean."""

from dataclasses import dataclass
from itertools import pairwise
from math import inf

from pumpsim.fluidics.arrays import Floats
from pumpsim.vocabulary.path import Transport


@dataclass(frozen=True, slots=True)
class Tube:
    """A tube from a begin to an end node, at first full of one source.

    ``volume_ml``: at rest, at least 0 (0: straight through). ``tanks``: how many, with TANKS. ``spread``: with DISPERSED,
    the variance of the residence time as part of its mean squared, 2 D_eff / (u L) (``dispersion.taylor_spread``); a row of
    1/spread tanks is taken, of ``tanks`` without it. ``trap``: an air trap or drip chamber, whatever the mixing.
    ``first_ml`` of its content at the begin are at first of the source ``first``.
    """

    name: str
    begin: int
    end: int
    volume_ml: float
    filling: int
    mixing: Transport = Transport.PLUG
    tanks: int = 1
    spread: float | None = None
    trap: bool = False
    first_ml: float = 0.0
    first: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.volume_ml < inf or self.tanks < 1 or (self.spread is not None and not self.spread > 0.0):
            raise ValueError(f"{self}: volume_ml must be at least 0, tanks at least 1, spread above 0")

    @property
    def row(self) -> int:
        """How many stirred tanks it has."""
        if self.mixing is Transport.DISPERSED and self.spread is not None:
            return max(1, round(1.0 / self.spread))
        return 1 if self.mixing is Transport.MIXED else self.tanks


@dataclass(frozen=True, slots=True)
class Inlet:
    """Where fluid comes into the network. ``changes``: from so many mL in total on, this source; the first from 0.

    What runs back out of the network there comes in again first.
    """

    node: int
    changes: tuple[tuple[float, int], ...]

    def __post_init__(self) -> None:
        begins = [from_ml for from_ml, _ in self.changes]
        if not begins or begins[0] != 0.0 or any(b <= a for a, b in pairwise(begins)):
            raise ValueError(f"{self}: changes must ascend from 0.0")


@dataclass(frozen=True, slots=True)
class Site:
    """Where fluid leaves the network for good. What is drawn back there is always ``refill``."""

    node: int
    refill: int


@dataclass(frozen=True, slots=True)
class Volumes:
    """Cumulated volumes since the carriage was made, mL, at n+1 breakpoints; the first is where the last call ended (0 at
    the very first). ``tube_begin``, ``tube_end`` (tubes, n+1): from begin to end above 0; ``inlet`` (inlets, n+1): into the
    network; ``site`` (sites, n+1): out to the site."""

    tube_begin: Floats
    tube_end: Floats
    inlet: Floats
    site: Floats


@dataclass(frozen=True, slots=True)
class Outflow:
    """What has left to a site. ``knots`` (m,): ascending, k + f for the fraction f of this call's piece k. ``amounts``
    (sources, m): net mL of each source since the carriage was made, straight between knots."""

    knots: Floats
    amounts: Floats


@dataclass(frozen=True, slots=True)
class Carried:
    """What one call carried: the outflow at each site; for each tube the first knot at which there is air at its end, None
    if there is none; what has crossed the end of each gauged tube."""

    sites: tuple[Outflow, ...]
    arrived: tuple[float | None, ...]
    gauges: tuple[Outflow, ...] = ()
