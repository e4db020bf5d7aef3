"""What the clinician wants of one line, and the limits that a model sets to it.

``InfusionProgram`` cannot be built wrong in itself; ``program_faults`` and ``concurrent_faults`` say what a model holds
against it. The scenario file, the controller and the tests all ask these same functions.
"""

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from pumpsim.vocabulary.courses import H_NS, NL_NS_PER_H, Course, Demand, DoseLimit, Profile, Repeat, Stage, Stages
from pumpsim.vocabulary.library import DrugRule
from pumpsim.vocabulary.model import AtEnd, PumpModel


class LineMode(Enum):
    """How a line shares the pump with the other one."""

    SINGLE = "single"
    PIGGYBACK = "piggyback"
    CONCURRENT = "concurrent"


class Purpose(Enum):
    """What an infusion is given for, as it is documented; it changes nothing of how it is given."""

    HYDRATION = "hydration"
    THERAPEUTIC = "therapeutic"
    FLUSH = "flush"


@dataclass(frozen=True, slots=True)
class InfusionProgram:
    """Rate and volume to be infused of one line, and what happens at start and end.

    ``rate_nl_per_h`` > 0 is the rate, or with a ``course`` what ``rate_of`` makes of it; it is 0 where only doses on request
    are given. ``vtbi_nl`` None: no target, the line runs until it is stopped. ``at_end`` None: the model's own rule.
    ``ordered`` is the order as it was written (``5 mcg/kg/min, 70 kg``), for records only.

    ``first``: what is given before: a loading dose, or a bridge of the old drug; its volume comes on top of the VTBI.
    ``course``: how the rate runs in time, None for one rate. ``demand``: doses on the patient's request; ``limit``: the most
    that may be given in a window. ``drug``: the entry of the drug library that was chosen.
    ``purpose`` is for records: None: without a drug in the fluid hydration, else therapeutic.

    Raises ValueError naming every fault.
    """

    rate_nl_per_h: int
    vtbi_nl: int | None = None
    mode: LineMode = LineMode.SINGLE
    at_end: AtEnd | None = None
    start_delay_ns: int = 0
    call_back: bool = False
    ordered: str = ""
    first: Stage | None = None
    course: Course | None = None
    demand: Demand | None = None
    limit: DoseLimit | None = None
    drug: DrugRule | None = None
    purpose: Purpose | None = None

    def __post_init__(self) -> None:
        faults: list[str] = []
        may_rest = self.demand is not None or isinstance(self.course, Profile)
        if self.rate_nl_per_h < 0 or (self.rate_nl_per_h == 0 and not may_rest):
            faults.append(f"rate {format_rate(self.rate_nl_per_h)} must be above 0")
        if self.vtbi_nl is not None and self.vtbi_nl <= 0:
            faults.append(f"VTBI {format_volume(self.vtbi_nl)} must be above 0")
        if self.start_delay_ns < 0:
            faults.append("start delay must not be negative")
        if self.mode is LineMode.PIGGYBACK and self.vtbi_nl is None:
            faults.append("a piggyback needs a VTBI: it ends when its volume is in")
        if self.mode is LineMode.PIGGYBACK and self.at_end is AtEnd.CONTINUE:
            faults.append("a piggyback cannot continue at its end: the primary resumes")
        if self.first is not None and self.first.volume_nl is None:
            faults.append("a loading dose needs a volume")
        if isinstance(self.course, Stages) and self.vtbi_nl != self.course.volume_nl:
            faults.append("the VTBI of a programme of stages is that of all of them")
        faults += self._misfits()
        if faults:
            raise ValueError("; ".join(faults))

    def _misfits(self) -> list[str]:
        """What cannot be programmed together."""
        faults: list[str] = []
        course = self.course
        if course is not None and self.rate_nl_per_h != rate_of(course, self.rate_nl_per_h):
            faults.append("the rate of a programme of stages is that of its first stage")
        if isinstance(course, Repeat) and course.volume_nl * NL_NS_PER_H >= self.rate_nl_per_h * course.interval_ns:
            faults.append("a repeated dose must be over before the next begins")
        if isinstance(course, Profile) and self.vtbi_nl is not None:
            faults.append("a day's profile has no VTBI")
        if self.mode is LineMode.PIGGYBACK and (course is not None or self.demand is not None):
            faults.append("a piggyback has one rate, and no doses on request")
        if self.limit is not None and self.demand is None:
            faults.append("a dose limit belongs to doses on request")
        return faults

    @property
    def staged(self) -> bool:
        """Whether its rate depends on what it has given."""
        return self.first is not None or (self.course is not None and isinstance(self.course, Stages | Repeat))

    @property
    def highest_nl_per_h(self) -> int:
        """The highest rate that it asks for by itself."""
        rates = [self.rate_nl_per_h] + ([] if self.first is None else [self.first.rate_nl_per_h])
        match self.course:
            case Stages(stages):
                rates += [stage.rate_nl_per_h for stage in stages]
            case Profile(segments):
                rates += [segment.rate_nl_per_h for segment in segments]
        return max(rates)

    @property
    def total_nl(self) -> int | None:
        """The volume at which the programme is complete, what comes first included; None when it has no end."""
        if self.vtbi_nl is None:
            return None
        return self.vtbi_nl + ((self.first.volume_nl or 0) if self.first is not None else 0)


