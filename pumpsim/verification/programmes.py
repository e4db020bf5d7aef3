"""V11 and V12: piggyback, concurrent lines, keep open rates, what is refused, drops, pulses and doses on request."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from pumpsim.catalogue.insulin import OMNIPOD
from pumpsim.scenario import Tolerance
from pumpsim.scenario_file import parse_scenario
from pumpsim.trace import PumpTrace
from pumpsim.verification.case import EXACT, Case, Expected, by
from pumpsim.verification.runs import MIN, H, S, event_ns, motions_ns, one, refusals, text, trace_of
from pumpsim.vocabulary.inputs import LoadProgram
from pumpsim.vocabulary.model import RateBand
from pumpsim.vocabulary.outputs import DeliveryEvent, DeliveryEventKind

SMOOTH, STROKES = 'drive = "smooth"', ""
CYCLE_ML = 0.33
"""Of the cassette: what strokes may put in or leave out."""
TWO_LINES = """
title = "two lines"
duration = "{duration}"
[pump]
model = "dual-channel-cassette"
{drive}
[line.A]
container = {{ bag = "3000 mL", fluid = "saline-0.9" }}
[line.B]
container = {{ bag = "1000 mL", fluid = {{ drug = "drug", concentration = "1 mg/mL" }} }}
[set]
common_volume = "2.5 mL"
{operator}
"""
COMPLETE, PAUSED, RESUMED = (
    DeliveryEventKind.DELIVERY_COMPLETE,
    DeliveryEventKind.DELIVERY_PAUSED,
    DeliveryEventKind.DELIVERY_RESUMED,
)


def done(at_min: float, what: str) -> str:
    """One thing that the operator does."""
    return f'[[operator]]\nat = "{at_min:g} min"\n{what}'


def two_lines(drive: str, duration: str, *operator: str) -> PumpTrace:
    """Run the dual-channel pump."""
    return text(TWO_LINES.format(drive=drive, duration=duration, operator="\n".join(operator))).traces[0]


def load(line: str, rate: float, more: str = "") -> str:
    """Put a program on a line."""
    return f'load = {{ line = "{line}", rate = "{rate:g} mL/h"{more} }}'


def pumped_ml(trace: PumpTrace, at_min: float) -> list[float]:
    """What each line's mechanism has displaced."""
    found: list[float] = trace.at([round(at_min * MIN)]).pumped_ml[:, 0].tolist()
    return found


def piggyback(drive: str) -> tuple[float, ...]:
    """Volumes and instants in the order of the story."""
    trace = two_lines(
        drive,
        "180 min",
        done(0, load("A", 125, ', vtbi = "250 mL"')),
        done(0, 'do = "start"'),
        done(30, load("B", 200, ', vtbi = "100 mL", mode = "piggyback"')),
        done(30, 'do = "start"\nline = "B"'),
    )
    events = [(PAUSED, "A"), (COMPLETE, "B"), (RESUMED, "A"), (COMPLETE, "A")]
    instants = [event_ns(trace, kind, line) / MIN for kind, line in events]
    a30, a60, (a180, b180) = pumped_ml(trace, 30)[0], pumped_ml(trace, 60)[0], pumped_ml(trace, 180)
    return *instants, a30, a60, a180, b180


def concurrent(drive: str) -> tuple[float, ...]:
    """When A and B are complete, A's volume, and B's for KVO, stop and continue."""
    found: list[float] = []
    for at_end in ("kvo", "stop", "continue"):
        trace = two_lines(
            drive,
            "180 min",
            done(0, load("A", 125, ', vtbi = "250 mL"')),
            done(0, load("B", 200, f', vtbi = "200 mL", mode = "concurrent", at_end = "{at_end}"')),
            done(0, 'do = "start"'),
        )
        a, b = pumped_ml(trace, 180)
        found += [b] if found else [event_ns(trace, COMPLETE, "A") / MIN, event_ns(trace, COMPLETE, "B") / MIN, a, b]
    return tuple(found)


