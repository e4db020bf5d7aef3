"""Hosts come first: answers leave before anything else is reckoned, and a rack with nothing to do does nothing."""

import select
import threading
import time
import tracemalloc
from collections.abc import Callable
from random import Random

import pytest

from firmware_bridge.rack import Rack
from firmware_bridge.setting_up import opener_of, unit_of
from firmware_bridge.transports.pseudo_terminal import PseudoTerminal
from firmware_bridge.transports.serial_port import SerialPort
from firmware_bridge.virtual_pump.unit import Settings, Unit
from firmware_bridge.virtual_pump.world import PumpPort
from pumpsim.controller import Pump
from pumpsim.scenario import Action
from pumpsim.simulation.simulated_pump import SimulatedPump
from pumpsim.vocabulary.alarms import Signal
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut, Release
from pumpsim.vocabulary.inputs import Acknowledge, GiveBolus, LoadProgram, Start, Stop, Titrate, Withdraw
from pumpsim.vocabulary.motor import FL_PER_NL, MotorFault
from pumpsim.vocabulary.remaining import Remaining
from pumpsim.vocabulary.sensors import Drift, Mended, Sensor, Silent
from tests.bridge.virtual.plain_talk import PLAIN
from tests.bridge.virtual.test_rack import line, running
from tests.build import MIN, H, S, program

MS = 10**6


def unit(model: str = "linear-peristaltic", speed: float = 1.0) -> Unit:
    return unit_of(PLAIN, model, settings=Settings(speed=speed))


class Noted:
    """A unit that notes when it was asked what."""

    strict_baud = False

    def __init__(self, number: int, notes: list[str]) -> None:
        self.number, self.unit, self.notes = number, unit(), notes
        self.wire = self.unit.wire

    def answer(self, now_ns: int, data: bytes = b"") -> bytes:
        if data:
            self.notes.append(f"{self.number} hears")
        return self.unit.answer(now_ns, data)

    def settle(self) -> int | None:
        self.notes.append(f"{self.number} looks ahead")
        return self.unit.settle()


class NotedPort(PseudoTerminal):
    """A port that notes what goes out."""

    def __init__(self, number: int, notes: list[str]) -> None:
        super().__init__()
        self.number, self.notes = number, notes

    def give(self, data: bytes) -> None:
        self.notes.append(f"{self.number} says {data.decode().strip()}")
        super().give(data)


def test_all_that_are_asked_at_once_answer_before_any_looks_ahead() -> None:
    notes: list[str] = []
    openers: list[Callable[[], NotedPort]] = [lambda n=n: NotedPort(n, notes) for n in (1, 2, 3)]  # type: ignore[misc]
    rack = Rack([(Noted(n, notes), opener) for n, opener in enumerate(openers, 1)])  # type: ignore[misc]
    while len(notes) < 3 or rack._waiting:
        rack._turn(0.0)
    hosts = [SerialPort(path, 9600) for path in rack.paths()]
    for host in hosts:
        host.write(b"RATE 20\nRUN\n")
    heard = [slot.port.descriptors()[0] for slot in rack._slots.values() if slot.port is not None]
    while len(select.select(heard, [], [])[0]) < 3:
        time.sleep(0.001)
    notes.clear()
    while len(notes) < 9 or rack._waiting:
        rack._turn(0.0)
    answers, looks = notes[:6], notes[6:]
    assert sorted(answers) == sorted(f"{n} {what}" for n in (1, 2, 3) for what in ("hears", "says OK\nOK"))
    assert all(answers.index(f"{n} hears") + 1 == answers.index(f"{n} says OK\nOK") for n in (1, 2, 3))
    assert sorted(looks) == [f"{n} looks ahead" for n in (1, 2, 3)]
    for host in hosts:
        host.close()
    rack.close()


def test_each_thing_happens_at_its_own_instant_however_late() -> None:
    """A closed line: one unit is called whenever something is due, the other once, an hour later. Both say the same."""
    often, once = unit(), unit()
    for each in (often, once):
        each.step(S, b"RATE 20\nRUN\n")
        each.tell({"occlude": "patient end"})
    said = b""
    while (wake_ns := often.settle()) is not None and wake_ns <= H:
        said += often.answer(wake_ns)
    assert b"occlusion-distal" in said
    assert said + often.answer(H, b"STATUS\n") == once.answer(H, b"STATUS\n")
    assert often.pump().look() == once.pump().look()


def test_rack_without_anything_to_do_sleeps() -> None:
    """Twenty pumps infuse and nobody asks: in half a second it wakes for itself a few times, not for each of them."""
    rack = Rack([(unit(), opener_of(None, None, 9600)) for _ in range(20)])
    turns, stopped = [0], threading.Event()

    def tell() -> bool:
        turns[0] += 1
        return False

    thread = threading.Thread(target=lambda: rack.run(stopped.is_set, tell))
    thread.start()
    for path in rack.paths():
        host = SerialPort(path, 9600)
        assert line(host, b"RATE 20") == line(host, b"RUN") == b"OK\n"
        host.close()
    rack.ask(lambda: None)
    before = turns[0]
    time.sleep(0.5)
    woken = turns[0] - before
    stopped.set()
    thread.join(10.0)
    assert woken <= 8


