"""V11, documentation: units of hydration and of a drug beside it, from the infusion times of simulated runs."""

from collections.abc import Sequence

from pumpsim.analysis.infusion_times import infusion_times
from pumpsim.analysis.infusion_units import Code, access_sites, documented
from pumpsim.scenario_file import parse_scenario
from pumpsim.simulation import simulate
from pumpsim.verification.case import Case, Expected
from pumpsim.verification.programmes import TWO_LINES, done, load

RULES = "CPT 96360-96368 as told by AAPC and codingahead; CMS R1702CP; the table derived from them"
HYDRATION = ((30, 0, 0), (31, 1, 0), (90, 1, 0), (91, 1, 1), (151, 1, 2), (200, 1, 2))
"""Minutes, units of 96360, units of 96361."""
BESIDE = ((15, (1, 2, 0, 0, 0)), (16, (0, 3, 1, 0, 0)), (91, (0, 2, 1, 1, 0)))
"""Minutes of a drug, and the units of each of these:"""
CODES = (Code.HYDRATION, Code.HYDRATION_HOUR, Code.THERAPEUTIC, Code.THERAPEUTIC_HOUR, Code.CONCURRENT)


def units(duration: str, *operator: str) -> dict[Code, int]:
    """Run two lines with strokes, and count the units that their infusion times would document."""
    scenario = parse_scenario(TWO_LINES.format(drive="", duration=duration, operator="\n".join(operator)), "case")
    times = infusion_times(scenario, simulate(scenario).by_pump)
    total: dict[Code, int] = {}
    for row in documented(times, access_sites(scenario)):
        for code, count in row.units:
            total[code] = total.get(code, 0) + count
    return total


def counted(found: dict[Code, int], codes: Sequence[Code]) -> list[float]:
    """How many of each there are."""
    return [found.get(code, 0) for code in codes]


def hydration() -> tuple[float, ...]:
    """Saline for so many minutes, in two parts with a quarter of an hour between."""
    numbers: list[float] = []
    for minutes, _, _ in HYDRATION:
        found = units(
            "240 min",
            done(0, load("A", 125)),
            done(0, 'do = "start"'),
            done(20, 'do = "stop"'),
            done(35, 'do = "start"'),
            done(15 + minutes, 'do = "stop"'),
        )
        numbers += counted(found, CODES[:2])
    return tuple(numbers)


def beside_a_drug() -> tuple[float, ...]:
    """Saline for 200 min, a drug beside it from 60 min on: of 15, 16 and 91 min."""
    numbers: list[float] = []
    for minutes, _ in BESIDE:
        found = units(
            "240 min",
            done(0, load("A", 125)),
            done(0, 'do = "start"'),
            done(60, load("B", 60, ', mode = "concurrent"')),
            done(60, 'do = "start"\nline = "B"'),
            done(60 + minutes, 'do = "stop"\nline = "B"'),
            done(200, 'do = "stop"'),
        )
        numbers += counted(found, CODES)
    return tuple(numbers)


CASES = (
    Case(
        "V11 hydration",
        "Units of hydration by the minutes that were delivered",
        "Saline at 125 mL/h, held after 20 min for a quarter of an hour, then on until so many minutes are delivered. "
        "Shown for documentation, not advice.",
        "96360 from 31 min on; 96361 for each hour beyond the first, from 31 min into it",
        RULES,
        tuple(
            Expected(f"{minutes} min: {code.value}", count, "units", decimals=0)
            for minutes, first, further in HYDRATION
            for code, count in zip(CODES[:2], (first, further), strict=True)
        ),
        hydration,
    ),
    Case(
        "V11 drug beside hydration",
        "Units of a drug that runs beside hydration",
        "Saline for 200 min, a drug beside it for 15 min (a push), 16 and 91 min, in which hydration does not count: 200, 184 "
        "and 109 min are left. Shown for documentation, not advice.",
        "96365 from 16 min on; 96366 for each hour beyond the first; all hydration of the site is then 96361",
        RULES,
        tuple(
            Expected(f"{minutes} min of drug: {code.value}", count, "units", decimals=0)
            for minutes, counts in BESIDE
            for code, count in zip(CODES, counts, strict=True)
        ),
        beside_a_drug,
    ),
)
