"""The interlock may only say no: it trips on what the model cannot do and on more than was commanded, and stays tripped."""

from dataclasses import replace

import pytest

from pumpsim.controller import Pump
from pumpsim.controller.interlock import Interlock
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEventKind, LineReading, LoadProgram, SensorReading, Start
from pumpsim.vocabulary.outputs import AlarmRaised, CommandRejected, LineMotion, MotorCommand
from tests.build import MIN, STROKES, H, program

ML_STEPS = 10_000
"""Motor steps in a mL."""


def reading(a: int, b: int = 0) -> SensorReading:
    return SensorReading((LineReading("A", a, 4.9, False), LineReading("B", b, 4.9, False)), 0.0)


def command(a: int, b: int = 0) -> MotorCommand:
    return MotorCommand((LineMotion("A", a), LineMotion("B", b)))


@pytest.mark.requirement("GIP 1.8.1")
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (command(999_000_000), None),
        (command(999_000_001), DeviceEventKind.RATE_LIMIT),
        (command(-1), DeviceEventKind.RATE_LIMIT),
        (command(300_000_000, 200_000_000), None),
        (command(300_000_000, 200_000_001), DeviceEventKind.RATE_LIMIT),
        (MotorCommand((LineMotion("C", 1),)), DeviceEventKind.RATE_LIMIT),
    ],
)
def test_limits(given, kind):
    passed, event = Interlock(STROKES).pass_or_stop(given)
    assert (event.kind if event else None) is kind
    assert passed == (given if kind is None else MotorCommand(tuple(LineMotion(m.line, 0) for m in given.lines)))


def test_a_pump_without_concurrent_limits_moves_one_line_at_a_time():
    _, event = Interlock(replace(STROKES, concurrent=None)).pass_or_stop(command(1_000_000, 1_000_000))
    assert event is not None


def moving(hours: int) -> Interlock:
    interlock = Interlock(STROKES)
    interlock.observe(reading(500))  # a device that has counted before
    interlock.pass_or_stop(command(100_000_000))
    interlock.pass_time(hours * H)
    return interlock


def test_one_cycle_and_ten_percent_are_allowed_and_not_a_step_more():
    allowed = 500 + 100 * ML_STEPS * 110 // 100 + STROKES.mechanism.cycle_steps
    assert moving(1).observe(reading(allowed)) is None
    event = moving(1).observe(reading(allowed + 1))
    assert event is not None
    assert event.kind is DeviceEventKind.OVER_INFUSION
    assert "line A has pumped 110.330 mL of 100.000 mL commanded" in event.detail


def test_a_line_that_was_not_commanded_may_not_move():
    assert moving(1).observe(reading(500, 3_300)) is None
    assert moving(1).observe(reading(500, 0)) is None
    interlock = moving(1)
    interlock.observe(reading(500, 0))
    assert interlock.observe(reading(500, 3_301)) is not None


def test_tripped_it_passes_stops_only_and_says_so_once():
    interlock = moving(0)
    event = interlock.observe(reading(500 + 3_301))
    assert event is not None
    assert interlock.observe(reading(9_000_000)) is None
    still = command(0)
    assert interlock.pass_or_stop(still) == (still, None)
    passed, again = interlock.pass_or_stop(command(1_000_000))
    assert not passed.moving
    assert again == event


def test_runaway_device_is_stopped_and_alarmed_and_stays_stopped():
    """The mechanism pumps twice what it was told: the pump stops it, alarms, and refuses to go on."""
    pump = Pump(STROKES)
    pump.step(0, reading(0))
    pump.step(0, LoadProgram("A", program(100)))
    assert any(isinstance(o, MotorCommand) and o.moving for o in pump.step(0, Start("A")).outputs)
    outputs = ()
    for minute in range(1, 60):
        outputs = pump.step(minute * MIN, reading(minute * 2 * 100 * ML_STEPS // 60)).outputs
        if outputs:
            break
    assert minute == 1, "3.33 mL against 1.67 mL and a cycle"
    alarms = [o.alarm.value for o in outputs if isinstance(o, AlarmRaised)]
    motors = [o for o in outputs if isinstance(o, MotorCommand)]
    assert alarms == ["over-infusion"]
    assert [m.moving for m in motors] == [False]
    refused = pump.step(2 * MIN, Start("A")).outputs
    assert [o.reason for o in refused if isinstance(o, CommandRejected)] == ["alarm over-infusion stands"]
    pump.step(3 * MIN, Acknowledge())
    again = pump.step(4 * MIN, Start("A")).outputs
    assert not any(isinstance(o, MotorCommand) and o.moving for o in again)
    assert any(isinstance(o, AlarmRaised) for o in again), "acknowledging does not open the interlock"
