"""The host's side of the native protocol, pure: one question at a time, retries, heartbeat, and the honest "uncertain".

It turns bytes and time into events and bytes. It never moves anything by itself: attaching means HELLO, STOP, POLL, and
a command is asked only because the caller gave it. The newest command supersedes an unanswered one, which is safe
because every command is complete and carries absolute counts. A reply whose number is not that of the question under
way belongs to an earlier one and is dropped.
"""

from dataclasses import dataclass

from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.protocols import native
from firmware_bridge.protocols.native import (
    Ack,
    Cause,
    Command,
    Heartbeat,
    Hello,
    Identity,
    Move,
    Poll,
    Question,
    Reason,
    Refused,
    Report,
    State,
    Stop,
    Telemetry,
)

MS_NS = 1_000_000
NEVER_NS = 2**63


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient the host is, all in ns.

    ``reply_ns``: time for a reply before the question is asked again. ``lost_ns``: time without any fitting reply after
    which the link counts as lost; with the defaults five tries in 0.8 s, well inside the device's watchdog. Before the
    device is attached there is nothing to lose: the same question is repeated, so that a slow answer to it fits.
    ``poll_moving_ns``, ``poll_ns``: spacing of polls while a line moves, and otherwise; ``poll_ns`` 0: no polls, the
    caller relies on unasked telemetry and the heartbeat.
    """

    reply_ns: int = 160 * MS_NS
    lost_ns: int = 800 * MS_NS
    poll_moving_ns: int = 20 * MS_NS
    poll_ns: int = 50 * MS_NS


DEFAULT_TIMING = Timing()


@dataclass(frozen=True, slots=True)
class Attached:
    """The device has said who it is and stands still; telemetry follows."""

    identity: Identity


@dataclass(frozen=True, slots=True)
class Heard:
    """Telemetry came; ``asked_at_ns``: when it was asked for (None: unasked)."""

    telemetry: Telemetry
    asked_at_ns: int | None


@dataclass(frozen=True, slots=True)
class Carried:
    """The device has carried a command out."""

    command: Command


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A command was not answered in time: whether the device has carried it out is not known. It is asked again."""

    command: Command


@dataclass(frozen=True, slots=True)
class Declined:
    """The device refused a question."""

    question: Question
    reason: Reason


