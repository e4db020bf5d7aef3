"""What the operator has asked of each line, as the interlock hears it: the highest rate, and the volume, that this may come to.

A ceiling: whatever the controller makes of programmes, stages, doses and temporary rates, it must stay below.
"""

from dataclasses import replace

from pumpsim.vocabulary.inputs import GiveBolus, LoadProgram, OfALine, RequestDose, SetTemporary, Titrate
from pumpsim.vocabulary.interlock import Asked
from pumpsim.vocabulary.model import AtEnd, PumpModel
from pumpsim.vocabulary.program import InfusionProgram

NS_PER_H = 3_600_000_000_000


def hear(model: PumpModel, asked: Asked, command: OfALine, now_ns: int, steps: int | None) -> Asked:
    """Raise, or set anew, what a line may be asked for by a command to it that was accepted; ``steps``: its count now."""
    match command:
        case LoadProgram(program=program):
            return _loaded(model, program, now_ns, steps)
        case Titrate(rate_nl_per_h=rate):
            return replace(asked, base_nl_per_h=max(rate, asked.first_nl_per_h))
        case SetTemporary(percent=percent, rate_nl_per_h=rate):
            by_share = min(asked.base_nl_per_h * (percent or 0) // 100, model.max_rate_nl_per_h)
            return replace(asked, other_nl_per_h=max(rate or 0, by_share))
        case GiveBolus(volume_nl=volume_nl, rate_nl_per_h=rate, over_ns=over_ns):
            even = 0 if over_ns is None else max(1, volume_nl * NS_PER_H // over_ns)
            return _dosed(asked, volume_nl, rate or even or model.bolus_nl_per_h)
        case RequestDose():
            return _dosed(asked, asked.demand_nl, model.bolus_nl_per_h)
        case _:
            return asked


def most_nl_per_h(model: PumpModel, asked: Asked) -> int:
    """The highest rate at which a line may be moved; never above what the mechanism can."""
    base = max(asked.base_nl_per_h, asked.other_nl_per_h)
    asked_for = base + asked.dose_nl_per_h if model.bolus_adds else max(base, asked.dose_nl_per_h)
    return min(asked_for, model.max_motor_nl_per_h)


def most(asked: Asked, now_ns: int) -> int | None:
    """The most that a line may have pumped of its programme by now, nL/h x ns; None when it has no end."""
    if asked.total_nl is None:
        return None
    return (asked.total_nl + asked.doses_nl) * NS_PER_H + asked.kvo_nl_per_h * (now_ns - asked.since_ns)


def _loaded(model: PumpModel, program: InfusionProgram, now_ns: int, steps: int | None) -> Asked:
    at_end = program.at_end or model.at_end
    return Asked(
        base_nl_per_h=program.highest_nl_per_h,
        total_nl=None if at_end is AtEnd.CONTINUE else program.total_nl,
        demand_nl=0 if program.demand is None else program.demand.dose_nl,
        first_nl_per_h=0 if program.first is None else program.first.rate_nl_per_h,
        kvo_nl_per_h=model.kvo_for(model.max_rate_nl_per_h) if at_end is AtEnd.KVO else 0,
        since_ns=now_ns,
        since_steps=steps,
    )


def _dosed(asked: Asked, volume_nl: int, rate_nl_per_h: int) -> Asked:
    rate = max(asked.dose_nl_per_h, rate_nl_per_h)
    return replace(asked, dose_nl_per_h=rate, doses_nl=asked.doses_nl + volume_nl)
