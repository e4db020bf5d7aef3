"""The tables of a report: totals, events, what was stored at an alarm, the mass balance, the figures that were used."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import assert_never

from pumpsim.analysis.balance import Account, Balance
from pumpsim.analysis.orders import Fulfilment
from pumpsim.analysis.signals import words
from pumpsim.analysis.storage import Release, StoredAtAlarm
from pumpsim.analysis.summary import Plain
from pumpsim.report.happenings import happened
from pumpsim.report.table import Table, amount, error, number
from pumpsim.scenario import Entry, PumpSetup
from pumpsim.trace import PumpTrace
from pumpsim.units import format_time
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import Sourced
from pumpsim.vocabulary.outputs import (
    AlarmAcknowledged,
    AlarmCleared,
    AlarmRaised,
    CommandRejected,
    ConfirmationAsked,
    DeliveryEvent,
    DoseDenied,
    LimitOverridden,
    LineState,
    PowerChanged,
    Record,
    SignalChanged,
)
from pumpsim.vocabulary.path import AmountUnit
from pumpsim.vocabulary.program import format_rate

WORLD = "⚡ "
"""Marks what the world did, not the pump."""
MOST_EVENTS = 1_000
"""Events shown at the begin and at the end of a long run, each; all of them are in ``events.jsonl``."""


def line_totals(summary: Mapping[str, Plain]) -> Table:
    """Volumes of every line of every pump at the end."""
    rows = [
        (pump, line, _text(about.get("state")), *(number(_float(about.get(key))) for key in _VOLUMES))
        for pump, lines in _pumps(summary)
        for line, about in lines
    ]
    return Table(
        "Volumes of each line at the end",
        ("Pump", "Line", "State", "Programmed VTBI (mL)", "Owed (mL)", "Pumped (mL)", "At the patient (mL)"),
        tuple(rows),
        words=3,
        note="Owed: the programmed rate integrated to the end, KVO included. At the patient: the line's own fluid only.",
    )


def requests(summary: Mapping[str, Plain]) -> Table | None:
    """What became of the patients' requests; None where nobody made one."""
    keys = ("made", "granted", "granted_in_part", "denied")
    rows = [
        (pump, line, *(str(_dict(about["requests"])[key]) for key in keys))
        for pump, lines in _pumps(summary)
        for line, about in lines
        if about.get("requests")
    ]
    headings = ("Pump", "Line", "Requests", "Granted", "Of these in part", "Denied")
    return Table("Doses on request", headings, tuple(rows), words=2) if rows else None


_VOLUMES = ("programmed_ml", "owed_ml", "pumped_ml", "at_patient_ml")


def drug_totals(summary: Mapping[str, Plain]) -> Table:
    """What the patient has had of each drug, and what is still on its way."""
    drugs = _dict(_dict(summary.get("patient")).get("drugs"))
    rows = []
    for drug, amounts in drugs.items():
        for unit in AmountUnit:
            kind = unit.value.lower()
            if f"delivered_{kind}" in _dict(amounts):
                delivered, in_line = (_float(_dict(amounts).get(f"{word}_{kind}")) for word in ("delivered", "in_line"))
                rows.append((drug, amount(delivered, unit, 5), amount(in_line, unit)))
    return Table("Drugs at the end", ("Drug", "Delivered to the patient", "Still in the line"), tuple(rows), words=1)


def line_drug_totals(summary: Mapping[str, Plain]) -> Table:
    """What each line gave of each drug: to the set, and to the patient."""
    rows = []
    for pump, lines in _pumps(summary):
        for line, about in lines:
            for drug, amounts in _dict(about.get("drugs")).items():
                for unit in AmountUnit:
                    keys = (f"pumped_{unit.value.lower()}", f"at_patient_{unit.value.lower()}")
                    given = [_float(_dict(amounts).get(key)) for key in keys]
                    if given[0] is not None:
                        rows.append((pump, line, drug, *(amount(value, unit, 5) for value in given)))
    return Table(
        "Drugs of each line at the end", ("Pump", "Line", "Drug", "Pumped", "At the patient"), tuple(rows), words=3
    )


def orders(found: Iterable[Fulfilment]) -> Table:
    """What was ordered, and what each pump gave of it."""
    rows = []
    for fulfilment in found:
        order = fulfilment.order
        for given in fulfilment.given:
            share = f"{100.0 * given.within / order.amount:.1f}" if order.amount else "–"
            amounts = (amount(value, order.unit) for value in (given.within, given.before, given.later))
            alarms = ", ".join(alarm.value for alarm in given.alarms) or "none"
            rows.append((f"{order.drug}, {order.text}", given.pump, alarms, *amounts, share))
    return Table(
        "What was ordered, and what reached the patient",
        ("Order", "Pump", "Alarms", "In the window", "Before", "Later", "In the window (%)"),
        tuple(rows),
        words=3,
        note="Alarms: those of high or medium priority from the begin of the order's window on. A pump knows "
        "its programme only, never the order.",
    )


