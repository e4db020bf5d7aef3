"""New Era pumps overheard: packets of both framings in words. Nothing in them identifies anybody."""

import re

from firmware_bridge.protocols._new_era_frames import AROUND, CR, ETX, STX, crc
from firmware_bridge.traffic.framing import Framing
from firmware_bridge.traffic.reading import WRONG_CHECK, Language, Reading, Standing, not_understood
from firmware_bridge.virtual_pump.unit import By

STATES = {
    "I": "infusing",
    "W": "withdrawing",
    "S": "stopped",
    "P": "paused",
    "T": "timed pause",
    "U": "waits for a trigger",
    "X": "purging",
}
WORDS = {
    "DIA": "diameter",
    "RAT": "rate",
    "VOL": "volume",
    "DIR": "direction",
    "RUN": "run",
    "STP": "stop",
    "PUR": "purge",
    "DIS": "dispensed",
    "CLD": "clear dispensed",
    "PHN": "phase",
    "FUN": "function",
    "SAF": "Safe mode",
    "VER": "version",
}
DEEDS = ("RUN", "STP", "PUR")
UNITS = {"UM": "uL/min", "MM": "mL/min", "UH": "uL/h", "MH": "mL/h"}
DISPENSED = re.compile(r"I([\d.]+)W([\d.]+)(ML|UL)")
ALARMS = {
    "R": "power was gone",
    "S": "motor stalled",
    "T": "Safe mode timed out",
    "E": "program error",
    "O": "phase out of range",
}
ERRORS = {"?": "no such command", "?NA": "not now", "?OOR": "out of range", "?COM": "bad packet", "?IGN": "ignored"}
ANSWER = re.compile(r"(?P<address>\d\d)(?:A\?(?P<alarm>[A-Z])|(?P<state>[IWSPTUX])(?P<data>.*))", re.DOTALL)
COMMAND = re.compile(r"(?P<address>\d{0,2})(?P<command>.*)", re.DOTALL)


def of_host(waiting: bytes) -> int:
    """A Safe packet by its length, or text up to CR."""
    if waiting[0] == STX:
        return _safe(waiting)
    end, packet = waiting.find(CR), waiting.find(STX)
    return packet if packet > 0 and (end < 0 or packet < end) else end + 1


def of_pump(waiting: bytes) -> int:
    """A Basic packet, which begins with two digits, up to ETX; a Safe one by its length."""
    if waiting[0] != STX:
        return max(waiting.find(STX), 0)
    if len(waiting) > 1 and chr(waiting[1]).isdigit():
        return waiting.find(ETX) + 1
    return _safe(waiting)


def _safe(waiting: bytes) -> int:
    if len(waiting) < 2:
        return 0
    whole = waiting[1] + 1
    return 1 if waiting[1] < AROUND else whole if len(waiting) >= whole else 0


class NewEraReader:
    """One wire. There is nothing to redact."""

    def __init__(self, hide: bool) -> None:
        del hide
        self._alarms = Standing()

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece."""
        body, fault = _unwrapped(by, data)
        if body is None:
            return not_understood(data, False, fault)
        text = body.decode("latin-1")
        return self._of_host(data, text, fault) if by is By.HOST else self._of_pump(data, text, fault)

    def _of_host(self, data: bytes, text: str, fault: str) -> Reading:
        found = COMMAND.fullmatch(text)
        assert found is not None
        says = _in_words(found["command"].strip().upper())
        return Reading(data, f"pump {int(found['address'] or '0')}: {says}", text, fault=fault)

    def _of_pump(self, data: bytes, text: str, fault: str) -> Reading:
        found = ANSWER.fullmatch(text)
        if found is None:
            return Reading(data, text, text, fault=fault)
        who = f"pump {int(found['address'])}"
        if found["alarm"]:
            word = ALARMS.get(found["alarm"], found["alarm"])
            return Reading(data, f"{who}: alarm: {word}", text, self._alarms.tell(who, word), fault)
        said = ERRORS.get(found["data"]) or _value_in_words(found["data"])
        says = f"{who}: {STATES[found['state']]}{f': {said}' if said else ''}"
        return Reading(data, says, text, self._alarms.tell(who, ""), fault)


def _in_words(command: str) -> str:
    word, argument = command[:3], _value_in_words(command[3:])
    if word not in WORDS:
        return command or "status?"
    return f"{WORDS[word]} {argument}" if argument else WORDS[word] if word in DEEDS else f"{WORDS[word]}?"


def _value_in_words(value: str) -> str:
    if found := DISPENSED.fullmatch(value):
        return f"{found[1]} infused, {found[2]} withdrawn ({'mL' if found[3] == 'ML' else 'uL'})"
    unit = UNITS.get(value[-2:])
    return value if unit is None else f"{value[:-2]} {unit}"


def _unwrapped(by: By, data: bytes) -> tuple[bytes | None, str]:
    """What is in a packet, and what is wrong with it."""
    if by is By.HOST and data[0] != STX:
        return (data[:-1], "") if data[-1] == CR else (None, "no whole command")
    if data[0] != STX or len(data) < 3:
        return None, "no whole packet"
    if by is By.PUMP and chr(data[1]).isdigit():
        return (data[1:-1], "") if data[-1] == ETX else (None, "no whole packet")
    if len(data) != data[1] + 1 or data[-1] != ETX:
        return None, "no whole packet"
    body = data[2:-3]
    return body, "" if crc(body) == int.from_bytes(data[-3:-1], "big") else WRONG_CHECK


NEW_ERA = Language(Framing({By.HOST: of_host, By.PUMP: of_pump}), NewEraReader)
