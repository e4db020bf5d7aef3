"""Corners of single rules that whole sequences pass by: equal to a limit, twice at once, in another order."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.pumps import with_occlusion_limit
from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId, Direction, Signal
from pumpsim.vocabulary.courses import Stage, Stages
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    DeviceEvent,
    DeviceEventKind,
    LoadProgram,
    SensorReading,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd, PumpModel
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.sensors import Sensor
from tests.build import STROKES, H, S, program
from tests.controller.answers import answers, shown, words

ML = 1_000_000
CONCURRENT = LineMode.CONCURRENT
SLOW_KPA, DELAY_NS = -40.0, 4 * S


def with_slow_proximal() -> PumpModel:
    """The cassette with a delay of 4 s on the proximal occlusion: a condition of a line that pends."""
    rows = tuple(
        replace(row, delay_ns=DELAY_NS, threshold=replace(row.threshold, level=SLOW_KPA, clear_level=SLOW_KPA / 2))
        if row.id is AlarmId.OCCLUSION_PROXIMAL and row.threshold is not None
        else row
        for row in STROKES.alarms
    )
    return replace(STROKES, alarms=rows)


def test_a_pending_condition_of_one_line_is_that_line_s():
    said = answers(
        (0, LoadProgram("A", program(60))),
        (0, LoadProgram("B", program(30, mode=CONCURRENT))),
        (0, Start()),
        (1, shown(proximal=(4.9, -40))),
        (4.9, shown(proximal=(4.9, -40))),
        (5, Tick()),
        model=with_slow_proximal(),
    )[5:]
    assert said == [
        "5 AlarmRaised occlusion-proximal B high <-40.00 kPa, limit -40.00 kPa>",
        "5 DeliveryEvent delivery-stopped B alarm 0 <occlusion-proximal>",
        "5 motor A 60, B 0",
    ]


def test_a_condition_that_pends_hides_none_that_stands():
    """B's proximal occlusion pends since 1 s when the device fails at 2 s."""
    said = answers(
        (0, LoadProgram("B", program(30))),
        (0, Start()),
        (1, shown(proximal=(4.9, -40))),
        (2, DeviceEvent(DeviceEventKind.DEVICE_FAULT)),
        (3, Acknowledge(AlarmId.OCCLUSION_PROXIMAL)),
        model=with_slow_proximal(),
    )
    assert "2 DeliveryEvent delivery-stopped B alarm 0 <device-fault>" in said
    assert said[-1] == "3 CommandRejected <acknowledge> <occlusion-proximal> <no such alarm stands>"


def test_of_two_that_stop_a_line_alike_the_first_is_named():
    """Air and a clamp ahead of the pump, in one reading."""
    said = answers(
        (0, LoadProgram("A", program(60))),
        (0, Start()),
        (1, shown(proximal=(-90, 4.9), air=(True, False))),
    )[3:]
    assert [line.split()[1] for line in said][:3] == ["AlarmRaised", "AlarmRaised", "DeliveryEvent"]
    assert said[2].endswith(f"<{said[0].split()[2]}>")


def test_a_declared_condition_hides_no_deadline():
    pump = Pump(with_occlusion_limit(STROKES, 40.0, DELAY_NS))
    pump.step(0, shown())
    pump.step(S, DeviceEvent(DeviceEventKind.DEVICE_FAULT))
    assert pump.step(2 * S, shown(kpa=40)).wake_at_ns == 2 * S + DELAY_NS


def test_a_declared_row_hides_no_measured_one():
    model = replace(STROKES, alarms=tuple(reversed(STROKES.alarms)))
    assert answers((1, shown(kpa=42)), model=model)[0].startswith("1 AlarmRaised occlusion-distal")


def test_a_pressure_at_its_clear_level_is_not_over():
    """Ahead of the pump: met at -40 kPa or less, over above -20 kPa."""
    rows = tuple(replace(row, delay_ns=0) for row in with_slow_proximal().alarms)
    script = ((0, LoadProgram("A", program(60))), (1, shown(proximal=(-40, 4.9))), (2, shown(proximal=(-20, 4.9))))
    said = answers(*script, (3, shown(proximal=(-19.999, 4.9))), model=replace(STROKES, alarms=rows))
    assert [line.split()[:2] for line in said[1:]] == [["1", "AlarmRaised"], ["3", "AlarmCleared"]]


