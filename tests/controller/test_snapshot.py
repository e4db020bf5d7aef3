"""A pump that is put away and taken up again: exactly as it was, or at a new power-on with what survives of it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.codec import decode, encode
from pumpsim.controller import Pump
from pumpsim.vocabulary.courses import Demand, DoseLimit, LockoutFrom, Profile, Repeat, Segment
from pumpsim.vocabulary.inputs import (
    DeviceEventKind,
    GiveBolus,
    LoadProgram,
    RequestDose,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import CommandRejected, DoseDenied, LineState
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.snapshot import Snapshot
from tests.build import MIN, STROKES, H, S, program
from tests.controller.power_bench import FULL, ML, Bench, event, words
from tests.controller.scripts import ASKS, commands, events, happenings

BLANK = Pump(FULL).state
LOST, ON = DeviceEventKind.MAINS_LOST, DeviceEventKind.POWERED_ON


def written_and_read(snapshot: Snapshot) -> Snapshot:
    read = decode(Snapshot, json.loads(json.dumps(encode(snapshot))))
    assert isinstance(read, Snapshot)
    return read


@given(st.lists(happenings, min_size=1, max_size=25), st.data())
def test_taken_up_again_at_any_step_it_goes_on_bit_equal(script, data):
    bench = Bench()
    for pause_ns, happening in script:
        bench.pass_time(pause_ns)
        bench.give(bench.reading(happening) if isinstance(happening, float) else happening)
    at = data.draw(st.integers(0, len(bench.steps)))
    pump = Pump(FULL)
    for number, (now_ns, happening, step) in enumerate(bench.steps):
        if number == at:
            pump = Pump.resume(FULL, written_and_read(pump.snapshot()))
        assert pump.step(now_ns, happening) == step
    assert pump.snapshot() == bench.pump.snapshot()


@given(st.lists(happenings, max_size=25), st.lists(st.tuples(st.integers(0, 2 * H), events), max_size=8))
def test_after_a_power_on_nothing_moves_until_the_operator_starts(script, later):
    bench = Bench()
    for pause_ns, happening in script:
        bench.pass_time(pause_ns)
        bench.give(bench.reading(happening) if isinstance(happening, float) else happening)
    bench.cut()
    power = bench.pump.state.unit.power
    assert power.off is not bool(power.mains or power.charge_ns), "there is something to run on"
    for pause_ns, happening in later:
        bench.look(pause_ns)
        bench.give(happening)
        assert not bench.moving
    assert not bench.pump.state.motor.moving


@given(
    st.sampled_from([program(100, 5, at_end=AtEnd.STOP), InfusionProgram(90 * ML, 5 * ML, at_end=AtEnd.STOP)]),
    st.lists(
        st.tuples(
            st.integers(0, 3 * MIN),
            st.sampled_from([None, Start(), Start(), Stop(), Titrate("A", 30 * ML), GiveBolus("A", ML), Tick()]),
        ),
        max_size=20,
    ),
)
def test_never_more_than_programmed_over_any_number_of_cuts(programmed, script):
    """None: the power is cut, and is back at once."""
    bench = Bench()
    bench.give(LoadProgram("A", programmed))
    bench.give(Start())
    for pause_ns, happening in script:
        bench.look(pause_ns)
        if happening is None:
            bench.cut()
            bench.give(bench.reading())
        else:
            bench.give(happening)
        assert bench.pumped["A"] <= 50_000
    bench.give(Start())
    bench.look(H)
    assert bench.pumped["A"] == 50_000, "5 mL of 0.1 uL, and the rest comes when it is started"
    assert bench.pump.state.line("A").state is LineState.COMPLETE


def of_old(value: object, then_ns: int, name: str = "") -> list[str]:
    """Instants, by the names of their fields, that still read as if they were of an epoch long over."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in ("program", "asked", "power")}
        return [found for key, inner in kept.items() for found in of_old(inner, then_ns, key)]
    if isinstance(value, list):
        return [found for inner in value for found in of_old(inner, then_ns, name)]
    return [name] if name.endswith("_ns") and isinstance(value, int) and value > then_ns // 2 else []


