"""The spread of a set with Taylor-Aris dispersion, fixed once for a run from the flow that is programmed first.

Spread depends on velocity, and a row of tanks cannot change its number while fluid is in it. So the rates of the first start of
every pump that leads through the set, summed, count for the whole run; the report warns where others occur.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from pumpsim.fluidics.transport.dispersion import LEAST_SPREAD, taylor_spread
from pumpsim.scenario import Entry, PumpSetup
from pumpsim.vocabulary.inputs import ChangeMode, LoadProgram, Start, Titrate
from pumpsim.vocabulary.path import AdministrationSet, JunctionSetup, Transport
from pumpsim.vocabulary.program import LineMode


def with_spreads(
    pumps: Iterable[PumpSetup], junctions: Iterable[JunctionSetup], entries: Sequence[Entry]
) -> tuple[tuple[PumpSetup, ...], tuple[JunctionSetup, ...]]:
    """Fix the spread of every dispersed set."""
    setups, meeting = tuple(pumps), tuple(junctions)
    rates = {setup.id: first_nl_per_h([e for e in entries if e.pump == setup.id]) / 1e6 for setup in setups}
    into = {setup.id: setup.path.into for setup in setups} | {j.id: j.into for j in meeting}
    through: dict[str, float] = dict.fromkeys(into, 0.0)
    for id, rate in rates.items():
        at: str | None = id
        while at is not None and at in through:
            through[at] += rate
            at = into[at]
    return (
        tuple(replace(s, path=replace(s.path, set=_spread(s.path.set, through[s.id]))) for s in setups),
        tuple(replace(j, set=_spread(j.set, through[j.id])) for j in meeting),
    )


def first_nl_per_h(entries: Sequence[Entry]) -> int:
    """The rate of the lines that one pump's first start begins with; of a piggyback and its primary that of the piggyback."""
    rates: dict[str, int] = {}
    modes: dict[str, LineMode] = {}
    for _, group in groupby(entries, key=lambda entry: entry.at_ns):
        started: list[str] = []
        for entry in group:
            match entry.action:
                case LoadProgram(line, program):
                    rates[line], modes[line] = program.rate_nl_per_h, program.mode
                case Titrate(line, rate):
                    rates[line] = rate
                case ChangeMode(line, mode):
                    modes[line] = mode
                case Start(line):
                    started += [name for name in rates if line in (None, name) and name not in started]
        first = [name for name in started if modes.get(name) is LineMode.PIGGYBACK] or started
        if first:
            return sum(rates[name] for name in first)
    return 0


def _spread(tubing: AdministrationSet, flow_ml_per_h: float) -> AdministrationSet:
    if tubing.transport is not Transport.DISPERSED or flow_ml_per_h == 0.0 or tubing.common_ml == 0.0:
        return tubing
    radius_mm = tubing.bore_mm / 2.0
    area_m2 = math.pi * (radius_mm / 1000.0) ** 2
    velocity = flow_ml_per_h * 1e-6 / 3600.0 / area_m2
    spread = taylor_spread(tubing.diffusivity_m2_per_s, radius_mm, velocity, tubing.common_ml * 1e-6 / area_m2)
    return replace(tubing, spread=max(LEAST_SPREAD, spread))
