"""Commands as the drug library lets them through: carried out, refused, or kept until the operator confirms.

One command waits at a time, in ``UnitStatus.asked``, and changes nothing else. Another command that is carried out drops it,
but for those that only answer a sound or a patient. Time does not: ``reminders`` calls for the answer. At ``Confirm`` the
command is judged anew: what has meanwhile become impossible is refused.
"""

from collections.abc import Callable
from dataclasses import replace

from pumpsim.controller.answer import about, refuse
from pumpsim.controller.library_limits import Held, held
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.inputs import Acknowledge, Confirm, OfALine, OperatorCommand, PauseAudio, RequestDose
from pumpsim.vocabulary.outputs import CommandRejected, ConfirmationAsked, LimitOverridden

CarryOut = Callable[[Turn, OperatorCommand], None]


def put(turn: Turn, command: OperatorCommand, carry_out: CarryOut) -> None:
    """Carry a command out, refuse it with every reason, or ask about it; or answer what was asked."""
    if isinstance(command, Confirm):
        _answer(turn, command, carry_out)
        return
    before, said, against = turn.state, len(turn.said), _held(turn, command)
    if not _carried_out(turn, command, against, carry_out):
        return
    if against.soft and turn.state != before:
        turn.state = before
        del turn.said[said:]
        drop(turn, f"{about(command)[0]} came instead")
        turn.state = before.with_unit(replace(before.unit, asked=command))
        turn.said.append(ConfirmationAsked(*about(command), "; ".join(against.soft)))
    elif not isinstance(command, Acknowledge | PauseAudio | RequestDose):
        drop(turn, f"{about(command)[0]} came instead")


def _answer(turn: Turn, command: Confirm, carry_out: CarryOut) -> None:
    """Carry the command that waits out, with a record of the limit that was overridden, or drop it."""
    asked = turn.state.unit.asked
    if asked is None:
        refuse(turn, command, ["nothing waits for confirmation"])
        return
    against = _held(turn, asked)
    if not command.agreed:
        drop(turn, "; ".join(("declined", *against.soft)))
        return
    turn.state = turn.state.with_unit(replace(turn.state.unit, asked=None))
    said = len(turn.said)
    if _carried_out(turn, asked, against, carry_out) and against.soft:
        turn.said.insert(said, LimitOverridden(*about(asked), "; ".join(against.soft)))


def drop(turn: Turn, why: str) -> None:
    """Give the command up that waits, if one does: it is refused for this reason."""
    asked = turn.state.unit.asked
    if asked is not None:
        turn.state = turn.state.with_unit(replace(turn.state.unit, asked=None))
        refuse(turn, asked, [f"not confirmed: {why}"])


def _carried_out(turn: Turn, command: OperatorCommand, against: Held, carry_out: CarryOut) -> bool:
    """Carry a command out; False when it is refused, by the library or by the pump, and nothing has changed."""
    before, said = turn.state, len(turn.said)
    carry_out(turn, command)
    refused = [answer.reason for answer in turn.said[said:] if isinstance(answer, CommandRejected)]
    if refused or against.hard:
        turn.state = before
        del turn.said[said:]
        refuse(turn, command, [*refused, *against.hard])
        return False
    return True


def _held(turn: Turn, command: OperatorCommand) -> Held:
    line = command.line if isinstance(command, OfALine) else None
    return held(turn.model, None if line is None else turn.state.line(line), command)
