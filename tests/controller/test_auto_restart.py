"""Going on by itself after an occlusion that goes away: the share, the time, the count, and who may stop it (PHYSICS 3.2)."""

from dataclasses import replace

import pytest

from pumpsim.codec import decode, encode
from pumpsim.controller import Pump
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start, Stop, Tick, Titrate
from pumpsim.vocabulary.model import AutoRestart
from pumpsim.vocabulary.outputs import AlarmRaised, LineState
from pumpsim.vocabulary.program import LineMode
from pumpsim.vocabulary.status import PumpState
from tests.build import SMOOTH, S, program
from tests.controller.occlusion import LIMIT, ONE, course, kpa, running, said
from tests.controller.test_alarm_delay import kpa as both

TWICE = replace(ONE, auto_restart=AutoRestart(2))
CHECK = ["checking: checking line", "motor 0"]
ALARM = ["raised occlusion-distal", "alarm: occlusion-distal"]


def again(n: int) -> list[str]:
    return [f"infusing: restart {n} of 2", "motor 36"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([(10, kpa(39.999))], []),
        ([(10, kpa(40.0)), (12, kpa(20.0)), (13, kpa(19.999))], [(10, CHECK), (13, again(1))]),
        ([(10, kpa(40.0)), (24.999, kpa(20.0)), (25, kpa(19.999))], [(10, CHECK), (25, again(1))]),
        ([(10, kpa(40.0)), (24.999, Tick()), (25, kpa(20.0))], [(10, CHECK), (25, ALARM)]),
        ([(10, kpa(40.0)), (25, Tick())], [(10, CHECK), (25, ALARM)]),
        ([(10, kpa(40.0)), (12, Stop("A")), (13, kpa(5.0))], [(10, CHECK), (12, ["held: operator"])]),
        (
            [(10, kpa(40.0)), (11, Start("A")), (12, Stop()), (13, Start())],
            [
                (10, CHECK),
                (11, ["refused start: line A is checking already"]),
                (12, ["held: operator"]),
                (13, ["refused start: the line is being checked"]),
            ],
        ),
        ([(10, kpa(40.0)), (11, Titrate("A", 50_000_000)), (12, kpa(0.0))], None),
        (
            [(10, kpa(40.0)), (11, DeviceEvent(DeviceEventKind.DOOR_OPENED)), (12, kpa(0.0))],
            [(10, CHECK), (11, ["raised door-open", "alarm: door-open"])],
        ),
    ],
    ids=[
        "below the limit nothing",
        "at half of the limit it waits, below it goes on",
        "in the last instant it still goes on",
        "half is not enough",
        "a deadline needs no reading",
        "what the operator stops stays stopped, and is not counted",
        "nobody starts into a line that is checked",
        "it goes on at the rate of now",
        "another alarm ends it",
    ],
)
def test_course(given, expected):
    found = course(running(TWICE), *given)
    if expected is None:
        assert found[-1] == (12, ["infusing: restart 1 of 2", "motor 50"])
    else:
        assert found == expected


def kinked(pump, at_s):
    """A kink of two seconds."""
    return course(pump, (at_s, kpa(LIMIT)), (at_s + 2, kpa(0.0)))


@pytest.mark.parametrize(("third_s", "restarts"), [(601.999, False), (602, True)])
def test_most_in_a_rolling_window(third_s, restarts):
    """Two restarts, at 2 s and 102 s: the first has left the ten minutes at 602 s."""
    pump = running(TWICE)
    assert kinked(pump, 0.000_001)[-1][1] == again(1)
    assert kinked(pump, 100)[-1][1] == again(2)
    first = pump.state.unit.restarts_ns[0]
    at_s = first / S + third_s - 2
    found = course(pump, (at_s, kpa(LIMIT)))
    assert found[-1][1] == (CHECK if restarts else [*ALARM, "motor 0"])


def test_it_watches_the_share_and_wakes_at_the_end_and_nothing_else():
    pump = running(TWICE)
    step = pump.step(10 * S, kpa(LIMIT))
    assert step.wake_at_ns == 25 * S
    assert [(w.direction, w.level) for w in step.watches if w.signal is Signal.DISTAL_PRESSURE] == [
        (Direction.BELOW, LIMIT / 2)
    ]
    assert not any(alarm.standing for alarm in pump.state.alarms)


