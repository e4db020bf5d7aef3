"""A reading that says nothing of a line, or of anything: never an exception, and what must stand stands."""

from dataclasses import replace

import pytest

from pumpsim.controller import Pump
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId, Effect, Signal
from pumpsim.vocabulary.inputs import GiveBolus, LineReading, LoadProgram, SensorReading, Start, Stop, Tick
from pumpsim.vocabulary.outputs import DeliveryEvent, LineState, MotorCommand
from pumpsim.vocabulary.program import LineMode
from pumpsim.vocabulary.sensors import Sensor
from tests.build import MIN, STROKES, S, program
from tests.controller.occlusion import LIMIT, kpa, running
from tests.controller.power_bench import FULL, ML, Bench, words
from tests.controller.test_back_off import BACK, closed

NOTHING = SensorReading((), 0.0)


def test_what_is_turned_back_and_no_more_counted_stands():
    """Whether it has been turned back by more than it may, nobody can know."""
    pump = closed()
    assert pump.state.motor.moving
    said = pump.step(101 * S, SensorReading((), LIMIT)).outputs
    assert [o.cause for o in said if isinstance(o, DeliveryEvent)] == ["how much was taken back is not known"]
    assert not pump.state.motor.moving


def test_where_the_pressure_is_not_known_there_is_no_occlusion():
    pump = running(BACK)
    silent = replace(kpa(0.0, 900_000), silent=(Sensor(Signal.DISTAL_PRESSURE, None),))
    assert [o for o in pump.step(100 * S, silent).outputs if not isinstance(o, MotorCommand)] == []
    assert not pump.snapshot().interlock.turning.granted


def test_an_occlusion_without_a_count_is_alarmed_and_nothing_is_turned_back():
    pump = running(BACK)
    pump.step(100 * S, SensorReading((), LIMIT))
    assert (pump.state.line("A").state, pump.state.motor.moving) == (LineState.ALARM, False)
    assert pump.state.unit.turned_back is None


def test_nothing_is_turned_back_whose_count_is_not_known():
    pump = closed()
    pump.step(101 * S, Stop("A"))
    turned = pump.state.unit.turned_back
    pump.step(102 * S, Start("A"))
    pump.step(103 * S, SensorReading((), LIMIT))
    assert (pump.state.unit.turned_back, pump.state.motor.moving) == (turned, False)


def test_a_stroke_whose_count_is_not_known_is_not_finished():
    rows = tuple(
        replace(r, effect=Effect.FINISH_STROKE) if r.id is AlarmId.OCCLUSION_DISTAL else r for r in STROKES.alarms
    )
    for found, moves in ((kpa(60.0, 100), True), (SensorReading((), 60.0), False)):
        pump = Pump(replace(STROKES, alarms=rows))
        for given in (kpa(0.0), LoadProgram("A", program(100)), Start("A")):
            pump.step(0, given)
        pump.step(S, found)
        assert pump.state.line("A").state is LineState.ALARM
        assert pump.state.motor.moving is moves


@pytest.mark.parametrize("read", [NOTHING, SensorReading((LineReading("B", 0, 4.9, False),), 0.0)])
def test_a_line_of_which_nothing_is_said_is_judged_by_time_alone(read):
    """Programme, dose and the other line go on; nothing is said of counts; a start is refused."""
    bench = Bench(FULL, PumpController)
    for given in (
        LoadProgram("A", program(60, 5)),
        LoadProgram("B", program(30, 5, LineMode.CONCURRENT)),
        Start(),
        GiveBolus("A", ML),
    ):
        bench.give(given)
    for after_s in (S, MIN, MIN):
        bench.pass_time(after_s)
        assert not [word for word in words(bench.give(read).outputs) if "Alarm" in word]
        bench.give(Tick())
    bench.give(Stop("A"))
    assert words(bench.give(Start("A")).outputs) == ["CommandRejected start A"]
