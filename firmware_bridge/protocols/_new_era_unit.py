"""One New Era pump on a line: its command table, its settings, its alarm, and the time-out of Safe mode.

A command is a word of the table and an argument; without one it asks. The answer is a status letter and what was asked for, or
an error: ``?`` no such command, ``?NA`` not now, ``?OOR`` out of range, ``?COM`` a bad packet. While an alarm is pending the
next command is answered by it, is not carried out, and clears it.
Source: New Era NE-1000 user manual 1200-01, 10.2 and 10.4.
"""

import re
from collections.abc import Callable, Sequence

from firmware_bridge.protocols._new_era_course import OPERATING, OUTPUT, TRIGGER, Doing
from firmware_bridge.protocols._new_era_frames import Packet, encode
from firmware_bridge.protocols._new_era_numbers import (
    HIGHEST_MILLI_MM,
    LOWEST_MILLI_MM,
    NUMBER,
    RATE_NL_PER_H,
    VOLUME_NL,
    parsed,
    written,
)
from firmware_bridge.protocols._new_era_phases import PHASES, TRIGGERS, Memory, function_of
from firmware_bridge.protocols._new_era_plunger import NA, OK, OOR, Plunger
from firmware_bridge.protocols._new_era_program import PhaseProgram, unit_for
from firmware_bridge.protocols._new_era_rules import RULES
from firmware_bridge.virtual_pump.dialect import Options
from firmware_bridge.virtual_pump.world import PumpPort
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Acknowledge

UNKNOWN, BAD_PACKET = "?", "?COM"
S_NS = 1_000_000_000
MOST_SAFE_S = 255
SETTINGS = {"AL": 0, "BP": 1, "PF": 0, "LOC": 0, "BUZ": 0, "ROM": 0, "DIN": 0}
"""Settings that are on or off, as from the factory."""
FACTORY_BAUD = 19_200
DIAMETER_MILLI_MM = 26_590
"""Where there is no syringe: that of 60 mL."""

_RATE = re.compile(rf"(?P<always>C?)(?P<number>{NUMBER})(?P<unit>{'|'.join(RATE_NL_PER_H)})?")
_ADDRESS = re.compile(r"(?P<number>\d{1,2})(?:B(?P<baud>19200|9600|2400|1200|300))?(?P<pair>DUAL|RECP)?")
_SAFE = re.compile(r"SAF(?P<seconds>\d{1,3})")


