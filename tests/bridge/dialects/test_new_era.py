"""New Era: framings, numbers, every command, alarms, the time-out of Safe mode, several pumps on a line.

Checksums and worked figures are those of PROTOCOLS 2A; the first frame is printed in the manual (1200-01, 10.2.2).
"""

import binascii

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols._new_era_frames import GAP_NS, LONGEST, Packet, Receiver, crc, encode
from firmware_bridge.protocols._new_era_numbers import Rate, allows, parsed, written
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.new_era_bench import Bench, everything
from tests.build import program

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


# Commands


def test_a_conversation():
    """nesp-lib's opening as PROTOCOLS 3 has it, then an infusion of 0.05 mL at 1.5 mL/min, which takes 2 s."""
    bench = Bench(syringe="bd-luer-lok-60", volume="60 mL", quiet=False)
    script = [
        (0, b"\x02\x090SAF0\x59\xad\x03", b"\x0200A?R\x03"),
        (1, b"\x02\x090SAF0\x59\xad\x03", b"\x0200S\x03"),
        (2, b"0VER\r", b"\x0200SNE1000V3.928\x03"),
        (3, b"0RAT2000UM\r", b"\x0200S\x03"),
        (4, b"0RAT\r", b"\x0200S2000.UM\x03"),
        (5, b"0 rat 1.5 mm\r\n", b"\x0200S\x03"),
        (6, b"0VOL\r", b"\x0200S0.000ML\x03"),
        (7, b"0VOL0.05\r0DIA\r", b"\x0200S\x03\x0200S26.60\x03"),
        (8, b"0RUN\r", b"\x0200I\x03"),
        (9, b"", b""),
        (1008, b"0DIS\r", b"\x0200II0.025W0.000ML\x03"),
        (2000, b"0\r", b"\x0200I\x03"),
        (2008.5, b"0\r", b"\x0200S\x03"),
        (2009, b"0DIS\r", b"\x0200SI0.050W0.000ML\x03"),
        (2010, b"\x02\x090SAF2\x79\xef\x03", bytes.fromhex("02 07 30 30 53 AA A6 03")),
    ]
    assert [bench.at(ms, data) for ms, data, _ in script] == [out for _, _, out in script]


SET_AND_ASKED = [
    ("DIA 26.59", "DIA", "26.59"),
    ("DIA 4.7", "DIA", "4.700"),
    ("PHN 41", "PHN", "41"),
    ("PHN 2", "PHN", "02"),
    ("RAT 2000 UM", "RAT", "2000.UM"),
    ("RAT C 5.000 MM", "RAT", "5.000MM"),
    ("RAT 0.5 MM", "RAT", "0.500MM"),
    ("VOL 20", "VOL", "20.00ML"),
    ("VOL UL", "VOL", "0.000UL"),
    ("DIR WDR", "DIR", "WDR"),
    ("DIR REV", "DIR", "WDR"),
    ("DIR STK", "DIR", "STK"),
    ("SAF 0", "SAF", "0"),
    ("AL 1", "AL", "1"),
    ("BP 0", "BP", "0"),
    ("PF 1", "PF", "1"),
    ("LOC 1", "LOC", "1"),
    ("ROM 1", "ROM", "1"),
    ("BUZ 1", "BUZ", "1"),
    ("BUZ 1 5", "BUZ", "0"),
    ("TRG LE", "TRG", "LE"),
    ("OUT 5 0", "OUT 5", "0"),
    ("*ADR 0 B 9600", "*ADR", "0"),
    *((f"FUN {word}", "FUN", word) for word in ("RAT", "INC", "DEC", "STP", "PRI", "LPS", "LPE", "EVR", "BEP", "CLD")),
    *((f"FUN {word}", "FUN", word) for word in ("FIL", "TRG", "TRGFH", "OUT1", "JMP41", "IF07", "EVN03", "EVS03")),
    ("FUN JMP 5", "FUN", "JMP05"),
    ("FUN LOP 99", "FUN", "LOP99"),
    ("FUN PRL 1", "FUN", "PRL01"),
    ("FUN PAS 0", "FUN", "PAS00"),
    ("FUN PAS 99", "FUN", "PAS99"),
    ("FUN PAS 1.5", "FUN", "PAS1.5"),
]


