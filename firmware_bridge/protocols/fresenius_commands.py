"""The commands of base and modules of the Fresenius Orchestra: what each takes, what it needs, what it does.

``BASE`` and ``MODULE`` have them all but DC, which opens a session and so comes before. What is told of an infusion comes from
the pump of the module. Source: infupy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from firmware_bridge.protocols._bedside import Bedside, Target
from firmware_bridge.protocols.fresenius_words import (
    ERRORS,
    NAME,
    NL_PER_RATE,
    NL_PER_VOLUME,
    NUMBERS,
    Refusal,
    number,
    rate,
    volume,
)
from pumpsim.vocabulary.disturbances import PowerCut
from pumpsim.vocabulary.inputs import PauseAudio
from pumpsim.vocabulary.outputs import LineState

Answer = str | Refusal
"""What stands behind the C of a reply, or why there is none."""


@dataclass(slots=True)
class Watched:
    """Values that are sent by themselves: their letters, what was told last, when they are looked at next."""

    kind: str
    letters: str = ""
    told: dict[str, str] = field(default_factory=dict)
    look_ns: int = 0

    def begin(self, letters: str) -> None:
        """Tell of these from now on."""
        self.letters, self.told, self.look_ns = letters, {}, 0


@dataclass(slots=True)
class Station:
    """What has an address: the base (``bed`` None), or a module."""

    address: str
    bed: Bedside | None = None
    open: bool = False
    pc: bool = False
    lost: bool = False
    off: bool = False
    power_on: int = 0
    values: Watched = field(default_factory=lambda: Watched("E"))
    adjusted: Watched = field(default_factory=lambda: Watched("M"))
    drug: str = ""
    identifier: str = ""
    bolus_nl: int = 0

    @property
    def module(self) -> Bedside:
        """Its pump."""
        assert self.bed is not None
        return self.bed

    def close(self) -> None:
        """End the session; control goes back to the keys."""
        self.open = self.pc = False
        self.values.begin("")
        self.adjusted.begin("")


@dataclass(frozen=True, slots=True)
class Rack:
    """The base, the modules by address, and the options that count here."""

    base: Station
    modules: Mapping[str, Station]
    more: Mapping[str, str]

    @property
    def present(self) -> list[Station]:
        """The modules that have power."""
        return [station for station in self.modules.values() if not station.off]


def close(rack: Rack, station: Station) -> Answer:
    """End a session, that of the base with all others."""
    if station is rack.base:
        if any(module.pc for module in rack.modules.values()):
            return Refusal.NOT_MANUAL
        for module in rack.modules.values():
            module.close()
    station.close()
    return ""


def set_mode(rack: Rack, station: Station, mode: str) -> Answer:
    """Give control to the host (2) or to the keys (1); at the base for every module that has a session."""
    if mode not in ("1", "2"):
        return Refusal.SYNTAX
    stations = [station] if station is not rack.base else [module for module in rack.modules.values() if module.open]
    changed = [module for module in stations if module.pc is not (mode == "2")]
    for module in changed:
        module.pc = mode == "2"
    return "" if changed else Refusal.MODE_ALREADY


def read(rack: Rack, station: Station, letters: str) -> Answer:
    """Read values now."""
    return _read(rack, station, BASE_VALUES if station is rack.base else VALUES, letters)


def watch(rack: Rack, station: Station, letters: str) -> Answer:
    """Tell of values by itself whenever they have changed."""
    faults = _letters(BASE_VALUES if station is rack.base else VALUES, letters)
    if faults is None:
        station.values.begin(letters)
    return faults or ""


def watch_settings(_: Rack, station: Station, letters: str) -> Answer:
    """Tell of settings by itself whenever they have changed."""
    faults = _letters(SETTINGS, letters)
    if faults is None:
        station.adjusted.begin(letters)
    return faults or ""


def run(rack: Rack, station: Station, *values: str) -> Answer:
    """Set the rate and infuse at it, or at the one that is set already."""
    bed = station.module
    wanted = number(values[0], 4) if values else 0
    if wanted is None:
        return Refusal.SYNTAX
    if not values and bed.rate_nl_per_h is None:
        return Refusal.NO_RATE
    if any(bed.stops(standing) for standing in bed.alarms()):
        return Refusal.ALARM
    if values and bed.rate_faults(wanted * NL_PER_RATE):
        return Refusal.LIMIT
    if values and bed.set_rate(wanted * NL_PER_RATE) is not None:
        return Refusal.STATUS
    starts = not values or rack.more["rate_starts"] == "yes"
    return Refusal.STATUS if starts and bed.start() is not None else ""


def give_bolus(_: Rack, station: Station, text: str) -> Answer:
    """Give a bolus of a volume at the pump's bolus rate."""
    bed, wanted = station.module, number(text, 6)
    if wanted is None:
        return Refusal.SYNTAX
    if any(bed.stops(standing) for standing in bed.alarms()):
        return Refusal.ALARM
    left = bed.port.remaining(bed.line).reservoir
    if left is not None and wanted * NL_PER_VOLUME > left.volume_nl:
        return Refusal.TOO_LITTLE
    if bed.state is not LineState.INFUSING:
        return Refusal.STATUS
    if bed.give_bolus(wanted * NL_PER_VOLUME) is not None:
        return Refusal.LIMIT
    station.bolus_nl = wanted * NL_PER_VOLUME
    return ""


