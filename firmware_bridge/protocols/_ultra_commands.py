"""The Harvard / KDS "ultra" command set as one table."""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_bridge.protocols import _ultra_syringe as syringe
from firmware_bridge.protocols import _ultra_unit as unit
from firmware_bridge.protocols._harvard_quantities import time_text, volume_text
from firmware_bridge.protocols._ultra_said import Said


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table: what it does to a syringe, or to the unit. ``most``: arguments; ``running``: whether it may be given
    any while the pump runs; ``bare``: whether it means both axes of a pump with two when it names none."""

    do: syringe.OfChannel | None = None
    of_unit: unit.OfUnit | None = None
    most: int = 0
    running: bool = True
    bare: bool = False


UNKNOWN_COMMAND = "Unknown command"
ON_OFF = {"on": "ON", "off": "OFF"}
COMMANDS: dict[str, Command] = {
    "address": Command(of_unit=unit.address, most=1, running=False),
    "ascale": Command(of_unit=unit.percent("ascale", 1), most=1),
    "baud": Command(of_unit=unit.baud, most=1),
    "beep": Command(of_unit=unit.word("beep", "on", ON_OFF), most=1),
    "cat": Command(of_unit=unit.tells(lambda _unit: ("0 file(s) using 0 steps",))),
    "dim": Command(of_unit=unit.percent("dim", 0), most=1),
    "echo": Command(of_unit=unit.choice("echo", "ON", "OFF"), most=1),
    "ftswitch": Command(
        of_unit=unit.word("ftswitch", "mom", {"mom": "Momentary", "rise": "Active high", "fall": "Active low"}), most=1
    ),
    "gang": Command(of_unit=unit.gang, most=1, running=False),
    "input": Command(of_unit=unit.tells(lambda _unit: ("High.",))),
    "load": Command(of_unit=unit.load, most=2, running=False),
    "lock": Command(of_unit=unit.word("lock", "off", ON_OFF), most=1),
    "metrics": Command(of_unit=unit.tells(lambda pump: pump.metrics)),
    "nvram": Command(of_unit=unit.choice("nvram", "ON", "OFF", "NONE"), most=1),
    "poll": Command(of_unit=unit.choice("poll", "ON", "OFF", "REMOTE"), most=1),
    "time": Command(of_unit=unit.time, most=3),
    "ver": Command(of_unit=unit.tells(lambda pump: (f"{pump.name} {pump.version}",))),
    "version": Command(of_unit=unit.tells(unit.version)),
    "run": Command(syringe.as_loaded),
    "irun": Command(syringe.run(back=False)),
    "wrun": Command(syringe.run(back=True)),
    "rrun": Command(syringe.turn_round),
    "stop": Command(lambda channel, _args: Said(deed=channel.stop), bare=True),
    "stp": Command(lambda channel, _args: Said(deed=channel.stop), bare=True),
    "force": Command(syringe.force, most=1, running=False),
    "diameter": Command(syringe.diameter, most=2, running=False),
    "syrmanu": Command(syringe.maker, most=3, running=False),
    "svolume": Command(syringe.syringe_volume, most=2, running=False),
    "irate": Command(syringe.infuse_rate, most=2),
    "wrate": Command(syringe.withdraw_rate, most=2),
    "iramp": Command(syringe.ramp(back=False), most=5, running=False),
    "wramp": Command(syringe.ramp(back=True), most=5, running=False),
    "crate": Command(syringe.running_rate),
    "tvolume": Command(syringe.target_volume, most=2, running=False),
    "ttime": Command(syringe.target_time, most=1, running=False),
    "ivolume": Command(syringe.text(lambda channel: volume_text(round(channel.moved_nl(), 6)))),
    "wvolume": Command(syringe.text(lambda channel: volume_text(round(channel.moved_nl(back=True), 6)))),
    "itime": Command(syringe.text(lambda channel: time_text(channel.lasted_ns()))),
    "wtime": Command(syringe.text(lambda channel: time_text(channel.lasted_ns(back=True)))),
    "civolume": Command(syringe.clear_volume(False)),
    "cwvolume": Command(syringe.clear_volume(True)),
    "cvolume": Command(syringe.clear_volume(False, True)),
    "citime": Command(syringe.clear_time(False)),
    "cwtime": Command(syringe.clear_time(True)),
    "ctime": Command(syringe.clear_time(False, True)),
    "ctvolume": Command(syringe.clear_target),
    "cttime": Command(syringe.clear_target_time),
    "status": Command(syringe.status, bare=True),
}
"""Every command of the set; a name may be cut to four letters or more."""
OF_TWO_AXES = COMMANDS | {
    "condition": Command(of_unit=unit.condition, most=1, running=False),
    "rate": COMMANDS["irate"],
}
"""The set of a pump with two axes."""


def named(name: str, table: Mapping[str, Command]) -> Command | None:
    """The command of a name, whole or cut to four letters or more."""
    word = name.lower()
    if word in table:
        return table[word]
    cut = [full for full in table if len(word) >= 4 and full.startswith(word)]
    return table[cut[0]] if cut else None
