"""A wire journal as the values that a session's page is made of."""

from firmware_bridge.traffic.exchanges import exchanges_of
from firmware_bridge.traffic.journal import Happening, Piece, WireJournal
from firmware_bridge.traffic.languages import language_of
from firmware_bridge.virtual_pump.unit import By, spelled
from pumpsim.analysis.traffic import Rung, Session, Source, Trouble
from pumpsim.units import format_time

FAULTS = {
    "drop": "frame dropped",
    "corrupt": "bit turned",
    "duplicate": "frame doubled",
    "split": "frame split",
    "glue": "frames glued",
    "delay": "frame delayed",
    "reorder": "frames reordered",
    "silent": "silent",
    "lose-first": "first words lost",
}
SOURCES = {
    "sniff": "overheard between a host and a pump",
    "emulate": "a virtual pump",
    "test": "a virtual pump in a test",
}


def session_of(journal: WireJournal, name: str) -> Session:
    """Put a journal into the values of a page. ``name``: of its file. Raises PumpsimError for a protocol that is none."""
    header = journal.header
    delays = _delays(journal)
    rungs = [
        Rung(piece.at_ns, piece.by is By.HOST, spelled(piece.data), piece.says, piece.fault, delays.get(at))
        for at, piece in enumerate(journal.pieces)
    ]
    rungs = sorted([*rungs, *_beside(journal)], key=lambda rung: rung.at_ns)
    troubles = [*_told(journal), *_on_the_wire(journal), *_alarms(journal)]
    notes = [
        f"Redacted: {header.redacted}" if header.redacted else "Nothing was redacted: the bytes are as they were sent",
        *(["The recording may have been cut off: a frame was never finished"] if _is_cut(journal) else []),
    ]
    return Session(
        f"Session on the wire: {name}",
        _facts(journal),
        tuple(notes),
        tuple(rungs),
        tuple(troubles),
        _pump_ns(journal, max(journal.end_ns, 1)),
    )


def _facts(journal: WireJournal) -> tuple[tuple[str, str], ...]:
    header = journal.header
    of_host = sum(piece.by is By.HOST for piece in journal.pieces)
    size = sum(len(piece.data) for piece in journal.pieces)
    facts = (
        ("Recorded", SOURCES[header.source]),
        ("Began", header.began),
        ("Lasted", format_time(journal.end_ns)),
        ("Protocol", header.protocol or "none was named: runs of bytes"),
        ("Model", header.model),
        ("Pump", header.pump or ""),
        ("Settings", ", ".join(f"{key} = {value}" for key, value in header.options.items())),
        ("Speed", "" if header.speed == 1.0 else f"{header.speed:g} times: pump time for link time"),
        ("Frames", f"{of_host} of the host, {len(journal.pieces) - of_host} of the pump, {size} bytes"),
        ("Damaged, or no frame", str(sum(bool(piece.fault) for piece in journal.pieces))),
    )
    return tuple(fact for fact in facts if fact[1])


def _delays(journal: WireJournal) -> dict[int, int]:
    """How long a reply took, by its place among the pieces: of the first answer to a question that is answered."""
    asks = language_of(journal.header.protocol).asks
    places = {id(piece): at for at, piece in enumerate(journal.pieces)}
    return {
        places[id(exchange.answers[0])]: exchange.answers[0].at_ns - exchange.at_ns
        for exchange in exchanges_of(journal.pieces)
        if exchange.said and exchange.answers and any(asks(piece.data) for piece in exchange.said)
    }


def _pump_ns(journal: WireJournal, link_ns: int) -> int:
    return round(link_ns * journal.header.speed)


def _beside(journal: WireJournal) -> list[Rung]:
    """What happened beside the frames, as it stands between them: a fault before the answer that comes of it."""
    found: list[Rung] = []
    for happening in journal.happenings:
        meant = spelled(happening.text.encode("latin-1"))
        if happening.told is not None:
            found.append(Rung(happening.at_ns, None, "", f"done to the pump: {_words_of(happening)}"))
        else:
            word = FAULTS.get(happening.happened, happening.happened)
            found.append(Rung(happening.at_ns, None, meant, "as it was meant:" if meant else "", word))
    return found


def _words_of(happening: Happening) -> str:
    words = ", ".join(f"{key} {value}" for key, value in (happening.told or {}).items())
    return f"end of {words}" if happening.ended else words


def _told(journal: WireJournal) -> list[Trouble]:
    found: list[Trouble] = []
    for happening in journal.happenings:
        if happening.told is not None:
            at_ns = _pump_ns(journal, happening.at_ns)
            found.append(Trouble(Source.TOLD, _words_of(happening), at_ns, at_ns))
    return found


def _on_the_wire(journal: WireJournal) -> list[Trouble]:
    happened = [(h.at_ns, FAULTS.get(h.happened, h.happened)) for h in journal.happenings if h.told is None]
    damaged = [(piece.at_ns, piece.fault) for piece in journal.pieces if piece.fault]
    return [
        Trouble(Source.WIRE, what, _pump_ns(journal, at_ns), _pump_ns(journal, at_ns))
        for at_ns, what in sorted([*happened, *damaged])
    ]


def _alarms(journal: WireJournal) -> list[Trouble]:
    """Alarms from where the pump first told of them to where it told that they were over."""
    found: list[Trouble] = []
    begun: dict[str, int] = {}

    def end(names: list[str], at_ns: int) -> None:
        found.extend(Trouble(Source.PUMP, name, begun.pop(name), at_ns) for name in names)

    for piece in journal.pieces:
        if piece.alarm is None:
            continue
        at_ns = _pump_ns(journal, piece.at_ns)
        now = [name for name in piece.alarm.split("; ") if name]
        end([name for name in begun if name not in now], at_ns)
        for name in now:
            begun.setdefault(name, at_ns)
    end(list(begun), _pump_ns(journal, journal.end_ns))
    return sorted(found, key=lambda trouble: trouble.from_ns)


def _is_cut(journal: WireJournal) -> bool:
    last: Piece | None = journal.pieces[-1] if journal.pieces else None
    return last is not None and last.fault.startswith("no whole")
