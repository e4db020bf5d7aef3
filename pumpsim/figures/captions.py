"""Captions as data: what is shown, at which rates, through which set, with which windows."""

import re
from dataclasses import dataclass

from pumpsim.analysis.lines import LineCourse
from pumpsim.analysis.results import PumpResults
from pumpsim.vocabulary.model import Drive
from pumpsim.vocabulary.outputs import LineState
from pumpsim.vocabulary.program import format_rate

MOST_RATES = 4
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:mL|ms|min|s|%)(?:\W|$))|(?<=\b[A-Z]) (?=\d)")


@dataclass(frozen=True, slots=True)
class Caption:
    """``shows``: how to read the figure. ``rates``, ``path``: what was run. ``window``: what values are means over, or
    the instants at which they are taken."""

    shows: str
    rates: str
    path: str
    window: str

    @property
    def text(self) -> str:
        """All of it as sentences, with no line broken between a number and its unit."""
        text = " ".join(f"{part}." for part in (self.shows, self.rates, self.path, self.window) if part)
        return _BEFORE_UNIT.sub("\u00a0", text)


SHOWS = {
    "states": "What each line is doing; blank: no program",
    "alarms": "Each condition from raising to clearing; the line below it: what is heard of it. Only the condition that goes "
    "first has signals; latched ones go on when the condition is over",
    "rates": "Dashed: what was asked for. Line: mean flow. Shade or thin line: flow within the window",
    "dose": "Mean dose rate where the pump displaces the drug and where it reaches the patient. Shade or thin line: dose "
    "rate within the window",
    "deviation": "100 (delivered − programmed) / programmed. At the patient only the line's own fluid counts, so it "
    "begins at −100 % until the line is filled with it",
    "volumes": "Owed is the programmed rate integrated to now; at the patient only the line's own fluid counts",
    "pressure": "Gauge pressure between pump and access",
}


def caption_of(kind: str, results: PumpResults) -> Caption:
    """Write the caption of a kind of figure."""
    return Caption(SHOWS[kind], _rates(results), _path(results), _window(kind, results))


def _rates(results: PumpResults) -> str:
    return "Programmed: " + "; ".join(_line_rates(course) for course in results.lines)


def _line_rates(course: LineCourse) -> str:
    """The rates of a line in the order in which they came, KVO apart."""
    found: list[str] = []
    for span in course.states:
        if span.state not in (LineState.INFUSING, LineState.CONTINUING):
            continue
        within = (course.rate.at_ns >= span.from_ns) & (course.rate.at_ns < span.to_ns)
        for rate in course.rate.rate_nl_per_h[within].tolist():
            if not found or found[-1] != format_rate(rate):
                found.append(format_rate(rate))
    if not found:
        return f"{course.line} nothing"
    shown = [rate.removesuffix(" mL/h") for rate in found[:MOST_RATES]]
    more = f" and {len(found) - MOST_RATES} more" if len(found) > MOST_RATES else ""
    return f"{course.line} {', '.join(shown)}{more} mL/h"


def _path(results: PumpResults) -> str:
    administration, access = results.setup.set, results.setup.access
    end = f"access {access.name}" if results.setup.into is None else f"into {results.setup.into}"
    return f"Set {administration.name}, common volume {administration.common_ml:g} mL, {end}"


def _window(kind: str, results: PumpResults) -> str:
    grid = results.flows.grid
    if kind in ("states", "alarms"):
        return ""
    if kind == "deviation":
        whole = ", in whole pumping cycles" if grid.cycles else ""
        return f"Moving window: {_seconds(results.deviations[0].window_ns)} or a little more{whole}"
    if kind in ("volumes", "pressure"):
        instants = grid.edges_ns if kind == "volumes" else results.pressure.at_ns
        return f"Exact values at {len(instants):,} instants"
    if results.model.mechanism.drive is Drive.SMOOTH or not grid.cycles:
        return f"Window: {_seconds(grid.least_ns)}"
    return f"Window: one pumping cycle, at least {_seconds(grid.least_ns)}"


def _seconds(ns: int) -> str:
    seconds = ns / 1e9
    if seconds >= 120:
        return f"{seconds / 60:.3g} min"
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"
