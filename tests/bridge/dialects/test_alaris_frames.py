"""Frames of the Alaris Asena: those of real pumps both ways, bytes cut anywhere, and how values are written."""

import random

import pytest

from firmware_bridge.protocols.alaris import ALARIS, COMMANDS
from firmware_bridge.protocols.alaris_frames import LONGEST, Reader, crc, frame
from firmware_bridge.protocols.alaris_words import number, time_left
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.alaris_bench import ENABLE, ENABLED, f, state
from tests.bridge.dialects.bedside import MS, behind, converse
from tests.build import H, S

GOLDEN = (
    ("INST_SERIALNO", "457D"),
    ("INST_SERIALNO^8002-51740", "050B"),
    ("INST_SERIALNO^8002-51733", "ACFF"),
    ("COMMS_PROTOCOL", "E8DA"),
    ("COMMS_PROTOCOL^Asena Rev 2.1.5", "661A"),
    ("COMMS_RESPONSE_MAX", "7E29"),
    ("COMMS_RESPONSE_MAX^4000^ms", "DFDF"),
    ("SYRINGE_STATUS", "4102"),
    ("SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF", "1CF8"),
    ("INF_RATE_MAX_SYRINGE", "8F30"),
    ("INF_RATE_MAX_SYRINGE^1200.00^ml/h", "8575"),
    ("REMOTE_CTRL^ENABLED^3CC1", "B1F1"),
    ("REMOTE_CTRL^ENABLED^9535", "FB2F"),
    ("REMOTE_CTRL^ENABLED^****^PERMIT^0^ms", "7BB0"),
    ("REMOTE_CTRL^DISABLED", "EF95"),
    ("REMOTE_CTRL^DISABLED^****^PERMIT^0^ms", "3C5D"),
    ("INF_RATE^0.1^ml/h", "B775"),
    ("INF_RATE^0.10^ml/h", "D407"),
    ("INF_RATE^12.5^ml/h", "EDB4"),
    ("INF_RATE^12.50^ml/h", "EEB8"),
    ("REMQUERY^DEACT", "F295"),
    ("REMQUERY^DEACT^^^^", "E5C9"),
    ("ALARM", "50B2"),
    ("ALARM^AL_NOALM^ ^ ", "C73B"),
    ("INF_START", "38F3"),
    ("INF_STOP", "CD57"),
    ("INF_VTBI^ACTIV^11.000^ml^STOP", "4433"),
    ("INF_RATE", "8E6D"),
    ("INF_VI", "B42C"),
    ("INF_VI^0.007^ml", "1347"),
    ("INF_VTBI", "8456"),
    ("INF_VTBI^DEACT", "D8C5"),
    ("INF_VI_CLEAR", "A706"),
    ("INF_BOLUS^ENABLED", "E288"),
    ("INF", "4961"),
    ("INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725", "DB9D"),
)
"""Captures of real pumps (OpenICE, EasyTIVA), and two recorded with infupy."""


@pytest.mark.parametrize(("text", "check"), GOLDEN)
def test_frames_of_real_pumps_both_ways(text: str, check: str) -> None:
    line = f"!{text}|{check}\r".encode()
    assert f(text) == line
    assert Reader().take(line) == [tuple(text.split("^"))]


@pytest.mark.parametrize(("serial", "check"), [("8002-51740", "3CC1"), ("8002-51733", "9535")])
def test_permission_is_the_check_of_the_serial_number(serial: str, check: str) -> None:
    assert crc(serial) == check
    pump = behind(ALARIS, options={"serial": serial})
    answer = f("REMOTE_CTRL^ENABLED^****^PERMIT^0^ms")
    converse(
        pump, [(0, f(f"REMOTE_CTRL^ENABLED^{check}"), answer), (1, f("INST_SERIALNO"), f(f"INST_SERIALNO^{serial}"))]
    )


