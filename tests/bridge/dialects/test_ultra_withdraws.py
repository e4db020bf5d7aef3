"""The Harvard and KDS sets draw back: wrun, rrun, volumes and times of either way, targets, and the classic REV."""

import pytest

from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.world import World
from pumpsim.scenario_file import parse_scenario
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, Start, Stop
from tests.bridge.dialects.harvard_bench import Host, answers, converse, dialect, virtual

CLINICAL = """
title = "a clinical pump behind the set"
duration = "1 h"
[pump.p]
model = "asena-gh"
[pump.p.line.A]
container = { syringe = "bd-plastipak-50", fluid = "saline-0.9" }
"""


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


def withdrawn_ul(host: Host) -> float:
    return host.pump.world.pumps["p0"].look().lines[0].withdrawn_nl / 1000.0


def test_a_ramp_back_gives_what_its_mean_gives_and_then_goes_on():
    """1 to 3 mL/min in 60 s: 2 mL, by steps of 1/31 of the rise; then 3 mL/min until it is stopped."""
    host = Host(virtual("ultra"))
    assert answers(host, "wramp") == ["\nRamp not set up.\r\n:"]
    said = answers(host, "wramp 1 ml/min 3 ml/min 60", "wramp", "iramp", "wrun")
    assert said == ["\n:", "\n1 ml/min to 3 ml/min in 60 seconds\r\n:", "\nRamp not set up.\r\n:", "\n<"]
    assert host.wait(30) == b""
    assert withdrawn_ul(host) == pytest.approx(750, abs=1), "the mean of its first half is 1.5 mL/min"
    assert host.ask("wrate 5 ml/min").splitlines()[1:] == ["Command error: wrate", "   Pump is running", "<"]
    assert host.wait(30) == b""
    assert withdrawn_ul(host) == pytest.approx(2000, abs=1)
    host.wait(10)
    assert host.ask("crate") == "\nWithdrawing at 3 ml/min\r\n<"
    assert withdrawn_ul(host) == pytest.approx(2500, abs=1)
    assert answers(host, "stop", "wrate 1 ml/min", "wramp") == ["\n:", "\n:", "\nRamp not set up.\r\n:"]


def test_a_ramp_back_ends_at_its_target_or_where_the_option_says():
    host = Host(virtual("ultra"))
    answers(host, "wramp 3 ml/min 1 ml/min 60", "tvolume 500 ul", "wrun")
    assert host.wait(30) == b"\nT*"
    assert withdrawn_ul(host) == pytest.approx(500, abs=0.05)
    host = Host(virtual("ultra", ramp_end="stop"))
    answers(host, "wramp 3 ml/min 1 ml/min 60", "wrun")
    assert [host.wait(59), host.wait(2)] == [b"", b"\nT*"]
    assert withdrawn_ul(host) == pytest.approx(2000, abs=1)


def test_a_stop_within_a_ramp_back_ends_it():
    host = Host(virtual("ultra"))
    answers(host, "wramp 1 ml/min 3 ml/min 60", "wrun")
    host.wait(10)
    assert host.ask("stop") == "\n:"
    before = withdrawn_ul(host)
    assert host.wait(60) == b""
    assert withdrawn_ul(host) == before


def test_infuse_and_withdraw_goes_one_way_and_then_the_other():
    """100 uL out in 6 s, and in again in 3 s: then the target is reached. Nothing is said in between."""
    host = Host(virtual("ultra"))
    assert answers(host, "load qs iw", "load") == ["\n:", "\nQuick Start - Infuse/Withdraw (qs iw)\r\n:"]
    assert answers(host, "irate 60 m/h", "wrate 120 m/h", "tvolume 100 ul", "run") == ["\n:"] * 3 + ["\n>"]
    assert host.wait(6.1) == b""
    assert host.ask("") == "\n<"
    assert [host.wait(2.8), host.wait(0.2)] == [b"", b"\nT*"]
    assert answers(host, "ivolume", "wvolume") == ["\n99.989 ul\r\nT*", "\n99.989 ul\r\nT*"]
    assert [float(said.split()[0]) for said in answers(host, "itime", "wtime")] == pytest.approx([6, 3], abs=0.01)


def test_withdraw_and_infuse_and_a_run_that_is_named_goes_one_way():
    host = Host(virtual("ultra"))
    assert answers(host, "load qs wi", "tvolume 100 ul", "irate 60 m/h", "wrate 60 m/h", "run")[-1] == "\n<"
    host.wait(6.1)
    assert host.ask("") == "\n>"
    assert [host.wait(5.8), host.wait(0.2)] == [b"", b"\nT*"]
    assert answers(host, "cvolume", "irun") == ["\n:", "\n>"]
    assert host.wait(6.1) == b"\nT*"


def test_continuous_turns_about_at_each_target_until_it_is_stopped():
    """At each turn up to a step of the motor is missing to the target."""
    host = Host(virtual("ultra"))
    answers(host, "load qs con", "tvolume 100 ul", "irate 60 m/h", "wrate 60 m/h", "run")
    prompts = []
    for _ in range(7):
        host.wait(3)
        prompts.append(host.ask("")[-1])
        assert host.wait(3) == b""
    assert prompts == [">", "<", ">", "<", ">", "<", ">"]
    assert host.ask("stop") == "\n:"
    assert host.wait(60) == b""
    volumes = [float(said.split()[0]) for said in answers(host, "ivolume", "wvolume")]
    assert volumes == pytest.approx([400, 300], abs=1)


def test_power_ends_a_cycle():
    host = Host(virtual("ultra"))
    answers(host, "load qs con", "tvolume 100 ul", "irate 60 m/h", "wrate 60 m/h", "run")
    host.wait(3)
    host.pump.world.pumps["p0"].power_cycle()
    host.wait(30)
    assert host.ask("") == "\n:"
    assert host.ask("ivolume") == "\n0 ul\r\n:"


def test_a_hand_at_the_pump_ends_a_cycle():
    """Stopped at its keys, and started there again: it infuses to its end, and does not turn about."""
    host = Host(virtual("ultra"))
    answers(host, "load qs con", "tvolume 100 ul", "irate 60 m/h", "wrate 60 m/h", "run")
    host.wait(3)
    port = host.pump.world.pumps["p0"]
    port.operate(Stop("A"))
    assert host.wait(1) == b"\n:"
    port.operate(Start("A"))
    assert host.wait(0) == b""
    assert host.wait(10) == b"\nT*"
    assert withdrawn_ul(host) == 0.0


def test_an_alarm_within_a_cycle_ends_it():
    host = Host(virtual("ultra"))
    answers(host, "load qs iw", "tvolume 100 ul", "irate 60 m/h", "wrate 60 m/h", "run")
    host.wait(3)
    host.pump.world.pumps["p0"].do(DeviceEvent(DeviceEventKind.SYRINGE_REMOVED))
    assert host.wait(30) == b"\n*"
    assert withdrawn_ul(host) == 0.0


@pytest.mark.parametrize("command", ["load qs iw", "load qs con", "wramp 1 ml/min 2 ml/min 9"])
def test_a_pump_that_does_not_withdraw_refuses(command):
    row = dialect("ultra")
    assert isinstance(row, Dialect)
    world = World(parse_scenario(CLINICAL, "t"))
    host = Host(VirtualPump(world, row.talk({0: world.pumps["p"]}, Options(more=row.options))))
    assert host.ask(command).splitlines()[2] == "   Pump cannot withdraw"


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
