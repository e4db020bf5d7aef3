"""The real-time loop on a device in the same process: whatever happens to the host, the device ends stopped."""

import time
from collections.abc import Callable

import pytest

from firmware_bridge import loop
from firmware_bridge.bridge import Bridge, BridgeStep, LinkEventKind
from firmware_bridge.emulator import emulator
from firmware_bridge.loop import DriveEnd, drive, session_number
from firmware_bridge.protocols.native import State
from firmware_bridge.transports import LinkLost
from pumpsim.vocabulary.inputs import Input
from pumpsim.vocabulary.outputs import DeliveryEventKind, Step
from tests.bridge.wire_bench import BOTH, MODEL, MS, SECOND, SETUP

SCRIPT = ((0, BOTH[0][1]), (0, BOTH[1][1]), (50 * MS, BOTH[2][1]))


class InProcess:
    """A link straight to a device. ``dies``: asked before each read and write."""

    def __init__(self, dies: Callable[[], bool] = lambda: False) -> None:
        self.device = emulator(MODEL, SETUP)
        self.opened = 0
        self._dies = dies
        self._heard = b""

    def open(self) -> "InProcess":
        self.opened += 1
        if self._dies():
            raise LinkLost("still gone")
        return self

    def read(self, timeout_s: float) -> bytes:
        if self._dies():
            raise LinkLost("gone")
        if not self._heard:
            time.sleep(min(timeout_s, 0.005))
            self._heard += self.device.step(time.monotonic_ns()).data_out
        heard, self._heard = self._heard, b""
        return heard

    def write(self, data: bytes) -> None:
        if self._dies():
            raise LinkLost("gone")
        self._heard += self.device.step(time.monotonic_ns(), data).data_out

    def close(self) -> None:
        self._heard = b""

    @property
    def state(self) -> State:
        telemetry = self.device.telemetry(time.monotonic_ns())
        assert telemetry is not None
        return telemetry.state


class Started:
    """Listens to a drive; true once delivery has started, for ``times`` questions after the first ``skip``."""

    def __init__(self, skip: int = 0, times: int = 1_000_000) -> None:
        self.kinds: list[LinkEventKind] = []
        self._started = False
        self._asked, self._skip, self._times = 0, skip, times

    def tell(self, step: BridgeStep) -> None:
        self.kinds += [event.kind for event in step.link_events]
        kinds = [getattr(record, "kind", None) for _, record in step.records]
        self._started = self._started or DeliveryEventKind.DELIVERY_STARTED in kinds

    def __call__(self) -> bool:
        self._asked += self._started
        return self._skip < self._asked <= self._skip + self._times


def run(
    link: InProcess,
    tell: Callable[[BridgeStep], None] = lambda _step: None,
    interrupted: Callable[[], bool] = lambda: False,
    duration_ns: int = SECOND // 2,
) -> tuple[DriveEnd, Bridge]:
    bridge = Bridge(MODEL, SCRIPT, session_number())
    return drive(bridge, link.open, duration_ns, tell, interrupted), bridge


def test_end_of_the_scenario_leaves_the_device_at_rest() -> None:
    link = InProcess()
    end, bridge = run(link)
    assert (end, bridge.at_rest, link.state) == (DriveEnd.COMPLETE, True, State.READY)


def test_interruption_stops_the_device() -> None:
    link, started = InProcess(), Started(skip=20)
    end, bridge = run(link, started.tell, started, duration_ns=60 * SECOND)
    assert (end, bridge.at_rest, link.state) == (DriveEnd.INTERRUPTED, True, State.READY)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), OSError("disk full"), KeyboardInterrupt()])
def test_exception_stops_the_device_and_goes_on(error: BaseException) -> None:
    link, started = InProcess(), Started(skip=20)

    def tell(step: BridgeStep) -> None:
        started.tell(step)
        if started():
            raise error

    with pytest.raises(type(error)):
        run(link, tell, duration_ns=60 * SECOND)
    assert link.state is State.READY


def test_pump_that_breaks_is_not_asked_again_and_the_device_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    link = InProcess()
    bridge = Bridge(MODEL, SCRIPT, session_number())
    pump = bridge._pump
    answer = pump.step

    def step(now_ns: int, given: Input) -> Step:
        if now_ns > SECOND // 4:
            raise ZeroDivisionError
        return answer(now_ns, given)

    monkeypatch.setattr(pump, "step", step)
    with pytest.raises(ZeroDivisionError):
        drive(bridge, link.open, 60 * SECOND, lambda _step: None, lambda: False)
    assert (bridge.at_rest, link.state) == (True, State.READY)


def test_port_that_cannot_be_opened_at_first_is_an_error() -> None:
    with pytest.raises(LinkLost, match="still gone"):
        run(InProcess(dies=lambda: True))


def test_link_that_dies_is_opened_again_and_delivery_stays_stopped() -> None:
    started = Started(skip=20, times=3)
    link = InProcess(dies=started)
    end, bridge = run(link, started.tell, duration_ns=3 * SECOND // 2)
    assert end is DriveEnd.COMPLETE
    assert started.kinds == [LinkEventKind.ATTACHED, LinkEventKind.LOST, LinkEventKind.RESTORED]
    assert link.opened > 2
    assert link.state is State.READY
    assert [line.state.value for line in bridge.state.lines] == ["alarm", "alarm"]


def test_link_that_stays_dead_ends_the_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "PATIENCE_NS", SECOND // 2)
    started = Started(skip=20)
    end, bridge = run(InProcess(dies=started), started.tell, duration_ns=60 * SECOND)
    assert (end, bridge.at_rest) == (DriveEnd.LINK_LOST, False)


def test_device_that_never_answers_ends_the_drive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CONNECT_NS", SECOND // 4)
    link = InProcess()
    monkeypatch.setattr(link, "write", lambda _data: None)
    assert run(link)[0] is DriveEnd.NO_ANSWER
