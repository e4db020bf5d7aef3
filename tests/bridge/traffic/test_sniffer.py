"""Between a host and its pump: every byte passes unchanged, both ways, into a journal that is whole whatever ends it."""

import os
import random
import select
import socket
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial

from firmware_bridge.testing import virtual_pump
from firmware_bridge.traffic.journal import Header, WireJournal, WireWriter, read_wire
from firmware_bridge.traffic.languages import language_of
from firmware_bridge.traffic.ports import Ports, SideLost, port_of
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.traffic.sniffer import sniff
from firmware_bridge.transports import LinkLost
from firmware_bridge.virtual_pump.unit import By
from pumpsim.errors import JournalError, PumpsimError
from tests.bridge.traffic.talk import NEW_ERA_TALK, PATIENCE_S, talk, wait_until


@dataclass
class Sniffed:
    """A sniffer that runs: where the host plugs in, its file, and how it ended."""

    port: str
    file: Path
    ports: Ports
    lost: SideLost | None = None

    @property
    def journal(self) -> WireJournal:
        return read_wire(self.file)

    def said(self, by: By) -> bytes:
        return b"".join(piece.data for piece in self.journal.pieces if piece.by is by)


@contextmanager
def sniffing(pump: str, file: Path, protocol: str = "", host: str = "pty", hide: bool = False) -> Iterator[Sniffed]:
    """Sniff in a thread, for the while."""
    language, over = language_of(protocol), threading.Event()
    header = Header(protocol=protocol, redacted=language.redacts if hide else "")
    with closing(WireWriter(file, header)) as writer, closing(port_of(pump, 19_200)) as far:
        near = port_of(host, 19_200)
        with Ports({By.HOST: near, By.PUMP: far}) as ports:
            sniffed = Sniffed(near.path, file, ports)

            def serve() -> None:
                sniffed.lost = sniff(ports, Recorder(language, writer.write, hide), over.is_set, lambda: None)

            thread = threading.Thread(target=serve)
            thread.start()
            try:
                yield sniffed
            finally:
                over.set()
                thread.join(PATIENCE_S)


