"""The Alaris Asena dialect: frames of real pumps both ways, every command, who may give it, the watchdog, hands at the pump."""

import random
import time

import pytest

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols.alaris import ALARIS, COMMANDS, Alaris
from firmware_bridge.protocols.alaris_frames import LONGEST, Reader, crc, fields_of, frame
from firmware_bridge.protocols.alaris_words import CODES, number, time_left
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import MS, behind, converse, port_of
from tests.build import H, S, program

GOLDEN = (
    ("INST_SERIALNO", "457D"),
    ("INST_SERIALNO^8002-51740", "050B"),
    ("INST_SERIALNO^8002-51733", "ACFF"),
    ("COMMS_PROTOCOL", "E8DA"),
    ("COMMS_PROTOCOL^Asena Rev 2.1.5", "661A"),
    ("COMMS_RESPONSE_MAX", "7E29"),
    ("COMMS_RESPONSE_MAX^4000^ms", "DFDF"),
    ("SYRINGE_STATUS", "4102"),
    ("SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF", "1CF8"),
    ("INF_RATE_MAX_SYRINGE", "8F30"),
    ("INF_RATE_MAX_SYRINGE^1200.00^ml/h", "8575"),
    ("REMOTE_CTRL^ENABLED^3CC1", "B1F1"),
    ("REMOTE_CTRL^ENABLED^9535", "FB2F"),
    ("REMOTE_CTRL^ENABLED^****^PERMIT^0^ms", "7BB0"),
    ("REMOTE_CTRL^DISABLED", "EF95"),
    ("REMOTE_CTRL^DISABLED^****^PERMIT^0^ms", "3C5D"),
    ("INF_RATE^0.1^ml/h", "B775"),
    ("INF_RATE^0.10^ml/h", "D407"),
    ("INF_RATE^12.5^ml/h", "EDB4"),
    ("INF_RATE^12.50^ml/h", "EEB8"),
    ("REMQUERY^DEACT", "F295"),
    ("REMQUERY^DEACT^^^^", "E5C9"),
    ("ALARM", "50B2"),
    ("ALARM^AL_NOALM^ ^ ", "C73B"),
    ("INF_START", "38F3"),
    ("INF_STOP", "CD57"),
    ("INF_VTBI^ACTIV^11.000^ml^STOP", "4433"),
    ("INF_RATE", "8E6D"),
    ("INF_VI", "B42C"),
    ("INF_VI^0.007^ml", "1347"),
    ("INF_VTBI", "8456"),
    ("INF_VTBI^DEACT", "D8C5"),
    ("INF_VI_CLEAR", "A706"),
    ("INF_BOLUS^ENABLED", "E288"),
    ("INF", "4961"),
    ("INF^8002-51733^A^HLD^0.00^ml/h^^0.969^ml^530.15^mmHg^00:04:09^EVENT^214725", "DB9D"),
)
"""Captures of real pumps (OpenICE, EasyTIVA), and two recorded with infupy."""


def f(text: str) -> bytes:
    return frame(*text.split("^"))


ENABLE = f("REMOTE_CTRL^ENABLED^3CC1")
ENABLED = f("REMOTE_CTRL^ENABLED^****^PERMIT^0^ms")
CFG, CFG_ON = f("REMOTE_CFG^ENABLED^3CC1"), f("REMOTE_CFG^ENABLED^****^PERMIT^0^ms")


def running(rate: str = "60.0", **kwargs: object) -> VirtualPump:
    """A pump that was set and started over the line at 0 ms; 60 mL/h are 1 mL a minute."""
    pump = behind(ALARIS, **kwargs)  # type: ignore[arg-type]
    converse(pump, [(0, ENABLE, ENABLED), (0, f(f"INF_RATE^{rate}^ml/h"), f(f"INF_RATE^{float(rate):.2f}^ml/h"))])
    converse(pump, [(0, f("INF_START"), f("INF_START"))])
    return pump


def state(pump: VirtualPump) -> LineState:
    return port_of(pump).look().line("A").state


def standing(pump: VirtualPump) -> set[AlarmId]:
    return {found.alarm for found in port_of(pump).look().standing}


