"""Syringe pumps behind a dialect, and conversations with them as tables of (link ms, bytes in, bytes out)."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.world import PumpPort, World
from pumpsim.catalogue.pumps import MODELS
from pumpsim.scenario import Scenario
from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.path import Sensing

MS = 1_000_000
Exchange = tuple[int, bytes, bytes]


def syringe_scenario(model: PumpModel, *pumps: str, sensing: Sensing = Sensing(), filled_ml: float = 50.0) -> Scenario:
    """Pumps of a model, each with a 50 mL syringe on a set of its own."""
    ids = pumps or ("main",)
    tables = "".join(
        f'[pump.{id}]\nmodel = "{model.id}"\n'
        f"[pump.{id}.line.A]\n"
        f'container = {{ syringe = "bd-plastipak-50", fluid = "saline-0.9", volume = "{filled_ml:g} mL" }}\n'
        for id in ids
    )
    scenario = parse_scenario(f'title = "bedside"\nduration = "1 h"\n{tables}', "bedside")
    return replace(scenario, pumps=tuple(replace(pump, sensing=sensing) for pump in scenario.pumps))


def behind(
    dialect: Dialect,
    pumps: Sequence[str] = ("main",),
    options: Mapping[str, str] | None = None,
    spontaneous: bool = True,
    speed: float = 1.0,
    filled_ml: float = 50.0,
) -> VirtualPump:
    """Pumps of the dialect's own model behind it, the first at its lowest address."""
    world = World(syringe_scenario(MODELS[dialect.model], *pumps, filled_ml=filled_ml))
    ports = dict(zip(dialect.addresses, world.pumps.values(), strict=False))
    return VirtualPump(world, dialect.talk(ports, Options(spontaneous=spontaneous, more=options or {})), speed=speed)


def port_of(pump: VirtualPump, id: str = "main") -> PumpPort:
    """One of the pumps."""
    return pump.world.pumps[id]


def converse(pump: VirtualPump, talk: Iterable[Exchange]) -> None:
    """Say each thing at its time, and compare what has come back by then; what came meanwhile comes first."""
    for at_ms, said, wanted in talk:
        got = pump.step(at_ms * MS, said).data_out
        assert got == wanted, f"at {at_ms} ms to {said!r}"


def client(name: str, port: str) -> dict[str, Any]:
    """Run a real client against a port, as a program of its own, and give what it found."""
    script = Path(__file__).parent / "clients" / f"{name}.py"
    shown = subprocess.run([sys.executable, script, port], capture_output=True, text=True, timeout=60, check=False)
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout.splitlines()[-1])
    return found
