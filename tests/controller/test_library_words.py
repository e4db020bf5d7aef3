"""What a library's refusal and question say, figure by figure: which figures a command sets, and which it leaves alone."""

from dataclasses import replace

import pytest

from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import Demand, Profile, Repeat, Segment, Stage, Stages
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Confirm,
    DeviceEvent,
    DeviceEventKind,
    GiveBolus,
    LineReading,
    LoadProgram,
    PauseAudio,
    RequestDose,
    SensorReading,
    SetTemporary,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.outputs import AlarmRaised, CommandRejected, ConfirmationAsked
from tests.build import MIN, H
from tests.controller.test_library_limits import ASK, FAST, ML, MODEL, RULE, SLOW, answers, of, running, waiting

TOP = MODEL.max_rate_nl_per_h
BOTH = DrugRule("heparin", "ward", Limits(soft_high=20 * ML), Limits(soft_high=4 * ML), bolus_rate=Limits(soft_high=ML))
"""Limits that only ask, so that every figure that is held against them is named."""
HARD = " of dopamine is above the hard limit of 30 mL/h (5 mg/h) in icu"
SOFT = " of dopamine is above the soft limit of 20 mL/h (4 mg/h) in icu"


def asked(command, program=None) -> list[str]:
    """All that a command is refused or asked about for, while a programme runs on line A."""
    said = answers(running(program), command)
    found = [answer.reason for answer in said if isinstance(answer, CommandRejected | ConfirmationAsked)]
    return [reason for reasons in found for reason in reasons.split("; ")]


REPEATED = of(100 * ML, course=Repeat(2 * ML, H, 10 * ML))


@pytest.mark.parametrize(
    ("program", "figures"),
    [
        (of(21 * ML, BOTH), ["rate 21 mL/h"]),
        (
            of(21 * ML, BOTH, first=Stage(22 * ML, 5 * ML)),
            ["loading dose 5 mL", "rate of the loading dose 22 mL/h", "rate 21 mL/h"],
        ),
        (
            of(21 * ML, replace(BOTH, bolus_rate=None), first=Stage(22 * ML, 5 * ML)),
            ["loading dose 5 mL", "rate of the loading dose 22 mL/h", "rate 21 mL/h"],
        ),
        (
            of(21 * ML, BOTH, course=Stages((Stage(21 * ML, ML), Stage(20 * ML, ML), Stage(22 * ML)))),
            ["rate of stage 1 21 mL/h", "rate of stage 3 22 mL/h"],
        ),
        (
            of(21 * ML, BOTH, course=Profile((Segment(0, 21 * ML), Segment(H, ML), Segment(13 * H + MIN, 22 * ML)))),
            ["rate from 00:00 21 mL/h", "rate from 13:01 22 mL/h"],
        ),
        (
            of(2 * ML, BOTH, course=Repeat(5 * ML, 9 * H, 21 * ML)),
            ["rate of the repeated dose 2 mL/h", "rate between doses 21 mL/h", "repeated dose 5 mL"],
        ),
        (
            of(ML, BOTH, demand=Demand(5 * ML, MIN)),
            ["dose on request 5 mL", "rate of the dose on request 400 mL/h"],
        ),
        (of(ML, replace(BOTH, bolus_rate=None), demand=Demand(5 * ML, MIN)), ["dose on request 5 mL"]),
    ],
    ids=["rate", "first", "first by rate", "stages", "profile", "repeat", "demand", "demand by no rate"],
)
def test_a_load_sets_every_figure_of_its_programme(program, figures):
    found = asked(LoadProgram("B", program))
    assert [reason.split(" of heparin is above the soft limit of ")[0] for reason in found] == figures
    assert all(reason.endswith(" in ward") for reason in found)


@pytest.mark.parametrize(
    ("command", "program", "says"),
    [
        (Titrate("A", 31 * ML), None, ["rate 31 mL/h" + HARD]),
        (Titrate("A", 21 * ML), None, ["rate 21 mL/h" + SOFT]),
        (
            Titrate("A", 1 * ML),
            None,
            ["rate 1 mL/h of dopamine is below the hard limit of 2 mL/h (1 mg/h) in icu"],
        ),
        (
            Titrate("A", 4 * ML),
            None,
            ["rate 4 mL/h of dopamine is below the soft limit of 5 mL/h (2 mg/h) in icu"],
        ),
        (SetTemporary("A", H, rate_nl_per_h=31 * ML), None, ["temporary rate 31 mL/h" + HARD]),
        (SetTemporary("A", H, percent=310), None, ["rate at 310 % 31 mL/h" + HARD]),
        (
            SetTemporary("A", H, percent=310),
            REPEATED,
            ["rate between doses at 310 % 31 mL/h" + HARD],
        ),
        (
            SetTemporary("A", H, percent=550),
            REPEATED,
            [
                "rate of the repeated dose at 550 % 550 mL/h of dopamine is above the hard limit of 500 mL/h in icu",
                "rate between doses at 550 % 55 mL/h" + HARD,
            ],
        ),
        (
            SetTemporary("A", H, rate_nl_per_h=19 * ML),
            REPEATED,
            ["temporary rate of the repeated dose 19 mL/h of dopamine is below the hard limit of 20 mL/h in icu"],
        ),
        (
            SetTemporary("A", H, rate_nl_per_h=21 * ML),
            REPEATED,
            [
                "temporary rate 21 mL/h" + SOFT,
                "temporary rate of the repeated dose 21 mL/h of dopamine is below the soft limit of 50 mL/h in icu",
            ],
        ),
        (SetTemporary("A", H, rate_nl_per_h=21 * ML), of(), ["temporary rate 21 mL/h" + SOFT]),
        (
            SetTemporary("A", 0, rate_nl_per_h=31 * ML),
            None,
            ["no temporary rate is running"],
        ),
        (
            GiveBolus("A", 6 * ML),
            None,
            ["bolus 6 mL of dopamine is above the hard limit of 5 mL in icu"],
        ),
        (
            GiveBolus("A", 5 * ML, 40 * ML),
            None,
            [
                "bolus 5 mL of dopamine is above the soft limit of 4 mL in icu",
                "bolus rate 40 mL/h of dopamine is below the soft limit of 50 mL/h in icu",
            ],
        ),
        (
            GiveBolus("A", 2 * ML, over_ns=H),
            None,
            ["bolus rate 2 mL/h of dopamine is below the hard limit of 20 mL/h in icu"],
        ),
        (GiveBolus("A", 2 * ML, over_ns=0), None, ["bolus 2 mL in that time is above 400 mL/h"]),
        (GiveBolus("A", 2 * ML, over_ns=6 * MIN), of(rule=SLOW), []),
        (GiveBolus("A", 2 * ML), of(rule=SLOW), []),
        (GiveBolus("A", 6 * ML), of(rule=None), []),
        (Titrate("A", 500 * ML), of(rule=None), []),
    ],
)
def test_a_command_is_held_against_the_figures_that_it_sets(command, program, says):
    assert asked(command, program) == says


