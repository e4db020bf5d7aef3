"""One syringe of a laboratory pump: what was set for it, and how that becomes programs of the pump behind it.

The diameter that was set is what such a pump reckons with: it drives the plunger by rate / (area of that diameter). So a
wrong diameter gives a wrong flow here too: everything that goes to the pump is multiplied by (area of its syringe / area set),
everything that comes from it is divided by that. What has been pumped, and for how long, is what the pump itself did.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from firmware_bridge.protocols._harvard_quantities import Amount, rate_amount
from firmware_bridge.virtual_pump.world import LineLook, Look, PumpPort, refusals
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import NL_NS_PER_H, Stage, Stages
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, OperatorCommand, Start, Stop, Titrate
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram

FL_PER_MM2_NM = 1_000
"""1 mm2 x 1 nm."""
SAME_AREA = 3e-5
"""Areas that differ by less are one: a diameter is written with four decimals."""
ALREADY, OUT_OF_RANGE, STALLED, OFF = "Pump already running", "Rate out of range", "Pump stalled", "Pump is off"
TOO_SHORT, RUNNING = "Ramp out of range", "Pump is running"


@dataclass(frozen=True, slots=True)
class Travel:
    """How slowly and how fast a pump drives a plunger, um/min."""

    low_um_per_min: Fraction
    high_um_per_min: Fraction


@dataclass(frozen=True, slots=True)
class Ramp:
    """From one rate to another, in so long."""

    start: Amount
    end: Amount
    over_ns: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What is set for a syringe. ``maker`` empty: the diameter was set as a number. ``ramp``: in place of ``infuse``."""

    diameter_mm: Fraction
    maker: str
    syringe: Amount
    infuse: Amount
    withdraw: Amount
    target: Amount | None = None
    target_ns: int | None = None
    ramp: Ramp | None = None
    force: int = 100


