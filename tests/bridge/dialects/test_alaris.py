"""The Alaris Asena dialect: every command and refusal, the status line, VTBI, bolus, caps, alarms, options."""

import time

import pytest

from firmware_bridge.protocols import PROTOCOLS
from firmware_bridge.protocols.alaris import ALARIS, COMMANDS, Alaris
from firmware_bridge.protocols.alaris_words import CODES
from firmware_bridge.virtual_pump.dialect import Options
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.alaris_bench import CFG, CFG_ON, asked, f, running, state
from tests.bridge.dialects.bedside import MS, behind, converse, port_of
from tests.build import S

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