def limit_volume(_: Rack, station: Station, text: str) -> Answer:
    """Set the volume to be infused; 0: none."""
    wanted = number(text, 6)
    if wanted is None:
        return Refusal.SYNTAX
    refused = station.module.set_target(Target(wanted * NL_PER_VOLUME) if wanted else None)
    return "" if refused is None else Refusal.LIMIT


def switch(_: Rack, station: Station, *, off: bool) -> Answer:
    """Switch a module that stands off, or off and on again; its session ends."""
    bed = station.module
    if bed.state.delivering:
        return Refusal.STATUS
    if off:
        bed.port.do(PowerCut())
    else:
        bed.port.power_cycle()
    station.close()
    return ""


def _letters(known: Mapping[str, object], letters: str) -> Refusal | None:
    """Why these letters cannot be read; None when they can."""
    if not letters:
        return Refusal.SYNTAX
    if not (letters.isascii() and letters.isalpha() and letters.islower()):
        return Refusal.LETTER
    return None if set(letters) <= set(known) else Refusal.LETTER_NOT_USED


Read = Callable[[Rack, Station], str]


def _read(rack: Rack, station: Station, known: Mapping[str, Read], letters: str) -> Answer:
    faults = _letters(known, letters)
    return faults or ";".join(f"{letter}{known[letter](rack, station)}" for letter in letters)


def _alarm_number(_: Rack, station: Station) -> str:
    return f"{next((NUMBERS[standing.alarm] for standing in station.module.alarms()), 0):02X}"


def _error_number(_: Rack, station: Station) -> str:
    standing = (found.alarm for found in station.module.alarms())
    return f"{next((NUMBERS[alarm] for alarm in standing if alarm in ERRORS), 0):02X}"


def _infused(_: Rack, station: Station) -> str:
    return volume(station.module.infused_nl)


BASE_VALUES: dict[str, Read] = {
    "i": lambda rack, _: f"{len(rack.present):02X}",
    "b": lambda rack, _: f"{sum(1 << int(station.address) - 1 for station in rack.present):02X}",
}
VALUES: dict[str, Read] = {
    "a": _alarm_number,
    "e": _error_number,
    "m": lambda _, station: "2" if station.pc else "1",
    "d": lambda _, station: rate(station.module.look().line(station.module.line).rate_nl_per_h),
    "r": _infused,
    "k": lambda _, station: rate(station.module.port.model.bolus_nl_per_h),
    "s": lambda _, station: volume(station.bolus_nl),
}
"""What ``LE`` and ``DE`` know, by letter."""
SETTINGS: dict[str, Read] = {"d": lambda _, station: rate(station.module.rate_nl_per_h or 0)}
"""What ``LM`` and ``DM`` know, by letter."""


@dataclass(frozen=True, slots=True)
class Command:
    """``values``: how many it takes; ``pc``: only while the host is in control."""

    do: Callable[..., Answer]
    values: tuple[int, ...] = (0,)
    pc: bool = False


def _type(word: str) -> Callable[[Rack, Station, str], Answer]:
    return lambda rack, _, letter: f"b{rack.more[word]}" if letter == "b" else Refusal.LETTER_NOT_USED


def _named(name: str) -> Callable[[Rack, Station, str], Answer]:
    """Keep a name for the module."""

    def keep(_: Rack, station: Station, text: str) -> Answer:
        if not NAME.fullmatch(text):
            return Refusal.SYNTAX
        setattr(station, name, text)
        return ""

    return keep


def _done(refused: str | None) -> Answer:
    return "" if refused is None else Refusal.STATUS


def _clear_volume(_: Rack, station: Station) -> Answer:
    station.module.look()
    station.module.clear_infused()
    return ""


def _stop_telling(watched: Watched) -> Answer:
    watched.begin("")
    return ""


COMMON: dict[str, Command] = {
    "FC": Command(close),
    "MO": Command(set_mode, (1,)),
    "LE": Command(read, (1,)),
    "DE": Command(watch, (1,)),
    "AE": Command(lambda _, station: _stop_telling(station.values)),
}
"""What base and modules know; ``DC`` comes before every session, and is not here."""
BASE: dict[str, Command] = {**COMMON, "LF": Command(_type("base"), (1,))}
MODULE: dict[str, Command] = {
    **COMMON,
    "LF": Command(_type("module"), (1,)),
    "LM": Command(lambda rack, station, letters: _read(rack, station, SETTINGS, letters), (1,)),
    "DM": Command(watch_settings, (1,)),
    "AM": Command(lambda _, station: _stop_telling(station.adjusted)),
    "PR": Command(run, (0, 1), pc=True),
    "PO": Command(lambda _, station: _done(station.module.hold()), pc=True),
    "PB": Command(give_bolus, (1,), pc=True),
    "PF": Command(lambda *_: Refusal.CANNOT_EMPTY, pc=True),
    "PV": Command(limit_volume, (1,), pc=True),
    "RV": Command(_clear_volume),
    "EP": Command(_named("drug"), (1,)),
    "LP": Command(lambda _, station: station.drug),
    "AP": Command(lambda _, station: "" if station.drug else Refusal.DRUG),
    "EN": Command(_named("identifier"), (1,)),
    "LN": Command(lambda _, station: station.identifier),
    "SI": Command(lambda _, station: _done(station.module.order(PauseAudio()))),
    "RZ": Command(lambda rack, station: switch(rack, station, off=False), pc=True),
    "OF": Command(lambda rack, station: switch(rack, station, off=True), pc=True),
}
