"""Delivery segments: the stretches in which a line delivers at one rate, from one source, without a break.

A segment ends, and the next begins, with a start, a stop, the volume that is in, another rate or dose, a pause and its end,
the keep open rate and its end, and another container. All of it is in the records of the pump, but for the containers, of
which the pump knows nothing: they are in the sources of the trace. A line delivers while its rate is above 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.outputs import DeliveryEvent, DeliveryEventKind, LineState
from pumpsim.vocabulary.path import Fluid


class WorldEdge(Enum):
    """What bounds a segment beside the pump's own events."""

    SOURCE_CHANGED = "source-changed"
    RECORD_ENDED = "record-ended"


@dataclass(frozen=True, slots=True)
class Edge:
    """What begins or ends a segment, and who or what brought that about (empty: the programme itself)."""

    kind: DeliveryEventKind | WorldEdge
    cause: str = ""

    @property
    def text(self) -> str:
        """The edge in words."""
        words = self.kind.value.replace("-", " ")
        return f"{words} ({self.cause})" if self.cause else words


@dataclass(frozen=True, slots=True)
class Segment:
    """One line delivers at one rate from ``from_ns`` to ``to_ns``.

    ``pumped_ml``: what the mechanism displaced of the line meanwhile. ``fluids``: of the containers that hang on the line, one
    or, with a secondary, two; what the limb still holds of an earlier one comes first all the same.
    """

    line: str
    from_ns: int
    to_ns: int
    state: LineState
    rate_nl_per_h: int
    began: Edge
    ended: Edge
    pumped_ml: float
    fluids: tuple[Fluid, ...]

    @property
    def duration_ns(self) -> int:
        """How long it lasts."""
        return self.to_ns - self.from_ns

    @property
    def fluid(self) -> str:
        """The names of its fluids."""
        return " and ".join(fluid.name for fluid in self.fluids)


@dataclass(frozen=True, slots=True)
class _Course:
    """What a line does from an instant on, and why; ``left`` is what ended what it did before."""

    at_ns: int
    state: LineState
    rate_nl_per_h: int
    left: Edge
    began: Edge


@dataclass(frozen=True, slots=True)
class _Hung:
    at_ns: int
    fluids: tuple[Fluid, ...]


def segments(trace: PumpTrace) -> tuple[Segment, ...]:
    """Cut the delivery of every line into segments: lines in the order of the model, then in time."""
    return tuple(segment for i in range(len(trace.model.lines)) for segment in _of_line(trace, i))


def _of_line(trace: PumpTrace, i: int) -> list[Segment]:
    line, hung = trace.model.lines[i], _hung(trace, trace.model.lines[i])
    courses = [c for c in _courses(_events(trace, line), hung) if c.at_ns <= trace.end_ns]
    end = _Course(trace.end_ns, LineState.EMPTY, 0, Edge(WorldEdge.RECORD_ENDED), Edge(WorldEdge.RECORD_ENDED))
    pairs = [
        (course, after)
        for course, after in pairwise([*courses, end])
        if course.rate_nl_per_h > 0 and after.at_ns > course.at_ns
    ]
    if not pairs:
        return []
    at_ns = np.unique([at for course, after in pairs for at in (course.at_ns, after.at_ns)])
    pumped = dict(zip(at_ns.tolist(), trace.at(at_ns).pumped_ml[i].tolist(), strict=True))
    return [
        Segment(
            line,
            course.at_ns,
            after.at_ns,
            course.state,
            course.rate_nl_per_h,
            course.began,
            after.left,
            pumped[after.at_ns] - pumped[course.at_ns],
            next((h.fluids for h in reversed(hung) if h.at_ns <= course.at_ns), ()),
        )
        for course, after in pairs
    ]


def _events(trace: PumpTrace, line: str) -> dict[int, list[DeliveryEvent]]:
    found: dict[int, list[DeliveryEvent]] = {}
    for recorded in trace.records:
        if isinstance(recorded.record, DeliveryEvent) and recorded.record.line == line:
            found.setdefault(recorded.at_ns, []).append(recorded.record)
    return found


def _courses(events: dict[int, list[DeliveryEvent]], hung: Sequence[_Hung]) -> Iterable[_Course]:
    """What the line does, from each instant on at which that is something else.

    Of several events of one instant the first that changes anything ends the old, the last begins the new; an event that
    changes neither state nor rate is none.
    """
    changes = {h.at_ns: h.fluids for h in hung[1:]}
    state, rate = LineState.EMPTY, 0
    for at_ns in sorted({*events, *changes}):
        edges: list[Edge] = []
        for event in events.get(at_ns, ()):
            if (event.state, event.rate_nl_per_h) != (state, rate):
                edges.append(Edge(event.kind, event.cause))
                state, rate = event.state, event.rate_nl_per_h
        if not edges and at_ns in changes:
            edges.append(Edge(WorldEdge.SOURCE_CHANGED, " and ".join(fluid.name for fluid in changes[at_ns])))
        if edges:
            yield _Course(at_ns, state, rate, edges[0], edges[-1])


def _hung(trace: PumpTrace, line: str) -> list[_Hung]:
    """What hangs on a line, from the start and from each change on; empty for a line without a container."""
    setup = next((setup for setup in trace.setup.lines if setup.line == line), None)
    if setup is None:
        return []
    first = (setup.fluid,) if setup.secondary is None else (setup.fluid, setup.secondary.fluid)
    later = {
        origin.since_ns: origin.source.fluid
        for origin in trace.sources
        if origin.source.line == line and origin.since_ns is not None
    }
    return [_Hung(0, first), *(_Hung(at_ns, (later[at_ns],)) for at_ns in sorted(later))]
