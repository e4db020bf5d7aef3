"""The duties of a device on the native protocol, pure: it moves as it is told, counts, reads its sensors, watches the host.

It has no controller; deciding is the host's. It stops by itself when the host is silent for the watchdog's time, and
moves again only after a STOP. The rules are those of docs/native_protocol.md; firmware does the same. What the motor
and the sensors do is the ``World``'s.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, assert_never

from firmware_bridge.framing import FrameDecoder, encode_frame
from firmware_bridge.protocols import native
from firmware_bridge.protocols.native import Cause, Move, Reason, State
from pumpsim.vocabulary.inputs import SensorReading
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import LineMotion, MotorCommand

WATCHDOG_NS = 2_000_000_000
SAMPLE_NS = 10_000_000
"""Spacing of the looks that find a change worth an unasked telemetry."""
MS_NS = 1_000_000
INT32_MAX = 2**31 - 1
FIRMWARE = "pumpsim emulator 1"


class World(Protocol):
    """Motor and sensors, and what happens to them by themselves; all instants on the device's own clock."""

    @property
    def next_ns(self) -> int | None:
        """When something happens next by itself."""

    def happen(self) -> None:
        """Let it happen, at its instant."""

    def command(self, now_ns: int, command: MotorCommand) -> None:
        """Let the motor do this from now on."""

    def read(self, now_ns: int) -> SensorReading:
        """Give what the sensors see."""


@dataclass(frozen=True, slots=True)
class DeviceStep:
    """What the device sends, and when it wants to be called again (None: only when bytes arrive)."""

    data_out: bytes
    wake_at_ns: int | None