def overrides(summary: Mapping[str, Plain]) -> Table:
    """What was carried out beyond a soft limit of the drug library."""
    found = summary.get("overrides")
    rows = [_dict(row) for row in found] if isinstance(found, list) else []
    return Table(
        "Soft limits of the drug library that were overridden",
        ("Time", "Pump", "Line", "Command", "Limit"),
        tuple(
            (format_time(round((_float(row.get("at_s")) or 0.0) * 1e9)), *(_text(row.get(key)) for key in _OVERRIDES))
            for row in rows
        ),
        words=5,
    )


_OVERRIDES = ("pump", "line", "command", "reason")


def air_totals(summary: Mapping[str, Plain]) -> Table:
    """Where the air of every pump is that had any."""
    rows = []
    for pump, about in _dict(summary.get("pumps")).items():
        air = {key: _float(_dict(_dict(about).get("air")).get(key)) or 0.0 for key in _AIR}
        if any(air.values()):
            rows.append((pump, *(number(volume, 4) for volume in air.values())))
    return Table(
        "Air at the end",
        ("Pump", "Came in (mL)", "Kept by the trap (mL)", "In the line (mL)", "At the patient (mL)", "Leaked out (mL)"),
        tuple(rows),
        words=1,
        note="At atmospheric pressure. Leaked out: less what was sucked in through leaks.",
    )


_AIR = ("came_ml", "trapped_ml", "in_line_ml", "at_patient_ml", "leaked_ml")


def events(trace: PumpTrace, happenings: Sequence[Entry] = ()) -> Table:
    """Every record of a pump, in time, among what the world did to it; of one instant the world comes first."""
    texts = {row.id: row.text for row in trace.model.alarms}
    records = trace.records
    dropped = max(0, len(records) - 2 * MOST_EVENTS)
    shown = records if not dropped else (*records[:MOST_EVENTS], *records[-MOST_EVENTS:])
    rows = [(format_time(r.at_ns), r.record.line or "all", *_said(r.record, texts)) for r in shown]
    at_ns = [r.at_ns for r in shown]
    if dropped:
        at_ns.insert(MOST_EVENTS, records[MOST_EVENTS].at_ns)
        rows.insert(MOST_EVENTS, ("…", "", f"{dropped} events left out here: see events.jsonl", ""))
    for entry in happenings:
        if entry.at_ns <= trace.end_ns and (told := happened(entry)) is not None:
            place = bisect_left(at_ns, entry.at_ns)
            while place < len(rows) and at_ns[place] == entry.at_ns and rows[place][2].startswith(WORLD):
                place += 1
            at_ns.insert(place, entry.at_ns)
            rows.insert(place, (format_time(entry.at_ns), told[0], f"{WORLD}{told[1]}", told[2]))
    return Table("Events", ("Time", "Line", "What", "Cause or detail"), tuple(rows), words=4, kind="events")


def _signal(record: SignalChanged) -> tuple[str, str]:
    """What is seen and heard from now on."""
    told, _, detail = words(record).partition(", ")
    return f"signal: {told}", detail


def _said(record: Record, texts: Mapping[AlarmId, str]) -> tuple[str, str]:
    match record:
        case DeliveryEvent():
            what = record.kind.value.replace("-", " ")
            if record.state.delivering:
                what += f", {record.state.value} at {format_rate(record.rate_nl_per_h)}"
            elif record.state is not LineState.READY:
                what += f", {record.state.value}"
            return what, record.cause
        case AlarmRaised():
            detail = f" ({record.detail})" if record.detail else ""
            return f"ALARM {record.alarm.value} raised, {record.priority.value} priority", texts[record.alarm] + detail
        case AlarmCleared():
            return f"alarm {record.alarm.value} cleared", ""
        case AlarmAcknowledged():
            return f"alarm {record.alarm.value} acknowledged", "operator"
        case CommandRejected():
            return f"command {record.command} REFUSED", record.reason
        case DoseDenied():
            return "request denied", record.reason
        case ConfirmationAsked():
            return f"command {record.command} waits for confirmation", record.reason
        case LimitOverridden():
            return f"command {record.command} CONFIRMED beyond a soft limit", record.reason
        case SignalChanged():
            return _signal(record)
        case PowerChanged():
            return f"runs on {record.source}" if record.source != "off" else "switches off", ""
        case _:
            assert_never(record)


