"""Operator commands x faults x time, by chance, on an ideal mechanism: what must hold whatever is done.

Never more than programmed plus the stated allowance (a motor step; what keeps the vein open after it); no motion of a line
while a condition stands that stops it; no dose inside the lockout; totals only grow; a further call in the same instant says
nothing; the state survives being written down; and the whole session replays to the bit.
"""

import json

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pumpsim.catalogue.insulin import OMNIPOD
from pumpsim.catalogue.peristaltic import INFUSOMAT_SPACE
from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE, with_smooth_drive
from pumpsim.catalogue.syringe_pumps import GRASEBY_3300_PCA
from pumpsim.codec import decode, encode
from pumpsim.controller import Pump
from pumpsim.vocabulary.courses import (
    AtLimit,
    Demand,
    DoseLimit,
    LockoutFrom,
    Profile,
    Repeat,
    Segment,
    Stage,
    Stages,
    Whole,
)
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    Backprime,
    ChangeMode,
    DeviceEvent,
    DeviceEventKind,
    GiveBolus,
    LoadProgram,
    OperatorCommand,
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
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import CommandRejected, DeliveryEvent, DeliveryEventKind
from pumpsim.vocabulary.program import InfusionProgram, LineMode
from pumpsim.vocabulary.status import DoseKind, PumpState
from tests.build import MIN, H, S
from tests.controller.bench import Bench
from tests.examples import examples