@pytest.mark.parametrize(("order", "query", "answer"), SET_AND_ASKED)
def test_what_is_set_is_what_is_asked(order, query, answer):
    bench = Bench()
    assert bench.say(order, query) == ["S", f"S{answer}"]


WRONG = [
    *((f"DIA {x}", "?OOR") for x in ("0", "0.09", "50.1", "123.45", "x", "1e1", "-5")),
    *((f"PHN {x}", "?OOR") for x in ("0", "42", "1.0", "A", "100")),
    *((f"RAT {x}", "?OOR") for x in ("0", "501 MH", "600 MM", "5.0001", "5XX", "MM", "C", "0.006 UH", "5 ML")),
    *((f"VOL {x}", "?OOR") for x in ("10000", "1.2345", "-1", "5UL", "NL")),
    *((f"FUN {x}", "?OOR") for x in ("JMP", "JMP0", "JMP42", "JMP123", "LOP0", "PRL0", "PASX", "PAS100", "PAS10.5")),
    *((f"FUN {x}", "?OOR") for x in ("IF0", "IF", "EVN42", "OUT2", "OUT", "RAT5", "STP1", "TRGXX", "TRGF", "PAS1.25")),
    *((f"FUN {x}", "?") for x in ("XYZ", "F", "0")),
    *((f"DIR {x}", "?") for x in ("STP", "1", "INFX")),
    *((f"CLD{x}", "?") for x in ("", "X", "INFWDR")),
    *((f"RUN {x}", "?OOR") for x in ("0", "42", "A", "-1")),
    *((f"{word}1", "?") for word in ("PUR", "STP", "DIS", "VER")),
    *((f"SAF {x}", "?OOR") for x in ("256", "-1", "1.5", "A", "1000")),
    *((f"{word} {x}", "?OOR") for word in ("AL", "BP", "PF", "LOC", "BUZ", "ROM", "DIN") for x in ("2", "X", "01")),
    *((f"TRG {x}", "?OOR") for x in ("XX", "1", "F")),
    *((f"OUT {x}", "?OOR") for x in ("", "4", "52", "6 1")),
    *((f"IN {x}", "?OOR") for x in ("", "5", "1", "22")),
    *((f"*ADR {x}", "?OOR") for x in ("100", "X", "5 B 4800", "5 X")),
    *((word, "?") for word in ("XYZ", "*", "*RUN", "*XYZ", "R", "?", "\u00e9", "RU")),
    ("STP", "?NA"),
]


def test_every_command_with_wrong_arguments_is_refused_and_changes_nothing():
    bench = Bench()
    assert bench.say("RAT 60 MH", "VOL 1", "PHN 1") == ["S", "S", "S"]
    before = everything(bench)
    for order, error in WRONG:
        assert bench.say(order) == f"S{error}", order
        assert everything(bench) == before, order


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        *(
            (order, "I?NA")
            for order in ("DIA 10", "PHN 2", "FUN STP", "VOL 2", "VOL UL", "RUN", "RUN 2", "PUR", "*RESET")
        ),
        *((order, "I?NA") for order in ("DIR WDR", "DIR INF", "DIR STK", "DIR REV", "CLD INF", "RAT 1 MM", "RAT 2 UM")),
        ("RAT 501", "I?OOR"),
        ("RAT 0", "I?OOR"),
    ],
)
def test_what_is_not_possible_while_it_pumps(order, answer):
    bench = Bench()
    assert bench.say("RAT 60 MH", "VOL 1", "RUN") == ["S", "S", "I"]
    before = everything(bench)[1:]
    assert bench.say(order) == answer
    assert everything(bench)[1:] == before
    assert bench.say("DIA", "PHN", "FUN", "RAT", "VOL", "DIR") == [
        "I14.43",
        "I01",
        "IRAT",
        "I60.00MH",
        "I1.000ML",
        "IINF",
    ]


def test_the_rate_may_change_while_it_pumps_and_is_not_kept():
    """60 mL/h for 6 s are 0.1 mL; 120 mL/h for 3 s another 0.1 mL."""
    bench = Bench()
    assert bench.say("RAT 60 MH", "RUN") == ["S", "I"]
    assert bench.say("RAT 120", by_ms=6000) == "I"
    assert bench.say("RAT") == "I120.0MH"
    assert bench.say("DIS", by_ms=2999) == "II0.200W0.000ML"
    assert bench.say("RAT C 1 MM", "RAT") == ["I", "I1.000MM"]
    assert bench.say("STP", "STP", "RAT") == ["P", "S", "S60.00MH"]


