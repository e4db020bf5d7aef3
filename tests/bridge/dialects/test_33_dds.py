"""The 33 DDS: two independent syringes at one address, axes a and b."""

import pytest

from tests.bridge.dialects.harvard_bench import Host, answers, virtual


def test_one_line_for_each_axis_that_is_asked():
    host = Host(virtual("33-dds", 0, 1))
    assert answers(host, "diameter a 4.85", "diameter ab", "svolume ab 5 ul", "svolume b") == [
        "\n:",
        "\nA: 4.8500 mm\r\nB: 14.4300 mm\r\n:",
        "\n:",
        "\nB: 5 ul\r\n:",
    ]
    assert answers(host, "rate a 2 ml/min", "irate b 1 ml/min", "rate ab") == [
        "\n:",
        "\n:",
        "\nA: 2 ml/min\r\nB: 1 ml/min\r\n:",
    ]


def test_the_axes_run_stop_and_end_apart():
    host = Host(virtual("33-dds", 0, 1))
    answers(host, "irate a 6 ml/min", "irate b 3 ml/min", "tvolume a 200 ul")
    assert answers(host, "irun ab") == ["\n>"]
    assert host.wait(4) == b"\n>"
    assert [line.split()[4] for line in host.ask("status").splitlines()[1:3]] == ["i..TIT", "I..TI."]
    assert host.ask("ivolume ab").splitlines()[1:3] == ["A: 199.99 ul", "B: 199.99 ul"]
    assert answers(host, "stop b", "irun a") == ["\nT*", "\nT*"]
    answers(host, "civolume ab")
    assert answers(host, "irun b", "stop") == ["\n>", "\n:"]


def test_what_is_wrong_on_one_axis_is_done_on_none():
    host = Host(virtual("33-dds", 0, 1))
    answers(host, "diameter a 4.85", "irun a")
    before = answers(host, "rate ab", "status")
    assert host.ask("irate ab 20 ml/min") == "\nArgument error: 20\r\n   Out of range\r\n>"
    assert host.ask("irun ab") == "\nCommand error: irun\r\n   Pump already running\r\n>"
    assert answers(host, "rate ab", "status") == before


@pytest.mark.parametrize(
    ("command", "first", "reason"),
    [
        ("irun", "Argument error:", "Missing argument"),
        ("irun c", "Argument error: c", "Unknown argument"),
        ("diameter 4.85", "Argument error: 4.85", "Unknown argument"),
        ("gang 1", "Command error: gang", "Not valid in Independent condition"),
        ("condition turning", "Argument error: turning", "Unknown argument"),
    ],
)
def test_refusals(command, first, reason):
    host = Host(virtual("33-dds", 0, 1))
    assert host.ask(command) == f"\n{first}\r\n   {reason}\r\n:"


def test_reciprocating_axes_go_opposite_ways_and_turn_about_at_the_target():
    """100 uL at 60 mL/h are 6 s each way: what one gives the other takes, whatever the withdrawal rate is."""
    host = Host(virtual("33-dds", 0, 1))
    assert answers(host, "condition reciprocating", "condition") == ["\n:", "\nReciprocating\r\n:"]
    assert answers(host, "irate 60 m/h", "wrate 1 m/h", "tvolume 100 ul") == ["\n:"] * 3
    assert host.ask("irun") == "\n>"
    moved = []
    for _ in range(5):
        host.wait(3)
        ports = [host.pump.world.pumps[f"p{axis}"] for axis in (0, 1)]
        moved.append([port.look().lines[0].back_nl_per_h > 0 for port in ports])
        host.wait(3)
    assert moved == [[False, True], [True, False], [False, True], [True, False], [False, True]]
    given = [float(host.ask(f"{way}volume").split()[0]) for way in "iw"]
    assert given == pytest.approx([300.0, 200.0], abs=1.0), "of axis a, after five legs of 100 uL"
    assert answers(host, "stop", "irun")[0] == "\n:"
    assert answers(host, "stop", "condition independent", "irun b")[-1] == "\n>"
    host.wait(1)
    assert not host.pump.world.pumps["p1"].withdrawing


def test_another_rate_reaches_a_reciprocating_axis_that_withdraws_at_once():
    """100 uL at 60 mL/h for 2 s, the rest at 120: 2 s more, not 4; each axis turns about then."""
    host = Host(virtual("33-dds", 0, 1))
    answers(host, "condition reciprocating", "irate 60 m/h", "tvolume 100 ul", "irun")
    host.wait(2)
    assert host.ask("irate 120 m/h") == "\n>"
    looks = [host.pump.world.pumps[f"p{axis}"].look().lines[0] for axis in (0, 1)]
    assert [looks[0].rate_nl_per_h, looks[1].back_nl_per_h] == [120_000_000, 120_000_000]
    host.wait(1.9)
    assert [host.pump.world.pumps[f"p{axis}"].withdrawing for axis in (0, 1)] == [False, True]
    host.wait(0.2)
    assert [host.pump.world.pumps[f"p{axis}"].withdrawing for axis in (0, 1)] == [True, False]


def test_twin_condition_names_no_axis_and_moves_both():
    host = Host(virtual("33-dds", 0, 1))
    assert answers(host, "condition twin", "condition", "gang 2", "gang") == [
        "\n:",
        "\nTwin\r\n:",
        "\n:",
        "\n2 syringes\r\n:",
    ]
    assert host.ask("gang 3") == "\nRange error: 3\r\n   Syringe count out of range of 1 to 2.\r\n:"
    assert answers(host, "rate 6 ml/min", "rate", "irun") == ["\n:", "\n6 ml/min\r\n:", "\n>"]
    host.wait(1)
    pumped = [port.look().line("A").pumped_nl for port in host.pump.world.pumps.values()]
    assert pumped == [pytest.approx(100_000, abs=12)] * 2


def test_two_units_are_four_pumps():
    host = Host(virtual("33-dds", 0, 1, 6, 7))
    assert answers(host, "rate ab", "3rate ab") == [
        "\nA: 1 ml/min\r\nB: 1 ml/min\r\n:",
        "\n03:A: 1 ml/min\r\n03:B: 1 ml/min\r\n03:",
    ]