def rate_of(course: Course, rate_nl_per_h: int) -> int:
    """The rate that a programme with this course is written with: of the first stage; of a repeat that of its doses."""
    match course:
        case Stages():
            return course.stages[0].rate_nl_per_h
        case Profile():
            return course.segments[0].rate_nl_per_h
        case Repeat():
            return rate_nl_per_h
        case _:
            assert_never(course)


def format_rate(rate_nl_per_h: int) -> str:
    """Write a programmed rate as people do: ``13.1 mL/h``."""
    return f"{rate_nl_per_h / 1_000_000:.6f}".rstrip("0").rstrip(".") + " mL/h"


def format_volume(volume_nl: int) -> str:
    """Write a programmed volume as people do: ``400 mL``."""
    return f"{volume_nl / 1_000_000:.6f}".rstrip("0").rstrip(".") + " mL"


def rate_faults(model: PumpModel, rate_nl_per_h: int) -> tuple[str, ...]:
    """Say why the model cannot run one line at this rate; empty when it can."""
    low, high = model.rate_bands[0].low_nl_per_h, model.max_rate_nl_per_h
    if not low <= rate_nl_per_h <= high:
        return (f"rate {format_rate(rate_nl_per_h)} is outside {format_rate(low)} to {format_rate(high)}",)
    for band in model.rate_bands:
        if rate_nl_per_h <= band.high_nl_per_h and rate_nl_per_h % band.step_nl_per_h == 0:
            return ()
    step = next(band.step_nl_per_h for band in model.rate_bands if rate_nl_per_h <= band.high_nl_per_h)
    return (f"rate {format_rate(rate_nl_per_h)} is off the step of {format_rate(step)}",)


def program_faults(model: PumpModel, line: str, program: InfusionProgram) -> tuple[str, ...]:
    """Say everything that keeps the model from taking this program on this line; empty when it can."""
    faults = list(rate_faults(model, program.rate_nl_per_h)) if program.rate_nl_per_h else []
    if program.vtbi_nl is not None:
        low, high = model.vtbi_min_nl, model.vtbi_max_nl
        if not low <= program.vtbi_nl <= high:
            faults.append(
                f"VTBI {format_volume(program.vtbi_nl)} is outside {format_volume(low)} to {format_volume(high)}"
            )
        elif program.vtbi_nl % model.vtbi_step_nl and not isinstance(program.course, Stages):
            faults.append(
                f"VTBI {format_volume(program.vtbi_nl)} is off the step of {format_volume(model.vtbi_step_nl)}"
            )
    if program.mode is not LineMode.SINGLE:
        if len(model.lines) < 2 or line != model.lines[1]:
            faults.append(
                f"mode {program.mode.value} is for the secondary line of a dual-channel pump, not line {line}"
            )
        elif program.mode is LineMode.CONCURRENT and model.concurrent is None:
            faults.append(f"model {model.id} has no concurrent delivery")
    return (*faults, *course_faults(model, program))


def course_faults(model: PumpModel, program: InfusionProgram) -> tuple[str, ...]:
    """Say what the model holds against stages, repeats, profiles and doses on request; empty when nothing."""
    faults: list[str] = []
    if program.first is not None:
        faults += (f"before the programme: {fault}" for fault in rate_faults(model, program.first.rate_nl_per_h))
    match program.course:
        case Stages(stages):
            if len(stages) > model.most_stages:
                faults.append(f"{len(stages)} stages are more than the {model.most_stages} of model {model.id}")
            for n, stage in enumerate(stages, start=1):
                faults += (f"stage {n}: {fault}" for fault in rate_faults(model, stage.rate_nl_per_h))
        case Repeat(between_nl_per_h=between) if between:
            faults += (f"between doses: {fault}" for fault in rate_faults(model, between))
        case Profile(segments):
            if not model.clockwork:
                faults.append(f"model {model.id} does not go by time of day")
            for segment in segments:
                if segment.rate_nl_per_h:
                    at = format_time_of_day(segment.from_ns)
                    faults += (f"from {at}: {fault}" for fault in rate_faults(model, segment.rate_nl_per_h))
    if program.demand is not None:
        faults += bolus_faults(model, program.demand.dose_nl, None, None)
        if program.limit is not None and program.limit.volume_nl < program.demand.dose_nl:
            faults.append(f"the limit of {format_volume(program.limit.volume_nl)} is below a single dose")
    return tuple(faults)


