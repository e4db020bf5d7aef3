"""The classic Harvard command set as the 11 Plus speaks it; the 22, 33 and PHD 2000 are its kin.

A command is ``[NN]three letters[number] CR``; the answer is CR LF, a line of text if there is one, CR LF, and the prompt. The
address stands before the prompt when it stood before the command. There is no watchdog.

Sources: what clients in the field write and read, byte by byte: pumpy 1.1.3 (reads of 5, 15, 17 and 150 bytes), a driver that
reads 8 bytes to a value, and one that reads what has come after 0.3 s. Manuals: Harvard 11 Plus (70-2208), Model 33 (5390-001)
pages 16 to 20 for prompts and errors.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from firmware_bridge.protocols._harvard_channel import ALREADY, OUT_OF_RANGE, Channel
from firmware_bridge.protocols._harvard_quantities import ABOUT_NL, Amount, number
from firmware_bridge.protocols._harvard_settings import Method, Travel
from firmware_bridge.protocols._text_lines import LONGEST, TextLines
from firmware_bridge.protocols.ultra import syringe_in
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.world import PumpPort

COMMAND = re.compile(r"([a-z]{3})\s*(\S*)", re.IGNORECASE)
ADDRESSED = re.compile(r"\s*(\d{0,2})\s*(.*)")
SYNTAX, NOT_APPLICABLE, BEYOND = "?", "NA", "OOR"
STOPPED, INFUSING, WITHDRAWING, STALLED = ":", ">", "<", "*"
TRAVEL = Travel(Fraction("0.1"), Fraction(47_700))
"""47.7 mm/min is 26.5 mL/min with 26.6 mm."""
UNITS = {"MLM": "ml/min", "ULM": "ul/min", "MLH": "ml/hr", "ULH": "ul/hr"}
RANGES = {"ml/min": "ML/M", "ul/min": "UL/M", "ml/hr": "ML/H", "ul/hr": "UL/H"}
MIN_MM, MAX_MM = Fraction("0.1"), Fraction(35)
COLUMNS = 6
"""Of a number: five digits and a point."""
VERSION = "11PLUS 1.6"

Answer = str
"""A line of text, empty for the prompt alone."""


def five_digits(value: float) -> str:
    """Five digits and a point: ``14.430``, ``100.00``, ``12345.``; more than that cannot be shown, and stays at the most."""
    text = f"{min(value, 99_999.0):.4f}"
    return text[:COLUMNS] if "." in text[:COLUMNS] else text[: COLUMNS - 1] + "."


class Classic:
    """Pumps of the set on one line."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options) -> None:
        self._lines, self._version = TextLines(), options.more.get("version", VERSION)
        self._channels = {address: Channel(port, TRAVEL, syringe_in(port)) for address, port in sorted(pumps.items())}
        for channel in self._channels.values():
            rate = channel.settings.infuse
            if rate.unit not in RANGES:
                slow = Amount(rate.nl / Amount(Fraction(1), "ul/min").nl, "ul/min")
                channel.set(replace(channel.settings, infuse=slow, withdraw=slow))
                channel.stored = channel.settings

    def take(self, _link_ns: int, data: bytes) -> Sequence[bytes]:
        """Answer every command that is complete."""
        return [frame for line in self._lines.take(data) for frame in self._answer(line)]

    def pass_time(self, _link_ns: int) -> Sequence[bytes]:
        """Nothing is sent unasked."""
        for channel in self._channels.values():
            channel.follow()
        return ()

    @property
    def wake_ns(self) -> int | None:
        """Nothing here waits for link time."""
        return None

    def _answer(self, line: str) -> list[bytes]:
        found = ADDRESSED.fullmatch(line)
        assert found is not None
        channel = self._channels.get(int(found[1] or 0))
        if channel is None or channel.off:
            return []
        text = self._carry_out(channel, found[2].strip(), len(line) > LONGEST)
        channel.stored = channel.settings
        address = f"{int(found[1]):02d}" if found[1] else ""
        said = f"\r\n{text}" if text else ""
        return [f"{said}\r\n{address}{_prompt(channel)}".encode("ascii")]

    def _carry_out(self, channel: Channel, text: str, too_long: bool) -> Answer:
        if not text:
            return ""
        found = None if too_long else COMMAND.fullmatch(text)
        word = found[1].upper() if found is not None else ""
        if word == "VER" and text.upper() == "VER":
            return self._version
        if found is None or (word not in WITH_NUMBER) is bool(found[2]):
            return SYNTAX
        if word not in WITH_NUMBER:
            return PLAIN[word](channel) if word in PLAIN else SYNTAX
        value = number(found[2])
        return SYNTAX if value is None else WITH_NUMBER[word](channel, value)


