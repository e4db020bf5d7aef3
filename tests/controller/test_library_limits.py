"""What a drug library refuses and what it asks about: every command at every bound; what waits changes nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pumpsim.codec import decode, encode
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId, Priority
from pumpsim.vocabulary.courses import Demand, Profile, Repeat, Segment, Stage, Stages
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Confirm,
    GiveBolus,
    Input,
    LineReading,
    LoadProgram,
    OperatorCommand,
    RequestDose,
    SensorReading,
    SetClock,
    SetTemporary,
    Start,
    Stop,
    StopBolus,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.model import AtEnd, PumpModel, Reminders
from pumpsim.vocabulary.outputs import (
    AlarmCleared,
    AlarmRaised,
    CommandRejected,
    ConfirmationAsked,
    LimitOverridden,
    LineState,
)
from pumpsim.vocabulary.program import InfusionProgram
from pumpsim.vocabulary.status import PumpState
from tests.build import MIN, SMOOTH, H, S

ML, STEP = 1_000_000, 100_000
MODEL = replace(SMOOTH, bolus_nl_per_h=400 * ML, clockwork=True, bolus_adds=True)
WRITTEN = ("1 mg/h", "2 mg/h", "4 mg/h", "5 mg/h")
RATE = Limits(soft_low=5 * ML, soft_high=20 * ML, hard_low=2 * ML, hard_high=30 * ML, written=WRITTEN)
VOLUME = Limits(soft_low=ML, soft_high=4 * ML, hard_low=ML // 2, hard_high=5 * ML)
FAST = Limits(soft_low=50 * ML, soft_high=450 * ML, hard_low=20 * ML, hard_high=500 * ML)
RULE = DrugRule("dopamine", "icu", RATE, VOLUME, bolus_rate=FAST)
SLOW = replace(RULE, bolus_rate=None)


def of(rate: int = 10 * ML, rule: DrugRule | None = RULE, **more: object) -> InfusionProgram:
    return InfusionProgram(rate, drug=rule, **more)  # type: ignore[arg-type]


def running(first: InfusionProgram | None = None, model: PumpModel = MODEL) -> PumpController:
    """A pump whose line A delivers, its clock set; B is empty."""
    controller = PumpController(model)
    controller.step(0, SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0))
    for command in (SetClock(0), LoadProgram("A", first or of()), Start("A")):
        controller.step(0, command)
    return controller


def temporary(percent: int) -> PumpController:
    """One whose line A has another rate for a while, which a rule of no limits let through."""
    controller = running(of(5 * ML))
    controller.step(0, SetTemporary("A", H, percent=percent))
    controller.step(0, Confirm())
    return controller


Put = Callable[[int], OperatorCommand]
KINDS: dict[str, tuple[Limits, int, Put]] = {
    "load": (RATE, STEP, lambda v: LoadProgram("B", of(v))),
    "stage": (RATE, STEP, lambda v: LoadProgram("B", of(course=Stages((Stage(10 * ML, ML), Stage(v)))))),
    "first stage": (RATE, STEP, lambda v: LoadProgram("B", of(v, course=Stages((Stage(v, ML), Stage(10 * ML)))))),
    "segment": (RATE, STEP, lambda v: LoadProgram("B", of(course=Profile((Segment(0, 10 * ML), Segment(H, v)))))),
    "between": (RATE, STEP, lambda v: LoadProgram("B", of(100 * ML, course=Repeat(2 * ML, H, v)))),
    "repeated rate": (FAST, ML, lambda v: LoadProgram("B", of(v, course=Repeat(2 * ML, H)))),
    "repeated rate, no own limits": (RATE, STEP, lambda v: LoadProgram("B", of(v, SLOW, course=Repeat(ML, 2 * H)))),
    "repeated dose": (VOLUME, 1, lambda v: LoadProgram("B", of(100 * ML, course=Repeat(v, H)))),
    "loading dose": (VOLUME, 1, lambda v: LoadProgram("B", of(first=Stage(100 * ML, v)))),
    "its rate": (FAST, ML, lambda v: LoadProgram("B", of(first=Stage(v, 2 * ML)))),
    "its rate, no own limits": (RATE, STEP, lambda v: LoadProgram("B", of(rule=SLOW, first=Stage(v, 2 * ML)))),
    "dose on request": (VOLUME, 1, lambda v: LoadProgram("B", of(demand=Demand(v, MIN)))),
    "titrate": (RATE, STEP, lambda v: Titrate("A", v)),
    "temporary rate": (RATE, STEP, lambda v: SetTemporary("A", H, rate_nl_per_h=v)),
    "temporary share": (RATE, STEP, lambda v: SetTemporary("A", H, percent=v // STEP)),
    "bolus": (VOLUME, 1, lambda v: GiveBolus("A", v)),
    "bolus rate": (replace(FAST, soft_high=300 * ML, hard_high=390 * ML), 1, lambda v: GiveBolus("A", 2 * ML, v)),
    "bolus over a time": (VOLUME, 1, lambda v: GiveBolus("A", v, over_ns=MIN)),
}
"""What is put to the pump, the limits that hold for it, and the smallest step that can be programmed."""
NARROW = replace(RULE, bolus_rate=replace(FAST, soft_high=300 * ML, hard_high=390 * ML))


def answers(controller: PumpController, command: OperatorCommand, at_ns: int = 0) -> tuple[object, ...]:
    return controller.step(at_ns, command).outputs


def unasked(state: PumpState) -> PumpState:
    return state.with_unit(replace(state.unit, asked=None))


CASES = [
    (kind, bound, limits, at + delta * step, put)
    for kind, (limits, step, put) in KINDS.items()
    for bound, at, _ in limits.bounds
    if at is not None
    for delta in (-1, 0, 1)
]


@pytest.mark.requirement("GIP 6.1.3", "GIP 6.1.4", "OPCA R5.2.0(4)", "OPCA R6.5.0(10)")
@pytest.mark.parametrize(
    ("kind", "limits", "value", "put"),
    [(kind, limits, value, put) for kind, _, limits, value, put in CASES],
    ids=[f"{kind}, {bound.value}: {value}" for kind, bound, _, value, _ in CASES],
)
def test_a_figure_at_its_limit_is_let_through_and_a_step_beyond_is_not(
    kind: str, limits: Limits, value: int, put: Put
) -> None:
    """Beyond a hard limit: refused. Beyond a soft one: asked, and done when it is confirmed. Else it is done at once."""
    assert limits.hard_low is not None
    assert limits.soft_low is not None
    assert limits.soft_high is not None
    assert limits.hard_high is not None
    controller = running(of(rule=NARROW) if kind == "bolus rate" else None)
    before = controller.state
    said = answers(controller, put(value))
    if not limits.hard_low <= value <= limits.hard_high:
        (refused,) = said
        assert isinstance(refused, CommandRejected)
        assert "the hard limit of" in refused.reason
        assert "of dopamine" in refused.reason
        assert controller.state == before
    elif not limits.soft_low <= value <= limits.soft_high:
        (asked,) = said
        assert isinstance(asked, ConfirmationAsked)
        assert "the soft limit of" in asked.reason
        assert controller.state.unit.asked == put(value)
        assert unasked(controller.state) == before
        overridden, *done = answers(controller, Confirm())
        assert overridden == LimitOverridden(asked.command, asked.line, asked.reason)
        assert done
        assert not any(isinstance(answer, CommandRejected) for answer in done)
        assert controller.state.unit.asked is None
        assert controller.state != before
    else:
        assert not any(isinstance(a, CommandRejected | ConfirmationAsked | LimitOverridden) for a in said)
        assert controller.state != before


@pytest.mark.parametrize(("rate", "says"), [(7.4, ""), (7.5, ""), (7.6, "hard")])
def test_a_titration_counts_as_what_a_temporary_share_makes_of_it(rate, says):
    """Hard limit 30 mL/h at 400 %: 7.5 mL/h."""
    said = answers(temporary(400), Titrate("A", round(rate * ML)))
    refused = [answer.reason for answer in said if isinstance(answer, CommandRejected)]
    assert bool(refused) is bool(says)
    assert not refused or refused == [
        "rate at 400 % 30.4 mL/h of dopamine is above the hard limit of 30 mL/h (5 mg/h) in icu"
    ]


def test_a_refusal_names_every_reason_with_value_and_limit():
    (refused,) = answers(running(), LoadProgram("B", of(1200 * ML, vtbi_nl=50_000)))
    assert refused == CommandRejected(
        "load",
        "B",
        "rate 1200 mL/h is outside 0.1 mL/h to 999 mL/h; VTBI 0.05 mL is outside 0.1 mL to 9999 mL; "
        "rate 1200 mL/h of dopamine is above the hard limit of 30 mL/h (5 mg/h) in icu",
    )


@pytest.mark.parametrize(
    "command",
    [
        LoadProgram("B", of(0, course=Profile((Segment(0, 0), Segment(H, 10 * ML))))),
        SetTemporary("A", H, percent=0),
        SetTemporary("A", H, rate_nl_per_h=0),
        LoadProgram("B", of(100 * ML, course=Repeat(2 * ML, H))),
        LoadProgram("B", of(1000 * STEP, rule=None)),
    ],
)
def test_a_rest_and_a_drug_without_rule_are_beyond_no_limit(command):
    said = answers(running(), command)
    assert not any(isinstance(answer, CommandRejected | ConfirmationAsked) for answer in said)


ASK = Titrate("A", 25 * ML)
REASON = "rate 25 mL/h of dopamine is above the soft limit of 20 mL/h (4 mg/h) in icu"


def waiting() -> PumpController:
    controller = running()
    assert answers(controller, ASK, MIN) == (ConfirmationAsked("titrate", "A", REASON),)
    return controller


def test_declined_it_is_dropped_and_nothing_has_changed():
    controller = waiting()
    before = controller.state
    assert answers(controller, Confirm(agreed=False), MIN) == (
        CommandRejected("titrate", "A", f"not confirmed: declined; {REASON}"),
    )
    assert controller.state == unasked(before)
    assert answers(controller, Confirm(), MIN) == (CommandRejected("confirm", None, "nothing waits for confirmation"),)


@pytest.mark.parametrize(
    ("command", "drops"),
    [
        (Stop("A"), True),
        (Titrate("A", 12 * ML), True),
        (LoadProgram("B", of()), True),
        (SetClock(0), True),
        (Start("B"), False),  # refused, so that it changes nothing
        (Titrate("A", 31 * ML), False),  # refused
        (Acknowledge(), False),
        (RequestDose("A"), False),
    ],
)
def test_another_command_drops_what_waits_if_it_is_carried_out(command, drops):
    controller = waiting()
    said = answers(controller, command, MIN)
    name = {Stop: "stop", Titrate: "titrate", LoadProgram: "load", SetClock: "clock"}.get(type(command), "")
    dropped = CommandRejected("titrate", "A", f"not confirmed: {name} came instead")
    assert (dropped in said) is drops
    assert (controller.state.unit.asked is None) is drops


def test_another_question_takes_the_place_of_the_first():
    controller = waiting()
    said = answers(controller, Titrate("A", 22 * ML), 2 * MIN)
    assert [type(answer) for answer in said] == [CommandRejected, ConfirmationAsked]
    assert said[0] == CommandRejected("titrate", "A", "not confirmed: titrate came instead")
    assert controller.state.unit.asked == Titrate("A", 22 * ML)


def test_what_has_become_impossible_is_refused_when_it_is_confirmed():
    """The volume is in before anybody answers."""
    controller = running(of(10 * ML, vtbi_nl=ML))
    answers(controller, ASK)
    steps = ML * 1_000_000 // MODEL.mechanism.step_fl
    reading = SensorReading((LineReading("A", steps, 4.9, False), LineReading("B", 0, 4.9, False)), 0.0)
    controller.step(6 * MIN, reading)
    assert controller.state.line("A").state is LineState.KVO
    assert answers(controller, Confirm(), 7 * MIN) == (
        CommandRejected("titrate", "A", "line A is kvo: there is no rate to change"),
    )
    assert controller.state.unit.asked is None


def test_what_waits_does_not_wear_off_by_readings_and_time():
    controller = waiting()
    for minute in range(2, 60):
        controller.step(minute * MIN, Tick())
    assert isinstance(answers(controller, Confirm(), H)[0], LimitOverridden)
    assert controller.state.line("A").rate_nl_per_h == 25 * ML


@pytest.mark.requirement("GIP 2.2.1")
@pytest.mark.parametrize("agreed", [True, False])
def test_a_question_that_nobody_answers_is_called_for(agreed):
    controller = running(model=replace(MODEL, reminders=Reminders(pending_ns=20 * S)))
    assert answers(controller, ASK, MIN) == (ConfirmationAsked("titrate", "A", REASON),)
    called = AlarmRaised(AlarmId.PENDING_INPUT, None, Priority.LOW, "titrate waits to be confirmed")
    assert called not in answers(controller, Tick(), MIN + 20 * S - 1)
    assert called in answers(controller, Tick(), MIN + 20 * S)
    assert AlarmCleared(AlarmId.PENDING_INPUT, None) in answers(controller, Confirm(agreed), MIN + 30 * S)


def test_the_same_rate_again_is_no_question():
    controller = waiting()
    answers(controller, Confirm(), MIN)
    assert answers(controller, ASK, MIN) == ()


def test_a_state_with_a_question_survives_a_file():
    state = waiting().state
    assert decode(PumpState, encode(state)) == state


@pytest.mark.parametrize("values", [{"soft_low": 2, "soft_high": 1}, {"hard_high": 3, "soft_high": 4}])
def test_bounds_that_cross_cannot_be_built(values):
    with pytest.raises(ValueError, match="must ascend"):
        Limits(**values)


rates = st.sampled_from([STEP, 4 * ML, 10 * ML, 20 * ML, 25 * ML, 30 * ML, 30 * ML + STEP, 40 * ML])
fast = st.sampled_from([ML, 30 * ML, 100 * ML, 451 * ML, 501 * ML])
volumes = st.sampled_from([STEP, ML, 3 * ML, 5 * ML, 5 * ML + STEP])
spans = st.sampled_from([MIN, 10 * MIN, H])
stages = st.lists(st.builds(Stage, rates, volumes), min_size=2, max_size=3).map(tuple)


@st.composite
def programs(draw: st.DrawFn) -> InfusionProgram:
    kind = draw(st.sampled_from(["rate", "stages", "profile", "repeat"]))
    rule = draw(st.sampled_from([RULE, SLOW]))
    more: dict[str, object] = {"first": draw(st.none() | st.none() | st.builds(Stage, rates | fast, volumes))}
    more["demand"] = draw(st.none() | st.none() | st.builds(Demand, volumes, spans))
    if kind == "rate":
        return of(draw(rates), rule, **more)
    if kind == "stages":
        course = Stages(draw(stages))
        return of(course.stages[0].rate_nl_per_h, rule, course=course, vtbi_nl=course.volume_nl, **more)
    if kind == "profile":
        segments = (Segment(0, draw(rates)), Segment(2 * MIN, draw(rates | st.just(0))))
        return of(segments[0].rate_nl_per_h, rule, course=Profile(segments), **more)
    return of(draw(fast), rule, course=Repeat(draw(volumes), 6 * H, draw(rates | st.just(0))), **more)


commands = st.one_of(
    st.builds(Start, st.just("A")),
    st.builds(Stop, st.just("A")),
    st.builds(Titrate, st.just("A"), rates),
    st.builds(SetTemporary, st.just("A"), spans, percent=st.sampled_from([0, 40, 150, 400])),
    st.builds(SetTemporary, st.just("A"), spans, rate_nl_per_h=rates),
    st.builds(GiveBolus, st.just("A"), volumes, st.none() | fast),
    st.builds(GiveBolus, st.just("A"), volumes, over_ns=spans),
    st.builds(StopBolus, st.just("A")),
    st.builds(RequestDose, st.just("A")),
    st.builds(Confirm, st.sampled_from([True, True, True, False])),
    st.just(Tick()),
)


afresh = st.builds(
    lambda program: [Stop("A"), LoadProgram("A", program), Confirm(), Start("A")],
    programs(),
)
scripts = st.lists(
    st.tuples(st.sampled_from([0, MIN, 70 * MIN]), afresh | commands.map(lambda c: [c])), min_size=4, max_size=12
)


REPEATED = of(100 * ML, course=Repeat(2 * ML, 6 * H, 40 * ML))


def highest(state: PumpState) -> int:
    """The highest rate that no hard limit forbids just now: the programme's, and of a dose beside it."""
    status = state.line("A")
    program, course = status.program, status.course
    assert program is not None
    rule = program.drug
    assert rule is not None
    own = rule.rate
    first = 0 if program.first is None or course.since_ns is not None else program.first.volume_nl or 0
    volume = program.course.volume_nl if isinstance(program.course, Repeat) and not first else first
    if course.based < volume * H and status.state is LineState.INFUSING:
        own = rule.bolus_rate or rule.rate
    beside = 0
    for dose in course.doses[:1]:
        assert dose.volume <= 5 * ML * H, "the hard limit of a bolus"
        beside = 501 * ML if rule.bolus_rate is None else 500 * ML
        assert dose.rate_nl_per_h <= beside
    assert own.hard_high is not None
    return own.hard_high + beside


