"""What can happen to a pump: a closed union of inputs, each a frozen value.

``Tick`` is the passing of time and nothing else. A ``SensorReading`` is all that the pump knows of the world.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.alarms import AlarmId, Signal
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.sensors import Sensor


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come to the instant that is handed over with it."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a further sensor says, in the unit of its signal."""

    signal: Signal
    value: float


@dataclass(frozen=True, slots=True)
class LineReading:
    """One line at one instant: steps pumped since the device's power-on, pressure and air ahead of the pump.

    ``proximal_kpa`` is gauge; negative when the pump draws against a closed clamp. ``more``: the sensors that the model has
    beside these. ``backprimed``: steps driven into the line's limb since the device's power-on; ``steps`` has none of them.
    """

    line: str
    steps: int
    proximal_kpa: float
    air: bool
    more: tuple[Measured, ...] = ()
    backprimed: int = 0


@dataclass(frozen=True, slots=True)
class SensorReading:
    """All that the pump knows of the world at one instant. ``age_ns``: how old it was when handed over (bridge).

    ``silent``: sensors that say nothing; what stands in their place is 0 and means nothing.
    ``bubble_ml``: what has passed of the bubble that is passing the air sensor behind the pump; ``counted_ml``: all air that
    this sensor has counted within its window, ``air_total_ml``: since power-on. All in mL at atmospheric pressure, 0 where
    there is no such sensor.
    """

    lines: tuple[LineReading, ...]
    distal_kpa: float
    age_ns: int = 0
    silent: tuple[Sensor, ...] = ()
    bubble_ml: float = 0.0
    counted_ml: float = 0.0
    air_total_ml: float = 0.0

    def value(self, signal: Signal, line: str | None) -> float | None:
        """The value of a signal, of a line if it is one of a line's; None when nothing is known of it."""
        if self.silent and Sensor(signal, None if signal is Signal.DISTAL_PRESSURE else line) in self.silent:
            return None
        of_pump = OF_THE_PUMP.get(signal)
        if of_pump is not None:
            return of_pump(self)
        for reading in self.lines:
            if reading.line == line:
                of_line = OF_A_LINE.get(signal)
                return of_line(reading) if of_line is not None else _further(reading, signal)
        return None


OF_THE_PUMP: dict[Signal, Callable[[SensorReading], float]] = {
    Signal.DISTAL_PRESSURE: lambda reading: reading.distal_kpa,
    Signal.AIR_BUBBLE: lambda reading: reading.bubble_ml,
    Signal.AIR_ACCUMULATED: lambda reading: reading.counted_ml,
    Signal.AIR_TOTAL: lambda reading: reading.air_total_ml,
}
OF_A_LINE: dict[Signal, Callable[[LineReading], float]] = {
    Signal.PROXIMAL_PRESSURE: lambda line: line.proximal_kpa,
    Signal.AIR_PROXIMAL: lambda line: float(line.air),
    Signal.STEPS: lambda line: float(line.steps),
    Signal.BACKPRIMED: lambda line: float(line.backprimed),
}
"""Where a reading has each signal."""


def _further(reading: LineReading, signal: Signal) -> float | None:
    """What a further sensor of a line says; None where the line has no such sensor."""
    return next((measured.value for measured in reading.more if measured.signal is signal), None)


@dataclass(frozen=True, slots=True)
class LoadProgram:
    """Put a program on a line that is not delivering."""

    line: str
    program: InfusionProgram


