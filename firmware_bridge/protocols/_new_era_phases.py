"""What a New Era pump keeps without power: its 41 phases, the diameter, the settings; and how functions are written.

Source: New Era NE-1000 user manual 1200-01, chapters on pumping programs and 10.4.
"""

import re
from dataclasses import dataclass

from firmware_bridge.protocols._new_era_numbers import Rate

PHASES = 41
MOST_PAUSE_S = 99

FUNCTIONS: dict[str, re.Pattern[str]] = {
    "RAT": re.compile(""),
    "INC": re.compile(""),
    "DEC": re.compile(""),
    "STP": re.compile(""),
    "JMP": re.compile(r"\d{1,2}"),
    "PRI": re.compile(""),
    "PRL": re.compile(r"\d{1,2}"),
    "LOP": re.compile(r"\d{1,2}"),
    "LPS": re.compile(""),
    "LPE": re.compile(""),
    "PAS": re.compile(r"\d{1,2}|\d?\.\d|\d\."),
    "IF": re.compile(r"\d{1,2}"),
    "EVN": re.compile(r"\d{1,2}"),
    "EVS": re.compile(r"\d{1,2}"),
    "EVR": re.compile(""),
    "BEP": re.compile(""),
    "OUT": re.compile("[01]"),
    "CLD": re.compile(""),
    "FIL": re.compile(""),
    "TRG": re.compile(r"[A-Z][A-Z0-9]|"),
}
"""Every function of a phase, with how its argument is written."""
TO_A_PHASE = ("JMP", "IF", "EVN", "EVS")
COUNTED = ("PRL", "LOP")
PUMPING = ("RAT", "INC", "DEC")

TRIGGERS: dict[str, tuple[str, str]] = {
    "FT": ("toggle", ""),
    "FH": ("start", "stop"),
    "F2": ("", "toggle"),
    "LE": ("stop", "start"),
    "ST": ("start", ""),
    "T2": ("", "start"),
    "SP": ("stop", ""),
    "P2": ("", "stop"),
    "RL": ("start", ""),
    "RH": ("", "start"),
    "SL": ("stop", ""),
    "SH": ("", "stop"),
    "OF": ("", ""),
}
"""What the operational trigger, pin 2, does when it falls, and when it rises; a level counts when it is reached."""


FACTORY_RATE = Rate(1_000, "MM")


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase. ``argument``: of its function; a pause in tenths of a second. ``volume_milli``: thousandths of the pump's
    volume unit, 0 for no target."""

    function: str = "STP"
    argument: str = ""
    rate: Rate = FACTORY_RATE
    volume_milli: int = 0
    direction: str = "INF"

    @property
    def number(self) -> int:
        """The argument as a number."""
        return int(self.argument)

    @property
    def name(self) -> str:
        """The function as a query gives it."""
        if self.function == "PAS":
            whole, tenth = divmod(self.number, 10)
            return f"PAS{whole}.{tenth}" if tenth else f"PAS{whole:02d}"
        digits = self.argument.isdigit() and self.function != "OUT"
        return self.function + (f"{self.number:02d}" if digits else self.argument)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept. ``selected``: the phase that is looked at and edited."""

    diameter_milli_mm: int
    volume_unit: str
    phases: tuple[Phase, ...] = (Phase("RAT"), *(Phase() for _ in range(PHASES - 1)))
    selected: int = 1

    @property
    def phase(self) -> Phase:
        """The selected phase."""
        return self.phases[self.selected - 1]


def function_of(text: str) -> tuple[str, str] | None:
    """A function and its argument; None when it is out of range. Raises LookupError for a function that there is not."""
    word = text[:3] if text[:3] in FUNCTIONS else text[:2]
    argument = text[len(word) :]
    if FUNCTIONS[word].fullmatch(argument) is None:
        return None
    if word in TO_A_PHASE and not 1 <= int(argument) <= PHASES:
        return None
    if word in COUNTED and int(argument) == 0:
        return None
    if word == "TRG" and argument and argument not in TRIGGERS:
        return None
    if word == "PAS":
        whole, _, tenth = argument.partition(".")
        argument = str(int(whole or "0") * 10 + int(tenth or "0"))
    return word, argument


def loop_start(phases: tuple[Phase, ...], end: int) -> int:
    """The phase at which the loop begins that a LOP or LPE at ``end`` closes: its LPS, or else the first of all."""
    open_ends = 0
    for phase in range(end - 1, 0, -1):
        function = phases[phase - 1].function
        if function in ("LOP", "LPE"):
            open_ends += 1
        elif function == "LPS":
            if open_ends == 0:
                return phase
            open_ends -= 1
    return 1