def asked(pump: VirtualPump, at_ms: int, text: str) -> tuple[str, ...]:
    """The fields of the answer."""
    line = pump.step(at_ms * MS, f(text)).data_out
    fields = fields_of(line[1:-1])
    assert fields is not None, line
    assert fields[0] == text.partition("^")[0]
    return fields[1:]


@pytest.mark.parametrize(("text", "check"), GOLDEN)
def test_frames_of_real_pumps_both_ways(text: str, check: str) -> None:
    line = f"!{text}|{check}\r".encode()
    assert f(text) == line
    assert Reader().take(line) == [tuple(text.split("^"))]


@pytest.mark.parametrize(("serial", "check"), [("8002-51740", "3CC1"), ("8002-51733", "9535")])
def test_permission_is_the_check_of_the_serial_number(serial: str, check: str) -> None:
    assert crc(serial) == check
    pump = behind(ALARIS, options={"serial": serial})
    answer = f("REMOTE_CTRL^ENABLED^****^PERMIT^0^ms")
    converse(
        pump, [(0, f(f"REMOTE_CTRL^ENABLED^{check}"), answer), (1, f("INST_SERIALNO"), f(f"INST_SERIALNO^{serial}"))]
    )


def test_conversation_as_captured() -> None:
    """What EasyTIVA and a real pump said to each other, but for what depends on the infusion."""
    converse(
        behind(ALARIS),
        [
            (0, b"!INST_SERIALNO|457D\r", b"!INST_SERIALNO^8002-51740|050B\r"),
            (10, b"!COMMS_PROTOCOL|E8DA\r", b"!COMMS_PROTOCOL^Asena Rev 2.1.5|661A\r"),
            (20, b"!COMMS_RESPONSE_MAX|7E29\r", b"!COMMS_RESPONSE_MAX^4000^ms|DFDF\r"),
            (30, b"!SYRINGE_STATUS|4102\r", b"!SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF|1CF8\r"),
            (40, b"!INF_RATE_MAX_SYRINGE|8F30\r", b"!INF_RATE_MAX_SYRINGE^1200.00^ml/h|8575\r"),
            (50, b"!REMOTE_CTRL^ENABLED^3CC1|B1F1\r", b"!REMOTE_CTRL^ENABLED^****^PERMIT^0^ms|7BB0\r"),
            (60, b"!INF_RATE^0.1^ml/h|B775\r", b"!INF_RATE^0.10^ml/h|D407\r"),
            (70, b"!INF_VI_CLEAR|A706\r", b"!INF_VI_CLEAR|A706\r"),
            (80, b"!INF_START|38F3\r", b"!INF_START|38F3\r"),
            (90, b"!INF_RATE^12.5^ml/h|EDB4\r", b"!INF_RATE^12.50^ml/h|EEB8\r"),
            (100, b"!ALARM|50B2\r", b"!ALARM^AL_NOALM^ ^ |C73B\r"),
            (2107, b"!INF_VI|B42C\r", b"!INF_VI^0.007^ml|1347\r"),
            (2200, b"!INF_STOP|CD57\r", b"!INF_STOP|CD57\r"),
            (2300, b"!REMQUERY^DEACT|F295\r", b"!REMQUERY^DEACT^^^^|E5C9\r"),
            (2400, b"!REMOTE_CTRL^DISABLED|EF95\r", b"!REMOTE_CTRL^DISABLED^****^PERMIT^0^ms|3C5D\r"),
        ],
    )


TALK = b"".join((ENABLE, f("INF_RATE^60^ml/h"), f("INF_START"), f("INF_RATE"), f("NONSENSE"), f("INF_STOP")))
ANSWER = b"".join(
    (ENABLED, f("INF_RATE^60.00^ml/h"), f("INF_START"), f("INF_RATE^60.00^ml/h"), f("NONSENSE"), f("INF_STOP"))
)