@given(st.lists(happenings, max_size=25))
def test_no_instant_of_the_time_before_is_left(script):
    """The script begins late, so that an instant that was not rebased is far in the future; only ends that were a few hours
    ahead may be ahead."""
    bench = Bench()
    late_ns = 1000 * H
    bench.pass_time(late_ns)
    for pause_ns, happening in script:
        bench.pass_time(pause_ns)
        bench.give(bench.reading(happening) if isinstance(happening, float) else happening)
    pump = Pump.power_on(FULL, bench.pump.snapshot())
    assert of_old(encode(pump.state), late_ns) == []
    pump.step(0, event(ON))
    assert of_old(encode(pump.state), late_ns) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "pumpsim-snapshot/0"}, "this version reads 'pumpsim-snapshot/1'"),
        ({"model": "other"}, "a snapshot of model other, not of dual-channel-cassette"),
        ({"state": Pump(replace(STROKES, lines=("A",), backpriming=None)).state}, "of the lines A, not of A, B"),
        ({"state": replace(BLANK, lines=BLANK.lines[::-1])}, "of the lines B, A, not of A, B"),
        (
            {"model": "other", "state": replace(BLANK, lines=BLANK.lines[::-1])},
            "^a snapshot of model other, not of dual-channel-cassette; a snapshot of the lines B, A, not of A, B$",
        ),
    ],
)
def test_a_snapshot_that_does_not_fit_is_refused(change, says):
    snapshot = replace(Pump(FULL).snapshot(), **change)
    for take_up in (Pump.resume, Pump.power_on):
        with pytest.raises(ValueError, match=says):
            take_up(FULL, snapshot)


@pytest.mark.parametrize(
    ("loaded_at", "counted", "since"), [(0, 0, 0), (0, 500, -500), (200, 500, -300), (500, 500, 0)]
)
def test_the_interlock_counts_from_where_the_programme_was_loaded(loaded_at, counted, since):
    """In steps of the new power-on, which begin at 0; a minute passed since."""
    bench = Bench()
    bench.pumped["A"] = loaded_at
    bench.give(bench.reading())
    bench.give(LoadProgram("A", program(60)))
    bench.pass_time(MIN)
    bench.pumped["A"] = counted
    bench.give(bench.reading())
    interlock = Pump.power_on(FULL, bench.pump.snapshot()).snapshot().interlock
    asked_of_a = interlock.lines[0].asked
    assert (asked_of_a.since_steps, asked_of_a.since_ns, interlock.now_ns) == (since, -MIN, 0)


def test_until_it_is_switched_on_it_refuses_everything():
    bench = Bench()
    bench.give(LoadProgram("A", program(60)))
    bench.give(Start())
    pump = Pump.power_on(FULL, bench.pump.snapshot())
    assert words(pump.step(0, Start()).outputs) == ["CommandRejected start"]
    assert pump.step(H, bench.reading()).outputs == ()
    assert pump.step(H, Tick()) == pump.step(2 * H, Tick())
    assert pump.state.line("A").owed == 0
    assert words(pump.step(2 * H, event(ON)).outputs) == [
        "PowerChanged mains",
        "DeliveryEvent delivery-stopped A",
        "AlarmRaised power-lost",
    ]
    assert pump.step(2 * H, event(ON)).outputs == (), "it is on"


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ((), LineState.EMPTY),
        ((LoadProgram("A", program(60)),), LineState.READY),
        ((LoadProgram("A", program(60, delay_ns=H)), Start()), LineState.READY),
        ((LoadProgram("A", program(60)), Start()), LineState.HELD),
        ((LoadProgram("A", program(60)), Start(), Stop()), LineState.HELD),
        ((LoadProgram("A", program(60)), Standby("A", H)), LineState.HELD),
        ((LoadProgram("A", program(60)), Start(), event(DeviceEventKind.DEVICE_FAULT)), LineState.HELD),
        ((LoadProgram("A", program(60, 0.5, at_end=AtEnd.KVO)), Start(), MIN), LineState.HELD),
        ((LoadProgram("A", program(60, 0.5, at_end=AtEnd.STOP)), Start(), MIN), LineState.COMPLETE),
    ],
    ids=["empty", "ready", "delayed", "infusing", "held", "standby", "alarm", "kvo", "complete"],
)
def test_what_becomes_of_a_line(before, state):
    bench = Bench()
    for given_now in before:
        if isinstance(given_now, int):
            bench.look(given_now)
        else:
            bench.give(given_now)
    bench.cut()
    assert bench.pump.state.line("A").state is state


