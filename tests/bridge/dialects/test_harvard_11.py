"""The classic Harvard set: replies of fixed lengths, prompts, errors."""

import random

import pytest

from firmware_bridge.protocols.harvard_11 import five_digits
from pumpsim.vocabulary.disturbances import Occlude, Place
from tests.bridge.dialects.harvard_bench import Host, converse, virtual


def test_a_conversation_byte_for_byte():
    """1000 uL/min is 16.667 uL/s: 50 uL take 3 s."""
    converse(
        virtual("harvard-11"),
        [
            (0, b"\r", b"\r\n:"),
            (1, b"00VER\r", b"\r\n11PLUS 1.6\r\n00:"),
            (2, b"00MMD14.43\r", b"\r\n00:"),
            (3, b"00DIA\r", b"\r\n 14.430 \r\n00:"),
            (4, b"00ULM1000\r", b"\r\n00:"),
            (5, b"00RAT\r", b"\r\n1000.0\r\n00:"),
            (6, b"00RNG\r", b"\r\nUL/M\r\n00:"),
            (7, b"00MLT50\r", b"\r\n00:"),
            (8, b"00TAR\r", b"\r\n 50.000 \r\n00:"),
            (10, b"00RUN\r", b"\r\n00>"),
            (1010, b"00VOL\r", b"\r\n 16.655 \r\n00>"),
            (3100, b"", b""),
            (3101, b"00VOL\r", b"\r\n 49.989 \r\n00:"),
            (3102, b"00RUN\r", b"\r\n00>"),
            (4102, b"vol\r", b"\r\n 16.655 \r\n>"),
            (4103, b"00STP\r00STP\r", b"\r\n00:\r\n00:"),
            (4104, b"CLT\rTAR\rCLV\rVOL\rKEY\r", b"\r\n:\r\n 0.0000 \r\n:\r\n:\r\n 0.0000 \r\n:\r\n:"),
        ],
    )


LENGTHS = (("00STP", 5), ("00DIA", 15), ("00VOL", 15), ("00TAR", 15), ("00VER", 17), ("RAT", 11), ("DIA", 13))
"""How many bytes clients read: pumpy 5, 15 and 17; another 8 to the end of a value and then up to 5 to the prompt."""


@pytest.mark.parametrize(("command", "length"), LENGTHS)
def test_replies_have_the_length_that_clients_read(command, length):
    assert len(Host(virtual("harvard-11")).ask(command)) == length


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14.43, "14.430"),
        (100, "100.00"),
        (2000, "2000.0"),
        (12_345, "12345."),
        (0.5, "0.5000"),
        (0, "0.0000"),
        (1e7, "99999."),
    ],
)
def test_five_digits_both_ways(value, text):
    assert five_digits(value) == text
    assert float(text) == pytest.approx(min(value, 99_999))


WRONG = (
    ("FOO", "?"),
    ("RUNN", "?"),
    ("ULM", "?"),
    ("MLT", "?"),
    ("DIA4", "?"),
    ("RUN 3", "?"),
    ("ULM x", "?"),
    ("ULM -4", "?"),
    ("ULM 1e3", "?"),
    ("MMD 0.05", "OOR"),
    ("MMD 36", "OOR"),
    ("ULM 999999", "OOR"),
    ("ULH 0", "OOR"),
    ("MLT 0", "OOR"),
)


@pytest.mark.parametrize(("command", "error"), WRONG)
def test_a_wrong_command_changes_nothing(command, error):
    host = Host(virtual("harvard-11"))
    known = ("DIA", "RAT", "RNG", "TAR", "VOL")
    before, look = [host.ask(word) for word in known], host.pump.world.pumps["p0"].look()
    assert host.ask(f"00{command}") == f"\r\n{error}\r\n00:"
    assert [host.ask(word) for word in known] == before
    assert host.pump.world.pumps["p0"].look() == look


@pytest.mark.parametrize("command", ["RUN", "MMD 10", "MLT 5"])
def test_what_a_running_pump_refuses(command):
    host = Host(virtual("harvard-11"))
    assert [host.ask("RUN"), host.ask(command)] == ["\r\n>", "\r\nNA\r\n>"]