class Unit:
    """A pump at its address. ``paired``: in dual or reciprocating mode, in which only system commands count.

    Raises ValueError for options that cannot be.
    """

    def __init__(self, address: int, port: PumpPort, options: Options) -> None:
        self.address, self.port, self._options = address, port, options
        self.paired, self.baud = False, FACTORY_BAUD
        wanted = options.more.get("safe", "0")
        if not _within(wanted, 0, MOST_SAFE_S):
            raise ValueError(f"option safe = {wanted!r}: 0 to {MOST_SAFE_S} s")
        self.safe_s = int(wanted)
        self.program = PhaseProgram(port, self._factory_memory(), RULES)
        self.settings = dict(SETTINGS)
        self.alarm = "R" if options.power_up_alarm else None
        self._untold = self.alarm is not None
        self.deadline_ns: int | None = None

    # What comes by itself

    def follow(self, link_ns: int) -> Sequence[bytes]:
        """Follow the pump and the time; the alarm packets that are sent unasked, in Safe mode only."""
        if self.port.off:
            self.deadline_ns = None
            return ()
        if AlarmId.POWER_LOST in self.port.alarms:
            self._power_up()
        if self.deadline_ns is not None and link_ns >= self.deadline_ns:
            self.deadline_ns = None
            self.program.end()
            self._raise("T")
        self.program.advance()
        self._take_alarm()
        untold, self._untold = self._untold and self.alarm is not None, False
        if untold and self.safe_s and self._options.spontaneous:
            return (self._frame(f"A?{self.alarm}", safe=True),)
        return ()

    def _power_up(self) -> None:
        """The pump says that its power was gone. Safe mode stays, its time-out waits for a packet."""
        self.port.operate(Acknowledge(AlarmId.POWER_LOST))
        again = self.settings["PF"] and self.program.course.doing in OPERATING
        self.program.power_up()
        self.deadline_ns = None
        if self._options.power_up_alarm:
            self._raise("R")
        if again:
            self.program.run()

    def _take_alarm(self) -> None:
        """Take what the program has come to."""
        found, self.program.alarm = self.program.alarm, None
        if found is not None:
            self._raise(found)

    def _raise(self, letter: str) -> None:
        self.alarm, self._untold = letter, True

    # What the host says

    def answer(self, link_ns: int, packet: Packet, text: str) -> bytes:
        """Carry out a command that is for this pump; the frame to send."""
        safe = self.safe_s > 0
        if not packet.sound:
            return self._frame(self.program.letter + BAD_PACKET, safe=safe)
        wanted = _SAFE.fullmatch(text)
        if wanted is not None and int(wanted["seconds"]) <= MOST_SAFE_S:
            safe = int(wanted["seconds"]) > 0
        data = self._data(text)
        if packet.safe and self.safe_s:
            self.deadline_ns = link_ns + self.safe_s * S_NS
        return self._frame(data, safe=safe)

    def _data(self, text: str) -> str:
        """Status and data of the answer."""
        if self.alarm is None:
            said = self.carry_out(text)
            self.program.advance()
            self._take_alarm()
        if self.alarm is not None:
            letter, self.alarm, self._untold = self.alarm, None, False
            return f"A?{letter}"
        return self.program.letter + said

    def carry_out(self, text: str) -> str:
        """Carry out one command; what is answered beside the status."""
        if not text:
            return OK
        word = text[:3] if text[:3] in COMMANDS else text[:2]
        if word not in COMMANDS:
            return self._system(text) if text.startswith("*") else UNKNOWN
        return COMMANDS[word](self, text[len(word) :])

    def _frame(self, data: str, *, safe: bool) -> bytes:
        return encode(f"{self.address:02d}{data}", safe=safe)

    def _system(self, text: str) -> str:
        """Commands that count whatever the address is."""
        if text == "*RESET":
            return self._reset()
        if not text.startswith("*ADR"):
            return self.carry_out(text[1:]) if self.paired and text[1:] else UNKNOWN
        if text == "*ADR":
            return str(self.address)
        found = _ADDRESS.fullmatch(text[4:])
        if found is None:
            return OOR
        self.address, self.paired = int(found["number"]), found["pair"] is not None
        baud = FACTORY_BAUD if self.paired else int(found["baud"] or self.baud)
        if baud != self.baud:
            self.baud, self.deadline_ns = baud, None
        return OK

    def _reset(self) -> str:
        if self.program.operating:
            return NA
        self.program.end()
        self.program.memory, self.program.trigger = self._factory_memory(), "FT"
        self.program.clear("INF")
        self.settings = dict(SETTINGS)
        self.address, self.paired, self.baud, self.safe_s, self.deadline_ns = 0, False, FACTORY_BAUD, 0, None
        return OK

    def _factory_memory(self) -> Memory:
        """As from the factory, with the diameter of the option, or that of the syringe which is there."""
        wanted = self._options.more.get("diameter", "")
        diameter = parsed(wanted) if wanted else Plunger(self.port).bore_milli_mm(DIAMETER_MILLI_MM)
        if diameter is None or not _fits(diameter):
            raise ValueError(f"option diameter = {wanted!r}: 0.1 to 50.0 mm, in at most 4 digits")
        return Memory(diameter, unit_for(diameter))

    # Commands: each takes an argument, "" for a query

    def _diameter(self, argument: str) -> str:
        if not argument:
            return written(self.program.memory.diameter_milli_mm)
        milli_mm = parsed(argument)
        if milli_mm is None or not _fits(milli_mm):
            return OOR
        return self.program.set_diameter(milli_mm)

    def _phase(self, argument: str) -> str:
        if not argument:
            return f"{self.program.memory.selected:02d}"
        return self.program.select(int(argument)) if _within(argument, 1, PHASES) else OOR

    def _function(self, argument: str) -> str:
        if not argument:
            return self.program.memory.phase.name
        try:
            found = function_of(argument)
        except LookupError:
            return UNKNOWN
        return OOR if found is None else self.program.edit(function=found[0], argument=found[1])

    def _rate(self, argument: str) -> str:
        if not argument:
            return NA if self.program.rate is None else str(self.program.rate)
        found = _RATE.fullmatch(argument)
        milli = None if found is None else parsed(found["number"])
        if found is None or milli is None:
            return OOR
        return self.program.set_rate(milli, found["unit"], always=bool(found["always"]))

    def _volume(self, argument: str) -> str:
        memory = self.program.memory
        if not argument:
            return written(memory.phase.volume_milli) + memory.volume_unit
        if argument in VOLUME_NL:
            return self.program.set_volume_unit(argument)
        milli = parsed(argument)
        return OOR if milli is None else self.program.edit(volume_milli=milli)

    def _direction(self, argument: str) -> str:
        if not argument:
            return self.program.memory.phase.direction
        return self.program.set_direction(argument) if argument in ("INF", "WDR", "REV", "STK") else UNKNOWN

    def _run(self, argument: str) -> str:
        if not argument:
            return self.program.run()
        most = 99 if self.program.course.doing is Doing.WAITING else PHASES
        return self.program.run(int(argument)) if _within(argument, 1, most) else OOR

    def _purge(self, argument: str) -> str:
        return UNKNOWN if argument else self.program.purge()

    def _stop(self, argument: str) -> str:
        return UNKNOWN if argument else self.program.stop()

    def _dispensed(self, argument: str) -> str:
        if argument:
            return UNKNOWN
        infused, withdrawn = self.program.moved_milli
        return f"I{written(infused)}W{written(withdrawn)}{self.program.memory.volume_unit}"

    def _clear(self, argument: str) -> str:
        return self.program.clear(argument) if argument in ("INF", "WDR") else UNKNOWN

    def _safe(self, argument: str) -> str:
        if not argument:
            return str(self.safe_s)
        if not _within(argument, 0, MOST_SAFE_S):
            return OOR
        self.safe_s, self.deadline_ns = int(argument), None
        return OK

    def _buzzer(self, argument: str) -> str:
        if re.fullmatch(r"1\d{1,2}", argument):  # so many beeps, and silent again
            self.settings["BUZ"] = 0
            return OK
        return self._setting("BUZ", argument)

    def _trigger(self, argument: str) -> str:
        if not argument:
            return self.program.trigger
        if argument not in TRIGGERS:
            return OOR
        self.program.trigger = argument
        return OK

    def _output(self, argument: str) -> str:
        if argument == str(OUTPUT):
            return str(self.program.levels[OUTPUT])
        if argument not in (f"{OUTPUT}0", f"{OUTPUT}1"):
            return OOR
        self.program.levels[OUTPUT] = int(argument[1])
        return OK

    def _input(self, argument: str) -> str:
        inputs = {str(pin): level for pin, level in self.program.levels.items() if pin != OUTPUT}
        return str(inputs[argument]) if argument in inputs else OOR

    def _version(self, argument: str) -> str:
        return UNKNOWN if argument else self._options.more.get("version", VERSION)

    def _setting(self, name: str, argument: str) -> str:
        if not argument:
            return str(self.settings[name])
        if argument not in ("0", "1"):
            return OOR
        self.settings[name] = int(argument)
        return OK

    def set_level(self, pin: int, level: int) -> None:
        """Let an input of the TTL connector have this level. A pending alarm keeps the pump from being started."""
        if pin != TRIGGER or self.alarm is None or self.program.operating:
            self.program.set_level(pin, level)
        else:
            self.program.levels[pin] = level


VERSION = "NE1000V3.928"

Handler = Callable[[Unit, str], str]


def _setting_of(name: str) -> Handler:
    return lambda unit, argument: unit._setting(name, argument)


COMMANDS: dict[str, Handler] = {
    "DIA": Unit._diameter,
    "PHN": Unit._phase,
    "FUN": Unit._function,
    "RAT": Unit._rate,
    "VOL": Unit._volume,
    "DIR": Unit._direction,
    "RUN": Unit._run,
    "PUR": Unit._purge,
    "STP": Unit._stop,
    "DIS": Unit._dispensed,
    "CLD": Unit._clear,
    "SAF": Unit._safe,
    "BUZ": Unit._buzzer,
    "TRG": Unit._trigger,
    "OUT": Unit._output,
    "IN": Unit._input,
    "VER": Unit._version,
    **{name: _setting_of(name) for name in SETTINGS if name != "BUZ"},
}
"""Every command by its word."""


def _fits(milli_mm: int) -> bool:
    return LOWEST_MILLI_MM <= milli_mm <= HIGHEST_MILLI_MM


def _within(text: str, low: int, high: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and low <= int(text) <= high