def backprime_faults(model: PumpModel, line: str, volume_nl: int) -> tuple[str, ...]:
    """Say why a model cannot drive so much into the limb of a line; empty when it can."""
    rule = model.backpriming
    if rule is None:
        return (f"model {model.id} does not backprime",)
    faults = []
    if line == model.lines[0]:
        faults.append(f"line {line} gives the fluid: backprime line {model.lines[1]}")
    if not 0 < volume_nl <= rule.most_nl:
        faults.append(f"{volume_nl / 1e6:g} mL is not above 0 mL and up to {rule.most_nl / 1e6:g} mL")
    return tuple(faults)


def withdrawal_faults(model: PumpModel, volume_nl: int, rate_nl_per_h: int) -> tuple[str, ...]:
    """Say why a model cannot draw back so much at this rate; empty when it can."""
    if not model.withdraws:
        return (f"model {model.id} does not withdraw",)
    faults = list(rate_faults(model, rate_nl_per_h))
    if not 0 < volume_nl <= model.vtbi_max_nl:
        faults.append(f"{volume_nl / 1e6:g} mL is not above 0 mL and up to {model.vtbi_max_nl / 1e6:g} mL")
    return tuple(faults)


def bolus_faults(model: PumpModel, volume_nl: int, rate_nl_per_h: int | None, over_ns: int | None) -> tuple[str, ...]:
    """Say why the model cannot give this bolus; empty when it can. Of rate and time at most one counts."""
    if not model.bolus_nl_per_h:
        return (f"model {model.id} gives no bolus",)
    faults: list[str] = []
    if volume_nl <= 0:
        faults.append("a bolus must be above 0")
    if model.bolus_max_nl and volume_nl > model.bolus_max_nl:
        faults.append(f"bolus {format_volume(volume_nl)} is above {format_volume(model.bolus_max_nl)}")
    if rate_nl_per_h is not None and over_ns is not None:
        faults.append("a bolus has a rate or a duration, not both")
    if rate_nl_per_h is not None and not 0 < rate_nl_per_h <= model.bolus_nl_per_h:
        faults.append(
            f"bolus rate {format_rate(rate_nl_per_h)} is outside 0 mL/h to {format_rate(model.bolus_nl_per_h)}"
        )
    if over_ns is not None and not volume_nl * NL_NS_PER_H <= model.bolus_nl_per_h * over_ns:
        faults.append(f"bolus {format_volume(volume_nl)} in that time is above {format_rate(model.bolus_nl_per_h)}")
    if over_ns is not None and model.square_max_ns and over_ns > model.square_max_ns:
        faults.append(f"a bolus is given over {model.square_max_ns / H_NS:g} h at most")
    return tuple(faults)


def format_time_of_day(ns: int) -> str:
    """Write a time of day: ``22:30``."""
    minutes = ns // 60_000_000_000
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def concurrent_faults(model: PumpModel, rates_nl_per_h: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Say why these lines, given as (line, rate), cannot deliver at the same time; empty when they can."""
    if len(rates_nl_per_h) < 2:
        return ()
    limits = model.concurrent
    if limits is None:
        return (f"model {model.id} has no concurrent delivery",)
    faults = [
        f"line {line} at {format_rate(rate)} is below the concurrent floor of {format_rate(limits.floor_nl_per_h)}"
        for line, rate in rates_nl_per_h
        if rate < limits.floor_nl_per_h
    ]
    total = 0
    for _, rate in rates_nl_per_h:
        total += rate
    if total > limits.sum_nl_per_h:
        written = " + ".join(f"{line} {format_rate(rate)}" for line, rate in rates_nl_per_h)
        faults.append(
            f"{written} = {format_rate(total)} is above the concurrent limit of {format_rate(limits.sum_nl_per_h)}"
        )
    return tuple(faults)


def nearest_rate_nl_per_h(model: PumpModel, numerator: int, denominator: int) -> int:
    """Round the exact rate ``numerator / denominator`` nL/h to the model's step, half up, within the band it falls in.

    The one place where a dose becomes a rate. The result may be outside the model's range; ``rate_faults`` says so.
    """
    for band in model.rate_bands:
        step = band.step_nl_per_h
        rounded = (2 * numerator + denominator * step) // (2 * denominator * step) * step
        if rounded <= band.high_nl_per_h:
            return rounded
    return rounded
