"""The reviewed explanations of ``survivors.toml``: which mutants may survive, and why."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.survey import Change

KEYS = {"file", "where", "was", "now", "why"}


@dataclass(frozen=True, slots=True)
class Explained:
    """One mutant that may survive, and the reason."""

    change: Change
    why: str


def read_survivors(path: Path) -> tuple[Explained, ...]:
    """Read the explanations. ``now`` may list several mutants of one line that share a reason.

    Raises ValueError naming every entry that lacks a key or has an unknown one.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("survivor", [])
    faults = [f"entry {i}: keys must be {sorted(KEYS)}" for i, entry in enumerate(entries, 1) if set(entry) != KEYS]
    faults += [f"entry {i}: no reason" for i, entry in enumerate(entries, 1) if not str(entry.get("why", "")).strip()]
    if faults:
        raise ValueError(f"{path}: {'; '.join(faults)}")
    return tuple(
        Explained(Change(entry["file"], entry["where"], entry["was"], now), entry["why"])
        for entry in entries
        for now in (entry["now"] if isinstance(entry["now"], list) else [entry["now"]])
    )