def test_without_a_volume_it_pumps_until_it_is_stopped_then_goes_on_then_is_reset():
    bench = Bench()
    assert bench.say("RAT 1 MM", "RUN") == ["S", "I"]
    assert bench.say("STP", by_ms=60_000) == "P"
    assert bench.say("DIS", by_ms=60_000) == "PI1.000W0.000ML"
    assert bench.say("RUN") == "I"
    assert bench.say("DIS", by_ms=30_000) == "II1.500W0.000ML"
    assert bench.say("STP", "STP", "STP", "") == ["P", "S", "S?NA", "S"]


def test_a_pause_goes_on_to_what_is_left_of_the_volume_and_a_reset_begins_anew():
    bench = Bench()
    assert bench.say("RAT 1 MM", "VOL 0.5", "RUN") == ["S", "S", "I"]
    assert bench.say("STP", by_ms=12_000) == "P"
    assert bench.say("RUN") == "I"
    assert bench.say("", by_ms=17_000) == "I"
    assert bench.say("DIS", by_ms=2_000) == "SI0.500W0.000ML"
    assert bench.say("RUN") == "I"
    assert bench.say("DIS", by_ms=31_000) == "SI1.000W0.000ML"


def test_a_rate_that_is_set_in_a_pause_holds_from_then_on():
    """0.2 mL at 1 mL/min; 6 s are 0.1 mL, the rest takes 3 s at 2 mL/min."""
    bench = Bench()
    assert bench.say("RAT 1 MM", "VOL 0.2", "RUN") == ["S", "S", "I"]
    assert bench.say("STP", by_ms=6_000) == "P"
    assert bench.say("RAT 501 MH", "RAT 2 MM", "RUN") == ["P?OOR", "P", "I"]
    assert bench.say("RAT", by_ms=2_950) == "I2.000MM"
    assert bench.say("DIS", by_ms=100) == "SI0.200W0.000ML"
    assert bench.say("RAT") == "S2.000MM", "and it is kept"


def test_another_diameter_cancels_a_pause():
    bench = Bench()
    assert bench.say("RAT 1 MM", "RUN", "STP", "DIA 14.43", "DIA 15", "STP") == ["S", "I", "P", "P", "S", "S?NA"]


def test_clearing_what_was_dispensed():
    bench = Bench()
    assert bench.say("RAT 1 MM", "VOL 0.1", "RUN") == ["S", "S", "I"]
    assert bench.say("DIS", by_ms=7_000) == "SI0.100W0.000ML"
    assert bench.say("CLD WDR", "DIS") == ["S", "SI0.100W0.000ML"]
    assert bench.say("CLD INF", "DIS") == ["S", "SI0.000W0.000ML"]


def test_purging_goes_at_the_highest_rate_until_it_is_stopped():
    """14.43 mm: 500.5 mL/h; 10 s are 1.390 mL."""
    bench = Bench()
    assert bench.say("PUR", "RUN", "PUR", "RAT 1 MM") == ["X", "X?NA", "X?NA", "X?NA"]
    assert bench.say("DIS", by_ms=9_997) == "XI1.390W0.000ML"
    assert bench.say("STP", "") == ["S", "S"]


@pytest.mark.parametrize("direction", ["WDR", "REV"])
def test_behind_a_pump_for_patients_withdrawing_is_kept_as_a_direction_and_not_done(direction):
    bench = Bench(model="syringe-pump")
    assert bench.say(f"DIR {direction}", "DIR") == ["S", "SWDR"]
    before = everything(bench)
    assert bench.say("RUN", "PUR") == ["S?NA", "S?NA"]
    assert everything(bench) == before
    assert bench.say("DIR INF", "RUN", "DIR REV", "DIR INF") == ["S", "I", "I?NA", "I"]


