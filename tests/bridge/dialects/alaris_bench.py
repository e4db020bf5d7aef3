"""A virtual Asena for tests, and its host."""

from firmware_bridge.protocols.alaris import ALARIS
from firmware_bridge.protocols.alaris_frames import fields_of, frame
from firmware_bridge.virtual_pump.engine import VirtualPump
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import MS, behind, converse, port_of


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


def asked(pump: VirtualPump, at_ms: int, text: str) -> tuple[str, ...]:
    """The fields of the answer."""
    line = pump.step(at_ms * MS, f(text)).data_out
    fields = fields_of(line[1:-1])
    assert fields is not None, line
    assert fields[0] == text.partition("^")[0]
    return fields[1:]
