"""The host's session against a scripted device: retry, time-outs, uncertain, late and foreign answers."""

from dataclasses import dataclass, field

import pytest

from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.protocols import native
from firmware_bridge.protocols.native import (
    Ack,
    Cause,
    Envelope,
    Heartbeat,
    Hello,
    Identity,
    Message,
    Move,
    MoveLine,
    Poll,
    Reason,
    Refused,
    Report,
    State,
    Stop,
    Telemetry,
    TelemetryLine,
)
from firmware_bridge.session import (
    DEFAULT_TIMING,
    Attached,
    Carried,
    Declined,
    Event,
    Heard,
    LinkDown,
    Lost,
    Restarted,
    Session,
    Timing,
    Uncertain,
)

MS = 1_000_000
SECOND = 1_000 * MS
MOVE = Move(1, (MoveLine(1_000_000, False, 0),))
IDENTITY = Identity(1, 1, State.LOCKED, 2_000, 100_000_000, 999_000_000, 1, "model", "firmware")


def telemetry(applied_seq: int, **changes: object) -> Telemetry:
    values = {"epoch": 1, "uptime_us": 0, "cause": Cause.ASKED, "state": State.READY, "distal_pa": 0}
    values |= {"lines": (TelemetryLine(0, 0, False, False),), "applied_seq": applied_seq}
    return Telemetry(**(values | changes))  # type: ignore[arg-type]


@dataclass
class Host:
    """A session whose device is the test."""

    timing: Timing = DEFAULT_TIMING
    now_ns: int = 0
    events: list[Event] = field(default_factory=list)
    asked: list[Envelope] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = Session(7 << 16, self.timing)
        self._decoder = FrameDecoder()

    def step(self, data: bytes | LinkDown = b"", command: Move | Stop | Report | None = None) -> list[Envelope]:
        """What the host asks now."""
        step = self.session.step(self.now_ns, data, command)
        self.events += step.events
        self.wake_at_ns = step.wake_at_ns
        said = [native.decode(payload) for payload in self._decoder.feed(self.now_ns, step.data_out)]
        self.asked += said
        return said

    def answer(self, message: Message, seq: int | None = None) -> list[Envelope]:
        return self.step(encode_frame(native.encode(self.asked[-1].seq if seq is None else seq, message)))

    def at(self, now_ns: int) -> "Host":
        self.now_ns = now_ns
        return self

    def wait(self) -> list[Envelope]:
        """Sleep until the session wants to be called."""
        self.now_ns = max(self.now_ns, self.wake_at_ns)
        return self.step()

    def attach(self) -> "Host":
        self.step()
        self.answer(IDENTITY)
        self.answer(Ack(0x05, State.READY))
        self.answer(telemetry(self.asked[-1].seq - 1))
        return self


def test_attaching_is_hello_stop_poll() -> None:
    host = Host().attach()
    assert [e.message for e in host.asked] == [Hello(1, 7 << 16), Stop(), Poll()]
    assert [e.seq for e in host.asked] == [1, 2, 3]
    assert host.events == [Attached(IDENTITY), Heard(telemetry(2), 0)]


def test_device_that_answers_late_is_attached_all_the_same() -> None:
    """Twice as late as what is a loss later: on a busy machine neither end is called in time."""
    host = Host()
    host.step()
    for answer in (lambda: IDENTITY, lambda: Ack(0x05, State.READY), lambda: telemetry(host.asked[-1].seq - 1)):
        until_ns = host.now_ns + 1_600 * MS
        while host.wake_at_ns < until_ns:
            host.wait()
        host.at(until_ns).answer(answer())
    assert Attached(IDENTITY) in host.events
    assert [(e.seq, type(e.message)) for e in host.asked if e.seq < 4] == [(1, Hello)] * 10 + [(2, Stop)] * 10 + [
        (3, Poll)
    ] * 10


def test_polls_come_at_their_spacing_and_faster_while_moving() -> None:
    host = Host().attach()
    assert host.wake_at_ns == 50 * MS
    assert [e.message for e in host.wait()] == [Poll()]
    host.answer(telemetry(2))
    host.step(command=MOVE)
    host.answer(Ack(0x04, State.MOVING))
    assert host.wake_at_ns == 70 * MS


