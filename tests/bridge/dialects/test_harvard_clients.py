"""Real clients from the package index, unmodified, against a virtual pump on a port; each a program of its own."""

import json
from pathlib import Path

import pytest

from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.harvard_bench import client, virtual
from tests.bridge.dialects.serving import Serve
from tests.bridge.dialects.test_zyno import pump as zyno_pump

KDSAUTOLIB = """
import sys
from KDSautolib import Legato110
pump = Legato110(sys.argv[1], 115200)
pump.set_syringe_size(14.43, 10, "ml")
pump.clear_volume("bothDirs")
pump.clear_time("target")
pump.set_infuse_rate("ml/min", 6)
pump.set_withdraw_rate("ml/min", 3)
pump.set_target_volume(50, "ul")
pump.run_motors("infuse")
heard = pump.kds.ser.read_until(b"T*")
pump.run_motors("withdraw")
pump.stop()
print(repr(heard + pump.kds.ser.read_until(b"<") + pump.kds.ser.read_until(b":")))
"""


def test_kdsautolib_drives_a_legato(on_a_port: Serve, tmp_path: Path) -> None:
    """It sends CR LF and reads nothing; here its port is read until the target. 50 uL at 6 mL/min take 0.5 s."""
    pump = virtual("ultra")
    with on_a_port(pump) as port:
        heard = client("KDSautolib", KDSAUTOLIB, port, tmp_path)
    assert heard.strip() == repr(b"\n:" * 7 + b"\n>\nT*" + b"\n<" + b"\n:")
    line = pump.world.pumps["p0"].look().line("A")
    assert line.pumped_nl == pytest.approx(50_000, abs=12)
    assert not pump.world.pumps["p0"].withdrawing


PYVISA = """
import json, sys
import pyvisa
manager = pyvisa.ResourceManager("@py")
pump = manager.open_resource(f"ASRL{sys.argv[1]}::INSTR", baud_rate=115200, timeout=5000)
pump.write_termination, pump.read_termination = "\\r", "\\x11"
said = [pump.query(text) for text in ("poll on", "ver", "irate lim", "irate 6 ml/min", "tvolume 20 ul", "irun")]
while "T*" not in (last := pump.query("status")):
    pass
said.append(last)
pump.close()
print(json.dumps(said))
"""


def test_pyvisa_reads_to_the_xon_of_poll_mode(on_a_port: Serve, tmp_path: Path) -> None:
    with on_a_port(virtual("ultra")) as port:
        said = json.loads(client("pyvisa_py", PYVISA, port, tmp_path))
    assert said[:6] == [
        "\n:",
        "\nLegato 110 3.0.5\r\n:",
        "\n25.0404 nl/min to 26.0035 ml/min\r\n:",
        "\n:",
        "\n:",
        "\n>",
    ]
    rate, _, volume_fl, flags = said[6].split()[:4]
    assert (rate, flags) == ("0", "i..TIT")
    assert float(volume_fl) == pytest.approx(20e9, abs=12e6)


PUMPY = """
import json, logging, sys
import pumpy
said = []
class Ear(logging.Handler):
    def emit(self, record):
        said.append(record.levelname + " " + record.getMessage())
logging.getLogger().addHandler(Ear())
logging.getLogger().setLevel(logging.INFO)
class Chain(pumpy.Chain):
    # pumpy is of the days when text was bytes: its port takes text here, the client is as it was published
    def write(self, text):
        return super().write(text.encode())
    def read(self, size=1):
        return super().read(size).decode()
chain = Chain(sys.argv[1])
pump = pumpy.Pump(chain, address=3)
pump.setdiameter(14.43)
pump.setflowrate(2000)
pump.settargetvolume(50)
pump.infuse()
pump.waituntiltarget()
pump.stop()
try:
    pump.setflowrate(99999)
except pumpy.PumpError as error:
    said.append("PumpError " + str(error))
print(json.dumps(said))
"""


def test_pumpy_infuses_to_its_target(on_a_port: Serve, tmp_path: Path) -> None:
    """The line is paced at 9600 baud: pumpy takes two equal volumes, one after the other, for the end."""
    pump = virtual("harvard-11", 3, baud=9_600)
    with on_a_port(pump) as port:
        said = json.loads(client("pumpy", PUMPY, port, tmp_path))
    assert [line.split(":", 1)[1].strip() for line in said[2:6]] == [
        "diameter set to 14.43 mm",
        "flow rate set to 2000 uL/min",
        "target volume set to 50.0 uL",
        "infusing",
    ]
    assert said[7:9] == ["INFO Pump 11: target volume reached, stopped", "INFO Pump 11: stopped"]
    assert said[-1] == "PumpError Pump 11: flow rate (99999 uL/min) is out of range"
    assert not [line for line in said if line.startswith("ERROR")]
    assert pump.world.pumps["p3"].look().line("A").pumped_nl == pytest.approx(50_000, abs=12)


ZYNO = """
import json, sys
from pyZynoUnifiedDrivers.miva.module_miva import Miva
pump = Miva(sys.argv[1])
pump.serial.timeout = 10.0
said = {
    "serial": pump.get_pump_sn(), "firmware": pump.get_firmware_version(), "run": pump.trigger_run_infusion(),
    "vtbi": pump.get_infusion_vtbi(), "running": pump.send_command(":INFU:RUN?"), "clock": pump.read_pump_time(),
    "pressures": pump.get_occlusion_sensor(), "thresholds": pump.get_occlusion_thresholds(),
    "unit": pump.get_infusion_rate_unit(), "again": pump.trigger_run_infusion(),
}
while pump.get_infusion_vinf() < 0.5:
    pass
said["stop"] = pump.trigger_stop_infusion()
said["ends"] = pump.read_event_log_indices()
said["event"] = pump.search_event("RUN_INFUSION")
print()
print(json.dumps(said))
"""


def test_the_makers_driver_runs_a_miva(on_a_port: Serve, tmp_path: Path) -> None:
    """Its port must be called com7 or /dev/ttyusb0. 36 mL/h, 60 times as fast: 0.5 mL in 0.83 s.

    By itself it waits 50 ms for a reply, and then takes each for that of the next question: its port is given more patience.
    """
    pump = zyno_pump(speed=60.0)
    with on_a_port(pump) as port:
        (tmp_path / "com7").symlink_to(port)
        out = client("pyZynoUnifiedDrivers", ZYNO, "com7", tmp_path)
    said = json.loads(out.strip().splitlines()[-1])
    assert said["serial"] == "SN800008"
    assert said["firmware"] == "1.0.0"
    assert [said[word] for word in ("run", "again", "stop", "running")] == [True, False, True, True]
    assert (said["vtbi"], said["unit"]) == (20.0, "ML/HR")
    assert said["clock"].startswith("010114")
    assert said["pressures"]["up"] == 0
    assert said["thresholds"] == {"up": 160, "down": 414}
    assert said["event"].startswith("01")
    assert pump.world.pumps["main"].look().line("A").state is LineState.HELD
