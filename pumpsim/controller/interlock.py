"""A second, smaller mind that may only say no.

It stands between controller and motor with limits and a count of its own (``account``), listens to the operator itself
(``asked``), and never starts anything. It trips when

- a motor command is above the model's limits, above what the operator has asked for, or runs backwards (but for what
  ``turning_back`` lets pass, right after a distal occlusion and to a count, and ``drawing_back``, of a laboratory pump), or
  drives into a limb what nobody asked for (``driving_back``);
- a line pumps more than it is commanded, or than its programme may come to, or moves without a command;
- a line is commanded and does not move;
- the pump is called much later than it was promised, while it moves.

A trip stops the motor and is reported. After one by which too much was, or would have been, pumped it passes nothing but stop
until the pump is powered again; after the others a new start may pass. It shares no code with the controller. Of a drip, which
nothing drives, only the commands are judged.
"""

from dataclasses import replace

from pumpsim.controller import account, asked
from pumpsim.controller.drawing_back import DrawingBack
from pumpsim.controller.driving_back import DrivingBack
from pumpsim.controller.turning_back import TurningBack
from pumpsim.vocabulary.inputs import (
    Backprime,
    Confirm,
    DeviceEvent,
    DeviceEventKind,
    Input,
    OfALine,
    SensorReading,
    Withdraw,
)
from pumpsim.vocabulary.interlock import InterlockLine, InterlockStatus
from pumpsim.vocabulary.model import Drive, PumpModel
from pumpsim.vocabulary.outputs import (
    CommandRejected,
    ConfirmationAsked,
    DoseDenied,
    LineMotion,
    MotorCommand,
    Output,
    Step,
    Watch,
)

LATE_NS = 10_000_000_000
"""By how much a call may come later than promised: a choice of ours; GIP v1.0, 3.5.2, allows 90 s."""
SAID = OfALine | Confirm
LATCHING = (DeviceEventKind.OVER_INFUSION, DeviceEventKind.RATE_LIMIT)


