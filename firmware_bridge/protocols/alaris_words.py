"""What the Alaris Asena writes values, times and alarms as; pure."""

import re

from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import LineState

S_NS = 1_000_000_000
DAY_S = 86_400
RATE, VOLUME = "ml/h", "ml"
NUMBER = re.compile(r"[0-9]{1,5}(\.[0-9]{1,6})?")
AT_END = {AtEnd.STOP: "STOP", AtEnd.KVO: "KVO", AtEnd.CONTINUE: "CONT"}
Fields = tuple[str, ...]

CODES: dict[AlarmId, str] = {
    AlarmId.OCCLUSION_DISTAL: "OCCLU",
    AlarmId.OCCLUSION_PROXIMAL: "OCCLU",
    AlarmId.PRESSURE_RISE: "OCCLU",
    AlarmId.NEAR_END: "NEOIN",
    AlarmId.RESERVOIR_LOW: "NEOIN",
    AlarmId.CONTAINER_EMPTY: "EOIST",
    AlarmId.INFUSION_COMPLETE: "VTBIS",
    AlarmId.CALL_BACK: "CALLB",
    AlarmId.STANDBY_OVER: "CALLB",
    AlarmId.IDLE: "CALLB",
    AlarmId.PENDING_INPUT: "CALLB",
    AlarmId.SAME_DRUG: "CALLB",
    AlarmId.INCOMPATIBLE_DRUGS: "CALLB",
    AlarmId.MAX_DOSE: "CALLB",
    AlarmId.SYRINGE_OFF: "SYRCO",
    AlarmId.DOOR_OPEN: "DRDIS",
    AlarmId.MOTOR_STALL: "DRDIS",
    AlarmId.BATTERY_LOW: "LWBAT",
    AlarmId.BATTERY_DEPLETED: "EMBAT",
    AlarmId.MAINS_LOST: "ACDIS",
    AlarmId.COMMUNICATION_LOST: "COMTO",
    AlarmId.AIR_IN_LINE_PROXIMAL: "FAULT",
    AlarmId.AIR_IN_LINE_DISTAL: "FAULT",
    AlarmId.AIR_ACCUMULATED: "FAULT",
    AlarmId.OVER_INFUSION: "FAULT",
    AlarmId.UNDER_INFUSION: "FAULT",
    AlarmId.FREE_FLOW: "FAULT",
    AlarmId.RATE_LIMIT: "FAULT",
    AlarmId.POWER_LOST: "FAULT",
    AlarmId.SENSOR_FAULT: "FAULT",
    AlarmId.SELF_TEST: "FAULT",
    AlarmId.WATCHDOG: "FAULT",
    AlarmId.KEY_STUCK: "FAULT",
    AlarmId.DEVICE_FAULT: "FAULT",
}
"""The code of each of our conditions, without ``AL_``. INFUSION_COMPLETE goes by what follows: see ``AFTER_VTBI``."""
AFTER_VTBI = {LineState.KVO: "VTBIK", LineState.CONTINUING: "VTBIC"}
"""The code of INFUSION_COMPLETE while the line does this; CONTAINER_EMPTY has only EOIST, as it stops the line."""


def number(values: Fields, unit: str) -> int | None:
    """A rate or a volume with its unit, in nL/h or nL; None when it is not one."""
    match values:
        case (text, said) if said == unit and NUMBER.fullmatch(text):
            whole, _, part = text.partition(".")
            return int(whole) * 1_000_000 + int(part.ljust(6, "0"))
    return None


def rate(nl_per_h: int) -> Fields:
    """A rate as the pump writes it."""
    return f"{nl_per_h / 1e6:.2f}", RATE


def volume(nl: int) -> Fields:
    """A volume as the pump writes it."""
    return f"{nl / 1e6:.3f}", VOLUME


def time_left(left_ns: int | None) -> str:
    """Hours, minutes and seconds; ``24+`` for a day or more, or where there is no end."""
    seconds = DAY_S if left_ns is None else left_ns // S_NS
    return "24+" if seconds >= DAY_S else f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