def test_a_standing_condition_that_is_over_for_less_than_its_time_is_watched_no_more():
    """A delivers on: the condition only warns. 99 mL/h: a cycle takes 12 s, the delay of 4 s is shorter."""
    rows = tuple(replace(row, effect=type(row.effect).CONTINUE) for row in with_slow_proximal().alarms)
    pump = Pump(replace(STROKES, alarms=rows))
    pump.step(0, shown())
    pump.step(0, LoadProgram("A", program(99)))
    pump.step(0, Start())
    pump.step(S, shown(proximal=(-40, 4.9)))
    assert [words(said).split()[0] for said in pump.step(5 * S, Tick()).outputs] == ["AlarmRaised", "SignalChanged"]
    over = pump.step(6 * S, shown(proximal=(0, 4.9)))
    assert over.wake_at_ns == 6 * S + DELAY_NS
    assert [watch for watch in over.watches if watch.signal is Signal.PROXIMAL_PRESSURE] == []
    assert [words(said) for said in pump.step(10 * S, Tick()).outputs] == ["AlarmCleared occlusion-proximal A"]


def test_a_deadline_that_cannot_be_judged_is_not_asked_for_again_in_the_same_instant():
    """The sensor falls silent at the very instant at which a stay beyond the clear level would be over."""
    pump = Pump(with_occlusion_limit(STROKES, 40.0, DELAY_NS))
    pump.step(0, shown())
    pump.step(0, LoadProgram("A", program(999)))
    pump.step(0, Start())
    pump.step(S, shown(kpa=40))
    over_ns = pump.step(2 * S, shown(kpa=20)).wake_at_ns
    assert over_ns is not None
    silent = SensorReading(shown().lines, 0.0, silent=(Sensor(Signal.DISTAL_PRESSURE, None),))
    assert pump.step(over_ns, silent).wake_at_ns == S + DELAY_NS


def test_a_line_condition_is_acknowledged_for_its_line():
    assert answers(
        (0, LoadProgram("A", program(60, 0.1, call_back=True))),
        (0, LoadProgram("B", program(60, 0.1, CONCURRENT, call_back=True))),
        (0, Start()),
        (6, shown(1_000, 0)),
        (7, Acknowledge(AlarmId.CALL_BACK)),
    )[-2:] == ["7 AlarmAcknowledged call-back A", "7 AlarmCleared call-back A"]


def test_a_new_program_knows_nothing_of_the_end_of_the_one_before():
    pump = Pump(STROKES)
    pump.step(0, shown())
    pump.step(0, LoadProgram("A", program(60, 0.1)))
    pump.step(0, Start())
    pump.step(6 * S, shown(1_000))
    pump.step(7 * S, Stop())
    pump.step(8 * S, LoadProgram("A", program(60, 0.1)))
    after = pump.state.line("A")
    assert (after.after_end, after.stop_at_step, after.owed_end) == (None, None, None)
    pump.step(9 * S, Start())
    assert pump.state.line("A").state is LineState.INFUSING


def test_a_delay_of_the_second_line_ends_whatever_the_first_waits_for():
    """B begins at 30 s; A is loaded only, and begins at 40 s when it waits as well."""
    for first, begins in (([], ["B"]), ([Start("A")], ["B"])):
        pump = Pump(STROKES)
        pump.step(0, shown())
        pump.step(0, LoadProgram("A", program(60, delay_ns=40 * S)))
        pump.step(0, LoadProgram("B", program(30, mode=CONCURRENT, delay_ns=30 * S)))
        for given in (*first, Start("B")):
            pump.step(0, given)
        pump.step(30 * S, Tick())
        assert [line.line for line in pump.state.lines if line.state is LineState.INFUSING] == begins


