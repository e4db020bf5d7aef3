"""Withdrawing: when a laboratory pump is let draw back, what ends it, and what the interlock lets run backwards."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.alarms import container_empty
from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import Pump
from pumpsim.controller.drawing_back import DrawingBack
from pumpsim.controller.interlock import Interlock
from pumpsim.vocabulary.alarms import AlarmId, Direction, Effect, Signal
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    DeviceEvent,
    DeviceEventKind,
    LineReading,
    LoadProgram,
    Measured,
    SensorReading,
    Start,
    Stop,
    Tick,
    Withdraw,
)
from pumpsim.vocabulary.interlock import DrawingStatus
from pumpsim.vocabulary.model import AtEnd, Battery, PumpClass
from pumpsim.vocabulary.outputs import (
    AlarmRaised,
    CommandRejected,
    DeliveryEvent,
    LineMotion,
    LineState,
    MotorCommand,
    Step,
    Watch,
)
from pumpsim.vocabulary.status import CountedRun, RunKind
from tests.build import MIN, SMOOTH, S, program

ML = 1_000_000
LABORATORY = replace(
    SMOOTH,
    lines=("A",),
    backpriming=None,
    concurrent=None,
    kind=PumpClass.LABORATORY,
    withdraws=True,
    sensors=(Signal.RESERVOIR_LEVEL,),
    alarms=(container_empty("a test", 0.0), *SMOOTH.alarms),
)
"""A step is 1 nL; 36 mL/h are 10,000 steps a second."""
ORDER = Withdraw("A", 3 * ML, 36 * ML)
TWO_REASONS = "0 mL is not above 0 mL and up to 9999 mL; alarm syringe-off stands"


def reading(steps: int, left_ml: float = 5.0, *, air: bool = False) -> SensorReading:
    return SensorReading((LineReading("A", steps, 4.9, air, (Measured(Signal.RESERVOIR_LEVEL, left_ml),)),), 0.0)


def said(step: Step) -> list[str]:
    found = []
    for output in step.outputs:
        match output:
            case DeliveryEvent():
                found.append(f"{output.kind.value}: {output.cause}")
            case CommandRejected():
                found.append(f"refused: {output.reason}")
            case AlarmRaised():
                found.append(f"alarm {output.alarm.value}")
            case MotorCommand(lines=(motion,)):
                found.append(f"{motion.rate_nl_per_h} to {motion.stop_at_step}" if motion.rate_nl_per_h else "still")
    return found


def ready() -> Pump:
    pump = Pump(LABORATORY)
    pump.step(0, reading(500))
    return pump


def running() -> Pump:
    """A pump that draws 3 mL back since 10 s, from a count of 500."""
    pump = ready()
    assert said(pump.step(10 * S, ORDER))[0] == "withdrawal-started: 3 mL"
    return pump


def test_it_goes_down_to_the_count_of_its_volume():
    pump = ready()
    step = pump.step(10 * S, ORDER)
    assert said(step) == ["withdrawal-started: 3 mL", f"{-36 * ML} to {500 - 3 * ML}"]
    assert Watch(Signal.STEPS, "A", Direction.AT_MOST, 500.0 - 3 * ML) in step.watches
    assert pump.state.unit.run == CountedRun(RunKind.WITHDRAWING, "A", 500, 500 - 3 * ML, 36 * ML, 620 * S)
    assert type(pump.state.unit.run.late_ns) is int
    assert said(pump.step(100 * S, reading(500 - 900_000))) == []
    assert said(pump.step(310 * S, reading(500 - 3 * ML + 1))) == []
    assert said(pump.step(310 * S, reading(500 - 3 * ML))) == ["withdrawal-complete: 3 mL", "still"]
    assert (pump.state.unit.run, pump.state.unit.withdrawn_steps) == (None, 3 * ML)


@pytest.mark.parametrize(
    ("before", "order", "reason"),
    [
        ([], Withdraw("A", 0, ML), "0 mL is not above 0 mL and up to 9999 mL"),
        ([], Withdraw("A", ML, 0), "rate 0 mL/h is outside 0.1 mL/h to 999 mL/h"),
        ([], Withdraw("B", ML, ML), f"model {LABORATORY.id} has no line B"),
        ([ORDER], ORDER, "it is withdrawing already"),
        ([LoadProgram("A", program(60)), Start()], ORDER, "line A is infusing: stop it first"),
        (
            [LoadProgram("A", program(60)), Start(), Stop()],
            ORDER,
            "line A is held: its programme is under way, load another",
        ),
        ([DeviceEvent(DeviceEventKind.DOOR_OPENED)], ORDER, "alarm door-open stands"),
        ([DeviceEvent(DeviceEventKind.SYRINGE_REMOVED)], Withdraw("A", 0, 36 * ML), TWO_REASONS),
    ],
)
def test_what_is_refused_changes_nothing(before, order, reason):
    pump = ready()
    for given in before:
        pump.step(10 * S, given)
    state = pump.state
    (found,) = [output for output in pump.step(10 * S, order).outputs if isinstance(output, CommandRejected)]
    assert found == CommandRejected("withdraw", order.line, reason)
    assert pump.state == replace(state, now_ns=10 * S, unit=replace(state.unit, touched_ns=10 * S))


def test_a_condition_of_its_own_line_stands_in_the_way():
    rows = tuple(replace(row, per_line=True) if row.id is AlarmId.MOTOR_STALL else row for row in LABORATORY.alarms)
    pump = Pump(replace(LABORATORY, alarms=rows))
    pump.step(0, reading(500))
    pump.step(S, ORDER)
    pump.step(S + 610 * S, Tick())
    assert [(a.alarm, a.line) for a in pump.state.alarms] == [(AlarmId.MOTOR_STALL, "A")]
    assert said(pump.step(701 * S, ORDER)) == ["refused: alarm motor-stall stands"]
    pump.step(702 * S, Acknowledge())
    assert said(pump.step(703 * S, ORDER))[0] == "withdrawal-started: 3 mL"


def test_volumes_and_rates_are_told_to_six_figures():
    pump = ready()
    assert said(pump.step(S, Withdraw("A", 1_234_567, 36 * ML)))[0] == "withdrawal-started: 1.23457 mL"
    interlock = Interlock(LABORATORY)
    interlock.observe(0, reading(500), ())
    interlock.observe(S, Withdraw("A", ML, 123_456_500), ())
    assert judged(interlock, back(to=0, rate=123_456_501)) == "faster than 123.457 mL/h"


def test_pumps_for_patients_never_do():
    for model in MODELS.values():
        assert model.withdraws is (model.kind is PumpClass.LABORATORY)
    clinical = replace(LABORATORY, withdraws=False)
    pump = Pump(clinical)
    pump.step(0, reading(500))
    assert said(pump.step(S, ORDER)) == [f"refused: model {clinical.id} does not withdraw"]
    with pytest.raises(ValueError, match="must not withdraw: it is a pump for patients"):
        replace(LABORATORY, kind=PumpClass.SYRINGE)
    with pytest.raises(ValueError, match="cannot withdraw: it takes one line"):
        replace(SMOOTH, kind=PumpClass.LABORATORY, withdraws=True)


def test_it_wants_a_reading_first():
    assert said(Pump(LABORATORY).step(0, ORDER)) == ["refused: there is no reading from the pump yet"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Stop(), ["withdrawal-stopped: 0.1 mL, operator", "still"]),
        (
            DeviceEvent(DeviceEventKind.DOOR_OPENED),
            ["alarm door-open", "withdrawal-stopped: 0.1 mL, alarm door-open stands", "still"],
        ),
        (
            reading(500 - 100_000, air=True),
            [
                "alarm air-in-line-proximal",
                "withdrawal-stopped: 0.1 mL, alarm air-in-line-proximal stands",
                "still",
            ],
        ),
        (Start(), ["refused: no line is ready to start"]),
        (reading(500 - 100_000, left_ml=0.0), ["alarm container-empty"]),
    ],
)
def test_what_ends_it_early_and_what_does_not(given, expected):
    pump = running()
    pump.step(20 * S, reading(500 - 100_000))
    assert said(pump.step(20 * S, given)) == expected


def test_nothing_starts_beside_it():
    pump = ready()
    pump.step(S, LoadProgram("A", program(60)))
    pump.step(10 * S, ORDER)
    assert said(pump.step(11 * S, Start())) == ["refused: it is withdrawing: stop that first"]
    pump.step(12 * S, Stop())
    assert "delivery-started: operator" in said(pump.step(13 * S, Start()))


def test_an_empty_syringe_is_filled():
    pump = ready()
    pump.step(S, LoadProgram("A", program(60)))
    pump.step(S, reading(500, left_ml=0.0))
    assert [a.alarm for a in pump.state.alarms] == [AlarmId.CONTAINER_EMPTY]
    assert said(pump.step(10 * S, ORDER))[0] == "withdrawal-started: 3 mL"
    pump.step(11 * S, Acknowledge())
    assert pump.state.unit.run is not None


def test_a_motor_that_stands_is_found_after_twice_its_time():
    """3 mL at 36 mL/h take 300 s."""
    pump = running()
    late = 10 * S + 600 * S + 10 * S
    assert pump.step(late - 1, Tick()).wake_at_ns == late
    step = pump.step(late, Tick())
    assert said(step) == [
        "alarm motor-stall",
        "withdrawal-stopped: 0 mL, the motor does not move as told",
        "still",
    ]
    (alarm,) = [output for output in step.outputs if isinstance(output, AlarmRaised)]
    assert (alarm.line, alarm.detail) == (None, "withdrawing takes more than twice its time")


def test_it_ends_with_the_battery():
    """100 s of battery, and a depleted one that stops nothing."""
    rows = tuple(
        replace(row, effect=Effect.CONTINUE) if row.id is AlarmId.BATTERY_DEPLETED else row for row in LABORATORY.alarms
    )
    pump = Pump(replace(LABORATORY, alarms=rows, battery=Battery(100 * S, 3600 * S, 50 * S, 20 * S)))
    pump.step(0, reading(500))
    pump.step(0, DeviceEvent(DeviceEventKind.MAINS_LOST))
    pump.step(0, ORDER)
    for second in range(1, 100):
        pump.step(second * S, reading(500 - second * 10_000))
    assert said(pump.step(100 * S, Tick())) == ["withdrawal-stopped: 0.99 mL, power is off", "still"]
    assert pump.state.unit.power.off


def test_it_may_begin_when_the_programme_is_complete():
    pump = ready()
    pump.step(0, LoadProgram("A", replace(program(60, 2), at_end=AtEnd.STOP)))
    pump.step(0, Start())
    pump.step(120 * S, reading(500 + 2 * ML))
    assert pump.state.lines[0].state is LineState.COMPLETE
    assert said(pump.step(121 * S, ORDER))[0] == "withdrawal-started: 3 mL"


def test_what_ended_it_is_still_watched_though_there_is_no_programme():
    pump = running()
    step = pump.step(20 * S, reading(500 - 100_000, air=True))
    assert [(a.alarm, a.line) for a in pump.state.alarms] == [(AlarmId.AIR_IN_LINE_PROXIMAL, "A")]
    assert any(w.signal is Signal.AIR_PROXIMAL and w.line == "A" for w in step.watches)


def test_what_was_withdrawn_can_be_given_again():
    """The count of the programme begins where it starts: 2 mL, from below where it was loaded."""
    pump = ready()
    pump.step(S, LoadProgram("A", program(60, 2)))
    pump.step(10 * S, ORDER)
    pump.step(310 * S, reading(500 - 3 * ML))
    assert f"{60 * ML} to {500 - ML}" in said(pump.step(310 * S, Start()))
    for minute in (1, 2):
        found = said(pump.step(310 * S + minute * MIN, reading(500 - 3 * ML + minute * ML)))
    assert found[0].startswith("delivery-complete")


def test_a_new_power_on_knows_of_none():
    pump = running()
    again = Pump.power_on(LABORATORY, pump.snapshot())
    again.step(0, DeviceEvent(DeviceEventKind.POWERED_ON))
    assert (again.state.unit.run, again.state.unit.withdrawn_steps) == (None, 0)
    assert not again.state.motor.moving


def test_it_goes_on_exactly_from_a_snapshot():
    pump = running()
    again = Pump.resume(LABORATORY, pump.snapshot())
    for at_ns, given in ((20 * S, reading(500 - 100_000)), (310 * S, reading(500 - 3 * ML))):
        assert again.step(at_ns, given) == pump.step(at_ns, given)
        assert again.snapshot() == pump.snapshot()


# What the interlock lets pass


def back(to: int | None = 500 - 3 * ML, rate: int = 36 * ML) -> MotorCommand:
    return MotorCommand((LineMotion("A", -rate, to),))


STILL = MotorCommand((LineMotion("A", 0),))


def asked(model=LABORATORY, answer=()) -> Interlock:
    interlock = Interlock(model)
    interlock.observe(0, reading(500), ())
    interlock.observe(S, ORDER, answer)
    return interlock


def judged(interlock: Interlock, command: MotorCommand) -> str:
    """What an interlock says to a command; empty when it passes whole."""
    (passed,), event = interlock.let_through((command,))
    assert passed == (command if event is None else STILL)
    return "" if event is None else event.detail.removeprefix("line A: it runs backwards: ")


@pytest.mark.parametrize(
    ("command", "against"),
    [
        (back(), ""),
        (back(rate=1), ""),
        (back(to=500), ""),
        (back(to=500 - 3 * ML - 1), "further than was asked for"),
        (back(to=None), "further than was asked for"),
        (back(rate=36 * ML + 1), "faster than 36 mL/h"),
    ],
)
def test_what_may_run_backwards(command, against):
    assert judged(asked(), command) == against


def test_what_nobody_asked_for_or_was_refused_does_not_pass():
    interlock = Interlock(LABORATORY)
    interlock.observe(0, reading(500), ())
    assert judged(interlock, back()) == "nobody asked for it"
    assert judged(asked(answer=(CommandRejected("withdraw", "A", "no"),)), back()) == "nobody asked for it"
    assert judged(asked(replace(LABORATORY, withdraws=False)), back()) == "it never may"


def test_it_passes_once():
    """Until another command follows; told again while it runs it is the same."""
    interlock = asked()
    assert judged(interlock, back()) == ""
    assert judged(interlock, back()) == ""
    assert judged(interlock, STILL) == ""
    assert judged(interlock, back()) == "nobody asked for it"


def tripped(interlock: Interlock, at_ns: int, count: int) -> str:
    event = interlock.observe(at_ns, reading(count), ())
    return "" if event is None else event.detail


def test_a_count_that_falls_further_than_commanded_trips():
    interlock = asked()
    interlock.let_through((back(),))
    assert interlock.moving
    assert tripped(interlock, 301 * S, 500 - 3 * ML - 1) == "", "cut off to a whole step"
    assert tripped(interlock, 302 * S, 500 - 3 * ML - 2) == "line A was drawn back 2 steps beyond its end"
    assert interlock.halt() == (STILL,)


def test_what_a_programme_may_come_to_counts_from_where_the_plunger_was_drawn_to():
    interlock = Interlock(LABORATORY)
    interlock.observe(0, reading(500), ())
    interlock.observe(0, LoadProgram("A", program(60, 2)), ())
    interlock.observe(S, ORDER, ())
    interlock.let_through((back(),))
    assert tripped(interlock, 301 * S, 500 - 3 * ML) == ""
    interlock.let_through((STILL,))
    interlock.let_through((MotorCommand((LineMotion("A", 60 * ML, None),)),))
    low = 500 - 3 * ML
    assert tripped(interlock, 421 * S, low + 2 * ML) == ""
    assert "pumped of" in tripped(interlock, 481 * S, low + 3 * ML)


def test_what_was_asked_for_is_a_count_of_whole_steps():
    interlock = asked()
    asked_to = interlock.status.drawing.asked_to
    assert (asked_to, type(asked_to)) == (500 - 3 * ML, int)


def test_a_reading_without_its_line_says_nothing():
    known = DrawingStatus(count=500)
    guard = DrawingBack(LABORATORY, known)
    assert guard.observe(SensorReading((), 0.0)) == ""
    assert guard.status == known


def test_a_line_that_stands_with_an_end_is_not_drawn_back():
    guard = DrawingBack(LABORATORY, DrawingStatus(count=500))
    guard.commanded(MotorCommand((LineMotion("A", 0, 5),)))
    assert not guard.moving
