"""The tables of a scenario file as pydantic models: which keys there are, and what each may hold by itself.

What needs more than one table (a line that the model has not, a window beyond the end) is checked in ``scenario_file.pumps``,
``scenario_file.script`` and ``scenario_file.expect``. ``ScenarioTable`` is the whole file; its JSON Schema serves editors.
"""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.sets import SETS
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.scenario_file.fields import (
    Amount,
    AmountTolerance,
    Choice,
    Compliance,
    Concentration,
    Diffusivity,
    Dose,
    GaugePressure,
    Height,
    Instant,
    Moment,
    Opening,
    Pressure,
    ProgrammedVolume,
    Rate,
    Resistance,
    SignedVolume,
    SomeCompliance,
    SomeLength,
    SomeResistance,
    SomeVolume,
    Span,
    Temperature,
    Volume,
    VolumeTolerance,
    Weight,
    by_value,
    millilitres,
)
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import AtEnd, Drive, InnerFlow, Interleave, PumpModel
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.path import Access, AdministrationSet, Fluid, Syringe, Transport
from pumpsim.vocabulary.program import LineMode

TEXT, TABLE = "<text>", "<table>"
"""Marks, in the place of a fault, which of two ways of writing was taken; not shown to authors."""


def text_or_table(value: object) -> str | None:
    """Tell a name from a table."""
    return TEXT if isinstance(value, str) else TABLE if isinstance(value, dict | BaseModel) else None


