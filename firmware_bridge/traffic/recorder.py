"""From bytes on a wire to entries of its journal: cut, understood, redacted."""

from collections.abc import Callable, Mapping
from typing import Any

from firmware_bridge.traffic.framing import Cut, Splitter
from firmware_bridge.traffic.journal import Entry, Happening, Piece, text_of
from firmware_bridge.traffic.reading import Language
from firmware_bridge.virtual_pump.unit import By


class Behind:
    """A tap that writes down later: whoever waits for an answer does not wait for the record of it.

    ``clock``: gives link time. An answer is stamped when it has been made, not with the instant of its question. ``done``: is
    called at the end.
    """

    def __init__(self, recorder: "Recorder", clock: Callable[[], int], done: Callable[[], None]) -> None:
        self._recorder, self._clock, self._done = recorder, clock, done
        self._heard: list[Callable[[], None]] = []

    def take(self, at_ns: int, by: By, data: bytes) -> None:
        """Keep what one side has sent."""
        heard_ns = at_ns if by is By.HOST else max(at_ns, self._clock())
        self._heard.append(lambda: self._recorder.take(heard_ns, by, data))

    def note(
        self, at_ns: int, what: str, frame: bytes = b"", told: Mapping[str, Any] | None = None, ended: bool = False
    ) -> None:
        """Keep what happened."""
        self._heard.append(lambda: self._recorder.note(at_ns, what, frame, told, ended))

    def write(self) -> None:
        """Write all of it down."""
        heard, self._heard = self._heard, []
        for say in heard:
            say()
        self._recorder.pass_time(self._clock())

    def close(self) -> None:
        """Write the rest."""
        self.write()
        self._recorder.close()
        self._done()


class Recorder:
    """Listens to one wire. ``keep``: takes each entry as soon as it is over; ``hide``: whether identifiers are replaced.

    Counts pieces, bytes and faults of each direction as it goes.
    """

    def __init__(self, language: Language, keep: Callable[[Entry], None], hide: bool = True) -> None:
        self._splitter, self._reader = Splitter(language.framing), language.reader(hide)
        self._apart = language.reader(hide)
        self._keep = keep
        self.pieces, self.bytes, self.faults = dict.fromkeys(By, 0), dict.fromkeys(By, 0), 0

    def take(self, at_ns: int, by: By, data: bytes) -> None:
        """Take in what one side has sent."""
        self.bytes[by] += len(data)
        self._write(self._splitter.take(at_ns, by, data))

    def pass_time(self, now_ns: int) -> None:
        """Write what a pause has ended."""
        self._write(self._splitter.expire(now_ns))

    @property
    def due_ns(self) -> int | None:
        """When ``pass_time`` is wanted."""
        return self._splitter.due_ns

    def note(
        self, at_ns: int, what: str, frame: bytes = b"", told: Mapping[str, Any] | None = None, ended: bool = False
    ) -> None:
        """Write down something that is not itself on the wire. ``frame``: one of the pump's that it happened to."""
        self.faults += told is None
        meant = self._apart.read(By.PUMP, frame).data if frame else b""
        self._keep(Happening(at_ns=at_ns, happened=what, bytes=text_of(meant), told=told, ended=ended))

    def close(self) -> None:
        """Write what still waits."""
        self._write(self._splitter.rest())

    def _write(self, cuts: list[Cut]) -> None:
        for cut in cuts:
            reading = self._reader.read(cut.by, cut.data)
            self.pieces[cut.by] += 1
            self.faults += bool(reading.fault)
            self._keep(
                Piece(
                    at_ns=cut.at_ns,
                    by=cut.by,
                    bytes=text_of(reading.data),
                    took_ns=cut.until_ns - cut.at_ns,
                    says=reading.says,
                    alarm=reading.alarm,
                    fault=reading.fault,
                )
            )
