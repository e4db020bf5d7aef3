"""New Era: checks, framings and numbers both ways, and packets that arrive in any way.

Checksums are those of PROTOCOLS 2A; the first frame is printed in the manual (1200-01, 10.2.2).
"""

import binascii

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.protocols._new_era_frames import GAP_NS, LONGEST, Packet, Receiver, crc, encode
from firmware_bridge.protocols._new_era_numbers import Rate, allows, parsed, written
from tests.bridge.dialects.new_era_bench import Bench

FRAMES = [
    ("SAF0", 0x5543, "02 08 53 41 46 30 55 43 03"),
    ("0SAF0", 0x59AD, "02 09 30 53 41 46 30 59 AD 03"),
    ("0SAF2", 0x79EF, "02 09 30 53 41 46 32 79 EF 03"),
    ("0", 0x3653, "02 05 30 36 53 03"),
    ("0RUN", 0x4407, "02 08 30 52 55 4E 44 07 03"),
    ("00S", 0xAAA6, "02 07 30 30 53 AA A6 03"),
    ("00I", 0x19DD, "02 07 30 30 49 19 DD 03"),
    ("00A?R", 0x6586, "02 09 30 30 41 3F 52 65 86 03"),
    ("00A?T", 0x0540, "02 09 30 30 41 3F 54 05 40 03"),
    ("00S?COM", 0xB580, "02 0B 30 30 53 3F 43 4F 4D B5 80 03"),
    ("00SI0.164W0.000ML", 0x5803, "02 15 30 30 53 49 30 2E 31 36 34 57 30 2E 30 30 30 4D 4C 58 03 03"),
    ("00SI0.155W0.000ML", 0x02EF, "02 15 30 30 53 49 30 2E 31 35 35 57 30 2E 30 30 30 4D 4C 02 EF 03"),
]


@pytest.mark.parametrize(("data", "check", "frame"), FRAMES)
def test_safe_packets_both_ways(data, check, frame):
    whole = bytes.fromhex(frame)
    assert crc(data.encode()) == check
    assert encode(data, safe=True) == whole
    assert Receiver().take(0, whole) == [Packet(data, safe=True)]


def test_a_basic_reply_has_neither_length_nor_crc():
    assert encode("00S?OOR", safe=False) == b"\x0200S?OOR\x03"


NUMBERS = [
    ("0.000", 0),
    ("0.050", 50),
    ("9.999", 9_999),
    ("10.00", 10_000),
    ("20.00", 20_000),
    ("26.59", 26_590),
    ("500.5", 500_500),
    ("2000.", 2_000_000),
    ("9999.", 9_999_000),
]


@pytest.mark.parametrize(("text", "milli"), NUMBERS)
def test_numbers_both_ways(text, milli):
    assert written(milli) == text
    assert parsed(text) == milli


@pytest.mark.parametrize(
    ("text", "milli"), [("5", 5_000), (".5", 500), ("5.", 5_000), ("0.1", 100), ("0050", 50_000), ("1.25", 1_250)]
)
def test_a_host_may_write_fewer_digits(text, milli):
    assert parsed(text) == milli


@pytest.mark.parametrize("text", ["", ".", "12345", "12.345", "0.0001", "1e3", "-1", "+1", "1..2", "1,5", "\xb2"])
def test_what_is_no_number(text):
    assert parsed(text) is None


@pytest.mark.parametrize(
    ("milli", "text"), [(9_999_400, "9999."), (99_999, "100.0"), (10_004, "10.00"), (10_005, "10.01"), (10**9, "9999.")]
)
def test_what_is_reported_is_rounded_and_never_longer_than_four_digits(milli, text):
    assert written(milli) == text


@pytest.mark.parametrize(
    ("diameter", "rate", "unit", "possible"),
    [
        (26_590, 28_320, "MM", True),
        (26_590, 28_330, "MM", False),
        (26_590, 1_699_000, "MH", True),
        (26_590, 1_700_000, "MH", False),
        (26_590, 23_350, "UH", True),
        (26_590, 23_340, "UH", False),
        (14_430, 500_500, "MH", True),
        (14_430, 500_600, "MH", False),
        (14_430, 6_877, "UH", True),
        (14_430, 6_876, "UH", False),
    ],
)
def test_rates_that_a_diameter_allows(diameter, rate, unit, possible):
    """PROTOCOLS 2A: 26.59 mm 28.32 mL/min, 1699 mL/h and 23.35 uL/h; 14.43 mm 500.5 mL/h and 6.877 uL/h."""
    assert allows(diameter, Rate(rate, unit)) is possible


# Receiving

