"""New Era: every command, diameters, alarms. Worked figures are those of PROTOCOLS 2A."""

import pytest

from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.new_era_bench import Bench, everything
from tests.build import program

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