def test_a_clinical_syringe_pump_behind_the_protocol_stops_at_the_volume_and_stalls_where_it_alarms():
    """It keeps open after a volume, and alarms an occlusion at 60 kPa, when nurses use it."""
    bench = Bench(model="syringe-pump")
    assert bench.say("RAT 0.01 MH", "RUN", "RAT 60 MH", "VOL 1", "RUN") == ["S", "S?NA", "S", "S", "I"]
    assert bench.say("DIS", by_ms=61_000) == "SI1.000W0.000ML"
    assert bench.say("RUN", by_ms=60_000) == "I"
    bench.port.do(Occlude(Place.PATIENT_END))
    assert bench.say("", "", "RUN", by_ms=60_000) == ["A?S", "S", "A?S"]
    bench.port.do(Release(Place.PATIENT_END))
    assert bench.say("RUN", by_ms=60_000) == "I"


# Diameters


def test_another_diameter_than_that_of_the_syringe_scales_what_is_moved_by_the_areas():
    """Twice the diameter is set: what the host calls 1 mL are 0.25 mL of the syringe that is there, and DIS says 1 mL."""
    bench = Bench()
    assert bench.say("DIA 28.86", "RAT 60 MH", "VOL 1", "RUN") == ["S", "S", "S", "I"]
    assert bench.port.look().lines[0].rate_nl_per_h == 15_000_000
    assert bench.say("DIS", by_ms=61_000) == "SI1.000W0.000ML"
    assert bench.pumped_ml == pytest.approx(0.25, abs=1e-4)


def test_a_change_of_diameter_zeroes_the_volumes_and_sets_their_unit():
    bench = Bench()
    assert bench.say("RAT 1 MM", "VOL 0.1", "RUN") == ["S", "S", "I"]
    bench.wait(10_000)
    assert bench.say("DIA 14.43", "DIS") == ["S", "SI0.100W0.000ML"]
    assert bench.say("DIA 14.00", "DIS", "VOL") == ["S", "SI0.000W0.000UL", "S0.100UL"]
    assert bench.say("DIA 14.01", "VOL") == ["S", "S0.100ML"]


def test_small_volumes_in_a_small_syringe():
    """1 mL syringe, 4.699 mm: a micro-step of 213 nm is 3.7 nL, so 0.5 uL are met to the third place of a uL."""
    bench = Bench(syringe="bd-plastipak-1", volume="1 mL")
    assert bench.say("DIA", "VOL 0.5", "VOL", "RAT 10 UM", "RUN") == ["S4.699", "S", "S0.500UL", "S", "I"]
    assert bench.say("DIS", by_ms=4_000).startswith(("SI0.49", "SI0.50"))
    assert bench.pumped_ml * 1000 == pytest.approx(0.5, abs=0.004)


def test_a_rate_that_a_later_diameter_does_not_allow():
    bench = Bench()
    assert bench.say("RAT 8 MM", "DIA 5", "RUN") == ["S", "S", "S?OOR"]


# Alarms


def test_power_up_is_an_alarm_that_answers_the_first_command_whatever_it_is():
    bench = Bench(quiet=False)
    assert bench.wait(1000) == b"", "Basic mode never speaks unasked"
    assert bench.say("RUN", "", "RUN") == ["A?R", "S", "I"]
    assert Bench(quiet=False, power_up_alarm=False).say("RUN") == "I"


def test_a_stalled_motor():
    """35 lb on 14.43 mm are 952 kPa: the line holds it some minutes; then nothing moves until the line is open."""
    bench = Bench()
    assert bench.say("RAT 1 MM", "RUN") == ["S", "I"]
    bench.wait(5_000)
    bench.port.do(Occlude(Place.PATIENT_END))
    assert bench.say("", by_ms=60_000) == "I"
    bench.wait(600_000)
    (stall,) = bench.port.look().standing
    assert stall.alarm is AlarmId.MOTOR_STALL
    at_stall = bench.pumped_ml
    assert bench.say("DIA 10", "", "DIA") == ["A?S", "S", "S14.43"]
    assert bench.say("RUN", "") == ["A?S", "S"], "it is still closed"
    bench.port.do(Release(Place.PATIENT_END))
    bench.wait(60_000)
    assert bench.pumped_ml == at_stall
    assert bench.say("RUN") == "I"
    assert bench.say("STP", by_ms=60_000) == "P"
    assert bench.pumped_ml == pytest.approx(at_stall + 1.0, abs=1e-3)


