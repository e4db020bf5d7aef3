"""What a command of the "ultra" set gives: lines and perhaps a deed, or a fault; and how arguments are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from firmware_bridge.protocols._harvard_quantities import Amount, number

OUT_OF_RANGE, UNKNOWN, MISSING = "Out of range", "Unknown argument", "Missing argument"


@dataclass(frozen=True, slots=True)
class Said:
    """What to answer, and what to do before; the deed gives why it was refused, or nothing."""

    lines: tuple[str, ...] = ()
    deed: Callable[[], str] | None = None


class Fault(Exception):  # noqa: N818 (an answer of the pump, not an error of ours)
    """A command that cannot be carried out: ``Argument error: 9`` and the reason."""

    def __init__(self, kind: str, what: str, reason: str) -> None:
        self.kind, self.what, self.reason = kind, what, reason
        super().__init__(reason)


def argument_fault(argument: str, reason: str) -> Fault:
    """The fault of an argument that is unknown, out of range or missing."""
    return Fault("Argument", argument, reason)


def not_now(reason: str) -> Fault:
    """The fault of a command that cannot be carried out as things stand; it is named by the one who answers."""
    return Fault("Command", "", reason)


def done(deed: Callable[[], None]) -> Said:
    """A deed that nothing can refuse."""

    def do() -> str:
        deed()
        return ""

    return Said(deed=do)


def number_of(text: str) -> Fraction:
    """A number without sign or exponent."""
    value = number(text)
    if value is None:
        raise argument_fault(text, UNKNOWN)
    return value


def amount_of(args: Sequence[str], unit_of: Callable[[str], str | None]) -> Amount:
    """A number and its unit, which must be there."""
    value = number_of(args[0])
    if len(args) < 2:
        raise argument_fault("", MISSING)
    unit = unit_of(args[1])
    if unit is None:
        raise argument_fault(args[1], UNKNOWN)
    return Amount(value, unit)
