"""What a dialect may ask a pump: what is left as of now, whether somebody has touched it, how often it was switched on."""

import pytest

from firmware_bridge.virtual_pump.world import PumpPort, World
from pumpsim.catalogue.pumps import MODELS
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, RequestDose, Start, Stop
from pumpsim.vocabulary.path import Sensing
from tests.bridge.dialects.bedside import syringe_scenario
from tests.build import MIN, S, program

MODEL = MODELS["asena-gh"]


def running(sensing: Sensing = Sensing()) -> tuple[World, PumpPort]:
    """A pump that gives 10 of its 50 mL at 60 mL/h: 1 mL a minute."""
    world = World(syringe_scenario(MODEL, sensing=sensing), keeps=True)
    port = world.pumps["main"]
    port.operate(LoadProgram("A", program(60.0, 10.0)), Start())
    return world, port


@pytest.mark.parametrize(("minute", "left_ml"), [(0, 10.0), (1, 9.0), (4, 6.0), (9, 1.0), (10, 0.0)])
def test_what_is_left_is_of_now_and_not_of_the_last_that_the_pump_heard(minute: int, left_ml: float) -> None:
    world, port = running()
    world.turn_to(minute * MIN)
    left = port.remaining("A")
    assert left.vtbi is not None
    assert left.reservoir is not None
    assert left.vtbi.volume_nl == pytest.approx(left_ml * 1e6, abs=200)
    assert left.vtbi.time_ns == pytest.approx(left_ml * MIN, abs=S // 10)
    assert left.reservoir.volume_nl == pytest.approx((40.0 + left_ml) * 1e6, abs=200)


def test_asking_disturbs_nothing_with_noise_on_the_sensors() -> None:
    def looks(ask: bool) -> list[object]:
        world, port = running(Sensing(period_ns=S, noise_kpa=0.1))
        found: list[object] = []
        for second in range(30):
            world.turn_to(second * S + S // 2)
            if ask:
                port.remaining("A")
            found.append((port.look(), list(port._pump.taken)))
        return found

    assert looks(ask=True) == looks(ask=False)


def test_touches_are_what_hands_do_and_not_what_happens_by_itself() -> None:
    world, port = running()
    assert port.touches == 2
    port.operate(Stop(), Stop())
    assert port.touches == 4, "a refused one counts too"
    port.do(DeviceEvent(DeviceEventKind.KEY_PRESSED))
    assert port.touches == 5
    port.do(DeviceEvent(DeviceEventKind.MAINS_LOST))
    port.do(RequestDose("A"))
    world.turn_to(20 * MIN)
    assert port.touches == 5


def test_power_ons_are_counted() -> None:
    _, port = running()
    assert port.power_ons == 1
    port.power_cycle()
    assert port.power_ons == 2
