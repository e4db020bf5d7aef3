"""What an author of a driver's tests has in hand: the pump on its port, by fixture and by API; and what a failed test shows."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from firmware_bridge.testing import HostedPump, virtual_pump
from firmware_bridge.virtual_pump.unit import By, PumpRefused
from pumpsim.errors import PumpsimError
from tests.bridge.processes import socat_pair
from tests.bridge.virtual.plain_talk import PLAIN
from tests.bridge.virtual.with_plugin import run_with_the_plugin

ROOT = Path(__file__).resolve().parents[3]
MODEL = "linear-peristaltic"
SCENARIO = """
title = "A small bag"
duration = "1 h"
[pump]
model = "linear-peristaltic"
[line.A]
container = { bag = "5 mL", fluid = "saline-0.9" }
"""


class Driver:
    """What somebody wrote for a real pump: pyserial, one line out, one line in, time-outs."""

    def __init__(self, port: str) -> None:
        self._port = serial.serial_for_url(port, 9600, timeout=5.0)

    def ask(self, question: str) -> str:
        """A line for a line; empty when no answer came."""
        self._port.write(question.encode() + b"\n")
        return bytes(self._port.readline()).decode().strip()

    def run(self, rate: str) -> None:
        """Infuse."""
        assert self.ask(f"RATE {rate}") == "OK"
        assert self.ask("RUN") == "OK"

    def close(self) -> None:
        """Let the port go."""
        self._port.close()


@pytest.fixture
def pump() -> Iterator[HostedPump]:
    with virtual_pump(MODEL, PLAIN, speed=20.0) as pump:
        yield pump


@pytest.fixture
def driver(pump: HostedPump) -> Iterator[Driver]:
    driver = Driver(pump.port)
    yield driver
    driver.close()


def test_driver_infuses_and_the_pump_delivers(pump: HostedPump, driver: Driver) -> None:
    driver.run("100")
    state = pump.wait_for(state="infusing", delivered_ml=0.5)
    assert state["lines"]["A"]["rate_ml_per_h"] == 100.0
    assert 0.5 <= pump.delivered_ml < 5.0
    assert driver.ask("STATUS").startswith("infusing 100000000 ")


def test_occlusion_is_injected_found_said_and_over(pump: HostedPump, driver: Driver) -> None:
    driver.run("300")
    pump.inject(occlude="patient end", for_="10 min")
    pump.wait_for(alarm="occlusion-distal")
    assert pump.alarms == ("occlusion-distal",)
    assert pump.state["lines"]["A"]["state"] == "alarm"
    pump.end(occlude="patient end")
    pump.wait_for(lambda state: state["distal_kpa"] < 5.0)


def test_keys_at_the_pump(pump: HostedPump, driver: Driver) -> None:
    with pytest.raises(PumpRefused, match="no line is ready"):
        pump.operate(do="start")
    driver.run("100")
    pump.operate(do="stop")
    assert driver.ask("STATUS").startswith("held ")


def test_power_cycle_and_what_is_kept(pump: HostedPump, driver: Driver) -> None:
    driver.run("100")
    pump.wait_for(delivered_ml=0.1)
    pump.power_cycle()
    assert driver.ask("STATUS").split()[0] != "infusing"
    assert pump.delivered_ml >= 0.1


def test_unplugged_driver_loses_its_port_and_finds_it_again(pump: HostedPump, driver: Driver) -> None:
    pump.unplug(0.2)
    with pytest.raises(OSError):  # noqa: PT011 (which one, the kernel decides)
        driver.ask("STATUS")
    pump.wait_for(lambda _: os.path.exists(pump.port))
    again = Driver(pump.port)
    assert again.ask("STATUS").startswith("empty")
    again.close()


def test_faults_of_the_wire_reach_the_driver(pump: HostedPump) -> None:
    driver = Driver(pump.port)
    driver._port.timeout = 0.2
    pump.wire_faults(drop=1.0)
    assert driver.ask("STATUS") == ""
    pump.wire_faults(drop=0.0)
    assert driver.ask("STATUS").startswith("empty")
    driver.close()


def test_wire_is_kept_with_times(pump: HostedPump, driver: Driver) -> None:
    driver.ask("ID")
    sent = [frame for frame in pump.wire if frame.by is By.HOST]
    assert b"".join(frame.data for frame in sent) == b"ID\n"
    assert pump.wire[-1].data == b"linear-peristaltic of [1], none\n"
    assert 0 < pump.wire[0].at_ns <= pump.wire[-1].at_ns
    assert pump.transcript(1).endswith('< "linear-peristaltic of [1], none" 0A')


def test_conversation_is_as_expected_however_it_is_cut(pump: HostedPump, driver: Driver) -> None:
    with pump.expect(
        [(b"RATE 5\n", b"OK\n"), (b"RUN\n", b"OK\n"), (b"STATUS\n", re.compile(rb"infusing 5000000 \d+ none\n"))]
    ):
        driver.run("5")
        driver.ask("STATUS")
    with pump.expect([(b"STA", b""), (b"TUS\n", None)]):
        driver._port.write(b"STA")
        driver._port.flush()
        driver.ask("TUS")
    with pump.expect([(b"", re.compile(rb"! door-open\n"))]):
        pump.inject(device="door open")
    with pump.expect([]):
        pass


@pytest.mark.parametrize(
    "wanted",
    [
        [(b"ID\n", b"another\n")],
        [(b"id\n", None)],
        [],
        [(b"ID\n", None), (b"ID\n", None)],
        [(b"ID\n", re.compile(b"x"))],
    ],
)
def test_conversation_that_was_another_one_is_shown(
    pump: HostedPump, driver: Driver, wanted: list[tuple[bytes, None]]
) -> None:
    with pytest.raises(AssertionError, match=r'the conversation was\n  > "ID" 0A\n  < "linear-'):  # noqa: SIM117
        with pump.expect(wanted, within_s=0.1):
            driver.ask("ID")


def test_waiting_ends_and_says_what_the_pump_is_doing(pump: HostedPump, driver: Driver) -> None:
    driver.ask("ID")
    begin = time.monotonic()
    with pytest.raises(AssertionError, match=r"not within 0\.1 s; the pump: .*'state': 'empty'[\s\S]*> \"ID\" 0A"):
        pump.wait_for(state="infusing", within_s=0.1)
    assert time.monotonic() - begin < 5.0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda pump: pump.inject(occlude="elbow"), "unknown place"),
        (lambda pump: pump.end(occlude="patient end"), "nothing of what was injected"),
        (lambda pump: pump.wire_faults(drip=1), "did you mean 'drop'"),
        (lambda pump: pump.power_cycle("left"), "unknown pump"),
    ],
)
def test_what_cannot_be_is_raised_in_the_test(pump: HostedPump, call, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PumpsimError, match=said):
        call(pump)
    assert pump.state["off"] is False


def test_scenario_as_text_and_as_file(tmp_path: Path) -> None:
    file = tmp_path / "bag.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    for scenario in (SCENARIO, file, str(file)):
        with virtual_pump(protocol=PLAIN, scenario=scenario) as pump:
            assert pump.state["model"] == MODEL
    with pytest.raises(PumpsimError, match=r"MODEL is syringe-pump, but .* has linear-peristaltic"):
        virtual_pump("syringe-pump", PLAIN, scenario=SCENARIO).__enter__()
    with pytest.raises(PumpsimError, match="unknown protocol"):
        virtual_pump(protocol="latin").__enter__()


def test_over_tcp() -> None:
    with virtual_pump(MODEL, PLAIN, port="tcp://127.0.0.1:0") as pump:
        assert pump.port.startswith("socket://127.0.0.1:")
        driver = Driver(pump.port)
        driver.run("100")
        driver.close()


def test_over_a_socat_pair(tmp_path: Path) -> None:
    with socat_pair(tmp_path) as (near, far), virtual_pump(MODEL, PLAIN, port=str(near)) as pump:
        driver = Driver(str(far))
        driver.run("100")
        pump.wait_for(state="infusing")
        driver.close()


def test_nothing_is_left_behind() -> None:
    with virtual_pump(MODEL, PLAIN) as pump:
        folder = Path(pump.port).parent
        assert folder.exists()
    assert not folder.exists()
    with pytest.raises(PumpsimError, match="switched off"):
        _ = pump.state
    pump.close()


DRIVER_TEST = """
import serial
from tests.bridge.virtual.plain_talk import PLAIN