def test_a_primary_that_was_paused_waits_as_well():
    bench = Bench()
    bench.give(LoadProgram("A", program(60)))
    bench.give(LoadProgram("B", program(120, 4, LineMode.PIGGYBACK)))
    bench.give(Start())
    assert bench.pump.state.line("A").state is LineState.PAUSED
    bench.cut()
    assert {status.state for status in bench.pump.state.lines} == {LineState.HELD}
    bench.give(bench.reading())
    bench.give(Start("B"))
    assert bench.pump.state.line("A").state is LineState.HELD, "who was not started does not resume after it"


def test_a_kvo_goes_on_as_kvo():
    bench = Bench()
    bench.give(LoadProgram("A", program(60, 0.5)))
    bench.give(Start())
    bench.look(MIN)
    bench.cut()
    bench.give(bench.reading())
    assert words(bench.give(Start("A")).outputs) == ["DeliveryEvent delivery-started A", "motor 1 0"]


ON_REQUEST = InfusionProgram(5 * ML, demand=Demand(ML, 10 * MIN), limit=DoseLimit(2 * ML, 24 * H, continuous=False))


def asked(bench: Bench) -> str:
    """Why a request is denied; empty when it is granted."""
    return next((o.reason for o in bench.give(RequestDose("A")).outputs if isinstance(o, DoseDenied)), "")


@pytest.mark.parametrize("rule", list(LockoutFrom))
def test_a_dose_is_dropped_and_its_lockout_is_kept(rule):
    """A dose of 1 mL at 200 mL/h takes 18 s; it is cut after 6 s. As if no time had passed meanwhile."""
    demand = Demand(ML, 10 * MIN, rule)
    bench = Bench()
    bench.give(LoadProgram("A", replace(ON_REQUEST, demand=demand)))
    bench.give(Start())
    assert asked(bench) == ""
    bench.pass_time(6 * S)
    assert "DeliveryEvent bolus-stopped A" in words(bench.cut().outputs)
    bench.give(bench.reading())
    bench.give(Start())
    end_ns = 10 * MIN if rule is LockoutFrom.END else 10 * MIN - 6 * S
    bench.pass_time(end_ns - 1)
    bench.give(bench.reading())
    assert asked(bench) == "lockout"
    bench.pass_time(1)
    assert asked(bench) == ""
    requests = bench.pump.state.line("A").course.requests
    assert (requests.made, requests.granted, requests.denied) == (3, 2, 1)


def test_a_question_is_dropped():
    bench = Bench()
    bench.give(LoadProgram("A", InfusionProgram(80 * ML, drug=ASKS)))
    assert bench.pump.state.unit.asked is not None
    refused = [o for o in bench.cut().outputs if isinstance(o, CommandRejected)]
    assert [o.reason for o in refused] == ["not confirmed: power lost"]
    assert bench.pump.state.unit.asked is None


