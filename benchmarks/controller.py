"""What one step of the controller costs, and how many times an empty one it is.

In processor time, in many short rounds in turn, since a step is shorter than what any neighbour on the machine takes away.
"""

import gc
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time
from typing import Protocol

from benchmarks.cases import RATES_ML_PER_H, S
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE
from pumpsim.controller import Pump
from pumpsim.vocabulary.inputs import Input, LineReading, LoadProgram, SensorReading, Start, Tick, Titrate
from pumpsim.vocabulary.outputs import MotorCommand
from pumpsim.vocabulary.program import InfusionProgram, LineMode

SECONDS = 100
ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Nothing:
    """The answer of an empty step."""

    now_ns: int


class Empty:
    """The least that a pure object can do: build one frozen value and give it back."""

    def step(self, now_ns: int, _given: Input) -> Nothing:
        """Answer one input at an instant."""
        return Nothing(now_ns)


class Steps(Protocol):
    """What is driven: an instant and an input in, a value out."""

    def step(self, now_ns: int, given: Input, /) -> object:
        """Answer one input at an instant."""


@dataclass(frozen=True, slots=True)
class StepCost:
    """Medians of the rounds: a step, each kind of input by itself, an empty step (all s), and the ratios of the rounds.

    ``titrating_s``: readings and titrations in turn, of which none is quiet. ``quickest_s``, ``quickest_titrating_s``: a step
    in the round that was disturbed least.
    """

    step_s: float
    quickest_s: float
    tick_s: float
    reading_s: float
    titrating_s: float
    quickest_titrating_s: float
    empty_s: float
    ratios: tuple[float, ...]


def running_pump() -> Pump:
    """A cassette pump that infuses A and B concurrently."""
    pump = Pump(DUAL_CHANNEL_CASSETTE)
    a, b = (round(rate * 1e6) for rate in RATES_ML_PER_H)
    for given in (
        _reading(0),
        LoadProgram("A", InfusionProgram(a, 400_000_000)),
        LoadProgram("B", InfusionProgram(b, 60_000_000, LineMode.CONCURRENT)),
        Start(),
    ):
        answer = pump.step(0, given)
    assert any(isinstance(output, MotorCommand) and output.moving for output in answer.outputs)
    return pump


def step_cost() -> StepCost:
    """A second of delivery is a tick and a reading; pump and empty object in turn, the collector off."""
    ticks = [(second * S - S // 2, Tick()) for second in range(1, SECONDS + 1)]
    readings = [(second * S, _reading(second)) for second in range(1, SECONDS + 1)]
    both: list[tuple[int, Input]] = sorted([*ticks, *readings], key=lambda pair: pair[0])
    titrated: list[tuple[int, Input]] = [
        (at_ns, given)
        for at_ns, reading in readings
        for given in (reading, Titrate("A", (90 + at_ns // S % 20) * 1_000_000))
    ]
    rows = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            empty = _mean_s(Empty(), both)
            step = _mean_s(running_pump(), both)
            tick = _mean_s(running_pump(), ticks)
            reading = _mean_s(running_pump(), readings)
            titrating = _mean_s(running_pump(), titrated)
            rows.append((step, tick, reading, titrating, empty))
    finally:
        gc.enable()
    step, tick, reading, titrating, empty = (statistics.median(column) for column in zip(*rows, strict=True))
    quickest, _, _, quickest_titrating, _ = (min(column) for column in zip(*rows, strict=True))
    ratios = tuple(row[0] / row[-1] for row in rows)
    return StepCost(step, quickest, tick, reading, titrating, quickest_titrating, empty, ratios)


def _reading(second: int) -> SensorReading:
    """What the pump reads at this second: steps of 0.1 uL at the two rates, a quiet line."""
    lines = tuple(
        LineReading(line, round(rate * 10_000 * second / 3600), 4.9, False)
        for line, rate in zip("AB", RATES_ML_PER_H, strict=True)
    )
    return SensorReading(lines, 3.5)


def _mean_s(driven: Steps, inputs: Sequence[tuple[int, Input]]) -> float:
    """Mean processor time of a step over all inputs, s."""
    step = driven.step
    begin = process_time()
    for now_ns, given in inputs:
        step(now_ns, given)
    return (process_time() - begin) / len(inputs)
