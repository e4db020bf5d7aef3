"""A run to a count: by order the mechanism is driven to a count at which it stops by itself, beside no delivery.

``backprime`` and ``withdraw`` are its two kinds: they say what may begin, and what may not go on; the rest is here. It ends
when the count is in, when the operator stops, or for a reason of its kind; if the count does not come in twice its time, the
motor is taken to stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pumpsim.controller.answer import OPERATOR, refuse
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.inputs import Backprime, Withdraw
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import DeliveryEventKind, LineMotion, Watch
from pumpsim.vocabulary.status import CountedRun, RunKind

PATIENCE_NS = 10_000_000_000
"""A choice of ours, for the way to the motor and back."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """The count of a kind, which way it goes, and what is said of its runs."""

    signal: Signal
    sign: int
    started: DeliveryEventKind
    complete: DeliveryEventKind
    stopped: DeliveryEventKind


_KINDS = {
    RunKind.BACKPRIMING: _Kind(
        Signal.BACKPRIMED,
        1,
        DeliveryEventKind.BACKPRIME_STARTED,
        DeliveryEventKind.BACKPRIME_COMPLETE,
        DeliveryEventKind.BACKPRIME_STOPPED,
    ),
    RunKind.WITHDRAWING: _Kind(
        Signal.STEPS,
        -1,
        DeliveryEventKind.WITHDRAWAL_STARTED,
        DeliveryEventKind.WITHDRAWAL_COMPLETE,
        DeliveryEventKind.WITHDRAWAL_STOPPED,
    ),
}


def running(turn: Turn, kind: RunKind) -> CountedRun | None:
    """The run of this kind, if one is under way."""
    run = turn.state.unit.run
    return run if run is not None and run.kind is kind else None


def begin(turn: Turn, kind: RunKind, command: Backprime | Withdraw, rate_nl_per_h: int, reasons: list[str]) -> None:
    """Begin what was ordered, or say why not: for these reasons, or without a count."""
    count = _count(turn, kind, command.line)
    if count is None:
        reasons = [*reasons, "there is no reading from the pump yet"]
    if count is None or reasons:
        refuse(turn, command, reasons)
        return
    steps = command.volume_nl * FL_PER_NL // turn.model.mechanism.step_fl
    late_ns = turn.now_ns + 2 * command.volume_nl * NL_NS_PER_H // rate_nl_per_h + PATIENCE_NS
    _put(turn, CountedRun(kind, command.line, count, count + _KINDS[kind].sign * steps, rate_nl_per_h, late_ns))
    turn.say(_KINDS[kind].started, command.line, f"{command.volume_nl / 1e6:g} mL")


def stop(turn: Turn) -> bool:
    """Let the operator end it; whether there was anything to end."""
    run = turn.state.unit.run
    if run is not None:
        _end(turn, run, OPERATOR)
    return run is not None


def judge(turn: Turn, run: CountedRun, reasons: list[str]) -> None:
    """See whether it is over, or may not go on: for these reasons, without power, or because it takes too long."""
    if _moved(turn, run) >= abs(run.to_step - run.from_step):
        _end(turn, run)
        return
    if turn.state.unit.power.off:
        reasons = [*reasons, "power is off"]
    if turn.now_ns >= run.late_ns:
        reasons = [*reasons, "the motor does not move as told"]
        line = run.line if turn.row(AlarmId.MOTOR_STALL).per_line else None
        turn.raise_alarm(AlarmId.MOTOR_STALL, line, f"{run.kind.value} takes more than twice its time")
    if reasons:
        _end(turn, run, reasons[0])


def motion(turn: Turn, kind: RunKind) -> LineMotion | None:
    """What the mechanism shall do for a run of this kind; None where there is none."""
    run = running(turn, kind)
    return None if run is None else LineMotion(run.line, _KINDS[kind].sign * run.rate_nl_per_h, run.to_step)


def watches(turn: Turn) -> Iterator[Watch]:
    """The count that ends it."""
    run = turn.state.unit.run
    if run is not None:
        kind = _KINDS[run.kind]
        beyond = Direction.AT_LEAST if kind.sign > 0 else Direction.AT_MOST
        yield Watch(kind.signal, run.line, beyond, float(run.to_step))


def deadlines(turn: Turn) -> Iterator[int]:
    """When it is given up."""
    run = turn.state.unit.run
    if run is not None:
        yield run.late_ns


def _count(turn: Turn, kind: RunKind, line: str) -> int | None:
    reading = turn.state.read_line(line)
    if reading is None:
        return None
    return reading.backprimed if kind is RunKind.BACKPRIMING else reading.steps


def _moved(turn: Turn, run: CountedRun) -> int:
    """How many steps it has come by now."""
    count = _count(turn, run.kind, run.line)
    assert count is not None  # it began with one
    return _KINDS[run.kind].sign * (count - run.from_step)


def _end(turn: Turn, run: CountedRun, cause: str = "") -> None:
    """Let it be over: complete where there is no cause."""
    steps, kind = _moved(turn, run), _KINDS[run.kind]
    if run.kind is RunKind.WITHDRAWING:
        unit = turn.state.unit
        turn.state = turn.state.with_unit(replace(unit, withdrawn_steps=unit.withdrawn_steps + steps))
    _put(turn, None)
    volume = f"{steps * turn.model.mechanism.step_fl / 1e12:.4g} mL"
    turn.say(kind.stopped if cause else kind.complete, run.line, f"{volume}, {cause}" if cause else volume)


def _put(turn: Turn, run: CountedRun | None) -> None:
    turn.state = turn.state.with_unit(replace(turn.state.unit, run=run))