Alarm = Annotated[AlarmId, Choice("alarm", by_value(AlarmId))]
Mode = Annotated[LineMode, Choice("mode", by_value(LineMode))]
Between = Annotated[list[Moment], Field(min_length=2, max_length=2)]
SENSORS = (
    "distal pressure",
    "proximal pressure",
    "air",
    "plunger force",
    "plunger position",
    "reservoir level",
    "drop",
)
"""What a pump can measure with, by the words that scenarios use; ``scenario_file.sensor_faults`` knows their signals."""
Text1 = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """A table of the file: unknown keys are faults, nothing is converted silently.

    Of the keys in ``one_of`` exactly one must be given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    one_of: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _exactly_one(self) -> "Table":
        given = [name for name in self.one_of if getattr(self, name) is not None]
        if self.one_of and len(given) != 1:
            names = f"{', '.join(self.one_of[:-1])} or {self.one_of[-1]}"
            raise ValueError(f"exactly one of {names} is wanted, not {' and '.join(given) or 'none'}")
        return self


class DrugTable(Table):
    """One drug of several in a fluid."""

    drug: Text1
    concentration: Concentration


class FluidTable(Table):
    """A fluid that the scenario makes: one drug, or a name and a list of drugs; ``base`` is the carrier."""

    drug: Text1 | None = None
    concentration: Concentration | None = None
    name: Text1 | None = None
    drugs: list[DrugTable] | None = None
    base: Annotated[Fluid, Choice("fluid", FLUIDS)] | None = None
    one_of: ClassVar[tuple[str, ...]] = ("drug", "drugs")

    @model_validator(mode="after")
    def _complete(self) -> "FluidTable":
        if (self.drug is None) != (self.concentration is None):
            raise ValueError("a drug and its concentration belong together")
        return self


FluidField = Annotated[
    Annotated[Fluid, Choice("fluid", FLUIDS), Tag(TEXT)] | Annotated[FluidTable, Tag(TABLE)],
    Discriminator(text_or_table),
]


class ContainerTable(Table):
    """What holds the fluid, how much is in it, and of what; of a bag what is in beyond its label, of a syringe its type, and
    how far it is filled."""

    bag: SomeVolume | None = None
    burette: SomeVolume | None = None
    cartridge: SomeVolume | None = None
    reservoir: SomeVolume | None = None
    syringe: Annotated[Syringe, Choice("syringe", SYRINGES)] | None = None
    volume: SomeVolume | None = None
    overfill: Volume | None = None
    fluid: FluidField
    one_of: ClassVar[tuple[str, ...]] = ("bag", "burette", "cartridge", "reservoir", "syringe")

    @model_validator(mode="after")
    def _fits(self) -> "ContainerTable":
        if self.overfill is not None and self.bag is None:
            raise ValueError("overfill belongs to a bag: what its maker put in beyond its label")
        if self.syringe is None:
            if self.volume is not None:
                raise ValueError("volume belongs to a syringe; the volume of another container stands behind its kind")
        elif self.volume is not None and millilitres(self.volume) > self.syringe.volume_ml:
            raise ValueError(f"{self.volume.text} do not go into a syringe of {self.syringe.volume_ml:g} mL")
        return self


class LimbTable(Table):
    """A container ahead of the pump and the limb of tubing below it. ``resistance``: only of a line with a secondary."""

    container: ContainerTable
    limb_volume: Volume | None = None
    limb_fluid: FluidField | None = None
    head: Height | None = None
    limb_compliance: SomeCompliance | None = None
    resistance: SomeResistance | None = None


class LineTable(LimbTable):
    """A line ahead of the pump; with a ``secondary`` a second container over the same line, and what that wants.

    ``check_valve``: what opens the valve in the primary's limb; ``shared_volume``: tubing from where the two meet to the pump.
    """

    secondary: LimbTable | None = None
    check_valve: Opening = None
    shared_volume: SomeVolume | None = None

    @model_validator(mode="after")
    def _two_containers(self) -> "LineTable":
        given = [key for key in ("resistance", "check_valve", "shared_volume") if key in self.model_fields_set]
        if self.secondary is None and given:
            raise ValueError(f"{' and '.join(given)}: only a line with a secondary has this")
        return self


class AccessTable(Table):
    """An access that is not in the catalogue."""

    resistance: Resistance
    back_pressure: GaugePressure | None = None


AccessField = Annotated[
    Annotated[Access, Choice("access", ACCESSES), Tag(TEXT)] | Annotated[AccessTable, Tag(TABLE)],
    Discriminator(text_or_table),
]


class SetTable(Table):
    """Tubing between pump, or junction, and patient, or the next junction (``into``); what is not given is that of the row
    named by ``kind``. ``valve``: opening pressure of a one-way valve at its end. ``temperature``: of the fluid in it. From
    a stated ``bore`` and ``length`` volume and resistance follow where they are not stated; ``diffusivity``: of what is
    dissolved; ``air``: what priming left at its begin."""

    kind: Annotated[AdministrationSet, Choice("set", SETS)] | None = None
    common_volume: Volume | None = None
    priming: FluidField | None = None
    compliance: Compliance | None = None
    resistance: Resistance | None = None
    transport: Annotated[Transport, Choice("transport", by_value(Transport))] | None = None
    tanks: int | None = Field(default=None, ge=1, le=1000)
    bore: SomeLength | None = None
    length: SomeLength | None = None
    diffusivity: Diffusivity | None = None
    temperature: Temperature | None = None
    valve: Pressure | None = None
    air: Volume | None = None
    into: Text1 | None = None
    access: AccessField | None = None
    back_pressure: GaugePressure | None = None

    @model_validator(mode="after")
    def _ends_once(self) -> "SetTable":
        if self.into is not None and (self.access is not None or self.back_pressure is not None):
            raise ValueError("into and access (or back_pressure) exclude each other: a set ends in one place")
        if (self.transport is Transport.TANKS) != (self.tanks is not None):
            raise ValueError("transport = 'tanks' and their number, tanks, belong together")
        if (self.bore is None) != (self.length is None):
            raise ValueError("bore and length belong together")
        return self


class SensingTable(Table):
    """How the pump is told of the world. With a period: samples, each ``delay`` old, with noise (a standard deviation) and
    quantum (the smallest step). Without one: at once. ``offset`` is added to every pressure, either way."""

    period: Span | None = None
    noise: Pressure | None = None
    quantum: Pressure | None = None
    offset: GaugePressure | None = None
    delay: Span | None = None

    @model_validator(mode="after")
    def _samples(self) -> "SensingTable":
        given = [name for name in ("noise", "quantum", "delay") if getattr(self, name) is not None]
        if self.period is None and given:
            raise ValueError(f"{' and '.join(given)} belong to samples: a period is wanted beside")
        if self.period is None and self.offset is None:
            raise ValueError("a period or an offset is wanted; at once and exact is sensing = 'watches'")
        return self


SensingField = Annotated[
    Annotated[str, Choice("sensing", {"watches": "watches", "sampled": "sampled"}), Tag(TEXT)]
    | Annotated[SensingTable, Tag(TABLE)],
    Discriminator(text_or_table),
]


class PumpTable(Table):
    """The type of pump and its settings."""

    model: Annotated[PumpModel, Choice("model", MODELS)]
    occlusion_limit: Pressure | None = None
    occlusion_delay: Instant | None = None
    drive: Annotated[Drive, Choice("drive", by_value(Drive))] | None = None
    interleave: Annotated[Interleave, Choice("interleave", by_value(Interleave))] | None = None
    inner_flow: Annotated[InnerFlow, Choice("inner flow", by_value(InnerFlow))] | None = None
    height: Height | None = None
    sensing: SensingField | None = None


class WholePumpTable(PumpTable):
    """A pump that is written under its id, with its lines and its set."""

    line: dict[str, LineTable] | None = None
    set: SetTable | None = None


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
        if self.dose is None:
            if self.weight is not None or self.drug is not None:
                raise ValueError("weight and drug belong to a dose, not to a rate")
        elif ("/kg/" in self.dose.dimension.value) != (self.weight is not None):
            raise ValueError("a dose per kg and a weight belong together")
        return self


class LoadTable(OrderTable):
    """A program for a line."""

    vtbi: ProgrammedVolume | None = None
    mode: Mode = LineMode.SINGLE
    at_end: Annotated[AtEnd, Choice("rule for the end", by_value(AtEnd))] | None = None
    delay: Instant = 0
    call_back: bool = False


class ModeTable(Table):
    """Another mode for a line."""

    line: str | None = None
    mode: Mode


class OperatorTable(Table):
    """What somebody does at the pump, and when."""

    at: Instant
    pump: str | None = None
    load: LoadTable | None = None
    titrate: OrderTable | None = None
    mode: ModeTable | None = None
    do: Annotated[str, Choice("action", {word: word for word in ("start", "stop", "acknowledge")})] | None = None
    line: str | None = None
    alarm: Alarm | None = None
    one_of: ClassVar[tuple[str, ...]] = ("load", "titrate", "mode", "do")

    @model_validator(mode="after")
    def _belongs_to_do(self) -> "OperatorTable":
        if self.line is not None and self.do not in ("start", "stop"):
            raise ValueError(
                "line belongs here only with do = 'start' or 'stop'; write it inside load, titrate or mode"
            )
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


class FaultTable(Table):
    """A disturbance, from when, until when (for good, if not given): a place that is closed or narrowed, a pump that is
    lowered or raised, a container hung at another height, another pressure behind the access, a leak, a line that comes
    apart, a plunger that nothing holds, a line that is warmed or cooled, a sensor that fails, air that comes into a line
    (which has no ``until``)."""

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
    air: AirTable | None = None
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
        "air",
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


class VolumeTable(Table):
    """A volume of one line at an instant."""

    line: str | None = None
    volume: Volume
    within: VolumeTolerance
    at: Moment | None = None


class DrugAmountTable(Table):
    """An amount of a drug that reaches the patient."""

    name: str
    amount: Amount
    within: AmountTolerance
    between: Between | None = None


class RejectedTable(Table):
    """A command that the pump refuses."""

    command: Annotated[
        str,
        Choice("command", {word: word for word in ("load", "start", "stop", "titrate", "mode", "acknowledge")}),
    ]
    line: str | None = None
    reason: str = ""


class StateTable(Table):
    """What a line does at an instant."""

    line: str | None = None
    state: Annotated[LineState, Choice("state", by_value(LineState))] = Field(alias="is")
    at: Moment | None = None


class PeakTable(Table):
    """How far a dose rate's peak is above its mean."""

    drug: str
    at: Annotated[str, Choice("place", {"pump": "pump", "patient": "patient"})] = "patient"
    window: Moment
    between: Between | None = None
    at_least: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)
    at_most: float | None = Field(default=None, ge=0.0, allow_inf_nan=False)


