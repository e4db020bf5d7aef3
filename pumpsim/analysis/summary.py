"""The summary of a run: what ``summary.json`` holds, as plain values. Schema ``pumpsim-summary/1``.

Volumes in mL, amounts in the unit that the key ends with, times in s. ``speed`` is the only part that differs between two
runs of one scenario on one machine.
"""

from collections.abc import Mapping, Sequence

from pumpsim import __version__
from pumpsim.analysis.air import air_of
from pumpsim.analysis.delivered import drugs_by_line, infusions, segments_by_line
from pumpsim.analysis.estimates import time_left
from pumpsim.analysis.expectations import Outcome
from pumpsim.analysis.orders import fulfilments
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, LimitOverridden
from pumpsim.vocabulary.status import Requests

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]

SCHEMA = "pumpsim-summary/1"
NS_PER_S = 1e9
OWED_PER_ML = 3.6e18
"""nL/h x ns in one mL."""


def summarise(
    scenario: Scenario, traces: Mapping[str, PumpTrace], outcomes: Sequence[Outcome], digest: str, wall_s: float
) -> dict[str, Plain]:
    """Sum a run up. ``wall_s``: real time that it took, for the ratio to real time."""
    duration_s = scenario.duration_ns / NS_PER_S
    return {
        "schema": SCHEMA,
        "version": __version__,
        "title": scenario.title,
        "scenario": scenario.name,
        "duration_s": duration_s,
        "seed": scenario.seed,
        "digest": digest,
        "passed": all(outcome.passed for outcome in outcomes),
        "pumps": {
            pump: {"model": trace.model.id, "lines": _lines(trace), "air": _air(trace)}
            for pump, trace in traces.items()
        },
        "patient": _patient(traces),
        "orders": _orders(scenario, traces),
        "infusions": infusions(scenario, traces),
        "alarms": [alarm for pump, trace in traces.items() for alarm in _alarms(pump, trace)],
        "overrides": [row for pump, trace in traces.items() for row in _overrides(pump, trace)],
        "notes": list(scenario.notes),
        "expectations": [{"text": o.text, "passed": o.passed, "measured": o.measured} for o in outcomes],
        "speed": {"wall_s": wall_s, "ratio_to_real_time": duration_s / wall_s if wall_s > 0 else None},
    }


def _lines(trace: PumpTrace) -> dict[str, Plain]:
    end = trace.at([trace.end_ns])
    drugs, cut = drugs_by_line(trace), segments_by_line(trace)
    found: dict[str, Plain] = {}
    for i, status in enumerate(trace.state.lines):
        at_patient = 0.0
        for origin, row in zip(trace.sources, end.patient_ml, strict=True):
            at_patient += float(row[0]) if origin.source.line == status.line else 0.0
        vtbi_nl = status.program.total_nl if status.program else None
        found[status.line] = {
            "programmed_ml": None if vtbi_nl is None else vtbi_nl / 1e6,
            "owed_ml": status.owed / OWED_PER_ML,
            "pumped_ml": float(end.pumped_ml[i, 0]),
            "at_patient_ml": at_patient,
            "state": status.state.value,
            "requests": _requests(status.course.requests),
            "drugs": drugs[status.line],
            "segments": cut[status.line],
            "time_left": [dict(row) for row in time_left(trace, status.line)],
        }
    return found


def _requests(requests: Requests) -> dict[str, Plain] | None:
    """The patient's presses and what became of them; None where there were none."""
    if not requests.made:
        return None
    return {
        "made": requests.made,
        "granted": requests.granted,
        "granted_in_part": requests.in_part,
        "denied": requests.denied,
    }


def _air(trace: PumpTrace) -> dict[str, Plain]:
    air = air_of(trace)
    return {
        "came_ml": air.came_ml,
        "trapped_ml": air.trapped_ml,
        "in_line_ml": air.in_line_ml,
        "at_patient_ml": air.at_patient_ml,
        "leaked_ml": air.lost_ml,
    }


def _patient(traces: Mapping[str, PumpTrace]) -> dict[str, Plain]:
    volume = air = 0.0
    drugs: dict[str, dict[str, float]] = {}
    for trace in traces.values():
        end = trace.at([trace.end_ns])
        gas = air_of(trace).at_patient_ml
        volume += float(end.patient_ml.sum()) - gas
        air += gas
        for row, (drug, unit) in enumerate(trace.drugs):
            key = unit.value.lower()
            amounts = drugs.setdefault(drug, {f"delivered_{key}": 0.0, f"in_line_{key}": 0.0})
            amounts[f"delivered_{key}"] += float(end.patient_drug[row, 0])
            amounts[f"in_line_{key}"] += float(in_common_line(trace)[row])
    return {"volume_ml": volume, "air_ml": air, "drugs": {drug: dict(amounts) for drug, amounts in drugs.items()}}


def _orders(scenario: Scenario, traces: Mapping[str, PumpTrace]) -> list[Plain]:
    found: list[Plain] = []
    for fulfilment in fulfilments(scenario, traces):
        order = fulfilment.order
        kind = order.unit.value.lower()
        for given in fulfilment.given:
            alarms: list[Plain] = [alarm.value for alarm in given.alarms]
            about: dict[str, Plain] = {"drug": order.drug, "text": order.text, "pump": given.pump, "alarms": alarms}
            amounts = (
                ("ordered", order.amount),
                ("before", given.before),
                ("within", given.within),
                ("later", given.later),
            )
            found.append(about | {f"{word}_{kind}": amount for word, amount in amounts})
    return found


def in_common_line(trace: PumpTrace) -> tuple[float, ...]:
    """Amount of each drug between the mechanism and the patient at the end, priming included."""
    end = trace.at([trace.end_ns])
    inside = end.pump_drug[:, 0] + trace.priming_drug - end.patient_drug[:, 0]
    return tuple(max(0.0, float(amount)) for amount in inside)


def _overrides(pump: str, trace: PumpTrace) -> list[Plain]:
    """What was carried out beyond a soft limit."""
    return [
        {
            "pump": pump,
            "line": r.record.line,
            "command": r.record.command,
            "reason": r.record.reason,
            "at_s": r.at_ns / NS_PER_S,
        }
        for r in trace.records
        if isinstance(r.record, LimitOverridden)
    ]


def _alarms(pump: str, trace: PumpTrace) -> list[Plain]:
    found: list[dict[str, Plain]] = []
    for recorded in trace.records:
        record, at_s = recorded.record, recorded.at_ns / NS_PER_S
        if isinstance(record, AlarmRaised):
            found.append(
                {
                    "id": record.alarm.value,
                    "pump": pump,
                    "line": record.line,
                    "priority": record.priority.value,
                    "raised_at_s": at_s,
                    "cleared_at_s": None,
                }
            )
        elif isinstance(record, AlarmCleared):
            for alarm in found:
                same = alarm["id"] == record.alarm.value and alarm["line"] == record.line
                if same and alarm["cleared_at_s"] is None:
                    alarm["cleared_at_s"] = at_s
    return list(found)
