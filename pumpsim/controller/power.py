"""What the pump runs on: mains, its battery, or nothing.

The fuel gauge is pure: a charge is the time that the battery would run the pump from full, in ns. It falls with time while
mains are lost and grows by ``full_ns`` in ``charge_ns`` while they are there; only a change of mains sets it down anew, so no
rounding adds up. Low, depleted and off are instants that follow from it: nothing is polled, and a late call finds all that
are due by then, in their order.

A pump that is off has stopped its lines and refuses everything until mains come back or somebody switches it on; then it says
so (``POWER_LOST``), and delivery waits for the operator. What its sensors had found is found anew; what it was told by a
device or by itself stands on. Switches that change while it is off it must be told again.
"""

from collections.abc import Iterator
from dataclasses import replace

from pumpsim.controller import questions
from pumpsim.controller.answer import refuse
from pumpsim.controller.line_table import Trigger, possible
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind, Input, SensorReading, Tick
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import PowerChanged, SignalChanged
from pumpsim.vocabulary.status import PowerStatus, Shown, SignalStatus

MAINS, BATTERY, OFF = "mains", "battery", "off"
MINUTE_NS = 60_000_000_000
CAUSE = "power lost"
OFF_REASON = "the pump is off"
JUDGED_ANEW = (
    AlarmId.POWER_LOST,
    AlarmId.BATTERY_LOW,
    AlarmId.BATTERY_DEPLETED,
    AlarmId.IDLE,
    AlarmId.PENDING_INPUT,
    AlarmId.KEY_STUCK,
)
"""Declared conditions that the pump finds by itself once it is on again."""


def charge_ns(model: PumpModel, power: PowerStatus, now_ns: int) -> int:
    """What the battery holds now, as running time; 0 where there is none."""
    battery = model.battery
    if battery is None:
        return 0
    charge = battery.full_ns if power.charge_ns is None else power.charge_ns
    passed = now_ns - power.charged_at_ns
    if power.off:
        return charge
    if power.mains:
        return min(battery.full_ns, charge + passed * battery.full_ns // battery.charge_ns)
    return max(0, charge - passed)


def keeps_off(turn: Turn, given: Input) -> bool:
    """Whether the pump is off and stays so; a command is refused."""
    power = turn.state.unit.power
    if not power.off:
        return False
    match given:
        case Tick() | SensorReading():
            return True
        case DeviceEvent(kind=kind):
            runs = power.mains or charge_ns(turn.model, power, turn.now_ns) > 0
            return kind is not DeviceEventKind.MAINS_RESTORED and not (kind is DeviceEventKind.POWERED_ON and runs)
        case _:
            refuse(turn, given, [OFF_REASON])
            return True


def note(turn: Turn, event: DeviceEvent) -> None:
    """Follow mains, and switch on."""
    power = turn.state.unit.power
    mains = {DeviceEventKind.MAINS_LOST: False, DeviceEventKind.MAINS_RESTORED: True}.get(event.kind, power.mains)
    if mains is not power.mains:
        charge = None if turn.model.battery is None else charge_ns(turn.model, power, turn.now_ns)
        _put(turn, replace(power, mains=mains, charge_ns=charge, charged_at_ns=turn.now_ns))
        if not power.off and (mains or charge):
            turn.said.append(PowerChanged(MAINS if mains else BATTERY))
    if mains:
        turn.clear_alarm(AlarmId.BATTERY_LOW, None)
        turn.clear_alarm(AlarmId.BATTERY_DEPLETED, None)
    if power.off:
        _switch_on(turn)


def judge(turn: Turn) -> None:
    """Say what the battery has come to; without any charge the pump switches off."""
    power, battery = turn.state.unit.power, turn.model.battery
    if power.mains or power.off:
        return
    left_ns = charge_ns(turn.model, power, turn.now_ns)
    if battery is not None:
        detail = f"{left_ns / MINUTE_NS:.3g} min left"
        for level_ns, alarm in ((battery.low_ns, AlarmId.BATTERY_LOW), (battery.depleted_ns, AlarmId.BATTERY_DEPLETED)):
            if left_ns <= level_ns and turn.has(alarm):
                turn.raise_alarm(alarm, None, detail)
    if left_ns == 0:
        _switch_off(turn)


def deadlines(turn: Turn) -> Iterator[int]:
    """When the battery will be low, depleted and empty, while the pump runs on it."""
    power, battery = turn.state.unit.power, turn.model.battery
    if power.mains or power.off or battery is None:
        return
    empty_ns = turn.now_ns + charge_ns(turn.model, power, turn.now_ns)
    yield from (empty_ns - battery.low_ns, empty_ns - battery.depleted_ns, empty_ns)


def _switch_off(turn: Turn) -> None:
    """Stop everything: lines, signals, what waits for an answer."""
    _hold(turn)
    unit = turn.state.unit
    if unit.signals.shown != Shown():
        turn.said.append(SignalChanged(None, None, None, audible=False))
    power = replace(unit.power, charge_ns=0, off=True)
    turn.state = turn.state.with_unit(replace(unit, power=power, signals=SignalStatus(), clock_ns=None))
    turn.said.append(PowerChanged(OFF))


def _switch_on(turn: Turn) -> None:
    """Say what has become of the lines, and of the conditions that stood."""
    power = replace(turn.state.unit.power, charged_at_ns=turn.now_ns, off=False)
    turn.state = turn.state.with_unit(replace(turn.state.unit, power=power, touched_ns=turn.now_ns))
    turn.said.append(PowerChanged(MAINS if power.mains else BATTERY))
    _hold(turn)
    known = turn.state.alarms
    for alarm in known:
        turn.clear_alarm(alarm.alarm, alarm.line)
    turn.state = replace(turn.state, alarms=())
    if turn.has(AlarmId.POWER_LOST):
        turn.raise_alarm(AlarmId.POWER_LOST, None)
    for alarm in known:
        if turn.row(alarm.alarm).threshold is None and alarm.alarm not in JUDGED_ANEW:
            turn.raise_alarm(alarm.alarm, alarm.line, "stood before the power was lost")


def _hold(turn: Turn) -> None:
    """Stop every line for as long as nobody starts it again; doses are dropped, and what waits for an answer."""
    questions.drop(turn, CAUSE)
    for line in turn.model.lines:
        if possible(turn.state.line(line).state, Trigger.POWER_LOST):
            turn.fire(line, Trigger.POWER_LOST, CAUSE)


def _put(turn: Turn, power: PowerStatus) -> None:
    turn.state = turn.state.with_unit(replace(turn.state.unit, power=power))
