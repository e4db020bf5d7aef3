"""The tables of a pump in a scenario file: fluids, containers, lines, sets, accesses, sensing; and what every table is."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from pumpsim.catalogue.accesses import ACCESSES
from pumpsim.catalogue.fluids import FLUIDS
from pumpsim.catalogue.pumps import MODELS
from pumpsim.catalogue.sets import SETS
from pumpsim.catalogue.syringes import SYRINGES
from pumpsim.scenario_file.fields import (
    Choice,
    Compliance,
    Concentration,
    Diffusivity,
    GaugePressure,
    Height,
    Instant,
    Moment,
    Opening,
    Pressure,
    Resistance,
    SomeCompliance,
    SomeLength,
    SomeResistance,
    SomeVolume,
    Span,
    Temperature,
    Volume,
    by_value,
    millilitres,
)
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Drive, InnerFlow, Interleave, PumpModel
from pumpsim.vocabulary.path import Access, AdministrationSet, Fluid, Syringe, Transport

TEXT, TABLE = "<text>", "<table>"
"""Marks, in the place of a fault, which of two ways of writing was taken; not shown to authors."""


def text_or_table(value: object) -> str | None:
    """Tell a name from a table."""
    return TEXT if isinstance(value, str) else TABLE if isinstance(value, dict | BaseModel) else None


Alarm = Annotated[AlarmId, Choice("alarm", by_value(AlarmId), "docs/alarms.md")]
Between = Annotated[list[Moment], Field(min_length=2, max_length=2)]
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

    ``drip_chamber``: what it keeps of the air that comes from the container. ``check_valve``: what opens the valve in the
    primary's limb; ``shared_volume``: tubing from where the two meet to the pump.
    """

    drip_chamber: Volume | None = None
    secondary: LimbTable | None = None
    check_valve: Opening = None
    shared_volume: SomeVolume | None = None

    @model_validator(mode="after")
    def _two_containers(self) -> "LineTable":
        given = [key for key in ("resistance", "check_valve", "shared_volume") if key in self.model_fields_set]
        if self.secondary is None and given:
            raise ValueError(f"{' and '.join(given)}: only a line with a secondary has this")
        if self.drip_chamber is not None and (self.secondary is not None or self.container.syringe is not None):
            raise ValueError("drip_chamber: of a line with one container that is not a syringe")
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


class RiseTable(Table):
    """A rise of the pressure behind the pump that is alarmed."""

    by: Pressure
    within: Span


class PumpTable(Table):
    """The type of pump and its settings. ``auto_restarts``: how often in 10 min it goes on by itself after an occlusion that
    goes away; ``back_off``: whether it takes fluid back at one; ``pressure_rise``: an alarm sooner than the limit."""

    model: Annotated[PumpModel, Choice("model", MODELS)]
    occlusion_limit: Pressure | None = None
    occlusion_delay: Instant | None = None
    auto_restarts: int | None = Field(default=None, ge=0, le=9)
    back_off: bool | None = None
    pressure_rise: RiseTable | None = None
    drive: Annotated[Drive, Choice("drive", by_value(Drive))] | None = None
    interleave: Annotated[Interleave, Choice("interleave", by_value(Interleave))] | None = None
    inner_flow: Annotated[InnerFlow, Choice("inner flow", by_value(InnerFlow))] | None = None
    height: Height | None = None
    sensing: SensingField | None = None
    care_area: Text1 | None = None


class WholePumpTable(PumpTable):
    """A pump that is written under its id, with its lines and its set."""

    line: dict[str, LineTable] | None = None
    set: SetTable | None = None
