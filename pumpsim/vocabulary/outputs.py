"""What a pump answers: motor commands, records of what changed, and when it wants to be called again."""

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from pumpsim.vocabulary.alarms import AlarmId, Direction, Priority, Signal

NS_PER_H = 3_600_000_000_000


class LineState(Enum):
    """Where a line is in its life. Only INFUSING, KVO and CONTINUING move fluid.

    ``delivering``: whether the mechanism is asked to move fluid of this line.
    """

    EMPTY = "empty"
    READY = "ready"
    DELAYED = "delayed"
    INFUSING = "infusing"
    KVO = "kvo"
    CONTINUING = "continuing"
    PAUSED = "paused"
    CHECKING = "checking"
    STANDBY = "standby"
    HELD = "held"
    ALARM = "alarm"
    COMPLETE = "complete"

    def __init__(self, word: str) -> None:
        self.delivering = word in ("infusing", "kvo", "continuing")


class DeliveryEventKind(Enum):
    """What happened to the delivery of a line."""

    PROGRAM_LOADED = "program-loaded"
    DELIVERY_DELAYED = "delivery-delayed"
    DELIVERY_STARTED = "delivery-started"
    DELIVERY_STOPPED = "delivery-stopped"
    DELIVERY_PAUSED = "delivery-paused"
    DELIVERY_RESUMED = "delivery-resumed"
    DELIVERY_COMPLETE = "delivery-complete"
    RATE_CHANGED = "rate-changed"
    MODE_CHANGED = "mode-changed"
    KVO_ENTERED = "kvo-entered"
    KVO_LEFT = "kvo-left"
    BOLUS_STARTED = "bolus-started"
    BOLUS_COMPLETE = "bolus-complete"
    BOLUS_STOPPED = "bolus-stopped"
    STANDBY_ENTERED = "standby-entered"
    STANDBY_LEFT = "standby-left"
    BACK_OFF_STARTED = "back-off-started"
    BACK_OFF_COMPLETE = "back-off-complete"
    BACKPRIME_STARTED = "backprime-started"
    BACKPRIME_COMPLETE = "backprime-complete"
    BACKPRIME_STOPPED = "backprime-stopped"
    WITHDRAWAL_STARTED = "withdrawal-started"
    WITHDRAWAL_COMPLETE = "withdrawal-complete"
    WITHDRAWAL_STOPPED = "withdrawal-stopped"


@dataclass(frozen=True, slots=True)
class LineMotion:
    """What one line of a mechanism shall do: a signed rate, until the absolute count of ``stop_at_step`` is reached.

    ``stop_at_step`` counts since the device's power-on, so a command repeated, or based on old telemetry, adds nothing.
    None: no end. Below 0 the mechanism turns back, and the count with it, down to ``stop_at_step``; without one it stands.
    """

    line: str
    rate_nl_per_h: int
    stop_at_step: int | None = None


@dataclass(frozen=True, slots=True)
class MotorCommand:
    """One per mechanism; it holds until another one is given.

    ``backpriming``, while no line moves: fluid of the first line is driven into the limb of this one, at the rate, until its
    count of backprimed steps is ``stop_at_step``; without one it stands.
    """

    lines: tuple[LineMotion, ...]
    backpriming: LineMotion | None = None

    @property
    def moving(self) -> bool:
        """Whether the mechanism is asked to move."""
        return self.backpriming is not None or any(motion.rate_nl_per_h for motion in self.lines)


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """A change in the delivery of one line: its state now, its rate in nL/h (0 when it does not deliver), why."""

    kind: DeliveryEventKind
    line: str
    state: LineState
    rate_nl_per_h: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """An alarm condition has begun. ``line`` None: it concerns the pump."""

    alarm: AlarmId
    line: str | None
    priority: Priority
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AlarmCleared:
    """An alarm condition is over."""

    alarm: AlarmId
    line: str | None


@dataclass(frozen=True, slots=True)
class AlarmAcknowledged:
    """The operator has taken note of a standing condition."""

    alarm: AlarmId
    line: str | None


@dataclass(frozen=True, slots=True)
class CommandRejected:
    """A command was refused and changed nothing. ``command`` names it as a scenario does: ``start``, ``titrate``."""

    command: str
    line: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DoseDenied:
    """A patient's request was counted and denied."""

    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmationAsked:
    """A soft limit is in the way: the command waits for ``Confirm``."""

    command: str
    line: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class LimitOverridden:
    """The operator has confirmed a command beyond a soft limit."""

    command: str
    line: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class SignalChanged:
    """What the pump shows and sounds from now on: the condition of the highest priority, or none.

    ``audible``: whether an auditory signal sounds: its own or, where that is silenced, that of ``sounding``. ``reminder``:
    only a reminder signal does. ``paused``: whether AUDIO PAUSED is indicated.
    """

    alarm: AlarmId | None
    line: str | None
    priority: Priority | None
    audible: bool
    reminder: bool = False
    sounding: AlarmId | None = None
    sounding_line: str | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """What the pump runs on from now on: ``mains``, ``battery``, or ``off``."""

    source: str
    line: None = None


Record = (
    DeliveryEvent
    | AlarmRaised
    | AlarmCleared
    | AlarmAcknowledged
    | CommandRejected
    | DoseDenied
    | ConfirmationAsked
    | LimitOverridden
    | SignalChanged
    | PowerChanged
)
Output = MotorCommand | Record


@dataclass(frozen=True, slots=True)
class Watch:
    """A hint to the driver: hand over a reading at the first ns at which the signal is on this side of the level.

    It fires once; if it holds when armed, at once, but never twice in one instant. ``line`` None: a signal of the pump.
    ``per_h``: by how much the level moves in each hour, in the unit of the signal, from ``from_ns`` of the pump's time on, at
    which it is ``level``; only counts are watched so (what a mechanism should have made of them by then), and a correct one
    never crosses it.
    """

    signal: Signal
    line: str | None
    direction: Direction
    level: float
    per_h: float = 0.0
    from_ns: int = 0

    def at(self, now_ns: int) -> "Watch":
        """The watch with a level that stands, where a moving one has come to at an instant."""
        if self.per_h == 0.0:
            return self
        level = self.level + self.per_h * ((now_ns - self.from_ns) / NS_PER_H)
        return Watch(self.signal, self.line, self.direction, level)

    def holds(self, value: float) -> bool:
        """Whether a value of the signal is on the watched side of the level."""
        match self.direction:
            case Direction.AT_LEAST:
                return value >= self.level
            case Direction.ABOVE:
                return value > self.level
            case Direction.AT_MOST:
                return value <= self.level
            case Direction.BELOW:
                return value < self.level
            case _:
                assert_never(self.direction)


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to one input: what to do, and when to call again (absolute ns; None: no need).

    The watches replace all earlier ones.
    """

    outputs: tuple[Output, ...]
    wake_at_ns: int | None
    watches: tuple[Watch, ...]
