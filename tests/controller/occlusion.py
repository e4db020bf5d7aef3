"""A pump of one line, and what it says, for tests of what happens at an occlusion."""

from dataclasses import replace

from pumpsim.catalogue.pumps import MODELS, with_occlusion_limit, with_smooth_drive
from pumpsim.controller import Pump
from pumpsim.vocabulary.inputs import Input, LineReading, LoadProgram, SensorReading, Start
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, CommandRejected, DeliveryEvent, MotorCommand, Output
from tests.build import S, program

LIMIT = 40.0
ONE = with_smooth_drive(with_occlusion_limit(MODELS["linear-peristaltic"], LIMIT))
"""A step is 1 nL."""


def kpa(value: float, steps: int = 0, **air: float) -> SensorReading:
    return SensorReading((LineReading("A", steps, 4.9, False),), value, **air)


def running(model: PumpModel, rate: float = 36.0) -> Pump:
    pump = Pump(model)
    pump.step(0, kpa(0.0))
    pump.step(0, LoadProgram("A", program(rate)))
    pump.step(0, Start("A"))
    return pump


def said(outputs: tuple[Output, ...]) -> list[str]:
    """Every output in a word or two."""
    found = []
    for output in outputs:
        match output:
            case MotorCommand(lines=(motion,)):
                end = "" if motion.stop_at_step is None else f" to {motion.stop_at_step}"
                found.append(f"motor {motion.rate_nl_per_h / 1e6:g}{end}")
            case DeliveryEvent():
                found.append(f"{output.state.value}: {output.cause}")
            case AlarmRaised():
                found.append(f"raised {output.alarm.value}")
            case AlarmCleared():
                found.append(f"cleared {output.alarm.value}")
            case CommandRejected():
                found.append(f"refused {output.command}: {output.reason}")
    return found


def course(pump: Pump, *given: tuple[float, Input]) -> list[tuple[float, list[str]]]:
    """Give a pump these inputs at these seconds; what it says, where it says something.

    Where a reading leaves the count at 0 it is that of a motor that does as it is told.
    """
    answers = [
        (at_s, said(pump.step(round(at_s * S), counted(pump, round(at_s * S), one)).outputs)) for at_s, one in given
    ]
    return [(at_s, words) for at_s, words in answers if words]


def counted(pump: Pump, at_ns: int, given: Input) -> Input:
    """A reading with the count of a motor that does as it is told, for one that has none."""
    if not isinstance(given, SensorReading) or given.lines[0].steps:
        return given
    state, step = pump.state, pump.model.mechanism.step_fl * 3_600_000
    owed = state.line("A").owed + max(0, state.motor.lines[0].rate_nl_per_h) * (at_ns - state.now_ns)
    return replace(given, lines=(replace(given.lines[0], steps=owed // step),))
