"""Programmes beyond one rate: what comes first, stages, repeats, a day's profile, temporary rates; on an ideal mechanism."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.catalogue.implanted import SYNCHROMED_II
from pumpsim.catalogue.insulin import OMNIPOD
from pumpsim.catalogue.peristaltic import LINEAR_PERISTALTIC
from pumpsim.catalogue.pumps import with_smooth_drive
from pumpsim.controller import Pump
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.courses import (
    DAY_NS,
    Profile,
    Repeat,
    Segment,
    Stage,
    Stages,
    TaperRule,
    stage_over,
    taper,
    third,
)
from pumpsim.vocabulary.inputs import (
    LineReading,
    LoadProgram,
    SensorReading,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, CommandRejected, DeliveryEvent, LineState
from pumpsim.vocabulary.program import InfusionProgram, program_faults
from tests.build import MIN, STROKES, H, S
from tests.controller.bench import Bench

ML, U = 1_000_000, 10_000
LVP = with_smooth_drive(LINEAR_PERISTALTIC)
POD = replace(OMNIPOD, mechanism=LVP.mechanism)
"""An insulin pump with a smooth drive: analytic cases are exact."""


def program(rate: int, vtbi: int | None = None, **more: object) -> InfusionProgram:
    return InfusionProgram(rate, vtbi, at_end=AtEnd.STOP, **more)  # type: ignore[arg-type]


def started(model, given, clock_ns: int | None = None) -> Bench:
    bench = Bench(model)
    if clock_ns is not None:
        bench.give(SetClock(clock_ns))
    assert not any(isinstance(o, CommandRejected) for o in bench.give(LoadProgram("A", given)) + bench.give(Start()))
    return bench


def rates(bench: Bench, *minutes: float) -> list[float]:
    found = []
    for minute in minutes:
        bench.run(round(minute * MIN))
        found.append(bench.rate())
    return found


STEPS = Stages((stage_over(50 * ML, 30 * MIN), stage_over(100 * ML, 30 * MIN), Stage(200 * ML, 50 * ML)))


def test_stages_follow_what_is_owed_and_end_with_their_volumes():
    bench = started(LVP, program(50 * ML, 125 * ML, course=STEPS))
    assert rates(bench, 0, 29.999, 30, 59.999, 60, 74.999) == [50, 50, 100, 100, 200, 200]
    bench.run(2 * H)
    assert bench.minutes("delivery-complete") == [75.0]
    assert bench.ml() == 125.0
    assert bench.minutes("rate-changed") == [30.0, 60.0]


def test_a_held_stage_goes_on_where_it_was():
    bench = started(LVP, program(50 * ML, 125 * ML, course=STEPS))
    bench.do(45 * MIN, Stop("A"))
    bench.do(60 * MIN, Start("A"))
    assert rates(bench, 60, 74.999, 75) == [100, 100, 200]
    bench.run(3 * H)
    assert bench.minutes("delivery-complete") == [90.0]
    assert bench.ml() == 125.0


def test_a_late_call_finds_the_stage_that_is_owed_by_then():
    """Nobody calls for an hour: 50 mL are owed at the first rate; that is in the second stage, whose end is 25 mL on."""
    bench, late = started(LVP, program(50 * ML, 125 * ML, course=STEPS)), PumpController(LVP)
    for at_ns, happened, _ in bench.given:
        late.step(at_ns, happened)
    bench.moved["A"] = 50 * ML * H
    late.step(H, bench.reading())
    assert late.state.line("A").rate_nl_per_h == 100 * ML
    assert late.step(H, Tick()).wake_at_ns == H + 15 * MIN


def test_a_stage_is_named_and_the_last_one_goes_on_until_the_volume_is_in():
    """All of it is owed after 75 min, but the motor lags: the rate stays that of the last stage."""
    bench = started(LVP, program(50 * ML, 125 * ML, course=STEPS))
    bench.run(74 * MIN)
    causes = [(o.kind.value, o.cause) for _, o in bench.said if isinstance(o, DeliveryEvent) and "stage" in o.cause]
    assert causes == [("rate-changed", "stage 2 of 3"), ("rate-changed", "stage 3 of 3")]
    lags = PumpController(LVP)
    for at_ns, happened, _ in bench.given:
        lags.step(at_ns, happened)
    lags.step(80 * MIN, bench.reading())
    status = lags.state.line("A")
    assert (status.state, status.rate_nl_per_h, status.owed) == (LineState.INFUSING, 200 * ML, status.owed_end)


def test_loading_dose_comes_first_and_on_top():
    bench = started(LVP, program(10 * ML, 20 * ML, first=Stage(100 * ML, 5 * ML)))
    assert rates(bench, 0, 2.999, 3) == [100, 100, 10]
    assert [o.cause for _, o in bench.said if isinstance(o, DeliveryEvent)][-2:] == ["what comes first", "maintenance"]
    bench.run(5 * H)
    assert bench.ml() == 25.0
    assert bench.minutes("delivery-complete") == [123.0]


def test_titrating_during_the_loading_dose_changes_what_follows():
    bench = started(LVP, program(10 * ML, 20 * ML, first=Stage(100 * ML, 5 * ML)))
    said = [o for o in bench.do(MIN, Titrate("A", 20 * ML)) if isinstance(o, DeliveryEvent)]
    assert [(o.kind.value, o.rate_nl_per_h) for o in said] == [("rate-changed", 100 * ML)]
    assert rates(bench, 1, 2.999, 3) == [100, 100, 20]


def test_titrating_while_the_loading_dose_is_held_sets_what_is_programmed():
    bench = started(LVP, program(10 * ML, 20 * ML, first=Stage(100 * ML, 5 * ML)))
    bench.do(MIN, Stop())
    bench.do(MIN, Titrate("A", 20 * ML))
    assert bench.line().rate_nl_per_h == 20 * ML
    bench.do(2 * MIN, Start())
    assert rates(bench, 2, 3.999, 4) == [100, 100, 20]


def test_stages_are_not_titrated():
    bench = started(LVP, program(50 * ML, 125 * ML, course=STEPS))
    (refused,) = bench.do(MIN, Titrate("A", 20 * ML))
    assert refused.reason == "a programme of stages, repeats or times of day has no one rate to change"


@pytest.mark.parametrize(
    ("rule", "step", "plateau"),
    [(TaperRule.BELOW_PLATEAU, 10_000, 111_110_000), (TaperRule.TO_PLATEAU, 10_000, 109_890_000)],
)
def test_taper_has_the_plateau_of_its_rule(rule, step, plateau):
    """PHYSICS 3.4: 1200 mL in 12 h: 111.11 mL/h with step k at k/11 of the plateau, 109.89 with k/10."""
    course = taper(1200 * ML, 12 * H, step, up_ns=72 * MIN, down_ns=72 * MIN, rule=rule)
    assert len(course.stages) == 21
    assert course.stages[10].rate_nl_per_h == plateau
    assert course.volume_nl == 1200 * ML
    heights = [stage.rate_nl_per_h for stage in course.stages]
    assert heights == heights[::-1]
    assert heights[:11] == sorted(heights[:11])


@given(st.integers(100, 3000), st.integers(4, 24), st.integers(1, 10), st.sampled_from(list(TaperRule)))
def test_a_taper_gives_its_total_and_takes_little_longer(total, hours, steps, rule):
    tenth = hours * H // 10
    course = taper(total * ML, hours * H, 100_000, up_ns=tenth, down_ns=tenth, steps=steps, rule=rule)
    assert course.volume_nl == total * ML
    ns = sum(stage.volume_nl * 3_600_000_000_000 / stage.rate_nl_per_h for stage in course.stages)
    assert hours * H * 0.999999 <= ns <= hours * H * 1.05


def test_repeats_count_from_start_to_start():
    bench = started(LVP, program(50 * ML, course=Repeat(25 * ML, 6 * H, 2 * ML)))
    assert rates(bench, 0, 29.999, 30, 359.999, 360, 390) == [50, 50, 2, 2, 50, 2]
    causes = [o.cause for _, o in bench.said if isinstance(o, DeliveryEvent) and o.kind.value == "rate-changed"]
    assert causes == ["between doses", "dose", "between doses"]
    assert bench.ml() == pytest.approx(50 + 11, abs=1e-6)


def test_what_comes_first_comes_on_top_of_the_stages():
    """5 mL at 100 mL/h take 3 min, then 5 mL at 50 take 6, then 10 mL at 200 take 3."""
    stages = Stages((Stage(50 * ML, 5 * ML), Stage(200 * ML, 10 * ML)))
    bench = started(LVP, program(50 * ML, 15 * ML, first=Stage(100 * ML, 5 * ML), course=stages))
    assert rates(bench, 0, 2.999, 3, 8.999, 9, 11.999) == [100, 100, 50, 50, 200, 200]
    bench.run(H)
    assert bench.ml() == 20.0


@pytest.mark.parametrize(
    ("command", "cause", "rate"),
    [
        (SetTemporary("A", H, percent=33), "33 %, maintenance", 3_333_000),
        (SetTemporary("A", H, rate_nl_per_h=5 * ML), "temporary rate", 5 * ML),
    ],
)
def test_a_temporary_rate_says_what_it_is(command, cause, rate):
    """33 % of 10.1 mL/h."""
    bench = started(LVP, program(10_100_000))
    (said,) = (o for o in bench.give(command) if isinstance(o, DeliveryEvent))
    assert (said.cause, said.rate_nl_per_h, type(said.rate_nl_per_h)) == (cause, rate, int)


def test_what_comes_first_comes_once_before_the_repeats():
    """5 mL at 100 mL/h take 3 min; then 25 mL in 30 min of every hour."""
    bench = started(LVP, program(50 * ML, first=Stage(100 * ML, 5 * ML), course=Repeat(25 * ML, H)))
    assert rates(bench, 0, 2.999, 3, 32.999, 33, 62.999, 63, 92.999, 93) == [100, 100, 50, 50, 0, 0, 50, 50, 0]
    assert bench.ml() == pytest.approx(55.0, abs=1e-6)


def test_a_dose_that_was_held_is_finished_but_the_next_keeps_its_time():
    bench = started(LVP, program(50 * ML, course=Repeat(25 * ML, 6 * H)))
    bench.do(20 * MIN, Stop("A"))
    bench.do(60 * MIN, Start("A"))
    assert rates(bench, 60, 69.999, 70, 359.999, 360) == [50, 50, 0, 0, 50]


def test_a_repeat_held_over_several_doses_begins_one_anew():
    bench = started(LVP, program(50 * ML, course=Repeat(25 * ML, 6 * H)))
    bench.do(H, Stop("A"))
    bench.do(20 * H, Start("A"))
    assert rates(bench, 20 * 60 + 29.9, 20 * 60 + 30.1, 25 * 60 + 59, 26 * 60 + 1) == [50, 0, 0, 50]


DAY = Profile((Segment(0, 8_000), Segment(6 * H, 12_000), Segment(22 * H, 10_000)))


@pytest.mark.requirement("GIP 1.1.6")
def test_a_profile_goes_by_the_clock_and_over_midnight():
    bench = started(POD, program(8_000, course=DAY), clock_ns=21 * H)
    assert rates(bench, 0, 59.999, 60, 179.999, 180, 9 * 60) == [0.012, 0.012, 0.01, 0.01, 0.008, 0.012]
    bench.run(DAY_NS)
    assert bench.ml() == pytest.approx(6 * 0.008 + 16 * 0.012 + 2 * 0.01, abs=1e-9)


@pytest.mark.parametrize(
    ("called_ns", "since_ns"), [(H - 1, 0), (H, H), (H + 1, H), (2 * H - 1, H), (2 * H, 2 * H), (9 * H, 9 * H)]
)
def test_a_repeat_that_is_called_late_keeps_its_time_but_never_makes_up_for_another(called_ns, since_ns):
    """25 mL in 30 min of every hour; nobody calls in between."""
    late = PumpController(LVP)
    for one in (Bench(LVP).reading(), LoadProgram("A", program(50 * ML, course=Repeat(25 * ML, H))), Start()):
        late.step(0, one)
    wake_ns = late.step(called_ns, Tick()).wake_at_ns
    assert late.state.line("A").course.since_ns == since_ns
    assert late.state.line("A").course.based == (0 if since_ns else 50 * ML * called_ns)
    assert wake_ns is not None
    assert wake_ns <= since_ns + H


@pytest.mark.parametrize(
    ("clock_h", "rate", "next_h"),
    [(0, 3, 6), (5.999, 3, 6), (6, 1, 12), (11, 1, 12), (12, 2, 18), (18, 3, 30), (23, 3, 30)],
)
def test_before_the_first_segment_yesterday_s_last_one_goes_on(clock_h, rate, next_h):
    """The deadline is the begin of the next segment, not that of the one which begins now."""
    course = Profile((Segment(6 * H, 10 * U), Segment(12 * H, 20 * U), Segment(18 * H, 30 * U)))
    bench = started(POD, program(10 * U, course=course), clock_ns=round(clock_h * H))
    assert bench.rate() == rate / 10
    assert bench.given[-1][2].wake_at_ns == next_h * H - round(clock_h * H)


@pytest.mark.parametrize(
    ("to_h", "expected"), [(5.5, 0.008), (6, 0.012), (21.99, 0.012), (22, 0.01), (23.99, 0.01), (0, 0.008)]
)
def test_setting_the_clock_forward_or_back_is_followed_at_once(to_h, expected):
    bench = started(POD, program(8_000, course=DAY), clock_ns=12 * H)
    bench.do(H, SetClock(round(to_h * H)))
    assert bench.rate() == expected
    until_next = {0.008: 6, 0.012: 22, 0.01: 24}[expected] - to_h
    bench.run(H + round(until_next * H) + S)
    assert bench.rate() == {0.008: 0.012, 0.012: 0.01, 0.01: 0.008}[expected]


def test_without_a_clock_a_profile_does_not_start():
    bench = Bench(POD)
    bench.give(LoadProgram("A", program(8_000, course=DAY)))
    (refused,) = bench.give(Start())
    assert "clock is not set" in refused.reason


def test_a_temporary_rate_ends_by_itself_and_can_be_ended():
    bench = started(POD, program(8_000, course=DAY), clock_ns=5 * H)
    bench.do(30 * MIN, SetTemporary("A", H, percent=50))
    assert rates(bench, 30, 59.999, 60, 89.999, 90) == [0.004, 0.004, 0.006, 0.006, 0.012]
    bench.do(2 * H, SetTemporary("A", 10 * H, rate_nl_per_h=20_000))
    assert rates(bench, 130) == [0.02]
    bench.do(3 * H, SetTemporary("A", 0))
    assert rates(bench, 180) == [0.012]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (SetTemporary("A", H), "a percentage or a rate"),
        (SetTemporary("A", H, percent=50, rate_nl_per_h=8_000), "a percentage or a rate"),
        (SetTemporary("A", H, percent=-1), "must not be negative"),
        (SetTemporary("A", H, rate_nl_per_h=8_001), "off the step"),
        (SetTemporary("A", 0), "no temporary rate is running"),
    ],
)
def test_what_is_no_temporary_rate(command, says):
    bench = started(POD, program(8_000, course=DAY), clock_ns=0)
    (refused,) = bench.give(command)
    assert says in refused.reason
    assert bench.rate() == 0.008


def test_standby_calls_back_and_delivers_nothing():
    bench = Bench(LVP)
    bench.give(LoadProgram("A", program(10 * ML)))
    bench.do(MIN, Standby("A", 30 * MIN))
    assert bench.line().state is LineState.STANDBY
    assert [o.cause for _, o in bench.said if isinstance(o, DeliveryEvent)][-1] == "operator"
    bench.run(H)
    assert bench.minutes("alarm standby-over") == [31.0]
    assert bench.line().state is LineState.HELD
    assert bench.ml() == 0.0
    bench.do(H, Start("A"))
    bench.run(2 * H)
    assert bench.ml() == pytest.approx(10.0)


@pytest.mark.parametrize(("ns", "stands_by"), [(-1, False), (0, False), (1, True)])
def test_standby_is_for_a_time(ns, stands_by):
    bench = Bench(LVP)
    bench.give(LoadProgram("A", program(10 * ML)))
    refused = [o for o in bench.give(Standby("A", ns)) if isinstance(o, CommandRejected)]
    assert (bench.line().state is LineState.STANDBY, refused == []) == (stands_by, stands_by)


def test_a_running_line_does_not_stand_by():
    bench = started(LVP, program(10 * ML))
    (refused,) = bench.give(Standby("A", H))
    assert "only a line that is ready or held" in refused.reason


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Stages((Stage(ML, None), Stage(ML, ML))), "only the last stage"),
        (lambda: Stages((Stage(ML, ML),)), "2 to 32 stages"),
        (lambda: Stage(0, ML), "must be above 0"),
        (lambda: Stage(ML, 0), "must be above 0"),
        (lambda: Profile(()), "1 to 48 segments"),
        (lambda: Profile((Segment(0, 0),)), "above 0 is wanted"),
        (lambda: Profile((Segment(H, 1), Segment(H, 2))), "must begin after the one before"),
        (lambda: Profile((Segment(DAY_NS, 1),)), "between 00:00 and 24:00"),
        (lambda: Profile(tuple(Segment(i, 1) for i in range(49))), "1 to 48 segments"),
        (lambda: Repeat(0, H), "must be above 0"),
        (lambda: Repeat(ML, H, -1), "must not be negative"),
        (lambda: program(ML, course=Repeat(ML, H)), "must be over before the next"),
        (lambda: program(ML, 3 * ML, course=Stages((Stage(ML, ML), Stage(ML, ML)))), "that of all of them"),
        (lambda: program(2 * ML, 2 * ML, course=Stages((Stage(ML, ML), Stage(ML, ML)))), "of its first stage"),
        (lambda: program(8_000, ML, course=DAY), "has no VTBI"),
        (lambda: program(ML, first=Stage(ML)), "needs a volume"),
        (lambda: taper(ML, H, 1, up_ns=H, down_ns=0), "shorter than the whole"),
        (lambda: taper(ML // 1000, H, ML, up_ns=MIN, down_ns=MIN), "below the pump's rate step"),
        (lambda: third(None, ML, None), "a volume and a duration"),
    ],
)
def test_an_impossible_course_cannot_be_built(build, says):
    with pytest.raises(ValueError, match=says):
        build()


@pytest.mark.parametrize(
    ("model", "given", "says"),
    [
        (STROKES, program(ML, 11 * ML, course=Stages((Stage(ML, ML),) * 11)), "11 stages are more than the 10"),
        (STROKES, program(ML, 10 * ML, course=Stages((Stage(ML, ML),) * 10)), ""),
        (STROKES, program(ML, 2 * ML, course=Stages((Stage(ML, ML), Stage(ML + 1, ML)))), "stage 2: rate"),
        (LVP, program(ML, course=Profile((Segment(0, ML),))), "does not go by time of day"),
        (OMNIPOD, program(8_000, course=Profile((Segment(0, 8_000), Segment(H, 8_100)))), "from 01:00: rate"),
        (LVP, program(50 * ML, course=Repeat(ML, H, 50_001)), "between doses: rate"),
        (LVP, program(50 * ML, first=Stage(5_000 * ML, ML)), "before the programme: rate"),
        (SYNCHROMED_II, program(10_000, course=Profile((Segment(0, 10_000), Segment(H, 0)))), ""),
    ],
)
def test_what_a_model_holds_against_a_course(model, given, says):
    faults = program_faults(model, "A", given)
    assert says in "; ".join(faults)
    assert bool(faults) == bool(says)


def test_near_end_goes_by_the_rate_of_what_comes_first():
    """5 mL at 100 mL/h, then 5 at 300: three minutes before the end are 5 mL at first, and 15 later."""
    pump, zero = Pump(STROKES), SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0)
    pump.step(0, zero)
    pump.step(0, LoadProgram("A", InfusionProgram(300 * ML, 5 * ML, first=Stage(100 * ML, 5 * ML))))
    said = (*pump.step(0, Start()).outputs, *pump.step(0, Tick()).outputs)
    assert not [output for output in said if isinstance(output, AlarmRaised | AlarmCleared)]
    assert pump.state.alarms == ()


def test_near_end_goes_by_a_temporary_rate_too():
    """10 mL at 300 mL/h and then 5 at 100, at half of it for an hour: three minutes before the end are 7.5 mL now."""
    pump = Pump(STROKES)
    stages = Stages((Stage(300 * ML, 10 * ML), Stage(100 * ML, 5 * ML)))
    for command in (
        SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0),
        LoadProgram("A", InfusionProgram(300 * ML, 15 * ML, course=stages)),
        Start(),
        SetTemporary("A", H, percent=50),
    ):
        step = pump.step(0, command)
    ends = [w.level for w in step.watches if w.signal is Signal.STEPS and w.line == "A" and not w.per_h]
    step_fl = STROKES.mechanism.step_fl
    assert ends == [15 * ML * 1_000_000 // step_fl, round(7.5 * ML * 1_000_000) // step_fl]
