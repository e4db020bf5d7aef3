"""The tables of what is done in a scenario file: by the operator, by the world, with containers."""

from typing import Annotated, ClassVar

from pydantic import Discriminator, Field, Tag, model_validator

from pumpsim.scenario_file.fields import (
    Choice,
    Dose,
    GaugePressure,
    Height,
    Instant,
    Percentage,
    ProgrammedVolume,
    Rate,
    Resistance,
    SignedVolume,
    SomeVolume,
    Span,
    Temperature,
    TimeOfDay,
    Volume,
    Weight,
    by_value,
)
from pumpsim.scenario_file.programme_tables import (
    BolusTable,
    DemandTable,
    FirstTable,
    LimitTable,
    RepeatTable,
    SegmentTable,
    StepTable,
    TaperTable,
    TemporaryTable,
)
from pumpsim.scenario_file.pump_tables import (
    TABLE,
    TEXT,
    Alarm,
    ContainerTable,
    FluidField,
    Table,
    Text1,
    text_or_table,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.program import LineMode, Purpose

Mode = Annotated[LineMode, Choice("mode", by_value(LineMode))]
SENSORS = (
    "distal pressure",
    "proximal pressure",
    "air",
    "bubble",
    "plunger force",
    "plunger position",
    "reservoir level",
    "drop",
)
"""What a pump can measure with, by the words that scenarios use; ``scenario_file.sensor_faults`` knows their signals."""


DEVICE_FAULTS = (
    "door open",
    "syringe off",
    "mains lost",
    "key pressed",
    "sensor fault",
    "self-test failed",
    "free flow",
)
"""What a pump's own device can report, by the words that scenarios use; ``scenario_file.device_faults`` knows the events."""
ANSWERS = {"confirm": True, "decline": False}
"""What is answered when the pump asks."""
OF_A_LINE = ("start", "stop", "request", "stop-bolus", "standby")
ACTIONS = (*OF_A_LINE, "acknowledge", "pause-audio", "reset-air", "clock", *ANSWERS)
"""What is done by a word alone."""


class OrderTable(Table):
    """How fast: a typed rate, or a dose that becomes one (``weight`` for doses per kg, ``drug`` where a line has several)."""

    line: str | None = None
    rate: Rate | None = None
    dose: Dose | None = None
    weight: Weight | None = None
    drug: str | None = None
    one_of: ClassVar[tuple[str, ...]] = ("rate", "dose")

    @model_validator(mode="after")
    def _dose_is_whole(self) -> "OrderTable":
        if self.dose is not None and "/kg/" in self.dose.dimension.value and self.weight is None:
            raise ValueError("a dose per kg and a weight belong together")
        return self

    @property
    def idle_words(self) -> str:
        """Why weight and drug say nothing where no drug library asks for them; empty where they do."""
        if self.rate is not None and (self.weight is not None or self.drug is not None):
            return "weight and drug belong to a dose, not to a rate"
        if self.dose is not None and self.weight is not None and "/kg/" not in self.dose.dimension.value:
            return "a dose per kg and a weight belong together"
        return ""


class LoadTable(OrderTable):
    """A program for a line: of rate, VTBI and duration any two, or what is more than one rate."""

    vtbi: ProgrammedVolume | None = None
    duration: Span | None = None
    mode: Mode = LineMode.SINGLE
    at_end: Annotated[AtEnd, Choice("rule for the end", by_value(AtEnd))] | None = None
    delay: Instant = 0
    call_back: bool = False
    purpose: Annotated[Purpose, Choice("purpose", by_value(Purpose))] | None = None
    loading: FirstTable | None = None
    bridge: FirstTable | None = None
    steps: list[StepTable] | None = None
    taper: TaperTable | None = None
    repeat: RepeatTable | None = None
    profile: list[SegmentTable] | None = None
    demand: DemandTable | None = None
    limit: LimitTable | None = None
    one_of: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _how_fast(self) -> "LoadTable":
        paced = self.rate is not None or self.dose is not None
        shapes = [key for key in ("steps", "taper", "profile") if getattr(self, key) is not None]
        if self.rate is not None and self.dose is not None:
            raise ValueError("exactly one of rate or dose is wanted, not rate and dose")
        if len(shapes) + (self.repeat is not None) > 1 or (shapes and paced):
            raise ValueError("one of rate or dose, steps, taper and profile is wanted; repeat wants a rate or dose")
        if self.taper is not None and (self.vtbi is None or self.duration is None):
            raise ValueError("a taper wants vtbi and duration")
        if paced and self.vtbi is not None and self.duration is not None:
            raise ValueError("of rate (or dose), vtbi and duration any two are wanted: they give the third")
        if self.loading is not None and self.bridge is not None:
            raise ValueError("one of loading and bridge is wanted: both come first")
        if shapes and self.taper is None and (self.vtbi is not None or self.duration is not None):
            raise ValueError("steps and profiles have their own volumes: leave vtbi and duration away")
        return self

    @property
    def paced(self) -> bool:
        """Whether it says how fast, so that no default is wanted."""
        shapes = (self.rate, self.dose, self.steps, self.taper, self.profile, self.demand)
        return any(shape is not None for shape in shapes) or (self.vtbi is not None and self.duration is not None)


class ModeTable(Table):
    """Another mode for a line."""

    line: str | None = None
    mode: Mode


class BackprimeTable(Table):
    """How much of the first line's fluid is driven up into the limb of another."""

    line: str | None = None
    volume: ProgrammedVolume


class WithdrawTable(Table):
    """How much is drawn back into the syringe of a line, and how fast."""

    line: str | None = None
    volume: ProgrammedVolume
    rate: Rate


class OperatorTable(Table):
    """What somebody does at the pump, and when."""

    at: Instant
    pump: str | None = None
    load: LoadTable | None = None
    titrate: OrderTable | None = None
    mode: ModeTable | None = None
    bolus: BolusTable | None = None
    temporary: TemporaryTable | None = None
    backprime: BackprimeTable | None = None
    withdraw: WithdrawTable | None = None
    do: Annotated[str, Choice("action", {word: word for word in ACTIONS})] | None = None
    line: str | None = None
    alarm: Alarm | None = None
    for_: Instant | None = Field(default=None, alias="for")
    time: TimeOfDay | None = None
    one_of: ClassVar[tuple[str, ...]] = ("load", "titrate", "mode", "bolus", "temporary", "backprime", "withdraw", "do")

    @model_validator(mode="after")
    def _belongs_to_do(self) -> "OperatorTable":
        if self.line is not None and self.do not in OF_A_LINE:
            raise ValueError(
                "line belongs here only with do = 'start' or 'stop'; write it inside load, titrate or mode"
            )
        if self.for_ is None and self.do == "standby":
            raise ValueError("standby is for a time: write for")
        if self.for_ is not None and self.do not in ("standby", "pause-audio"):
            raise ValueError("for belongs only to do = 'standby' or 'pause-audio'")
        if (self.time is not None) != (self.do == "clock"):
            raise ValueError("time belongs to do = 'clock', and only to it")
        if self.alarm is not None and self.do != "acknowledge":
            raise ValueError("alarm belongs only to do = 'acknowledge'")
        return self


class NarrowTable(Table):
    """A resistance that comes into a tube: at once, or growing by even ratios ``over`` a time."""

    place: str = "patient end"
    by: Resistance
    over: Span | None = None


class SensorTable(Table):
    """A sensor that fails: which, and how. ``value`` is what a stuck one says (what it said last, if not given),
    ``per_hour`` how a drifting one wanders, ``noticed_after`` when the pump knows that one is silent."""

    name: Annotated[str, Choice("sensor", {word: word for word in SENSORS})]
    line: str | None = None
    does: Annotated[str, Choice("way to fail", {word: word for word in ("stuck", "drift", "silent")})]
    value: Text1 | None = None
    per_hour: Text1 | None = None
    noticed_after: Instant | None = None


class HangTable(Table):
    """A container of a line with a secondary that is hung at another height."""

    place: str
    head: Height


class AirTable(Table):
    """Air that comes into a line: at its container, or at the pump's inlet."""

    line: str | None = None
    volume: SomeVolume
    place: Annotated[str, Choice("place", {"container": "container", "pump": "pump"})] = "pump"


MOTORS = {"stalled": MotorFault(0), "runs on": MotorFault(runs_on=True)}


class MotorTable(Table):
    """A motor that runs at another speed than it is told: a share of it."""

    speed: Percentage


MotorField = Annotated[
    Annotated[MotorFault, Choice("motor fault", MOTORS), Tag(TEXT)] | Annotated[MotorTable, Tag(TABLE)],
    Discriminator(text_or_table),
]


class FaultTable(Table):
    """A disturbance, from when, until when (for good, if not given): a place that is closed or narrowed, a pump that is
    lowered or raised, a container hung at another height, another pressure behind the access, a leak, a line that comes
    apart, a plunger that nothing holds, a line that is warmed or cooled, a sensor or the motor that fails, air that comes into
    a line (which has no ``until``), what the pump's device reports, power that is cut."""

    at: Instant
    pump: str | None = None
    occlude: str | None = None
    narrow: NarrowTable | None = None
    height: Height | None = None
    hang: HangTable | None = None
    back_pressure: GaugePressure | None = None
    leak: Resistance | None = None
    disconnect: str | None = None
    release_plunger: bool | None = None
    temperature: Temperature | None = None
    sensor: SensorTable | None = None
    motor: MotorField | None = None
    air: AirTable | None = None
    device: Annotated[str, Choice("device fault", {word: word for word in DEVICE_FAULTS})] | None = None
    power: Annotated[str, Choice("state of power", {"off": "off"})] | None = None
    until: Instant | None = None
    one_of: ClassVar[tuple[str, ...]] = (
        "occlude",
        "narrow",
        "height",
        "hang",
        "back_pressure",
        "leak",
        "disconnect",
        "release_plunger",
        "temperature",
        "sensor",
        "motor",
        "air",
        "device",
        "power",
    )


class RefillTable(Table):
    """What is put into a container where it is, and what is withdrawn from it before: all, if nothing is said."""

    volume: SomeVolume
    fluid: FluidField
    withdraw: Volume | None = None


class ChangeTable(Table):
    """What is hung on a line in the place of what hangs there, and how: the clamp that is shut meanwhile, the new height; of a
    syringe, whether it is purged, and what handling pushes."""

    at: Instant
    pump: str | None = None
    line: str | None = None
    container: ContainerTable | None = None
    refill: RefillTable | None = None
    gap: Span | None = None
    head: Height | None = None
    purged: bool | None = None
    bolus: SignedVolume | None = None
    one_of: ClassVar[tuple[str, ...]] = ("container", "refill")

    @model_validator(mode="after")
    def _belongs(self) -> "ChangeTable":
        syringe = self.container is not None and self.container.syringe is not None
        if not syringe and (self.purged is not None or self.bolus is not None):
            raise ValueError("purged and bolus belong to a syringe")
        if syringe and (self.gap is not None or self.head is not None):
            raise ValueError("a syringe has neither gap nor head: stop the pump, and start it when the gap is over")
        if self.refill is not None and (self.gap is not None or self.head is not None):
            raise ValueError("gap and head belong to a container that is hung in the place of another")
        return self
