"""AUDIO PAUSED: what is silenced, for how long, and what sounds through it."""

import pytest

from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Acknowledge, LineReading, LoadProgram, PauseAudio, SensorReading, Start
from pumpsim.vocabulary.outputs import SignalChanged
from tests.build import S, program
from tests.controller.attention import (
    DOOR,
    HIGH,
    LOW,
    MEDIUM,
    OFF,
    OPEN,
    READING,
    SEATED,
    SHUT,
    conditions,
    model_with,
    play,
    signals,
)

PAUSE = PauseAudio(120 * S)


@pytest.mark.requirement("GIP 3.2.1", "GPCA REQ 75")
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, OPEN), (10, PAUSE)], [(10, "high door silent, paused"), (130, "high door sounds")]),
        (
            [(1, OPEN), (10, PAUSE), (20, PauseAudio(0))],
            [(10, "high door silent, paused"), (20, "high door sounds")],
        ),
        (
            [(1, OPEN), (10, PAUSE), (70, PAUSE)],
            [(10, "high door silent, paused"), (190, "high door sounds")],
        ),
        ([(1, OPEN), (10, PAUSE), (20, SHUT)], [(10, "high door silent, paused"), (20, "none")]),
        (
            [(1, OPEN), (10, PAUSE), (20, SHUT), (30, OPEN)],
            [
                (10, "high door silent, paused"),
                (20, "none"),
                (30, "high door sounds"),
            ],
        ),
        (
            [(1, OPEN), (10, PAUSE), (20, OFF)],
            [
                (10, "high door silent, paused"),
                (20, "high syringe sounds, paused"),
                (130, "high syringe sounds"),
            ],
        ),
    ],
    ids=[
        "it comes back after two minutes",
        "it can be ended",
        "and begun anew",
        "over while paused",
        "raised again",
        "a new one sounds through it",
    ],
)
def test_audio_paused(points, expected):
    assert signals(play(model_with(), points, 300)) == [(1, "high door sounds"), *expected]


def test_a_new_condition_of_lower_priority_sounds_through_the_pause_and_the_higher_one_stays_in_sight():
    model = model_with(syringe={"priority": LOW})
    said = play(model, [(1, OPEN), (10, PAUSE), (20, OFF), (30, SEATED)], 40)
    assert signals(said)[2:] == [
        (20, "high door silent, syringe sounds, paused"),
        (30, "high door silent, paused"),
    ]


def test_one_that_is_acknowledged_leaves_the_others_paused():
    said = play(model_with(), [(1, OPEN), (1, OFF), (2, PAUSE), (3, Acknowledge(DOOR))], 200)
    assert signals(said)[1:] == [
        (1, "high syringe sounds"),
        (2, "high syringe silent, paused"),
        (122, "high syringe sounds"),
    ]


def test_a_start_leaves_what_stands_paused():
    said = play(model_with(), [(0, LoadProgram("A", program(60))), (1, OPEN), (2, PAUSE), (3, Start("A"))], 10)
    assert signals(said) == [(1, "high door sounds"), (2, "high door silent, paused")]


def test_of_two_that_latch_the_one_that_is_acknowledged_ends():
    latching = {"latching": True}
    story = [(1, OPEN), (2, OFF), (3, SHUT), (3, SEATED), (4, Acknowledge(DOOR))]
    said = play(model_with(door=latching, syringe=latching), story, 10)
    assert [text for at_s, text in conditions(said) if at_s == 4] == ["acknowledged door"]
    assert signals(said)[-1] == (2, "high syringe sounds")


def test_what_sounds_through_it_is_said_with_its_line():
    said = play(
        model_with(),
        [
            (0, LoadProgram("B", program(60, 0.1))),
            (0, Start()),
            (1, OPEN),
            (2, PAUSE),
            (6, SensorReading((LineReading("A", 0, 4.9, False), LineReading("B", 1_000, 4.9, False)), 0.0)),
        ],
        7,
    )
    changes = [(o.alarm, o.line, o.sounding, o.sounding_line) for _, o in said if isinstance(o, SignalChanged)]
    assert changes[0] == (AlarmId.NEAR_END, "B", None, None)
    assert changes[-1] == (AlarmId.DOOR_OPEN, None, AlarmId.INFUSION_COMPLETE, "B")


def test_what_waits_for_its_signal_delay_is_not_paused_with_the_others():
    model = model_with(syringe={"signal_delay_ns": 30 * S})
    said = play(model, [(1, OPEN), (2, OFF), (10, PAUSE)], 40)
    assert signals(said)[-1] == (32, "high syringe sounds, paused")


@pytest.mark.requirement("GIP 3.2.1")
@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (119.999999999, ""),
        (120, ""),
        (120.000000001, "audio is paused for at most 120 s"),
        (-1, "audio is paused for at most 120 s"),
        (0, "audio is not paused"),
    ],
)
def test_a_pause_is_at_most_the_model_s(seconds, says):
    said = play(model_with(), [(1, OPEN), (2, PauseAudio(round(seconds * S)))])
    assert [text for at_s, text in conditions(said) if at_s == 2] == ([f"refused pause-audio: {says}"] if says else [])


@pytest.mark.parametrize(
    ("ns", "says"), [(1, "nothing sounds"), (120 * S, "nothing sounds"), (0, "audio is not paused")]
)
@pytest.mark.parametrize("points", [[], [(1, OPEN), (2, Acknowledge())], [(1, OPEN), (2, SHUT)]])
def test_where_nothing_sounds_nothing_is_paused(points, ns, says):
    said = play(model_with(), [*points, (3, PauseAudio(ns))])
    assert conditions(said)[-1] == (3, f"refused pause-audio: {says}")


def test_a_pause_that_is_ended_leaves_nothing():
    controller = PumpController(model_with())
    for at_s, given in ((0, READING), (1, OPEN), (2, PauseAudio(90 * S))):
        controller.step(at_s * S, given)
    paused = controller.state.unit.signals
    assert (paused.paused_since_ns, paused.paused_until_ns) == (2 * S, 92 * S)
    assert [one.silent_until_ns for one in paused.conditions] == [92 * S]
    assert controller.step(3 * S, PauseAudio(0)).wake_at_ns is None
    ended = controller.state.unit.signals
    assert (ended.paused_since_ns, ended.paused_until_ns) == (None, None)
    assert [one.silent_until_ns for one in ended.conditions] == [None]


@pytest.mark.parametrize(
    ("priority", "rises"), [(LOW, ["medium door sounds"]), (MEDIUM, ["high door sounds"]), (HIGH, [])]
)
def test_what_nobody_heeds_rises_by_one_priority_up_to_the_highest(priority, rises):
    said = play(model_with(door={"priority": priority, "escalates_after_ns": 10 * S}), [(1, OPEN)], 60)
    assert [text for at_s, text in signals(said) if at_s == 11] == rises
    assert len(signals(said)) == 1 + len(rises)
