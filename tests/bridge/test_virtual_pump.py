"""A virtual pump's world, engine and wire, by a dialect of a few letters: two clocks, faults from a seed, and SimPy."""

from dataclasses import replace

import pytest

from firmware_bridge.virtual import converse
from firmware_bridge.virtual_pump.engine import VirtualPump
from firmware_bridge.virtual_pump.wire import SHARES, Wire, WireFaults
from firmware_bridge.virtual_pump.world import World, refusals
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import Occlude, Place
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop
from pumpsim.vocabulary.outputs import LineState
from tests.build import MIN, H, S, program, scenario

MS = 10**6


class Letters:
    """One byte a command: ``l`` loads 60 mL/h, ``s`` starts, ``h`` holds, ``v`` asks for nL; any other is answered by ``?``."""

    def __init__(self, port, silence_ns=None):
        self.port, self.silence_ns, self.heard_ns = port, silence_ns, None
        self.alarms = set()

    def take(self, link_ns, data):
        self.heard_ns = link_ns
        return [self.answer(letter) for letter in data.decode("latin-1")]

    def answer(self, letter):
        commands = {"l": LoadProgram("A", program(60)), "s": Start("A"), "h": Stop("A")}
        if letter in commands:
            return b"no;" if refusals(self.port.operate(commands[letter])) else b"ok;"
        return f"{self.port.look().line('A').pumped_nl};".encode() if letter == "v" else b"?;"

    @property
    def wake_ns(self):
        return None if self.silence_ns is None or self.heard_ns is None else self.heard_ns + self.silence_ns

    def pass_time(self, link_ns):
        said = []
        if self.wake_ns is not None and link_ns >= self.wake_ns:
            self.heard_ns = None
            self.port.operate(Stop("A"))
            said.append(b"!silent;")
        now = {standing.alarm for standing in self.port.look().standing}
        said += [f"!{alarm.value};".encode() for alarm in sorted(now - self.alarms, key=lambda a: a.value)]
        self.alarms = now
        return said


def pump(*entries, speed=1.0, faults=WireFaults(), seed=1, silence_ns=None):
    world = World(scenario(*entries, until_ns=H))
    return VirtualPump(world, Letters(world.pumps["main"], silence_ns), Wire(faults, seed), speed)


def talk(virtual, *steps):
    """What comes out at each (ms, bytes)."""
    return [virtual.step(at * MS, data).data_out for at, data in steps]


def test_a_look_is_as_new_as_what_was_done_last():
    """What is seen is kept for an instant; whatever is done, and time, make it old."""
    port = pump().world.pumps["main"]
    seen = [port.look()]
    for act in (
        lambda: port.operate(LoadProgram("A", program(60))),
        lambda: port.operate(Start("A")),
        lambda: port.do(Occlude(Place.PATIENT_END)),
        port.power_cycle,
    ):
        act()
        seen.append(port.look())
        assert port.look() is seen[-1]
    assert [look.line("A").state.value for look in seen] == ["empty", "ready", "infusing", "infusing", "held"]
    assert len({id(look) for look in seen}) == len(seen)


def test_what_it_reports_has_been_pumped_through_the_line():
    virtual = pump()
    assert talk(virtual, (0, b"l"), (1, b"s"), (60_001, b"v"), (60_002, b"h"), (120_000, b"v")) == [
        b"ok;",
        b"ok;",
        b"990000;",
        b"ok;",
        b"990000;",
    ], "three strokes of 0.33 mL in a minute at 60 mL/h"
    assert virtual.world.pumps["main"].look().line("A").state is LineState.HELD


def test_a_refused_command_changes_nothing():
    virtual = pump()
    before = virtual.world.pumps["main"].look()
    assert talk(virtual, (0, b"s"), (0, b"h")) == [b"no;", b"no;"]
    assert virtual.world.pumps["main"].look() == before


@pytest.mark.parametrize("speed", [0.5, 1.0, 60.0])
def test_speed_scales_pump_time_only(speed):
    """The watchdog of a second runs on the wire; what is pumped by then goes with the speed."""
    virtual = pump(speed=speed, silence_ns=100 * S)
    talk(virtual, (0, b"ls"))
    assert virtual.step(99_999 * MS).data_out == b""
    assert virtual.step(100_000 * MS).data_out == b"!silent;"
    look = virtual.world.pumps["main"].look()
    assert look.at_ns == round(100 * speed) * S
    assert look.line("A").state is LineState.HELD
    assert look.line("A").pumped_nl == pytest.approx(60e6 * 100 * speed / 3600, abs=330_000)


def test_a_watchdog_that_ran_out_long_ago_stopped_the_pump_then():
    """Nobody called for an hour: what was pumped ends where the watchdog was due, not now."""
    late, punctual = pump(silence_ns=10 * S), pump(silence_ns=10 * S)
    talk(late, (0, b"ls"), (3_600_000, b""))
    talk(punctual, (0, b"ls"), (10_000, b""), (3_600_000, b""))
    assert late.world.pumps["main"].look() == punctual.world.pumps["main"].look()


def test_an_occlusion_alarm_comes_from_the_pressure_in_the_line():
    virtual = pump((5 * MIN, Occlude(Place.PATIENT_END, None)))
    talk(virtual, (0, b"ls"))
    said, step = b"", virtual.step(MS)
    while step.wake_at_ns is not None and step.wake_at_ns < 10 * MIN:
        step = virtual.step(step.wake_at_ns)
        said += step.data_out
    assert said == b"!occlusion-distal;"
    (alarm,) = virtual.world.pumps["main"].look().standing
    assert alarm.alarm is AlarmId.OCCLUSION_DISTAL
    assert virtual.world.pumps["main"].distal_kpa > 41.0


