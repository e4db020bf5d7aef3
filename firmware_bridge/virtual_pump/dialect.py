"""What every dialect is to the engine: frames in, frames out, and when it wants to be called again; all on link time.

A dialect is a file of tables and few functions in ``protocols``. It sees pumps through ``PumpPort`` only: it may look, and do
what an operator may. Byte gaps, keep-alives and watchdogs run on link time; whatever a reply says of an infusion comes from
the pump, and so from pump time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from firmware_bridge.virtual_pump.world import PumpPort


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may set of any dialect; a dialect says which words of ``more`` it knows, with their defaults.

    ``spontaneous``: whether alarms are sent unasked; ``power_up_alarm``: whether the pump says that its power was gone.
    """

    spontaneous: bool = True
    power_up_alarm: bool = True
    more: Mapping[str, str] = field(default_factory=dict)


def not_among(more: Mapping[str, str], words: Mapping[str, Sequence[str]]) -> list[str]:
    """Say which options are none of the words that they may be."""
    wrong = [(name, known) for name, known in words.items() if more.get(name, known[0]) not in known]
    return [f"{name} = {more[name]!r}: it is one of {', '.join(known)}" for name, known in wrong]


class Talker(Protocol):
    """A dialect at work on one port."""

    def take(self, link_ns: int, data: bytes) -> Sequence[bytes]:
        """Take in bytes that arrived by now, cut anywhere; the frames to send, in order. Never raises.

        ``pass_time`` comes after it; before it only where anything has happened since, or ``wake_ns`` said so.
        """

    def pass_time(self, link_ns: int) -> Sequence[bytes]:
        """Send what is due: keep-alives, watchdogs that have run out, what a pump says unasked. Called after every step."""

    @property
    def wake_ns(self) -> int | None:
        """When ``pass_time`` is wanted next, on link time; None: only after something happened."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """A protocol as a user chooses it: its name, what it is for, the line that it is spoken on.

    ``model``: the pump that it is of, when none is named. ``talk``: makes one at work, of its pumps by address.
    ``assumptions``: what nothing public says, in sentences for the docs.
    """

    name: str
    title: str
    baud: int
    framing: str
    model: str
    addresses: range
    talk: Callable[[Mapping[int, PumpPort], Options], Talker]
    assumptions: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
