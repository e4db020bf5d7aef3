"""Power lost and back: what a pump knows of its battery, of the time of day and of conditions when it is on again."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.controller import Pump
from pumpsim.controller.power import JUDGED_ANEW
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.courses import Profile, Segment
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    Confirm,
    DeviceEventKind,
    GiveBolus,
    LoadProgram,
    PauseAudio,
    RequestDose,
    ResetAir,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import Reminders
from pumpsim.vocabulary.outputs import (
    AlarmCleared,
    AlarmRaised,
    CommandRejected,
    DeliveryEvent,
    DeliveryEventKind,
    LineState,
    SignalChanged,
)
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.status import AlarmStatus, PowerStatus, SignalStatus
from tests.build import MIN, H, S, program
from tests.controller.power_bench import FULL, Bench, event, words
from tests.controller.test_power import BACK, LOST, OFF, ON, STOPPED, on_battery

EMPTY_AT = 4 * H
"""After so long on its battery it is off."""


@pytest.mark.parametrize("charged_ns", [1, H, 2 * H])
def test_a_battery_that_went_empty_is_charged_from_nothing(charged_ns):
    """8 h for 4 h of running; it is low below 15 min, and off at once where it holds nothing."""
    bench = on_battery()
    bench.look(EMPTY_AT)
    bench.pass_time(H)
    bench.give(event(BACK))
    bench.pass_time(charged_ns)
    step = bench.give(event(LOST))
    power = bench.pump.state.unit.power
    assert (power.off, power.charge_ns) == (charged_ns == 1, charged_ns // 2)
    if charged_ns > 1:
        assert step.wake_at_ns == bench.now_ns + charged_ns // 2 - 15 * MIN


def test_what_was_silenced_before_the_power_went_sounds_anew():
    """The door was acknowledged, and audio paused for an hour, before there was no power left."""
    bench = on_battery()
    bench.look(EMPTY_AT - 1)
    bench.give(event(DeviceEventKind.DOOR_OPENED))
    bench.give(Acknowledge())
    bench.give(PauseAudio(H))
    bench.pass_time(1)
    assert OFF in words(bench.give(Tick()).outputs)
    assert bench.pump.state.unit.signals == SignalStatus()
    (sounds,) = [o for o in bench.give(event(BACK)).outputs if isinstance(o, SignalChanged)]
    assert (sounds.audible, sounds.paused) == (True, False)
    assert [one.acknowledged_ns for one in bench.pump.state.unit.signals.conditions] == [None, None]


def test_the_time_of_day_is_not_known_after_the_power_went():
    bench = Bench()
    bench.give(SetClock(H))
    bench.give(LoadProgram("A", InfusionProgram(10_000_000, course=Profile((Segment(0, 10_000_000),)))))
    bench.give(event(LOST))
    bench.look(EMPTY_AT)
    bench.give(event(BACK))
    (refused,) = bench.give(Start()).outputs
    assert isinstance(refused, CommandRejected)
    assert refused.reason == "the clock is not set, and the programme goes by time of day"


def put_away(bench: Bench, **power: object) -> Bench:
    """The same pump, its power cut, and on the bench again, still off."""
    bench.give(bench.reading())
    snapshot = bench.pump.snapshot()
    changed = replace(snapshot.state.unit.power, **power)
    state = snapshot.state.with_unit(replace(snapshot.state.unit, power=changed))
    bench.pump, bench.now_ns = Pump.power_on(bench.model, replace(snapshot, state=state)), 0
    return bench


def test_the_charge_falls_from_when_it_is_switched_on():
    """Put away for a day with 3 h left, it still has them."""
    bench = put_away(Bench(), mains=False, charge_ns=3 * H)
    bench.pass_time(24 * H)
    step = bench.give(event(ON))
    assert words(step.outputs) == ["PowerChanged battery", "AlarmRaised power-lost"]
    assert step.wake_at_ns == bench.now_ns + 3 * H - 15 * MIN
    assert bench.pump.state.unit.power == PowerStatus(False, 3 * H, 24 * H)


@pytest.mark.parametrize(("charge_ns", "on"), [(0, False), (1, True)])
def test_what_holds_anything_can_be_switched_on(charge_ns, on):
    bench = put_away(Bench(), mains=False, charge_ns=charge_ns)
    bench.give(event(ON))
    assert bench.pump.state.unit.power.off is not on


def test_switching_on_is_a_touch():
    """The model calls an idle pump after 5 min: from when it is switched on, not from when time began."""
    bench = Bench(replace(FULL, reminders=Reminders(idle_ns=5 * MIN, key_ns=None)))
    bench.give(LoadProgram("A", program(60)))
    bench = put_away(bench)
    bench.pass_time(H)
    assert bench.give(event(ON)).wake_at_ns == H + 5 * MIN


def test_conditions_that_stood_are_raised_with_their_line_and_why():
    """One that only pended is found anew, one that the pump finds by itself as well; one of a line is that line's."""
    bench = Bench()
    bench.give(LoadProgram("B", program(60, 5, LineMode.CONCURRENT, call_back=True)))
    bench.give(event(DeviceEventKind.DOOR_OPENED))
    snapshot = bench.pump.snapshot()
    found = (
        AlarmStatus(AlarmId.CALL_BACK, "B", 0, standing=True),
        AlarmStatus(AlarmId.OCCLUSION_PROXIMAL, "B", 0, standing=False),
        AlarmStatus(AlarmId.SYRINGE_OFF, None, 0, standing=False),
    )
    state = replace(snapshot.state, alarms=(*snapshot.state.alarms, *found))
    bench.pump = Pump.resume(FULL, replace(snapshot, state=state))
    bench.pump = Pump.power_on(FULL, bench.pump.snapshot())
    said = [o for o in bench.give(event(ON)).outputs if isinstance(o, AlarmRaised | AlarmCleared)]
    assert said == [
        AlarmCleared(AlarmId.DOOR_OPEN, None),
        AlarmCleared(AlarmId.CALL_BACK, "B"),
        AlarmRaised(AlarmId.POWER_LOST, None, Priority.HIGH),
        AlarmRaised(AlarmId.DOOR_OPEN, None, Priority.HIGH, "stood before the power was lost"),
        AlarmRaised(AlarmId.CALL_BACK, "B", Priority.MEDIUM, "stood before the power was lost"),
    ]


