"""The quiet step: an input by which nothing is decided is answered from the answer before it.

Why it may. A rule acts on a command, on a report of the device, on the passing of time, or on a reading. What acts on time
has said so in its ``deadlines``, so before the wake-up it has nothing to do. What acts on a reading is run, each rule as it
is, in the order of the full way (``ON_READING``); as soon as one of them changes or says anything, the step is begun again
and goes the full way. What is left is that volumes grow. Wake-up and motor command follow from what has not changed, and so do
the watches: one that moves does so from an instant of the state's, at a rate that stands (``deviation.holds_until``).

When it may. After a step of the full way in which nothing was said, so that all is settled, and while none of this is so: a
condition is met or signalled (delays, ripple and signals have clocks of their own), a dose runs, a dose limit is kept (each
look sets a mark in its window), air was taken note of (its watch follows the reading), the pump is off.

It is a saving only: it is in no snapshot, and a pump that never goes it gives the same answers and comes to the same states.
"""

from dataclasses import dataclass

from pumpsim.controller import (
    alarm_monitor,
    back_off,
    backprime,
    deviation,
    doses,
    finishing,
    pressure_rise,
    programme,
    withdraw,
)
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.inputs import Input, SensorReading, Tick
from pumpsim.vocabulary.outputs import Step
from pumpsim.vocabulary.status import LineStatus

ON_READING = (
    programme.judge,
    doses.judge,
    deviation.judge,
    alarm_monitor.judge,
    finishing.judge,
    pressure_rise.judge,
    back_off.judge,
    backprime.judge,
    withdraw.judge,
    deviation.settle,
)
"""Every rule that looks at a reading, in the order of the full way."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """The answer that stands while nothing is decided, and until when (None: for good)."""

    answer: Step
    until_ns: int | None


def after(turn: Turn, answer: Step) -> Quiet | None:
    """What may stand after a step that has gone the full way; None where the next must go it too."""
    if not _may_follow(turn):
        return None
    wake = () if answer.wake_at_ns is None else (answer.wake_at_ns,)
    return Quiet(answer, min((*wake, *deviation.holds_until(turn)), default=None))


def _may_follow(turn: Turn) -> bool:
    unit = turn.state.unit
    if turn.said or turn.state.alarms or unit.signals.conditions or unit.power.off:
        return False
    if unit.air_passing or unit.air_counted_ml:
        return False
    return not any(_has_a_clock(status) for status in turn.state.lines)


def is_early(quiet: Quiet, now_ns: int, given: Input) -> bool:
    """Whether an input only lets time pass, or shows something, while the answer stands."""
    return (quiet.until_ns is None or now_ns < quiet.until_ns) and isinstance(given, Tick | SensorReading)


def passes(turn: Turn, given: Input) -> bool:
    """Let time pass and the reading be seen; say whether that was all. If not, the turn is not to be used any further."""
    turn.pass_time()
    if not isinstance(given, SensorReading):
        return True
    turn.state = seen = turn.state.seeing(given)
    for judge in ON_READING:
        judge(turn)
        if turn.state is not seen or turn.said:
            return False
    return True


def _has_a_clock(status: LineStatus) -> bool:
    """Whether something runs on a line that this does not follow."""
    return bool(status.course.doses) or (status.program is not None and status.program.limit is not None)