def _prompt(channel: Channel) -> str:
    if channel.running:
        return WITHDRAWING if channel.withdrawing else INFUSING
    return STALLED if channel.stalled else STOPPED


def _volume_unit(channel: Channel) -> str:
    """Volumes are in mL or uL as the rate is."""
    return channel.settings.infuse.unit[:2]


def _diameter(channel: Channel, value: Fraction) -> Answer:
    if channel.running:
        return NOT_APPLICABLE
    if not MIN_MM <= value <= MAX_MM:
        return BEYOND
    channel.set(replace(channel.settings, diameter_mm=value, maker=""))
    return ""


def _rate(word: str) -> Callable[[Channel, Fraction], Answer]:
    def do(channel: Channel, value: Fraction) -> Answer:
        rate = Amount(value, UNITS[word])
        if not channel.takes(rate):
            return BEYOND
        return NOT_APPLICABLE if channel.set_rate(rate) or channel.set_back_rate(rate) else ""

    return do


def _target(channel: Channel, value: Fraction) -> Answer:
    if channel.running:
        return NOT_APPLICABLE
    target = Amount(value, _volume_unit(channel))
    if not channel.least_nl <= target.nl <= channel.port.model.vtbi_max_nl:
        return BEYOND
    channel.set(replace(channel.settings, target=target))
    return ""


def _clear_target(channel: Channel) -> Answer:
    return NOT_APPLICABLE if channel.set(replace(channel.settings, target=None)) else ""


def _clear_volume(channel: Channel) -> Answer:
    return NOT_APPLICABLE if channel.clear_volume(back=channel.method.back) else ""


def _run(channel: Channel) -> Answer:
    """A target that is reached is run to anew."""
    back = channel.method.back
    if reason := channel.obstacle(back=back):
        return {ALREADY: NOT_APPLICABLE, OUT_OF_RANGE: BEYOND}.get(reason, NOT_APPLICABLE)
    if channel.reached and channel.back is back:
        channel.clear_volume(back=back)
    return NOT_APPLICABLE if channel.run(back=back) else ""


def _reverse(channel: Channel) -> Answer:
    """The other way from now on, at once if it runs."""
    if not channel.port.model.withdraws or (channel.running and channel.turn_round()):
        return NOT_APPLICABLE
    channel.method = Method.INFUSE if channel.method.back else Method.WITHDRAW
    return ""


def _stop(channel: Channel) -> Answer:
    channel.stop()
    return ""


def _shown(value: float) -> str:
    """A value with a blank on either side, eight columns."""
    return f" {five_digits(value)} "


def _volume(nl: float, unit: str) -> str:
    return _shown(max(0.0, nl) / ABOUT_NL[unit[0]])


WITH_NUMBER: dict[str, Callable[[Channel, Fraction], Answer]] = {
    "MMD": _diameter,
    **{word: _rate(word) for word in UNITS},
    "MLT": _target,
}
"""Commands that set a number."""
PLAIN: dict[str, Callable[[Channel], Answer]] = {
    "DIA": lambda channel: _shown(float(channel.settings.diameter_mm)),
    "RAT": lambda channel: five_digits(float(channel.settings.infuse.number)),
    "RNG": lambda channel: RANGES[channel.settings.infuse.unit],
    "VOL": lambda channel: _volume(channel.moved_nl(back=channel.method.back), _volume_unit(channel)),
    "TAR": lambda channel: _volume(
        float(channel.settings.target.nl) if channel.settings.target else 0.0, _volume_unit(channel)
    ),
    "CLV": _clear_volume,
    "CLT": _clear_target,
    "RUN": _run,
    "STP": _stop,
    "REV": _reverse,
    "KEY": lambda _channel: "",
}
"""Commands without a number."""

HARVARD_11 = Dialect(
    name="harvard-11",
    title="Harvard 11 Plus syringe pump, the classic set",
    baud=9_600,
    framing="8N2",
    model="harvard-11-plus",
    addresses=range(100),
    talk=Classic,
    assumptions=(
        "A value is five digits and a point; DIA, VOL and TAR have a blank on either side, RAT has none: so every client that"
        " reads fixed lengths finds it.",
        "The address is written before the prompt when it was written before the command.",
        "Volumes are in mL or uL as the range of the rate is.",
        "RUN after the target was reached counts the volume anew; STP of a pump that stands is no error.",
        "Settings are kept without power, counts are not.",
        "REV turns the direction round, at once if it runs; RUN goes that way, the rate is one for both, VOL and CLV are of"
        " what was moved that way. A plunger drawn out of its barrel draws no more, unseen.",
    ),
    options={"version": VERSION},
)
