"""A figure as SVG that is the same, byte for byte, each time, and fit to be put into a page.

Text stays text; there is no date, no comment, no address of any kind; identifiers that nothing refers to are dropped and
the others carry the figure's name, so that many figures can share a page; coordinates are cut to a tenth of a point in paths
of straight lines, to a hundredth elsewhere.
"""

import io
import re
from html import escape

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from pumpsim.figures.style import look

_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_PATH = re.compile(r' d="([^"]*)"')
_ID = re.compile(r'\s+id="([^"]*)"')
_REFERENCE = re.compile(r'(?:href="|url\()#([^")]+)')


def to_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Write a figure as one ``<svg>`` element. ``name`` (letters, digits, dashes) must be unique within a page; ``title``
    and ``description`` are what a screen reader says."""
    with look():
        FigureCanvasSVG(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("xlink:href=", "href=").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    svg = _PATH.sub(_straight, svg)
    svg = _NUMBER.sub(_shorter, svg)
    svg = _with_own_ids(svg, name)
    head = (
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc"'
        f' font-family="DejaVu Sans, Verdana, Arial, sans-serif"'
    )
    said = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    svg = re.sub(r"<svg([^>]*)>", lambda match: f"{head}{match[1]}>\n{said}", svg, count=1)
    return re.sub(r"\n\s*\n+", "\n", re.sub(r"[ \t]+\n", "\n", svg)).strip() + "\n"


def _shorter(match: re.Match[str]) -> str:
    return _number(float(match[0]), 2)


def _number(value: float, digits: int) -> str:
    written = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if written in ("-0", "") else written


def _straight(match: re.Match[str]) -> str:
    """Write a path of straight lines shortly: level and upright pieces by one coordinate, no piece without length."""
    closed = match[1].rstrip().endswith("z")
    words = match[1].rstrip(" \nz").split()
    if not set(words[::3]) <= {"M", "L"} or len(words) < 9:
        return match[0]
    written: list[str] = []
    last_x = last_y = ""
    for command, x_word, y_word in zip(words[::3], words[1::3], words[2::3], strict=True):
        x, y = _number(float(x_word), 1), _number(float(y_word), 1)
        if command == "M":
            written.append(f"M{x} {y}")
        elif x != last_x or y != last_y:
            written.append(f"V{y}" if x == last_x else f"H{x}" if y == last_y else f"L{x} {y}")
        last_x, last_y = x, y
    return f' d="{"".join(written)}{"z" if closed else ""}"'


def _with_own_ids(svg: str, name: str) -> str:
    """Drop identifiers that nothing refers to; number the rest in the order in which they stand."""
    wanted = set(_REFERENCE.findall(svg))
    new: dict[str, str] = {}
    for found in _ID.findall(svg):
        if found in wanted:
            new.setdefault(found, f"{name}-{len(new) + 1}")
    svg = _ID.sub(lambda match: f' id="{new[match[1]]}"' if match[1] in new else "", svg)
    return _REFERENCE.sub(lambda match: match[0].replace(f"#{match[1]}", f"#{new[match[1]]}"), svg)
