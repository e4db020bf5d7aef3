"""The device's duties, question by question: what docs/native_protocol.md says a device must and must not do."""

from dataclasses import dataclass, field

import pytest

from firmware_bridge.device import WATCHDOG_NS
from firmware_bridge.emulator import emulator
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
)
from pumpsim.vocabulary.disturbances import Occlude, Place
from tests.bridge.wire_bench import MODEL, MS, SECOND, SETUP

STILL = MoveLine(0, False, 0)
MOVE = Move(1, (MoveLine(360_000_000, False, 0), STILL))
"""Line A at 360 mL/h: 0.1 mL a second, 1000 steps a second."""


@dataclass
class Talk:
    """Say things to a device at instants and hear what it says."""

    keep_world: bool = False
    heard: list[Envelope] = field(default_factory=list)

    def __post_init__(self) -> None:
        disturbances = ((3600 * SECOND, Occlude(Place.PATIENT_END)),)
        self.device = emulator(MODEL, SETUP, disturbances, keep_world=self.keep_world)
        self._decoder = FrameDecoder()

    def bytes(self, at_ns: int, data: bytes = b"") -> list[Envelope]:
        said = []
        for payload in self._decoder.feed(at_ns, self.device.step(at_ns, data).data_out):
            envelope = native.decode(payload)
            assert isinstance(envelope, Envelope)
            said.append(envelope)
        self.heard += said
        return said

    def say(self, at_ns: int, seq: int, message: Message) -> Message:
        """The answer to a question."""
        said = self.bytes(at_ns, encode_frame(native.encode(seq, message)))
        answer = next(envelope for envelope in said if not unasked(envelope))
        assert answer.seq == seq
        return answer.message

    def attach(self, session: int = 9) -> "Talk":
        assert isinstance(self.say(0, 1, Hello(1, session)), Identity)
        assert self.say(0, 2, Stop()) == Ack(0x05, State.READY)
        return self

    def telemetry(self, at_ns: int, seq: int) -> Telemetry:
        answer = self.say(at_ns, seq, Poll())
        assert isinstance(answer, Telemetry)
        return answer


def unasked(envelope: Envelope) -> bool:
    return isinstance(envelope.message, Telemetry) and envelope.message.cause is not Cause.ASKED


@pytest.mark.parametrize("question", [Heartbeat(), Poll(), MOVE, Stop(), Report(100)])
def test_before_hello_everything_is_refused(question: native.Question) -> None:
    assert Talk().say(0, 1, question) == Refused(native.code_of(question), Reason.NO_SESSION)


def test_other_version_is_refused() -> None:
    assert Talk().say(0, 1, Hello(2, 1)) == Refused(0x01, Reason.BAD_VERSION)


def test_identity_says_what_a_host_needs() -> None:
    identity = Talk().say(0, 1, Hello(1, 1))
    assert isinstance(identity, Identity)
    assert (identity.lines, identity.step_fl, identity.watchdog_ms) == (2, MODEL.mechanism.step_fl, 2000)
    assert (identity.state, identity.max_rate_nl_per_h) == (State.LOCKED, MODEL.max_rate_nl_per_h)


def test_locked_device_does_not_move_until_it_is_stopped() -> None:
    talk = Talk()
    talk.say(0, 1, Hello(1, 1))
    assert talk.say(0, 2, MOVE) == Refused(0x04, Reason.NOT_READY)
    assert talk.say(0, 3, Stop()) == Ack(0x05, State.READY)
    assert talk.say(0, 4, MOVE) == Ack(0x04, State.MOVING)


