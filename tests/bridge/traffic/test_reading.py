"""Bytes into frames and meanings: every protocol, however the bytes are cut; and what identifies somebody is gone from them."""

import random
import re
from collections.abc import Sequence

import pytest

from firmware_bridge.framing import encode_frame
from firmware_bridge.protocols.alaris_frames import crc, frame
from firmware_bridge.protocols.fresenius_link import frame as orchestra
from firmware_bridge.protocols.native import Heartbeat, Report, encode
from firmware_bridge.traffic.journal import Entry, Piece
from firmware_bridge.traffic.languages import LANGUAGES, language_of
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By
from pumpsim.errors import UnknownNameError
from tests.bridge.traffic.talk import heard, overheard, zyno_frame

HOST, PUMP = By.HOST, By.PUMP
STATUS_TEXT = "INF^8002-51733^A^HLD^0.00^ml/h^MORPHINE^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725"
STATUS = f"!{STATUS_TEXT}|{crc(STATUS_TEXT)}\r".encode("ascii")

READ: list[tuple[str, By, bytes, str, str | None, str]] = [
    ("alaris", HOST, frame("INF"), "status?", None, ""),
    ("alaris", HOST, frame("INF_START"), "start", None, ""),
    ("alaris", HOST, frame("INF_RATE", "12.5", "ml/h"), "rate: 12.5 ml/h", None, ""),
    (
        "alaris",
        PUMP,
        STATUS,
        "status: holding, alarm, 0.00 ml/h, 0.969 ml infused, 530.15 mmHg, 00:04:09 left",
        "alarm",
        "",
    ),
    ("alaris", PUMP, frame("ALARM", "AL_OCCLU", " ", " "), "alarm: occlusion", "occlusion", ""),
    ("alaris", PUMP, frame("ALARM", "AL_NOALM", " ", " "), "alarm: none", "", ""),
    ("alaris", PUMP, frame("INF_RATE"), "rate: refused", None, ""),
    ("alaris", PUMP, b"!INF_VI^0.007^ml|1348\r", "", None, "the check is wrong"),
    ("new-era", HOST, b"\r", "pump 0: status?", None, ""),
    ("new-era", HOST, b"07RAT300MH\r", "pump 7: rate 300 mL/h", None, ""),
    ("new-era", HOST, b"\x02\x090SAF0\x59\xad\x03", "pump 0: Safe mode 0", None, ""),
    ("new-era", HOST, b"\x02\x090SAF0\x59\xae\x03", "pump 0: Safe mode 0", None, "the check is wrong"),
    ("new-era", PUMP, b"\x0200S\x03", "pump 0: stopped", "", ""),
    ("new-era", PUMP, b"\x0200A?S\x03", "pump 0: alarm: motor stalled", "motor stalled", ""),
    ("new-era", PUMP, b"\x0200I?OOR\x03", "pump 0: infusing: out of range", "", ""),
    ("new-era", PUMP, b"\x0200PI0.001W0.000ML\x03", "pump 0: paused: 0.001 infused, 0.000 withdrawn (mL)", "", ""),
    ("new-era", PUMP, b"\x02\x0700P\x9a\xc5\x03", "pump 0: paused", "", ""),
    ("fresenius", HOST, b"\x06", "acknowledged", None, ""),
    ("fresenius", PUMP, b"\x05", "are you there?", None, ""),
    ("fresenius", HOST, b"\x14", "here", None, ""),
    ("fresenius", PUMP, b"\x152", "not acknowledged: check", None, "not acknowledged: check"),
    ("fresenius", HOST, b"\x020DC48\x03", "base: open the session", None, ""),
    ("fresenius", HOST, orchestra("1PR;007B"), "module 1: rate 12.3 mL/h", None, ""),
    ("fresenius", PUMP, b"\x021I;02E8\x03", "module 1: refused: mode", None, ""),
    ("fresenius", PUMP, orchestra("2E;r000001"), "module 2: infused 0.001 mL", None, ""),
    ("fresenius", PUMP, orchestra("2E;a05;d0032"), "module 2: alarm 05, rate 5 mL/h", "alarm 05", ""),
    ("fresenius", PUMP, orchestra("2E;a00"), "module 2: no alarm", "", ""),
    ("fresenius", PUMP, b"\x021I;02E9\x03", "", None, "the check is wrong"),
    ("ultra", HOST, b"irate 1 ml/min\r", "irate 1 ml/min", None, ""),
    ("ultra", PUMP, b"\n1.0 ml/min\r\n>", "1.0 ml/min, infusing", "", ""),
    ("ultra", PUMP, b"\n01:Target reached\r\n01T*", "01:Target reached, target reached", "", ""),
    ("ultra", PUMP, b"\n*", "stalled", "stalled", ""),
    ("harvard-11", PUMP, b"\r\n 14.430 \r\n:", "14.430, idle", "", ""),
    ("zyno", HOST, zyno_frame(b"Q5"), "volume infused?", None, ""),
    ("zyno", PUMP, zyno_frame(b"Q501F4", b"\n"), "volume infused: 5 mL", None, ""),
    ("zyno", PUMP, b"\x02Q501F400\x03\n", "", None, "the check is wrong"),
    ("native", HOST, encode_frame(encode(7, Report(500))), "Report 7: period_ms 500", None, ""),
    ("native", HOST, encode_frame(encode(8, Heartbeat())), "Heartbeat 8", None, ""),
    ("native", PUMP, encode_frame(b"\x7f\x01\x00"), "code 7F", None, "no message: unknown_code"),
    ("native", PUMP, b"\xa5\x5a\x03\x80\x01\x00\x00\x00", "", None, "the check is wrong"),
]


