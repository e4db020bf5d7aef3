"""The dialects that a device may speak, one file each, and the one list of them."""

from dataclasses import dataclass

from firmware_bridge.protocols import native
from firmware_bridge.virtual_pump import dialect


@dataclass(frozen=True, slots=True)
class Dialect:
    """A protocol as a user chooses it: its name, what it is for, the baud rate it begins with."""

    name: str
    title: str
    baud: int


PROTOCOLS: dict[str, Dialect | dialect.Dialect] = {
    "native": Dialect("native", "motor level: rates and stop counts down, steps and pressures up", native.BAUD),
}
"""Every dialect by its name."""
