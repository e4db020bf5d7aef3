"""Idle, a question without an answer, a stuck key: when each is raised, what clears it, who is no touch."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.pumps import MODELS
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Confirm,
    LoadProgram,
    PauseAudio,
    RequestDose,
    SetClock,
    Standby,
    Start,
    Stop,
    Titrate,
)
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.model import Reminders
from pumpsim.vocabulary.outputs import AlarmRaised, MotorCommand
from tests.build import STROKES, S, program
from tests.controller.attention import LOW, OPEN, PRESSED, READING, RELEASED, conditions, model_with, play, signals

AFTER_5_MIN = model_with(Reminders(idle_ns=300 * S, key_ns=None))
LOAD, LOAD_B = LoadProgram("A", program(100)), LoadProgram("B", program(50))
RAISED, CLEARED = "raised idle", "cleared idle"


@pytest.mark.requirement("GIP 2.2.4", "GPCA REQ 15", "GPCA REQ 44")
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, LOAD)], [(310, RAISED)]),
        ([(10, LOAD), (309.999999999, Start("A"))], []),
        ([(10, LOAD), (310, Start("A"))], [(310, RAISED), (310, CLEARED)]),
        ([(10, LOAD), (20, Start("A")), (30, Stop("A"))], [(330, RAISED)]),
        ([(10, LOAD), (20, Start("A")), (30, LOAD_B)], [(330, RAISED)]),
        ([(10, LOAD), (20, Standby("A", 800 * S))], []),
        ([(10, LOAD), (400, SetClock(0))], [(310, RAISED), (400, CLEARED), (700, RAISED)]),
        ([(10, LOAD), (200, Titrate("A", 5))], [(200, "refused titrate"), (500, RAISED)]),
        ([(10, LOAD), (200, RequestDose("A"))], [(310, RAISED)]),
        (
            [(10, LOAD), (400, Acknowledge())],
            [(310, RAISED), (400, "acknowledged idle"), (400, CLEARED), (700, RAISED)],
        ),
        ([(10, LOAD), (400, PauseAudio(60 * S))], [(310, RAISED), (400, CLEARED), (700, RAISED)]),
        ([], []),
    ],
    ids=[
        "loaded and left",
        "started just before",
        "started with it",
        "held and left",
        "one runs, the other waits",
        "put aside on purpose",
        "touched, and left again",
        "a refused command is a touch",
        "the patient's button is not",
        "acknowledged, and left again",
        "paused: somebody is there",
        "no line has a program",
    ],
)
def test_idle(points, expected):
    said = conditions(play(AFTER_5_MIN, points, 750))
    assert [(at_s, text.partition(":")[0]) for at_s, text in said] == expected


def test_it_says_which_lines_wait_and_goes_on_delivering():
    said = play(AFTER_5_MIN, [(10, LOAD), (20, Start("A")), (30, LOAD_B)], 400)
    (idle,) = [output for _, output in said if isinstance(output, AlarmRaised)]
    assert idle == AlarmRaised(AlarmId.IDLE, None, LOW, "line B is ready")
    assert len([output for _, output in said if isinstance(output, MotorCommand)]) == 1
    assert signals(said) == [(330, "low idle sounds")]


def test_it_names_every_line_that_waits():
    said = play(AFTER_5_MIN, [(0, LOAD), (0, LOAD_B), (1, Start("A")), (2, Stop("A"))], 400)
    (idle,) = [o for _, o in said if isinstance(o, AlarmRaised)]
    assert idle.detail == "line A is held, line B is ready"


def test_a_line_that_an_alarm_has_stopped_is_not_idle():
    said = play(AFTER_5_MIN, [(10, LOAD), (20, Start("A")), (30, replace(READING, distal_kpa=200.0))], 2000)
    assert conditions(said) == [(30, "raised occlusion-distal")]


def test_a_line_whose_standby_is_over_calls_once_and_then_is_idle():
    said = play(AFTER_5_MIN, [(10, LOAD), (20, Standby("A", 600 * S)), (700, Acknowledge())], 1001)
    assert conditions(said) == [
        (620, "raised standby-over"),
        (700, "acknowledged standby-over"),
        (700, "cleared standby-over"),
        (1000, RAISED),
    ]


QUESTION = LoadProgram("A", replace(program(100), drug=DrugRule("heparin", "icu", Limits(soft_high=50_000_000))))
PENDING, ANSWERED = "raised pending-input", "cleared pending-input"


@pytest.mark.requirement("GIP 2.2.1")
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(900.999999999, Confirm())], []),
        ([(1000, Confirm())], [(901, PENDING), (1000, ANSWERED)]),
        ([(1000, Confirm(agreed=False))], [(901, PENDING), (1000, "refused load"), (1000, ANSWERED)]),
        (
            [(1000, Acknowledge())],
            [(901, PENDING), (1000, "acknowledged pending-input"), (1000, ANSWERED), (1900, PENDING)],
        ),
        ([(500, SetClock(0))], [(500, "refused load")]),
    ],
    ids=["answered in time", "confirmed", "declined", "alerted every 15 minutes", "another command came instead"],
)
def test_a_question_without_an_answer(points, expected):
    model = model_with(Reminders(pending_ns=900 * S, key_ns=None))
    said = play(model, [(1, QUESTION), *points], 2000)
    assert [(at_s, text.partition(":")[0]) for at_s, text in conditions(said)] == expected
    details = [output.detail for _, output in said if isinstance(output, AlarmRaised)]
    assert set(details) <= {"load waits to be confirmed"}


@pytest.mark.requirement("GIP 2.3.1")
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, PRESSED)], [(61, "raised key-stuck")]),
        ([(1, PRESSED), (60.999999999, RELEASED)], []),
        ([(1, PRESSED), (100, RELEASED)], [(61, "raised key-stuck"), (100, "cleared key-stuck")]),
        ([(1, PRESSED), (30, PRESSED)], [(61, "raised key-stuck")]),
        ([(1, PRESSED), (30, RELEASED), (40, PRESSED)], [(100, "raised key-stuck")]),
        ([(1, PRESSED), (80, Acknowledge())], [(61, "raised key-stuck"), (80, "acknowledged key-stuck")]),
        ([(1, RELEASED)], []),
    ],
    ids=[
        "for a minute",
        "released just before",
        "released",
        "told twice",
        "pressed again",
        "acknowledged, and still pressed",
        "never pressed",
    ],
)
def test_a_key_that_is_stuck(points, expected):
    model = model_with(Reminders(key_ns=60 * S))
    assert conditions(play(model, points, 200)) == expected


def test_a_stuck_key_stops_delivery():
    said = play(model_with(Reminders()), [(0, LOAD), (1, Start("A")), (2, PRESSED)], 100)
    stopped = [at_s for at_s, output in said if isinstance(output, MotorCommand) and not output.moving]
    assert stopped == [62]


def test_a_running_pump_asks_for_no_wake_up_of_a_reminder():
    controller = PumpController(replace(STROKES, reminders=Reminders(S, S, S, S)))
    for given in (READING, LOAD, Start("A")):
        step = controller.step(0, given)
    assert step.wake_at_ns is None


def test_a_model_of_an_older_journal_without_the_row_reminds_of_nothing():
    rows = tuple(row for row in STROKES.alarms if row.id is not AlarmId.IDLE)
    model = replace(STROKES, alarms=rows, reminders=Reminders(idle_ns=S, key_ns=None))
    assert conditions(play(model, [(0, LOAD)], 60)) == []


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_has_the_rows_of_its_reminders_and_pauses_no_longer_than_two_minutes(model):
    rows = {row.id for row in model.alarms}
    assert {AlarmId.IDLE, AlarmId.PENDING_INPUT, AlarmId.KEY_STUCK} <= rows
    assert 0 <= model.audio_pause_ns <= 120 * S
    for about in ("reminders", "longest audio pause"):
        assert [s.figure for s in model.sources].count(about) == 1


def test_the_alarm_of_a_key_does_not_hide_a_door():
    """Both HIGH and both stop: the newest is shown."""
    said = play(replace(STROKES, reminders=Reminders()), [(1, PRESSED), (70, OPEN)], 80)
    assert signals(said) == [(61, "high key-stuck sounds"), (70, "high door sounds")]