def test_the_end_of_the_syringe_is_a_stall():
    bench = Bench(volume="1 mL")
    assert bench.say("RAT 1 MM", "RUN") == ["S", "I"]
    assert bench.say("", by_ms=61_000) == "A?S"
    assert bench.say("DIS", "RUN", "") == ["SI1.000W0.000ML", "A?S", "S"]


def test_power_that_goes_and_comes_back():
    """Memory is kept, volumes are not; without PF nothing runs by itself."""
    bench = Bench(quiet=False)
    bench.say("")
    assert bench.say("RAT 1 MM", "VOL 2", "PHN 2", "FUN PAS 5", "RUN") == ["S", "S", "S", "S", "I"]
    bench.wait(6_000)
    bench.port.do(PowerCut())
    assert bench.at(bench.ms + 1000, b"\r0VER\r") == b"", "it is dark"
    bench.port.do(PowerBack())
    assert bench.wait(1000) == b""
    assert bench.say("", "", "FUN", "DIS") == ["A?R", "S", "SPAS05", "SI0.000W0.000ML"]
    assert bench.say("PHN 1", "RAT", "VOL", "DIA") == ["S", "S1.000MM", "S2.000ML", "S14.43"]


def test_half_a_command_is_gone_with_the_power():
    bench = Bench()
    assert bench.at(1, b"0R") == b""
    bench.port.do(PowerCut())
    bench.wait(1)
    bench.port.do(PowerBack())
    assert bench.wait(1) == b""
    assert bench.say("UN", "") == ["S?", "S"]


def test_a_pump_without_power_leaves_the_others_alone():
    bench = Bench(addresses=(0, 1))
    bench.port.do(PowerCut())
    assert bench.at(1, b"0\r1\r*ADR\r") == b"\x0201S\x03\x0201S1\x03"


@pytest.mark.parametrize(("resume", "states"), [(0, ["A?R", "S"]), (1, ["A?R", "I"])])
def test_a_short_cut_of_power_and_the_power_fail_mode(resume, states):
    bench = Bench(quiet=False)
    bench.say("")
    assert bench.say(f"PF {resume}", "RAT 1 MM", "RUN") == ["S", "S", "I"]
    bench.wait(6_000)
    bench.port.power_cycle()
    assert bench.say("", "", by_ms=10) == states
    assert not any(found.alarm is AlarmId.POWER_LOST for found in bench.port.look().standing)


def test_somebody_at_the_pump():
    """What an operator does at the pump is what the host is told."""
    bench = Bench()
    assert bench.say("RAT 1 MM", "RUN") == ["S", "I"]
    bench.port.operate(Stop("A"))
    assert bench.say("") == "P"
    bench.port.operate(Start("A"))
    assert bench.say("", "STP", "STP") == ["I", "P", "S"]
    bench.port.operate(LoadProgram("A", program(60)), Start("A"))
    assert bench.say("", "RUN", "STP") == ["I", "I?NA", "P"]
    assert bench.port.look().lines[0].state is LineState.HELD


# Safe mode


def safe(text):
    return encode(text, safe=True)


def test_safe_mode_stops_the_pump_when_its_host_falls_silent_and_says_so_by_itself():
    """SAF 2: the time-out begins with each valid packet. PROTOCOLS 5: 02 09 "00A?T" 05 40 03 unasked."""
    bench = Bench()
    bench.say("RAT 1 MM")
    script = [
        (100, safe("0SAF2"), safe("00S")),
        (200, safe("0RUN"), safe("00I")),
        (2199, safe("0"), safe("00I")),
        (4198, b"", b""),
        (4199, b"", bytes.fromhex("02 09 30 30 41 3F 54 05 40 03")),
        (9000, b"", b""),
        (9001, safe("0RUN"), safe("00A?T")),
        (9002, safe("0"), safe("00S")),
        (9003, safe("0RUN"), safe("00I")),
        (11003, b"", safe("00A?T")),
    ]
    for ms, data, out in script:
        assert bench.at(ms, data) == out, ms
    assert bench.pumped_ml == pytest.approx((4199 - 200 + 2000) / 60_000, abs=1e-3)