class Channel:
    """A syringe of a pump. ``holds``: whether the rate at a ramp's end goes on; else the pump stops there."""

    def __init__(self, port: PumpPort, travel: Travel, syringe: tuple[str, Amount], *, holds: bool = True) -> None:
        self.port, self._travel, self._holds = port, travel, holds
        self._line = port.model.lines[0]
        self._true_mm2 = _bore_mm2(port)
        maker, volume = syringe
        diameter = (
            Fraction(10) if self._true_mm2 is None else Fraction(f"{2 * math.sqrt(self._true_mm2 / math.pi):.4f}")
        )
        rate = Amount(Fraction(1), "ml/min")
        self.settings = self.stored = Settings(diameter, maker, volume, rate, rate)
        look = port.look()
        self._at_ns, self._running = look.at_ns, False
        self._before_nl, self._from_nl = 0.0, 0
        self.infused_ns = 0
        self.reached = self.off = False
        if rate.nl > self.limits[1]:
            self.settings = self.stored = replace(self.settings, infuse=self.high, withdraw=self.high)
        self.follow()

    @property
    def running(self) -> bool:
        """Whether the pump delivers."""
        return self._look_line().state.delivering

    @property
    def stalled(self) -> bool:
        """Whether an alarm condition has stopped it."""
        return self._look_line().state is LineState.ALARM

    @property
    def limits(self) -> tuple[Fraction, Fraction]:
        """The lowest and the highest rate with this diameter, nL/h: of the drive, and within what the pump can be set to."""
        model, scale = self.port.model, Fraction(self._scale)
        low = Fraction(model.rate_bands[0].low_nl_per_h) / scale
        high = Fraction(model.max_rate_nl_per_h) / scale
        if self._true_mm2 is None:
            return low, high
        area = Fraction(_area_mm2(self.settings.diameter_mm))
        return max(low, self._travel.low_um_per_min * area * 60), min(high, self._travel.high_um_per_min * area * 60)

    @property
    def low(self) -> Amount:
        """The lowest rate, as it is written."""
        return rate_amount(self.limits[0])

    @property
    def high(self) -> Amount:
        """The highest rate, as it is written."""
        return rate_amount(self.limits[1])

    def takes(self, rate: Amount) -> bool:
        """Whether a rate is within the limits."""
        low, high = self.limits
        return low <= rate.nl <= high

    @property
    def infused_nl(self) -> float:
        """What has been infused since it was cleared, as the diameter that is set makes of it."""
        return self._before_nl + (self._look_line().pumped_nl - self._from_nl) / self._scale

    @property
    def rate_nl_per_h(self) -> float:
        """What it infuses at now."""
        line = self._look_line()
        return line.rate_nl_per_h / self._scale if line.state.delivering else 0.0

    def clear_volume(self) -> str:
        """Count what is infused anew; why not, or nothing."""
        counts = self.settings.target is not None
        if refused := self._ramping(counts):
            return refused
        self._before_nl, self._from_nl = 0.0, self._look_line().pumped_nl
        self.reached = False
        return self._again(counts)

    def clear_time(self) -> str:
        """Count how long it has infused anew; why not, or nothing."""
        counts = self.settings.target_ns is not None
        if refused := self._ramping(counts):
            return refused
        self.infused_ns = 0
        self.reached = False
        return self._again(counts)

    def set(self, settings: Settings) -> str:
        """Keep other settings; why not, or nothing. A new target, or none, has not been reached."""
        old = self.settings
        aims = (old.target, old.target_ns) != (settings.target, settings.target_ns)
        if refused := self._ramping(aims):
            return refused
        if settings.diameter_mm != old.diameter_mm:
            self._before_nl, self._from_nl = self.infused_nl, self._look_line().pumped_nl
        self.settings = settings
        self.reached = self.reached and not aims
        if refused := self._again(aims):
            self.settings = old
        return refused

    def set_rate(self, rate: Amount) -> str:
        """Infuse at another rate, at once if it runs; why not, or nothing."""
        before = self.settings
        if refused := self._ramping(True):
            return refused
        self.settings = replace(before, infuse=rate, ramp=None)
        if self.running and before.target_ns is None:
            refused = self._order(Titrate(self._line, self._to_pump(rate.nl)))
        else:
            refused = self._again(True)
        if refused:
            self.settings = before
        return refused

    def obstacle(self) -> str:
        """Why it cannot begin to infuse now; empty when it can."""
        look = self.port.look()
        if look.off:
            return OFF
        if look.line(self._line).state.delivering:
            return ALREADY
        ramp = self.settings.ramp
        if not all(self.takes(rate) for rate in ((ramp.start, ramp.end) if ramp else (self.settings.infuse,))):
            return OUT_OF_RANGE
        return STALLED if self._stops(look) else ""

    def run(self) -> str:
        """Infuse up to the target, if there is one; why not, or nothing. A target that is reached already stays so."""
        if (reason := self.obstacle()) or self.reached:
            return reason
        return self._begin()

    def stop(self) -> str:
        """Stop; nothing when it stands already."""
        return self._order(Stop(self._line)) if self.running else ""

    def follow(self) -> bool:
        """Take note of what the pump has done up to now; whether it has stopped by itself since the last time."""
        look = self.port.look()
        line = look.line(self._line)
        if self._running:
            self.infused_ns += look.at_ns - self._at_ns
        stopped = self._running and not line.state.delivering
        self.reached = (self.reached and not line.state.delivering) or (stopped and line.state is LineState.COMPLETE)
        self._at_ns, self._running = look.at_ns, line.state.delivering
        if look.off or any(found.alarm is AlarmId.POWER_LOST for found in look.standing):
            self._forget(look)
            return False
        self.off = False
        return stopped

    def _forget(self, look: Look) -> None:
        """Power is gone, or is back: what is not stored is lost, and so are counts."""
        self.off, self.reached, self._running = look.off, False, False
        self.settings = self.stored
        self._before_nl, self._from_nl, self.infused_ns = 0.0, 0, 0
        if not look.off:
            self.port.operate(Acknowledge(AlarmId.POWER_LOST))

    def _ramping(self, matters: bool) -> str:
        """Why what matters to a ramp cannot change under it."""
        return RUNNING if matters and self.running and self.settings.ramp is not None else ""

    def _again(self, matters: bool) -> str:
        """Let a pump that runs follow what has changed, without a gap."""
        return (self._order(Stop(self._line)) or self._begin()) if matters and self.running else ""

    def _begin(self) -> str:
        stages = self._stages()
        if stages is None:
            return TOO_SHORT
        if not stages:
            self.reached = True
            return ""
        acknowledge = [Acknowledge()] if self.port.look().standing else []
        refused = self._order(*acknowledge, LoadProgram(self._line, self._program(stages)), Start(self._line))
        self.reached = False
        return refused

    def _order(self, *commands: OperatorCommand) -> str:
        refused = refusals(self.port.operate(*commands))
        line = self._look_line()
        self._at_ns, self._running = self.port.look().at_ns, line.state.delivering
        return "; ".join(refused)

    def _stages(self) -> list[Stage] | None:
        """The rates and volumes to the target: none when it is reached; None for a ramp that would give nothing."""
        settings, ramp = self.settings, self.settings.ramp
        left_nl = None if settings.target is None else self._to_pump(settings.target.nl - Fraction(self.infused_nl))
        left_ns = None if settings.target_ns is None else settings.target_ns - self.infused_ns
        if ramp is None:
            return _cut([(self._to_pump(settings.infuse.nl), None)], left_nl, left_ns, self.least_nl)
        ways = self.port.model.most_stages - 1
        rise, each_ns = ramp.end.nl - ramp.start.nl, ramp.over_ns // ways
        rates = [self._to_pump(ramp.start.nl + rise * Fraction(2 * k + 1, 2 * ways)) for k in range(ways)]
        if min(rates) * each_ns < NL_NS_PER_H:
            return None
        end: list[tuple[int, int | None]] = [(self._to_pump(ramp.end.nl), None)] if self._holds else []
        return _cut([*((rate, each_ns) for rate in rates), *end], left_nl, left_ns, self.least_nl)

    def _program(self, stages: Sequence[Stage]) -> InfusionProgram:
        if len(stages) > 1:
            course = Stages(tuple(stages))
            return InfusionProgram(stages[0].rate_nl_per_h, course.volume_nl, at_end=AtEnd.STOP, course=course)
        volume_nl, step_nl = stages[0].volume_nl, self.port.model.vtbi_step_nl
        whole_nl = None if volume_nl is None else volume_nl - volume_nl % step_nl
        return InfusionProgram(stages[0].rate_nl_per_h, whole_nl, at_end=AtEnd.STOP)

    def _stops(self, look: Look) -> bool:
        """Whether a condition that no acknowledgement ends forbids it to deliver."""
        rows = {row.id: row for row in self.port.model.alarms}
        return any(rows[found.alarm].effect.stops and rows[found.alarm].self_clearing for found in look.standing)

    @property
    def least_nl(self) -> int:
        """Less than this is nothing to go on for: a motor step, and what a target is counted in."""
        model = self.port.model
        return max(model.vtbi_min_nl, model.vtbi_step_nl, -(-model.mechanism.step_fl // 1_000_000))

    @property
    def _scale(self) -> float:
        if self._true_mm2 is None:
            return 1.0
        ratio = self._true_mm2 / _area_mm2(self.settings.diameter_mm)
        return 1.0 if abs(ratio - 1.0) < SAME_AREA else ratio

    def _to_pump(self, nl: Fraction) -> int:
        return round(nl * Fraction(self._scale))

    def _look_line(self) -> LineLook:
        return self.port.look().line(self._line)


def _cut(
    pieces: Sequence[tuple[int, int | None]], left_nl: int | None, left_ns: int | None, least_nl: int
) -> list[Stage]:
    """Make stages of (rate, duration) up to what is left of a volume and of a time; empty when nothing is left."""
    stages: list[Stage] = []
    for rate, lasts_ns in pieces:
        ns = lasts_ns
        if left_ns is not None:
            ns = left_ns if lasts_ns is None else min(lasts_ns, left_ns)
            left_ns -= ns
        volume = None if ns is None else rate * ns // NL_NS_PER_H
        if left_nl is not None:
            volume = left_nl if volume is None else min(volume, left_nl)
            left_nl -= volume
        if volume is None or volume >= least_nl:
            stages.append(Stage(rate, volume))
        if (left_nl is not None and left_nl < least_nl) or (left_ns is not None and left_ns <= 0):
            break
    return stages


def _area_mm2(diameter_mm: Fraction) -> float:
    return math.pi / 4.0 * float(diameter_mm) ** 2


def _bore_mm2(port: PumpPort) -> float | None:
    """The bore's area of the syringe that is in the pump; None for a pump that holds none."""
    mechanism = port.model.mechanism
    return None if mechanism.screw is None else mechanism.step_fl / (mechanism.screw.step_nm * FL_PER_MM2_NM)
