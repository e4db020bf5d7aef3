"""A pump in the measure of its host: the syringe that is there, and the diameter that the host has set.

As with a real one, the pump moves a plunger; rates and volumes are what the set diameter makes of the travel. Where the bore of
the syringe is another one, what is moved is more or less by the ratio of the areas, and so is what is reported of it.
"""

import math
from dataclasses import replace
from enum import Enum

from firmware_bridge.virtual_pump.world import LineLook, PumpPort, refusals
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, OperatorCommand, Start, Stop, Titrate, Withdraw
from pumpsim.vocabulary.model import AtEnd, Mechanism
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram

OK, NA, OOR = "", "?NA", "?OOR"
"""How a command is answered."""


class Trouble(Enum):
    """Why a phase cannot run: what RUN is answered when it is the first one ("": by the alarm), and the alarm later on."""

    WITHDRAWS = (NA, "E", "the pump does not withdraw")
    REFUSED = (NA, "E", "the pump refuses it")
    RATE = (OOR, "O", "the diameter does not allow the rate")
    STALL = ("", "S", "the motor stalls")
    CIRCLE = ("", "E", "the program goes in a circle")
    NO_PHASE = ("", "O", "there is no such phase")

    def __init__(self, at_run: str, alarm: str, _why: str) -> None:
        self.at_run, self.alarm = at_run, alarm


