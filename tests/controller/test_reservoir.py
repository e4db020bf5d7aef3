"""Low and empty containers whose level is measured, and the stroke that an empty one lets a line finish."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.alarms import container_empty, reservoir_low
from pumpsim.catalogue.ambulatory import CADD_SOLIS
from pumpsim.catalogue.implanted import SYNCHROMED_II
from pumpsim.catalogue.insulin import OMNIPOD, TSLIM_X2
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE, SINGLE_CHANNEL_CASSETTE
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId, Direction, Effect, Priority, Signal
from pumpsim.vocabulary.courses import Repeat
from pumpsim.vocabulary.inputs import (
    DeviceEvent,
    DeviceEventKind,
    LineReading,
    LoadProgram,
    Measured,
    SensorReading,
    Start,
    Stop,
    Tick,
)
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, CommandRejected, MotorCommand, Watch
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from tests.build import MIN, H, S, program

ML = 1_000_000
LOW, EMPTY = AlarmId.RESERVOIR_LOW, AlarmId.CONTAINER_EMPTY
STROKES = replace(
    SINGLE_CHANNEL_CASSETTE,
    sensors=(Signal.RESERVOIR_LEVEL,),
    alarms=(
        reservoir_low(1.0, "OPCA R6.8.0(9)", Effect.KVO),
        container_empty("OPCA R6.8.0(10)", 0.5),
        *SINGLE_CHANNEL_CASSETTE.alarms,
    ),
)
"""A pump of strokes, 3300 steps of 0.1 uL each, after the Open PCA requirements."""


def reading(steps: int, level_ml: float) -> SensorReading:
    return SensorReading((LineReading("A", steps, 4.9, False, (Measured(Signal.RESERVOIR_LEVEL, level_ml),)),), 0.0)


def running(model=STROKES, rate: float = 100.0, vtbi: float | None = None) -> PumpController:
    controller = PumpController(model)
    controller.step(0, reading(0, 10.0))
    controller.step(0, LoadProgram("A", program(rate, vtbi)))
    controller.step(0, Start("A"))
    return controller


def raised(outputs) -> list[AlarmId]:
    return [output.alarm for output in outputs if isinstance(output, AlarmRaised)]


def motion(controller: PumpController) -> tuple[int, int | None]:
    (line,) = controller.state.motor.lines
    return line.rate_nl_per_h, line.stop_at_step


@pytest.mark.requirement("GIP 1.5.5", "GIP 1.5.6", "GPCA REQ 18")
@pytest.mark.parametrize(
    ("model", "low_ml", "step_ml"),
    [(OMNIPOD, 0.1, 0.0005), (TSLIM_X2, 0.2, 0.00001), (SYNCHROMED_II, 2.0, 0.00001), (CADD_SOLIS, 1.0, 0.05)],
)
def test_each_pump_warns_at_its_level_and_alarms_at_nothing(model, low_ml, step_ml):
    """Omnipod 10 U, t:slim X2 20 U, SynchroMed II and the CADD from memory or by analogy."""
    controller = running(model, rate=0.01 if model is not CADD_SOLIS else 1.0)
    assert raised(controller.step(S, reading(0, low_ml + step_ml)).outputs) == []
    assert raised(controller.step(2 * S, reading(0, low_ml)).outputs) == [LOW]
    assert controller.state.motor.moving
    assert raised(controller.step(3 * S, reading(0, step_ml)).outputs) == []
    assert raised(controller.step(4 * S, reading(0, 0.0)).outputs) == [EMPTY]
    assert not controller.state.motor.moving
    refused = controller.step(5 * S, Start("A")).outputs
    assert [o.reason for o in refused if isinstance(o, CommandRejected)] == ["alarm container-empty stands"]
    changed = controller.step(6 * S, reading(0, 2.5)).outputs
    assert {o.alarm for o in changed if isinstance(o, AlarmCleared)} == {LOW, EMPTY}
    controller.step(7 * S, Start("A"))
    assert controller.state.motor.moving


def test_priorities_and_words():
    rows = {row.id: row for row in OMNIPOD.alarms}
    assert (rows[LOW].priority, rows[LOW].effect) == (Priority.LOW, Effect.CONTINUE)
    assert (rows[EMPTY].priority, rows[EMPTY].effect) == (Priority.HIGH, Effect.FINISH_STROKE)
    (said,) = [o for o in running(OMNIPOD, 0.01).step(S, reading(0, 0.1)).outputs if isinstance(o, AlarmRaised)]
    assert (said.line, said.detail) == ("A", "0.100 mL left, limit 0.100 mL")


@pytest.mark.requirement("OPCA R6.8.0(9)")
def test_a_low_reservoir_may_let_a_pump_keep_open():
    controller = running()
    controller.step(S, reading(10, 1.0))
    assert (controller.state.line("A").state.value, motion(controller)[0]) == ("kvo", ML)
    controller.step(2 * S, reading(10, 1.1))
    assert motion(controller)[0] == 100 * ML


@pytest.mark.requirement("OPCA R6.8.0(10)", "OPCA R7.2.0(7)")
@pytest.mark.parametrize(("steps", "end"), [(3_299, 3_300), (3_301, 6_600), (5_000, 6_600)])
def test_an_empty_container_lets_the_stroke_end_then_stops(steps, end):
    controller = running()
    controller.step(S, reading(3_000, 2.0))
    step = controller.step(MIN, reading(steps, 0.5))
    assert EMPTY in raised(step.outputs)
    assert controller.state.line("A").state.value == "alarm"
    assert motion(controller) == (100 * ML, end)
    assert controller.state.line("A").owed == 100 * ML * MIN + (end - steps) * 100 * 3_600_000_000_000
    assert Watch(Signal.STEPS, "A", Direction.AT_LEAST, float(end)) in step.watches
    controller.step(MIN + S, reading(end - 1, 0.4))
    assert motion(controller) == (100 * ML, end)
    (stop,) = [o for o in controller.step(MIN + 2 * S, reading(end, 0.4)).outputs if isinstance(o, MotorCommand)]
    assert not stop.moving


def test_between_two_strokes_it_stops_at_once():
    controller = running()
    controller.step(MIN, reading(6_600, 0.5))
    assert motion(controller) == (0, None)


def test_the_volume_to_be_infused_holds_all_the_same():
    controller = running(vtbi=0.5)
    controller.step(S, reading(4_990, 0.5))
    assert motion(controller) == (100 * ML, 5_000)
    controller.step(2 * S, reading(5_000, 0.5))
    assert motion(controller) == (0, None)


def test_the_stroke_ends_at_the_rate_at_which_the_line_ran():
    controller = running()
    controller.step(S, reading(10, 1.0))  # low: KVO
    controller.step(2 * S, reading(11, 0.5))
    assert motion(controller) == (100 * ML, 3_300), "of what it does when nothing limits it"
    kept = running(vtbi=0.1)
    kept.step(S, reading(1_000, 2.0))
    kept.step(MIN, reading(1_100, 0.5))
    assert motion(kept) == (ML, 3_300), "its volume is in: it kept open"


@pytest.mark.parametrize("given", [Stop("A"), DeviceEvent(DeviceEventKind.DEVICE_FAULT, "broken")])
def test_whoever_stops_it_meanwhile_stops_it_at_once(given):
    controller = running()
    controller.step(S, reading(100, 0.5))
    assert motion(controller) == (100 * ML, 3_300)
    controller.step(2 * S, given)
    assert motion(controller) == (0, None)


def test_a_stroke_that_does_not_come_is_given_up():
    """A stroke takes 11.88 s at 100 mL/h; twice of that after the alarm the motor is told to stand."""
    controller = running()
    step = controller.step(S, reading(100, 0.5))
    given_up = S + 2 * 11_880_000_000
    assert step.wake_at_ns == given_up
    controller.step(given_up - 1, reading(100, 0.5))
    assert motion(controller) == (100 * ML, 3_300)
    controller.step(given_up, Tick())
    assert motion(controller) == (0, None)


def test_a_line_that_stands_has_nothing_to_finish():
    controller = PumpController(STROKES)
    controller.step(0, reading(100, 10.0))
    controller.step(0, LoadProgram("A", program(100, delay_ns=H)))
    controller.step(0, Start("A"))
    controller.step(S, reading(100, 0.5))
    assert (controller.state.line("A").state.value, motion(controller)) == ("alarm", (0, None))


def test_an_alarm_in_the_first_instant_has_the_whole_time_of_two_strokes():
    controller = running()
    assert controller.step(0, reading(100, 0.5)).wake_at_ns == 2 * 11_880_000_000


def test_the_time_of_two_strokes_is_cut_off_to_the_ns():
    """6600 steps of 0.1 uL at 70 mL/h."""
    controller = running(rate=70.0)
    wake_ns = controller.step(0, reading(100, 0.5)).wake_at_ns
    assert (wake_ns, type(wake_ns)) == (33_942_857_142, int)


def test_what_finishes_a_stroke_owes_no_more_than_its_programme():
    """0.5 mL are all owed after 18 s, and the motor lags ten steps behind."""
    controller = running(vtbi=0.5)
    controller.step(18 * S, reading(4_990, 0.5))
    assert motion(controller) == (100 * ML, 5_000)
    assert controller.state.line("A").owed == controller.state.line("A").owed_end == ML // 2 * H


def test_between_repeated_doses_there_is_no_stroke_to_finish():
    """1 mL at 100 mL/h takes 36 s, then nothing until an hour is over: what does not move is let off at once."""
    controller = PumpController(STROKES)
    controller.step(0, reading(0, 10.0))
    controller.step(0, LoadProgram("A", InfusionProgram(100 * ML, course=Repeat(ML, H))))
    controller.step(0, Start("A"))
    controller.step(36 * S, reading(10_000, 5.0))
    step = controller.step(MIN, reading(10_000, 0.5))
    assert (motion(controller), controller.state.line("A").finish_at_step) == ((0, None), None)
    assert not any(watch.signal is Signal.STEPS for watch in step.watches)


@pytest.mark.parametrize(("effect", "goes_on"), [(Effect.STOP_LINE, True), (Effect.STOP_ALL, False)])
def test_what_stops_the_other_line_lets_this_one_finish_unless_it_stops_all(effect, goes_on):
    """A's container is empty within a stroke; then B draws against a clamp."""
    rows = tuple(replace(r, effect=effect) if r.id is AlarmId.OCCLUSION_PROXIMAL else r for r in DUAL.alarms)
    controller = PumpController(replace(DUAL, alarms=rows))
    for given in (
        both(0, 10.0),
        LoadProgram("A", program(100)),
        LoadProgram("B", program(50, mode=LineMode.CONCURRENT)),
        Start(),
    ):
        controller.step(0, given)
    controller.step(S, both(100, 0.5))
    assert [m.stop_at_step for m in controller.state.motor.lines] == [3_300, None]
    controller.step(2 * S, both(100, 0.5, b_kpa=-60.0))
    found = [(m.rate_nl_per_h, m.stop_at_step) for m in controller.state.motor.lines]
    assert found == [(100 * ML, 3_300) if goes_on else (0, None), (0, None)]
    assert controller.state.line("B").state.value == "alarm"


