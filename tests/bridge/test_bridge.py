"""Host and emulated device over a wire in virtual time: what is delivered, and that every trouble ends stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_bridge.bridge import LinkEventKind
from firmware_bridge.device import WATCHDOG_NS
from firmware_bridge.emulator import emulator
from firmware_bridge.framing import encode_frame
from firmware_bridge.protocols.native import Hello, State, encode
from firmware_bridge.transports.loopback import WireFaults
from pumpsim.catalogue.pumps import SINGLE_CHANNEL_CASSETTE
from pumpsim.journal import JournalWriter
from pumpsim.replay import replay
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.disturbances import Occlude, Place
from pumpsim.vocabulary.inputs import Acknowledge, LoadProgram, SensorReading, Start
from pumpsim.vocabulary.outputs import (
    AlarmCleared,
    AlarmRaised,
    CommandRejected,
    DeliveryEvent,
    DeliveryEventKind,
    LineState,
    Record,
)
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from tests.bridge.wire_bench import BOTH, ML, MODEL, MS, SECOND, SETUP, Bench

ONE_LINE = replace(SETUP, lines=SETUP.lines[:1])
CYCLE_ML = MODEL.mechanism.cycle_fl / 1e12
STEP_ML = MODEL.mechanism.step_fl / 1e12
LOST_NS = 900 * MS
"""The host's 0.8 s without an answer, and the wire."""


def pumped_ml(bench: Bench, line: int) -> float:
    return bench.telemetry().lines[line].steps * STEP_ML


def alarms(bench: Bench) -> list[tuple[AlarmId, str | None]]:
    return [(record.alarm, record.line) for _, record in bench.records if isinstance(record, AlarmRaised)]


def raised_at_ns(bench: Bench, alarm: AlarmId) -> int:
    return next(at for at, record in bench.records if isinstance(record, AlarmRaised) and record.alarm is alarm)


def link_kinds(bench: Bench) -> list[LinkEventKind]:
    return [event.kind for event in bench.link_events]


def test_the_pump_says_what_is_left_at_each_change_and_when_it_is_asked() -> None:
    """A: 400 mL at 100 mL/h are four hours; it is asked after half a minute of them. A cycle of 0.33 mL is 12 s."""
    bench = Bench(asks=((31 * SECOND, "A"),)).run(40 * SECOND)
    said = [(e.line, None if e.after is None else e.after.value, e.remaining.vtbi) for e in bench.estimates]
    assert [(line, after) for line, after, _ in said] == [
        ("A", "program-loaded"),
        ("B", "program-loaded"),
        ("A", "delivery-started"),
        ("B", "delivery-started"),
        ("A", None),
    ]
    assert said[2][2] is not None
    assert said[2][2].time_ns == pytest.approx(4 * 3600 * SECOND, abs=SECOND)
    assert said[4][2] is not None
    assert said[4][2].time_ns == pytest.approx((4 * 3600 - 30) * SECOND, abs=12 * SECOND)


def test_both_lines_deliver_what_was_programmed() -> None:
    bench = Bench().run(61 * SECOND)
    assert pumped_ml(bench, 0) == pytest.approx(100 / 60, abs=CYCLE_ML)
    assert pumped_ml(bench, 1) == pytest.approx(13.1 / 60, abs=CYCLE_ML)
    assert alarms(bench) == []
    assert link_kinds(bench) == [LinkEventKind.ATTACHED]


