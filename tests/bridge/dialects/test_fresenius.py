"""The Fresenius Orchestra dialect: checks both ways, link layer byte by byte, sessions, control, keep-alive, values unasked."""

import random

import pytest

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols.fresenius import FRESENIUS, OPTIONS, Orchestra
from firmware_bridge.protocols.fresenius_commands import BASE, MODULE
from firmware_bridge.protocols.fresenius_link import LONGEST, Fault, Reader, Sign, Text, frame
from firmware_bridge.protocols.fresenius_words import NUMBERS, number, rate, volume
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import PowerBack, PowerCut
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import MS, behind, converse, port_of
from tests.build import S, program

STX, ETX, ENQ, ACK, DC4, NAK = b"\x02", b"\x03", b"\x05", b"\x06", b"\x14", b"\x15"
GOLDEN = (
    ("0DC", "48"),
    ("0C", "8C"),
    ("0LE;b", "A1"),
    ("0C;b03", "8C"),
    ("1LE;d", "9E"),
    ("1C;d0032", "27"),
    ("1PO", "2F"),
    ("1I;02", "E8"),
    ("2E", "88"),
    ("1PR;007B", "18"),
    ("0MO;2", "C6"),
)
"""Heard from, or said to, infupy."""


def ok(text: str) -> bytes:
    return ACK + frame(text)


def asked(pump: VirtualPump, at_ms: int, text: str) -> str:
    """What a reply says behind its address; the host acknowledges it."""
    got = pump.step(at_ms * MS, frame(text)).data_out
    assert got[:1] == ACK, got
    (reply,) = Reader().take(got[1:])
    assert isinstance(reply, Text)
    assert reply.text[0] == text[0]
    pump.step(at_ms * MS, ACK)
    return reply.text[1:]


def in_control(modules: int = 1, rate_hex: str | None = None, **kwargs: object) -> VirtualPump:
    """A rack with sessions, its modules under PC control and, with a rate, infusing."""
    pump = behind(FRESENIUS, [f"p{n}" for n in range(1, modules + 1)], **kwargs)  # type: ignore[arg-type]
    assert asked(pump, 0, "0DC") == "C"
    for n in range(1, modules + 1):
        assert [asked(pump, 0, f"{n}DC"), asked(pump, 0, f"{n}MO;2")] == ["C", "C"]
        assert rate_hex is None or asked(pump, 0, f"{n}PR;{rate_hex}") == "C"
    return pump


def state(pump: VirtualPump, n: int = 1) -> LineState:
    return port_of(pump, f"p{n}").look().line("A").state


def standing(pump: VirtualPump, n: int = 1) -> set[AlarmId]:
    return {found.alarm for found in port_of(pump, f"p{n}").look().standing}


@pytest.mark.parametrize(("text", "check"), GOLDEN)
def test_checks_both_ways(text: str, check: str) -> None:
    line = STX + f"{text}{check}".encode() + ETX
    assert frame(text) == line
    assert Reader().take(line) == [Text(text)]


def test_conversation_as_infupy_has_it() -> None:
    converse(
        behind(FRESENIUS, ["p1", "p2"]),
        [
            (0, b"\x020DC48\x03", b"\x06\x020C8C\x03"),
            (10, ACK, b""),
            (1000, b"\x020LE;bA1\x03", b"\x06\x020C;b038C\x03"),
            (1010, ACK + frame("1DC"), ok("1C")),
            (1020, ACK + frame("1LF;b"), ok("1C;bDPS")),
            (1030, ACK + b"\x021PO2F\x03", b"\x06\x021I;02E8\x03"),
            (1040, ACK + frame("1MO;2"), ok("1C")),
            (1050, ACK + b"\x021PR;007B18\x03", ok("1C")),
            (1060, ACK + b"\x021LE;d9E\x03", ok("1C;d007B")),
            (1070, ACK + frame("1PR;0032"), ok("1C")),
            (1080, ACK + b"\x021LE;d9E\x03", b"\x06\x021C;d003227\x03"),
            (1090, ACK, b""),
            (2090, b"", ENQ),
            (2091, DC4, b""),
            (2100, frame("2DC"), ok("2C")),
            (2110, ACK + frame("2DE;r"), ok("2C")),
            (2120, ACK, frame("2E;r000000")),
            (2130, ACK + b"\x022E88\x03", ACK),
        ],
    )