def test_glued_and_byte_by_byte_are_the_same() -> None:
    assert behind(ALARIS).step(0, TALK).data_out == ANSWER
    pump = behind(ALARIS)
    assert b"".join(pump.step(0, bytes([byte])).data_out for byte in TALK) == ANSWER


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff\r\n|^",
        b"\r\n\r\n",
        b"!INF|0000\r",
        b"!INF|4961",
        b"!INF|\r",
        b"!|\r",
        b"!\r",
        b"!INF\x1b",
        b"4961\r",
        b"!\xe9|0000\r",
    ],
)
def test_garbage_between_frames_changes_nothing(garbage: bytes) -> None:
    frames = TALK.split(b"\r")[:-1]
    talk = b"".join(garbage + line + b"\r" for line in frames)
    assert behind(ALARIS).step(0, talk).data_out == ANSWER


@pytest.mark.parametrize(("length", "heard"), [(LONGEST - 1, True), (LONGEST, True), (LONGEST + 1, False)])
def test_line_that_is_too_long_is_dropped(length: int, heard: bool) -> None:
    name = "X" * (length - len("|0000"))
    assert behind(ALARIS).step(0, frame(name) + f("INF_RATE")).data_out == (frame(name) if heard else b"") + f(
        "INF_RATE^0.00^ml/h"
    )


@pytest.mark.parametrize("line", [b"!INF|4962\r", b"!INFX|4961\r", b"!INF|b42c\r", b"!INF_VI|b42c\r", b"!INF |4961\r"])
def test_wrong_check_is_not_answered(line: bytes) -> None:
    assert behind(ALARIS).step(0, line).data_out == b""


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_bytes_nothing_is_raised_or_started(seed: int) -> None:
    chance = random.Random(seed)
    pump = behind(ALARIS)
    names = [name.encode() for name in COMMANDS]
    for at_ms in range(0, 2000, 10):
        junk = bytes(chance.randrange(256) for _ in range(chance.randrange(60)))
        text = chance.choice(names) + chance.choice((b"", b"^", b"^^^", b"^1^ml/h", b"^\x00", b"^" + junk))
        pump.step(at_ms * MS, chance.choice((junk, f(text.decode("ascii", "ignore")))))
    assert state(pump) is LineState.EMPTY


REFUSED = (
    *(
        "INF_RATE^",
        "INF_RATE^0^ml/h",
        "INF_RATE^0.09^ml/h",
        "INF_RATE^-1^ml/h",
        "INF_RATE^1e2^ml/h",
        "INF_RATE^nan^ml/h",
    ),
    *(
        "INF_RATE^12.345^ml/h",
        "INF_RATE^1200.1^ml/h",
        "INF_RATE^5",
        "INF_RATE^5^ml",
        "INF_RATE^5^ml/h^",
        "INF_RATE^^ml/h",
    ),
    *("INF_VTBI^ACTIV", "INF_VTBI^ACTIV^0^ml^STOP", "INF_VTBI^ACTIV^11^ml", "INF_VTBI^ACTIV^11^ml^NEVER", "INF_VTBI^"),
    *("INF_VTBI^ACTIV^1000^ml^STOP", "INF_VTBI^ACTIV^11.05^ml^STOP", "INF_VTBI^DEACT^", "INF_VTBI^ACTIV^11^ml/h^STOP"),
    *("INF_BOLUS^1^ml", "INF_BOLUS^MAYBE", "INF_BOLUS^ENABLED^1", "INF_CAP_RATE^0^ml/h", "INF_CAP_RATE^1200.1^ml/h"),
    *(
        "INF_BOLUS_CAP_RATE^0^ml/h",
        "INF_BOLUS_CAP_RATE^1201^ml/h",
        "INF_PURGE_RATE^100^ml/h",
        "INF_RATE_MAX_SYRINGE^1^ml/h",
    ),
    *("INST_SERIALNO^1", "COMMS_PROTOCOL^1", "COMMS_RESPONSE_MAX^1^ms", "SYRINGE_STATUS^X", "INF^X", "INF_VI^0^ml"),
    *("ALARM^X", "REMQUERY^ACTIV", "REMOTE_CTRL^ENABLED", "REMOTE_CTRL^ENABLED^3CC2", "REMOTE_CTRL^ENABLED^3cc1"),
    *("REMOTE_CFG^ENABLED^9535", "REMOTE_CFG^", "REMOTE_CTRL^DISABLED^^", "REMOTE_CTRL^3CC1", "INF_PURGE", "inf", ""),
)
NOT_ANSWERED = ("INF_START^", "INF_START^NOW", "INF_STOP^", "INF_VI_CLEAR^0")
"""What is refused and has no bare name that would not be a success."""


