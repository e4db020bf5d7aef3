"""Software that was written for real New Era pumps, unmodified, against a virtual one on a port.

nesp-lib is in the ``dev`` extra. labmcp-new-era draws a whole server framework in: its test runs where the ``clients`` extra is
installed. Volumes are worked by hand; pumps run twenty times as fast, watchdogs do not.
"""

import os
import threading
from collections.abc import Callable
from importlib import import_module

import nesp_lib
import pytest
import serial

from firmware_bridge.protocols._new_era_frames import encode
from pumpsim.vocabulary.disturbances import Occlude, Place
from tests.bridge.dialects.new_era_bench import Bench
from tests.bridge.dialects.serving import Serve

SPEED = 20.0
PATIENCE_S = 60.0
STEP_ML = 3.5e-5
"""A step of the motor in a syringe of 14.43 mm: 213 nm of travel."""


def within_time(act: Callable[[], None]) -> None:
    """Run what may hang for ever, as nesp-lib does when nothing answers, and fail when it does."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the client waits for an answer"
    if failed:
        raise failed[0]


def test_nesp_lib_infuses_a_volume(on_a_port: Serve):
    bench = Bench(syringe="bd-luer-lok-60", volume="60 mL", speed=SPEED, quiet=False)

    def use() -> None:
        with nesp_lib.Port(path, 19_200) as port:
            pump = nesp_lib.Pump(port)
            assert (pump.model_number, pump.firmware_version, pump.firmware_upgrade) == (1000, (3, 928), 0)
            assert pump.status is nesp_lib.Status.STOPPED
            pump.syringe_diameter_mm = 26.59
            assert pump.syringe_diameter_mm == 26.59
            pump.pumping_direction = nesp_lib.PumpingDirection.INFUSE
            pump.pumping_volume_ml = 0.5
            pump.pumping_rate_ml_per_min = 1.5
            assert (pump.pumping_volume_ml, pump.pumping_rate_ml_per_min) == (0.5, 1.5)
            pump.run()
            assert pump.status is nesp_lib.Status.STOPPED
            assert pump.volume_infused_ml == 0.5
            assert pump.volume_withdrawn_ml == 0.0
            pump.volume_infused_clear()
            assert pump.volume_infused_ml == 0.0
            pump.pumping_direction = nesp_lib.PumpingDirection.WITHDRAW
            pump.pumping_volume_ml = 0.3
            pump.run(wait_while_running=False)
            assert pump.status is nesp_lib.Status.WITHDRAWING
            pump.wait_while_running()
            assert (pump.volume_infused_ml, pump.volume_withdrawn_ml) == (0.0, 0.3)

    with on_a_port(bench.virtual) as path:
        within_time(use)
    assert bench.pumped_ml == pytest.approx(0.5 * (26.6 / 26.59) ** 2, abs=1e-3)


def test_nesp_lib_is_told_what_is_not_possible(on_a_port: Serve):
    bench = Bench(speed=SPEED)

    def use() -> None:
        with nesp_lib.Port(path, 19_200) as port:
            pump = nesp_lib.Pump(port)
            with pytest.raises(nesp_lib.StateException):
                pump.stop()
            with pytest.raises(ValueError, match="exceeds limit"):
                pump.pumping_rate_ml_per_min = 100.0
            pump.pumping_rate_ml_per_min = 1.0
            pump.run(wait_while_running=False)
            assert pump.running
            with pytest.raises(nesp_lib.StateException):
                pump.run()
            with pytest.raises(nesp_lib.StateException):
                pump.syringe_diameter_mm = 10.0
            pump.stop()
            assert pump.status is nesp_lib.Status.PAUSED
            pump.stop()
            pump.run_purge()
            assert pump.status is nesp_lib.Status.PURGING
            pump.stop()
            with pytest.raises(nesp_lib.ModelException):
                nesp_lib.Pump(port, model_number=500)

    with on_a_port(bench.virtual) as path:
        within_time(use)


def test_nesp_lib_hears_of_a_stall(on_a_port: Serve):
    """The closed line, and the syringe, take 3.4 mL until 952 kPa are reached."""
    bench = Bench(volume="10 mL", speed=200.0)
    bench.port.do(Occlude(Place.PATIENT_END))

    def use() -> None:
        with nesp_lib.Port(path, 19_200) as port:
            pump = nesp_lib.Pump(port)
            pump.pumping_rate_ml_per_min = 5.0
            with pytest.raises(nesp_lib.StatusAlarmException) as stall:
                pump.run()
            assert stall.value.alarm_status is nesp_lib.AlarmStatus.STALLED
            assert pump.status is nesp_lib.Status.STOPPED

    with on_a_port(bench.virtual) as path:
        within_time(use)


def test_nesp_lib_in_safe_mode_keeps_the_watchdog_fed(on_a_port: Serve):
    """With a time-out of 2 s its heartbeat comes every second: a run of 4.5 s without a question of its own goes on."""
    bench = Bench(syringe="bd-luer-lok-60", volume="60 mL", quiet=False)
    over = threading.Event()

    def use() -> None:
        with nesp_lib.Port(path, 19_200) as port:
            pump = nesp_lib.Pump(port, safe_mode_timeout_s=2)
            assert pump.safe_mode_timeout_s == 2
            pump.pumping_rate_ml_per_min = 2.0
            pump.run(wait_while_running=False)
            over.wait(4.5)
            assert pump.running
            pump.stop()
            pump.safe_mode_timeout_s = 0
            assert pump.status is nesp_lib.Status.PAUSED
            assert 0.08 <= pump.volume_infused_ml <= 0.5

    with on_a_port(bench.virtual) as path:
        within_time(use)


def test_a_client_that_dies_in_safe_mode_leaves_a_pump_that_stands(on_a_port: Serve):
    bench = Bench(spontaneous=False)

    over = threading.Event()

    def use() -> None:
        with nesp_lib.Port(path, 19_200) as port:
            nesp_lib.Pump(port).pumping_rate_ml_per_min = 1.0
        with serial.Serial(path, 19_200, timeout=5.0) as raw:
            raw.write(encode("0SAF1", safe=True) + encode("0RUN", safe=True))
            assert raw.read(16) == encode("00S", safe=True) + encode("00I", safe=True)
            over.wait(1.5)
            raw.write(encode("0", safe=True))
            assert raw.read(10) == encode("00A?T", safe=True)
        with nesp_lib.Port(path, 19_200) as port:
            assert nesp_lib.Pump(port).status is nesp_lib.Status.STOPPED

    with on_a_port(bench.virtual) as path:
        within_time(use)
    assert not bench.port.look().lines[0].state.delivering
    assert bench.pumped_ml == pytest.approx(1 / 60, rel=0.1)


def test_nesp_lib_with_two_pumps_on_a_line(on_a_port: Serve):
    """0.2 mL and 0.1 mL, at the same time."""
    bench = Bench(addresses=(0, 7), speed=SPEED, quiet=False)

    def use() -> None:
        with nesp_lib.Port(path, 19_200) as port:
            first, second = nesp_lib.Pump(port, address=0), nesp_lib.Pump(port, address=7)
            for pump, volume in ((first, 0.2), (second, 0.1)):
                pump.pumping_volume_ml = volume
                pump.pumping_rate_ml_per_min = 1.0
                pump.run(wait_while_running=False)
            first.wait_while_running()
            second.wait_while_running()
            assert (first.address, first.volume_infused_ml) == (0, pytest.approx(0.2, abs=STEP_ML))
            assert (second.address, second.volume_infused_ml) == (7, pytest.approx(0.1, abs=STEP_ML))

    with on_a_port(bench.virtual) as path:
        within_time(use)
    volumes = [bench.world.pumps[pump].look().lines[0].pumped_nl / 1e6 for pump in ("p0", "p7")]
    assert volumes == pytest.approx([0.2, 0.1], abs=1e-3)


def test_the_driver_of_labmcp_new_era(on_a_port: Serve):
    """It writes a program of two phases, RAT and STP, runs it and reads it back."""
    if "CI" not in os.environ:  # there it must be
        pytest.importorskip("labmcp_new_era.driver", reason="the clients extra is not installed")
    driver = import_module("labmcp_new_era.driver")
    bench = Bench(speed=SPEED, quiet=False)

    class OnAPort:
        """The transport that the driver asks for, on a plain serial port."""

        def __init__(self, path: str) -> None:
            self.lock = threading.RLock()
            self.port = serial.Serial(path, 19_200, timeout=5.0)

        def query(self, command: str, timeout: float | None = None) -> str:
            with self.lock:
                self.port.write(command.encode() + b"\r")
                return self.port.read_until(b"\x03").decode().removesuffix("\x03")

        def close(self) -> None:
            self.port.close()

    with on_a_port(bench.virtual) as path:
        pump = driver.NewEraPump(OnAPort(path))
        try:
            assert pump.identify() == {
                "manufacturer": "New Era Pump Systems",
                "model": "NE-1000",
                "firmware": "3.928",
                "network_address": "0",
            }
            assert pump.set_diameter(14.43) == "14.43"
            plan = pump.start_pumping("INF", 0.25, 2.0)
            assert (plan.rate_text, plan.volume_text) == ("2.000MM", "0.250ML")
            while pump.status().prompt == "I":
                threading.Event().wait(0.02)
            assert pump.dispensed() == (0.25, 0.0, "ML")
            pump.clear_dispensed()
            pump.start_pumping("INF", 5.0, 2.0)
            assert pump.status().prompt == "I"
            assert pump.stop().prompt == "S"
            assert pump.rate() == (2.0, "MM")
            pump.clear_dispensed()
            pump.start_pumping("WDR", 0.25, 2.0)
            assert pump.status().prompt == "W"
            while pump.status().prompt == "W":
                threading.Event().wait(0.02)
            assert pump.dispensed() == (0.0, 0.25, "ML")
        finally:
            pump.close()
    assert 0.25 <= bench.pumped_ml < 5.0