def test_totals_and_windows_survive():
    bench = Bench()
    bench.give(LoadProgram("A", ON_REQUEST))
    bench.give(Start())
    for _ in range(2):
        assert asked(bench) == ""
        bench.look(11 * MIN)
    before = bench.pump.state.line("A")
    bench.cut()
    bench.give(bench.reading())
    after = bench.pump.state.line("A")
    assert (after.program, after.rate_nl_per_h, after.owed) == (before.program, before.rate_nl_per_h, before.owed)
    assert after.course.dosed == before.course.dosed == 2 * ML * 3_600_000_000_000
    bench.give(Start())
    bench.look(20 * MIN)
    assert asked(bench) == "limit of the window"


def test_a_repeat_comes_no_earlier():
    """5 mL every hour at 60 mL/h: 5 min of each hour. Cut at 20 min, started at once: the next is 40 min later."""
    bench = Bench()
    bench.give(LoadProgram("A", InfusionProgram(60 * ML, course=Repeat(5 * ML, H))))
    bench.give(Start())
    bench.look(20 * MIN)
    bench.cut()
    bench.give(bench.reading())
    bench.give(Start())
    bench.look(40 * MIN - 1)
    assert bench.pumped["A"] == 50_000
    bench.look(5 * MIN + 1)
    assert bench.pumped["A"] == 100_000


def test_what_is_temporary_has_what_was_left_of_it():
    bench = Bench()
    bench.give(LoadProgram("A", program(60)))
    bench.give(Start())
    bench.give(SetTemporary("A", H, percent=50))
    bench.look(40 * MIN)
    bench.cut()
    bench.give(bench.reading())
    assert words(bench.give(Start()).outputs)[-1] == "motor 30 0"
    bench.look(20 * MIN - 1)
    assert words(bench.look(1).outputs)[-1] == "motor 60 0"


PROFILE = InfusionProgram(10 * ML, course=Profile((Segment(0, 10 * ML), Segment(12 * H, 40 * ML))))


def test_a_profile_does_not_start_before_the_clock_is_set():
    bench = Bench()
    bench.give(SetClock(11 * H))
    bench.give(LoadProgram("A", PROFILE))
    bench.give(Start())
    bench.look(2 * H)
    bench.cut()
    bench.give(bench.reading())
    (refused,) = bench.give(Start()).outputs
    assert isinstance(refused, CommandRejected)
    assert refused.reason == "the clock is not set, and the programme goes by time of day"
    bench.give(SetClock(3 * H))
    assert words(bench.give(Start()).outputs)[-1] == "motor 10 0"


@pytest.mark.parametrize(
    ("set_to_ns", "rate"), [(12 * H - 1, 10), (12 * H, 40), (24 * H - 1, 40), (24 * H, 10), (25 * H, 10), (-1, 40)]
)
def test_a_profile_follows_the_clock_at_once_forward_and_back(set_to_ns, rate):
    bench = Bench()
    bench.give(LoadProgram("A", PROFILE))
    for before_ns in (11 * H, 13 * H):
        bench.give(SetClock(before_ns))
        if bench.pump.state.line("A").state is LineState.READY:
            bench.give(Start())
        bench.look(MIN)
    bench.give(SetClock(set_to_ns))
    assert [m.rate_nl_per_h for m in bench.pump.state.motor.lines] == [rate * ML, 0]


def test_over_midnight():
    bench = Bench()
    bench.give(SetClock(24 * H - MIN))
    bench.give(LoadProgram("A", PROFILE))
    bench.give(Start())
    assert bench.steps[-1][2].wake_at_ns == MIN
    bench.pass_time(MIN)
    assert words(bench.give(Tick()).outputs) == ["DeliveryEvent rate-changed A", "motor 10 0"]


@given(commands)
def test_the_battery_keeps_its_charge(command):
    bench = Bench()
    bench.give(event(LOST))
    bench.look(H)
    bench.give(command)
    bench.cut()
    assert bench.steps[-1][2].wake_at_ns == 3 * H - 15 * MIN
