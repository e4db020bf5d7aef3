"""The Fresenius Orchestra rack as its host knows it: a base, up to 8 syringe modules, sessions, and who is in control.

Sessions, the keep-alive that the pump begins, and values that it sends by itself; the commands are in ``fresenius_commands``.
Source: infupy, and what it was seen to say and to be told; what that leaves open stands in FRESENIUS.
"""

from collections.abc import Iterator, Mapping, Sequence

from firmware_bridge.protocols._bedside import Bedside
from firmware_bridge.protocols.fresenius_commands import (
    BASE,
    BASE_VALUES,
    MODULE,
    SETTINGS,
    VALUES,
    Answer,
    Rack,
    Station,
    Watched,
)
from firmware_bridge.protocols.fresenius_link import ACK, ENQ, Fault, Reader, Sign, Text, Unanswered, frame, nak
from firmware_bridge.protocols.fresenius_words import NAME, Refusal
from firmware_bridge.virtual_pump.dialect import Dialect, Options, not_among
from firmware_bridge.virtual_pump.world import PumpPort
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.inputs import DeviceEvent, DeviceEventKind

MS_NS = 1_000_000
OPTIONS = {
    "keepalive_ms": "1000",
    "missed": "3",
    "on_loss": "continue",
    "ack_ms": "1000",
    "spontaneous_ms": "500",
    "rate_starts": "yes",
    "standalone": "no",
    "base": "BASEA",
    "module": "DPS",
}
WORDS = {"on_loss": ("continue", "stop"), "rate_starts": ("yes", "no"), "standalone": ("no", "yes")}
COUNTS = ("keepalive_ms", "missed", "ack_ms", "spontaneous_ms")


