"""A recorded conversation held against our virtual pump: the host's side is played on virtual time, the answers are compared.

Compared is what a frame says, without framing and check; then how long after the host's last byte it came. What was damaged on
the recorded wire, or lost there, is counted and not judged. An answer that came within another exchange than ours (the host did
not wait) is looked for among the neighbours. Nothing here has a clock: a day of polling takes seconds.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from firmware_bridge.traffic.exchanges import Exchange, exchanges_of, read_anew
from firmware_bridge.traffic.journal import Entry, Happening, Piece, WireJournal
from firmware_bridge.traffic.reading import Language, Reader
from firmware_bridge.traffic.recorder import Recorder
from firmware_bridge.virtual_pump.unit import By, Unit, spelled
from pumpsim.errors import PumpsimError

MS_NS = 1_000_000
LOST, TURNED, UNHEARD = ("drop", "silent"), ("corrupt",), ("silent", "lose-first")
SURE = ("latency", "baud", "host_baud")
"""Words of a wire that have nothing to do with chance, and are played again."""
NEAR_NS = 2_000_000_000
"""How far apart an answer may stand in the two conversations and still be the same one."""


class Kind(Enum):
    """What differs."""

    SAID = "other answer"
    MISSING = "ours says nothing"
    EXTRA = "only ours answers"
    TIME = "other time"


@dataclass(frozen=True, slots=True)
class Difference:
    """``host``: what was said before. ``recorded``, ``ours``: what the answers mean, and their bytes spelled, empty: none;
    delays from the host's last byte."""

    kind: Kind
    at_ns: int
    host: str
    recorded: str
    ours: str
    recorded_bytes: str
    ours_bytes: str
    recorded_ms: float | None
    ours_ms: float | None


@dataclass(frozen=True, slots=True)
class Conformity:
    """``compared``: answers that have a counterpart; ``not_judged``: damaged or lost on the recorded wire."""

    exchanges: int
    compared: int
    not_judged: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    piece: Piece
    key: str
    exchange: Exchange

    @property
    def delay_ns(self) -> int:
        return self.piece.at_ns - self.exchange.at_ns


def conformity(
    journal: WireJournal, unit: Unit, language: Language, within_ns: int, ignore: Sequence[re.Pattern[str]] = ()
) -> Conformity:
    """Play a journal's host to a virtual pump that was just switched on, and compare. ``ignore``: what need not be the same in
    an answer's text."""
    pieces = read_anew(journal, language)
    hide = bool(journal.header.redacted)
    theirs = exchanges_of(pieces)
    ours = _same_exchanges(theirs, played(journal, pieces, unit, language))
    readers = language.reader(hide), language.reader(hide)
    pairs: list[tuple[_Answer | None, _Answer | None]] = []
    for recorded, own in zip(theirs, ours, strict=True):
        pairs += _paired(
            [_answer(readers[0], piece, recorded, ignore) for piece in _heard(readers[0], recorded)],
            [_answer(readers[1], piece, own, ignore) for piece in _heard(readers[1], own)],
        )
    pairs = [pair for pair in _found_nearby(pairs) if pair[0] is not None or _is_heard(pair[1], journal)]
    lost, turned = (
        [happening.text for happening in journal.happenings if happening.happened in what and happening.text]
        for what in (LOST, TURNED)
    )
    differences: list[Difference] = []
    compared = not_judged = 0
    for one, other in pairs:
        if (one is not None and one.piece.fault) or (one is None and other is not None and other.piece.text in lost):
            not_judged += 1
            if one is None and other is not None:
                lost.remove(other.piece.text)
            continue
        meant = None if one is not None and other is not None and one.key == other.key else _meant(one, other, turned)
        if meant is not None:  # no check tells
            not_judged += 1
            turned.remove(meant)
            continue
        compared += one is not None and other is not None
        differences += _judged(one, other, within_ns)
    differences.sort(key=lambda difference: difference.at_ns)
    return Conformity(len(theirs) - 1, compared, not_judged, tuple(differences))


def played(journal: WireJournal, pieces: Sequence[Piece], unit: Unit, language: Language) -> list[Piece]:
    """Let the host's pieces be said to a unit, each when its last byte came, and what was told be told; what the unit said."""
    found: list[Entry] = []
    recorder = Recorder(language, found.append, hide=bool(journal.header.redacted))
    unit.listen(recorder)
    told = [happening for happening in journal.happenings if happening.told is not None]
    unheard = {
        happening.at_ns for happening in journal.happenings if happening.happened in UNHEARD and not happening.text
    }
    heard = [piece for piece in pieces if piece.by is By.PUMP or piece.end_ns not in unheard]
    said = [exchange for exchange in exchanges_of(heard) if exchange.said]
    events: list[tuple[int, Exchange | Happening]] = [(happening.at_ns, happening) for happening in told]
    events = sorted([*events, *((exchange.at_ns, exchange) for exchange in said)], key=lambda event: event[0])
    for at_ns, event in events:
        _let_pass(unit, at_ns)
        if isinstance(event, Exchange):
            unit.step(at_ns, event.data)
        else:
            with contextlib.suppress(PumpsimError):  # what was refused then is refused now
                _do_again(unit, event)
            unit.step(at_ns)
    _let_pass(unit, journal.end_ns + NEAR_NS)
    recorder.close()
    return sorted(
        (entry for entry in found if isinstance(entry, Piece) and entry.by is By.PUMP), key=lambda piece: piece.at_ns
    )