TALK = [
    (b"\x02\x090SAF0\x59\xad\x03", [Packet("0SAF0", safe=True)]),
    (b"0 rat 5 mm\r", [Packet("0RAT5MM", safe=False)]),
    (b"0VER \r\n", [Packet("0VER", safe=False)]),
    (b"\r", [Packet("", safe=False)]),
    (encode("00SI0.164W0.000ML", safe=True), [Packet("00SI0.164W0.000ML", safe=True)]),
    (b"\x00\x7f\x1b0\tDIA\r", [Packet("0DIA", safe=False)]),
    (encode("X\rY", safe=True), [Packet("XY", safe=True)]),
    (encode("0RUN", safe=True)[:-3] + b"\x44\x08\x03", [Packet("0RUN", safe=True, sound=False)]),
    (encode("0RUN", safe=True)[:-1] + b"\x04", [Packet("0RUN", safe=True, sound=False)]),
    (b"garbage" + encode("0", safe=True), [Packet("0", safe=True)]),
    (b"\x02\x03", []),
    (b"\xff\xfe\r", [Packet("\xff\xfe", safe=False)]),
    (b"0STP\r0\r", [Packet("0STP", safe=False), Packet("0", safe=False)]),
]


@pytest.mark.parametrize(("data", "packets"), TALK)
def test_packets(data, packets):
    assert Receiver().take(0, data) == packets


def test_whole_is_byte_by_byte_is_glued():
    glued = b"".join(data for data, _ in TALK)
    expected = [packet for _, packets in TALK for packet in packets]
    assert Receiver().take(0, glued) == expected
    single = Receiver()
    assert [packet for n in range(len(glued)) for packet in single.take(n, glued[n : n + 1])] == expected


@pytest.mark.parametrize(("gap_ns", "found"), [(GAP_NS, 1), (GAP_NS + 1, 0)])
def test_a_packet_with_a_gap_over_half_a_second_is_dropped(gap_ns, found):
    """PROTOCOLS 2A. What comes behind the gap is read as something new."""
    frame, receiver = encode("0RUN", safe=True), Receiver()
    assert receiver.take(7, frame[:4]) == []
    assert len(receiver.take(7 + gap_ns, frame[4:])) == found
    assert receiver.take(8 + gap_ns, b"\r0\r")[-1] == Packet("0", safe=False)


def test_a_basic_command_may_be_typed_slowly():
    receiver = Receiver()
    assert [receiver.take(n * 10**10, bytes([byte])) for n, byte in enumerate(b"0\r")] == [
        [],
        [Packet("0", safe=False)],
    ]


def test_an_over_long_command_is_kept_short_and_is_none():
    bench = Bench()
    assert bench.say("0RAT" + "1" * 10_000) == "S?OOR"
    assert bench.say("Q" * 10_000) == "S?"
    (packet,) = Receiver().take(0, b"A" * 500 + b"\r")
    assert packet.text == "A" * LONGEST + "?"


@pytest.mark.parametrize("before", range(LONGEST - 8, LONGEST + 2))
def test_what_is_cut_off_an_over_long_command_starts_nothing(before):
    """Found by fuzz: 125 blanks, ``RUN`` and anything ran the pump. Blanks count for nothing, however many there are."""
    bench = Bench()
    assert bench.say(" " * before + "0RUNXYZ") == "S?OOR"
    assert bench.say(" " * before + "0RUN" + " " * 300) == "I"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 700), st.binary(max_size=40)), max_size=12))
def test_nothing_that_arrives_brings_it_down(steps):
    bench = Bench(quiet=False)
    for ms, data in steps:
        bench.at(bench.ms + ms, data)
    bench.at(bench.ms + 1000, b"\r")
    assert bench.at(bench.ms + 1, b"0VER\r")[:3] in (b"\x0200", b"\x02\x15\x30"), "it answers as before"


WORDS = [
    *(
        "RUN",
        "RUN3",
        "STP",
        "PUR",
        "RAT5MM",
        "RAT20MH",
        "RATC2MM",
        "VOL0.01",
        "VOL0",
        "DIA10",
        "DIRINF",
        "DIRWDR",
        "DIS",
    ),
    *("PHN1", "PHN2", "PHN3", "CLDINF", "*RESET"),
    *(
        f"FUN{word}"
        for word in ("RAT", "STP", "JMP1", "LOP2", "LPS", "LPE", "PAS1", "PAS0", "PRI", "INC", "DEC", "EVN3")
    ),
    *("FUNCLD", "FUNFIL", "FUNIF1"),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3000), st.sampled_from(WORDS)), max_size=25))
def test_whatever_is_ordered_what_it_reports_is_what_the_pump_does(orders):
    """I, W and X exactly while the plunger is moved, I and W each its own way; never after two STP."""
    bench = Bench(spontaneous=False)
    for ms, word in orders:
        bench.wait(ms)
        answer = bench.say(word)
        forth, back = bench.port.look().lines[0].state.delivering, bench.port.withdrawing
        assert (answer[0] in "IWX") == (forth or back) or answer.startswith("A?"), (word, answer)
        assert forth or answer[0] != "I", (word, answer)
        assert back or answer[0] != "W", (word, answer)
    bench.say("STP", "STP", "STP")
    assert bench.say("") == "S"
    assert not bench.port.look().lines[0].state.delivering
    assert not bench.port.withdrawing


def test_crc_is_xmodem():
    """The check value of CRC-16/XMODEM."""
    assert crc(b"123456789") == 0x31C3 == binascii.crc_hqx(b"123456789", 0)
