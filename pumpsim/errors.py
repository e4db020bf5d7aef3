"""Every exception that we raise, on one screen. All derive from ``PumpsimError``, whose text is for a person to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class PumpsimError(Exception):
    """Anything that we refuse; its text is one clear message for the person at the keyboard."""


class FieldError(PumpsimError, ValueError):
    """A single value that cannot be read. ``nearest``: the valid word that was probably meant, None when none is near."""

    def __init__(self, message: str, nearest: str | None = None) -> None:
        self.message, self.nearest = message, nearest
        super().__init__(message + hint(nearest))


class UnitError(FieldError):
    """A quantity that cannot be read: no number, no unit, an unknown or a wrong one, or not a whole count."""


MOST_NAMES = 12
"""Names that a message lists where a near one is known."""


class UnknownNameError(FieldError):
    """A name that is none of the valid ones; ``listed_in``: the page that lists them, where they are many."""

    def __init__(self, kind: str, name: str, valid: Iterable[str], listed_in: str | None = None) -> None:
        names = tuple(valid)
        nearest = nearest_name(name, names)
        if listed_in is not None:
            listed = f"one of {len(names)} that {listed_in} lists"
        elif len(names) <= MOST_NAMES or nearest is None:
            listed = f"valid: {', '.join(names)}"
        else:
            listed = f"one of {len(names)} that pumpsim list shows"
        super().__init__(f"unknown {kind}; {listed}", nearest)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a file.

    ``key`` is where (``operator[2].load.rate``), ``value`` what stands there, both empty when they do not apply;
    ``message`` says why not and names the limit; ``nearest`` is the valid name that was probably meant.
    """

    file: str
    key: str
    value: str
    message: str
    nearest: str | None = None

    def __str__(self) -> str:
        """``file: key = value: message (did you mean ...?)``; empty parts are left out."""
        what = f"{self.key} = {self.value}" if self.value else self.key
        where = ": ".join(part for part in (self.file, what) if part)
        return f"{where}: {self.message}{hint(self.nearest)}"


class ScenarioError(PumpsimError):
    """Scenario files that cannot be run: every fault of every file, one a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class JournalError(PumpsimError):
    """A file that is no journal, or not one that this version reads."""


def hint(nearest: str | None) -> str:
    """Write the nearest valid name behind a message; nothing when there is none."""
    return "" if nearest is None else f" (did you mean {nearest!r}?)"


def nearest_name(name: str, valid: Iterable[str]) -> str | None:
    """Find the valid name that was probably meant, letter case aside; None when nothing is near."""
    by_lower: dict[str, str] = {}
    for candidate in valid:
        by_lower.setdefault(candidate.lower(), candidate)
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None