ML, U = 1_000_000, 10_000
MODELS = {
    "cassette": with_smooth_drive(DUAL_CHANNEL_CASSETTE),
    "large-volume": with_smooth_drive(INFUSOMAT_SPACE),
    "pca": GRASEBY_3300_PCA,
    "insulin": OMNIPOD,
}
ENDS = st.sampled_from([AtEnd.KVO, AtEnd.STOP, None])
LARGE = st.one_of(
    st.builds(
        InfusionProgram,
        st.sampled_from([ML, 50 * ML, 100 * ML, 300 * ML]),
        st.sampled_from([None, 5 * ML, 20 * ML]),
        at_end=ENDS,
        start_delay_ns=st.sampled_from([0, 5 * MIN]),
        first=st.sampled_from([None, Stage(100 * ML, 5 * ML)]),
    ),
    st.just(InfusionProgram(10 * ML, 15 * ML, course=Stages((Stage(10 * ML, 5 * ML), Stage(50 * ML, 10 * ML))))),
    st.just(InfusionProgram(50 * ML, course=Repeat(10 * ML, H, ML))),
)
PROGRAMS = {
    "cassette": st.one_of(
        LARGE,
        st.builds(
            InfusionProgram,
            st.sampled_from([ML, 50 * ML, 300 * ML]),
            st.sampled_from([5 * ML, 20 * ML]),
            st.sampled_from([LineMode.PIGGYBACK, LineMode.CONCURRENT]),
            ENDS,
        ),
    ),
    "large-volume": LARGE,
    "pca": st.builds(
        InfusionProgram,
        st.sampled_from([0, ML, 5 * ML]),
        demand=st.builds(
            Demand, st.sampled_from([ML // 2, ML]), st.sampled_from([0, 6 * MIN]), st.sampled_from(list(LockoutFrom))
        ),
        limit=st.one_of(
            st.none(),
            st.builds(
                DoseLimit,
                st.sampled_from([2 * ML, 4 * ML]),
                st.just(H),
                st.booleans(),
                st.booleans(),
                st.sampled_from(list(Whole)),
                st.sampled_from(list(AtLimit)),
            ),
        ),
    ),
    "insulin": st.one_of(
        st.just(InfusionProgram(U, course=Profile((Segment(0, U), Segment(6 * H, 2 * U), Segment(7 * H, 0))))),
        st.just(InfusionProgram(5 * U, 20_000)),
    ),
}
BEGINS = (DeviceEventKind.DEVICE_FAULT, DeviceEventKind.DOOR_OPENED, DeviceEventKind.COMMUNICATION_LOST)
ENDING = (DeviceEventKind.DOOR_CLOSED, DeviceEventKind.COMMUNICATION_RESTORED)


class Anything(RuleBasedStateMachine):
    """One pump, and what is done to it; the laws are its invariants."""

    name = "large-volume"

    @initialize()
    def power_on(self) -> None:
        self.bench = Bench(MODELS[self.name])
        self.model = self.bench.model
        self.loaded: dict[str, tuple[InfusionProgram, int, int]] = {}
        self.before = self.bench.pump.state

    def lines(self) -> tuple[str, ...]:
        return self.model.lines

    def command(self, command: OperatorCommand) -> None:
        self.bench.give(command)

    @rule(data=st.data())
    def load(self, data: st.DataObject) -> None:
        line = data.draw(st.sampled_from(self.lines()))
        program = data.draw(PROGRAMS[self.name])
        outputs = self.bench.give(LoadProgram(line, program))
        if not any(isinstance(o, CommandRejected) for o in outputs):
            self.loaded[line] = (program, self.bench.moved[line], self.bench.now_ns)

    @rule(data=st.data())
    def operate(self, data: st.DataObject) -> None:
        line = st.sampled_from(self.lines())
        volume = st.sampled_from([U, 3 * U] if self.name == "insulin" else [ML // 2, 3 * ML])
        self.command(
            data.draw(
                st.one_of(
                    st.builds(Start, st.one_of(st.none(), line)),
                    st.builds(Start, st.none()),
                    st.builds(Stop, st.one_of(st.none(), line)),
                    st.builds(Titrate, line, st.sampled_from([0, 500, U, ML, 70 * ML, 2_000 * ML])),
                    st.builds(ChangeMode, line, st.sampled_from(list(LineMode))),
                    st.builds(GiveBolus, line, volume, st.none(), st.sampled_from([None, 20 * MIN])),
                    st.builds(StopBolus, line),
                    st.builds(RequestDose, line),
                    st.builds(SetTemporary, line, st.sampled_from([0, H]), st.sampled_from([None, 50, 200])),
                    st.builds(Standby, line, st.just(10 * MIN)),
                    st.builds(SetClock, st.sampled_from([0, 6 * H - MIN, 23 * H])),
                    st.builds(Acknowledge),
                )
            )
        )

    @rule(volume=st.sampled_from([ML, 20 * ML, 60 * ML]), stopped=st.booleans())
    def backprime(self, volume: int, stopped: bool) -> None:
        if stopped:
            self.command(Stop())
        self.command(Backprime(self.lines()[-1], volume))

    @rule()
    def press(self) -> None:
        self.command(RequestDose("A"))

    @rule(kind=st.sampled_from(BEGINS + ENDING))
    def happen(self, kind: DeviceEventKind) -> None:
        self.bench.give(DeviceEvent(kind, "by chance"))

    @rule(kpa=st.sampled_from([0.0, 0.0, 30.0, 500.0]))
    def press_on_the_line(self, kpa: float) -> None:
        self.bench.kpa = kpa
        self.bench.give(self.bench.reading())

    @rule(ns=st.sampled_from([1, S, 17 * S, MIN, 7 * MIN, 40 * MIN, 3 * H]))
    def wait(self, ns: int) -> None:
        self.bench.run(self.bench.now_ns + ns)

    @rule()
    def call_twice(self) -> None:
        self.bench.give(self.bench.reading())
        again = self.bench.give(self.bench.reading()) + self.bench.give(Tick())
        assert again == []

    @invariant()
    def nothing_is_left_to_be_said(self) -> None:
        assert self.bench.give(Tick()) == []

    @invariant()
    def never_more_than_programmed(self) -> None:
        for line, (program, before, since_ns) in self.loaded.items():
            moved = self.bench.moved[line] - before
            total = program.total_nl
            if total is None:
                continue
            step = self.model.mechanism.step_fl * 3_600_000
            kvo = max(self.model.kvo_for(self.model.max_rate_nl_per_h), 0) * (self.bench.now_ns - since_ns)
            assert moved <= total * 3_600_000_000_000 + kvo + step

    @invariant()
    def nothing_moves_that_a_condition_stops(self) -> None:
        state = self.bench.pump.state
        rows = {row.id: row for row in self.model.alarms}
        for motion in state.motor.lines:
            for alarm in state.alarms:
                row = rows[alarm.alarm]
                concerns = row.effect.value == "stop all lines" or alarm.line in (None, motion.line)
                assert not (alarm.standing and row.effect.stops and concerns and motion.rate_nl_per_h > 0), alarm

    @invariant()
    def it_backprimes_only_beside_no_delivery(self) -> None:
        state, motor = self.bench.pump.state, self.bench.pump.state.motor
        rows = {row.id: row for row in self.model.alarms}
        if motor.backpriming is not None:
            assert not any(motion.rate_nl_per_h for motion in motor.lines)
            assert not any(a.standing and rows[a.alarm].effect.value == "stop all lines" for a in state.alarms)
            assert self.bench.driven[motor.backpriming.line] <= motor.backpriming.stop_at_step * self.bench.step

    @invariant()
    def the_motor_is_never_told_more_than_it_can(self) -> None:
        for motion in self.bench.pump.state.motor.lines:
            rate, back = motion.rate_nl_per_h, self.model.back_off
            assert rate <= self.model.max_motor_nl_per_h
            turns_back = back is not None and rate >= -back.rate_nl_per_h and motion.stop_at_step is not None
            assert rate >= 0 or turns_back

    @invariant()
    def totals_only_grow(self) -> None:
        now = self.bench.pump.state
        for old, new in zip(self.before.lines, now.lines, strict=True):
            assert new.owed >= old.owed
            assert new.course.dosed >= old.course.dosed
            assert new.course.requests.made >= old.course.requests.made
        self.before = now

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        written = json.loads(json.dumps(encode(self.bench.pump.state)))
        assert decode(PumpState, written) == self.bench.pump.state
        fresh = Pump(self.model)
        for at_ns, given, step in self.bench.given:
            assert fresh.step(at_ns, given) == step
        self._no_dose_inside_the_lockout()

    def _no_dose_inside_the_lockout(self) -> None:
        """From the end of a dose to the next lies the shortest lockout that was programmed, if it counts from the end."""
        programs = [g.program for _, g, s in self.bench.given if isinstance(g, LoadProgram)]
        demands = [p.demand for p in programs if p.demand is not None]
        if not demands or any(d.lockout_from is not LockoutFrom.END for d in demands):
            return
        shortest, ended_ns = min(d.lockout_ns for d in demands), None
        for at_ns, output in self.bench.said:
            if isinstance(output, DeliveryEvent) and DoseKind.DEMAND.value in output.cause:
                if output.kind is DeliveryEventKind.BOLUS_STARTED:
                    assert ended_ns is None or at_ns - ended_ns >= shortest
                else:
                    ended_ns = at_ns


@pytest.mark.hypothesis
@pytest.mark.requirement("GPCA REQ 1")
@pytest.mark.parametrize("name", MODELS)
def test_whatever_is_done(name):
    machine = type(f"Anything_{name}", (Anything,), {"name": name})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples(20), stateful_step_count=40, deadline=None)
    )
