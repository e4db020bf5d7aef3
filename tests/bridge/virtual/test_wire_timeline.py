"""Faults of the wire from a scenario's timeline: they come and go on pump time, and a simulation has no wire."""

import os
from pathlib import Path

import pytest
import serial

from firmware_bridge.cli.bench import bench_of
from firmware_bridge.setting_up import dialect_of
from firmware_bridge.testing import virtual_pump
from firmware_bridge.traffic.journal import read_wire
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.unit import Settings, Unit, wire_faults
from firmware_bridge.virtual_pump.wire import WireFaults
from pumpsim.errors import PumpsimError, ScenarioError
from pumpsim.scenario import WireSpan
from pumpsim.scenario_file import parse_scenario
from pumpsim.scenario_file.checks import Faults
from pumpsim.scenario_file.files import document_of
from pumpsim.scenario_file.wire_tables import WIRE_WORDS
from pumpsim.simulation import simulate
from tests.bridge.traffic.test_conformity import compared

S, MS = 10**9, 10**6
HEAD = """
title = "a pump on a wire"
duration = "10 min"
[pump]
model = "ne-1000"
[line.A]
container = { syringe = "bd-plastipak-50", fluid = "saline-0.9" }
"""
QUIET = "[[wire]]\nat = '10 s'\nuntil = '20 s'\nsilent = true\n"
SLOW = "[[wire]]\nat = '30 s'\nlatency = '200 ms'\n"
ANSWER = b"\x0200S\x03"


def unit(tables: str, speed: float = 1.0, wire: dict[str, object] | None = None) -> Unit:
    document = document_of(HEAD + tables, Faults("t"))
    assert document is not None
    return Unit(
        document, dialect_of("new-era"), Settings(Options(power_up_alarm=False), wire_faults(wire or {}), speed)
    )


def asked(pump: Unit, at_ns: int) -> bytes:
    return pump.step(at_ns, b"\r").data_out


@pytest.mark.parametrize("word", ["silent", "unplugged"])
def test_it_comes_and_goes_at_its_instants(word: str) -> None:
    pump = unit(QUIET.replace("silent", word) + SLOW)
    assert [asked(pump, at) for at in (9 * S, 10 * S, 20 * S - 1, 20 * S)] == [ANSWER, b"", b"", ANSWER]
    assert asked(pump, 30 * S) == b""
    assert pump.step(30 * S + 200 * MS).data_out == ANSWER


def test_it_says_when_it_wants_to_be_called_for_it() -> None:
    pump = unit(QUIET)
    assert pump.step(0).wake_at_ns == 10 * S
    assert pump.step(10 * S).wake_at_ns == 20 * S


def test_it_is_on_pump_time() -> None:
    pump = unit(QUIET, speed=10.0)
    assert [asked(pump, at) for at in (S - 1, S, 2 * S - 1, 2 * S)] == [ANSWER, b"", b"", ANSWER]


def test_at_its_end_the_wire_is_as_it_was_before() -> None:
    """Set up with a latency of 50 ms; for ten seconds it is 300."""
    pump = unit("[[wire]]\nat = '10 s'\nuntil = '20 s'\nlatency = '300 ms'\ndrop = 1.0\n", wire={"latency": "50 ms"})
    pump.step(15 * S)
    assert (pump.wire.faults.latency_ns, pump.wire.faults.drop) == (300 * MS, 1.0)
    pump.step(20 * S)
    assert pump.wire.faults == WireFaults(latency_ns=50 * MS)


def test_the_next_thing_that_is_said_is_lost_whenever_that_is() -> None:
    pump = unit("[[wire]]\nat = '10 s'\nlose_first = true\n")
    assert [asked(pump, at) for at in (9 * S, 11 * S, 12 * S)] == [ANSWER, b"", ANSWER]


def test_every_word_of_a_wire_is_one_of_a_scenario() -> None:
    shares = "drop = 0.1, corrupt = 0.2, duplicate = 0.3, split = 0.4, glue = 0.5, delay = 0.6, reorder = 0.7"
    others = "latency = '1 ms', gap = '2 ms', delay_by = '3 ms', baud = 300, host_baud = 1200, silent = true, lose_first = true"
    others += ", unplugged = true"
    words = [*shares.split(", "), *others.split(", ")]
    scenario = parse_scenario(HEAD + "[[wire]]\nat = '1 s'\n" + "\n".join(words), "t")
    (span,) = scenario.wire
    assert (span.at_ns, span.until_ns, tuple(span.words)) == (S, None, WIRE_WORDS)
    pump = unit("[[wire]]\nat = '1 s'\n" + "\n".join(words))
    pump.step(S)
    wanted = WireFaults(
        MS,
        300,
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
        0.6,
        0.7,
        2 * MS,
        3 * MS,
        silent=True,
        lose_first=True,
        host_baud=1200,
        unplugged=True,
    )
    assert pump.wire.faults == wanted


