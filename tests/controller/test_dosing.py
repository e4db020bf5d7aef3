"""Boluses and temporary rates as they are asked for: every reason against one, in words, and what is done at its limits."""

from dataclasses import replace

import pytest

from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.courses import Demand, DoseLimit, Stage, Stages
from pumpsim.vocabulary.inputs import (
    DeviceEventKind,
    GiveBolus,
    LineReading,
    LoadProgram,
    RequestDose,
    SensorReading,
    SetTemporary,
    Start,
    Stop,
    StopBolus,
    Titrate,
)
from pumpsim.vocabulary.outputs import CommandRejected, DeliveryEvent
from pumpsim.vocabulary.program import InfusionProgram
from pumpsim.vocabulary.status import DoseKind, Temporary
from tests.build import MIN, H, S, program
from tests.controller.power_bench import FULL, ML, Bench, event, words

LOADED, STARTED = LoadProgram("A", program(60)), Start("A")
LIMITED = LoadProgram("A", InfusionProgram(ML, demand=Demand(ML, 0), limit=DoseLimit(5 * ML, H, continuous=False)))
DRAWS_IN_VAIN = SensorReading((LineReading("A", 0, -90.0, False), LineReading("B", 0, 4.9, False)), 0.0)
BOLUS, EXTENDED = GiveBolus("A", 2 * ML), GiveBolus("A", 2 * ML, over_ns=H)
INSTEAD = replace(FULL, bolus_adds=False)


def after(*given, model=FULL) -> Bench:
    """A pump, its controller alone, to which this has happened within one instant."""
    bench = Bench(model, PumpController)
    for one in given:
        bench.give(one)
    return bench


def refused(bench: Bench, command) -> str:
    """Why a command is refused; empty when it is not."""
    before = bench.pump.state
    reasons = [o.reason for o in bench.give(command).outputs if isinstance(o, CommandRejected)]
    assert not reasons or replace(bench.pump.state, unit=before.unit) == before
    return "; ".join(reasons)


@pytest.mark.parametrize(
    ("before", "command", "says"),
    [
        ((), BOLUS, "line A is empty: a bolus needs a running programme"),
        ((LOADED,), BOLUS, "line A is ready: a bolus needs a running programme"),
        ((LOADED, STARTED), BOLUS, ""),
        ((LOADED, STARTED), EXTENDED, ""),
        ((LOADED, STARTED, BOLUS), BOLUS, "a bolus is being given"),
        ((LOADED, STARTED, BOLUS), EXTENDED, ""),
        ((LOADED, STARTED, EXTENDED), EXTENDED, "an extended bolus is being given"),
        ((LOADED, STARTED, EXTENDED), BOLUS, ""),
        (
            (LOADED, STARTED, Stop("A"), event(DeviceEventKind.DEVICE_FAULT)),
            BOLUS,
            "line A is held: a bolus needs a running programme; an alarm stands",
        ),
        ((LOADED, STARTED), GiveBolus("A", 0), "a bolus must be above 0"),
        ((LOADED, STARTED), GiveBolus("A", 20 * ML), ""),
        ((LOADED, STARTED), GiveBolus("A", 20 * ML + 1), "bolus 20.000001 mL is above 20 mL"),
        (
            (LOADED, STARTED),
            GiveBolus("A", ML, 200 * ML + 1),
            "bolus rate 200.000001 mL/h is outside 0 mL/h to 200 mL/h",
        ),
        ((LOADED, STARTED), GiveBolus("A", ML, 200 * ML), ""),
        ((LOADED, STARTED), GiveBolus("A", ML, over_ns=18 * S - 1), "bolus 1 mL in that time is above 200 mL/h"),
        ((LOADED, STARTED), GiveBolus("A", ML, over_ns=18 * S), ""),
        ((LOADED, STARTED), GiveBolus("A", ML, ML, H), "a bolus has a rate or a duration, not both"),
        (
            (LOADED, STARTED, DRAWS_IN_VAIN),
            BOLUS,
            "line A is alarm: a bolus needs a running programme; an alarm stands",
        ),
        ((LIMITED, STARTED), GiveBolus("A", 5 * ML), ""),
        ((LIMITED, STARTED), GiveBolus("A", 5 * ML + 1), "limit of the window"),
        ((LIMITED, STARTED, RequestDose("A")), GiveBolus("A", 4 * ML), ""),
        ((LIMITED, STARTED, RequestDose("A")), GiveBolus("A", 4 * ML + 1), "limit of the window"),
        ((), StopBolus("A"), "line A gives no bolus"),
        ((LOADED, STARTED), StopBolus("A"), "line A gives no bolus"),
        ((LOADED, STARTED, BOLUS), StopBolus("A"), ""),
    ],
)
def test_what_is_against_a_bolus(before, command, says):
    assert refused(after(*before), command) == says


