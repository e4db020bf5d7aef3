"""The loop on real ports: many in one thread, hosts that do not read, plugs that are pulled, requests from outside."""

import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.rack import Rack
from firmware_bridge.setting_up import opener_of, unit_of
from firmware_bridge.transports import LinkLost
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.virtual_pump.unit import Settings, Unit
from firmware_bridge.virtual_pump.wire import WireFaults
from tests.bridge.virtual.plain_talk import PLAIN

S = 10**9


@contextmanager
def running(rack: Rack) -> Iterator[Rack]:
    """The rack in a thread, for the while; what it died of is raised."""
    stopped, died = threading.Event(), list[BaseException]()

    def serve() -> None:
        try:
            rack.run(stopped.is_set)
        except BaseException as error:
            died.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield rack
    finally:
        stopped.set()
        thread.join(10.0)
        rack.close()
    if died:
        raise died[0]


def pump(settings: Settings = Settings(), model: str = "linear-peristaltic") -> Unit:
    return unit_of(PLAIN, model, settings=settings)


def rack(count: int = 1, port: str | None = None, control: socket.socket | None = None) -> Rack:
    return Rack([(pump(), opener_of(port, None, 9600)) for _ in range(count)], control)


def line(port: SerialPort, question: bytes = b"", within_s: float = 5.0) -> bytes:
    """The next line that a pump says, to a question."""
    data, until = b"", time.monotonic() + within_s
    if question:
        port.write(question + b"\n")
    while not data.endswith(b"\n") and time.monotonic() < until:
        data += port.read(0.1)
    return data


def hear_from(host: socket.socket, port: int) -> bytes:
    """Open a port and wait for what it says."""
    host.settimeout(5.0)
    host.connect(("127.0.0.1", port))
    return host.recv(1)


def is_there(path: str) -> bool:
    """Whether a host could open this. (pyserial leaves its socket open when nobody listens.)"""
    if not path.startswith("socket://"):
        return Path(path).exists()
    with socket.socket() as host:
        return host.connect_ex(("127.0.0.1", int(path.rpartition(":")[2]))) == 0


def until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def test_many_ports_are_many_pumps() -> None:
    with running(rack(20)) as many:
        hosts = [SerialPort(path, 9600) for path in many.paths()]
        assert len({host.path for host in hosts}) == 20
        for i, host in enumerate(hosts, 1):
            assert line(host, b"RATE %d" % i) == b"OK\n"
            assert line(host, b"RUN") == b"OK\n"
        for i, host in enumerate(hosts, 1):
            assert line(host, b"STATUS").startswith(b"infusing %d000000 " % i)
            host.close()


def test_host_that_does_not_read_holds_up_nobody() -> None:
    with running(rack(2)) as two:
        deaf, other = (SerialPort(path, 9600) for path in two.paths())
        for _ in range(400):
            deaf.write(b"STATUS\n" * 10)
            two.ask(lambda: None)
        until(lambda: two.dropped_bytes > 10_000)
        begin = time.monotonic()
        assert line(other, b"STATUS").startswith(b"empty")
        assert time.monotonic() - begin < 2.0
        deaf.close()
        other.close()


def test_clients_may_come_and_go() -> None:
    with running(rack()) as one:
        for _ in range(3):
            host = SerialPort(one.paths()[0], 9600)
            assert line(host, b"STATUS").startswith(b"empty")
            host.close()


