"""A new power-on, value by value: how each instant and count of the time before reads from now on, and what is not kept."""

from dataclasses import fields, replace

import pytest

from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.inputs import Acknowledge, LineReading, SensorReading
from pumpsim.vocabulary.outputs import LineMotion, LineState, MotorCommand
from pumpsim.vocabulary.status import (
    AlarmStatus,
    CountedRun,
    Dose,
    DoseKind,
    GivenDrug,
    LineStatus,
    Mark,
    PowerStatus,
    PressureMark,
    PumpState,
    Reference,
    Requests,
    RunKind,
    Shown,
    Signalled,
    SignalStatus,
    Temporary,
    TurnedBack,
    UnitStatus,
)
from tests.build import MIN, H, S, program
from tests.controller.power_bench import FULL

THEN = 1000 * H
"""When the power went; the counts were 700 and 90 then."""
READ = SensorReading((LineReading("A", 700, 4.9, False), LineReading("B", 90, 4.9, False)), 12.0)
BLANK = Pump(FULL).state


def powered_on(state: PumpState, model=FULL) -> PumpState:
    """The state that a new power-on begins with, after the power went in ``state``."""
    return Pump.power_on(model, replace(Pump(model).snapshot(), state=state)).state


def left_by(line: LineStatus, reading: SensorReading | None = READ) -> LineStatus:
    """What becomes of line A."""
    return powered_on(replace(BLANK, now_ns=THEN, lines=(line, BLANK.lines[1]), reading=reading)).lines[0]


LINE = LineStatus("A", LineState.HELD, program(60, 5), 60_000_000, owed=77, after_end=LineState.KVO, owed_end=99)
LINE_FIELDS = [
    ({"state": LineState.INFUSING}, {"state": LineState.INFUSING}),
    ({"stop_at_step": 1000}, {"stop_at_step": 300}),
    ({"stop_at_step": 700}, {"stop_at_step": 0}),
    ({"start_at_ns": THEN + MIN}, {"start_at_ns": MIN}),
    ({"start_at_ns": THEN}, {"start_at_ns": 0}),
    ({"finish_at_step": 710}, {"finish_at_step": None}),
]


@pytest.mark.parametrize(("before", "after"), LINE_FIELDS)
def test_a_line_goes_on_by_what_was_left_of_it(before, after):
    assert left_by(replace(LINE, **before)) == replace(LINE, **after)


def test_without_any_reading_the_counts_had_not_begun():
    assert left_by(replace(LINE, stop_at_step=1000), None) == replace(LINE, stop_at_step=1000)


def test_each_line_has_its_own_count():
    lines = tuple(replace(LINE, line=line, stop_at_step=1000) for line in "AB")
    after = powered_on(replace(BLANK, now_ns=THEN, lines=lines, reading=READ))
    assert [(line.line, line.stop_at_step) for line in after.lines] == [("A", 300), ("B", 910)]


REQUESTS = Requests(made=5, granted=3, in_part=1, denied=2)
COURSE_FIELDS = [
    ({"based": 5, "dosed": 7}, {"based": 5, "dosed": 7}),
    ({"since_ns": THEN - H}, {"since_ns": -H}),
    (
        {"doses": (Dose(DoseKind.BOLUS, 9, 8, THEN - S, 4, 720), Dose(DoseKind.EXTENDED, 3, 2, THEN - MIN))},
        {"doses": (Dose(DoseKind.BOLUS, 9, 8, -S, 4), Dose(DoseKind.EXTENDED, 3, 2, -MIN))},
    ),
    ({"temporary": Temporary(THEN + H, percent=50)}, {"temporary": Temporary(H, percent=50)}),
    ({"temporary": Temporary(THEN + H, rate_nl_per_h=5)}, {"temporary": Temporary(H, rate_nl_per_h=5)}),
    ({"requests": REQUESTS}, {"requests": REQUESTS}),
    ({"requests": replace(REQUESTS, began_ns=THEN - S)}, {"requests": replace(REQUESTS, began_ns=-S)}),
    ({"requests": replace(REQUESTS, ended_ns=THEN - 2 * S)}, {"requests": replace(REQUESTS, ended_ns=-2 * S)}),
    ({"marks": (Mark(THEN - H, 1), Mark(THEN - MIN, 6))}, {"marks": (Mark(-H, 1), Mark(-MIN, 6))}),
    ({"reference": Reference(THEN - H, 600, 5, LineState.INFUSING)}, {"reference": None}),
]


@pytest.mark.parametrize(("before", "after"), COURSE_FIELDS)
def test_a_course_goes_on_as_if_no_time_had_passed(before, after):
    course = LINE.course
    assert left_by(replace(LINE, course=replace(course, **before))) == replace(LINE, course=replace(course, **after))


