"""The Alaris Asena overheard: messages in words; serial number, its check in a host's commands, and drug are redacted."""

from firmware_bridge.protocols.alaris import COMMANDS
from firmware_bridge.protocols.alaris_frames import BEGIN, END, crc, fields_of, frame
from firmware_bridge.traffic.framing import Framing, between
from firmware_bridge.traffic.reading import WRONG_CHECK, Language, Reading, masked, not_understood
from firmware_bridge.virtual_pump.unit import By

USUAL_SERIAL = "0000-00000"
"""The redacted form of every serial number that was seen in captures: for a check whose number was not heard."""
WORDS = {
    "INST_SERIALNO": "serial number",
    "COMMS_PROTOCOL": "protocol",
    "COMMS_RESPONSE_MAX": "longest response time",
    "SYRINGE_STATUS": "syringe",
    "INF": "status",
    "INF_RATE": "rate",
    "INF_RATE_MAX_SYRINGE": "highest rate of the syringe",
    "INF_VI": "volume infused",
    "INF_VI_CLEAR": "clear volume infused",
    "INF_VTBI": "VTBI",
    "INF_START": "start",
    "INF_STOP": "stop",
    "INF_BOLUS": "bolus",
    "INF_BOLUS_CAP_RATE": "bolus rate",
    "INF_CAP_RATE": "highest rate",
    "INF_PURGE_RATE": "purge rate",
    "ALARM": "alarm",
    "REMQUERY": "remote query",
    "REMOTE_CTRL": "remote control",
    "REMOTE_CFG": "remote configuration",
}
DEEDS = ("INF_START", "INF_STOP", "INF_VI_CLEAR")
"""Done by the bare name, which also is the answer to success."""
REMOTE = ("REMOTE_CTRL", "REMOTE_CFG")
NO_ALARM = "NOALM"
ALARMS = {
    "ACDIS": "mains off",
    "CALLB": "call back",
    "COMTO": "communications time-out",
    "DRDIS": "drive disengaged",
    "EMBAT": "battery empty",
    "EOIKV": "end of infusion, KVO",
    "EOIST": "end of infusion, stopped",
    "FAULT": "internal fault",
    "LWBAT": "battery low",
    "OCCLU": "occlusion",
    "NEOIN": "near end of infusion",
    "SYRCO": "syringe not confirmed",
    "VTBIC": "VTBI done, continues",
    "VTBIK": "VTBI done, KVO",
    "VTBIS": "VTBI done, stopped",
}
SERIAL, FLAG, RUNS, DRUG, STATUS_FIELDS = 0, 1, 2, 5, 13
"""Places in the values of INF, and how many it has at least."""


class AlarisReader:
    """One wire. ``hide``: whether it redacts."""

    def __init__(self, hide: bool) -> None:
        self._hide = hide
        self._checks: dict[str, str] = {}
        self._asked: dict[str, bool] = {}
        self._alarm = ""

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece."""
        if data[0] != BEGIN or data[-1] != END:
            return not_understood(data, self._hide, "no whole message")
        fields = fields_of(data[1:-1])
        if fields is None:
            return not_understood(data, self._hide, WRONG_CHECK)
        name, *values = fields
        if self._hide:
            values = self._hidden(by, name, values)
            data = frame(name, *values)
        alarm = self._alarm_of(name, values) if by is By.PUMP else None
        return Reading(data, self._says(by, name, values), "^".join((name, *values)), alarm)

    def _hidden(self, by: By, name: str, values: list[str]) -> list[str]:
        if name not in COMMANDS:
            return [masked(value) for value in values]
        if name in REMOTE and by is By.HOST and len(values) > 1:
            return [values[0], self._hidden_check(values[1]), *values[2:]]
        if by is By.PUMP and name in ("INST_SERIALNO", "INF") and values:
            true, shown = crc(values[SERIAL]), crc(masked(values[SERIAL]))
            self._checks |= {true: shown, shown: shown}
            return [masked(value) if at in (SERIAL, DRUG) else value for at, value in enumerate(values)]
        return values

    def _hidden_check(self, check: str) -> str:
        """The check of the redacted serial number in the place of that of the true one; a wrong one stays wrong."""
        if not self._checks:
            return crc(USUAL_SERIAL)
        return self._checks.get(check, masked(check))

    def _says(self, by: By, name: str, values: list[str]) -> str:
        word = WORDS.get(name, name)
        if by is By.HOST:
            self._asked[name] = bool(values)
            return f"{word}: {' '.join(values)}" if values else word if name in DEEDS else f"{word}?"
        if not values:
            return word if name in DEEDS else f"{word}: refused" if self._asked.get(name, True) else f"{word}: none"
        if name == "INF" and len(values) >= STATUS_FIELDS:
            flag = "alarm" if values[FLAG] == "A" else "no alarm"
            runs = {"SET": "infusing", "HLD": "holding"}.get(values[RUNS], values[RUNS])
            rate, volume, pressure = (" ".join(values[at : at + 2]) for at in (3, 6, 8))
            return f"status: {runs}, {flag}, {rate}, {volume} infused, {pressure}, {values[10]} left"
        if name == "ALARM":
            code = values[0].removeprefix("AL_")
            return f"alarm: {'none' if code == NO_ALARM else ALARMS.get(code, code)}"
        return f"{word}: {' '.join(value for value in values if value.strip())}"

    def _alarm_of(self, name: str, values: list[str]) -> str | None:
        """What the message tells of alarms. INF only tells that there is one: what it is was told by ALARM."""
        if name == "ALARM" and values:
            code = values[0].removeprefix("AL_")
            self._alarm = "" if code == NO_ALARM else ALARMS.get(code, code)
            return self._alarm
        if name == "INF" and len(values) >= STATUS_FIELDS:
            if values[FLAG] != "A":
                self._alarm = ""
            return self._alarm if values[FLAG] != "A" else self._alarm or "alarm"
        return None


def serial_of(body: str) -> str | None:
    """The serial number that a body tells."""
    name, *values = body.split("^")
    return values[SERIAL] if name in ("INST_SERIALNO", "INF") and values else None


ALARIS = Language(
    Framing(dict.fromkeys(By, between(BEGIN, END))),
    AlarisReader,
    "serial numbers, with their checks in remote control, drug names, values of messages that are not known here",
    serial_of,
)
