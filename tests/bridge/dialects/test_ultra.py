"""The Harvard / KDS ultra set, and the 11 Elite's addresses."""

import itertools
import random

import pytest

from firmware_bridge.protocols._text_lines import LONGEST, TextLines
from firmware_bridge.protocols._ultra_commands import COMMANDS, OF_TWO_AXES, named
from pumpsim.vocabulary.courses import Stage, Stages
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut, Release
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start, Stop
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import InfusionProgram
from tests.bridge.dialects.harvard_bench import Host, answers, converse, dialect, virtual
from tests.build import program

STEP_UL = 0.0113
"""A motor step with 10 mL: 69 nm on 163.5 mm2."""
XON = "\x11"


def infused_ul(host: Host) -> float:
    """The volume that is told."""
    number, unit = host.ask("ivolume").split()[:2]
    return float(number) * {"ml": 1000.0, "ul": 1.0, "nl": 0.001}[unit]


def test_a_conversation_byte_for_byte():
    """60 mL/h is 16.6667 uL/s: 100 uL take 6 s. The prompt at the target comes by itself."""
    converse(
        virtual("ultra"),
        [
            (0, b"\r", b"\n:"),
            (1, b"addr\r\n", b"\nPump address is 0\r\n:"),
            (2, b"irate lim\r", b"\n25.0404 nl/min to 26.0035 ml/min\r\n:"),
            (3, b"diameter\r", b"\n14.4300 mm\r\n:"),
            (4, b"tvolume\r", b"\nTarget volume not set\r\n:"),
            (5, b"irate 60 m/h\r", b"\n:"),
            (6, b"IRATE\r", b"\n60 ml/hr\r\n:"),
            (7, b"tvolume 100 ul\r", b"\n:"),
            (10, b"irun\r", b"\n>"),
            (1010, b"crate\r", b"\nInfusing at 60 ml/hr\r\n>"),
            (2010, b"status\r", b"\n16666666667 2000 33322000000 I..TI.\r\n>"),
            (7000, b"", b"\nT*"),
            (7001, b"status\r", b"\n0 5999 99989000000 i..TIT\r\nT*"),
            (7002, b"ivolume\r", b"\n99.989 ul\r\nT*"),
            (7003, b"irun\r", b"\nT*"),
            (7004, b"civolume\r", b"\n:"),
            (7005, b"ivolume\r", b"\n0 ul\r\n:"),
            (7006, b"irun\r", b"\n>"),
            (7007, b"stp\r", b"\n:"),
            (7008, b"crate\r", b"\nPump is not running.\r\n:"),
        ],
    )


LIMITS = (
    ("14.43", "25.0404 nl/min", "26.0035 ml/min"),
    ("4.699", "2.65534 nl/min", "2.75746 ml/min"),
    ("26.6", "85.0887 nl/min", "88.3613 ml/min"),
)
"""Diameter in mm, limits: 25.4 mm / 24 / (400 x 16 x 2.4) = 68.9019 nm in 27 s and in 26 us, times the area; the first is what
such a pump answers."""


@pytest.mark.parametrize(("diameter", "low", "high"), LIMITS)
def test_the_limits_follow_from_the_diameter(diameter, low, high):
    host = Host(virtual("ultra"))
    assert answers(host, f"diameter {diameter}", "irate lim") == ["\n:", f"\n{low} to {high}\r\n:"]
    assert answers(host, "irate max", "irate", "irate min", "irate") == [
        "\n:",
        f"\n{high}\r\n:",
        "\n:",
        f"\n{low}\r\n:",
    ]


