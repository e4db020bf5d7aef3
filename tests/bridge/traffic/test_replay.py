"""A pump that is only a journal: the host's frames are found in it and answered as late as then; or not, and it is told."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import serial

from firmware_bridge.protocols.alaris_frames import crc, frame
from firmware_bridge.protocols.fresenius_link import frame as orchestra
from firmware_bridge.traffic.journal import Header, Piece, WireJournal, read_wire, text_of
from firmware_bridge.traffic.ports import Ports, port_of
from firmware_bridge.traffic.replay import Player, serve
from firmware_bridge.virtual_pump.unit import By
from tests.bridge.traffic.talk import MS, PATIENCE_S, TALKS, recorded, talk, written

HOST, PUMP = By.HOST, By.PUMP
A, B, C = b"A\r", b"B\r", b"C\r"


def journal_of(
    path: Path, pieces: Sequence[tuple[int, By, bytes]], protocol: str = "new-era", redacted: str = ""
) -> WireJournal:
    """A journal of pieces at their instants (ms)."""
    header = Header(protocol=protocol, redacted=redacted)
    return written(path, header, [Piece(at_ns=at * MS, by=by, bytes=text_of(data)) for at, by, data in pieces])


def said(player: Player, host: Sequence[tuple[int, bytes]], until_ms: int = 10_000) -> list[tuple[int, bytes]]:
    """Say things at their instants (ms), and call the player whenever it wants; what it said, and when."""
    found: list[tuple[int, bytes]] = []

    def step(now_ns: int, data: bytes = b"") -> None:
        if out := player.step(now_ns, data):
            found.append((round(now_ns / MS), out))

    for at_ms, data in [*host, (until_ms, b"")]:
        while (wake_ns := player.wake_ns) is not None and wake_ns < at_ms * MS:
            step(wake_ns)
        step(at_ms * MS, data)
    return found


RECORDED = [
    (100, HOST, A),
    (130, PUMP, b"\x0200S1\x03"),
    (200, HOST, B),
    (205, PUMP, b"\x0200S2\x03"),
    (700, PUMP, b"\x0200S3\x03"),
    (800, HOST, A),
    (801, PUMP, b"\x0200S4\x03"),
    (900, HOST, C),
]


@pytest.mark.parametrize(
    ("host", "answers", "told"),
    [
        ([(5, A)], [(35, b"\x0200S1\x03")], []),
        ([(5, A), (6, B)], [(11, b"\x0200S2\x03"), (35, b"\x0200S1\x03"), (506, b"\x0200S3\x03")], []),
        ([(5, A + B)], [(10, b"\x0200S2\x03"), (35, b"\x0200S1\x03"), (505, b"\x0200S3\x03")], []),
        (
            [(5, B), (1_000, A)],
            [(10, b"\x0200S2\x03"), (505, b"\x0200S3\x03"), (1_001, b"\x0200S4\x03")],
            ["1 of the host's"],
        ),
        ([(5, A), (50, A)], [(35, b"\x0200S1\x03"), (51, b"\x0200S4\x03")], ["1 of the host's frames passed over"]),
        (
            [(5, b"X\r"), (6, A)],
            [(36, b"\x0200S1\x03")],
            ['0.005 s > "X" 0D (pump 0: X) is not in the journal: no answer'],
        ),
        (
            [(5, A), (50, A), (60, B)],
            [(35, b"\x0200S1\x03"), (51, b"\x0200S4\x03")],
            ["passed over", "is not said any more"],
        ),
        ([(5, b"A"), (9, b"\r")], [(39, b"\x0200S1\x03")], []),
        ([(5, C)], [], ["3 of the host's frames passed over", "the journal is at its end"]),
    ],
)
def test_what_is_answered_when(
    host: list[tuple[int, bytes]], answers: list[tuple[int, bytes]], told: list[str], tmp_path: Path
) -> None:
    lines: list[str] = []
    player = Player(journal_of(tmp_path / "a.jsonl", RECORDED), lines.append)
    assert said(player, host) == answers
    assert len(lines) == len(told)
    for line, words in zip(lines, told, strict=True):
        assert words in line


def test_what_the_pump_said_before_the_host_spoke_is_said_at_its_instant(tmp_path: Path) -> None:
    pieces = [(50, PUMP, b"\x0200A?R\x03"), *RECORDED]
    assert said(Player(journal_of(tmp_path / "a.jsonl", pieces), print), [])[0] == (50, b"\x0200A?R\x03")


def test_signs_and_frames_that_come_in_one_go_are_found_apart(tmp_path: Path) -> None:
    pieces = [
        (0, HOST, orchestra("0DC")),
        (0, PUMP, b"\x06"),
        (0, PUMP, orchestra("0C")),
        (5, HOST, b"\x06"),
        (5, HOST, orchestra("1DC")),
        (7, PUMP, b"\x06" + orchestra("1C")),
    ]
    player = Player(journal_of(tmp_path / "a.jsonl", pieces, "fresenius"), print)
    host = [(0, orchestra("0DC")), (3, b"\x06" + orchestra("1DC"))]
    assert said(player, host) == [(0, b"\x06" + orchestra("0C")), (5, b"\x06" + orchestra("1C"))]


def test_runs_of_bytes_are_answered_as_soon_as_they_are_the_next_ones(tmp_path: Path) -> None:
    pieces = [(0, HOST, b"abc"), (10, PUMP, b"x"), (20, HOST, b"def"), (30, PUMP, b"y")]
    player = Player(journal_of(tmp_path / "a.jsonl", pieces, ""), print)
    assert said(player, [(0, b"ab"), (4, b"c"), (100, b"def")]) == [(14, b"x"), (110, b"y")]


def test_a_host_that_knows_the_redacted_serial_number_is_let_in(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorded(path, "alaris", TALKS["alaris"])
    player = Player(read_wire(path), print)
    ((_, serial_number),) = said(player, [(0, frame("INST_SERIALNO"))], 1_000)
    assert serial_number == frame("INST_SERIALNO", "0000-00000")
    host = [(2_000, frame("REMOTE_CTRL", "ENABLED", crc("0000-00000")))]
    assert said(player, host)[0][1] == frame("REMOTE_CTRL", "ENABLED", "****", "PERMIT", "0", "ms")


def test_names_that_a_host_really_sends_are_found_in_a_redacted_journal(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorded(path, "fresenius", TALKS["fresenius"])
    told: list[str] = []
    player = Player(read_wire(path), told.append)
    said(player, [(600 * n, data) for n, data in enumerate(TALKS["fresenius"])])
    assert player.unknown == 0
    assert player.answered == len(TALKS["fresenius"])


@contextmanager
def replaying(journal: WireJournal, told: list[str]) -> Iterator[str]:
    """A player on a pseudo-terminal, in a thread, for the while."""
    over = threading.Event()
    with closing(port_of("pty", 19_200)) as plug, Ports({HOST: plug}) as ports:
        thread = threading.Thread(target=lambda: serve(Player(journal, told.append), ports, over.is_set))
        thread.start()
        try:
            yield plug.path
        finally:
            over.set()
            thread.join(PATIENCE_S)


@pytest.mark.parametrize("protocol", TALKS)
def test_a_real_client_hears_what_was_recorded(protocol: str, tmp_path: Path) -> None:
    path, told = tmp_path / "a.jsonl", list[str]()
    heard = recorded(path, protocol, TALKS[protocol], keep_identifiers=True)
    with replaying(read_wire(path), told) as port:
        again = talk(port, TALKS[protocol])
    assert again == heard
    assert not [line for line in told if "no answer" in line]


def test_a_real_client_waits_as_long_as_then(tmp_path: Path) -> None:
    pieces = [(0, HOST, b"VER\r"), (250, PUMP, b"\x0200SNE1000V3.928\x03")]
    with (
        replaying(journal_of(tmp_path / "a.jsonl", pieces), []) as path,
        serial.Serial(path, timeout=PATIENCE_S) as port,
    ):
        begin_s = time.monotonic()
        port.write(b"VER\r")
        assert port.read_until(b"\x03") == b"\x0200SNE1000V3.928\x03"
        assert time.monotonic() - begin_s >= 0.25
