"""A state as a new power-on finds it: what is kept of the one before, and how its instants and counts read from now on.

Time begins at 0 and the device counts its steps from 0. How long the pump was without power it cannot know, so every instant is
kept as if no time had passed meanwhile: a lockout lasts at least as long as programmed, a window holds at least what it held,
a repeat comes no earlier. What is left of a VTBI is what the count at the end had left of it.

Kept: programs, totals (owed, dosed, requests), windows, what the battery holds, conditions that stood. Not kept: the time of
day (nobody has set the clock since), the last reading, alarm signals, how far the mechanism was turned back, drawn back or
backprimed. Lines, doses and a question are as they were; ``power`` stops and drops them, and says so, when the pump is
switched on; until then it is off.
"""

from dataclasses import replace

from pumpsim.controller.power import charge_ns
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand
from pumpsim.vocabulary.status import (
    CourseStatus,
    LineStatus,
    PowerStatus,
    PumpState,
    SignalStatus,
    UnitStatus,
)


def rebased(model: PumpModel, state: PumpState) -> PumpState:
    """The state at instant 0 of the next power-on; off."""
    lines = tuple(_line(state, status) for status in state.lines)
    still = MotorCommand(tuple(LineMotion(line, 0) for line in model.lines))
    alarms = tuple(
        replace(alarm, since_ns=alarm.since_ns - state.now_ns, over_since_ns=None)
        for alarm in state.alarms
        if alarm.standing
    )
    return PumpState(0, lines, still, alarms, unit=_unit(model, state))


def _line(state: PumpState, status: LineStatus) -> LineStatus:
    reading = state.read_line(status.line)
    counted = 0 if reading is None else reading.steps
    return replace(
        status,
        stop_at_step=None if status.stop_at_step is None else status.stop_at_step - counted,
        start_at_ns=_before(status.start_at_ns, state.now_ns),
        finish_at_step=None,
        course=_course(status.course, state.now_ns),
    )


def _course(course: CourseStatus, then_ns: int) -> CourseStatus:
    temporary, requests = course.temporary, course.requests
    return replace(
        course,
        since_ns=_before(course.since_ns, then_ns),
        doses=tuple(replace(dose, began_ns=dose.began_ns - then_ns, stop_at_step=None) for dose in course.doses),
        temporary=None if temporary is None else replace(temporary, until_ns=temporary.until_ns - then_ns),
        requests=replace(
            requests,
            began_ns=_before(requests.began_ns, then_ns),
            ended_ns=_before(requests.ended_ns, then_ns),
        ),
        marks=tuple(replace(mark, at_ns=mark.at_ns - then_ns) for mark in course.marks),
        reference=None,
    )


def _unit(model: PumpModel, state: PumpState) -> UnitStatus:
    unit, then_ns = state.unit, state.now_ns
    charge = None if model.battery is None else charge_ns(model, unit.power, then_ns)
    return replace(
        unit,
        clock_ns=None,
        signals=SignalStatus(),
        power=PowerStatus(unit.power.mains, charge, off=True),
        restarts_ns=tuple(at_ns - then_ns for at_ns in unit.restarts_ns),
        key_since_ns=_before(unit.key_since_ns, then_ns),
        touched_ns=0,
        air_counted_ml=0.0,
        air_passing=False,
        turned_back=None,
        rising=(),
        run=None,
        withdrawn_steps=0,
    )


def _before(at_ns: int | None, then_ns: int) -> int | None:
    """An instant of the power-on before, as it reads from this one: 0 or less if it had come."""
    return None if at_ns is None else at_ns - then_ns