def test_the_lowest_rate_is_one_that_the_pump_behind_can_be_set_to():
    """0.103 mm is an area of 0.00833 mm2, 1.28 pL/min; but 1 nL/h, here on 17.3 mm2 of a 1 mL syringe, is 0.008 pL/min."""
    host = Host(virtual("ultra", syringe="bd-plastipak-1"))
    answers(host, "diameter 0.103")
    assert host.ask("irate lim") == "\n1.2758 pl/min to 1.32487 ul/min\r\n:"
    host = Host(virtual("ultra", syringe="bd-plastipak-1"))
    answers(host, "diameter 0.103", "irate 1.3 pl/min")
    assert host.ask("irun") == "\n>"


def test_a_wrong_diameter_gives_a_wrong_flow_and_the_pump_does_not_know():
    """Half the diameter set: the plunger goes four times as fast for a rate, and four times the volume is given."""
    host = Host(virtual("ultra"))
    port = host.pump.world.pumps["p0"]
    assert answers(host, "diameter 7.215", "irate 1 ml/min", "irun") == ["\n:", "\n:", "\n>"]
    host.wait(60)
    assert infused_ul(host) == pytest.approx(1000, abs=STEP_UL)
    assert port.look().line("A").pumped_nl == pytest.approx(4_000_000, abs=20)


@pytest.mark.parametrize("table", [COMMANDS, OF_TWO_AXES], ids=["one axis", "two axes"])
def test_four_letters_name_a_command_and_no_other(table):
    for name in table:
        assert named(name.upper(), table) is table[name]
        for cut in range(4, len(name)):
            if name[:cut] not in table:
                assert named(name[:cut], table) is table[name], name[:cut]
    assert named("ira", table) is None
    assert named("iratex", table) is None


SETTINGS = (
    "diameter",
    "svolume",
    "syrmanu",
    "irate",
    "wrate",
    "tvolume",
    "ttime",
    "iramp",
    "force",
    "address",
    "poll",
    "nvram",
)
WRONG = (
    ("foo", "Command error: foo", "Unknown command"),
    ("irat3", "Command error: irat3", "Unknown command"),
    ("irate 3", "Argument error:", "Missing argument"),
    ("irate x ul/min", "Argument error: x", "Unknown argument"),
    ("irate -3 ul/min", "Argument error: -3", "Unknown argument"),
    ("irate 1e3 ul/min", "Argument error: 1e3", "Unknown argument"),
    ("irate 3 ul/day", "Argument error: ul/day", "Unknown argument"),
    ("irate 26.1 ml/min", "Argument error: 26.1", "Out of range"),
    ("irate 25.0 nl/min", "Argument error: 25.0", "Out of range"),
    ("irate max 3", "Argument error: 3", "Unknown argument"),
    ("irate 3 ul/min 4", "Argument error: 4", "Unknown argument"),
    ("wrate 0 ul/min", "Argument error: 0", "Out of range"),
    ("diameter 0.09", "Argument error: 0.09", "Out of range"),
    ("diameter 51", "Argument error: 51", "Out of range"),
    ("diameter 14 in", "Argument error: in", "Unknown argument"),
    ("tvolume 0 ul", "Argument error: 0", "Target volume out of range"),
    ("tvolume 99999 ml", "Argument error: 99999", "Target volume out of range"),
    ("tvolume 5", "Argument error:", "Missing argument"),
    ("ttime 0", "Argument error: 0", "Target time out of range"),
    ("ttime soon", "Argument error: soon", "Unknown argument"),
    ("svolume 0 ml", "Argument error: 0", "Out of range"),
    ("syrmanu xyz 1 ml", "Argument error: xyz", "Unknown argument"),
    ("syrmanu bdp 11 ml", "Argument error: 11", "Out of range"),
    ("syrmanu bdp", "Argument error:", "Missing argument"),
    ("iramp 1 ml/min 2 ml/min", "Argument error:", "Missing argument"),
    ("iramp 1 ml/min 99 ml/min 5", "Argument error: 99", "Out of range"),
    ("iramp 1 ml/min 2 ml/min 0", "Argument error: 0", "Out of range"),
    ("force 0", "Argument error: 0", "Out of range"),
    ("force 101", "Argument error: 101", "Out of range"),
    ("force 2.5", "Argument error: 2.5", "Out of range"),
    ("address 100", "Argument error: 100", "Out of range"),
    ("address one", "Argument error: one", "Unknown argument"),
    ("baud 1200", "Argument error: 1200", "Out of range"),
    ("poll maybe", "Argument error: maybe", "Unknown argument"),
    ("nvram maybe", "Argument error: maybe", "Unknown argument"),
    ("dim 101", "Argument error: 101", "Out of range"),
    ("time yesterday", "Argument error: yesterday", "Unknown argument"),
    ("load xy", "Argument error: xy", "Unknown argument"),
    ("load qs", "Argument error:", "Missing argument"),
    ("load qs x", "Argument error: x", "Unknown argument"),
    ("wramp 1 ml/min 99 ml/min 5", "Argument error: 99", "Out of range"),
    ("irun 5", "Argument error: 5", "Unknown argument"),
    ("ivolume 5", "Argument error: 5", "Unknown argument"),
    ("gang 2", "Range error: 2", "Syringe count out of range of 1 to 1."),
)


