"""A pump on a fluid path that obeys physics: the same ``Pump`` that the serial bridge drives, and what is done to it.

What is due when, and in which order, is the ``clockwork``'s.

A pump whose power is cut gets one more reading, of that instant, so that it can put the counts away (what a brown-out detector
leaves time for: an assumption); then it is dead, as is one that its empty battery has switched off: no reading, no wake-up, no
key. What happens to its switches meanwhile it is told when it is powered again.
"""

from collections import deque
from operator import itemgetter

from pumpsim.controller import Pump
from pumpsim.controller.answer import about
from pumpsim.controller.power import OFF, OFF_REASON
from pumpsim.fluidics.drives.leg import Counting, Counts
from pumpsim.journal import Taken
from pumpsim.scenario import Action, Entry, PumpSetup
from pumpsim.simulation.chance import Chance
from pumpsim.simulation.motor import Motor
from pumpsim.simulation.moving import next_moving_crossing
from pumpsim.simulation.paths import Way
from pumpsim.simulation.power_ons import POWERED_ON, PowerOn, what_ends
from pumpsim.simulation.sensors import Sensors
from pumpsim.trace import Estimate, PumpTrace, Recorded
from pumpsim.vocabulary.disturbances import Disturbance, Hanging, PowerCut, Powering
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    DeviceEvent,
    DeviceEventKind,
    Input,
    OperatorCommand,
    RequestDose,
    SensorReading,
    Tick,
)
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.motor import MotorFault
from pumpsim.vocabulary.outputs import (
    CommandRejected,
    DeliveryEvent,
    DeliveryEventKind,
    LineMotion,
    MotorCommand,
    PowerChanged,
    Record,
    Step,
    Watch,
)
from pumpsim.vocabulary.remaining import Remaining, reckoned_anew
from pumpsim.vocabulary.sensors import Mended, Sensor, SensorFault, Silent
from pumpsim.vocabulary.status import PumpState

FL_PER_ML = 10**12
HOUSEKEEPING_NS = 6 * 3_600_000_000_000
"""How far the path is planned at most before history is handed over: bounds memory, never a result."""
MOST_AHEAD_NS = 600 * 1_000_000_000
"""Where less is looked ahead at once, as far as it has been quiet for, but no farther than this."""


