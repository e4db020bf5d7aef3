"""The Fresenius Orchestra dialect: sessions, control, every command and refusal, options."""

import pytest

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols.fresenius import FRESENIUS, OPTIONS, Orchestra
from firmware_bridge.protocols.fresenius_commands import MODULE
from firmware_bridge.protocols.fresenius_link import frame
from firmware_bridge.protocols.fresenius_words import NUMBERS
from firmware_bridge.virtual_pump.dialect import Options
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import PowerBack, PowerCut
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import behind, converse, port_of
from tests.bridge.dialects.fresenius_bench import ACK, DC4, ENQ, NAK, asked, in_control, ok, state
from tests.build import S, program


@pytest.mark.parametrize("name", [*MODULE, "ZZ", "", "dc"])
def test_nothing_but_dc_without_a_session(name: str) -> None:
    pump = behind(FRESENIUS, ["p1"])
    converse(pump, [(0, frame(f"0{name}"), ok("0I;0D")), (0, ACK, b""), (0, frame(f"1{name}"), ok("1I;1E"))])
    converse(pump, [(0, ACK + frame("1DC"), ok("1I;0D")), (0, ACK + frame("0DC"), ok("0C"))])
    converse(pump, [(0, ACK + frame(f"1{name}"), ok("1I;1E")), (0, ACK + frame("1DC"), ok("1C"))])


def test_module_that_is_not_there() -> None:
    pump = behind(FRESENIUS, ["p1"])
    converse(
        pump,
        [(0, frame("0DC"), ok("0C")), (1, ACK + frame("2DC"), ok("2I;0E")), (2, ACK + frame("2LE;d"), ok("2I;1E"))],
    )


def test_sessions_end_with_that_of_the_base_unless_a_module_is_controlled() -> None:
    pump = in_control(2)
    assert asked(pump, 1, "0FC") == "I;1F"
    assert [asked(pump, 2, "1MO;1"), asked(pump, 2, "2FC"), asked(pump, 2, "0FC")] == ["C", "C", "C"]
    assert [asked(pump, 3, "1LE;d"), asked(pump, 3, "0LE;b")] == ["I;1E", "I;0D"]


def test_control_begins_and_ends() -> None:
    pump = in_control()
    assert [asked(pump, 0, text) for text in ("1MO;2", "1LE;m", "1MO;1", "1LE;m", "1MO;1", "1PR;0032")] == [
        "I;06",
        "C;m2",
        "C",
        "C;m1",
        "I;06",
        "I;02",
    ]
    assert state(pump) is LineState.EMPTY


def test_base_puts_every_module_with_a_session_under_control() -> None:
    pump = behind(FRESENIUS, ["p1", "p2", "p3"])
    for text in ("0DC", "1DC", "3DC"):
        asked(pump, 0, text)
    assert pump.step(0, b"\x020MO;2C6\x03").data_out == ok("0C")
    pump.step(0, ACK)
    assert [asked(pump, 0, text) for text in ("1LE;m", "3LE;m", "2LE;m", "0MO;2")] == ["C;m2", "C;m2", "I;1E", "I;06"]


WRONG = (
    *(
        "FC;1",
        "MO",
        "MO;",
        "MO;3",
        "MO;12",
        "MO;1;2",
        "LE",
        "LE;",
        "LE;d;r",
        "DE",
        "DE;",
        "AE;d",
        "LF",
        "LM",
        "LM;",
        "DM",
        "AM;d",
    ),
    *(
        "PR;",
        "PR;0",
        "PR;00012",
        "PR;00fF",
        "PR;GGGG",
        "PR;-001",
        "PR;0032;1",
        "PO;1",
        "PB",
        "PB;",
        "PB;0001",
        "PB;00000G",
    ),
    *(
        "PV",
        "PV;",
        "PV;1",
        "RV;0",
        "EP",
        "EP;",
        f"EP;{'x' * 21}",
        "LP;1",
        "AP;1",
        "EN",
        "EN;",
        "LN;1",
        "SI;1",
        "RZ;1",
        "OF;1",
    ),
    "DC;1",
)
"""Each is a syntax error."""


OTHERS = (
    *(
        ("LE;z", "0A"),
        ("LE;dz", "0A"),
        ("LE;D", "0B"),
        ("LE;1", "0B"),
        ("DE;z", "0A"),
        ("DM;r", "0A"),
        ("LM;D", "0B"),
        ("LF;a", "0A"),
    ),
    *(
        ("PR;0000", "08"),
        ("PR;2EE1", "08"),
        ("PV;000001", "08"),
        ("PV;FFFFFF", "08"),
        ("PB;000000", "08"),
        ("PB;FFFFFF", "15"),
    ),
    *(
        ("PF", "16"),
        ("PP;0001", "01"),
        ("PS;1", "01"),
        ("AP", "25"),
        ("XX", "01"),
        ("pr;0032", "01"),
        ("", "01"),
        ("RZ", "03"),
        ("OF", "03"),
    ),
    *(("SI", "03"),),
)