SIGNALS = SignalStatus((Signalled(AlarmId.DOOR_OPEN, None, Priority.HIGH, THEN),), Shown(AlarmId.DOOR_OPEN), THEN)
UNIT_FIELDS = [
    ({"clock_ns": 5}, {"clock_ns": None}),
    ({"signals": SIGNALS}, {"signals": SignalStatus()}),
    ({"asked": Acknowledge()}, {"asked": Acknowledge()}),
    ({"given": (GivenDrug("dopamine", 5),)}, {"given": (GivenDrug("dopamine", 5),)}),
    ({"restarts_ns": (THEN - H, THEN - S)}, {"restarts_ns": (-H, -S)}),
    ({"key_since_ns": THEN - S}, {"key_since_ns": -S}),
    ({"touched_ns": THEN - S}, {"touched_ns": 0}),
    ({"air_counted_ml": 0.5, "air_passing": True}, {"air_counted_ml": 0.0, "air_passing": False}),
    ({"turned_back": TurnedBack("A", 700, 700, 650)}, {"turned_back": None}),
    ({"rising": (PressureMark(THEN - S, 3.0),)}, {"rising": ()}),
    ({"run": CountedRun(RunKind.BACKPRIMING, "B", 0, 700, 60_000_000, THEN + S)}, {"run": None}),
    ({"run": CountedRun(RunKind.WITHDRAWING, "A", 700, 0, 60_000_000, THEN + S)}, {"run": None}),
    ({"withdrawn_steps": 700}, {"withdrawn_steps": 0}),
]


@pytest.mark.parametrize(("before", "after"), UNIT_FIELDS)
def test_of_the_pump_as_a_whole_settings_and_totals_are_kept(before, after):
    now = powered_on(replace(BLANK, now_ns=THEN, unit=UnitStatus(**before), reading=READ))
    assert now.unit == replace(UnitStatus(), power=PowerStatus(charge_ns=4 * H, off=True), **after)


@pytest.mark.parametrize(
    ("model", "before", "after"),
    [
        (FULL, PowerStatus(), PowerStatus(charge_ns=4 * H, off=True)),
        (FULL, PowerStatus(False, 3 * H, THEN - H), PowerStatus(False, 2 * H, off=True)),
        (FULL, PowerStatus(True, H, THEN - H), PowerStatus(True, H + H // 2, off=True)),
        (replace(FULL, battery=None), PowerStatus(), PowerStatus(off=True)),
    ],
    ids=["full", "used for an hour", "charged for an hour", "no battery"],
)
def test_the_battery_holds_what_it_held(model, before, after):
    state = replace(BLANK, now_ns=THEN, unit=UnitStatus(power=before))
    assert powered_on(state, model).unit.power == after


DOOR, NEAR = AlarmId.DOOR_OPEN, AlarmId.NEAR_END
ALARMS = [
    ((AlarmStatus(DOOR, None, THEN - H, True),), (AlarmStatus(DOOR, None, -H, True),)),
    ((AlarmStatus(DOOR, None, THEN - H, standing=False),), ()),
    ((AlarmStatus(DOOR, None, THEN - H, True, over_since_ns=THEN - S),), (AlarmStatus(DOOR, None, -H, True),)),
    (
        (AlarmStatus(NEAR, "B", THEN - H, True, acknowledged=True), AlarmStatus(DOOR, None, THEN, True)),
        (AlarmStatus(NEAR, "B", -H, True, acknowledged=True), AlarmStatus(DOOR, None, 0, True)),
    ),
]


@pytest.mark.parametrize(("before", "after"), ALARMS)
def test_conditions_that_stood_are_known_and_what_was_pending_is_not(before, after):
    assert powered_on(replace(BLANK, now_ns=THEN, alarms=before, reading=READ)).alarms == after


def test_it_begins_at_0_and_stands_and_has_seen_nothing():
    moving = MotorCommand((LineMotion("A", 5, 800), LineMotion("B", 6)))
    now = powered_on(replace(BLANK, now_ns=THEN, motor=moving, reading=READ))
    assert (now.now_ns, now.reading) == (0, None)
    assert now.motor == MotorCommand((LineMotion("A", 0), LineMotion("B", 0)))
    assert now.lines == BLANK.lines


def test_every_field_is_decided_here():
    """Whoever adds a field to a status adds what becomes of it to a table above."""
    told = {name for table in (LINE_FIELDS, COURSE_FIELDS, UNIT_FIELDS) for before, _ in table for name in before}
    kept = {field.name for field in fields(LINE) if getattr(LINE, field.name) != field.default}
    elsewhere = {"course", "power"}
    every = {field.name for kind in (LINE, LINE.course, UnitStatus()) for field in fields(kind)}
    assert every == told | kept | elsewhere
