"""Alarm signals, by hand: what is shown and heard of conditions that are raised, paused, acknowledged and over."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.catalogue.syringe_pumps import GRASEBY_3300_PCA
from pumpsim.codec import decode, encode
from pumpsim.controller import Pump
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import Effect
from pumpsim.vocabulary.courses import AtLimit, Demand, DoseLimit
from pumpsim.vocabulary.inputs import Acknowledge, LineReading, LoadProgram, PauseAudio, SensorReading, Start, Tick
from pumpsim.vocabulary.model import Reminders
from pumpsim.vocabulary.outputs import LineState, MotorCommand, SignalChanged
from pumpsim.vocabulary.status import PumpState
from tests.build import STROKES, S, program
from tests.controller.attention import (
    DOOR,
    FOUND,
    HIGH,
    LINK,
    LOST,
    LOW,
    MEDIUM,
    OFF,
    OPEN,
    QUIET,
    READING,
    SEATED,
    SHUT,
    SYRINGE,
    conditions,
    model_with,
    play,
    signals,
)
from tests.examples import examples

PAUSE = PauseAudio(120 * S)
DOOR_LOW = {"door": {"priority": LOW}}
EVERY_MINUTE = Reminders(acknowledged_ns=60 * S, key_ns=None)


@pytest.mark.requirement("GPCA REQ 60", "GPCA REQ 61", "GPCA REQ 63", "GPCA REQ 64")
@pytest.mark.parametrize(
    ("rows", "points", "expected"),
    [
        (
            {"door": {"priority": MEDIUM}},
            [(1, OPEN), (2, OFF), (3, SEATED), (4, SHUT)],
            [
                (1, "medium door sounds"),
                (2, "high syringe sounds"),
                (3, "medium door sounds"),
                (4, "none"),
            ],
        ),
        (
            {"syringe": {"priority": MEDIUM}},
            [(1, OPEN), (2, OFF), (3, SHUT)],
            [(1, "high door sounds"), (3, "medium syringe sounds")],
        ),
        (
            {"door": {"effect": Effect.STOP_LINE}, "syringe": {"effect": Effect.STOP_ALL}},
            [(1, OPEN), (2, OFF), (3, LOST)],
            [(1, "high door sounds"), (2, "high syringe sounds")],
        ),
        (
            {},
            [(1, OPEN), (2, OFF), (3, OPEN), (4, SEATED)],
            [(1, "high door sounds"), (2, "high syringe sounds"), (4, "high door sounds")],
        ),
    ],
    ids=["a higher one takes over", "a lower one is only listed", "the most restrictive", "then the newest"],
)
def test_which_goes_first(rows, points, expected):
    assert signals(play(model_with(**rows), points)) == expected


@pytest.mark.parametrize(
    ("over_s", "expected"),
    [
        (9.999, []),
        (10, [(10, "high door sounds"), (10, "none")]),
        (10.001, [(10, "high door sounds"), (10.001, "none")]),
    ],
)
def test_signals_begin_when_their_delay_is_over(over_s, expected):
    model = model_with(door={"signal_delay_ns": 9 * S, "latching": False})
    assert signals(play(model, [(1, OPEN), (over_s, SHUT)], 30)) == expected


@pytest.mark.parametrize(
    ("over_s", "acknowledged"),
    [(9, False), (20, True)],
    ids=["over before its signals began: nothing to latch", "latched"],
)
def test_latching_signals_go_on_until_acknowledged(over_s, acknowledged):
    model = model_with(door={"signal_delay_ns": 10 * S, "latching": True})
    said = play(model, [(1, OPEN), (over_s, SHUT), (60, Acknowledge(DOOR)), (70, OPEN)], 90)
    assert [(60, "acknowledged door") in conditions(said), (60, "none") in signals(said)] == [acknowledged] * 2
    assert ((60, "refused acknowledge: no such alarm stands") in conditions(said)) is not acknowledged
    assert signals(said)[-1] == (80, "high door sounds"), "raised again it is a new one"


def test_a_latched_signal_of_a_condition_that_is_raised_again_is_a_new_one():
    said = play(model_with(door={"latching": True}), [(1, OPEN), (2, SHUT), (3, PAUSE), (4, OPEN), (5, SHUT)], 200)
    assert signals(said) == [
        (1, "high door sounds"),
        (3, "high door silent, paused"),
        (4, "high door sounds"),
    ]


def test_starting_a_line_ends_the_latched_signals_that_stopped_it():
    load = LoadProgram("A", program(100))
    distal = SensorReading(READING.lines, 200.0)
    said = play(STROKES, [(0, load), (1, Start("A")), (10, distal), (20, READING), (50, Start("A"))], 60)
    assert [said for said in signals(said) if said[0] < 60] == [(10, "high occlusion-distal sounds"), (50, "none")]
    assert (50, "acknowledged occlusion-distal") in conditions(said)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(10, Acknowledge())], [(10, "high door silent")]),
        (
            [(10, Acknowledge(DOOR)), (20, SHUT), (30, OPEN)],
            [(10, "high door silent"), (20, "none"), (30, "high door sounds")],
        ),
        ([(10, Acknowledge(SYRINGE))], []),
        ([(10, Acknowledge()), (20, OFF)], [(10, "high door silent"), (20, "high syringe sounds")]),
        ([(10, PAUSE), (20, Acknowledge())], [(10, "high door silent, paused"), (20, "high door silent")]),
    ],
    ids=["silent", "a new one sounds again", "another is meant", "another sounds", "the pause is over with it"],
)
def test_acknowledged(points, expected):
    assert signals(play(model_with(), [(1, OPEN), *points], 300)) == [(1, "high door sounds"), *expected]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], [(61, "medium door sounds")]),
        ([(60.999999999, Acknowledge())], [(60.999999999, "low door silent")]),
        ([(61, Acknowledge())], [(61, "medium door sounds"), (61, "medium door silent")]),
        ([(10, PAUSE)], [(10, "low door silent, paused"), (61, "medium door sounds")]),
        ([(60.999999999, SHUT)], [(60.999999999, "none")]),
    ],
    ids=["once, by one priority", "not when acknowledged", "acknowledged after", "through a pause", "not when over"],
)
def test_what_nobody_acknowledges_escalates(points, expected):
    model = model_with(door={"priority": LOW, "escalates_after_ns": 60 * S})
    assert signals(play(model, [(1, OPEN), *points], 600)) == [(1, "low door sounds"), *expected]


def test_a_late_call_escalates_before_it_acknowledges():
    pump = Pump(model_with(door={"priority": LOW, "escalates_after_ns": 60 * S}))
    for at_s, what in ((0, READING), (1, OPEN), (70, Acknowledge())):
        pump.step(at_s * S, what)
    assert pump.state.unit.signals.shown.priority is MEDIUM


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, OPEN), (1, SHUT), (1, OPEN)], [(1, "low door sounds"), (61, "medium door sounds")]),
        ([(1, LOST), (1, Acknowledge()), (1, LOST)], [(1, "high link sounds"), (1, "none"), (1, "high link sounds")]),
    ],
)
def test_raised_again_in_the_same_instant_it_is_a_new_one(points, expected):
    door = {"priority": LOW, "escalates_after_ns": 60 * S, "latching": True}
    assert signals(play(model_with(door=door, link={"self_clearing": False}), points, 99)) == expected


def test_a_limit_that_still_holds_when_it_is_acknowledged_sounds_again():
    """The dose limit is acknowledged in the very instant in which it is reached, and stands at once again."""
    limit = DoseLimit(2_000_000, 3600 * S, at_limit=AtLimit.KVO)
    wanted = replace(program(10), demand=Demand(1_000_000, 0), limit=limit)
    points = [(0, LoadProgram("A", wanted)), (0, Start("A")), (720, Acknowledge())]
    one_line = SensorReading((LineReading("A", 0, 0.0, False),), 0.0)
    said = play(replace(GRASEBY_3300_PCA, reminders=QUIET), points, 800, one_line)
    assert conditions(said)[:2] == [(720, "raised max-dose"), (720, "acknowledged max-dose")]
    assert signals(said)[-1] == (720, "low max-dose sounds")
    assert len(signals(said)) == 1


def test_the_highest_priority_cannot_rise_and_what_is_latched_does_not():
    assert len(signals(play(model_with(door={"escalates_after_ns": S}), [(1, OPEN)], 99))) == 1
    latched = model_with(door={"priority": LOW, "latching": True, "escalates_after_ns": 60 * S})
    assert len(signals(play(latched, [(1, OPEN), (2, SHUT)], 99))) == 1


def test_an_escalated_condition_does_to_delivery_what_it_did():
    model = model_with(door={"priority": LOW, "effect": Effect.KVO, "escalates_after_ns": 60 * S})
    load = LoadProgram("A", program(100))
    said = play(model, [(0, load), (1, Start("A")), (10, OPEN)], 300)
    assert (70, "medium door sounds") in signals(said)
    assert [at_s for at_s, output in said if isinstance(output, MotorCommand)] == [1, 10]


SILENT, PAUSED, REMINDS = "high door silent", "high door silent, paused", "high door reminds"


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (
            [(10, Acknowledge())],
            [(10, SILENT), (70, REMINDS), (72, SILENT), (130, REMINDS), (132, SILENT), (190, REMINDS), (192, SILENT)],
        ),
        ([(10, Acknowledge()), (69, SHUT)], [(10, SILENT), (69, "none")]),
        (
            [(10, Acknowledge()), (60, Acknowledge())],
            [(10, SILENT), (120, REMINDS), (122, SILENT), (180, REMINDS), (182, SILENT)],
        ),
        ([(10, PAUSE)], [(10, PAUSED), (70, f"{REMINDS}, paused"), (72, PAUSED), (130, "high door sounds")]),
        ([(10, Acknowledge()), (60, OFF)], [(10, SILENT), (60, "high syringe sounds")]),
    ],
    ids=[
        "each minute, for two seconds",
        "not when over",
        "counted from the last time",
        "of a pause too",
        "not while another sounds",
    ],
)
def test_reminder_signals(points, expected):
    said = signals(play(model_with(EVERY_MINUTE), [(1, OPEN), *points], 200))
    assert said == [(1, "high door sounds"), *expected]


def test_without_reminders_an_acknowledged_condition_stays_silent_and_wakes_nobody():
    pump = Pump(model_with())
    for at_s, what in ((0, READING), (1, OPEN), (2, Acknowledge())):
        step = pump.step(at_s * S, what)
    assert step.wake_at_ns is None


EVENTS = [
    OPEN,
    SHUT,
    OFF,
    SEATED,
    LOST,
    FOUND,
    PAUSE,
    PauseAudio(7 * S),
    PauseAudio(0),
    Acknowledge(),
    Acknowledge(LINK),
]
BUSY = model_with(
    Reminders(acknowledged_ns=11 * S, key_ns=None),
    door={"priority": LOW, "escalates_after_ns": 13 * S, "latching": True},
    syringe={"priority": MEDIUM, "signal_delay_ns": 3 * S},
    link={"priority": HIGH, "latching": True, "self_clearing": False},
)


@settings(max_examples=examples(150))
@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(EVENTS)), max_size=12),
    st.lists(st.integers(0, 250 * S), max_size=8),
)
def test_extra_ticks_and_a_state_that_was_put_away_change_nothing(steps, ticks):
    """Through any story: the same changes at the same instants, whoever looks in between, and after a codec's round."""
    at_s, points = 0, []
    for wait_s, event in steps:
        at_s += wait_s
        points.append((float(at_s), event))
    expected = play(BUSY, points, 260)
    more = sorted([*points, *((ns / S, Tick()) for ns in ticks)], key=lambda point: point[0])
    assert signals(play(BUSY, more, 260)) == signals(expected)

    controller, said = PumpController(BUSY), []
    wake_ns = controller.step(0, READING).wake_at_ns
    for due_s, event in [*points, (260, None)]:
        while wake_ns is not None and wake_ns <= round(due_s * S):
            step = controller.step(wake_ns, Tick())
            said += [(wake_ns / S, output) for output in step.outputs]
            wake_ns = step.wake_at_ns
        controller.state = decode(PumpState, encode(controller.state))
        if event is not None:
            step = controller.step(round(due_s * S), event)
            said += [(due_s, output) for output in step.outputs]
            wake_ns = step.wake_at_ns
    assert signals(said) == signals(expected)


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(EVENTS)), max_size=12))
def test_no_change_is_said_twice_and_signals_change_no_delivery(steps):
    at_s, points = 1, [(0.0, LoadProgram("A", program(100))), (0.5, Start("A"))]
    for wait_s, event in steps:
        at_s += wait_s
        points.append((float(at_s), event))
    said = play(BUSY, points, 300)
    changes = [output for _, output in said if isinstance(output, SignalChanged)]
    assert all(a != b for a, b in pairwise(changes))
    assert len([output for _, output in said if isinstance(output, MotorCommand)]) == 1
    assert all(change.audible is False or change.alarm is not None for change in changes)


def test_the_row_says_what_latches_for_every_condition_that_stops_and_clears_by_itself_in_the_line():
    """A line that was stopped stays stopped when pressure or air is gone: its signals must not go silent with them."""
    for row in STROKES.alarms:
        if row.threshold is not None and row.effect.stops:
            assert row.latching, row.id


def test_a_stopped_line_and_its_signals_wait_for_the_operator():
    model = replace(STROKES, reminders=Reminders(key_ns=None))
    controller = PumpController(model)
    steps = [READING, LoadProgram("A", program(100)), Start("A"), SensorReading(READING.lines, 200.0), READING]
    for at_s, given_input in enumerate(steps):
        controller.step(at_s * S, given_input)
    assert controller.state.alarms == ()
    assert controller.state.line("A").state is LineState.ALARM
    assert controller.state.unit.signals.shown.audible
