"""New Era programs of phases: each function, by a program and what the pump says, and has given, second by second.

Rates are in mL/min, so that a second of 1 mL/min is 1/60 mL; volumes are worked by hand.
"""

import pytest

from firmware_bridge.protocols._new_era_phases import PHASES, Phase, function_of, loop_start
from tests.bridge.dialects.new_era_bench import Bench

ONCE = "FUNRAT RAT1MM VOL0.05"
"""Takes 3 s."""
ON = "FUNRAT RAT1MM VOL0"
"""Goes on without end."""

RUNS = [
    ("phases follow each other, until STP", (ONCE, "FUNRAT RAT2MM VOL0.1", "FUNSTP"), "II.I.IS", 0.15),
    ("a phase without a volume does not end", (ONCE, ON), "IIIIIIIIII", 10 / 60),
    ("INC adds to the running rate", (ONCE, "FUNINC RAT1MM VOL0.1", "FUNSTP"), "II.I.IS", 0.15),
    ("DEC takes from it", ("FUNRAT RAT3MM VOL0.1", "FUNDEC RAT1MM VOL0.1", "FUNSTP"), "I.I.IS", 0.2),
    ("JMP goes on elsewhere", (ONCE, "FUNJMP4", ON, "FUNSTP"), "II.S", 0.05),
    ("PAS waits so many seconds", (ONCE, "FUNPAS2", ONCE, "FUNSTP"), "II.T.II.S", 0.1),
    ("or tenths", ("FUNPAS1.5", ONCE, "FUNSTP"), "TIIIS", 0.05),
    ("LOP repeats from LPS", ("FUNLPS", "FUNRAT RAT1MM VOL0.025", "FUNLOP3", "FUNSTP"), "IIII.S", 0.075),
    ("or from phase 1", ("FUNRAT RAT1MM VOL0.025", "FUNLOP2", "FUNSTP"), "II.S", 0.05),
    (
        "loops lie in each other",
        ("FUNLPS", "FUNLPS", "FUNRAT RAT1MM VOL0.01", "FUNLOP2", "FUNPAS1", "FUNLOP2", "FUNSTP"),
        "I.I.S",
        0.04,
    ),
    ("LPE repeats without end", ("FUNRAT RAT1MM VOL0.02", "FUNPAS1", "FUNLPE"), "ITITIITITIT", None),
    ("labels and beeps take no time", ("FUNPRL7", "FUNBEP", "FUNEVR", ONCE, "FUNSTP"), "II.S", 0.05),
    ("CLD counts from 0", (ONCE, "FUNCLD", ONCE, "FUNSTP"), "IIIII.S", 0.05),
    ("FIL has nothing to fill after CLD", (ONCE, "FUNCLD", "FUNFIL", ONCE, "FUNSTP"), "IIIII.S", 0.05),
    ("IF goes on while pin 6 is high", ("FUNIF4", ONCE, "FUNSTP", ON), "II.S", 0.05),
    ("STK keeps the direction", (ONCE, "FUNRAT RAT1MM VOL0.05 DIRSTK", "FUNSTP"), "IIIII.S", 0.1),
]


@pytest.mark.parametrize(("phases", "course", "given_ml"), [run[1:] for run in RUNS], ids=[run[0] for run in RUNS])
def test_a_program(phases, course, given_ml):
    """``course``: the status letters, one a second, the first half a second after RUN; a point says nothing."""
    bench = Bench()
    bench.program(*phases)
    assert bench.say("RUN", by_ms=1000)[0] in "IT"
    begin = bench.ms
    for second, letter in enumerate(course):
        bench.at(begin + 500 + 1000 * second)
        status = bench.say("", by_ms=0)
        assert letter in (".", status), f"after {second + 0.5} s of {course}"
    bench.at(begin + 1000 * len(course))
    if given_ml is not None:
        infused = bench.say("DIS", by_ms=0)[1:]
        assert float(infused[1:].split("W")[0]) == pytest.approx(given_ml, abs=0.001)
    if course.endswith("S"):
        assert bench.say("STP") == "S?NA", "the program is at its end"


def test_run_may_begin_at_any_phase():
    bench = Bench()
    bench.program(ON, "FUNSTP", ONCE, "FUNSTP")
    assert bench.say("RUN 3") == "I"
    assert bench.say("DIS", by_ms=4000) == "SI0.050W0.000ML"
    assert bench.say("RUN 2", "STP") == ["S", "S?NA"]


