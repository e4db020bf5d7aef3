"""What a type of pump can do, as data: a row of the catalogue, composed from a mechanism and limits.

A model decides nothing. Each figure has an entry in ``sources``; one whose entry is missing or begins with
``unverified`` counts as unverified and is named in every report that used it.
"""

from dataclasses import dataclass
from enum import Enum

from pumpsim.vocabulary.alarms import AlarmCondition, AlarmId, Signal
from pumpsim.vocabulary.courses import LockoutFrom


class Drive(Enum):
    """How the mechanism moves fluid: see ``fluidics``, one file for each."""

    STROKES = "strokes"
    SMOOTH = "smooth"
    PERISTALTIC = "peristaltic"
    LEAD_SCREW = "lead-screw"
    PULSES = "pulses"
    ROLLER_CLAMP = "roller-clamp"


class PumpClass(Enum):
    """What a pump is made for; the words that ``pumpsim list`` groups by."""

    LARGE_VOLUME = "large-volume"
    SYRINGE = "syringe"
    PCA = "patient-controlled analgesia"
    INSULIN = "insulin"
    IMPLANTED = "implanted"
    GRAVITY = "gravity drip"
    LABORATORY = "laboratory"


class Interleave(Enum):
    """How a cycle is shared by two lines: each cycle draws from both, or each from one."""

    WITHIN_CYCLE = "within-cycle"
    WHOLE_STROKE = "whole-stroke"


class InnerFlow(Enum):
    """How the shares of one cycle leave the pumping chamber: one after the other, or mixed."""

    IN_ORDER = "in-order"
    MIXED = "mixed"


class AtEnd(Enum):
    """What a line does when its volume to be infused (VTBI) is in."""

    KVO = "kvo"
    CONTINUE = "continue"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Corner:
    """A corner of a course within one cycle: the motor's position and what has been displaced by then, both in parts per
    million of a cycle. Displacement may fall between two corners (back-flow) and may exceed the position."""

    position_ppm: int
    displaced_ppm: int


@dataclass(frozen=True, slots=True)
class LeadScrew:
    """What stands between motor and plunger of a syringe pump.

    ``step_nm``: travel of a micro-step. ``steps_per_turn``: micro-steps of one turn of the screw. ``backlash_nm``: lost
    motion at first, or after a reversal. ``stick_nm_per_s``: speed below which a sliding plunger sticks again.
    """

    step_nm: int
    steps_per_turn: int
    backlash_nm: int = 0
    stick_nm_per_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Mechanism:
    """The moving part between containers and line.

    ``step_fl``: volume of a motor step in fL. ``cycle_steps``: steps of one full stroke, revolution or turn (1 where there
    is none). A cassette's chamber is filled from the lines and emptied into the common line: ``fill_ppm`` is the share of
    a cycle's time that filling takes, ``catch_up_ppm`` by how much a cycle may be hurried when the pumped volume is
    behind the owed one, both in parts per million.

    The drives with one line have a ``course`` over a cycle (none: even), a duration of a pulse or a micro-step,
    ``pulse_ns``, and a leak back through the mechanism. ``screw`` belongs to a lead screw; its ``step_fl`` follows from
    the bore of the syringe.
    """

    drive: Drive
    step_fl: int
    cycle_steps: int
    fill_ppm: int = 0
    catch_up_ppm: int = 0
    interleave: Interleave = Interleave.WITHIN_CYCLE
    inner_flow: InnerFlow = InnerFlow.IN_ORDER
    course: tuple[Corner, ...] = ()
    pulse_ns: int = 0
    leak_ml_per_h_per_kpa: float = 0.0
    screw: LeadScrew | None = None

    @property
    def cycle_fl(self) -> int:
        """Volume of one full pumping cycle, fL."""
        return self.step_fl * self.cycle_steps


@dataclass(frozen=True, slots=True)
class AirSensor:
    """The air sensor behind the mechanism. All in mL at atmospheric pressure.

    It counts bubbles of ``smallest_ml`` or more, over the last ``window_ns``, or, where that is 0, over the last ``window_ml``
    that the line has given. Fluid of more than ``apart_ml`` ends a bubble.
    """

    smallest_ml: float
    apart_ml: float
    window_ns: int = 0
    window_ml: float = 0.0


@dataclass(frozen=True, slots=True)
class RateBand:
    """Rates from ``low`` to ``high`` inclusive, settable in multiples of ``step``; all in nL/h."""

    low_nl_per_h: int
    high_nl_per_h: int
    step_nl_per_h: int


