"""What the clinician wants of one line, and the limits that a model sets to it.

``InfusionProgram`` cannot be built wrong in itself; ``program_faults`` and ``concurrent_faults`` say what a model holds
against it. The scenario file, the controller and the tests all ask these same functions.
"""

from dataclasses import dataclass
from enum import Enum

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

    ``rate_nl_per_h`` > 0. ``vtbi_nl`` None: no target, the line runs until it is stopped. ``at_end`` None: the model's
    own rule. ``ordered`` is the order as it was written (``5 mcg/kg/min, 70 kg``), for records only.
    ``purpose`` is for records too; None: without a drug in the fluid hydration, else therapeutic.

    Raises ValueError naming every fault.
    """

    rate_nl_per_h: int
    vtbi_nl: int | None = None
    mode: LineMode = LineMode.SINGLE
    at_end: AtEnd | None = None
    start_delay_ns: int = 0
    call_back: bool = False
    ordered: str = ""
    purpose: Purpose | None = None

    def __post_init__(self) -> None:
        faults: list[str] = []
        if self.rate_nl_per_h <= 0:
            faults.append(f"rate {format_rate(self.rate_nl_per_h)} must be above 0")
        if self.vtbi_nl is not None and self.vtbi_nl <= 0:
            faults.append(f"VTBI {format_volume(self.vtbi_nl)} must be above 0")
        if self.start_delay_ns < 0:
            faults.append("start delay must not be negative")
        if self.mode is LineMode.PIGGYBACK and self.vtbi_nl is None:
            faults.append("a piggyback needs a VTBI: it ends when its volume is in")
        if self.mode is LineMode.PIGGYBACK and self.at_end is AtEnd.CONTINUE:
            faults.append("a piggyback cannot continue at its end: the primary resumes")
        if faults:
            raise ValueError("; ".join(faults))


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
    faults = list(rate_faults(model, program.rate_nl_per_h))
    if program.vtbi_nl is not None:
        low, high = model.vtbi_min_nl, model.vtbi_max_nl
        if not low <= program.vtbi_nl <= high:
            faults.append(
                f"VTBI {format_volume(program.vtbi_nl)} is outside {format_volume(low)} to {format_volume(high)}"
            )
        elif program.vtbi_nl % model.vtbi_step_nl:
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
    return tuple(faults)


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