@pytest.mark.parametrize(
    ("move", "reason"),
    [
        (Move(2, MOVE.lines), Reason.WRONG_EPOCH),
        (Move(1, MOVE.lines[:1]), Reason.BAD_PAYLOAD),
        (Move(1, (MoveLine(-1, False, 0), STILL)), Reason.OUT_OF_RANGE),
        (Move(1, (MoveLine(MODEL.max_rate_nl_per_h + 1, False, 0), STILL)), Reason.OUT_OF_RANGE),
    ],
    ids=["other epoch", "too few lines", "backwards", "above the highest rate"],
)
def test_impossible_move_is_refused_and_changes_nothing(move: Move, reason: Reason) -> None:
    talk = Talk().attach()
    assert talk.say(0, 3, move) == Refused(0x04, reason)
    assert talk.say(0, 3, move) == Refused(0x04, reason)
    assert talk.telemetry(SECOND, 4).state is State.READY


def test_highest_rate_is_taken() -> None:
    move = Move(1, (MoveLine(MODEL.max_rate_nl_per_h, False, 0), STILL))
    assert Talk().attach().say(0, 3, move) == Ack(0x04, State.MOVING)


def test_repeated_move_adds_nothing() -> None:
    once, often = Talk().attach(), Talk().attach()
    bounded = Move(1, (MoveLine(360_000_000, True, 1_500), STILL))
    once.say(0, 3, bounded)
    for at_ns in range(0, SECOND, 100 * MS):
        assert often.say(at_ns, 3, bounded) == Ack(0x04, State.MOVING)
    once.say(SECOND, 4, Heartbeat())
    assert once.telemetry(2 * SECOND, 5) == often.telemetry(2 * SECOND, 5)


def test_bounded_line_stops_at_its_step_without_the_host() -> None:
    talk = Talk().attach()
    talk.say(0, 3, Move(1, (MoveLine(360_000_000, True, 1_500), STILL)))
    telemetry = talk.telemetry(1_900 * MS, 4)
    assert (telemetry.lines[0].steps, telemetry.lines[0].done, telemetry.state) == (1_500, True, State.READY)
    again = Move(1, (MoveLine(360_000_000, True, 1_500), STILL))
    talk.say(1_900 * MS, 5, again)
    assert talk.telemetry(3 * SECOND, 6).lines[0].steps == 1_500


@pytest.mark.parametrize(
    ("seq", "stale"), [(2, True), (3, False), (4, False), (0x8002, False), (0x8003, True), (0xFFFF, True)]
)
def test_only_newer_numbers_are_carried_out(seq: int, stale: bool) -> None:
    talk = Talk().attach()
    talk.say(0, 3, Stop())
    assert talk.say(0, seq, Stop()) == (Refused(0x05, Reason.STALE) if stale else Ack(0x05, State.READY))


def test_newest_number_with_another_code_is_refused() -> None:
    assert Talk().attach().say(0, 2, MOVE) == Refused(0x04, Reason.STALE)


def test_numbers_wrap() -> None:
    talk = Talk()
    talk.say(0, 0xFFFF, Hello(1, 1))
    assert talk.say(0, 0, Stop()) == Ack(0x05, State.READY)


@pytest.mark.requirement("GIP 3.5.2")
@pytest.mark.parametrize("offset_ns", [-1, 0, 1])
def test_watchdog_trips_at_its_instant(offset_ns: int) -> None:
    talk = Talk().attach()
    talk.say(0, 3, MOVE)
    assert talk.telemetry(WATCHDOG_NS + offset_ns, 4).state is (State.TRIPPED if offset_ns >= 0 else State.MOVING)