@pytest.mark.parametrize(("command", "first", "reason"), WRONG)
def test_a_wrong_command_is_refused_in_two_lines_and_changes_nothing(command, first, reason):
    host = Host(virtual("ultra"))
    before, look = answers(host, *SETTINGS), host.pump.world.pumps["p0"].look()
    assert host.ask(command) == f"\n{first}\r\n   {reason}\r\n:"
    assert answers(host, *SETTINGS) == before
    assert host.pump.world.pumps["p0"].look() == look


@pytest.mark.parametrize(
    "command",
    [
        "diameter 10",
        "tvolume 5 ml",
        "ttime 5",
        "iramp 1 ml/min 2 ml/min 5",
        "force 30",
        "svolume 5 ml",
        "address 3",
        "load qs i",
    ],
)
def test_what_a_running_pump_refuses(command):
    host = Host(virtual("ultra"))
    assert host.ask("irun") == "\n>"
    before = answers(host, *SETTINGS)
    assert host.ask(command) == f"\nCommand error: {command.split()[0]}\r\n   Pump is running\r\n>"
    assert host.ask("irun") == "\nCommand error: irun\r\n   Pump already running\r\n>"
    assert answers(host, *SETTINGS) == before


KEPT = (
    ("irate 199.49 ul/min", "irate", "199.49 ul/min"),
    ("wrate 5 u/m", "wrate", "5 ul/min"),
    ("diameter 7.262", "diameter", "7.2620 mm"),
    ("svolume 20 ml", "svolume", "20 ml"),
    ("syrmanu hos 20 ml", "syrmanu", "Hoshi, 20 ml, 20.45 mm"),
    ("tvolume 2.5 ml", "tvolume", "2.5 ml"),
    ("ttime 30", "ttime", "30 seconds"),
    ("ttime 180", "ttime", "00:03:00"),
    ("iramp 1 ml/min 2 ml/min 90", "iramp", "1 ml/min to 2 ml/min in 90 seconds"),
    ("force 30", "force", "30%"),
    ("dim 15", "dim", "15%"),
    ("echo off", "echo", "OFF"),
    ("nvram none", "nvram", "NONE"),
    ("baud 9600", "baud", "9600"),
    ("ftswitch fall", "ftswitch", "Active low"),
    ("time 02/14/10 03:45:10 PM", "time", "02/14/10 03:45:10 PM"),
    ("load qs i", "load", "Quick Start - Infuse Only (qs i)"),
)


@pytest.mark.parametrize(("command", "query", "text"), KEPT)
def test_what_is_set_is_told(command, query, text):
    host = Host(virtual("ultra"))
    assert answers(host, command, query) == ["\n:", f"\n{text}\r\n:"]