def test_tcp_hosts_come_and_go_and_a_second_one_is_refused() -> None:
    with running(rack(port="tcp://127.0.0.1:0")) as one:
        (path,) = one.paths()
        for _ in range(5):
            host = SerialPort(path, 9600)
            assert line(host, b"STATUS").startswith(b"empty")
            with socket.socket() as second, pytest.raises(ConnectionResetError):
                hear_from(second, int(path.rpartition(":")[2]))
            assert line(host, b"STATUS").startswith(b"empty")
            host.close()
            until(lambda: len(one.ask(lambda: one._slots[1].watched)) == 1)


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_unplugged_port_dies_and_comes_back_under_its_name_while_the_pump_goes_on(kind: str, tmp_path: Path) -> None:
    port, link = (None, tmp_path / "ttyPUMP") if kind == "pty" else ("tcp://127.0.0.1:0", None)
    with running(Rack([(pump(), opener_of(port, link, 9600))])) as one:
        (path,) = one.paths()
        host = SerialPort(path, 9600)
        line(host, b"RATE 100")
        assert line(host, b"RUN") == b"OK\n"
        one.ask(lambda: one.unplug(1, S // 4))
        with pytest.raises(LinkLost):
            line(host, b"STATUS")
        assert one.ask(one.paths) == ("",)
        assert not is_there(path)
        host.close()
        until(lambda: one.ask(one.paths) == (path,))
        again = SerialPort(path, 9600)
        status = line(again, b"STATUS").split()
        assert status[0] == b"infusing"
        assert int(status[2]) > 0
        again.close()


def test_watchdog_runs_out_on_link_time_whatever_the_speed() -> None:
    with running(Rack([(pump(Settings(speed=50.0)), opener_of(None, None, 9600))])) as one:
        host = SerialPort(one.paths()[0], 9600)
        begin = time.monotonic()
        assert line(host, b"BEAT") == b"OK\n"
        assert line(host) == b"! SILENCE\n"
        assert 0.19 < time.monotonic() - begin < 2.0
        host.close()


def test_latency_is_kept() -> None:
    faults = WireFaults(latency_ns=S // 10)
    with running(Rack([(pump(Settings(faults=faults)), opener_of(None, None, 9600))])) as one:
        host = SerialPort(one.paths()[0], 9600)
        begin = time.monotonic()
        assert line(host, b"STATUS").startswith(b"empty")
        assert 0.1 <= time.monotonic() - begin < 2.0
        host.close()


def test_idle_rack_costs_next_to_nothing() -> None:
    with running(rack(5)) as five:
        host = SerialPort(five.paths()[0], 9600)
        line(host, b"RATE 100")
        line(host, b"RUN")
        host.close()
        five.ask(lambda: None)
        before = resource.getrusage(resource.RUSAGE_SELF)
        time.sleep(2.0)
        after = resource.getrusage(resource.RUSAGE_SELF)
        assert (
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.2
        )  # 1 % measured, ten times that allowed


def test_port_that_dies_by_itself_ends_the_loop(tmp_path: Path) -> None:
    terminal = opener_of(None, tmp_path / "far", 9600)()
    one = Rack([(pump(), opener_of(str(tmp_path / "far"), None, 9600))])
    terminal.close()
    with pytest.raises(LinkLost):
        one.run(lambda: False)
    with pytest.raises(LinkLost, match="switched off"):
        one.ask(lambda: None)


def test_rack_that_cannot_open_a_port_leaves_none_open(tmp_path: Path) -> None:
    link = tmp_path / "ttyPUMP"
    with pytest.raises(LinkLost, match="cannot open port /dev/no-such-port"):
        Rack([(pump(), opener_of(None, link, 9600)), (pump(), opener_of("/dev/no-such-port", None, 9600))])
    assert not link.is_symlink()


def test_what_a_thread_asks_is_raised_there() -> None:
    with running(rack()) as one:
        with pytest.raises(ZeroDivisionError):
            one.ask(lambda: 1 // 0)
        assert one.ask(lambda: 5) == 5


@contextmanager
def control(count: int = 1) -> Iterator[tuple[Rack, socket.socket]]:
    """A rack with a control channel, and somebody at it."""
    listener = socket.create_server(("127.0.0.1", 0))
    with (
        running(rack(count, control=listener)) as held,
        socket.create_connection(listener.getsockname(), 5.0) as caller,
    ):
        yield held, caller


def test_requests_are_answered_line_by_line_however_they_are_cut() -> None:
    with control(2) as (_, caller), caller.makefile("rb") as answers:
        requests = b'{"unit": 2, "device": "door open"}\n{"unit": 1, "read": true}\n'
        for i in range(len(requests)):
            caller.sendall(requests[i : i + 1])
        first, second = json.loads(answers.readline()), json.loads(answers.readline())
        assert [alarm["alarm"] for alarm in first["pumps"]["main"]["alarms"]] == ["door-open"]
        assert (second["ok"], second["unit"], second["pumps"]["main"]["alarms"]) == (True, 1, [])
        caller.sendall(b'{"unit": 3, "read": true}\n')
        assert json.loads(answers.readline())["ok"] is False


def test_host_hears_at_once_of_what_was_injected() -> None:
    with control() as (held, caller):
        host = SerialPort(held.paths()[0], 9600)
        caller.sendall(b'{"device": "door open"}\n')
        assert line(host).startswith(b"! door-open")
        host.close()


def test_plug_is_pulled_over_the_control_channel() -> None:
    with control() as (held, caller):
        caller.sendall(b'{"unplug": "30 s"}\n')
        until(lambda: held.ask(held.paths) == ("",))


@pytest.mark.parametrize(
    "nonsense", [b"POST / HTTP/1.1\r\n", b"[1]\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"x" * 200_000]
)
def test_who_sends_what_is_no_request_is_cut_off_and_the_pump_goes_on(nonsense: bytes) -> None:
    with control() as (held, caller):
        try:
            caller.sendall(nonsense)
            assert caller.recv(1) == b""
        except ConnectionError:
            pass
        host = SerialPort(held.paths()[0], 9600)
        assert line(host, b"STATUS").startswith(b"empty")
        host.close()
