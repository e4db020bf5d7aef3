"""The state of a pump as an immutable value, sufficient to continue from."""

from dataclasses import dataclass

from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import LineReading, SensorReading
from pumpsim.vocabulary.outputs import LineState, MotorCommand
from pumpsim.vocabulary.program import InfusionProgram, LineMode


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line: its state, program and account.

    ``rate_nl_per_h``: the programmed rate now, after titrations. ``stop_at_step``: the count at which the VTBI is in, set
    at the first start. ``after_end``: the state that followed the VTBI, None before. ``owed``: programme integrated to
    now, in nL/h x ns since power-on. ``start_at_ns``: the end of a delayed start.
    """

    line: str
    state: LineState = LineState.EMPTY
    program: InfusionProgram | None = None
    rate_nl_per_h: int = 0
    stop_at_step: int | None = None
    after_end: LineState | None = None
    owed: int = 0
    start_at_ns: int | None = None

    @property
    def mode(self) -> LineMode:
        """How the line shares the pump; SINGLE without a program."""
        return self.program.mode if self.program is not None else LineMode.SINGLE

    def owing(self, owed: int) -> "LineStatus":
        """The same status with another owed volume."""
        return LineStatus(
            self.line,
            self.state,
            self.program,
            self.rate_nl_per_h,
            self.stop_at_step,
            self.after_end,
            owed,
            self.start_at_ns,
        )

    @property
    def doing(self) -> LineState:
        """What the line does when it delivers: INFUSING, or what followed its VTBI."""
        return self.after_end or LineState.INFUSING


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """A condition that has been met: pending until its delay is over, then standing.

    ``over_since_ns``: since when the signal is beyond the clear level, None while it is not.
    """

    alarm: AlarmId
    line: str | None
    since_ns: int
    standing: bool
    over_since_ns: int | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class PumpState:
    """All that a controller knows. Lines in the order of the model, alarms in the order in which they began."""

    now_ns: int
    lines: tuple[LineStatus, ...]
    motor: MotorCommand
    alarms: tuple[AlarmStatus, ...] = ()
    reading: SensorReading | None = None

    def line(self, line: str) -> LineStatus:
        """The status of a line of the model."""
        return next(status for status in self.lines if status.line == line)

    def read_line(self, line: str) -> LineReading | None:
        """The last reading of a line, None before the first."""
        if self.reading is None:
            return None
        for reading in self.reading.lines:
            if reading.line == line:
                return reading
        return None

    def with_line(self, status: LineStatus) -> "PumpState":
        """The same state with one line's status replaced."""
        lines = tuple(status if old.line == status.line else old for old in self.lines)
        return PumpState(self.now_ns, lines, self.motor, self.alarms, self.reading)

    def seeing(self, reading: SensorReading) -> "PumpState":
        """The same state with a new reading."""
        return PumpState(self.now_ns, self.lines, self.motor, self.alarms, reading)
