"""What is left of a line's VTBI and reservoir, and how long it lasts. Reckoned when asked, never within a step.

Assumed: nobody touches the pump or asks for a dose; nothing measured raises an alarm, so that a VTBI is reckoned as if its
reservoir were filled in time; power lasts. A line that stands, or
is kept open by an alarm, is reckoned as if it went on now, its alarms dealt with; other lines stay as they are.

Exact to the ns for a motor that keeps to what is owed, where no dose was given before; otherwise to a motor step. A count that
is out by more than a sound motor can be, counts: what has not been pumped is still to come. So hand a reading over first.
"""

from pumpsim.controller import account
from pumpsim.controller.ahead import Ahead
from pumpsim.controller.model_facts import ModelFacts
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Effect, Signal
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.interlock import Account
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.remaining import Left, Remaining
from pumpsim.vocabulary.status import LineStatus, PumpState

Ends = tuple[int | None, int | None]
"""How long it is until the VTBI is in, and until the reservoir is empty, ns; None: not known, or never."""
AT_REST = (LineState.EMPTY, LineState.READY, LineState.HELD, LineState.COMPLETE)


def remaining(model: PumpModel, state: PumpState, line: str, facts: ModelFacts | None = None) -> Remaining:
    """Say what is left of a line. ``facts``: of the model, where they are at hand. Raises LookupError for none of its lines."""
    status, reading = state.line(line), state.reading
    level_ml = None if reading is None else reading.value(Signal.RESERVOIR_LEVEL, line)
    level_nl = None if level_ml is None else max(0, int(level_ml * 1_000_000 + 0.5))
    total_nl = status.program.total_nl if status.program is not None else None
    if total_nl is None and level_nl is None:
        return Remaining(None, None)
    turn = Turn(model, state, state.now_ns, facts)
    missing = {s.line: _missing_steps(turn, s) for s in state.lines}
    end_ns, empty_ns = at_one_rate(turn, status, missing[line], level_nl) or Ahead(turn, line, missing, level_nl).ends()
    missing_nl = missing[line] * model.mechanism.step_fl // FL_PER_NL
    vtbi = None if total_nl is None else Left(_vtbi_left_nl(status, total_nl, missing_nl), end_ns)
    return Remaining(vtbi, None if level_nl is None else Left(level_nl, empty_ns))


def at_one_rate(turn: Turn, status: LineStatus, missing: int, level_nl: int | None) -> Ends | None:
    """The ends of a line that infuses at one rate to the last of them, by division: as ``Ahead`` finds them, for far less.

    None where it is not so simple: another line moves or waits, the programme has more to it, or something follows the VTBI
    before the reservoir is empty.
    """
    if not _is_plain(turn, status):
        return None
    rate, step = turn.rate_nl_per_h(status), turn.step
    stop = None if status.owed_end is None else (status.owed_end // step + missing) * step
    empty = None if level_nl is None else status.owed // step * step + level_nl * NL_NS_PER_H
    if stop is not None and empty is not None and empty > stop:
        return None

    def lasts_ns(goal: int | None) -> int | None:
        return None if goal is None else max(0, -((status.owed - goal) // rate))

    return lasts_ns(stop), lasts_ns(empty)


def _is_plain(turn: Turn, status: LineStatus) -> bool:
    """Whether one rate is all there is to a line and to the pump."""
    program, course = status.program, status.course
    if program is None or status.state is not LineState.INFUSING or status.rate_nl_per_h != program.rate_nl_per_h:
        return False
    if program.first or program.course or program.demand or course.doses or course.temporary:
        return False
    if status.owed_end is not None and turn.row(AlarmId.NEAR_END).effect is not Effect.CONTINUE:
        return False
    return all(other is status or other.state in AT_REST for other in turn.state.lines)


def _vtbi_left_nl(status: LineStatus, total_nl: int, missing_nl: int) -> int:
    """What is not owed yet, and what is owed but not pumped."""
    if status.after_end is not None:
        return 0
    if status.owed_end is None:
        return total_nl
    return max(0, (status.owed_end - status.owed) // NL_NS_PER_H + missing_nl)


def _missing_steps(turn: Turn, status: LineStatus) -> int:
    """By how much the count is behind what is owed; 0 where that is no more than a sound motor can be, or cannot be known."""
    reading = turn.state.read_line(status.line)
    if reading is None or status.stop_at_step is None or status.owed_end is None:
        return 0
    due = status.stop_at_step - (status.owed_end // turn.step - status.owed // turn.step)
    missing, speed = due - reading.steps, max(status.rate_nl_per_h, turn.rate_nl_per_h(status))
    slack = account.slack(turn.model.mechanism, Account(speed_nl_per_h=speed))
    return missing if abs(missing) * turn.step > slack else 0
