"""The interlock may only say no: to what the model cannot do, to what nobody asked for, and to a motor that does otherwise."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.gravity import GRAVITY
from pumpsim.catalogue.pumps import with_mechanism
from pumpsim.codec import decode, encode
from pumpsim.controller import Pump
from pumpsim.controller.interlock import LATE_NS, Interlock
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Confirm,
    DeviceEventKind,
    LineReading,
    LoadProgram,
    SensorReading,
    Start,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.interlock import InterlockStatus
from pumpsim.vocabulary.model import AtEnd, Interleave
from pumpsim.vocabulary.outputs import (
    AlarmRaised,
    CommandRejected,
    ConfirmationAsked,
    LineMotion,
    MotorCommand,
    Step,
)
from pumpsim.vocabulary.program import LineMode
from tests.build import MIN, SMOOTH, STROKES, H, S, program

ML_STEPS, ML = 10_000, 1_000_000
"""Motor steps in a mL, nL in a mL."""
SLACK = 2 * 3_300 + 5 * 100 * ML_STEPS // 3600
"""Two cycles, and five seconds at 100 mL/h."""
CEILING = "no more than"


def reading(a: int, b: int = 0) -> SensorReading:
    return SensorReading((LineReading("A", a, 4.9, False), LineReading("B", b, 4.9, False)), 0.0)


def command(a: int, b: int = 0) -> MotorCommand:
    return MotorCommand((LineMotion("A", a), LineMotion("B", b)))


def heard(rate_a: float = 999.0, rate_b: float = 999.0, model=STROKES) -> Interlock:
    """An interlock that has heard a program for both lines."""
    interlock = Interlock(model)
    interlock.observe(0, LoadProgram("A", program(rate_a)), ())
    interlock.observe(0, LoadProgram("B", program(rate_b, 500.0, LineMode.CONCURRENT)), ())
    return interlock


def moving(hours: float = 0.0) -> Interlock:
    """Line A at 100 mL/h on a device that has counted 500 before."""
    interlock = heard()
    interlock.observe(0, reading(500), ())
    interlock.let_through((command(100 * ML),))
    interlock.observe(round(hours * H), Tick(), ())
    return interlock


@pytest.mark.requirement("GIP 1.8.1")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        (command(999 * ML), None),
        (command(999 * ML + 1), "beyond the model's 999 mL/h"),
        (command(0), None),
        (command(-1), "backwards"),
        (command(300 * ML, 200 * ML), None),
        (command(300 * ML, 200 * ML + 1), "all lines together: 500 mL/h"),
        (MotorCommand((LineMotion("C", 1),)), "line C: there is none"),
    ],
)
def test_limits_of_the_model(given, why):
    (passed,), event = heard().let_through((given,))
    assert (event.kind if event else None) is (DeviceEventKind.RATE_LIMIT if why else None)
    assert why is None or why in event.detail
    assert passed == (given if why is None else MotorCommand(tuple(LineMotion(m.line, 0) for m in given.lines)))


def test_a_pump_without_concurrent_limits_moves_one_line_at_a_time():
    _, event = heard(model=replace(STROKES, concurrent=None)).let_through((command(ML, ML),))
    assert event is not None


def test_what_is_no_motor_command_passes():
    alarm = CommandRejected("start", "A", "no")
    assert Interlock(STROKES).let_through((alarm,)) == ((alarm,), None)


@pytest.mark.parametrize(
    ("asked", "answer", "most"),
    [
        ((), (), 0.0),  # nobody has asked for anything
        ((LoadProgram("A", program(50)),), (), 50.0),
        ((LoadProgram("A", program(50)),), (CommandRejected("load", "A", "no"),), 0.0),
        ((LoadProgram("B", program(50)), Start("A")), (), 0.0),  # of another line
        ((LoadProgram("A", program(50)), Titrate("A", 60 * ML)), (), 60.0),
        ((LoadProgram("A", program(50)), Titrate("A", 40 * ML)), (), 40.0),
        ((LoadProgram("A", program(50)), Start()), (), 50.0),
        ((LoadProgram("A", program(50)), Confirm()), (), 50.0),  # nothing waits
    ],
)
def test_no_line_moves_faster_than_the_operator_has_asked_for(asked, answer, most):
    for over, passes in ((0, True), (1, False)):
        interlock = Interlock(STROKES)
        for command_ in asked:
            interlock.observe(0, command_, answer)
        _, event = interlock.let_through((command(round(most * ML) + over),))
        assert (event is None) == passes
        assert passes or f"where {CEILING} {most:g} mL/h was asked for" in event.detail


def test_what_waits_for_a_confirmation_counts_when_that_comes():
    asks = (ConfirmationAsked("titrate", "A", "above the soft limit"),)
    for agreed in (True, False):
        interlock = heard(50)
        interlock.observe(0, Titrate("A", 80 * ML), asks)
        assert interlock.status.waiting == Titrate("A", 80 * ML)
        interlock.observe(0, Confirm(agreed), () if agreed else (CommandRejected("titrate", "A", "dropped"),))
        assert interlock.status.waiting is None
        _, event = interlock.let_through((command(80 * ML),))
        assert (event is None) == agreed


@pytest.mark.parametrize(("over", "trips"), [(-1, False), (0, False), (1, True)])
def test_twenty_percent_and_two_cycles_are_allowed_and_not_a_step_more(over, trips):
    """GPCA: above +20 % at once."""
    event = moving(1).observe(H, reading(500 + 120 * ML_STEPS + SLACK + over), ())
    assert (event is not None) == trips
    if event is not None:
        assert event.kind is DeviceEventKind.OVER_INFUSION
        assert event.detail == "line A: 0.799 mL beyond 120 % of what it was commanded"


def test_neither_a_sound_run_nor_a_rest_is_a_credit():
    interlock = moving(10)
    assert interlock.observe(10 * H, reading(500 + 1_000 * ML_STEPS), ()) is None
    assert interlock.observe(10 * H, reading(500 + 1_000 * ML_STEPS + SLACK), ()) is None
    assert interlock.observe(10 * H, reading(500 + 1_000 * ML_STEPS + SLACK + 1), ()) is not None


@pytest.mark.parametrize(("line", "slack"), [("A", SLACK), ("B", 2 * 3_300)])
def test_a_line_that_is_not_commanded_may_not_move(line, slack):
    """A was stopped an hour ago, B never ran. What a device still does before it hears is allowed, of A."""
    for over in (0, 1):
        interlock = moving()
        interlock.let_through((command(0),))
        steps = {"A": 500, "B": 0}
        steps[line] += slack + over
        event = interlock.observe(H, reading(steps["A"], steps["B"]), ())
        assert (event is not None) == bool(over)


@pytest.mark.parametrize(("pumped", "trips"), [(50 * ML_STEPS - SLACK, False), (50 * ML_STEPS - SLACK - 1, True)])
def test_a_line_that_is_commanded_must_move(pumped, trips):
    event = moving(1).observe(H, reading(500 + pumped), ())
    assert (event is not None) == trips
    if event is not None:
        assert event.kind is DeviceEventKind.MOTOR_STALL
        assert event.detail == "line A: 0.799 mL short of 50 % of what it was commanded"


def test_a_line_that_has_come_to_where_it_stops_need_not_move():
    interlock = heard()
    interlock.observe(0, reading(0), ())
    interlock.let_through((MotorCommand((LineMotion("A", 100 * ML, 5_000), LineMotion("B", 0))),))
    assert interlock.observe(H, reading(5_000), ()) is None
    assert [w for w in interlock.promise(Step((), None, ())).watches if w.direction.value == "<="] == []
    assert interlock.observe(2 * H, reading(4_999), ()) is not None


def test_after_a_stall_a_new_start_may_pass():
    interlock = moving(1)
    assert interlock.observe(H, reading(500), ()).kind is DeviceEventKind.MOTOR_STALL
    assert interlock.halt() == (command(0),)
    assert interlock.halt() == ()
    assert interlock.let_through((command(100 * ML),)) == ((command(100 * ML),), None)
    assert interlock.observe(H + S, reading(500), ()) is None


def test_a_count_that_has_gone_back_is_taken_as_it_stands():
    interlock = moving()
    interlock.let_through((command(0),))
    assert interlock.observe(H, reading(100), ()) is None
    assert interlock.observe(H, reading(100 + SLACK), ()) is None


@pytest.mark.parametrize(
    ("at_end", "minutes", "most"),
    [(AtEnd.STOP, 60, 10.0), (AtEnd.KVO, 60, 11.0), (AtEnd.KVO, 120, 12.0), (AtEnd.CONTINUE, 60, None)],
)
def test_no_line_pumps_more_than_its_programme_may_come_to(at_end, minutes, most):
    """10 mL, and KVO at 1 mL/h from the start on at most; on top the slack."""
    slack = 2 * 3_300 + 5 * 12 * ML_STEPS // 3600
    for over in (0, 1):
        interlock = Interlock(STROKES)
        interlock.observe(0, reading(700), ())
        interlock.observe(0, LoadProgram("A", program(100, 10.0, at_end=at_end)), ())
        interlock.let_through((command(12 * ML),))
        steps = 700 + round((most or 12.0) * ML_STEPS) + slack + over
        event = interlock.observe(minutes * MIN, reading(steps), ())
        assert (event is not None) == (most is not None and bool(over))
        if event is not None:
            assert event.detail == f"line A: {most + slack / ML_STEPS:.3f} mL pumped of {most:.3f} mL programmed"


@pytest.mark.requirement("GIP 3.5.2")
@pytest.mark.parametrize(
    ("late_ns", "runs", "trips"), [(LATE_NS, True, False), (LATE_NS + 1, True, True), (H, False, False)]
)
def test_a_call_that_comes_much_later_than_promised_stops_what_moves(late_ns, runs, trips):
    interlock = heard()
    interlock.observe(0, reading(0), ())
    interlock.let_through((command(ML if runs else 0),))
    interlock.promise(Step((), 7 * S, ()))
    event = interlock.observe(7 * S + late_ns, Tick(), ())
    assert (event is not None) == trips
    if event is not None:
        assert event.kind is DeviceEventKind.WATCHDOG
        assert event.detail == "called 10.0 s after it was promised"
        assert interlock.tripped is None, "a new start may pass"


def test_tripped_it_passes_stops_only():
    interlock = moving()
    event = interlock.observe(0, reading(500 + SLACK + 1), ())
    assert event is not None
    assert interlock.observe(0, reading(9_000_000), ()) is None, "it says so once"
    still = command(0)
    assert interlock.let_through((still,)) == ((still,), None)
    assert interlock.let_through((command(ML),)) == ((still,), event)


def test_it_looks_out_for_what_it_would_trip_on():
    """Half a minute and the slack beside what is commanded, so that no account is old; a line that stands: its slack."""
    interlock = moving()
    over, under, standing = interlock.promise(Step((), None, ())).watches
    out = SLACK + 30 * 100 * ML_STEPS / 3600
    assert (over.line, over.direction.value, over.per_h) == ("A", ">=", 100 * ML_STEPS)
    assert over.level == pytest.approx(500 + 1 + out, abs=1)
    assert over.from_ns == under.from_ns == 0
    assert (under.line, under.direction.value, under.per_h) == ("A", "<=", 100 * ML_STEPS)
    assert under.level == pytest.approx(500 - 1 - out, abs=1)
    assert (standing.line, standing.level, standing.per_h) == ("B", 6_601.0, 0.0)
    interlock.observe(H, Tick(), ())
    assert interlock.promise(Step((), None, ())).watches == (over, under, standing)
    interlock.observe(2 * H, reading(2_500), ())
    later, *_ = interlock.promise(Step((), None, ())).watches
    assert (later.from_ns, later.level) == (2 * H, pytest.approx(over.level + 4 * 500))


def test_it_looks_out_for_nothing_before_the_first_reading_or_at_a_drip():
    asks = Step((), None, ())
    assert Interlock(STROKES).promise(asks) == asks
    drip = Interlock(GRAVITY[0])
    assert drip.observe(0, SensorReading((LineReading("A", 0, 0.0, False),), 0.0), ()) is None
    drip.observe(0, LoadProgram("A", program(100)), ())
    drip.let_through((MotorCommand((LineMotion("A", 100 * ML),)),))
    assert drip.observe(H, SensorReading((LineReading("A", 9_000, 0.0, False),), 0.0), ()) is None
    assert drip.promise(asks) == asks


def test_its_state_is_a_value_to_continue_from():
    interlock = moving(1)
    interlock.promise(Step((), 2 * H, ()))
    status = decode(InterlockStatus, encode(interlock.status))
    again = Interlock(STROKES, status)
    assert again.status == interlock.status
    late = [i.observe(3 * H, reading(500), ()) for i in (interlock, again)]
    assert late[0] == late[1] is not None


@pytest.mark.parametrize("model", [STROKES, with_mechanism(STROKES, Interleave.WHOLE_STROKE, None), SMOOTH])
def test_runaway_device_is_stopped_and_alarmed_and_stays_stopped(model):
    """The mechanism pumps twice what it was told: the pump stops it, alarms, and refuses to go on."""
    pump, per_ml = Pump(model), 10**12 // model.mechanism.step_fl
    pump.step(0, reading(0))
    pump.step(0, LoadProgram("A", program(100)))
    assert any(isinstance(o, MotorCommand) and o.moving for o in pump.step(0, Start("A")).outputs)
    outputs = ()
    for minute in range(1, 60):
        outputs = pump.step(minute * MIN, reading(minute * 2 * 100 * per_ml // 60)).outputs
        if outputs:
            break
    assert minute == 1, "3.33 mL against 2 mL and the slack, 0.8 mL"
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


def test_a_stalled_motor_is_stopped_alarmed_and_may_be_tried_again():
    pump = Pump(STROKES)
    pump.step(0, reading(0))
    pump.step(0, LoadProgram("A", program(100)))
    pump.step(0, Start("A"))
    outputs = pump.step(2 * MIN, reading(0)).outputs
    assert [o.alarm.value for o in outputs if isinstance(o, AlarmRaised)] == ["motor-stall"]
    assert [o.moving for o in outputs if isinstance(o, MotorCommand)] == [False]
    pump.step(3 * MIN, Acknowledge())
    assert any(isinstance(o, MotorCommand) and o.moving for o in pump.step(4 * MIN, Start("A")).outputs)


def test_a_pump_that_is_called_much_too_late_stands_and_alarms():
    pump = Pump(SMOOTH)
    pump.step(0, reading(0))
    pump.step(0, LoadProgram("A", program(100, delay_ns=H)))
    pump.step(0, LoadProgram("B", program(100, 50.0, LineMode.CONCURRENT)))
    pump.step(0, Start("B"))
    promised = pump.step(0, Start("A")).wake_at_ns
    assert promised == H
    outputs = pump.step(H + 11 * S, reading(0, 100 * ML)).outputs
    assert [o.alarm.value for o in outputs if isinstance(o, AlarmRaised)][-1] == "watchdog"
    assert [o.moving for o in outputs if isinstance(o, MotorCommand)][-1] is False
