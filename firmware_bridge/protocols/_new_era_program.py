"""The pumping program of a New Era pump at work: it runs phases by doing at a pump what an operator would.

Pure: no clock, no wire. It is told when something may have changed (``advance``) and says by ``port.wake_ns`` when a pause is
over. What it reports of the infusion is what the pump says: rate, volume and whether it delivers.

Behind a pump that does not withdraw, a phase that withdraws, or fills, is trouble.
Source: New Era NE-1000 user manual 1200-01, chapters on pumping programs; what is assumed stands in ``new_era.ASSUMPTIONS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from firmware_bridge.protocols._new_era_course import EVENT, OPERATING, PINS, TRIGGER, Course, Doing
from firmware_bridge.protocols._new_era_numbers import (
    LARGEST_UL_MILLI_MM,
    VOLUME_NL,
    Rate,
    allows,
    fastest_nl_per_h,
    to_milli,
)
from firmware_bridge.protocols._new_era_phases import PHASES, PUMPING, TRIGGERS, Memory, Phase
from firmware_bridge.protocols._new_era_plunger import NA, OK, OOR, Plunger, Trouble
from firmware_bridge.virtual_pump.world import PumpPort

MOST_AT_ONCE = 1_000
"""Phases that may follow each other without any time between, and 41 that pump: beyond, the program goes in a circle."""


class PhaseProgram:
    """The program of one pump. ``rules``: what each function of a phase does; ``alarm``: the letter of an alarm that it has
    come to, for its unit to take."""

    def __init__(self, port: PumpPort, memory: Memory, rules: "Mapping[str, Rule]") -> None:
        self._rules = rules
        self.port, self.plunger, self.memory, self.course = port, Plunger(port), memory, Course()
        self.alarm: str | None = None
        self.trigger = "FT"
        self.levels = dict.fromkeys(PINS, 1)

    # What the pump says

    @property
    def operating(self) -> bool:
        """Whether the program runs, in whatever kind of phase."""
        return self.course.doing in OPERATING or self.plunger.delivering or self.plunger.withdrawing

    @property
    def letter(self) -> str:
        """The status letter."""
        if self.plunger.withdrawing and self.course.doing is not Doing.PURGING:
            return "W"
        if self.plunger.delivering and self.course.doing is not Doing.PURGING:
            return Doing.PUMPING
        return Doing.STOPPED if self.course.doing is Doing.PUMPING else self.course.doing

    @property
    def moved_milli(self) -> tuple[int, int]:
        """What has been infused, and withdrawn, since it was cleared, in the host's measure, thousandths of the volume unit."""
        unit = VOLUME_NL[self.memory.volume_unit]
        infused_nl, withdrawn_nl = self.plunger.moved_nl(self.memory.diameter_milli_mm)
        return to_milli(infused_nl, unit), to_milli(withdrawn_nl, unit)

    @property
    def rate(self) -> Rate | None:
        """The rate that a query is answered: while pumping the running one; None for a phase without."""
        if self.course.doing is Doing.PUMPING and self.course.rate is not None:
            return self.course.rate
        return self.memory.phase.rate if self.memory.phase.function in PUMPING else None

    # What the host sets; each gives OK or why not

    def clear(self, direction: str) -> str:
        """Count what was infused, or withdrawn, from 0 again."""
        if self.operating:
            return NA
        self.plunger.clear(infused=direction == "INF", withdrawn=direction == "WDR")
        return OK

    def set_diameter(self, milli_mm: int) -> str:
        """Another diameter: what was dispensed counts from 0, the volume unit is that of the size, a pause is at an end."""
        if self.operating:
            return NA
        if milli_mm != self.memory.diameter_milli_mm:
            self.plunger.clear()
            self.course = Course()
            self.memory = replace(self.memory, diameter_milli_mm=milli_mm, volume_unit=unit_for(milli_mm))
        return OK

    def edit(self, **changes: object) -> str:
        """Change the selected phase."""
        if self.operating:
            return NA
        self._store(self.memory.selected, **changes)
        return OK

    def select(self, number: int) -> str:
        """Look at another phase, and edit it."""
        if self.operating:
            return NA
        self.memory = replace(self.memory, selected=number)
        return OK

    def set_volume_unit(self, unit: str) -> str:
        """Read the volumes of all phases in this unit."""
        if self.operating:
            return NA
        self.memory = replace(self.memory, volume_unit=unit)
        return OK

    def set_rate(self, milli: int, unit: str | None, *, always: bool) -> str:
        """The rate of the selected phase; while pumping that of the running one, which is not kept."""
        course, selected = self.course, self.memory.phase
        if course.doing is Doing.PUMPING and course.rate is not None:
            if unit not in (None, course.rate.unit) and not always:
                return NA
            return self._titrate(Rate(milli, unit or course.rate.unit))
        if selected.function not in PUMPING or (self.operating and not always):
            return NA
        rate = Rate(milli, unit or selected.rate.unit)
        step = selected.function != "RAT"
        if not (0 < rate.nl_per_h <= self._fastest() if step else allows(self.memory.diameter_milli_mm, rate)):
            return OOR
        here = course.phase == self.memory.selected and course.paused is Doing.PUMPING and not step
        if course.doing is Doing.PAUSED and here and (refused := self._titrate(rate)):
            return refused
        self._store(self.memory.selected, rate=rate)
        return OK

    def set_direction(self, word: str) -> str:
        """INF, WDR, REV or STK. What pumps to a volume keeps its way; what has none to come to turns round at once."""
        number = self.course.phase if self.operating else self.memory.selected
        phase = self.memory.phases[number - 1]
        direction = {"INF": "WDR", "WDR": "INF"}.get(phase.direction, "STK") if word == "REV" else word
        if word == "REV" and direction == "STK":
            return NA
        if self.operating and phase.volume_milli:
            return NA
        way = self.way(replace(phase, direction=direction))
        if self.course.doing is Doing.PUMPING and way != self.course.direction and not self._turned_round(way):
            return NA
        self._store(number, direction=direction)
        return OK

    def _turned_round(self, way: str) -> bool:
        """Let what runs go the other way at the same rate; whether it does."""
        rate = self.course.rate
        if rate is None or not self.port.model.withdraws or self.plunger.hold():
            return False
        before, self.course = self.course, replace(self.course, direction=way)
        if self.pump(rate, 0, Doing.PUMPING):
            self.course = replace(before, doing=Doing.PAUSED, paused=Doing.PUMPING)
            return False
        return True

    # Start and stop

    def run(self, number: int | None = None) -> str:
        """Start at a phase, go on after a pause, or give the answer that a phase waits for."""
        if self.course.doing is Doing.WAITING:
            return self._try(lambda: self._answered(number))
        if self.operating:
            return NA
        if self.course.doing is Doing.PAUSED and number is None:
            return self._try(self._resume)
        return self._try(lambda: self._begin(1 if number is None else number))

    def purge(self) -> str:
        """Pump at the highest rate until it is stopped."""
        if self.operating or self.course.doing is Doing.PAUSED:
            return NA
        rate, way = Rate(self._fastest(), "UH"), self.way(self.memory.phase)

        def at_full_speed() -> Trouble | None:
            self.course = replace(self.course, direction=way)
            return self.pump(rate, 0, Doing.PURGING)

        return self._try(at_full_speed)

    def stop(self) -> str:
        """First pause, then reset the program."""
        course = self.course
        if course.doing is Doing.PAUSED:
            self.course = Course()
            return OK
        if not self.operating:
            return NA
        if refused := self.plunger.hold():
            return refused
        left_ns = course.until_ns - self.plunger.now_ns
        self.wake_at(None)
        if course.doing is Doing.PURGING:
            self.course = Course()
        else:
            was = Doing.PUMPING if course.doing is Doing.STOPPED else course.doing
            self.course = replace(course, doing=Doing.PAUSED, paused=was, left_ns=left_ns)
        return OK

    def end(self) -> None:
        """Stop pump and program at once, whatever they do."""
        self._hold()
        self.course = Course()

    def power_up(self) -> None:
        """Begin again after power was lost; volumes count from 0."""
        self.wake_at(None)
        self.course, self.alarm = Course(), None
        self.plunger.count_from((0, 0))

    def set_level(self, pin: int, level: int) -> None:
        """Let an input of the connector have this level; an edge is an event, or the operational trigger."""
        before, self.levels[pin] = self.levels[pin], level
        if before == level:
            return
        falls = level < before
        course = self.course
        if pin == EVENT and course.trap is not None and self.operating and (falls or course.square):
            trap = course.trap
            self._hold()
            self.course = replace(course, trap=trap if course.square else None)
            self._go_to(lambda: self._enter(trap))
        elif pin == TRIGGER:
            action = TRIGGERS[course.trigger or self.trigger][0 if falls else 1]
            if self.operating and course.doing is not Doing.WAITING:
                if action in ("stop", "toggle"):
                    self.stop()
            elif action in ("start", "toggle"):
                self.run()

    def advance(self) -> None:
        """Follow the pump, and begin every phase that is due by now."""
        for _ in range(PHASES):
            if not self._advanced():
                return
        self._fail(Trouble.CIRCLE)

    # Phases

    def _begin(self, number: int) -> Trouble | None:
        self.course = Course()
        return self._enter(number)

    def _advanced(self) -> bool:
        """Take one step, if one is due."""
        course, state = self.course, self.plunger.state
        if course.doing in (Doing.PUMPING, Doing.PURGING):
            if self.plunger.has_come(back=course.back) and course.doing is Doing.PUMPING:
                self._go_to(lambda: self._enter(course.phase + 1))
                return True
            if self.plunger.has_stalled(back=course.back):
                self._fail(Trouble.STALL)
            elif not (self.plunger.withdrawing or state.delivering):  # somebody has stopped it at the pump
                purging = course.doing is Doing.PURGING
                self.course = Course() if purging else replace(course, doing=Doing.PAUSED, paused=Doing.PUMPING)
        elif course.doing is Doing.TIMED and self.plunger.now_ns >= course.until_ns:
            self._go_to(lambda: self._enter(course.phase + 1))
            return True
        elif (
            course.doing is Doing.PAUSED and course.paused is Doing.PUMPING and state.delivering
        ):  # or started it there
            self.course = replace(course, doing=Doing.PUMPING)
        return False

    def _enter(self, number: int) -> Trouble | None:
        """Run phases from this one on until one takes time, or ends the program."""
        for _ in range(MOST_AT_ONCE):
            if number > PHASES:
                return Trouble.NO_PHASE
            phase = self.memory.phases[number - 1]
            self.course = replace(self.course, phase=number)
            found = self._rules[phase.function](self, phase)
            if not isinstance(found, int):
                return found
            number = found
        return Trouble.CIRCLE

    def _answered(self, number: int | None) -> Trouble | None:
        """Go on from a phase that waits; from PRI at the label that was chosen."""
        here = self.course.phase
        if number is None:
            return self._enter(here + 1)
        if self.memory.phases[here - 1].function != "PRI":
            return Trouble.REFUSED
        labels = [n for n, p in enumerate(self.memory.phases, 1) if p.function == "PRL" and p.number == number]
        return self._enter(labels[0]) if labels else Trouble.NO_PHASE

    def _resume(self) -> Trouble | None:
        course = self.course
        if course.paused is Doing.PUMPING:
            if trouble := self.plunger.resume():
                return trouble
        elif course.paused is Doing.TIMED:
            course = replace(course, until_ns=self.plunger.now_ns + course.left_ns)
            self.wake_at(course.until_ns)
        self.course = replace(course, doing=course.paused)
        return None

    # Trouble

    def _try(self, act: Callable[[], Trouble | None]) -> str:
        """Do what the host asks; what comes to trouble has not happened."""
        before, counts = (self.course, dict(self.levels), self.port.wake_ns), self.plunger.counts_from
        trouble = act()
        if trouble is None:
            return OK
        self.course, self.levels, self.port.wake_ns = before
        self.plunger.count_from(counts)
        if not trouble.at_run:
            self.alarm = trouble.alarm
        return trouble.at_run

    def _go_to(self, act: Callable[[], Trouble | None]) -> None:
        if trouble := act():
            self._fail(trouble)

    def _fail(self, trouble: Trouble) -> None:
        self.end()
        self.alarm = trouble.alarm

    # The pump

    def _fastest(self) -> int:
        return fastest_nl_per_h(self.memory.diameter_milli_mm)

    def way(self, phase: Phase) -> str:
        """INF or WDR; what sticks goes as before."""
        return self.course.direction if phase.direction == "STK" else phase.direction

    def pump(self, rate: Rate, volume_milli: int, doing: Doing) -> Trouble | None:
        """Move the plunger the way that the course goes, to a volume if it is not 0."""
        volume_nl = volume_milli * VOLUME_NL[self.memory.volume_unit] // 1000
        to_nl = volume_nl if volume_milli else None
        move = self.plunger.draw_back if self.course.back else self.plunger.start
        if trouble := move(self.memory.diameter_milli_mm, rate.nl_per_h, to_nl):
            return trouble
        self.course = replace(self.course, doing=doing, rate=rate)
        return None

    def _titrate(self, rate: Rate) -> str:
        if not allows(self.memory.diameter_milli_mm, rate):
            return OOR
        if refused := self.plunger.titrate(self.memory.diameter_milli_mm, rate.nl_per_h):
            return refused
        self.course = replace(self.course, rate=rate)
        return OK

    def _hold(self) -> None:
        self.plunger.hold()
        self.wake_at(None)

    def wake_at(self, pump_ns: int | None) -> None:
        """When a pause is over, on pump time; None: nothing waits."""
        self.port.wake_ns = pump_ns

    def _store(self, number: int, **changes: object) -> None:
        phases = list(self.memory.phases)
        phases[number - 1] = replace(phases[number - 1], **changes)  # type: ignore[arg-type]
        self.memory = replace(self.memory, phases=tuple(phases))


def unit_for(milli_mm: int) -> str:
    """The volume unit that goes with a diameter."""
    return "UL" if milli_mm <= LARGEST_UL_MILLI_MM else "ML"


Rule = Callable[[PhaseProgram, Phase], Trouble | int | None]
"""Does what a function says: the phase that follows at once, None when the phase takes time or ends the program, or trouble."""
