"""Over- and under-infusion through the controller's door: counts in, alarms out; limits at -1, 0 and +1 step."""

from dataclasses import replace

import pytest

from pumpsim.catalogue.ambulatory import CADD_PRIZM
from pumpsim.catalogue.pumps import SINGLE_CHANNEL_CASSETTE
from pumpsim.catalogue.syringe_pumps import SYRINGE_PUMP
from pumpsim.codec import decode, encode
from pumpsim.controller import Pump
from pumpsim.controller.deviation import BAND_PART
from pumpsim.controller.flow_sides import allowance_steps
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import Direction, Effect, Signal
from pumpsim.vocabulary.courses import Demand
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    GiveBolus,
    LineReading,
    LoadProgram,
    RequestDose,
    SensorReading,
    Start,
    Stop,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd, FlowLimits
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, DeliveryEvent
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.status import Astray, PumpState
from tests.build import MIN, SMOOTH, STROKES, H, S, program

CONCURRENT = LineMode.CONCURRENT
ML = 1_000_000
"""nL in a mL, and steps of the smooth drive."""
ONE = replace(SMOOTH, lines=("A",), concurrent=None, backpriming=None)
WINDOW_NL = 25 * ML
"""15 min at 100 mL/h."""


def reading(steps: int, line: str = "A") -> SensorReading:
    return SensorReading((LineReading(line, steps, 4.9, False),), 0.0)


def running(model=ONE, rate: float = 100.0, at: int = 0, programme: InfusionProgram | None = None) -> PumpController:
    controller = PumpController(model)
    controller.step(at, reading(700))
    controller.step(at, LoadProgram("A", programme or program(rate)))
    controller.step(at, Start("A"))
    return controller


def alarms(outputs) -> list[str]:
    """What was raised and cleared."""
    found = []
    for output in outputs:
        if isinstance(output, AlarmRaised):
            found.append(output.alarm.value)
        if isinstance(output, AlarmCleared):
            found.append(f"{output.alarm.value} over")
    return found


def heard(controller: PumpController, *given) -> list[str]:
    """The alarms of a row of (instant, count)."""
    return [alarm for at_ns, steps in given for alarm in alarms(controller.step(at_ns, reading(700 + steps)).outputs)]


@pytest.mark.requirement("GIP 1.2.2")
@pytest.mark.parametrize(
    ("at_ns", "over_nl", "raised"),
    [
        (15 * MIN, 2_500_002, []),  # not for more than 15 min yet
        (15 * MIN + 1, 2_500_002, ["over-infusion"]),
        (15 * MIN + 1, 2_500_001, []),  # the allowance of the smooth drive is a step, 1 nL
        (15 * MIN + 1, 0, []),
    ],
)
def test_over_infusion_is_more_than_ten_percent_for_more_than_fifteen_minutes(at_ns, over_nl, raised):
    assert heard(running(), (at_ns, WINDOW_NL + over_nl)) == raised


@pytest.mark.requirement("GIP 1.2.3")
@pytest.mark.parametrize(
    ("at_ns", "under_nl", "raised"),
    [
        (15 * MIN - 1, 2_500_002, []),
        (15 * MIN, 2_500_002, ["under-infusion"]),
        (15 * MIN, 2_500_001, []),
        (15 * MIN, 0, []),
    ],
)
def test_under_infusion_is_less_than_ninety_percent_for_fifteen_minutes(at_ns, under_nl, raised):
    assert heard(running(), (at_ns, WINDOW_NL - under_nl)) == raised