@dataclass(frozen=True, slots=True)
class Start:
    """Start a line; ``line`` None: every loaded line that is not delivering."""

    line: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Hold a line; ``line`` None: every line that delivers or waits to."""

    line: str | None = None


@dataclass(frozen=True, slots=True)
class Titrate:
    """Change the programmed rate of a line, delivering or not."""

    line: str
    rate_nl_per_h: int
    ordered: str = ""


@dataclass(frozen=True, slots=True)
class ChangeMode:
    """Make a piggyback of a concurrent secondary, or the reverse, delivering or not."""

    line: str
    mode: LineMode


@dataclass(frozen=True, slots=True)
class GiveBolus:
    """Give a bolus beside, or in place of, the running programme, as the model has it.

    At ``rate_nl_per_h``, None: the model's bolus rate; or evenly over ``over_ns`` (extended, square). One of either kind at a
    time; while the first runs, an extended one waits. A dual bolus is one of each.
    """

    line: str
    volume_nl: int
    rate_nl_per_h: int | None = None
    over_ns: int | None = None


@dataclass(frozen=True, slots=True)
class StopBolus:
    """End the bolus that runs or waits on a line; the programme goes on."""

    line: str


@dataclass(frozen=True, slots=True)
class RequestDose:
    """The patient asks for a dose; denied in lockout, at a limit, in an alarm, and counted all the same."""

    line: str


@dataclass(frozen=True, slots=True)
class Backprime:
    """Drive so much of the first line's fluid up into the limb of another line, with what stands in the mechanism ahead of
    it, while nothing is delivered. It reaches no patient and counts for no line."""

    line: str
    volume_nl: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Draw so much back into the syringe of a line that has no programme under way: a laboratory pump's, never a patient's."""

    line: str
    volume_nl: int
    rate_nl_per_h: int


@dataclass(frozen=True, slots=True)
class SetTemporary:
    """Run the programme's rates at so many percent, or at another rate, for so long; ``duration_ns`` 0 ends it."""

    line: str
    duration_ns: int
    percent: int | None = None
    rate_nl_per_h: int | None = None


@dataclass(frozen=True, slots=True)
class Standby:
    """Put a line that is ready or held aside for so long, without reminders; then call back."""

    line: str
    duration_ns: int


@dataclass(frozen=True, slots=True)
class SetClock:
    """Set the time of day, ns since midnight; programmes that go by it follow at once. No daylight saving."""

    time_of_day_ns: int


@dataclass(frozen=True, slots=True)
class PauseAudio:
    """Pause the auditory signals of what is alarming now (AUDIO PAUSED); a new condition sounds all the same. 0 ends it."""

    duration_ns: int = 120_000_000_000


@dataclass(frozen=True, slots=True)
class ResetAir:
    """Take note of the air that was found, and begin to count anew; what stands at the sensor is let pass once."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Answer what the pump asks because of soft limits: carry the command out that waits, or (``agreed`` False) drop it."""

    agreed: bool = True


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Take note of alarm conditions; ``alarm`` None: of all. Those that do not clear by themselves are over with it."""

    alarm: AlarmId | None = None


OfALine = (
    LoadProgram
    | Start
    | Stop
    | Titrate
    | ChangeMode
    | GiveBolus
    | StopBolus
    | RequestDose
    | SetTemporary
    | Standby
    | Backprime
    | Withdraw
)
OfThePump = Acknowledge | SetClock | PauseAudio | ResetAir | Confirm
OperatorCommand = OfALine | OfThePump


class DeviceEventKind(Enum):
    """What a driver, a device or the interlock can report beside readings."""

    COMMUNICATION_LOST = "communication-lost"
    COMMUNICATION_RESTORED = "communication-restored"
    DEVICE_FAULT = "device-fault"
    OVER_INFUSION = "over-infusion"
    RATE_LIMIT = "rate-limit"
    MOTOR_STALL = "motor-stall"
    WATCHDOG = "watchdog"
    FREE_FLOW = "free-flow"
    SENSOR_FAULT = "sensor-fault"
    SELF_TEST_FAILED = "self-test-failed"
    DOOR_OPENED = "door-opened"
    DOOR_CLOSED = "door-closed"
    SYRINGE_REMOVED = "syringe-removed"
    SYRINGE_SEATED = "syringe-seated"
    MAINS_LOST = "mains-lost"
    MAINS_RESTORED = "mains-restored"
    KEY_PRESSED = "key-pressed"
    KEY_RELEASED = "key-released"
    POWERED_ON = "powered-on"


@dataclass(frozen=True, slots=True)
class DeviceEvent:
    """Something about the device itself, with the detail that a reader needs."""

    kind: DeviceEventKind
    detail: str = ""


Input = Tick | SensorReading | OperatorCommand | DeviceEvent
