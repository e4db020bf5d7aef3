"""Harvard and KDS pumps overheard, both sets: lines of text and prompts. The serial number of ``version`` is redacted."""

import re

from firmware_bridge.traffic.framing import CR, RUN_PAUSE_NS, Framing, before, line
from firmware_bridge.traffic.reading import Language, Reading, Standing, masked, not_understood
from firmware_bridge.virtual_pump.unit import By

PROMPTS = {":": "idle", ">": "infusing", "<": "withdrawing", "*": "stalled", "T*": "target reached"}
ULTRA_PROMPT = re.compile(rb"\n(?:\d\d)?(?:T\*|[:><*])\x11?(?=\n)")
CLASSIC_PROMPT = re.compile(rb"\r\n(?:\d\d)?[:><*](?=\r\n)")
ANSWER = re.compile(r"(?P<lines>.*?)(?:\r?\n)(?P<address>\d{0,2})(?P<prompt>T\*|[:><*])\x11?", re.DOTALL)
SERIAL = re.compile(r"(Serial number: *)([^\r\n]+)")


class HarvardReader:
    """One wire. ``hide``: whether it redacts."""

    def __init__(self, hide: bool) -> None:
        self._hide = hide
        self._alarms = Standing()

    def read(self, by: By, data: bytes) -> Reading:
        """Read a piece."""
        text = data.decode("latin-1")
        if by is By.HOST:
            if data[-1] != CR:
                return not_understood(data, self._hide, "no whole command")
            command = " ".join(text.split())
            return Reading(data, command or "status?", command)
        if self._hide:
            text = SERIAL.sub(lambda found: found[1] + masked(found[2]), text)
            data = text.encode("latin-1")
        found = ANSWER.fullmatch(text)
        if found is None:
            return not_understood(data, self._hide, "no prompt")
        lines = " / ".join(part.strip() for part in re.split(r"[\r\n]+", found["lines"]) if part.strip())
        prompt, who = PROMPTS[found["prompt"]], f"pump {int(found['address'] or '0')}"
        alarm = self._alarms.tell(who, "stalled" if found["prompt"] == "*" else "")
        return Reading(data, f"{lines}, {prompt}" if lines else prompt, text, alarm)


def serial_of(body: str) -> str | None:
    """The serial number that a body tells."""
    found = SERIAL.search(body)
    return None if found is None else found[2]


ULTRA = Language(
    Framing({By.HOST: line, By.PUMP: before(ULTRA_PROMPT)}, frozenset((By.PUMP,)), RUN_PAUSE_NS),
    HarvardReader,
    "serial numbers, and what is no whole answer",
    serial_of,
)
CLASSIC = Language(
    Framing({By.HOST: line, By.PUMP: before(CLASSIC_PROMPT)}, frozenset((By.PUMP,)), RUN_PAUSE_NS),
    HarvardReader,
    "serial numbers, and what is no whole answer",
    serial_of,
)
