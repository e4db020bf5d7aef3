"""Zyno MIVA and Nimbus: frames, numbers, the log of events, run and stop."""

import random
from datetime import datetime

import pytest

from firmware_bridge.protocols.zyno import LONGEST, ZYNO, Frames, Logged, Zyno, checksum, framed
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.world import World
from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.harvard_bench import S

SCENARIO = """
title = "t"
duration = "10 h"
[pump]
model = "{model}"
[line.A]
container = {{ bag = "100 mL", fluid = "saline-0.9" }}
"""
LOAD = '[[operator]]\nat = "0 s"\nload = { rate = "36 mL/h", vtbi = "20 mL" }\n'


def pump(load: str = LOAD, speed: float = 1.0, **options: str) -> VirtualPump:
    """The dialect's own model with 36 mL/h and 20 mL on it."""
    world = World(parse_scenario(SCENARIO.format(model=ZYNO.model) + load, "t"))
    return VirtualPump(world, Zyno({0: world.pumps["main"]}, Options(more={**ZYNO.options, **options})), speed=speed)


def ask(virtual: VirtualPump, text: str, at_s: float = 0.0) -> str | None:
    """The text of the answer, its frame checked; None when there is none."""
    out = virtual.step(round(at_s * S), framed(text).rstrip(b"\n")).data_out
    if not out:
        return None
    (answer,) = Frames(xor=False).take(out)
    assert out == framed(answer)
    return answer


CHECKED = (("RN", "A0"), ("Q5", "86"), ("WT01", "0C"), ("*IDN?", "44"), ("RNSN800008", "71"))
"""Worked: the low byte of the sum."""


@pytest.mark.parametrize(("text", "digits"), CHECKED)
def test_checksums_both_ways(text, digits):
    data = text.encode()
    assert checksum(data) == digits.encode()
    frame = b"\x02" + data + digits.encode() + b"\x03\n"
    assert framed(text) == frame
    assert Frames(xor=False).take(frame) == [text]
    wrong = f"{int(digits, 16) ^ 1:02X}".encode()
    assert Frames(xor=False).take(b"\x02" + data + wrong + b"\x03\n") == []


def test_nimbus_h_takes_the_exclusive_or():
    """52 xor 4E = 1C."""
    assert checksum(b"RN", xor=True) == b"1C"
    virtual = pump(checksum="xor")
    assert virtual.step(0, b"\x02RN1C\x03").data_out == framed("RNSN800008", xor=True)
    assert virtual.step(0, b"\x02RNA0\x03").data_out == b""


ANSWERS = (
    ("RN", "RNSN800008"),
    ("RS", "RS1.0.0"),
    ("*IDN?", "ZYNO MEDICAL,MIVA,SN800008,1.0.0"),
    (":SERIAL?", "SN800008"),
    ("RC", "RC010114000000"),
    ("Q0", "Q0CONTINUOUS"),
    ("Q1", "Q10"),
    ("Q2", "Q20000"),
    ("Q4", "Q4ML/HR"),
    ("Q6", "Q607D0"),
    ("QD", "QD07D0"),
    ("QE", "QE07D0"),
    ("QH", "QHERROR"),
    ("QI", "QIERROR"),
    ("R3", "R30000"),
    ("R9", "R900000000"),
    (":INFU:RUN?", "FALSE"),
    (":INFUSION:VTBI?", "20.00"),
)
"""20 mL are 2000 hundredths, 7D0; at 36 mL/h they take 2000 s."""


@pytest.mark.parametrize(("question", "answer"), ANSWERS)
def test_answers_of_a_pump_that_is_ready(question, answer):
    assert ask(pump(), question) == answer
    assert ask(pump(), question.lower()) == answer


def test_a_name_of_the_library_has_twenty_columns():
    assert len(ask(pump(), "RL")) == 22


@pytest.mark.parametrize(
    "text", ["ZZ", "Q7", "RNX", "R7", "WT00", "WT3", "WT", "RE", "RE0000000", "RE00000009", "WC01", ":FOO?", "KE10", ""]
)
def test_what_is_not_known_gets_no_answer_and_changes_nothing(text):
    virtual = pump()
    before = virtual.world.pumps["main"].look()
    assert ask(virtual, text) is None
    assert virtual.world.pumps["main"].look() == before


