"""Write a report as one HTML page: no network, no script, readable on a screen, on paper and to a screen reader."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pumpsim.report.content import DISCLAIMER, PumpSection, Report
from pumpsim.report.whole import write_whole

HERE = Path(__file__).parent
LONG = 25
"""A table of more rows than this gets a window of its own on the screen, and can be folded."""


def render(report: Report) -> str:
    """Draw the figures and fill the page in."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("report.html.j2")
    return template.render(
        report=report,
        disclaimer=DISCLAIMER,
        long=LONG,
        css=Markup((HERE / "report.css").read_text(encoding="utf-8")),
        ordered=_ordered(report),
        figures={section.id: _figures(section, number) for number, section in enumerate(report.pumps, start=1)},
    )


def write_report(path: Path, report: Report) -> None:
    """Render and write, whole or not at all."""
    write_whole(path, render(report))


def _ordered(report: Report) -> dict[str, str | Markup]:
    """The figure of all orders; nothing where there are none."""
    if not report.orders:
        return {}
    from pumpsim.figures.orders import CAPTION, TITLE, ordered_and_given
    from pumpsim.figures.svg import to_svg

    svg = to_svg(ordered_and_given(report.orders, report.end_ns), "orders", TITLE, CAPTION)
    return {"title": TITLE, "caption": CAPTION, "svg": Markup(svg)}


def _figures(section: PumpSection, number: int) -> list[dict[str, str | Markup]]:
    from pumpsim.figures.draw import drawings
    from pumpsim.figures.svg import to_svg

    return [
        {
            "title": drawing.title,
            "caption": drawing.caption.text,
            "svg": Markup(to_svg(drawing.figure, f"p{number}-{drawing.kind}", drawing.title, drawing.caption.text)),
        }
        for drawing in drawings(section.results)
    ]
