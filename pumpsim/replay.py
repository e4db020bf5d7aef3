"""Replay a journal through a fresh pump and compare every ``Step``: the proof that a session can be repeated.

Where a new epoch begins the pump goes on from what it has itself kept of the one before: nothing of it is in the journal.
"""

from dataclasses import dataclass
from pathlib import Path

from pumpsim.controller import Pump
from pumpsim.journal import Header, Taken, read_journal
from pumpsim.vocabulary.outputs import Step


@dataclass(frozen=True, slots=True)
class Parting:
    """Where replay and record part: the number of the input (from 1), the input, what was recorded and what came."""

    number: int
    taken: Taken
    replayed: Step | str


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay: how many steps were equal, and where it parted if it did."""

    header: Header
    equal: int
    parting: Parting | None


def replay(path: Path) -> Replayed:
    """Give a fresh pump the recorded inputs; stop at the first step that differs. Raises JournalError."""
    header, lines = read_journal(path)
    pump, epoch, equal = Pump(header.model), 1, 0
    for taken in lines:
        if taken.epoch != epoch:
            pump, epoch = Pump.power_on(header.model, pump.snapshot()), taken.epoch
        try:
            step: Step | str = pump.step(taken.at_ns, taken.input)
        except ValueError as error:
            step = str(error)
        if step != taken.step:
            return Replayed(header, equal, Parting(equal + 1, taken, step))
        equal += 1
    return Replayed(header, equal, None)