def test_what_is_noted_of_instants_does_not_grow() -> None:
    with running(Rack([(unit(), opener_of(None, None, 9600)) for _ in range(2)])) as two:
        first = SerialPort(two.paths()[0], 9600)
        for _ in range(400):
            assert line(first, b"STATUS").startswith(b"empty")
        assert len(two._due) <= 20
        first.close()


def test_a_look_ahead_grows_while_it_is_quiet_and_not_after_a_command() -> None:
    """Fifty seconds at first, then as far as nothing has happened, ten minutes at most."""
    pump = unit("asena-gh")
    pump.step(S, b"RATE 2\nRUN\n")
    spans, at_ns = [], S
    while at_ns < H:
        wake_ns = pump.settle()
        assert wake_ns is not None
        spans.append((wake_ns - at_ns) / S)
        at_ns = wake_ns
        pump.answer(at_ns)
    assert spans[:5] == [50.0, 50.0, 100.0, 200.0, 400.0]
    assert max(spans) == 600.0
    pump.answer(at_ns, b"STOP\nRATE 3\nRUN\n")
    assert pump.settle() == at_ns + 50 * S


@pytest.mark.parametrize("model", ["linear-peristaltic", "dual-channel-cassette"])
def test_memory_is_flat_over_days_of_polling(model: str) -> None:
    """A day, then two more: what Python holds grows by less than a tenth of a MB, what went over the wire apart."""
    pump, minute_ns = unit(model, 60.0), S
    pump.step(S, b"RATE 5\nRUN\n")
    held = []
    tracemalloc.start()
    for day in range(3):
        for minute in range(0, 24 * 60, 20):
            pump.step((day * 24 * 60 + minute) * minute_ns + 2 * S, b"STATUS\n")
        pump.frames.clear()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[2] - held[0] < 100_000, held


def as_reckoned_anew(pump: SimulatedPump, now_ns: int, name: str) -> Remaining:
    """What is left by a pump that is taken up from a snapshot, and shown what the sensors see now."""
    twin = Pump.resume(pump.model, pump._pump.snapshot())
    seen = pump._power_on.reading(pump._sensors.but_for_noise(pump.way.read(now_ns), now_ns))
    twin.step(now_ns - pump._power_on.zero_ns, seen)
    return twin.remaining(name)


def shortest_ns(left: Remaining) -> int | None:
    """How long until the first end that is known."""
    return min((end.time_ns for end in (left.vtbi, left.reservoir) if end and end.time_ns is not None), default=None)


@pytest.mark.parametrize("model", ["asena-gh", "linear-peristaltic", "dual-channel-cassette", "ne-1000", "tslim-x2"])
def test_what_is_left_is_to_the_ns_what_it_is_reckoned_anew(model: str) -> None:
    """At every instant, asked twice, before and after each thing that is done."""
    world = unit(model).world
    (port,) = world.pumps.values()
    name = port.model.lines[0]
    high = min(port.model.rate_bands[-1].high_nl_per_h / 1e6, 8.0)
    script = {
        1: LoadProgram(name, program(high / 2, 1.0)),
        2: Start(name),
        7: Titrate(name, round(high * 1e6)),
        9: Stop(name),
        11: Start(name),
    }
    different: set[Remaining] = set()
    for minute in range(60):
        for at_ns in (minute * MIN, minute * MIN + 7 * S + 123_456_789):
            world.turn_to(at_ns)
            passed_ns = port.left_ns(name)  # from where it was reckoned last, or anew
            assert port.remaining(name) == port.remaining(name) == as_reckoned_anew(port._pump, at_ns, name)
            assert passed_ns == pytest.approx(shortest_ns(port.remaining(name)), abs=MS)
            different.add(port.remaining(name))
        if minute in script:
            port.operate(script[minute])
            assert port.remaining(name) == as_reckoned_anew(port._pump, world.now_ns, name)
    assert len(different) > 20


