"""Hosts for the tests of traffic: what they say to a virtual pump, and where it is written down."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import serial

from firmware_bridge.protocols import alaris_frames, fresenius_link
from firmware_bridge.protocols.zyno import checksum
from firmware_bridge.testing import virtual_pump
from firmware_bridge.traffic.journal import Entry, Header, Piece, WireJournal, WireWriter, read_wire
from firmware_bridge.traffic.languages import language_of
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By

MS = 1_000_000
PATIENCE_S = 10.0
ALARIS_TALK = tuple(
    alaris_frames.frame(*fields)
    for fields in (
        ("INST_SERIALNO",),
        ("REMOTE_CTRL", "ENABLED", "3CC1"),
        ("INF_RATE", "100.0", "ml/h"),
        ("INF_VTBI", "ACTIV", "5.0", "ml", "STOP"),
        ("INF_START",),
        ("INF",),
        ("ALARM",),
        ("INF_VI",),
        ("INF_STOP",),
        ("INF_NONSENSE", "1"),
    )
)
NEW_ERA_TALK = (b"\r", b"DIA26.59\r", b"RAT3MH\r", b"VOL20\r", b"RUN\r", b"DIS\r", b"XYZ\r", b"STP\r", b"VER\r")
ULTRA_TALK = (b"version\r", b"irate 1 ml/min\r", b"irun\r", b"crate\r", b"nonsense\r", b"stop\r")
CLASSIC_TALK = (b"VER\r", b"MMD 14.43\r", b"MLH 10\r", b"RUN\r", b"VOL\r", b"STP\r", b"FOO\r")
FRESENIUS_TALK = tuple(
    fresenius_link.frame(text)
    for text in (
        "0DC",
        "1DC",
        "1LF;b",
        "1MO;2",
        "1EP;MORPHINE",
        "1LP;",
        "1LP",
        "1EN;BED 7",
        "1LN",
        "1PR;0064",
        "1LE;adr",
        "1PO",
    )
)


def zyno_frame(text: bytes, end: bytes = b"") -> bytes:
    """A frame of a host; the pump's end with LF."""
    return b"\x02" + text + checksum(text) + b"\x03" + end


ZYNO_TALK = tuple(map(zyno_frame, (b"*IDN?", b"RN", b"RS", b"RL", b"Q2", b"Q5", b":INFU:RUN?", b"WT01")))
TALKS: dict[str, tuple[bytes, ...]] = {
    "alaris": ALARIS_TALK,
    "new-era": NEW_ERA_TALK,
    "ultra": ULTRA_TALK,
    "elite-11": ULTRA_TALK,
    "harvard-11": CLASSIC_TALK,
    "fresenius": FRESENIUS_TALK,
    "zyno": ZYNO_TALK,
}
"""Some questions in every language that is understood."""


def talk(port: str, said: Sequence[bytes], quiet_s: float = 0.06) -> list[bytes]:
    """Say one thing after the other, each when the pump has been quiet for so long; what came to each."""
    heard: list[bytes] = []
    with serial.serial_for_url(port, 19_200, timeout=quiet_s) as link:
        for number, words in enumerate(said, start=1):
            link.write(words)
            link.timeout = PATIENCE_S
            answer = link.read(1)
            link.timeout = quiet_s
            while more := link.read(200):
                answer += more
            heard.append(answer)
            if answer.startswith(b"\x06\x02") and number < len(said):  # nobody would wait until the last one is heard
                link.write(b"\x06")
    return heard


def recorded(path: Path, protocol: str, said: Sequence[bytes], **settings: object) -> list[bytes]:
    """Talk to a virtual pump that keeps a journal; what it answered."""
    with virtual_pump(protocol=protocol, journal=path, **settings) as pump:  # type: ignore[arg-type]
        return talk(pump.port, said)


def overheard(protocol: str, pieces: Sequence[tuple[int, By, bytes]], hide: bool = True) -> list[Entry]:
    """What a recorder makes of bytes at their instants (ms)."""
    found: list[Entry] = []
    recorder = Recorder(language_of(protocol), found.append, hide)
    for at_ms, by, data in pieces:
        recorder.take(at_ms * MS, by, data)
    recorder.close()
    return found


def heard(entries: Sequence[Entry]) -> list[Piece]:
    return [entry for entry in entries if isinstance(entry, Piece)]


def written(path: Path, header: Header, entries: Sequence[Entry]) -> WireJournal:
    """A journal of these entries."""
    with closing(WireWriter(path, header)) as writer:
        for entry in entries:
            writer.write(entry)
    return read_wire(path)


@contextmanager
def in_a_thread(serve: Callable[[Callable[[], bool]], object]) -> Iterator[None]:
    """Something that serves until it is asked to end, for the while; what it died of is raised."""
    over, died = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            serve(over.is_set)
        except BaseException as error:
            died.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_S)
    if died:
        raise died[0]


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.002)
