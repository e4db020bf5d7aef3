"""What is left, carried out ahead of time or by division: the two held against each other, and against what the controller then
does, when nothing else happens. GIP 1.5."""

from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pumpsim.controller.ahead import Ahead
from pumpsim.controller.time_left import at_one_rate
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId, Effect
from pumpsim.vocabulary.courses import (
    AtLimit,
    Demand,
    DoseLimit,
    Repeat,
    Stage,
)
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    GiveBolus,
    LoadProgram,
    RequestDose,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.motor import FL_PER_NL
from pumpsim.vocabulary.outputs import CommandRejected, DeliveryEvent, DeliveryEventKind, LineState
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.remaining import Left
from tests.build import MIN, H, S, program
from tests.controller.bench import Bench
from tests.controller.test_anything import ML, MODELS, PROGRAMS, U
from tests.controller.test_time_left import DUAL, HALF_UNITS, LOADED, LVP, POD, Q6H, asked
from tests.examples import examples

STANDS = (LineState.READY, LineState.HELD, LineState.ALARM, LineState.STANDBY)
DAYS = 5 * 24 * H
DOSES = GiveBolus | RequestDose


@pytest.mark.parametrize("model", [LVP, DUAL], ids=["one line", "beside a line that rests"])
def test_ten_thousand_repeats_are_not_looked_at_one_by_one(model):
    """0.1 mL every ten minutes, ten thousand times, the last of them done after 3.6 s."""
    many = InfusionProgram(100 * ML, 1_000 * ML, course=Repeat(ML // 10, 10 * MIN))
    left = asked(model, (0, LoadProgram("A", many)), (0, Start())).vtbi
    assert left == Left(1_000 * ML, 9_999 * 10 * MIN + 3_600_000_000)


def test_nor_are_five_thousand_days():
    """1300 mL are 130,000 U: 5416 days of 24 U, then 6 U in twelve hours and 10 U at 1.5 U/h."""
    left = asked(POD, (0, SetClock(0)), (0, HALF_UNITS), reservoir_ml=1_300.0).reservoir
    assert left == Left(130_000 * U, 5_416 * 24 * H + 18 * H + 40 * MIN)


def test_repeats_at_another_rate_for_a_time_are_not_all_alike():
    """For a day half of it: 50 mL in an hour and 5 mL in five, four times; then 29 whole ones, and 11 mL in 6.6 min."""
    script = ((0, LoadProgram("A", Q6H)), (0, Start()), (0, SetTemporary("A", 24 * H, 50)))
    assert asked(LVP, *script).vtbi == Left(2_000 * ML, 24 * H + 29 * 6 * H + 396 * S)


def test_a_dose_limit_is_looked_for_among_repeats_too():
    """2 mL every six hours, and no more than 11 in two days: the sixth is not given in full."""
    limit = DoseLimit(11 * ML, 48 * H, at_limit=AtLimit.STOP)
    limited = InfusionProgram(6 * ML, 30 * ML, course=Repeat(2 * ML, 6 * H), demand=Demand(ML, 0), limit=limit)
    assert asked(MODELS["pca"], (0, LoadProgram("A", limited)), (0, Start())).vtbi == Left(30 * ML, None)


def ends_both_ways(bench: Bench, missing: int, level_nl: int | None):
    """The ends of line A: by division, and by looking ahead."""
    state = bench.pump.state
    turn = Turn(bench.model, state, state.now_ns)
    behind = {status.line: missing if status.line == "A" else 0 for status in state.lines}
    return at_one_rate(turn, state.lines[0], missing, level_nl), Ahead(turn, "A", behind, level_nl).ends()


@settings(max_examples=examples(200))
@given(
    rate=st.integers(1, 999).map(lambda tenths: tenths * ML // 10),
    volume=st.one_of(st.none(), st.integers(1, 5_000).map(lambda tenths: tenths * ML // 10)),
    passed_ns=st.integers(0, 20 * MIN),
    missing=st.sampled_from([0, 0, 1, 777, -777, -(10**9)]),
    level=st.one_of(st.none(), st.integers(0, 600 * ML)),
)
def test_at_one_rate_the_ends_are_by_division_what_looking_ahead_finds(rate, volume, passed_ns, missing, level):
    bench = Bench(DUAL)
    for given_then in (LoadProgram("A", InfusionProgram(rate, volume)), Start("A")):
        assert not any(isinstance(output, CommandRejected) for output in bench.give(given_then))
    bench.do(passed_ns)
    by_division, ahead = ends_both_ways(bench, missing, level)
    infuses, stop = bench.line("A").state is LineState.INFUSING, bench.line("A").stop_at_step
    if not infuses or (stop is not None and level is not None and by_division is None):
        event("not so simple")
        return
    assert by_division == ahead


NOT_AT_ONE_RATE = [
    pytest.param(
        MODELS["pca"],
        [LoadProgram("A", InfusionProgram(6 * ML, 30 * ML, demand=Demand(ML, 0))), Start()],
        None,
        id="doses on request without a limit",
    ),
    pytest.param(LVP, [LOADED], 50, id="it stands"),
    pytest.param(LVP, [LOADED, Start(), GiveBolus("A", ML)], None, id="a bolus"),
    pytest.param(LVP, [LOADED, Start(), SetTemporary("A", H, 50)], None, id="another rate for a time"),
    pytest.param(LVP, [LOADED, Start()], 101, id="KVO after the volume, and then empty"),
    pytest.param(LVP, [LoadProgram("A", Q6H), Start()], None, id="repeats"),
    pytest.param(
        LVP,
        [LoadProgram("A", InfusionProgram(50 * ML, 90 * ML, first=Stage(200 * ML, 20 * ML))), Start()],
        None,
        id="a loading dose",
    ),
    pytest.param(
        MODELS["pca"],
        [LoadProgram("A", InfusionProgram(6 * ML, 30 * ML, demand=Demand(ML, 0), limit=DoseLimit(4 * ML, H))), Start()],
        None,
        id="doses on request",
    ),
    pytest.param(
        DUAL,
        [
            LOADED,
            LoadProgram("B", program(100, 50, LineMode.PIGGYBACK, delay_ns=H)),
            Start("A"),
            Start("B"),
        ],
        None,
        id="another line waits",
    ),
    pytest.param(
        replace(
            LVP,
            alarms=tuple(replace(row, effect=Effect.KVO) if row.id is AlarmId.NEAR_END else row for row in LVP.alarms),
        ),
        [LOADED, Start()],
        None,
        id="kept open near the end",
    ),
]


@pytest.mark.parametrize(("model", "script", "level_ml"), NOT_AT_ONE_RATE)
def test_what_is_not_at_one_rate_is_looked_ahead_for(model, script, level_ml):
    bench = Bench(model)
    for given_then in script:
        assert not any(isinstance(output, CommandRejected) for output in bench.give(given_then))
    by_division, _ = ends_both_ways(bench, 0, None if level_ml is None else level_ml * ML)
    assert by_division is None


@pytest.mark.parametrize(("level_ml", "ends"), [(100, (2 * H, 2 * H)), (50, (2 * H, H)), (None, (2 * H, None))])
@pytest.mark.parametrize(
    ("beside", "state"),
    [
        ([], LineState.READY),
        ([Start("B"), Stop("B")], LineState.HELD),
        ([Start("B"), 5 * S], LineState.COMPLETE),
    ],
    ids=["not started", "held", "complete"],
)
def test_at_one_rate_beside_a_line_that_rests(beside, state, level_ml, ends):
    """100 mL at 50 mL/h; the other line has had a tenth of a mL at 100 mL/h, in 3.6 s, or not."""
    bench = Bench(DUAL)
    second = InfusionProgram(100 * ML, ML // 10, LineMode.CONCURRENT, at_end=AtEnd.STOP)
    for given_then in (LoadProgram("B", second), *beside, LOADED, Start("A")):
        if isinstance(given_then, int):
            bench.run(given_then)
        else:
            assert not any(isinstance(output, CommandRejected) for output in bench.give(given_then))
    assert bench.line("B").state is state
    assert ends_both_ways(bench, 0, None if level_ml is None else level_ml * ML) == (ends, ends)


def commands(name: str, lines: tuple[str, ...]) -> st.SearchStrategy:
    line = st.sampled_from(lines)
    volume = st.sampled_from([U, 3 * U] if name == "insulin" else [ML // 2, 3 * ML])
    return st.one_of(
        st.builds(LoadProgram, line, PROGRAMS[name]),
        st.builds(LoadProgram, line, PROGRAMS[name]),
        st.builds(Start, st.one_of(st.none(), line)),
        st.builds(Start, line),
        st.builds(Stop, line),
        st.builds(Titrate, line, st.sampled_from([500, U, ML, 70 * ML, 333 * 100_000])),
        st.builds(ChangeMode, line, st.sampled_from(list(LineMode))),
        st.builds(GiveBolus, line, volume, st.none(), st.sampled_from([None, 20 * MIN])),
        st.builds(StopBolus, line),
        st.builds(RequestDose, line),
        st.builds(SetTemporary, line, st.just(H), st.sampled_from([0, 50, 200])),
        st.builds(Standby, line, st.just(10 * MIN)),
        st.builds(SetClock, st.sampled_from([0, 6 * H - MIN, 23 * H])),
        st.builds(Acknowledge),
    )


def complete_ns(bench: Bench, line: str, within_ns: int) -> int | None:
    """Let time pass; when the line's VTBI is in."""
    said = len(bench.said)
    bench.run(bench.now_ns + within_ns)
    for at_ns, output in bench.said[said:]:
        ended = isinstance(output, DeliveryEvent) and output.kind is DeliveryEventKind.DELIVERY_COMPLETE
        if ended and output.line == line:
            return at_ns
    return None


def by_chance(name: str, data: st.DataObject, reservoir_ml: float | None = None) -> tuple[Bench, str]:
    """A pump to which a few things were done, and the line that is asked about, with a reading of now."""
    bench = Bench(MODELS[name])
    bench.reservoir_ml = reservoir_ml
    bench.give(SetClock(0))
    line = data.draw(st.sampled_from(bench.model.lines))
    pauses = st.sampled_from([0, 1, 17 * S, 7 * MIN, 40 * MIN, 3 * H])
    bench.give(LoadProgram(line, data.draw(PROGRAMS[name])))
    for _ in range(data.draw(st.integers(0, 8))):
        bench.do(bench.now_ns + data.draw(pauses), data.draw(commands(name, bench.model.lines)))
    bench.do(bench.now_ns + data.draw(pauses))
    return bench, line


def starts(bench: Bench, line: str) -> bool:
    return not any(isinstance(output, CommandRejected) for output in bench.give(Start(line)))


@pytest.mark.requirement("GIP 1.5.2")
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=examples(40))
@given(data=st.data())
def test_the_estimate_is_the_instant_at_which_the_volume_is_in(name, data):
    """Whatever was programmed and done before: to the ns, or to a motor step where doses were given."""
    bench, line = by_chance(name, data)
    status, begin_ns = bench.line(line), bench.now_ns
    before, left = bench.pump.state, bench.pump.remaining(line)
    assert bench.pump.state is before
    if status.state in STANDS and not starts(bench, line):
        return
    if left.vtbi is None:
        assert status.program is None or status.program.vtbi_nl is None
        return
    if status.after_end is not None:
        assert (left.vtbi.volume_nl, left.vtbi.time_ns) == (0, 0)
        return
    if left.vtbi.time_ns is None:
        assert complete_ns(bench, line, DAYS) is None
        return
    found_ns = complete_ns(bench, line, left.vtbi.time_ns + H)
    assert found_ns is not None
    exact = not any(isinstance(g, DOSES) for _, g, _ in bench.given)
    rate = max(1, bench.line(line).rate_nl_per_h)
    step_ns = bench.model.mechanism.step_fl * 3_600_000 // rate + 1
    assert abs(found_ns - begin_ns - left.vtbi.time_ns) <= (0 if exact else step_ns)


@pytest.mark.requirement("GIP 1.5.2")
@pytest.mark.parametrize("name", ["pca", "insulin"])
@settings(max_examples=examples(25))
@given(data=st.data())
def test_the_estimate_is_the_instant_at_which_the_reservoir_is_empty(name, data):
    """To the us, and to the motor step that the level ends in: it is known to the nL. A step later where doses were given."""
    bench, line = by_chance(name, data, reservoir_ml=data.draw(st.sampled_from([0.5, 1.0, 8.0])))
    status, begin_ns, before, step_fl = bench.line(line), bench.now_ns, bench.steps(), bench.model.mechanism.step_fl
    left = bench.pump.remaining(line).reservoir
    assert left is not None
    if bench.pump.state.alarms or (status.state in STANDS and not starts(bench, line)):
        return
    bench.run(begin_ns + (DAYS if left.time_ns is None else max(0, left.time_ns - 1_000)))
    assert left.time_ns == 0 or (bench.steps() - before) * step_fl <= left.volume_nl * FL_PER_NL
    if left.time_ns is not None:
        bench.run(begin_ns + left.time_ns + 1_000)
        missing_fl = left.volume_nl * FL_PER_NL - (bench.steps() - before) * step_fl
        assert missing_fl < step_fl or (missing_fl == step_fl and any(isinstance(g, DOSES) for _, g, _ in bench.given))