def test_clearing_targets_and_counts():
    host = Host(virtual("ultra"))
    answers(host, "tvolume 1 ml", "ttime 9", "irun")
    host.wait(1)
    answers(host, "stop", "ctvolume", "cttime", "citime")
    assert answers(host, "tvolume", "ttime", "itime") == [
        "\nTarget volume not set\r\n:",
        "\nTarget time not set\r\n:",
        "\n0 seconds\r\n:",
    ]
    assert answers(host, "cvolume", "ivolume", "wvolume", "wtime") == [
        "\n:",
        "\n0 ul\r\n:",
        "\n0 ul\r\n:",
        "\n0 seconds\r\n:",
    ]


def test_what_is_cleared_while_it_runs_counts_at_once():
    """1 mL/min, target 100 uL: cleared after 50 uL, it ends at 150; with the target cleared it goes on."""
    host = Host(virtual("ultra"))
    answers(host, "tvolume 100 ul", "irun")
    host.wait(3)
    assert host.ask("civolume") == "\n>"
    assert host.wait(5.9) == b""
    assert host.wait(0.2) == b"\nT*"
    assert host.pump.world.pumps["p0"].look().line("A").pumped_nl == pytest.approx(150_000, abs=30)
    answers(host, "civolume", "irun")
    host.wait(3)
    assert host.ask("ctvolume") == "\n>"
    assert host.wait(60) == b""
    assert infused_ul(host) == pytest.approx(1050, abs=3 * STEP_UL)
    answers(host, "stop", "ttime 6", "citime", "irun")
    host.wait(3)
    assert host.ask("citime") == "\n>"
    assert host.wait(5.9) == b""
    assert host.wait(0.2) == b"\nT*"


def test_nothing_that_matters_to_a_ramp_changes_under_it():
    host = Host(virtual("ultra"))
    answers(host, "iramp 1 ml/min 2 ml/min 60", "tvolume 1 ml", "irun")
    look = host.pump.world.pumps["p0"].look()
    for command in ("irate 1 ml/min", "civolume", "ctvolume"):
        assert host.ask(command) == f"\nCommand error: {command.split()[0]}\r\n   Pump is running\r\n>"
    assert answers(host, "citime", "tvolume") == ["\n>", "\n1 ml\r\n>"]
    assert host.pump.world.pumps["p0"].look() == look


def test_an_empty_syringe_stalls_the_motor():
    """10 mL at 26 mL/min: after 23 s there is nothing left to push."""
    host = Host(virtual("ultra"))
    answers(host, "irate max", "irun")
    assert host.wait(60) == b"\n*"
    assert infused_ul(host) == pytest.approx(10_000, rel=0.02)


def test_a_target_time_holds_over_a_stop_and_another_rate():
    """4 s at 1 mL/min, a stop, 3 s more, then 3 s at 2 mL/min: 10 s, 216.67 uL."""
    host = Host(virtual("ultra"))
    answers(host, "irate 1 ml/min", "ttime 10", "irun")
    host.wait(4)
    assert host.ask("stop") == "\n:"
    host.wait(100)
    answers(host, "irun")
    host.wait(3)
    assert host.ask("irate 2 ml/min") == "\n>"
    host.wait(2.9)
    assert host.ask("") == "\n>"
    assert host.wait(0.2) == b"\nT*"
    assert float(host.ask("itime").split()[0]) == pytest.approx(10, abs=0.01)
    assert infused_ul(host) == pytest.approx(1000 * (7 + 6) / 60, abs=3 * STEP_UL)


def test_a_ramp_gives_what_its_mean_gives_and_then_goes_on():
    """1 to 3 mL/min in 60 s: 2 mL; then 3 mL/min."""
    host = Host(virtual("ultra"))
    answers(host, "iramp 1 ml/min 3 ml/min 60", "irun")
    host.wait(30)
    assert float(host.ask("crate").split()[2]) == pytest.approx(2, abs=2 / 31)
    assert host.ask("irate 5 ml/min").splitlines()[1:] == ["Command error: irate", "   Pump is running", ">"]
    host.wait(30)
    assert infused_ul(host) == pytest.approx(2000, abs=2)
    host.wait(10)
    assert host.ask("crate") == "\nInfusing at 3 ml/min\r\n>"
    assert infused_ul(host) == pytest.approx(2500, abs=2)