def stored(found: Sequence[StoredAtAlarm]) -> Table:
    """What the line held at each distal occlusion alarm, and what the patient got of it at once."""
    rows = [
        (format_time(s.at_ns), number(s.pressure_kpa, 4), number(s.volume_ml, 4), *_release(s.release)) for s in found
    ]
    return Table(
        "Stored in the line at an occlusion alarm, and released",
        (
            "Alarm raised",
            "Pressure (kPa)",
            "Stored (mL)",
            "Released at",
            "Released (mL)",
            "Drugs that reached the patient with it",
        ),
        tuple(rows),
        words=1,
        note="Released: what the line gave back beyond what was pumped, until its excess pressure was down to 1 %.",
    )


def _release(release: Release | None) -> tuple[str, str, str]:
    if release is None:
        return "not in this run", "–", "–"
    drugs = ", ".join(f"{a.drug} {amount(a.amount, a.unit)}" for a in release.drugs) or "none"
    unfinished = "" if release.relaxed else " (not all)"
    return format_time(release.at_ns), number(release.released_ml, 4) + unfinished, drugs


def mass_balance(found: Balance) -> Table:
    """Where all fluid and every drug is."""
    accounts = (*found.sources, *found.drugs)
    shown = [(title, of) for title, of in _PLACES if title not in _RARE or any(of(account) for account in accounts)]
    return Table(
        "Mass balance at the end",
        ("Source or drug", "Unit", *(title for title, _ in shown), "Error"),
        tuple(
            (account.name, account.unit, *(number(place(account), 6) for _, place in shown), error(account.error))
            for account in accounts
        ),
        words=2,
        note=f"Error: share of all that there was. The flow to the patient, integrated by itself, agrees with the volume "
        f"that the sources gave to {error(abs(found.flow_error))}.",
    )


_PLACES: tuple[tuple[str, Callable[[Account], float]], ...] = (
    ("Initial", attrgetter("initial")),
    ("Hung later", attrgetter("hung")),
    ("In container", attrgetter("in_container")),
    ("In chamber", attrgetter("in_chamber")),
    ("In the line", attrgetter("in_line")),
    ("At the patient", attrgetter("at_patient")),
    ("Leaked", attrgetter("lost")),
    ("Taken away", attrgetter("taken")),
    ("Mixed", attrgetter("mixed")),
)
_RARE = ("Hung later", "Leaked", "Taken away", "Mixed")
"""The columns of the balance, and those that are shown only where there is anything in them."""


def containers(trace: PumpTrace, found: Balance) -> Table | None:
    """What hung on each line, and when; None where nothing was changed."""
    accounts = {account.name: account for account in found.sources}
    first = {origin.source.name: origin for origin in reversed(trace.sources) if origin.line >= 0 and not origin.let_in}
    origins = [(origin, accounts[name]) for name, origin in reversed(first.items())]
    if all(origin.since_ns is None for origin, _ in origins):
        return None
    rows = [
        (
            origin.source.name,
            origin.source.fluid.name,
            "the start" if origin.since_ns is None else format_time(origin.since_ns),
            *(
                number(value, 6)
                for value in (account.initial + account.hung, account.taken, account.mixed, account.in_container)
            ),
        )
        for origin, account in origins
    ]
    return Table(
        "What hung on the lines",
        ("Source", "Fluid", "From", "Held (mL)", "Taken away (mL)", "Mixed with the next (mL)", "Left at the end (mL)"),
        tuple(rows),
        words=3,
        note="What a limb holds when its container is changed stays and comes first; it is counted for the old one.",
    )


def unverified(setups: Iterable[PumpSetup], traces: Iterable[PumpTrace]) -> Table:
    """Every figure, and every alarm row that was raised, that rests on no source that was read."""
    found: dict[tuple[str, str, str], None] = {}
    for setup in setups:
        for entry in setup.sources:
            if not entry.verified:
                found[_figure(entry)] = None
    for trace in traces:
        raised = {r.record.alarm for r in trace.records if isinstance(r.record, AlarmRaised)}
        for row in trace.model.alarms:
            if row.id in raised and "unverified" in row.source:
                found[f"alarm {row.id.value}", f"{row.priority.value}, {row.effect.value}", row.source] = None
    return Table("Unverified figures that this run used", ("Figure", "Value", "Why unverified"), tuple(found), words=3)


def _figure(entry: Sourced) -> tuple[str, str, str]:
    return entry.figure, entry.value, entry.source


def _pumps(summary: Mapping[str, Plain]) -> Iterable[tuple[str, list[tuple[str, dict[str, Plain]]]]]:
    for pump, about in _dict(summary.get("pumps")).items():
        yield pump, [(line, _dict(row)) for line, row in _dict(_dict(about).get("lines")).items()]


def _dict(value: Plain) -> dict[str, Plain]:
    return value if isinstance(value, dict) else {}


def _float(value: Plain) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(value: Plain) -> str:
    return value if isinstance(value, str) else "–"
