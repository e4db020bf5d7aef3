"""Doses on request: lockout, the limit of a window, what is counted and what happens at the limit. PHYSICS V12, OPCA, GPCA."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.catalogue.syringe_pumps import GRASEBY_3300_PCA
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.courses import AtLimit, Demand, DoseLimit, LockoutFrom, Whole
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    DeviceEvent,
    DeviceEventKind,
    GiveBolus,
    LoadProgram,
    RequestDose,
    Start,
    Stop,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd, Drive, Mechanism, RateBand, Reminders
from pumpsim.vocabulary.outputs import AlarmRaised, CommandRejected, DoseDenied, LineState
from pumpsim.vocabulary.program import InfusionProgram
from tests.build import MIN, H, S
from tests.controller.bench import Q_PER_ML, Bench

ML = 1_000_000
PCA = replace(
    GRASEBY_3300_PCA,
    mechanism=Mechanism(Drive.SMOOTH, 1_000_000, 1),
    rate_bands=(RateBand(ML // 10, 60 * ML, ML // 10),),
    bolus_nl_per_h=60 * ML,
    bolus_max_nl=0,
)
"""A dose of 1 mL lasts one minute."""


def pca(
    rate: int = 0,
    dose: int = ML,
    lockout_ns: int = 10 * MIN,
    lockout_from: LockoutFrom | None = None,
    limit: DoseLimit | None = None,
) -> InfusionProgram:
    return InfusionProgram(rate, demand=Demand(dose, lockout_ns, lockout_from), limit=limit)


def running(program: InfusionProgram, model=PCA) -> Bench:
    bench = Bench(model)
    outputs = bench.give(LoadProgram("A", program)) + bench.give(Start())
    assert not any(isinstance(o, CommandRejected) for o in outputs)
    return bench


def asked(bench: Bench, *minutes: float) -> list[str]:
    """Press the button at these minutes: ``ok``, or why not."""
    found = []
    for minute in minutes:
        denied = [o.reason for o in bench.do(round(minute * MIN), RequestDose("A")) if isinstance(o, DoseDenied)]
        found.append(denied[0] if denied else "ok")
    return found


@pytest.mark.requirement("OPCA R5.2.0(3)", "GPCA REQ 25")
@pytest.mark.parametrize(
    ("rule", "delivered", "denied"),
    [(LockoutFrom.END, [0, 12], 4), (LockoutFrom.START, [0, 10, 20], 3)],
)
def test_lockout_from_the_end_or_from_the_start(rule, delivered, denied):
    """V12: 1 mL, lockout 10 min, requests at 0, 3, 10, 12, 19.9, 20 min, each dose lasting 1 min."""
    bench = running(pca(lockout_from=rule))
    minutes = (0, 3, 10, 12, 19.9, 20)
    answers = asked(bench, *minutes)
    assert [m for m, a in zip(minutes, answers, strict=True) if a == "ok"] == delivered
    assert set(answers) <= {"ok", "lockout"}
    requests = bench.line().course.requests
    assert (requests.made, requests.granted, requests.denied, requests.in_part) == (6, len(delivered), denied, 0)
    bench.run(H)
    assert bench.ml() == len(delivered)


def test_the_model_has_its_own_rule():
    bench = running(pca(), replace(PCA, lockout_from=LockoutFrom.START))
    assert asked(bench, 0, 10) == ["ok", "ok"]


@pytest.mark.parametrize(("minute", "answer"), [(11 - 1e-9, "lockout"), (11, "ok"), (11 + 1e-9, "ok")])
def test_the_edge_of_the_lockout(minute, answer):
    assert asked(running(pca()), 0, minute) == ["ok", answer]


def test_while_a_dose_is_given_it_has_not_ended():
    bench = running(pca())
    for minute, ended_ns in ((0, None), (5, MIN), (11, None), (12, 12 * MIN)):
        bench.do(minute * MIN, *([] if ended_ns else [RequestDose("A")]))
        assert bench.line().course.requests.ended_ns == ended_ns


def test_a_dose_that_was_stopped_locks_out_from_there():
    bench = running(pca())
    asked(bench, 0)
    bench.do(30 * S, Stop("A"))
    bench.do(MIN, Start("A"))
    assert asked(bench, 10.4, 10.5) == ["lockout", "ok"]
    bench.run(H)
    assert bench.ml() == 1.5


def test_loading_again_opens_no_lockout_and_forgets_no_limit():
    limit = DoseLimit(2 * ML, H)
    bench = running(pca(limit=limit))
    assert asked(bench, 0, 12) == ["ok", "ok"]
    bench.do(14 * MIN, Stop("A"), LoadProgram("A", pca(limit=limit)), Start("A"))
    assert asked(bench, 14, 30) == ["lockout", "limit of the window"]


@pytest.mark.requirement("OPCA R5.2.0(2)")
def test_dose_and_continuous_rate_stay_within_the_maximum():
    bench = running(pca(rate=20 * ML))
    asked(bench, 0)
    assert bench.rate() == 60
    bench.run(H)
    assert bench.minutes("bolus-complete") == [1.5], "1 mL at 40 mL/h"
    assert bench.ml() == pytest.approx(21.0)


def test_while_a_dose_is_given_no_other_is():
    bench = running(pca(lockout_ns=0))
    assert asked(bench, 0, 0.5, 0.999, 1) == ["ok", "a dose is being given", "a dose is being given", "ok"]


@pytest.mark.requirement("OPCA R5.3.0(3)", "GPCA REQ 36", "GPCA REQ 33")
def test_the_patient_goes_before_the_clinician_s_extended_bolus():
    bench = running(pca(rate=ML))
    bench.give(GiveBolus("A", 2 * ML, over_ns=H))
    assert asked(bench, 30) == ["ok"]
    assert bench.rate() == 60
    bench.run(40 * MIN)
    assert bench.rate() == 3
    bench.run(3 * H)
    assert bench.ml() == pytest.approx(3 + 2 + 1)


@pytest.mark.requirement("OPCA R5.2.0(6)")
def test_no_dose_in_an_alarm_when_held_or_without_a_programme():
    bench = Bench(PCA)
    assert asked(bench, 0) == ["no doses on request are programmed"]
    bench.give(LoadProgram("A", pca()))
    assert asked(bench, 1) == ["line A is ready"]
    bench.give(Start())
    assert asked(bench, 2) == ["ok"]
    bench.do(2.5 * MIN, DeviceEvent(DeviceEventKind.DEVICE_FAULT, "broken"))
    assert bench.minutes("bolus-stopped") == [2.5]
    assert asked(bench, 30) == ["line A is alarm"]


ROLLING, FIXED = DoseLimit(3 * ML, H, continuous=False), DoseLimit(3 * ML, H, rolling=False, continuous=False)


@pytest.mark.parametrize(
    ("limit", "answers"),
    [
        (ROLLING, ["ok", "ok", "ok", "limit of the window", "limit of the window", "ok", "limit of the window"]),
        (FIXED, ["ok", "ok", "ok", "limit of the window", "ok", "ok", "ok"]),
    ],
    ids=["rolling", "fixed"],
)
def test_rolling_and_fixed_windows(limit, answers):
    """1 mL each; at 61.5 min the dose of 2 min is still in the window, at 63 min it has left it; at 75 that of 20 has not."""
    bench = running(pca(lockout_ns=0, limit=limit))
    assert asked(bench, 2, 20, 40, 59, 61.5, 63, 75) == answers


@pytest.mark.parametrize(
    ("part", "answers", "ml"),
    [(Whole.DENY, ["ok", "ok", "limit of the window"], 2.0), (Whole.PARTIAL, ["ok", "ok", "ok"], 2.5)],
)
def test_what_is_left_of_the_limit_is_denied_or_given(part, answers, ml):
    bench = running(pca(lockout_ns=0, limit=DoseLimit(5 * ML // 2, 4 * H, part=part)))
    assert asked(bench, 0, 10, 20) == answers
    bench.run(H)
    assert bench.ml() == ml
    assert bench.line().course.requests.in_part == (part is Whole.PARTIAL)


@pytest.mark.parametrize(
    ("left_nl", "given_nl"), [(-1, 0), (0, 0), (1, 1), (2, 2), (ML - 1, ML - 1), (ML, ML), (ML + 1, ML)]
)
def test_a_part_is_what_is_left_in_whole_nl(left_nl, given_nl):
    """Half a nL more is left of the limit each time; it is not given."""
    bench = running(pca(lockout_ns=0, limit=DoseLimit(5 * ML, 4 * H, continuous=False, part=Whole.PARTIAL)))
    status = bench.line()
    used = (5 * ML - left_nl) * 3_600_000_000_000 - 1_800_000_000_000
    course = replace(status.course, dosed=used)
    controller = PumpController(PCA, bench.pump.state.with_line(replace(status, owed=used, course=course)))
    outputs = controller.step(MIN, RequestDose("A")).outputs
    (dose,) = controller.state.line("A").course.doses or (None,)
    denied = [o for o in outputs if isinstance(o, DoseDenied)]
    assert denied == ([] if given_nl else [DoseDenied("A", "limit of the window")])
    assert (dose is None) is (given_nl == 0)
    if dose is not None:
        assert (dose.volume, type(dose.volume)) == (given_nl * 3_600_000_000_000, int)
    requests = controller.state.line("A").course.requests
    assert (requests.made, requests.granted, requests.denied) == (1, int(given_nl > 0), int(given_nl == 0))
    assert requests.in_part == (0 < given_nl < ML)


@pytest.mark.parametrize(("continuous", "answer"), [(True, "limit of the window"), (False, "ok")])
def test_whether_the_continuous_rate_counts(continuous, answer):
    limit = DoseLimit(3 * ML, 4 * H, continuous=continuous)
    bench = running(pca(rate=ML, lockout_ns=0, limit=limit))
    assert asked(bench, 0, 90) == ["ok", answer if continuous else "ok"]


@pytest.mark.parametrize(
    ("limit", "wake_ns"),
    [
        (DoseLimit(4 * ML, 2 * H), None),
        (DoseLimit(4 * ML, 2 * H, rolling=False), 2 * H),
        (DoseLimit(4 * ML, 2 * H, at_limit=AtLimit.STOP), None),
        (DoseLimit(ML, 2 * H, at_limit=AtLimit.STOP), H),
        (DoseLimit(ML, 2 * H), None),
    ],
    ids=["rolling", "fixed", "never full", "full", "full, and only requests are denied"],
)
def test_it_wakes_for_a_new_window_and_for_a_full_one_and_for_nothing_else(limit, wake_ns):
    """1 mL/h."""
    bench = running(pca(rate=ML, limit=limit), replace(PCA, reminders=Reminders()))
    assert bench.given[-1][2].wake_at_ns == wake_ns
    bench.give(Stop())
    assert bench.given[-1][2].wake_at_ns == (wake_ns if not limit.rolling else None)


NEW_LIMIT = DoseLimit(2 * ML, 3 * H, continuous=False)


@pytest.mark.parametrize(
    ("limit", "kept"),
    [(NEW_LIMIT, True), (replace(NEW_LIMIT, continuous=True), False), (None, False)],
    ids=["counted in the same way", "counted in another way", "no limit"],
)
def test_a_new_program_keeps_what_was_given_and_the_marks_that_it_can_use(limit, kept):
    bench = running(pca(limit=replace(NEW_LIMIT, window_ns=H)))
    assert asked(bench, 1) == ["ok"]
    bench.do(10 * MIN, Stop())
    before = bench.line().course
    bench.give(LoadProgram("A", pca(limit=limit)))
    after = bench.line().course
    assert (after.dosed, after.requests) == (before.dosed, before.requests)
    assert before.dosed == Q_PER_ML
    assert after.marks == (before.marks if kept else ())


@pytest.mark.requirement("OPCA R5.2.0(5)", "GIP 1.4.12")
def test_at_the_limit_the_line_keeps_open_until_somebody_comes():
    limit = DoseLimit(4 * ML, 2 * H, at_limit=AtLimit.KVO)
    bench = running(pca(rate=ML, lockout_ns=0, limit=limit))
    assert asked(bench, 0, 10, 20) == ["ok", "ok", "ok"]
    bench.run(2 * H)
    assert bench.minutes("alarm max-dose") == [60.0], "3 mL of doses and 1 mL in the first hour"
    assert bench.minutes("kvo-entered") == [60.0]
    assert [o.detail for _, o in bench.said if isinstance(o, AlarmRaised)] == ["limit of 4 mL in the window"]
    assert bench.rate() == 0.1
    assert asked(bench, 121) == ["line A is kvo"]
    bench.do(150 * MIN, Acknowledge())
    assert bench.line().state is LineState.INFUSING
    assert bench.minutes("kvo-left") == [150.0]


def test_at_the_limit_the_line_stops():
    limit = DoseLimit(4 * ML, 2 * H, at_limit=AtLimit.STOP)
    bench = running(pca(rate=ML, lockout_ns=0, limit=limit))
    asked(bench, 0, 10, 20)
    bench.run(2 * H)
    assert bench.line().state is LineState.ALARM
    assert bench.ml() == pytest.approx(4.0, abs=1e-9)


@pytest.mark.parametrize(("vtbi", "ends"), [(3 * ML // 2, [10**6, 15 * 10**5]), (3 * ML, [10**6, 2 * 10**6])])
def test_a_dose_ends_where_it_is_in_or_where_the_programme_is(vtbi, ends):
    """Two doses of 1 mL and no continuous rate; a step is 1 nL."""
    bench = running(replace(pca(lockout_ns=0), vtbi_nl=vtbi))
    found = []
    for minute in (1, 5):
        assert asked(bench, minute) == ["ok"]
        found.append(bench.pump.state.motor.lines[0].stop_at_step)
    assert found == ends
    bench.run(H)
    assert bench.steps() == ends[-1]


def test_a_line_that_goes_on_beyond_its_volume_comes_to_its_limit_as_well():
    """1 mL/h: its volume is in after an hour, the limit of 2 mL after two."""
    limit = DoseLimit(2 * ML, 4 * H, at_limit=AtLimit.KVO)
    bench = running(replace(pca(rate=ML, limit=limit), vtbi_nl=ML, at_end=AtEnd.CONTINUE))
    bench.run(3 * H)
    assert bench.minutes("delivery-complete") == [60.0]
    assert bench.minutes("kvo-entered") == [120.0]


def test_a_dose_under_way_ends_at_the_limit():
    """The continuous rate fills what was left while the dose runs: nothing beyond it."""
    limit = DoseLimit(2 * ML, 4 * H, at_limit=AtLimit.STOP)
    bench = running(pca(rate=30 * ML, lockout_ns=0, limit=limit))
    assert asked(bench, 2) == ["ok"]
    bench.run(H)
    assert bench.ml() == pytest.approx(2.0, abs=1e-9)


def test_a_clinician_does_not_go_beyond_the_limit():
    bench = running(pca(lockout_ns=0, limit=DoseLimit(2 * ML, 4 * H)))
    asked(bench, 0)
    (refused,) = bench.do(10 * MIN, GiveBolus("A", 3 * ML // 2))
    assert refused.reason == "limit of the window"


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Demand(0, 0), "must be above 0"),
        (lambda: Demand(ML, -1), "not negative"),
        (lambda: DoseLimit(0, H), "must be above 0"),
        (lambda: DoseLimit(ML, 0), "must be above 0"),
        (lambda: InfusionProgram(0), "must be above 0"),
        (lambda: InfusionProgram(ML, limit=ROLLING), "belongs to doses on request"),
    ],
)
def test_an_impossible_request_cannot_be_programmed(build, says):
    with pytest.raises(ValueError, match=says):
        build()


presses = st.lists(st.integers(0, 40), min_size=1, max_size=40)
limits = st.builds(
    DoseLimit,
    st.sampled_from([ML, 2 * ML, 5 * ML // 2, 5 * ML]),
    st.sampled_from([H, 2 * H]),
    rolling=st.booleans(),
    continuous=st.booleans(),
    part=st.sampled_from(list(Whole)),
    at_limit=st.sampled_from([AtLimit.STOP, AtLimit.DENY]),
)


@pytest.mark.requirement("OPCA R5.2.0(3)")
@given(presses, st.sampled_from([0, ML // 2, 2 * ML]), st.integers(0, 15), limits)
def test_whatever_is_pressed_no_dose_is_inside_the_lockout_and_no_window_above_the_limit(
    gaps, rate, lockout_min, limit
):
    bench = running(pca(rate, lockout_ns=lockout_min * MIN, limit=limit))
    minute, course = 0.0, [(0, 0)]
    for gap in gaps:
        minute += gap / 4
        bench.do(round(minute * MIN), RequestDose("A"), Titrate("A", max(rate, ML // 2)))
        course.append((bench.now_ns, bench.moved["A"] if limit.continuous else bench.line().course.dosed))
    begun, ended = bench.minutes("bolus-started"), bench.minutes("bolus-complete")
    assert all(b - e >= lockout_min - 1e-6 for b, e in zip(begun[1:], ended, strict=False))
    if limit.continuous and limit.at_limit is AtLimit.DENY:
        return
    for i, (from_ns, before) in enumerate(course):
        for to_ns, after in course[i:]:
            within = to_ns - from_ns <= limit.window_ns
            if limit.rolling and within:
                assert after - before <= limit.volume_nl * 3_600_000_000_000 + Q_PER_ML // 10**6