@pytest.mark.parametrize(
    ("rate_ml_per_h", "refused"),
    [(470, False), (471, False), (999, False), (1000, True)],
    ids=["470", "471", "999", "1000"],
)
def test_a_held_line_is_titrated_up_to_its_own_limit(rate_ml_per_h, refused):
    """It does not deliver beside B now; whether it may is asked when it is started."""
    said = answers(
        (0, LoadProgram("A", program(60))),
        (0, LoadProgram("B", program(30, mode=CONCURRENT))),
        (0, Start()),
        (1, Stop("A")),
        (2, Titrate("A", rate_ml_per_h * ML)),
    )[-1]
    assert said.startswith("2 CommandRejected") == refused


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ((), LineState.READY),
        (((1, Start()),), LineState.INFUSING),
        (((1, Start()), (2, Stop())), LineState.HELD),
        (((1, Start()), (2, DeviceEvent(DeviceEventKind.DEVICE_FAULT))), LineState.ALARM),
        (((1, Start()), (7, shown(1_000))), LineState.CONTINUING),
        (((0, LoadProgram("A", program(60, delay_ns=60 * S))), (1, Start())), LineState.DELAYED),
    ],
)
def test_a_line_has_a_rate_to_change_from_its_program_to_its_end(before, state):
    pump = Pump(STROKES)
    for at_s, given in ((0, shown()), (0, LoadProgram("A", program(60, 0.1, at_end=AtEnd.CONTINUE))), *before):
        pump.step(at_s * S, given)
    assert pump.state.line("A").state is state
    (said, *_) = pump.step(8 * S, Titrate("A", 70 * ML)).outputs
    assert words(said).startswith(f"DeliveryEvent rate-changed A {state.value}")


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        (DeviceEventKind.COMMUNICATION_LOST, "communication-lost None high"),
        (DeviceEventKind.DEVICE_FAULT, "device-fault None high"),
        (DeviceEventKind.OVER_INFUSION, "over-infusion None high"),
        (DeviceEventKind.RATE_LIMIT, "rate-limit None high"),
        (DeviceEventKind.MOTOR_STALL, "motor-stall None high"),
        (DeviceEventKind.WATCHDOG, "watchdog None high"),
        (DeviceEventKind.FREE_FLOW, "free-flow None high"),
        (DeviceEventKind.SENSOR_FAULT, "sensor-fault None high"),
        (DeviceEventKind.SELF_TEST_FAILED, "self-test None high"),
        (DeviceEventKind.DOOR_OPENED, "door-open None high"),
        (DeviceEventKind.SYRINGE_REMOVED, "syringe-off None high"),
        (DeviceEventKind.MAINS_LOST, "mains-lost None low"),
    ],
)
def test_what_a_device_or_the_interlock_declares_is_raised(kind, raised):
    assert answers((1, DeviceEvent(kind, "why")))[0] == f"1 AlarmRaised {raised} <why>"


def test_a_model_that_has_no_such_condition_has_a_fault_of_the_device_instead():
    rows = tuple(row for row in STROKES.alarms if row.id is not AlarmId.DOOR_OPEN)
    said = answers((1, DeviceEvent(DeviceEventKind.DOOR_OPENED, "why")), model=replace(STROKES, alarms=rows))
    assert said == ["1 AlarmRaised device-fault None high <why>"]


@pytest.mark.parametrize(
    ("begins", "ends", "alarm"),
    [
        (DeviceEventKind.COMMUNICATION_LOST, DeviceEventKind.COMMUNICATION_RESTORED, "communication-lost"),
        (DeviceEventKind.DOOR_OPENED, DeviceEventKind.DOOR_CLOSED, "door-open"),
        (DeviceEventKind.SYRINGE_REMOVED, DeviceEventKind.SYRINGE_SEATED, "syringe-off"),
    ],
)
def test_what_ends_it_clears_it(begins, ends, alarm):
    said = answers((1, DeviceEvent(begins)), (2, DeviceEvent(ends)), (3, DeviceEvent(ends)))
    assert [line for line in said if "AlarmCleared" in line] == [f"2 AlarmCleared {alarm} None"]


def test_a_rate_that_no_band_has_is_refused_for_that_alone():
    said = answers(
        (0, LoadProgram("A", program(60))),
        (0, LoadProgram("B", program(30, mode=CONCURRENT))),
        (0, Start()),
        (1, Titrate("A", 1000 * ML)),
    )
    assert said[-1] == "1 CommandRejected <titrate> A <rate 1000 mL/h is outside 0.1 mL/h to 999 mL/h>"


def test_a_mode_is_changed_at_the_rate_of_now_and_refused_for_one_reason():
    start = ((0, LoadProgram("A", program(460))), (0, LoadProgram("B", program(30, 5, LineMode.PIGGYBACK))))
    said = answers(
        *start, (0, Start("A")), (0, Start("B")), (1, Titrate("B", 50 * ML)), (2, ChangeMode("B", CONCURRENT))
    )
    assert said[-1].endswith("<A 460 mL/h + B 50 mL/h = 510 mL/h is above the concurrent limit of 500 mL/h>")
    alone = ((0, LoadProgram("A", program(460))), (0, LoadProgram("B", program(60))))
    said = answers(*alone, (0, Start("A")), (1, ChangeMode("A", CONCURRENT)))
    assert said[-1].endswith("<mode concurrent is for the secondary line of a dual-channel pump, not line A>")


