"""Hold a scenario's expectations against what happened, each with the value that was measured.

Refusals and questions are judged too: a command that the pump refused, or asked about, and that nothing expected is a failure
of its own. Whoever expects that a limit is overridden expects the question too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from pumpsim.analysis.air import air_of
from pumpsim.analysis.signals import How, how_of, signal_at, words
from pumpsim.analysis.storage import releases
from pumpsim.analysis.windows import peak_over_mean
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
    Scenario,
    SignalExpected,
    StateExpected,
    TimeLeftExpected,
    VolumeExpected,
)
from pumpsim.trace import PumpTrace, Recorded
from pumpsim.units import format_time
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.outputs import (
    AlarmRaised,
    CommandRejected,
    ConfirmationAsked,
    DeliveryEvent,
    LimitOverridden,
    LineState,
)
from pumpsim.vocabulary.program import format_rate, format_volume

LATE_NS = 1_000_000_000
"""So much later than it should be, and no more, a pump on a wire may be asked; a simulated one is in the same instant."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation: its sentence, whether it held, and what was measured."""

    text: str
    passed: bool
    measured: str


def judge(scenario: Scenario, traces: Mapping[str, PumpTrace]) -> tuple[Outcome, ...]:
    """Judge every expectation, in the order of the file, then the refusals that nobody expected. Traces by pump id."""
    outcomes = [_judge(expected, traces[expected.pump]) for expected in scenario.expectations]
    for pump, trace in traces.items():
        outcomes.extend(_unexpected(scenario, pump, trace))
    return tuple(outcomes)


def _judge(expected: Expectation, trace: PumpTrace) -> Outcome:
    match expected:
        case AlarmExpected():
            return _alarm(expected, trace)
        case AlarmDelayExpected():
            return _alarm_delay(expected, trace)
        case VolumeExpected():
            return _volume(expected, trace)
        case DrugExpected():
            return _drug(expected, trace)
        case RejectionExpected():
            return _rejection(expected, trace)
        case QuestionExpected(overridden=overridden):
            kind = LimitOverridden if overridden else ConfirmationAsked
            found = [r for r in trace.records if isinstance(r.record, kind) and _matches(expected, r)]
            none = "nothing was overridden" if overridden else "nothing was asked"
            return Outcome(expected.text, bool(found), "; ".join(map(_refusal, found)) or none)
        case StateExpected():
            return _state(expected, trace)
        case RateExpected():
            rate = _rate_nl_per_h(trace, expected.line, expected.at_ns)
            return Outcome(expected.text, rate == expected.rate_nl_per_h, format_rate(rate))
        case RequestsExpected():
            requests = trace.state.line(expected.line).course.requests
            passed = (requests.granted, requests.denied) == (expected.granted, expected.denied)
            return Outcome(expected.text, passed, f"{requests.granted} granted, {requests.denied} denied")
        case DosePeakExpected():
            ratio = peak_over_mean(
                trace, expected.drug, expected.at_patient, expected.window_ns, expected.from_ns, expected.to_ns
            )
            return Outcome(expected.text, expected.at_least <= ratio <= expected.at_most, f"{ratio:.4g}")
        case AirExpected():
            air = air_of(trace).at_patient_ml
            return Outcome(expected.text, expected.at_least_ml <= air <= expected.at_most_ml, f"{air:.4f} mL")
        case ReleasedBolusExpected():
            return _released(expected, trace)
        case SignalExpected():
            return _signal(expected, trace)
        case TimeLeftExpected():
            return _time_left(expected, trace)
        case _:
            assert_never(expected)


def _raised(trace: PumpTrace, alarm: AlarmId, line: str | None) -> list[int]:
    return [
        r.at_ns
        for r in trace.records
        if isinstance(r.record, AlarmRaised) and r.record.alarm is alarm and line in (None, r.record.line)
    ]


def _instants(found: list[int]) -> str:
    return ", ".join(format_time(at_ns) for at_ns in found) if found else "never raised"


def _alarm(expected: AlarmExpected, trace: PumpTrace) -> Outcome:
    found = _raised(trace, expected.alarm, expected.line)
    within = [at_ns for at_ns in found if expected.from_ns <= at_ns <= expected.to_ns]
    return Outcome(expected.text, not within if expected.absent else bool(within), _instants(found))


def _alarm_delay(expected: AlarmDelayExpected, trace: PumpTrace) -> Outcome:
    later = [at_ns for at_ns in _raised(trace, expected.alarm, None) if at_ns >= expected.after_ns]
    if not later:
        return Outcome(expected.text, False, "never raised")
    delay_ns = later[0] - expected.after_ns
    return Outcome(expected.text, delay_ns <= expected.at_most_ns, f"after {format_time(delay_ns)}")


def _volume(expected: VolumeExpected, trace: PumpTrace) -> Outcome:
    sample = trace.at([expected.at_ns])
    if expected.at_patient:
        volume = 0.0
        for origin, row in zip(trace.sources, sample.patient_ml, strict=True):
            volume += float(row[0]) if origin.source.line == expected.line else 0.0
    else:
        volume = float(sample.pumped_ml[trace.model.lines.index(expected.line), 0])
    return Outcome(
        expected.text,
        abs(volume - expected.volume_ml) <= expected.tolerance.width(expected.volume_ml),
        f"{volume:.4f} mL",
    )