@dataclass(frozen=True, slots=True)
class Lost:
    """The device does not answer any more; the session tries to attach again and sends nothing else."""

    detail: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The device has lost its power-on or its session; the session attaches again."""

    detail: str


Event = Attached | Heard | Carried | Uncertain | Declined | Lost | Restarted


@dataclass(frozen=True, slots=True)
class LinkDown:
    """What a transport says in place of bytes when the port is gone."""

    detail: str


@dataclass(frozen=True, slots=True)
class SessionStep:
    """What to send, what happened, and when to call again."""

    data_out: bytes
    events: tuple[Event, ...]
    wake_at_ns: int


@dataclass(slots=True)
class Counts:
    """What the wire did to us."""

    asked: int = 0
    repeated: int = 0
    late_answers: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class _Asked:
    """The question under way."""

    seq: int
    question: Question
    frame: bytes
    first_ns: int
    sent_ns: int
    uncertain: bool = False


class Session:
    """A conversation with one device. ``number`` must not have been used with it before."""

    def __init__(self, number: int, timing: Timing = DEFAULT_TIMING) -> None:
        self.counts = Counts()
        self.decoder = FrameDecoder()
        self._number = number & 0xFFFFFFFF
        self._timing = timing
        self._seq = number & 0xFFFF
        self._sent_ns = 0
        self._polled_ns = 0
        self._hold_until_ns = 0
        self._events: list[Event] = []
        self._out = bytearray()
        self._detach()

    @property
    def attached(self) -> bool:
        """Whether the device has answered HELLO, STOP and POLL and has not been lost since."""
        return self._attached

    def step(self, now_ns: int, data: bytes | LinkDown = b"", command: Command | Report | None = None) -> SessionStep:
        """Take in what arrived, then ask what is due; ``command`` goes first, and nowhere while not attached."""
        self._events, self._out = [], bytearray()
        if isinstance(data, LinkDown):
            self.decoder.reset()
            self._lose(data.detail)
        else:
            for payload in self.decoder.feed(now_ns, data):
                self._hear(now_ns, payload)
        self._look_at_clock(now_ns)
        if command is not None and self._attached:
            self._ask(now_ns, command)
        if self._asked is None and now_ns >= self._hold_until_ns:
            question = self._next_question(now_ns)
            if question is not None:
                self._ask(now_ns, question)
        return SessionStep(bytes(self._out), tuple(self._events), self._wake_at_ns())

    def _detach(self) -> None:
        self._attached = False
        self._identity: Identity | None = None
        self._stopped = False
        self._moving = False
        self._applied_seq = 0
        self._asked: _Asked | None = None
        self._unanswered_since_ns: int | None = None

    def _lose(self, detail: str) -> None:
        if self._attached:
            self._events.append(Lost(detail))
        self._detach()

    def _restart(self, detail: str) -> None:
        if self._attached:
            self._events.append(Restarted(detail))
        self._detach()

    # Asking

    def _ask(self, now_ns: int, question: Question) -> None:
        self._seq = (self._seq + 1) & 0xFFFF
        frame = encode_frame(native.encode(self._seq, question))
        self._asked = _Asked(self._seq, question, frame, now_ns, now_ns)
        self.counts.asked += 1
        if self._unanswered_since_ns is None:
            self._unanswered_since_ns = now_ns
        if isinstance(question, Move | Stop):
            self._moving = isinstance(question, Move)
        if isinstance(question, Poll):
            self._polled_ns = now_ns
        self._send(now_ns, frame)

    def _send(self, now_ns: int, frame: bytes) -> None:
        self._out += frame
        self._sent_ns = now_ns

    def _next_question(self, now_ns: int) -> Question | None:
        if self._identity is None:
            return Hello(native.VERSION, self._number)
        if not self._stopped:
            return Stop()
        if not self._attached or now_ns >= self._poll_at_ns():
            return Poll()
        return Heartbeat() if now_ns >= self._heartbeat_at_ns() else None

    def _poll_at_ns(self) -> int:
        if not self._timing.poll_ns:
            return NEVER_NS
        return self._polled_ns + (self._timing.poll_moving_ns if self._moving else self._timing.poll_ns)

    def _heartbeat_at_ns(self) -> int:
        assert self._identity is not None
        return self._sent_ns + self._identity.watchdog_ms * MS_NS // 3

    def _look_at_clock(self, now_ns: int) -> None:
        """Ask again, or give up."""
        asked, since_ns = self._asked, self._unanswered_since_ns
        if asked is None or since_ns is None:
            return
        if self._attached and now_ns - since_ns >= self._timing.lost_ns:
            self._lose(f"no answer for {(now_ns - since_ns) / 1e9:.2f} s")
        elif now_ns - asked.sent_ns >= self._timing.reply_ns:
            if isinstance(asked.question, Move | Stop) and not asked.uncertain and self._attached:
                self._events.append(Uncertain(asked.question))
                asked.uncertain = True
            asked.sent_ns = now_ns
            self.counts.repeated += 1
            self._send(now_ns, asked.frame)

    def _wake_at_ns(self) -> int:
        if self._asked is not None and self._unanswered_since_ns is not None:
            again_ns = self._asked.sent_ns + self._timing.reply_ns
            return min(again_ns, self._unanswered_since_ns + self._timing.lost_ns) if self._attached else again_ns
        if not self._attached:
            return self._hold_until_ns
        return min(self._poll_at_ns(), self._heartbeat_at_ns())

    # Hearing

    def _hear(self, now_ns: int, payload: bytes) -> None:
        given = native.decode(payload)
        if isinstance(given, native.Unreadable):
            self.counts.unreadable += 1
            return
        message = given.message
        if isinstance(message, Telemetry) and message.cause is not Cause.ASKED:
            if self._attached:
                self._take(message, None)
            return
        asked = self._asked
        if asked is None or given.seq != asked.seq or not _fits(asked.question, message):
            self.counts.late_answers += 1
            return
        self._asked, self._unanswered_since_ns = None, None
        match message:
            case Identity():
                self._identity = message
            case Ack():
                self._carried(asked)
            case Telemetry():
                self._take(message, asked.first_ns)
            case Refused():
                self._refused(now_ns, asked.question, message.reason)
            case _:
                pass

    def _carried(self, asked: _Asked) -> None:
        if isinstance(asked.question, Move | Stop):
            self._applied_seq = asked.seq
            self._stopped = True
            if self._attached:
                self._events.append(Carried(asked.question))

    def _take(self, telemetry: Telemetry, asked_at_ns: int | None) -> None:
        """Believe telemetry only of the power-on and the command that we know of."""
        assert self._identity is not None
        if telemetry.epoch != self._identity.epoch or telemetry.state is State.LOCKED:
            self._restart(f"power-on {telemetry.epoch} in place of {self._identity.epoch}")
        elif asked_at_ns is not None and telemetry.applied_seq != self._applied_seq:
            self._restart(f"it carries out command {telemetry.applied_seq} in place of {self._applied_seq}")
        else:
            if not self._attached:
                self._attached = True
                self._events.append(Attached(self._identity))
            self._events.append(Heard(telemetry, asked_at_ns))

    def _refused(self, now_ns: int, question: Question, reason: Reason) -> None:
        if reason in (Reason.NO_SESSION, Reason.WRONG_EPOCH, Reason.STALE):
            self._restart(f"it refuses: {reason.name}")
        else:
            self._events.append(Declined(question, reason))
        if not self._attached:
            self._detach()
            self._hold_until_ns = now_ns + self._timing.lost_ns


def _fits(question: Question, message: native.Message) -> bool:
    """Whether this is a kind of answer to that question."""
    if isinstance(question, Hello):
        return isinstance(message, Identity | Refused)
    if isinstance(question, Poll):
        return isinstance(message, Telemetry | Refused)
    return isinstance(message, Ack | Refused)
