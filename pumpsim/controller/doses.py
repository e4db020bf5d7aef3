"""Doses beside the programme: on request, bolus, extended bolus. One runs; an extended one waits for it and then goes on.

A dose ends when all of it is owed, in the last whole ns, so that the motor is never ahead; and, where nothing runs after it,
when the count has come to it: so it is exact with any drive. Together with the programme it stays within what the mechanism
can (GIP 1.4.3): it is slowed, never the programme.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import counts
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.outputs import DeliveryEventKind, Watch
from pumpsim.vocabulary.status import Dose, DoseKind, LineStatus

ORDER = (DoseKind.DEMAND, DoseKind.BOLUS, DoseKind.EXTENDED)
"""Which goes first (GIP 1.4.5: a normal bolus suspends a square one)."""


def give(turn: Turn, line: str, kind: DoseKind, volume_nl: int, rate_nl_per_h: int) -> None:
    """Begin a dose, or let it wait for the one that runs."""
    status = turn.state.line(line)
    dose = Dose(kind, volume_nl * NL_NS_PER_H, rate_nl_per_h, turn.now_ns)
    doses = tuple(sorted((*status.course.doses, dose), key=_place))
    turn.put(replace(status, course=replace(status.course, doses=doses)))
    _set_target(turn, line)
    turn.say(DeliveryEventKind.BOLUS_STARTED, line, kind.value)


def judge(turn: Turn) -> None:
    """End what is over, and let what waited go on."""
    for line in turn.model.lines:
        _renew_target(turn, turn.state.line(line))
        while (over := _over(turn, turn.state.line(line))) is not None:
            status = turn.state.line(line)
            course = replace(status.course, doses=status.course.doses[1:])
            if over.kind is DoseKind.DEMAND:
                course = replace(course, requests=replace(course.requests, ended_ns=turn.now_ns))
            turn.put(replace(status, course=course))
            _set_target(turn, line)
            turn.say(DeliveryEventKind.BOLUS_COMPLETE, line, over.kind.value)


def stop_at_step(turn: Turn, status: LineStatus) -> int | None:
    """The count beyond which the running dose must not come; None where the programme goes on beside or after it."""
    if not status.course.doses or turn.base_nl_per_h(status):
        return None
    return status.course.doses[0].stop_at_step


def deadlines(turn: Turn) -> Iterator[int]:
    """When all of the running dose is owed."""
    for status in turn.state.lines:
        if not status.course.doses:
            continue
        dose, rate = status.course.doses[0], turn.dose_nl_per_h(status, turn.base_nl_per_h(status))
        if rate > 0 and dose.owed < dose.volume:
            yield turn.now_ns + max(1, (dose.volume - dose.owed) // rate)


def watches(turn: Turn) -> Iterator[Watch]:
    """The count at which a dose is in that is all owed."""
    for status in turn.state.lines:
        stop = stop_at_step(turn, status)
        if stop is not None and status.course.doses[0].owed >= status.course.doses[0].volume:
            yield counts.reached(status.line, stop)


def _over(turn: Turn, status: LineStatus) -> Dose | None:
    """The running dose, if it has ended by now."""
    if not status.course.doses or status.course.doses[0].owed < status.course.doses[0].volume:
        return None
    stop, reading = stop_at_step(turn, status), turn.state.read_line(status.line)
    come = stop is None or (reading is not None and reading.steps >= stop)
    return status.course.doses[0] if come else None


def _set_target(turn: Turn, line: str) -> None:
    """Fix the count at which the running dose is in, from where the motor stands; what is owed of a step counts."""
    status, reading = turn.state.line(line), turn.state.read_line(line)
    if not status.course.doses or reading is None:
        return
    dose = status.course.doses[0]
    steps = (status.owed % turn.step + dose.volume - dose.owed) // turn.step
    stop = None if turn.base_nl_per_h(status) else reading.steps + steps
    doses = (replace(dose, stop_at_step=stop), *status.course.doses[1:])
    turn.put(replace(status, course=replace(status.course, doses=doses)))


def _renew_target(turn: Turn, status: LineStatus) -> None:
    """Fix it anew where the programme has come to rest beside the dose: what it gave meanwhile is not taken off; or drop it."""
    for dose in status.course.doses[:1]:
        if (dose.stop_at_step is None) != (turn.base_nl_per_h(status) > 0):
            _set_target(turn, status.line)


def _place(dose: Dose) -> int:
    return ORDER.index(dose.kind)