def test_watchdog_stops_at_its_instant_even_when_it_is_called_late() -> None:
    talk = Talk().attach()
    talk.say(0, 3, MOVE)
    on_time = Talk().attach()
    on_time.say(0, 3, MOVE)
    on_time.bytes(WATCHDOG_NS)
    late, prompt = talk.telemetry(60 * SECOND, 4), on_time.telemetry(60 * SECOND, 4)
    assert late.lines == prompt.lines
    assert abs(late.lines[0].steps - 2_000 * 9 // 10) < MODEL.mechanism.cycle_steps


def test_trip_is_said_once_and_then_the_device_is_quiet() -> None:
    talk = Talk().attach()
    talk.say(0, 3, Report(100))
    talk.say(0, 4, MOVE)
    for at_ns in range(0, 10 * SECOND, 50 * MS):
        talk.bytes(at_ns)
    notices = [e.message for e in talk.heard if unasked(e)]
    assert notices[-1].state is State.TRIPPED
    assert [n.state for n in notices].count(State.TRIPPED) == 1
    assert notices[-1].uptime_us == WATCHDOG_NS // 1000


def test_tripped_device_moves_only_after_a_fresh_stop() -> None:
    talk = Talk().attach()
    talk.say(0, 3, Stop())
    talk.bytes(WATCHDOG_NS)
    assert talk.say(3 * SECOND, 3, Stop()) == Ack(0x05, State.TRIPPED)  # a repetition: answered, not carried out
    assert talk.say(3 * SECOND, 4, MOVE) == Refused(0x04, Reason.NOT_READY)
    assert talk.say(3 * SECOND, 5, Stop()) == Ack(0x05, State.READY)
    assert talk.say(3 * SECOND, 6, MOVE) == Ack(0x04, State.MOVING)


@pytest.mark.parametrize("question", [Heartbeat(), Poll(), Stop(), MOVE, Report(0)])
def test_every_new_question_is_a_sign_of_life(question: native.Question) -> None:
    talk = Talk().attach()
    talk.say(SECOND, 3, question)
    assert talk.telemetry(WATCHDOG_NS + SECOND - 1, 4).state is not State.TRIPPED


def test_stale_foreign_and_broken_frames_are_no_sign_of_life() -> None:
    talk = Talk().attach()
    talk.say(0, 3, MOVE)
    talk.say(SECOND, 1, Poll())
    talk.bytes(SECOND, encode_frame(native.encode(9, Ack(3, State.READY))))
    talk.bytes(SECOND, encode_frame(b"\x7f\x09\x00"))
    talk.bytes(SECOND, b"\xa5\x5a\x03\x03\x09\x00\x00\x00")
    assert talk.telemetry(WATCHDOG_NS, 4).state is State.TRIPPED


@pytest.mark.parametrize("payload", [b"\x80\x09\x00\x05\x00", b"\x83\x09\x00", b"\xff\x09\x00"])
def test_answers_are_never_answered(payload: bytes) -> None:
    assert Talk().attach().bytes(0, encode_frame(payload)) == []


def test_unknown_question_is_refused() -> None:
    said = Talk().attach().bytes(0, encode_frame(b"\x7f\x09\x00"))
    assert said == [Envelope(9, Refused(0x7F, Reason.UNKNOWN_CODE))]


def test_hello_always_stops() -> None:
    talk = Talk().attach(session=9)
    talk.say(0, 3, MOVE)
    identity = talk.say(SECOND, 4, Hello(1, 9))
    assert isinstance(identity, Identity)
    assert (identity.state, identity.epoch) == (State.LOCKED, 1)
    assert talk.say(SECOND, 5, MOVE) == Refused(0x04, Reason.NOT_READY)
    assert talk.telemetry(2 * SECOND, 6).lines == talk.telemetry(60 * SECOND, 7).lines


def test_stop_stops_the_motor() -> None:
    talk = Talk().attach()
    talk.say(0, 3, MOVE)
    talk.say(SECOND, 4, Stop())
    telemetry = talk.telemetry(SECOND, 5)
    assert telemetry.lines[0].steps > 0
    assert talk.telemetry(SECOND + WATCHDOG_NS - 1, 6).lines == telemetry.lines


@pytest.mark.parametrize("session", [9, 10])
def test_hello_of_any_session_stops_the_motor_of_a_kept_world(session: int) -> None:
    talk = Talk(keep_world=True).attach(session=9)
    talk.say(0, 3, MOVE)
    talk.say(SECOND, 4, Hello(1, session))
    assert talk.telemetry(SECOND, 5).lines == talk.telemetry(60 * SECOND, 6).lines


def test_new_session_begins_a_new_power_on_and_world() -> None:
    talk = Talk().attach(session=9)
    talk.say(0, 3, MOVE)
    assert talk.telemetry(SECOND, 4).lines[0].steps > 0
    identity = talk.say(SECOND, 1, Hello(1, 10))
    assert isinstance(identity, Identity)
    assert identity.epoch == 2
    assert talk.telemetry(SECOND, 2).lines[0].steps == 0


def test_world_can_be_kept_for_the_next_session() -> None:
    talk = Talk(keep_world=True).attach(session=9)
    talk.say(0, 3, MOVE)
    before = talk.telemetry(SECOND, 4).lines[0].steps
    identity = talk.say(SECOND, 1, Hello(1, 10))
    assert isinstance(identity, Identity)
    assert (identity.epoch, identity.state) == (1, State.LOCKED)
    assert talk.telemetry(SECOND, 2).lines[0].steps == before > 0


def test_reboot_counts_anew_and_refuses_old_counts() -> None:
    talk = Talk().attach()
    talk.say(0, 3, MOVE)
    talk.device.reboot(SECOND)
    assert talk.say(SECOND, 4, MOVE) == Refused(0x04, Reason.NO_SESSION)
    talk.say(SECOND, 5, Hello(1, 9))
    talk.say(SECOND, 6, Stop())
    assert talk.say(SECOND, 7, MOVE) == Refused(0x04, Reason.WRONG_EPOCH)
    telemetry = talk.telemetry(SECOND, 8)
    assert (telemetry.epoch, telemetry.lines[0].steps, telemetry.uptime_us) == (2, 0, 0)
    talk.say(SECOND, 9, Move(2, (MoveLine(999_000_000, True, 4_000), STILL)))
    assert talk.telemetry(2_900 * MS, 10).lines[0].steps == 4_000


def test_report_comes_at_its_period_until_it_is_ended() -> None:
    talk = Talk().attach()
    talk.say(0, 3, Report(200))
    for at_ns in range(0, SECOND, 10 * MS):
        talk.bytes(at_ns)
    periodic = [e for e in talk.heard if unasked(e)]
    assert [e.message.uptime_us for e in periodic] == [0, 200_000, 400_000, 600_000, 800_000]
    assert [e.seq for e in periodic] == [1, 2, 3, 4, 5]
    talk.say(SECOND, 4, Report(0))
    assert [e for at in range(SECOND, 2 * SECOND, 10 * MS) for e in talk.bytes(at) if unasked(e)] == []


def test_end_of_a_line_is_said_unasked() -> None:
    talk = Talk().attach()
    talk.bytes(0)
    talk.say(0, 3, Move(1, (MoveLine(360_000_000, True, 100), STILL)))
    notices = [e.message for at in range(0, 1_900 * MS, 10 * MS) for e in talk.bytes(at) if unasked(e)]
    assert [(n.cause, n.state, n.lines[0].done) for n in notices][-1] == (Cause.CHANGE, State.READY, True)


def test_broken_mechanism_stays_broken() -> None:
    talk = Talk().attach()
    talk.say(0, 3, MOVE)
    talk.device.fail(SECOND)
    assert talk.telemetry(SECOND, 90).lines == talk.telemetry(2 * SECOND, 91).lines
    assert talk.say(2 * SECOND, 92, MOVE) == Refused(0x04, Reason.NOT_READY)
    assert talk.say(2 * SECOND, 93, Stop()) == Ack(0x05, State.FAULT)
    assert talk.say(2 * SECOND, 94, Hello(1, 9)).state is State.FAULT


def test_device_without_a_host_wants_nothing() -> None:
    device = emulator(MODEL, SETUP)
    step = device.step(5 * SECOND)
    assert (step.data_out, step.wake_at_ns) == (b"", None)
    assert device.telemetry(5 * SECOND) is None


def test_world_begins_at_the_first_valid_frame() -> None:
    device = emulator(MODEL, SETUP)
    device.step(5 * SECOND, b"noise" + encode_frame(native.encode(1, Hello(1, 1))))
    telemetry = device.telemetry(7 * SECOND)
    assert telemetry is not None
    assert telemetry.uptime_us == 2_000_000
