"""Boluses and temporary rates as the operator asks for them."""

from dataclasses import replace

from pumpsim.controller import course, demand, doses, window
from pumpsim.controller.answer import OPERATOR, refuse
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.inputs import GiveBolus, SetTemporary, StopBolus
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import bolus_faults, rate_faults
from pumpsim.vocabulary.status import DoseKind, LineStatus, Temporary


def give_bolus(turn: Turn, command: GiveBolus) -> None:
    """Give a bolus at a rate, or evenly over a time."""
    status = turn.state.line(command.line)
    kind = DoseKind.BOLUS if command.over_ns is None else DoseKind.EXTENDED
    reasons = list(bolus_faults(turn.model, command.volume_nl, command.rate_nl_per_h, command.over_ns))
    reasons += _against_bolus(turn, status, kind, command.volume_nl)
    if reasons:
        refuse(turn, command, reasons)
        return
    rate = command.rate_nl_per_h or turn.model.bolus_nl_per_h
    if command.over_ns is not None:
        rate = max(1, command.volume_nl * NL_NS_PER_H // command.over_ns)
    doses.give(turn, command.line, kind, command.volume_nl, rate)


def _against_bolus(turn: Turn, status: LineStatus, kind: DoseKind, volume_nl: int) -> list[str]:
    reasons: list[str] = []
    if status.state is not LineState.INFUSING:
        reasons.append(f"line {status.line} is {status.state.value}: a bolus needs a running programme")
    if demand.in_the_way(turn, status.line):
        reasons.append("an alarm stands")
    running = [dose.kind for dose in status.course.doses]
    if kind in running:
        reasons.append(f"an {kind.value} is being given" if kind is DoseKind.EXTENDED else "a bolus is being given")
    if not turn.model.bolus_adds and running:
        reasons.append("one bolus at a time")
    limit = status.program.limit if status.program is not None else None
    if limit is not None and volume_nl * NL_NS_PER_H > window.left(turn, status, limit):
        reasons.append("limit of the window")
    return reasons


def stop_bolus(turn: Turn, command: StopBolus) -> None:
    """End what is given beside the programme."""
    if not turn.state.line(command.line).course.doses:
        refuse(turn, command, [f"line {command.line} gives no bolus"])
        return
    turn.drop_doses(command.line, OPERATOR)


def set_temporary(turn: Turn, command: SetTemporary) -> None:
    """Run the programme at another rate for a while, or end that."""
    status = turn.state.line(command.line)
    reasons: list[str] = []
    if status.state is not LineState.INFUSING:
        reasons.append(f"line {status.line} is {status.state.value}: there is no rate to change for a while")
    if command.duration_ns and (command.percent is None) == (command.rate_nl_per_h is None):
        reasons.append("a percentage or a rate is wanted, not both")
    if command.percent is not None and command.percent < 0:
        reasons.append("a percentage must not be negative")
    if command.rate_nl_per_h:
        reasons += rate_faults(turn.model, command.rate_nl_per_h)
    if command.duration_ns == 0 and status.course.temporary is None:
        reasons.append("no temporary rate is running")
    if reasons:
        refuse(turn, command, reasons)
        return
    temporary = None
    if command.duration_ns:
        until_ns = turn.now_ns + command.duration_ns
        temporary = Temporary(until_ns, command.percent, command.rate_nl_per_h)
    turn.put(replace(status, course=replace(status.course, temporary=temporary)))
    course.follow(turn)
