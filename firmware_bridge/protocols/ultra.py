"""The Harvard / KDS "ultra" command set: KDS Legato, Harvard PHD Ultra, 11 Elite, and the 33 DDS with its two axes.

A command is ``[address[:]]name[ arguments] CR``; the answer is LF, each line of text with CR, LF and the prompt. There is no
watchdog: when the host is gone, a pump goes on. Commands are in ``_ultra_commands``, a syringe in ``_harvard_channel``.

Sources: KDS Legato 100 and 200 series manuals (publications 5617-006, 5617-002) and Legato 130 (5617-008): framing, addresses,
status; Allegro manual (5613-004): errors; Pump 33 DDS manual (5419-013) pages 47 to 52: axes; clients in the field: the rest.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from firmware_bridge.protocols._harvard_channel import RUNNING, Channel
from firmware_bridge.protocols._harvard_quantities import Amount
from firmware_bridge.protocols._harvard_settings import Travel
from firmware_bridge.protocols._text_lines import LONGEST, TextLines, printable
from firmware_bridge.protocols._ultra_commands import COMMANDS, OF_TWO_AXES, UNKNOWN_COMMAND, Command, named
from firmware_bridge.protocols._ultra_said import (
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN,
    Fault,
    Said,
    argument_fault,
    not_now,
)
from firmware_bridge.protocols._ultra_syringe import MAKERS
from firmware_bridge.protocols._ultra_unit import Unit
from firmware_bridge.virtual_pump.dialect import Dialect, Options, not_among
from firmware_bridge.virtual_pump.world import PumpPort

XON = b"\x11"
ADDRESSED = re.compile(r"[ @]*(\d{0,2}):?[ @]*(.*)")
IDLE, INFUSING, WITHDRAWING, STALLED, REACHED = ":", ">", "<", "*", "T*"
AXES = "ab"

STEP_UM = Fraction("25.4") / 24 / (400 * 16) / Fraction("2.4") * 1_000
"""Travel of a micro-step, um: 24 threads an inch, 400 steps of 16 micro-steps a revolution, pulley 2.4."""
LEGATO_TRAVEL = Travel(STEP_UM / 27 * 60, STEP_UM / Fraction("26e-6") * 60)
"""A micro-step in 27 s to one in 26 us: 0.1531 um/min to 159.0 mm/min."""
ULTRA_TRAVEL = Travel(Fraction("0.18"), Fraction(190_800))
METRICS = (
    "Steps per rev      400",
    "Gear ratio         1:1",
    "Pulley ratio       2.4:1",
    "Lead screw         24 threads per inch",
    "Microstepping      16 microsteps per step",
    "Low speed limit    27 seconds",
    "High speed limit   26 microseconds",
    "Direction          Infuse only",
    "Limit switches     No",
)


@dataclass(frozen=True, slots=True)
class Make:
    """What a model calls itself, and how it drives a plunger."""

    name: str
    travel: Travel
    metrics: tuple[str, ...] = ()


MAKES = {
    "legato-110": Make("Legato 110", LEGATO_TRAVEL, METRICS),
    "harvard-11-elite": Make("11 ELITE Single", LEGATO_TRAVEL, METRICS),
    "phd-ultra": Make("PHD ULTRA", ULTRA_TRAVEL),
    "harvard-33-dds": Make("Pump 33 DDS", ULTRA_TRAVEL),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a variant differs. ``always``: the address is written even when it is 0; ``axes``: syringes of a pump."""

    always: bool = False
    axes: int = 1

    @property
    def table(self) -> Mapping[str, Command]:
        """The commands that it knows."""
        return COMMANDS if self.axes == 1 else OF_TWO_AXES


