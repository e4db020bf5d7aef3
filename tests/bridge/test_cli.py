"""The commands as processes on real pseudo-terminals: what they leave, how they end, whatever happens to them."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pumpsim.replay import replay
from tests.bridge.processes import emulator, events, finish, run, socat_pair, start, wait_for

SCENARIO = """
title = "Two lines on the bench"
duration = "{duration}"
[pump]
model = "dual-channel-cassette"
[line.A]
container = {{ bag = "500 mL", fluid = "saline-0.9" }}
[line.B]
container = {{ bag = "250 mL", fluid = {{ drug = "dopamine", concentration = "1.6 mg/mL" }} }}
[set]
access = "20G-peripheral"
[[operator]]
at = "0 s"
load = {{ line = "A", rate = "300 mL/h", vtbi = "100 mL" }}
[[operator]]
at = "0 s"
load = {{ line = "B", rate = "100 mL/h", vtbi = "50 mL", mode = "concurrent" }}
[[operator]]
at = "200 ms"
do = "start"
{more}
"""
PUMPED = '[[expect]]\npumped = {{ line = "A", volume = "{volume}", within = "0.34 mL" }}'


def write(folder: Path, duration: str, more: str = "", name: str = "bench") -> Path:
    file = folder / f"{name}.toml"
    file.write_text(SCENARIO.format(duration=duration, more=more), encoding="utf-8")
    return file


@contextmanager
def reserved(port: str | Path) -> Iterator[None]:
    """Keep the kernel from giving a dead terminal's name to the next one that is made, by another test perhaps."""
    descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY)
    yield
    os.close(descriptor)


def assert_replays(journal: Path, at_least: int = 4) -> None:
    replayed = replay(journal)
    assert replayed.parting is None
    assert replayed.equal >= at_least


