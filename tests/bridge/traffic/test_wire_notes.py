"""What a virtual pump's wire does wrong is told to whoever listens: which fault, when, to which frame."""

import pytest

from firmware_bridge.setting_up import dialect_of, unit_of
from firmware_bridge.traffic.journal import Entry, Happening, Piece
from firmware_bridge.traffic.languages import language_of
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By, Settings, Unit
from firmware_bridge.virtual_pump.wire import SHARES, Wire, WireFaults

MS = 1_000_000
FRAME, OTHER = b"\x0200S\x03", b"\x0200I\x03"


@pytest.mark.parametrize("word", SHARES)
def test_every_share_is_told_with_the_frame_as_it_was_meant(word: str) -> None:
    noted: list[tuple[int, str, bytes]] = []
    wire = Wire(WireFaults(**{word: 1.0}))
    wire.note = lambda at_ns, what, frame: noted.append((at_ns, what, frame))
    wire.send(5 * MS, [FRAME, OTHER])
    first, second = (5 * MS, word, FRAME), (5 * MS, word, OTHER)
    once = {"glue": [first], "reorder": [second]}  # the second comes with the first; the first has none to go after
    assert noted == once.get(word, [first, second])


def test_a_frame_that_several_faults_happen_to_is_told_as_it_was_meant_each_time() -> None:
    noted: list[tuple[int, str, bytes]] = []
    wire = Wire(WireFaults(corrupt=1.0, duplicate=1.0, delay=1.0))
    wire.note = lambda at_ns, what, frame: noted.append((at_ns, what, frame))
    wire.send(1, [FRAME])
    assert noted == [(1, "corrupt", FRAME), (1, "delay", FRAME), (1, "duplicate", FRAME)]


@pytest.mark.parametrize(
    ("faults", "noted"),
    [
        (WireFaults(silent=True), [(1, "silent", b""), (2, "silent", FRAME)]),
        (WireFaults(lose_first=True), [(1, "lose-first", b"")]),
        (WireFaults(), []),
    ],
)
def test_silence_and_what_is_lost_at_first(faults: WireFaults, noted: list[tuple[int, str, bytes]]) -> None:
    found: list[tuple[int, str, bytes]] = []
    wire = Wire(faults)
    wire.note = lambda at_ns, what, frame: found.append((at_ns, what, frame))
    wire.hear(1, b"x")
    wire.send(2, [FRAME])
    assert found == noted


def listened() -> tuple[Unit, list[Entry]]:
    unit = unit_of(dialect_of("new-era"), settings=Settings(speed=7.0))
    found: list[Entry] = []
    unit.listen(Recorder(language_of("new-era"), found.append))
    return unit, found


def test_what_is_told_to_a_unit_is_noted_on_link_time_in_its_words() -> None:
    unit, found = listened()
    unit.step(3 * MS)
    unit.tell({"occlude": "patient end", "for": "3 s"})
    unit.step(9 * MS)
    unit.end({"occlude": "patient end", "for": "3 s"})
    assert found == [
        Happening(at_ns=3 * MS, happened="told", told={"occlude": "patient end", "for": "3 s"}),
        Happening(at_ns=9 * MS, happened="told", told={"occlude": "patient end", "for": "3 s"}, ended=True),
    ]


def test_both_sides_are_heard_and_the_unit_keeps_its_own_record() -> None:
    unit, found = listened()
    unit.step(3 * MS, b"VER\r")
    assert [(piece.by, piece.data) for piece in found if isinstance(piece, Piece)] == [
        (By.HOST, b"VER\r"),
        (By.PUMP, b"\x0200A?R\x03"),
    ]
    assert [(sent.by, sent.data) for sent in unit.frames] == [(By.HOST, b"VER\r"), (By.PUMP, b"\x0200A?R\x03")]
