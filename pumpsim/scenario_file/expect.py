"""What a scenario file expects of its run: each ``[[expect]]`` as a value and as a sentence for the report."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from pumpsim.scenario import (
    AirExpected,
    AlarmDelayExpected,
    AlarmExpected,
    DosePeakExpected,
    DrugExpected,
    Expectation,
    QuestionExpected,
    RateExpected,
    RejectionExpected,
    ReleasedBolusExpected,
    RequestsExpected,
    SignalExpected,
    StateExpected,
    TimeLeftExpected,
    Tolerance,
    VolumeExpected,
)
from pumpsim.scenario_file.amounts import Dosing
from pumpsim.scenario_file.checks import Document, Faults, Path, tables_at, validated
from pumpsim.scenario_file.expect_tables import (
    AirAtPatientTable,
    AlarmDelayTable,
    DrugAmountTable,
    ExpectTable,
    PeakTable,
    RateTable,
    RejectedTable,
    ReleasedTable,
    RequestsTable,
    SignalTable,
    StateTable,
    TimeLeftTable,
    VolumeTable,
)
from pumpsim.scenario_file.fields import millilitres
from pumpsim.scenario_file.places import Pumps, check_instant, line_of, pump_of
from pumpsim.scenario_file.pumps import BuiltPump, drugs_of
from pumpsim.units import Dimension, Quantity, format_time
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.path import AmountUnit

_OF = {"vtbi": "VTBI", "reservoir": "reservoir"}


def expectations(document: Document, pumps: Pumps, duration_ns: int | None, faults: Faults) -> list[Expectation]:
    """Read every clause, in the order of the file."""
    found = []
    for path, raw in tables_at(document, "expect", faults):
        table = validated(ExpectTable, raw, path, faults)
        pump = None if table is None else pump_of(pumps, table.pump, path, faults)
        if table is None or pump is None:
            continue
        clause = _Clause(pump, path, duration_ns, len(pumps) > 1, faults).read(table)
        if clause is not None:
            found.append(clause)
    return found


@dataclass(frozen=True, slots=True)
class _Clause:
    """One ``[[expect]]`` and what it is read against."""

    pump: BuiltPump
    path: Path
    duration_ns: int | None
    name_pump: bool
    faults: Faults

    def read(self, table: ExpectTable) -> Expectation | None:
        """Read the one clause that the table holds; None after a fault."""
        if table.alarm is not None:
            return self._alarm(table, table.alarm)
        if table.pumped is not None:
            return self._volume(table.pumped, "pumped", at_patient=False)
        if table.at_patient is not None:
            return self._volume(table.at_patient, "at_patient", at_patient=True)
        if table.drug is not None:
            return self._drug(table.drug)
        if table.rejected is not None:
            return self._rejected(table.rejected, table.between)
        if table.asked is not None:
            return self._question(table.asked, "asked", table.between)
        if table.overridden is not None:
            return self._question(table.overridden, "overridden", table.between)
        if table.state is not None:
            return self._state(table.state)
        if table.rate is not None:
            return self._rate(table.rate)
        if table.time_left is not None:
            return self._time_left(table.time_left)
        if table.requests is not None:
            return self._requests(table.requests)
        if table.peak_over_mean is not None:
            return self._peak(table.peak_over_mean)
        if table.released is not None:
            return self._released(table.released)
        if table.air is not None:
            return self._air(table.air)
        if table.signal is not None:
            return self._signal(table.signal)
        assert table.alarm_delay is not None
        return self._alarm_delay(table.alarm_delay)

    def _alarm(self, table: ExpectTable, alarm: AlarmId) -> AlarmExpected | None:
        line = table.line
        if line is not None and line_of(self.pump, line, self.path, self.faults) is None:
            return None
        if not self._has(alarm, line, self.path):
            return None
        window = self._window(table.between, (*self.path, "between"))
        where = f" on line {line}" if line else ""
        begin = "no alarm" if table.absent else "alarm"
        text = f"{begin} {alarm.value}{where}{self._between(table.between)}"
        return AlarmExpected(self._text(text), self._id, alarm, line, *window, absent=bool(table.absent))

    def _volume(self, table: VolumeTable, key: str, *, at_patient: bool) -> VolumeExpected | None:
        path = (*self.path, key)
        line = line_of(self.pump, table.line, path, self.faults)
        at_ns, at = self._instant(table.at, (*path, "at"))
        if line is None:
            return None
        verb = "has reached the patient" if at_patient else "is pumped"
        text = f"{table.volume.text} (within {table.within.text}) of line {line} {verb} at {at}"
        return VolumeExpected(
            self._text(text), self._id, line, at_patient, millilitres(table.volume), _tolerance(table.within), at_ns
        )

    def _drug(self, table: DrugAmountTable) -> DrugExpected | None:
        path = (*self.path, "drug")
        window = self._window(table.between, (*path, "between"))
        unit = self._counted(table.name, (*path, "name"))
        if unit is None:
            return None
        sound = True
        for key, quantity in (("amount", table.amount), ("within", table.within)):
            if quantity.dimension is not Dimension.RATIO and quantity.dimension.counted != unit.value:
                self.faults.add((*path, key), f"{table.name} is counted in {unit.value}")
                sound = False
        if not sound:
            return None
        text = (
            f"{table.amount.text} (within {table.within.text}) of {table.name} reaches the patient"
            f"{self._between(table.between)}"
        )
        return DrugExpected(
            self._text(text),
            self._id,
            table.name,
            table.amount.measured,
            unit,
            _tolerance(table.within),
            *window,
        )

    def _rejected(self, table: RejectedTable, between: list[Quantity] | None) -> RejectionExpected | None:
        path = (*self.path, "rejected")
        if table.line is not None and line_of(self.pump, table.line, path, self.faults) is None:
            return None
        window = self._window(between, (*self.path, "between"))
        text = _of_command(table, "is refused") + self._between(between)
        return RejectionExpected(self._text(text), self._id, table.command, table.line, table.reason, *window)

    def _question(self, table: RejectedTable, key: str, between: list[Quantity] | None) -> QuestionExpected | None:
        if table.line is not None and line_of(self.pump, table.line, (*self.path, key), self.faults) is None:
            return None
        window = self._window(between, (*self.path, "between"))
        overridden = key == "overridden"
        what = "is carried out beyond a soft limit" if overridden else "waits for confirmation"
        text = _of_command(table, what) + self._between(between)
        of = (self._id, overridden, table.command, table.line, table.reason)
        return QuestionExpected(self._text(text), *of, *window)

    def _state(self, table: StateTable) -> StateExpected | None:
        path = (*self.path, "state")
        line = line_of(self.pump, table.line, path, self.faults)
        at_ns, at = self._instant(table.at, (*path, "at"))
        if line is None:
            return None
        text = f"line {line} is in state {table.state.value} at {at}"
        return StateExpected(self._text(text), self._id, line, table.state.value, at_ns)

    def _rate(self, table: RateTable) -> RateExpected | None:
        path = (*self.path, "rate")
        line = line_of(self.pump, table.line, path, self.faults)
        at_ns, at = self._instant(table.at, (*path, "at"))
        if line is None:
            return None
        exact = Dosing(self.pump, line, None, None, self.faults).exact_rate(table.rate, (*path, "is"))
        if exact is None:
            return None
        text = f"the programmed rate of line {line} is {table.rate.text} at {at}"
        return RateExpected(self._text(text), self._id, line, exact, at_ns)

    def _time_left(self, table: TimeLeftTable) -> TimeLeftExpected | None:
        path = (*self.path, "time_left")
        line = line_of(self.pump, table.line, path, self.faults)
        at_ns, at = self._instant(table.at, (*path, "at"))
        if line is None:
            return None
        if table.within is not None and table.time is None:
            self.faults.add((*path, "within"), "belongs here only with is")
        within = "" if table.within is None else f" (within {table.within.text})"
        how = "has no end that is known" if table.time is None else f"is {table.time.text}{within}"
        text = f"what the pump says is left of the {_OF[table.of]} of line {line} {how} at {at}"
        time_ns, within_ns = (None if q is None else q.whole for q in (table.time, table.within))
        of = (self._id, line, table.of == "reservoir")
        return TimeLeftExpected(self._text(text), *of, time_ns, within_ns or 0, at_ns)

    def _requests(self, table: RequestsTable) -> RequestsExpected | None:
        line = line_of(self.pump, table.line, (*self.path, "requests"), self.faults)
        if line is None:
            return None
        text = f"of the patient's requests on line {line} {table.granted} are granted, {table.denied} denied"
        return RequestsExpected(self._text(text), self._id, line, table.granted, table.denied)

    def _peak(self, table: PeakTable) -> DosePeakExpected | None:
        path = (*self.path, "peak_over_mean")
        window = self._window(table.between, (*path, "between"))
        if table.at_least is None and table.at_most is None:
            self.faults.add(path, "at_least or at_most is wanted")
        if not table.window.whole > 0:
            self.faults.add((*path, "window"), "a time above 0 is wanted")
        if self.duration_ns is not None and table.window.whole > window[1] - window[0]:
            self.faults.add((*path, "window"), f"is longer than the {format_time(window[1] - window[0])} it lies in")
        if self._counted(table.drug, (*path, "drug")) is None:
            return None
        least, most = table.at_least or 0.0, inf if table.at_most is None else table.at_most
        text = (
            f"peak over mean dose rate of {table.drug} at the {table.at}, as means over {table.window.text}, is "
            f"{_bounds(table.at_least, table.at_most)}{self._between(table.between)}"
        )
        return DosePeakExpected(
            self._text(text),
            self._id,
            table.drug,
            table.at == "patient",
            table.window.whole,
            *window,
            at_least=least,
            at_most=most,
        )

    def _released(self, table: ReleasedTable) -> ReleasedBolusExpected | None:
        if table.at_least is None and table.at_most is None:
            self.faults.add((*self.path, "released"), "at_least or at_most is wanted")
            return None
        least = 0.0 if table.at_least is None else millilitres(table.at_least)
        most = inf if table.at_most is None else millilitres(table.at_most)
        bounds = _bounds(*(None if q is None else q.text for q in (table.at_least, table.at_most)))
        text = f"the volume released when the occlusion ends is {bounds}"
        return ReleasedBolusExpected(self._text(text), self._id, least, most)

    def _air(self, table: AirAtPatientTable) -> AirExpected | None:
        if table.at_least is None and table.at_most is None:
            self.faults.add((*self.path, "air"), "at_least or at_most is wanted")
            return None
        least = 0.0 if table.at_least is None else millilitres(table.at_least)
        most = inf if table.at_most is None else millilitres(table.at_most)
        bounds = _bounds(*(None if q is None else q.text for q in (table.at_least, table.at_most)))
        return AirExpected(self._text(f"the air at the patient is {bounds}"), self._id, least, most)

    def _alarm_delay(self, table: AlarmDelayTable) -> AlarmDelayExpected | None:
        path = (*self.path, "alarm_delay")
        self._instant(table.after, (*path, "after"))
        if not self._has(table.alarm, None, path):
            return None
        text = f"alarm {table.alarm.value} at most {table.at_most.text} after {table.after.text}"
        return AlarmDelayExpected(self._text(text), self._id, table.alarm, table.after.whole, table.at_most.whole)

    def _signal(self, table: SignalTable) -> SignalExpected | None:
        path = (*self.path, "signal")
        at_ns, at = self._instant(table.at, (*path, "at"))
        if table.alarm is not None and not self._has(table.alarm, table.line, path):
            return None
        if table.line is not None and line_of(self.pump, table.line, path, self.faults) is None:
            return None
        told = []
        if table.audible is not None:
            told.append("sounds" if table.audible else "is silent")
        if table.reminder is not None:
            told.append("reminds" if table.reminder else "does not remind")
        if table.priority is not None:
            told.append(f"has {table.priority.value} priority")
        of = "the signal" if table.alarm is None else f"the signal of {table.alarm.value}"
        where = f" of line {table.line}" if table.line else ""
        text = f"{of}{where} {' and '.join(told) or 'is shown'} at {at}"
        return SignalExpected(
            self._text(text), self._id, table.alarm, table.line, table.audible, table.reminder, table.priority, at_ns
        )

    @property
    def _end_ns(self) -> int:
        return self.duration_ns or 0

    @property
    def _id(self) -> str:
        return self.pump.setup.id

    def _text(self, text: str) -> str:
        """The sentence, with the pump where there are several."""
        return f"pump {self._id}: {text}" if self.name_pump else text

    def _between(self, between: list[Quantity] | None) -> str:
        return "" if between is None else f" between {between[0].text} and {between[1].text}"

    def _instant(self, at: Quantity | None, path: Path) -> tuple[int, str]:
        """The instant that is meant, and how to write it; the end of the scenario when none is given."""
        if at is None:
            return self._end_ns, format_time(self._end_ns)
        check_instant(at.whole, self.duration_ns, path, self.faults)
        return at.whole, at.text

    def _window(self, between: list[Quantity] | None, path: Path) -> tuple[int, int]:
        """The window that is meant; the whole scenario when none is given."""
        if between is None:
            return 0, self._end_ns
        begin, end = between[0].whole, between[1].whole
        if begin > end:
            self.faults.add(path, "begins after its end")
        check_instant(max(begin, end), self.duration_ns, path, self.faults)
        return begin, end

    def _has(self, alarm: AlarmId, line: str | None, path: Path) -> bool:
        """See that the model can raise this alarm, and for a line if one is named."""
        row = next((row for row in self.pump.model.alarms if row.id is alarm), None)
        if row is None:
            self.faults.add((*path, "alarm"), f"model {self.pump.model.id} has no such alarm")
        elif line is not None and not row.per_line:
            self.faults.add((*path, "line"), f"{alarm.value} concerns the whole pump: leave the line away")
            return False
        return row is not None

    def _counted(self, drug: str, path: Path) -> AmountUnit | None:
        """How a drug is counted; None after a fault, or when lines with faults may hold it."""
        units = drugs_of(self.pump)
        if drug not in units and not self.pump.unknown:
            self.faults.add_unknown(path, "drug", drug, units)
        return units.get(drug)


def _of_command(table: RejectedTable, what: str) -> str:
    """The sentence about a command: ``titrate of line B is refused because 'limit'``."""
    of = f" of line {table.line}" if table.line else ""
    why = f" because {table.reason!r}" if table.reason else ""
    return f"{table.command}{of} {what}{why}"


def _tolerance(within: Quantity) -> Tolerance:
    """A share, or an absolute distance in mL or in the drug's own unit."""
    if within.dimension is Dimension.RATIO:
        return Tolerance(relative=within.measured)
    return Tolerance(absolute=millilitres(within) if within.dimension is Dimension.VOLUME else within.measured)


def _bounds(least: object, most: object) -> str:
    """Write a lower and an upper bound, either of which may be missing."""
    parts: Iterable[str] = (
        f"{word} {bound}" for word, bound in (("at least", least), ("at most", most)) if bound is not None
    )
    return " and ".join(parts)