@pytest.mark.parametrize("text", [*REFUSED, *NOT_ANSWERED])
def test_wrong_arguments_are_refused_and_change_nothing(text: str) -> None:
    pump = running()
    converse(pump, [(1000, CFG, CFG_ON)])
    before = (
        port_of(pump).look(),
        asked(pump, 1000, "INF_VTBI"),
        asked(pump, 1000, "INF_CAP_RATE"),
    )
    answer = b"" if text in NOT_ANSWERED else f(text.partition("^")[0])
    assert pump.step(1000 * MS, f(text)).data_out == answer
    after = port_of(pump).look(), asked(pump, 1000, "INF_VTBI"), asked(pump, 1000, "INF_CAP_RATE")
    assert after == before
    quiet = running(options={"refusal": "silence"})
    assert quiet.step(1000 * MS, f(text)).data_out == b""


CONTROLS = ("INF_RATE^5^ml/h", "INF_VTBI^ACTIV^11^ml^STOP", "INF_VTBI^DEACT", "INF_BOLUS^ENABLED")
BARE_CONTROLS = ("INF_START", "INF_STOP", "INF_VI_CLEAR")
CONFIGS = ("INF_CAP_RATE^100^ml/h", "INF_BOLUS_CAP_RATE^100^ml/h")


@pytest.mark.parametrize("text", [*CONTROLS, *BARE_CONTROLS, *CONFIGS])
@pytest.mark.parametrize("enabled", [(), ("CTRL",), ("CFG",), ("CTRL", "CFG")], ids=str)
@pytest.mark.parametrize("strict", ["no", "yes"])
def test_control_needs_permission(text: str, enabled: tuple[str, ...], strict: str) -> None:
    pump = behind(ALARIS, options={"control_needs_cfg": strict})
    port_of(pump).operate(LoadProgram("A", program(10.0)))
    pump.step(0)
    for word in enabled:
        asked(pump, 1, f"REMOTE_{word}^ENABLED^3CC1")
    needed = {"CFG"} if text in CONFIGS else {"CTRL", "CFG"} if strict == "yes" else {"CTRL"}
    answer = pump.step(2 * MS, f(text)).data_out
    if needed <= set(enabled):
        assert answer.startswith(b"!" + text.encode().partition(b"^")[0])
        assert answer != f(text.partition("^")[0]) or text in BARE_CONTROLS
    else:
        assert answer == (b"" if text in BARE_CONTROLS else f(text.partition("^")[0]))
        assert state(pump) is LineState.READY


def test_pump_that_permits_nothing() -> None:
    pump = behind(ALARIS, options={"permit": "no"})
    converse(pump, [(0, ENABLE, f("REMOTE_CTRL")), (1, f("INF_RATE^5^ml/h"), f("INF_RATE"))])


@pytest.mark.parametrize("second", [0, 60, 300])
def test_status_line_follows_the_infusion(second: int) -> None:
    pump = running()
    for earlier in range(0, second, 10):
        pump.step(earlier * S, f("INF_RATE"))
    fields = asked(pump, second * 1000, "INF")
    assert fields[:6] == ("8002-51740", "-", "SET", "60.00", "ml/h", "")
    assert float(fields[6]) == pytest.approx(second / 60, abs=0.001)
    assert (fields[7], fields[9], fields[11]) == ("ml", "mmHg", "EVENT")
    assert float(fields[8]) == pytest.approx(port_of(pump).distal_kpa / 0.133322, abs=0.01)
    assert _seconds(fields[10]) == pytest.approx(50 * 60 - second, abs=1)


