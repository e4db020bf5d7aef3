"""How the rate of a line runs in time beyond one rate: stages, repeats, a day's profile; doses on request and their limits.

Values that cannot be built wrong in themselves; what a model holds against them is in ``vocabulary.program``. All rates in
nL/h, volumes in nL, times in ns.
"""

import itertools
from dataclasses import dataclass
from enum import Enum

NL_NS_PER_H = 3_600_000_000_000
"""1 nL in nL/h x ns."""
DAY_NS = 86_400_000_000_000
MOST_STAGES, MOST_SEGMENTS = 32, 48
"""Stages of a programme (10 of a multistep, a taper of 10 up, plateau, 10 down), and segments of a day."""
H_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Stage:
    """A rate until a volume is in; ``volume_nl`` None: without end. Raises ValueError unless both are above 0."""

    rate_nl_per_h: int
    volume_nl: int | None = None

    def __post_init__(self) -> None:
        if self.rate_nl_per_h <= 0:
            raise ValueError("the rate of a stage must be above 0")
        if self.volume_nl is not None and self.volume_nl <= 0:
            raise ValueError("the volume of a stage must be above 0")


def stage_over(rate_nl_per_h: int, duration_ns: int) -> Stage:
    """A stage that lasts so long: its volume is what the rate gives in that time, to the nL."""
    return Stage(rate_nl_per_h, rate_nl_per_h * duration_ns // NL_NS_PER_H)


@dataclass(frozen=True, slots=True)
class Stages:
    """Rates one after the other: multistep, ramp, taper. Only the last may be without end. Raises ValueError."""

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.stages) <= MOST_STAGES:
            raise ValueError(f"2 to {MOST_STAGES} stages are wanted, not {len(self.stages)}")
        if any(stage.volume_nl is None for stage in self.stages[:-1]):
            raise ValueError("only the last stage may be without a volume")

    @property
    def volume_nl(self) -> int | None:
        """Of all stages together; None when the last has no end."""
        total = 0
        for stage in self.stages:
            if stage.volume_nl is None:
                return None
            total += stage.volume_nl
        return total


class TaperRule(Enum):
    """How high step k of n of a ramp is: k/(n + 1), so that the plateau is the next step, or k/n, the last step on it."""

    BELOW_PLATEAU = "below-plateau"
    TO_PLATEAU = "to-plateau"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A dose every ``interval_ns``, from start to start, and ``between_nl_per_h`` between. Raises ValueError."""

    volume_nl: int
    interval_ns: int
    between_nl_per_h: int = 0

    def __post_init__(self) -> None:
        if self.volume_nl <= 0 or self.interval_ns <= 0:
            raise ValueError("volume and interval of a repeated dose must be above 0")
        if self.between_nl_per_h < 0:
            raise ValueError("the rate between doses must not be negative")


@dataclass(frozen=True, slots=True)
class Segment:
    """A rate, which may be 0, from a time of day on, ns since midnight."""

    from_ns: int
    rate_nl_per_h: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Rates by time of day; the last segment goes on over midnight to the first. Raises ValueError naming every fault."""

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        faults: list[str] = []
        starts = [segment.from_ns for segment in self.segments]
        if not 1 <= len(starts) <= MOST_SEGMENTS:
            faults.append(f"1 to {MOST_SEGMENTS} segments are wanted, not {len(starts)}")
        if any(not 0 <= start < DAY_NS for start in starts):
            faults.append("a segment begins between 00:00 and 24:00")
        if any(late <= early for early, late in itertools.pairwise(starts)):
            faults.append("each segment must begin after the one before")
        if any(segment.rate_nl_per_h < 0 for segment in self.segments):
            faults.append("a rate must not be negative")
        if starts and all(segment.rate_nl_per_h <= 0 for segment in self.segments):
            faults.append("a rate above 0 is wanted in one segment at least")
        if faults:
            raise ValueError("; ".join(faults))


Course = Stages | Repeat | Profile


