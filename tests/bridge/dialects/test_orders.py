"""What a host orders of a pump is done whole or refused with a reason, and a refusal changes nothing."""

from dataclasses import replace

import pytest

from firmware_bridge.protocols._bedside import Bedside, Target
from firmware_bridge.virtual_pump.world import World
from pumpsim.catalogue.pumps import MODELS
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start, Stop
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import syringe_scenario
from tests.build import MIN, S, program

RULE = DrugRule("morphine", "ward", rate=Limits(soft_high=50_000_000), vtbi=Limits(soft_high=20_000_000))


def pump(rate: float | None = 10.0, started: bool = True, rule: DrugRule | None = None) -> tuple[World, Bedside]:
    world = World(syringe_scenario(MODELS["asena-gh"]))
    port = world.pumps["main"]
    if rate is not None:
        port.operate(LoadProgram("A", replace(program(rate, 5.0), drug=rule)), *([Start()] if started else []))
    return world, Bedside(port)


def test_soft_limit_that_would_have_to_be_confirmed_at_the_pump_is_a_refusal() -> None:
    world, bed = pump(rule=RULE)
    before = bed.look()
    assert bed.set_rate(60_000_000) is not None
    assert bed.look() == before
    assert bed.set_rate(50_000_000) is None
    world.turn_to(20 * MIN)
    assert AlarmId.PENDING_INPUT not in {found.alarm for found in bed.alarms()}, "nothing waits for an answer"
    assert bed.rate_nl_per_h == 50_000_000


def test_soft_limit_of_a_volume_while_it_infuses_leaves_it_infusing_as_before() -> None:
    _, bed = pump(rule=RULE)
    assert bed.set_target(Target(30_000_000)) is not None
    line = bed.look().line("A")
    assert (line.state, line.rate_nl_per_h) == (LineState.INFUSING, 10_000_000)
    assert bed.target == Target(5_000_000, AtEnd.KVO)


@pytest.mark.parametrize("nl_per_h", [0, -1, 99_999, 100_001, 1_200_000_001, 1_300_000_000])
@pytest.mark.parametrize("rate", [None, 10.0])
def test_rate_that_the_pump_cannot_run_at(nl_per_h: int, rate: float | None) -> None:
    _, bed = pump(rate)
    before = bed.look()
    assert bed.set_rate(nl_per_h) is not None
    assert bed.look() == before


@pytest.mark.parametrize("nl", [0, -1, 99_999, 150_000, 999_100_000])
@pytest.mark.parametrize(("rate", "started"), [(None, False), (10.0, False), (10.0, True)])
def test_volume_that_the_pump_cannot_take(nl: int, rate: float | None, started: bool) -> None:
    _, bed = pump(rate, started)
    before = bed.look(), bed.target
    assert bed.set_target(Target(nl)) is not None
    assert (bed.look(), bed.target) == before


def test_volume_before_a_rate_is_kept_until_there_is_one() -> None:
    _, bed = pump(None)
    assert bed.set_target(Target(2_000_000, AtEnd.STOP)) is None
    assert bed.target == Target(2_000_000, AtEnd.STOP)
    assert bed.start() is not None, "there is no rate"
    assert bed.set_rate(10_000_000) is None
    assert bed.program == replace(program(10.0, 2.0), at_end=AtEnd.STOP)
    assert bed.start() is None
    assert bed.set_target(None) is None
    assert bed.program == program(10.0)


def test_volume_infused_counts_across_power_ons() -> None:
    world, bed = pump(60.0)
    world.turn_to(MIN)
    bed.look()
    bed.port.power_cycle()
    bed.look()
    assert bed.infused_nl == pytest.approx(1_000_000, abs=500)
    bed.port.operate(Start())
    world.turn_to(2 * MIN)
    bed.look()
    assert bed.infused_nl == pytest.approx(2_000_000, abs=1000)
    bed.clear_infused()
    assert bed.infused_nl == 0


def test_own_orders_are_no_touch_and_others_are_told_once() -> None:
    _, bed = pump()
    assert bed.set_rate(20_000_000) is None
    assert not bed.is_touched()
    bed.port.operate(Stop())
    assert bed.is_touched()
    assert not bed.is_touched()


def test_alarms_come_by_priority_and_say_whether_they_stop() -> None:
    world, bed = pump()
    bed.port.do(DeviceEvent(DeviceEventKind.MAINS_LOST))
    world.turn_to(S)
    bed.port.do(DeviceEvent(DeviceEventKind.DEVICE_FAULT))
    found = bed.alarms()
    assert [standing.alarm for standing in found] == [AlarmId.DEVICE_FAULT, AlarmId.MAINS_LOST]
    assert [bed.stops(standing) for standing in found] == [True, False]
