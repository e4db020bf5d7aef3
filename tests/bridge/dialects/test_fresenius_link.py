"""The link of the Fresenius Orchestra: checks both ways, bytes cut anywhere, what is wrong on the line, acknowledgements."""

import random

import pytest

from firmware_bridge.protocols.fresenius import FRESENIUS
from firmware_bridge.protocols.fresenius_commands import BASE, MODULE
from firmware_bridge.protocols.fresenius_link import LONGEST, Fault, Reader, Sign, Text, frame
from firmware_bridge.protocols.fresenius_words import number, rate, volume
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import MS, behind, converse
from tests.bridge.dialects.fresenius_bench import ACK, DC4, ENQ, ETX, NAK, STX, ok, state

GOLDEN = (
    ("0DC", "48"),
    ("0C", "8C"),
    ("0LE;b", "A1"),
    ("0C;b03", "8C"),
    ("1LE;d", "9E"),
    ("1C;d0032", "27"),
    ("1PO", "2F"),
    ("1I;02", "E8"),
    ("2E", "88"),
    ("1PR;007B", "18"),
    ("0MO;2", "C6"),
)
"""Heard from, or said to, infupy."""


@pytest.mark.parametrize(("text", "check"), GOLDEN)
def test_checks_both_ways(text: str, check: str) -> None:
    line = STX + f"{text}{check}".encode() + ETX
    assert frame(text) == line
    assert Reader().take(line) == [Text(text)]


def test_conversation_as_infupy_has_it() -> None:
    converse(
        behind(FRESENIUS, ["p1", "p2"]),
        [
            (0, b"\x020DC48\x03", b"\x06\x020C8C\x03"),
            (10, ACK, b""),
            (1000, b"\x020LE;bA1\x03", b"\x06\x020C;b038C\x03"),
            (1010, ACK + frame("1DC"), ok("1C")),
            (1020, ACK + frame("1LF;b"), ok("1C;bDPS")),
            (1030, ACK + b"\x021PO2F\x03", b"\x06\x021I;02E8\x03"),
            (1040, ACK + frame("1MO;2"), ok("1C")),
            (1050, ACK + b"\x021PR;007B18\x03", ok("1C")),
            (1060, ACK + b"\x021LE;d9E\x03", ok("1C;d007B")),
            (1070, ACK + frame("1PR;0032"), ok("1C")),
            (1080, ACK + b"\x021LE;d9E\x03", b"\x06\x021C;d003227\x03"),
            (1090, ACK, b""),
            (2090, b"", ENQ),
            (2091, DC4, b""),
            (2100, frame("2DC"), ok("2C")),
            (2110, ACK + frame("2DE;r"), ok("2C")),
            (2120, ACK, frame("2E;r000000")),
            (2130, ACK + b"\x022E88\x03", ACK),
        ],
    )


TALK = b"".join(
    (
        frame("0DC"),
        ACK,
        frame("1DC"),
        ACK,
        DC4,
        frame("1MO;2"),
        ACK,
        frame("1PR;0258"),
        ACK,
        frame("1XX"),
        ACK,
        frame("1LE;dm"),
        ACK,
    )
)
ANSWER = b"".join((ok("0C"), ok("1C"), ok("1C"), ok("1C"), ok("1I;01"), ok("1C;d0258;m2")))


def test_glued_and_byte_by_byte_are_the_same() -> None:
    assert behind(FRESENIUS, ["p1"]).step(0, TALK).data_out == ANSWER
    pump = behind(FRESENIUS, ["p1"])
    assert b"".join(pump.step(0, bytes([byte])).data_out for byte in TALK) == ANSWER


