"""What a drug library holds against a command: figures beyond hard limits, and beyond soft ones.

A function of the command, of the programme that it is about and of a temporary rate that runs there; it changes nothing.
Hard limits refuse, soft ones ask (``controller.questions``). A figure that the command does not set is not judged again: a
titration does not ask about the loading dose. Source of the words: GIP v1.0, 6.1.3 and 6.1.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pumpsim.vocabulary.courses import NL_NS_PER_H, Profile, Repeat, Stages
from pumpsim.vocabulary.inputs import GiveBolus, LoadProgram, OperatorCommand, SetTemporary, Titrate
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.model import AtEnd, PumpModel
from pumpsim.vocabulary.program import InfusionProgram, format_rate, format_time_of_day, format_volume
from pumpsim.vocabulary.status import LineStatus


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate in nL/h, or with ``is_volume`` a volume in nL, and what it is held against. ``what``: its name in a message."""

    what: str
    value: int
    limits: Limits | None
    is_volume: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """What is beyond hard and beyond soft limits, in words."""

    hard: tuple[str, ...] = ()
    soft: tuple[str, ...] = ()


def held(model: PumpModel, status: LineStatus | None, command: OperatorCommand) -> Held:
    """Hold a command against the drug library; ``status``: of the line that it is about, None where it is about none."""
    if status is None:
        return Held()
    program = command.program if isinstance(command, LoadProgram) else status.program
    rule = program.drug if program is not None else None
    if program is None or rule is None:
        return Held()
    hard: list[str] = []
    soft: list[str] = []
    for figure in _figures(model, status, command, program, rule):
        found = figure.limits.beyond(figure.value) if figure.limits is not None and figure.value else None
        if found is None:
            continue
        bound, at, written = found
        side, kind = "below" if bound.low else "above", "hard" if bound.hard else "soft"
        limit = _written(at, figure.is_volume) + (f" ({written})" if written else "")
        text = f"{figure.what} {_written(figure.value, figure.is_volume)} of {rule.drug} is {side} the {kind} limit"
        (hard if bound.hard else soft).append(f"{text} of {limit} in {rule.care_area}")
    if isinstance(command, LoadProgram) and _endless(model, program):
        vtbi = rule.vtbi
        for limit_nl, kind, said in ((vtbi.hard_high, "hard", hard), (vtbi.soft_high, "soft", soft)):
            if limit_nl is not None:
                upto = f"{kind} limit of {format_volume(limit_nl)} in {rule.care_area}"
                said.append(f"{rule.drug} without an end is above the {upto}")
    return Held(tuple(dict.fromkeys(hard)), tuple(dict.fromkeys(soft)))


def _endless(model: PumpModel, program: InfusionProgram) -> bool:
    """Whether the line goes on at its rate until somebody stops it. KVO is no such end: it is not a dose that is ordered."""
    return program.total_nl is None or (program.at_end or model.at_end) is AtEnd.CONTINUE


def _written(value: int, is_volume: bool) -> str:
    return format_volume(value) if is_volume else format_rate(value)


def _figures(
    model: PumpModel, status: LineStatus, command: OperatorCommand, program: InfusionProgram, rule: DrugRule
) -> Iterator[Figure]:
    """What the command sets, figure by figure."""
    temporary = status.course.temporary
    match command:
        case LoadProgram():
            yield from _of_first(program, rule)
            yield from _of_course(model, program, rule, None)
            yield from _of_demand(model, program, rule)
            if program.total_nl is not None:
                yield Figure("VTBI", program.total_nl, rule.vtbi, is_volume=True)
        case Titrate(rate_nl_per_h=rate):
            yield Figure("rate", rate, rule.rate)
            if temporary is not None and temporary.percent is not None:
                yield Figure(f"rate at {temporary.percent} %", _share(model, rate, temporary.percent), rule.rate)
        case SetTemporary(duration_ns=duration_ns, percent=percent, rate_nl_per_h=rate) if duration_ns:
            if rate is not None:
                yield Figure("temporary rate", rate, rule.rate)
                if isinstance(program.course, Repeat) and rule.bolus_rate is not None:
                    yield Figure("temporary rate of the repeated dose", rate, rule.bolus_rate)
            elif percent is not None:
                yield from _of_course(model, program, rule, percent)
        case GiveBolus(volume_nl=volume, rate_nl_per_h=rate, over_ns=over_ns):
            yield Figure("bolus", volume, rule.bolus, is_volume=True)
            if over_ns is None:
                yield Figure("bolus rate", rate or model.bolus_nl_per_h, rule.bolus_rate)
            elif over_ns > 0:
                yield Figure("bolus rate", max(1, volume * NL_NS_PER_H // over_ns), rule.bolus_rate)
        case _:
            return


def _of_first(program: InfusionProgram, rule: DrugRule) -> Iterator[Figure]:
    """What is given before the programme."""
    if program.first is not None:
        yield Figure("loading dose", program.first.volume_nl or 0, rule.bolus, is_volume=True)
        yield Figure("rate of the loading dose", program.first.rate_nl_per_h, rule.bolus_rate or rule.rate)


def _of_course(model: PumpModel, program: InfusionProgram, rule: DrugRule, percent: int | None) -> Iterator[Figure]:
    """Every rate of the programme proper, or the share of it that a temporary rate makes."""
    at = "" if percent is None else f" at {percent} %"
    share = 100 if percent is None else percent
    for what, rate, limits in _rates(program, rule):
        yield Figure(f"{what}{at}", _share(model, rate, share), limits)
    if percent is None and isinstance(program.course, Repeat):
        yield Figure("repeated dose", program.course.volume_nl, rule.bolus, is_volume=True)


def _rates(program: InfusionProgram, rule: DrugRule) -> Iterator[tuple[str, int, Limits]]:
    match program.course:
        case Stages(stages):
            for n, stage in enumerate(stages, start=1):
                yield f"rate of stage {n}", stage.rate_nl_per_h, rule.rate
        case Profile(segments):
            for segment in segments:
                yield f"rate from {format_time_of_day(segment.from_ns)}", segment.rate_nl_per_h, rule.rate
        case Repeat(between_nl_per_h=between):
            yield "rate of the repeated dose", program.rate_nl_per_h, rule.bolus_rate or rule.rate
            yield "rate between doses", between, rule.rate
        case None:
            yield "rate", program.rate_nl_per_h, rule.rate


def _of_demand(model: PumpModel, program: InfusionProgram, rule: DrugRule) -> Iterator[Figure]:
    """Doses on the patient's request: held against the limits once, when they are programmed."""
    if program.demand is not None:
        yield Figure("dose on request", program.demand.dose_nl, rule.bolus, is_volume=True)
        yield Figure("rate of the dose on request", model.bolus_nl_per_h, rule.bolus_rate)


def _share(model: PumpModel, rate_nl_per_h: int, percent: int) -> int:
    """The rate that a temporary share makes, as ``course.wanted`` has it."""
    return min(rate_nl_per_h * percent // 100, model.max_rate_nl_per_h) if percent != 100 else rate_nl_per_h
