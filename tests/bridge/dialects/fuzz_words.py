"""What the fuzz of each dialect is made of, and how it knows, from the bytes alone, that a pump was asked to start.

Commands come from the dialects' own tables, so that none is forgotten. Whether a start was asked for does not: it is read here
from what was sent, by the makers' documents, with checks reckoned anew. It errs to one side only: it may take for a start what
the pump refuses, never the other way round.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firmware_bridge.protocols import _new_era_unit, _ultra_commands, alaris, fresenius_commands, harvard_11, zyno

STX, ETX, CR = b"\x02", b"\x03", b"\r"
Starts = Callable[[bytes, int], bool]


@dataclass(frozen=True, slots=True)
class Words:
    """``frame``: a text as it goes over the wire. ``prefixes``, ``words``, ``between``, ``arguments``: what commands are put
    together from. ``starting``: what leads to a delivery, said in order; ``halting``: what ends one. ``signs``: bytes that mean
    something alone. ``starts``: whether a start command ends in a stream beyond so many bytes. ``ping``: what every pump
    answers, whatever was set before."""

    frame: Callable[[str], bytes]
    words: tuple[str, ...]
    arguments: tuple[str, ...]
    between: tuple[str, ...]
    starting: tuple[tuple[str, ...], ...]
    halting: tuple[str, ...]
    starts: Starts
    ping: bytes
    signs: tuple[bytes, ...] = (CR, STX, ETX)
    prefixes: tuple[str, ...] = ("",)


def _lines(stream: bytes, since: int) -> Iterator[bytes]:
    """What stands before each CR beyond so many bytes, back to the CR before."""
    begin = stream.rfind(CR, 0, since) + 1
    while (end := stream.find(CR, max(begin, since))) >= 0:
        yield stream[begin:end]
        begin = end + 1


def _typed(line: bytes) -> str:
    """A line as typed: LF is nothing, a backspace takes the letter before it."""
    kept = bytearray()
    for byte in line:
        if byte == 0x08:
            del kept[-1:]
        elif byte != 0x0A:
            kept.append(byte)
    return kept.decode("latin-1")


def _text_starts(form: str) -> Starts:
    """Starts of a protocol of plain lines: those of this form, without what stands around them."""
    start = re.compile(form, re.IGNORECASE | re.DOTALL)
    return lambda stream, since: any(
        start.fullmatch(_typed(line).lstrip(" @").strip()) for line in _lines(stream, since)
    )


def _crc16(data: bytes, value: int) -> int:
    """CCITT, polynomial 1021, bit by bit."""
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


NEW_ERA_LINE = re.compile(rb".*(RUN[0-9]{0,3}|PUR)(\*.*)?", re.DOTALL)
"""What stands before the word may have been another packet, which was dropped after a pause or with the power."""
NEW_ERA_PACKET = re.compile(rb"\*?[0-9]{0,2}(RUN[0-9]{0,3}|PUR)|(.*\*)?[0-9](RUN[0-9]{0,3}|PUR)\*.*", re.DOTALL)


def _new_era_starts(stream: bytes, since: int) -> bool:
    """RUN and PUR, alone or in a burst, before a CR or within a sound Safe packet."""
    if any(NEW_ERA_LINE.fullmatch(_new_era_plain(line)) for line in _lines(stream, since)):
        return True
    at = -1
    while (at := stream.find(STX, at + 1)) >= 0 and at + 1 < len(stream):
        packet = stream[at + 1 : at + 1 + stream[at + 1]]
        whole = len(packet) == stream[at + 1] >= 4 and packet.endswith(ETX) and at + 1 + len(packet) > since
        sound = whole and _crc16(packet[1:-3], 0) == int.from_bytes(packet[-3:-1], "big")
        if sound and NEW_ERA_PACKET.fullmatch(_new_era_plain(packet[1:-3])):
            return True
    return False


def _new_era_plain(data: bytes) -> bytes:
    return bytes(byte for byte in data if byte > 0x20 and byte != 0x7F).upper()


def _alaris_starts(stream: bytes, since: int) -> bool:
    for line in _lines(stream, since):
        text, bar, check = line.rpartition(b"!")[2].rpartition(b"|")
        if bar and (text == b"INF_START" or text.startswith(b"INF_BOLUS^")) and check == b"%04X" % _crc16(text, 0xFFFF):
            return True
    return False


def _framed_starts(form: bytes, right: Callable[[bytes, bytes], bool]) -> Starts:
    """Starts of a protocol of ``STX text KK ETX``."""
    frame = re.compile(rb"\x02([^\x02\x03]*)([^\x02\x03]{2})\x03")
    start = re.compile(form, re.DOTALL)
    return lambda stream, since: any(
        found.end() > since and start.fullmatch(found[1]) and right(found[1], found[2])
        for found in frame.finditer(stream)
    )


def _fresenius_right(text: bytes, check: bytes) -> bool:
    return check == b"%02X" % (0xFF - sum(text) % 0x100)


def _zyno_right(text: bytes, check: bytes) -> bool:
    return check.upper() == b"%02X" % (sum(text) % 0x100)


def _fresenius_frame(text: str) -> bytes:
    data = text.encode("latin-1")
    return STX + data + b"%02X" % (0xFF - sum(data) % 0x100) + ETX


def _alaris_frame(text: str) -> bytes:
    data = text.encode("latin-1")
    return b"!" + data + b"|%04X\r" % _crc16(data, 0xFFFF)


def _zyno_frame(text: str) -> bytes:
    data = text.encode("latin-1")
    return STX + data + b"%02X" % (sum(data) % 0x100) + ETX + b"\n"


def _line(text: str) -> bytes:
    return text.encode("latin-1") + CR


def _new_era_frame(text: str) -> bytes:
    """Basic, or Safe for a text that begins so."""
    if not text.startswith("safe "):
        return _line(text)
    data = text.removeprefix("safe ").encode("latin-1")
    return STX + bytes([len(data) + 4]) + data + _crc16(data, 0).to_bytes(2, "big") + ETX


NUMBERS = (
    "",
    "0",
    "1",
    "5",
    "14.43",
    "0.001",
    "-1",
    "+2",
    "1.5.5",
    ".",
    "99999999",
    "1e9",
    "NaN",
    "12345",
    "0x10",
    "\xa7",
)
ULTRA = Words(
    frame=_line,
    words=tuple(word for word in _ultra_commands.OF_TWO_AXES if word not in ("run", "irun", "wrun", "rrun")),
    arguments=(
        *NUMBERS,
        *("1 ml/hr", "2 ml/min", "50 ul", "1 ml", "1:00:00", "99:99:99", "max", "lim", "on", "off", "none", "remote"),
        *("a", "b", "ab", "a 1 ml/hr", "b 5", "bdp 5 ml", "bdp", "qs i", "qs w", "12/31/99 11:59:59 PM", "1/1/0 0:0:0"),
        *("1 ml/hr 2 ml/hr 10", "0 ml/min 1 ml/min 1:0:0", "independent", "twin", "reciprocating", "50%", "9600"),
    ),
    between=(" ", "  ", "", "@"),
    prefixes=("", "", "", "@", "0", "00:", "5", "@@ ", "100"),
    starting=(
        ("irate 10 ml/hr", "irun"),
        ("cttime", "ctvolume", "irate 1 ml/min", "tvolume 50 ul", "run"),
        ("irate a 5 ml/hr", "irun a"),
        ("irate ab 5 ml/hr", "irun ab"),
        ("iramp 1 ml/hr 10 ml/hr 20", "irun"),
        ("wrate 10 ml/hr", "wrun"),
        ("wrate ab 1 ml/min", "wrun ab"),
        ("load qs w", "tvolume 50 ul", "run"),
        ("irate ab 5 ml/hr", "wrate ab 5 ml/hr", "rrun ab"),
    ),
    halting=("stop", "stp", "stop ab"),
    starts=_text_starts(r"\d{0,2}:?[ @\s]*[iwr]?run(\s.*)?"),
    ping=b"\r" + b"".join(b"%dver\r" % n for n in range(100)),
)
WORDS: dict[str, Words] = {
    "ultra": ULTRA,
    "elite-11": ULTRA,
    "33-dds": ULTRA,
    "harvard-11": Words(
        frame=_line,
        words=tuple(word for word in (*harvard_11.PLAIN, *harvard_11.WITH_NUMBER, "VER") if word != "RUN"),
        arguments=NUMBERS,
        between=("", " "),
        prefixes=("", "", "0", "00", "7"),
        starting=(
            ("MLH 5", "RUN"),
            ("MLM 1", "MLT 0.05", "RUN"),
            ("CLT", "ULM 50", "00run"),
            ("MLH 5", "REV", "RUN", "REV"),
        ),
        halting=("STP", "0STP"),
        starts=_text_starts(r"\d{0,2}\s*(run|rev)"),
        ping=b"\rVER\r",
    ),
    "zyno": Words(
        frame=_zyno_frame,
        words=(*zyno.TELLS, *zyno.TAKES, ":INFU:RUN?", ":INFU:VTBI?", ":SERIAL?", "*IDN?", "WT00"),
        arguments=("", "", "", "0", "00000000", "FFFFFFFF", "0101FF000000", "1F0C63173B3B", "XYZ", "2", "\xa7" * 12),
        between=("",),
        starting=(("WT01",),),
        halting=("WT02",),
        starts=_framed_starts(rb"(?i:wt01)", _zyno_right),
        ping=_zyno_frame("RN"),
        signs=(STX, ETX, b"\n"),
    ),
    "new-era": Words(
        frame=_new_era_frame,
        words=(
            *(w for w in _new_era_unit.COMMANDS if w not in ("RUN", "PUR")),
            "*RESET",
            "*ADR",
            "0RAT5*0VOL1*",
            "ADR",
        ),
        arguments=(
            *NUMBERS,
            *("5MH", "1MM", "C2MM", "ML", "UL", "INF", "WDR", "REV", "STK", "FT", "LE", "2", "41", "42", "51", "1 20"),
            *("RAT", "STP", "LPS", "LOP3", "LPE", "PAS5", "PAS0", "JMP1", "JMP2", "INC", "DEC", "FIL", "BEP", "CLD"),
            *(
                "IF3",
                "EVN2",
                "EVS2",
                "EVR",
                "PRI",
                "PRL1",
                "TRGFT",
                "CAL",
                "DIN",
                "OUT1",
                "255",
                "256",
                "0B9600",
                "7DUAL",
            ),
        ),
        between=("", " "),
        prefixes=("", "", "0", "00", "safe 0", "safe ", "5", "*", "safe *"),
        starting=(
            ("0RAT 5 MH", "0RUN"),
            ("0VOL 0.02", "0RAT 1 MM", "safe 0RUN"),
            ("PUR",),
            ("PHN1", "FUN RAT", "RAT 1 MM", "VOL .01", "PHN2", "FUN PAS 3", "PHN3", "FUN LOP2", "PHN1", "RUN"),
        ),
        halting=("STP", "0STP", "safe 0STP"),
        starts=_new_era_starts,
        ping=b"\r*ADR\r*ADR\r",
    ),
    "alaris": Words(
        frame=_alaris_frame,
        words=tuple(word for word in alaris.COMMANDS if word != "INF_START"),
        arguments=(
            *NUMBERS,
            *(
                "5.0^ml/h",
                "1300^ml/h",
                "5^ml",
                "ENABLED",
                "DISABLED",
                "ENABLED^3CC1",
                "ENABLED^0000",
                "ACTIV^5^ml^STOP",
            ),
            *("DEACT", "ACTIV^1^ml^KVO", "ACTIV^^^", "^^^^^^", "0.01^ml", "5.0^mg/h", "|", "!"),
        ),
        between=("^", "^", "", "^^"),
        starting=(
            ("REMOTE_CTRL^ENABLED^3CC1", "INF_RATE^5.0^ml/h", "INF_START"),
            ("REMOTE_CTRL^ENABLED^3CC1", "INF_RATE^600^ml/h", "INF_VTBI^ACTIV^0.5^ml^STOP", "INF_START"),
            (
                "REMOTE_CTRL^ENABLED^3CC1",
                "REMOTE_CFG^ENABLED^3CC1",
                "INF_BOLUS^ENABLED",
                "INF_START",
                "INF_BOLUS^0.2^ml",
            ),
        ),
        halting=("INF_STOP",),
        starts=_alaris_starts,
        ping=b"\x1b" + _alaris_frame("INST_SERIALNO"),
        signs=(b"!", CR, b"\x1b"),
    ),
    "fresenius": Words(
        frame=_fresenius_frame,
        words=(
            "DC",
            *(w for w in {**fresenius_commands.BASE, **fresenius_commands.MODULE} if w != "PR"),
            "E",
            "M",
            "I",
        ),
        arguments=(
            "",
            "",
            "b",
            "d",
            "drsaek",
            "z",
            "1",
            "2",
            "0000",
            "0032",
            "FFFF",
            "000064",
            "FFFFFF",
            "\xa7",
            "A" * 21,
        ),
        between=(";", ";", "", ";;"),
        prefixes=("1", "1", "1", "0", "2", "9", ""),
        starting=(
            ("0DC", "1DC", "1MO;2", "1PR;0032"),
            ("0DC", "1DC", "1MO;2", "1PV;000064", "1PR;2000"),
            ("0DC", "1DC", "1MO;2", "1PR;0100", "1PB;000032"),
            ("0DC", "1DC", "0MO;2", "1DE;rd", "1PR"),
        ),
        halting=("1PO",),
        starts=_framed_starts(rb"[1-8]P[RB](;.*)?", _fresenius_right),
        ping=_fresenius_frame("0DC"),
        signs=(b"\x06", b"\x14", b"\x05", b"\x15", STX, ETX, b"\x151"),
    ),
}