def test_a_ramp_ends_at_its_target_or_where_the_option_says():
    host = Host(virtual("ultra"))
    answers(host, "iramp 3 ml/min 1 ml/min 60", "tvolume 500 ul", "irun")
    assert host.wait(30) == b"\nT*"
    assert infused_ul(host) == pytest.approx(500, abs=2 * STEP_UL)
    host = Host(virtual("ultra"))
    answers(host, "iramp 1 ml/min 3 ml/min 60", "ttime 30", "irun")
    assert [host.wait(29.9), host.wait(0.2)] == [b"", b"\nT*"]
    assert infused_ul(host) == pytest.approx(750, abs=1)
    host = Host(virtual("ultra", ramp_end="stop"))
    answers(host, "iramp 3 ml/min 1 ml/min 60", "irun")
    assert host.wait(61) == b"\nT*"
    assert infused_ul(host) == pytest.approx(2000, abs=2)


def test_poll_mode_ends_a_reply_by_xon_and_says_nothing_unasked():
    host = Host(virtual("ultra"))
    answers(host, "tvolume 10 ul", "irate 60 ml/hr")
    assert answers(host, "poll on", "poll", "irun") == [f"\n:{XON}", f"\nON\r\n:{XON}", f"\n>{XON}"]
    assert host.wait(5) == b""
    assert host.ask("") == f"\nT*{XON}"
    assert answers(host, "poll remote", "poll off") == ["\nT*", "\nT*"]
    quiet = Host(virtual("ultra", spontaneous=False))
    answers(quiet, "tvolume 10 ul", "irate 60 ml/hr", "irun")
    assert quiet.wait(5) == b""


def test_an_echo_gives_the_command_back_first():
    host = Host(virtual("ultra"))
    assert answers(host, "echo on", "force", "echo off") == ["\n:", "force\r\n100%\r\n:", "echo off\r\n:"]


def occluded(host: Host, until: str) -> bytes:
    """Close the line at the patient until something is said."""
    host.pump.world.pumps["p0"].do(Occlude(Place.PATIENT_END))
    for _ in range(600):
        if said := host.wait(1):
            return said
    raise AssertionError(until)


def test_a_closed_line_stalls_the_pump_until_it_is_open():
    """280 kPa: nothing else alarms. The stall stays in the prompt until it runs again."""
    host = Host(virtual("ultra"))
    port = host.pump.world.pumps["p0"]
    answers(host, "irate 5 ml/min", "tvolume 9 ml", "irun")
    assert occluded(host, "a stall") == b"\n*"
    assert [found.alarm.value for found in port.look().standing] == ["occlusion-distal"]
    assert host.ask("status").split()[3] == "i.STI."
    before = port.look()
    assert host.ask("irun") == "\nCommand error: irun\r\n   Pump stalled\r\n*"
    assert port.look() == before
    port.do(Release(Place.PATIENT_END))
    host.wait(60)
    assert answers(host, "", "irun") == ["\n*", "\n>"]
    assert host.ask("status").split()[3] == "I..TI."


def test_a_fault_that_is_over_when_it_is_noted_does_not_stay():
    host = Host(virtual("ultra"))
    port = host.pump.world.pumps["p0"]
    answers(host, "irun")
    port.do(DeviceEvent(DeviceEventKind.DEVICE_FAULT))
    assert host.wait(0) == b"\n*"
    assert answers(host, "irun", "stop") == ["\n>", "\n:"]


