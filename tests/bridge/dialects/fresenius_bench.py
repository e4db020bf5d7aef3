"""A virtual Orchestra for tests, and its host."""

from firmware_bridge.protocols.fresenius import FRESENIUS
from firmware_bridge.protocols.fresenius_link import Reader, Text, frame
from firmware_bridge.virtual_pump.engine import VirtualPump
from pumpsim.vocabulary.outputs import LineState
from tests.bridge.dialects.bedside import MS, behind, port_of

STX, ETX, ENQ, ACK, DC4, NAK = b"\x02", b"\x03", b"\x05", b"\x06", b"\x14", b"\x15"


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
