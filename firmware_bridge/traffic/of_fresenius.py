"""The Fresenius Orchestra overheard: frames and signs in words; drug names and identifiers are redacted."""

import re

from firmware_bridge.protocols.fresenius_commands import BASE, BASE_VALUES, MODULE, VALUES
from firmware_bridge.protocols.fresenius_link import ACK, DC4, ENQ, ETX, NAK, STX, check, frame
from firmware_bridge.protocols.fresenius_words import Refusal
from firmware_bridge.traffic.framing import Framing, between
from firmware_bridge.traffic.reading import WRONG_CHECK, Language, Reading, Standing, masked, not_understood
from firmware_bridge.virtual_pump.unit import By

SIGNS = {ACK: "acknowledged", ENQ: "are you there?", DC4: "here"}
NAKS = {
    "1": "bad character",
    "2": "check",
    "4": "address",
    "5": "no ACK",
    "6": "not ready",
    "7": "length",
    "8": "control",
}
WORDS = {
    "DC": "open the session",
    "FC": "close the session",
    "MO": "control",
    "LF": "type",
    "LE": "read",
    "DE": "tell of changes",
    "AE": "tell no changes",
    "LM": "read settings",
    "DM": "tell of settings",
    "AM": "tell no settings",
    "PR": "rate",
    "PO": "pause",
    "PB": "bolus",
    "PF": "empty the syringe",
    "PV": "volume limit",
    "RV": "clear volume",
    "EP": "set drug",
    "LP": "drug",
    "AP": "show drug",
    "EN": "set identifier",
    "LN": "identifier",
    "SI": "silence",
    "RZ": "restart",
    "OF": "switch off",
}
NAMED = ("EP", "EN", "LP", "LN")
"""Commands whose values are names."""
KNOWN = {"DC", *BASE, *MODULE} - set(NAMED)
VALUE = re.compile(r"([a-z])([0-9A-F]{1,6})")
LETTERS = {*VALUES, *BASE_VALUES}
_SIGN = bytes((STX, ACK, NAK, ENQ, DC4))
_frame = between(STX, ETX)


def cut(waiting: bytes) -> int:
    """A frame, a sign, or NAK with its code."""
    first = waiting[0]
    if first == STX:
        return _frame(waiting)
    if first == NAK:
        return 0 if len(waiting) < 2 else 1 if waiting[1] in _SIGN else 2
    if first in SIGNS:
        return 1
    return next((at for at, byte in enumerate(waiting) if byte in _SIGN), 0)


class FreseniusReader:
    """One wire. ``hide``: whether it redacts."""

    def __init__(self, hide: bool) -> None:
        self._hide = hide
        self._asked: dict[str, tuple[str, str]] = {}
        self._alarms = Standing()

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece."""
        if len(data) == 1 and data[0] in SIGNS:
            return Reading(data, SIGNS[data[0]], SIGNS[data[0]])
        if data[0] == NAK and len(data) <= 2:
            code = data[1:].decode("latin-1")
            said = f"not acknowledged: {NAKS.get(code, code)}" if code else "not acknowledged"
            return Reading(data, said, said, fault=said)
        if data[0] != STX or data[-1] != ETX or len(data) < 5 or not data.isascii():
            return not_understood(data, self._hide, "no whole frame")
        text = data[1:-3].decode("ascii")
        if data[-3:-1].decode("ascii") != check(text):
            return not_understood(data, self._hide, WRONG_CHECK)
        address = text[:1] if text[:1].isdigit() else ""
        name, semicolon, rest = text[len(address) :].partition(";")
        if by is By.HOST and name not in ("E", "M"):
            self._asked[address] = name, rest
        values = self._hidden(by, address, name, rest) if self._hide else rest
        text = address + name + semicolon + values
        where = {"": "", "0": "base: "}.get(address, f"module {address}: ")
        says, alarm = self._said(by, address, name, values)
        return Reading(frame(text), where + says, text, alarm)

    def _hidden(self, by: By, address: str, name: str, values: str) -> str:
        if by is By.HOST:
            return values if name in KNOWN or name in ("E", "M", "LP", "LN") else masked(values)
        if name == "I":
            return values
        question, letter = self._asked.get(address, ("", ""))
        if name == "C" and (question not in KNOWN or (question == "LF" and letter != "b")):
            return masked(values)
        if name not in ("C", "E", "M"):
            return masked(values)
        return values if question == "LF" and name == "C" else ";".join(map(_hidden_value, values.split(";")))

    def _said(self, by: By, address: str, name: str, values: str) -> tuple[str, str | None]:
        if by is By.HOST:
            if name in ("E", "M"):
                return "heard", None
            return f"{WORDS.get(name, name)}{f' {_in_words(name, values)}' if values else ''}", None
        if name == "I":
            known = next((refusal.name.lower().replace("_", " ") for refusal in Refusal if refusal.value == values), "")
            return f"refused: {known or values}", None
        question = self._asked.get(address, ("", ""))[0]
        told = [found for value in values.split(";") if (found := VALUE.fullmatch(value)) and found[1] in LETTERS]
        if name == "C" and question not in ("LE", "LM", "DE", "DM"):
            return f"done{f': {values}' if values else ''}", None
        alarm = next((found[2] for found in told if found[1] == "a"), None)
        words = (
            "done" if name == "C" and not values else ", ".join(_value_in_words(value) for value in values.split(";"))
        )
        standing = (
            None if alarm is None else self._alarms.tell(address, "" if int(alarm, 16) == 0 else f"alarm {alarm}")
        )
        return words or "heard", standing


def _hidden_value(value: str) -> str:
    """A value by its letter; what is none may be a name."""
    found = VALUE.fullmatch(value)
    return value if not value or (found and found[1] in LETTERS) else masked(value)


def _value_in_words(value: str) -> str:
    found = VALUE.fullmatch(value)
    if found is None:
        return value
    letter, number = found[1], int(found[2], 16)
    match letter:
        case "d":
            return f"rate {number / 10:g} mL/h"
        case "k":
            return f"bolus rate {number / 10:g} mL/h"
        case "r":
            return f"infused {number / 1000:g} mL"
        case "s":
            return f"bolus {number / 1000:g} mL"
        case "a":
            return f"alarm {found[2]}" if number else "no alarm"
        case "e":
            return f"error {found[2]}" if number else "no error"
        case "m":
            return {1: "manual control", 2: "PC control"}.get(number, value)
        case "i":
            return f"{number} modules"
    return value


def _in_words(name: str, values: str) -> str:
    if name == "PR" and re.fullmatch(r"[0-9A-F]{4}", values):
        return f"{int(values, 16) / 10:g} mL/h"
    if name in ("PB", "PV") and re.fullmatch(r"[0-9A-F]{6}", values):
        return f"{int(values, 16) / 1000:g} mL"
    return {"1": "manual", "2": "PC"}.get(values, values) if name == "MO" else values


FRESENIUS = Language(
    Framing(dict.fromkeys(By, cut)),
    FreseniusReader,
    "drug names, identifiers, and values that are not known here",
    asks=lambda data: data[0] == STX and re.fullmatch(rb"\x02\d?[EM]..\x03", data, re.DOTALL) is None,
)