def test_heartbeat_comes_at_a_third_of_the_watchdog_when_nothing_else_is_said() -> None:
    host = Host(Timing(poll_ns=0)).attach()
    assert host.wake_at_ns == 2 * SECOND // 3
    assert [e.message for e in host.wait()] == [Heartbeat()]
    host.answer(Ack(0x02, State.READY))
    assert host.wake_at_ns == 2 * (2 * SECOND // 3)


def test_unanswered_question_is_asked_again_with_its_number_then_lost() -> None:
    host = Host().attach()
    host.at(50 * MS).step(command=MOVE)
    times = []
    for _ in range(5):
        host.wait()
        times.append((host.now_ns - 50 * MS) // MS)
    assert times == [160, 320, 480, 640, 800]
    moves = [e for e in host.asked if e.message == MOVE]
    assert len(moves) == 5
    assert len({e.seq for e in moves}) == 1
    assert host.events[-2:] == [Uncertain(MOVE), Lost("no answer for 0.80 s")]


@pytest.mark.parametrize("offset_ns", [-1, 0])
def test_answer_at_the_limit(offset_ns: int) -> None:
    host = Host().attach()
    host.at(50 * MS).step(command=MOVE)
    host.at(50 * MS + 800 * MS + offset_ns)
    host.answer(Ack(0x04, State.MOVING))  # heard before the clock is looked at, however late the host is
    assert Carried(MOVE) in host.events
    assert not [e for e in host.events if isinstance(e, Lost)]


def test_after_a_loss_only_hello_is_asked() -> None:
    host = Host().attach()
    host.step(LinkDown("unplugged"))
    assert host.events[-1] == Lost("unplugged")
    before = len(host.asked)
    for _ in range(20):
        host.wait()
    assert {type(e.message) for e in host.asked[before:]} == {Hello}
    assert host.step(command=MOVE) == []  # a command given while not attached goes nowhere, then and later
    assert MOVE not in [e.message for e in host.attach().asked]


def test_answer_to_an_earlier_question_is_dropped() -> None:
    host = Host().attach()
    host.wait()
    late = host.asked[-1].seq
    host.step(command=MOVE)
    events = list(host.events)
    host.answer(telemetry(2), seq=late)
    assert host.events == events
    assert host.session.counts.late_answers == 1
    host.answer(Ack(0x04, State.MOVING))
    assert host.events[-1] == Carried(MOVE)


def test_answer_of_the_wrong_kind_is_dropped() -> None:
    host = Host().attach()
    host.wait()
    host.answer(Ack(0x03, State.READY))
    assert host.session.counts.late_answers == 1


def test_newer_command_supersedes_an_unanswered_one() -> None:
    host = Host().attach()
    host.step(command=MOVE)
    first = host.asked[-1].seq
    assert [e.message for e in host.step(command=Stop())] == [Stop()]
    host.answer(Ack(0x04, State.MOVING), seq=first)
    host.answer(Ack(0x05, State.READY))
    assert [e for e in host.events if isinstance(e, Carried)] == [Carried(Stop())]


def test_unasked_telemetry_is_heard() -> None:
    host = Host().attach()
    notice = telemetry(2, cause=Cause.CHANGE)
    host.answer(notice, seq=999)
    assert host.events[-1] == Heard(notice, None)


def test_own_bytes_that_come_back_are_nothing() -> None:
    host = Host()
    said = host.session.step(0).data_out
    assert host.session.step(MS, said).events == ()
    assert not host.session.attached


@pytest.mark.parametrize(
    "changed",
    [{"epoch": 2}, {"state": State.LOCKED}, {"applied_seq": 99}],
    ids=["other power-on", "locked", "someone else's command"],
)
def test_device_that_is_not_where_we_left_it_has_restarted(changed: dict[str, object]) -> None:
    host = Host().attach()
    host.wait()
    host.answer(telemetry(**({"applied_seq": 2} | changed)))  # type: ignore[arg-type]
    assert isinstance(host.events[-1], Restarted)
    assert [type(e.message) for e in host.asked[-1:]] == [Hello]


@pytest.mark.parametrize("reason", [Reason.NO_SESSION, Reason.WRONG_EPOCH, Reason.STALE])
def test_refusal_that_means_another_session_attaches_again(reason: Reason) -> None:
    host = Host().attach()
    host.step(command=MOVE)
    host.answer(Refused(0x04, reason))
    assert isinstance(host.events[-1], Restarted)


def test_refused_command_is_told() -> None:
    host = Host().attach()
    host.step(command=MOVE)
    host.answer(Refused(0x04, Reason.OUT_OF_RANGE))
    assert host.events[-1] == Declined(MOVE, Reason.OUT_OF_RANGE)
    assert host.session.attached


def test_refused_hello_is_not_asked_again_at_once() -> None:
    host = Host()
    host.step()
    assert host.answer(Refused(0x01, Reason.BAD_VERSION)) == []
    assert host.events == [Declined(Hello(1, 7 << 16), Reason.BAD_VERSION)]
    assert host.wake_at_ns == 800 * MS


def test_report_is_asked_for_and_repeated_like_a_command() -> None:
    host = Host().attach()
    host.step(command=Report(100))
    assert [e.message for e in host.wait()] == [Report(100)]
