"""Every exception that we raise, on one screen. All derive from ``PumpsimError``."""

from dataclasses import dataclass


class PumpsimError(Exception):
    """Anything that we refuse; its text is one clear message for the person at the keyboard."""


class UnitError(PumpsimError, ValueError):
    """A quantity that cannot be read: no number, no unit, an unknown or a wrong one, or not a whole count."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file: where, what stands there, why not, and the nearest valid name if there is one."""

    file: str
    key: str
    value: str
    message: str
    nearest: str | None = None

    def __str__(self) -> str:
        """``file: key = value: message (did you mean ...?)``; empty parts are left out."""
        where = ": ".join(part for part in (self.file, f"{self.key} = {self.value}" if self.value else self.key) if part)
        hint = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{where}: {self.message}{hint}"


class ScenarioError(PumpsimError):
    """Scenario files that cannot be run: every fault of every file, one a line."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class JournalError(PumpsimError):
    """A file that is no journal, or not one that this version reads."""