@pytest.mark.parametrize(
    ("over_ns", "asks"), [(2 * H // 50 - 1, False), (2 * H // 50, False), (2 * H // 50 + 10**5, True), (H, True)]
)
def test_a_bolus_over_a_time_has_the_rate_that_gives_it_in_that_time(over_ns, asks):
    """2 mL at 50 mL/h: 144 s."""
    assert bool(asked(GiveBolus("A", 2 * ML, over_ns=over_ns))) is asks


def test_the_model_s_bolus_rate_holds_where_none_is_given():
    quick = replace(RULE, bolus_rate=replace(FAST, soft_high=399 * ML))
    assert asked(GiveBolus("A", 2 * ML), of(rule=quick)) == [
        "bolus rate 400 mL/h of dopamine is above the soft limit of 399 mL/h in icu"
    ]


@pytest.mark.parametrize("percent", [None, 150])
def test_a_titration_is_held_against_the_share_that_runs(percent):
    """At 150 %, 20 mL/h are 30 mL/h, which is let through, and asked about; both figures are named, and neither twice."""
    controller = running(of(10 * ML))
    if percent is not None:
        answers(controller, SetTemporary("A", H, percent=percent))
    (said,) = (a for a in answers(controller, Titrate("A", 21 * ML)) if not hasattr(a, "kind"))
    assert said.reason.split("; ") == (
        ["rate 21 mL/h" + SOFT] if percent is None else ["rate at 150 % 31.5 mL/h" + HARD]
    )


def test_a_temporary_rate_of_its_own_is_no_share_of_a_titration():
    controller = running(of(10 * ML))
    answers(controller, SetTemporary("A", H, rate_nl_per_h=15 * ML))
    (asks,) = answers(controller, Titrate("A", 21 * ML))
    assert asks == ConfirmationAsked("titrate", "A", "rate 21 mL/h" + SOFT)


def test_a_share_never_makes_more_than_the_model_can():
    """400 % of 300 mL/h would be 1200 mL/h; the model's 999 mL/h is what runs, and what is judged."""
    wide = DrugRule("saline", "icu", Limits(hard_high=TOP))
    assert asked(SetTemporary("A", H, percent=400), of(300 * ML, wide)) == []
    assert asked(SetTemporary("A", H, percent=400), of(300 * ML, replace(wide, rate=Limits(hard_high=TOP - 1)))) == [
        "rate at 400 % 999 mL/h of saline is above the hard limit of 998.999999 mL/h in icu"
    ]


@pytest.mark.parametrize("command", [Start("A"), Stop("A"), Confirm()])
def test_a_command_without_a_figure_is_held_against_nothing(command):
    assert not any("limit" in reason for reason in asked(command))


def test_a_key_that_is_stuck_meanwhile_is_not_the_question():
    controller = waiting()
    controller.step(MIN, DeviceEvent(DeviceEventKind.KEY_PRESSED))
    raised = [o for o in controller.step(2 * MIN, Tick()).outputs if isinstance(o, AlarmRaised)]
    assert [(o.alarm, o.detail) for o in raised] == [(AlarmId.KEY_STUCK, "")]


@pytest.mark.parametrize(
    "between",
    [
        RequestDose("A"),
        Titrate("A", 31 * ML),
        Start("B"),
        Acknowledge(),
        PauseAudio(),
        GiveBolus("A", 6 * ML),
        Tick(),
    ],
    ids=lambda between: type(between).__name__,
)
def test_what_is_confirmed_is_delivered_whatever_came_in_between(between):
    """What answers a patient or a sound, and what is refused, leaves the question as it is: for the interlock as well."""
    pump = Pump(MODEL)
    nothing = SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0)
    for given in (nothing, LoadProgram("A", of()), Start("A"), ASK, between):
        pump.step(0, given)
    said = pump.step(0, Confirm()).outputs
    assert [o for o in said if isinstance(o, AlarmRaised | CommandRejected)] == []
    assert pump.state.motor.lines[0].rate_nl_per_h == ASK.rate_nl_per_h


def test_what_was_given_up_is_not_asked_of_the_interlock_by_a_later_confirmation():
    pump = Pump(MODEL)
    nothing = SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0)
    for given in (nothing, LoadProgram("A", of()), Start("A"), ASK, Stop("A"), Confirm(), Confirm()):
        pump.step(0, given)
    interlock = pump.snapshot().interlock
    assert (interlock.waiting, interlock.lines[0].asked.base_nl_per_h) == (None, 10 * ML)