@pytest.mark.parametrize(
    ("before", "command", "says"),
    [
        ((LOADED, STARTED, BOLUS), EXTENDED, "one bolus at a time"),
        ((LOADED, STARTED, BOLUS), BOLUS, "a bolus is being given; one bolus at a time"),
        ((LOADED, STARTED), BOLUS, ""),
    ],
)
def test_what_is_given_in_place_of_the_programme_is_given_one_at_a_time(before, command, says):
    assert refused(after(*before, model=INSTEAD), command) == says


@pytest.mark.parametrize(
    ("command", "kind", "rate_nl_per_h"),
    [
        (BOLUS, DoseKind.BOLUS, 200 * ML),
        (GiveBolus("A", 2 * ML, 50 * ML), DoseKind.BOLUS, 50 * ML),
        (EXTENDED, DoseKind.EXTENDED, 2 * ML),
        (GiveBolus("A", 2 * ML, over_ns=7 * MIN), DoseKind.EXTENDED, 17_142_857),
        (GiveBolus("A", 1, over_ns=2 * H), DoseKind.EXTENDED, 1),
    ],
)
def test_a_bolus_has_its_rate_or_that_which_gives_it_in_its_time(command, kind, rate_nl_per_h):
    """Rounded down to the nL/h, but never to nothing."""
    (dose,) = after(LOADED, STARTED, command).pump.state.line("A").course.doses
    assert (dose.kind, dose.volume, dose.rate_nl_per_h) == (kind, command.volume_nl * H, rate_nl_per_h)
    (said,) = (o for o in after(LOADED, STARTED).give(command).outputs if isinstance(o, DeliveryEvent))
    assert (said.kind.value, said.cause) == ("bolus-started", kind.value)


@pytest.mark.parametrize(("model", "base"), [(FULL, 60), (INSTEAD, 0)])
def test_what_is_owed_of_a_dose_and_beside_it_is_exact(model, base):
    """9 s at 200 mL/h, and at 60 mL/h beside it where it does not take the place of the programme."""
    bench = after(LOADED, STARTED, BOLUS, model=model)
    bench.pass_time(9 * S)
    bench.give(bench.reading())
    status = bench.pump.state.line("A")
    assert (status.owed, status.course.dosed) == ((200 + base) * ML * 9 * S, 200 * ML * 9 * S)
    assert status.course.based == 0, "a programme of one rate needs no account of its own"


def test_what_is_less_than_a_ns_of_a_dose_is_owed_with_it():
    """2 mL at 70 mL/h take 102 857 142 857.14 ns: all of it is owed in the last whole one, and not more."""
    bench = after(LOADED, STARTED, GiveBolus("A", 2 * ML, 70 * ML))
    assert bench.steps[-1][2].wake_at_ns == 102_857_142_857
    bench.pass_time(102_857_142_856)
    assert words(bench.give(bench.reading()).outputs) == []
    bench.pass_time(1)
    said = [o for o in bench.give(bench.reading()).outputs if isinstance(o, DeliveryEvent)]
    assert [(o.kind.value, o.cause) for o in said] == [("bolus-complete", "bolus")]
    assert bench.pump.state.line("A").course.dosed == 2 * ML * H


def test_where_the_programme_takes_all_of_the_mechanism_a_dose_waits_until_it_is_less():
    """999 mL/h is the most; at 900 there are 99 for 2 mL, which take 72.7 s."""
    bench = after(LoadProgram("A", program(999)), STARTED, BOLUS)
    assert bench.pump.state.motor.lines[0].rate_nl_per_h == 999 * ML
    assert bench.steps[-1][2].wake_at_ns is None
    step = bench.give(Titrate("A", 900 * ML))
    assert bench.pump.state.motor.lines[0].rate_nl_per_h == 999 * ML
    assert step.wake_at_ns == 2 * ML * H // (99 * ML)


def test_a_dose_in_the_place_of_the_programme_has_all_of_the_mechanism():
    bench = after(LoadProgram("A", program(999)), STARTED, BOLUS, model=INSTEAD)
    assert bench.pump.state.motor.lines[0].rate_nl_per_h == 200 * ML