def test_without_it_or_with_none_left_the_alarm_comes_as_before():
    for model in (ONE, replace(ONE, auto_restart=AutoRestart(0))):
        assert course(running(model), (10, kpa(LIMIT))) == [(10, [*ALARM, "motor 0"])]


def test_only_a_distal_occlusion_is_checked():
    in_vain = replace(kpa(0.0), lines=(replace(kpa(0.0).lines[0], proximal_kpa=-90.0),))
    assert course(running(TWICE), (10, in_vain)) == [
        (10, ["raised occlusion-proximal", "alarm: occlusion-proximal", "motor 0"])
    ]


def test_a_line_that_does_not_deliver_is_not_checked():
    pump = running(TWICE)
    pump.step(5 * S, Stop("A"))
    assert course(pump, (10, kpa(LIMIT))) == [(10, ["raised occlusion-distal"])]


def test_while_a_line_is_checked_everything_else_is_judged_as_ever():
    """The other conditions stand behind this one in the model's table."""
    rows = sorted(TWICE.alarms, key=lambda row: row.id is not AlarmId.OCCLUSION_DISTAL)
    pump = running(replace(TWICE, alarms=tuple(rows)))
    pump.step(10 * S, kpa(LIMIT))
    in_vain = replace(kpa(LIMIT), lines=(replace(kpa(LIMIT).lines[0], proximal_kpa=-90.0),))
    assert said(pump.step(11 * S, in_vain).outputs)[0] == "raised occlusion-proximal"


def test_the_alarm_after_a_check_says_what_there_is_now():
    pump = running(TWICE)
    pump.step(10 * S, kpa(LIMIT))
    (raised,) = (o for o in pump.step(25 * S, kpa(35.5)).outputs if isinstance(o, AlarmRaised))
    assert raised.detail == "35.50 kPa, limit 40.00 kPa"


def test_the_delay_comes_first():
    rows = tuple(replace(r, delay_ns=4 * S) if r.id is AlarmId.OCCLUSION_DISTAL else r for r in TWICE.alarms)
    pump = running(replace(TWICE, alarms=rows))
    found = course(pump, (10, kpa(40.0)), (14, Tick()), (28.999, Tick()), (29, Tick()))
    assert found == [(14, CHECK), (29, ALARM)]
    assert running(replace(TWICE, alarms=rows)).step(10 * S, kpa(40.0)).wake_at_ns == 14 * S


@pytest.mark.parametrize(("at_s", "n"), [(701, 2), (702, 1), (5000, 1)])
def test_restarts_that_have_left_the_window_are_forgotten(at_s, n):
    """One at 102 s; the window is ten minutes."""
    pump = running(TWICE)
    assert kinked(pump, 100)[-1][1] == again(1)
    assert kinked(pump, at_s - 2)[-1] == (at_s, again(n))
    assert len(pump.state.unit.restarts_ns) == n


def test_a_state_in_the_middle_of_a_check_is_enough_to_go_on_from():
    pump = running(TWICE)
    pump.step(10 * S, kpa(LIMIT))
    state = decode(PumpState, encode(pump.state))
    assert state == pump.state
    other = PumpController(TWICE)
    other.state = state
    assert said(other.step(12 * S, kpa(0.0)).outputs) == again(1)


def test_both_lines_wait_and_a_paused_primary_stays_paused():
    model = replace(SMOOTH, auto_restart=AutoRestart(2))
    pump = running_two(model, LineMode.CONCURRENT)
    pump.step(10 * S, both(50.0))
    assert [line.state for line in pump.state.lines] == [LineState.CHECKING] * 2
    pump.step(11 * S, both(0.0))
    assert [line.state for line in pump.state.lines] == [LineState.INFUSING] * 2
    assert len(pump.state.unit.restarts_ns) == 1
    pump = running_two(model, LineMode.PIGGYBACK)
    pump.step(10 * S, both(50.0))
    assert [line.state for line in pump.state.lines] == [LineState.PAUSED, LineState.CHECKING]
    pump.step(11 * S, both(0.0))
    assert [line.state for line in pump.state.lines] == [LineState.PAUSED, LineState.INFUSING]


def running_two(model, mode):
    pump = Pump(model)
    pump.step(0, both(0.0))
    pump.step(0, LoadProgram("A", program(100)))
    pump.step(0, LoadProgram("B", program(50, 20, mode)))
    pump.step(0, Start())
    return pump