def test_basic_mode_has_no_watchdog():
    bench = Bench()
    assert bench.say("RAT 10 MH", "RUN") == ["S", "I"]
    assert bench.wait(3_000_000) == b""
    assert bench.say("") == "I"


def test_leaving_safe_mode_ends_the_watchdog():
    bench = Bench()
    assert bench.at(1, safe("0SAF2")) == safe("00S")
    assert bench.at(2, safe("0SAF0")) == b"\x0200S\x03"
    assert bench.at(60_000) == b""
    assert bench.say("") == "S"


def test_spontaneous_alarms_can_be_switched_off():
    bench = Bench(spontaneous=False)
    assert bench.at(1, safe("0SAF2")) == safe("00S")
    assert bench.at(5000) == b""
    assert bench.at(5001, safe("0")) == safe("00A?T")


def test_a_pending_alarm_answers_in_the_framing_that_was_asked_for():
    bench = Bench(quiet=False)
    assert bench.at(1, safe("0SAF2")) == safe("00A?R")
    assert bench.at(2, b"0SAF\r") == b"\x0200S0\x03", "it was not carried out"
    assert bench.at(3, safe("0SAF2")) == safe("00S")
    assert bench.at(4, safe("0SAF0")) == b"\x0200S\x03"


def test_a_pump_that_comes_up_in_safe_mode_says_that_its_power_was_gone_and_waits():
    bench = Bench(quiet=False, more={"safe": "3"})
    assert bench.at(0) == safe("00A?R")
    assert bench.at(60_000) == b"", "the time-out waits for a packet"
    assert bench.at(60_001, safe("0")) == safe("00A?R"), "what is sent unasked clears nothing"
    assert bench.at(60_002, safe("0SAF")) == safe("00S3")
    bench.port.power_cycle()
    assert bench.at(60_010) == safe("00A?R")
    assert bench.at(90_000) == b""


def test_a_stall_is_told_unasked_in_safe_mode():
    bench = Bench(volume="1 mL")
    bench.say("RAT 1 MM")
    assert bench.at(100, safe("0SAF255")) == safe("00S")
    assert bench.at(200, safe("0RUN")) == safe("00I")
    assert bench.at(61_000) == safe("00A?S")
    assert bench.at(61_001) == b""


def test_a_wrong_crc_is_not_carried_out():
    bench = Bench(quiet=False)
    broken = safe("0RUN")[:-2] + b"\x08\x03"
    assert bench.at(1, broken) == b"\x0200S?COM\x03", "and the alarm stays pending"
    assert bench.say("") == "A?R"
    assert bench.at(9, b"SAF5\r") == safe("00S")
    assert bench.at(10, safe("0")) == safe("00S")
    assert bench.at(11, broken) == bytes.fromhex("02 0B 30 30 53 3F 43 4F 4D B5 80 03")
    assert not bench.port.look().lines[0].state.delivering


def test_basic_commands_are_answered_in_safe_packets_and_do_not_feed_the_watchdog():
    bench = Bench()
    assert bench.at(1, safe("0SAF2")) == safe("00S")
    assert bench.at(1500, b"0\r") == safe("00S")
    assert bench.at(2001) == safe("00A?T")


# Several pumps


def test_pumps_answer_at_their_own_address_only():
    bench = Bench(addresses=(0, 1, 42, 99))
    for address, frame in [
        (b"", b"\x0200"),
        (b"0", b"\x0200"),
        (b"1", b"\x0201"),
        (b"42", b"\x0242"),
        (b"99", b"\x0299"),
    ]:
        assert bench.at(bench.ms + 1, address + b"\r") == frame + b"S\x03"
    assert bench.at(bench.ms + 1, b"2RUN\r98\r43VER\r") == b""
    assert bench.at(bench.ms + 1, b"42RAT5MM\r42RUN\r") == b"\x0242S\x03\x0242I\x03"
    delivering = {pump: port.look().lines[0].state.delivering for pump, port in bench.world.pumps.items()}
    assert delivering == {"p0": False, "p1": False, "p42": True, "p99": False}


def test_each_pump_has_a_mode_and_a_watchdog_of_its_own():
    bench = Bench(addresses=(0, 1))
    assert bench.at(1, safe("1SAF2")) == safe("01S")
    assert bench.at(2, b"0\r1\r") == b"\x0200S\x03" + safe("01S")
    assert bench.at(2001) == safe("01A?T")


