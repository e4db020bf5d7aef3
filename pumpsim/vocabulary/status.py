"""The state of a pump as an immutable value, sufficient to continue from."""

from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.inputs import LineReading, OperatorCommand, SensorReading
from pumpsim.vocabulary.outputs import LineState, MotorCommand
from pumpsim.vocabulary.program import InfusionProgram, LineMode


class DoseKind(Enum):
    """What is given beside the programme's own rate."""

    DEMAND = "dose on request"
    BOLUS = "bolus"
    EXTENDED = "extended bolus"


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose that runs, or waits for another to end.

    ``volume`` and ``owed``: what it shall give and what of it is owed by now, in nL/h x ns. ``stop_at_step``: the count at
    which it is in where nothing else runs, None elsewhere.
    """

    kind: DoseKind
    volume: int
    rate_nl_per_h: int
    began_ns: int
    owed: int = 0
    stop_at_step: int | None = None


@dataclass(frozen=True, slots=True)
class Temporary:
    """Other rates for a while: so many percent of the programme's, or one of its own."""

    until_ns: int
    percent: int | None = None
    rate_nl_per_h: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a line was owed at an instant; between two marks it grew evenly."""

    at_ns: int
    owed: int


@dataclass(frozen=True, slots=True)
class Requests:
    """The patient's requests: made, granted (of these in part), denied; when the last dose began and ended."""

    made: int = 0
    granted: int = 0
    in_part: int = 0
    denied: int = 0
    began_ns: int | None = None
    ended_ns: int | None = None


class Astray(Enum):
    """On which side of what is owed the count is, beyond the share that is allowed."""

    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True, slots=True)
class Reference:
    """From where over- and under-infusion are counted: an instant, the count, what was owed and what the line did then.

    ``astray``: the share that is allowed has been exceeded since then; None: it has not, as far as is known.
    """

    at_ns: int
    steps: int
    owed: int
    state: LineState
    astray: Astray | None = None


@dataclass(frozen=True, slots=True)
class CourseStatus:
    """Where a line is in its programme beyond a single rate.

    ``based``: owed of the programme itself, without doses, since its start or that of the present repeat; ``dosed``: owed of
    doses since power-on (both nL/h x ns). ``since_ns``: begin of the present repeat. ``marks``: what had counted towards the
    dose limit, as far back as its window reaches.
    """

    based: int = 0
    since_ns: int | None = None
    doses: tuple[Dose, ...] = ()
    temporary: Temporary | None = None
    requests: Requests = Requests()
    dosed: int = 0
    marks: tuple[Mark, ...] = ()
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line: its state, program and account.

    ``rate_nl_per_h``: the rate of the programme now, after titrations, without doses. ``stop_at_step``: the count at which the
    VTBI is in, set at the first start. ``after_end``: the state that followed the VTBI, None before. ``owed``: programme
    integrated to now, doses included, in nL/h x ns since power-on; ``owed_end``: what it is when all of it is owed.
    ``start_at_ns``: the end of a delayed start, or of standby. ``finish_at_step``: the count at which a stroke under way ends,
    while the line is let finish it.
    """

    line: str
    state: LineState = LineState.EMPTY
    program: InfusionProgram | None = None
    rate_nl_per_h: int = 0
    stop_at_step: int | None = None
    after_end: LineState | None = None
    owed: int = 0
    start_at_ns: int | None = None
    owed_end: int | None = None
    finish_at_step: int | None = None
    course: CourseStatus = CourseStatus()

    @property
    def mode(self) -> LineMode:
        """How the line shares the pump; SINGLE without a program."""
        return self.program.mode if self.program is not None else LineMode.SINGLE

    def owing(self, owed: int, course: CourseStatus) -> "LineStatus":
        """The same status with another owed volume, and the course that goes with it."""
        return LineStatus(
            self.line,
            self.state,
            self.program,
            self.rate_nl_per_h,
            self.stop_at_step,
            self.after_end,
            owed,
            self.start_at_ns,
            self.owed_end,
            self.finish_at_step,
            course,
        )

    @property
    def forbids_kvo(self) -> bool:
        """Whether the line's drug must not be given at a keep-open rate."""
        return self.program is not None and self.program.drug is not None and self.program.drug.forbids_kvo

    @property
    def doing(self) -> LineState:
        """What the line does when it delivers: INFUSING, or what followed its VTBI."""
        return self.after_end or LineState.INFUSING


@dataclass(frozen=True, slots=True)
class AlarmStatus:
    """A condition that has been met: pending until its delay is over, then standing.

    ``over_since_ns``: since when the signal is beyond the clear level, None while it is not. ``acknowledged``: the operator has
    taken note. ``checking``: pending, and its line waits, stopped, whether it goes away by itself.
    """

    alarm: AlarmId
    line: str | None
    since_ns: int
    standing: bool
    over_since_ns: int | None = None
    acknowledged: bool = False
    checking: bool = False


