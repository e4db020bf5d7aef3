"""Runs that several tests of analysis, figures and report look at; each is made once."""

from functools import cache

from pumpsim.scenario import Scenario
from pumpsim.simulation import Run, simulate
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.disturbances import Occlude, Place, Release
from pumpsim.vocabulary.inputs import LoadProgram, Start, Stop, Titrate
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.path import PathSetup, Sensing
from pumpsim.vocabulary.program import LineMode
from tests.build import MIN, SMOOTH, STROKES, H, S, path, program, scenario

CONCURRENT = LineMode.CONCURRENT
IDEAL = path(compliance=0.0, resistance=0.0)
"""No storage, no resistance: volumes of the patient are exact shifts of those of the pump (V9)."""


def push_out(model: PumpModel = SMOOTH, setup: PathSetup = IDEAL) -> Scenario:
    """V9: carrier 20, at 60 min 45, at 120 min 20 mL/h; drug 5 mL/h of 1 mg/mL, stopped at 180 min."""
    return scenario(
        (0, LoadProgram("A", program(20))),
        (0, LoadProgram("B", program(5, None, CONCURRENT))),
        (0, Start()),
        (60 * MIN, Titrate("A", 45_000_000)),
        (120 * MIN, Titrate("A", 20_000_000)),
        (180 * MIN, Stop("B")),
        until_ns=200 * MIN,
        model=model,
        setup=setup,
    )


def occluded(model: PumpModel = STROKES, sensing: Sensing = Sensing()) -> Scenario:
    """Two lines, the patient end closed from 90 to 95 min, both restarted at 96 min, B's limb closed at 100 min."""
    return scenario(
        (0, LoadProgram("A", program(100, 400))),
        (0, LoadProgram("B", program(13.1, 60, CONCURRENT))),
        (MIN, Start()),
        (90 * MIN, Occlude(Place.PATIENT_END)),
        (95 * MIN, Release(Place.PATIENT_END)),
        (96 * MIN, Start()),
        (100 * MIN, Occlude(Place.LIMB, "B")),
        (110 * MIN, Release(Place.LIMB, "B")),
        (112 * MIN, Start("B")),
        until_ns=180 * MIN,
        model=model,
        sensing=sensing,
    )


def piggyback() -> Scenario:
    """V11: A 125 mL/h, 250 mL; B 200 mL/h, 100 mL from 30 min on."""
    return scenario(
        (0, LoadProgram("A", program(125, 250))),
        (0, Start("A")),
        (30 * MIN, LoadProgram("B", program(200, 100, LineMode.PIGGYBACK))),
        (30 * MIN, Start("B")),
        until_ns=180 * MIN,
        model=SMOOTH,
    )


def at_the_floor() -> Scenario:
    """0.5 + 0.5 mL/h for a day: a cycle of 0.33 mL takes 19.8 min."""
    return scenario(
        (0, LoadProgram("A", program(0.5))),
        (0, LoadProgram("B", program(0.5, None, CONCURRENT))),
        (0, Start()),
        until_ns=24 * H,
    )


def minute() -> Scenario:
    """60 s: 100 + 50 mL/h, B held at 40 s."""
    return scenario(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(50, None, CONCURRENT))),
        (5 * S, Start()),
        (40 * S, Stop("B")),
        until_ns=60 * S,
    )


def restless() -> Scenario:
    """A day in which the rates of both lines change a thousand times: the most that a figure has to bear."""
    titrations = [(k * 86 * S, Titrate("AB"[k % 2], (5 + 37 * k % 990) * 100_000)) for k in range(1, 1_001)]
    return scenario(
        (0, LoadProgram("A", program(100))),
        (0, LoadProgram("B", program(25, None, CONCURRENT))),
        (0, Start()),
        *titrations,
        until_ns=24 * H,
    )


CASES = {
    "push_out": push_out,
    "push_out_strokes": lambda: push_out(STROKES, path()),
    "occluded": occluded,
    "occluded_smooth": lambda: occluded(SMOOTH),
    "piggyback": piggyback,
    "at_the_floor": at_the_floor,
    "minute": minute,
    "restless": restless,
}


@cache
def run_of(name: str) -> Run:
    """Simulate a case, once."""
    return simulate(CASES[name]())


def trace_of(name: str) -> PumpTrace:
    """The trace of a case's only pump."""
    return run_of(name).traces[0]
