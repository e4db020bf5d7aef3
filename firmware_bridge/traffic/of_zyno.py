"""Zyno MIVA and Nimbus overheard: frames in words; serial number and the name of the drug library are redacted."""

import re

from firmware_bridge.protocols.zyno import ETX, FRAME_DIGITS, LF, SCPI, STX, TAKES, TELLS, checksum
from firmware_bridge.traffic.framing import Framing, between
from firmware_bridge.traffic.reading import WRONG_CHECK, Language, Reading, masked, not_understood
from firmware_bridge.virtual_pump.unit import By

WORDS = {
    "RN": "serial number",
    "RS": "firmware",
    "RL": "drug library",
    "RC": "clock",
    "RD": "pressures",
    "R2": "thresholds",
    "R3": "total volume",
    "R9": "on-time",
    "RI": "ends of the log",
    "RE": "event",
    "Q0": "mode",
    "Q1": "runs",
    "Q2": "rate",
    "Q3": "running time",
    "Q5": "volume infused",
    "Q6": "VTBI",
    "WC": "set the clock",
    "WT": "trigger",
}
IN_HUNDREDTHS = {"Q2": "mL/h", "Q5": "mL", "Q6": "mL", "QD": "mL"}
NAMES = ("RN", "RL")
IDENTITY = "*IDN?"
IDENTITY_SERIAL = 2
"""Which of the words of the identity is the serial number."""


class ZynoReader:
    """One wire. ``hide``: whether it redacts."""

    def __init__(self, hide: bool) -> None:
        self._hide = hide
        self._asked = ""

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece."""
        frame, end = (data[:-1], LF) if data[-1:] == LF else (data, b"")
        if len(frame) < 3 + FRAME_DIGITS or frame[0] != STX or frame[-1] != ETX or not frame.isascii():
            return Reading(data, "", "") if data == LF else not_understood(data, self._hide, "no whole frame")
        text, digits = frame[1 : -1 - FRAME_DIGITS], frame[-1 - FRAME_DIGITS : -1]
        xor = digits.upper() != checksum(text) and digits.upper() == checksum(text, xor=True)
        if not xor and digits.upper() != checksum(text):
            return not_understood(data, self._hide, WRONG_CHECK)
        said = text.decode("ascii")
        if by is By.HOST:
            self._asked = said.upper()
        if self._hide and (hidden := self._hidden(by, said)) != said:
            said, text = hidden, hidden.encode("ascii")
            data = bytes([STX]) + text + checksum(text, xor) + bytes([ETX]) + end
        return Reading(data, self._says(by, said), said)

    def _hidden(self, by: By, said: str) -> str:
        word = said[:2].upper()
        if by is By.HOST:
            known = self._asked == IDENTITY or SCPI.fullmatch(self._asked) or word in TELLS or word in TAKES
            return said if known else said[:2] + masked(said[2:])
        if self._asked == IDENTITY:
            words = said.split(",")
            return ",".join(masked(part) if at >= IDENTITY_SERIAL else part for at, part in enumerate(words))
        if found := SCPI.fullmatch(self._asked):
            return masked(said) if found[1] == "SERIAL" else said
        return said if (word in TELLS or word in TAKES) and word not in NAMES else said[:2] + masked(said[2:])

    def _says(self, by: By, said: str) -> str:
        word, value = said[:2].upper(), said[2:].strip()
        if word not in WORDS:
            return said
        if by is By.HOST:
            return f"{WORDS[word]}{f': {value}' if value else '?'}"
        if word in IN_HUNDREDTHS and re.fullmatch(r"[0-9A-F]+", value):
            value = f"{int(value, 16) / 100:g} {IN_HUNDREDTHS[word]}"
        return f"{WORDS[word]}: {value}" if value else f"{WORDS[word]}: done"


def serial_of(body: str) -> str | None:
    """The serial number that a body tells."""
    return body[2:] if body.startswith("RN") and len(body) > 2 else None


ZYNO = Language(
    Framing({By.HOST: between(STX, ETX, LF, waits=False), By.PUMP: between(STX, ETX, LF)}),
    ZynoReader,
    "serial numbers, the name of the drug library, and values that are not known here",
    serial_of,
    filler=LF,
)
