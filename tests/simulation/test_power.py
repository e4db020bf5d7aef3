"""Power that goes and comes back in a run: the pump is dead, the path goes on, and nothing resumes by itself."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.analysis.lines import line_courses
from pumpsim.catalogue.pumps import MODELS
from pumpsim.journal import write_journal
from pumpsim.replay import replay
from pumpsim.simulation import simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Occlude, Place, PowerBack, PowerCut, Release
from pumpsim.vocabulary.inputs import Acknowledge, DeviceEvent, DeviceEventKind, LoadProgram, SensorReading, Start
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import CommandRejected, PowerChanged
from pumpsim.vocabulary.path import Sensing
from pumpsim.vocabulary.program import LineMode
from tests.build import CYCLE_ML, MIN, SMOOTH, STROKES, H, S, path, program, run, said, scenario, when
from tests.examples import examples

NO_BATTERY = replace(SMOOTH, battery=None)
LOST, BACK = DeviceEvent(DeviceEventKind.MAINS_LOST), DeviceEvent(DeviceEventKind.MAINS_RESTORED)
LOAD = (0, LoadProgram("A", program(60, 40, at_end=AtEnd.STOP)))
START = (0, Start())


def pumped(trace: PumpTrace, at_ns: int) -> float:
    return float(trace.at([at_ns]).pumped_ml[0, 0])


@pytest.mark.parametrize(
    "model", [SMOOTH, STROKES, replace(STROKES, battery=None)], ids=["smooth", "strokes", "no battery"]
)
def test_a_cut_stops_the_motor_in_that_instant_and_the_rest_comes_when_it_is_started(model):
    ends = [(10 * MIN, PowerCut()), (15 * MIN, PowerBack())]
    if model.battery is None:
        ends = [(10 * MIN, LOST), (15 * MIN, BACK)]
    trace = run(LOAD, START, *ends, (20 * MIN, Start("A")), until_ns=H, model=model)
    assert pumped(trace, 10 * MIN) == pytest.approx(10.0, abs=CYCLE_ML)
    assert pumped(trace, 20 * MIN) == pumped(trace, 10 * MIN)
    assert pumped(trace, H) == pytest.approx(40.0, abs=1e-9), "the VTBI to the step, over two power-ons"
    (complete,) = when(trace, "alarm infusion-complete")
    assert complete == pytest.approx(50.0, abs=CYCLE_ML)
    assert when(trace, "alarm power-lost") == [15.0]


def test_a_pump_without_power_takes_nothing_in():
    trace = simulate(
        scenario(
            LOAD,
            START,
            (10 * MIN, PowerCut()),
            (11 * MIN, Start()),
            (12 * MIN, Occlude(Place.PATIENT_END)),
            (13 * MIN, Acknowledge()),
            (15 * MIN, PowerBack()),
            until_ns=20 * MIN,
            model=SMOOTH,
        )
    )
    taken = trace.journals[0]
    assert [t.at_ns for t in taken if t.epoch == 1][-1] == 10 * MIN
    assert next((t.at_ns, t.input) for t in taken if t.epoch == 2) == (
        0,
        DeviceEvent(DeviceEventKind.POWERED_ON),
    )
    refused = [r.record.reason for r in trace.traces[0].records if isinstance(r.record, CommandRejected)]
    assert refused == ["the pump is off"] * 2
    off = [(r.at_ns, r.record.source) for r in trace.traces[0].records if isinstance(r.record, PowerChanged)]
    assert off == [(10 * MIN, "off"), (15 * MIN, "mains")]


def test_the_records_have_it_from_the_cut_on_and_once():
    """Not from when the pump is on again and says so: a rate that nobody delivers would be integrated."""
    trace = run(LOAD, START, (10 * MIN, PowerCut()), (5 * H, PowerBack()), until_ns=6 * H)
    assert when(trace, "delivery-stopped") == [10.0]
    (course, _) = line_courses(trace)
    assert course.rate.owed_ml([6 * H]) == pytest.approx([10.0])


def test_a_new_power_on_counts_from_zero():
    found = simulate(scenario(LOAD, START, (10 * MIN, PowerCut()), (15 * MIN, PowerBack()), until_ns=20 * MIN))
    readings = [t for t in found.journals[0] if t.epoch == 2 and isinstance(t.input, SensorReading)]
    assert [line.steps for line in readings[0].input.lines] == [0, 0]
    assert readings[-1].at_ns == 5 * MIN


def test_switches_that_change_while_it_is_dark_are_told_when_it_is_on():
    door = DeviceEvent(DeviceEventKind.DOOR_OPENED), DeviceEvent(DeviceEventKind.DOOR_CLOSED)
    events = [LOAD, START, (10 * MIN, PowerCut()), (11 * MIN, door[0]), (15 * MIN, PowerBack())]
    trace = run(*events, (16 * MIN, Start()), (17 * MIN, door[1]), (18 * MIN, Start()), until_ns=H)
    assert when(trace, "alarm door-open") == [15.0]
    assert when(trace, "rejected start") == [16.0]
    assert when(trace, "delivery-started") == [0.0, 18.0]


def test_an_empty_battery_is_off_and_mains_switch_on():
    trace = run(LOAD, START, (MIN, LOST), (5 * H, BACK), until_ns=6 * H, model=MODELS["dual-channel-cassette"])
    off = [(r.at_ns, r.record.source) for r in trace.records if isinstance(r.record, PowerChanged)]
    assert off == [(MIN, "battery"), (4 * H + MIN, "off"), (5 * H, "mains")]


def test_a_battery_that_is_empty_does_not_come_on_when_the_power_is_back_without_mains():
    trace = run(
        LOAD,
        START,
        (MIN, LOST),
        (5 * H, PowerCut()),
        (5 * H + MIN, PowerBack()),
        (5 * H + 2 * MIN, BACK),
        until_ns=6 * H,
    )
    off = [(r.at_ns, r.record.source) for r in trace.records if isinstance(r.record, PowerChanged)]
    assert off == [(MIN, "battery"), (4 * H + MIN, "off"), (5 * H + 2 * MIN, "mains")]


def test_an_occlusion_that_stands_is_found_anew():
    trace = run(
        LOAD,
        START,
        (5 * MIN, Occlude(Place.PATIENT_END)),
        (10 * MIN, PowerCut()),
        (15 * MIN, PowerBack()),
        (20 * MIN, Start()),
        (21 * MIN, Release(Place.PATIENT_END)),
        (22 * MIN, Start()),
        until_ns=H,
        model=SMOOTH,
    )
    raised = when(trace, "alarm occlusion-distal")
    assert len(raised) == 2
    assert raised[1] == 15.0
    assert when(trace, "rejected start") == [20.0]
    assert when(trace, "delivery-started") == [0.0, 22.0]


@pytest.mark.requirement("GIP 1.7.1", "GPCA REQ 86")
@pytest.mark.parametrize("dark_ns", [4 * H, 15 * 24 * H])
def test_settings_are_kept_however_long_it_is_dark(dark_ns):
    """Nothing is loaded again: both lines go on with what they were programmed with, and how far they were."""
    loads = ((0, LoadProgram("B", program(10, 5, LineMode.CONCURRENT, AtEnd.STOP))), LOAD)
    trace = run(
        *loads,
        START,
        (15 * MIN, PowerCut()),
        (15 * MIN + dark_ns, PowerBack()),
        (16 * MIN + dark_ns, Start()),
        until_ns=2 * H + dark_ns,
        model=SMOOTH,
    )
    assert trace.at([2 * H + dark_ns]).pumped_ml[:, 0] == pytest.approx([40.0, 5.0], abs=1e-9)
    assert [record for record in said(trace, "B") if record[1] == "program-loaded"] == [(0.0, "program-loaded", "B")]


cuts = st.lists(st.integers(0, 150), min_size=1, max_size=4)
sensing = st.sampled_from([Sensing(), Sensing(period_ns=5 * S), Sensing(period_ns=5 * S, delay_ns=S, noise_kpa=0.1)])


@settings(max_examples=examples(30))
@given(cuts, sensing, st.sampled_from([SMOOTH, STROKES, MODELS["linear-peristaltic"], NO_BATTERY]), st.booleans())
def test_never_more_than_programmed_and_replayed_bit_equal(tmp_path_factory, seconds, sensed, model, by_mains):
    """Cut so many seconds after each start, dark for a minute, started a minute later; 3 mL in all."""
    entries = [(0, LoadProgram("A", program(60, 3, at_end=AtEnd.STOP))), (0, Start("A"))]
    at_ns, off_on = 0, (LOST, BACK) if by_mains and model.battery is None else (PowerCut(), PowerBack())
    for second in seconds:
        at_ns += second * S + 12_345
        entries += [(at_ns, off_on[0]), (at_ns + MIN, off_on[1])]
        at_ns += 2 * MIN
        entries.append((at_ns, Start("A")))
    setup = path() if len(model.lines) == 2 else replace(path(), lines=path().lines[:1])
    found = simulate(scenario(*entries, until_ns=at_ns + 5 * MIN, model=model, setup=setup, sensing=sensed))
    trace = found.traces[0]
    moved = trace.at(trace.breakpoints_ns).pumped_ml[0]
    back_ml = 0.0 if model.id.endswith("cassette") else 0.04 * model.mechanism.cycle_fl * 1e-12
    assert moved.max() <= 3.0 + back_ml + 1e-9, "but for what a revolution gives ahead and takes back"
    assert moved[-1] == pytest.approx(3.0, abs=back_ml + 1e-9)
    assert found.journals[0][-1].epoch == 1 + len(seconds)
    file = tmp_path_factory.mktemp("replay") / "inputs.jsonl"
    write_journal(Path(file), model, 1, "main", list(found.journals[0]))
    replayed = replay(Path(file))
    assert replayed.parting is None
    assert replayed.equal == len(found.journals[0])