def test_pump_time_begins_at_the_first_telemetry_and_the_operator_is_served_after_it() -> None:
    bench = Bench().run(SECOND // 2)
    assert bench.bridge.zero_ns == 6 * MS  # HELLO, STOP, POLL and their answers, 1 ms each way
    assert [type(answer.given).__name__ for answer in bench.answers[:3]] == [
        "SensorReading",
        "LoadProgram",
        "LoadProgram",
    ]
    assert bench.answers[0].at_ns == 0


def test_last_reading_is_handed_over_with_its_age_before_the_operator_acts() -> None:
    at_ns = SECOND + 73 * MS
    bench = Bench(commands=(*BOTH[:2], (at_ns, Start()))).run(2 * SECOND)
    starts = next(i for i, answer in enumerate(bench.answers) if isinstance(answer.given, Start))
    before = bench.answers[starts - 1]
    assert before.at_ns == bench.answers[starts].at_ns == at_ns
    assert isinstance(before.given, SensorReading)
    assert 0 <= before.given.age_ns <= 50 * MS


def test_wake_up_is_kept_to_the_instant() -> None:
    program = InfusionProgram(100_000_000, 400_000_000, start_delay_ns=10 * SECOND + 3 * MS)
    bench = Bench(commands=((0, LoadProgram("A", program)), (SECOND, Start()))).run(20 * SECOND)
    started = [at for at, r in bench.records if getattr(r, "kind", None) is DeliveryEventKind.DELIVERY_STARTED]
    assert started == [11 * SECOND + 3 * MS]


@pytest.mark.requirement("GPCA REQ 14")
def test_nothing_moves_before_the_operator_starts() -> None:
    assert Bench(commands=BOTH[:2]).run(20 * SECOND).moved_at_ns == []


def test_volume_to_be_infused_holds_on_the_device_itself() -> None:
    program = InfusionProgram(600_000_000, 1_000_000)
    bench = Bench(commands=((0, LoadProgram("A", program)), (0, Start("A"))))
    bench.at(3 * SECOND, lambda: setattr(bench.down, "cut", True))  # the host's words do not reach it any more
    bench.run(12 * SECOND)
    assert pumped_ml(bench, 0) <= 1.0
    bench = Bench(commands=((0, LoadProgram("A", program)), (0, Start("A")))).run(20 * SECOND)
    complete = [at for at, r in bench.records if getattr(r, "kind", None) is DeliveryEventKind.DELIVERY_COMPLETE]
    assert len(complete) == 1
    assert complete[0] == pytest.approx(6 * SECOND, abs=SECOND // 2)


def test_occlusion_of_the_scenario_is_found_and_stops_all() -> None:
    bench = Bench(disturbances=((10 * SECOND, Occlude(Place.PATIENT_END)),)).run(60 * SECOND)
    assert bench.bridge.zero_ns is not None
    over = next(at for at, telemetry in bench.history if telemetry.distal_pa >= 41_369)
    assert raised_at_ns(bench, AlarmId.OCCLUSION_DISTAL) <= over - bench.bridge.zero_ns + 30 * MS
    assert bench.last_moved_ns <= raised_at_ns(bench, AlarmId.OCCLUSION_DISTAL) + 20 * MS


@pytest.mark.parametrize("when_ns", [5 * SECOND, 5 * SECOND + 7 * MS, 20 * SECOND])
def test_unplugged_stops_and_alarms_at_once(when_ns: int) -> None:
    bench = Bench()
    bench.at(when_ns, bench.unplug).run(when_ns + 10 * SECOND)
    assert alarms(bench) == [(AlarmId.COMMUNICATION_LOST, None)]
    assert raised_at_ns(bench, AlarmId.COMMUNICATION_LOST) <= when_ns
    assert bench.last_moved_ns <= when_ns + WATCHDOG_NS
    assert bench.telemetry().state is State.TRIPPED


@pytest.mark.parametrize("direction", ["down", "up", "both"])
def test_silence_stops_and_alarms(direction: str) -> None:
    bench = Bench()
    for name in ("down", "up") if direction == "both" else (direction,):
        bench.at(10 * SECOND, lambda name=name: setattr(getattr(bench, name), "cut", True))
    bench.run(30 * SECOND)
    assert alarms(bench) == [(AlarmId.COMMUNICATION_LOST, None)]
    assert 0 < raised_at_ns(bench, AlarmId.COMMUNICATION_LOST) - 10 * SECOND <= LOST_NS
    assert bench.last_moved_ns <= 10 * SECOND + WATCHDOG_NS + SECOND
    assert bench.telemetry().state is not State.MOVING


def test_garbage_in_place_of_answers_stops_and_alarms() -> None:
    bench = Bench(faults=WireFaults())
    bench.at(10 * SECOND, lambda: setattr(bench.up, "_faults", WireFaults(damaged=1.0, noise=1.0)))
    bench.run(30 * SECOND)
    assert (AlarmId.COMMUNICATION_LOST, None) in alarms(bench)
    assert bench.last_moved_ns <= 10 * SECOND + LOST_NS + WATCHDOG_NS


def test_command_that_is_not_answered_is_uncertain_then_lost() -> None:
    bench = Bench()
    bench.at(SECOND - MS, lambda: setattr(bench.up, "cut", True)).run(6 * SECOND)
    assert link_kinds(bench) == [LinkEventKind.ATTACHED, LinkEventKind.UNCERTAIN, LinkEventKind.LOST]
    assert bench.last_moved_ns <= SECOND + LOST_NS  # HELLO still reaches the device and stops it before its watchdog


def test_after_a_loss_nothing_moves_until_the_operator_starts_again() -> None:
    bench = Bench(commands=(*BOTH, (40 * SECOND, Start())))
    bench.at(10 * SECOND, bench.unplug).at(15 * SECOND, bench.plug_in).run(60 * SECOND)
    assert alarms(bench) == [(AlarmId.COMMUNICATION_LOST, None)]
    assert [r.alarm for _, r in bench.records if isinstance(r, AlarmCleared)] == [AlarmId.COMMUNICATION_LOST]
    assert link_kinds(bench) == [LinkEventKind.ATTACHED, LinkEventKind.LOST, LinkEventKind.RESTORED]
    assert not [at for at in bench.moved_at_ns if 10 * SECOND + WATCHDOG_NS < at < 40 * SECOND - 50 * MS]
    assert bench.last_moved_ns == pytest.approx(60 * SECOND, abs=50 * MS)


def test_start_is_refused_while_the_link_is_lost() -> None:
    bench = Bench(commands=(*BOTH, (14 * SECOND, Start())))
    bench.at(10 * SECOND, bench.unplug).at(20 * SECOND, bench.plug_in).run(30 * SECOND)
    assert [r.command for _, r in bench.records if isinstance(r, CommandRejected)] == ["start"]
    assert bench.last_moved_ns <= 10 * SECOND + WATCHDOG_NS


def test_device_that_restarts_is_a_fault_and_its_count_goes_on() -> None:
    bench = Bench(commands=(*BOTH, (20 * SECOND, Acknowledge()), (21 * SECOND, Start())))
    bench.at(10 * SECOND, lambda: bench.device.reboot(bench.now_ns)).run(50 * SECOND)
    assert set(alarms(bench)) == {(AlarmId.COMMUNICATION_LOST, None), (AlarmId.DEVICE_FAULT, None)}
    assert not [at for at in bench.moved_at_ns if 10 * SECOND < at < 21 * SECOND - 50 * MS]
    assert bench.telemetry().epoch == 2
    assert bench.bridge.steps[0] * STEP_ML == pytest.approx(100 / 3600 * (9 + 29), abs=CYCLE_ML)


def test_device_that_breaks_is_a_fault() -> None:
    bench = Bench()
    bench.at(10 * SECOND, lambda: bench.device.fail(bench.now_ns)).run(20 * SECOND)
    assert alarms(bench) == [(AlarmId.DEVICE_FAULT, None)]
    assert bench.last_moved_ns <= 10 * SECOND


def test_broken_device_is_a_fault_each_time_that_it_is_started() -> None:
    bench = Bench(commands=(*BOTH, (20 * SECOND, Acknowledge()), (21 * SECOND, Start())))
    bench.at(10 * SECOND, lambda: bench.device.fail(bench.now_ns)).run(40 * SECOND)
    assert alarms(bench) == [(AlarmId.DEVICE_FAULT, None)] * 2
    assert [line.state for line in bench.bridge.state.lines] == [LineState.ALARM] * 2
    assert bench.bridge.down_since_ns is None


def test_host_that_slept_finds_the_device_tripped() -> None:
    bench = Bench()
    bench.run(10 * SECOND)
    bench.device.step(13 * SECOND)  # nothing came for 3 s; the host's next poll finds it
    bench.now_ns = 13 * SECOND
    bench.run(20 * SECOND)
    assert alarms(bench) == [(AlarmId.COMMUNICATION_LOST, None)]
    assert LinkEventKind.TRIPPED in link_kinds(bench)
    assert bench.telemetry().state is State.READY


@pytest.mark.requirement("GIP 3.5.2")
@pytest.mark.parametrize(("until_s", "trips"), [(39, False), (41, True)])
def test_host_that_slept_through_what_was_due_finds_that_the_interlock_stopped_it(until_s: int, trips: bool) -> None:
    """The pump wanted to be called at 30 s, when B begins; more than 10 s late is too late, whatever the device has done."""
    later = InfusionProgram(13_100_000, 60 * ML, LineMode.CONCURRENT, start_delay_ns=29 * SECOND)
    bench = Bench(commands=(BOTH[0], (0, LoadProgram("B", later)), (SECOND, Start())))
    bench.run(10 * SECOND)
    bench.device.step(until_s * SECOND)
    bench.now_ns = until_s * SECOND
    bench.run((until_s + 5) * SECOND)
    assert alarms(bench) == [(AlarmId.WATCHDOG if trips else AlarmId.COMMUNICATION_LOST, None)]
    assert bench.bridge.state.line("A").state is LineState.ALARM
    assert bench.last_moved_ns <= 10 * SECOND + WATCHDOG_NS


def test_second_host_is_noticed() -> None:
    bench = Bench()
    intruder = encode_frame(encode(5, Hello(1, 123)))
    bench.at(10 * SECOND, lambda: bench.down.send(bench.now_ns, intruder)).run(14 * SECOND)
    assert (AlarmId.DEVICE_FAULT, None) in alarms(bench)
    assert bench.last_moved_ns <= 10 * SECOND + 5 * MS


@pytest.fixture(scope="module")
def quiet_records() -> list[Record]:
    return [record for _, record in Bench().run(61 * SECOND).records]


@pytest.mark.parametrize("seed", range(4))
def test_bad_wire_changes_no_decision_and_no_volume(seed: int, quiet_records: list[Record]) -> None:
    faults = WireFaults(lost=0.03, damaged=0.03, doubled=0.05, noise=0.05)
    bench = Bench(faults=faults, jitter_ns=8 * MS, seed=seed).run(61 * SECOND)
    print(f"seed {seed}: {bench.bridge.session.counts}")
    assert alarms(bench) == []
    assert pumped_ml(bench, 0) == pytest.approx(100 / 60, abs=CYCLE_ML)
    assert pumped_ml(bench, 1) == pytest.approx(13.1 / 60, abs=CYCLE_ML)
    assert [record for _, record in bench.records] == quiet_records
    assert bench.bridge.session.counts.repeated > 0


@pytest.mark.parametrize("seed", range(12))
def test_however_bad_the_wire_it_never_pumps_more_than_commanded(seed: int) -> None:
    faults = WireFaults(lost=0.3, damaged=0.3, doubled=0.3, noise=0.3)
    bench = Bench(faults=faults, jitter_ns=100 * MS, seed=seed).run(40 * SECOND)
    stops = [at for at, r in bench.records if isinstance(r, DeliveryEvent) and r.state is LineState.ALARM]
    if stops:  # on pump time, which began with the first telemetry
        until_ns = (bench.bridge.zero_ns or 0) + min(stops) + WATCHDOG_NS + SECOND
        assert all(at <= until_ns for at in bench.moved_at_ns)
    assert pumped_ml(bench, 0) <= 100 / 3600 * 40 + CYCLE_ML


def test_end_stops_the_device_and_says_so() -> None:
    bench = Bench().run(10 * SECOND)
    assert bench.telemetry().state is State.MOVING
    bench.end()
    bench.run(10 * SECOND + 50 * MS)
    assert bench.bridge.at_rest
    assert bench.telemetry().state is State.READY


def test_journal_of_a_troubled_session_replays(tmp_path: Path) -> None:
    bench = Bench(commands=(*BOTH, (40 * SECOND, Start())))
    bench.at(10 * SECOND, bench.unplug).at(15 * SECOND, bench.plug_in).run(60 * SECOND)
    journal = JournalWriter(tmp_path / "inputs.jsonl", MODEL, 0, "main")
    for answer in bench.answers:
        journal.write(answer.at_ns, answer.given, answer.step)
    journal.close()
    replayed = replay(tmp_path / "inputs.jsonl")
    assert replayed.parting is None
    assert replayed.equal == len(bench.answers)
    assert all(json.loads(line) for line in (tmp_path / "inputs.jsonl").read_text().splitlines())


def test_other_device_behind_the_same_name_is_not_driven() -> None:
    bench = Bench(commands=(*BOTH, (20 * SECOND, Acknowledge()), (21 * SECOND, Start())))
    bench.at(10 * SECOND, bench.unplug)
    bench.at(12 * SECOND, lambda: setattr(bench, "device", emulator(SINGLE_CHANNEL_CASSETTE, ONE_LINE)))
    bench.at(15 * SECOND, bench.plug_in).run(30 * SECOND)
    assert bench.bridge.refusal == "the device has 1 line(s), model dual-channel-cassette has 2"
    assert bench.last_moved_ns <= 10 * SECOND + WATCHDOG_NS
    assert [r.command for _, r in bench.records if isinstance(r, CommandRejected)] == ["start"]