def test_what_is_left_is_as_reckoned_anew_whatever_happens_to_the_pump() -> None:
    """A syringe pump with a level that drifts, then says nothing, a dose, a closed line, and its power lost and back."""
    world = unit("asena-gh").world
    (port,) = world.pumps.values()
    (name,), level = port.model.lines, Sensor(Signal.RESERVOIR_LEVEL, port.model.lines[0])
    script: dict[int, tuple[Action, ...]] = {
        1: (LoadProgram(name, program(20.0, 30.0)), Start(name)),
        4: (Drift(level, 3.0),),
        9: (GiveBolus(name, 1_000_000),),
        13: (Silent(level, 20 * S),),
        17: (Mended(level), Titrate(name, 40_000_000)),
        21: (Occlude(Place.PATIENT_END),),
        24: (Release(Place.PATIENT_END), Acknowledge(), Start(name)),
        28: (PowerCut(), PowerBack()),
        30: (Acknowledge(), Start(name)),
    }
    known = 0
    for tick in range(36 * 6):
        at_ns = tick * 10 * S + 123_456_789
        world.turn_to(at_ns)
        for action in script.get(tick // 6, ()) if tick % 6 == 0 else ():
            port.do(action)
        passed_ns = port.left_ns(name)
        left = port.remaining(name)
        assert left == as_reckoned_anew(port._pump, at_ns, name), tick
        assert passed_ns == pytest.approx(shortest_ns(left), abs=30 * MS), tick
        known += left.vtbi is not None and left.reservoir is not None
    assert known > 100


@pytest.mark.parametrize(
    "fault", [Drift(Sensor(Signal.RESERVOIR_LEVEL, "A"), -30.0), MotorFault(500_000), MotorFault(0)]
)
@pytest.mark.parametrize("vtbi", [None, 20.0])
def test_what_is_left_passes_as_time_only_while_nothing_fails(fault: Action, vtbi: float | None) -> None:
    world = unit("asena-gh").world
    (port,) = world.pumps.values()
    port.operate(LoadProgram("A", program(20.0, vtbi)), Start("A"))
    for tick in range(60):
        world.turn_to(tick * S + 123_456_789)
        if tick == 20:
            port.do(fault)
        passed_ns = port.left_ns("A")
        assert passed_ns == pytest.approx(shortest_ns(port.remaining("A")), abs=30 * MS), tick


def counted_anew(port: PumpPort) -> list[int]:
    """What the sensors count now, nL, but for what was drawn back."""
    pump = port._pump
    seen = pump._power_on.reading(pump.way.read(port.now_ns))
    return [line.steps * pump.model.mechanism.step_fl // FL_PER_NL for line in seen.lines]


@pytest.mark.parametrize(
    "model", ["asena-gh", "linear-peristaltic", "dual-channel-cassette", "ne-1000", "tslim-x2", "gravity-20"]
)
@pytest.mark.parametrize("seed", range(3))
def test_a_look_counts_what_the_sensors_count_whatever_happens(model: str, seed: int) -> None:
    """Looks at instants by chance, within a leg of the motor and beyond it, before and after things that are done by chance."""
    world, chance = unit(model).world, Random(seed)
    (port,) = world.pumps.values()
    name, high_nl = port.model.lines[0], min(port.model.rate_bands[-1].high_nl_per_h, 20_000_000)

    def rate() -> int:
        return chance.randrange(high_nl // 5, high_nl, port.model.rate_bands[-1].step_nl_per_h)

    actions: list[Callable[[], object]] = [
        lambda: port.operate(LoadProgram(name, program(rate() / 1e6)), Start(name)),
        lambda: port.operate(Titrate(name, rate())),
        lambda: port.operate(Stop(name)),
        lambda: port.operate(Withdraw(name, 50_000, 3_000_000)),
        lambda: port.do(Occlude(Place.PATIENT_END)),
        lambda: port.do(Release(Place.PATIENT_END)),
        lambda: port.operate(Acknowledge(), Start(name)),
    ]
    if model != "gravity-20":  # a drip has neither motor nor power
        actions += [port.power_cycle, lambda: port.do(MotorFault(chance.choice((0, 900_000, 1_000_000))))]
    actions[0]()
    counted = set[int]()
    for turn in range(150):
        world.turn_to(world.now_ns + round(10 ** chance.uniform(6.0, 11.5)))
        for _ in range(2):
            look = port.look()
            assert [line.pumped_nl - line.withdrawn_nl for line in look.lines] == pytest.approx(
                counted_anew(port), abs=1
            )
            assert [line.state for line in look.lines] == [port.line_state(line.line) for line in look.lines]
            assert look.off == port._pump.is_dead
            counted.add(look.lines[0].pumped_nl)
            if turn > 20 and chance.random() < 0.5:
                chance.choice(actions)()
    assert len(counted) > 15


def test_asking_for_the_pressure_changes_no_look() -> None:
    """One pump is asked for its pressure at once, the other is not; a stop and a minute later both say the same."""
    looks, pressures = [], []
    for at_once in (True, False):
        world = unit("linear-peristaltic").world
        (port,) = world.pumps.values()
        port.operate(LoadProgram("A", program(100.0)), Start("A"))
        world.turn_to(3 * MIN)
        before = port.look()
        if at_once:
            pressures.append(port.distal_kpa)
        port.operate(Stop("A"))
        world.turn_to(4 * MIN)
        looks.append((before, port.look(), port.distal_kpa))
    assert looks[0] == looks[1]
    assert pressures[0] > looks[0][2] > 0.0