@pytest.mark.parametrize("adds", [True, False])
@given(script=scripts)
@example(script=[(MIN, [SetTemporary("A", H, percent=150), Titrate("A", 25 * ML), Confirm()])])
@example(script=[(0, [Stop("A"), LoadProgram("A", REPEATED), Confirm(), Start("A")]), (H, [])])
def test_no_sequence_of_commands_makes_the_motor_run_beyond_a_hard_limit(
    adds: bool, script: Sequence[tuple[int, list[OperatorCommand | Tick]]]
) -> None:
    controller = running(model=replace(MODEL, bolus_adds=adds))
    now_ns = 0
    for wait_ns, done in script:
        now_ns = wait(controller, now_ns, now_ns + wait_ns)
        for command in done:
            obeys(controller, now_ns, command)


def wait(controller: PumpController, now_ns: int, end_ns: int) -> int:
    """Let time pass, called when it wants to be, with a motor that is where it should be."""
    while True:
        steps = controller.state.line("A").owed // (MODEL.mechanism.step_fl * 3_600_000)
        obeys(controller, now_ns, SensorReading((LineReading("A", steps, 4.9, False),), 0.0))
        if now_ns == end_ns:
            return end_ns
        wake_ns = controller.step(now_ns, Tick()).wake_at_ns
        now_ns = end_ns if wake_ns is None else min(wake_ns, end_ns)
        obeys(controller, now_ns, Tick())