@dataclass(frozen=True, slots=True)
class KvoBand:
    """The KVO rate of a line that is programmed at ``from_nl_per_h`` or more; both in nL/h."""

    from_nl_per_h: int
    kvo_nl_per_h: int


@dataclass(frozen=True, slots=True)
class ConcurrentLimits:
    """What two lines may be asked for at once: a floor for each and a ceiling for the sum, nL/h."""

    floor_nl_per_h: int
    sum_nl_per_h: int


@dataclass(frozen=True, slots=True)
class Battery:
    """Running time of a full battery, how long a full charge takes, and what is left when the alarms are raised; all ns.

    After the depleted alarm the pump goes on for ``depleted_ns``, then switches off.
    """

    full_ns: int
    charge_ns: int
    low_ns: int
    depleted_ns: int


@dataclass(frozen=True, slots=True)
class AutoRestart:
    """Going on by itself after a distal occlusion that goes away: the pressure must fall below ``fall_ppm`` of the limit within
    ``within_ns``; at most ``most`` times in ``window_ns``."""

    most: int
    window_ns: int = 600_000_000_000
    within_ns: int = 15_000_000_000
    fall_ppm: int = 500_000


@dataclass(frozen=True, slots=True)
class BackOff:
    """Turning the mechanism back after a distal occlusion: at ``rate_nl_per_h``, until the pressure is at ``to_ppm`` of the
    limit or ``most_nl`` have been taken back."""

    rate_nl_per_h: int
    most_nl: int
    to_ppm: int


TURNING_BACK = (Drive.SMOOTH, Drive.PERISTALTIC)
"""The drives that can turn back: a finger or a piston without valves gives back what it has taken, the way that it came."""


@dataclass(frozen=True, slots=True)
class Backpriming:
    """Driving fluid of the first line into the limb of another: at ``rate_nl_per_h``, ``most_nl`` for one order, until the
    pressure there is ``most_kpa``: then that limb is closed."""

    rate_nl_per_h: int
    most_nl: int
    most_kpa: float


WITHDRAWING = (Drive.SMOOTH, Drive.LEAD_SCREW)
"""The drives that can draw back by order: a screw whose carriage holds the plunger, and what stands for one without steps."""
BACKPRIMING = (Drive.SMOOTH, Drive.STROKES)
"""The drives that can, with two lines: a chamber whose valves let each line in, and out again, by itself."""


@dataclass(frozen=True, slots=True)
class PressureRise:
    """A pressure behind the pump that has risen by so much within so long, while it delivers."""

    by_kpa: float
    within_ns: int


@dataclass(frozen=True, slots=True)
class Reminders:
    """When a pump that does not deliver, or waits for an answer, reminds; None: never. All ns.

    ``idle_ns``: a line is ready or held and nobody has touched the pump. ``pending_ns``: a question is not answered.
    ``acknowledged_ns``: a condition that was acknowledged still stands. ``key_ns``: a key that is pressed so long is stuck.
    """

    idle_ns: int | None = None
    pending_ns: int | None = None
    acknowledged_ns: int | None = None
    key_ns: int | None = 60_000_000_000


@dataclass(frozen=True, slots=True)
class FlowLimits:
    """Over- and under-infusion by the count of the motor: more, or less, than so many ppm of what is owed for so long.

    None: not watched. ``dose_for_ns``: for how long while a dose on request, or a bolus at a rate, is given; None: as
    otherwise. Source of the defaults: GIP v1.0, 1.2.2 and 1.2.3.
    """

    over_ppm: int | None = 1_100_000
    under_ppm: int | None = 900_000
    for_ns: int = 900_000_000_000
    dose_for_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Sourced:
    """Where a figure of the model comes from; ``value`` is how a reader would write it, with its unit."""

    figure: str
    value: str
    source: str

    @property
    def verified(self) -> bool:
        """Whether the figure was read in the source that it names."""
        return not self.source.startswith("unverified")


