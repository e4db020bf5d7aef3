"""New Era: the time-out of Safe mode, several pumps on a line, and the row of the protocol."""

import pytest

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols._new_era_frames import encode
from tests.bridge.dialects.new_era_bench import Bench, everything

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
