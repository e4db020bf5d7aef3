"""The quiet step is a saving only: a controller that never goes it says the same and comes to the same state."""

import inspect
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpsim.catalogue.insulin import OMNIPOD
from pumpsim.catalogue.peristaltic import INFUSOMAT_SPACE
from pumpsim.catalogue.syringe_pumps import GRASEBY_3300_PCA
from pumpsim.controller import Pump, pump_controller
from pumpsim.controller import quiet as quiet_way
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.alarms import AlarmId
from pumpsim.vocabulary.courses import Demand, DoseLimit, Profile, Segment
from pumpsim.vocabulary.inputs import (
    DeviceEventKind,
    GiveBolus,
    Input,
    LineReading,
    LoadProgram,
    ResetAir,
    SensorReading,
    SetClock,
    Start,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.model import PressureRise, PumpModel
from pumpsim.vocabulary.outputs import Step
from pumpsim.vocabulary.program import InfusionProgram
from tests.build import MIN, SMOOTH, H, S, program
from tests.controller.power_bench import FULL, ML, Bench, event
from tests.controller.scripts import PROGRAMS, happenings
from tests.examples import examples

RISING = replace(SMOOTH, pressure_rise=PressureRise(by_kpa=10.0, within_ns=10 * MIN))
ON_REQUEST = InfusionProgram(5 * ML, demand=Demand(ML, 10 * MIN), limit=DoseLimit(20 * ML, H))
PLAIN = (program(60), program(100, 5), program(40, 2, delay_ns=30 * S))
U = 10_000
MODELS = {
    "everything": (FULL, (*PROGRAMS, ON_REQUEST)),
    "rising": (RISING, PLAIN),
    "large-volume": (INFUSOMAT_SPACE, PLAIN),
    "pca": (GRASEBY_3300_PCA, (InfusionProgram(ML), ON_REQUEST)),
    "insulin": (OMNIPOD, (InfusionProgram(U, course=Profile((Segment(0, U), Segment(H, 2 * U)))),)),
}


class TwoWays(PumpController):
    """A controller that is held at each step against one that has just been made of its state, which goes the full way."""

    quiet_steps = 0

    def step(self, now_ns: int, given: Input) -> Step:
        full, quiet = PumpController(self.model, self.state), self.quiet
        answer = super().step(now_ns, given)
        assert full.step(now_ns, given) == answer
        assert full.state == self.state
        self.quiet_steps += quiet is not None and self.quiet is quiet
        return answer


WAKE_UP = {"before the wake-up": -1, "at the wake-up": 0, "behind the wake-up": 1}
looks = st.lists(
    st.tuples(
        st.sampled_from([0, 1, S // 3, S, 20 * S, 2 * MIN, *WAKE_UP]),
        st.sampled_from([None, None, 0.0, 0.0, 1.7, 2.6, 9.9, 45.0]),
        st.sampled_from([0, 0, 0, 0, -1, 1, 5_000]),
    ),
    min_size=1,
    max_size=4,
)
"""So long later a tick (None) or a reading with this pressure in kPa, and counts that are so many steps out."""


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=examples(30))
@given(data=st.data())
def test_it_is_as_the_full_way(kind, data):
    model, programs = MODELS[kind]
    bench = Bench(model, kind=TwoWays)
    for command in (SetClock(0), LoadProgram("A", data.draw(st.sampled_from(programs))), Start()):
        bench.give(command)
    look(bench, data.draw(looks))
    for pause_ns, happening in data.draw(st.lists(happenings, max_size=6)):
        bench.pass_time(pause_ns)
        bench.give(bench.reading(happening) if isinstance(happening, float) else happening)
        look(bench, data.draw(looks))


def look(bench: Bench, seen: list[tuple[int | str, float | None, int]]) -> None:
    for later, kpa, out in seen:
        wake_ns = bench.steps[-1][2].wake_at_ns
        if isinstance(later, int):
            bench.pass_time(later)
        elif wake_ns is not None:
            bench.pass_time(wake_ns - bench.now_ns + WAKE_UP[later])
        bench.give(Tick() if kpa is None else astray(bench.reading(kpa), out))


def astray(reading: SensorReading, steps: int) -> SensorReading:
    lines = tuple(replace(line, steps=line.steps + steps) for line in reading.lines)
    return replace(reading, lines=lines)


def running(programmed: InfusionProgram, model: PumpModel = FULL) -> Bench:
    """A line that infuses, and has been looked at since."""
    bench = Bench(model, kind=TwoWays)
    bench.give(LoadProgram("A", programmed))
    bench.give(Start())
    bench.look(S)
    return bench


def is_quiet(bench: Bench, given: Input) -> bool:
    """Whether a step is quiet."""
    before = bench.pump.quiet_steps
    bench.give(given)
    return bench.pump.quiet_steps > before


def test_a_steady_run_is_quiet_from_the_second_step_on():
    bench = running(program(60))
    for _ in range(50):
        bench.pass_time(S)
        bench.give(Tick())
        bench.give(bench.reading(2.0))
    assert bench.pump.quiet_steps == 100


@pytest.mark.parametrize(("at_ns", "quiet"), [(MIN - 1, True), (MIN, False), (MIN + 1, False)])
def test_at_the_wake_up_the_full_way_is_gone(at_ns, quiet):
    bench = Bench(FULL, kind=TwoWays)
    bench.give(LoadProgram("A", program(60, delay_ns=MIN)))
    bench.give(Start())
    bench.give(Tick())
    bench.pass_time(at_ns)
    assert is_quiet(bench, Tick()) is quiet


OCCLUDED_KPA = next(row.threshold.level for row in FULL.alarms if row.id is AlarmId.OCCLUSION_DISTAL)
END = 50_000
"""5 mL in steps of 0.1 uL."""
NEAR = END - 60 * 10_000 * FULL.near_end_ns // H


@pytest.mark.parametrize(
    ("kpa", "steps", "quiet"),
    [
        (OCCLUDED_KPA - 0.01, 5, True),
        (OCCLUDED_KPA, 5, False),
        (OCCLUDED_KPA + 0.01, 5, False),
        (2.0, NEAR - 1, True),
        (2.0, NEAR, False),
        (2.0, END - 1, False),
        (2.0, END, False),
    ],
)
def test_a_reading_by_which_something_is_decided_goes_the_full_way(kpa, steps, quiet):
    """At each limit, a step below and above it; the counts are those of a line without flow limits, which would judge them."""
    bench = running(program(60, 5), replace(FULL, flow_limits=None))
    lines = (LineReading("A", steps, 4.9, False), LineReading("B", 0, 4.9, False))
    assert is_quiet(bench, SensorReading(lines, kpa)) is quiet


def test_a_count_that_is_astray_is_judged():
    bench = running(program(60))
    assert is_quiet(bench, bench.reading())
    assert not is_quiet(bench, astray(bench.reading(), 50_000))


@pytest.mark.parametrize(
    ("programmed", "before", "quiet"),
    [
        (program(60), (), True),
        (program(60), (Tick(),), True),
        (program(60), (Titrate("A", 70 * ML),), False),
        (program(60), (Titrate("A", 70 * ML), Tick()), True),
        (program(60), (event(DeviceEventKind.DOOR_OPENED), Tick()), False),
        (program(60), (event(DeviceEventKind.MAINS_LOST), event(DeviceEventKind.MAINS_RESTORED), Tick()), True),
        (program(60), (Bench(FULL).reading(45.0), Tick()), False),
        (program(60), (GiveBolus("A", 2 * ML), Tick()), False),
        (ON_REQUEST, (Tick(), Tick()), False),
    ],
    ids=["a look", "a tick", "a command", "after one", "an alarm", "after one", "a pressure", "a dose", "a dose limit"],
)
def test_what_is_quiet_and_what_is_not(programmed, before, quiet):
    bench = running(programmed)
    for happening in before:
        bench.give(happening)
    assert is_quiet(bench, Tick()) is quiet


def test_it_is_not_while_a_condition_pends():
    rows = tuple(replace(row, delay_ns=S) if row.id is AlarmId.OCCLUSION_DISTAL else row for row in FULL.alarms)
    bench = running(program(60), replace(FULL, alarms=rows))
    assert is_quiet(bench, bench.reading(OCCLUDED_KPA - 1))
    bench.give(bench.reading(OCCLUDED_KPA))
    assert not is_quiet(bench, Tick())


def test_it_is_not_while_air_is_noted():
    bench = running(program(60))
    bench.give(replace(bench.reading(), bubble_ml=0.01, counted_ml=0.01, air_total_ml=0.01))
    assert is_quiet(bench, Tick())
    bench.give(ResetAir())
    bench.give(Tick())
    assert not is_quiet(bench, Tick())
    bench.give(replace(bench.reading(), bubble_ml=0.0, counted_ml=0.01, air_total_ml=0.01))
    assert not bench.pump.state.unit.air_passing
    assert not is_quiet(bench, Tick()), "what was let pass is still noted"


def test_a_pump_that_is_taken_up_again_needs_one_step_of_the_full_way():
    bench = running(program(60))
    assert bench.pump.quiet is not None
    whole = Pump(FULL)
    for now_ns, given_then, step in bench.steps:
        assert whole.step(now_ns, given_then).outputs == step.outputs
    again = Pump.resume(FULL, whole.snapshot())
    for _ in range(3):
        bench.pass_time(S)
        assert again.step(bench.now_ns, bench.reading()) == whole.step(bench.now_ns, bench.reading())
        assert again.snapshot() == whole.snapshot()


NOT_RUN = {
    "quiet.passes": "the quiet way itself",
    "commands.obey": "acts on a command",
    "programme.pass_deadlines": "acts at a deadline, before anything is judged",
}
"""Parts of the full way that look at readings, and why the quiet way does without them."""


def test_every_rule_that_looks_at_a_reading_is_run():
    """By the source: a rule whose module asks for a reading, or is of a run to a count, is in ``ON_READING``, in the order of
    the full way."""
    run = [f"{rule.__module__.rsplit('.', 1)[1]}.{rule.__name__}" for rule in quiet_way.ON_READING]
    way = re.findall(r"\b(?!self)(\w+)\.(\w+)\(turn", inspect.getsource(PumpController._taken))
    looks_at_one = [
        f"{part}.{rule}"
        for part, rule in way
        if re.search(r"read_line\(|state\.reading|counted\.judge", inspect.getsource(getattr(pump_controller, part)))
    ]
    assert [name for name in looks_at_one if name not in NOT_RUN] == run


def test_it_stands_until_all_of_the_programme_is_owed():
    """10 mL at 60 mL/h: ten minutes from the start on; from there the watches of the flow move no more."""
    bench = running(program(60, 10))
    bench.look(S)
    assert bench.pump.quiet is not None
    assert (bench.pump.quiet.until_ns, type(bench.pump.quiet.until_ns)) == (10 * MIN, int)