def test_a_burst_is_for_several_pumps_at_once():
    bench = Bench(addresses=(0, 1, 2), syringe="bd-luer-lok-60", volume="60 mL")
    assert bench.at(1, b"0 RAT 100 MH * 1 RAT 250 MH * 2 RAT 375 MH *\r") == b"\x0200S\x03\x0201S\x03\x0202S\x03"
    assert bench.at(2, b"0RAT\r1RAT\r2RAT\r") == b"\x0200S100.0MH\x03\x0201S250.0MH\x03\x0202S375.0MH\x03"
    assert bench.at(3, b"1RUN*7RUN*\r") == b"\x0201I\x03"


def test_a_broken_packet_on_a_line_of_several():
    bench = Bench(addresses=(0, 1))
    assert bench.at(1, safe("1RUN")[:-2] + b"\x00\x03") == b"\x0201S?COM\x03"
    assert bench.at(2, safe("5RUN")[:-2] + b"\x00\x03") == b""


def test_the_address_is_set_by_a_command_for_every_pump():
    bench = Bench()
    assert bench.at(1, b"*ADR 7\r") == b"\x0207S\x03"
    assert bench.at(2, b"0\r7\r*ADR\r") == b"\x0207S\x03\x0207S7\x03"
    assert bench.at(3, b"*RESET\r") == b"\x0200S\x03"
    assert bench.at(4, b"7\r0\r") == b"\x0200S\x03"


def test_paired_pumps_hear_only_system_commands():
    bench = Bench()
    assert bench.at(1, b"*ADR 1 DUAL\r") == b"\x0201S\x03"
    assert bench.at(2, b"1RUN\r1\r") == b""
    assert bench.at(3, b"*RUN\r*STP\r*STP\r") == b"\x0201I\x03\x0201P\x03\x0201S\x03"
    assert bench.at(4, b"*ADR 0\r0\r*RUN\r") == b"\x0200S\x03\x0200S\x03\x0200S?\x03"


def test_a_reset_brings_the_factory_settings_back():
    bench = Bench()
    before = everything(bench)
    bench.say("DIA 20", "RAT 5 MM", "VOL 3", "DIR WDR", "PHN 5", "FUN LOP 3", "AL 1", "TRG LE", "*ADR 0 B 1200")
    assert everything(bench)[0] != before[0]
    assert bench.say("*RESET") == "S"
    assert everything(bench) == before


def test_a_baud_change_idles_the_watchdog():
    bench = Bench()
    assert bench.at(1, safe("0SAF2")) == safe("00S")
    assert bench.at(2, b"*ADR 0 B 9600\r") == safe("00S")
    assert bench.at(60_000) == b""


# The row


def test_the_row():
    row = PROTOCOLS["new-era"]
    assert (row.name, row.baud, row.framing, row.model, row.addresses) == (
        "new-era",
        19_200,
        "8N1",
        "ne-1000",
        range(100),
    )
    assert row.options == {"version": "NE1000V3.928", "diameter": "", "safe": "0"}


def test_options():
    bench = Bench(more={"version": "NE1000X2V3.9", "diameter": "26.59"})
    assert bench.say("VER", "DIA") == ["SNE1000X2V3.9", "S26.59"]


@pytest.mark.parametrize("more", [{"diameter": "60"}, {"diameter": "wide"}, {"safe": "256"}, {"safe": "x"}])
def test_options_that_cannot_be(more):
    with pytest.raises(ValueError, match=f"option {next(iter(more))} = "):
        Bench(more=more)


def test_speed_is_of_pump_time_and_watchdogs_are_on_link_time():
    bench = Bench(speed=60.0)
    bench.say("RAT 1 MM")
    assert bench.at(100, safe("0SAF2")) == safe("00S")
    assert bench.at(200, safe("0RUN")) == safe("00I")
    assert bench.at(1200, safe("0DIS")) == safe("00II1.000W0.000ML")
    assert bench.at(3200) == safe("00A?T")


def test_crc_is_xmodem():
    """The check value of CRC-16/XMODEM."""
    assert crc(b"123456789") == 0x31C3 == binascii.crc_hqx(b"123456789", 0)
