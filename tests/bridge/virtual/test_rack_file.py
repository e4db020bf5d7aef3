"""A rack by its file: different pumps on their ports in one process; and what is wrong in a file is all told at once."""

import signal
from pathlib import Path

import pytest

from firmware_bridge.cli.rack_file import made_of
from pumpsim.errors import ScenarioError
from tests.bridge.processes import finish
from tests.bridge.virtual.test_emulate import ROOT, ask, run, start

SCENARIO = """
title = "a pump on a slow wire"
duration = "1 h"
[pump]
model = "linear-peristaltic"
[line.A]
container = { bag = "500 mL", fluid = "saline-0.9" }
"""
RACK = """
[[port]]
protocol = "plain"
count = 2
link = "ttyP"
speed = 100

[[port]]
protocol = "new-era"
power_up_alarm = false

[[port]]
protocol = "plain"
scenario = "slow.toml"
port = "tcp://127.0.0.1:0"
settings = { accent = "broad" }
address = 2
"""


def test_different_pumps_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "rack.toml").write_text(RACK, encoding="utf-8")
    (tmp_path / "slow.toml").write_text(SCENARIO, encoding="utf-8")
    process = start("emulate", "--rack", tmp_path / "rack.toml", "--control", "127.0.0.1:0", cwd=ROOT)
    try:
        assert process.stdout is not None
        paths = [process.stdout.readline().strip() for _ in range(4)]
        said = [process.stdout.readline().strip() for _ in range(3)]
        assert [Path(path).name for path in paths[:2]] == ["ttyP1", "ttyP2"]
        assert Path(paths[0]).parent == tmp_path
        assert said[0] == "syringe-pump, plain protocol, 9600 baud 8N1, 100 times as fast"
        assert said[1] == "ne-1000, new-era protocol, 19200 baud 8N1"
        assert said[2].startswith("linear-peristaltic, plain protocol, 9600 baud 8N1; control on 127.0.0.1:")
        assert [ask(path, "RATE 5") for path in paths[:2]] == ["OK", "OK"]
        assert ask(paths[3], "ID") == "linear-peristaltic of [2], broad"
        control = said[2].partition("127.0.0.1:")[2].partition(";")[0]
        asked = run("inject", control, "read", "unit=3")
        assert "ne-1000" in asked.out, asked
    finally:
        process.send_signal(signal.SIGINT)
        done = finish(process)
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"rack.toml", "slow.toml"}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", [""]),
        ("title = 'x'", ["title"]),
        ("port = 3", ["port"]),
        ("[[port]]\nmodel = 'ne-1000'", ["port[1].protocol"]),
        (
            "[[port]]\nprotocol = 'x'\nspeed = 0.0\ncount = 0\n[[port]]\nprotocol = 'zyno'\nwire = { drop = 3.0 }\nbaud = 1",
            ["port[1].protocol", "port[1].speed", "port[1].count", "port[2].wire", "port[2].baud"],
        ),
        ("[[port]]\nprotocol = 'zyno'\nlink = 'a'\nport = '/dev/ttyS9'", ["port[1].link"]),
        (
            "[[port]]\nprotocol = 'alaris'\nsettings = { sereal = '1', watchdgo_s = '2' }\n[[port]]\nprotocol = 'zyno'\n"
            "scenario = 'none.toml'\n[[port]]\nprotocol = 'new-era'\nspeed = 0.0",
            ["port[1]", "port[2]", "port[3].speed"],
        ),
    ],
)
def test_every_fault_of_a_file_is_told_at_once(text: str, keys: list[str], tmp_path: Path) -> None:
    file = tmp_path / "rack.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as raised:
        made_of(file, None)
    assert sorted(fault.key for fault in raised.value.faults) == sorted(keys)


def test_what_does_not_go_with_a_rack(tmp_path: Path) -> None:
    (tmp_path / "rack.toml").write_text("[[port]]\nprotocol = 'new-era'\n", encoding="utf-8")
    for more in (("--link", "x"), ("ne-1000", "--drop", "0.5")):
        done = run("emulate", "--rack", tmp_path / "rack.toml", *more)
        assert done.code == 2, more
        assert "the file says all of its ports" in done.err
    assert "there is no such file" in run("emulate", "--rack", tmp_path / "none.toml").err