@dataclass(frozen=True, slots=True)
class Signalled:
    """One condition as far as its signals go: when it was raised and, if so, acknowledged or over.

    ``silent_until_ns``: to when its auditory signal is paused. ``priority``: as it has escalated to.
    """

    alarm: AlarmId
    line: str | None
    priority: Priority
    raised_ns: int
    over: bool = False
    acknowledged_ns: int | None = None
    silent_until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pump shows and sounds now; the fields are those of ``outputs.SignalChanged``."""

    alarm: AlarmId | None = None
    line: str | None = None
    priority: Priority | None = None
    audible: bool = False
    reminder: bool = False
    sounding: AlarmId | None = None
    sounding_line: str | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class SignalStatus:
    """All signals, in the order in which their conditions were raised, and what is shown.

    ``paused_since_ns`` and ``paused_until_ns``: AUDIO PAUSED, None while it is not.
    """

    conditions: tuple[Signalled, ...] = ()
    shown: Shown = Shown()
    paused_until_ns: int | None = None
    paused_since_ns: int | None = None


@dataclass(frozen=True, slots=True)
class PowerStatus:
    """What the pump runs on. ``charge_ns``: what the battery holds, as running time, at ``charged_at_ns``."""

    mains: bool = True
    charge_ns: int | None = None
    charged_at_ns: int = 0
    off: bool = False


@dataclass(frozen=True, slots=True)
class GivenDrug:
    """A drug that a line has given: what all lines together were owed by then, nL/h x ns."""

    drug: str
    owed: int


@dataclass(frozen=True, slots=True)
class TurnedBack:
    """The mechanism after a distal occlusion: from which count it turns back, and to which at most; ``over``: it stands.

    ``highest_step``: the highest count there was; ``delivered``: something was delivered since.
    """

    line: str
    from_step: int
    highest_step: int
    to_step: int
    over: bool = False
    delivered: bool = False


class RunKind(Enum):
    """What the mechanism can be ordered to do beside delivering, to a count."""

    BACKPRIMING = "backpriming"
    WITHDRAWING = "withdrawing"


@dataclass(frozen=True, slots=True)
class CountedRun:
    """A line is being backprimed or drawn back: from which count to which, and how fast; ``late_ns``: when it should be long
    over. The count is that of backprimed steps, or that of the motor."""

    kind: RunKind
    line: str
    from_step: int
    to_step: int
    rate_nl_per_h: int
    late_ns: int


@dataclass(frozen=True, slots=True)
class PressureMark:
    """A pressure behind the pump, and when it was that."""

    at_ns: int
    kpa: float


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """What belongs to the pump as a whole beside its lines.

    ``clock_ns``: time of day at power-on, None while the clock is not set. ``asked``: the command that waits for ``Confirm``.
    ``given``: the drugs of the library that lines have given, up to when they last stopped.
    ``restarts_ns``: instants of automatic restarts. ``key_since_ns``: since when a key is pressed. ``touched_ns``: when
    somebody last did something. ``air_counted_ml``: what of the air counted since power-on somebody has taken note of;
    ``air_passing``: a bubble that somebody lets pass is still at the sensor. ``turned_back``: at the last distal occlusion.
    ``rising``: pressures that a rise is measured from, in the order of time. ``run``: what is backprimed or drawn back just
    now. ``withdrawn_steps``: of all withdrawals since power-on that are over.
    """

    clock_ns: int | None = None
    signals: SignalStatus = SignalStatus()
    power: PowerStatus = PowerStatus()
    asked: OperatorCommand | None = None
    given: tuple[GivenDrug, ...] = ()
    restarts_ns: tuple[int, ...] = ()
    key_since_ns: int | None = None
    touched_ns: int = 0
    air_counted_ml: float = 0.0
    air_passing: bool = False
    turned_back: TurnedBack | None = None
    rising: tuple[PressureMark, ...] = ()
    run: CountedRun | None = None
    withdrawn_steps: int = 0


@dataclass(frozen=True, slots=True)
class PumpState:
    """All that a controller knows. Lines in the order of the model, alarms in the order in which they began."""

    now_ns: int
    lines: tuple[LineStatus, ...]
    motor: MotorCommand
    alarms: tuple[AlarmStatus, ...] = ()
    reading: SensorReading | None = None
    unit: UnitStatus = UnitStatus()

    def line(self, line: str) -> LineStatus:
        """The status of a line of the model. Raises LookupError for another one."""
        for status in self.lines:
            if status.line == line:
                return status
        raise LookupError(f"no line {line}")

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
        return PumpState(self.now_ns, lines, self.motor, self.alarms, self.reading, self.unit)

    def seeing(self, reading: SensorReading) -> "PumpState":
        """The same state with a new reading."""
        return PumpState(self.now_ns, self.lines, self.motor, self.alarms, reading, self.unit)

    def with_unit(self, unit: UnitStatus) -> "PumpState":
        """The same state with another status of the pump as a whole."""
        return PumpState(self.now_ns, self.lines, self.motor, self.alarms, self.reading, unit)

    def with_alarms(self, alarms: tuple[AlarmStatus, ...]) -> "PumpState":
        """The same state with other conditions."""
        return PumpState(self.now_ns, self.lines, self.motor, alarms, self.reading, self.unit)

    def with_motor(self, motor: MotorCommand) -> "PumpState":
        """The same state with another command to the mechanism."""
        return PumpState(self.now_ns, self.lines, motor, self.alarms, self.reading, self.unit)
