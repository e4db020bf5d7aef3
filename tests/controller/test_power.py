"""Mains, battery, off: a fuel gauge of deadlines, and what a pump does when it has no power."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller import Pump
from pumpsim.controller.line_table import TABLE, Trigger
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId, Effect
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    DeviceEventKind,
    LoadProgram,
    PauseAudio,
    RequestDose,
    SetClock,
    Start,
    Tick,
)
from pumpsim.vocabulary.model import Battery
from pumpsim.vocabulary.outputs import AlarmRaised, CommandRejected, LineState, SignalChanged
from tests.build import MIN, H, S, program
from tests.controller.power_bench import FULL, Bench, event, words

LOST, BACK, ON = DeviceEventKind.MAINS_LOST, DeviceEventKind.MAINS_RESTORED, DeviceEventKind.POWERED_ON
STOPPED, OFF = ["AlarmRaised battery-depleted", "DeliveryEvent delivery-stopped A", "motor 0 0"], "PowerChanged off"


def running(model=FULL, kind=Pump) -> Bench:
    """Line A at 60 mL/h, on mains for 10 min."""
    bench = Bench(model, kind)
    bench.give(LoadProgram("A", program(60)))
    bench.give(Start("A"))
    bench.look(10 * MIN)
    return bench


def on_battery(model=FULL, kind=Pump) -> Bench:
    """The same, on its battery from 10 min on."""
    bench = running(model, kind)
    bench.give(event(LOST))
    return bench


def test_it_says_what_it_runs_on():
    bench = running()
    assert words(bench.give(event(LOST)).outputs) == ["AlarmRaised mains-lost", "PowerChanged battery"]
    assert words(bench.give(event(LOST)).outputs) == []
    assert words(bench.give(event(BACK)).outputs) == ["AlarmCleared mains-lost", "PowerChanged mains"]
    assert words(bench.give(event(BACK)).outputs) == []


@pytest.mark.requirement("GIP 5.1.4", "GIP 5.1.6")
@pytest.mark.parametrize(
    ("after_ns", "says"),
    [
        (3 * H + 45 * MIN - 1, []),
        (3 * H + 45 * MIN, ["AlarmRaised battery-low"]),
        (3 * H + 45 * MIN + 1, ["AlarmRaised battery-low"]),
        (3 * H + 55 * MIN - 1, ["AlarmRaised battery-low"]),
        (3 * H + 55 * MIN, ["AlarmRaised battery-low", *STOPPED]),
        (4 * H - 1, ["AlarmRaised battery-low", *STOPPED]),
    ],
)
def test_low_and_depleted(after_ns, says):
    """A late call finds all that is due by then, in its order; without the interlock, which stops what is called so late."""
    bench = on_battery(kind=PumpController)
    bench.pass_time(after_ns)
    assert words(bench.give(Tick()).outputs) == says


def test_it_says_how_long_the_battery_will_last():
    bench = on_battery()
    said = []
    for after_ns in (3 * H + 45 * MIN, 10 * MIN):
        bench.pass_time(after_ns)
        said += [o.detail for o in bench.give(Tick()).outputs if isinstance(o, AlarmRaised)]
    assert said[0] == "15 min left"
    assert said[-1] == "5 min left"


def test_at_the_end_everything_stops_and_nothing_is_due_any_more():
    bench = on_battery()
    for after_ns in (4 * H - 1, 1):
        bench.pass_time(after_ns)
        step = bench.give(Tick())
    assert words(step.outputs) == ["DeliveryEvent delivery-stopped A", OFF]
    assert (step.wake_at_ns, step.watches) == (None, ())
    assert bench.pump.state.line("A").state is LineState.HELD


def test_a_pump_that_goes_off_is_silent_and_sounds_when_it_is_on_again():
    bench = on_battery()
    bench.pass_time(4 * H)
    (silent,) = [o for o in bench.give(Tick()).outputs if isinstance(o, SignalChanged)]
    assert silent == SignalChanged(None, None, None, audible=False)
    (sounds,) = [o for o in bench.give(event(BACK)).outputs if isinstance(o, SignalChanged)]
    assert (sounds.alarm, sounds.audible) == (AlarmId.POWER_LOST, True)


def test_it_wakes_only_for_what_is_next():
    bench = on_battery()
    begun = bench.now_ns
    expected = [begun + 3 * H + 45 * MIN, begun + 3 * H + 55 * MIN, begun + 4 * H, None]
    found = [bench.steps[-1][2].wake_at_ns]
    while found[-1] is not None:
        bench.pass_time(found[-1] - bench.now_ns)
        found.append(bench.give(Tick()).wake_at_ns)
    assert found == expected


@pytest.mark.parametrize(
    ("used_ns", "charged_ns", "lasts_ns"),
    [
        (H, 0, 3 * H),
        (H, 1, 3 * H),
        (H, H, 3 * H + H // 2),
        (H, 2 * H, 4 * H),
        (H, 3 * H, 4 * H),
        (3 * H, H, 3 * H // 2),
    ],
)
def test_a_charge_falls_with_time_and_grows_half_as_fast(used_ns, charged_ns, lasts_ns):
    """4 h of running time are charged in 8 h."""
    bench = on_battery()
    bench.look(used_ns)
    bench.give(event(BACK))
    bench.look(charged_ns)
    step = bench.give(event(LOST))
    assert step.wake_at_ns == bench.now_ns + lasts_ns - 15 * MIN


def test_mains_clear_what_the_battery_had_come_to():
    bench = on_battery()
    bench.pass_time(3 * H + 56 * MIN)
    bench.give(Tick())
    assert words(bench.give(event(BACK)).outputs) == [
        "AlarmCleared mains-lost",
        "PowerChanged mains",
        "AlarmCleared battery-low",
        "AlarmCleared battery-depleted",
    ]
    assert bench.pump.state.line("A").state is LineState.ALARM, "and nothing goes on by itself"
    assert words(bench.give(event(LOST)).outputs)[2:] == ["AlarmRaised battery-low", "AlarmRaised battery-depleted"]


def test_a_depleted_battery_refuses_a_start():
    bench = on_battery()
    bench.look(3 * H + 56 * MIN)
    (refused,) = bench.give(Start("A")).outputs
    assert isinstance(refused, CommandRejected)
    assert refused.reason == "alarm battery-depleted stands"


def dark(model=replace(FULL, battery=None)) -> Bench:
    bench = running(model)
    bench.give(event(LOST))
    return bench


def test_without_a_battery_the_pump_is_off_at_once():
    bench = running(replace(FULL, battery=None))
    assert words(bench.give(event(LOST)).outputs) == [
        "AlarmRaised mains-lost",
        "DeliveryEvent delivery-stopped A",
        OFF,
        "motor 0 0",
    ]


@pytest.mark.parametrize("command", [Start(), Acknowledge(), SetClock(0), PauseAudio(), RequestDose("A"), Start("Z")])
def test_a_pump_that_is_off_refuses_every_command(command):
    bench = dark()
    before = bench.pump.state
    (refused,) = bench.give(command).outputs
    assert isinstance(refused, CommandRejected)
    assert refused.reason == "the pump is off"
    assert bench.pump.state == before


def test_a_pump_that_is_off_does_nothing_and_owes_nothing():
    bench = dark()
    owed = bench.pump.state.line("A").owed
    for given in (Tick(), bench.reading(500.0), event(LOST), event(ON), event(DeviceEventKind.DOOR_OPENED)):
        bench.pass_time(H)
        step = bench.give(given)
        assert (step.outputs, step.wake_at_ns, step.watches) == ((), None, ())
    assert bench.pump.state.line("A").owed == owed


def test_mains_switch_it_on_and_nothing_resumes_by_itself():
    bench = dark()
    bench.pass_time(H)
    assert words(bench.give(event(BACK)).outputs) == [
        "AlarmCleared mains-lost",
        "PowerChanged mains",
        "AlarmRaised power-lost",
    ]
    bench.look(H)
    assert not bench.moving
    assert words(bench.give(Start("A")).outputs) == ["DeliveryEvent delivery-started A", "motor 60 0"]


def test_conditions_that_were_declared_stand_on_and_what_was_measured_is_found_anew():
    bench = running()
    bench.give(event(DeviceEventKind.DOOR_OPENED))
    bench.give(bench.reading(500.0))
    assert words(bench.cut(500.0).outputs) == [
        "PowerChanged mains",
        "DeliveryEvent delivery-stopped A",
        "AlarmCleared door-open",
        "AlarmCleared occlusion-distal",
        "AlarmRaised power-lost",
        "AlarmRaised door-open",
    ]
    assert words(bench.give(bench.reading(500.0)).outputs) == ["AlarmRaised occlusion-distal"]


@pytest.mark.requirement("OPCA R7.3.0(4)")
def test_a_row_that_keeps_open_lets_a_low_battery_do_so():
    """Open PCA: 3 min left, warning and KVO. That it does is the row's."""
    rows = tuple(replace(r, effect=Effect.KVO) if r.id is AlarmId.BATTERY_LOW else r for r in FULL.alarms)
    bench = on_battery(replace(FULL, alarms=rows, battery=Battery(10 * MIN, H, 3 * MIN, S)))
    bench.pass_time(7 * MIN - 1)
    assert words(bench.give(Tick()).outputs) == []
    bench.pass_time(1)
    assert words(bench.give(Tick()).outputs) == [
        "AlarmRaised battery-low",
        "DeliveryEvent kvo-entered A",
        "motor 1 0",
    ]


@pytest.mark.requirement("OPCA battery-backup")
@pytest.mark.parametrize("model", [m for m in MODELS.values() if m.battery], ids=lambda m: m.id)
def test_every_battery_of_the_catalogue_keeps_the_pump_going(model):
    """For 10 min at least, and with time between its alarms (GIP 5.1.4, 5.1.6: at most 15 and 5 min left)."""
    battery = model.battery
    assert battery.full_ns - battery.depleted_ns >= 10 * MIN
    assert battery.full_ns > battery.low_ns > battery.depleted_ns > 0
    assert battery.low_ns <= 15 * MIN
    assert battery.depleted_ns <= 5 * MIN
    assert any("battery" in figure.figure for figure in model.sources)


def test_no_state_moves_or_waits_to_once_the_power_is_lost():
    quiet = (LineState.EMPTY, LineState.READY, LineState.HELD, LineState.COMPLETE)
    for state in LineState:
        lost = TABLE.get((state, Trigger.POWER_LOST))
        assert (state if lost is None else lost.to) in quiet, state
