"""A syringe pump as a clinical host works it: rate, VTBI, start, hold, bolus, the volume that it has counted.

Each order is one or more operator's commands to the pump; it is carried out whole or refused with a reason and changes nothing.
A soft limit that would have to be confirmed at the pump counts as a refusal. Nothing here knows a wire.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from firmware_bridge.virtual_pump.world import Look, PumpPort, Standing, refusals
from pumpsim.vocabulary.inputs import Confirm, GiveBolus, LoadProgram, OperatorCommand, Start, Stop, Titrate
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import ConfirmationAsked, LineState
from pumpsim.vocabulary.program import InfusionProgram, bolus_faults, program_faults, rate_faults

AT_REST = (LineState.EMPTY, LineState.READY, LineState.HELD, LineState.ALARM, LineState.COMPLETE)
"""States in which a program can be put on a line at once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A volume to be infused and what follows it; ``at_end`` None: what the model does by itself."""

    volume_nl: int
    at_end: AtEnd | None = None


class Bedside:
    """The first line of a pump in the hands of a host."""

    def __init__(self, port: PumpPort) -> None:
        self.port, self.line = port, port.model.lines[0]
        self._touches, self._power_on = port.touches, port.power_ons
        self._counted_nl, self._infused_nl = 0, 0
        self._waiting: Target | None = None

    def look(self) -> Look:
        """The pump now; what it has counted since the last look is added to the volume infused."""
        look = self.port.look()
        if self.port.power_ons != self._power_on:
            self._power_on, self._counted_nl = self.port.power_ons, 0
        pumped_nl = look.line(self.line).pumped_nl
        self._infused_nl += pumped_nl - self._counted_nl
        self._counted_nl = pumped_nl
        return look

    @property
    def infused_nl(self) -> int:
        """What has been counted by now since it was cleared, over every power-on."""
        self.look()
        return self._infused_nl

    def clear_infused(self) -> None:
        """Count the volume infused from 0."""
        self.look()
        self._infused_nl = 0

    def is_touched(self) -> bool:
        """Whether somebody else has done something at the pump since this was last asked."""
        touches, self._touches = self._touches, self.port.touches
        return touches != self._touches

    @property
    def state(self) -> LineState:
        """What the line does."""
        return self.look().line(self.line).state

    @property
    def program(self) -> InfusionProgram | None:
        """What is programmed, and not over."""
        line = self.look().line(self.line)
        return None if line.state is LineState.COMPLETE else line.program

    @property
    def rate_nl_per_h(self) -> int | None:
        """The rate that is set, None where none is."""
        program = self.look().line(self.line).program
        return None if program is None else program.rate_nl_per_h

    @property
    def target(self) -> Target | None:
        """The volume that is set to be infused, with what of it is left; it may have been set before there is a rate."""
        program = self.program
        if program is None or program.vtbi_nl is None:
            return self._waiting
        left = self.port.remaining(self.line).vtbi
        return Target(program.vtbi_nl if left is None else left.volume_nl, program.at_end or self.port.model.at_end)

    @property
    def left_ns(self) -> int | None:
        """How long it goes on as it is set, until VTBI or syringe are in; None where that has no end that is known."""
        return self.port.left_ns(self.line)

    def alarms(self) -> tuple[Standing, ...]:
        """What stands, the highest priority first."""
        return tuple(sorted(self.look().standing, key=lambda standing: standing.priority.rank))

    def stops(self, standing: Standing) -> bool:
        """Whether the pump may not deliver because of it."""
        return next(row.effect.stops for row in self.port.model.alarms if row.id is standing.alarm)

    def order(self, *commands: OperatorCommand) -> str | None:
        """Give commands, and say why the first that is refused was; None when all were carried out."""
        said = self.port.operate(*commands)
        asked = [output.reason for output in said if isinstance(output, ConfirmationAsked)]
        if asked:
            self.port.operate(Confirm(agreed=False))
        self._touches = self.port.touches
        return next(iter((*refusals(said), *asked)), None)

    def set_rate(self, rate_nl_per_h: int) -> str | None:
        """Set the rate, delivering or not."""
        if rate_nl_per_h <= 0:
            return "a rate must be above 0"
        if self.program is not None:
            return self.order(Titrate(self.line, rate_nl_per_h))
        waiting = self._waiting or Target(0)
        refused = self._load(InfusionProgram(rate_nl_per_h, waiting.volume_nl or None, at_end=waiting.at_end))
        if refused is None:
            self._waiting = None
        return refused

    def set_target(self, target: Target | None) -> str | None:
        """Set a volume to be infused from now on, or none any more. A line that infuses goes on."""
        line = self.look().line(self.line)
        if target is not None and target.volume_nl <= 0:
            return "a volume must be above 0"
        volume_nl, at_end = (None, None) if target is None else (target.volume_nl, target.at_end)
        if line.program is None:
            lowest = self.port.model.rate_bands[0].low_nl_per_h
            faults = self._faults(InfusionProgram(lowest, volume_nl, at_end=at_end))
            if not faults:
                self._waiting = target
            return next(iter(faults), None)
        if line.state is LineState.COMPLETE and target is None:
            return None
        if line.program.course is not None or line.program.demand is not None:
            return "the programme has no one volume to change"
        if line.state in AT_REST:
            return self._load(replace(line.program, vtbi_nl=volume_nl, at_end=at_end))
        if line.state is not LineState.INFUSING:
            return f"the line is {line.state.value}"
        program = replace(line.program, vtbi_nl=volume_nl, at_end=at_end)
        faults = self._faults(program)
        if faults:
            return faults[0]
        return self.order(Stop(self.line), LoadProgram(self.line, program), Start(self.line))

    def start(self) -> str | None:
        """Start, or go on; what infuses already does."""
        return None if self.state.delivering else self.order(Start(self.line))

    def hold(self) -> str | None:
        """Hold what delivers, or waits to; what stands already does."""
        return None if self.state in AT_REST else self.order(Stop(self.line))

    def give_bolus(self, volume_nl: int, rate_nl_per_h: int | None = None) -> str | None:
        """Give a bolus in place of the running programme, or beside it, as the model has it."""
        faults = bolus_faults(self.port.model, volume_nl, rate_nl_per_h, None)
        return faults[0] if faults else self.order(GiveBolus(self.line, volume_nl, rate_nl_per_h))

    def rate_faults(self, rate_nl_per_h: int) -> Sequence[str]:
        """Why the pump cannot run at a rate."""
        return rate_faults(self.port.model, rate_nl_per_h)

    def _faults(self, program: InfusionProgram) -> Sequence[str]:
        return program_faults(self.port.model, self.line, program)

    def _load(self, program: InfusionProgram) -> str | None:
        return self.order(LoadProgram(self.line, program))