class Interlock:
    """Independent limits on what the motor is told and on what it has done."""

    def __init__(self, model: PumpModel, status: InterlockStatus | None = None) -> None:
        self._model = model
        known = status or InterlockStatus(0, tuple(InterlockLine(line) for line in model.lines))
        self._lines = {line.line: line for line in known.lines}
        self._now_ns, self._promised_ns = known.now_ns, known.promised_ns
        self._waiting, self.tripped = known.waiting, known.tripped
        self._back, self._driving = TurningBack(model, known.turning), DrivingBack(model, known.driving)
        self._drawing = DrawingBack(model, known.drawing)
        self._by_gravity = model.mechanism.drive is Drive.ROLLER_CLAMP
        self._own: tuple[Watch, ...] | None = None

    @classmethod
    def power_on(cls, model: PumpModel, status: InterlockStatus) -> "Interlock":
        """Begin anew at a new power-on, at which time and counts begin at 0, with what the operator had asked for before."""
        lines = []
        for line in status.lines:
            since, last = line.asked.since_steps, line.account.steps
            steps = None if since is None else since - (last or 0)
            lines.append(
                InterlockLine(
                    line.line, replace(line.asked, since_ns=line.asked.since_ns - status.now_ns, since_steps=steps)
                )
            )
        return cls(model, InterlockStatus(0, tuple(lines), waiting=status.waiting))

    @property
    def status(self) -> InterlockStatus:
        """All that it knows, as a value to continue from."""
        lines = tuple(self._lines.values())
        guards = (self._driving.status, self._drawing.status)
        back, promised_ns = self._back.status, self._promised_ns
        return InterlockStatus(self._now_ns, lines, self.tripped, back, promised_ns, self._waiting, *guards)

    @property
    def moving(self) -> bool:
        """Whether the motor is commanded to move."""
        return self._driving.moving or any(line.account.rate_nl_per_h for line in self._lines.values())

    def observe(self, now_ns: int, given: Input, answer: tuple[Output, ...]) -> DeviceEvent | None:
        """See what the pump was given, and answered, at an instant; the event of a trip, if it trips now."""
        late_ns = 0 if self._promised_ns is None else now_ns - self._promised_ns
        self._now_ns = now_ns
        if late_ns > LATE_NS and self.moving:
            return self._trip(DeviceEventKind.WATCHDOG, f"called {late_ns / 1e9:.1f} s after it was promised")
        if isinstance(given, SensorReading):
            return self._compare(given)
        if isinstance(given, SAID):
            self._listen(given, answer)
        return None

    def let_through(self, answer: tuple[Output, ...]) -> tuple[tuple[Output, ...], DeviceEvent | None]:
        """Give an answer with a stop in the place of every motor command that may not pass, and say why."""
        if not answer:
            return answer, None
        outputs: list[Output] = []
        event = None
        for output in answer:
            if isinstance(output, MotorCommand):
                output, refused = self._judged(output)  # noqa: PLW2901 (what may not pass is replaced)
                event = refused or event
            outputs.append(output)
        return tuple(outputs), event

    def halt(self) -> tuple[MotorCommand, ...]:
        """Stop the motor, if it is commanded to move."""
        if not self.moving:
            return ()
        return (self._pass(MotorCommand(tuple(LineMotion(line, 0) for line in self._lines))),)

    def promise(self, step: Step) -> Step:
        """Keep in mind when the pump is to be called again; let the driver look out for what this wants to see."""
        self._promised_ns = step.wake_at_ns
        if self._by_gravity:
            return step
        if self._own is None:
            mechanism, lines = self._model.mechanism, self._lines.values()
            self._own = tuple([w for line in lines for w in account.watches(mechanism, line.line, line.account)])
        return Step(step.outputs, step.wake_at_ns, step.watches + self._own)

    def _put(self, line: InterlockLine) -> None:
        self._lines[line.line], self._own = line, None

    def _listen(self, given: OfALine | Confirm, answer: tuple[Output, ...]) -> None:
        """Hear what the operator asks of a line, once it is accepted; what needs a confirmation, when that comes.

        What waits stays, whatever comes in between: once it is given up its confirmation is refused.
        """
        waits = any(isinstance(output, ConfirmationAsked) for output in answer)
        refused = any(isinstance(output, CommandRejected | DoseDenied) for output in answer)
        command = self._waiting if isinstance(given, Confirm) else given
        if isinstance(given, Confirm):
            self._waiting = None
        elif waits:
            self._waiting = given
        if waits or refused or command is None or command.line not in self._lines:
            return
        if isinstance(command, Backprime):
            self._driving.hear(command)
            return
        if isinstance(command, Withdraw):
            self._drawing.hear(command)
            return
        line = self._lines[command.line]
        heard = asked.hear(self._model, line.asked, command, self._now_ns, line.account.steps)
        self._put(InterlockLine(line.line, heard, line.account))

    def _compare(self, reading: SensorReading) -> DeviceEvent | None:
        """Bring every account up to a reading, and judge it."""
        turned = self._back.observe(reading) or self._driving.observe(reading) or self._drawing.observe(reading)
        if turned and self.tripped is None:
            return self._trip(DeviceEventKind.RATE_LIMIT, turned)
        trips = [self._count(self._lines[read.line], read.steps) for read in reading.lines]
        return next((trip for trip in trips if trip is not None), None)

    def _count(self, line: InterlockLine, steps: int) -> DeviceEvent | None:
        mechanism = self._model.mechanism
        now, heard = account.counted(mechanism, line.account, steps, self._now_ns), line.asked
        if heard.since_steps is None or (self._drawing.moving and steps < heard.since_steps):
            heard = replace(heard, since_steps=steps)
        line = InterlockLine(line.line, heard, now)
        self._put(line)
        if self.tripped is not None or self._by_gravity:
            return None
        slack, most = account.slack(mechanism, now), asked.most(line.asked, self._now_ns)
        pumped = (steps - (heard.since_steps or 0)) * mechanism.step_fl * account.FL_NS_PER_H
        if now.ahead > slack:
            share = f"{account.OVER_PERCENT} % of what it was commanded"
            return self._trip(DeviceEventKind.OVER_INFUSION, f"line {line.line}: {_ml(now.ahead)} beyond {share}")
        if most is not None and pumped > most + slack:
            return self._trip(
                DeviceEventKind.OVER_INFUSION, f"line {line.line}: {_ml(pumped)} pumped of {_ml(most)} programmed"
            )
        if now.behind > slack:
            self._put(replace(line, account=replace(now, behind=0)))
            share = f"{account.UNDER_PERCENT} % of what it was commanded"
            return self._trip(DeviceEventKind.MOTOR_STALL, f"line {line.line}: {_ml(now.behind)} short of {share}")
        return None

    def _judged(self, command: MotorCommand) -> tuple[MotorCommand, DeviceEvent | None]:
        """Give what may be passed of a command, and why it is not all of it."""
        event = self.tripped if command.moving else None
        if self.tripped is None:
            event = self._against(command)
        if event is not None:
            command = MotorCommand(tuple(LineMotion(motion.line, 0) for motion in command.lines))
        return self._pass(command), event

    def _pass(self, command: MotorCommand) -> MotorCommand:
        self._back.commanded(command)
        self._driving.commanded(command)
        self._drawing.commanded(command)
        for motion in command.lines:
            if motion.line in self._lines:
                line = self._lines[motion.line]
                self._put(InterlockLine(line.line, line.asked, account.commanded(line.account, motion, self._now_ns)))
        return command

    def _against(self, command: MotorCommand) -> DeviceEvent | None:
        """Judge each line by itself, then all together."""
        against = self._driving.against(command)
        if against:
            return self._trip(DeviceEventKind.RATE_LIMIT, f"it backprimes: {against}")
        total = moving = 0
        for motion in command.lines:
            reason = self._against_motion(motion)
            if reason:
                return self._trip(DeviceEventKind.RATE_LIMIT, f"line {motion.line}: {reason}")
            total += motion.rate_nl_per_h
            moving += motion.rate_nl_per_h > 0
        limits = self._model.concurrent
        if moving > 1 and (limits is None or total > limits.sum_nl_per_h):
            return self._trip(DeviceEventKind.RATE_LIMIT, f"all lines together: {_rate(total)}")
        return None

    def _against_motion(self, motion: LineMotion) -> str:
        """Say why a line may not move so; empty when it may."""
        rate = motion.rate_nl_per_h
        if motion.line not in self._lines:
            return "there is none"
        if rate < 0:
            against = (self._drawing if self._model.withdraws else self._back).against(motion)
            return f"it runs backwards: {against}" if against else ""
        if rate > self._model.max_motor_nl_per_h:
            return f"{_rate(rate)}, beyond the model's {_rate(self._model.max_motor_nl_per_h)}"
        most = asked.most_nl_per_h(self._model, self._lines[motion.line].asked)
        return f"{_rate(rate)}, where no more than {_rate(most)} was asked for" if rate > most else ""

    def _trip(self, kind: DeviceEventKind, detail: str) -> DeviceEvent:
        event = DeviceEvent(kind, detail)
        if kind in LATCHING:
            self.tripped = event
        return event


def _ml(volume: int) -> str:
    return f"{volume / (account.FL_NS_PER_H * 1e12):.3f} mL"


def _rate(rate_nl_per_h: int) -> str:
    return f"{rate_nl_per_h / 1e6:g} mL/h"