@contextmanager
def raw_device() -> Iterator[tuple[int, str]]:
    """A device that is a file descriptor of the test, and the port that it stands on."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    path = os.ttyname(theirs)
    os.close(theirs)
    try:
        yield ours, path
    finally:
        os.close(ours)


def read_all(descriptor: int, count: int) -> bytes:
    data, until = b"", time.monotonic() + PATIENCE_S
    while len(data) < count and time.monotonic() < until:
        if select.select([descriptor], [], [], 0.1)[0]:
            data += os.read(descriptor, 65_536)
    return data


def test_a_host_hears_what_the_pump_says_and_the_journal_has_it(tmp_path: Path) -> None:
    with (
        virtual_pump(protocol="new-era", journal=tmp_path / "own.jsonl") as pump,
        sniffing(pump.port, tmp_path / "a.jsonl", "new-era") as sniffed,
    ):
        heard = talk(sniffed.port, NEW_ERA_TALK)
    assert heard[0] == b"\x0200A?R\x03"
    assert all(heard)
    pieces = [(piece.by, piece.data) for piece in sniffed.journal.pieces]
    assert [data for by, data in pieces if by is By.HOST] == list(NEW_ERA_TALK)
    assert [data for by, data in pieces if by is By.PUMP] == heard
    assert pieces == [(piece.by, piece.data) for piece in read_wire(tmp_path / "own.jsonl").pieces]
    assert sniffed.lost is None


def test_any_bytes_pass_unchanged_both_ways_at_once(tmp_path: Path) -> None:
    chance = random.Random(3)
    down, up = chance.randbytes(60_000), chance.randbytes(60_000)
    with raw_device() as (device, path), sniffing(path, tmp_path / "a.jsonl") as sniffed:
        with serial.Serial(sniffed.port, 19_200, timeout=0.0) as host:
            got_down = got_up = b""
            until, at = time.monotonic() + 3 * PATIENCE_S, 0
            while (len(got_down), len(got_up)) != (len(down), len(up)) and time.monotonic() < until:
                if at < len(down) and len(got_up) >= at - 4_000 and len(got_down) >= at - 4_000:
                    host.write(down[at : at + 1_000])
                    os.write(device, up[at : at + 1_000])
                    at += 1_000
                got_up += host.read(4_096)
                if select.select([device], [], [], 0.001)[0]:
                    got_down += os.read(device, 4_096)
        assert (got_down, got_up) == (down, up)
        wait_until(lambda: len(sniffed.said(By.HOST)) == len(down) and len(sniffed.said(By.PUMP)) == len(up))
    assert (sniffed.said(By.HOST), sniffed.said(By.PUMP)) == (down, up)
    assert not sniffed.journal.happenings


def test_what_nobody_takes_is_kept_for_a_while_then_dropped_and_told(tmp_path: Path) -> None:
    with raw_device() as (device, path), sniffing(path, tmp_path / "a.jsonl", host="tcp://127.0.0.1:0") as sniffed:
        os.write(device, b"x" * 1_000)
        wait_until(lambda: bool(sniffed.ports.dropped[By.HOST]))
        wait_until(lambda: bool(sniffed.journal.happenings))
        with serial.serial_for_url(sniffed.port, timeout=PATIENCE_S) as host:
            host.write(b"?")
            assert read_all(device, 1) == b"?"
            os.write(device, b"fresh")
            assert host.read(5) == b"fresh"
    (happening,) = sniffed.journal.happenings
    assert happening.happened == "1000 bytes that the host did not take"


def test_a_host_on_tcp_may_come_again(tmp_path: Path) -> None:
    with (
        virtual_pump(protocol="new-era", port="tcp://127.0.0.1:0") as pump,
        sniffing(pump.port, tmp_path / "a.jsonl", "new-era", host="tcp://127.0.0.1:0") as sniffed,
    ):
        assert sniffed.port.startswith("socket://127.0.0.1:")
        for question in (b"\r", b"VER\r"):
            with socket.create_connection(("127.0.0.1", int(sniffed.port.rpartition(":")[2])), PATIENCE_S) as host:
                host.sendall(question)
                assert host.recv(1) == b"\x02"
    assert [piece.data for piece in sniffed.journal.pieces if piece.by is By.HOST] == [b"\r", b"VER\r"]


def test_when_the_pump_is_lost_it_ends_and_the_journal_is_whole(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    with sniffing(os.ttyname(theirs), tmp_path / "a.jsonl", "new-era") as sniffed:
        os.close(theirs)
        os.write(ours, b"\x0200S\x03\x0200")
        wait_until(lambda: bool(sniffed.journal.pieces))
        os.close(ours)
        wait_until(lambda: sniffed.lost is not None)
    assert sniffed.lost is not None
    assert sniffed.lost.by is By.PUMP
    assert [(piece.data, piece.fault) for piece in sniffed.journal.pieces] == [
        (b"\x0200S\x03", ""),
        (b"\x0200", "no whole packet"),
    ]
    (happening,) = sniffed.journal.happenings
    assert happening.happened.startswith("the port of the pump is gone: ")


def test_identifiers_pass_but_are_not_kept(tmp_path: Path) -> None:
    with (
        virtual_pump(protocol="alaris") as pump,
        sniffing(pump.port, tmp_path / "a.jsonl", "alaris", hide=True) as sniffed,
    ):
        assert talk(sniffed.port, [b"!INST_SERIALNO|457D\r"]) == [b"!INST_SERIALNO^8002-51740|050B\r"]
    assert b"8002" not in (tmp_path / "a.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("place", "framing", "said"),
    [
        ("/dev/no-such-port", "8N1", r"cannot open port /dev/no-such-port: .*\(pty:/dev/no-such-port makes a new"),
        ("tcp://10.0.0.1:5", "8N1", "loopback only"),
        ("pty", "9X1", "framing '9X1': bits, parity and stop bits are wanted"),
        ("pty:FILE", "8N1", "exists and is no link"),
    ],
)
def test_ports_that_cannot_be(place: str, framing: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises((PumpsimError, LinkLost, OSError), match=said):
        port_of(place.replace("FILE", str(tmp_path / "file")), 9_600, framing)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_pseudo_terminal_with_a_name_is_made_and_taken_away(tmp_path: Path) -> None:
    made = port_of(f"pty:{tmp_path / 'ttyHOST'}", 9_600)
    assert made.path == str(tmp_path / "ttyHOST")
    assert (tmp_path / "ttyHOST").is_symlink()
    made.close()
    assert not (tmp_path / "ttyHOST").is_symlink()


def test_a_pump_whose_journal_exists_is_not_switched_on(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("mine")
    with pytest.raises(JournalError, match="exists"), virtual_pump(protocol="new-era", journal=tmp_path / "a.jsonl"):
        raise AssertionError("it was switched on")
    assert (tmp_path / "a.jsonl").read_text() == "mine"


def test_a_port_with_seven_bits_and_parity() -> None:
    with raw_device() as (device, path), closing(port_of(path, 19_200, "7E1")) as port:
        port.give(b"abc")
        assert read_all(device, 3) == b"abc"
