"""Drugs that meet on one pump, and a drug that must not be given at a keep-open rate: whole sequences through the door."""

from dataclasses import replace

import pytest

from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.courses import AtLimit, Demand, DoseLimit
from pumpsim.vocabulary.inputs import Acknowledge, Confirm, LineReading, LoadProgram, SensorReading, Start, Stop
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import AlarmCleared, AlarmRaised, CommandRejected, DeliveryEvent, LineState
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from tests.build import MIN, SMOOTH, H, program, run, when

ML = 1_000_000
A_DRUG = DrugRule("furosemide", "icu", incompatible=("dopamine",))
B_DRUG = DrugRule("dopamine", "icu", incompatible=("furosemide",))
OTHER = DrugRule("heparin", "icu")
FLUSHED = replace(B_DRUG, flush_nl=5 * ML)


def of(rule: DrugRule | None, mode: LineMode = LineMode.SINGLE, vtbi: float | None = None) -> InfusionProgram:
    return replace(program(60, vtbi, mode, AtEnd.STOP), drug=rule)


CONCURRENT = LineMode.CONCURRENT


def warnings(trace) -> list[tuple[float, str, str]]:
    """Minute, alarm and detail of what is raised about drugs."""
    return [
        (r.at_ns / MIN, r.record.alarm.value, r.record.detail)
        for r in trace.records
        if isinstance(r.record, AlarmRaised) and "drug" in r.record.alarm.value
    ]


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        (A_DRUG, A_DRUG, [(2.0, "same-drug", "furosemide on lines A and B")]),
        (A_DRUG, B_DRUG, [(2.0, "incompatible-drugs", "furosemide on line A with dopamine on line B")]),
        (OTHER, B_DRUG, [(2.0, "incompatible-drugs", "heparin on line A with dopamine on line B")]),
        (A_DRUG, OTHER, []),
        (A_DRUG, None, []),
        (None, None, []),
    ],
)
def test_two_lines_of_one_pump(a, b, found):
    """What meets is said when the second is loaded; it stops and refuses nothing. One side that names the other is enough."""
    named = replace(b, incompatible=("heparin",)) if a is OTHER else b
    trace = run(
        (0, LoadProgram("A", of(a))),
        (MIN, Start("A")),
        (2 * MIN, LoadProgram("B", of(named, CONCURRENT))),
        (3 * MIN, Start("B")),
        until_ns=5 * MIN,
        model=SMOOTH,
    )
    assert warnings(trace) == found
    assert [line.state for line in trace.state.lines] == [LineState.INFUSING] * 2


@pytest.mark.parametrize(
    ("wait_min", "rule", "found"),
    [
        (0, B_DRUG, "dopamine on line A after furosemide, 0 mL ago"),
        (0, FLUSHED, "dopamine on line A after furosemide, 0 mL ago"),
        (4, FLUSHED, "dopamine on line A after furosemide, 4 mL ago"),
        (5, FLUSHED, ""),
        (5, B_DRUG, "dopamine on line A after furosemide, 5 mL ago"),
        (5, OTHER, ""),
    ],
)
def test_one_after_the_other_through_one_line(wait_min, rule, found):
    """Furosemide at 60 mL/h for 10 min, then saline on B, 1 mL/min, then dopamine: 5 mL flush the common volume."""
    trace = run(
        (0, LoadProgram("A", of(A_DRUG))),
        (0, Start("A")),
        (10 * MIN, Stop("A")),
        (10 * MIN, LoadProgram("A", of(None))),
        (10 * MIN, LoadProgram("B", of(None))),
        (10 * MIN, Start("B")),
        ((10 + wait_min) * MIN, Stop("B")),
        ((10 + wait_min) * MIN, LoadProgram("A", of(rule))),
        until_ns=30 * MIN,
        model=SMOOTH,
    )
    assert warnings(trace) == ([(10.0 + wait_min, "incompatible-drugs", found)] if found else [])


