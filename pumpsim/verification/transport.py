"""V9 and V10: two fluids in one common volume, and how sharply a change arrives through it."""

from functools import cache, partial

import numpy as np

from pumpsim.analysis.balance import balance
from pumpsim.fluidics.transport.dispersion import dispersion_number
from pumpsim.trace import PumpTrace
from pumpsim.verification.case import Case, Expected, by, share
from pumpsim.verification.runs import MIN, H, S, text

PUSH_OUT = """
title = "V9"
duration = "{duration} min"
[pump]
model = "dual-channel-cassette"
drive = "smooth"
[line.A]
container = {{ bag = "3000 mL", fluid = "saline-0.9" }}
[line.B]
container = {{ bag = "1000 mL", fluid = {{ drug = "drug", concentration = "1 mg/mL" }} }}
[set]
kind = "ideal"
common_volume = "2.5 mL"
transport = "{transport}"
{operator}
"""
LOAD = '[[operator]]\nat = "0 s"\nload = {{ line = "{line}", rate = "{rate} mL/h"{mode} }}'
TITRATE = '[[operator]]\nat = "{at} min"\ntitrate = {{ line = "A", rate = "{rate} mL/h" }}'
START, STOP_B = '[[operator]]\nat = "0 s"\ndo = "start"', '[[operator]]\nat = "180 min"\ndo = "stop"\nline = "B"'


@cache
def push_out(transport: str) -> PumpTrace:
    """A carrier at 20, 45 from 60 min, 20 mL/h from 120 min; B drug at 5 mL/h until 180 min."""
    operator = [
        LOAD.format(line="A", rate="20", mode=""),
        LOAD.format(line="B", rate="5", mode=', mode = "concurrent"'),
        START,
        TITRATE.format(at=60, rate=45),
        TITRATE.format(at=120, rate=20),
        STOP_B,
    ]
    return text(PUSH_OUT.format(duration=200, transport=transport, operator="\n".join(operator))).traces[0]


def drug_mg(trace: PumpTrace, *minutes: float) -> list[float]:
    """What the patient has had by these minutes."""
    found: list[float] = trace.at([round(m * MIN) for m in minutes]).patient_drug[0].tolist()
    return found


def plugs() -> tuple[float, ...]:
    """Amounts and rates in the order of the story."""
    trace = push_out("plug")
    at6, at60, at63, at120, at126, at127, at180, at200 = drug_mg(trace, 6, 60, 63, 120, 126, 127, 180, 200)
    in_line = float(trace.at([60 * MIN]).pumped_ml[1, 0]) - at60
    return (
        at6,
        (at60 - at6) / 54 * 60,
        in_line,
        (at63 - at60) / 3 * 60,
        at63 - at60 - 5 * 3 / 60,
        (at120 - at63) / 57 * 60,
        (at126 - at120) / 6 * 60,
        5 * 6 / 60 - (at126 - at120),
        (at127 - at126) * 60,
        at200 - at180,
        at200,
        balance(trace).worst,
    )


def stirred() -> tuple[float, ...]:
    """The excess of the hour at 45 mL/h."""
    at60, at120 = drug_mg(push_out("mixed"), 60, 120)
    return (at120 - at60 - 5.0,)


SHARES = (0.5, 0.9, 0.95)