def _seconds(text: str) -> int:
    hours, minutes, seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def test_status_line_of_an_occlusion_as_captured() -> None:
    """The shape of the one true line: ``A``, ``HLD``, no rate, the pressure that it stopped at, the time that would be left."""
    pump = running("600.0")
    port_of(pump).do(Occlude(Place.PATIENT_END))
    for second in range(1, 300):
        if LineState.ALARM is state(pump):
            break
        pump.step(second * S, f("INF_RATE"))
    fields = asked(pump, second * 1000, "INF")
    assert fields[1:5] == ("A", "HLD", "0.00", "ml/h")
    assert float(fields[8]) >= 299.9, "mmHg, the limit is 300"
    assert _seconds(fields[10]) == pytest.approx((50.0 - float(fields[6])) * 6, abs=1)
    assert asked(pump, second * 1000, "ALARM") == ("AL_OCCLU", " ", " ")
    assert pump.step(second * S, f("INF_START")).data_out == b"", "an alarm is in the way: refused"
    assert state(pump) is LineState.ALARM


def test_log_number_grows_with_what_happens() -> None:
    pump = running()
    first = int(asked(pump, 1, "INF")[-1])
    assert int(asked(pump, 1000, "INF")[-1]) == first
    converse(pump, [(1001, f("INF_STOP"), f("INF_STOP"))])
    assert int(asked(pump, 1002, "INF")[-1]) == first + 1


@pytest.mark.parametrize("end", ["STOP", "KVO", "CONT"])
@pytest.mark.parametrize("first", ["rate", "volume"])
def test_vtbi_is_delivered_and_what_follows_is_done(end: str, first: str) -> None:
    pump = behind(ALARIS)
    asked(pump, 0, "REMOTE_CTRL^ENABLED^3CC1")
    orders = ["INF_RATE^60^ml/h", f"INF_VTBI^ACTIV^1^ml^{end}"]
    for order in orders if first == "rate" else reversed(orders):
        asked(pump, 0, order)
    assert asked(pump, 0, "INF_VTBI") == ("ACTIV", "1.000", "ml", end)
    converse(pump, [(0, f("INF_START"), f("INF_START"))])
    for second in range(10, 70, 10):
        left = asked(pump, second * 1000, "INF_VTBI")
        assert float(left[1]) == pytest.approx(max(0.0, 1.0 - second / 60), abs=0.001) if left[0] == "ACTIV" else True
    after = {"STOP": LineState.COMPLETE, "KVO": LineState.KVO, "CONT": LineState.CONTINUING}[end]
    assert state(pump) is after
    fields = asked(pump, 60_100, "INF")
    assert fields[1:4] == ("A", *{"STOP": ("HLD", "0.00"), "KVO": ("SET", "1.00"), "CONT": ("SET", "60.00")}[end])
    assert asked(pump, 60_100, "ALARM")[0] == f"AL_VTBI{end[0]}"


def test_vtbi_set_while_it_runs_counts_from_then_on() -> None:
    """As OpenICE does: a rate, then a volume, while it infuses; the volume infused goes on."""
    pump = running()
    for second in (10, 20, 30):
        pump.step(second * S, f("INF_RATE"))
    assert asked(pump, 30_000, "INF_VTBI^ACTIV^1.000^ml^STOP") == ("ACTIV", "1.000", "ml", "STOP")
    assert state(pump) is LineState.INFUSING
    for second in (40, 50, 60, 70, 80):
        pump.step(second * S, f("INF_RATE"))
    assert asked(pump, 89_000, "INF")[2] == "SET"
    assert asked(pump, 91_000, "INF")[2] == "HLD"
    assert float(asked(pump, 91_000, "INF_VI")[0]) == pytest.approx(1.5, abs=0.001)
    assert asked(pump, 91_000, "INF_VTBI") == ("DEACT", "", "", "")
    converse(pump, [(92_000, f("INF_START"), b"")])
    assert asked(pump, 92_000, "INF_RATE^60^ml/h") == ("60.00", "ml/h")
    converse(pump, [(92_000, f("INF_START"), f("INF_START"))])


