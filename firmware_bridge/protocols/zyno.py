"""Zyno MIVA / Nimbus: ``STX text KK ETX``, KK the low byte of the sum of the text, two upper-case digits; answers end with LF.

What the maker's own driver asks for and the pump behind knows is answered: identity, clock, pressures, infusion numbers, the
log of events, run and stop. Keys, calibration, drug library, screen and the stream of the sensors are not. No watchdog known.

Source: what the maker's driver (pyZynoUnifiedDrivers 0.0.9, MIT) writes and how it reads answers. No manual is public.
"""

import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from firmware_bridge.virtual_pump.dialect import Dialect, Options, not_among
from firmware_bridge.virtual_pump.world import LineLook, Look, PumpPort, refusals
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import Acknowledge, Start, Stop
from pumpsim.vocabulary.outputs import LineState

STX, ETX, LF = 0x02, 0x03, b"\n"
LONGEST = 64
"""Bytes of a command between STX and ETX: more is none that is known here."""
FRAME_DIGITS = 2
FIRST_DAY = datetime(2020, 1, 1)
MOST_EVENTS = 43_264
"""169 pages of 256 events: then the oldest is overwritten."""
NL_PER_HUNDREDTH_ML = 10_000
SCPI = re.compile(r":(INFU|INFUSION|SERIAL)(?::(RUN|RUNNING|RATE|VINF|VTBI|TIME))?\?")
ERROR = "ERROR"
SERIAL, FIRMWARE, LIBRARY = "SN800008", "1.0.0", "NONE 0"


class Event:
    """Types of the log, and what a type says more."""

    RUN, PAUSED, EMPTY, OCCLUSION = 1, 2, 3, 9
    DETACHED, POWER_OFF, SYSTEM_ERROR, POWER_ON = 14, 16, 18, 24
    BATTERY_DEPLETED, BATTERY_LOW = 28, 30
    UPSTREAM, DOWNSTREAM = 1, 2


ALARMS: dict[AlarmId, tuple[int, int]] = {
    AlarmId.OCCLUSION_PROXIMAL: (Event.OCCLUSION, Event.UPSTREAM),
    AlarmId.OCCLUSION_DISTAL: (Event.OCCLUSION, Event.DOWNSTREAM),
    AlarmId.CONTAINER_EMPTY: (Event.EMPTY, 0),
    AlarmId.DOOR_OPEN: (Event.DETACHED, 0),
    AlarmId.BATTERY_LOW: (Event.BATTERY_LOW, 0),
    AlarmId.BATTERY_DEPLETED: (Event.BATTERY_DEPLETED, 0),
    AlarmId.MOTOR_STALL: (Event.SYSTEM_ERROR, 0),
    AlarmId.DEVICE_FAULT: (Event.SYSTEM_ERROR, 0),
    AlarmId.SENSOR_FAULT: (Event.SYSTEM_ERROR, 0),
}
"""How a condition is logged: type and what it says more."""


def checksum(text: bytes, xor: bool = False) -> bytes:
    """Two digits of a text: the low byte of its sum, or of its exclusive or (Nimbus H)."""
    value = 0
    for byte in text:
        value = value ^ byte if xor else value + byte
    return f"{value & 0xFF:02X}".encode("ascii")


def framed(text: str, xor: bool = False) -> bytes:
    """A whole answer."""
    data = text.encode("ascii")
    return bytes([STX]) + data + checksum(data, xor) + bytes([ETX]) + LF