@pytest.mark.parametrize("garbage", [b"\x00\xff\r\n", b"0DC48", ETX, b"\x15\x30", b"\x15\x7e", ENQ])
def test_garbage_between_frames_changes_nothing(garbage: bytes) -> None:
    frames = [STX + part for part in TALK.split(STX)[1:]]
    assert behind(FRESENIUS, ["p1"]).step(0, b"".join(garbage + part for part in frames)).data_out == ANSWER


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"\x020DC49\x03", Fault.CHECK),
        (b"\x020dc48\x03", Fault.CHECK),
        (b"\x021lE;d9e\x03", Fault.CHECK),
        (b"\x020D\xc3", Fault.CHARACTER),
        (b"\x020D\x7f", Fault.CHARACTER),
        (b"\x020D\x06", Fault.CONTROL),
        (b"\x020D\x00", Fault.CONTROL),
        (b"\x02\x03", Fault.LENGTH),
        (b"\x02CF\x03", Fault.LENGTH),
        (frame("1" + "A" * LONGEST), Fault.LENGTH),
        (frame("9DC"), Fault.ADDRESS),
        (frame("DC"), Fault.ADDRESS),
        (frame(";"), Fault.ADDRESS),
    ],
)
def test_what_is_wrong_on_the_line_is_answered_by_nak_and_a_code(sent: bytes, fault: Fault) -> None:
    pump = behind(FRESENIUS, ["p1"])
    nak = NAK + fault.value.encode()
    assert pump.step(0, sent).data_out == nak
    assert pump.step(0, frame("0DC")).data_out == ok("0C"), "the next frame is heard"
    cut = behind(FRESENIUS, ["p1"])
    assert b"".join(cut.step(0, bytes([byte])).data_out for byte in sent) == nak


def test_frame_that_another_cuts_short() -> None:
    assert behind(FRESENIUS, ["p1"]).step(0, b"\x020D" + frame("0DC")).data_out == NAK + b"8" + ok("0C")


@pytest.mark.parametrize(("characters", "taken"), [(LONGEST - 1, True), (LONGEST, True), (LONGEST + 1, False)])
def test_longest_frame(characters: int, taken: bool) -> None:
    got = behind(FRESENIUS, ["p1"]).step(0, frame("1" + "A" * (characters - 1))).data_out
    assert got == (ok("1I;1E") if taken else NAK + b"7")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_bytes_nothing_is_raised_or_started(seed: int) -> None:
    chance = random.Random(seed)
    pump = behind(FRESENIUS, ["p1", "p2"])
    names = [*BASE, *MODULE, "DC", "E", "M"]
    for at_ms in range(0, 3000, 10):
        junk = bytes(chance.randrange(256) for _ in range(chance.randrange(30)))
        values = chance.choice(["", ";", ";;", ";d", ";1", ";GGGG", ";0", ";-001", ";000000000"])
        pump.step(
            at_ms * MS, chance.choice((junk, frame(f"{chance.randrange(4)}{chance.choice(names)}{values}"), ACK, DC4))
        )
    assert {state(pump, 1), state(pump, 2)} == {LineState.EMPTY}


def test_reply_that_is_not_acknowledged_is_given_up() -> None:
    pump = behind(FRESENIUS, ["p1"], options={"keepalive_ms": "60000"})
    converse(pump, [(0, frame("0DC"), ok("0C")), (999, b"", b""), (1000, b"", NAK + b"5"), (3000, b"", b"")])


def test_reply_that_is_answered_by_nak_is_sent_again_twice() -> None:
    pump = behind(FRESENIUS, ["p1"])
    again = frame("0C")
    converse(
        pump,
        [
            (0, frame("0DC"), ok("0C")),
            (1, b"\x152", again),
            (2, b"\x152", again),
            (3, b"\x152", b""),
            (4, b"\x152", b""),
        ],
    )


@pytest.mark.parametrize(
    ("nl", "text"), [(0, "000000"), (999, "000000"), (1000, "000001"), (10**12, "FFFFFF"), (-5, "000000")]
)
def test_volumes(nl: int, text: str) -> None:
    assert volume(nl) == text


@pytest.mark.parametrize(("nl_per_h", "text"), [(0, "0000"), (49_999, "0000"), (50_000, "0001"), (12_300_000, "007B")])
def test_rates(nl_per_h: int, text: str) -> None:
    assert rate(nl_per_h) == text


@pytest.mark.parametrize(
    ("text", "value"), [("007B", 123), ("007b", None), ("07B", None), ("0x7B", None), (" 07B", None), ("", None)]
)
def test_numbers(text: str, value: int | None) -> None:
    assert number(text, 4) == value


def test_signs_between_and_behind_a_nak() -> None:
    assert Reader().take(b"\x06\x14\x15\x32\x06\x15\x06") == [
        Sign.ACK,
        Sign.ALIVE,
        Sign.NAK,
        Sign.ACK,
        Sign.NAK,
        Sign.ACK,
    ]