def test_it_is_said_for_how_long_the_count_has_been_out():
    """Half of 25 mL in a quarter of an hour, on a pump that has been on for two hours."""
    controller = running(at=2 * H)
    (alarm,) = [
        o
        for o in controller.step(2 * H + 15 * MIN, reading(700 + WINDOW_NL // 2)).outputs
        if isinstance(o, AlarmRaised)
    ]
    assert alarm.detail == "line A: 12.500 of 25.000 mL in 15.0 min"


def test_over_infusion_stops_all_and_stands_until_it_is_acknowledged():
    controller = running()
    step = controller.step(15 * MIN + 1, reading(700 + WINDOW_NL * 3 // 2))
    (alarm,) = [o for o in step.outputs if isinstance(o, AlarmRaised)]
    assert (alarm.line, alarm.detail) == (None, "line A: 37.500 of 25.000 mL in 15.0 min")
    assert [o.kind.value for o in step.outputs if isinstance(o, DeliveryEvent)] == ["delivery-stopped"]
    assert controller.state.line("A").course.reference is None
    assert alarms(controller.step(16 * MIN, Acknowledge()).outputs) == ["over-infusion over"]
    controller.step(17 * MIN, Start("A"))
    assert controller.state.line("A").course.reference.steps == 700 + WINDOW_NL * 3 // 2


def test_the_second_line_is_followed_while_the_first_stands():
    controller = PumpController(SMOOTH)
    for given in (both(0), LoadProgram("B", program(100)), Start("B")):
        controller.step(0, given)
    found = [o for o in controller.step(15 * MIN, both(20 * ML)).outputs if isinstance(o, AlarmRaised)]
    assert [(o.alarm.value, o.line) for o in found] == [("under-infusion", "B")]


def test_the_second_line_is_called_for_while_the_first_runs_as_it_should():
    controller = PumpController(SMOOTH)
    for given in (both(0), LoadProgram("A", program(60)), LoadProgram("B", program(60, mode=CONCURRENT)), Start()):
        controller.step(0, given)
    assert controller.step(5 * MIN, both(3 * ML, 5 * ML)).wake_at_ns == 15 * MIN
    assert controller.step(5 * MIN, Tick()).wake_at_ns == 15 * MIN


def both(b: int, a: int = 0) -> SensorReading:
    """What each line has counted."""
    return SensorReading((LineReading("A", a, 4.9, False), LineReading("B", b, 4.9, False)), 0.0)


def test_under_infusion_lets_the_line_run_and_is_over_once_it_runs_as_it_should():
    controller = running()
    assert heard(controller, (15 * MIN, 20 * ML), (30 * MIN, 40 * ML)) == ["under-infusion"]
    assert controller.step(31 * MIN, Tick()).wake_at_ns == 45 * MIN
    assert heard(controller, (45 * MIN, 65 * ML)) == ["under-infusion over"]


@pytest.mark.parametrize(
    ("at_ns", "watched"), [(15 * MIN - 36_000, False), (15 * MIN, True), (15 * MIN + 36_000, True)]
)
def test_what_is_within_the_allowance_when_its_time_is_over_is_watched_from_then_on(at_ns, watched):
    """10 % and a nL too little, which is not more than the allowance; a nL takes 36 us."""
    controller = running()
    heard(controller, (5 * MIN, 5 * ML))
    owed = round(100 * ML * at_ns / H)
    watches = controller.step(at_ns, reading(700 + owed - owed // 10 - 1)).watches
    counts = [w for w in watches if w.signal is Signal.STEPS and w.line == "A"]
    beyond = [w for w in counts if w.direction is Direction.AT_MOST]
    assert [round(w.per_h) for w in beyond] == ([90 * ML] if watched else [])


@pytest.mark.parametrize(("under_nl", "over"), [(2_500_002, False), (2_500_001, False), (2_500_000, True)])
def test_it_stands_on_for_as_long_as_a_further_time_is_short_of_the_share(under_nl, over):
    """5 mL too little in the first 15 min; then 10 % and no more of the next 15, in which the allowance is no excuse."""
    controller = running()
    found = heard(controller, (15 * MIN, 20 * ML), (30 * MIN, 20 * ML + WINDOW_NL - under_nl))
    assert found == ["under-infusion", *(["under-infusion over"] if over else [])]
    assert controller.state.line("A").course.reference.at_ns == 30 * MIN


@pytest.mark.parametrize("ends", [Stop("A"), None])
def test_it_is_over_when_the_line_stops(ends):
    programme = program(100, 60.0, at_end=AtEnd.STOP)
    controller = running(programme=programme)
    heard(controller, (15 * MIN, 20 * ML))
    outputs = controller.step(H, reading(700 + 60 * ML)).outputs if ends is None else controller.step(H, ends).outputs
    assert "under-infusion over" in alarms(outputs)


def test_a_share_that_is_not_exceeded_is_looked_at_and_let_go():
    """109.9 %: the count leaves the band after a fifth of what 10 % are in 15 min; the reference is set anew."""
    controller = running()
    band_ns = round(15 * MIN * 0.1 / BAND_PART / 0.099) + 800_000
    before = controller.state.line("A").course.reference
    controller.step(band_ns - 1_600_000, reading(700 + round((band_ns - 1_600_000) * 1.099 / 36_000)))
    assert controller.state.line("A").course.reference == before
    controller.step(band_ns, reading(700 + round(band_ns * 1.099 / 36_000)))
    after = controller.state.line("A").course.reference
    assert (after.at_ns, after.astray) == (band_ns, None)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("beside_nl", "looked_at"), [(500_000, False), (500_001, False), (500_002, True)])
def test_the_band_is_a_fifth_of_the_share_and_the_allowance(side, beside_nl, looked_at):
    """2.5 mL are 10 % of 15 min; the allowance is a nL. After 9 min, 15 mL, that is not astray: it is counted anew."""
    controller = running()
    controller.step(9 * MIN, reading(700 + 15 * ML + side * beside_nl))
    reference = controller.state.line("A").course.reference
    assert (reference.at_ns, reference.astray) == (9 * MIN if looked_at else 0, None)


def test_what_is_astray_and_comes_back_is_let_go():
    controller = running()
    heard(controller, (5 * MIN, 10 * ML))
    assert controller.state.line("A").course.reference.astray is Astray.OVER
    assert heard(controller, (10 * MIN, 18 * ML)) == []
    assert controller.state.line("A").course.reference.at_ns == 10 * MIN


def test_an_onset_in_mid_run_is_alarmed_fifteen_minutes_and_a_little_later():
    """150 % from 10 h on: 0.5 mL, the band, is passed in 36 s, again at 72 s; then 15 min from the first."""
    controller = running()
    begun = 10 * H
    assert heard(controller, *((begun + k * 36 * S + 1, 1000 * ML + k * 1_500_010) for k in (1, 2))) == []
    assert controller.state.line("A").course.reference.at_ns == begun + 36 * S + 1
    late = begun + 36 * S + 15 * MIN
    assert controller.step(begun + 80 * S, Tick()).wake_at_ns == late + 2
    assert heard(controller, (late + 2, 1000 * ML + 39 * ML)) == ["over-infusion"]


def test_titrations_begin_nothing_anew():
    """115 % of 100, 200, then 50 mL/h: volumes are compared, whatever the rates."""
    controller = running()
    heard(controller, (5 * MIN, round(8.333_333 * 1.15 * ML)))
    controller.step(5 * MIN, Titrate("A", 200 * ML))
    controller.step(10 * MIN, reading(700 + round(25 * 1.15 * ML)))
    controller.step(10 * MIN, Titrate("A", 50 * ML))
    assert heard(controller, (15 * MIN + 1, round(29.2 * 1.15 * ML))) == ["over-infusion"]


def test_at_the_end_of_its_volume_a_line_begins_anew():
    """50 mL at 120 %, in 25 min; then KVO at 1 mL/h: what came too fast is not too much."""
    controller = running(programme=program(120, 20.0))
    heard(controller, (5 * MIN, 12 * ML), (8 * MIN + 20 * S, 20 * ML))
    assert controller.state.line("A").state.value == "kvo"
    assert controller.state.line("A").course.reference.at_ns == 8 * MIN + 20 * S
    assert heard(controller, (40 * MIN, 20 * ML + 500_000)) == []


def test_a_line_that_is_started_again_begins_where_it_stood():
    controller = running()
    heard(controller, (14 * MIN, 30 * ML))
    controller.step(14 * MIN, Stop("A"))
    assert controller.step(14 * MIN, Tick()).watches[0].per_h == 0.0
    controller.step(20 * MIN, Start("A"))
    assert heard(controller, (21 * MIN, 30 * ML + 1_700_000)) == []


@pytest.mark.parametrize(
    ("model", "steps"),
    [(SMOOTH, 1), (SINGLE_CHANNEL_CASSETTE, 3_300), (STROKES, 6_600), (CADD_PRIZM, 1), (SYRINGE_PUMP, 1)],
)
def test_allowance(model, steps):
    assert allowance_steps(model) == steps


def test_with_strokes_a_cycle_is_allowed_on_top():
    """25 mL are owed: 27.5, and 0.33 of a cycle."""
    model = replace(STROKES, lines=("A",), concurrent=None, backpriming=None)
    for over, raised in ((0, []), (1, ["over-infusion"])):
        assert heard(running(model), (15 * MIN + 1, 278_300 + over)) == raised


def test_watches_hold_where_the_count_itself_says_so():
    """Of a line in order, of one that is astray, and of one that is astray beyond its time, with the allowance not filled."""
    model = replace(STROKES, lines=("A",), concurrent=None, backpriming=None)
    controller = running(model)
    over, under = (w for w in controller.step(0, Tick()).watches if w.per_h)
    assert (over.direction.value, over.per_h, over.level) == (
        ">=",
        1_000_000,
        pytest.approx(700 + 3_300 + 5_000, abs=0.01),
    )
    assert (under.direction.value, under.per_h, under.level) == (
        "<=",
        1_000_000,
        pytest.approx(700 - 3_300 - 5_000, abs=0.01),
    )
    (back,) = (w for w in controller.step(5 * MIN, reading(700 + 83_333 + 8_400)).watches if w.per_h)
    assert (back.direction.value, back.per_h) == ("<=", 1_100_000)
    assert back.at(5 * MIN).level == pytest.approx(700 + 91_666.67, abs=0.01)
    back, met = (w for w in controller.step(15 * MIN + 1, reading(700 + 276_000)).watches if w.per_h)
    assert (met.direction.value, met.per_h) == (">=", 1_100_000)
    back, met = back.at(15 * MIN + 1), met.at(15 * MIN + 1)
    assert (back.level, met.level) == (pytest.approx(275_700, abs=0.01), pytest.approx(279_000, abs=0.01))
    for watch, steps in ((back, 275_700), (met, 279_000)):
        assert not watch.holds(steps)
        assert watch.holds(steps + (1 if watch is met else -1))


def test_when_all_is_owed_the_level_stands():
    controller = running(programme=program(100, 10.0))
    (watch, *_) = (w for w in controller.step(5 * MIN, Tick()).watches if w.direction.value == "<=")
    assert watch.per_h == 100 * ML
    (watch, *_) = (
        w for w in controller.step(6 * MIN, Tick()).watches if w.direction.value == "<=" and "steps" in w.signal.value
    )
    assert watch.per_h == 0.0


@pytest.mark.parametrize("limits", [None, FlowLimits(None, None)])
def test_a_model_that_does_not_watch_raises_nothing(limits):
    controller = running(replace(ONE, flow_limits=limits))
    assert heard(controller, (H, 200 * ML), (2 * H, 200 * ML)) == []
    assert [w for w in controller.step(2 * H, Tick()).watches if w.per_h] == []


PCA = replace(
    ONE,
    flow_limits=FlowLimits(for_ns=5 * MIN, dose_for_ns=MIN),
    bolus_nl_per_h=125 * ML,
    bolus_adds=True,
    bolus_max_nl=20 * ML,
    alarms=tuple(replace(r, effect=Effect.KVO) if r.id.value == "over-infusion" else r for r in ONE.alarms),
)
"""The rule of the Open PCA requirements: over-infusion is alarmed, and the pump keeps open."""
ON_REQUEST = InfusionProgram(10 * ML, None, demand=Demand(10 * ML, 10 * MIN))
IN_BOLUS, SQUARE = RequestDose("A"), GiveBolus("A", 10 * ML, over_ns=H)


@pytest.mark.requirement(
    "OPCA R6.4.0(2)", "OPCA R6.4.0(3)", "OPCA R6.4.0(4)", "OPCA R6.4.0(5)", "OPCA R6.4.0(6)", "OPCA R6.4.0(7)"
)
@pytest.mark.parametrize(("dose", "rate", "for_ns"), [(None, 10, 5 * MIN), (IN_BOLUS, 135, MIN), (SQUARE, 20, 5 * MIN)])
def test_on_basal_in_a_dose_and_in_a_square_bolus_each_has_its_time(dose, rate, for_ns):
    """Half as much again, or half as much as it should be, from the begin of the dose on."""
    for share, alarm in ((1.5, "over-infusion"), (0.5, "under-infusion")):
        controller = running(PCA, programme=ON_REQUEST)
        if dose is not None:
            controller.step(0, dose)
        owed = rate * ML * (for_ns + 1) / H
        assert heard(controller, (for_ns // 2, round(share * owed / 2)), (for_ns - 1, round(share * owed) - 1)) == []
        assert heard(controller, (for_ns + 1, round(share * owed))) == [alarm]
        assert controller.state.line("A").state.value == ("kvo" if share > 1 else "infusing")
        assert controller.state.motor.moving


@pytest.mark.requirement("GPCA REQ 19")
@pytest.mark.parametrize(
    ("share", "at_ns", "raised"), [(1.06, 15 * MIN + 1, True), (1.04, 15 * MIN + 1, False), (1.25, 2 * MIN, True)]
)
def test_five_percent_for_a_time_and_twenty_at_once(share, at_ns, raised):
    """The tolerances of the UMN GPCA requirements: the first is the controller's, the second the interlock's."""
    pump = Pump(replace(ONE, flow_limits=FlowLimits(1_050_000, 950_000)))
    for given in (reading(700), LoadProgram("A", program(100)), Start("A")):
        pump.step(0, given)
    outputs = pump.step(at_ns, reading(700 + round(share * 100 * ML * at_ns / H))).outputs
    assert ("over-infusion" in alarms(outputs)) == raised
    assert pump.state.motor.moving != raised


def test_what_it_counts_from_is_part_of_the_state():
    controller = running()
    heard(controller, (5 * MIN, 10 * ML))
    again = decode(PumpState, encode(controller.state))
    assert again == controller.state
    assert again.line("A").course.reference.astray is Astray.OVER
