"""The pump in real time, still without I/O: session + driver + the very ``Pump`` that the simulation drives.

``step`` takes the bytes that arrived (or that the link is down) and gives the bytes to send. Pump time begins at the
device's first telemetry and is never stopped by a loss. Order within one instant as in the simulation: fault, reading,
wake-up, operator. Delivery is never resumed from here: attaching stops the device, and a motor command goes out only in
the moment in which the pump gives it.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from firmware_bridge import session as link
from firmware_bridge.drivers.native import NativeDriver
from firmware_bridge.protocols.native import Identity, Move, Reason, State, Stop, Telemetry
from firmware_bridge.session import LinkDown, Session
from pumpsim.controller import Pump
from pumpsim.trace import Estimate
from pumpsim.vocabulary.inputs import (
    DeviceEvent,
    DeviceEventKind,
    Input,
    OperatorCommand,
    SensorReading,
    Tick,
)
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import DeliveryEventKind, MotorCommand, Record, Step, Watch
from pumpsim.vocabulary.remaining import reckoned_anew
from pumpsim.vocabulary.status import PumpState

HAND_OVER_NS = 200_000_000
"""A reading that no watch asks for is handed over at least so often; it keeps the journal small."""


class LinkEventKind(Enum):
    """What happened between host and device."""

    ATTACHED = "attached"
    UNCERTAIN = "command-uncertain"
    REFUSED = "command-refused"
    LOST = "link-lost"
    RESTORED = "link-restored"
    TRIPPED = "watchdog-tripped"
    RESTARTED = "device-restarted"
    FAULT = "device-fault"


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """One thing that happened to the link, at pump time (0 before the first telemetry)."""

    at_ns: int
    kind: LinkEventKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """One input of the pump and its answer: what the journal writes."""

    at_ns: int
    given: Input
    step: Step


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """What to send, what the pump was given and answered, what the link did, when to call again (loop time).

    ``estimates``: what the pump says is left of its lines, where that has changed or was asked for.
    """

    data_out: bytes
    answers: tuple[Answered, ...]
    link_events: tuple[LinkEvent, ...]
    wake_at_ns: int
    estimates: tuple[Estimate, ...] = ()

    @property
    def records(self) -> tuple[tuple[int, Record], ...]:
        """What the pump decided, with its time."""
        return tuple(
            (answer.at_ns, output)
            for answer in self.answers
            for output in answer.step.outputs
            if not isinstance(output, MotorCommand)
        )


class Bridge:
    """Drive one device as one pump. ``commands``: (pump time ns, what the operator does or a switch reports), ascending.

    ``asks``: (pump time ns, line) at which the pump is asked what is left, ascending.
    """

    def __init__(
        self,
        model: PumpModel,
        commands: tuple[tuple[int, OperatorCommand | DeviceEvent], ...],
        session_number: int,
        timing: link.Timing = link.DEFAULT_TIMING,
        asks: tuple[tuple[int, str], ...] = (),
    ) -> None:
        self.session = Session(session_number, timing)
        self.refusal: str | None = None
        self._pump = Pump(model)
        self._driver = NativeDriver(model)
        self._commands, self._asks = list(commands), sorted(asks)
        self._zero_ns: int | None = None
        self._down_since_ns: int | None = None
        self._unknown = False
        self._faulty = False
        self._ended = False
        self._at_rest = False
        self._wake_at_ns: int | None = None
        self._watches: tuple[Watch, ...] = ()
        self._handed_ns = 0
        self._handed: SensorReading | None = None
        self._kept: SensorReading | None = None
        self._kept_ns = 0
        self._answers: list[Answered] = []
        self._estimates: list[Estimate] = []
        self._link_events: list[LinkEvent] = []
        self._to_send: Move | Stop | None = None

    @property
    def zero_ns(self) -> int | None:
        """The loop time at which pump time began; None before the first telemetry."""
        return self._zero_ns

    @property
    def down_since_ns(self) -> int | None:
        """Since when (loop time) the device cannot be driven; None when it can, or was never there."""
        return self._down_since_ns

    @property
    def at_rest(self) -> bool:
        """After ``end``: whether the device has confirmed that it stands."""
        return self._at_rest

    @property
    def state(self) -> PumpState:
        """The pump's state now."""
        return self._pump.state

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps of each line since the pump's power-on, as last heard."""
        return self._driver.steps

    def step(self, now_ns: int, data: bytes | LinkDown = b"") -> BridgeStep:
        """Take in what arrived by ``now_ns``, let the pump do what is due, and say what to send."""
        self._answers, self._estimates, self._link_events, self._to_send = [], [], [], None
        heard = self.session.step(now_ns, data)
        for event in heard.events:
            self._on(now_ns, event)
        self._let_time_pass(now_ns)
        return self._finish(now_ns, heard)

    def end(self, now_ns: int, command: OperatorCommand | None = None) -> BridgeStep:
        """Give the pump the last reading and ``command``, if any, then stop the device for good."""
        self._answers, self._estimates, self._link_events = [], [], []
        self._hand_over(now_ns)
        if command is not None:
            self._give(now_ns, command)
        return self.stop(now_ns)

    def stop(self, now_ns: int) -> BridgeStep:
        """Stop the device for good without asking the pump, whatever has gone wrong. Later steps serve the wire only."""
        self._ended = True
        self._to_send = Stop()
        return self._finish(now_ns, link.SessionStep(b"", (), now_ns))

    def _finish(self, now_ns: int, heard: link.SessionStep) -> BridgeStep:
        data_out, wake_at_ns = heard.data_out, heard.wake_at_ns
        if self._to_send is not None:
            asked = self.session.step(now_ns, b"", self._to_send)
            data_out, wake_at_ns = data_out + asked.data_out, asked.wake_at_ns
        said = (tuple(self._answers), tuple(self._link_events), self._next_ns(wake_at_ns), tuple(self._estimates))
        return BridgeStep(data_out, *said)

    def _next_ns(self, session_ns: int) -> int:
        if self._zero_ns is None or self._ended:
            return session_ns
        due = [session_ns]
        if self._wake_at_ns is not None:
            due.append(self._zero_ns + self._wake_at_ns)
        if self._commands:
            due.append(self._zero_ns + self._commands[0][0])
        if self._asks:
            due.append(self._zero_ns + self._asks[0][0])
        return min(due)

    # What the wire says

    def _on(self, now_ns: int, event: link.Event) -> None:
        match event:
            case link.Attached():
                self._attached(now_ns, event.identity)
            case link.Heard():
                if self.refusal is None:
                    self._heard(now_ns, event.telemetry)
            case link.Carried():
                self._at_rest = self._ended and isinstance(event.command, Stop)
            case link.Uncertain():
                self._note(now_ns, LinkEventKind.UNCERTAIN, f"{type(event.command).__name__.upper()} is not answered")
            case link.Lost():
                self._down(now_ns, LinkEventKind.LOST, event.detail)
            case link.Restarted():
                self._restarted(now_ns, event.detail)
            case link.Declined():
                self._declined(now_ns, event)
            case _:
                assert_never(event)

    def _attached(self, now_ns: int, identity: Identity) -> None:
        self.refusal = self._driver.mismatch(identity)
        if self.refusal is not None:
            self._note(now_ns, LinkEventKind.REFUSED, self.refusal)
        elif self._driver.attach(identity):
            self._restarted(now_ns, f"power-on {identity.epoch}")
        elif self._zero_ns is None:
            self._note(now_ns, LinkEventKind.ATTACHED, f"{identity.model}, {identity.firmware}")

    def _restarted(self, now_ns: int, detail: str) -> None:
        """What it did last is not known: a fault that the operator must acknowledge."""
        if not self._unknown:
            self._unknown = True
            self._note(now_ns, LinkEventKind.RESTARTED, detail)
            self._down(now_ns, None, detail)
            self._give(now_ns, DeviceEvent(DeviceEventKind.DEVICE_FAULT, f"device restarted: {detail}"))

    def _heard(self, now_ns: int, telemetry: Telemetry) -> None:
        reading = self._driver.reading(now_ns, telemetry)
        if self._zero_ns is None:
            self._zero_ns = now_ns
        if telemetry.state is State.TRIPPED:
            self._down(now_ns, LinkEventKind.TRIPPED, "the device has not heard the host and has stopped")
            self._to_send = Stop()
        elif telemetry.state is State.FAULT:
            self._fail(now_ns, "the device reports a fault")
        elif self._down_since_ns is not None:
            self._down_since_ns, self._unknown = None, False
            self._note(now_ns, LinkEventKind.RESTORED, "the device answers and stands")
            self._give(now_ns, DeviceEvent(DeviceEventKind.COMMUNICATION_RESTORED))
        self._kept, self._kept_ns = reading, now_ns
        if self._worth(now_ns, reading):
            self._hand_over(now_ns)

    def _hand_over(self, now_ns: int) -> None:
        """Give the pump the newest reading that it has not seen, with its age now."""
        kept = self._kept
        if kept is not None:
            self._kept, self._handed, self._handed_ns = None, kept, now_ns
            self._give(now_ns, replace(kept, age_ns=kept.age_ns + now_ns - self._kept_ns))

    def _worth(self, now_ns: int, reading: SensorReading) -> bool:
        """Whether the pump should see it: a watch holds, air came or went, or it is time for one again."""
        last = self._handed
        if last is None or now_ns - self._handed_ns >= HAND_OVER_NS:
            return True
        if any(a.air != b.air for a, b in zip(last.lines, reading.lines, strict=True)):
            return True
        at_ns = self._pump_ns(now_ns)
        return any(_holds(watch.at(at_ns), reading) for watch in self._watches)

    def _declined(self, now_ns: int, event: link.Declined) -> None:
        detail = f"{type(event.question).__name__.upper()}: {event.reason.name}"
        self._note(now_ns, LinkEventKind.REFUSED, detail)
        if self._zero_ns is None:
            self.refusal = f"the device refuses {detail}"
        elif event.reason is Reason.NOT_READY and not self._faulty:
            self._down(now_ns, LinkEventKind.TRIPPED, "the device wants to be stopped first")
            self._to_send = Stop()
        else:
            self._faulty = False
            self._fail(now_ns, f"the device refuses {detail}")

    def _down(self, now_ns: int, kind: LinkEventKind | None, detail: str) -> None:
        if self._down_since_ns is None:
            self._down_since_ns = now_ns
            if kind is not None:
                self._note(now_ns, kind, detail)
            self._give(now_ns, DeviceEvent(DeviceEventKind.COMMUNICATION_LOST, detail))

    def _fail(self, now_ns: int, detail: str) -> None:
        if not self._faulty:
            self._faulty = True
            self._note(now_ns, LinkEventKind.FAULT, detail)
            self._give(now_ns, DeviceEvent(DeviceEventKind.DEVICE_FAULT, detail))

    def _note(self, now_ns: int, kind: LinkEventKind, detail: str) -> None:
        self._link_events.append(LinkEvent(self._pump_ns(now_ns), kind, detail))

    # What the pump is given

    def _let_time_pass(self, now_ns: int) -> None:
        if self._zero_ns is None or self._ended:
            return
        pump_ns = self._pump_ns(now_ns)
        wake_due = self._wake_at_ns is not None and self._wake_at_ns <= pump_ns
        script = [at_ns for at_ns, _ in (*self._commands[:1], *self._asks[:1])]
        if wake_due or any(at_ns <= pump_ns for at_ns in script):
            self._hand_over(now_ns)
        if wake_due:
            self._give(now_ns, Tick())
        while self._commands and self._commands[0][0] <= pump_ns:
            self._give(now_ns, self._commands.pop(0)[1])
        while self._asks and self._asks[0][0] <= pump_ns:
            self._estimate(pump_ns, self._asks.pop(0)[1])

    def _estimate(self, at_ns: int, line: str, after: DeliveryEventKind | None = None) -> None:
        """Ask the pump what is left of a line; of some nothing is known."""
        remaining = self._pump.remaining(line)
        if remaining.vtbi is not None or remaining.reservoir is not None:
            self._estimates.append(Estimate(at_ns, line, after, remaining))

    def _give(self, now_ns: int, given: Input) -> None:
        """Hand one input to the pump and keep its answer; its newest motor command is what will be sent."""
        if self._ended or self._zero_ns is None:
            return
        at_ns = self._pump_ns(now_ns)
        step = self._pump.step(at_ns, given)
        self._answers.append(Answered(at_ns, given, step))
        for line, after in reckoned_anew(step.outputs).items():
            self._estimate(at_ns, line, after)
        self._wake_at_ns, self._watches = step.wake_at_ns, step.watches
        for output in step.outputs:
            if isinstance(output, MotorCommand) and self.session.attached and self.refusal is None:
                self._to_send = self._driver.message(output)

    def _pump_ns(self, now_ns: int) -> int:
        return 0 if self._zero_ns is None else now_ns - self._zero_ns


def _holds(watch: Watch, reading: SensorReading) -> bool:
    """Whether a reading is on the watch's side of its level."""
    value = reading.value(watch.signal, watch.line)
    return value is not None and watch.holds(value)
