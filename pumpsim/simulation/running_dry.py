"""Whether a pump may come to draw air, by what it is told: a bound, so that pumps of which it is certain that they do not can
keep a line of their own.
"""

from math import inf
from typing import assert_never

from pumpsim.fluidics.drives.pumping import air_follows
from pumpsim.scenario import PumpSetup, Scenario
from pumpsim.vocabulary.disturbances import Change
from pumpsim.vocabulary.inputs import (
    Backprime,
    ChangeMode,
    GiveBolus,
    LoadProgram,
    OfALine,
    RequestDose,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Titrate,
    Withdraw,
)
from pumpsim.vocabulary.model import AtEnd, PumpModel
from pumpsim.vocabulary.motor import PPM, MotorFault
from pumpsim.vocabulary.path import LineSetup
from pumpsim.vocabulary.program import InfusionProgram

NS_PER_H = 3_600_000_000_000


def may_draw_air(setup: PumpSetup, scenario: Scenario) -> bool:
    """Whether air can follow a container that the scenario may empty."""
    return any(
        air_follows(setup.model, line)
        and _most_drawn_ml(setup, scenario, line.line) >= line.limb_ml + _least_hung_ml(setup, scenario, line)
        for line in setup.path.lines
    )


def _least_hung_ml(setup: PumpSetup, scenario: Scenario, line: LineSetup) -> float:
    """The least that any container of a line holds: at first, or hung there later."""
    actions = [entry.action for entry in scenario.entries if entry.pump == setup.id]
    later = [action.container_ml for action in actions if isinstance(action, Change) and action.line == line.line]
    return min([line.container_ml, *later])


def _most_drawn_ml(setup: PumpSetup, scenario: Scenario, line: str) -> float:
    """What a line can have drawn by the end, and a cycle more: the lesser of what the highest rate that it was told by then
    gives, and of all its volumes to be infused with KVO from then on; and on top of either, its doses, and what is backprimed.
    A motor that runs too fast gives as much more, one that does not stop what its rate gives.
    """
    model, asked, doses = setup.model, 0.0, 0
    motors = [e.action for e in scenario.entries if e.pump == setup.id and isinstance(e.action, MotorFault)]
    faster = max([PPM, *(motor.ppm for motor in motors)]) / PPM
    if any(motor.runs_on for motor in motors):
        asked = inf
    if line == model.lines[0]:
        orders = [e.action for e in scenario.entries if e.pump == setup.id and isinstance(e.action, Backprime)]
        doses = sum(order.volume_nl for order in orders)
    rate, drawn, at_ns, dose = 0, 0, 0, 0
    for entry in scenario.entries:
        action = entry.action
        if entry.pump != setup.id or not isinstance(action, OfALine) or action.line not in (line, None):
            continue
        drawn += rate * (entry.at_ns - at_ns)
        at_ns = entry.at_ns
        match action:
            case LoadProgram(program=program):
                rate = max(rate, program.highest_nl_per_h)
                asked += _asked_nl(model, program, scenario.duration_ns - entry.at_ns)
                dose = max(dose, 0 if program.demand is None else program.demand.dose_nl)
            case Titrate(rate_nl_per_h=titrated):
                rate = max(rate, titrated)
            case SetTemporary(percent=percent, rate_nl_per_h=temporary):
                rate = max(rate, temporary or 0, model.max_rate_nl_per_h if percent and percent > 100 else 0)
            case GiveBolus(volume_nl=volume_nl):
                doses += volume_nl
            case Backprime():
                pass  # what it draws, it draws from the first line
            case Withdraw():
                pass  # no syringe draws air
            case RequestDose():
                doses += dose
            case Start() | Stop() | ChangeMode() | StopBolus() | Standby():
                pass
            case _:
                assert_never(action)
    drawn += rate * (scenario.duration_ns - at_ns)
    return (min(drawn / NS_PER_H, asked) + doses) * 1e-6 * faster + model.mechanism.cycle_fl * 1e-12


def _asked_nl(model: PumpModel, program: InfusionProgram, left_ns: int) -> float:
    """The most that a program can ask for."""
    if program.vtbi_nl is None or (program.at_end or model.at_end) is AtEnd.CONTINUE:
        return inf
    kvo = max([model.kvo_nl_per_h, *(band.kvo_nl_per_h for band in model.kvo_bands)])
    assert program.total_nl is not None
    return program.total_nl + kvo * left_ns / NS_PER_H
