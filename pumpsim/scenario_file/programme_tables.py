"""The tables of a programme that is more than one rate, of boluses, and of rates for a while."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from pumpsim.scenario_file.fields import Choice, Given, Instant, Pace, Percent, Span, TimeOfDay, Weight, by_value
from pumpsim.scenario_file.pump_tables import Table
from pumpsim.vocabulary.courses import AtLimit, LockoutFrom, TaperRule

AT_LIMIT = {"deny": AtLimit.DENY, "kvo": AtLimit.KVO, "stop": AtLimit.STOP}
FROM = {"end": LockoutFrom.END, "start": LockoutFrom.START}


class FirstTable(Table):
    """What is given before the programme: a volume, or an amount of the drug, at a rate or over a time."""

    volume: Given
    rate: Pace | None = None
    over: Span | None = None
    one_of: ClassVar[tuple[str, ...]] = ("rate", "over")


class StepTable(Table):
    """One rate of several: until a volume is in, or for a time; the last may go on."""

    rate: Pace
    volume: Given | None = None
    for_: Span | None = Field(default=None, alias="for")


class TaperTable(Table):
    """Steps up to a plateau and down again; volume and duration are those of the load."""

    up: Instant
    down: Instant
    steps: int = Field(default=10, ge=1, le=10)
    rule: Annotated[TaperRule, Choice("rule for the steps", by_value(TaperRule))] = TaperRule.BELOW_PLATEAU


class RepeatTable(Table):
    """A dose again and again, from start to start, and what runs between."""

    volume: Given
    every: Span
    between: Pace | None = None


class SegmentTable(Table):
    """A rate from a time of day on."""

    from_: TimeOfDay = Field(alias="from")
    rate: Pace


class DemandTable(Table):
    """Doses on the patient's request."""

    dose: Given
    lockout: Instant
    lockout_from: Annotated[LockoutFrom, Choice("begin of a lockout", FROM)] | None = None


class LimitTable(Table):
    """The most that may be given in a window."""

    volume: Given
    window: Span
    fixed: bool = False
    doses_only: bool = False
    partial: bool = False
    at_limit: Annotated[AtLimit, Choice("action at the limit", AT_LIMIT)] = AtLimit.DENY


class BolusTable(Table):
    """A bolus: a volume, or an amount of the drug, at a rate (of the model, if none is given), or evenly over a time."""

    line: str | None = None
    volume: Given
    rate: Pace | None = None
    over: Span | None = None
    weight: Weight | None = None
    drug: str | None = None

    @model_validator(mode="after")
    def _rate_or_time(self) -> "BolusTable":
        if self.rate is not None and self.over is not None:
            raise ValueError("a bolus has a rate or a duration, not both")
        return self


class TemporaryTable(Table):
    """Another rate for a while: a share of the programme's, or one of its own; for 0 s: no longer."""

    line: str | None = None
    percent: Percent | None = None
    rate: Pace | None = None
    for_: Instant = Field(alias="for")
    weight: Weight | None = None
    drug: str | None = None