class Frames:
    """Collects bytes from STX to ETX; what stands between frames, or is too long, is dropped."""

    def __init__(self, xor: bool) -> None:
        self._xor = xor
        self._held: bytearray | None = None

    def take(self, data: bytes) -> list[str]:
        """The texts of the frames that are complete and right."""
        texts: list[str] = []
        for byte in data:
            if byte == STX:
                self._held = bytearray()
            elif self._held is None:
                continue
            elif byte != ETX:
                self._held.append(byte)
                if len(self._held) > LONGEST:
                    self._held = None
            else:
                text, digits = bytes(self._held[:-FRAME_DIGITS]), bytes(self._held[-FRAME_DIGITS:])
                self._held = None
                if text and text.isascii() and digits.upper() == checksum(text, self._xor):
                    texts.append(text.decode("ascii"))
        return texts


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of 16 bytes."""

    kind: int
    more: int
    at: datetime
    infused_ml: float

    @property
    def hex(self) -> str:
        """Type, time in bits (year 6, month 4, day 5, hour 5, minute 6, second 6), what it says more, mL as a float."""
        at = self.at
        bits = (at.year - 2000) << 26 | at.month << 22 | at.day << 17 | at.hour << 12 | at.minute << 6 | at.second
        return struct.pack(">BIHf5x", self.kind, bits, self.more, self.infused_ml).hex().upper()


class Zyno:
    """One pump: the line has no addresses. Raises ValueError for an option that cannot be."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options) -> None:
        if faults := not_among(options.more, {"checksum": ("sum", "xor")}):
            raise ValueError("; ".join(faults))
        (self._port,) = pumps.values()
        self._line = self._port.model.lines[0]
        self._serial, self._firmware = options.more.get("serial", SERIAL), options.more.get("firmware", FIRMWARE)
        self._xor = options.more.get("checksum", "sum") == "xor"
        self._frames = Frames(self._xor)
        self._epoch = FIRST_DAY
        self._events: list[Logged] = []
        self._seen = self._port.look()
        self._ran_ns = 0
        if options.power_up_alarm:
            self._log(self._seen, Event.POWER_ON)

    def take(self, link_ns: int, data: bytes) -> Sequence[bytes]:
        """Answer every frame that is whole and right."""
        self.pass_time(link_ns)
        texts = self._frames.take(data)
        if self._seen.off:
            return []
        return [framed(answer, self._xor) for text in texts if (answer := self._answer(text.upper())) is not None]

    def pass_time(self, _link_ns: int) -> Sequence[bytes]:
        """Log what the pump has done. Nothing is sent unasked."""
        look, before = self._port.look(), self._seen
        line, was = look.line(self._line), before.line(self._line)
        if was.state.delivering:
            self._ran_ns += look.at_ns - before.at_ns
        if before.off is not look.off:
            self._log(look, Event.POWER_OFF if look.off else Event.POWER_ON)
        if line.state.delivering is not was.state.delivering:
            self._log(look, Event.RUN if line.state.delivering else Event.PAUSED)
        stood = {(found.alarm, found.line) for found in before.standing}
        for found in look.standing:
            if found.alarm in ALARMS and (found.alarm, found.line) not in stood:
                self._log(look, *ALARMS[found.alarm])
        self._seen = look
        return ()

    @property
    def wake_ns(self) -> int | None:
        """Nothing here waits for link time."""
        return None

    def _answer(self, text: str) -> str | None:
        if text == "*IDN?":
            return f"ZYNO MEDICAL,MIVA,{self._serial},{self._firmware}"
        if found := SCPI.fullmatch(text):
            return self._scpi(found[1], found[2])
        word, rest = text[:2], text[2:]
        if word in TAKES:
            return TAKES[word](self, rest)
        return None if rest or word not in TELLS else word + TELLS[word](self)

    def _scpi(self, subject: str, what: str | None) -> str | None:
        """Numbers in words; the same as by letters."""
        if subject == "SERIAL":
            return self._serial if what is None else None
        match what:
            case "RUN" | "RUNNING":
                return "TRUE" if self.line.state.delivering else "FALSE"
            case "RATE":
                return f"{self.line.rate_nl_per_h / 1e6:.2f}"
            case "VINF":
                return f"{self.line.pumped_nl / 1e6:.2f}"
            case "VTBI":
                return f"{self.vtbi_nl / 1e6:.2f}"
            case "TIME":
                return str(self._ran_ns // 1_000_000_000)
        return None

    @property
    def line(self) -> LineLook:
        """The line as it is."""
        return self._port.look().line(self._line)

    @property
    def vtbi_nl(self) -> int:
        """What is programmed; 0 for no end."""
        program = self.line.program
        return 0 if program is None else program.total_nl or 0

    @property
    def clock(self) -> datetime:
        """What its clock says: it goes on pump time."""
        return self._clock_at(self._port.look())

    def _clock_at(self, look: Look) -> datetime:
        return self._epoch + timedelta(microseconds=look.at_ns // 1_000)

    def _log(self, look: Look, kind: int, more: int = 0) -> None:
        infused_ml = look.line(self._line).pumped_nl / 1e6
        self._events.append(Logged(kind, more, self._clock_at(look).replace(microsecond=0), infused_ml))

    def mode(self) -> str:
        """How the rate runs."""
        program = self.line.program
        return "CONTINUOUS" if program is None or program.course is None else "VARIABLE"

    def pressures(self) -> str:
        """Ahead of the pump nothing is known; behind it the pressure in tenths of kPa."""
        return f"0000{max(0, min(0xFFFF, round(self._port.distal_kpa * 10))):04X}"

    def thresholds(self) -> str:
        """Of both occlusions, in tenths of kPa."""
        levels = {row.id: row.threshold.level for row in self._port.model.alarms if row.threshold is not None}
        wanted = (AlarmId.OCCLUSION_PROXIMAL, AlarmId.OCCLUSION_DISTAL)
        return "".join(f"{min(0xFFFF, round(abs(levels.get(alarm, 0.0)) * 10)):04X}" for alarm in wanted)

    def ends(self) -> str:
        """Index of the oldest and of the newest event."""
        last = max(0, len(self._events) - 1)
        oldest = max(0, len(self._events) - MOST_EVENTS)
        return f"{oldest % MOST_EVENTS:08X}{last % MOST_EVENTS:08X}"

    def on_time(self) -> str:
        """Seconds since the beginning."""
        return f"{self._port.look().at_ns // 1_000_000_000:08X}"

    def time(self) -> str:
        """Day, month, year, hour, minute and second, two digits each, hexadecimal."""
        at = self.clock
        return "".join(f"{part:02X}" for part in (at.day, at.month, at.year - 2000, at.hour, at.minute, at.second))

    def running_time(self) -> str:
        """How long it has infused, s."""
        return f"{self._ran_ns // 1_000_000_000:04X}"

    def demand_dose(self) -> str:
        """The dose on request, if one is programmed."""
        program = self.line.program
        return ERROR if program is None or program.demand is None else hundredths(program.demand.dose_nl)

    def programmed_time(self) -> str:
        """How long the volume takes at the rate, s; 0 for no end."""
        program = self.line.program
        if program is None or not self.vtbi_nl or not program.rate_nl_per_h:
            return "0000"
        return f"{self.vtbi_nl * 3_600 // program.rate_nl_per_h:04X}"

    def event(self, index: str) -> str | None:
        """An event by its index in hexadecimal."""
        if not re.fullmatch(r"[0-9A-F]{8}", index):
            return None
        begin = len(self._events) - min(len(self._events), MOST_EVENTS)
        at = next((n for n in range(begin, len(self._events)) if n % MOST_EVENTS == int(index, 16)), None)
        return None if at is None else f"RE{index}{self._events[at].hex}"

    def trigger(self, what: str) -> str | None:
        """Run or stop, as by a key; ``WT`` when it is done."""
        if what == "01":
            acknowledge = [Acknowledge()] if self._port.look().standing else []
            refused = refusals(self._port.operate(*acknowledge, Start(self._line)))
        elif what == "02":
            stands = self.line.state in (LineState.HELD, LineState.READY)
            refused = () if stands else refusals(self._port.operate(Stop(self._line)))
        else:
            return None
        self.pass_time(0)
        return "WT" + (ERROR if refused else "")

    def set_clock(self, digits: str) -> str | None:
        """Set the clock: as ``time`` says it."""
        if not re.fullmatch(r"[0-9A-F]{12}", digits):
            return None
        day, month, year, hour, minute, second = bytes.fromhex(digits)
        try:
            told = datetime(2000 + year, month, day, hour, minute, second)
        except ValueError:
            return "WC" + ERROR
        self._epoch += told - self.clock
        return "WC"

    @property
    def names(self) -> tuple[str, str]:
        """Serial number and firmware."""
        return self._serial, self._firmware


def hundredths(nl: int) -> str:
    """A volume or a rate in hundredths of mL or mL/h, four digits hexadecimal, more when it takes more."""
    return f"{nl // NL_PER_HUNDREDTH_ML:04X}"


TELLS: dict[str, Callable[[Zyno], str]] = {
    "RN": lambda pump: pump.names[0],
    "RS": lambda pump: pump.names[1],
    "RL": lambda _pump: f"{LIBRARY:<20}",
    "RC": Zyno.time,
    "RD": Zyno.pressures,
    "R2": Zyno.thresholds,
    "R3": lambda pump: f"{min(0xFFFF, pump.line.pumped_nl // 100_000):04X}",
    "R9": Zyno.on_time,
    "RI": Zyno.ends,
    "Q0": Zyno.mode,
    "Q1": lambda pump: str(int(pump.line.state.delivering)),
    "Q2": lambda pump: hundredths(pump.line.rate_nl_per_h),
    "Q3": Zyno.running_time,
    "Q4": lambda _pump: "ML/HR",
    "Q5": lambda pump: hundredths(pump.line.pumped_nl),
    "Q6": lambda pump: hundredths(pump.vtbi_nl),
    "QC": lambda _pump: "ML/HR",
    "QD": lambda pump: hundredths(pump.vtbi_nl),
    "QE": Zyno.programmed_time,
    "QF": lambda _pump: "SEC",
    "QH": lambda _pump: ERROR,
    "QI": Zyno.demand_dose,
}
"""Questions of two letters, and what follows them in the answer."""
TAKES: dict[str, Callable[[Zyno, str], str | None]] = {
    "RE": Zyno.event,
    "WC": Zyno.set_clock,
    "WT": Zyno.trigger,
}
"""Commands with more than two letters."""

ZYNO = Dialect(
    name="zyno",
    title="Zyno MIVA and Nimbus ambulatory pumps",
    baud=9_600,
    framing="8N1",
    model="linear-peristaltic",
    addresses=range(1),
    talk=Zyno,
    assumptions=(
        "No figures of the MIVA are public: the pump behind is a generic peristaltic pump, unless another one is named.",
        "The program is put on the pump by its scenario: prescriptions and keys over the wire are not answered.",
        "A frame with a wrong checksum, and a command that is not known here, get no answer.",
        "A run or a stop that the pump refuses is answered by its two letters and ERROR.",
        "Pressures and thresholds are in tenths of kPa; ahead of the pump 0 is said, since nothing is known of it.",
        "The volume infused is counted from power-on; times of events are by its clock, which begins on 2020-01-01.",
        "Switching off (WT00), battery, bolus numbers (Q7 to QA, QG), calibration and the drug library are not answered.",
    ),
    options={"serial": SERIAL, "firmware": FIRMWARE, "checksum": "sum"},
)
