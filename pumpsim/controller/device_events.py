"""What drivers, devices and the interlock report: the condition that each begins, or ends, as two tables."""

from pumpsim.controller import reminders
from pumpsim.controller.turn import Turn
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent
from pumpsim.vocabulary.inputs import DeviceEventKind as Kind

BEGINS = {
    Kind.COMMUNICATION_LOST: AlarmId.COMMUNICATION_LOST,
    Kind.DEVICE_FAULT: AlarmId.DEVICE_FAULT,
    Kind.OVER_INFUSION: AlarmId.OVER_INFUSION,
    Kind.RATE_LIMIT: AlarmId.RATE_LIMIT,
    Kind.MOTOR_STALL: AlarmId.MOTOR_STALL,
    Kind.WATCHDOG: AlarmId.WATCHDOG,
    Kind.FREE_FLOW: AlarmId.FREE_FLOW,
    Kind.SENSOR_FAULT: AlarmId.SENSOR_FAULT,
    Kind.SELF_TEST_FAILED: AlarmId.SELF_TEST,
    Kind.DOOR_OPENED: AlarmId.DOOR_OPEN,
    Kind.SYRINGE_REMOVED: AlarmId.SYRINGE_OFF,
    Kind.MAINS_LOST: AlarmId.MAINS_LOST,
}
ENDS = {
    Kind.COMMUNICATION_RESTORED: AlarmId.COMMUNICATION_LOST,
    Kind.DOOR_CLOSED: AlarmId.DOOR_OPEN,
    Kind.SYRINGE_SEATED: AlarmId.SYRINGE_OFF,
    Kind.MAINS_RESTORED: AlarmId.MAINS_LOST,
}


def note(turn: Turn, event: DeviceEvent) -> None:
    """Raise or clear what the event stands for. A pump that has no such condition reports a fault of the device instead."""
    reminders.note_key(turn, event)
    begun, ended = BEGINS.get(event.kind), ENDS.get(event.kind)
    if begun is not None:
        turn.raise_alarm(begun if turn.has(begun) else AlarmId.DEVICE_FAULT, None, event.detail)
    if ended is not None:
        turn.clear_alarm(ended, None)