def refused() -> tuple[float, ...]:
    """How often each impossible pair is refused, and what B has given."""
    found: list[float] = []
    for a, b, why in ((125, 400, "above the concurrent limit"), (0.4, 10, "below the concurrent floor")):
        trace = two_lines(
            SMOOTH,
            "2 min",
            done(0, load("A", a)),
            done(0, 'do = "start"\nline = "A"'),
            done(1, load("B", b, ', mode = "concurrent"')),
            done(1, 'do = "start"\nline = "B"'),
            '[[expect]]\nrejected = { command = "start" }',
        )
        found += [refusals(trace, why), pumped_ml(trace, 2)[1]]
    return tuple(found)


def kvo_ml_per_h(model: str, rate: str, vtbi: str, end_h: int) -> float:
    """The flow that a pump goes on with after its volume is in."""
    scenario = one(
        f'model = "{model}"\ndrive = "smooth"',
        'container = { bag = "1000 mL", fluid = "saline-0.9" }',
        tubing='kind = "ideal"',
        rate=rate,
        vtbi=vtbi,
        duration=f"{end_h} h",
    )
    return float(trace_of(scenario).at([end_h * H - S]).pump_flow_ml_per_h[0])


def kvo() -> tuple[float, ...]:
    """Of the cassette pump and of the Infusomat."""
    rates = ("125 mL/h", "5 mL/h", "0.5 mL/h")
    return tuple(
        kvo_ml_per_h(model, rate, "1 mL", 4)
        for model in ("single-channel-cassette", "infusomat-space")
        for rate in rates
    )


def drops() -> tuple[float, ...]:
    """Drops a minute at the rate that was set, and flow, in the first minutes of a drip."""
    found: list[float] = []
    for factor in (10, 15, 20, 60):
        scenario = one(
            f'model = "gravity-{factor}"',
            'container = { bag = "1000 mL", fluid = "water" }\nhead = "80 cm"',
            tubing='access = "20G-peripheral"',
            rate="125 mL/h",
            duration="10 min",
        )
        trace = trace_of(scenario)
        passed = pumped_ml(trace, 2)[0] - pumped_ml(trace, 1)[0]
        found.append(passed * 1e12 / trace.model.mechanism.step_fl)
    return tuple(found)


def pod(rate_u_per_h: float, duration: str, vtbi: str | None = None) -> PumpTrace:
    """An Omnipod into an open end, at any rate, that of its bolus too."""
    scenario = one(
        'model = "omnipod"',
        'container = { cartridge = "2 mL", fluid = { drug = "insulin", concentration = "100 U/mL" } }',
        rate="0.01 mL/h",
        vtbi=vtbi,
        duration=duration,
    )
    (pump,) = scenario.pumps
    model = replace(OMNIPOD, rate_bands=(RateBand(500, OMNIPOD.bolus_nl_per_h, 500),))
    entries = tuple(
        replace(
            entry,
            action=replace(
                entry.action, program=replace(entry.action.program, rate_nl_per_h=round(rate_u_per_h * 10_000))
            ),
        )
        if isinstance(entry.action, LoadProgram)
        else entry
        for entry in scenario.entries
    )
    return trace_of(replace(scenario, pumps=(replace(pump, model=model),), entries=entries))


def pulses() -> tuple[float, ...]:
    """A bolus of 1.10 U, basal rates of 1.00 and 0.05 U/h, and windows of ten minutes."""
    bolus, one_u, least = pod(90.0, "60 s", "11 uL"), pod(1.0, "10 h"), pod(0.05, "10 h")
    given, basal, rare = (motions_ns(trace) for trace in (bolus, one_u, least))
    ends = np.array([end for _, end in basal])
    begins = np.arange(0, 9 * H, S)
    windows = np.searchsorted(ends, begins + 10 * MIN, side="right") - np.searchsorted(ends, begins, side="right")
    return (
        len(given),
        given[-1][0] / S,
        given[-1][1] / S,
        float(np.diff(ends).min()) / S,
        float(np.diff(ends).max()) / S,
        float(windows.min()),
        float(windows.max()),
        float(np.diff([end for _, end in rare]).max()) / H,
    )