def test_drive_leaves_what_a_simulation_leaves(tmp_path: Path) -> None:
    file = write(tmp_path, "4 s", PUMPED.format(volume="0.317 mL"))
    with emulator("--scenario", file, "--link", tmp_path / "ttyPUMP") as (port, _):
        done = run("drive", file, "--port", port, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "pass  " in done.out
    assert "pumped, measured" in done.out
    folder = tmp_path / "runs" / "bench" / "bridge"
    assert f"report: {folder.relative_to(tmp_path) / 'report.html'}" in done.out
    assert sorted(os.listdir(folder)) == ["events.jsonl", "inputs.jsonl", "report.html", "summary.json", "trace.csv"]
    assert [(row["event"], row["line"]) for row in events(folder)][:5] == [
        ("attached", None),
        ("program-loaded", "A"),
        ("program-loaded", "B"),
        ("delivery-started", "A"),
        ("delivery-started", "B"),
    ]
    assert "Bench report" in (folder / "report.html").read_text(encoding="utf-8")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["passed"] is True
    assert summary["bridge"]["end"] == "complete"
    assert summary["bridge"]["at_rest"] is True
    assert_replays(folder / "inputs.jsonl")


def test_a_device_on_tcp_is_driven_and_trips_when_its_host_is_killed(tmp_path: Path) -> None:
    file = write(tmp_path, "3 s", PUMPED.format(volume="0.233 mL"))
    with emulator("--scenario", file, "--port", "tcp://127.0.0.1:0") as (port, process):
        assert port.startswith("socket://127.0.0.1:")
        done = run("drive", file, "--port", port, "--out", tmp_path / "out", "--no-report")
        assert (done.code, done.err) == (0, "")
        again = start("drive", write(tmp_path, "60 s", name="long"), "--port", port, "--out", tmp_path / "x")
        wait_for(again, "delivery-started")
        again.kill()
        finish(again)
        wait_for(process, "tripped")


def test_expectation_that_fails_is_exit_1(tmp_path: Path) -> None:
    file = write(tmp_path, "1 s", PUMPED.format(volume="99 mL"))
    with emulator("--scenario", file) as (port, _):
        done = run("drive", file, "--port", port, "--out", tmp_path / "out", "--no-report")
    assert done.code == 1
    assert "FAIL  " in done.out


def test_one_emulator_serves_one_drive_after_the_other(tmp_path: Path) -> None:
    file = write(tmp_path, "2 s", PUMPED.format(volume="0.15 mL"))
    with emulator("--scenario", file) as (port, _):
        for _ in range(2):
            assert run("drive", file, "--port", port, "--out", tmp_path / "out", "--no-report").code == 0


def test_interrupted_drive_stops_the_pump_first(tmp_path: Path) -> None:
    file = write(tmp_path, "60 s")
    with emulator("--scenario", file) as (port, _):
        process = start("drive", file, "--port", port, "--out", tmp_path / "out", "--no-report")
        wait_for(process, "delivery-started")
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        done = finish(process, 10.0)
    assert done.code == 130
    assert len(done.err.splitlines()) == 1
    assert "interrupted at " in done.err
    assert [row["event"] for row in events(tmp_path / "out")][-2:] == ["delivery-stopped", "delivery-stopped"]
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["bridge"]["at_rest"] is True
    assert_replays(tmp_path / "out" / "inputs.jsonl")


def test_killed_drive_leaves_a_journal_and_the_device_trips(tmp_path: Path) -> None:
    file = write(tmp_path, "60 s")
    with emulator("--scenario", file, "--keep") as (port, device):
        process = start("drive", file, "--port", port, "--out", tmp_path / "out", "--no-report")
        wait_for(process, "delivery-started")
        time.sleep(1.0)
        process.kill()
        finish(process)
        assert "tripped" in wait_for(device, "tripped")
        assert_replays(tmp_path / "out" / "inputs.jsonl")
        short = write(tmp_path, "1 s", name="short")
        assert run("drive", short, "--port", port, "--out", tmp_path / "next", "--no-report").code == 0


def test_device_that_dies_is_an_alarm_and_exit_1(tmp_path: Path) -> None:
    file = write(tmp_path, "6 s")
    with emulator("--scenario", file) as (port, device), reserved(port):
        process = start("drive", file, "--port", port, "--out", tmp_path / "out", "--no-report")
        wait_for(process, "delivery-started")
        device.kill()
        done = finish(process)
    assert done.code == 1
    assert "the link was lost" in done.err
    assert "communication-lost" in [row.get("alarm") for row in events(tmp_path / "out")]
    assert_replays(tmp_path / "out" / "inputs.jsonl")


def test_device_that_comes_back_is_attached_and_stays_stopped(tmp_path: Path) -> None:
    """The one that comes back is another one that waits already: on a busy machine none starts in the seconds that are left."""
    file, link = write(tmp_path, "8 s"), tmp_path / "ttyPUMP"
    with (
        emulator("--scenario", file) as (spare, _),
        emulator("--scenario", file, "--link", link) as (_, device),
        reserved(link),
    ):
        process = start("drive", file, "--port", link, "--out", tmp_path / "out", "--no-report")
        wait_for(process, "delivery-started")
        time.sleep(1.0)
        device.kill()
        device.wait()
        link.unlink()
        link.symlink_to(spare)
        done = finish(process)
    assert done.code == 1
    rows = events(tmp_path / "out")
    said = [row["event"] for row in rows]
    of_link = [word for word in said if word.startswith(("link-", "device-"))]
    assert of_link[:3] == [
        "link-lost",
        "device-restarted",
        "link-restored",
    ]  # on a busy machine it may be lost once more
    assert "device-fault" in [row.get("alarm") for row in rows]
    assert "delivery-started" not in said[said.index("link-lost") :]
    assert (
        json.loads((tmp_path / "out" / "summary.json").read_text())["pumps"]["main"]["lines"]["A"]["state"] == "alarm"
    )


def test_emulator_ends_with_its_link(tmp_path: Path) -> None:
    link = tmp_path / "ttyPUMP"
    with emulator("--link", link) as (path, process):
        assert path == str(link)
        assert link.is_symlink()
        process.send_signal(signal.SIGTERM)
        assert finish(process).code == 0
    assert not link.is_symlink()


def test_emulator_whose_port_goes_away_says_so(tmp_path: Path) -> None:
    with socat_pair(tmp_path) as (near, _):
        process = start("emulate", "--port", near)
        wait_for(process, "Ctrl-C ends")
    done = finish(process)
    assert (done.code, done.err.splitlines()[0][:18]) == (1, "the link was lost:")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("drive", "missing.toml", "--port", "x"), "missing.toml"),
        (("drive", "good.toml", "--port", "/dev/no-such-port"), "cannot open port /dev/no-such-port"),
        (("drive", "good.toml", "--port", "x", "--protocol", "latin"), "unknown protocol 'latin'; known: native"),
        (("drive", "good.toml", "--port", "x", "--pump", "left"), "has no pump 'left'; it has main"),
        (("emulate", "unknown-model"), "unknown model 'unknown-model'; known: dual-channel-cassette"),
        (("emulate", "--link", "good.toml"), "good.toml exists and is no link"),
        (("emulate", "--link", "a", "--port", "b"), "give one of them"),
        (("emulate", "--port", "tcp://10.0.0.1:5025"), "loopback only"),
        (("emulate", "--port", "tcp://127.0.0.1"), "a port is wanted, as in tcp://127.0.0.1:5025"),
        (("emulate", "--port", "/dev/no-such-port"), "cannot open port /dev/no-such-port"),
        (("emulate", "single-channel-cassette", "--scenario", "good.toml"), "MODEL is single-channel-cassette"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_2(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    write(tmp_path, "1 s", name="good")
    done = run(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_device_of_another_model_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, "1 s")
    with emulator("single-channel-cassette") as (port, _):
        done = run("drive", file, "--port", port, cwd=tmp_path)
    assert done.code == 2
    assert "the device has 1 line(s), model dual-channel-cassette has 2" in done.err


def test_port_where_nothing_answers_is_said(tmp_path: Path) -> None:
    file = write(tmp_path, "1 s")
    with emulator() as (port, device):
        device.send_signal(signal.SIGSTOP)
        done = run("drive", file, "--port", port, cwd=tmp_path)
        device.send_signal(signal.SIGCONT)
    assert done.code == 2
    assert "no device answered within 5 s" in done.err


def test_ports_lists_or_says_that_there_are_none() -> None:
    done = run("ports")
    assert done.code == 0
    assert done.out
    assert all(word in done.err for word in ("pseudo-terminals", "not listed", "no modem lines", "Windows", "tcp://"))