def test_the_mode_of_a_line_that_does_not_deliver_is_judged_when_it_is_started():
    """A 480 and B 30 mL/h are more than the 500 of both together."""
    said = answers(
        (0, LoadProgram("A", program(480))),
        (0, LoadProgram("B", program(30, 5, LineMode.PIGGYBACK))),
        (0, Start("A")),
        (1, ChangeMode("B", CONCURRENT)),
        (2, Start("B")),
    )
    assert [line.split()[1] for line in said if line[0] in "12"] == ["DeliveryEvent", "CommandRejected"]


def test_a_mode_is_changed_in_any_stage():
    """In its second stage the rate is not that which the programme was written with: no fault of the command."""
    stages = Stages((Stage(60 * ML, ML // 10), Stage(30 * ML, ML)))
    said = answers(
        (0, LoadProgram("B", InfusionProgram(60 * ML, stages.volume_nl, CONCURRENT, course=stages))),
        (0, Start("B")),
        (6, shown(0, 1_000)),
        (7, ChangeMode("B", LineMode.PIGGYBACK)),
        (8, ChangeMode("B", LineMode.SINGLE)),
    )
    assert said[-2:] == [
        "7 CommandRejected <mode> B <a piggyback has one rate, and no doses on request>",
        "8 DeliveryEvent mode-changed B infusing 30 <single>",
    ]


def test_a_mode_is_changed_in_a_later_stage_too():
    """A change of mode is judged by the programme as it was written: its rate is that of the first stage."""
    staged = InfusionProgram(60 * ML, 9 * ML, course=Stages((Stage(60 * ML, ML), Stage(30 * ML, 8 * ML))))
    said = answers(
        (0, LoadProgram("B", staged)),
        (0, Start()),
        (60, Tick()),
        (61, ChangeMode("B", CONCURRENT)),
        model=replace(STROKES, most_stages=2),
    )
    assert said[-1] == "61 DeliveryEvent mode-changed B infusing 30 <concurrent>"


def test_what_no_model_of_this_kind_can_do_is_said_once():
    said = answers(
        (0, LoadProgram("A", program(60))),
        (0, LoadProgram("B", program(30, 5, LineMode.PIGGYBACK))),
        (0, Start()),
        (1, ChangeMode("B", CONCURRENT)),
        model=replace(STROKES, concurrent=None),
    )
    assert said[-1] == "1 CommandRejected <mode> B <model dual-channel-cassette has no concurrent delivery>"


def test_kvo_counts_as_kvo_beside_another_line():
    """A gives 1 mL/h of KVO once its 0.1 mL is in, so B may have 499 mL/h beside it, and not 500."""
    for rate, word in ((499, "DeliveryEvent"), (500, "CommandRejected")):
        said = answers(
            (0, LoadProgram("A", program(60, 0.1))),
            (0, Start()),
            (6, shown(1_000)),
            (7, LoadProgram("B", program(rate, mode=CONCURRENT))),
            (8, Start("B")),
        )
        assert next(line for line in said if line.startswith("8 ")).split()[1] == word


def test_the_count_of_the_near_end_is_a_whole_one():
    """1 s at 100 mL/h is 277.8 steps: 277 before the end."""
    pump = Pump(replace(STROKES, near_end_ns=S))
    pump.step(0, shown())
    pump.step(0, LoadProgram("A", program(100, 1)))
    watches = [w for w in pump.step(0, Start()).watches if w.signal is Signal.STEPS and w.line == "A" and not w.per_h]
    assert sorted(watch.level for watch in watches) == [10_000 - 277, 10_000]
    assert {watch.direction for watch in watches} == {Direction.AT_LEAST}


def test_time_does_not_run_backwards():
    pump = Pump(STROKES)
    pump.step(5, Tick())
    with pytest.raises(ValueError, match="time runs backwards: 4 ns after 5 ns"):
        pump.step(4, Tick())


def test_a_trip_of_the_interlock_is_answered_with_all_that_an_answer_has():
    pump = Pump(with_occlusion_limit(STROKES, 40.0, DELAY_NS))
    assert pump.model.id == STROKES.id
    pump.step(0, shown())
    step = pump.step(H, shown(6_601, kpa=40))
    assert [words(said).split()[:2] for said in step.outputs][:1] == [["AlarmRaised", "over-infusion"]]
    assert step.wake_at_ns == H + DELAY_NS
    assert Signal.DISTAL_PRESSURE in {watch.signal for watch in step.watches}