class ReleasedTable(Table):
    """The volume that an occlusion has stored and its end releases."""

    at_least: Volume | None = None
    at_most: Volume | None = None


class AirAtPatientTable(Table):
    """Air that has reached the patient."""

    at_least: Volume | None = None
    at_most: Volume | None = None


class AlarmDelayTable(Table):
    """How soon after an instant an alarm is raised."""

    alarm: Alarm
    after: Moment
    at_most: Moment


class ExpectTable(Table):
    """One clause that the run must fulfil."""

    pump: str | None = None
    alarm: Alarm | None = None
    pumped: VolumeTable | None = None
    at_patient: VolumeTable | None = None
    drug: DrugAmountTable | None = None
    rejected: RejectedTable | None = None
    state: StateTable | None = None
    peak_over_mean: PeakTable | None = None
    released: ReleasedTable | None = None
    air: AirAtPatientTable | None = None
    alarm_delay: AlarmDelayTable | None = None
    line: str | None = None
    between: Between | None = None
    absent: bool | None = None
    one_of: ClassVar[tuple[str, ...]] = (
        "alarm",
        "pumped",
        "at_patient",
        "drug",
        "rejected",
        "state",
        "peak_over_mean",
        "released",
        "air",
        "alarm_delay",
    )

    @model_validator(mode="after")
    def _belongs_to_alarm(self) -> "ExpectTable":
        if self.alarm is None and (self.line is not None or self.absent is not None):
            raise ValueError("line and absent belong here only with alarm; write line inside the table")
        if self.between is not None and self.alarm is None and self.rejected is None:
            raise ValueError("between belongs here only with alarm or rejected; write it inside the table")
        return self


class OrderedTable(Table):
    """What the prescriber wants: an amount of a drug in a window, from the pump, or from each of several side by side."""

    pump: str | None = None
    drug: Text1
    amount: Amount
    between: Between


class RecordTable(Table):
    """How the run is recorded in ``trace.csv``."""

    every: Span


class HeadTable(Table):
    """What stands at the top of the file."""

    title: Text1
    description: str = ""
    duration: Span
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    record: RecordTable | None = None


class ScenarioTable(HeadTable):
    """The whole file. ``pump``: one pump, or a table of pumps by id; ``line`` and ``set``: those of the one pump;
    ``junction``: places where sets meet, each with the tubing from there on."""

    pump: PumpTable | dict[str, WholePumpTable]
    line: dict[str, LineTable] | None = None
    set: SetTable | None = None
    junction: dict[str, SetTable] | None = None
    operator: list[OperatorTable] | None = None
    fault: list[FaultTable] | None = None
    change: list[ChangeTable] | None = None
    order: list[OrderedTable] | None = None
    expect: list[ExpectTable] | None = None
