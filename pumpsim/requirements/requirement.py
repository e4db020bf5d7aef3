"""What a requirement is. Values only."""

from dataclasses import dataclass
from enum import Enum

TO_COME = "to come: "
"""Begins the reason of a row whose feature is planned: once a test claims the row, the reason goes."""
LISTED_IN = "docs/requirements.md"
"""The page on which every id stands."""


class Source(Enum):
    """Whose requirement it is; the value begins its id."""

    GIP = "GIP"
    OPCA = "OPCA"
    GPCA = "GPCA"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement in our own words.

    ``number``: that of the source, or a name where its number is not known. ``limit``: empty where the source states
    none. ``not_covered``: why nothing shows it; only for a row that no test and no scenario claims. ``note``: how far
    the evidence goes, or what could not be verified.
    """

    source: Source
    number: str
    text: str
    limit: str = ""
    not_covered: str | None = None
    note: str = ""

    @property
    def id(self) -> str:
        """The id by which tests and scenarios claim it, as in ``GIP 1.2.2``."""
        return f"{self.source.value} {self.number}"


@dataclass(frozen=True, slots=True)
class Section:
    """Requirements of one source about one thing."""

    title: str
    rows: tuple[Requirement, ...]
