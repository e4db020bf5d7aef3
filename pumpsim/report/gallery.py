"""The gallery: the figures of many scenarios as SVG files, with an index to look through.

``<folder>/<scenario>/<kind>.svg`` (with several pumps ``<pump>-<kind>.svg``) and ``<folder>/README.md``. The same traces
give the same bytes. Figures of a scenario that are no longer drawn are removed; nothing else in the folder is touched.
"""

from collections.abc import Sequence
from pathlib import Path

from pumpsim.analysis.orders import fulfilments
from pumpsim.analysis.results import analyse
from pumpsim.report.whole import write_whole
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace

INDEX = "README.md"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def write_gallery(scenarios: Sequence[Scenario], traces: Sequence[Sequence[PumpTrace]], folder: Path) -> None:
    """Draw every figure of every scenario and write the index. ``traces``: for each scenario those of its pumps."""
    folder.mkdir(parents=True, exist_ok=True)
    sections = [_section(folder, scenario, pumps) for scenario, pumps in zip(scenarios, traces, strict=True)]
    contents = "\n".join(f"- [{scenario.title}](#{scenario.name})" for scenario in scenarios)
    head = (
        "# Figures of the scenarios\n\n"
        "Made by `make plots` from the files in `scenarios/`. Not a medical device; drug figures are examples.\n"
    )
    write_whole(folder / INDEX, "\n".join([head, contents, "", *sections]))


def _section(folder: Path, scenario: Scenario, traces: Sequence[PumpTrace]) -> str:
    """Write the figures of one scenario; give its part of the index."""
    from pumpsim.figures.draw import drawings
    from pumpsim.figures.orders import CAPTION, TITLE, ordered_and_given
    from pumpsim.figures.svg import to_svg

    place = folder / scenario.name
    place.mkdir(exist_ok=True)
    lines = [f'## <a id="{scenario.name}"></a>{scenario.title}', "", " ".join(scenario.description.split()), ""]
    written = set()
    if scenario.orders:
        figure = ordered_and_given(fulfilments(scenario, {trace.pump: trace for trace in traces}), scenario.duration_ns)
        write_whole(place / "orders.svg", HEAD + to_svg(figure, "orders", TITLE, CAPTION))
        written.add("orders.svg")
        lines += [f"![{TITLE}]({scenario.name}/orders.svg)", "", f"*{CAPTION}*", ""]
    for trace in traces:
        several = len(traces) > 1
        if several:
            lines += [f"### Pump {trace.pump}", ""]
        for drawing in drawings(analyse(trace)):
            kind = f"{trace.pump}-{drawing.kind}" if several else drawing.kind
            svg = to_svg(drawing.figure, kind, drawing.title, drawing.caption.text)
            write_whole(place / f"{kind}.svg", HEAD + svg)
            written.add(f"{kind}.svg")
            lines += [f"![{drawing.title}]({scenario.name}/{kind}.svg)", "", f"*{drawing.caption.text}*", ""]
    for old in place.glob("*.svg"):
        if old.name not in written:
            old.unlink()
    return "\n".join(lines)