@pytest.mark.parametrize(("model", "wake_ns"), [(FULL, 20 * S), (INSTEAD, 36 * S)])
def test_a_stage_waits_for_a_dose_that_is_given_in_its_place(model, wake_ns):
    """1 mL at 180 mL/h is over after 20 s, a dose of 2 mL at 200 after 36; in its place nothing of the stage is given."""
    stages = Stages((Stage(180 * ML, ML), Stage(90 * ML, ML)))
    bench = after(LoadProgram("A", InfusionProgram(180 * ML, 2 * ML, course=stages)), STARTED, BOLUS, model=model)
    assert bench.steps[-1][2].wake_at_ns == wake_ns


def test_a_dose_that_waits_is_called_for_when_its_turn_comes():
    """0.5 mL over an hour, behind 2 mL at 200 mL/h, which take 36 s."""
    bench = after(LOADED, STARTED, GiveBolus("A", ML // 2, over_ns=H), BOLUS)
    assert bench.steps[-1][2].wake_at_ns == 36 * S
    bench.pass_time(36 * S)
    assert bench.give(bench.reading()).wake_at_ns == 36 * S + H


def test_the_stages_of_the_second_line_have_their_ends_while_the_first_stands():
    stages = Stages((Stage(180 * ML, ML), Stage(90 * ML, ML)))
    bench = after(LoadProgram("B", InfusionProgram(180 * ML, 2 * ML, course=stages)), Start("B"))
    assert bench.steps[-1][2].wake_at_ns == 20 * S


def test_a_stage_ends_in_the_first_whole_ns_in_which_it_is_owed():
    """1 mL at 70 mL/h takes 51 428 571 428.57 ns."""
    stages = Stages((Stage(70 * ML, ML), Stage(90 * ML, ML)))
    bench = after(LoadProgram("A", InfusionProgram(70 * ML, 2 * ML, course=stages)), STARTED)
    wake_ns = bench.steps[-1][2].wake_at_ns
    assert (wake_ns, type(wake_ns)) == (51_428_571_429, int)


HALF, FIXED = SetTemporary("A", H, percent=50), SetTemporary("A", H, rate_nl_per_h=10 * ML)


@pytest.mark.parametrize(
    ("before", "command", "says"),
    [
        ((), HALF, "line A is empty: there is no rate to change for a while"),
        ((LOADED,), HALF, "line A is ready: there is no rate to change for a while"),
        ((LOADED, STARTED), HALF, ""),
        ((LOADED, STARTED), FIXED, ""),
        ((LOADED, STARTED), SetTemporary("A", H, percent=0), ""),
        ((LOADED, STARTED), SetTemporary("A", H, percent=-1), "a percentage must not be negative"),
        ((LOADED, STARTED), SetTemporary("A", H, rate_nl_per_h=0), ""),
        ((LOADED, STARTED), SetTemporary("A", H), "a percentage or a rate is wanted, not both"),
        ((LOADED, STARTED), replace(HALF, rate_nl_per_h=ML), "a percentage or a rate is wanted, not both"),
        (
            (LOADED, STARTED),
            SetTemporary("A", H, rate_nl_per_h=1000 * ML),
            "rate 1000 mL/h is outside 0.1 mL/h to 999 mL/h",
        ),
        ((LOADED, STARTED), SetTemporary("A", 0), "no temporary rate is running"),
        ((LOADED, STARTED, HALF), SetTemporary("A", 0), ""),
        (
            (LOADED,),
            SetTemporary("A", 0),
            "line A is ready: there is no rate to change for a while; no temporary rate is running",
        ),
    ],
)
def test_what_is_against_a_temporary_rate(before, command, says):
    assert refused(after(*before), command) == says


@pytest.mark.parametrize(
    ("command", "kept", "motor"),
    [
        (HALF, Temporary(S + H, percent=50), "motor 30 0"),
        (FIXED, Temporary(S + H, rate_nl_per_h=10 * ML), "motor 10 0"),
        (SetTemporary("A", 1, percent=200), Temporary(S + 1, percent=200), "motor 120 0"),
        (SetTemporary("A", H, percent=2000), Temporary(S + H, percent=2000), "motor 999 0"),
    ],
)
def test_a_temporary_rate_holds_from_now_on_for_its_time(command, kept, motor):
    bench = after(LOADED, STARTED)
    bench.pass_time(S)
    step = bench.give(command)
    assert (words(step.outputs)[-1], step.wake_at_ns) == (motor, kept.until_ns)
    assert bench.pump.state.line("A").course.temporary == kept
    assert words(bench.give(SetTemporary("A", 0)).outputs)[-1] == "motor 60 0"
    assert bench.pump.state.line("A").course.temporary is None
