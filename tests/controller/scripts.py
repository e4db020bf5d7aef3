"""Anything that can happen to a pump, by chance, for properties: commands, readings, reports of the device."""

from hypothesis import strategies as st

from pumpsim.vocabulary.courses import Demand, DoseLimit, Profile, Repeat, Segment, Stage, Stages
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    Confirm,
    DeviceEvent,
    DeviceEventKind,
    GiveBolus,
    LoadProgram,
    RequestDose,
    SetClock,
    SetTemporary,
    Standby,
    Start,
    Stop,
    StopBolus,
    Tick,
    Titrate,
)
from pumpsim.vocabulary.library import DrugRule, Limits
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from tests.build import MIN, H, S, program

ML = 1_000_000
ASKS = DrugRule("dopamine", "icu", Limits(soft_low=10 * ML, soft_high=70 * ML, hard_high=290 * ML))
FIRST = Stage(90 * ML, 3 * ML)
PROGRAMS = (
    program(60),
    InfusionProgram(80 * ML, drug=ASKS),
    InfusionProgram(60 * ML, drug=ASKS),
    program(100, 5),
    program(40, 2, LineMode.CONCURRENT, AtEnd.KVO, 30 * S),
    program(120, 4, LineMode.PIGGYBACK, call_back=True),
    InfusionProgram(90 * ML, 5 * ML, course=Stages((Stage(90 * ML, 3 * ML), Stage(30 * ML, 2 * ML)))),
    InfusionProgram(60 * ML, course=Repeat(5 * ML, 10 * MIN, ML)),
    InfusionProgram(10 * ML, course=Profile((Segment(0, 10 * ML), Segment(12 * H, 0), Segment(23 * H, 40 * ML)))),
    InfusionProgram(
        5 * ML,
        first=FIRST,
        demand=Demand(ML, 5 * MIN),
        limit=DoseLimit(4 * ML, H),
        at_end=AtEnd.CONTINUE,
        vtbi_nl=9 * ML,
    ),
)
lines = st.sampled_from(["A", "B"])
commands = st.one_of(
    st.builds(LoadProgram, lines, st.sampled_from(PROGRAMS)),
    st.builds(Start, st.one_of(st.none(), lines)),
    st.builds(Start, lines),
    st.builds(Stop, st.one_of(st.none(), lines)),
    st.builds(Titrate, lines, st.sampled_from([ML, 80 * ML, 300 * ML])),
    st.builds(ChangeMode, lines, st.sampled_from(list(LineMode))),
    st.builds(GiveBolus, lines, st.just(2 * ML), st.none(), st.sampled_from([None, 7 * MIN])),
    st.builds(StopBolus, lines),
    st.builds(RequestDose, lines),
    st.builds(SetTemporary, lines, st.just(8 * MIN), st.sampled_from([50, 150])),
    st.builds(Standby, lines, st.just(3 * MIN)),
    st.builds(SetClock, st.sampled_from([0, 12 * H - 1, 24 * H - MIN])),
    st.builds(Acknowledge),
    st.builds(Confirm, st.booleans()),
)
events = st.builds(DeviceEvent, st.sampled_from([k for k in DeviceEventKind if k is not DeviceEventKind.OVER_INFUSION]))
pauses = st.sampled_from([0, 1, S, MIN, 7 * MIN, 3 * H])
happenings = st.tuples(pauses, st.one_of(commands, commands, events, st.builds(Tick), st.sampled_from([0.0, 45.0])))
"""So long later, a command, a report, a tick, or a reading with this pressure in kPa."""
