"""The tables of what is done in a scenario file: by the operator, by the world, with containers."""

from typing import Annotated, ClassVar

from pydantic import model_validator

from pumpsim.scenario_file.fields import (
    Choice,
    Dose,
    GaugePressure,
    Height,
    Instant,
    ProgrammedVolume,
    Rate,
    Resistance,
    SignedVolume,
    SomeVolume,
    Span,
    Temperature,
    Volume,
    Weight,
    by_value,
)
from pumpsim.scenario_file.pump_tables import (
    Alarm,
    ContainerTable,
    FluidField,
    Table,
    Text1,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.program import LineMode

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
    do: (
        Annotated[str, Choice("action", {word: word for word in ("start", "stop", "acknowledge", "reset-air")})] | None
    ) = None
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
