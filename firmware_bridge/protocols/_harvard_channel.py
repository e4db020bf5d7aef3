"""One syringe of a laboratory pump: what was set for it, and how that becomes programs of the pump behind it.

The diameter that was set is what such a pump reckons with: it drives the plunger by rate / (area of that diameter). So a
wrong diameter gives a wrong flow here too: everything that goes to the pump is multiplied by (area of its syringe / area set),
everything that comes from it is divided by that. What has been pumped, and for how long, is what the pump itself did.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from firmware_bridge.protocols._harvard_quantities import Amount, rate_amount
from firmware_bridge.protocols._harvard_settings import Count, Method, Ramp, Settings, Travel, cut, turn_about
from firmware_bridge.virtual_pump.world import LineLook, Look, PumpPort, refusals
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import NL_NS_PER_H, Stage, Stages
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, OperatorCommand, Start, Stop, Titrate, Withdraw
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram

FL_PER_MM2_NM = 1_000
"""1 mm2 x 1 nm."""
SAME_AREA = 3e-5
"""Areas that differ by less are one: a diameter is written with four decimals."""
ALREADY, OUT_OF_RANGE, STALLED, OFF = "Pump already running", "Rate out of range", "Pump stalled", "Pump is off"
TOO_SHORT, RUNNING = "Ramp out of range", "Pump is running"
NO_REVERSE = "Pump cannot withdraw"


class Channel:
    """A syringe of a pump. ``holds``: whether the rate at a ramp's end goes on; else the pump stops there. ``back``: whether
    it was last run to withdraw; ``method``: what it does where nobody says. ``reciprocates``: None, or it turns about at each
    target, at its infusion rate both ways; True: it goes the other way than it is told, as the second of two."""

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
        self._counts = {False: Count(), True: Count()}
        self._scaled: tuple[Fraction | None, float] = (None, 1.0)
        self._aim_nl = 0
        self._stages_back: list[Stage] = []
        self._begun_nl = self._planned_nl = 0
        self._then: Iterator[bool] = iter(())
        self.method = Method.INFUSE
        self.reciprocates: bool | None = None
        self.reached = self.off = self.back = False
        if rate.nl > self.limits[1]:
            self.settings = self.stored = replace(self.settings, infuse=self.high, withdraw=self.high)
        self.follow()

    @property
    def running(self) -> bool:
        """Whether the pump moves the plunger."""
        return self.withdrawing or self._look_line().state.delivering

    @property
    def withdrawing(self) -> bool:
        """Whether it draws the plunger back."""
        return self.port.withdrawing

    @property
    def stalled(self) -> bool:
        """Whether an alarm condition has stopped it."""
        if self.back:
            return not self.withdrawing and self._stops(self.port.look(), back=True)
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

    def moved_nl(self, *, back: bool = False) -> float:
        """What has been infused, or withdrawn, since it was cleared, as the diameter that is set makes of it."""
        count = self._counts[back]
        return count.before_nl + (_counted_nl(self._look_line(), back) - count.from_nl) / self._scale

    def lasted_ns(self, *, back: bool = False) -> int:
        """How long it has infused, or withdrawn, since that was cleared."""
        self._count_time()
        return self._counts[back].lasted_ns

    @property
    def rate_nl_per_h(self) -> float:
        """What it infuses, or withdraws, at now."""
        line = self._look_line()
        rate = line.rate_nl_per_h if line.state.delivering else line.back_nl_per_h
        return rate / self._scale

    def clear_volume(self, *, back: bool = False) -> str:
        """Count what is infused, or withdrawn, anew; why not, or nothing."""
        counts = self.settings.target is not None and back is self.back
        if refused := self._ramping(counts):
            return refused
        count = self._counts[back]
        count.before_nl, count.from_nl, count.mark_nl = 0.0, _counted_nl(self._look_line(), back), 0.0
        self.reached = self.reached and back is not self.back
        return self._again(counts)

    def clear_time(self, *, back: bool = False) -> str:
        """Count how long it has infused, or withdrawn, anew; why not, or nothing."""
        counts = self.settings.target_ns is not None and back is self.back
        if refused := self._ramping(counts):
            return refused
        self._count_time()
        self._counts[back].lasted_ns = self._counts[back].mark_ns = 0
        self.reached = self.reached and back is not self.back
        return self._again(counts)

    def set(self, settings: Settings) -> str:
        """Keep other settings; why not, or nothing. A new target, or none, has not been reached."""
        old = self.settings
        aims = (old.target, old.target_ns) != (settings.target, settings.target_ns)
        if refused := self._ramping(aims):
            return refused
        if settings.diameter_mm != old.diameter_mm:
            for back, count in self._counts.items():
                count.before_nl, count.from_nl = self.moved_nl(back=back), _counted_nl(self._look_line(), back)
        self.settings = settings
        self.reached = self.reached and not aims
        if refused := self._again(aims):
            self.settings = old
        return refused

    def set_rate(self, rate: Amount) -> str:
        """Infuse at another rate, at once if it does; why not, or nothing."""
        before = self.settings
        if self.withdrawing and self.reciprocates is None:
            self.settings = replace(before, infuse=rate, ramp=None)
            return ""
        if refused := self._ramping(True):
            return refused
        self.settings = replace(before, infuse=rate, ramp=None)
        if self.running and before.target_ns is None and not self.withdrawing:
            refused = self._order(Titrate(self._line, self._to_pump(rate.nl)))
        else:
            refused = self._again(True)
        if refused:
            self.settings = before
        return refused

    def set_back_rate(self, rate: Amount) -> str:
        """Withdraw at another rate, at once if it does; why not, or nothing."""
        if self.withdrawing and (refused := self._ramping(True)):
            return refused
        before, self.settings = self.settings, replace(self.settings, withdraw=rate, back_ramp=None)
        if refused := self._again(self.withdrawing):
            self.settings = before
        return refused

    def obstacle(self, *, back: bool = False) -> str:
        """Why it cannot begin to infuse, or to withdraw, now; empty when it can."""
        look = self.port.look()
        if look.off:
            return OFF
        if self.running:
            return ALREADY
        if back and not self.port.model.withdraws:
            return NO_REVERSE
        ramp = self._ramp(back=back)
        if not all(self.takes(rate) for rate in ((ramp.start, ramp.end) if ramp else (self._rate(back=back),))):
            return OUT_OF_RANGE
        return STALLED if self._stops(look, back=back) else ""

    def way(self, *, back: bool) -> bool:
        """Whether it withdraws when it is told to infuse, or to withdraw."""
        return back is not bool(self.reciprocates)

    def run(self, *, back: bool = False, then: Iterator[bool] | None = None) -> str:
        """Infuse, or withdraw, up to the target, if there is one; why not, or nothing. A target that is reached stays so.

        ``then``: which way to go on each time when the target has been reached.
        """
        if (reason := self.obstacle(back=back)) or (self.reached and back is self.back):
            return reason
        self._then = turn_about(back) if self.reciprocates is not None else then or iter(())
        return self._begin(back=back)

    def turn_round(self) -> str:
        """Run the other way, at once if it runs; why not, or nothing."""
        back = not self.back
        if not self.running:
            return self.run(back=back)
        if back and not self.port.model.withdraws:
            return NO_REVERSE
        return self.stop() or self.run(back=back)

    def stop(self) -> str:
        """Stop; nothing when it stands already."""
        self._end_course()
        return self._order(Stop(self._line)) if self.running else ""

    def follow(self) -> bool:
        """Take note of what the pump has done up to now; whether it has stopped by itself since the last time."""
        look = self.port.look()
        line = look.line(self._line)
        running = self.withdrawing or line.state.delivering
        self._count_time()
        stopped = self._running and not running
        came = line.withdrawn_nl >= self._aim_nl if self.back else line.state is LineState.COMPLETE
        self._running = running
        if look.off or any(found.alarm is AlarmId.POWER_LOST for found in look.standing):
            self._forget(look)
            return False
        self.off = False
        if stopped and came and self._goes_on():
            return False
        if stopped:
            self._end_course()
        self.reached = (self.reached and not running) or (stopped and came)
        return stopped

    def _goes_on(self) -> bool:
        """Begin what follows what has come to its end: the next rate of a ramp, or the other way. Whether there was any."""
        if self.back and self._stages_back:
            return self._order(*self._next_back()) == ""
        back = next(self._then, None)
        if back is None:
            return False
        count = self._counts[back]
        count.mark_nl, count.mark_ns = self.moved_nl(back=back), self.lasted_ns(back=back)
        return self._begin(back=back) == "" and not self.reached

    def _end_course(self) -> None:
        """Let nothing follow what runs, or has run."""
        self._then = iter(())
        self._stages_back.clear()

    def _count_time(self) -> None:
        """Add the time since it was last counted, if the plunger has moved in it."""
        if self._running:
            self._counts[self.back].lasted_ns += self.port.now_ns - self._at_ns
        self._at_ns = self.port.now_ns

    def _forget(self, look: Look) -> None:
        """Power is gone, or is back: what is not stored is lost, and so are counts."""
        self.off, self.reached, self._running = look.off, False, False
        self.settings = self.stored
        self._counts, self.back = {False: Count(), True: Count()}, False
        self._end_course()
        if not look.off:
            self.port.operate(Acknowledge(AlarmId.POWER_LOST))

    def _ramping(self, matters: bool) -> str:
        """Why what matters to a ramp cannot change under it."""
        ramps = self._ramp(back=self.withdrawing) is not None
        return RUNNING if matters and self.running and ramps else ""

    def _again(self, matters: bool) -> str:
        """Let a pump that runs follow what has changed, without a gap."""
        return (self._order(Stop(self._line)) or self._begin(back=self.back)) if matters and self.running else ""

    def _begin(self, *, back: bool) -> str:
        orders = self._orders_back() if back else self._orders()
        if orders is None:
            return TOO_SHORT
        self._count_time()
        self.back, self.reached = back, not orders
        acknowledge = [Acknowledge()] if self.port.look().standing else []
        return self._order(*acknowledge, *orders) if orders else ""

    def _orders(self) -> tuple[OperatorCommand, ...] | None:
        """What makes it infuse; nothing when the target is reached."""
        stages = self._stages(back=False)
        if not stages:
            return None if stages is None else ()
        return LoadProgram(self._line, self._program(stages)), Start(self._line)

    def _orders_back(self) -> tuple[OperatorCommand, ...] | None:
        """What makes it withdraw: to the target, without one for as long as nobody stops it; nothing when it is reached."""
        stages = self._stages(back=True)
        if not stages:
            return None if stages is None else ()
        self._stages_back, self._begun_nl, self._planned_nl = stages, self._look_line().withdrawn_nl, 0
        return self._next_back()

    def _next_back(self) -> tuple[OperatorCommand, ...]:
        """What makes it withdraw at the next of its rates, to where it should be at its end; less than a motor step is left to
        the one after."""
        withdrawn_nl, most_nl = self._look_line().withdrawn_nl, self.port.model.vtbi_max_nl
        volume_nl = rate = 0
        while self._stages_back and volume_nl < self.least_nl:
            stage = self._stages_back.pop(0)
            self._planned_nl += most_nl if stage.volume_nl is None else stage.volume_nl
            rate, volume_nl = stage.rate_nl_per_h, self._begun_nl + self._planned_nl - withdrawn_nl
        volume_nl = min(most_nl, max(self.least_nl, volume_nl))
        self._aim_nl = withdrawn_nl + volume_nl - self.least_nl
        program = InfusionProgram(rate, at_end=AtEnd.STOP)  # on which what is withdrawn counts for nothing
        return LoadProgram(self._line, program), Withdraw(self._line, volume_nl, rate)

    def _order(self, *commands: OperatorCommand) -> str:
        self._count_time()
        refused = refusals(self.port.operate(*commands))
        self._running = self.running
        return "; ".join(refused)

    def _rate(self, *, back: bool) -> Amount:
        return self.settings.rate(back=back and self.reciprocates is None)

    def _ramp(self, *, back: bool) -> Ramp | None:
        return self.settings.ramp_of(back=back) if self.reciprocates is None else None

    def _stages(self, *, back: bool) -> list[Stage] | None:
        """The rates and volumes to the target: none when it is reached; None for a ramp that would give nothing."""
        settings, ramp, count = self.settings, self._ramp(back=back), self._counts[back]
        moved_nl, lasted_ns = self.moved_nl(back=back) - count.mark_nl, self.lasted_ns(back=back) - count.mark_ns
        left_nl = None if settings.target is None else self._to_pump(settings.target.nl - Fraction(moved_nl))
        left_ns = None if settings.target_ns is None else settings.target_ns - lasted_ns
        if ramp is None:
            return cut([(self._to_pump(self._rate(back=back).nl), None)], left_nl, left_ns, self.least_nl)
        ways = self.port.model.most_stages - 1
        rise, each_ns = ramp.end.nl - ramp.start.nl, ramp.over_ns // ways
        rates = [self._to_pump(ramp.start.nl + rise * Fraction(2 * k + 1, 2 * ways)) for k in range(ways)]
        if min(rates) * each_ns < NL_NS_PER_H:
            return None
        end: list[tuple[int, int | None]] = [(self._to_pump(ramp.end.nl), None)] if self._holds else []
        return cut([*((rate, each_ns) for rate in rates), *end], left_nl, left_ns, self.least_nl)

    def _program(self, stages: Sequence[Stage]) -> InfusionProgram:
        if len(stages) > 1:
            course = Stages(tuple(stages))
            return InfusionProgram(stages[0].rate_nl_per_h, course.volume_nl, at_end=AtEnd.STOP, course=course)
        volume_nl, step_nl = stages[0].volume_nl, self.port.model.vtbi_step_nl
        whole_nl = None if volume_nl is None else volume_nl - volume_nl % step_nl
        return InfusionProgram(stages[0].rate_nl_per_h, whole_nl, at_end=AtEnd.STOP)

    def _stops(self, look: Look, *, back: bool) -> bool:
        """Whether a condition that no acknowledgement ends forbids it to move; ``back``: an empty syringe does not."""
        rows = {row.id: row for row in self.port.model.alarms}
        standing = [rows[s.alarm] for s in look.standing if not (back and s.alarm is AlarmId.CONTAINER_EMPTY)]
        return any(row.effect.stops and row.self_clearing for row in standing)

    @property
    def least_nl(self) -> int:
        """Less than this is nothing to go on for: a motor step, and what a target is counted in."""
        model = self.port.model
        return max(model.vtbi_min_nl, model.vtbi_step_nl, -(-model.mechanism.step_fl // 1_000_000))

    @property
    def _scale(self) -> float:
        """The area of the syringe that is there over the one that is set; worked out once for each diameter."""
        diameter_mm, scale = self._scaled
        if diameter_mm is not self.settings.diameter_mm:
            diameter_mm = self.settings.diameter_mm
            ratio = 1.0 if self._true_mm2 is None else self._true_mm2 / _area_mm2(diameter_mm)
            scale = 1.0 if abs(ratio - 1.0) < SAME_AREA else ratio
            self._scaled = diameter_mm, scale
        return scale

    def _to_pump(self, nl: Fraction) -> int:
        return round(nl * Fraction(self._scale))

    def _look_line(self) -> LineLook:
        return self.port.look().line(self._line)


def _counted_nl(line: LineLook, back: bool) -> int:
    """What the pump has counted one way."""
    return line.withdrawn_nl if back else line.pumped_nl


def _area_mm2(diameter_mm: Fraction) -> float:
    return math.pi / 4.0 * float(diameter_mm) ** 2


def _bore_mm2(port: PumpPort) -> float | None:
    """The bore's area of the syringe that is in the pump; None for a pump that holds none."""
    mechanism = port.model.mechanism
    return None if mechanism.screw is None else mechanism.step_fl / (mechanism.screw.step_nm * FL_PER_MM2_NM)
