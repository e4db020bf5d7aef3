"""The two clocks of a virtual pump at a speed: what the wire counts goes with it or stays with the wall's clock."""

import time
from pathlib import Path

import pytest
import serial

from firmware_bridge.protocols.alaris_frames import frame
from firmware_bridge.testing import HostedPump, virtual_pump
from firmware_bridge.virtual_pump.unit import Settings, Unit
from firmware_bridge.virtual_pump.wire import WireFaults
from pumpsim.errors import PumpsimError
from tests.bridge.virtual.plain_talk import PLAIN

SPEED = 60.0
START = (("REMOTE_CTRL", "ENABLED", "3CC1"), ("INF_RATE", "600.0", "ml/h"), ("INF_START",))
"""600 mL/h are 2.5 mL in the 15 s after which an Asena takes its host for gone (directions for use)."""


def started(pump: HostedPump) -> None:
    with serial.Serial(pump.port, 38_400, timeout=10.0) as port:
        for fields in START:
            port.write(frame(*fields))
            assert port.read_until(b"\r").startswith(b"!" + fields[0].encode())


def test_watchdog_goes_with_the_pump() -> None:
    with virtual_pump(protocol="alaris", speed=SPEED, scale_link_timers=True) as pump:
        started(pump)
        pump.wait_for(alarm="communication-lost")
        assert pump.delivered_ml == pytest.approx(2.5, abs=0.01)
        assert pump.state["lines"]["A"]["state"] in ("held", "alarm")


def test_watchdog_stays_with_the_wall_otherwise() -> None:
    with virtual_pump(protocol="alaris", speed=SPEED) as pump:
        started(pump)
        pump.wait_for(delivered_ml=5.0)
        assert pump.alarms == ()


def test_latency_goes_with_it_and_an_unplugged_port_does_not() -> None:
    with virtual_pump("syringe-pump", PLAIN, SPEED, wire={"latency": "30 s"}, scale_link_timers=True) as pump:
        with serial.Serial(pump.port, 9_600, timeout=20.0) as port:
            begin = time.monotonic()
            port.write(b"STATUS\n")
            assert port.readline()
            assert time.monotonic() - begin >= 0.5
        begin = time.monotonic()
        pump.unplug(0.4)
        assert not Path(pump.port).exists()
        pump.wait_for(lambda _: Path(pump.port).exists())
        assert time.monotonic() - begin >= 0.4


def test_what_a_unit_makes_of_it() -> None:
    document = {
        "title": "t",
        "duration": "1 h",
        "pump": {"model": "syringe-pump"},
        "line": {"A": {"container": {"syringe": "bd-plastipak-50", "fluid": "saline-0.9"}}},
    }
    for scaled, pump_s in ((False, 60), (True, 1)):
        settings = Settings(speed=SPEED, scale_link_timers=scaled, faults=WireFaults())
        unit = Unit(document, PLAIN, settings)
        unit.step(10**9)
        assert (unit.world.now_ns, settings.link_speed) == (pump_s * 10**9, SPEED if scaled else 1.0)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf"), 1e-9])
def test_a_speed_that_cannot_be_is_refused(speed: float) -> None:
    with (
        pytest.raises(PumpsimError, match=r"0\.001 to 1,000,000 is wanted"),
        virtual_pump("syringe-pump", PLAIN, speed),
    ):
        pass
