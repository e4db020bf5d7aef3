"""Between a host and its pump: every byte passes at once and unchanged, both ways, and is written down behind that."""

import time
from collections.abc import Callable

from firmware_bridge.traffic.ports import IDLE_S, S_NS, Ports, SideLost
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By

OTHER = {By.HOST: By.PUMP, By.PUMP: By.HOST}


def sniff(
    ports: Ports, recorder: Recorder, interrupted: Callable[[], bool], tell: Callable[[], None]
) -> SideLost | None:
    """Pass on and record until interrupted, or until a side is lost; which. ``tell`` is called after every turn.

    What was still on its way is written before it returns.
    """
    begin_ns = time.monotonic_ns()
    dropped = dict(ports.dropped)
    heard: list[tuple[int, By, bytes]] = []

    def now_ns() -> int:
        return time.monotonic_ns() - begin_ns

    def pass_on(by: By, data: bytes) -> None:
        heard.append((now_ns(), by, data))
        ports.give(OTHER[by], data)

    def write_down() -> None:
        for at_ns, by, data in heard:
            recorder.take(at_ns, by, data)
        heard.clear()
        recorder.pass_time(now_ns())

    lost = None
    while lost is None and not interrupted():
        due_ns = recorder.due_ns
        wait_s = IDLE_S if due_ns is None else min(IDLE_S, (due_ns - now_ns()) / S_NS)
        try:
            ports.turn(wait_s, pass_on)
        except SideLost as gone:
            lost = gone
        write_down()
        for by, count in ports.dropped.items():
            if count > dropped[by]:
                recorder.note(now_ns(), f"{count - dropped[by]} bytes that the {by.name.lower()} did not take")
                dropped[by] = count
        tell()
    if lost is not None:
        recorder.note(now_ns(), str(lost))
    recorder.close()
    return lost