class Orchestra:
    """Base and modules on one line. Raises ValueError for options, or addresses, that cannot be."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options) -> None:
        more = {**OPTIONS, **options.more}
        self.alone = more["standalone"] == "yes"
        if faults := option_faults(more, tuple(pumps)):
            raise ValueError("; ".join(faults))
        self.more, self._speaks = more, options.spontaneous
        self.base = Station("0")
        self.modules = {
            "" if self.alone else str(address): Station("" if self.alone else str(address), Bedside(port))
            for address, port in sorted(pumps.items())
        }
        for station in self.modules.values():
            station.power_on = station.module.port.power_ons
        self.rack = Rack(self.base, self.modules, more)
        self._reader, self._unanswered = Reader(), Unanswered(int(more["ack_ms"]) * MS_NS)
        self._ask_ns, self._missed, self._keepalive_ns = 0, 0, int(more["keepalive_ms"]) * MS_NS

    def take(self, link_ns: int, data: bytes) -> Sequence[bytes]:
        """Answer what is complete by now. ``pass_time`` comes before and after."""
        sent: list[bytes] = []
        for heard in self._reader.take(data):
            if isinstance(heard, Fault):
                sent.append(nak(heard))
            elif isinstance(heard, Sign):
                self._hear_host(link_ns)
                sent.append(self._unanswered.hear(link_ns, heard))
            else:
                sent += self._take_text(link_ns, heard)
        return sent

    def pass_time(self, link_ns: int) -> Sequence[bytes]:
        """Take note of hands and of power at the modules; ask whether the host is there; tell what has changed."""
        for station in self.modules.values():
            self._look_after(station)
        sent = [self._unanswered.expire(link_ns)]
        if self._in_session and link_ns >= self._ask_ns:
            sent += self._ask_host(link_ns)
        for station, watched in self._watched():
            if self._unanswered.due_ns is None and link_ns >= watched.look_ns:
                watched.look_ns = link_ns + int(self.more["spontaneous_ms"]) * MS_NS
                sent += self._told(link_ns, station, watched)
        return sent

    @property
    def wake_ns(self) -> int | None:
        """When the host is to be asked, has not acknowledged in time, or values are to be looked at."""
        due = [self._ask_ns] if self._in_session else []
        if self._unanswered.due_ns is not None:
            due.append(self._unanswered.due_ns)
        else:
            due += [watched.look_ns for _, watched in self._watched()]
        return min(due, default=None)

    @property
    def _in_session(self) -> bool:
        return self.base.open or (self.alone and any(station.open for station in self.modules.values()))

    def _watched(self) -> Iterator[tuple[Station, Watched]]:
        for station in (self.base, *self.modules.values()) if self._speaks else ():
            if station.open:
                yield from ((station, watched) for watched in (station.values, station.adjusted) if watched.letters)

    def _told(self, link_ns: int, station: Station, watched: Watched) -> list[bytes]:
        read = VALUES if watched.kind == "E" else SETTINGS
        of = BASE_VALUES if station.bed is None else read
        now = {letter: of[letter](self.rack, station) for letter in watched.letters}
        new = [f"{letter}{value}" for letter, value in now.items() if watched.told.get(letter) != value]
        watched.told = now
        return [self._send(link_ns, f"{station.address}{watched.kind};{';'.join(new)}")] if new else []

    def _send(self, link_ns: int, text: str) -> bytes:
        return self._unanswered.send(link_ns, frame(text))

    def _hear_host(self, link_ns: int) -> None:
        self._missed, self._ask_ns = 0, link_ns + self._keepalive_ns

    def _ask_host(self, link_ns: int) -> list[bytes]:
        """Ask once more, or take the host for lost."""
        if self._missed >= int(self.more["missed"]):
            self._lose_host()
            return []
        self._missed, self._ask_ns = self._missed + 1, link_ns + self._keepalive_ns
        return [bytes([ENQ])]

    def _lose_host(self) -> None:
        """End every session; the pumps that the host had in hand alarm, and go on or stop."""
        stop = self.more["on_loss"] == "stop"
        for station in self.modules.values():
            if station.pc:
                row = next(row for row in station.module.port.model.alarms if row.id is AlarmId.COMMUNICATION_LOST)
                if stop or not row.effect.stops:
                    station.lost = True
                    station.module.port.do(DeviceEvent(DeviceEventKind.COMMUNICATION_LOST, "the host does not answer"))
                if stop:
                    station.module.hold()
            station.close()
        self.base.close()
        self._unanswered.clear()

    def _look_after(self, station: Station) -> None:
        bed = station.module
        station.off = bed.look().off
        if station.off or bed.port.power_ons != station.power_on:
            station.power_on = bed.port.power_ons
            station.close()
        if bed.is_touched():
            station.pc = False
            self._restore(station)

    def _restore(self, station: Station) -> None:
        """The host is back, or somebody at the pump has taken over."""
        if station.lost:
            station.lost = False
            station.module.port.do(DeviceEvent(DeviceEventKind.COMMUNICATION_RESTORED))

    def _take_text(self, link_ns: int, heard: Text) -> list[bytes]:
        address, text = ("", heard.text) if self.alone else (heard.text[:1], heard.text[1:])
        if (heard.text[0] not in "012345678") is not self.alone:
            return [nak(Fault.ADDRESS)]
        self._hear_host(link_ns)
        if text in ("E", "M"):
            return [bytes([ACK])]
        answer = self._answer(address, *text.split(";"))
        if isinstance(answer, Refusal):
            return [bytes([ACK]), self._send(link_ns, f"{address}I;{answer.value}")]
        return [bytes([ACK]), self._send(link_ns, f"{address}C;{answer}" if answer else f"{address}C")]

    def _answer(self, address: str, name: str, *values: str) -> Answer:
        station = self.base if address == "0" else self.modules.get(address)
        if name == "DC":
            return Refusal.SYNTAX if values else self._open(station)
        if station is None or not station.open:
            return Refusal.BASE_CLOSED if station is self.base else Refusal.MODULE_CLOSED
        command = (BASE if station is self.base else MODULE).get(name)
        if command is None:
            return Refusal.UNKNOWN
        if command.pc and not station.pc:
            return Refusal.MODE
        if len(values) not in command.values:
            return Refusal.SYNTAX
        return command.do(self.rack, station, *values)

    def _open(self, station: Station | None) -> Answer:
        if station is not self.base:
            if not self.base.open and not self.alone:
                return Refusal.BASE_CLOSED
            if station is None or station.off:
                return Refusal.UNREACHABLE
            self._restore(station)
        station.open = True
        return ""


def option_faults(more: Mapping[str, str], addresses: Sequence[int]) -> list[str]:
    """Say what is wrong with options and addresses; empty when nothing is."""
    faults = [f"fresenius has no option {name!r}; known: {', '.join(OPTIONS)}" for name in more if name not in OPTIONS]
    faults += not_among(more, WORDS)
    faults += [
        f"{name} = {more[name]!r}: it is a whole number above 0"
        for name in COUNTS
        if not (more[name].isascii() and more[name].isdigit() and int(more[name]))
    ]
    faults += [
        f"{name} = {more[name]!r}: it has 1 to 20 printable characters and no semicolon"
        for name in ("base", "module")
        if not NAME.fullmatch(more[name])
    ]
    if any(address not in FRESENIUS.addresses for address in addresses) or not addresses:
        faults.append(f"modules have addresses 1 to 8, not {', '.join(map(str, addresses)) or 'none'}")
    if more["standalone"] == "yes" and len(addresses) > 1:
        faults.append(f"a pump that stands alone has a line of its own: {len(addresses)} pumps on one")
    return faults


FRESENIUS = Dialect(
    name="fresenius",
    title="Fresenius Orchestra: a base and up to 8 syringe modules on one line",
    baud=19_200,
    framing="7E1",
    model="orchestra-module",
    addresses=range(1, 9),
    talk=Orchestra,
    options=OPTIONS,
    assumptions=(
        "A pseudo-terminal shows neither parity nor the seventh bit: 7E1 is not checked; a byte above 7E within a frame is a"
        " bad character.",
        "The pump asks by ENQ after keepalive_ms without a frame, ACK, NAK or DC4 of the host, while a session is open; after"
        " `missed` questions without an answer the host is lost.",
        "A lost host ends all sessions and gives every module back to its keys. Modules that it controlled alarm and go on at"
        " their last rate, with on_loss=stop they stop. A pump whose communication alarm stops it does not alarm when it goes"
        " on. The alarm is over with a new session, or when somebody touches the pump.",
        "A frame that is not acknowledged within ack_ms is given up with NAK 5; one that is answered by NAK is sent 3 times at"
        " most. A value is told of by itself only when nothing waits for an ACK. The pump never says NAK 6 (not ready).",
        "Address and text of a frame have 80 characters at most. A module that is not there has no session to be asked for:"
        " DC is refused with 0E, all else with 1E.",
        "PR with a rate sets it and infuses (rate_starts=no: sets it only), without one it infuses at the rate that is set.",
        "PB takes a volume in 6 hex digits of 0.001 mL; PV too, 0 for none, and what follows is the pump's own rule; PF is"
        " refused with 16; PP and PS are unknown commands; LF knows the letter b only.",
        "PR, PO, PB, PF, PV, RZ and OF take PC control; RZ and OF a pump that stands; both end the session.",
        "MO at the base is for every module with a session; FC at the base is refused with 1F while a module is in PC control.",
        "Digits: d, k 4; r, s 6; a, e, i, b 2; m 1. k is the pump's bolus rate, s the volume of the last bolus that was asked"
        " for over the line. The letters of LM, DM and of spontaneous adjustments: d, the rate that is set.",
        "The numbers of alarms and errors are ours, in the order of our conditions.",
        "Changed values are sent once in spontaneous_ms at most, all of one kind in one frame, and all of them at first.",
        "A key at a module gives it back to manual control; its session stays open.",
        "Drug and identifier are 1 to 20 characters that the module keeps for the host; AP without a drug is refused with 25.",
    ),
)
