"""New Era NE-1000 family, Basic and Safe mode: one line with up to a hundred pumps on it, and the row that a user chooses.

A command begins with the address of the pump that it is for, none for pump 0; ``*`` is for every pump; a burst has a command
for several, which answer at once. Source: New Era NE-1000 user manual 1200-01, 10.1 to 10.4.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from firmware_bridge.protocols._new_era_frames import Packet, Receiver
from firmware_bridge.protocols._new_era_unit import FACTORY_BAUD, VERSION, Unit
from firmware_bridge.virtual_pump.dialect import Dialect, Options
from firmware_bridge.virtual_pump.world import PumpPort

_ADDRESSED = re.compile(r"(?P<address>[0-9]{0,2})(?P<command>.*)", re.DOTALL)
_BURST = re.compile(r"(?:[0-9][^*]*\*)+")
_OF_A_BURST = re.compile(r"(?P<address>[0-9])(?P<command>[^*]*)\*")


class Line:
    """The pumps of one line, as a talker."""

    def __init__(self, pumps: Mapping[int, PumpPort], options: Options) -> None:
        self.units = [Unit(address, port, options) for address, port in pumps.items()]
        self._receiver = Receiver()

    def take(self, link_ns: int, data: bytes) -> Sequence[bytes]:
        """Answer every packet that is whole; a pump without power hears nothing."""
        frames: list[bytes] = []
        for packet in self._receiver.take(link_ns, data):
            if answers := self._answers(link_ns, packet):
                frames.append(b"".join(answers))
        return frames

    def pass_time(self, link_ns: int) -> Sequence[bytes]:
        """Follow the pumps; alarms that are sent unasked. What a pump had of a packet goes with its power."""
        if all(unit.port.off for unit in self.units):
            self._receiver = Receiver()
        return [frame for unit in self.units for frame in unit.follow(link_ns)]

    @property
    def wake_ns(self) -> int | None:
        """The next time-out of a pump in Safe mode; pauses of programs run on pump time."""
        return min((unit.deadline_ns for unit in self.units if unit.deadline_ns is not None), default=None)

    def _answers(self, link_ns: int, packet: Packet) -> list[bytes]:
        """Of all the pumps that a packet is for, which answer at once. Whom a broken packet was for is not sure: one that is
        alone takes it."""
        answers: list[bytes] = []
        broken_for_one = not packet.sound and len(self.units) == 1
        for address, text in _orders(packet.text):
            for unit in self.units:
                meant = address is None or address == unit.address or broken_for_one
                if meant and (text.startswith("*") or not unit.paired) and not unit.port.off:
                    answers.append(unit.answer(link_ns, packet, text))
        return answers


@lru_cache(maxsize=256)
def _orders(text: str) -> tuple[tuple[int | None, str], ...]:
    """What a packet says to which pumps; address None for all of them. Hosts ask the same again and again."""
    if text.startswith("*"):
        return ((None, text),)
    if _BURST.fullmatch(text):
        return tuple((int(found["address"]), found["command"]) for found in _OF_A_BURST.finditer(text))
    found = _ADDRESSED.fullmatch(text)
    assert found is not None
    return ((int(found["address"] or "0"), found["command"]),)


MISSING = (
    "?IGN is never said: a command and the begin of a phase are one after the other. Two pumps paired by DUAL or RECP do not "
    "follow each other. Beeps and the key lock are kept and do nothing.",
)
ASSUMPTIONS = (
    *MISSING,
    "The diameter from the factory is that of the syringe that is there (option diameter). Another one scales rates and "
    "volumes by the ratio of the areas; setting it cancels a pause, and sets the volume unit that goes with it.",
    "From the factory phase 1 is RAT at 1 mL/min without a volume, all others are STP.",
    "An argument that is no number, has too many digits or lies outside is ?OOR; a word that is none is ?.",
    "Any whole packet for a pump counts as valid command for its pending alarm, an unknown command too.",
    "A newer alarm takes the place of one that is pending.",
    "A packet with a wrong CRC is answered ?COM by the pump that is alone on the line; of several by the one whose address it "
    "seems to have.",
    "Only Safe packets restart the time-out of Safe mode; Basic commands are carried out in Safe mode and answered in Safe "
    "packets. Setting a time-out starts it with that packet.",
    "Whatever keeps the motor from turning (force, an empty syringe, a fault, an interlock) is told as alarm S; the program is "
    " at its end then. RUN against what still stands is answered by alarm S at once, without a step of the motor.",
    "Alarm O: a phase beyond 41, a label that is not there, a rate that the diameter does not allow. Alarm E: a program that "
    "goes in a circle without taking time, or cannot be carried out.",
    "LOP nn repeats from the last open LPS, or from phase 1, until it was passed nn times; LPE does so without end.",
    "PRI waits with status U; RUN nn goes on at the label PRL nn, RUN alone with the next phase. PAS 0 waits for RUN or the "
    "operational trigger.",
    "IF jumps when pin 6 is low. EVN jumps once, when pin 4 falls; EVS on every edge until EVR. Inputs are high when nothing "
    "drives them. FUN TRGaa holds until the program ends, FUN TRG alone brings the setting back.",
    "PUR counts as infused. Volumes count from 0 after power was lost; with PF 1 a program that ran begins at phase 1, and "
    "alarm R is pending all the same.",
    "Of several pumps that are told *ADR all take the address; a query of it is answered with the plain number.",
    "STK of the first phase infuses. DIR turns a pump round at once that runs without a volume. FIL draws back what was "
    "infused and not withdrawn, at the rate that ran last. A plunger that is drawn out of its barrel draws no more, unseen.",
    "Behind a pump that does not withdraw, RUN and PUR of WDR and REV are answered ?NA, a later phase that withdraws, and FIL "
    "when anything was infused, end the program with alarm E.",
    "Any other pump may stand behind it: it never keeps open then, its first line is the one that pumps, alarms that stop it "
    "are alarm S, and a rate that it cannot run is ?NA.",
)

NEW_ERA = Dialect(
    name="new-era",
    title="New Era NE-1000 family: Basic and Safe mode, several pumps on a line, programs of phases",
    baud=FACTORY_BAUD,
    framing="8N1",
    model="ne-1000",
    addresses=range(100),
    talk=Line,
    assumptions=ASSUMPTIONS,
    options={"version": VERSION, "diameter": "", "safe": "0"},
)