class Device:
    """A device; ``step`` takes what arrived and gives what it answers.

    ``make_world`` is called with the instant of the host's first valid frame. ``epoch``: number of the first power-on.
    ``keep_world``: a new host session finds bags and line as the one before left them; otherwise each session begins
    with a new power-on and a new world. Bench conveniences: ``reboot``, ``fail``.
    """

    def __init__(
        self,
        model: PumpModel,
        make_world: Callable[[int], World],
        *,
        epoch: int = 1,
        watchdog_ns: int = WATCHDOG_NS,
        keep_world: bool = False,
    ) -> None:
        self._model = model
        self._make_world = make_world
        self._watchdog_ns = watchdog_ns
        self._keep_world = keep_world
        self._epoch = epoch
        self._decoder = FrameDecoder()
        self._world: World | None = None
        self._session: int | None = None
        self._power_on(0)

    @property
    def model(self) -> PumpModel:
        """What it is a device of."""
        return self._model

    @property
    def state(self) -> State:
        """Its state; MOVING may have become READY by itself since the last look (see ``telemetry``)."""
        return self._state

    @property
    def session(self) -> int | None:
        """Number of the host's session; None: no host since the power-on."""
        return self._session

    def step(self, now_ns: int, data: bytes = b"") -> DeviceStep:
        """Take in the bytes that arrived by ``now_ns``; everything that was due earlier happens first, at its time."""
        out = self._catch_up(now_ns)
        for payload in self._decoder.feed(now_ns, data):
            out += self._answer(now_ns, payload)
        out += self._unasked(now_ns)
        return DeviceStep(out, self._wake_at_ns())

    def reboot(self, now_ns: int) -> None:
        """Lose power for a moment: counts begin at 0 again, the motor stands, the world stays as it is."""
        self._catch_up(now_ns)
        self._halt(now_ns)
        self._epoch += 1
        self._power_on(now_ns)

    def fail(self, now_ns: int) -> None:
        """Let the mechanism break: the motor stands until the next power-on."""
        self._catch_up(now_ns)
        self._halt(now_ns)
        self._state = State.FAULT

    def telemetry(self, now_ns: int, cause: Cause = Cause.ASKED) -> native.Telemetry | None:
        """What the device would report now; None as long as no host was ever there."""
        if self._world is None:
            return None
        reading = self._world.read(now_ns)
        lines = tuple(
            native.TelemetryLine(
                steps=line.steps - self._base_steps[index],
                proximal_pa=_pascal(line.proximal_kpa),
                air=line.air,
                done=self._done(index, line.steps),
            )
            for index, line in enumerate(reading.lines)
        )
        return native.Telemetry(
            epoch=self._epoch,
            uptime_us=(now_ns - self._power_on_ns) // 1000,
            cause=cause,
            state=self._state_with(lines),
            applied_seq=self._applied_seq,
            distal_pa=_pascal(reading.distal_kpa),
            lines=lines,
        )

    def _power_on(self, now_ns: int) -> None:
        self._power_on_ns = now_ns
        self._state = State.LOCKED
        self._session = None
        self._last_seq = 0
        self._last_code = 0
        self._last_refusal: Reason | None = None
        self._applied_seq = 0
        self._notice_seq = 0
        self._heard_ns = now_ns
        self._report_ns: int | None = None
        self._report_at_ns = 0
        self._sample_at_ns = now_ns
        self._noticed: tuple[object, ...] | None = None
        self._motion: tuple[native.MoveLine, ...] = ()
        reading = None if self._world is None else self._world.read(now_ns)
        self._base_steps = tuple(line.steps for line in reading.lines) if reading else (0,) * len(self._model.lines)

    # What time brings

    def _catch_up(self, now_ns: int) -> bytes:
        """Let the disturbances and the watchdog happen that were due by now, each at its instant."""
        out = b""
        while self._world is not None:
            trip_ns = self._trip_at_ns()
            disturb_ns = self._world.next_ns
            if disturb_ns is not None and disturb_ns <= now_ns and (trip_ns is None or disturb_ns <= trip_ns):
                self._world.happen()
            elif trip_ns is not None and trip_ns <= now_ns:
                self._halt(trip_ns)
                self._state = State.TRIPPED
                out += self._notice(trip_ns, Cause.CHANGE)
            else:
                break
        return out

    def _trip_at_ns(self) -> int | None:
        armed = self._state in (State.READY, State.MOVING)
        return self._heard_ns + self._watchdog_ns if armed else None

    def _unasked(self, now_ns: int) -> bytes:
        """Telemetry that nobody asked for: its period is over, or something changed that the host must know."""
        if self._session is None or self._trip_at_ns() is None:
            return b""
        if self._report_ns is not None and now_ns >= self._report_at_ns:
            self._report_at_ns = now_ns + self._report_ns
            return self._notice(now_ns, Cause.PERIOD)
        if now_ns < self._sample_at_ns:
            return b""
        self._sample_at_ns = now_ns + SAMPLE_NS
        before, now = self._noticed, self._look(now_ns)
        self._noticed = now
        return self._notice(now_ns, Cause.CHANGE) if before is not None and before != now else b""

    def _look(self, now_ns: int) -> tuple[object, ...]:
        telemetry = self.telemetry(now_ns)
        assert telemetry is not None
        return telemetry.state, tuple((line.air, line.done) for line in telemetry.lines)

    def _notice(self, now_ns: int, cause: Cause) -> bytes:
        telemetry = self.telemetry(now_ns, cause)
        assert telemetry is not None
        self._notice_seq = (self._notice_seq + 1) & 0xFFFF
        return encode_frame(native.encode(self._notice_seq, telemetry))

    def _wake_at_ns(self) -> int | None:
        if self._world is None:
            return None
        armed = self._trip_at_ns()
        due = [armed, self._world.next_ns]
        if armed is not None:
            due += [self._sample_at_ns, self._report_at_ns if self._report_ns is not None else None]
        return min((at for at in due if at is not None), default=None)

    # What the host says

    def _answer(self, now_ns: int, payload: bytes) -> bytes:
        given = native.decode(payload)
        if isinstance(given, native.Unreadable):
            if given.code >= native.FIRST_ANSWER:
                return b""
            return _frame(given.seq, native.Refused(given.code, given.reason))
        if isinstance(given.message, native.Answer):
            return b""
        return _frame(given.seq, self._judge(now_ns, given.seq, given.message))

    def _judge(self, now_ns: int, seq: int, question: native.Question) -> native.Answer:
        """Carry a question out once, however often it comes; what is older than the newest one is refused."""
        code = native.code_of(question)
        if isinstance(question, native.Hello):
            return self._greet(now_ns, seq, question)
        if self._session is None:
            return native.Refused(code, Reason.NO_SESSION)
        ahead = (seq - self._last_seq) & 0xFFFF
        if ahead > 0x7FFF or (ahead == 0 and code != self._last_code):
            return native.Refused(code, Reason.STALE)
        self._heard_ns = now_ns
        if isinstance(question, native.Poll):
            self._last_seq, self._last_code = seq, code
            telemetry = self.telemetry(now_ns)
            assert telemetry is not None
            return telemetry
        if ahead:
            self._last_seq, self._last_code = seq, code
            self._last_refusal = self._carry_out(now_ns, seq, question)
        if self._last_refusal is not None:
            return native.Refused(code, self._last_refusal)
        return native.Ack(code, self._state)

    def _greet(self, now_ns: int, seq: int, hello: native.Hello) -> native.Answer:
        """Stop, lock and say who is here. Every HELLO stops: it comes from a host that does not know how things are."""
        if hello.version != native.VERSION:
            return native.Refused(native.code_of(hello), Reason.BAD_VERSION)
        self._halt(now_ns)
        fresh = hello.session != self._session
        if fresh:
            self._begin_session(now_ns, hello.session)
        if fresh or 0 < (seq - self._last_seq) & 0xFFFF <= 0x7FFF:
            self._last_seq, self._last_code = seq, native.code_of(hello)
        self._state = State.FAULT if self._state is State.FAULT else State.LOCKED
        self._heard_ns = now_ns
        return native.Identity(
            version=native.VERSION,
            epoch=self._epoch,
            state=self._state,
            watchdog_ms=self._watchdog_ns // MS_NS,
            step_fl=self._model.mechanism.step_fl,
            max_rate_nl_per_h=self._model.max_motor_nl_per_h,
            lines=len(self._model.lines),
            model=self._model.id[:24],
            firmware=FIRMWARE,
        )

    def _begin_session(self, now_ns: int, session: int) -> None:
        if self._world is None or (self._session is not None and not self._keep_world):
            if self._world is not None:
                self._epoch += 1
            self._world = None
            self._power_on(now_ns)
            self._world = self._make_world(now_ns)
            self._catch_up(now_ns)
        self._session = session
        self._report_ns = None
        self._applied_seq = 0

    def _carry_out(
        self, now_ns: int, seq: int, question: native.Move | native.Stop | native.Report | native.Heartbeat
    ) -> Reason | None:
        match question:
            case native.Heartbeat():
                return None
            case native.Report():
                self._report_ns = question.period_ms * MS_NS or None
                self._report_at_ns = now_ns
                return None
            case native.Stop():
                self._halt(now_ns)
                self._applied_seq = seq
                self._state = State.FAULT if self._state is State.FAULT else State.READY
                return None
            case native.Move():
                refusal = self._refusal(question)
                if refusal is None:
                    self._applied_seq = seq
                    self._move(now_ns, question.lines)
                return refusal
            case _:
                assert_never(question)

    def _refusal(self, move: Move) -> Reason | None:
        if len(move.lines) != len(self._model.lines):
            return Reason.BAD_PAYLOAD
        if move.epoch != self._epoch:
            return Reason.WRONG_EPOCH
        if self._state not in (State.READY, State.MOVING):
            return Reason.NOT_READY
        back = self._model.back_off
        for line in move.lines:
            lowest = -back.rate_nl_per_h if back is not None and line.bounded else 0  # it turns back only to a count
            if not lowest <= line.rate_nl_per_h <= self._model.max_motor_nl_per_h:
                return Reason.OUT_OF_RANGE
        return None

    # The mechanism

    def _move(self, now_ns: int, lines: tuple[native.MoveLine, ...]) -> None:
        assert self._world is not None
        motions = zip(self._model.lines, self._base_steps, lines, strict=True)
        self._world.command(
            now_ns,
            MotorCommand(
                tuple(
                    LineMotion(name, line.rate_nl_per_h, base + line.stop_at_step if line.bounded else None)
                    for name, base, line in motions
                )
            ),
        )
        self._motion = lines
        self._state = State.MOVING

    def _halt(self, now_ns: int) -> None:
        if self._world is not None and self._motion:
            self._world.command(now_ns, MotorCommand(tuple(LineMotion(line, 0) for line in self._model.lines)))
        self._motion = ()

    def _done(self, index: int, path_steps: int) -> bool:
        """Whether a moving line has reached the count at which it was told to stop."""
        if not self._motion:
            return False
        motion = self._motion[index]
        steps = path_steps - self._base_steps[index]
        reached = steps <= motion.stop_at_step if motion.rate_nl_per_h < 0 else steps >= motion.stop_at_step
        return motion.bounded and reached

    def _state_with(self, lines: tuple[native.TelemetryLine, ...]) -> State:
        """MOVING only as long as a line has a rate and has not reached its end."""
        if self._state is not State.MOVING:
            return self._state
        moving = any(motion.rate_nl_per_h and not line.done for motion, line in zip(self._motion, lines, strict=True))
        return State.MOVING if moving else State.READY


def _frame(seq: int, message: native.Message) -> bytes:
    return encode_frame(native.encode(seq, message))


def _pascal(kpa: float) -> int:
    return max(-INT32_MAX, min(INT32_MAX, round(1000 * kpa)))