TALK = b"".join(
    (
        frame("0DC"),
        ACK,
        frame("1DC"),
        ACK,
        DC4,
        frame("1MO;2"),
        ACK,
        frame("1PR;0258"),
        ACK,
        frame("1XX"),
        ACK,
        frame("1LE;dm"),
        ACK,
    )
)
ANSWER = b"".join((ok("0C"), ok("1C"), ok("1C"), ok("1C"), ok("1I;01"), ok("1C;d0258;m2")))


def test_glued_and_byte_by_byte_are_the_same() -> None:
    assert behind(FRESENIUS, ["p1"]).step(0, TALK).data_out == ANSWER
    pump = behind(FRESENIUS, ["p1"])
    assert b"".join(pump.step(0, bytes([byte])).data_out for byte in TALK) == ANSWER


@pytest.mark.parametrize("garbage", [b"\x00\xff\r\n", b"0DC48", ETX, b"\x15\x30", b"\x15\x7e", ENQ])
def test_garbage_between_frames_changes_nothing(garbage: bytes) -> None:
    frames = [STX + part for part in TALK.split(STX)[1:]]
    assert behind(FRESENIUS, ["p1"]).step(0, b"".join(garbage + part for part in frames)).data_out == ANSWER


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"\x020DC49\x03", Fault.CHECK),
        (b"\x020dc48\x03", Fault.CHECK),
        (b"\x021lE;d9e\x03", Fault.CHECK),
        (b"\x020D\xc3", Fault.CHARACTER),
        (b"\x020D\x7f", Fault.CHARACTER),
        (b"\x020D\x06", Fault.CONTROL),
        (b"\x020D\x00", Fault.CONTROL),
        (b"\x02\x03", Fault.LENGTH),
        (b"\x02CF\x03", Fault.LENGTH),
        (frame("1" + "A" * LONGEST), Fault.LENGTH),
        (frame("9DC"), Fault.ADDRESS),
        (frame("DC"), Fault.ADDRESS),
        (frame(";"), Fault.ADDRESS),
    ],
)
def test_what_is_wrong_on_the_line_is_answered_by_nak_and_a_code(sent: bytes, fault: Fault) -> None:
    pump = behind(FRESENIUS, ["p1"])
    nak = NAK + fault.value.encode()
    assert pump.step(0, sent).data_out == nak
    assert pump.step(0, frame("0DC")).data_out == ok("0C"), "the next frame is heard"
    cut = behind(FRESENIUS, ["p1"])
    assert b"".join(cut.step(0, bytes([byte])).data_out for byte in sent) == nak


def test_frame_that_another_cuts_short() -> None:
    assert behind(FRESENIUS, ["p1"]).step(0, b"\x020D" + frame("0DC")).data_out == NAK + b"8" + ok("0C")


@pytest.mark.parametrize(("characters", "taken"), [(LONGEST - 1, True), (LONGEST, True), (LONGEST + 1, False)])
def test_longest_frame(characters: int, taken: bool) -> None:
    got = behind(FRESENIUS, ["p1"]).step(0, frame("1" + "A" * (characters - 1))).data_out
    assert got == (ok("1I;1E") if taken else NAK + b"7")


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_bytes_nothing_is_raised_or_started(seed: int) -> None:
    chance = random.Random(seed)
    pump = behind(FRESENIUS, ["p1", "p2"])
    names = [*BASE, *MODULE, "DC", "E", "M"]
    for at_ms in range(0, 3000, 10):
        junk = bytes(chance.randrange(256) for _ in range(chance.randrange(30)))
        values = chance.choice(["", ";", ";;", ";d", ";1", ";GGGG", ";0", ";-001", ";000000000"])
        pump.step(
            at_ms * MS, chance.choice((junk, frame(f"{chance.randrange(4)}{chance.choice(names)}{values}"), ACK, DC4))
        )
    assert {state(pump, 1), state(pump, 2)} == {LineState.EMPTY}


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


def test_keep_alive_is_begun_by_the_pump_while_a_session_is_open() -> None:
    pump = behind(FRESENIUS, ["p1"])
    assert pump.step(10 * S).data_out == b""
    asked(pump, 10_000, "0DC")
    converse(pump, [(10_999, b"", b""), (11_000, b"", ENQ), (11_001, DC4, b""), (12_000, b"", b""), (12_001, b"", ENQ)])
    converse(pump, [(12_500, DC4, b""), (13_400, frame("0LE;b"), ok("0C;b01")), (13_401, ACK, b""), (14_400, b"", b"")])
    converse(pump, [(14_401, b"", ENQ), (14_402, frame("0FC"), ok("0C")), (14_403, ACK, b""), (30_000, b"", b"")])


