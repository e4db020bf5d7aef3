"""A line that waits, paused or checked, comes back by itself: never beyond what has come to limit it meanwhile."""

from dataclasses import replace

import pytest

from pumpsim.controller import Pump
from pumpsim.vocabulary.alarms import AlarmId, Effect
from pumpsim.vocabulary.courses import AtLimit, Demand, DoseLimit
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEventKind, LoadProgram, Start, Stop, Tick
from pumpsim.vocabulary.model import AutoRestart, Battery
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from tests.build import MIN, H, S, program
from tests.controller.occlusion import ONE, kpa, said
from tests.controller.power_bench import FULL, ML, Bench, event, words

LIMITED = InfusionProgram(60 * ML, demand=Demand(ML, 0), limit=DoseLimit(10 * ML, H, at_limit=AtLimit.KVO))
"""At its limit after 10 min, and free again after 60."""
PIGGYBACK = program(120, 4, LineMode.PIGGYBACK)
KEEPS_OPEN = replace(
    FULL,
    alarms=tuple(replace(r, effect=Effect.KVO) if r.id is AlarmId.BATTERY_LOW else r for r in FULL.alarms),
    battery=Battery(10 * MIN, H, 3 * MIN, S),
)


def paused(primary: InfusionProgram, secondary: InfusionProgram = PIGGYBACK, model=FULL, after_ns: int = 0) -> Bench:
    """A pump whose primary has run for so long, and now waits for a piggyback."""
    bench = Bench(model)
    for given in (LoadProgram("A", primary), LoadProgram("B", secondary), Start("A")):
        bench.give(given)
    bench.look(after_ns)
    bench.give(Start("B"))
    assert bench.pump.state.line("A").state is LineState.PAUSED
    return bench


@pytest.mark.requirement("GIP 1.4.12")
def test_a_paused_primary_at_its_limit_is_not_let_off_by_an_acknowledgement():
    bench = paused(LIMITED, after_ns=10 * MIN)
    assert words(bench.give(Acknowledge()).outputs)[-1] == "AlarmRaised max-dose A"
    assert words(bench.look(2 * MIN).outputs)[-3:] == [
        "DeliveryEvent delivery-resumed A",
        "DeliveryEvent kvo-entered A",
        "motor 1 0",
    ]
    bench.look(40 * MIN)
    assert bench.pumped["A"] == pytest.approx(100_000, abs=7_000), "10 mL, and 1 mL/h since"


def test_a_checked_line_at_its_limit_is_not_let_off_either():
    """36 mL/h, 6 mL in 10 min; the pressure is there then, and goes 5 s later."""
    limit = DoseLimit(6 * ML, H, at_limit=AtLimit.KVO)
    pump = Pump(replace(ONE, auto_restart=AutoRestart(2), bolus_nl_per_h=100 * ML))
    given = [
        (0.0, kpa(0.0)),
        (0.0, LoadProgram("A", InfusionProgram(36 * ML, demand=Demand(ML, 0), limit=limit))),
        (0.0, Start()),
        (600.0, kpa(0.0, 6_000_000)),
        (601.0, kpa(40.0, 6_000_000)),
        (602.0, Acknowledge(AlarmId.MAX_DOSE)),
        (605.0, kpa(0.0, 6_000_000)),
    ]
    answers = [said(pump.step(round(at_s * S), one).outputs) for at_s, one in given]
    assert answers[3] == ["raised max-dose", "kvo: max-dose", "motor 1"]
    assert answers[4] == ["checking: checking line", "motor 0"]
    assert answers[5] == ["cleared max-dose", "raised max-dose"]
    assert answers[6] == ["infusing: restart 1 of 2", "kvo: max-dose", "motor 1"]


def test_what_is_held_may_be_acknowledged_and_is_called_for_again_when_it_is_started():
    bench = Bench()
    bench.give(LoadProgram("A", replace(LIMITED, limit=replace(LIMITED.limit, at_limit=AtLimit.STOP))))
    bench.give(Start())
    bench.look(10 * MIN)
    assert bench.pump.state.line("A").state is LineState.ALARM
    assert "AlarmRaised max-dose A" not in words(bench.give(Acknowledge(AlarmId.MAX_DOSE)).outputs)
    assert words(bench.give(Start()).outputs) == [
        "DeliveryEvent delivery-started A",
        "AlarmRaised max-dose A",
        "DeliveryEvent delivery-stopped A",
    ]


def test_a_primary_that_resumes_on_a_low_battery_keeps_open():
    """The battery is low 7 min after mains were lost; the piggyback, which keeps open as well, gives way."""
    bench = paused(program(60), program(120, 20, LineMode.PIGGYBACK), KEEPS_OPEN)
    bench.give(event(DeviceEventKind.MAINS_LOST))
    bench.pass_time(7 * MIN - S)
    bench.give(bench.reading())
    bench.pass_time(S)
    assert words(bench.give(Tick()).outputs) == [
        "AlarmRaised battery-low",
        "DeliveryEvent kvo-entered B",
        "DeliveryEvent delivery-resumed A",
        "DeliveryEvent kvo-entered A",
        "DeliveryEvent delivery-stopped B",
        "motor 1 0",
    ]
    assert words(bench.give(Tick()).outputs) == []


@pytest.mark.parametrize(
    ("at_limit", "limited", "state"),
    [
        (AtLimit.STOP, True, LineState.ALARM),
        (AtLimit.KVO, True, LineState.KVO),
        (AtLimit.STOP, False, LineState.KVO),
    ],
)
def test_a_new_program_under_an_old_maximum_dose(at_limit, limited, state):
    """It stands until it is acknowledged; without a limit of its own the new program keeps open, by the alarm's row."""
    bench = Bench()
    limit = replace(LIMITED.limit, at_limit=at_limit)
    bench.give(LoadProgram("A", replace(LIMITED, limit=limit)))
    bench.give(Start())
    bench.look(10 * MIN)
    bench.give(Stop())
    new = replace(LIMITED, limit=limit) if limited else program(60)
    bench.give(LoadProgram("A", new))
    bench.give(Start())
    refused = limited and at_limit is AtLimit.STOP
    assert bench.pump.state.line("A").state is (LineState.READY if refused else state)


def test_the_limit_of_one_line_is_not_the_other_line_s():
    """B's limit keeps B open; A, whose limit would stop it, has not come to it."""
    stops = replace(LIMITED, limit=DoseLimit(50 * ML, H, at_limit=AtLimit.STOP))
    bench = Bench()
    bench.give(LoadProgram("A", stops))
    bench.give(LoadProgram("B", replace(LIMITED, mode=LineMode.CONCURRENT)))
    bench.give(Start())
    bench.look(11 * MIN)
    assert [status.state for status in bench.pump.state.lines] == [LineState.INFUSING, LineState.KVO]


def test_a_line_beside_one_without_a_limit_has_its_own():
    bench = Bench()
    bench.give(LoadProgram("A", program(60)))
    bench.give(LoadProgram("B", replace(LIMITED, mode=LineMode.CONCURRENT)))
    bench.give(Start())
    bench.look(11 * MIN)
    assert [status.state for status in bench.pump.state.lines] == [LineState.INFUSING, LineState.KVO]


def test_the_state_is_settled_when_it_is_answered():
    """Whatever has just been answered, the same instant has nothing more to say."""
    bench = paused(LIMITED, after_ns=10 * MIN)
    for given in (Acknowledge(), Stop("B"), Start("B"), Stop("A"), Start("A"), Stop()):
        bench.give(given)
        assert bench.give(Tick()).outputs == (), given