def test_vtbi_taken_back_while_it_runs() -> None:
    pump = running()
    asked(pump, 1000, "INF_VTBI^ACTIV^1^ml^STOP")
    assert asked(pump, 2000, "INF_VTBI^DEACT") == ("DEACT", "", "", "")
    for second in range(10, 130, 10):
        pump.step(second * S, f("INF_RATE"))
    assert state(pump) is LineState.INFUSING
    assert float(asked(pump, 120_000, "INF_VI")[0]) == pytest.approx(2.0, abs=0.001)


def test_volume_infused_is_the_pumps_and_can_be_cleared() -> None:
    pump = running()
    for second in range(10, 61, 10):
        pump.step(second * S, f("INF_RATE"))
    assert asked(pump, 60_000, "INF_VI") == ("1.000", "ml") or float(asked(pump, 60_000, "INF_VI")[0]) == 0.999
    converse(pump, [(60_000, f("INF_VI_CLEAR"), f("INF_VI_CLEAR")), (60_000, f("INF_VI"), f("INF_VI^0.000^ml"))])
    assert float(asked(pump, 66_000, "INF_VI")[0]) == pytest.approx(0.1, abs=0.001)


def test_volume_infused_survives_a_power_cut_and_remote_control_does_not() -> None:
    pump = running()
    pump.step(6 * S, f("INF_RATE"))
    port = port_of(pump)
    port.do(PowerCut())
    assert pump.step(7 * S, f("INF")).data_out == b"", "no power, no answer"
    port.do(PowerBack())
    assert float(asked(pump, 8000, "INF_VI")[0]) == pytest.approx(0.1, abs=0.001)
    assert asked(pump, 8000, "REMOTE_CTRL")[0] == "DISABLED"
    assert asked(pump, 8000, "INF")[2] == "HLD"
    assert asked(pump, 8000, "ALARM")[0] == "AL_FAULT", "power was lost"


def test_bolus_is_given_when_it_is_allowed() -> None:
    pump = running("6.0")
    assert pump.step(0, f("INF_BOLUS^0.5^ml")).data_out == f("INF_BOLUS")
    converse(
        pump,
        [(0, f("INF_BOLUS"), f("INF_BOLUS^DISABLED")), (0, b"!INF_BOLUS^ENABLED|E288\r", b"!INF_BOLUS^ENABLED|E288\r")],
    )
    converse(pump, [(0, CFG, CFG_ON), (0, f("INF_BOLUS_CAP_RATE^180^ml/h"), f("INF_BOLUS_CAP_RATE^180.00^ml/h"))])
    converse(
        pump, [(0, f("INF_BOLUS^0.5^ml"), f("INF_BOLUS^0.500^ml")), (1000, f("INF_RATE"), f("INF_RATE^6.00^ml/h"))]
    )
    assert asked(pump, 1000, "INF")[3] == "180.00"
    assert float(asked(pump, 9900, "INF_VI")[0]) == pytest.approx(0.495, abs=0.002)
    assert asked(pump, 10_500, "INF")[3] == "6.00"
    assert float(asked(pump, 10_500, "INF_VI")[0]) == pytest.approx(0.5, abs=0.003)


def test_rate_is_bounded_by_the_cap() -> None:
    pump = running()
    converse(pump, [(0, CFG, CFG_ON), (0, f("INF_CAP_RATE^100^ml/h"), f("INF_CAP_RATE^100.00^ml/h"))])
    assert asked(pump, 0, "INF_RATE^100^ml/h") == ("100.00", "ml/h")
    assert pump.step(0, f("INF_RATE^100.1^ml/h")).data_out == f("INF_RATE")


@pytest.mark.parametrize(("silence_ns", "stopped"), [(15 * S - 1, False), (15 * S, True), (15 * S + 1, True)])
def test_infusion_started_over_the_line_stops_after_15_s_of_silence(silence_ns: int, stopped: bool) -> None:
    pump = running()
    pump.step(2 * S, f("INF_VI"))
    pump.step(2 * S + silence_ns)
    assert (state(pump) is not LineState.INFUSING) is stopped
    assert (AlarmId.COMMUNICATION_LOST in standing(pump)) is stopped
    assert port_of(pump).look().line("A").pumped_nl == pytest.approx(17 / 60 * 1e6, abs=500)