def test_power_gone_and_back_keeps_what_the_pump_keeps():
    virtual = pump()
    talk(virtual, (0, b"ls"), (60_000, b""))
    port = virtual.world.pumps["main"]
    port.power_cycle()
    look = port.look()
    assert not look.off
    assert look.line("A").state is LineState.HELD
    assert look.line("A").program == program(60)
    assert look.line("A").pumped_nl == 0, "counts begin anew"
    assert AlarmId.POWER_LOST in {standing.alarm for standing in look.standing}


def test_time_does_not_run_backwards():
    virtual = pump()
    virtual.step(5 * S)
    with pytest.raises(ValueError, match="backwards"):
        virtual.step(4 * S)
    with pytest.raises(ValueError, match="speed of 0"):
        pump(speed=0.0)


class Hurried(Letters):
    """Is due at once, for ever."""

    wake_ns = 0

    def pass_time(self, link_ns):
        return []


def test_a_dialect_that_is_always_due_hangs_nobody():
    world = World(scenario(until_ns=H))
    virtual = VirtualPump(world, Hurried(world.pumps["main"]))
    assert talk(virtual, (0, b"l"), (1000, b"s"), (60_000, b"v"))[:2] == [b"ok;", b"ok;"]
    assert world.now_ns == 60 * S


# The wire


def on_wire(faults, *frames, seed=1, spacing_ns=0):
    """When and what comes out of a wire."""
    wire, out = Wire(faults, seed), []
    for i, frame in enumerate(frames):
        wire.send(i * spacing_ns, [frame])
    while wire.next_ns is not None:
        at_ns = wire.next_ns
        out.append((at_ns, wire.due(at_ns)))
    return out


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (WireFaults(), [(0, b"abcdef")]),
        (WireFaults(latency_ns=3 * MS), [(3 * MS, b"abcdef")]),
        (WireFaults(baud=9600), [(3_125_000, b"abc"), (6_250_000, b"def")]),
        (WireFaults(drop=1.0), []),
        (WireFaults(duplicate=1.0), [(0, b"abcabcdefdef")]),
        (WireFaults(glue=1.0), [(0, b"abcdef")]),
        (WireFaults(delay=1.0), [(500 * MS, b"abcdef")]),
        (WireFaults(silent=True), []),
    ],
)
def test_what_a_wire_does(faults, expected):
    assert on_wire(faults, b"abc", b"def") == expected


def test_split_corrupt_and_reordered_frames():
    (first_ns, first), (rest_ns, rest) = on_wire(WireFaults(split=1.0), b"abcdef")
    assert (first + rest, rest_ns - first_ns) == (b"abcdef", 20 * MS)
    ((_, wrong),) = on_wire(WireFaults(corrupt=1.0), b"abc")
    assert len(wrong) == 3
    assert sum(bin(a ^ b).count("1") for a, b in zip(wrong, b"abc", strict=True)) == 1, "one bit"
    late = on_wire(WireFaults(reorder=1.0, latency_ns=5 * MS), b"abc", b"def", spacing_ns=MS)
    assert [data for _, data in late] == [b"def", b"abc"]


def test_a_share_of_frames_suffers_and_the_seed_says_which():
    frames = [bytes([65 + i]) for i in range(26)] * 8
    once, again, other = (on_wire(WireFaults(drop=0.25), *frames, seed=seed) for seed in (1, 1, 2))
    assert once == again != other
    assert 0.15 < 1 - len(once[0][1]) / len(frames) < 0.35


def test_the_first_thing_said_may_be_lost_and_a_silent_pump_hears_nothing():
    virtual = pump(faults=WireFaults(lose_first=True))
    assert talk(virtual, (0, b"l"), (1, b"l")) == [b"", b"ok;"]
    virtual.wire.change(silent=True)
    assert talk(virtual, (2, b"s")) == [b""]
    virtual.wire.change(silent=False)
    assert talk(virtual, (3, b"v"), (3, b"s")) == [b"0;", b"ok;"], "it did not start"


def test_what_cannot_be_set_is_refused_with_every_fault():
    with pytest.raises(ValueError, match=r"drop = 1.5, glue = -0.1, baud = -1"):
        WireFaults(drop=1.5, glue=-0.1, baud=-1)
    with pytest.raises(TypeError):
        Wire().change(noise=1.0)
    assert all(getattr(replace(WireFaults(), **{name: 1.0}), name) == 1.0 for name in SHARES)


# On virtual time


def polling(every_ns, seen):
    def host(port):
        port.write(b"ls")
        yield every_ns
        while True:
            seen.append((port.now_ns, port.read()))
            port.write(b"v")
            yield every_ns

    return host


def test_an_hour_of_polling_in_virtual_time():
    seen = []
    wire = converse(pump(), polling(S, seen), H)
    assert seen[0] == (S, b"ok;ok;")
    assert len(seen) == 3600
    volumes = [int(reply[:-1]) for _, reply in seen[1:]]
    assert volumes == sorted(volumes)
    assert volumes[-1] == pytest.approx(60e6 * 3598 / 3600, abs=330_000)
    assert sum(piece.to_pump for piece in wire) == 3601


def test_a_lost_reply_is_lost_and_the_rest_goes_on():
    faults = WireFaults(drop=0.1, latency_ns=2 * MS)
    seen, again = [], []
    one = converse(pump(faults=faults, seed=7), polling(S, seen), 10 * MIN)
    two = converse(pump(faults=faults, seed=7), polling(S, again), 10 * MIN)
    assert one == two
    assert 30 < sum(not reply for _, reply in seen) < 90
