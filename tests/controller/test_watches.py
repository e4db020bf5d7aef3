"""What a pump wants to be woken for: the instant, and the levels that its driver shall look out for, whole."""

from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEvent, DeviceEventKind, LoadProgram, Start, Tick
from pumpsim.vocabulary.outputs import Step
from tests.build import MIN, STROKES, S, program
from tests.controller.answers import shown

NAMES = {
    "distal pressure (kPa)": "distal",
    "proximal pressure (kPa)": "proximal",
    "air at the proximal sensor (0 or 1)": "air",
    "bubble at the distal air sensor (mL)": "bubble",
    "air counted by the distal sensor within its window (mL)": "counted",
    "motor steps (absolute count)": "steps",
}
BUBBLES = ["bubble >= 0.1", "counted >= 0.25"]
STANDING = ["steps A >= 6601", "steps B >= 6601"]
"""The interlock's: two cycles of a line that is not commanded. What moves with a rate has tests of its own, and is left out."""
AHEAD_OF_A = ["proximal A <= -41.37", "air A >= 1"]


def looks(step: Step) -> list[str]:
    """The watches of a step, sorted, one line each; levels to two places."""
    return sorted(
        " ".join(
            [
                NAMES[watch.signal.value],
                *([watch.line] if watch.line else []),
                watch.direction.value,
                f"{round(watch.level, 2):g}" if watch.level < 1000 else f"{watch.level:.0f}",
            ]
        )
        for watch in step.watches
        if not watch.per_h
    )


def test_an_empty_pump_watches_only_what_concerns_all_lines():
    step = Pump(STROKES).step(0, shown())
    assert looks(step) == sorted(["distal >= 41.37", *BUBBLES, *STANDING])
    assert step.wake_at_ns is None


def test_a_running_line_adds_its_own_and_its_counts():
    """60 mL, near end 3 min before: 3 mL at 60 mL/h."""
    pump = Pump(STROKES)
    pump.step(0, shown(100))
    pump.step(0, LoadProgram("A", program(60, 60)))
    step = pump.step(0, Start("A"))
    assert looks(step) == sorted(
        ["distal >= 41.37", *BUBBLES, *AHEAD_OF_A, STANDING[1], "steps A >= 570100", "steps A >= 600100"]
    )
    step = pump.step(57 * MIN, shown(570_100))
    assert looks(step) == sorted(["distal >= 41.37", *BUBBLES, *AHEAD_OF_A, STANDING[1], "steps A >= 600100"])
    step = pump.step(60 * MIN, shown(600_100))
    assert looks(step) == sorted(["distal >= 41.37", *BUBBLES, *AHEAD_OF_A, STANDING[1]])


def test_a_standing_condition_is_watched_for_its_end():
    pump = Pump(STROKES)
    pump.step(0, LoadProgram("A", program(60)))
    step = pump.step(0, shown(kpa=42, proximal=(-42, 4.9), air=(True, False), bubble=0.1, counted=0.25))
    assert looks(step) == sorted(
        ["distal < 31.03", "bubble < 0.05", "counted < 0.12", "proximal A > -20.68", "air A < 1", *STANDING]
    )


def test_wakes_at_the_nearest_of_delays_and_starts():
    pump = Pump(with_occlusion_limit(STROKES, 40.0, 4 * S))
    pump.step(0, shown())
    pump.step(0, LoadProgram("A", program(60, delay_ns=10 * S)))
    assert pump.step(0, Start("A")).wake_at_ns == 10 * S
    assert pump.step(S, shown(kpa=40)).wake_at_ns == 5 * S
    assert pump.step(2 * S, DeviceEvent(DeviceEventKind.DEVICE_FAULT)).wake_at_ns == 5 * S, "the start is off"
    assert pump.step(5 * S, Tick()).wake_at_ns is None, "what is due now has been done"


def test_wakes_when_a_stay_beyond_the_clear_level_is_over():
    """999 mL/h: a cycle of 0.33 mL takes 1.189 s, which is shorter than the delay of 4 s."""
    pump = Pump(with_occlusion_limit(STROKES, 40.0, 4 * S))
    pump.step(0, shown())
    pump.step(0, LoadProgram("A", program(999)))
    pump.step(0, Start("A"))
    pump.step(S, shown(kpa=40))
    assert pump.step(2 * S, shown(kpa=20)).wake_at_ns == 2 * S + 330_000 * 3600 * 10**9 // 999_000_000
    assert pump.step(2 * S + 10**9, shown(kpa=35)).wake_at_ns == 5 * S, "not beyond it any more"


def test_the_state_knows_since_when_and_what_was_noted():
    pump = Pump(STROKES)
    pump.step(0, shown())
    pump.step(S, shown(kpa=42, bubble=0.2))
    pump.step(2 * S, DeviceEvent(DeviceEventKind.DEVICE_FAULT))
    pump.step(3 * S, Acknowledge(AlarmId.AIR_IN_LINE_DISTAL))
    assert [(a.alarm, a.line, a.since_ns, a.standing, a.acknowledged) for a in pump.state.alarms] == [
        (AlarmId.OCCLUSION_DISTAL, None, S, True, False),
        (AlarmId.AIR_IN_LINE_DISTAL, None, S, True, True),
        (AlarmId.DEVICE_FAULT, None, 2 * S, True, False),
    ]
