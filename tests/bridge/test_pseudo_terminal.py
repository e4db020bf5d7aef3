"""The real transports: pseudo-terminal, pyserial on it, a socat pair, TCP; and what a dying port turns into."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.transports import LinkLost
from firmware_bridge.transports.pseudo_terminal import PseudoTerminal
from firmware_bridge.transports.serial_port import SerialPort

EVERY_BYTE = bytes(range(256))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[PseudoTerminal]:
    terminal = PseudoTerminal(tmp_path / "ttyPUMP")
    yield terminal
    terminal.close()


def read_all(link: PseudoTerminal | SerialPort, count: int, within_s: float = 5.0) -> bytes:
    """Read ``count`` bytes, however they are cut; fewer when the time is over."""
    data, until = b"", time.monotonic() + within_s
    while len(data) < count and time.monotonic() < until:
        data += link.read(0.1)
    return data


def test_every_byte_passes_both_ways_unchanged(terminal: PseudoTerminal) -> None:
    port = SerialPort(terminal.path, 115_200)
    port.write(EVERY_BYTE)
    assert read_all(terminal, 256) == EVERY_BYTE
    terminal.write(EVERY_BYTE)
    assert read_all(port, 256) == EVERY_BYTE
    port.close()


def test_no_echo_before_anyone_has_opened_it(terminal: PseudoTerminal) -> None:
    terminal.write(b"early\r\n\x05")
    assert terminal.read(0.05) == b""


def test_clients_may_come_and_go(terminal: PseudoTerminal) -> None:
    for word in (b"one", b"two", b"three"):
        port = SerialPort(terminal.path, 115_200)
        port.write(word)
        assert read_all(terminal, len(word)) == word
        port.close()
        assert terminal.read(0.0) == b""


def test_read_waits_no_longer_than_asked(terminal: PseudoTerminal) -> None:
    port = SerialPort(terminal.path, 115_200)
    for link in (terminal, port):
        begin = time.monotonic()
        assert link.read(0.05) == b""
        assert 0.04 < time.monotonic() - begin < 2.0
    port.close()


def test_nobody_reading_never_blocks(terminal: PseudoTerminal) -> None:
    begin = time.monotonic()
    for _ in range(200):
        terminal.write(bytes(1000))
    assert time.monotonic() - begin < 5.0
    assert terminal.dropped_bytes > 100_000


def test_port_that_takes_no_more_bytes_is_lost(terminal: PseudoTerminal) -> None:
    port = SerialPort(terminal.path, 115_200)
    with pytest.raises(LinkLost):
        port.write(bytes(1_000_000))
    port.close()


def test_dead_port_is_lost_on_read_and_on_write(terminal: PseudoTerminal) -> None:
    port = SerialPort(terminal.path, 115_200)
    terminal.close()
    with pytest.raises(LinkLost):
        read_all(port, 1, within_s=1.0)
    with pytest.raises(LinkLost):
        port.write(b"x")
    port.close()
    port.close()
    with pytest.raises(LinkLost):
        port.read(0.01)


@pytest.mark.parametrize(
    "resource",
    ["/dev/no-such-port", "nonsense://x", "socket://127.0.0.1:1", "socket://", __file__, ""],
    ids=["missing", "unknown scheme", "refused", "no address", "not a port", "empty"],
)
def test_port_that_cannot_be_opened_is_lost(resource: str) -> None:
    with pytest.raises(LinkLost, match=r"\w"):
        SerialPort(resource, 115_200)


def test_second_host_on_a_port_is_refused(terminal: PseudoTerminal) -> None:
    port = SerialPort(terminal.path, 115_200)
    with pytest.raises(LinkLost, match="lock"):
        SerialPort(terminal.path, 115_200)
    port.close()


def test_link_is_made_and_removed(tmp_path: Path) -> None:
    link = tmp_path / "ttyPUMP"
    terminal = PseudoTerminal(link)
    assert link.resolve() == Path(os.ttyname(terminal._slave))
    terminal.close()
    assert not link.is_symlink()
    terminal.close()


def test_stale_link_is_replaced_and_a_newer_one_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "ttyPUMP"
    link.symlink_to(tmp_path / "gone")
    first, second = PseudoTerminal(link), PseudoTerminal(link)
    first.close()
    assert link.is_symlink()
    second.close()
    assert os.listdir(tmp_path) == []


def test_file_of_that_name_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "ttyPUMP").write_text("precious")
    with pytest.raises(FileExistsError, match="exists and is no link"):
        PseudoTerminal(tmp_path / "ttyPUMP")
    assert (tmp_path / "ttyPUMP").read_text() == "precious"


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        PseudoTerminal(tmp_path / "nowhere" / "ttyPUMP")


@pytest.fixture
def socat_pair(tmp_path: Path) -> Iterator[tuple[str, str]]:
    socat = shutil.which("socat")
    assert socat is not None, "socat is needed for this test (Debian and Ubuntu: apt install socat)"
    ends = tmp_path / "ttyA", tmp_path / "ttyB"
    process = subprocess.Popen([socat, *(f"pty,raw,echo=0,link={end}" for end in ends)])
    until = time.monotonic() + 10.0
    while not all(end.exists() for end in ends) and time.monotonic() < until:
        time.sleep(0.005)
    yield str(ends[0]), str(ends[1])
    process.terminate()
    process.wait(10.0)


def test_every_byte_passes_a_socat_pair(socat_pair: tuple[str, str]) -> None:
    a, b = (SerialPort(end, 115_200) for end in socat_pair)
    a.write(EVERY_BYTE)
    assert read_all(b, 256) == EVERY_BYTE
    b.write(EVERY_BYTE)
    assert read_all(a, 256) == EVERY_BYTE
    a.close()
    b.close()


def test_every_byte_passes_tcp_and_a_closed_peer_is_lost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialPort(f"socket://127.0.0.1:{server.getsockname()[1]}", 115_200)
        peer, _ = server.accept()
        with peer:
            port.write(EVERY_BYTE)
            assert peer.recv(256, socket.MSG_WAITALL) == EVERY_BYTE
            peer.sendall(EVERY_BYTE)
            assert read_all(port, 256) == EVERY_BYTE
        with pytest.raises(LinkLost):
            read_all(port, 1, within_s=2.0)
        port.close()
