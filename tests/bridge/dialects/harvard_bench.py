"""Virtual pumps of the Harvard and KDS family for the tests: on virtual time, and real clients as programs of their own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.wire import Wire, WireFaults
from firmware_bridge.virtual_pump.world import World
from pumpsim.scenario_file import parse_scenario

ROOT = Path(__file__).resolve().parents[3]
MS, S = 10**6, 10**9
PATIENCE_S = 60.0
"""After which a client hangs: far beyond what a busy machine takes."""
PUMP = """
[pump.{id}]
model = "{model}"
[pump.{id}.line.A]
container = {container}
[pump.{id}.set]
kind = "extension-150"
"""


def dialect(name: str) -> Dialect:
    """A dialect by its name."""
    row = PROTOCOLS[name]
    assert isinstance(row, Dialect)
    return row


def virtual(
    name: str,
    *addresses: int,
    syringe: str = "bd-plastipak-10",
    more: str = "",
    speed: float = 1.0,
    spontaneous: bool = True,
    baud: int = 0,
    **options: str,
) -> VirtualPump:
    """Pumps ``p0``, ``p1`` ... of a dialect's model, each with such a syringe; ``more``: further tables of the scenario."""
    row = dialect(name)
    places = addresses or (0,)
    container = f'{{ syringe = "{syringe}", fluid = "saline-0.9" }}'
    tables = [PUMP.format(id=f"p{at}", model=row.model, container=container) for at in places]
    world = World(parse_scenario(f'title = "t"\nduration = "10 h"\n{"".join(tables)}{more}', "t"))
    known = Options(spontaneous=spontaneous, more={**row.options, **options})
    talker = row.talk({at: world.pumps[f"p{at}"] for at in places}, known)
    return VirtualPump(world, talker, Wire(WireFaults(baud=baud)), speed)


class Host:
    """Speaks with a virtual pump on virtual time: a command, its CR, and what comes at once."""

    def __init__(self, pump: VirtualPump) -> None:
        self.pump, self.now_ns = pump, 0

    def ask(self, command: str) -> str:
        """What is answered."""
        return self.send(command.encode() + b"\r").decode()

    def send(self, data: bytes) -> bytes:
        """What comes at once for these bytes."""
        return self.pump.step(self.now_ns, data).data_out

    def wait(self, seconds: float) -> bytes:
        """What comes unasked meanwhile."""
        self.now_ns += round(seconds * S)
        return self.pump.step(self.now_ns).data_out


def answers(host: Host, *commands: str) -> list[str]:
    """What is answered to each."""
    return [host.ask(command) for command in commands]


def converse(pump: VirtualPump, table: list[tuple[int, bytes, bytes]]) -> None:
    """Hold a conversation of (link ms, bytes in, bytes out)."""
    for at_ms, data, expected in table:
        assert pump.step(at_ms * MS, data).data_out == expected, (at_ms, data)


def client(library: str, code: str, port: str, folder: Path) -> str:
    """Run a real client as a program of its own, unmodified; what it prints. Skipped where it is not installed."""
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed: it is in the dev extra")
    done = subprocess.run(
        [sys.executable, "-c", code, port],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