def test_what_the_pump_behind_refuses_is_an_error_and_is_not_kept():
    """A programme of stages that was put on at the pump has no one rate to change."""
    host = Host(virtual("ultra"))
    port = host.pump.world.pumps["p0"]
    stages = Stages((Stage(60_000_000, 1_000_000), Stage(30_000_000, 1_000_000)))
    port.operate(LoadProgram("A", InfusionProgram(60_000_000, 2_000_000, course=stages)), Start("A"))
    look = port.look()
    said = host.ask("irate 2 ml/min").splitlines()
    assert said[1] == "Command error: irate"
    assert said[2].startswith("   a programme of stages")
    assert host.ask("irate") == "\n1 ml/min\r\n>"
    assert port.look() == look


def test_a_pump_without_power_says_nothing():
    host = Host(virtual("ultra"))
    port = host.pump.world.pumps["p0"]
    host.ask("irun")
    port.do(PowerCut())
    assert [host.wait(1), host.send(b"ver\r")] == [b"", b""]
    port.do(PowerBack())
    host.wait(1)
    assert host.ask("ver") == "\nLegato 110 3.0.5\r\n:"


def test_power_comes_back_with_what_was_stored():
    host = Host(virtual("ultra"))
    answers(
        host,
        "irate 2 ml/min",
        "diameter 10",
        "nvram off",
        "irate 3 ml/min",
        "tvolume 1 ml",
        "nvram none",
        "diameter 12",
    )
    answers(host, "irate 1 ml/min", "irun")
    host.wait(1)
    host.pump.world.pumps["p0"].power_cycle()
    host.wait(1)
    assert answers(host, "", "irate", "diameter", "tvolume", "ivolume", "itime") == [
        "\n:",
        "\n2 ml/min\r\n:",
        "\n10.0000 mm\r\n:",
        "\n1 ml\r\n:",
        "\n0 ul\r\n:",
        "\n0 seconds\r\n:",
    ]
    assert answers(host, "irun") == ["\n>"]


def test_what_is_done_at_the_pump_itself_is_told_too():
    host = Host(virtual("ultra"))
    port = host.pump.world.pumps["p0"]
    port.operate(LoadProgram("A", program(30)), Start("A"))
    assert host.wait(0) == b""
    host.wait(60)
    assert host.ask("ivolume") == "\n499.992 ul\r\n>"
    port.operate(Stop("A"))
    assert host.wait(0) == b"\n:"
    assert port.look().line("A").state is LineState.HELD


def test_addresses():
    """Zero is not written; others stand before the text with a colon, before the prompt without."""
    host = Host(virtual("ultra", 0, 3))
    assert answers(host, "ver", "0ver") == ["\nLegato 110 3.0.5\r\n:"] * 2
    assert answers(host, "3ver", "03ver", "3:ver", "03:ver", "@3ver", "3@ver") == ["\n03:Legato 110 3.0.5\r\n03:"] * 6
    assert answers(host, "7ver", "99") == ["", ""]
    assert host.ask("3irate 5 ml/min") == "\n03:"
    assert answers(host, "irate", "3irate") == ["\n1 ml/min\r\n:", "\n03:5 ml/min\r\n03:"]
    assert host.ask("3address 0") == "\n03:Argument error: 0\r\n03:   Out of range\r\n03:"
    assert host.ask("3address 3") == "\n03:Pump address set to 3\r\n03:"
    assert answers(host, "3address 12", "3", "12", "12addr") == [
        "\n12:Pump address set to 12\r\n12:",
        "",
        "\n12:",
        "\n12:Pump address is 12\r\n12:",
    ]
    answers(host, "12irun")
    assert answers(host, "", "12") == ["\n:", "\n12>"]


def test_a_lone_pump_answers_without_its_address():
    """Legato 200 manual: over USB the address need not be used."""
    host = Host(virtual("ultra", 5))
    assert answers(host, "address", "5", "0") == ["\n05:Pump address is 5\r\n05:", "\n05:", ""]