def test_watchdog_is_on_link_time_and_wakes_by_itself() -> None:
    pump = running(speed=100.0)
    wakes = []
    now_ns = 0
    while (wake_ns := pump.step(now_ns).wake_at_ns) is not None and wake_ns <= 15 * S:
        wakes.append(now_ns := max(wake_ns, now_ns + 1))
    assert 15 * S in wakes
    assert AlarmId.COMMUNICATION_LOST in standing(pump)
    assert port_of(pump).look().line("A").pumped_nl == pytest.approx(25e6, abs=20_000), "15 s are 25 min of pump time"


@pytest.mark.parametrize("noise", [b"", b"!INF|0000\r", b"garbage\r", b"!INF_VI|B42"])
def test_only_valid_messages_feed_the_watchdog(noise: bytes) -> None:
    pump = running()
    for second in range(1, 16):
        pump.step(second * S, noise)
    assert AlarmId.COMMUNICATION_LOST in standing(pump)
    fed = running()
    for second in range(1, 60):
        fed.step(second * S, f("NONSENSE"))
    assert state(fed) is LineState.INFUSING


def test_after_a_time_out_the_host_must_be_allowed_anew() -> None:
    pump = running()
    pump.step(15 * S)
    assert asked(pump, 16_000, "ALARM")[0] == "AL_COMTO"
    assert asked(pump, 16_000, "INF")[1:4] == ("A", "HLD", "0.00")
    converse(pump, [(16_000, f("INF_START"), b""), (16_000, f("INF_RATE^5^ml/h"), f("INF_RATE"))])
    converse(pump, [(17_000, ENABLE, ENABLED)])
    assert asked(pump, 17_000, "ALARM")[0] == "AL_NOALM"
    converse(pump, [(17_000, f("INF_START"), f("INF_START"))])
    assert state(pump) is LineState.INFUSING


def test_local_infusion_is_not_stopped_by_silence() -> None:
    pump = behind(ALARIS)
    port_of(pump).operate(LoadProgram("A", program(60.0)), Start())
    converse(pump, [(10, ENABLE, ENABLED), (20, f("INF_RATE^30^ml/h"), f("INF_RATE^30.00^ml/h"))])
    converse(pump, [(30, f("INF_START"), f("INF_START"))])
    pump.step(60 * S)
    assert state(pump) is LineState.INFUSING
    assert asked(pump, 60_001, "REMOTE_CTRL")[0] == "DISABLED"


@pytest.mark.parametrize(
    "touch",
    [Titrate("A", 30_000_000), Stop(), DeviceEvent(DeviceEventKind.KEY_PRESSED)],
    ids=lambda touch: type(touch).__name__,
)
def test_key_at_the_pump_ends_remote_control(touch: object) -> None:
    pump = running()
    port_of(pump).do(touch)  # type: ignore[arg-type]
    converse(pump, [(1000, f("INF_RATE^5^ml/h"), f("INF_RATE")), (1000, f("INF_START"), b"")])
    assert asked(pump, 1000, "REMOTE_CTRL")[0] == "DISABLED"
    there = state(pump)
    pump.step(40 * S)
    assert state(pump) is there, "it is not the host's infusion any more"
    converse(pump, [(41_000, ENABLE, ENABLED), (41_000, f("INF_RATE^5^ml/h"), f("INF_RATE^5.00^ml/h"))])


def test_key_at_the_pump_ends_a_time_out() -> None:
    pump = running()
    pump.step(15 * S)
    port_of(pump).operate(Stop())
    pump.step(16 * S)
    assert AlarmId.COMMUNICATION_LOST not in standing(pump)
    assert state(pump) is LineState.HELD


