"""A host at the wrong rate: what a receiver makes of it, bit by bit, and that both sides hear garbage."""

from pathlib import Path

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.testing import virtual_pump
from firmware_bridge.traffic.journal import read_wire
from firmware_bridge.virtual_pump.uart import at_another_rate
from tests.bridge.traffic.test_conformity import compared


@pytest.mark.parametrize(
    ("said", "sent", "read", "heard", "why"),
    [
        (b"\x00", 9600, 19200, b"\x00", "low for nine bits are eighteen: no stop bit is found, and then it rests"),
        (b"\xff", 9600, 19200, b"\xfe", "the start bit is two bits long: start, and the lowest bit"),
        (
            b"\x55",
            9600,
            19200,
            b"\x00\xe6",
            "each bit twice: 0 01100110 0, no stop bit; then from the next fall 0 01100111 1",
        ),
        (b"\xff", 19200, 9600, b"", "a start bit of half a bit is over when it is looked at"),
        (b"\xff", 14400, 9600, b"\xff", "one of two thirds is seen"),
        (b"\xff", 19200 * 4, 9600, b"", "a start bit of an eighth of a bit is over before its middle"),
        (b"A", 9600, 9600, b"A", "the right rate"),
        (b"", 9600, 300, b"", "nothing"),
    ],
)
def test_by_hand(said: bytes, sent: int, read: int, heard: bytes, why: str) -> None:
    assert at_another_rate(said, sent, read) == heard, why


@given(st.binary(max_size=40), st.sampled_from([9600, 19200, 38400, 115200]), st.integers(-40, 40))
def test_a_rate_that_is_nearly_right_is_right(data: bytes, baud: int, per_mille: int) -> None:
    """Up to 4 % the middle of the last bit is still in it: 9.5 bits times 0.04 is 0.38 of half a bit's 0.5."""
    assert at_another_rate(data, baud, baud + baud * per_mille // 1000) == data


@given(st.binary(max_size=60), st.sampled_from([300, 2400, 9600, 38400]), st.sampled_from([1200, 19200, 115200]))
def test_there_are_no_more_bytes_than_time_for_them(data: bytes, sent: int, read: int) -> None:
    heard = at_another_rate(data, sent, read)
    assert (len(heard) - 1) * 9.5 / read <= len(data) * 10 / sent


def test_a_host_at_the_wrong_rate_is_answered_by_nothing_it_knows_and_moves_nothing() -> None:
    with (
        virtual_pump("ne-1000", protocol="new-era", power_up_alarm=False, strict_baud=True) as pump,
        serial.Serial(pump.port, 9600, timeout=0.2) as port,
    ):
        for command in (b"RAT5MH\r", b"RUN\r"):
            port.write(command)
            assert b"00" not in port.read(20)
        assert pump.delivered_ml == 0.0
        port.baudrate = 19_200
        port.timeout = 5.0
        port.write(b"\r")
        port.read_until(b"\x03")  # what garbage had begun, the line end ends
        port.write(b"DIS\r")
        assert port.read_until(b"\x03") == b"\x0200SI0.000W0.000ML\x03"


def test_without_strictness_no_rate_matters() -> None:
    with (
        virtual_pump("ne-1000", protocol="new-era", power_up_alarm=False) as pump,
        serial.Serial(pump.port, 300, timeout=5.0) as port,
    ):
        port.write(b"\r")
        assert port.read_until(b"\x03") == b"\x0200S\x03"


def test_a_wrong_rate_is_a_fault_that_comes_and_goes_and_is_not_held_against_the_pump(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with (
        virtual_pump("legato-110", protocol="ultra", journal=path) as pump,
        serial.Serial(pump.port, 115_200, timeout=0.2) as port,
    ):
        for rate in (0, 9_600, 115_200, 38_400, 0):
            pump.wire_faults(host_baud=rate)
            port.write(b"\r")
            port.read(200)
            port.write(b"irate\r")
            heard = port.read_until(b":")
            assert (b"ml/min" in heard) is (rate in (0, 115_200)), rate
    journal = read_wire(path)
    assert {happening.happened for happening in journal.happenings} >= {"wrong-baud", "told"}
    assert compared(journal).differences == ()