def step_times(transport: str) -> tuple[float, ...]:
    """T = t Q / V at which the dose rate comes to 50, 90 and 95 %, at 20 and at 40 mL/h."""
    found = []
    for rate in (20.0, 40.0):
        operator = [LOAD.format(line="B", rate=f"{rate:g}", mode=""), START]
        (trace,) = text(PUSH_OUT.format(duration=60, transport=transport, operator="\n".join(operator))).traces
        at_ns = np.arange(0, H, S // 10)
        flow = np.diff(trace.at(at_ns).patient_drug[0]) / (S / 10 / H) / rate
        middle_h = (at_ns[1:] + at_ns[:-1]) / 2 / H
        for part in SHARES:
            k = int(np.argmax(flow >= part))
            within = (part - flow[k - 1]) / (flow[k] - flow[k - 1])
            found.append(float(middle_h[k - 1] + within * (middle_h[k] - middle_h[k - 1])) * rate / 2.5)
    return tuple(found)


def first_laminar() -> tuple[float, ...]:
    """Those of streamlines, and when the first drug shows."""
    operator = [LOAD.format(line="B", rate="20", mode=""), START]
    (trace,) = text(PUSH_OUT.format(duration=60, transport="laminar", operator="\n".join(operator))).traces
    at_ns = np.arange(0, H, S // 10)
    first = at_ns[np.argmax(trace.at(at_ns).patient_drug[0] > 1e-6)] / H * 20 / 2.5
    transit_s = 1.5 * np.pi * 0.5e-3**2 / (10e-6 / 3600)
    return *step_times("laminar"), float(first), dispersion_number(1e-9, float(transit_s), 0.5)


def _times(*wanted: float) -> tuple[Expected, ...]:
    return tuple(
        Expected(f"T at {100 * part:g} %, {rate} mL/h", value, "V/Q", share(1e-3), 4)
        for rate in (20, 40)
        for part, value in zip(SHARES, wanted, strict=True)
    )


_V10 = "A drug comes into 2.5 mL of saline at one rate; when its dose rate at the end is 50, 90 and 95 % of it."
CASES = (
    Case(
        "V9",
        "Two lines, one outlet: push-out",
        "Carrier 20 mL/h and drug 5 mg/h share 2.5 mL; carrier 45 mL/h from 60 to 120 min; the drug stops at 180 min.",
        "t = V / Q; excess = V (c_old - c_new)",
        "derived; smooth drive, plug flow, nothing gives",
        (
            Expected("drug in the first 6.0 min", 0.0, "mg"),
            Expected("dose rate from 6 to 60 min", 5.0, "mg/h"),
            Expected("drug in the common volume at 60 min", 0.5, "mg"),
            Expected("carrier 20 to 45: dose rate for 3.0 min", 10.0, "mg/h"),
            Expected("carrier 20 to 45: excess", 0.25, "mg"),
            Expected("dose rate from 63 to 120 min", 5.0, "mg/h"),
            Expected("carrier 45 to 20: dose rate for 6.0 min", 2.5, "mg/h"),
            Expected("carrier 45 to 20: deficit", 0.25, "mg"),
            Expected("dose rate in the minute after", 5.0, "mg/h"),
            Expected("drug delivered after it has stopped", 0.5, "mg"),
            Expected("all that was pumped, 5 mg/h for 3 h", 15.0, "mg"),
            Expected("error of the balance of drug and fluid", 0.0, "of 1"),
        ),
        plugs,
    ),
    Case(
        "V9 stirred",
        "The same through a stirred volume",
        "Excess of the hour at 45 mL/h; the first hour leaves 0.00002 mg to come.",
        "excess = V (c_old - c_new), whatever the mixing",
        "derived",
        (Expected("excess", 0.25, "mg", by(1e-4), 4),),
        stirred,
    ),
    Case("V10 plug", "A step through plugs", _V10, "T = 1", "derived", _times(1, 1, 1), partial(step_times, "plug")),
    Case(
        "V10 stirred",
        "A step through a stirred volume",
        _V10,
        "share = 1 - exp(-T)",
        "derived",
        _times(0.6931, 2.3026, 2.9957),
        partial(step_times, "mixed"),
    ),
    Case(
        "V10 laminar",
        "A step along streamlines",
        f"{_V10} Streamlines hold while D t / r2 is below 0.05; Taylor-Aris well above 1.",
        "share = 1 - (1 / 2T)^2 from T = 1/2 on",
        "derived (Hagen-Poiseuille); Taylor 1953, Aris 1956",
        (
            *_times(0.7071, 1.5811, 2.2361),
            Expected("first drug at T", 0.5, "V/Q", share(1e-3), 4),
            Expected("D t / r2 of 1.5 m x 1 mm at 10 mL/h, D 1e-9 m2/s", 424.1 / 250, "", share(1e-3), 3),
        ),
        first_laminar,
    ),
)