@dataclass(frozen=True, slots=True)
class PumpModel:
    """A type of pump: lines, mechanism, limits, alarm rows and the source of each figure.

    The first line is the primary, the second (if any) the secondary. ``rate_bands`` ascend and do not overlap.
    ``occlusion_range_kpa``: the settable distal limit, lowest and highest. ``near_end_ns``: how long before the VTBI is
    in the near-end condition is raised. ``standard_set``: the administration set that a scenario has if it names none.
    ``kvo_bands`` ascend; below the first, or where there are none, KVO is ``kvo_nl_per_h``. ``bolus_nl_per_h``: the rate at
    which a dose on request or a bolus is given, which may be above every rate that can be programmed; 0 where there is none.
    ``sensors``: what each line measures beside pressure, air and motor steps.
    ``air_sensor``: behind the mechanism, None for none; ``air_trap_ml``: what a trap ahead of the mechanism keeps of air.

    ``bolus_adds``: a bolus is given beside the programme's rate, not in its place; ``bolus_max_nl``: the largest one,
    ``square_max_ns``: the longest time over which one is given evenly, 0 where there is none. ``lockout_from``: from when a
    lockout counts where the programme does not say. ``clockwork``: it can go by time of day. ``battery``, ``auto_restart``,
    ``back_off``, ``pressure_rise``, ``backpriming``: None for none. ``audio_pause_ns``: the longest. ``withdraws``: it draws
    the plunger back when it is asked to, at any rate that can be programmed; no pump for patients does.

    Raises ValueError for a ``back_off`` that the mechanism cannot do, or whose alarm would be over with the pressure that it
    lets off itself, and for a ``backpriming`` or a withdrawal that it cannot do.
    """

    id: str
    title: str
    lines: tuple[str, ...]
    mechanism: Mechanism
    rate_bands: tuple[RateBand, ...]
    vtbi_min_nl: int
    vtbi_max_nl: int
    vtbi_step_nl: int
    kvo_nl_per_h: int
    at_end: AtEnd
    near_end_ns: int
    occlusion_range_kpa: tuple[float, float]
    alarms: tuple[AlarmCondition, ...]
    sources: tuple[Sourced, ...]
    concurrent: ConcurrentLimits | None = None
    kind: PumpClass = PumpClass.LARGE_VOLUME
    standard_set: str = "dual-channel-cassette-set"
    kvo_bands: tuple[KvoBand, ...] = ()
    bolus_nl_per_h: int = 0
    sensors: tuple[Signal, ...] = ()
    air_sensor: AirSensor | None = None
    air_trap_ml: float = 0.0
    bolus_adds: bool = False
    bolus_max_nl: int = 0
    square_max_ns: int = 0
    lockout_from: LockoutFrom = LockoutFrom.END
    clockwork: bool = False
    most_stages: int = 0
    battery: Battery | None = None
    auto_restart: AutoRestart | None = None
    back_off: BackOff | None = None
    reminders: Reminders = Reminders()
    flow_limits: FlowLimits | None = FlowLimits()
    audio_pause_ns: int = 120_000_000_000
    pressure_rise: PressureRise | None = None
    backpriming: Backpriming | None = None
    withdraws: bool = False

    def __post_init__(self) -> None:
        if self.back_off is not None and (reasons := self.against_back_off()):
            raise ValueError(f"model {self.id} cannot back off: {'; '.join(reasons)}")
        if self.backpriming is not None and (len(self.lines) != 2 or self.mechanism.drive not in BACKPRIMING):
            raise ValueError(f"model {self.id} cannot backprime: it takes two lines, and valves for each")
        if self.withdraws and (len(self.lines) != 1 or self.mechanism.drive not in WITHDRAWING):
            raise ValueError(f"model {self.id} cannot withdraw: it takes one line, and a screw that holds the plunger")
        if self.withdraws and self.kind is not PumpClass.LABORATORY:
            raise ValueError(f"model {self.id} must not withdraw: it is a pump for patients")

    def against_back_off(self) -> tuple[str, ...]:
        """Say why the pump cannot turn back after an occlusion; empty when it can."""
        reasons: list[str] = []
        if self.mechanism.drive not in TURNING_BACK:
            reasons.append(f"its drive, {self.mechanism.drive.value}, does not turn back")
        if len(self.lines) > 1:
            reasons.append("what it takes back could be of either line")
        occlusions = [row for row in self.alarms if row.id is AlarmId.OCCLUSION_DISTAL]
        if not occlusions or any(row.self_clearing for row in occlusions):
            reasons.append("an occlusion alarm is wanted that stands until it is acknowledged")
        return tuple(reasons)

    def kvo_for(self, rate_nl_per_h: int) -> int:
        """The KVO rate of a line programmed at this rate, nL/h; never above it."""
        kvo = self.kvo_nl_per_h
        for band in self.kvo_bands:
            if rate_nl_per_h >= band.from_nl_per_h:
                kvo = band.kvo_nl_per_h
        return min(kvo, rate_nl_per_h)

    @property
    def max_rate_nl_per_h(self) -> int:
        """The highest rate that can be programmed for one line."""
        return self.rate_bands[-1].high_nl_per_h

    @property
    def max_motor_nl_per_h(self) -> int:
        """The highest rate that the mechanism may be asked for: programmed, or that of a bolus."""
        return max(self.max_rate_nl_per_h, self.bolus_nl_per_h)
