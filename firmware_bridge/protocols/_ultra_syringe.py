"""The commands of the "ultra" set that are about a syringe: rates, targets, volumes and times, run and stop."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from firmware_bridge.protocols._harvard_channel import NO_REVERSE, Channel
from firmware_bridge.protocols._harvard_quantities import (
    Amount,
    rate_unit,
    seconds_ns,
    six_figures,
    time_text,
    volume_unit,
)
from firmware_bridge.protocols._harvard_settings import Ramp, Settings
from firmware_bridge.protocols._ultra_said import (
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN,
    Said,
    amount_of,
    argument_fault,
    not_now,
    number_of,
)

MIN_DIAMETER_MM, MAX_DIAMETER_MM = Fraction("0.1"), Fraction(50)

MAKERS: dict[str, tuple[str, dict[str, str]]] = {
    "bdp": (
        "Becton Dickinson Plastic",
        {"1 ml": "4.699", "3 ml": "8.585", "5 ml": "11.99", "10 ml": "14.43", "20 ml": "19.05", "30 ml": "21.59"},
    ),
    "smp": (
        "Sherwood-Monoject Plastic",
        {"3 ml": "8.941", "6 ml": "12.7", "12 ml": "15.72", "20 ml": "20.12", "35 ml": "23.52", "60 ml": "26.64"},
    ),
    "tej": (
        "Terumo Japan Plastic",
        {"3 ml": "8.95", "5 ml": "13.0", "10 ml": "15.8", "20 ml": "20.15", "30 ml": "23.1", "60 ml": "29.7"},
    ),
    "hos": ("Hoshi", {"20 ml": "20.45"}),
}
"""Makers of syringes by their code, and the diameter in mm of each size."""

OfChannel = Callable[[Channel, Sequence[str]], Said]


def _keep(channel: Channel, settings: Settings) -> Callable[[], str]:
    return lambda: channel.set(settings)


def infuse_rate(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        return Said((str(channel.settings.infuse),))
    rate = _rate(channel, args)
    if isinstance(rate, str):
        return Said((rate,))
    return Said(deed=lambda: channel.set_rate(rate))


def withdraw_rate(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        return Said((str(channel.settings.withdraw),))
    rate = _rate(channel, args)
    if isinstance(rate, str):
        return Said((rate,))
    return Said(deed=lambda: channel.set_back_rate(rate))


def _rate(channel: Channel, args: Sequence[str]) -> Amount | str:
    """The rate that is asked for, or the limits as a text."""
    word = args[0].lower()
    if word in ("max", "min", "lim"):
        if len(args) > 1:
            raise argument_fault(args[1], UNKNOWN)
        return {"max": channel.high, "min": channel.low}.get(word) or f"{channel.low} to {channel.high}"
    rate = amount_of(args, rate_unit)
    if not channel.takes(rate):
        raise argument_fault(args[0], OUT_OF_RANGE)
    return rate


def ramp(*, back: bool) -> OfChannel:
    """The ramp of an infusion, or of a withdrawal."""

    def do(channel: Channel, args: Sequence[str]) -> Said:
        if not args:
            ramp = channel.settings.ramp_of(back=back)
            if ramp is None:
                return Said(("Ramp not set up.",))
            return Said((f"{ramp.start} to {ramp.end} in {six_figures(ramp.over_ns / 1e9)} seconds",))
        if back and not channel.port.model.withdraws:
            raise not_now(NO_REVERSE)
        ramp = _ramp(channel, args)
        settings = channel.settings
        return Said(deed=_keep(channel, replace(settings, back_ramp=ramp) if back else replace(settings, ramp=ramp)))

    return do


def _ramp(channel: Channel, args: Sequence[str]) -> Ramp:
    if len(args) < 5:
        raise argument_fault("", MISSING)
    start, end = amount_of(args[0:2], rate_unit), amount_of(args[2:4], rate_unit)
    for rate, text in ((start, args[0]), (end, args[2])):
        if not channel.takes(rate):
            raise argument_fault(text, OUT_OF_RANGE)
    over_ns = int(number_of(args[4]) * 1_000_000_000)
    if not 1_000_000_000 <= over_ns <= 24 * 3_600 * 1_000_000_000:
        raise argument_fault(args[4], OUT_OF_RANGE)
    return Ramp(start, end, over_ns)


def running_rate(channel: Channel, _args: Sequence[str]) -> Said:
    if not channel.running:
        return Said(("Pump is not running.",))
    unit = (channel.settings.withdraw if channel.withdrawing else channel.settings.infuse).unit
    nl_per_h = Amount(Fraction(1), unit).nl
    doing = "Withdrawing" if channel.withdrawing else "Infusing"
    return Said((f"{doing} at {six_figures(channel.rate_nl_per_h / float(nl_per_h))} {unit}",))


def diameter(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        return Said((f"{float(channel.settings.diameter_mm):.4f} mm",))
    diameter = number_of(args[0])
    if len(args) > 1 and args[1].lower() != "mm":
        raise argument_fault(args[1], UNKNOWN)
    if not MIN_DIAMETER_MM <= diameter <= MAX_DIAMETER_MM:
        raise argument_fault(args[0], OUT_OF_RANGE)
    return Said(deed=_keep(channel, replace(channel.settings, diameter_mm=diameter, maker="")))


def maker(channel: Channel, args: Sequence[str]) -> Said:
    settings = channel.settings
    if not args:
        name = MAKERS[settings.maker][0] if settings.maker else "Custom"
        return Said((f"{name}, {settings.syringe}, {six_figures(float(settings.diameter_mm))} mm",))
    if args[0] == "?" and len(args) == 1:
        return Said(tuple(f"{code}  {name}" for code, (name, _) in MAKERS.items()))
    code = args[0].lower()
    if code not in MAKERS:
        raise argument_fault(args[0], UNKNOWN)
    sizes = MAKERS[code][1]
    if args[1:2] == ["?"]:
        return Said(tuple(sizes))
    if len(args) < 2:
        raise argument_fault("", MISSING)
    volume = amount_of(args[1:], volume_unit)
    if str(volume) not in sizes:
        raise argument_fault(args[1], OUT_OF_RANGE)
    diameter = Fraction(sizes[str(volume)])
    return Said(deed=_keep(channel, replace(settings, maker=code, syringe=volume, diameter_mm=diameter)))


def syringe_volume(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        return Said((str(channel.settings.syringe),))
    volume = amount_of(args, volume_unit)
    if volume.nl <= 0:
        raise argument_fault(args[0], OUT_OF_RANGE)
    return Said(deed=_keep(channel, replace(channel.settings, syringe=volume)))


def target_volume(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        target = channel.settings.target
        return Said(("Target volume not set" if target is None else str(target),))
    target = amount_of(args, volume_unit)
    if not channel.least_nl <= target.nl <= channel.port.model.vtbi_max_nl:
        raise argument_fault(args[0], "Target volume out of range")
    return Said(deed=_keep(channel, replace(channel.settings, target=target)))


def target_time(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        target_ns = channel.settings.target_ns
        return Said(("Target time not set" if target_ns is None else time_text(target_ns),))
    target_ns = seconds_ns(args[0])
    if target_ns is None:
        raise argument_fault(args[0], UNKNOWN)
    if not 100_000_000 <= target_ns < 1_000 * 3_600 * 1_000_000_000:
        raise argument_fault(args[0], "Target time out of range")
    return Said(deed=_keep(channel, replace(channel.settings, target_ns=target_ns)))


def force(channel: Channel, args: Sequence[str]) -> Said:
    if not args:
        return Said((f"{channel.settings.force}%",))
    force = number_of(args[0].removesuffix("%"))
    if force.denominator != 1 or not 1 <= force <= 100:
        raise argument_fault(args[0], OUT_OF_RANGE)
    return Said(deed=_keep(channel, replace(channel.settings, force=int(force))))


def run(*, back: bool) -> OfChannel:
    """Infuse, or withdraw."""

    def do(channel: Channel, _args: Sequence[str]) -> Said:
        way = channel.way(back=back)
        if reason := channel.obstacle(back=way):
            raise not_now(reason)
        return Said(deed=lambda: channel.run(back=way))

    return do


def as_loaded(channel: Channel, _args: Sequence[str]) -> Said:
    """Run as the method that is loaded says."""
    way = channel.way(back=channel.method.back)
    if reason := channel.obstacle(back=way):
        raise not_now(reason)
    return Said(deed=lambda: channel.run(back=way, then=channel.method.then))


def turn_round(channel: Channel, _args: Sequence[str]) -> Said:
    """Run the other way."""
    reason = "" if channel.running else channel.obstacle(back=not channel.back)
    if not (channel.back or channel.port.model.withdraws):
        reason = NO_REVERSE
    if reason:
        raise not_now(reason)
    return Said(deed=channel.turn_round)


def status(channel: Channel, _args: Sequence[str]) -> Said:
    moving = ("W" if channel.running else "w") if channel.back else "I" if channel.running else "i"
    flags = (moving, ".", "S" if channel.stalled else ".", "T", "I")
    target = "T" if channel.reached else "."
    rate_fl_per_s = round(channel.rate_nl_per_h * 1_000_000 / 3_600)
    time_ms = channel.lasted_ns(back=channel.back) // 1_000_000
    volume_fl = round(channel.moved_nl(back=channel.back) * 1_000_000)
    return Said((f"{rate_fl_per_s} {time_ms} {volume_fl} {''.join(flags)}{target}",))


def clear_target(channel: Channel, _args: Sequence[str]) -> Said:
    return Said(deed=_keep(channel, replace(channel.settings, target=None)))


def clear_target_time(channel: Channel, _args: Sequence[str]) -> Said:
    return Said(deed=_keep(channel, replace(channel.settings, target_ns=None)))


def clear_volume(*ways: bool) -> OfChannel:
    """Count volumes anew: of what was withdrawn (True), of what was infused, or of both."""
    return lambda channel, _args: Said(deed=lambda: _first(channel.clear_volume(back=back) for back in ways))


def clear_time(*ways: bool) -> OfChannel:
    """Count times anew, likewise."""
    return lambda channel, _args: Said(deed=lambda: _first(channel.clear_time(back=back) for back in ways))


def _first(refusals: Iterable[str]) -> str:
    return next((reason for reason in refusals if reason), "")


def text(write: Callable[[Channel], str]) -> OfChannel:
    return lambda channel, _args: Said((write(channel),))