REQUESTS = """
title = "doses on request"
duration = "60 min"
[pump]
model = "graseby-3300-pca"
drive = "smooth"
[line.A]
container = {{ syringe = "bd-plastipak-50", volume = "50 mL", fluid = "saline-0.9" }}
[set]
kind = "ideal"
{operator}
"""


def lockout() -> tuple[float, ...]:
    """Doses of 1 mL, requests at 0, 3, 10, 12, 19.9 and 20 min; given, denied, and the instants at which doses began."""
    found: list[float] = []
    presses = [done(at_min, 'do = "request"') for at_min in (0, 3, 10, 12, 19.9, 20)]
    for since in ("end", "start"):
        demand = f'dose = "1 mL", lockout = "10 min", lockout_from = "{since}"'
        scenario = parse_scenario(
            REQUESTS.format(
                operator="\n".join(
                    [done(0, f"load = {{ demand = {{ {demand} }} }}"), done(0, 'do = "start"'), *presses]
                )
            ),
            "case",
        )
        (pump,) = scenario.pumps
        slow = replace(pump.model, bolus_nl_per_h=60_000_000)
        trace = trace_of(replace(scenario, pumps=(replace(pump, model=slow),)))
        requests = trace.state.line("A").course.requests
        begun = [
            recorded.at_ns / MIN
            for recorded in trace.records
            if isinstance(recorded.record, DeliveryEvent) and recorded.record.kind is DeliveryEventKind.BOLUS_STARTED
        ]
        found += [requests.granted, requests.denied, *begun]
    return tuple(found)


def _sequencer(
    id: str,
    title: str,
    asked: str,
    formula: str,
    expected: tuple[Expected, ...],
    compute: Callable[[str], tuple[float, ...]],
) -> tuple[Case, Case]:
    """The same case with the smooth drive, exact, and with strokes, within a cycle and its time at 125 mL/h."""
    within = {"mL": by(CYCLE_ML), "min": by(CYCLE_ML / 125 * 60)}

    def loosened(one: Expected) -> Expected:
        tolerance: Tolerance = within[one.unit] if one.tolerance is EXACT else one.tolerance
        return replace(one, tolerance=tolerance, decimals=2 if tolerance is not one.tolerance else one.decimals)

    source = "worked by hand"
    return (
        Case(id, title, f"{asked} Smooth drive.", formula, source, expected, partial(compute, SMOOTH)),
        Case(
            f"{id}, strokes",
            f"{title}, with strokes",
            f"{asked} Strokes of 0.33 mL.",
            formula,
            source,
            tuple(map(loosened, expected)),
            partial(compute, STROKES),
        ),
    )


