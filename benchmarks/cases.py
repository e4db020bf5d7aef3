"""The scenarios that are timed: a day of dual-channel delivery, quiet or titrated a thousand times; and pumps in one line."""

import random
from dataclasses import replace

from pumpsim.catalogue.pumps import DUAL_CHANNEL_CASSETTE, SINGLE_CHANNEL_CASSETTE
from pumpsim.scenario import Entry, PumpSetup, Scenario
from pumpsim.vocabulary.inputs import LoadProgram, Start, Titrate
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.path import (
    Access,
    AdministrationSet,
    DrugContent,
    Fluid,
    JunctionSetup,
    LineSetup,
    PathSetup,
    Sensing,
    Transport,
)
from pumpsim.vocabulary.program import InfusionProgram, LineMode

S = 1_000_000_000
H = 3_600 * S
RATES_ML_PER_H = (100.0, 25.0)
COMMON_ML, COMPLIANCE, RESISTANCE, BACK_KPA = 2.5, 0.006, 0.02, 1.0
DRUG_MG_PER_ML = 1.6

SALINE = Fluid("saline-0.9")
DRUG = Fluid("dopamine 1.6 mg/mL", (DrugContent("dopamine", DRUG_MG_PER_ML),))


def steady(hours: float, titrations: int = 0) -> Scenario:
    """A 100 and B 25 mL/h, concurrent; a 3 L and a 1 L bag for each day; titrations of either line, evenly spread."""
    days = max(1.0, hours / 24)
    end_ns = round(hours * H)
    setup = PathSetup(
        (
            LineSetup("A", "bag", 3000.0 * days, SALINE, head_kpa=4.9),
            LineSetup("B", "bag", 1000.0 * days, DRUG, head_kpa=4.9),
        ),
        AdministrationSet("set", COMMON_ML, SALINE, COMPLIANCE, RESISTANCE),
        Access("20G", 0.0, BACK_KPA),
    )
    a, b = (round(rate * 1e6) for rate in RATES_ML_PER_H)
    entries = [
        Entry(0, "main", LoadProgram("A", InfusionProgram(a))),
        Entry(0, "main", LoadProgram("B", InfusionProgram(b, mode=LineMode.CONCURRENT))),
        Entry(0, "main", Start()),
    ]
    chance = random.Random(1)
    for k in range(1, titrations + 1):
        line, low, high = chance.choice([("A", 900, 1100), ("B", 200, 300)])
        rate = chance.randrange(low, high) // 10 * 1_000_000
        entries.append(Entry(k * end_ns // (titrations + 1), "main", Titrate(line, rate)))
    pump = PumpSetup("main", DUAL_CHANNEL_CASSETTE, setup, Sensing())
    return Scenario("day", "A day of dual-channel delivery", end_ns, 1, (pump,), tuple(entries), (), 60 * S)


def through_the_network(scenario: Scenario) -> Scenario:
    """The same pressures by the network's way: a stirred tube called a row of one tank, which no lone line has."""
    pumps = tuple(
        replace(pump, path=replace(pump.path, set=replace(pump.path.set, transport=Transport.TANKS)))
        for pump in scenario.pumps
    )
    return replace(scenario, pumps=pumps)


def manifold(
    hours: float,
    rates_ml_per_h: tuple[float, ...],
    model: PumpModel = SINGLE_CHANNEL_CASSETTE,
    valve_kpa: float | None = None,
) -> Scenario:
    """Pumps that meet in one junction, each with its own drug; ``valve_kpa``: check valves at the ends of their sets."""
    days = max(1.0, hours / 24)
    end_ns = round(hours * H)
    pumps, entries = [], []
    for k, rate in enumerate(rates_ml_per_h):
        drug = Fluid(f"drug {k}", (DrugContent(f"drug {k}", 1.0),))
        kind = AdministrationSet("set", 1.2, drug, 0.004, 0.01, valve_kpa=valve_kpa)
        line = LineSetup("A", "bag", 3000.0 * days, drug, head_kpa=4.9)
        path = PathSetup((line,), kind, Access("none", 0.0), "hub")
        pumps.append(PumpSetup(f"p{k}", model, path, Sensing()))
        entries += [Entry(0, f"p{k}", LoadProgram("A", InfusionProgram(round(rate * 1e6)))), Entry(0, f"p{k}", Start())]
    hub = JunctionSetup("hub", AdministrationSet("hub", 0.6, SALINE, 0.001, 0.01), Access("20G", 0.003, BACK_KPA))
    ordered = tuple(sorted(entries, key=lambda entry: isinstance(entry.action, Start)))
    return Scenario("manifold", "Pumps in one line", end_ns, 1, tuple(pumps), ordered, (), 60 * S, junctions=(hub,))


def beside(lone: Scenario, network: Scenario) -> Scenario:
    """Both in one scenario."""
    return replace(
        network,
        duration_ns=max(lone.duration_ns, network.duration_ns),
        pumps=(*lone.pumps, *network.pumps),
        entries=tuple(sorted((*lone.entries, *network.entries), key=lambda entry: entry.at_ns)),
    )
