"""A clock that runs late and calls that come twice: nothing is decided twice, and nothing that was due is lost.

Where a call comes so late that the interlock stops the pump, the controller is asked alone.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.courses import Profile, Repeat, Segment, Stage, Stages
from pumpsim.vocabulary.inputs import DeviceEventKind, LoadProgram, SetClock, SetTemporary, Start, Tick
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram
from tests.build import MIN, H, program
from tests.controller.power_bench import ML, Bench, event, words
from tests.controller.scripts import happenings


@given(st.lists(happenings, max_size=25))
def test_a_call_that_comes_twice_says_nothing_the_second_time(script):
    """A tick behind anything else of the same instant says nothing at all."""
    bench = Bench()
    for pause_ns, happening in script:
        bench.pass_time(pause_ns)
        bench.give(bench.reading(happening) if isinstance(happening, float) else happening)
        if isinstance(happening, float | Tick):
            bench.give(bench.steps[-1][1])
            assert bench.steps[-1][2].outputs == ()
        for again in (Tick(), Tick(), bench.reading()):
            before = bench.pump.snapshot()
            step = bench.give(again)
            if isinstance(again, Tick):
                assert step.outputs == ()
                assert bench.pump.snapshot() == before
            assert step.wake_at_ns is None or step.wake_at_ns > bench.now_ns


def started(programmed: InfusionProgram) -> Bench:
    bench = Bench(kind=PumpController)
    bench.give(SetClock(0))
    bench.give(LoadProgram("A", programmed))
    bench.give(Start())
    return bench


@pytest.mark.parametrize(
    ("programmed", "late_ns", "rate", "state"),
    [
        (program(60, delay_ns=MIN), 3 * H, 60, LineState.INFUSING),
        (program(60, 5), 3 * H, 1, LineState.KVO),
        (InfusionProgram(60 * ML, course=Repeat(5 * ML, H)), 5 * H + 2 * MIN, 60, LineState.INFUSING),
        (InfusionProgram(30 * ML, course=Profile((Segment(0, 30 * ML), Segment(6 * H, 0), Segment(9 * H, 70 * ML)))),
         10 * H, 70, LineState.INFUSING),
        (InfusionProgram(60 * ML, course=Stages((Stage(60 * ML, ML), Stage(90 * ML, ML), Stage(30 * ML)))),
         H, 30, LineState.INFUSING),
    ],
    ids=["a delay", "a volume", "repeats", "segments of a day", "stages"],
)  # fmt: skip
def test_a_call_that_comes_hours_late_finds_where_it_should_be(programmed, late_ns, rate, state):
    bench = started(programmed)
    bench.pass_time(late_ns)
    bench.give(bench.reading())
    bench.give(Tick())
    line = bench.pump.state.line("A")
    assert line.state is state
    assert bench.pump.state.motor.lines[0].rate_nl_per_h == rate * ML
    assert bench.steps[-1][2].wake_at_ns is None or bench.steps[-1][2].wake_at_ns > bench.now_ns


def test_a_volume_holds_however_late_the_call_comes():
    """It is the motor that stops at the count."""
    bench = started(program(60, 5))
    bench.pass_time(9 * H)
    assert bench.pumped["A"] == 50_000
    bench.give(bench.reading())
    assert bench.pump.state.line("A").owed == 5 * ML * 3_600_000_000_000


def test_several_deadlines_that_have_passed_are_dealt_with_in_one_call_and_each_once():
    bench = started(program(60))
    bench.give(SetTemporary("A", MIN, percent=50))
    bench.give(event(DeviceEventKind.KEY_PRESSED))
    bench.give(event(DeviceEventKind.MAINS_LOST))
    bench.pass_time(3 * H + 50 * MIN)
    assert words(bench.give(Tick()).outputs) == [
        "DeliveryEvent rate-changed A",
        "AlarmRaised key-stuck",
        "AlarmRaised battery-low",
        "DeliveryEvent delivery-stopped A",
        "motor 0 0",
    ]
    assert bench.give(Tick()).outputs == ()
