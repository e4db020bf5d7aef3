"""Limits as data, at their edges; and that what is refused changes nothing."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpsim.catalogue.peristaltic import INFUSOMAT_SPACE
from pumpsim.controller import Pump
from pumpsim.controller.pump_controller import PumpController
from pumpsim.vocabulary.inputs import (
    Acknowledge,
    ChangeMode,
    LineReading,
    LoadProgram,
    SensorReading,
    Start,
    Stop,
    Titrate,
)
from pumpsim.vocabulary.model import AtEnd
from pumpsim.vocabulary.outputs import CommandRejected, MotorCommand
from pumpsim.vocabulary.program import (
    InfusionProgram,
    LineMode,
    concurrent_faults,
    nearest_rate_nl_per_h,
    program_faults,
    rate_faults,
)
from tests.build import STROKES, program

ML = 1_000_000


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        (0.0999, "outside 0.1 mL/h to 999 mL/h"),
        (0.1, ""),
        (0.15, "off the step of 0.1 mL/h"),
        (0.2, ""),
        (99.8, ""),
        (99.9, ""),
        (99.95, "off the step"),
        (100, ""),
        (100.1, "off the step of 1 mL/h"),
        (101, ""),
        (998, ""),
        (999, ""),
        (999.5, "outside"),
        (1000, "outside"),
    ],
)
def test_rates_alone(rate, says):
    faults = rate_faults(STROKES, round(rate * ML))
    assert says in "".join(faults)
    assert bool(faults) == bool(says)


@pytest.mark.requirement("GIP 1.3.2")
@pytest.mark.parametrize(("vtbi", "good"), [(0.05, False), (0.1, True), (0.15, False), (9_999, True), (9_999.1, False)])
def test_vtbi(vtbi, good):
    assert (not program_faults(STROKES, "A", program(10, vtbi))) == good


@pytest.mark.parametrize(
    ("a", "b", "good"),
    [(0.4, 10, False), (0.5, 0.5, True), (10, 0.4, False), (400, 100, True), (401, 100, False), (499.5, 0.5, True)],
)
def test_together(a, b, good):
    assert (not concurrent_faults(STROKES, (("A", round(a * ML)), ("B", round(b * ML))))) == good


@pytest.mark.parametrize(
    ("kwargs", "says"),
    [
        ({"rate_nl_per_h": 0, "vtbi_nl": -1}, "rate 0 mL/h must be above 0; VTBI -0 mL must be above 0"),
        ({"rate_nl_per_h": ML, "mode": LineMode.PIGGYBACK}, "a piggyback needs a VTBI"),
        ({"rate_nl_per_h": ML, "vtbi_nl": ML, "mode": LineMode.PIGGYBACK, "at_end": AtEnd.CONTINUE}, "cannot continue"),
        ({"rate_nl_per_h": ML, "start_delay_ns": -1}, "start delay"),
    ],
)
def test_an_impossible_program_cannot_be_built(kwargs, says):
    with pytest.raises(ValueError, match=r"must|needs|cannot|delay") as caught:
        InfusionProgram(**kwargs)
    assert says.replace("-0 mL", "-0.000001 mL") in str(caught.value)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        (Fraction("13.125"), 13.1),  # DESIGN 6: 5 mcg/kg/min for 70 kg of 1.6 mg/mL
        (Fraction("13.15"), 13.2),  # half up
        (Fraction("99.94"), 99.9),
        (Fraction("99.96"), 100.0),
        (Fraction("100.4"), 100.0),
        (Fraction("0.04"), 0.0),
    ],
)
def test_a_dose_becomes_a_rate_once_rounded_to_the_step(exact, rounded):
    nl = exact * ML
    assert nearest_rate_nl_per_h(STROKES, nl.numerator, nl.denominator) == round(rounded * ML)


lines = st.sampled_from(["A", "B", "C"])
programs = st.builds(
    program,
    st.sampled_from([0.1, 0.4, 0.5, 10, 99.9, 250, 400, 999]),
    st.sampled_from([0.1, 50, 9_999]),
    st.sampled_from(list(LineMode)),
    st.sampled_from([AtEnd.KVO, AtEnd.STOP, None]),
    st.sampled_from([0, 10**9]),
)
commands = st.one_of(
    st.builds(LoadProgram, lines, programs),
    st.builds(Start, st.one_of(st.none(), lines)),
    st.builds(Stop, st.one_of(st.none(), lines)),
    st.builds(Titrate, lines, st.sampled_from([0, -ML, 50_000, ML, 99_950_000, 450 * ML, 1000 * ML])),
    st.builds(ChangeMode, lines, st.sampled_from(list(LineMode))),
    st.builds(Acknowledge),
)


@given(st.lists(commands, max_size=25))
def test_a_refused_command_says_why_and_changes_nothing(script):
    controller = PumpController(STROKES)
    controller.step(0, SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0))
    for second, command in enumerate(script, start=1):
        before = controller.state
        step = controller.step(second * 10**9, command)
        refused = [output for output in step.outputs if isinstance(output, CommandRejected)]
        if refused:
            assert len(refused) == 1
            assert refused[0].reason
            beside = [type(o).__name__ for o in step.outputs if o is not refused[0]]
            assert not beside or any(status.start_at_ns for status in before.lines), "a delay may end in that instant"
            if not beside:
                owed = {status.line: status.owed for status in controller.state.lines}
                same = tuple(replace(status, owed=owed[status.line]) for status in before.lines)
                touched = replace(before.unit, touched_ns=second * 10**9)  # somebody is there all the same
                assert controller.state == replace(before, now_ns=second * 10**9, lines=same, unit=touched)


@pytest.mark.requirement("GPCA REQ 7")
def test_nothing_starts_without_a_program():
    pump = Pump(STROKES)
    pump.step(0, SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0))
    for line in ("A", "B", None):
        outputs = pump.step(10**9, Start(line)).outputs
        assert [type(output) for output in outputs] == [CommandRejected]


def test_the_pump_never_asks_for_more_than_its_limits():
    """Through every pair of rates and modes: the sum asked of the motor stays within the model's."""
    for a in (0.1, 0.5, 100, 400, 999):
        for b in (0.1, 0.5, 100, 101, 400):
            for mode in LineMode:
                controller = PumpController(STROKES)
                controller.step(0, SensorReading(tuple(LineReading(line, 0, 4.9, False) for line in "AB"), 0.0))
                controller.step(0, LoadProgram("A", program(a, 50)))
                controller.step(0, LoadProgram("B", program(b, 50, mode)))
                controller.step(0, Start("A"))
                controller.step(0, Start("B"))
                rates = [motion.rate_nl_per_h for motion in controller.state.motor.lines if motion.rate_nl_per_h]
                assert len(rates) < 2 or (sum(rates) <= 500 * ML and min(rates) >= ML // 2)


@pytest.mark.parametrize(("rate", "kvo"), [(125, 3.0), (10, 3.0), (9.9, 1.0), (1, 1.0), (0.5, 0.5)])
def test_a_model_with_bands_keeps_the_vein_open_at_the_rate_of_its_band(rate, kvo):
    """B. Braun Infusomat Space IFU: 3 mL/h from 10 mL/h on, 1 below, the set rate below 1 mL/h."""
    pump = Pump(INFUSOMAT_SPACE)
    pump.step(0, SensorReading((LineReading("A", 0, 0.0, False),), 0.0))
    pump.step(0, LoadProgram("A", program(rate, 1.0)))
    pump.step(0, Start("A"))
    in_ns, steps = round(3600 * 10**9 / rate), 10_000
    ended = pump.step(in_ns, SensorReading((LineReading("A", steps, 0.0, False),), 0.0)).outputs
    (motion,) = next(output for output in ended if isinstance(output, MotorCommand)).lines
    assert motion.rate_nl_per_h == round(kvo * ML)
