"""The record of infusion times: for what, from when to when, and for how many minutes each line delivered.

Counted is the time in which a line delivers its programme. Not counted: the keep open rate, pauses, alarms, the gaps between
two bags, and what another programme on the line takes, such as a flush, which has a record of its own. Programmes of one
purpose and the same drugs on one line make one record, bag after bag. The purpose is what the scenario says when it loads the
programme; where it says nothing, it is hydration without a drug in the fluid, else therapeutic (PHYSICS 7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pumpsim.analysis.segments import Edge, Segment, WorldEdge, segments
from pumpsim.analysis.spans import Spans, joined, total_ns
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.inputs import LoadProgram
from pumpsim.vocabulary.outputs import DeliveryEvent, DeliveryEventKind, LineState
from pumpsim.vocabulary.program import Purpose

MIN_NS = 60_000_000_000
S_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class InfusionTime:
    """What one line delivered for one purpose.

    ``spans``: the stretches that count, in time, at least one. ``pauses``: how many gaps lie between them. ``kvo_ns``: the
    keep open rate of the same programmes, not counted. ``stopped``: what ended the last stretch. ``pumped_ml``: within the
    stretches. ``drugs``: by name, of all fluids that hung on the line meanwhile.
    """

    pump: str
    line: str
    purpose: Purpose
    fluids: tuple[str, ...]
    drugs: tuple[str, ...]
    spans: Spans
    kvo_ns: int
    pumped_ml: float
    stopped: Edge

    @property
    def started_ns(self) -> int:
        """The first instant that counts."""
        return self.spans[0][0]

    @property
    def stopped_ns(self) -> int:
        """The end of the last stretch that counts."""
        return self.spans[-1][1]

    @property
    def running(self) -> bool:
        """Whether it was still delivering when the record ended, so that no stop can be documented."""
        return self.stopped.kind is WorldEdge.RECORD_ENDED

    @property
    def pauses(self) -> int:
        """How often it was interrupted."""
        return len(self.spans) - 1

    @property
    def delivered_ns(self) -> int:
        """The time that counts."""
        return total_ns(self.spans)

    @property
    def paused_ns(self) -> int:
        """What lies between start and stop and does not count."""
        return self.stopped_ns - self.started_ns - self.delivered_ns

    @property
    def minutes(self) -> int:
        """The time that counts, in whole minutes."""
        return whole_minutes(self.delivered_ns)


def whole_minutes(ns: int) -> int:
    """Take a time to the nearest second, as it is written down, and drop what is left over of a minute.

    A volume of 30 min may be in a ms early: it is counted in whole steps of the motor.
    """
    return (ns + S_NS // 2) // S_NS // 60


def infusion_times(scenario: Scenario, traces: Mapping[str, PumpTrace]) -> tuple[InfusionTime, ...]:
    """Record every pump, line and purpose, in the order of their starts within each pump. Traces by pump id."""
    found: list[InfusionTime] = []
    for pump, trace in traces.items():
        purposes = _purposes(scenario, trace)
        groups: dict[tuple[str, Purpose, tuple[str, ...]], list[Segment]] = {}
        for segment in segments(trace):
            drugs = _drugs([segment])
            purpose = _at(purposes.get(segment.line, []), segment.from_ns)
            if purpose is None:
                purpose = Purpose.THERAPEUTIC if drugs else Purpose.HYDRATION
            key = (segment.line, purpose, drugs if purpose is Purpose.THERAPEUTIC else ())
            groups.setdefault(key, []).append(segment)
        own = [_time(pump, line, purpose, group) for (line, purpose, _), group in groups.items()]
        found += sorted((time for time in own if time is not None), key=lambda time: time.started_ns)
    return tuple(found)


def _time(pump: str, line: str, purpose: Purpose, group: Sequence[Segment]) -> InfusionTime | None:
    """Sum a group up; None where nothing in it counts."""
    counted = [segment for segment in group if segment.state is not LineState.KVO]
    if not counted:
        return None
    return InfusionTime(
        pump,
        line,
        purpose,
        tuple(dict.fromkeys(fluid.name for segment in counted for fluid in segment.fluids)),
        _drugs(counted),
        joined((segment.from_ns, segment.to_ns) for segment in counted),
        sum(segment.duration_ns for segment in group if segment.state is LineState.KVO),
        sum(segment.pumped_ml for segment in counted),
        counted[-1].ended,
    )


def _drugs(group: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(sorted({drug.drug for segment in group for fluid in segment.fluids for drug in fluid.drugs}))


def _purposes(scenario: Scenario, trace: PumpTrace) -> dict[str, list[tuple[int, Purpose | None]]]:
    """What each line is programmed for, from each loading on: that of the last load that the scenario has until then."""
    loads = [
        (entry.at_ns, entry.action)
        for entry in scenario.entries
        if entry.pump == trace.pump and isinstance(entry.action, LoadProgram)
    ]
    found: dict[str, list[tuple[int, Purpose | None]]] = {}
    for recorded in trace.records:
        event = recorded.record
        if isinstance(event, DeliveryEvent) and event.kind is DeliveryEventKind.PROGRAM_LOADED:
            own = [(at_ns, load.program.purpose) for at_ns, load in loads if load.line == event.line]
            found.setdefault(event.line, []).append((recorded.at_ns, _at(own, recorded.at_ns)))
    return found


def _at(purposes: Sequence[tuple[int, Purpose | None]], at_ns: int) -> Purpose | None:
    return next((purpose for since_ns, purpose in reversed(purposes) if since_ns <= at_ns), None)
