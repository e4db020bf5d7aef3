"""Short ways to run a scenario for a case, and to read from its run what a bench would measure."""

from collections.abc import Sequence

import numpy as np

from pumpsim.scenario import Scenario
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import Run, simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.outputs import AlarmRaised, CommandRejected, DeliveryEvent, DeliveryEventKind

S, MIN, H = 10**9, 60 * 10**9, 3600 * 10**9
"""Time units in ns."""

ONE = """
title = "one pump"
duration = "{duration}"
[pump]
{pump}
[line.A]
{line}
[set]
{tubing}
{load}
[[operator]]
at = "0 s"
do = "start"
{more}
"""
LOAD = """
[[operator]]
at = "0 s"
load = {{ rate = "{rate}"{vtbi} }}
"""
CLOSED = """
[[fault]]
at = "{at}"
occlude = "patient end"
"""


def one(
    pump: str,
    line: str,
    *,
    rate: str,
    duration: str,
    tubing: str = "",
    vtbi: str | None = None,
    more: str = "",
) -> Scenario:
    """A scenario of one pump with line A that is started at 0 s; the texts are what stands in its tables."""
    load = LOAD.format(rate=rate, vtbi="" if vtbi is None else f', vtbi = "{vtbi}"')
    return parse_scenario(
        ONE.format(duration=duration, pump=pump, line=line, tubing=tubing, load=load, more=more), "case"
    )


def text(scenario: str) -> Run:
    """Run a scenario that is given as text."""
    return simulate(parse_scenario(scenario, "case"))


def trace_of(scenario: Scenario) -> PumpTrace:
    """Run a scenario of one pump."""
    return simulate(scenario).traces[0]


def patient_ml(trace: PumpTrace, *at_ns: int) -> list[float]:
    """What has passed the access, of whatever source, by these instants."""
    total: list[float] = trace.at(at_ns).patient_ml.sum(axis=0).tolist()
    return total


def first_alarm_ns(trace: PumpTrace, alarm: AlarmId, line: str | None = None) -> int:
    """When an alarm is first raised. Raises LookupError if it never is."""
    for recorded in trace.records:
        record = recorded.record
        if isinstance(record, AlarmRaised) and record.alarm is alarm and line in (None, record.line):
            return recorded.at_ns
    raise LookupError(f"{trace.pump}: {alarm.value} was never raised")


def event_ns(trace: PumpTrace, kind: DeliveryEventKind, line: str = "A") -> int:
    """When something is first said of a line. Raises LookupError if it never is."""
    for recorded in trace.records:
        if isinstance(recorded.record, DeliveryEvent) and (recorded.record.kind, recorded.record.line) == (kind, line):
            return recorded.at_ns
    raise LookupError(f"{trace.pump}: {kind.value} was never said of line {line}")


def refusals(trace: PumpTrace, reason: str) -> int:
    """How many commands the pump refused with this in its reason."""
    return sum(isinstance(r.record, CommandRejected) and reason in r.record.reason for r in trace.records)


def motor_steps(run: Run) -> int:
    """Where the motor of the first pump's line A stands in the last reading."""
    readings = [taken.input for taken in run.journals[0] if isinstance(taken.input, SensorReading)]
    return readings[-1].lines[0].steps


def motions_ns(trace: PumpTrace) -> list[tuple[int, int]]:
    """Begin and end of every piece in which something is displaced; pulses, for a drive that has them."""
    found: list[tuple[int, int]] = []
    for chunk in trace.chunks:
        moving = np.flatnonzero(np.diff(chunk.pumped_ml.sum(axis=0)) > 0.0)
        found += [(int(chunk.at_ns[k]), int(chunk.at_ns[k + 1])) for k in moving]
    return found


def first_passed_ns(trace: PumpTrace, ml: float, step_ns: int) -> int:
    """The first of the instants every ``step_ns`` by which so much has left the line."""
    at_ns = np.arange(0, trace.end_ns + 1, step_ns)
    passed = trace.at(at_ns).patient_ml.sum(axis=0) >= ml
    return int(at_ns[int(np.argmax(passed))]) if passed.any() else -1


def minutes(values: Sequence[float]) -> list[int]:
    """Minutes as ns."""
    return [round(value * MIN) for value in values]