def test_a_model_without_the_conditions_runs_on_and_off_all_the_same():
    known = tuple(row for row in FULL.alarms if row.id not in (AlarmId.POWER_LOST, AlarmId.BATTERY_LOW))
    bench = on_battery(replace(FULL, alarms=known))
    assert words(bench.look(3 * H + 50 * MIN).outputs) == []
    assert words(bench.look(5 * MIN).outputs) == STOPPED
    assert bench.pump.state.line("A").state is LineState.ALARM
    bench.look(5 * MIN)
    said = ["AlarmCleared mains-lost", "AlarmCleared battery-depleted", "PowerChanged mains"]
    assert sorted(words(bench.give(event(BACK)).outputs)) == sorted(said)


def test_what_only_pended_is_measured_anew():
    """An occlusion must last for 4 s; it had been there for 2 s when the power went. No reading comes in between."""
    bench = Bench(with_occlusion_limit(replace(FULL, battery=None), 40.0, 4 * S))
    bench.give(LoadProgram("A", program(60)))
    bench.give(Start())
    bench.give(bench.reading(50.0))
    bench.pass_time(2 * S)
    assert [(o.kind, o.cause) for o in bench.give(event(LOST)).outputs if isinstance(o, DeliveryEvent)] == [
        (DeliveryEventKind.DELIVERY_STOPPED, "power lost")
    ]
    bench.pass_time(H)
    step = bench.give(event(BACK))
    assert words(step.outputs)[-1] == "AlarmRaised power-lost"
    assert step.wake_at_ns == bench.now_ns + 4 * S


@pytest.mark.parametrize("alarm", JUDGED_ANEW, ids=lambda alarm: alarm.value)
def test_what_the_pump_finds_by_itself_does_not_stand_on(alarm):
    """It is on its battery, which has been charged meanwhile."""
    bench = Bench()
    snapshot = bench.pump.snapshot()
    unit = replace(snapshot.state.unit, power=PowerStatus(False, 3 * H))
    state = replace(snapshot.state, alarms=(AlarmStatus(alarm, None, 0, standing=True),), unit=unit)
    bench.pump = Pump.power_on(FULL, replace(snapshot, state=state))
    raised = [(o.alarm, o.detail) for o in bench.give(event(ON)).outputs if isinstance(o, AlarmRaised)]
    assert raised == [(AlarmId.POWER_LOST, "")]


@pytest.mark.parametrize(
    ("command", "name", "about"),
    [
        (LoadProgram("A", program(60)), "load", "A"),
        (Start("A"), "start", "A"),
        (Start(), "start", None),
        (Stop("B"), "stop", "B"),
        (Titrate("A", 1), "titrate", "A"),
        (ChangeMode("B", LineMode.CONCURRENT), "mode", "B"),
        (GiveBolus("A", 1), "bolus", "A"),
        (StopBolus("A"), "stop-bolus", "A"),
        (RequestDose("A"), "request", "A"),
        (SetTemporary("A", 1), "temporary", "A"),
        (Standby("A", 1), "standby", "A"),
        (SetClock(0), "clock", None),
        (PauseAudio(), "pause-audio", None),
        (ResetAir(), "reset-air", None),
        (Confirm(), "confirm", None),
        (Acknowledge(), "acknowledge", None),
        (Acknowledge(AlarmId.IDLE), "acknowledge", "idle"),
    ],
)
def test_every_command_is_refused_by_its_name_while_the_pump_is_off(command, name, about):
    bench = put_away(Bench())
    assert bench.give(command).outputs == (CommandRejected(name, about, "the pump is off"),)


def test_without_a_battery_there_is_no_charge():
    bench = Bench(replace(FULL, battery=None))
    for kind in (LOST, BACK):
        bench.give(event(kind))
    assert bench.pump.state.unit.power == PowerStatus()