class SimulatedPump:
    """Pump, path and the script of what is done to them; ``asks``: when it is asked what is left of which line.

    ``keeps`` False: what it took, said and estimated stays only until the next ``forget``; there is no trace.
    """

    def __init__(
        self,
        setup: PumpSetup,
        entries: tuple[Entry, ...],
        asks: tuple[tuple[int, str], ...],
        chance: Chance,
        way: Way,
        ahead_ns: int = HOUSEKEEPING_NS,
        *,
        keeps: bool = True,
    ) -> None:
        self.way, self._ahead_ns, self._keeps = way, ahead_ns, keeps
        self._setup, self._sensors = setup, Sensors(setup, chance)
        self._pump, self._motor = Pump(setup.model), Motor()
        zero = dict.fromkeys(setup.model.lines, 0)
        self._power_on = PowerOn(1, 0, zero, zero)
        self._cut = False
        self._missed: list[DeviceEvent] = []
        self._entries, self._asks = list(entries), sorted(asks)
        self._records: list[Recorded] = []
        self._estimates: list[Estimate] = []
        self._decisions: list[tuple[int, MotorCommand]] = []
        self._step = Step((), None, ())
        self._still: tuple[Watch, ...] = ()
        self._moving: tuple[Watch, ...] = ()
        self._noticed: list[tuple[int, Sensor]] = []
        self._silent: dict[Sensor, int] = {}
        self._older: deque[SensorReading] = deque()
        self._captured = self._given_ns = 0
        self._foreseen: tuple[int, int, int | None] | None = None
        self.taken: list[Taken] = []
        self.touches = 0

    @property
    def id(self) -> str:
        """The pump's id in the scenario."""
        return self._setup.id

    @property
    def model(self) -> PumpModel:
        """What it is."""
        return self._setup.model

    @property
    def state(self) -> PumpState:
        """What the pump knows, as of its last input."""
        return self._pump.state

    def distal_kpa(self, now_ns: int) -> float:
        """The pressure behind the mechanism; looking changes nothing."""
        return self.way.distal_kpa(now_ns)

    def counting(self, now_ns: int) -> Counting:
        """The counts since power-on from an instant on, if nothing happens; they cost less than a whole reading, most of all
        right after something was done."""
        (counts, until_ns), on, lines = self.way.counting(now_ns), self._power_on, self._setup.model.lines
        if on.number == 1:
            return counts, until_ns

        def since_power_on(at_ns: int) -> Counts:
            counted = on.counts(lines, counts(at_ns)[0])
            return counted, counted

        return since_power_on, until_ns

    @property
    def power_ons(self) -> int:
        """How often it has been switched on by now; at each, its counts begin at 0."""
        return self._power_on.number

    def remaining(self, now_ns: int, line: str) -> Remaining:
        """What is left of a line, as the pump would say it after a reading of this instant; asking changes nothing.

        By this instant all must have happened that is due. So a pump that sees the world as it is has decided all that there is
        to decide; one that looks now and then, or late, may find something in a reading that comes between.
        """
        if self.is_dead:
            return self._pump.remaining(line)
        since_ns = now_ns - self._power_on.zero_ns
        if self._setup.sensing.period_ns is None:
            counted = self._power_on.reading(self._sensors.counts(self.way.counting(now_ns)[0](now_ns)[0], now_ns))
            return self._pump.remaining_by(since_ns, counted, line)
        reading = self._power_on.reading(self._sensors.but_for_noise(self.way.read(now_ns), now_ns))
        return self._pump.remaining_after(since_ns, reading, line)

    @property
    def keeps_time(self) -> bool:
        """Whether, until something happens, what is left of a line that infuses passes as time does, to a motor step: the motor
        does what it is told, and the sensors say what is true, always."""
        return self._motor.sound and self._sensors.sound and self._setup.sensing.period_ns is None

    def forget(self) -> None:
        """Drop what was taken, said and estimated, if nothing of it is kept."""
        if not self._keeps:
            self.taken.clear()
            self._records.clear()
            self._decisions.clear()
            self._estimates.clear()

    def recorded_since(self, count: int) -> tuple[Record, ...]:
        """What has been recorded beyond the first ``count``."""
        return tuple(recorded.record for recorded in self._records[count:])

    @property
    def recorded(self) -> int:
        """How much has been recorded."""
        return len(self._records)

    def trace(self) -> PumpTrace:
        """What did happen."""
        return PumpTrace(
            self._setup.id,
            self._setup.model,
            self._setup.path,
            history=self.way.history(),
            records=self._records,
            decisions=self._decisions,
            state=self._pump.state,
            estimates=self._estimates,
        )

    def moved_ml(self, now_ns: int, line: str) -> float:
        """What the mechanism has moved of a line since the beginning, over every power-on."""
        steps = next(reading.steps for reading in self.way.read(now_ns).lines if reading.line == line)
        return steps * self._setup.model.mechanism.step_fl / FL_PER_ML

    def insert(self, now_ns: int, action: Action) -> None:
        """Let something be done now, ahead of what the script still has."""
        self._entries.insert(0, Entry(now_ns, self.id, action))

    def next(self, now_ns: int, until_ns: int) -> tuple[int, bool]:
        """The next instant at which anything is due, and whether the pump gets a reading then."""
        quiet_ns = min(now_ns - self._given_ns, MOST_AHEAD_NS)
        horizon = min(until_ns, now_ns + max(self._ahead_ns, quiet_ns))
        if self._entries:
            horizon = min(horizon, self._entries[0].at_ns)
        if self._asks:
            horizon = min(horizon, self._asks[0][0])
        wake = self._step.wake_at_ns
        if wake is not None:
            horizon = min(horizon, max(wake, now_ns))
        if self._noticed:
            horizon = min(horizon, max(self._noticed[0][0], now_ns))
        period = self._setup.sensing.period_ns
        if self._setup.sensing.delay_ns and period is not None:
            horizon = min(horizon, max(now_ns, (self._captured + 1) * period - self._setup.sensing.delay_ns))
        if period is not None:
            sample_ns = (now_ns // period + 1) * period
            return (sample_ns, True) if sample_ns <= horizon else (horizon, False)
        crossing = self._crossing(now_ns, horizon)
        if crossing is not None:
            return crossing, True
        return horizon, horizon in (wake, until_ns)

    def _crossing(self, now_ns: int, horizon: int) -> int | None:
        """When a watch is next satisfied; what was foreseen stands as long as nothing has changed."""
        version = self.way.version
        if version is not None and self._foreseen is not None:
            then, looked_to, crossing = self._foreseen
            if then == version:
                if crossing is not None and crossing > now_ns:
                    return crossing if crossing <= horizon else None
                if crossing is None and looked_to >= horizon:
                    return None
        crossing = self._sensors.next_crossing(self.way, self._still, now_ns, horizon)
        within_ns = (now_ns, horizon if crossing is None else crossing)
        moving = next_moving_crossing(self.way, self._moving, within_ns, sound=self._motor.sound)
        crossing = crossing if moving is None else moving
        if version is not None:
            self._foreseen = (version, horizon, crossing)
        return crossing

    def due(self, now_ns: int) -> bool:
        """Whether the script has something for this instant, and the pump sees the world without delay."""
        script = [*(entry.at_ns for entry in self._entries[:1]), *(at_ns for at_ns, _ in self._asks[:1])]
        return self._setup.sensing.period_ns is None and any(at_ns <= now_ns for at_ns in script)

    def suffer(self, now_ns: int) -> None:
        """Let the disturbances of this instant happen."""
        while self._entries and self._entries[0].at_ns <= now_ns:
            action = self._entries[0].action
            if isinstance(action, SensorFault):
                self._fail(now_ns, action)
            elif isinstance(action, MotorFault):
                self._foreseen = None
                self.way.command(now_ns, self._motor.failing(action))
            elif isinstance(action, Disturbance):
                if isinstance(action, Hanging):
                    self._sensors.hang(action, self.way.read(now_ns))
                self.way.disturb(now_ns, action)
            elif isinstance(action, PowerCut):
                self._lose_power(now_ns)
            elif isinstance(action, Powering):
                self._cut = False
                self._switch_on(now_ns, POWERED_ON)
            else:
                return
            del self._entries[0]

    def _fail(self, now_ns: int, fault: SensorFault) -> None:
        """Let a sensor fail; the pump's self-test finds a silent one a while later."""
        self._sensors.disturb(now_ns, fault, lambda: self.way.read(now_ns))
        self._foreseen = None
        if isinstance(fault, Silent):
            self._test(now_ns + fault.noticed_ns, fault.sensor)
            self._silent[fault.sensor] = fault.noticed_ns
        elif isinstance(fault, Mended):
            self._silent.pop(fault.sensor, None)
            self._noticed = [found for found in self._noticed if found[1] != fault.sensor]

    @property
    def is_dead(self) -> bool:
        """Whether the pump has no power: it is called by nobody."""
        return self._cut or self._pump.state.unit.power.off

    def _lose_power(self, now_ns: int) -> None:
        """Stop motor and pump in this instant, after a last reading."""
        if not self.is_dead:
            self._look(now_ns)
            still = MotorCommand(tuple(LineMotion(line, 0) for line in self._setup.model.lines))
            self.way.command(now_ns, self._motor.without_power(still))
            self._decisions.append((now_ns, still))
            self._records += (Recorded(now_ns, ended) for ended in what_ends(self._pump))
            self._records.append(Recorded(now_ns, PowerChanged(OFF)))
        self._look_out(Step((), None, ()))
        self._noticed.clear()
        self._cut = True

    def _look(self, now_ns: int) -> None:
        """A reading of this very instant, whatever the period of the sensors: the counts with which the pump goes dark."""
        self._give(now_ns, self._power_on.reading(self._sensors.seen(self.way.read(now_ns), now_ns)))

    def _switch_on(self, now_ns: int, first: DeviceEvent) -> None:
        """Begin a new power-on with what the pump has kept; tell it what has become of its switches, and test its sensors."""
        self._power_on = PowerOn.again(self._power_on, now_ns, self.way.read(now_ns))
        self._pump = Pump.power_on(self._setup.model, self._pump.snapshot())
        missed, self._missed = self._missed, []
        for event in (first, *missed):
            self._give(now_ns, event)
        for sensor, noticed_ns in self._silent.items():
            self._test(now_ns + noticed_ns, sensor)

    def _test(self, at_ns: int, sensor: Sensor) -> None:
        """Let the self-test find a sensor silent at an instant."""
        self._noticed = sorted([*self._noticed, (at_ns, sensor)], key=itemgetter(0))

    def capture(self, now_ns: int) -> None:
        """Keep what sensors that answer late have by now been exposed to, sample by sample."""
        period, delay = self._setup.sensing.period_ns, self._setup.sensing.delay_ns
        while period is not None and delay and (self._captured + 1) * period - delay <= now_ns:
            self._captured += 1
            self._older.append(self.way.read(now_ns))

    def wake(self, now_ns: int) -> None:
        """Call the pump if its self-test has found something, and if it wanted to be called by now."""
        while self._noticed and self._noticed[0][0] <= now_ns:
            _, sensor = self._noticed.pop(0)
            where = "" if sensor.line is None else f" of line {sensor.line}"
            what = sensor.signal.value.partition(" (")[0]
            self._give(now_ns, DeviceEvent(DeviceEventKind.DEVICE_FAULT, f"no answer from the sensor: {what}{where}"))
        if self._step.wake_at_ns is not None and self._step.wake_at_ns <= now_ns:
            self._give(now_ns, Tick())

    def act(self, now_ns: int) -> None:
        """Carry out the script's entries of this instant."""
        while self._entries and self._entries[0].at_ns <= now_ns:
            action = self._entries[0].action
            if isinstance(action, Disturbance | SensorFault | MotorFault | Powering):
                self.suffer(now_ns)
                continue
            del self._entries[0]
            if self.is_dead:
                self._find_dead(now_ns, action)
                continue
            self.touches += _by_hand(action)
            if isinstance(action, DeviceEvent) and action.kind is DeviceEventKind.MAINS_LOST:
                self._look(now_ns)
            self._give(now_ns, action)
            if isinstance(action, Acknowledge):  # what was acknowledged is found again as long as it is so
                for sensor, noticed_ns in self._silent.items():
                    self._test(now_ns + noticed_ns, sensor)
        while self._asks and self._asks[0][0] <= now_ns:
            self._estimate(now_ns, self._asks.pop(0)[1])

    def _estimate(self, now_ns: int, line: str, after: DeliveryEventKind | None = None) -> None:
        """Ask the pump what is left of a line; one without power says nothing, and of some lines nothing is known."""
        if self.is_dead:
            return
        remaining = self._pump.remaining(line)
        if remaining.vtbi is not None or remaining.reservoir is not None:
            self._estimates.append(Estimate(now_ns, line, after, remaining))

    def _find_dead(self, now_ns: int, action: OperatorCommand | DeviceEvent) -> None:
        """What is done to a pump without power comes to nothing, but for mains: they switch on what the battery could not."""
        if not isinstance(action, DeviceEvent):
            self._records.append(Recorded(now_ns, CommandRejected(*about(action), OFF_REASON)))
        elif action.kind is DeviceEventKind.MAINS_RESTORED and not self._cut:
            self._switch_on(now_ns, action)
        else:
            self._missed.append(action)

    def sense(self, now_ns: int) -> None:
        """Hand a reading over, as the sensors give it."""
        older = bool(self._older)
        truth = self._older.popleft() if older else self.way.read(now_ns)
        if not self.is_dead:
            self._give(now_ns, self._power_on.reading(self._sensors.seen(truth, now_ns), older=older))

    def _look_out(self, step: Step) -> None:
        """Look out from now on for what a step wants to be told, and when."""
        self._step, self._foreseen = step, None
        self._still = tuple(watch for watch in step.watches if watch.per_h == 0.0)
        self._moving = tuple(watch for watch in step.watches if watch.per_h != 0.0)

    def _give(self, now_ns: int, given: Input) -> None:
        """One input: the pump answers, the motor obeys, the rest is recorded."""
        power_on, at_ns = self._power_on, now_ns - self._power_on.zero_ns
        self._given_ns, step = now_ns, self._pump.step(at_ns, given)
        self._look_out(power_on.answer(step))
        self.taken.append(Taken(power_on.number, at_ns, given, step))
        for output in step.outputs:
            if isinstance(output, MotorCommand):
                command = power_on.command(output)
                self.way.command(now_ns, self._motor.told(command))
                self._decisions.append((now_ns, command))
            elif not (isinstance(output, DeliveryEvent) and given == POWERED_ON):
                self._records.append(Recorded(now_ns, output))
        for line, after in reckoned_anew(step.outputs).items() if self._keeps else ():
            self._estimate(now_ns, line, after)


def _by_hand(action: OperatorCommand | DeviceEvent) -> bool:
    """Whether somebody works the pump; the patient's button is no touch."""
    if isinstance(action, DeviceEvent):
        return action.kind is DeviceEventKind.KEY_PRESSED
    return not isinstance(action, RequestDose)
