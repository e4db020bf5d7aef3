"""What is set of a pump of the "ultra" set as a whole, and the commands that are about that."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from firmware_bridge.protocols._harvard_channel import NO_REVERSE, Channel
from firmware_bridge.protocols._harvard_settings import Method
from firmware_bridge.protocols._ultra_said import (
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN,
    Fault,
    Said,
    argument_fault,
    done,
    not_now,
    number_of,
)

BAUDS = (9_600, 19_200, 38_400, 57_600, 115_200, 128_000, 230_400, 256_000, 460_800, 921_600)
QUICK_START = {
    Method.INFUSE: "Infuse Only",
    Method.WITHDRAW: "Withdraw Only",
    Method.INFUSE_WITHDRAW: "Infuse/Withdraw",
    Method.WITHDRAW_INFUSE: "Withdraw/Infuse",
    Method.CONTINUOUS: "Continuous",
}
INDEPENDENT, TWIN, RECIPROCATING = "Independent", "Twin", "Reciprocating"
FIRST_DAY = datetime(2010, 1, 1)
CLOCK_FORMATS = ("%m/%d/%y %I:%M:%S %p", "%m/%d/%y %H:%M:%S")


@dataclass
class Unit:
    """What is set of a pump as a whole. ``words``: settings that are kept and answered, and have no effect here."""

    address: int
    channels: tuple[Channel, ...]
    name: str
    version: str
    serial: str
    metrics: tuple[str, ...]
    poll: str = "OFF"
    echo: bool = False
    nvram: str = "ON"
    baud: int = 115_200
    condition: str = INDEPENDENT
    gang: int = 1
    epoch: datetime = FIRST_DAY
    words: dict[str, str] = field(default_factory=dict)

    @property
    def independent(self) -> bool:
        """Whether each axis is told for itself."""
        return self.condition == INDEPENDENT

    @property
    def clock(self) -> datetime:
        """What its clock says: it goes on pump time."""
        return self.epoch + timedelta(microseconds=self.channels[0].port.look().at_ns // 1_000)


OfUnit = Callable[[Unit, Sequence[str]], Said]


def address(unit: Unit, args: Sequence[str]) -> Said:
    """The new one counts from the prompt on; whether it is free is the chain's to say."""
    if not args:
        return Said((f"Pump address is {unit.address}",))
    address = number_of(args[0])
    if address.denominator != 1 or not 0 <= address <= 99:
        raise argument_fault(args[0], OUT_OF_RANGE)

    def deed() -> str:
        unit.address = int(address)
        return ""

    return Said((f"Pump address set to {int(address)}",), deed)


def choice(name: str, *choices: str) -> OfUnit:
    """A setting that is one of some words."""

    def do(unit: Unit, args: Sequence[str]) -> Said:
        if not args:
            now = getattr(unit, name)
            return Said((("OFF", "ON")[now] if isinstance(now, bool) else now,))
        word = args[0].upper()
        if word not in choices:
            raise argument_fault(args[0], UNKNOWN)
        value = word == "ON" if isinstance(getattr(unit, name), bool) else word
        return done(lambda: setattr(unit, name, value))

    return do


def word(name: str, factory: str, answers: dict[str, str]) -> OfUnit:
    """A setting that is kept and answered, and has no effect."""

    def do(unit: Unit, args: Sequence[str]) -> Said:
        if not args:
            return Said((answers[unit.words.get(name, factory)],))
        word = args[0].lower()
        if word not in answers:
            raise argument_fault(args[0], UNKNOWN)
        return done(lambda: unit.words.update({name: word}))

    return do


def percent(name: str, lowest: int) -> OfUnit:
    def do(unit: Unit, args: Sequence[str]) -> Said:
        if not args:
            return Said((f"{unit.words.get(name, '100')}%",))
        value = number_of(args[0])
        if value.denominator != 1 or not lowest <= value <= 100:
            raise argument_fault(args[0], OUT_OF_RANGE)
        return done(lambda: unit.words.update({name: str(value)}))

    return do


def baud(unit: Unit, args: Sequence[str]) -> Said:
    """Kept and answered; the line goes on as it was opened."""
    if not args:
        return Said((str(unit.baud),))
    baud = number_of(args[0])
    if baud not in BAUDS:
        raise argument_fault(args[0], OUT_OF_RANGE)
    return done(lambda: setattr(unit, "baud", int(baud)))


def load(unit: Unit, args: Sequence[str]) -> Said:
    if not args:
        method = unit.channels[0].method
        return Said((f"Quick Start - {QUICK_START[method]} (qs {method.value})",))
    if args[0].lower() != "qs":
        raise argument_fault(args[0], UNKNOWN)
    if len(args) < 2:
        raise argument_fault("", MISSING)
    if args[1].lower() not in {method.value for method in Method}:
        raise argument_fault(args[1], UNKNOWN)
    method = Method(args[1].lower())
    if method.withdraws and not _all_withdraw(unit):
        raise not_now(NO_REVERSE)

    def deed() -> None:
        for channel in unit.channels:
            channel.method = method

    return done(deed)


def _all_withdraw(unit: Unit) -> bool:
    return all(channel.port.model.withdraws for channel in unit.channels)


def time(unit: Unit, args: Sequence[str]) -> Said:
    if not args:
        return Said((f"{unit.clock:%m/%d/%y %I:%M:%S %p}",))
    told = _clock(" ".join(args))
    if told is None:
        raise argument_fault(args[0], UNKNOWN)
    return done(lambda: setattr(unit, "epoch", unit.epoch + (told - unit.clock)))


def _clock(text: str) -> datetime | None:
    """A date and a time of day, with AM or PM or without; None when it is none."""
    for form in CLOCK_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(text, form)
    return None


def condition(unit: Unit, args: Sequence[str]) -> Said:
    if not args:
        return Said((unit.condition,))
    word = args[0].capitalize()
    if word not in (INDEPENDENT, TWIN, RECIPROCATING):
        raise argument_fault(args[0], UNKNOWN)
    if word == RECIPROCATING and not _all_withdraw(unit):
        raise not_now(NO_REVERSE)

    def deed() -> None:
        unit.condition = word
        for axis, channel in enumerate(unit.channels):
            channel.reciprocates = axis % 2 == 1 if word == RECIPROCATING else None

    return done(deed)


def gang(unit: Unit, args: Sequence[str]) -> Said:
    if unit.independent and len(unit.channels) > 1:
        raise not_now("Not valid in Independent condition")
    if not args:
        return Said((f"{unit.gang} syringes",))
    most = len(unit.channels)
    count = number_of(args[0])
    if count.denominator != 1 or not 1 <= count <= most:
        raise Fault("Range", args[0], f"Syringe count out of range of 1 to {most}.")
    return done(lambda: setattr(unit, "gang", int(count)))


def tells(write: Callable[[Unit], tuple[str, ...]]) -> OfUnit:
    return lambda unit, _args: Said(write(unit))


def version(unit: Unit) -> tuple[str, ...]:
    return f"Firmware:      v{unit.version}", f"Pump address:  {unit.address}", f"Serial number: {unit.serial}"
