"""What a type of pump can do, as data: a row of the catalogue, composed from a mechanism and limits.

A model decides nothing. Each figure has an entry in ``sources``; one whose entry is missing or begins with
``unverified`` counts as unverified and is named in every report that used it.
"""

from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.alarms import AlarmCondition


class Drive(Enum):
    """How the mechanism moves fluid."""

    STROKES = "strokes"
    SMOOTH = "smooth"


class Interleave(Enum):
    """How a cycle is shared by two lines: each cycle draws from both, or each from one."""

    WITHIN_CYCLE = "within-cycle"
    WHOLE_STROKE = "whole-stroke"


class InnerFlow(Enum):
    """How the shares of one cycle leave the pumping chamber: one after the other, or mixed."""

    IN_ORDER = "in-order"
    MIXED = "mixed"


class AtEnd(Enum):
    """What a line does when its volume to be infused (VTBI) is in."""

    KVO = "kvo"
    CONTINUE = "continue"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The moving part: one chamber that is filled from the lines and emptied into the common line.

    ``step_fl``: volume of a motor step in fL. ``cycle_steps``: steps of one full stroke (1 for the smooth drive).
    ``fill_ppm``: share of a cycle's time that filling takes, in parts per million. ``catch_up_ppm``: by how
    much a cycle may be hurried when the pumped volume is behind the owed one, in parts per million.
    """

    drive: Drive
    step_fl: int
    cycle_steps: int
    fill_ppm: int = 0
    catch_up_ppm: int = 0
    interleave: Interleave = Interleave.WITHIN_CYCLE
    inner_flow: InnerFlow = InnerFlow.IN_ORDER

    @property
    def cycle_fl(self) -> int:
        """Volume of one full pumping cycle, fL."""
        return self.step_fl * self.cycle_steps


@dataclass(frozen=True, slots=True)
class RateBand:
    """Rates from ``low`` to ``high`` inclusive, settable in multiples of ``step``; all in nL/h."""

    low_nl_per_h: int
    high_nl_per_h: int
    step_nl_per_h: int


@dataclass(frozen=True, slots=True)
class ConcurrentLimits:
    """What two lines may be asked for at once: a floor for each and a ceiling for the sum, nL/h."""

    floor_nl_per_h: int
    sum_nl_per_h: int


@dataclass(frozen=True, slots=True)
class Sourced:
    """Where a figure of the model comes from; ``value`` is how a reader would write it, with its unit."""

    figure: str
    value: str
    source: str

    @property
    def verified(self) -> bool:
        """Whether the figure was read in the source that it names."""
        return not self.source.startswith("unverified")


@dataclass(frozen=True, slots=True)
class PumpModel:
    """A type of pump: lines, mechanism, limits, alarm rows and the source of each figure.

    The first line is the primary, the second (if any) the secondary. ``rate_bands`` ascend and do not overlap.
    ``occlusion_range_kpa``: the settable distal limit, lowest and highest. ``near_end_ns``: how long before the VTBI is
    in the near-end condition is raised.
    """

    id: str
    title: str
    lines: tuple[str, ...]
    mechanism: Mechanism
    rate_bands: tuple[RateBand, ...]
    vtbi_min_nl: int
    vtbi_max_nl: int
    vtbi_step_nl: int
    kvo_nl_per_h: int
    at_end: AtEnd
    near_end_ns: int
    occlusion_range_kpa: tuple[float, float]
    alarms: tuple[AlarmCondition, ...]
    sources: tuple[Sourced, ...]
    concurrent: ConcurrentLimits | None = None

    @property
    def max_rate_nl_per_h(self) -> int:
        """The highest rate of one line."""
        return self.rate_bands[-1].high_nl_per_h