def test_run_and_stop_and_what_has_been_given():
    """36 mL/h is 10 uL/s, given in strokes of 50 uL: 1 mL after 100 s."""
    virtual = pump()
    assert ask(virtual, "WT01") == "WT"
    assert [ask(virtual, word, 100) for word in ("Q1", "Q2", "Q3", "Q5", ":INFU:VINF?", "R3")] == [
        "Q11",
        "Q20E10",
        "Q30064",
        "Q50064",
        "1.00",
        "R3000A",
    ]
    assert [ask(virtual, "WT02", 100), ask(virtual, "WT02", 100), ask(virtual, "Q1", 100)] == ["WT", "WT", "Q10"]
    assert virtual.world.pumps["main"].look().line("A").state is LineState.HELD


def test_what_the_pump_refuses_is_an_error_and_changes_nothing():
    virtual = pump(load="")
    before = virtual.world.pumps["main"].look()
    assert ask(virtual, "WT01") == "WTERROR"
    assert virtual.world.pumps["main"].look() == before
    assert ask(pump(), "WC000000000000") == "WCERROR"


def test_the_clock_is_set_and_goes_on():
    """2026-11-26 12:34:56, a minute later 12:35:56."""
    virtual = pump()
    assert ask(virtual, "WC1A0B1A0C2238") == "WC"
    assert ask(virtual, "RC", 60) == "RC1A0B1A0C2338"


def events(virtual: VirtualPump, at_s: float) -> list[tuple[int, int]]:
    """The log: type, and what it says more."""
    ends = ask(virtual, "RI", at_s)
    tail, head = int(ends[2:10], 16), int(ends[10:18], 16)
    found = [ask(virtual, f"RE{index:08X}", at_s) for index in range(tail, head + 1)]
    assert all(len(event) == 42 for event in found)
    return [(int(event[10:12], 16), int(event[20:24], 16)) for event in found]


def test_the_log_says_what_has_happened():
    """Power on 24, run 1, occlusion downstream 9, paused 2; then off 16 and on again."""
    virtual = pump()
    ask(virtual, "WT01")
    port = virtual.world.pumps["main"]
    port.do(Occlude(Place.PATIENT_END))
    virtual.step(3600 * S)
    assert [kind for kind, _ in events(virtual, 3600)] == [24, 1, 2, 9]
    assert events(virtual, 3600)[3] == (9, 2)
    port.do(PowerCut())
    virtual.step(20 * 3600 * S)
    port.do(PowerBack())
    virtual.step(20 * 3600 * S + 1)
    assert [kind for kind, _ in events(virtual, 20 * 3600 + 1)][-1] == 24


def test_an_event_in_bits():
    """2026-11-26 12:34:56 is 26 << 26 | 11 << 22 | 26 << 17 | 12 << 12 | 34 << 6 | 56 = 6AF4C8B8; 1.0 mL is 3F800000."""
    logged = Logged(9, 2, datetime(2026, 11, 26, 12, 34, 56), 1.0)
    assert logged.hex == "09" + "6AF4C8B8" + "0002" + "3F800000" + "00" * 5


def test_a_pump_without_power_says_nothing():
    virtual = pump()
    virtual.world.pumps["main"].do(PowerCut())
    virtual.step(30 * 3600 * S)
    assert virtual.world.pumps["main"].look().off
    assert ask(virtual, "RN", 30 * 3600) is None


STREAM = (
    b"noise"
    + framed("RN")
    + b"\r\n"
    + framed("Q5")
    + b"\x02RN00\x03"
    + framed("WT01")
    + b"\x02R"
    + framed("Q1")
    + b"\x03\x03"
)


def test_whole_is_byte_by_byte_is_cut_anywhere_and_noise_is_dropped():
    whole = pump().step(0, STREAM).data_out
    assert Frames(xor=False).take(whole) == ["RNSN800008", "Q50000", "WT", "Q11"]
    virtual = pump()
    assert b"".join(virtual.step(0, bytes([byte])).data_out for byte in STREAM) == whole
    for cut in random.Random(5).sample(range(1, len(STREAM)), 15):
        virtual = pump()
        assert virtual.step(0, STREAM[:cut]).data_out + virtual.step(0, STREAM[cut:]).data_out == whole


def test_a_frame_that_is_too_long_is_dropped():
    assert Frames(xor=False).take(framed("R" * (LONGEST - 2))) == ["R" * (LONGEST - 2)]
    assert Frames(xor=False).take(framed("R" * (LONGEST - 1)) + framed("RN")) == ["RN"]


def test_no_bytes_whatever_raise():
    chance = random.Random(13)
    virtual = pump()
    for n in range(2_000):
        data = bytes(chance.choice(b"\x02\x03RQWT0123:?*IEC\xff\x00\n") for _ in range(chance.randint(0, 200)))
        virtual.step(n * 10**6, data)
    assert ask(virtual, "RN", 2) == "RNSN800008"
