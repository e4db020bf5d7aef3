"""A conversation as exchanges: what the host said in one go, and all that the pump said until the host spoke again."""

from collections.abc import Sequence
from dataclasses import dataclass

from firmware_bridge.traffic.journal import Entry, Happening, Piece, WireJournal
from firmware_bridge.traffic.reading import Language
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By


@dataclass(frozen=True, slots=True)
class Exchange:
    """``said``: pieces of the host whose last byte came at one instant, none: what the pump said before the host spoke.

    ``at_ns``: that instant. Delays are counted from it.
    """

    at_ns: int
    said: tuple[Piece, ...]
    answers: tuple[Piece, ...]

    @property
    def data(self) -> bytes:
        """What the host said."""
        return b"".join(piece.data for piece in self.said)


def exchanges_of(pieces: Sequence[Piece]) -> list[Exchange]:
    """Group pieces; the first exchange is what came before the host spoke. A host has spoken with its last byte."""
    found = [Exchange(0, (), ())]
    for piece in sorted(pieces, key=lambda piece: piece.end_ns if piece.by is By.HOST else piece.at_ns):
        last = found[-1]
        if piece.by is By.PUMP:
            found[-1] = Exchange(last.at_ns, last.said, (*last.answers, piece))
        elif last.said and last.at_ns == piece.end_ns:
            found[-1] = Exchange(last.at_ns, (*last.said, piece), last.answers)
        else:
            found.append(Exchange(piece.end_ns, (piece,), ()))
    return found


def read_anew(journal: WireJournal, language: Language) -> list[Piece]:
    """Cut and read a journal's bytes in a language, whatever it was written in. What is redacted stays so."""
    found: list[Entry] = []
    recorder = Recorder(language, found.append, hide=bool(journal.header.redacted))
    for piece in journal.pieces:
        if piece.took_ns and len(piece.data) > 1:
            recorder.take(piece.at_ns, piece.by, piece.data[:1])
            recorder.take(piece.end_ns, piece.by, piece.data[1:])
        else:
            recorder.take(piece.at_ns, piece.by, piece.data)
    recorder.close()
    return sorted((e for e in found if not isinstance(e, Happening)), key=lambda piece: piece.at_ns)
