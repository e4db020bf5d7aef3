"""A pump that only knows what another one once said: the host's frames are looked up in a wire journal, and answered from it.

A frame is looked for from where the conversation is, onwards: the next that is the same, else the nearest later one, and what
lies between is passed over. For one that is not there nothing is said, and whoever watches is told. An answer goes out as long
after its question as it did when it was recorded; so does what the pump said unasked.
"""

import time
from collections.abc import Callable

from firmware_bridge.traffic.exchanges import Exchange, exchanges_of
from firmware_bridge.traffic.framing import Splitter
from firmware_bridge.traffic.journal import Piece, WireJournal
from firmware_bridge.traffic.languages import language_of
from firmware_bridge.traffic.ports import IDLE_S, S_NS, Ports
from firmware_bridge.traffic.reading import Reader, Reading
from firmware_bridge.virtual_pump.unit import By, spelled


class Player:
    """Answers one host. ``tell``: takes what a person should know, a line each."""

    def __init__(self, journal: WireJournal, tell: Callable[[str], None]) -> None:
        language = language_of(journal.header.protocol)
        self._splitter, self._reader = Splitter(language.framing), language.reader(bool(journal.header.redacted))
        first, *self._exchanges = exchanges_of(_host_apart(journal.pieces))
        reader = language.reader(bool(journal.header.redacted))
        self._said = [_body(reader, exchange) for exchange in self._exchanges]
        self._tell, self._filler = tell, language.filler
        self._next = 0
        self._due: list[tuple[int, bytes]] = [(piece.at_ns, piece.data) for piece in first.answers]
        self.answered = self.unknown = self.passed_over = 0

    @property
    def left(self) -> int:
        """How many of the host's frames are still to come."""
        return len(self._exchanges) - self._next

    @property
    def wake_ns(self) -> int | None:
        """When something is to be sent, or a frame that is not whole is given up."""
        due = [at_ns for at_ns, _ in self._due[:1]]
        due += [] if self._splitter.due_ns is None else [self._splitter.due_ns]
        return min(due, default=None)

    def step(self, now_ns: int, data: bytes = b"") -> bytes:
        """Take in what the host has sent by now; what is to be sent now."""
        cuts = self._splitter.take(now_ns, By.HOST, data) if data else self._splitter.expire(now_ns)
        if self._left_is_next():
            cuts += self._splitter.end(By.HOST)
        for cut in cuts:
            reading = self._reader.read(By.HOST, cut.data)
            if reading.data != self._filler:
                self._answer(now_ns, reading)
        out = b"".join(answer for at_ns, answer in self._due if at_ns <= now_ns)
        self._due = [(at_ns, answer) for at_ns, answer in self._due if at_ns > now_ns]
        return out

    def _left_is_next(self) -> bool:
        """Whether what waits for an end is just what was said next: runs of bytes have none."""
        waiting = self._splitter.waiting(By.HOST)
        return bool(waiting) and self.left > 0 and waiting == self._exchanges[self._next].data

    def _answer(self, now_ns: int, said: Reading) -> None:
        at = next((at for at in range(self._next, len(self._said)) if self._said[at] == said.body), None)
        words = f"{now_ns / 1e9:.3f} s > {spelled(said.data)}{f' ({said.says})' if said.says else ''}"
        if at is None:
            self.unknown += 1
            known = said.body in self._said[: self._next]
            where = "is not said any more from here on" if known else "is not in the journal"
            self._tell(f"{words} {where}: no answer")
            return
        if at > self._next:
            self.passed_over += at - self._next
            self._tell(f"{words}: {at - self._next} of the host's frames passed over")
        exchange = self._exchanges[at]
        self._next, self.answered = at + 1, self.answered + 1
        for piece in exchange.answers:
            self._reader.read(By.PUMP, piece.data)
            self._due.append((now_ns + max(0, piece.at_ns - exchange.at_ns), piece.data))
        self._due.sort(key=lambda entry: entry[0])
        if not self.left:
            self._tell(f"{now_ns / 1e9:.3f} s: the journal is at its end")


def serve(player: Player, ports: Ports, interrupted: Callable[[], bool]) -> None:
    """Answer at the host's port until interrupted, in real time. Raises SideLost."""
    begin_ns = time.monotonic_ns()
    arrived: list[bytes] = []
    while not interrupted():
        wake_ns, now_ns = player.wake_ns, time.monotonic_ns() - begin_ns
        wait_s = IDLE_S if wake_ns is None else min(IDLE_S, (wake_ns - now_ns) / S_NS)
        ports.turn(wait_s, lambda _by, data: arrived.append(data))
        if out := player.step(time.monotonic_ns() - begin_ns, b"".join(arrived)):
            ports.give(By.HOST, out)
        arrived.clear()


def _body(reader: Reader, exchange: Exchange) -> str:
    """What the host said, as it is compared; the reader hears the answers too."""
    bodies = [reader.read(By.HOST, piece.data).body for piece in exchange.said]
    for piece in exchange.answers:
        reader.read(By.PUMP, piece.data)
    return "".join(bodies)


def _host_apart(pieces: tuple[Piece, ...]) -> list[Piece]:
    """Pieces of the host that came in one go as one after the other, so that each can be found by itself."""
    found: list[Piece] = []
    for piece in pieces:
        same = found and found[-1].by is By.HOST and piece.by is By.HOST and found[-1].end_ns >= piece.end_ns
        found.append(piece.model_copy(update={"took_ns": found[-1].end_ns + 1 - piece.at_ns}) if same else piece)
    return found
