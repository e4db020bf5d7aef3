"""The Fresenius Orchestra dialect: the host that is asked whether it is there, values unasked, hands at a module."""

import pytest

from firmware_bridge.protocols.fresenius import FRESENIUS
from firmware_bridge.protocols.fresenius_link import Reader, Text, frame
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.engine import VirtualPump
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import PowerCut
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, Stop, Titrate
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import MS, behind, converse, port_of
from tests.bridge.dialects.fresenius_bench import ACK, DC4, ENQ, asked, in_control, ok, state
from tests.build import S


def standing(pump: VirtualPump, n: int = 1) -> set[AlarmId]:
    return {found.alarm for found in port_of(pump, f"p{n}").look().standing}


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