@pytest.mark.parametrize(
    ("word", "value", "ml_per_h"), [("MLM", "1", 60), ("ULM", "1000", 60), ("MLH", "60", 60), ("ULH", "60000", 60)]
)
def test_the_same_rate_in_each_range(word, value, ml_per_h):
    host = Host(virtual("harvard-11"))
    assert [host.ask(f"{word}{value}"), host.ask("RUN")] == ["\r\n:", "\r\n>"]
    assert host.pump.world.pumps["p0"].look().line("A").rate_nl_per_h == ml_per_h * 1_000_000
    assert float(host.ask("RAT").split()[0]) == float(value)


def test_a_rate_changes_while_it_runs():
    host = Host(virtual("harvard-11"))
    host.ask("RUN")
    assert host.ask("ULM500") == "\r\n>"
    assert host.pump.world.pumps["p0"].look().line("A").rate_nl_per_h == 30_000_000
    assert host.ask("ULM99999") == "\r\nOOR\r\n>"
    assert host.pump.world.pumps["p0"].look().line("A").rate_nl_per_h == 30_000_000


def test_a_closed_line_stalls_it():
    host = Host(virtual("harvard-11"))
    host.pump.world.pumps["p0"].do(Occlude(Place.PATIENT_END))
    host.ask("MLM5")
    host.ask("RUN")
    assert host.wait(600) == b""
    before = host.pump.world.pumps["p0"].look()
    assert [host.ask(""), host.ask("RUN")] == ["\r\n*", "\r\nNA\r\n*"]
    assert host.pump.world.pumps["p0"].look() == before


def test_addresses_of_a_chain():
    host = Host(virtual("harvard-11", 1, 14))
    assert [host.ask(text) for text in ("01", "14", "1VER", "", "02", "02RUN")] == [
        "\r\n01:",
        "\r\n14:",
        "\r\n11PLUS 1.6\r\n01:",
        "",
        "",
        "",
    ]
    host.ask("14RUN")
    assert [host.ask("01"), host.ask("14")] == ["\r\n01:", "\r\n14>"]


def test_a_small_syringe_begins_within_its_range():
    host = Host(virtual("harvard-11", syringe="bd-plastipak-1"))
    assert host.ask("RNG") == "\r\nUL/M\r\n:"
    assert host.ask("RUN") == "\r\n>"


def test_power_comes_back_with_the_settings():
    host = Host(virtual("harvard-11"))
    host.ask("ULM500")
    host.ask("RUN")
    host.wait(5)
    host.pump.world.pumps["p0"].power_cycle()
    host.wait(1)
    assert [host.ask(text) for text in ("", "RAT", "VOL", "RUN")] == [
        "\r\n:",
        "\r\n500.00\r\n:",
        "\r\n 0.0000 \r\n:",
        "\r\n>",
    ]


STREAM = b"00MMD 14.43\r\n00DIA\r\r\n\n00RUN\rFOO\r00VOL\r77VER\rULM\r00STP\r"


def test_whole_is_byte_by_byte_is_cut_anywhere():
    whole = virtual("harvard-11").step(0, STREAM).data_out
    pump = virtual("harvard-11")
    assert b"".join(pump.step(0, bytes([byte])).data_out for byte in STREAM) == whole
    chance = random.Random(3)
    for cut in chance.sample(range(1, len(STREAM)), 20):
        pump = virtual("harvard-11")
        assert pump.step(0, STREAM[:cut]).data_out + pump.step(0, STREAM[cut:]).data_out == whole


def test_garbage_and_what_is_too_long():
    host = Host(virtual("harvard-11"))
    assert host.send(b"\x00\xff\x01RUN\r") == b"\r\n?\r\n:"
    assert host.send(b"DIA" + b" " * 100_000 + b"\r") == b"\r\n?\r\n:"
    assert host.ask("DIA") == "\r\n 14.430 \r\n:"