@pytest.mark.parametrize(("text", "code"), [*((text, "04") for text in WRONG), *OTHERS])
def test_what_is_refused_changes_nothing(text: str, code: str) -> None:
    pump = in_control(rate_hex="0258")
    port = port_of(pump, "p1")
    assert asked(pump, 900, "1PV;002710") == "C"
    before = (
        port.look(),
        port.remaining("A"),
        asked(pump, 900, "1LE;mdraeks"),
        asked(pump, 900, "1LP"),
        asked(pump, 900, "1LN"),
    )
    assert asked(pump, 900, f"1{text}") == f"I;{code}"
    after = (
        port.look(),
        port.remaining("A"),
        asked(pump, 900, "1LE;mdraeks"),
        asked(pump, 900, "1LP"),
        asked(pump, 900, "1LN"),
    )
    assert after == before
    assert state(pump) is LineState.INFUSING


@pytest.mark.parametrize(
    ("text", "code"), [("LE;d", "0A"), ("LE;", "04"), ("PR;0001", "01"), ("LM;d", "01"), ("LF;x", "0A"), ("MO;0", "04")]
)
def test_what_the_base_refuses(text: str, code: str) -> None:
    assert asked(in_control(), 0, f"0{text}") == f"I;{code}"


@pytest.mark.parametrize("text", ["PR;0032", "PR", "PO", "PB;000100", "PF", "PV;000100", "RZ", "OF"])
def test_what_takes_pc_control(text: str) -> None:
    pump = behind(FRESENIUS, ["p1"])
    port_of(pump, "p1").operate(LoadProgram("A", program(10.0)), Start())
    for said in ("0DC", "1DC"):
        asked(pump, 0, said)
    assert asked(pump, 0, f"1{text}") == "I;02"
    assert state(pump) is LineState.INFUSING


@pytest.mark.parametrize(("tenths", "text"), [(1, "0001"), (123, "007B"), (12_000, "2EE0")])
def test_rate_is_set_and_read_in_tenths(tenths: int, text: str) -> None:
    pump = in_control()
    assert asked(pump, 0, "1PR") == "I;14"
    assert [asked(pump, 0, f"1PR;{text}"), asked(pump, 0, "1LE;d"), asked(pump, 0, "1LM;d")] == [
        "C",
        f"C;d{text}",
        f"C;d{text}",
    ]
    assert port_of(pump, "p1").look().line("A").rate_nl_per_h == tenths * 100_000
    assert [asked(pump, 0, text) for text in ("1PO", "1PO", "1LE;d", "1LM;d")] == ["C", "C", "C;d0000", f"C;d{text}"]
    assert [asked(pump, 0, "1PR"), asked(pump, 0, "1LE;d")] == ["C", f"C;d{text}"]


def test_rate_that_does_not_start() -> None:
    pump = in_control(options={"rate_starts": "no"})
    assert [asked(pump, 0, text) for text in ("1PR;0032", "1LE;d", "1PR", "1LE;d")] == ["C", "C;d0000", "C", "C;d0032"]


def test_volume_is_the_pumps_and_can_be_zeroed() -> None:
    """60.0 mL/h are 1 mL a minute: 000064 after 6 s."""
    pump = in_control(rate_hex="0258")
    for second in (1, 2, 3, 4, 5):
        pump.step(second * S, DC4)
    read = asked(pump, 5999, "1LE;r")
    assert read in ("C;r000063", "C;r000064")
    assert [asked(pump, 5999, "1RV"), asked(pump, 5999, "1LE;r")] == ["C", "C;r000000"]


def test_volume_limit_ends_the_infusion() -> None:
    pump = in_control()
    assert [asked(pump, 0, text) for text in ("1PV;0003E8", "1PR;2EE0")] == ["C", "C"]
    for second in (1, 2, 3):
        pump.step(second * S, DC4)
    assert state(pump) is LineState.KVO
    assert asked(pump, 3500, "1LE;da") == f"C;d0005;a{NUMBERS[AlarmId.INFUSION_COMPLETE]:02X}"
    assert asked(pump, 3500, "1LE;r") == "C;r0003E8" or asked(pump, 3500, "1LE;r") == "C;r0003E7"
    assert asked(pump, 3500, "1PR;0032") == "I;03"


def test_bolus_is_given_beside_the_programme_as_the_model_has_it() -> None:
    pump = in_control()
    assert asked(pump, 0, "1PB;0003E8") == "I;03", "nothing runs"
    assert [asked(pump, 0, text) for text in ("1PR;000A", "1PB;0003E8", "1LE;dks")] == [
        "C",
        "C",
        "C;d2EE0;k2EE0;s0003E8",
    ]
    for second in (1, 2, 3):
        pump.step(second * S, DC4)
    assert asked(pump, 3500, "1LE;d") == "C;d000A"
    assert int(asked(pump, 3500, "1LE;r")[3:], 16) == pytest.approx(1000, abs=2)
    assert asked(pump, 3500, "1PB;00C738") == "I;15", "51 mL are more than is left"


