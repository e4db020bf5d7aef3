"""What should happen: the validated scenario, a frozen value in internal units.

``scenario_file`` makes it from TOML; tests may build it directly. Nothing here reads files or decides anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.disturbances import Disturbance, Powering
from pumpsim.vocabulary.inputs import DeviceEvent, OperatorCommand
from pumpsim.vocabulary.model import PumpModel, Sourced
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.path import AmountUnit, JunctionSetup, PathSetup, Sensing
from pumpsim.vocabulary.sensors import SensorFault


@dataclass(frozen=True, slots=True)
class PumpSetup:
    """One pump of a scenario: its id, its model with the scenario's settings applied, the path to the patient."""

    id: str
    model: PumpModel
    path: PathSetup
    sensing: Sensing

    @property
    def sources(self) -> tuple[Sourced, ...]:
        """Every figure that this pump and its path rest on."""
        return self.model.sources + self.path.set.sources + self.path.access.sources


Action = OperatorCommand | Disturbance | SensorFault | MotorFault | DeviceEvent | Powering
"""What can be done to a pump."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is done to one pump at one instant: by the operator, by the world, or by its own device."""

    at_ns: int
    pump: str
    action: Action


@dataclass(frozen=True, slots=True)
class WireSpan:
    """What the wire of a virtual pump does wrong for a while, by the words of ``[[wire]]``, times in ns; ``until_ns`` None: for
    good. A simulation has no wire."""

    at_ns: int
    until_ns: int | None
    words: Mapping[str, float | int | bool]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a measured value may lie from the expected one: absolute, or a share of the expected value."""

    absolute: float = 0.0
    relative: float = 0.0

    def width(self, expected: float) -> float:
        """The greatest distance that still passes."""
        return max(self.absolute, self.relative * abs(expected))


@dataclass(frozen=True, slots=True)
class AlarmExpected:
    """An alarm is raised within the window (inclusive); with ``absent`` none may be."""

    text: str
    pump: str
    alarm: AlarmId
    line: str | None
    from_ns: int
    to_ns: int
    absent: bool = False


@dataclass(frozen=True, slots=True)
class VolumeExpected:
    """The volume of a line, pumped or at the patient, at an instant (``at_ns``). ``at_patient`` False: pumped."""

    text: str
    pump: str
    line: str
    at_patient: bool
    volume_ml: float
    tolerance: Tolerance
    at_ns: int


@dataclass(frozen=True, slots=True)
class DrugExpected:
    """The amount of a drug that the patient has had from one pump between two instants."""

    text: str
    pump: str
    drug: str
    amount: float
    unit: AmountUnit
    tolerance: Tolerance
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class RejectionExpected:
    """The pump refuses a command within the window; ``reason`` must occur in what it says."""

    text: str
    pump: str
    command: str
    line: str | None
    reason: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class QuestionExpected:
    """The pump asks about a command within the window; with ``overridden`` it is confirmed and carried out then.

    ``reason`` must occur in what it says.
    """

    text: str
    pump: str
    overridden: bool
    command: str
    line: str | None
    reason: str
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class StateExpected:
    """A line is in a state (``infusing``, ``kvo`` ...) at an instant."""

    text: str
    pump: str
    line: str
    state: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class RateExpected:
    """The rate that a line is programmed to deliver at an instant, doses included, nL/h."""

    text: str
    pump: str
    line: str
    rate_nl_per_h: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class RequestsExpected:
    """How often the patient's button was pressed by the end, and how often a dose was granted and denied."""

    text: str
    pump: str
    line: str
    granted: int
    denied: int


@dataclass(frozen=True, slots=True)
class DosePeakExpected:
    """Highest over mean dose rate of a drug between two instants, as means over ``window_ns``; at most ``ratio``.

    ``at_patient`` False: at the pump.
    """

    text: str
    pump: str
    drug: str
    at_patient: bool
    window_ns: int
    from_ns: int
    to_ns: int
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True)
class ReleasedBolusExpected:
    """The volume stored in the line when the distal occlusion is released: between two bounds, mL."""

    text: str
    pump: str
    at_least_ml: float
    at_most_ml: float


@dataclass(frozen=True, slots=True)
class AirExpected:
    """The air that has reached the patient by the end: between two bounds, mL at atmospheric pressure."""

    text: str
    pump: str
    at_least_ml: float
    at_most_ml: float


@dataclass(frozen=True, slots=True)
class AlarmDelayExpected:
    """The time from a disturbance's begin to the first raising of an alarm after it: at most ``at_most_ns``."""

    text: str
    pump: str
    alarm: AlarmId
    after_ns: int
    at_most_ns: int


@dataclass(frozen=True, slots=True)
class SignalExpected:
    """A condition is shown, or sounds, at an instant (``alarm`` None: whatever is shown): whether it is heard, whether by a
    reminder, with which priority; None: any."""

    text: str
    pump: str
    alarm: AlarmId | None
    line: str | None
    audible: bool | None
    reminder: bool | None
    priority: Priority | None
    at_ns: int


@dataclass(frozen=True, slots=True)
class TimeLeftExpected:
    """What the pump says when it is asked at an instant: how long it is until a line's VTBI is in, or its reservoir empty.

    ``time_ns`` None: it has no end that is known.
    """

    text: str
    pump: str
    line: str
    reservoir: bool
    time_ns: int | None
    within_ns: int
    at_ns: int


Expectation = (
    AlarmExpected
    | VolumeExpected
    | DrugExpected
    | RejectionExpected
    | QuestionExpected
    | StateExpected
    | RateExpected
    | RequestsExpected
    | DosePeakExpected
    | ReleasedBolusExpected
    | AirExpected
    | AlarmDelayExpected
    | SignalExpected
    | TimeLeftExpected
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a patient is to get of a drug between two instants, evenly, from each of ``pumps`` (side by side, not together)."""

    text: str
    drug: str
    amount: float
    unit: AmountUnit
    from_ns: int
    to_ns: int
    pumps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that should happen, from power-on at 0 ns to ``duration_ns`` inclusive.

    ``name`` is the file's stem. ``entries`` are sorted by instant; of one instant, disturbances come before device events,
    these before operator commands, then the order of the file counts. ``junctions``: where sets of several pumps meet.
    ``record_every_ns``: spacing of the samples in ``trace.csv``. ``orders``: what was prescribed, to hold what was given
    against. ``requirements``: ids of those that its expectations show. ``notes``: what a
    reader should know that no pump can. ``wire``: what a virtual pump's wire does wrong.
    """

    name: str
    title: str
    duration_ns: int
    seed: int
    pumps: tuple[PumpSetup, ...]
    entries: tuple[Entry, ...]
    expectations: tuple[Expectation, ...]
    record_every_ns: int
    description: str = ""
    junctions: tuple[JunctionSetup, ...] = ()
    orders: tuple[Order, ...] = ()
    requirements: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    wire: tuple[WireSpan, ...] = ()

    def asks(self, pump: str) -> tuple[tuple[int, str], ...]:
        """When a pump is to be asked what is left of which line."""
        left = (e for e in self.expectations if isinstance(e, TimeLeftExpected) and e.pump == pump)
        return tuple((expected.at_ns, expected.line) for expected in left)