@pytest.mark.parametrize("alarm", AlarmId)
def test_every_condition_has_a_code(alarm: AlarmId) -> None:
    known = [
        "ACDIS",
        "CALLB",
        "COMTO",
        "LDSCN",
        "DRDIS",
        "EMBAT",
        "EOIKV",
        "EOIST",
        "FAULT",
        "LBTAC",
        "LWBAT",
        "NOALM",
        "OCCLU",
        "NEOIN",
        "PRDSC",
        "RHIGH",
        "SYRCO",
        "TCITG",
        "TITCA",
        "TITNC",
        "VTBIC",
        "VTBIK",
        "VTBIS",
    ]
    assert CODES[alarm] in known


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (DeviceEventKind.MAINS_LOST, "ACDIS"),
        (DeviceEventKind.SYRINGE_REMOVED, "SYRCO"),
        (DeviceEventKind.DEVICE_FAULT, "FAULT"),
    ],
)
def test_alarms_of_the_pump_are_told_by_their_codes(event: DeviceEventKind, code: str) -> None:
    pump = running()
    port_of(pump).do(DeviceEvent(event))
    assert asked(pump, 1000, "ALARM") == (f"AL_{code}", " ", " ")
    assert asked(pump, 1000, "INF")[1] == "A"
    assert asked(pump, 1000, "SYRINGE_STATUS")[2] == ("UNCONF" if code == "SYRCO" else "CONF")


def test_empty_syringe_is_the_end_of_infusion() -> None:
    pump = running("1200.0", filled_ml=5.0)
    for second in range(2, 40, 2):
        pump.step(second * S, f("INF_VI"))
    assert asked(pump, 40_000, "ALARM")[0] == "AL_EOIST"
    assert asked(pump, 40_000, "INF")[2] == "HLD"


@pytest.mark.parametrize(
    ("left_ns", "text"),
    [(0, "00:00:00"), (249 * S, "00:04:09"), (24 * H - 1, "23:59:59"), (24 * H, "24+"), (None, "24+")],
)
def test_time_left(left_ns: int | None, text: str) -> None:
    assert time_left(left_ns) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 100000),
        ("12.50", 12500000),
        ("1200", 10**9 * 12 // 10),
        ("1.", None),
        (".5", None),
        ("", None),
        ("+1", None),
        ("1,5", None),
        ("1e3", None),
        ("nan", None),
        ("123456", None),
        ("١", None),
        ("1.0000001", None),
    ],
)
def test_numbers(text: str, value: int | None) -> None:
    assert number((text, "ml"), "ml") == value


@pytest.mark.parametrize(
    "more",
    [
        {"color": "red"},
        {"refusal": "loud"},
        {"permit": ""},
        {"watchdog_s": "0"},
        {"watchdog_s": "-1"},
        {"watchdog_s": "x"},
        {"serial": "a^b"},
        {"control_needs_cfg": "1"},
    ],
)
def test_options_that_cannot_be_are_refused(more: dict[str, str]) -> None:
    port = port_of(behind(ALARIS))
    with pytest.raises(ValueError, match=next(iter(more))):
        Alaris({0: port}, Options(more=more))


def test_one_pump_a_port() -> None:
    port = port_of(behind(ALARIS))
    with pytest.raises(ValueError, match="2 pumps"):
        Alaris({0: port, 1: port}, Options())


def test_it_is_registered() -> None:
    assert PROTOCOLS["alaris"] is ALARIS
    assert set(COMMANDS) == {
        "INST_SERIALNO",
        "COMMS_PROTOCOL",
        "COMMS_RESPONSE_MAX",
        "SYRINGE_STATUS",
        "INF",
        "INF_RATE",
        "INF_VI",
        "INF_VI_CLEAR",
        "INF_VTBI",
        "INF_START",
        "INF_STOP",
        "INF_BOLUS",
        "INF_BOLUS_CAP_RATE",
        "INF_PURGE_RATE",
        "INF_CAP_RATE",
        "INF_RATE_MAX_SYRINGE",
        "ALARM",
        "REMQUERY",
        "REMOTE_CTRL",
        "REMOTE_CFG",
    }


def test_answers_are_quick() -> None:
    """The most hasty clients wait 25 ms."""
    pump = running()
    took = []
    for at_ms in range(100):
        begin = time.perf_counter()
        pump.step(at_ms * MS, f("INF"))
        took.append(time.perf_counter() - begin)
    assert sorted(took)[50] < 0.025