def test_a_stopped_pause_keeps_what_is_left_of_it():
    bench = Bench()
    bench.program("FUNPAS10", ON)
    assert bench.say("RUN") == "T"
    assert bench.say("STP", by_ms=4000) == "P"
    assert bench.say("RUN", by_ms=60_000) == "T"
    assert bench.say("", by_ms=5990) == "T"
    assert bench.say("", by_ms=20) == "I"


def test_pauses_run_on_pump_time():
    bench = Bench(speed=10.0)
    bench.program("FUNPAS10", ON)
    assert bench.say("RUN") == "T"
    assert bench.say("", by_ms=990) == "T"
    assert bench.say("", by_ms=20) == "I"


def test_a_pause_of_0_waits_for_run():
    bench = Bench()
    bench.program("FUNPAS0", ONCE, "FUNSTP")
    assert bench.say("RUN", "", "RUN 3", "DIA 10", "") == ["U", "U", "U?NA", "U?NA", "U"]
    assert bench.say("", by_ms=3_600_000) == "U"
    assert bench.say("RUN") == "I"
    assert bench.say("", by_ms=3100) == "S"


def test_a_waiting_program_can_be_paused():
    bench = Bench()
    bench.program("FUNPAS0", ON)
    assert bench.say("RUN", "STP", "RUN", "STP", "STP") == ["U", "P", "U", "P", "S"]


def test_pri_waits_for_the_choice_of_a_label():
    bench = Bench()
    bench.program("FUNPRI", ON, "FUNSTP", "FUNPRL42", ONCE, "FUNSTP")
    assert bench.say("RUN", "RUN 42") == ["U", "I"]
    assert bench.say("DIS", by_ms=4000) == "SI0.050W0.000ML"
    assert bench.say("RUN", "RUN 41", "", "RUN") == ["U", "A?O", "U", "I"]


def test_what_run_cannot_begin_changes_nothing():
    bench = Bench()
    bench.program(ONCE, "FUNSTP", "FUNOUT0", "FUNCLD", "FUNDEC RAT1MM")
    assert bench.say("RUN") == "I"
    assert bench.say("DIS", by_ms=4000) == "SI0.050W0.000ML"
    assert bench.say("OUT 5", "RUN 3", "OUT 5", "", "DIS") == ["S1", "S?OOR", "S1", "S", "SI0.050W0.000ML"]


TROUBLE = [
    ("E", (ONCE, "FUNLPS", "FUNLPE"), "a circle"),
    ("O", (ONCE, "FUNDEC RAT1MM"), "a rate of 0"),
    ("O", (ONCE, "FUNINC RAT8MM"), "a rate that is too high"),
    ("O", (ONCE, *("FUNBEP",) * (PHASES - 1)), "beyond the last phase"),
]


@pytest.mark.parametrize(("letter", "phases"), [case[:2] for case in TROUBLE], ids=[case[2] for case in TROUBLE])
def test_trouble_on_the_way_ends_the_program_with_an_alarm(letter, phases):
    bench = Bench()
    bench.program(*phases)
    assert bench.say("RUN") == "I"
    assert bench.say("", by_ms=4000) == f"A?{letter}"
    assert bench.say("", "STP", "DIS") == ["S", "S?NA", "SI0.050W0.000ML"]


@pytest.mark.parametrize("phase", ["FUNJMP1", "FUNLPE"])
def test_a_circle_at_once(phase):
    bench = Bench()
    bench.program(phase)
    assert bench.say("RUN", "", "STP") == ["A?E", "S", "S?NA"]


def test_a_circle_of_volumes_smaller_than_a_step():
    """0.001 uL are no step of the motor: the phase is over as it begins."""
    bench = Bench()
    bench.say("VOL UL")
    bench.program("FUNRAT RAT1MM VOL0.001", "FUNJMP1")
    assert bench.say("RUN", "", "STP") == ["A?E", "S", "S?NA"]


# The TTL connector


def test_outputs_and_inputs():
    bench = Bench()
    bench.program("FUNOUT0", ONCE, "FUNOUT1", "FUNSTP")
    (unit,) = bench.line.units
    assert bench.say("IN 2", "IN 3", "IN 4", "IN 6", "OUT 5") == ["S1", "S1", "S1", "S1", "S1"]
    unit.set_level(6, 0)
    assert bench.say("IN 6", "RUN", "OUT 5") == ["S0", "I", "I0"]
    assert bench.say("OUT 5", by_ms=3100) == "S1"
    assert bench.say("OUT 5 0", "OUT 5") == ["S", "S0"]