@pytest.mark.parametrize("period_ms", [200, 1000])
@pytest.mark.parametrize("missed", [1, 3])
@pytest.mark.parametrize("on_loss", ["continue", "stop"])
def test_host_that_does_not_answer_is_lost(period_ms: int, missed: int, on_loss: str) -> None:
    pump = in_control(2, "0258", options={"keepalive_ms": str(period_ms), "missed": str(missed), "on_loss": on_loss})
    asked(pump, 0, "2MO;1")
    gone_ms = (missed + 1) * period_ms
    assert pump.step(gone_ms * MS - 1).data_out == ENQ * missed
    assert AlarmId.COMMUNICATION_LOST not in standing(pump)
    assert pump.step(gone_ms * MS).data_out == b""
    assert AlarmId.COMMUNICATION_LOST in standing(pump, 1)
    assert AlarmId.COMMUNICATION_LOST not in standing(pump, 2), "its keys had control"
    assert state(pump, 1) is (LineState.INFUSING if on_loss == "continue" else LineState.HELD)
    assert state(pump, 2) is LineState.INFUSING
    assert pump.step(10 * gone_ms * MS).data_out == b""
    assert [asked(pump, 10 * gone_ms, text) for text in ("1LE;d", "0DC", "1LE;d", "1DC", "1LE;ma")] == [
        "I;1E",
        "C",
        "I;1E",
        "C",
        "C;m1;a00",
    ]


@pytest.mark.parametrize("answered", [1, 2, 3])
def test_late_answer_counts(answered: int) -> None:
    pump = in_control(rate_hex="0258")
    for question in range(1, answered + 1):
        assert pump.step(question * S).data_out == ENQ
    assert pump.step(answered * S + 1, DC4).data_out == b""
    assert pump.step((answered + 3) * S).data_out == ENQ * 2
    assert AlarmId.COMMUNICATION_LOST not in standing(pump)
    assert asked(pump, (answered + 3) * 1000, "1LE;m") == "C;m2"


def test_pump_whose_communication_alarm_stops_it_does_not_alarm_when_it_shall_go_on() -> None:
    from firmware_bridge.virtual_pump.world import World
    from pumpsim.catalogue.pumps import MODELS
    from tests.bridge.dialects.bedside import syringe_scenario

    world = World(syringe_scenario(MODELS["alaris-syringe"], "p1"))
    pump = VirtualPump(world, FRESENIUS.talk({1: world.pumps["p1"]}, Options()))
    for text in ("0DC", "1DC", "1MO;2", "1PR;0258"):
        asked(pump, 0, text)
    pump.step(10 * S)
    assert state(pump) is LineState.INFUSING
    assert standing(pump) == set()
    assert asked(pump, 10_000, "0LE;b") == "I;0D"


def test_reply_that_is_not_acknowledged_is_given_up() -> None:
    pump = behind(FRESENIUS, ["p1"], options={"keepalive_ms": "60000"})
    converse(pump, [(0, frame("0DC"), ok("0C")), (999, b"", b""), (1000, b"", NAK + b"5"), (3000, b"", b"")])


def test_reply_that_is_answered_by_nak_is_sent_again_twice() -> None:
    pump = behind(FRESENIUS, ["p1"])
    again = frame("0C")
    converse(
        pump,
        [
            (0, frame("0DC"), ok("0C")),
            (1, b"\x152", again),
            (2, b"\x152", again),
            (3, b"\x152", b""),
            (4, b"\x152", b""),
        ],
    )


def test_values_are_told_when_they_have_changed() -> None:
    """60 mL/h: 0.008 mL in half a second."""
    pump = in_control(options={"keepalive_ms": "60000"})
    asked(pump, 0, "1DE;rd")
    pump.step(0)
    talk = pump.step(1 * MS, frame("1PR;0258")).data_out
    assert ok("1C") in talk
    pump.step(2 * MS, ACK + ACK)
    told = []
    for at_ms in range(10, 3010, 10):
        got = pump.step(at_ms * MS).data_out
        if got:
            told.append((at_ms, got))
            assert pump.step(at_ms * MS, ACK + frame("1E")).data_out == ACK
    assert 5 <= len(told) <= 6
    heard = [text.text for _, got in told for text in Reader().take(got) if isinstance(text, Text)]
    assert heard[0] == "1E;r000008;d0258"
    assert heard[1] in ("1E;r000010", "1E;r000011")
    assert all(text.startswith("1E;r") and ";d" not in text for text in heard[1:])
    converse(
        pump, [(3015, frame("1PO"), ok("1C")), (3016, ACK + frame("1AE"), ok("1C")), (3017, ACK, b""), (9000, b"", b"")]
    )


