"""Boluses, extended ones and dual ones beside, or in place of, a programme; on an ideal mechanism. PHYSICS V12, GIP 1.4."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.catalogue.insulin import OMNIPOD
from pumpsim.catalogue.peristaltic import INFUSOMAT_SPACE
from pumpsim.catalogue.pumps import with_smooth_drive
from pumpsim.vocabulary.alarms import Direction, Signal
from pumpsim.vocabulary.courses import Profile, Segment
from pumpsim.vocabulary.inputs import (
    DeviceEvent,
    DeviceEventKind,
    GiveBolus,
    LoadProgram,
    SetClock,
    SetTemporary,
    Start,
    Stop,
    StopBolus,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import CommandRejected, Watch
from pumpsim.vocabulary.program import InfusionProgram, bolus_faults
from tests.build import MIN, STROKES, H, S
from tests.controller.bench import Bench

ML, U = 1_000_000, 10_000
LVP = with_smooth_drive(INFUSOMAT_SPACE)
POD = replace(OMNIPOD, mechanism=LVP.mechanism)
PULSE_S = 2.0


def running(model, rate: int, vtbi: int | None = None, **more: object) -> Bench:
    bench = Bench(model)
    bench.give(SetClock(0))
    bench.give(LoadProgram("A", InfusionProgram(rate, vtbi, at_end=AtEnd.STOP, **more)))  # type: ignore[arg-type]
    assert not any(isinstance(o, CommandRejected) for o in bench.give(Start()))
    return bench


def quiet(model) -> Bench:
    """An insulin pump whose basal rate is 0 until the evening."""
    return running(model, 0, course=Profile((Segment(0, 0), Segment(20 * H, U))))


def test_where_nothing_runs_after_a_dose_the_motor_has_its_end():
    """1.0 U over an hour, of which half is in when 0.2 U are given at once; a step is 1 nL, and 10 of them are 1 mU."""
    bench = quiet(POD)
    ends = []
    for at_ns, bolus in ((0, GiveBolus("A", U, over_ns=H)), (30 * MIN, GiveBolus("A", U // 5)), (40 * MIN, None)):
        bench.do(at_ns, *([] if bolus is None else [bolus]))
        ends.append(bench.pump.state.motor.lines[0].stop_at_step)
    assert ends == [10_000, 7_000, 12_000]
    bench.run(2 * H)
    assert bench.steps() == 12_000


def test_the_end_of_a_dose_that_is_all_owed_is_watched():
    """0.2 U at 90 U/h, the bolus rate: 8 s. The motor has not quite come to it."""
    bench = quiet(POD)
    bench.give(GiveBolus("A", U // 5))
    due_ns = bench.given[-1][2].wake_at_ns
    before = bench.pump.step(due_ns - 1, bench.reading())
    after = bench.pump.step(due_ns, bench.reading())
    end = Watch(Signal.STEPS, "A", Direction.AT_LEAST, 2_000.0)
    assert (end in before.watches, end in after.watches) == (False, True)


def test_an_omnipod_bolus_is_22_pulses_in_44_s():
    """V12: 1.10 U, a pulse of 0.05 U every 2 s; the last is in at 44 s, and not one more comes."""
    bench = quiet(OMNIPOD)
    bench.give(GiveBolus("A", 11_000))
    counts = []
    for second in (1, 2, 3, 42, 43, 44, 45, 3600):
        bench.run(second * S)
        counts.append(bench.steps())
    assert counts == [0, 1, 1, 21, 21, 22, 22, 22]
    assert bench.minutes("bolus-complete") == [round(44 / 60, 6)]


@pytest.mark.parametrize("model", [OMNIPOD, POD])
@pytest.mark.parametrize("rests_from_h", [0.5, 1.0, 1.5])
def test_a_bolus_gives_all_of_its_volume_where_the_basal_rate_comes_to_rest_beside_it(model, rests_from_h):
    """1 U/h until then, none for an hour, then 1 U/h again; beside it 2 U over 2 h."""
    rests_ns, bench = round(rests_from_h * H), running(model, U)
    bench.give(GiveBolus("A", 2 * U, over_ns=2 * H))
    bench.do(rests_ns, SetTemporary("A", H, percent=0))
    bench.run(4 * H)
    assert bench.ml() == pytest.approx((4 - 1 + 2) * U / ML, abs=5e-7)
    assert bench.minutes("bolus-complete") == [120.0]


@pytest.mark.requirement("GIP 1.4.9")
@pytest.mark.parametrize(("beyond_ns", "faults"), [(-1, ()), (0, ()), (1, ("a bolus is given over 8 h at most",))])
def test_an_extended_bolus_has_a_longest_duration(beyond_ns, faults):
    assert bolus_faults(OMNIPOD, 2 * U, None, 8 * H + beyond_ns) == faults
    refused = [
        o
        for o in quiet(OMNIPOD).give(GiveBolus("A", 2 * U, over_ns=8 * H + beyond_ns))
        if isinstance(o, CommandRejected)
    ]
    assert [o.reason for o in refused] == list(faults)


def test_what_is_less_than_a_pulse_is_carried_to_the_next_dose():
    """Four times 0.03 U: 0.12 U are two pulses, and 0.02 U stay owed."""
    bench = quiet(OMNIPOD)
    counts = []
    for minute in range(4):
        bench.do(minute * MIN, GiveBolus("A", 300))
        bench.run(minute * MIN + 30 * S)
        counts.append(bench.steps())
    assert counts == [0, 1, 1, 2]


@given(st.lists(st.tuples(st.integers(1, 3_000), st.integers(1, 40)), min_size=1, max_size=20))
def test_never_more_than_programmed_and_never_a_pulse_less(script):
    """However boluses follow one another beside a basal rate of 0.55 U/h."""
    bench = running(OMNIPOD, 5_500)
    at_ns, asked = 0, 0
    for volume, minutes in script:
        at_ns += minutes * MIN
        outputs = bench.do(at_ns, GiveBolus("A", volume))
        if not any(isinstance(o, CommandRejected) for o in outputs):
            asked += volume
        owed = bench.line().owed
        assert owed - 500 * 3_600_000_000_000 < bench.moved["A"] <= owed
    bench.run(at_ns + 2 * H)
    nl = bench.moved["A"] / 3.6e12
    programmed = 5_500 * bench.now_ns / (3600 * S) + asked
    assert programmed - 500 - 0.01 <= nl <= programmed + 0.01


@pytest.mark.requirement("GIP 1.4.4", "GIP 1.4.2")
def test_a_bolus_beside_the_basal_rate_leaves_it_alone():
    bench = running(POD, U)
    bench.do(H, GiveBolus("A", 5 * U, rate_nl_per_h=30 * U))
    assert bench.rate() == 0.31
    bench.run(2 * H)
    assert bench.rate() == 0.01
    assert bench.ml() == pytest.approx(0.02 + 0.05, abs=1e-9)
    assert bench.minutes("bolus-complete") == [70.0]


@pytest.mark.requirement("GIP 1.4.3")
def test_bolus_and_basal_stay_within_the_maximum_and_the_bolus_gives_way():
    bench = running(POD, 30 * U)
    bench.do(H, GiveBolus("A", 6 * U))
    assert bench.rate() == 0.9, "90 U/h is all it can"
    bench.run(2 * H)
    assert bench.minutes("bolus-complete") == [66.0], "6 U at 60 U/h"
    assert bench.ml() == pytest.approx(0.6 + 0.06, abs=1e-9)


@pytest.mark.requirement("GIP 1.4.1", "GIP 1.4.5", "GIP 1.4.6", "GIP 1.4.7")
def test_a_normal_bolus_suspends_the_extended_one_which_then_resumes():
    bench = running(POD, U)
    bench.give(GiveBolus("A", 2 * U, over_ns=H))
    assert bench.rate() == 0.03
    bench.do(30 * MIN, GiveBolus("A", 3 * U, rate_nl_per_h=30 * U))
    assert bench.rate() == 0.31
    bench.run(36 * MIN)
    assert bench.rate() == 0.03
    bench.run(2 * H)
    assert bench.minutes("bolus-complete") == [36.0, 66.0]
    assert bench.ml() == pytest.approx(0.02 + 0.05, abs=1e-9)


@pytest.mark.requirement("GIP 1.4.8")
def test_one_extended_bolus_at_a_time():
    bench = running(POD, U)
    bench.give(GiveBolus("A", 2 * U, over_ns=H))
    (refused,) = bench.give(GiveBolus("A", U, over_ns=H))
    assert "extended bolus is being given" in refused.reason
    bench.give(GiveBolus("A", U))
    (refused,) = bench.give(GiveBolus("A", U))
    assert "a bolus is being given" in refused.reason


def test_basal_steps_under_a_running_extended_bolus():
    day = Profile((Segment(0, U), Segment(H, 2 * U)))
    bench = running(POD, U, course=day)
    bench.do(30 * MIN, GiveBolus("A", 2 * U, over_ns=H))
    found = []
    for minute in (59, 61, 89, 91):
        bench.run(minute * MIN)
        found.append(bench.rate())
    assert found == [0.03, 0.04, 0.04, 0.02]


def test_in_place_of_the_rate_and_within_the_vtbi_on_a_large_volume_pump():
    """10 mL at 600 mL/h take a minute, in which the 60 mL/h stand; the VTBI of 20 mL is in ten minutes sooner, less that."""
    bench = running(LVP, 60 * ML, 20 * ML)
    bench.do(5 * MIN, GiveBolus("A", 10 * ML, rate_nl_per_h=600 * ML))
    assert bench.rate() == 600
    bench.run(6 * MIN)
    assert bench.rate() == 60
    bench.run(H)
    assert bench.ml() == 20.0
    assert bench.minutes("delivery-complete") == [11.0]


def test_a_bolus_ends_with_the_vtbi():
    bench = running(LVP, 60 * ML, 20 * ML)
    bench.do(15 * MIN, GiveBolus("A", 10 * ML, rate_nl_per_h=600 * ML))
    bench.run(H)
    assert bench.ml() == 20.0
    assert bench.minutes("delivery-complete") == [15.5]
    assert bench.minutes("bolus-stopped") == [15.5]


def test_by_time_the_rate_follows():
    bench = running(LVP, 60 * ML)
    bench.give(GiveBolus("A", 10 * ML, over_ns=2 * MIN))
    assert bench.rate() == 300
    (refused,) = bench.give(GiveBolus("A", 10 * ML))
    assert "one bolus at a time" in refused.reason


@pytest.mark.parametrize("ends", ["stop", "stop-bolus", "alarm"])
def test_what_ends_a_bolus_early_ends_it_for_good(ends):
    bench = running(POD, U)
    bench.give(GiveBolus("A", 6 * U, rate_nl_per_h=60 * U))
    action = {
        "stop": Stop("A"),
        "stop-bolus": StopBolus("A"),
        "alarm": DeviceEvent(DeviceEventKind.DEVICE_FAULT, "broken"),
    }[ends]
    bench.do(2 * MIN, action)
    assert bench.minutes("bolus-stopped") == [2.0]
    assert bench.rate() == (0.01 if ends == "stop-bolus" else 0.0)
    assert bench.line().course.doses == ()


@pytest.mark.requirement("GIP 1.4.11")
def test_no_bolus_while_an_alarm_stands_or_nothing_runs():
    bench = running(POD, U)
    bench.give(DeviceEvent(DeviceEventKind.DEVICE_FAULT, "broken"))
    (refused,) = bench.give(GiveBolus("A", U))
    assert refused.reason == "line A is alarm: a bolus needs a running programme; an alarm stands"
    (refused,) = bench.give(StopBolus("A"))
    assert "gives no bolus" in refused.reason


def test_titrating_under_a_bolus():
    bench = running(POD, U)
    bench.give(GiveBolus("A", 6 * U, rate_nl_per_h=60 * U))
    bench.do(2 * MIN, Titrate("A", 2 * U))
    assert bench.rate() == 0.62
    bench.run(7 * MIN)
    assert bench.rate() == 0.02


@pytest.mark.parametrize(
    ("model", "volume", "rate", "over", "says"),
    [
        (STROKES, ML, None, None, "gives no bolus"),
        (POD, 0, None, None, "must be above 0"),
        (POD, 25 * U, None, None, ""),
        (POD, 25 * U + 1, None, None, "is above 0.25 mL"),
        (POD, U, 90 * U, None, ""),
        (POD, U, 90 * U + 1, None, "outside"),
        (POD, U, 0, None, "outside"),
        (POD, U, None, 40 * S, ""),
        (POD, U, None, 40 * S - 1, "in that time is above"),
        (POD, U, U, H, "not both"),
    ],
)
def test_what_a_model_holds_against_a_bolus(model, volume, rate, over, says):
    faults = bolus_faults(model, volume, rate, over)
    assert says in "; ".join(faults)
    assert bool(faults) == bool(says)