def test_if_jumps_when_pin_6_is_low():
    bench = Bench()
    bench.program("FUNIF3", ON, "FUNSTP")
    (unit,) = bench.line.units
    unit.set_level(6, 0)
    assert bench.say("RUN") == "S"


@pytest.mark.parametrize(
    ("function", "letters"),
    [("FUNEVN4", "ITII"), ("FUNEVS4", "ITTT"), ("FUNEVR", "IIII")],
)
def test_events_are_edges_of_pin_4(function, letters):
    """One trap at a falling edge; or at every edge, until it is reset. After each edge a second passes."""
    bench = Bench()
    bench.program(function, ON, "FUNSTP", "FUNPAS0.5", ON)
    (unit,) = bench.line.units
    said = [bench.say("RUN")]
    for level in (0, 1, 0):
        unit.set_level(4, level)
        unit.set_level(4, level)
        said.append(bench.say("", by_ms=100))
        bench.wait(1000)
    assert "".join(said) == letters


def test_an_event_ends_a_pause():
    bench = Bench()
    bench.program("FUNEVN4", "FUNPAS50", "FUNSTP", ON)
    (unit,) = bench.line.units
    assert bench.say("RUN") == "T"
    unit.set_level(4, 0)
    assert bench.say("") == "I"
    assert bench.say("", by_ms=60_000) == "I"


@pytest.mark.parametrize(
    ("trigger", "letters"),
    [
        ("FT", "IIPP"),
        ("FH", "IPIP"),
        ("F2", "SIIP"),
        ("LE", "SIPI"),
        ("ST", "IIII"),
        ("T2", "SIII"),
        ("SP", "SSSS"),
        ("RL", "IIII"),
        ("RH", "SIII"),
        ("OF", "SSSS"),
    ],
)
def test_the_operational_trigger_is_pin_2(trigger, letters):
    """It falls, rises, falls and rises."""
    bench = Bench()
    (unit,) = bench.line.units
    assert bench.say(f"TRG {trigger}") == "S"
    said = []
    for level in (0, 1, 0, 1):
        unit.set_level(2, level)
        said.append(bench.say(""))
    assert "".join(said) == letters


@pytest.mark.parametrize(("trigger", "letters"), [("SP", "P"), ("SL", "P"), ("P2", "I"), ("SH", "I")])
def test_a_trigger_that_stops(trigger, letters):
    bench = Bench()
    (unit,) = bench.line.units
    assert bench.say(f"TRG {trigger}", "RUN") == ["S", "I"]
    unit.set_level(2, 0)
    assert bench.say("") == letters
    unit.set_level(2, 1)
    assert bench.say("") == "P"


def test_a_program_may_change_the_trigger_for_itself():
    bench = Bench()
    bench.program("FUNTRGOF", "FUNPAS1", "FUNTRG", "FUNPAS0", ON)
    (unit,) = bench.line.units
    assert bench.say("RUN", "TRG") == ["T", "TFT"]
    unit.set_level(2, 0)
    assert bench.say("") == "T"
    assert bench.say("", by_ms=1000) == "U"
    unit.set_level(2, 1)
    unit.set_level(2, 0)
    assert bench.say("") == "I"


def test_a_pending_alarm_keeps_the_trigger_from_starting():
    bench = Bench(quiet=False)
    (unit,) = bench.line.units
    unit.set_level(2, 0)
    assert bench.say("", "") == ["A?R", "S"]


# The grammar


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("JMP5", ("JMP", "5")),
        ("IF7", ("IF", "7")),
        ("PAS1.5", ("PAS", "15")),
        ("PAS.5", ("PAS", "5")),
        ("TRG", ("TRG", "")),
    ],
)
def test_functions(text, found):
    assert function_of(text) == found


@pytest.mark.parametrize(
    ("functions", "starts"),
    [
        ("RAT LOP", {2: 1}),
        ("LPS RAT LOP", {3: 1}),
        ("RAT LPS RAT LPS RAT LOP LOP", {6: 4, 7: 2}),
        ("LPS RAT LOP RAT LOP", {3: 1, 5: 1}),
        ("LPS LPS LPE LOP", {3: 2, 4: 1}),
    ],
)
def test_where_loops_begin(functions, starts):
    phases = tuple(Phase(function, "2" if function == "LOP" else "") for function in functions.split())
    assert {end: loop_start(phases, end) for end in starts} == starts