class Plunger:
    """One line of a pump. Diameters are thousandths of a mm; rates and volumes are the host's, nL/h and nL."""

    def __init__(self, port: PumpPort) -> None:
        self.port = port
        self._line = port.model.lines[0]
        self._from_nl, self._back_from_nl = 0, 0
        self._order: Withdraw | None = None
        self._begun_nl = 0
        self._bore_milli_mm = _bore_milli_mm(port.model.mechanism)
        self._stopping = {row.id for row in port.model.alarms if row.effect.stops}

    @property
    def now_ns(self) -> int:
        """Pump time."""
        return self.port.now_ns

    @property
    def state(self) -> LineState:
        """What the pump says of its line."""
        return self.port.line_state(self._line)

    @property
    def delivering(self) -> bool:
        """Whether the pump delivers, whoever has started it."""
        return self.state.delivering

    @property
    def withdrawing(self) -> bool:
        """Whether it draws back."""
        return self.port.withdrawing

    @property
    def has_withdrawn(self) -> bool:
        """Whether the last withdrawal has come to its volume, to less than a step of the motor."""
        order, step_nl = self._order, self.port.model.mechanism.step_fl // 1_000_000 + 1
        return order is not None and self._line_look.withdrawn_nl - self._begun_nl >= order.volume_nl - step_nl

    @property
    def counts_from(self) -> tuple[int, int]:
        """The counts of the pump from which the host's volumes count: infused, withdrawn."""
        return self._from_nl, self._back_from_nl

    def has_come(self, *, back: bool) -> bool:
        """Whether what was started has come to its volume."""
        if back:
            return not self.withdrawing and self.has_withdrawn
        return self.state is LineState.COMPLETE

    def has_stalled(self, *, back: bool) -> bool:
        """Whether a stop of the pump's own has ended what was started."""
        return not self.withdrawing and self.stalled(back=True) if back else self.state is LineState.ALARM

    def count_from(self, counts: tuple[int, int]) -> None:
        """Let the host's volumes count from here."""
        self._from_nl, self._back_from_nl = counts

    def clear(self, *, infused: bool = True, withdrawn: bool = True) -> None:
        """Let the host's volumes, or one of them, count from now."""
        look = self._line_look
        self._from_nl = look.pumped_nl if infused else self._from_nl
        self._back_from_nl = look.withdrawn_nl if withdrawn else self._back_from_nl

    def moved_nl(self, milli_mm: int) -> tuple[int, int]:
        """What has been infused, and withdrawn, since."""
        look, bore = self._line_look, self.bore_milli_mm(milli_mm)
        over, under = milli_mm * milli_mm, bore * bore
        infused = _nearest((look.pumped_nl - self._from_nl) * over, under)
        return infused, _nearest((look.withdrawn_nl - self._back_from_nl) * over, under)

    def start(self, milli_mm: int, nl_per_h: int, volume_nl: int | None) -> Trouble | None:
        """Pump at a rate, to a volume if there is one."""
        volume_nl = None if volume_nl is None else self._real(milli_mm, volume_nl)
        program = InfusionProgram(self._real(milli_mm, nl_per_h), volume_nl, at_end=AtEnd.STOP)
        self._order = None
        return self._operate(LoadProgram(self._line, program), Start(self._line))

    def draw_back(self, milli_mm: int, nl_per_h: int, volume_nl: int | None) -> Trouble | None:
        """Withdraw at a rate, to a volume; without one, until it is stopped."""
        if not self.port.model.withdraws:
            return Trouble.WITHDRAWS
        most_nl = self.port.model.vtbi_max_nl
        volume_nl = most_nl if volume_nl is None else min(most_nl, self._real(milli_mm, volume_nl))
        return self._withdraw(Withdraw(self._line, volume_nl, self._real(milli_mm, nl_per_h)))

    def resume(self) -> Trouble | None:
        """Go on with what was held."""
        return self._operate(Start(self._line)) if self._order is None else self._withdraw(self._rest(self._order))

    def hold(self) -> str:
        """Stop, if it moves."""
        return NA if (self.delivering or self.withdrawing) and refusals(self.port.operate(Stop(self._line))) else OK

    def titrate(self, milli_mm: int, nl_per_h: int) -> str:
        """Another rate from now on."""
        rate = self._real(milli_mm, nl_per_h)
        if self._order is None:
            return NA if refusals(self.port.operate(Titrate(self._line, rate))) else OK
        if not self.withdrawing:
            self._order = replace(self._order, rate_nl_per_h=rate)
            return OK
        if refused := self.hold():
            return refused
        return OK if self._withdraw(replace(self._rest(self._order), rate_nl_per_h=rate)) is None else NA

    def bore_milli_mm(self, otherwise: int) -> int:
        """The bore of the syringe that is there; a pump that holds none has any."""
        return otherwise if self._bore_milli_mm is None else self._bore_milli_mm

    def _real(self, milli_mm: int, nl: int) -> int:
        """What a volume, or a rate, of the host's is in the syringe that is there; at least 1 nL."""
        bore = self.bore_milli_mm(milli_mm)
        return max(1, _nearest(nl * bore * bore, milli_mm * milli_mm))

    @property
    def _line_look(self) -> LineLook:
        return self.port.look().line(self._line)

    def _rest(self, order: Withdraw) -> Withdraw:
        """What is left of a withdrawal; where it is less than a step, that."""
        step_nl = self.port.model.mechanism.step_fl // 1_000_000 + 1
        left_nl = order.volume_nl - (self._line_look.withdrawn_nl - self._begun_nl)
        return replace(order, volume_nl=max(step_nl, left_nl))

    def _withdraw(self, order: Withdraw) -> Trouble | None:
        """Draw back; what was on the line is given up for it, as a program of another rate would."""
        begun_nl = self._line_look.withdrawn_nl
        program = InfusionProgram(order.rate_nl_per_h, at_end=AtEnd.STOP)
        if trouble := self._operate(LoadProgram(self._line, program), order):
            return trouble
        self._order, self._begun_nl = order, begun_nl
        return None

    def _operate(self, *commands: OperatorCommand) -> Trouble | None:
        """Do at the pump; a stop of its own is taken note of before, and stands again if its cause does."""
        back = isinstance(commands[-1], Withdraw)
        if self.stalled(back=back):
            self.port.operate(Acknowledge())
        if self.stalled(back=back):
            return Trouble.STALL
        return Trouble.REFUSED if refusals(self.port.operate(*commands)) else None

    def stalled(self, *, back: bool) -> bool:
        """Whether anything keeps the motor from turning: all of it is a stall. ``back``: an empty syringe does not."""
        return not self._stopping.isdisjoint(set(self.port.alarms) - ({AlarmId.CONTAINER_EMPTY} if back else set()))


def _bore_milli_mm(mechanism: Mechanism) -> int | None:
    """The bore of a syringe from the volume of a motor step and the travel in it; None where nothing is pushed by a screw."""
    if mechanism.screw is None:
        return None
    area_mm2 = mechanism.step_fl / (1000.0 * mechanism.screw.step_nm)
    return round(1000.0 * math.sqrt(4.0 * area_mm2 / math.pi))


def _nearest(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