def test_good(virtual_pump):
    pump = virtual_pump("syringe-pump", PLAIN, speed=10)
    with serial.Serial(pump.port, timeout=5) as port, pump.expect([(b"ID\\n", b"syringe-pump of [1], none\\n")]):
        port.write(b"ID\\n")
        port.readline()

def test_two(virtual_pump):
    assert virtual_pump(protocol=PLAIN).port != virtual_pump(protocol=PLAIN).port

def test_bad(virtual_pump):
    pump = virtual_pump(protocol=PLAIN)
    with serial.Serial(pump.port, timeout=5) as port:
        port.write(b"ID\\n")
        assert port.readline() == b"another pump"
"""


def test_fixture_serves_a_test_and_shows_the_wire_of_one_that_fails(tmp_path: Path) -> None:
    (tmp_path / "test_driver.py").write_text(DRIVER_TEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    done = run_with_the_plugin(tmp_path, timeout_s=120.0)
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "wire of the virtual pump at " in done.stdout
    assert '> "ID" 0A' in done.stdout
    assert '< "syringe-pump of [1], none" 0A' in done.stdout


def test_plugin_costs_a_session_that_does_not_use_it_nothing() -> None:
    code = "import sys, firmware_bridge.pytest_plugin; print([m for m in ('numpy', 'pydantic', 'serial') if m in sys.modules])"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "[]"
