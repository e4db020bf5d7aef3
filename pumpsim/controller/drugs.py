"""Which drugs meet: the same one on two lines, and pairs that the library calls incompatible in the common volume.

Judged at each load, when all that can meet is known: the lines that are programmed, and what was given before and may still
be in the common volume. A warning never refuses; it stands until it is acknowledged, or until a load has made it untrue.

A pump knows its own lines only. It sees no bag that is changed without a new program, and no other pump that shares a
junction with it.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import NL_NS_PER_H
from pumpsim.vocabulary.library import DrugRule
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import format_volume
from pumpsim.vocabulary.status import GivenDrug, LineStatus, PumpState


def judge(turn: Turn) -> None:
    """Warn of what meets by the programmes that are loaded now, and end a warning that is true no more."""
    _say(turn, AlarmId.SAME_DRUG, "; ".join(_same(turn)))
    _say(turn, AlarmId.INCOMPATIBLE_DRUGS, "; ".join(_incompatible(turn)))


def note(turn: Turn, before: PumpState) -> None:
    """Note the drugs that lines have given until now and give no more; ``before``: the state that the input came upon."""
    for was in before.lines:
        rule = _rule(was)
        if rule is not None and was.state.delivering and not turn.state.line(was.line).state.delivering:
            given = tuple(g for g in turn.state.unit.given if g.drug != rule.drug)
            last = GivenDrug(rule.drug, _owed(turn))
            turn.state = turn.state.with_unit(replace(turn.state.unit, given=(*given, last)))


def _say(turn: Turn, alarm: AlarmId, found: str) -> None:
    if found:
        turn.raise_alarm(alarm, None, found)
    else:
        turn.clear_alarm(alarm, None)


def _same(turn: Turn) -> Iterator[str]:
    used = list(_used(turn))
    for i, (line, rule) in enumerate(used):
        for other, also in used[i + 1 :]:
            if rule.drug == also.drug:
                yield f"{rule.drug} on lines {line} and {other}"


def _incompatible(turn: Turn) -> Iterator[str]:
    """Pairs of lines that are programmed, then what was given before."""
    used = list(_used(turn))
    for i, (line, rule) in enumerate(used):
        for other, also in used[i + 1 :]:
            if also.drug in rule.incompatible or rule.drug in also.incompatible:
                yield f"{rule.drug} on line {line} with {also.drug} on line {other}"
        for given in turn.state.unit.given:
            since_nl = (_owed(turn) - given.owed) // NL_NS_PER_H
            there = rule.flush_nl is None or since_nl < rule.flush_nl
            if given.drug in rule.incompatible and there and all(also.drug != given.drug for _, also in used):
                yield f"{rule.drug} on line {line} after {given.drug}, {format_volume(since_nl)} ago"


def _used(turn: Turn) -> Iterator[tuple[str, DrugRule]]:
    """The lines that deliver, or wait to, a drug of the library."""
    for status in turn.state.lines:
        rule = _rule(status)
        if rule is not None and status.state not in (LineState.EMPTY, LineState.COMPLETE):
            yield status.line, rule


def _rule(status: LineStatus) -> DrugRule | None:
    return status.program.drug if status.program is not None else None


def _owed(turn: Turn) -> int:
    """What all lines together were owed by now, nL/h x ns."""
    owed = 0
    for status in turn.state.lines:
        owed += status.owed
    return owed
