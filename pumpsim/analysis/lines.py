"""The course of each line, and of each alarm condition, as the records tell it.

A ``DeliveryEvent`` carries the state and the rate that hold from it on; between two of them nothing changes.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.outputs import AlarmAcknowledged, AlarmCleared, AlarmRaised, DeliveryEvent, LineState

NL_PER_ML = 1e6
NS_PER_H = 3.6e12


@dataclass(frozen=True, slots=True)
class StateSpan:
    """A line is in one state from ``from_ns`` to ``to_ns``."""

    state: LineState
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class RateSteps:
    """A programmed rate as a step function: ``rate_nl_per_h`` (n,) holds from ``at_ns`` (n,) on; the first at 0 ns."""

    at_ns: Instants
    rate_nl_per_h: Instants

    def owed_ml(self, at_ns: ArrayLike) -> Floats:
        """Integrate the rate from 0 to instants (m,), mL."""
        at = np.asarray(at_ns, dtype=np.int64)
        rate = self.rate_nl_per_h / NL_PER_ML
        before = np.concatenate([[0.0], np.cumsum(rate[:-1] * np.diff(self.at_ns) / NS_PER_H)])
        i = np.searchsorted(self.at_ns, at, side="right") - 1
        owed: Floats = before[i] + rate[i] * (at - self.at_ns[i]) / NS_PER_H
        return owed

    def delivering(self, end_ns: int) -> tuple[tuple[int, int], ...]:
        """List the stretches, up to ``end_ns``, in which the rate is above 0 throughout."""
        spans: list[tuple[int, int]] = []
        ends = [*self.at_ns[1:].tolist(), end_ns]
        for begin, end, rate in zip(self.at_ns.tolist(), ends, self.rate_nl_per_h.tolist(), strict=True):
            if rate == 0 or end <= begin:
                continue
            if spans and spans[-1][1] == begin:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))
        return tuple(spans)


@dataclass(frozen=True, slots=True)
class LineCourse:
    """What a line was doing, from power-on to the end, and the rate that it was asked for."""

    line: str
    states: tuple[StateSpan, ...]
    rate: RateSteps


@dataclass(frozen=True, slots=True)
class AlarmSpan:
    """An alarm condition stands from ``raised_ns`` to ``cleared_ns``; ``still`` True: it stood when the run ended.

    ``line`` None: it concerns the pump. ``acknowledged_ns``: when the operator took note of it.
    """

    alarm: AlarmId
    line: str | None
    priority: Priority
    raised_ns: int
    cleared_ns: int
    still: bool
    detail: str
    acknowledged_ns: tuple[int, ...] = ()


def line_courses(trace: PumpTrace) -> tuple[LineCourse, ...]:
    """Follow every line of the model through the run."""
    return tuple(_course(trace, line) for line in trace.model.lines)


def _course(trace: PumpTrace, line: str) -> LineCourse:
    """A later event of the same instant replaces an earlier one: what lasted no time is in the records only."""
    states, rates = {0: LineState.EMPTY}, {0: 0}
    for recorded in trace.records:
        event = recorded.record
        if isinstance(event, DeliveryEvent) and event.line == line:
            states[recorded.at_ns] = event.state
            rates[recorded.at_ns] = event.rate_nl_per_h
    rate = RateSteps(np.array(list(rates), dtype=np.int64), np.array(list(rates.values()), dtype=np.int64))
    return LineCourse(line, _spans(states, trace.end_ns), rate)


def _spans(states: dict[int, LineState], end_ns: int) -> tuple[StateSpan, ...]:
    spans: list[StateSpan] = []
    for (begin, state), end in zip(states.items(), [*list(states)[1:], end_ns], strict=True):
        if spans and spans[-1].state is state:
            spans[-1] = StateSpan(state, spans[-1].from_ns, end)
        elif end > begin or not spans:
            spans.append(StateSpan(state, begin, end))
    return tuple(spans)


def alarm_spans(trace: PumpTrace) -> tuple[AlarmSpan, ...]:
    """List every alarm condition that was raised, in the order of raising."""
    spans: list[AlarmSpan] = []
    standing: dict[tuple[AlarmId, str | None], int] = {}
    for recorded in trace.records:
        record, at_ns = recorded.record, recorded.at_ns
        if isinstance(record, AlarmRaised):
            standing[record.alarm, record.line] = len(spans)
            span = AlarmSpan(record.alarm, record.line, record.priority, at_ns, trace.end_ns, True, record.detail)
            spans.append(span)
        elif isinstance(record, AlarmCleared):
            i = standing.pop((record.alarm, record.line))
            spans[i] = replace(spans[i], cleared_ns=at_ns, still=False)
        elif isinstance(record, AlarmAcknowledged) and (record.alarm, record.line) in standing:
            i = standing[record.alarm, record.line]
            spans[i] = replace(spans[i], acknowledged_ns=(*spans[i].acknowledged_ns, at_ns))
    return tuple(spans)
