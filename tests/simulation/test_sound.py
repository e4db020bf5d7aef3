"""A mechanism in order sets off neither the controller's nor the interlock's watch on it, whatever the operator does."""

import random

import pytest

from pumpsim.catalogue.gravity import GRAVITY
from pumpsim.catalogue.pumps import MODELS, with_mechanism, with_smooth_drive
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    GiveBolus,
    LoadProgram,
    OperatorCommand,
    Start,
    Stop,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd, Interleave, PumpModel
from pumpsim.vocabulary.outputs import AlarmRaised
from pumpsim.vocabulary.path import LineSetup, PathSetup
from pumpsim.vocabulary.program import InfusionProgram, LineMode, nearest_rate_nl_per_h
from tests.build import MIN, SALINE, STROKES, H, path, run

WATCHED = {"over-infusion", "under-infusion", "motor-stall", "rate-limit", "watchdog"}
MOTORS = {name: model for name, model in MODELS.items() if model not in GRAVITY}
DUAL = {
    "dual, within the cycle": STROKES,
    "dual, whole strokes": with_mechanism(STROKES, Interleave.WHOLE_STROKE, None),
    "dual, smooth": with_smooth_drive(STROKES),
}


def watched(trace: PumpTrace) -> list[tuple[float, str]]:
    found = [(r.at_ns / MIN, r.record.alarm.value) for r in trace.records if isinstance(r.record, AlarmRaised)]
    return [(minute, alarm) for minute, alarm in found if alarm in WATCHED]


def held_by(model: PumpModel) -> PathSetup:
    """Containers that never run out."""
    usual = path()
    lines = tuple(LineSetup(line, "bag", 30_000.0, SALINE, head_kpa=4.9) for line in model.lines)
    return PathSetup(lines, usual.set, usual.access)


def any_rate(chance: random.Random, model: PumpModel, low: int, high: int) -> int:
    rate = round(low * (high / low) ** chance.random())
    return min(max(nearest_rate_nl_per_h(model, rate, 1), low), high)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", MOTORS)
def test_one_line(name, seed):
    model, chance = MOTORS[name], random.Random(seed)
    low, high = model.rate_bands[0].low_nl_per_h, model.max_rate_nl_per_h
    rate = any_rate(chance, model, low, high)
    vtbi = min(model.vtbi_max_nl, max(1, rate * 5 // model.vtbi_step_nl) * model.vtbi_step_nl)
    entries: list[tuple[int, OperatorCommand]] = [
        (0, LoadProgram("A", InfusionProgram(rate, chance.choice([None, vtbi]), at_end=chance.choice(list(AtEnd))))),
        (0, Start()),
    ]
    at_ns = 0
    for _ in range(24):
        at_ns += round(chance.choice([10**9, MIN, H]) * chance.random()) + 1
        what: list[OperatorCommand] = [
            Titrate("A", any_rate(chance, model, low, high)),
            Stop("A"),
            Start("A"),
            Start("A"),
        ]
        if model.bolus_nl_per_h:
            what.append(GiveBolus("A", max(1, rate // 4)))
        entries.append((at_ns, chance.choice(what)))
    trace = run(*entries, until_ns=at_ns + 10 * H, model=model, setup=held_by(model))
    assert watched(trace) == []


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", DUAL)
def test_two_lines(name, seed):
    model, chance = DUAL[name], random.Random(seed)
    entries: list[tuple[int, OperatorCommand]] = [
        (0, LoadProgram("A", InfusionProgram(any_rate(chance, model, 500_000, 250_000_000)))),
        (
            0,
            LoadProgram(
                "B", InfusionProgram(any_rate(chance, model, 500_000, 250_000_000), 900_000_000, LineMode.CONCURRENT)
            ),
        ),
        (0, Start()),
    ]
    at_ns = 0
    for _ in range(40):
        at_ns += round(chance.choice([10**9, MIN, 20 * MIN]) * chance.random()) + 1
        line = chance.choice("AB")
        what: list[OperatorCommand] = [
            Titrate(line, any_rate(chance, model, 500_000, 250_000_000)),
            Stop(line),
            Start(line),
            Start(),
            ChangeMode("B", chance.choice([LineMode.PIGGYBACK, LineMode.CONCURRENT])),
            Acknowledge(),
        ]
        entries.append((at_ns, chance.choice(what)))
    trace = run(*entries, until_ns=at_ns + 10 * H, model=model, setup=held_by(model))
    assert watched(trace) == []
