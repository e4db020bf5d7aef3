"""The tables of what is expected of a run, and of what was prescribed."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from pumpsim.scenario_file.fields import (
    Amount,
    AmountTolerance,
    Choice,
    Moment,
    Pace,
    Volume,
    VolumeTolerance,
    by_value,
)
from pumpsim.scenario_file.pump_tables import (
    Alarm,
    Between,
    Table,
    Text1,
)
from pumpsim.vocabulary.alarms import Priority
from pumpsim.vocabulary.outputs import LineState

COMMANDS = (
    "load",
    "start",
    "stop",
    "titrate",
    "mode",
    "bolus",
    "stop-bolus",
    "temporary",
    "standby",
    "acknowledge",
    "confirm",
    "pause-audio",
    "reset-air",
)


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
    """A command that the pump refuses, or asks about, or that is carried out beyond a soft limit."""

    command: Annotated[
        str,
        Choice("command", {word: word for word in COMMANDS}),
    ]
    line: str | None = None
    reason: str = ""


class StateTable(Table):
    """What a line does at an instant."""

    line: str | None = None
    state: Annotated[LineState, Choice("state", by_value(LineState))] = Field(alias="is")
    at: Moment | None = None


class RateTable(Table):
    """The rate that a line is programmed to deliver at an instant; of a dose rate, what it makes."""

    line: str | None = None
    rate: Pace = Field(alias="is")
    at: Moment | None = None


class TimeLeftTable(Table):
    """What the pump says is left of a line at an instant, until its VTBI is in or its reservoir is empty."""

    line: str | None = None
    of: Annotated[str, Choice("volume", {"vtbi": "vtbi", "reservoir": "reservoir"})] = "vtbi"
    time: Moment | None = Field(default=None, alias="is")
    within: Moment | None = None
    at: Moment | None = None


class RequestsTable(Table):
    """What became of the patient's requests."""

    line: str | None = None
    granted: int = Field(ge=0)
    denied: int = Field(ge=0)


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


class SignalTable(Table):
    """What is shown and heard at an instant; ``alarm``: of this condition, without it: of whatever is shown."""

    alarm: Alarm | None = None
    line: str | None = None
    audible: bool | None = None
    reminder: bool | None = None
    priority: Annotated[Priority, Choice("priority", by_value(Priority))] | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "SignalTable":
        if self.alarm is None and (self.line is not None or (self.audible is None and self.reminder is None)):
            raise ValueError("alarm is wanted, or audible or reminder of whatever is shown; line belongs to an alarm")
        return self


class ExpectTable(Table):
    """One clause that the run must fulfil."""

    pump: str | None = None
    alarm: Alarm | None = None
    pumped: VolumeTable | None = None
    at_patient: VolumeTable | None = None
    drug: DrugAmountTable | None = None
    rejected: RejectedTable | None = None
    asked: RejectedTable | None = None
    overridden: RejectedTable | None = None
    state: StateTable | None = None
    rate: RateTable | None = None
    time_left: TimeLeftTable | None = None
    requests: RequestsTable | None = None
    peak_over_mean: PeakTable | None = None
    released: ReleasedTable | None = None
    air: AirAtPatientTable | None = None
    alarm_delay: AlarmDelayTable | None = None
    signal: SignalTable | None = None
    line: str | None = None
    between: Between | None = None
    absent: bool | None = None
    one_of: ClassVar[tuple[str, ...]] = (
        "alarm",
        "pumped",
        "at_patient",
        "drug",
        "rejected",
        "asked",
        "overridden",
        "state",
        "rate",
        "time_left",
        "requests",
        "peak_over_mean",
        "released",
        "air",
        "alarm_delay",
        "signal",
    )

    @model_validator(mode="after")
    def _belongs_to_alarm(self) -> "ExpectTable":
        if self.alarm is None and (self.line is not None or self.absent is not None):
            raise ValueError("line and absent belong here only with alarm; write line inside the table")
        dated = (self.alarm, self.rejected, self.asked, self.overridden)
        if self.between is not None and all(clause is None for clause in dated):
            raise ValueError(
                "between belongs here only with alarm, rejected, asked or overridden; write it inside the table"
            )
        return self


class OrderedTable(Table):
    """What the prescriber wants: an amount of a drug in a window, from the pump, or from each of several side by side."""

    pump: str | None = None
    drug: Text1
    amount: Amount
    between: Between