DUAL = replace(
    DUAL_CHANNEL_CASSETTE,
    sensors=(Signal.RESERVOIR_LEVEL,),
    alarms=(container_empty("OPCA R6.8.0(10)", 0.5), *DUAL_CHANNEL_CASSETTE.alarms),
)


def test_the_second_line_finishes_its_stroke_while_the_first_delivers():
    controller = PumpController(DUAL)
    for given in (
        both(0, 10.0),
        LoadProgram("A", program(100)),
        LoadProgram("B", program(50, mode=LineMode.CONCURRENT)),
        Start(),
    ):
        controller.step(0, given)
    controller.step(S, both(100, 10.0, b=50, b_level_ml=0.5))
    assert [m.stop_at_step for m in controller.state.motor.lines] == [None, 3_300]
    controller.step(2 * S, both(200, 10.0, b=3_300, b_level_ml=0.5))
    assert [m.rate_nl_per_h for m in controller.state.motor.lines] == [100 * ML, 0]


def both(a: int, a_level_ml: float, b_kpa: float = 4.9, *, b: int = 0, b_level_ml: float = 50.0) -> SensorReading:
    """A reading of two lines: count and level of A; pressure ahead of B, count and level of it."""
    first = LineReading("A", a, 4.9, False, (Measured(Signal.RESERVOIR_LEVEL, a_level_ml),))
    second = LineReading("B", b, b_kpa, False, (Measured(Signal.RESERVOIR_LEVEL, b_level_ml),))
    return SensorReading((first, second), 0.0)
