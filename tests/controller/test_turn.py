"""Small rules of a turn that several parts share: the rate that keeps open, what a dose that ends early had given."""

from dataclasses import replace

import pytest

from pumpsim.controller import Pump, demand, doses
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.courses import Demand, DoseLimit
from pumpsim.vocabulary.inputs import DeviceEventKind, GiveBolus, LoadProgram, Start, Stop, StopBolus, Titrate
from pumpsim.vocabulary.library import DrugRule
from pumpsim.vocabulary.outputs import DeliveryEvent, DeliveryEventKind, LineState
from pumpsim.vocabulary.program import InfusionProgram
from pumpsim.vocabulary.status import CourseStatus, Dose, DoseKind, Mark
from tests.build import STROKES, H, S, program
from tests.controller.power_bench import FULL, ML, Bench, event


@pytest.mark.parametrize(
    ("rate_ml_per_h", "forbidden", "kvo_ml_per_h"),
    [(100, False, 1.0), (1, False, 1.0), (0.5, False, 0.5), (100, True, 0.0)],
)
def test_the_rate_that_keeps_open_is_never_above_the_programmed_one_and_none_where_the_drug_forbids_it(
    rate_ml_per_h, forbidden, kvo_ml_per_h
):
    turn = Turn(STROKES, Pump(STROKES).state, 0)
    drug = DrugRule("dopamine", "icu", forbids_kvo=forbidden)
    rate = round(rate_ml_per_h * ML)
    status = replace(turn.state.line("A"), program=InfusionProgram(rate, drug=drug), rate_nl_per_h=rate)
    assert turn.kvo_nl_per_h(status) == kvo_ml_per_h * ML


@pytest.mark.parametrize(
    ("after_s", "ended_by", "cause"),
    [
        (9, StopBolus("A"), "bolus: 0.5 of 2 mL, operator"),
        (0, StopBolus("A"), "bolus: 0 of 2 mL, operator"),
        (9, Stop("A"), "bolus: 0.5 of 2 mL, operator"),
        (27, event(DeviceEventKind.DEVICE_FAULT), "bolus: 1.5 of 2 mL, device-fault"),
    ],
)
def test_a_dose_that_ends_early_says_how_much_of_it_was_given_and_why(after_s, ended_by, cause):
    """2 mL at 200 mL/h take 36 s."""
    bench = Bench(FULL)
    for given in (LoadProgram("A", program(60)), Start("A"), GiveBolus("A", 2 * ML)):
        bench.give(given)
    bench.pass_time(after_s * S)
    (said,) = [
        o
        for o in bench.give(ended_by).outputs
        if isinstance(o, DeliveryEvent) and o.kind is DeliveryEventKind.BOLUS_STOPPED
    ]
    assert said.cause == cause


@pytest.mark.parametrize(("ordered", "said"), [("5 mcg/kg/min", "5 mcg/kg/min"), ("", "operator")])
def test_a_titration_keeps_how_it_was_ordered(ordered, said):
    bench = Bench(FULL)
    for given in (LoadProgram("A", replace(program(60), ordered="3 mcg/kg/min")), Start("A")):
        bench.give(given)
    outputs = bench.give(Titrate("A", 70 * ML, ordered)).outputs
    assert [o.cause for o in outputs if isinstance(o, DeliveryEvent)] == [said]
    after = bench.pump.state.line("A").program
    assert after is not None
    assert (after.rate_nl_per_h, after.ordered) == (70 * ML, ordered)


def test_a_dose_on_the_second_line_ends_in_its_time_too():
    """1 mL at 90 mL/h."""
    model = replace(STROKES, bolus_nl_per_h=90 * ML)
    turn = Turn(model, Pump(model).state, 7 * S)
    dose = Dose(DoseKind.BOLUS, ML * H, 90 * ML, 0)
    second = replace(
        turn.state.line("B"),
        state=LineState.INFUSING,
        program=program(60),
        rate_nl_per_h=60 * ML,
        course=CourseStatus(doses=(dose,)),
    )
    turn.put(second)
    assert list(doses.deadlines(turn)) == [7 * S + 40 * S]


def test_the_window_of_a_limit_on_the_second_line_ends_in_its_time_too():
    turn = Turn(STROKES, Pump(STROKES).state, 7 * S)
    limit = DoseLimit(4 * ML, H, rolling=False)
    programmed = InfusionProgram(6 * ML, demand=Demand(ML, 0), limit=limit)
    course = CourseStatus(marks=(Mark(5 * S, 0),))
    turn.put(replace(turn.state.line("B"), state=LineState.HELD, program=programmed, course=course))
    assert list(demand.deadlines(turn)) == [H + 5 * S]


def test_a_dose_that_ends_with_the_volume_says_so():
    """1 mL of programme, all of it owed after 13.85 s at 60 + 200 mL/h: the dose of 2 mL is not whole."""
    bench = Bench(FULL)
    for given in (LoadProgram("A", program(60, 1)), Start("A"), GiveBolus("A", 2 * ML)):
        bench.give(given)
    bench.pass_time(15 * S)
    said = [o for o in bench.give(bench.reading()).outputs if isinstance(o, DeliveryEvent)]
    assert [(o.kind, o.state) for o in said] == [
        (DeliveryEventKind.BOLUS_STOPPED, LineState.INFUSING),
        (DeliveryEventKind.DELIVERY_COMPLETE, LineState.KVO),
    ]
    assert said[0].cause.endswith("of 2 mL, VTBI in: KVO")
    assert bench.pump.state.line("A").owed == ML * H