def test_the_elite_always_writes_its_address():
    converse(
        virtual("elite-11"),
        [
            (0, b"\r\n", b"\n00:"),
            (1, b"0VER \r\n", b"\n00:11 ELITE Single 3.0.5\r\n00:"),
            (2, b"0irun \r\n", b"\n00>"),
            (3, b"0foo\r\n", b"\n00:Command error: foo\r\n00:   Unknown command\r\n00>"),
            (4, b"0stp \r\n", b"\n00:"),
            (5, b"poll on\r", b"\n00:\x11"),
        ],
    )


STREAM = b"@irate 5 ml/min\r\nirate\r\n\r\rirun\r0status\rfoo\r9ver\rstop\r\nirate 99 ml/min\rver\r"


def whole(name, *addresses):
    return virtual(name, *addresses).step(0, STREAM).data_out


@pytest.mark.parametrize("name", ["ultra", "elite-11", "33-dds"])
def test_whole_is_byte_by_byte_is_cut_anywhere(name):
    pump = virtual(name, 0, 1)
    assert b"".join(pump.step(0, bytes([byte])).data_out for byte in STREAM) == whole(name, 0, 1)
    chance = random.Random(7)
    for _ in range(20):
        cuts = sorted(chance.sample(range(1, len(STREAM)), 6))
        pump = virtual(name, 0, 1)
        pieces = [STREAM[a:b] for a, b in itertools.pairwise([0, *cuts, len(STREAM)])]
        assert b"".join(pump.step(0, piece).data_out for piece in pieces) == whole(name, 0, 1)


def test_garbage_and_what_is_too_long_are_answered_and_forgotten():
    host = Host(virtual("ultra"))
    assert host.send(b"\x00\xff\x11irun\r") == b"\nCommand error: ???irun\r\n   Unknown command\r\n:"
    said = host.ask("ver" + " x" * 500_000)
    assert said.endswith("Unknown command\r\n:")
    assert len(said) < 200
    assert host.ask("ver") == "\nLegato 110 3.0.5\r\n:"
    assert [len(line) for line in TextLines().take(b"x" * 10**6 + b"\r" + b"y\r")] == [LONGEST + 1, 1]


@pytest.mark.parametrize("name", ["ultra", "elite-11", "33-dds", "harvard-11"])
def test_no_bytes_whatever_raise_or_start_the_pump(name):
    chance = random.Random(11)
    words = [*OF_TWO_AXES, "a", "ab", "1", "ml/min", "ul", "99", "qs", "?", "@", "0", "MMD", "5", "lim"]
    words = [word for word in words if "run" not in word]
    pump = virtual(name, 0, 1)
    for n in range(400):
        line = " ".join(chance.choices(words, k=chance.randint(0, 6))).encode()
        noise = bytes(chance.randrange(256) for _ in range(chance.randint(0, 3)))
        pump.step(n * 10**6, noise + line + b"\r")
    assert all(not port.look().line("A").state.delivering for port in pump.world.pumps.values())


def test_looking_changes_nothing_and_a_fast_pump_does_as_much():
    """Questions between leave the volume bit-equal; at 60 times the speed a second of link is a minute of pump."""

    def infused(questions, speed):
        host = Host(virtual("ultra", speed=speed))
        answers(host, "irate 3 ml/min", "irun")
        for _ in range(10):
            answers(host, *questions)
            host.wait(6 / speed)
        return host.ask("ivolume"), host.ask("itime")

    assert infused((), 1.0) == infused(("status", "ivolume", "crate", "irate lim", "foo"), 1.0) == infused(("",), 60.0)


@pytest.mark.parametrize("name", ["ultra", "elite-11", "33-dds", "harvard-11", "zyno"])
def test_a_row_says_what_it_assumes(name):
    row = dialect(name)
    assert row.name == name
    assert row.assumptions
    assert all(sentence.endswith(".") for sentence in row.assumptions)
