"""The Alaris Asena dialect: who has control: permission, the watchdog of 15 s, keys at the pump."""

import pytest

from firmware_bridge.protocols.alaris import ALARIS
from firmware_bridge.virtual_pump.engine import VirtualPump
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.alaris_bench import ENABLE, ENABLED, asked, f, running, state
from tests.bridge.dialects.bedside import MS, behind, converse, port_of
from tests.build import S, program


def standing(pump: VirtualPump) -> set[AlarmId]:
    return {found.alarm for found in port_of(pump).look().standing}


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
