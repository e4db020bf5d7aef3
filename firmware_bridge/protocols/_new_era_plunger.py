"""A pump in the measure of its host: the syringe that is there, and the diameter that the host has set.

As with a real one, the pump moves a plunger; rates and volumes are what the set diameter makes of the travel. Where the bore of
the syringe is another one, what is moved is more or less by the ratio of the areas, and so is what is reported of it.
"""

import math
from enum import Enum

from firmware_bridge.virtual_pump.world import PumpPort, refusals
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, OperatorCommand, Start, Stop, Titrate
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram

OK, NA, OOR = "", "?NA", "?OOR"
"""How a command is answered."""


class Trouble(Enum):
    """Why a phase cannot run: what RUN is answered when it is the first one ("": by the alarm), and the alarm later on."""

    WITHDRAWS = (NA, "E", "it withdraws")
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
        self._from_nl = 0
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
    def from_nl(self) -> int:
        """The count of the pump from which the host's volume counts."""
        return self._from_nl

    def count_from(self, pumped_nl: int | None) -> None:
        """Let the host's volume count from here; None: from now."""
        self._from_nl = self.port.look().line(self._line).pumped_nl if pumped_nl is None else pumped_nl

    def infused_nl(self, milli_mm: int) -> int:
        """What has been infused since."""
        moved, bore = self.port.look().line(self._line).pumped_nl - self._from_nl, self.bore_milli_mm(milli_mm)
        return _nearest(moved * milli_mm * milli_mm, bore * bore)

    def start(self, milli_mm: int, nl_per_h: int, volume_nl: int | None) -> Trouble | None:
        """Pump at a rate, to a volume if there is one."""
        volume_nl = None if volume_nl is None else self._real(milli_mm, volume_nl)
        program = InfusionProgram(self._real(milli_mm, nl_per_h), volume_nl, at_end=AtEnd.STOP)
        return self._operate(LoadProgram(self._line, program), Start(self._line))

    def resume(self) -> Trouble | None:
        """Go on with what was held."""
        return self._operate(Start(self._line))

    def hold(self) -> str:
        """Stop, if it delivers."""
        return NA if self.delivering and refusals(self.port.operate(Stop(self._line))) else OK

    def titrate(self, milli_mm: int, nl_per_h: int) -> str:
        """Another rate from now on."""
        return NA if refusals(self.port.operate(Titrate(self._line, self._real(milli_mm, nl_per_h)))) else OK

    def bore_milli_mm(self, otherwise: int) -> int:
        """The bore of the syringe that is there, from the volume of a step and its travel; a pump that holds none has any."""
        mechanism = self.port.model.mechanism
        if mechanism.screw is None:
            return otherwise
        area_mm2 = mechanism.step_fl / (1000.0 * mechanism.screw.step_nm)
        return round(1000.0 * math.sqrt(4.0 * area_mm2 / math.pi))

    def _real(self, milli_mm: int, nl: int) -> int:
        """What a volume, or a rate, of the host's is in the syringe that is there; at least 1 nL."""
        bore = self.bore_milli_mm(milli_mm)
        return max(1, _nearest(nl * bore * bore, milli_mm * milli_mm))

    def _operate(self, *commands: OperatorCommand) -> Trouble | None:
        """Do at the pump; a stop of its own is taken note of before, and stands again if its cause does."""
        if self._stalled:
            self.port.operate(Acknowledge())
        if self._stalled:
            return Trouble.STALL
        return Trouble.REFUSED if refusals(self.port.operate(*commands)) else None

    @property
    def _stalled(self) -> bool:
        """Whether anything keeps the motor from turning: to the host all of it is a stall."""
        return not self._stopping.isdisjoint(self.port.alarms)


def _nearest(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