CASES = (
    *_sequencer(
        "V11 piggyback",
        "Piggyback: the primary waits and resumes by itself",
        "A 125 mL/h, VTBI 250 mL; B 200 mL/h, VTBI 100 mL, started at 30 min; KVO 1 mL/h.",
        "30 min + 100/200 h, then (250 - 62.5)/125 h",
        (
            Expected("A paused", 30.0, "min"),
            Expected("B complete", 60.0, "min"),
            Expected("A resumes", 60.0, "min"),
            Expected("A complete", 150.0, "min"),
            Expected("A at 30 min", 62.5, "mL"),
            Expected("A at 60 min", 62.5, "mL"),
            Expected("A and its KVO at 180 min", 250.5, "mL"),
            Expected("B at 180 min: its VTBI, to the motor step", 100.0, "mL", by(1e-9)),
        ),
        piggyback,
    ),
    *_sequencer(
        "V11 concurrent",
        "Concurrent lines do not touch each other",
        "A 125 mL/h, VTBI 250 mL, and B 200 mL/h, VTBI 200 mL, together; B then KVO, stops, or goes on.",
        "V / Q for each line",
        (
            Expected("A complete", 120.0, "min"),
            Expected("B complete", 60.0, "min"),
            Expected("A at 180 min", 251.0, "mL"),
            Expected("B at 180 min, KVO", 202.0, "mL"),
            Expected("B at 180 min, stop", 200.0, "mL"),
            Expected("B at 180 min, goes on", 600.0, "mL"),
        ),
        concurrent,
    ),
    Case(
        "V11 refused",
        "What cannot run together",
        "B is started beside A: 125 + 400 is above 500 mL/h; A at 0.4 is below 0.5 mL/h.",
        "A + B <= 500 mL/h, each >= 0.5 mL/h",
        "unverified: limits of the Plum family, from memory",
        (
            Expected("refused, 125 + 400 mL/h", 1, "of 1", decimals=0),
            Expected("given by B", 0.0, "mL"),
            Expected("refused, 0.4 + 10 mL/h", 1, "of 1", decimals=0),
            Expected("given by B", 0.0, "mL"),
        ),
        refused,
    ),
    Case(
        "V11 KVO",
        "Keep open rates",
        "1 mL at 125, 5 and 0.5 mL/h, then KVO.",
        "KVO = the model's, never above the set rate",
        "Plum family, from memory (1 mL/h); B. Braun Infusomat Space IFU, US, 586U (3, 1, set rate)",
        tuple(
            Expected(f"{pump}, after {rate} mL/h", value, "mL/h", decimals=2)
            for pump, values in (("cassette pump", (1.0, 1.0, 0.5)), ("Infusomat", (3.0, 1.0, 0.5)))
            for rate, value in zip(("125", "5", "0.5"), values, strict=True)
        ),
        kvo,
    ),
    Case(
        "V11 drops",
        "Drops a minute of a litre in eight hours",
        "A gravity drip set to 125 mL/h; drops in its second minute. The bag's surface has fallen by a few mm.",
        "gtt/min = mL/h x gtt/mL / 60",
        "derived; Wikipedia, Drop (unit); ISO 8536-4",
        tuple(
            Expected(f"{factor} gtt/mL", value, "gtt/min", Tolerance(relative=0.005), 2)
            for factor, value in ((10, 20.83), (15, 31.25), (20, 41.67), (60, 125.0))
        ),
        drops,
    ),
    Case(
        "V12 lockout",
        "Doses on request: lockout from the end of a dose, and from start to start",
        "1 mL in a minute, lockout 10 min; requests at 0, 3, 10, 12, 19.9 and 20 min.",
        "a dose is granted from the end, or the start, of the last one + 10 min on",
        "Graseby 3300 technical service manual (2004) p. 2-3: from the end; start to start: an option of CADD pumps",
        (
            Expected("from the end: given", 2, "", decimals=0),
            Expected("denied", 4, "", decimals=0),
            Expected("first dose", 0.0, "min"),
            Expected("second dose", 12.0, "min"),
            Expected("from start to start: given", 3, "", decimals=0),
            Expected("denied", 3, "", decimals=0),
            Expected("first dose", 0.0, "min"),
            Expected("second dose", 10.0, "min"),
            Expected("third dose", 20.0, "min"),
        ),
        lockout,
    ),
    Case(
        "V12 pulses",
        "Pulses of an insulin pump",
        "Omnipod: a bolus of 1.10 U, then 1.00 and 0.05 U/h.",
        "0.05 U a pulse, 2 s each in a bolus; floor or ceiling of r T / 0.05 in any window",
        "LoopKit OmniKit, Pod.swift",
        (
            Expected("pulses of 1.10 U", 22, "", decimals=0),
            Expected("the last one begins", 42.0, "s"),
            Expected("the last one ends", 44.0, "s"),
            Expected("shortest interval at 1.00 U/h", 180.0, "s"),
            Expected("longest interval at 1.00 U/h", 180.0, "s"),
            Expected("fewest in any 10 min: floor(3.33)", 3, "", decimals=0),
            Expected("most in any 10 min: ceil(3.33)", 4, "", decimals=0),
            Expected("interval at 0.05 U/h", 1.0, "h"),
        ),
        pulses,
    ),
)
