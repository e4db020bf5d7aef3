"""What is left of VTBI and reservoir, as a hand reckons it. GIP 1.5."""

from dataclasses import replace

import pytest

from pumpsim.controller import Pump
from pumpsim.controller.time_left import remaining
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.courses import (
    AtLimit,
    Demand,
    DoseLimit,
    Profile,
    Repeat,
    Segment,
    Stage,
    Stages,
)
from pumpsim.vocabulary.inputs import (
    DeviceEvent,
    DeviceEventKind,
    GiveBolus,
    Input,
    LineReading,
    LoadProgram,
    Measured,
    SensorReading,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd, PumpModel
from pumpsim.vocabulary.outputs import DeliveryEvent, DeliveryEventKind, LineState
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.remaining import Left, Remaining
from tests.build import MIN, H, S, program
from tests.controller.answers import shown
from tests.controller.bench import Bench
from tests.controller.test_anything import ML, MODELS, U

DUAL, LVP, POD = MODELS["cassette"], MODELS["large-volume"], MODELS["insulin"]
LOADED = LoadProgram("A", program(50, 100))
STAGES = Stages((Stage(100 * ML, 50 * ML), Stage(20 * ML, 30 * ML), Stage(60 * ML, 30 * ML)))
Q6H = InfusionProgram(100 * ML, 2_000 * ML, course=Repeat(50 * ML, 6 * H, 2 * ML))


def asked(model: PumpModel, *script: tuple[float, Input], reservoir_ml: float | None = None) -> Remaining:
    """What is left of line A after a script of (minute, input), the last one included."""
    bench = Bench(model)
    bench.reservoir_ml = reservoir_ml
    for minute, command in script:
        bench.do(round(minute * MIN), *(() if isinstance(command, Tick) else (command,)))
    return bench.pump.remaining("A")


@pytest.mark.requirement("GIP 1.5.1")
@pytest.mark.requirement("GIP 1.5.3")
@pytest.mark.requirement("GIP 1.5.4")
@pytest.mark.parametrize(
    ("model", "script", "volume_ml", "minutes"),
    [
        pytest.param(LVP, [], None, None, id="nothing is programmed"),
        pytest.param(LVP, [(0, LoadProgram("A", program(50)))], None, None, id="no volume is"),
        pytest.param(LVP, [(0, LOADED)], 100, 120, id="before the start"),
        pytest.param(LVP, [(0, LOADED), (90, Tick())], 100, 120, id="long before the start"),
        pytest.param(LVP, [(0, LOADED), (0, Start()), (30, Tick())], 75, 90, id="a quarter of it is in"),
        pytest.param(LVP, [(0, LOADED), (0, Start()), (30, Stop())], 75, 90, id="held"),
        pytest.param(LVP, [(0, LOADED), (0, Start()), (30, Stop()), (70, Standby("A", H))], 75, 90, id="standby"),
        pytest.param(LVP, [(0, LOADED), (0, Start()), (120, Tick())], 0, 0, id="complete"),
        pytest.param(LVP, [(0, LOADED), (0, Start()), (30, Titrate("A", 100 * ML))], 75, 45, id="titrated"),
        pytest.param(LVP, [(0, LoadProgram("A", program(50, 100, delay_ns=H)))], 100, 180, id="starts later"),
        pytest.param(
            LVP,
            [(0, LoadProgram("A", program(50, 100, delay_ns=H))), (0, Start()), (20, Tick())],
            100,
            160,
            id="delayed",
        ),
        # 110 mL: 30 min, 90 min, 30 min; after 60 min 60 mL are in.
        pytest.param(
            LVP, [(0, LoadProgram("A", InfusionProgram(100 * ML, 110 * ML, course=STAGES)))], 110, 150, id="stages"
        ),
        pytest.param(
            LVP,
            [(0, LoadProgram("A", InfusionProgram(100 * ML, 110 * ML, course=STAGES))), (0, Start()), (60, Tick())],
            50,
            90,
            id="second stage",
        ),
        pytest.param(
            LVP,
            [(0, LoadProgram("A", InfusionProgram(50 * ML, 100 * ML, first=Stage(200 * ML, 20 * ML))))],
            120,
            126,
            id="a loading dose first",
        ),
        # Half the rate for an hour: 25 mL; then 75 mL at the whole.
        pytest.param(LVP, [(0, LOADED), (0, Start()), (0, SetTemporary("A", H, 50))], 100, 150, id="half the rate"),
        # A bolus runs in place of the rate here: 10 mL in 40 s, then 90 mL at 50 mL/h.
        pytest.param(
            replace(LVP, bolus_nl_per_h=900 * ML),
            [(0, LOADED), (0, Start()), (0, GiveBolus("A", 10 * ML))],
            100,
            108 + 2 / 3,
            id="a bolus in its place",
        ),
        # 50 mL in 30 min, then 11 mL in the rest of the six hours: 61 mL. 32 of them are 1952 mL, then 48 mL in 28.8 min.
        pytest.param(LVP, [(0, LoadProgram("A", Q6H))], 2_000, 32 * 360 + 28.8, id="every six hours, eight days"),
        # Four doses, 200 mL, the last of them done at 18.5 h; the pause after it is not waited for.
        pytest.param(
            LVP,
            [
                (0, LoadProgram("A", InfusionProgram(100 * ML, 200 * ML, course=Repeat(50 * ML, 6 * H)))),
                (0, Start()),
                (60, Tick()),
            ],
            150,
            17.5 * 60,
            id="asked between two doses",
        ),
        pytest.param(
            DUAL,
            [
                (0, LoadProgram("A", program(50, 100))),
                (0, LoadProgram("B", program(100, 50, LineMode.PIGGYBACK))),
                (0, Start("A")),
                (60, Start("B")),
                (70, Tick()),
            ],
            50,
            20 + 60,
            id="the primary waits for the secondary",
        ),
        pytest.param(
            DUAL,
            [
                (0, LoadProgram("A", program(50, 100))),
                (0, LoadProgram("B", program(100, 50, LineMode.PIGGYBACK, delay_ns=H))),
                (0, Start("A")),
                (0, Start("B")),
            ],
            100,
            120 + 30,
            id="and will wait",
        ),
    ],
)
def test_volume_and_time_left_are_what_a_hand_reckons(model, script, volume_ml, minutes):
    vtbi = asked(model, *script).vtbi
    if volume_ml is None:
        assert vtbi is None
    else:
        assert vtbi == Left(volume_ml * ML, round(minutes * MIN))


HALF_UNITS = LoadProgram("A", InfusionProgram(5_000, course=Profile((Segment(0, 5_000), Segment(12 * H, 15_000)))))


@pytest.mark.requirement("GIP 1.5.1")
@pytest.mark.requirement("GIP 1.5.3")
@pytest.mark.requirement("GIP 1.5.4")
@pytest.mark.parametrize(
    ("script", "volume_u", "minutes"),
    [
        pytest.param([(0, Tick())], 100, None, id="nothing is programmed"),
        # 6 + 18 U a day: 96 U in four days, and 4 U of the fifth.
        pytest.param([(0, SetClock(0)), (0, HALF_UNITS)], 100, 4 * 1440 + 480, id="before the start"),
        pytest.param(
            [(0, SetClock(0)), (0, HALF_UNITS), (0, Start()), (0, SetTemporary("A", 4 * H, 0))],
            100,
            4 * 1440 + 720,
            id="no basal rate for four hours: 2 U more are left for the fifth day",
        ),
        # 10 U less: 90 U are three days, 6 U, and 12 U at 1.5 U/h.
        pytest.param(
            [(0, SetClock(0)), (0, HALF_UNITS), (0, Start()), (0, GiveBolus("A", 10 * U))],
            100,
            3 * 1440 + 720 + 480,
            id="a bolus",
        ),
        pytest.param(
            [(0, SetClock(0)), (0, HALF_UNITS), (0, Start()), (0, GiveBolus("A", 10 * U, over_ns=2 * H))],
            100,
            3 * 1440 + 720 + 480,
            id="an extended one",
        ),
        pytest.param(
            [(0, SetClock(0)), (0, HALF_UNITS), (0, Start()), (1440, Tick())], 76, 3 * 1440 + 480, id="the next day"
        ),
    ],
)
def test_a_reservoir_lasts_as_long_as_a_hand_reckons(script, volume_u, minutes):
    """To the us: a bolus ends in the last whole ns, and what is less of it is given at the basal rate."""
    vtbi, left = (found := asked(POD, *script, reservoir_ml=1.0)).vtbi, found.reservoir
    assert vtbi is None
    assert left is not None
    assert left.volume_nl == volume_u * U
    if minutes is None:
        assert left.time_ns is None
    else:
        assert left.time_ns == pytest.approx(minutes * MIN, abs=1_000)


def test_an_empty_reservoir_holds_nothing():
    assert asked(POD, (0, SetClock(0)), (0, HALF_UNITS), reservoir_ml=0.0).reservoir == Left(0, 0)


def test_a_day_s_profile_has_no_end_while_the_clock_is_not_set():
    assert asked(POD, (0, HALF_UNITS), reservoir_ml=1.0).reservoir == Left(100 * U, None)
    bench = Bench(POD)
    bench.reservoir_ml = 1.0
    for command in (SetClock(0), HALF_UNITS, Start()):
        bench.give(command)
    again = Pump.power_on(POD, bench.pump.snapshot())
    again.step(0, DeviceEvent(DeviceEventKind.POWERED_ON))
    again.step(0, bench.reading())
    assert again.remaining("A") == Remaining(None, Left(100 * U, None))


def test_a_reservoir_that_nothing_measures_is_not_spoken_of():
    assert asked(LVP, (0, LOADED), (0, Start())) == Remaining(Left(100 * ML, 2 * H), None)


def test_a_reservoir_that_ends_before_the_volume_and_one_that_ends_after_it():
    """10 U at 1 U/h, of 5 U: 5 h; of 20 U: never, as the pump stops with its volume."""
    script = ((0, LoadProgram("A", InfusionProgram(U, 10 * U))), (0, Start()))
    for units, empty_ns in ((5, 5 * H), (20, None)):
        assert asked(POD, *script, reservoir_ml=units / 100) == Remaining(
            Left(10 * U, 10 * H), Left(units * U, empty_ns)
        )


@pytest.mark.requirement("GIP 1.5.2")
def test_what_a_stalled_motor_did_not_pump_is_still_to_come():
    """50 mL/h for half an hour, of which the motor did 5 mL only: 95 mL are left, not 75."""
    pump = Pump(DUAL)
    for at_ns, command in (
        (0, shown(0)),
        (0, LOADED),
        (0, Start()),
        (30 * MIN, shown(5 * ML * 1_000_000 // DUAL.mechanism.step_fl)),
    ):
        pump.step(at_ns, command)
    left = pump.remaining("A").vtbi
    assert left == Left(95 * ML, 114 * MIN)
    assert type(left.volume_nl) is int


AS_TOLD = round(50 * ML * 1_000_000 / DUAL.mechanism.step_fl / 2)


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (AS_TOLD, "a sound motor"),
        (5 * ML * 1_000_000 // DUAL.mechanism.step_fl, "one that has missed steps"),
        (0, "one that stands, which the interlock finds"),
        (2 * AS_TOLD, "one that ran away"),
        (100 * ML * 1_000_000 // DUAL.mechanism.step_fl, "all is in"),
    ],
)
@pytest.mark.parametrize("quietly", [False, True])
def test_asked_with_a_reading_it_is_as_if_that_had_been_shown_and_changes_nothing(quietly, steps, why):
    pump = Pump(DUAL)
    for first in (shown(0), LOADED, Start(), *([Tick()] if quietly else [])):
        pump.step(0, first)
    assert (pump._controller.quiet is not None) is quietly
    before, shown_then = pump.snapshot(), Pump.resume(DUAL, pump.snapshot())
    said = shown_then.step(30 * MIN, shown(steps))
    assert pump.remaining_after(30 * MIN, shown(steps), "A") == shown_then.remaining("A"), why
    assert pump.snapshot() == before
    assert pump.step(30 * MIN, shown(steps)) == said, "asking leaves nothing behind"


def test_a_runaway_motor_ends_a_bolus_and_so_what_is_left_of_it():
    """50 mL/h, and 10 mL in its place in 40 s; after 20 s the motor has made 40 mL, which the interlock finds."""
    model = replace(DUAL, bolus_nl_per_h=900 * ML)
    pump = Pump(model)
    for first in (shown(0), LOADED, Start(), GiveBolus("A", 10 * ML)):
        pump.step(0, first)
    reading = shown(40 * ML * 1_000_000 // model.mechanism.step_fl)
    shown_then = Pump.resume(model, pump.snapshot())
    kinds = [o.kind for o in shown_then.step(20 * S, reading).outputs if isinstance(o, DeliveryEvent)]
    assert DeliveryEventKind.BOLUS_STOPPED in kinds
    assert pump.remaining_after(20 * S, reading, "A") == shown_then.remaining("A")


def test_between_two_decisions_what_is_left_follows_from_counts_and_levels():
    """100 mL at 50 mL/h from a reservoir of 150: as if the reading had been shown, and nothing is left behind by asking."""
    bench = Bench(LVP)
    bench.reservoir_ml = 150.0
    for given_then in (bench.reading(), LOADED, Start("A")):
        bench.give(given_then)
    for minute, left_nl, left_ns in ((7, 94_166_667, 113 * MIN), (30, 75 * ML, 90 * MIN), (90, 25 * ML, 30 * MIN)):
        bench.run(minute * MIN)
        reading, before = bench.reading(), bench.pump.snapshot()
        said = bench.pump.remaining_by(bench.now_ns, reading, "A")
        assert said == bench.pump.remaining_after(bench.now_ns, reading, "A")
        assert said.vtbi is not None
        assert said.vtbi.volume_nl == pytest.approx(left_nl, abs=1)
        assert said.vtbi.time_ns == left_ns
        assert said.reservoir is not None
        assert said.reservoir.volume_nl == pytest.approx(left_nl + 50 * ML, abs=LVP.mechanism.step_fl / 1e6 + 1)
        assert bench.pump.snapshot() == before
    with pytest.raises(LookupError):
        bench.pump.remaining_by(bench.now_ns, reading, "none")


def test_counts_that_are_behind_are_still_to_come_without_a_rule():
    pump = Pump(DUAL)
    for first in (shown(0), LOADED, Start()):
        pump.step(0, first)
    behind = pump.remaining_by(30 * MIN, shown(AS_TOLD - ML * 1_000_000 // DUAL.mechanism.step_fl), "A").vtbi
    assert behind is not None
    assert behind.volume_nl == 76 * ML
    assert pump.remaining_by(30 * MIN, shown(AS_TOLD), "A").vtbi == Left(75 * ML, 90 * MIN)


def test_a_reservoir_that_is_empty_lasts_no_longer():
    bench = Bench(LVP)
    for given_then in (LOADED, Start("A")):
        bench.give(given_then)
    bench.run(7 * MIN + 1)
    bench.reservoir_ml = 0.0
    reading = SensorReading(
        tuple(replace(line, more=(Measured(Signal.RESERVOIR_LEVEL, 0.0),)) for line in bench.reading().lines), 0.0
    )
    assert bench.pump.remaining_by(bench.now_ns, reading, "A").reservoir == Left(0, 0)


def test_a_motor_that_is_a_step_behind_or_ahead_is_a_sound_one():
    pump = Pump(DUAL)
    for first in (shown(0), LOADED, Start()):
        pump.step(0, first)
    for steps in (AS_TOLD - 1, AS_TOLD + 1):
        assert pump.remaining_after(30 * MIN, shown(steps), "A").vtbi == Left(75 * ML, 90 * MIN)


@pytest.mark.parametrize(("at_end", "rest"), [(AtEnd.CONTINUE, H), (AtEnd.KVO, 50 * H), (AtEnd.STOP, None)])
def test_a_reservoir_goes_on_to_empty_after_the_volume_is_in(at_end, rest):
    """100 mL of 150 at 50 mL/h; then the rest at that rate, or at 1 mL/h, or not at all."""
    script = ((0, LoadProgram("A", InfusionProgram(50 * ML, 100 * ML, at_end=at_end))), (0, Start()))
    left = asked(replace(LVP, kvo_nl_per_h=ML, kvo_bands=()), *script, reservoir_ml=150.0).reservoir
    assert left == Left(150 * ML, None if rest is None else 2 * H + rest)


def test_a_dose_that_runs_ends_at_its_own_count_wherever_the_motor_began():
    """Nothing runs beside or after 1 U until eight in the evening, then 1 U an hour: 2 U last till nine."""
    counted = LineReading("A", 700, 4.9, False, (Measured(Signal.RESERVOIR_LEVEL, 0.02),))
    evening = InfusionProgram(0, course=Profile((Segment(0, 0), Segment(20 * H, U))))
    pump = Pump(POD)
    for command in (
        SensorReading((counted,), 0.0),
        SetClock(0),
        LoadProgram("A", evening),
        Start(),
        GiveBolus("A", U),
    ):
        pump.step(0, command)
    assert pump.state.line("A").course.doses[0].stop_at_step == 700 + U * 1_000_000 // POD.mechanism.step_fl
    assert pump.remaining("A").reservoir == Left(2 * U, 21 * H)


def test_a_dose_that_is_half_given_gives_the_other_half():
    """As above, asked after ten seconds of it."""
    bench = Bench(POD)
    bench.reservoir_ml = 0.02
    evening = InfusionProgram(0, course=Profile((Segment(0, 0), Segment(20 * H, U))))
    for command in (SetClock(0), LoadProgram("A", evening), Start(), GiveBolus("A", U)):
        bench.give(command)
    bench.do(10 * S)
    (dose,) = bench.line("A").course.doses
    assert 0 < dose.owed < dose.volume
    left = bench.pump.remaining("A").reservoir
    assert left is not None
    assert left.time_ns == pytest.approx(21 * H - 10 * S, abs=1_000)


def test_a_line_that_is_being_checked_goes_on():
    """As after an occlusion that may have been a passing one."""
    bench = Bench(LVP)
    for command in (LOADED, Start("A")):
        bench.give(command)
    bench.do(30 * MIN)
    state = bench.pump.state
    checked = state.with_line(replace(state.line("A"), state=LineState.CHECKING))
    assert remaining(LVP, checked, "A").vtbi == Left(75 * ML, 90 * MIN)


def test_a_pump_that_is_off_is_reckoned_as_if_it_were_on():
    bench = Bench(LVP)
    for command in (LoadProgram("A", InfusionProgram(100 * ML, 110 * ML, course=STAGES)), Start("A")):
        bench.give(command)
    bench.do(60 * MIN)
    again = Pump.power_on(LVP, bench.pump.snapshot())
    again.step(0, bench.reading())
    assert again.state.unit.power.off
    assert again.remaining("A").vtbi == Left(50 * ML, 90 * MIN)


def test_nothing_is_left_of_what_a_runaway_motor_has_given():
    pump = Pump(DUAL)
    for first in (shown(0), LOADED, Start()):
        pump.step(0, first)
    assert pump.remaining_after(30 * MIN, shown(110 * ML * 1_000_000 // DUAL.mechanism.step_fl), "A").vtbi == Left(0, 0)


def test_the_volume_left_is_in_whole_nl():
    left = asked(LVP, (0, LOADED), (0, Start()), (1 / MIN, Tick())).vtbi
    assert left is not None
    assert (left.volume_nl, type(left.volume_nl)) == (100 * ML - 1, int)


def test_a_pump_that_has_not_seen_its_mechanism_again_after_its_power_was_off():
    bench = Bench(LVP)
    for given_then in (LOADED, Start("A")):
        bench.give(given_then)
    bench.do(30 * MIN)
    again = Pump.power_on(LVP, bench.pump.snapshot())
    assert again.remaining("A").vtbi == Left(75 * ML, 90 * MIN)


def test_a_drug_limit_that_is_reached_first_leaves_the_end_open():
    """6 mL/h of 30 mL, and no more than 4 mL in an hour: from then on the line keeps open."""
    limit = DoseLimit(4 * ML, H, at_limit=AtLimit.STOP)
    limited = InfusionProgram(6 * ML, 30 * ML, demand=Demand(ML, 0), limit=limit)
    assert asked(MODELS["pca"], (0, LoadProgram("A", limited)), (0, Start())).vtbi == Left(30 * ML, None)


def test_no_line_of_another_name_is_known():
    with pytest.raises(LookupError, match="no line C"):
        Bench(LVP).pump.remaining("C")
