"""Alarm conditions as data: what IEC 60601-1-8 calls an alarm condition, one row each.

A row says what is watched, from which level on, how long, and what it does to delivery. Whether a condition stands is
decided by ``controller.alarm_monitor`` alone. Source of the words: IEC 60601-1-8:2006+A1:2012, clause 3 and 6.1.
"""

from dataclasses import dataclass
from enum import Enum


class AlarmId(Enum):
    """The name of an alarm condition, as scenarios and records write it."""

    __hash__ = object.__hash__  # by identity, as it is compared: rows are looked up by it at every step

    OCCLUSION_DISTAL = "occlusion-distal"
    OCCLUSION_PROXIMAL = "occlusion-proximal"
    PRESSURE_RISE = "pressure-rise"
    AIR_IN_LINE_PROXIMAL = "air-in-line-proximal"
    AIR_IN_LINE_DISTAL = "air-in-line-distal"
    AIR_ACCUMULATED = "air-accumulated-distal"
    NEAR_END = "near-end"
    INFUSION_COMPLETE = "infusion-complete"
    RESERVOIR_LOW = "reservoir-low"
    CONTAINER_EMPTY = "container-empty"
    CALL_BACK = "call-back"
    STANDBY_OVER = "standby-over"
    OVER_INFUSION = "over-infusion"
    UNDER_INFUSION = "under-infusion"
    FREE_FLOW = "free-flow"
    MAX_DOSE = "max-dose"
    SAME_DRUG = "same-drug"
    INCOMPATIBLE_DRUGS = "incompatible-drugs"
    RATE_LIMIT = "rate-limit"
    MOTOR_STALL = "motor-stall"
    DOOR_OPEN = "door-open"
    SYRINGE_OFF = "syringe-off"
    BATTERY_LOW = "battery-low"
    BATTERY_DEPLETED = "battery-depleted"
    MAINS_LOST = "mains-lost"
    POWER_LOST = "power-lost"
    SENSOR_FAULT = "sensor-fault"
    SELF_TEST = "self-test"
    WATCHDOG = "watchdog"
    KEY_STUCK = "key-stuck"
    IDLE = "idle"
    PENDING_INPUT = "pending-input"
    COMMUNICATION_LOST = "communication-lost"
    DEVICE_FAULT = "device-fault"


class Priority(Enum):
    """Priority of an alarm condition (IEC 60601-1-8, 6.1.2)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the highest; signals are shown in this order."""
        return PRIORITIES.index(self)


PRIORITIES = (Priority.HIGH, Priority.MEDIUM, Priority.LOW)


class Kind(Enum):
    """Whether a condition arises from a variable of the patient, or of the equipment (IEC 60601-1-8, 3.31 and 3.36)."""

    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"


class Effect(Enum):
    """What a condition does to delivery while it stands, from the least restrictive on; the most restrictive wins."""

    CONTINUE = "continue"
    KVO = "keep open"
    FINISH_STROKE = "finish the stroke, then stop the line"
    STOP_LINE = "stop the line"
    STOP_ALL = "stop all lines"

    @property
    def stops(self) -> bool:
        """Whether a line that it concerns may not deliver."""
        return self in (Effect.FINISH_STROKE, Effect.STOP_LINE, Effect.STOP_ALL)


class Signal(Enum):
    """A quantity of a sensor reading that a watch or a condition can look at."""

    __hash__ = object.__hash__  # as above

    DISTAL_PRESSURE = "distal pressure (kPa)"
    PROXIMAL_PRESSURE = "proximal pressure (kPa)"
    AIR_PROXIMAL = "air at the proximal sensor (0 or 1)"
    AIR_BUBBLE = "bubble at the distal air sensor (mL)"
    AIR_ACCUMULATED = "air counted by the distal sensor within its window (mL)"
    AIR_TOTAL = "air counted by the distal sensor since power-on (mL)"
    STEPS = "motor steps (absolute count)"
    BACKPRIMED = "motor steps backprimed (absolute count)"
    PLUNGER_FORCE = "plunger force (N)"
    PLUNGER_POSITION = "plunger position (mm)"
    RESERVOIR_LEVEL = "reservoir level (mL)"
    DROPS = "drops (absolute count)"


class Direction(Enum):
    """The side of a level on which a watch fires."""

    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The level at which a measured condition is met, and the one beyond which it is over.

    ``rising`` True: met at ``level`` or more, over below ``clear_level``. False: met at ``level`` or less, over above
    ``clear_level``. Unit: that of the signal.
    """

    signal: Signal
    level: float
    clear_level: float
    rising: bool = True


@dataclass(frozen=True, slots=True)
class AlarmCondition:
    """One row of the alarm catalogue.

    ``per_line``: the condition is judged for each line by itself. ``threshold`` None: the condition is declared by the
    controller, the interlock or the driver, not measured. ``delay_ns`` is the alarm condition delay of IEC 60601-1-8,
    counted from the first crossing. ``self_clearing`` False: it stands until it is acknowledged.

    Of its signals: ``signal_delay_ns`` is the alarm signal generation delay, from the instant at which the condition stands;
    ``latching``: they go on when the condition is over, until it is acknowledged; ``escalates_after_ns``: an unacknowledged
    condition rises by one priority after so long (None: never).
    """

    id: AlarmId
    priority: Priority
    effect: Effect
    per_line: bool
    text: str
    source: str
    threshold: Threshold | None = None
    delay_ns: int = 0
    self_clearing: bool = True
    kind: Kind = Kind.TECHNICAL
    signal_delay_ns: int = 0
    latching: bool = False
    escalates_after_ns: int | None = None