def _drug(expected: DrugExpected, trace: PumpTrace) -> Outcome:
    drugs = [drug for drug, _ in trace.drugs]
    amount = 0.0
    if expected.drug in drugs:
        begin, end = trace.at([expected.from_ns, expected.to_ns]).patient_drug[drugs.index(expected.drug)]
        amount = float(end - begin)
    return Outcome(
        expected.text,
        abs(amount - expected.amount) <= expected.tolerance.width(expected.amount),
        f"{amount:.5g} {expected.unit.value}",
    )


def _matches(expected: RejectionExpected | QuestionExpected, recorded: Recorded) -> bool:
    """Whether what was said of a command is what was expected of it."""
    record = recorded.record
    return (
        isinstance(record, CommandRejected | ConfirmationAsked | LimitOverridden)
        and record.command == expected.command
        and expected.line in (None, record.line)
        and expected.reason in record.reason
        and expected.from_ns <= recorded.at_ns <= expected.to_ns
    )


def _rejection(expected: RejectionExpected, trace: PumpTrace) -> Outcome:
    found = [r for r in trace.records if isinstance(r.record, CommandRejected) and _matches(expected, r)]
    measured = "; ".join(_refusal(r) for r in found) if found else "nothing was refused"
    return Outcome(expected.text, bool(found), measured)


def _refusal(recorded: Recorded) -> str:
    record = recorded.record
    assert isinstance(record, CommandRejected | ConfirmationAsked | LimitOverridden)
    return f"{record.command} {record.line or ''} at {format_time(recorded.at_ns)}: {record.reason}".replace("  ", " ")


def _unexpected(scenario: Scenario, pump: str, trace: PumpTrace) -> list[Outcome]:
    own = [e for e in scenario.expectations if e.pump == pump]
    refusals = [e for e in own if isinstance(e, RejectionExpected)]
    questions = [e for e in own if isinstance(e, QuestionExpected)]
    found = []
    for r in trace.records:
        if isinstance(r.record, CommandRejected) and not any(_matches(e, r) for e in refusals):
            found.append(Outcome("no command is refused that was not expected to be", False, _refusal(r)))
        if isinstance(r.record, ConfirmationAsked) and not any(_asks(e, r) for e in questions):
            found.append(Outcome("no command is asked about that was not expected to be", False, _refusal(r)))
    return found


def _asks(expected: QuestionExpected, recorded: Recorded) -> bool:
    """Whether a question was expected: itself, or what it is the way to."""
    from_ns = 0 if expected.overridden else expected.from_ns
    return _matches(replace(expected, from_ns=from_ns), recorded)


def _rate_nl_per_h(trace: PumpTrace, line: str, at_ns: int) -> int:
    """The programmed rate that the records give for an instant; 0 where the line does not deliver."""
    rate = 0
    for r in trace.records:
        if isinstance(r.record, DeliveryEvent) and r.record.line == line and r.at_ns <= at_ns:
            rate = r.record.rate_nl_per_h
    return rate


def _state(expected: StateExpected, trace: PumpTrace) -> Outcome:
    state = LineState.EMPTY
    for r in trace.records:
        if isinstance(r.record, DeliveryEvent) and r.record.line == expected.line and r.at_ns <= expected.at_ns:
            state = r.record.state
    return Outcome(expected.text, state.value == expected.state, state.value)


def _released(expected: ReleasedBolusExpected, trace: PumpTrace) -> Outcome:
    volumes = [release.volume_ml for release in releases(trace)]
    passed = bool(volumes) and all(expected.at_least_ml <= v <= expected.at_most_ml for v in volumes)
    return Outcome(expected.text, passed, ", ".join(f"{v:.4f} mL" for v in volumes) or "nothing was released")


def _signal(expected: SignalExpected, trace: PumpTrace) -> Outcome:
    change = signal_at(trace, expected.at_ns)
    how = how_of(change, expected.alarm, expected.line)
    passed = (
        (how is not None or expected.alarm is None)
        and expected.audible in (None, how is How.SOUNDS)
        and expected.reminder in (None, how is How.REMINDS)
        and expected.priority in (None, change.priority)
    )
    return Outcome(expected.text, passed, words(change))


def _time_left(expected: TimeLeftExpected, trace: PumpTrace) -> Outcome:
    asked = (e for e in trace.estimates if e.after is None and e.line == expected.line)
    remaining = next((e.remaining for e in asked if 0 <= e.at_ns - expected.at_ns <= LATE_NS), None)
    left = None if remaining is None else remaining.reservoir if expected.reservoir else remaining.vtbi
    if left is None:
        return Outcome(expected.text, False, "the pump does not say")
    if left.time_ns is None or expected.time_ns is None:
        measured = "no end is known" if left.time_ns is None else format_time(left.time_ns)
        return Outcome(expected.text, left.time_ns is expected.time_ns, measured)
    passed = abs(left.time_ns - expected.time_ns) <= expected.within_ns
    return Outcome(expected.text, passed, f"{format_time(left.time_ns)}, {format_volume(left.volume_nl)}")
