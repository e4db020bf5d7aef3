"""What the page of the protocols says of each dialect beside its row: where it is from, what it is of, which words it knows.

Words come from the tables that the dialects run on, so none is shown that is not there. It must hold a row for each dialect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from firmware_bridge.protocols import _new_era_phases, _new_era_unit, _ultra_commands, alaris, harvard_11, ultra, zyno
from firmware_bridge.protocols import fresenius_commands as fresenius


@dataclass(frozen=True, slots=True)
class About:
    """``frame``: how a command and its answer are written. ``models``: of the catalogue, those that it is of; any other one may
    stand behind it. ``words``: heading to words. ``options``: what each option of the dialect means."""

    frame: str
    source: str
    models: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    options: Mapping[str, str]


def _ultra(models: Iterable[str], table: Mapping[str, _ultra_commands.Command]) -> About:
    return About(
        "`[address[:]]name[ arguments] CR`; answered by LF, each line of text with CR, LF and the prompt: `:` stands, `>`"
        " infuses, `*` has stalled, `T*` has reached its target. A name may be cut to four letters. There is no watchdog.",
        "KDS Legato 100 and 200 series manuals (5617-006, 5617-002) and Legato 130 (5617-008): framing, addresses, status;"
        " Allegro manual (5613-004): errors; Pump 33 DDS manual (5419-013), pages 47 to 52: axes; clients in the field"
        " for the rest.",
        tuple(models),
        {
            "Take arguments while the pump runs, or none at all": tuple(n for n, row in table.items() if row.running),
            "Take arguments only while the pump stands": tuple(n for n, row in table.items() if not row.running),
        },
        {
            "ramp_end": "`hold`: a ramp goes on at its last rate; `stop`: the pump stops at its end",
            "version": "version of the firmware that it says",
            "serial": "serial number that it says",
        },
    )


def _needing(needs: alaris.Need) -> tuple[str, ...]:
    return tuple(name for name, row in alaris.COMMANDS.items() if row.act is not None and row.needs is needs)


def _of_module(pc: bool) -> tuple[str, ...]:
    return tuple(name for name, row in fresenius.MODULE.items() if row.pc is pc)


ABOUT: dict[str, About] = {
    "new-era": About(
        "Basic mode: `[address]command CR`, answered by `STX address status data ETX`. Safe mode, both ways: `STX length data"
        " CRC CRC ETX`, CCITT from 0. `*` is for every pump; a burst has commands for several.",
        "New Era NE-1000 user manual 1200-01, chapters on pumping programs, 10.1 to 10.4.",
        ("ne-1000",),
        {
            "Commands (without an argument they ask)": tuple(_new_era_unit.COMMANDS),
            "System commands, whatever the address": ("*ADR", "*RESET"),
            "Functions of a phase (FUN)": tuple(_new_era_phases.FUNCTIONS),
            "Operational triggers (TRG)": tuple(_new_era_phases.TRIGGERS),
        },
        {
            "version": "model and version of the firmware that VER says",
            "diameter": "diameter from the factory, mm; empty: that of the syringe which is there",
            "safe": "time-out of Safe mode at power-on, s; 0: Basic mode",
        },
    ),
    "alaris": About(
        "`!NAME[^field]...|hhhh CR` both ways; hhhh is CRC-16 CCITT from FFFF over what stands between `!` and `|`. A host that"
        " is silent for `watchdog_s` loses remote control, and what it has started alarms and stops.",
        "Captures of real pumps in public clients (OpenICE, EasyTIVA), infupy, the directions for use of the Asena GH.",
        ("asena-gh",),
        {
            "Are asked by their bare name": tuple(n for n, row in alaris.COMMANDS.items() if row.ask is not None),
            "Do something, at any time": _needing(alaris.Need.NOTHING),
            "Do something, with REMOTE_CTRL enabled": _needing(alaris.Need.CONTROL),
            "Do something, with REMOTE_CFG enabled": _needing(alaris.Need.CONFIG),
        },
        {
            "serial": "serial number; its CRC is what REMOTE_CTRL asks for",
            "protocol": "what COMMS_PROTOCOL says",
            "response_max_ms": "what COMMS_RESPONSE_MAX says, ms",
            "watchdog_s": "silence of the host after which it has lost control, s of link time",
            "refusal": "`name`: a refused command is answered by its name; `silence`: by nothing",
            "control_needs_cfg": "`yes`: REMOTE_CTRL takes REMOTE_CFG too",
            "permit": "`no`: remote control is never allowed",
        },
    ),
    "fresenius": About(
        "`STX address text KK ETX` both ways, each acknowledged by ACK, or NAK and a code; KK is FF less the sum of address and"
        " text. The pump asks by ENQ whether the host is there, which answers DC4.",
        "infupy, and what it was seen to say and to be told.",
        ("orchestra-module",),
        {
            "At the base and at a module": ("DC", *fresenius.COMMON),
            "At the base": tuple(name for name in fresenius.BASE if name not in fresenius.COMMON),
            "At a module, whoever is in control": tuple(n for n in _of_module(False) if n not in fresenius.COMMON),
            "At a module, in control by the host (MO;2)": _of_module(True),
            "Values of a module (LE, DE)": tuple(fresenius.VALUES),
            "Values of the base (LE, DE)": tuple(fresenius.BASE_VALUES),
            "Settings of a module (LM, DM)": tuple(fresenius.SETTINGS),
        },
        {
            "keepalive_ms": "silence of the host after which it is asked by ENQ, ms of link time",
            "missed": "questions without an answer after which the host is lost",
            "on_loss": "`continue`: modules of a lost host go on; `stop`: they stop",
            "ack_ms": "time to acknowledge a frame, ms of link time",
            "spontaneous_ms": "spacing of values that are sent unasked, ms of link time",
            "rate_starts": "`no`: PR with a rate sets it only",
            "standalone": "`yes`: one pump without a base and without addresses",
            "base": "type that the base says",
            "module": "type that a module says",
        },
    ),
    "ultra": _ultra(("legato-110", "phd-ultra"), _ultra_commands.COMMANDS),
    "elite-11": _ultra(("harvard-11-elite",), _ultra_commands.COMMANDS),
    "33-dds": _ultra(("harvard-33-dds",), _ultra_commands.OF_TWO_AXES),
    "harvard-11": About(
        "`[NN]three letters[number] CR`; answered by CR LF, a line of text if there is one, CR LF and the prompt: `:` stands,"
        " `>` infuses, `*` has stalled. There is no watchdog.",
        "Clients in the field, byte by byte (pumpy 1.1.3 and two drivers); manuals: Harvard 11 Plus (70-2208), Model 33"
        " (5390-001), pages 16 to 20: prompts and errors.",
        ("harvard-11-plus",),
        {
            "Without a number": (*harvard_11.PLAIN, "VER"),
            "With a number": tuple(harvard_11.WITH_NUMBER),
        },
        {"version": "version of the firmware that VER says"},
    ),
    "zyno": About(
        "`STX text KK ETX`, answers with LF behind it; KK is the low byte of the sum of the text (Nimbus H: its exclusive or).",
        "What the maker's driver (pyZynoUnifiedDrivers 0.0.9) writes and how it reads answers; no manual is public.",
        (),
        {
            "Questions": (*zyno.TELLS, "*IDN?"),
            "Questions in words": tuple(f":INFU:{word}?" for word in ("RUN", "RATE", "VINF", "VTBI", "TIME")),
            "With something behind them": (*(word for word in zyno.TAKES if word != "WT"), "WT01", "WT02"),
        },
        {
            "serial": "serial number that RN says",
            "firmware": "version of the firmware that RS says",
            "checksum": "`sum`, or `xor` as of a Nimbus H",
        },
    ),
}
assert set(ultra.MAKES) == {model for name in ("ultra", "elite-11", "33-dds") for model in ABOUT[name].models}