def test_values_wait_for_the_acknowledgement_of_what_was_sent_before() -> None:
    pump = in_control(options={"keepalive_ms": "60000", "ack_ms": "5000"})
    converse(pump, [(0, frame("1DE;m"), ok("1C")), (2000, b"", b""), (2001, ACK, frame("1E;m2"))])


def test_values_are_not_told_when_that_is_switched_off() -> None:
    pump = in_control(options={"keepalive_ms": "60000"}, spontaneous=False)
    assert asked(pump, 0, "1DE;mdr") == "C"
    assert pump.step(5 * S).data_out == b""


def test_base_tells_of_a_module_that_goes() -> None:
    pump = in_control(2)
    converse(pump, [(0, frame("0DE;b"), ok("0C")), (0, ACK, frame("0E;b03")), (1, ACK + frame("0E"), ACK)])
    port_of(pump, "p1").do(PowerCut())
    converse(pump, [(600, b"", frame("0E;b02"))])


@pytest.mark.parametrize(
    "touch",
    [Titrate("A", 10_000_000), Stop(), DeviceEvent(DeviceEventKind.KEY_PRESSED)],
    ids=lambda touch: type(touch).__name__,
)
def test_key_at_a_module_takes_control_back(touch: object) -> None:
    pump = in_control(2, "0258")
    port_of(pump, "p1").do(touch)  # type: ignore[arg-type]
    assert [asked(pump, 10, text) for text in ("1LE;m", "1PR;0032", "2LE;m", "1MO;2", "1PR;0032")] == [
        "C;m1",
        "I;02",
        "C;m2",
        "C",
        "C",
    ]


def test_rate_set_at_the_module_is_told_as_an_adjustment() -> None:
    pump = in_control(rate_hex="0258")
    converse(pump, [(0, frame("1DM;d"), ok("1C")), (0, ACK, frame("1M;d0258")), (0, ACK + frame("1M"), ACK)])
    port_of(pump, "p1").do(Titrate("A", 5_000_000))
    converse(pump, [(600, b"", frame("1M;d0032")), (601, ACK + frame("1M") + frame("1AM"), ACK + ok("1C"))])


def test_key_ends_the_alarm_of_a_lost_host() -> None:
    pump = in_control(rate_hex="0258")
    pump.step(4 * S)
    assert AlarmId.COMMUNICATION_LOST in standing(pump)
    port_of(pump, "p1").operate(Stop())
    pump.step(5 * S)
    assert AlarmId.COMMUNICATION_LOST not in standing(pump)


def test_keep_alive_is_on_link_time() -> None:
    pump = in_control(rate_hex="000A", speed=60.0)
    assert pump.step(1 * S).data_out == ENQ
    pump.step(1 * S, DC4)
    assert int(asked(pump, 1000, "1LE;r")[3:], 16) == pytest.approx(1000 / 60, abs=1), "1 mL/h for a minute"


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
    ("nl", "text"), [(0, "000000"), (999, "000000"), (1000, "000001"), (10**12, "FFFFFF"), (-5, "000000")]
)
def test_volumes(nl: int, text: str) -> None:
    assert volume(nl) == text


@pytest.mark.parametrize(("nl_per_h", "text"), [(0, "0000"), (49_999, "0000"), (50_000, "0001"), (12_300_000, "007B")])
def test_rates(nl_per_h: int, text: str) -> None:
    assert rate(nl_per_h) == text


@pytest.mark.parametrize(
    ("text", "value"), [("007B", 123), ("007b", None), ("07B", None), ("0x7B", None), (" 07B", None), ("", None)]
)
def test_numbers(text: str, value: int | None) -> None:
    assert number(text, 4) == value


def test_signs_between_and_behind_a_nak() -> None:
    assert Reader().take(b"\x06\x14\x15\x32\x06\x15\x06") == [
        Sign.ACK,
        Sign.ALIVE,
        Sign.NAK,
        Sign.ACK,
        Sign.NAK,
        Sign.ACK,
    ]


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