@pytest.mark.parametrize(("minutes", "found"), [(2, "4 mL"), (3, "")])
def test_what_both_lines_give_flushes_the_common_volume(minutes, found):
    """Saline on A and on B, 1 mL/min each: 5 mL flush it."""
    trace = run(
        (0, LoadProgram("A", of(A_DRUG))),
        (0, Start("A")),
        (10 * MIN, Stop("A")),
        (10 * MIN, LoadProgram("A", of(None))),
        (10 * MIN, LoadProgram("B", of(None, CONCURRENT))),
        (10 * MIN, Start()),
        ((10 + minutes) * MIN, Stop()),
        ((10 + minutes) * MIN, LoadProgram("A", of(FLUSHED))),
        until_ns=20 * MIN,
        model=SMOOTH,
    )
    assert [detail for _, _, detail in warnings(trace)] == (
        [f"dopamine on line A after furosemide, {found} ago"] if found else []
    )


def test_all_that_was_given_through_a_line_is_kept_in_mind():
    both = replace(B_DRUG, incompatible=("furosemide", "heparin"))
    trace = run(
        (0, LoadProgram("A", of(OTHER))),
        (0, Start("A")),
        (MIN, Stop("A")),
        (MIN, LoadProgram("A", of(A_DRUG))),
        (MIN, Start("A")),
        (2 * MIN, Stop("A")),
        (2 * MIN, LoadProgram("A", of(both))),
        until_ns=4 * MIN,
        model=SMOOTH,
    )
    assert [detail for _, _, detail in warnings(trace)] == [
        "dopamine on line A after heparin, 1 mL ago; dopamine on line A after furosemide, 0 mL ago"
    ]


def test_every_pair_that_does_not_go_together_is_named():
    """Heparin was given before dopamine is loaded beside furosemide: it meets both."""
    both = replace(B_DRUG, incompatible=("furosemide", "heparin"))
    trace = run(
        (0, LoadProgram("A", of(OTHER))),
        (0, Start("A")),
        (MIN, Stop("A")),
        (MIN, LoadProgram("A", of(A_DRUG))),
        (2 * MIN, LoadProgram("B", of(both, CONCURRENT))),
        until_ns=3 * MIN,
        model=SMOOTH,
    )
    assert [detail for _, _, detail in warnings(trace)] == [
        "furosemide on line A with dopamine on line B; dopamine on line B after heparin, 0 mL ago"
    ]


def test_a_piggyback_after_its_primary_is_warned_of_and_so_is_one_that_is_complete():
    """A pauses while B runs: the primary is in the common volume when the piggyback comes."""
    trace = run(
        (0, LoadProgram("A", of(A_DRUG, vtbi=10))),
        (0, Start("A")),
        (5 * MIN, LoadProgram("B", of(B_DRUG, LineMode.PIGGYBACK, 10))),
        (5 * MIN, Start("B")),
        (40 * MIN, Acknowledge()),
        (41 * MIN, LoadProgram("B", of(B_DRUG, LineMode.PIGGYBACK, 10))),
        until_ns=45 * MIN,
        model=SMOOTH,
    )
    assert trace.state.line("A").state is LineState.COMPLETE
    assert warnings(trace) == [
        (5.0, "incompatible-drugs", "furosemide on line A with dopamine on line B"),
        (41.0, "incompatible-drugs", "dopamine on line B after furosemide, 0 mL ago"),
    ]


def test_a_program_that_was_never_started_leaves_nothing_behind():
    trace = run(
        (0, LoadProgram("A", of(A_DRUG))),
        (MIN, LoadProgram("B", of(None))),
        (2 * MIN, LoadProgram("A", of(B_DRUG))),
        until_ns=3 * MIN,
    )
    assert warnings(trace) == []


def test_a_pair_is_said_once_though_one_of_it_was_given_already():
    trace = run(
        (0, LoadProgram("A", of(A_DRUG))),
        (0, Start("A")),
        (MIN, Stop("A")),
        (2 * MIN, LoadProgram("B", of(B_DRUG))),
        until_ns=3 * MIN,
    )
    assert warnings(trace) == [(2.0, "incompatible-drugs", "furosemide on line A with dopamine on line B")]


