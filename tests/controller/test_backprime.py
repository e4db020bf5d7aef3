"""Backpriming: when it is let begin, what ends it, and what the interlock lets be driven into a limb."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.alarms import container_empty
from pumpsim.catalogue.pumps import SINGLE_CHANNEL_CASSETTE
from pumpsim.controller import Pump
from pumpsim.controller.interlock import Interlock
from pumpsim.vocabulary.alarms import AlarmId, Direction, Effect, Signal
from pumpsim.vocabulary.inputs import (
    Backprime,
    DeviceEvent,
    LineReading,
    LoadProgram,
    Measured,
    SensorReading,
    Standby,
    Start,
    Stop,
    Tick,
)
from pumpsim.vocabulary.inputs import DeviceEventKind as Kind
from pumpsim.vocabulary.model import AtEnd, Backpriming, Battery
from pumpsim.vocabulary.outputs import (
    AlarmRaised,
    CommandRejected,
    DeliveryEvent,
    DeliveryEventKind,
    LineMotion,
    LineState,
    MotorCommand,
    Step,
    Watch,
)
from pumpsim.vocabulary.program import InfusionProgram
from tests.build import MIN, SMOOTH, STROKES, S, program
from tests.controller.bench import Bench

ML = 1_000_000
MODEL = replace(SMOOTH, backpriming=Backpriming(360 * ML, 50 * ML, 40.0))
"""0.1 mL/s; a step is 1 nL."""
STILL = (LineMotion("A", 0), LineMotion("B", 0))


def reading(driven: int = 0, kpa: float = 4.9, air: str = "", steps: int = 0, proximal_a: float = 4.9) -> SensorReading:
    lines = (
        LineReading("A", steps, proximal_a, "A" in air),
        LineReading("B", 0, kpa, "B" in air, backprimed=driven),
    )
    return SensorReading(lines, 0.0)


def running(model=MODEL, order: Backprime = Backprime("B", 3 * ML)) -> Pump:
    """A pump that backprimes since 10 s, from a count of 500."""
    pump = Pump(model)
    pump.step(0, reading(500))
    pump.step(10 * S, order)
    assert pump.state.unit.run is not None
    return pump


def said(step: Step) -> list[str]:
    """What was said: events with their cause, refusals, alarms, and what is driven."""
    found = []
    for output in step.outputs:
        match output:
            case DeliveryEvent():
                found.append(f"{output.line} {output.kind.value}: {output.cause}")
            case CommandRejected():
                found.append(f"refused: {output.reason}")
            case AlarmRaised():
                found.append(f"alarm {output.alarm.value}")
            case MotorCommand():
                order = output.backpriming
                found.append(
                    "still" if order is None else f"{order.line} at {order.rate_nl_per_h} to {order.stop_at_step}"
                )
    return found


def test_it_runs_at_the_models_rate_to_a_count_and_then_stands():
    pump = Pump(MODEL)
    pump.step(0, reading(500))
    step = pump.step(10 * S, Backprime("B", 3 * ML))
    assert said(step) == ["B backprime-started: 3 mL", "B at 360000000 to 3000500"]
    assert step.outputs[-1] == MotorCommand(STILL, LineMotion("B", 360 * ML, 3_000_500))
    assert Watch(Signal.BACKPRIMED, "B", Direction.AT_LEAST, 3_000_500.0) in step.watches
    assert Watch(Signal.PROXIMAL_PRESSURE, "B", Direction.AT_LEAST, 40.0) in step.watches
    assert step.wake_at_ns == 10 * S + 2 * 30 * S + 10 * S, "twice its time, and 10 s"
    assert said(pump.step(39 * S, reading(3_000_499))) == []
    assert said(pump.step(40 * S, reading(3_000_500))) == ["B backprime-complete: 3 mL", "still"]
    assert pump.state.unit.run is None
    assert [line.owed for line in pump.state.lines] == [0, 0], "it is owed to nobody"


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (Backprime("A", ML), "line A gives the fluid: backprime line B"),
        (Backprime("B", 0), "0 mL is not above 0 mL and up to 50 mL"),
        (Backprime("B", 50 * ML + 1), "50 mL is not above 0 mL and up to 50 mL"),
        (Backprime("C", ML), f"model {MODEL.id} has no line C"),
    ],
)
def test_what_cannot_be_asked_for(order, reason):
    pump = Pump(MODEL)
    pump.step(0, reading())
    assert pump.step(S, order).outputs == (CommandRejected("backprime", order.line, reason),)
    assert said(pump.step(S, Backprime("B", 50 * ML)))[0] == "B backprime-started: 50 mL"


def test_what_a_pump_with_one_line_says():
    pump = Pump(SINGLE_CHANNEL_CASSETTE)
    assert said(pump.step(0, Backprime("A", ML))) == ["refused: model single-channel-cassette does not backprime"]
    with pytest.raises(ValueError, match="it takes two lines"):
        replace(SINGLE_CHANNEL_CASSETTE, backpriming=MODEL.backpriming)


def test_it_waits_for_a_first_reading():
    assert said(Pump(MODEL).step(0, Backprime("B", ML))) == ["refused: there is no reading from the pump yet"]


@pytest.mark.parametrize(
    ("before", "reasons"),
    [
        ([LoadProgram("A", program(10)), Start()], ["line A is infusing: stop it first"]),
        ([LoadProgram("B", program(10, delay_ns=MIN)), Start()], ["line B is delayed: stop it first"]),
        ([DeviceEvent(Kind.DOOR_OPENED)], ["alarm door-open stands"]),
        ([LoadProgram("A", program(10)), reading(air="A")], ["alarm air-in-line-proximal stands"]),
        ([LoadProgram("B", program(10)), reading(air="B")], []),
        ([LoadProgram("A", program(10)), Start(), Stop()], []),
        ([LoadProgram("A", program(10)), Standby("A", MIN)], []),
        ([Backprime("B", ML)], ["it is backpriming already"]),
    ],
    ids=["infusing", "delayed", "door", "air of A", "air of B", "held", "standby", "already"],
)
def test_when_it_is_let_begin(before, reasons):
    pump = Pump(MODEL)
    pump.step(0, reading())
    for i, given in enumerate(before):
        pump.step(i * S, given)
    found = said(pump.step(10 * S, Backprime("B", ML)))
    assert found[0] == (f"refused: {'; '.join(reasons)}" if reasons else "B backprime-started: 1 mL")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (Stop(), ["B backprime-stopped: 0.0995 mL, operator", "still"]),
        (Stop("A"), ["B backprime-stopped: 0.0995 mL, operator", "still"]),
        (reading(100_000, kpa=39.9), []),
        (
            reading(100_000, kpa=40.0),
            ["B backprime-stopped: 0.0995 mL, line B is closed: 40.0 kPa ahead of the pump", "still"],
        ),
        (reading(100_000, air="B"), ["alarm air-in-line-proximal"]),
        (
            reading(100_000, air="A"),
            [
                "alarm air-in-line-proximal",
                "B backprime-stopped: 0.0995 mL, alarm air-in-line-proximal stands",
                "still",
            ],
        ),
        (
            DeviceEvent(Kind.DOOR_OPENED),
            ["alarm door-open", "B backprime-stopped: 0.0995 mL, alarm door-open stands", "still"],
        ),
        (
            DeviceEvent(Kind.COMMUNICATION_LOST),
            ["alarm communication-lost", "B backprime-stopped: 0.0995 mL, alarm communication-lost stands", "still"],
        ),
        (Start(), ["refused: no line is ready to start"]),
        (Tick(), []),
    ],
)
def test_what_ends_it(given, expected):
    pump = running()
    pump.step(11 * S, reading(100_000))
    assert said(pump.step(12 * S, given)) == expected


def test_nothing_starts_beside_it():
    pump = running()
    pump.step(11 * S, LoadProgram("A", program(10)))
    assert said(pump.step(12 * S, Start())) == ["refused: it is backpriming: stop that first"]
    pump.step(13 * S, Stop())
    assert pump.state.unit.run is None
    pump.step(14 * S, Start())
    assert pump.state.lines[0].state.delivering


def test_stop_with_nothing_to_stop_is_refused_again_after_it():
    pump = running()
    pump.step(11 * S, Stop())
    assert said(pump.step(12 * S, Stop()))[0].startswith("refused: nothing to stop")


def test_a_motor_that_stands_is_noticed_after_twice_the_time():
    pump = running()
    assert said(pump.step(80 * S - 1, Tick())) == []
    assert said(pump.step(80 * S, Tick())) == [
        "alarm motor-stall",
        "B backprime-stopped: 0 mL, the motor does not move as told",
        "still",
    ]


def test_what_remains_after_a_power_on():
    pump = running()
    again = Pump.power_on(MODEL, pump.snapshot())
    again.step(0, DeviceEvent(Kind.POWERED_ON))
    assert again.state.unit.run is None
    assert not again.state.motor.moving


def test_on_the_bench_it_takes_its_time_and_moves_no_line():
    bench = Bench(MODEL)
    bench.do(0, LoadProgram("B", program(60, 10)))
    bench.do(MIN, Backprime("B", 6 * ML))
    bench.run(3 * MIN)
    assert bench.minutes("backprime-complete") == [2.0]
    assert (bench.ml("A"), bench.ml("B")) == (0.0, 0.0)
    bench.do(3 * MIN, Start())
    bench.run(20 * MIN)
    assert bench.minutes("delivery-complete") == [13.0], "the VTBI has nothing of it"


# What the interlock lets pass


def driving(to: int = 3_000_500, rate: int = 360 * ML, line: str = "B", beside: int = 0) -> MotorCommand:
    return MotorCommand((LineMotion("A", beside), LineMotion("B", 0)), LineMotion(line, rate, to))


def judged(interlock: Interlock, command: MotorCommand) -> str:
    """What an interlock says to a command; empty when it passes whole."""
    (passed,), event = interlock.let_through((command,))
    if event is None:
        assert passed == command
        return ""
    assert passed == MotorCommand(STILL), "what may not pass is replaced by stop"
    assert event.kind is Kind.RATE_LIMIT
    return event.detail


def asked(steps: int = 500, order: Backprime = Backprime("B", 3 * ML), model=MODEL) -> Interlock:
    interlock = Interlock(model)
    interlock.observe(0, reading(steps), ())
    interlock.observe(S, order, ())
    return interlock


@pytest.mark.parametrize(
    ("command", "against"),
    [
        (driving(), ""),
        (driving(to=3_000_501), "it backprimes: further than was asked for"),
        (driving(to=None), "it backprimes: further than was asked for"),
        (driving(rate=360 * ML + 1), "it backprimes: not at 360 mL/h at most"),
        (driving(rate=0), "it backprimes: not at 360 mL/h at most"),
        (driving(line="A"), "it backprimes: nobody asked for it"),
        (driving(beside=1), "it backprimes: beside a delivery"),
    ],
)
def test_what_may_be_driven(command, against):
    assert judged(asked(), command) == against


def test_what_nobody_asked_for_or_was_refused_does_not_pass():
    assert judged(Interlock(MODEL), driving()) == "it backprimes: nobody asked for it"
    interlock = Interlock(MODEL)
    interlock.observe(0, reading(), ())
    interlock.observe(S, Backprime("B", ML), (CommandRejected("backprime", "B", "no"),))
    assert judged(interlock, driving(to=1)) == "it backprimes: nobody asked for it"
    never = asked(model=replace(MODEL, backpriming=None))
    assert judged(never, driving()) == "it backprimes: nobody asked for it"


def tripped(interlock: Interlock, at_ns: int, count: int) -> str:
    event = interlock.observe(at_ns, reading(count), ())
    return "" if event is None else event.detail


def test_a_count_that_comes_further_than_commanded_trips():
    interlock = asked()
    interlock.let_through((driving(),))
    assert interlock.moving
    assert tripped(interlock, 2 * S, 3_000_500) == ""
    assert tripped(interlock, 3 * S, 3_000_501) == "1 steps more than were commanded went into a limb"
    assert interlock.tripped is not None
    assert interlock.halt() == (MotorCommand(STILL),)
    assert judged(interlock, driving(to=1)) == "1 steps more than were commanded went into a limb"


def test_a_count_that_goes_on_after_a_stop_trips_beyond_what_a_late_device_may():
    """0.1 mL/s for 5 s: 0.5 mL, 500,000 steps."""
    late = asked()
    late.let_through((driving(),))
    assert tripped(late, 2 * S, 100_500) == ""
    late.let_through((MotorCommand(STILL),))
    assert not late.moving
    assert tripped(late, 3 * S, 600_500) == ""
    assert tripped(late, 4 * S, 600_501) != ""


def test_a_late_device_is_counted_from_nothing_too_and_in_whole_steps():
    late = asked(steps=0)
    late.let_through((driving(to=3 * ML),))
    late.let_through((MotorCommand(STILL),))
    most = late.status.driving.most
    assert (most, type(most)) == (500_000, int)


def test_a_count_that_moves_by_itself_trips():
    interlock = Interlock(MODEL)
    assert tripped(interlock, 0, 700) == "", "the first count is where it begins"
    assert tripped(interlock, S, 700) == ""
    assert tripped(interlock, 2 * S, 701) == "1 steps more than were commanded went into a limb"
    other = Interlock(replace(MODEL, backpriming=None))
    assert tripped(other, 0, 0) == ""
    assert tripped(other, S, 900) == "", "a pump without it has no such count"


def test_a_second_order_is_counted_from_where_the_first_has_come():
    interlock = asked()
    interlock.let_through((driving(),))
    tripped(interlock, 2 * S, 200_500)
    interlock.let_through((MotorCommand(STILL),))
    interlock.observe(3 * S, Backprime("B", ML), ())
    assert judged(interlock, driving(to=1_200_500)) == ""
    assert judged(interlock, driving(to=1_200_501)) == "it backprimes: further than was asked for"


def test_an_interlock_goes_on_from_its_status():
    interlock = asked()
    interlock.let_through((driving(),))
    again = Interlock(MODEL, interlock.status)
    assert again.status == interlock.status
    assert again.moving
    assert tripped(again, 2 * S, 3_000_501) != ""


def with_effect(alarm: AlarmId, effect: Effect, model=MODEL):
    """The model with another effect of a condition."""
    return replace(model, alarms=tuple(replace(r, effect=effect) if r.id is alarm else r for r in model.alarms))


@pytest.mark.parametrize(
    ("effect", "ends", "why"),
    [
        (Effect.STOP_ALL, 80 * S, "alarm battery-depleted stands"),
        (Effect.CONTINUE, 100 * S, "power is off"),
    ],
)
def test_it_ends_with_the_battery(effect, ends, why):
    """100 s of battery, the last 20 s of them depleted; 50 mL take 500 s."""
    model = replace(with_effect(AlarmId.BATTERY_DEPLETED, effect), battery=Battery(100 * S, 3600 * S, 50 * S, 20 * S))
    bench = Bench(model)
    bench.do(0, DeviceEvent(Kind.MAINS_LOST))
    bench.do(0, Backprime("B", 50 * ML))
    bench.run(200 * S)
    ((at_ns, ended),) = [
        (at_ns, output)
        for at_ns, output in bench.said
        if isinstance(output, DeliveryEvent) and output.kind is DeliveryEventKind.BACKPRIME_STOPPED
    ]
    assert (at_ns, ended.cause) == (ends, f"{ends // S / 10:g} mL, {why}")
    assert not bench.pump.state.motor.moving


def test_air_ahead_of_the_pump_that_stops_all_of_it_stops_this_too():
    pump = running(with_effect(AlarmId.AIR_IN_LINE_PROXIMAL, Effect.STOP_ALL))
    assert said(pump.step(12 * S, reading(100_000, air="B"))) == [
        "alarm air-in-line-proximal",
        "B backprime-stopped: 0.0995 mL, alarm air-in-line-proximal stands",
        "still",
    ]


def test_an_empty_bag_on_the_line_that_is_cleared_does_not_stand_in_the_way():
    """What is empty is filled with what comes from the other line."""
    empty = container_empty("a test", 0.0)
    model = replace(MODEL, sensors=(*MODEL.sensors, Signal.RESERVOIR_LEVEL), alarms=(empty, *MODEL.alarms))
    pump = running(model)
    lines = (
        LineReading("A", 0, 4.9, False, (Measured(Signal.RESERVOIR_LEVEL, 50.0),)),
        LineReading("B", 0, 4.9, False, (Measured(Signal.RESERVOIR_LEVEL, 0.0),), backprimed=1_000),
    )
    assert said(pump.step(12 * S, SensorReading(lines, 0.0))) == ["alarm container-empty"]
    assert pump.state.unit.run is not None


def test_it_may_begin_when_a_line_is_complete():
    pump = Pump(MODEL)
    for at_ns, given in (
        (0, reading(500)),
        (0, LoadProgram("A", InfusionProgram(60 * ML, 2 * ML, at_end=AtEnd.STOP))),
        (0, Start()),
        (120 * S, reading(500, steps=2 * ML)),
    ):
        pump.step(at_ns, given)
    assert pump.state.lines[0].state is LineState.COMPLETE
    assert said(pump.step(121 * S, Backprime("B", 3 * ML)))[0] == "B backprime-started: 3 mL"


def test_what_is_asked_for_before_any_count_is_known_counts_from_nothing():
    interlock = Interlock(MODEL)
    interlock.observe(0, Backprime("B", 3 * ML), ())
    asked_to = interlock.status.driving.asked_to
    assert (asked_to, type(asked_to)) == (3 * ML, int)


def test_a_line_finishes_its_stroke_first():
    """Air ahead of B lets it finish: at 36 mL/h, 10 uL a second, what is left of 0.33 mL."""
    strokes = replace(STROKES, backpriming=MODEL.backpriming)
    pump = Pump(with_effect(AlarmId.AIR_IN_LINE_PROXIMAL, Effect.FINISH_STROKE, strokes))
    pump.step(0, reading())
    pump.step(0, LoadProgram("A", program(36)))
    pump.step(0, Start("A"))
    pump.step(10 * S, reading(steps=1_000, air="A"))
    assert "line A finishes its stroke" in said(pump.step(11 * S, Backprime("B", ML)))[0]