class LockoutFrom(Enum):
    """From when a lockout is counted."""

    END = "end of dose"
    START = "start of dose"


class Whole(Enum):
    """What becomes of a dose for which the limit leaves only a part."""

    DENY = "deny"
    PARTIAL = "give the part"


class AtLimit(Enum):
    """What happens when the limit of a window is reached: requests are denied; beside that the line keeps open, or stops."""

    DENY = "deny requests"
    KVO = "keep open"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class DoseLimit:
    """The most that may be given in a window: ``rolling``, or fixed from the start of the programme on, one after the other.

    ``continuous``: the continuous rate counts too. Raises ValueError unless volume and window are above 0.
    """

    volume_nl: int
    window_ns: int
    rolling: bool = True
    continuous: bool = True
    part: Whole = Whole.DENY
    at_limit: AtLimit = AtLimit.DENY

    def __post_init__(self) -> None:
        if self.volume_nl <= 0 or self.window_ns <= 0:
            raise ValueError("volume and window of a dose limit must be above 0")


@dataclass(frozen=True, slots=True)
class Demand:
    """Doses on the patient's request. ``lockout_from`` None: the model's own rule. Raises ValueError."""

    dose_nl: int
    lockout_ns: int
    lockout_from: LockoutFrom | None = None

    def __post_init__(self) -> None:
        if self.dose_nl <= 0 or self.lockout_ns < 0:
            raise ValueError("a dose on request must be above 0, its lockout not negative")


def taper(
    total_nl: int,
    duration_ns: int,
    step_nl_per_h: int,
    *,
    up_ns: int,
    down_ns: int,
    steps: int = 10,
    rule: TaperRule = TaperRule.BELOW_PLATEAU,
) -> Stages:
    """Make a cyclic infusion: steps up over ``up_ns``, a plateau, steps down over ``down_ns``; ``total_nl`` in ``duration_ns``.

    Each step lasts as long as its neighbours. The plateau is the highest rate on ``step_nl_per_h`` that gives no more than
    the total, each step is rounded down to it, and the plateau's volume takes up what is left, so that the total is exact
    and the duration grows by a little. Source of the shape: PHYSICS 3.4 (Baxter Sigma Spectrum: 10 up over 10 %, 10 down).
    Raises ValueError where ramps leave no plateau.
    """
    flat_ns = duration_ns - up_ns - down_ns
    if steps < 1 or flat_ns <= 0 or up_ns < 0 or down_ns < 0:
        raise ValueError("ramps must be shorter than the whole, with one step at least")
    of = steps + 1 if rule is TaperRule.BELOW_PLATEAU else steps
    ramp = steps * (steps + 1) // 2
    weight = flat_ns * of * steps + (up_ns + down_ns) * ramp
    plateau = total_nl * NL_NS_PER_H * of * steps // weight // step_nl_per_h * step_nl_per_h
    heights = [plateau * k // of // step_nl_per_h * step_nl_per_h for k in range(1, steps + 1)]
    if plateau <= 0 or heights[0] <= 0:
        raise ValueError("the lowest step would be below the pump's rate step")
    up = [stage_over(height, up_ns // steps) for height in heights] if up_ns else []
    down = [stage_over(height, down_ns // steps) for height in reversed(heights)] if down_ns else []
    ramps = 0
    for stage in (*up, *down):
        ramps += stage.volume_nl or 0
    return Stages((*up, Stage(plateau, total_nl - ramps), *down))


def third(rate_nl_per_h: int | None, volume_nl: int | None, duration_ns: int | None) -> tuple[int, int]:
    """Give numerator and denominator, in nL/h, of the rate that volume and duration make; or of the rate itself.

    Raises ValueError unless a rate, or volume and duration, are given.
    """
    if rate_nl_per_h is not None:
        return rate_nl_per_h, 1
    if volume_nl is None or duration_ns is None or duration_ns <= 0:
        raise ValueError("a rate, or a volume and a duration above 0, are wanted")
    return volume_nl * H_NS, duration_ns
