"""Whole answers of a pump as lines to compare: every output of every input; signals apart, which have tests of their own."""

from enum import Enum

from pumpsim.controller import Pump
from pumpsim.vocabulary.inputs import Input, LineReading, SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import MotorCommand, Output, SignalChanged
from tests.build import STROKES, S


def shown(
    a: int = 0,
    b: int = 0,
    kpa: float = 0.0,
    proximal: tuple[float, float] = (4.9, 4.9),
    air: tuple[bool, bool] = (False, False),
    bubble: float = 0.0,
    counted: float = 0.0,
) -> SensorReading:
    """A reading of both lines: steps of A and B, pressure behind the pump, pressures and air ahead of it, air behind it."""
    lines = (LineReading("A", a, proximal[0], air[0]), LineReading("B", b, proximal[1], air[1]))
    return SensorReading(lines, kpa, bubble_ml=bubble, counted_ml=counted)


def answers(*script: tuple[float, Input], model: PumpModel = STROKES, read: bool = True) -> list[str]:
    """Play (second, input) pairs to a pump that has had a first reading (``read``), and write down all that it says."""
    pump = Pump(model)
    if read:
        pump.step(0, shown())
    return [
        f"{at_s:g} {words(output)}"
        for at_s, given in script
        for output in pump.step(round(at_s * S), given).outputs
        if not isinstance(output, SignalChanged)
    ]


def words(output: Output) -> str:
    """An output in one line: its fields in order, rates in mL/h."""
    if isinstance(output, MotorCommand):
        return "motor " + ", ".join(
            f"{motion.line} {motion.rate_nl_per_h / 1e6:g}"
            + ("" if motion.stop_at_step is None else f" to {motion.stop_at_step}")
            for motion in output.lines
        )
    fields = [getattr(output, name) for name in type(output).__slots__]
    return " ".join([type(output).__name__, *(_word(field) for field in fields)])


def _word(field: object) -> str:
    if isinstance(field, Enum):
        return str(field.value)
    if isinstance(field, int):
        return f"{field / 1e6:g}"
    return f"<{field}>" if isinstance(field, str) and len(field) != 1 else str(field)