@pytest.mark.parametrize(("protocol", "by", "data", "says", "alarm", "fault"), READ)
def test_what_a_frame_means(protocol: str, by: By, data: bytes, says: str, alarm: str | None, fault: str) -> None:
    (piece,) = heard(overheard(protocol, [(0, by, data)], hide=False))
    assert (piece.data, piece.says, piece.alarm, piece.fault) == (data, says, alarm, fault)


@pytest.mark.parametrize("protocol", LANGUAGES)
@pytest.mark.parametrize("seed", range(5))
def test_frames_are_the_same_however_their_bytes_are_cut(protocol: str, seed: int) -> None:
    chance = random.Random(seed)
    found = [(by, data) for name, by, data, _, _, _ in READ if name == protocol]
    found += [(by, data) for by, data in found if chance.random() < 0.5]
    chance.shuffle(found)
    whole = heard(overheard(protocol, [(200 * n, by, data) for n, (by, data) in enumerate(found)], hide=False))
    cut: list[tuple[int, By, bytes]] = []
    for n, (by, data) in enumerate(found):
        at = sorted(chance.sample(range(1, len(data)), min(len(data) - 1, chance.randrange(4))))
        parts = [data[i:j] for i, j in zip([0, *at], [*at, len(data)], strict=True)]
        cut += [(200 * n + 10 * m, by, part) for m, part in enumerate(parts)]
    pieces = heard(overheard(protocol, cut, hide=False))
    assert [(p.by, p.data, p.says, p.fault, p.at_ns) for p in pieces] == [
        (p.by, p.data, p.says, p.fault, p.at_ns) for p in whole
    ]
    last = {at // 200: at for at, _, _ in cut}
    assert [piece.end_ns for piece in pieces if not piece.fault] == [
        1_000_000 * last[piece.at_ns // 200_000_000] for piece in pieces if not piece.fault
    ]


@pytest.mark.parametrize("protocol", ["", *LANGUAGES])
def test_whatever_comes_is_redacted_to_the_same_length_and_reading_it_again_changes_nothing(protocol: str) -> None:
    chance = random.Random(8)
    known = [data for name, _, data, _, _, _ in READ if name == protocol] or [b"abc"]
    sent: list[tuple[int, By, bytes]] = []
    for n in range(400):
        data = bytearray(chance.choice(known))
        if chance.random() < 0.5:
            data[chance.randrange(len(data))] = chance.randrange(256)
        sent.append((600 * n, chance.choice((HOST, PUMP)), bytes(data)))
    hidden, open_ = heard(overheard(protocol, sent)), heard(overheard(protocol, sent, hide=False))
    assert [(p.at_ns, p.by, len(p.data), p.fault) for p in hidden] == [
        (p.at_ns, p.by, len(p.data), p.fault) for p in open_
    ]
    again = heard(overheard(protocol, [(p.at_ns // 10**6, p.by, p.data) for p in hidden]))
    assert [_what(piece) for piece in again] == [_what(piece) for piece in hidden]


@pytest.mark.parametrize("protocol", ["", *LANGUAGES])
def test_no_byte_is_lost_or_made_up_whatever_comes(protocol: str) -> None:
    chance = random.Random(7)
    alphabet = b"\x02\x03\x05\x06\x14\x15\r\n!|^:>*T0123ABC" + bytes(range(256))
    sent: list[tuple[int, By, bytes]] = []
    at = 0
    for _ in range(800):
        at += chance.choice((0, 1, 30, 700))
        data = bytes(chance.choices(alphabet, k=chance.randrange(1, 30)))
        sent.append((at, chance.choice((HOST, PUMP)), data))
    pieces = heard(overheard(protocol, sent, hide=False))
    for by in By:
        assert b"".join(piece.data for piece in pieces if piece.by is by) == b"".join(d for _, b, d in sent if b is by)


def test_glued_frames_come_apart_and_noise_between_them_is_a_piece_of_its_own() -> None:
    pieces = heard(overheard("alaris", [(0, PUMP, b"x" + frame("INF_START") + b"yz" + frame("INF_STOP"))], hide=False))
    assert [(piece.data, piece.fault) for piece in pieces] == [
        (b"x", "no whole message"),
        (frame("INF_START"), ""),
        (b"yz", "no whole message"),
        (frame("INF_STOP"), ""),
    ]


def test_a_frame_that_is_never_finished_is_told_after_a_pause() -> None:
    pieces = heard(overheard("alaris", [(0, PUMP, b"!INF_ST"), (600, PUMP, frame("INF_STOP"))], hide=False))
    assert [(piece.data, piece.fault) for piece in pieces] == [
        (b"!INF_ST", "no whole message"),
        (frame("INF_STOP"), ""),
    ]


def test_without_a_protocol_runs_end_with_a_pause_or_when_the_other_speaks() -> None:
    sent = [
        (0, HOST, b"ab"),
        (10, HOST, b"cd"),
        (20, PUMP, b"ef"),
        (30, HOST, b"gh"),
        (79, HOST, b"ij"),
        (129, HOST, b"k"),
    ]
    pieces = heard(overheard("", sent, hide=False))
    assert [(piece.at_ns // 10**6, piece.took_ns // 10**6, piece.data) for piece in pieces] == [
        (0, 10, b"abcd"),
        (20, 0, b"ef"),
        (30, 49, b"ghij"),
        (129, 0, b"k"),
    ]


def test_what_a_zyno_host_ends_with_belongs_to_its_frame_and_is_not_waited_for() -> None:
    question = zyno_frame(b"Q5", b"\n")
    pieces = heard(overheard("zyno", [(0, HOST, question), (1, HOST, question[:-1]), (2, HOST, b"\n")]))
    assert [(piece.data, piece.fault) for piece in pieces] == [(question, ""), (question[:-1], ""), (b"\n", "")]


def test_a_protocol_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'alaris'"):
        language_of("alari")


# Redaction

SECRETS = re.compile(rb"8002|51740|51733|MORPHINE|BED 7|SMITH|D100001|SN800008|ICU")
HIDDEN: list[tuple[str, Sequence[tuple[By, bytes]], Sequence[str]]] = [
    (
        "alaris",
        [(PUMP, frame("INST_SERIALNO", "8002-51740")), (HOST, frame("REMOTE_CTRL", "ENABLED", "3CC1")), (PUMP, STATUS)],
        ["serial number: 0000-00000", f"remote control: ENABLED {crc('0000-00000')}", "status: holding"],
    ),
    ("alaris", [(HOST, frame("PATIENT", "SMITH")), (PUMP, frame("PATIENT", "SMITH"))], ["PATIENT: XXXXX"] * 2),
    ("alaris", [(PUMP, b"!INST_SERIALNO^8002-51740|0000\r")], [""]),
    ("alaris", [(PUMP, b"SMITH 8002"), (PUMP, frame("INF_START"))], ["", "start"]),
    (
        "fresenius",
        [(HOST, orchestra("1EP;MORPHINE")), (HOST, orchestra("1LP")), (PUMP, orchestra("1C;MORPHINE"))],
        ["module 1: set drug XXXXXXXX", "module 1: drug", "module 1: done: XXXXXXXX"],
    ),
    (
        "fresenius",
        [(HOST, orchestra("1EN;BED 7")), (HOST, orchestra("2LN")), (PUMP, orchestra("2C;BED 7"))],
        ["module 1: set identifier XXX 0", "module 2: identifier", "module 2: done: XXX 0"],
    ),
    (
        "fresenius",
        [(PUMP, orchestra("1C;SMITH")), (PUMP, orchestra("1E;zSMITH;r000001"))],
        ["module 1: done: XXXXX", "module 1: XXXXXX, infused 0.001 mL"],
    ),
    ("fresenius", [(HOST, orchestra("1ZZ;SMITH"))], ["module 1: ZZ XXXXX"]),
    (
        "fresenius",
        [
            (HOST, orchestra("1LN")),
            (PUMP, orchestra("1C;d8002")),
            (HOST, orchestra("1LE;d")),
            (PUMP, orchestra("1C;d0032")),
        ],
        ["module 1: identifier", "module 1: done: X0000", "module 1: read d", "module 1: rate 5 mL/h"],
    ),
    ("fresenius", [(PUMP, orchestra("1C;d8002"))], ["module 1: done: X0000"]),
    (
        "ultra",
        [(PUMP, b"\nFirmware: v3.0.5\r\nSerial number: D100001\r\n:")],
        ["Firmware: v3.0.5 / Serial number: X000000, idle"],
    ),
    (
        "zyno",
        [
            (HOST, zyno_frame(b"RN")),
            (PUMP, zyno_frame(b"RNSN800008", b"\n")),
            (HOST, zyno_frame(b"RL")),
            (PUMP, zyno_frame(b"RLICU", b"\n")),
        ],
        ["serial number?", "serial number: XX000000", "drug library?", "drug library: XXX"],
    ),
    (
        "zyno",
        [(HOST, zyno_frame(b"*IDN?")), (PUMP, zyno_frame(b"ZYNO MEDICAL,MIVA,SN800008,1.0.0", b"\n"))],
        ["*IDN?", "ZYNO MEDICAL,MIVA,XX000000,0.0.0"],
    ),
    ("", [(HOST, b"SMITH 8002\r"), (PUMP, b"\x02D100001\xe9\x03")], ["", ""]),
]


@pytest.mark.parametrize(("protocol", "sent", "says"), HIDDEN)
def test_what_identifies_is_replaced_by_as_many_characters(
    protocol: str, sent: Sequence[tuple[By, bytes]], says: Sequence[str]
) -> None:
    at_instants = [(600 * n, by, data) for n, (by, data) in enumerate(sent)]
    pieces = heard(overheard(protocol, at_instants))
    assert [piece.says[: len(said)] for piece, said in zip(pieces, says, strict=True)] == list(says)
    for piece, (_, data) in zip(pieces, sent, strict=True):
        assert not SECRETS.search(piece.data + piece.says.encode("latin-1"))
        assert len(piece.data) == len(data)
    open_ = heard(overheard(protocol, at_instants, hide=False))
    assert [piece.data for piece in open_] == [data for _, data in sent]


@pytest.mark.parametrize(("protocol", "sent", "says"), HIDDEN)
def test_what_was_right_is_right_still_and_reading_it_again_changes_nothing(
    protocol: str, sent: Sequence[tuple[By, bytes]], says: Sequence[str]
) -> None:
    once = heard(overheard(protocol, [(600 * n, by, data) for n, (by, data) in enumerate(sent)]))
    again = heard(overheard(protocol, [(600 * n, piece.by, piece.data) for n, piece in enumerate(once)]))
    assert [_what(piece) for piece in again] == [_what(piece) for piece in once]
    open_ = heard(overheard(protocol, [(600 * n, by, data) for n, (by, data) in enumerate(sent)], hide=False))
    assert [piece.fault for piece in once] == [piece.fault for piece in open_]


def test_a_wrong_check_of_the_serial_number_stays_wrong() -> None:
    sent = [
        (0, PUMP, frame("INST_SERIALNO", "8002-51740")),
        (1, HOST, frame("REMOTE_CTRL", "ENABLED", "9535")),
        (2, HOST, frame("REMOTE_CTRL", "ENABLED", "3CC1")),
    ]
    wrong, right = heard(overheard("alaris", sent))[1:]
    assert crc("0000-00000") in right.says
    assert crc("0000-00000") not in wrong.says


def test_the_frame_that_a_fault_happened_to_is_redacted_too() -> None:
    found: list[Entry] = []
    recorder = Recorder(language_of("fresenius"), found.append)
    recorder.note(0, "drop", orchestra("1C;MORPHINE"))
    assert found[0].text == orchestra("1C;XXXXXXXX").decode()


def _what(piece: Piece) -> tuple[bytes, str, str | None, str]:
    return piece.data, piece.says, piece.alarm, piece.fault