def test_a_plug_that_is_out_for_a_while_takes_the_port_with_it(tmp_path: Path) -> None:
    """The pump goes on, and the port is back under its name; a plug that is pulled by hand meanwhile changes nothing."""
    (tmp_path / "s.toml").write_text(
        HEAD + "[[wire]]\nat = '10 s'\nuntil = '40 s'\nunplugged = true\n", encoding="utf-8"
    )
    with virtual_pump(protocol="new-era", scenario=tmp_path / "s.toml", speed=20.0) as pump:
        host = serial.Serial(pump.port, timeout=2.0)
        host.write(b"\r")
        assert host.read_until(b"\x03") == b"\x0200A?R\x03"
        pump.wait_for(lambda _: not os.path.exists(pump.port))
        with pytest.raises(OSError):  # noqa: PT011 (which one, the kernel decides)
            host.read(1)
        host.close()
        pump.unplug(0.05)
        assert pump.state["at_s"] >= 10.0
        pump.wait_for(lambda _: os.path.exists(pump.port))
        assert pump.state["at_s"] >= 40.0
        host = serial.Serial(pump.port, timeout=2.0)
        host.write(b"\r")
        assert host.read_until(b"\x03") == ANSWER
        host.close()
        pump.wire_faults(unplugged=True)
        assert not os.path.exists(pump.port)
        pump.wire_faults(unplugged=False)
        assert os.path.exists(pump.port)


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        ("at = '1 s'", "wire[1]", "one at least of drop, corrupt"),
        ("at = '1 s'\ndrop = 2.0", "wire[1].drop", "at most 1"),
        ("at = '1 s'\nbaud = -1", "wire[1].baud", "at least 0"),
        ("at = '1 s'\nlatncy = '1 s'", "wire[1].latncy", "unknown key"),
        ("at = '5 s'\nuntil = '5 s'\nsilent = true", "wire[1].until", "not after at"),
        ("at = '20 min'\nsilent = true", "wire[1].at", "beyond"),
        ("silent = true", "wire[1].at", "is missing"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(table: str, key: str, message: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse_scenario(f"{HEAD}[[wire]]\n{table}", "t")
    (fault,) = raised.value.faults
    assert (fault.key, message in fault.message) == (key, True), fault


def test_a_simulation_has_no_wire() -> None:
    plain, wired = (simulate(parse_scenario(HEAD + tables, "t")) for tables in ("", QUIET + SLOW))
    assert wired.scenario.wire == (
        WireSpan(10 * S, 20 * S, {"silent": True}),
        WireSpan(30 * S, None, {"latency": 200 * MS}),
    )
    assert plain.digest == wired.digest


def test_a_bench_has_the_wire_that_it_has() -> None:
    with pytest.raises(
        PumpsimError, match=r"on a bench the wire is what it is: \[\[wire\]\] is for emulate --protocol"
    ):
        bench_of(parse_scenario(HEAD + QUIET, "t"))


def test_what_a_scenario_did_to_the_wire_is_not_held_against_the_pump(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    tables = "[[wire]]\nat = '0 s'\nuntil = '60 s'\ndrop = 0.5\n[[wire]]\nat = '60 s'\nlatency = '20 ms'\n"
    with (
        virtual_pump(protocol="new-era", scenario=HEAD + tables, speed=60.0, journal=path) as pump,
        serial.Serial(pump.port, 19_200, timeout=0.1) as port,
    ):
        heard = []
        for _ in range(25):
            port.write(b"VER\r")
            heard.append(port.read_until(b"\x03"))
    journal = read_wire(path)
    assert b"" in heard
    assert heard[-1]
    assert {"drop", "told"} <= {happening.happened for happening in journal.happenings}
    found = compared(journal)
    assert found.differences == ()
    assert found.not_judged == sum(happening.happened == "drop" for happening in journal.happenings)
