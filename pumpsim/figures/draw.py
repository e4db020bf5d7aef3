"""All figures of one pump, in the order in which they are read, each with its caption.

The registry of figure kinds: add a kind here and in a file of its own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from pumpsim.analysis.results import PumpResults
from pumpsim.figures.alarms import alarm_timeline
from pumpsim.figures.captions import Caption, caption_of
from pumpsim.figures.deviation import deviation
from pumpsim.figures.dose import drug_dose
from pumpsim.figures.pressure import line_pressure
from pumpsim.figures.rates import rates_and_flows
from pumpsim.figures.strip import state_strip
from pumpsim.figures.volumes import cumulated_volumes


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure: its kind (a file name), title, caption, and the figure itself."""

    kind: str
    title: str
    caption: Caption
    figure: Figure


def drawings(results: PumpResults) -> Iterator[Drawing]:
    """Draw one after the other. Without an alarm there is no timeline of alarms."""
    end_ns = results.end_ns

    def drawn(kind: str, title: str, figure: Figure) -> Drawing:
        return Drawing(kind, title, caption_of(kind.partition("-")[0], results), figure)

    yield drawn("states", "State of each line", state_strip(results.lines, end_ns))
    if results.alarms:
        yield drawn("alarms", "Alarm conditions", alarm_timeline(results.alarms, results.signals, end_ns))
    yield drawn("rates", "Programmed rate and delivered flow", rates_and_flows(results.lines, results.flows, end_ns))
    for dose, slug in zip(results.flows.drugs, _slugs([dose.drug for dose in results.flows.drugs]), strict=True):
        yield drawn(f"dose-{slug}", f"Dose rate of {dose.drug}", drug_dose(dose, end_ns))
    yield drawn("deviation", "Delivered against programmed", deviation(results.deviations, end_ns))
    yield drawn("volumes", "Cumulated volumes", cumulated_volumes(results.volumes, end_ns))
    yield drawn("pressure", "Pressure behind the pump", line_pressure(results.pressure, results.alarms, end_ns))


def _slugs(names: Sequence[str]) -> list[str]:
    """Names fit for files and identifiers, each different."""
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        slug = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
        found.append(slug if slug and slug not in found else "-".join(filter(None, (slug, str(number)))))
    return found
