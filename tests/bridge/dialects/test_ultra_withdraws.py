"""The Harvard and KDS sets draw back: wrun, rrun, volumes and times of either way, targets, and the classic REV."""

import pytest

from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind
from tests.bridge.dialects.harvard_bench import Host, answers, converse, virtual


def test_a_conversation_byte_for_byte():
    """60 mL/h is 16.6667 uL/s: 100 uL take 6 s, to a step of 0.011 uL. The prompt at the target comes by itself."""
    converse(
        virtual("ultra"),
        [
            (0, b"wrate 60 m/h\r", b"\n:"),
            (1, b"tvolume 100 ul\r", b"\n:"),
            (10, b"wrun\r", b"\n<"),
            (1010, b"crate\r", b"\nWithdrawing at 60 ml/hr\r\n<"),
            (1011, b"wrun\r", b"\nCommand error: wrun\r\n   Pump already running\r\n<"),
            (2010, b"status\r", b"\n16666666667 2000 33333000000 W..TI.\r\n<"),
            (7000, b"", b"\nT*"),
            (7001, b"status\r", b"\n0 5998 99989000000 w..TIT\r\nT*"),
            (7002, b"wvolume\r", b"\n99.989 ul\r\nT*"),
            (7003, b"ivolume\r", b"\n0 ul\r\nT*"),
            (7004, b"wtime\r", b"\n5.99869 seconds\r\nT*"),
            (7005, b"wrun\r", b"\nT*"),
            (7006, b"cwvolume\r", b"\n:"),
            (7007, b"wvolume\r", b"\n0 ul\r\n:"),
            (7008, b"wrun\r", b"\n<"),
            (7009, b"stp\r", b"\n:"),
        ],
    )


def test_each_way_has_its_rate_volume_and_time():
    host = Host(virtual("ultra"))
    assert answers(host, "irate 60 m/h", "wrate 120 m/h", "irun") == ["\n:", "\n:", "\n>"]
    host.wait(6)
    assert host.ask("rrun") == "\n<"
    host.wait(6)
    assert host.ask("stop") == "\n:"
    assert answers(host, "ivolume", "wvolume") == ["\n99.989 ul\r\n:", "\n199.99 ul\r\n:"]
    assert answers(host, "itime", "wtime") == ["\n6 seconds\r\n:"] * 2
    assert host.ask("cvolume") == "\n:"
    assert answers(host, "ivolume", "wvolume") == ["\n0 ul\r\n:"] * 2
    assert host.ask("rrun") == "\n>", "the other way than the last run"


def test_the_rate_of_the_way_that_runs_changes_at_once_and_the_other_ones_later():
    host = Host(virtual("ultra"))
    assert answers(host, "irate 60 m/h", "wrate 60 m/h", "wrun") == ["\n:", "\n:", "\n<"]
    assert answers(host, "irate 30 m/h", "crate") == ["\n<", "\nWithdrawing at 60 ml/hr\r\n<"]
    assert answers(host, "wrate 120 m/h", "crate") == ["\n<", "\nWithdrawing at 120 ml/hr\r\n<"]
    assert answers(host, "rrun", "crate") == ["\n>", "\nInfusing at 30 ml/hr\r\n>"]


def test_a_target_time_ends_it():
    host = Host(virtual("ultra"))
    assert answers(host, "wrate 60 m/h", "ttime 3", "wrun") == ["\n:", "\n:", "\n<"]
    assert host.wait(2.9) == b""
    assert host.wait(0.2) == b"\nT*"
    assert float(host.ask("wvolume").split()[0]) == pytest.approx(50.0, abs=0.02)


def test_what_is_loaded_says_where_run_goes():
    host = Host(virtual("ultra"))
    assert answers(host, "load qs w", "load", "run") == ["\n:", "\nQuick Start - Withdraw Only (qs w)\r\n:", "\n<"]
    assert answers(host, "stop", "load qs i", "run") == ["\n:", "\n:", "\n>"]


def test_an_alarm_that_stops_it_is_a_stall():
    host = Host(virtual("ultra"))
    assert answers(host, "wrate 60 m/h", "wrun") == ["\n:", "\n<"]
    host.pump.world.pumps["p0"].do(DeviceEvent(DeviceEventKind.SYRINGE_REMOVED))
    host.wait(0.1)
    assert host.ask("") == "\n*"
    assert "Pump stalled" in host.ask("wrun")


def test_a_changed_diameter_keeps_what_was_withdrawn():
    host = Host(virtual("ultra"))
    assert answers(host, "wrate 60 m/h", "wrun") == ["\n:", "\n<"]
    host.wait(6)
    assert answers(host, "stop", "diameter 7.215", "wvolume") == ["\n:", "\n:", "\n100 ul\r\n:"]


def test_two_axes_go_their_own_ways():
    host = Host(virtual("33-dds", 0, 1))
    assert answers(host, "irate a 60 m/h", "wrate b 60 m/h", "irun a", "wrun b")[-1][-1] == ">"
    host.wait(6)
    assert float(host.ask("ivolume a").split()[1]) == pytest.approx(100.0, abs=0.02)
    assert float(host.ask("wvolume b").split()[1]) == pytest.approx(100.0, abs=0.02)


def test_the_classic_set_turns_round_with_rev():
    """As pumpy's withdraw() asks for it: REV, then RUN when it stands, or REV again when it goes the wrong way."""
    host = Host(virtual("harvard-11"))
    assert answers(host, "ULM1000", "REV", "RUN") == ["\r\n:", "\r\n:", "\r\n<"]
    host.wait(6)
    assert host.ask("VOL") == "\r\n 100.00 \r\n<"
    assert host.ask("REV") == "\r\n>"
    host.wait(3)
    assert answers(host, "STP", "VOL", "REV", "VOL") == ["\r\n:", "\r\n 50.000 \r\n:", "\r\n:", "\r\n 100.00 \r\n:"]


def test_the_classic_target_counts_the_way_that_is_set():
    host = Host(virtual("harvard-11"))
    assert answers(host, "ULM1000", "MLT50", "REV", "RUN") == ["\r\n:", "\r\n:", "\r\n:", "\r\n<"]
    host.wait(3.1)
    assert host.ask("") == "\r\n:"
    assert host.ask("RUN") == "\r\n<", "a target that is reached is run to anew"