def test_a_warning_ends_with_the_load_that_makes_it_untrue_or_when_it_is_acknowledged():
    trace = run(
        (0, LoadProgram("A", of(A_DRUG))),
        (0, LoadProgram("B", of(A_DRUG))),
        (MIN, LoadProgram("B", of(OTHER))),
        (2 * MIN, LoadProgram("B", of(A_DRUG))),
        (3 * MIN, Acknowledge()),
        until_ns=4 * MIN,
    )
    cleared = [r.at_ns / MIN for r in trace.records if isinstance(r.record, AlarmCleared)]
    assert [at for at, _, _ in warnings(trace)] == [0.0, 2.0]
    assert cleared == [1.0, 3.0]


def test_what_waits_for_confirmation_meets_nothing():
    """A load that is asked about is not there yet."""
    asked = replace(of(replace(A_DRUG, rate=Limits(soft_high=50 * ML))))
    trace = run(
        (0, LoadProgram("A", of(A_DRUG))),
        (MIN, LoadProgram("B", asked)),
        (2 * MIN, Confirm()),
        until_ns=3 * MIN,
    )
    assert [at for at, _, _ in warnings(trace)] == [2.0]


NO_KVO = replace(OTHER, forbids_kvo=True)


@pytest.mark.parametrize("at_end", [None, AtEnd.KVO])
@pytest.mark.parametrize(
    ("rule", "state", "pumped"), [(OTHER, "kvo", 5.75), (NO_KVO, "complete", 5.0), (None, "kvo", 5.75)]
)
def test_a_line_whose_drug_forbids_it_does_not_keep_open_at_its_end(at_end, rule, state, pumped):
    """5 mL at 60 mL/h, then 1 mL/h for 45 min, or nothing."""
    trace = run(
        (0, LoadProgram("A", replace(program(60, 5, at_end=at_end), drug=rule))),
        (0, Start("A")),
        until_ns=50 * MIN,
        model=SMOOTH,
    )
    assert trace.state.line("A").state.value == state
    assert trace.at([50 * MIN]).pumped_ml[0, 0] == pytest.approx(pumped, abs=0.001)
    assert when(trace, "alarm infusion-complete", "A") == [5.0]
    (end,) = (
        r.record for r in trace.records if isinstance(r.record, DeliveryEvent) and "complete" in r.record.kind.value
    )
    assert end.cause == ("the drug library forbids KVO" if rule is NO_KVO else "")


@pytest.mark.parametrize(("at_end", "state"), [(AtEnd.CONTINUE, "continuing"), (AtEnd.STOP, "complete")])
def test_another_rule_for_the_end_is_not_touched(at_end, state):
    trace = run(
        (0, LoadProgram("A", replace(program(60, 5, at_end=at_end), drug=NO_KVO))),
        (0, Start("A")),
        until_ns=10 * MIN,
        model=SMOOTH,
    )
    (end,) = (
        r.record for r in trace.records if isinstance(r.record, DeliveryEvent) and "complete" in r.record.kind.value
    )
    assert (end.state.value, end.cause) == (state, "")


def test_an_alarm_that_would_keep_the_line_open_stops_one_whose_drug_forbids_it():
    """1 mL in an hour is the most: at 10 mL/h that is reached after 6 min; the line stops, and does not start again."""
    model = replace(SMOOTH, bolus_nl_per_h=100 * ML)
    for rule, state in ((OTHER, LineState.KVO), (NO_KVO, LineState.ALARM)):
        controller = PumpController(model)
        limit = DoseLimit(ML, H, at_limit=AtLimit.KVO)
        asked = InfusionProgram(10 * ML, demand=Demand(ML // 2, MIN), limit=limit, drug=rule)
        for at_ns in (0, 6 * MIN):
            steps = at_ns // (6 * MIN) * ML * 1_000_000 // model.mechanism.step_fl
            readings = (LineReading("A", steps, 4.9, False), LineReading("B", 0, 4.9, False))
            controller.step(at_ns, SensorReading(readings, 0.0))
            if not at_ns:
                controller.step(0, LoadProgram("A", asked))
                controller.step(0, Start("A"))
        assert controller.state.line("A").state is state
        assert (controller.state.motor.lines[0].rate_nl_per_h == 0) is (rule is NO_KVO)
        if rule is NO_KVO:
            assert controller.step(7 * MIN, Start("A")).outputs == (
                CommandRejected("start", "A", "alarm max-dose stands"),
            )