def test_conversation_as_captured() -> None:
    """What EasyTIVA and a real pump said to each other, but for what depends on the infusion."""
    converse(
        behind(ALARIS),
        [
            (0, b"!INST_SERIALNO|457D\r", b"!INST_SERIALNO^8002-51740|050B\r"),
            (10, b"!COMMS_PROTOCOL|E8DA\r", b"!COMMS_PROTOCOL^Asena Rev 2.1.5|661A\r"),
            (20, b"!COMMS_RESPONSE_MAX|7E29\r", b"!COMMS_RESPONSE_MAX^4000^ms|DFDF\r"),
            (30, b"!SYRINGE_STATUS|4102\r", b"!SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF|1CF8\r"),
            (40, b"!INF_RATE_MAX_SYRINGE|8F30\r", b"!INF_RATE_MAX_SYRINGE^1200.00^ml/h|8575\r"),
            (50, b"!REMOTE_CTRL^ENABLED^3CC1|B1F1\r", b"!REMOTE_CTRL^ENABLED^****^PERMIT^0^ms|7BB0\r"),
            (60, b"!INF_RATE^0.1^ml/h|B775\r", b"!INF_RATE^0.10^ml/h|D407\r"),
            (70, b"!INF_VI_CLEAR|A706\r", b"!INF_VI_CLEAR|A706\r"),
            (80, b"!INF_START|38F3\r", b"!INF_START|38F3\r"),
            (90, b"!INF_RATE^12.5^ml/h|EDB4\r", b"!INF_RATE^12.50^ml/h|EEB8\r"),
            (100, b"!ALARM|50B2\r", b"!ALARM^AL_NOALM^ ^ |C73B\r"),
            (2107, b"!INF_VI|B42C\r", b"!INF_VI^0.007^ml|1347\r"),
            (2200, b"!INF_STOP|CD57\r", b"!INF_STOP|CD57\r"),
            (2300, b"!REMQUERY^DEACT|F295\r", b"!REMQUERY^DEACT^^^^|E5C9\r"),
            (2400, b"!REMOTE_CTRL^DISABLED|EF95\r", b"!REMOTE_CTRL^DISABLED^****^PERMIT^0^ms|3C5D\r"),
        ],
    )


TALK = b"".join((ENABLE, f("INF_RATE^60^ml/h"), f("INF_START"), f("INF_RATE"), f("NONSENSE"), f("INF_STOP")))
ANSWER = b"".join(
    (ENABLED, f("INF_RATE^60.00^ml/h"), f("INF_START"), f("INF_RATE^60.00^ml/h"), f("NONSENSE"), f("INF_STOP"))
)


def test_glued_and_byte_by_byte_are_the_same() -> None:
    assert behind(ALARIS).step(0, TALK).data_out == ANSWER
    pump = behind(ALARIS)
    assert b"".join(pump.step(0, bytes([byte])).data_out for byte in TALK) == ANSWER


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\r\n|^",
        b"\r\n\r\n",
        b"!INF|0000\r",
        b"!INF|4961",
        b"!INF|\r",
        b"!|\r",
        b"!\r",
        b"!INF\x1b",
        b"4961\r",
        b"!\xe9|0000\r",
    ],
)
def test_garbage_between_frames_changes_nothing(garbage: bytes) -> None:
    frames = TALK.split(b"\r")[:-1]
    talk = b"".join(garbage + line + b"\r" for line in frames)
    assert behind(ALARIS).step(0, talk).data_out == ANSWER


@pytest.mark.parametrize(("length", "heard"), [(LONGEST - 1, True), (LONGEST, True), (LONGEST + 1, False)])
def test_line_that_is_too_long_is_dropped(length: int, heard: bool) -> None:
    name = "X" * (length - len("|0000"))
    assert behind(ALARIS).step(0, frame(name) + f("INF_RATE")).data_out == (frame(name) if heard else b"") + f(
        "INF_RATE^0.00^ml/h"
    )


@pytest.mark.parametrize("line", [b"!INF|4962\r", b"!INFX|4961\r", b"!INF|b42c\r", b"!INF_VI|b42c\r", b"!INF |4961\r"])
def test_wrong_check_is_not_answered(line: bytes) -> None:
    assert behind(ALARIS).step(0, line).data_out == b""


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_bytes_nothing_is_raised_or_started(seed: int) -> None:
    chance = random.Random(seed)
    pump = behind(ALARIS)
    names = [name.encode() for name in COMMANDS]
    for at_ms in range(0, 2000, 10):
        junk = bytes(chance.randrange(256) for _ in range(chance.randrange(60)))
        text = chance.choice(names) + chance.choice((b"", b"^", b"^^^", b"^1^ml/h", b"^\x00", b"^" + junk))
        pump.step(at_ms * MS, chance.choice((junk, f(text.decode("ascii", "ignore")))))
    assert state(pump) is LineState.EMPTY


@pytest.mark.parametrize(
    ("left_ns", "text"),
    [(0, "00:00:00"), (249 * S, "00:04:09"), (24 * H - 1, "23:59:59"), (24 * H, "24+"), (None, "24+")],
)
def test_time_left(left_ns: int | None, text: str) -> None:
    assert time_left(left_ns) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 100000),
        ("12.50", 12500000),
        ("1200", 10**9 * 12 // 10),
        ("1.", None),
        (".5", None),
        ("", None),
        ("+1", None),
        ("1,5", None),
        ("1e3", None),
        ("nan", None),
        ("123456", None),
        ("١", None),
        ("1.0000001", None),
    ],
)
def test_numbers(text: str, value: int | None) -> None:
    assert number((text, "ml"), "ml") == value
