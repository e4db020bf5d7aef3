"""Turning back after a distal occlusion: from when, until when, by how much at most, and what the interlock lets pass."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.occlusion import BACK_OFF, with_back_off
from pumpsim.catalogue.peristaltic import INFUSOMAT_SPACE
from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import Pump
from pumpsim.controller.interlock import Interlock
from pumpsim.controller.turning_back import TurningBack
from pumpsim.vocabulary.alarms import AlarmId, Signal
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEvent, DeviceEventKind, LoadProgram, SensorReading, Start, Stop
from pumpsim.vocabulary.interlock import TurningStatus
from pumpsim.vocabulary.model import AtEnd, BackOff
from pumpsim.vocabulary.outputs import (
    AlarmRaised,
    DeliveryEvent,
    DeliveryEventKind,
    LineMotion,
    LineState,
    MotorCommand,
)
from tests.build import STROKES, S, program
from tests.controller.occlusion import LIMIT, ONE, course, kpa, running, said

BACK = replace(with_back_off(ONE, on=True), back_off=BackOff(100_000_000, 500_000, 250_000))
"""To 10 kPa of 40, 0.5 mL at most; a step is 1 nL."""
BEGUN = [
    "raised occlusion-distal",
    "alarm: occlusion-distal",
    "alarm: occlusion-distal",  # back-off-started
    "motor -100 to 400000",
]


CLEAR = next(r.threshold.clear_level for r in BACK.alarms if r.id is AlarmId.OCCLUSION_DISTAL and r.threshold)


def closed(model=BACK, steps=900_000, rate: float = 36.0) -> Pump:
    """A pump that has pumped so many steps and now comes to its limit."""
    pump = running(model, rate=rate)
    pump.step(90 * S, kpa(10.0, steps))
    pump.step(100 * S, kpa(LIMIT, steps))
    return pump


def ended(ml: str) -> list[str]:
    return [f"alarm: {ml} mL taken back", "motor 0"]


@pytest.mark.requirement("GIP 1.10.6")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(101, kpa(10.001, 800_000))], []),
        ([(101, kpa(10.001, 800_000)), (102, kpa(10.0, 700_000))], [(102, ended("0.2000"))]),
        ([(101, kpa(38.0, 400_001)), (102, kpa(38.0, 400_000))], [(102, ended("0.5000"))]),
        ([(101, Stop("A"))], [(101, ["held: operator", "held: 0.0000 mL taken back", "motor 0"])]),
        (
            [(101, DeviceEvent(DeviceEventKind.DOOR_OPENED))],
            [(101, ["raised door-open", *ended("0.0000")])],
        ),
        (
            [(101, kpa(20.0, 800_000)), (102, Acknowledge())],
            [(102, ["cleared occlusion-distal", *ended("0.1000")])],
        ),
        ([(101, Acknowledge())], [(101, ["cleared occlusion-distal", "raised occlusion-distal"])]),
    ],
    ids=[
        "above the share it goes on",
        "at the share it stands",
        "at the most it stands, whatever the pressure",
        "stopped it stands",
        "with another alarm it stands",
        "acknowledged it stands",
        "acknowledged while the limit is reached it goes on",
    ],
)
def test_how_it_ends(given, expected):
    assert course(closed(), *given) == expected


def test_it_begins_with_the_alarm_and_ends_with_it_only_when_somebody_acknowledges():
    pump = running(BACK)
    pump.step(90 * S, kpa(10.0, 900_000))
    assert course(pump, (100, kpa(LIMIT, 900_000))) == [(100, BEGUN)]
    found = course(pump, (101, kpa(9.0, 700_000)), (102, kpa(0.0, 700_000)), (103, Start()), (104, Acknowledge()))
    assert found[1:] == [
        (103, ["refused start: alarm occlusion-distal stands"]),
        (104, ["cleared occlusion-distal"]),
    ]


def test_it_says_when_it_begins_and_how_much_it_took_back():
    pump = running(BACK)
    pump.step(90 * S, kpa(10.0, 900_000))
    steps = [pump.step(100 * S, kpa(LIMIT, 900_000)), pump.step(101 * S, kpa(9.0, 776_500))]
    events = [o for step in steps for o in step.outputs if isinstance(o, DeliveryEvent)]
    assert events[1:] == [
        DeliveryEvent(DeliveryEventKind.BACK_OFF_STARTED, "A", LineState.ALARM, 0, "occlusion-distal"),
        DeliveryEvent(DeliveryEventKind.BACK_OFF_COMPLETE, "A", LineState.ALARM, 0, "0.1235 mL taken back"),
    ]


def test_an_occlusion_is_not_begun_to_be_taken_back_where_nothing_is_left_to():
    """The count is 0: nothing has been given that could be taken back."""
    pump = running(BACK)
    assert course(pump, (0.000_000_001, kpa(LIMIT)))[0][1] == [*BEGUN[:2], "motor 0"]
    assert pump.state.unit.turned_back is None


def test_what_only_pends_beside_it_keeps_nothing_from_being_turned_back():
    """Ahead of the pump the pressure is beyond its limit too, but not for long enough."""
    rows = tuple(replace(r, delay_ns=60 * S) if r.id is AlarmId.OCCLUSION_PROXIMAL else r for r in BACK.alarms)
    pump = running(replace(BACK, alarms=rows))
    pump.step(90 * S, kpa(10.0, 900_000))
    occluded = kpa(LIMIT, 900_000)
    both = replace(occluded, lines=(replace(occluded.lines[0], proximal_kpa=-90.0),))
    assert said(pump.step(100 * S, both).outputs) == BEGUN


def test_it_watches_the_share_and_the_count():
    watches = closed().step(101 * S, kpa(20.0, 800_000)).watches
    found = [(w.signal, w.line, w.direction.value, w.level) for w in watches]
    assert (Signal.DISTAL_PRESSURE, None, "<=", 10.0) in found
    assert (Signal.STEPS, "A", "<=", 400_000.0) in found


def test_it_does_not_count_below_zero():
    pump = closed(steps=300_000, rate=10.8)
    assert pump.state.motor.lines == (LineMotion("A", -100_000_000, 0),)


@pytest.mark.requirement("GIP 1.8.1")
def test_again_and_again_it_never_goes_further_below_the_highest_count():
    """A sensor that says "occluded" for ever: each start gives a little, and nothing more is taken back than once."""
    pump, at_s, steps = closed(), 100, 900_000
    lowest = steps
    for _ in range(5):
        for motion in pump.state.motor.lines:
            steps = steps if motion.stop_at_step is None else motion.stop_at_step
        lowest = min(lowest, steps)
        for given in (kpa(LIMIT, steps), Acknowledge(), kpa(0.0, steps), Acknowledge(), Start()):
            at_s += 1
            step = pump.step(at_s * S, given)
            assert not any(isinstance(o, AlarmRaised) and o.alarm.value == "rate-limit" for o in step.outputs)
        steps += 1_000
        at_s += 1
        pump.step(at_s * S, kpa(LIMIT, steps))
    assert lowest == 400_000


def test_after_something_was_delivered_an_occlusion_is_taken_back_again():
    pump = closed()
    given = [
        (101, kpa(10.0, 700_000)),
        (102, Acknowledge()),
        (103, Start()),
        (104, kpa(10.0, 710_000)),
        (105, kpa(LIMIT, 720_000)),
    ]
    assert course(pump, *given)[-1] == (105, BEGUN)


def test_what_was_taken_back_is_still_owed():
    pump = Pump(BACK)
    pump.step(0, kpa(0.0))
    pump.step(0, LoadProgram("A", program(36, 2)))
    pump.step(0, Start())
    pump.step(90 * S, kpa(10.0, 900_000))
    pump.step(100 * S, kpa(LIMIT, 900_000))
    pump.step(101 * S, kpa(9.0, 700_000))
    pump.step(102 * S, Acknowledge())
    found = course(pump, (110, Start()), (111, kpa(0.0, 710_000)))
    assert found == [(110, ["infusing: operator", "motor 36 to 2000000"])]
    assert course(pump, (300, kpa(0.0, 1_999_999))) == []
    assert "raised infusion-complete" in course(pump, (301, kpa(0.0, 2_000_000)))[0][1]


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (STROKES, "its drive, strokes, does not turn back; what it takes back could be of either line"),
        (MODELS["syringe-pump"], "its drive, lead-screw, does not turn back"),
        (MODELS["omnipod"], "its drive, pulses, does not turn back"),
    ],
)
def test_a_model_that_cannot_is_refused(model, says):
    with pytest.raises(ValueError, match=says):
        with_back_off(model, on=True)
    with pytest.raises(ValueError, match="stands until it is acknowledged"):
        replace(ONE, back_off=BACK_OFF)


def back(rate: int = -100_000_000, stop: int | None = 400_000) -> MotorCommand:
    return MotorCommand((LineMotion("A", rate, stop),))


FORWARD = MotorCommand((LineMotion("A", 36_000_000),))


def guarded(model=BACK, *, seen: float = LIMIT) -> Interlock:
    """An interlock that let 0.9 mL pass, and has seen this pressure."""
    interlock = Interlock(model)
    interlock.observe(0, kpa(0.0, 0), ())
    interlock.observe(0, LoadProgram("A", program(36)), ())
    interlock.let_through((FORWARD,))
    interlock.observe(90 * S, kpa(seen, 900_000), ())
    return interlock


def seen(interlock: Interlock, reading: SensorReading, at_s: float = 91) -> DeviceEvent | None:
    return interlock.observe(round(at_s * S), reading, ())


def passed(interlock: Interlock, command: MotorCommand) -> tuple[MotorCommand, DeviceEvent | None]:
    (output,), event = interlock.let_through((command,))
    return output, event


@pytest.mark.requirement("GIP 1.8.1")
@pytest.mark.parametrize(
    ("given", "pressure", "reason"),
    [
        (back(), LIMIT, ""),
        (back(), LIMIT - 0.001, "there is no distal occlusion"),
        (back(-100_000_001), LIMIT, "faster than 100 mL/h"),
        (back(stop=None), LIMIT, "without an end"),
        (back(stop=399_999), LIMIT, "by more than 0.5 mL"),
    ],
)
def test_the_interlock_lets_pass_only_what_is_bounded(given, pressure, reason):
    command, event = passed(guarded(seen=pressure), given)
    assert (event.detail if event else "") == (f"line A: it runs backwards: {reason}" if reason else "")
    assert command.moving is not bool(reason)


@pytest.mark.requirement("GIP 1.8.1")
@pytest.mark.parametrize(
    ("stopped", "then_kpa", "passes"), [(False, CLEAR, True), (False, CLEAR - 0.001, False), (True, 0.0, True)]
)
def test_an_occlusion_is_believed_until_the_pressure_is_gone_or_the_line_has_been_stopped(stopped, then_kpa, passes):
    """While something is delivered it must still be there; what is stopped by it may have lost some of it."""
    interlock = guarded()
    if stopped:
        passed(interlock, MotorCommand((LineMotion("A", 0),)))
    seen(interlock, kpa(then_kpa, 900_000))
    assert (passed(interlock, back())[1] is None) is passes


@pytest.mark.parametrize(("stop", "passes"), [(999_999, False), (1_000_000, True)])
def test_the_interlock_lets_turn_back_what_the_model_takes_to_the_step(stop, passes):
    """2 mL of 3, a step is 1 nL."""
    interlock = Interlock(replace(BACK, back_off=replace(BACK.back_off, most_nl=2_000_000)))
    interlock.observe(0, kpa(LIMIT, 3_000_000), ())
    assert (passed(interlock, back(stop=stop))[1] is None) is passes


def test_where_nothing_turns_back_the_interlock_keeps_nothing_of_it():
    """Where it may, whether the line is moved: a command that does not name it moves it no more."""
    assert guarded(ONE).status.turning == TurningStatus()
    interlock = guarded(BACK)
    assert interlock.status.turning == TurningStatus(True, True, False, 900_000)
    passed(interlock, MotorCommand(()))
    assert interlock.status.turning == TurningStatus(True, False, False, 900_000)
    passed(interlock, back(rate=0))
    assert interlock.status.turning == TurningStatus(True, False, False, 900_000)
    passed(interlock, back())
    assert interlock.status.turning == TurningStatus(True, False, True, 900_000)


@pytest.mark.requirement("GIP 1.8.1")
def test_the_interlock_counts_for_itself_and_asks_for_an_occlusion_each_time():
    interlock = guarded()
    passed(interlock, back())
    assert seen(interlock, kpa(30.0, 399_999)) is None, "a count is cut off to whole steps"
    event = seen(interlock, kpa(30.0, 399_998))
    assert event is not None
    assert "has run backwards by 500002 steps, 500000 allowed" in event.detail
    assert seen(interlock, kpa(30.0, 399_000)) is None, "it says so once"
    interlock = guarded()
    passed(interlock, back())
    seen(interlock, kpa(9.0, 700_000))
    passed(interlock, FORWARD)
    seen(interlock, kpa(9.0, 700_001))
    _, event = passed(interlock, back())
    assert event is not None


@pytest.mark.requirement("GIP 1.8.1")
@pytest.mark.parametrize(("stop", "passes"), [(399_999, False), (400_000, True)])
def test_the_interlock_counts_from_the_highest_of_all(stop, passes):
    """0.9 mL, 0.2 taken back, a little given, occluded again: 0.5 mL below 0.9, not below 0.7."""
    interlock = guarded()
    passed(interlock, back())
    seen(interlock, kpa(9.0, 700_000))
    passed(interlock, FORWARD)
    seen(interlock, kpa(LIMIT, 700_100))
    assert (passed(interlock, back(stop=stop))[1] is None) is passes


@pytest.mark.requirement("GPCA REQ 22")
def test_a_device_that_goes_on_running_back_is_stopped_and_alarmed():
    found = course(closed(), (101, kpa(30.0, 399_999)), (102, kpa(29.0, 399_998)), (103, Acknowledge()), (104, Start()))
    assert found[0] == (101, ended("0.5000"))
    assert found[1] == (102, ["raised rate-limit"])
    assert found[-1] == (104, ["infusing: operator", "motor 0", "raised rate-limit", "alarm: rate-limit"])


def test_what_was_taken_back_may_be_given_again_and_no_more():
    """Taken back to 0.7 mL: 10 s at 36 mL/h give 0.1, and 20 %, two steps and what 5 s give are allowed beside."""
    for more, trips in ((870_002, False), (870_003, True)):
        interlock = guarded()
        passed(interlock, back())
        seen(interlock, kpa(9.0, 700_000))
        passed(interlock, FORWARD)
        assert (seen(interlock, kpa(9.0, more), 101) is not None) is trips


def test_the_infusomat_is_one_that_does():
    assert INFUSOMAT_SPACE.back_off is BACK_OFF
    assert with_back_off(INFUSOMAT_SPACE, on=False).back_off is None


def test_a_reading_without_its_line_says_nothing():
    guard = TurningBack(BACK, TurningStatus())
    assert guard.observe(SensorReading((), LIMIT)) == ""
    assert guard.status == TurningStatus()


def test_what_was_turned_back_beyond_where_the_programme_began_is_not_counted_twice():
    """1 mL from 500,000 on: 0.1 given, 0.5 taken back, and then all of it given from there."""
    interlock = Interlock(BACK)
    interlock.observe(0, kpa(0.0, 500_000), ())
    interlock.observe(0, LoadProgram("A", replace(program(36, 1), at_end=AtEnd.STOP)), ())
    passed(interlock, FORWARD)
    seen(interlock, kpa(LIMIT, 600_000), 10)
    passed(interlock, back(stop=100_000))
    assert seen(interlock, kpa(9.0, 100_000), 30) is None
    passed(interlock, FORWARD)
    assert seen(interlock, kpa(9.0, 1_500_000), 170) is None
    event = seen(interlock, kpa(9.0, 1_560_000), 180)
    assert event is not None
    assert event.detail == "line A: 1.060 mL pumped of 1.000 mL programmed"