class Ultra:
    """Pumps of the set on one line. Raises ValueError for an option that cannot be."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options, manner: Manner) -> None:
        if faults := not_among(options.more, WORDS):
            raise ValueError("; ".join(faults))
        self._manner, self._table, self._options = manner, manner.table, options
        self._lines = TextLines()
        ports = sorted(pumps.items())
        groups = [ports[n : n + manner.axes] for n in range(0, len(ports), manner.axes)]
        self._units = [self._unit(group[0][0] // manner.axes, [port for _, port in group]) for group in groups]

    def take(self, _link_ns: int, data: bytes) -> Sequence[bytes]:
        """Answer every command that is complete."""
        frames: list[bytes] = []
        for line in self._lines.take(data):
            frames += self._answer(line)
        return frames

    def pass_time(self, _link_ns: int) -> Sequence[bytes]:
        """Send the prompt of a pump that has stopped by itself, unless it is polled."""
        frames: list[bytes] = []
        for unit in self._units:
            stopped = [channel.follow() for channel in unit.channels]
            if any(stopped) and unit.poll == "OFF" and self._options.spontaneous:
                frames.append(self._frame(unit, ()))
        return frames

    @property
    def wake_ns(self) -> int | None:
        """Nothing here waits for link time."""
        return None

    def _unit(self, address: int, ports: Sequence[PumpPort]) -> Unit:
        model, more = ports[0].model, self._options.more
        make = MAKES.get(model.id, Make(model.id, LEGATO_TRAVEL))
        holds = more.get("ramp_end", "hold") != "stop"
        channels = tuple(Channel(port, make.travel, syringe_in(port), holds=holds) for port in ports)
        version, serial = more.get("version", VERSION), more.get("serial", SERIAL)
        metrics = (f"Pump type          {make.name}", f"Pump type string   {make.name}", *make.metrics)
        return Unit(address, channels, make.name, version, serial, metrics)

    def _answer(self, line: str) -> list[bytes]:
        found = ADDRESSED.match(line)
        assert found is not None
        unit, text = self._addressed(found[1]), found[2]
        if unit is None or unit.channels[0].off:
            return []
        echo = f"{line}\r".encode("ascii", "replace") if unit.echo else b""
        try:
            lines = self._carry_out(unit, text.split(), len(line) > LONGEST)
        except Fault as fault:
            lines = (f"{fault.kind} error: {printable(fault.what)}".rstrip(), f"   {fault.reason}")
        return [echo + self._frame(unit, lines)]

    def _addressed(self, address: str) -> Unit | None:
        """Whom a command is for; without an address the pump at 0, or the only one."""
        if not address and len(self._units) == 1:
            return self._units[0]
        return next((unit for unit in self._units if unit.address == int(address or 0)), None)

    def _carry_out(self, unit: Unit, words: Sequence[str], too_long: bool) -> tuple[str, ...]:
        if not words:
            return ()
        command = None if too_long else named(words[0], self._table)
        if command is None:
            raise Fault("Command", words[0][:LONGEST], UNKNOWN_COMMAND)
        try:
            return self._do(unit, command, words[1:])
        except Fault as fault:
            raise Fault(fault.kind, fault.what or (words[0] if fault.kind == "Command" else ""), fault.reason) from None

    def _do(self, unit: Unit, command: Command, args: Sequence[str]) -> tuple[str, ...]:
        letters, args = self._axes(unit, command, args)
        channels = [unit.channels[AXES.index(letter)] for letter in letters]
        if len(args) > command.most:
            raise argument_fault(args[command.most], UNKNOWN)
        if args and not command.running and any(channel.running for channel in channels):
            raise not_now(RUNNING)
        if command.of_unit is not None:
            if command is COMMANDS["address"] and args and self._taken(unit, args[0]):
                raise argument_fault(args[0], OUT_OF_RANGE)
            said = [command.of_unit(unit, args)]
        else:
            assert command.do is not None
            said = [command.do(channel, args) for channel in channels]
        for one in said:
            if one.deed is not None and (reason := one.deed()):
                raise not_now(reason)
        for channel in channels:
            _store(unit, channel)
        return self._written(unit, command, letters, said)

    def _axes(self, unit: Unit, command: Command, args: Sequence[str]) -> tuple[str, Sequence[str]]:
        """The axes that a command is for, and its other arguments."""
        every = AXES[: len(unit.channels)]
        if self._names_no_axis(unit, command):
            return every, args
        if args and args[0].lower() in ("a", "b", "ab") and all(letter in every for letter in args[0].lower()):
            return args[0].lower(), args[1:]
        if command.bare and not args:
            return every, args
        raise argument_fault(args[0] if args else "", UNKNOWN if args else MISSING)

    def _names_no_axis(self, unit: Unit, command: Command) -> bool:
        """Whether a command is for all that a pump has, and so is its answer."""
        return self._manner.axes == 1 or command.of_unit is not None or not unit.independent

    def _written(self, unit: Unit, command: Command, letters: str, said: Sequence[Said]) -> tuple[str, ...]:
        if self._names_no_axis(unit, command):
            return said[0].lines
        return tuple(
            f"{letter.upper()}: {line}" for letter, one in zip(letters, said, strict=True) for line in one.lines
        )

    def _taken(self, unit: Unit, address: str) -> bool:
        """Whether another pump of the line has this address: two would answer at once."""
        return any(other is not unit and address.isdigit() and other.address == int(address) for other in self._units)

    def _frame(self, unit: Unit, lines: Sequence[str]) -> bytes:
        shown = self._manner.always or unit.address != 0
        number = f"{unit.address:02d}" if shown else ""
        head = f"{number}:" if shown else ""
        text = "".join(f"\n{head}{line}\r" for line in lines) + f"\n{number}{_prompt(unit)}"
        return text.encode("ascii", "replace") + (XON if unit.poll == "ON" else b"")


def syringe_in(port: PumpPort) -> tuple[str, Amount]:
    """The maker and the size of the syringe that is in a pump, by its bore; of an unknown bore no maker, and 10 mL."""
    mechanism = port.model.mechanism
    if mechanism.screw is not None:
        area = Fraction(mechanism.step_fl, mechanism.screw.step_nm * 1_000)
        for code, (_, sizes) in MAKERS.items():
            for size, bore in sizes.items():
                if abs(area / (Fraction(bore) ** 2 * PI_4) - 1) < Fraction(1, 10_000):
                    volume, unit = size.split()
                    return code, Amount(Fraction(volume), unit)
    return "", Amount(Fraction(10), "ml")


PI_4 = Fraction("0.785398163397448")


def _prompt(unit: Unit) -> str:
    channels = unit.channels
    for channel in channels:
        if channel.running:
            return WITHDRAWING if channel.withdrawing else INFUSING
    if any(channel.stalled for channel in channels):
        return STALLED
    return REACHED if any(channel.reached for channel in channels) else IDLE


def _store(unit: Unit, channel: Channel) -> None:
    """What is kept without power: all, all but rates (``nvram off``), or what was stored before (``nvram none``)."""
    if unit.nvram == "ON":
        channel.stored = channel.settings
    elif unit.nvram == "OFF":
        channel.stored = replace(channel.settings, infuse=channel.stored.infuse, withdraw=channel.stored.withdraw)


VERSION, SERIAL = "3.0.5", "D100001"
WORDS = {"ramp_end": ("hold", "stop")}
OPTIONS = {"ramp_end": "hold", "version": VERSION, "serial": SERIAL}
ASSUMED = (
    "Commands that a running pump refuses are those that set anything but its rates; a stop of a pump that stands is no error.",
    "A target that has been reached stays so until it, or the volume or the time that was counted, is cleared or set anew.",
    "With a target volume and a target time, the first that is reached ends the infusion.",
    "A ramp goes up in 31 equal steps, either way; at its end the pump goes on at the last rate (option ramp_end = stop: it "
    "stops).",
    "The words after `Command error:` and `Argument error:` in the second line, and of `crate`, are ours.",
    "Force, baud, dim, lock, beep, footswitch and analog scale are kept and answered, and have no effect.",
    "Counts of volume and time are lost with the power; settings are kept as `nvram` says.",
    "The trigger input is high and the direction port says infuse, as when nothing is plugged in.",
    "`rrun` runs the other way than the last run, at once if it runs. A plunger drawn out of its barrel draws no more, unseen.",
    "`load qs iw` and `wi`: `run` goes one way to the target, then the other way to the same target, and stops there; `con` "
    "turns about at each target until it is stopped. Each leg is counted from where it begins; what was moved counts on. "
    "`irun` and `wrun` go one way, whatever is loaded.",
    "A second pump on the line cannot take an address that is in use.",
)


def _row(name: str, title: str, model: str, manner: Manner, *assumed: str, baud: int = 115_200) -> Dialect:
    return Dialect(
        name=name,
        title=title,
        baud=baud,
        framing="8N1",
        model=model,
        addresses=range(100 * manner.axes),
        talk=lambda pumps, options: Ultra(pumps, options, manner),
        assumptions=(*ASSUMED, *assumed),
        options=OPTIONS,
    )


ULTRA = _row("ultra", "KDS Legato and Harvard PHD Ultra syringe pumps", "legato-110", Manner())
ELITE_11 = _row(
    "elite-11", "Harvard 11 Elite syringe pump: the address is always written", "harvard-11-elite", Manner(always=True)
)
DDS_33 = _row(
    "33-dds",
    "Harvard 33 DDS: two independent syringes at one address, axes a and b",
    "harvard-33-dds",
    Manner(axes=2),
    "A pump with two axes is two pumps of the scenario: those at 2n and 2n + 1 are axes a and b of address n.",
    "Its prompt is that of the first axis that runs, else that has stalled, else that has reached its target.",
    "In reciprocating condition axis a goes as it is told and axis b the other way, both at the infusion rate, each by its own "
    "diameter and to its own target; there each turns about, until it is stopped. Neither waits for the other.",
    baud=9_600,
)