def _do_again(unit: Unit, told: Happening) -> None:
    """Do to a unit what was done to the recorded one; of its wire only what is not by chance."""
    match told.told:
        case {"power-cycle": True, "pump": str(pump)}:
            unit.power_cycle(pump)
        case {"wire": dict(words)}:
            unit.set_wire({word: value for word, value in words.items() if word in SURE})
        case dict(words):
            (unit.end if told.ended else unit.tell)(words)


def _let_pass(unit: Unit, until_ns: int) -> None:
    """Call the unit whenever it wants to be called, and at last at the end."""
    now_ns, wake_ns = -1, unit.settle()
    while wake_ns is not None and now_ns < wake_ns < until_ns:
        now_ns = wake_ns
        wake_ns = unit.step(now_ns).wake_at_ns
    unit.step(until_ns)


def _same_exchanges(theirs: Sequence[Exchange], answers: Sequence[Piece]) -> list[Exchange]:
    """Our answers in the exchanges of the recorded host."""
    found = [Exchange(exchange.at_ns, exchange.said, ()) for exchange in theirs]
    at = 0
    for piece in answers:
        while at + 1 < len(found) and found[at + 1].at_ns <= piece.at_ns:
            at += 1
        found[at] = Exchange(found[at].at_ns, found[at].said, (*found[at].answers, piece))
    return found


def _heard(reader: Reader, exchange: Exchange) -> Iterator[Piece]:
    """The answers of an exchange, when the reader has heard the questions."""
    for piece in exchange.said:
        reader.read(By.HOST, piece.data)
    yield from exchange.answers


def _answer(reader: Reader, piece: Piece, exchange: Exchange, ignore: Sequence[re.Pattern[str]]) -> _Answer:
    key = reader.read(By.PUMP, piece.data).body
    for pattern in ignore:
        key = pattern.sub("", key)
    return _Answer(piece, key, exchange)


def _paired(theirs: Sequence[_Answer], ours: Sequence[_Answer]) -> Iterator[tuple[_Answer | None, _Answer | None]]:
    """Which answer of one exchange goes with which: the same ones in their order, then what stands in the same place."""
    matcher = SequenceMatcher(None, [answer.key for answer in theirs], [answer.key for answer in ours], autojunk=False)
    for _, begin, end, own_begin, own_end in matcher.get_opcodes():
        for step in range(max(end - begin, own_end - own_begin)):
            one = theirs[begin + step] if begin + step < end else None
            yield one, ours[own_begin + step] if own_begin + step < own_end else None


def _found_nearby(
    pairs: Sequence[tuple[_Answer | None, _Answer | None]],
) -> list[tuple[_Answer | None, _Answer | None]]:
    """Join an answer that is missing here with the same one that is too much nearby; then with one that a turned bit made of
    it."""
    found = list(pairs)
    extra = [at for at, (one, other) in enumerate(found) if one is None and other is not None]
    alike: tuple[Callable[[_Answer, _Answer], bool], ...] = (
        lambda one, own: own.key == one.key,
        lambda one, own: _is_one_letter_off(one.piece.text, own.piece.text),
    )
    for same in alike:
        for at, (one, other) in enumerate(found):
            if one is None or other is not None:
                continue
            for there in extra:
                own = found[there][1]
                if own is not None and same(one, own) and abs(own.piece.at_ns - one.piece.at_ns) <= NEAR_NS:
                    found[at], found[there] = (one, own), (None, None)
                    extra.remove(there)
                    break
    return [pair for pair in found if pair != (None, None)]


def _is_one_letter_off(text: str, other: str) -> bool:
    return len(text) == len(other) and sum(a != b for a, b in zip(text, other, strict=True)) == 1


def _is_heard(ours: _Answer | None, journal: WireJournal) -> bool:
    """Whether the recording lasted until then: what we said later, nobody was there to hear."""
    return ours is not None and ours.piece.at_ns <= journal.end_ns


def _meant(one: _Answer | None, other: _Answer | None, turned: Sequence[str]) -> str | None:
    """What an answer was meant to be in which a bit was turned; None if none was. ``turned``: such answers, as meant."""
    for text in turned:
        if other is not None and other.piece.text == text:
            return text
        if one is not None and _is_one_letter_off(one.piece.text, text):
            return text
    return None


def _judged(one: _Answer | None, other: _Answer | None, within_ns: int) -> Iterator[Difference]:
    answer = one or other
    assert answer is not None
    if one is None or other is None:
        kind = Kind.EXTRA if one is None else Kind.MISSING
    elif one.key != other.key:
        kind = Kind.SAID
    elif abs(one.piece.at_ns - other.piece.at_ns) > within_ns:
        kind = Kind.TIME
    else:
        return
    yield Difference(
        kind,
        answer.exchange.at_ns,
        "; ".join(piece.says or spelled(piece.data) for piece in answer.exchange.said) or "(before the host spoke)",
        "" if one is None else one.piece.says,
        "" if other is None else other.piece.says,
        "" if one is None else spelled(one.piece.data),
        "" if other is None else spelled(other.piece.data),
        None if one is None else one.delay_ns / MS_NS,
        None if other is None else other.delay_ns / MS_NS,
    )
