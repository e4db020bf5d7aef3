"""``firmware-bridge emulate --protocol`` and ``inject`` as people run them: real processes, real ports."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from firmware_bridge.cli import main
from firmware_bridge.cli.request import request_of
from firmware_bridge.protocols import PROTOCOLS
from pumpsim.errors import PumpsimError
from tests.bridge.processes import Finished, finish, socat_pair, wait_for
from tests.bridge.virtual.plain_talk import PLAIN

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-c", "from tests.bridge.virtual.plain_talk import main; main()")
ENVIRONMENT = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "120", "PYTHONPATH": str(ROOT)}


def start(*arguments: object, cwd: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


def run(*arguments: object, cwd: Path | None = None) -> Finished:
    return finish(start(*arguments, cwd=cwd))


@contextmanager
def emulated(*arguments: object, count: int = 1) -> Iterator[tuple[list[str], subprocess.Popen[str], str]]:
    """Virtual pumps for the while: their paths, their process, and the line that says what they are."""
    process = start("emulate", "--protocol", "plain", *arguments)
    try:
        assert process.stdout is not None
        paths = [process.stdout.readline().strip() for _ in range(count)]
        said = process.stdout.readline()
        assert "Ctrl-C ends" in said, process.stderr.read() if process.stderr else ""
        yield paths, process, said
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        done = finish(process)
    assert (done.code, done.err) == (0, "")


def ask(path: str, question: str) -> str:
    with serial.serial_for_url(path, 9600, timeout=5.0) as port:
        port.write(question.encode() + b"\n")
        return bytes(port.readline()).decode().strip()


def test_pump_on_a_pseudo_terminal_with_a_stable_name(tmp_path: Path) -> None:
    link = tmp_path / "ttyPUMP"
    with emulated("--link", link) as ((path,), _, said):
        assert path == str(link)
        assert said.startswith("syringe-pump, plain protocol, 9600 baud 8N1; Ctrl-C ends")
        assert ask(path, "ID") == "syringe-pump of [1], none"
        assert ask(path, "RATE 5") == "OK"
    assert not link.is_symlink()


def test_pump_on_a_socat_end_and_on_tcp(tmp_path: Path) -> None:
    with socat_pair(tmp_path) as (near, far), emulated("--port", near) as ((path,), _, _said):
        assert path == str(near)
        assert ask(str(far), "ID").startswith("syringe-pump")
    with emulated("--port", "tcp://127.0.0.1:0") as ((path,), _, _said):
        assert re.fullmatch(r"socket://127\.0\.0\.1:\d+", path)
        for _ in range(2):
            assert ask(path, "ID").startswith("syringe-pump")


def test_model_scenario_address_and_settings_of_the_dialect(tmp_path: Path) -> None:
    scenario = ROOT / "scenarios" / "bag_empty.toml"
    with emulated("linear-peristaltic", "--address", 2, "--set", "accent=broad") as ((path,), _, _said):
        assert ask(path, "ID") == "linear-peristaltic of [2], broad"
    with emulated("--scenario", scenario, "--link", tmp_path / "tty") as ((path,), _, said):
        assert ask(path, "ID").partition(" ")[0] in said


def test_many_pumps_in_one_process(tmp_path: Path) -> None:
    with emulated("--count", 5, "--link", tmp_path / "tty", count=5) as (paths, _, _said):
        assert [Path(path).name for path in paths] == ["tty1", "tty2", "tty3", "tty4", "tty5"]
        assert ask(paths[2], "RATE 5") == "OK"
        assert [ask(path, "STATUS").split()[0] for path in paths] == ["empty", "empty", "ready", "empty", "empty"]
    assert os.listdir(tmp_path) == []


def test_speed_and_latency() -> None:
    with emulated("linear-peristaltic", "--speed", 100, "--latency", "50 ms") as ((path,), _, said):
        assert "100 times as fast; Ctrl-C" in said
        begin = time.monotonic()
        assert ask(path, "RATE 100") == "OK"
        assert time.monotonic() - begin >= 0.05
        ask(path, "RUN")
        time.sleep(0.4)
        assert int(ask(path, "STATUS").split()[2]) > 1_000_000


def test_speed_of_the_wire_too() -> None:
    """At a tenth of the speed 20 ms on the wire are 0.2 s."""
    with emulated("--speed", 0.1, "--scale-link-timers", "--latency", "20 ms") as ((path,), _, said):
        assert "0.1 times as fast, its wire too; Ctrl-C" in said
        begin = time.monotonic()
        assert ask(path, "RATE 100") == "OK"
        assert time.monotonic() - begin >= 0.2


def test_baud_pacing_takes_the_time_of_the_line() -> None:
    with emulated("--baud-pacing") as ((path,), _, _said):
        begin = time.monotonic()
        assert ask(path, "ID") == "syringe-pump of [1], none"
        assert time.monotonic() - begin >= 26 * 10 / 9600


@pytest.mark.parametrize("fault", [("--drop", 1), ("--lose-first",)])
def test_faults_of_the_wire(fault: tuple[object, ...]) -> None:
    with emulated(*fault) as ((path,), _, _said), serial.Serial(path, 9600, timeout=0.3) as port:
        port.write(b"ID\n")
        assert port.readline() == b""
        port.write(b"ID\n")
        assert bool(port.readline()) is (fault[0] == "--lose-first")


def test_state_is_a_line_when_it_changes() -> None:
    with emulated("linear-peristaltic") as ((path,), process, _said):
        ask(path, "RATE 100")
        ask(path, "RUN")
        assert re.search(
            r"1 main  A infusing 100 mL/h; A \d\.\d{3} mL; -?\d+\.\d kPa; no alarm", wait_for(process, "infusing")
        )


def test_pump_does_not_wait_for_who_does_not_read_its_state() -> None:
    process = subprocess.Popen(
        [*COMMAND, "emulate", "--protocol", "plain", "--count", "80"],
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        pipesize=4096,  # the states of eighty pumps are more
    )
    assert process.stdout is not None
    said = b""
    try:
        while b"Ctrl-C ends" not in said:
            said += os.read(process.stdout.fileno(), 1000)
        path = said.split()[0].decode()
        for _ in range(3):
            time.sleep(0.7)
            assert ask(path, "ID").startswith("syringe-pump")
        process.send_signal(signal.SIGINT)
        assert process.wait(60.0) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_asked_to(number: signal.Signals, tmp_path: Path) -> None:
    with emulated("--link", tmp_path / "tty") as (_paths, process, _said):
        process.send_signal(number)
        finish(process)
    assert os.listdir(tmp_path) == []


def test_port_that_goes_away_is_said(tmp_path: Path) -> None:
    with socat_pair(tmp_path) as (near, _):
        process = start("emulate", "--protocol", "plain", "--port", near)
        wait_for(process, "Ctrl-C ends")
    done = finish(process)
    assert (done.code, done.err.splitlines()[0][:18]) == (1, "the link was lost:")


def test_terminal_shows_a_live_table() -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "emulate", "--protocol", "plain"], stdout=theirs, stderr=theirs, env=ENVIRONMENT | {"TERM": "xterm"}
    )
    os.close(theirs)
    shown, until, asked = b"", time.monotonic() + 60.0, False
    while b"ready" not in shown and time.monotonic() < until:
        if select.select([ours], [], [], 0.5)[0]:
            shown += os.read(ours, 65536)
        if not asked and b"Ctrl-C ends" in shown:
            asked = ask(shown.split()[0].decode(), "RATE 5") == "OK"
    process.send_signal(signal.SIGINT)
    while select.select([ours], [], [], 5.0)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:
            break
    assert process.wait(60.0) == 0
    os.close(ours)
    for word in (b"delivered", b"A ready", b"no alarm", b'> "RATE 5" 0A'):
        assert word in shown


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Finished]]:
    """The command in this process: for what ends at once, and need not wait for a new interpreter."""
    monkeypatch.setitem(PROTOCOLS, "plain", PLAIN)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def command(*arguments: object) -> Finished:
        monkeypatch.setattr(sys, "argv", ["firmware-bridge", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Finished(int(ended.value.code or 0), out, err)

    yield command
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_protocols_are_listed_with_their_settings(here: Callable[..., Finished]) -> None:
    done = here("protocols")
    assert (done.code, done.err) == (0, "")
    assert "plain: lines of text, for tests; 9600 baud 8N1, model syringe-pump\n  --set accent=none\n" in done.out


def test_pump_with_a_protocol_of_its_own_is_not_driven(here: Callable[..., Finished]) -> None:
    done = here("drive", "x.toml", "--port", "x", "--protocol", "plain")
    assert (done.code, done.err) == (2, "protocol plain is a pump's own: it can be emulated, not driven\n")


def test_inject_from_another_terminal(here: Callable[..., Finished]) -> None:
    with emulated("--control", 0) as ((path,), _, said):
        found = re.search(r"control on (127\.0\.0\.1:\d+)", said)
        assert found
        place = found[1]
        assert run("inject", place, "device", "syringe off", "--for", "1 h") == Finished(0, "done\n", "")
        assert "syringe-off" in ask(path, "STATUS")
        assert here("inject", place, "end", '{ device = "syringe off" }').out == "done\n"
        done = here("inject", place, "do", "start")
        assert (done.code, done.out, done.err) == (2, "", "no line is ready to start\n")
        bare = here("inject", place, "device")
        assert bare.err.startswith(
            "no value was given: device = true: the name of a device fault is wanted; valid: door open"
        )
        assert "the name of an action is wanted" in here("inject", place, "do").err
        assert here("inject", place, "hold", "on").err.startswith("unknown word 'hold'; valid: load, titrate")
        assert here("inject", place, "load", '{ rate = "5 mL/h" }').code == 0
        state = json.loads(here("inject", place, "read").out)
        assert state["main"]["lines"]["A"]["state"] == "ready"
    done = here("inject", place, "read")
    assert done.code == 2
    assert done.err.startswith("no answer from the control channel at 127.0.0.1:")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        (["occlude", "patient end"], {"occlude": "patient end"}),
        (["occlude", '"patient end"', "for=30 s", "unit=2"], {"occlude": "patient end", "for": "30 s", "unit": 2}),
        (["power-cycle"], {"power-cycle": True}),
        (["power-cycle", "pump=left"], {"power-cycle": True, "pump": "left"}),
        (["do", "start", "line=A"], {"do": "start", "line": "A"}),
        (["load", '{ line = "A", rate = "5 mL/h" }'], {"load": {"line": "A", "rate": "5 mL/h"}}),
        (["wire", "{ drop = 0.5, silent = true }"], {"wire": {"drop": 0.5, "silent": True}}),
        (["read"], {"read": True}),
        (["do=stop"], {"do": "stop"}),
        (["occlude", "1\nother = 2"], {"occlude": "1\nother = 2"}),
    ],
)
def test_words_of_a_request(words: list[str], request_: dict[str, object]) -> None:
    assert request_of(words) == request_


def test_words_that_are_too_many() -> None:
    with pytest.raises(PumpsimError, match="KEY=VALUE is wanted behind the first two words"):
        request_of(["do", "start", "now"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--protocol", "latin"), "unknown protocol of a virtual pump: 'latin'; valid: "),
        (("--protocol", "plain", "no-such-model"), "unknown model 'no-such-model'"),
        (("--protocol", "plain", "--scenario", "missing.toml"), "missing.toml: there is no such file"),
        (("--protocol", "plain", "--port", "/dev/no-such-port"), "cannot open port /dev/no-such-port"),
        (("--protocol", "plain", "--port", "x", "--link", "y"), "give one of them"),
        (("--protocol", "plain", "--port", "tcp://10.0.0.1:5025"), "loopback only"),
        (("--protocol", "plain", "--port", "tcp://127.0.0.1:TAKEN"), "cannot listen on"),
        (("--protocol", "plain", "--control", "TAKEN"), "cannot listen"),
        (("--protocol", "plain", "--control", "10.0.0.1:5025"), "loopback only"),
        (("--protocol", "plain", "--count", "2", "--port", "/dev/ttyS0"), "is one port"),
        (("--protocol", "plain", "--speed", "0"), "a speed of 0: 0.001 to 1,000,000 is wanted"),
        (("--protocol", "plain", "--speed", "inf"), "a speed of inf: 0.001 to 1,000,000 is wanted"),
        (
            ("--protocol", "ultra", "--set", "ramp_end=x", "--set", "rampend=stop"),
            "ramp_end = 'x': it is one of hold, stop",
        ),
        (("--protocol", "ultra", "--set", "ramp_end=x", "--set", "rampend=stop"), "did you mean 'ramp_end'?"),
        (("--protocol", "zyno", "--set", "checksum=crc"), "checksum = 'crc': it is one of sum, xor"),
        (("--protocol", "new-era", "--set", "safe=x"), "new-era: option safe = 'x': 0 to 255 s"),
        (("--protocol", "harvard-11", "--set", "version=\u00fc"), "printable characters of ASCII are wanted"),
        (("--protocol", "plain", "--latency", "20"), "latency = '20': the unit is missing"),
        (("--protocol", "plain", "--set", "accent"), "KEY=VALUE is wanted; plain has accent"),
        (("--protocol", "plain", "--set", "acent=x"), "did you mean 'accent'"),
        (("--protocol", "plain", "--address", "4"), "plain has the addresses 1 to 3"),
        (("--protocol", "plain", "--keep"), "--keep is for the native protocol"),
        (("--speed", "2"), "name --protocol"),
        (("--scale-link-timers",), "name --protocol"),
        (("--drop", "0.5"), "name --protocol"),
        (("--address", "0"), "name --protocol"),
    ],
)
def test_bad_input_is_one_clear_message_and_exit_2(
    arguments: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    here: Callable[..., Finished],
    taken: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = here("emulate", *(word.replace("TAKEN", str(taken)) for word in arguments))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert os.listdir(tmp_path) == []
