"""TCP as a pump's plug: one host at a time, bytes as they come, loopback only, and nothing ever waits."""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from firmware_bridge.transports import LinkLost
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.transports.tcp import TcpPort, loopback_address
from pumpsim.errors import PumpsimError

EVERY_BYTE = bytes(range(256))


@pytest.fixture
def port() -> Iterator[TcpPort]:
    port = TcpPort("127.0.0.1", 0)
    yield port
    port.close()
    port.close()


def connect(port: TcpPort) -> socket.socket:
    host = socket.create_connection(port.address, 5.0)
    port.take()
    return host


def taken(port: TcpPort, enough: Callable[[bytes], bool]) -> bytes:
    """All that comes until it is enough, waited for as a loop waits."""
    data, until = b"", time.monotonic() + 5.0
    while not enough(data) and time.monotonic() < until:
        select.select(port.descriptors(), [], [], 0.1)
        data += port.take()
    return data


def test_every_byte_passes_both_ways_unchanged(port: TcpPort) -> None:
    with connect(port) as host:
        host.sendall(EVERY_BYTE)
        assert taken(port, lambda data: len(data) == 256) == EVERY_BYTE
        port.give(EVERY_BYTE)
        assert host.recv(256, socket.MSG_WAITALL) == EVERY_BYTE


def test_pyserial_opens_the_path(port: TcpPort) -> None:
    host = SerialPort(port.path, 9600)
    host.write(b"hello")
    assert taken(port, lambda data: len(data) == 5) == b"hello"
    host.close()


def test_reading_waits_for_bytes_and_not_longer(port: TcpPort) -> None:
    assert port.read(0.0) == b""
    with socket.create_connection(port.address, 5.0) as host:
        threading.Timer(0.05, lambda: host.sendall(b"late")).start()
        heard = b""
        while not heard:
            heard = port.read(5.0)
        assert heard == b"late"
        port.write(b"answer")
        assert host.recv(10) == b"answer"


def test_second_host_is_refused_as_long_as_the_first_is_there(port: TcpPort) -> None:
    with connect(port) as first:
        second = connect(port)
        with second, pytest.raises(ConnectionResetError):
            second.recv(1)
        assert port.refused == 1
        first.sendall(b"still here")
        assert taken(port, lambda data: len(data) == 10) == b"still here"
    assert taken(port, lambda _: len(port.descriptors()) == 1) == b""
    with connect(port) as third:
        third.sendall(b"next")
        assert taken(port, lambda data: len(data) == 4) == b"next"


def test_nobody_reading_never_blocks(port: TcpPort) -> None:
    with connect(port):
        begin = time.monotonic()
        for _ in range(2000):
            port.give(bytes(10_000))
        assert time.monotonic() - begin < 5.0
        assert port.dropped_bytes > 1_000_000


def test_without_a_host_all_is_dropped(port: TcpPort) -> None:
    port.give(b"into the air")
    assert port.dropped_bytes == 12
    assert port.take() == b""


def test_host_that_is_gone_in_the_middle_of_a_reply_is_let_go(port: TcpPort) -> None:
    connect(port).close()
    until = time.monotonic() + 5.0
    while len(port.descriptors()) == 2 and time.monotonic() < until:
        port.give(b"x" * 1000)
    assert len(port.descriptors()) == 1


def test_closed_port_resets_its_host(port: TcpPort) -> None:
    with connect(port) as host:
        port.close()
        with pytest.raises(ConnectionResetError):
            host.recv(1)


def test_address_that_is_taken_is_said(port: TcpPort) -> None:
    with pytest.raises(LinkLost, match=r"cannot listen on 127\.0\.0\.1"):
        TcpPort(*port.address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://127.0.0.1:5025", ("127.0.0.1", 5025)),
        ("tcp://localhost:0", ("127.0.0.1", 0)),
        ("tcp://[::1]:5025", ("::1", 5025)),
        ("127.8.8.8:65535", ("127.8.8.8", 65535)),
        ("7001", ("127.0.0.1", 7001)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert loopback_address(text) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tcp://0.0.0.0:5025", "loopback only"),
        ("tcp://192.168.1.2:5025", "loopback only"),
        ("tcp://example.org:5025", "loopback only"),
        ("tcp://127.0.0.1", "a port is wanted"),
        ("tcp://127.0.0.1:65536", "a port is wanted"),
        ("tcp://127.0.0.1:-1", "a port is wanted"),
        ("", "a port is wanted"),
        ("soon", "a port is wanted"),
    ],
)
def test_other_computers_are_refused(text: str, said: str) -> None:
    with pytest.raises(PumpsimError, match=said):
        loopback_address(text)


def test_a_host_is_let_in_only_after_it_was_seen_that_the_one_before_has_left(port: TcpPort) -> None:
    """It gets the same descriptor: whoever waits on descriptors has to see it gone in between."""
    first = connect(port)
    listening, connected = port.descriptors()
    first.close()
    with socket.create_connection(port.address, 5.0) as second:
        select.select([connected], [], [], 5.0)
        assert port.take() == b""
        assert port.descriptors() == (listening,)
        second.sendall(b"hello")
        assert taken(port, lambda data: len(data) == 5) == b"hello"
        assert port.descriptors() == (listening, connected)