def obeys(controller: PumpController, now_ns: int, given: Input) -> None:
    """Hold what the motor is told against the limits of this instant."""
    controller.step(now_ns, given)
    assert controller.state.motor.lines[0].rate_nl_per_h <= highest(controller.state)


VTBI = replace(RULE, vtbi=Limits(soft_high=50 * ML, hard_high=100 * ML))
STEP_NL = MODEL.vtbi_step_nl


@pytest.mark.requirement("GPCA REQ 20")
@pytest.mark.parametrize(
    ("program", "word", "why"),
    [
        (of(rule=VTBI, vtbi_nl=50 * ML), None, ""),
        (of(rule=VTBI, vtbi_nl=50 * ML + STEP_NL), ConfirmationAsked, "VTBI 50.1 mL of dopamine is above the soft limit"),
        (of(rule=VTBI, vtbi_nl=100 * ML), ConfirmationAsked, "VTBI 100 mL of dopamine is above the soft limit"),
        (of(rule=VTBI, vtbi_nl=100 * ML + STEP_NL), CommandRejected, "VTBI 100.1 mL of dopamine is above the hard limit"),
        (of(rule=VTBI, vtbi_nl=98 * ML, first=Stage(100 * ML, 2 * ML)), ConfirmationAsked, "VTBI 100 mL"),
        (of(rule=VTBI, vtbi_nl=98 * ML, first=Stage(100 * ML, 2 * ML + 1)), CommandRejected, "VTBI 100.000001 mL"),
        (of(rule=VTBI), CommandRejected, "dopamine without an end is above the hard limit of 100 mL in icu"),
        (of(rule=VTBI, vtbi_nl=10 * ML, at_end=AtEnd.CONTINUE), CommandRejected, "dopamine without an end"),
        (
            of(rule=replace(VTBI, vtbi=Limits(soft_high=50 * ML))),
            ConfirmationAsked,
            "dopamine without an end is above the soft limit of 50 mL in icu",
        ),
        (of(rule=replace(VTBI, vtbi=Limits(hard_low=ML))), None, ""),
    ],
)  # fmt: skip
def test_the_volume_that_a_library_allows_and_what_has_no_end(program, word, why):
    said = [
        o for o in answers(running(), LoadProgram("B", program)) if isinstance(o, CommandRejected | ConfirmationAsked)
    ]
    assert [type(o) for o in said] == ([] if word is None else [word])
    assert all(why in o.reason for o in said)