def test_alarms_and_what_they_are_in_the_way_of() -> None:
    pump = in_control(rate_hex="0258")
    assert asked(pump, 0, "1LE;ae") == "C;a00;e00"
    port_of(pump, "p1").do(DeviceEvent(DeviceEventKind.DEVICE_FAULT))
    n = f"{NUMBERS[AlarmId.DEVICE_FAULT]:02X}"
    assert asked(pump, 10, "1LE;aed") == f"C;a{n};e{n};d0000"
    assert [asked(pump, 10, "1PR;0032"), asked(pump, 10, "1PB;000100"), asked(pump, 10, "1SI")] == ["I;12", "I;12", "C"]
    assert asked(pump, 10, "1LM;d") == "C;d0258"


def test_every_condition_has_a_number_of_its_own() -> None:
    assert sorted(NUMBERS.values()) == list(range(1, len(AlarmId) + 1))


def test_names_are_kept() -> None:
    pump = in_control()
    said = ["1LP", "1EP;PROPOFOL 1%", "1LP", "1AP", "1EN;BED 7", "1LN"]
    assert [asked(pump, 0, text) for text in said] == ["C", "C", "C;PROPOFOL 1%", "C", "C", "C;BED 7"]


def test_base_counts_the_modules_that_have_power() -> None:
    pump = in_control(3)
    assert asked(pump, 0, "0LE;ib") == "C;i03;b07"
    port_of(pump, "p2").do(PowerCut())
    assert [asked(pump, 1, text) for text in ("0LE;ib", "2LE;d", "2DC")] == ["C;i02;b05", "I;1E", "I;0E"]
    port_of(pump, "p2").do(PowerBack())
    assert [asked(pump, 2, text) for text in ("0LE;b", "2LE;d", "2DC", "2LE;m")] == ["C;b07", "I;1E", "C", "C;m1"]


@pytest.mark.parametrize(("text", "off"), [("RZ", False), ("OF", True)])
def test_reset_and_off(text: str, off: bool) -> None:
    pump = in_control(rate_hex="0258")
    assert [asked(pump, 900, f"1{said}") for said in (text, "PO", text)] == ["I;03", "C", "C"]
    assert port_of(pump, "p1").look().off is off
    assert [asked(pump, 901, "1LE;d"), asked(pump, 901, "1DC")] == ["I;1E", "I;0E" if off else "C"]
    assert port_of(pump, "p1").power_ons == (1 if off else 2)


def test_pump_that_stands_alone_has_no_address() -> None:
    pump = behind(FRESENIUS, ["p1"], options={"standalone": "yes"})
    converse(pump, [(0, frame("LE;d"), ok("I;1E")), (0, ACK + frame("DC"), ok("C")), (0, ACK + frame("MO;2"), ok("C"))])
    converse(
        pump,
        [
            (0, ACK + frame("PR;0032"), ok("C")),
            (0, ACK + frame("LE;d"), ok("C;d0032")),
            (1, ACK + frame("0DC"), NAK + b"4"),
        ],
    )
    converse(pump, [(1001, b"", ENQ), (1002, DC4, b"")])


def test_eight_modules_on_one_line() -> None:
    pump = in_control(8, options={"keepalive_ms": "60000"})
    for n in range(1, 9):
        assert asked(pump, n, f"{n}PR;{n * 10:04X}") == "C"
    assert [asked(pump, 10, f"{n}LE;d") for n in range(1, 9)] == [f"C;d{n * 10:04X}" for n in range(1, 9)]
    assert asked(pump, 10, "0LE;ib") == "C;i08;bFF"


@pytest.mark.parametrize(
    "more",
    [
        *(
            {"color": "red"},
            {"on_loss": "explode"},
            {"rate_starts": ""},
            {"standalone": "1"},
            {"keepalive_ms": "0"},
            {"missed": "-1"},
        ),
        *({"ack_ms": "x"}, {"spontaneous_ms": "1.5"}, {"base": ""}, {"module": "a;b"}),
    ],
)
def test_options_that_cannot_be_are_refused(more: dict[str, str]) -> None:
    port = port_of(behind(FRESENIUS, ["p1"]), "p1")
    with pytest.raises(ValueError, match=next(iter(more))):
        Orchestra({1: port}, Options(more=more))


@pytest.mark.parametrize(("addresses", "more"), [((), {}), ((0,), {}), ((9,), {}), ((1, 2), {"standalone": "yes"})])
def test_addresses_that_cannot_be_are_refused(addresses: tuple[int, ...], more: dict[str, str]) -> None:
    port = port_of(behind(FRESENIUS, ["p1"]), "p1")
    with pytest.raises(ValueError, match=r"modules|alone"):
        Orchestra(dict.fromkeys(addresses, port), Options(more=more))


def test_it_is_registered() -> None:
    assert PROTOCOLS["fresenius"] is FRESENIUS
    assert FRESENIUS.options == OPTIONS
