"""A recorded conversation with a pump: how long replies took, and what was wrong on the wire and at the pump, in time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from pumpsim.analysis.traffic import ReplyTimes, Source, Trouble
from pumpsim.figures.style import (
    BLUE,
    BOTTOM_IN,
    GREY,
    INK,
    LEFT_IN,
    ORANGE,
    PURPLE,
    RED,
    RIGHT_IN,
    TOP_IN,
    WIDTH_IN,
    look,
    panels,
)
from pumpsim.figures.svg import to_svg

HEIGHT_IN, ROW_IN, BAR = 2.2, 0.34, 0.46
LEAST_MS = 0.01
BINS_A_DECADE = 10
MOST_ROWS = 24
LETTERS = 22
COLOURS = {Source.WIRE: ORANGE, Source.PUMP: RED, Source.TOLD: PURPLE}
WORDS = {Source.WIRE: "wire: fault", Source.PUMP: "pump: alarm, as it told", Source.TOLD: "done to the pump"}
MARKERS = {Source.WIRE: "|", Source.PUMP: "|", Source.TOLD: "D"}


FAULTS_CAPTION = (
    "One row for each fault of the wire, each alarm that the pump told of (from the frame that told of it to the one that told "
    "that it was over), and each thing that was done to a virtual pump. A bar lasts, a tick is an instant."
)
REPLIES_CAPTION = (
    "{count} replies, each the first frame of the pump after a question, counted from the host's last byte as heard here: "
    "what a port or an adapter held back is in it."
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure as it stands on a page."""

    title: str
    caption: str
    svg: str


def drawings(times: ReplyTimes | None, troubles: Sequence[Trouble], end_ns: int) -> Iterator[Drawn]:
    """Draw what there is to draw: reply times, and troubles."""
    if times is not None:
        title, caption = "Reply times", REPLIES_CAPTION.format(count=len(times.ms))
        yield Drawn(title, caption, to_svg(reply_histogram(times), "replies", title, caption))
    if troubles:
        title = "Faults of wire and pump"
        yield Drawn(title, FAULTS_CAPTION, to_svg(troubles_in_time(troubles, end_ns), "faults", title, FAULTS_CAPTION))


def reply_histogram(times: ReplyTimes) -> Figure:
    """Draw how often replies took how long, on a logarithmic axis; shorter ones than 0.01 ms stand in the first bin."""
    ms = np.maximum(np.asarray(times.ms), LEAST_MS)
    low, high = np.floor(np.log10(ms.min()) * 5) / 5, np.ceil(np.log10(ms.max()) * 5) / 5
    high = max(high, low + 0.6)
    edges = np.logspace(low, high, max(6, round((high - low) * BINS_A_DECADE)) + 1)
    with look():
        total = TOP_IN + HEIGHT_IN + BOTTOM_IN
        figure = Figure(figsize=(WIDTH_IN, total))
        width = (WIDTH_IN - LEFT_IN - RIGHT_IN) / WIDTH_IN
        ax = figure.add_axes((LEFT_IN / WIDTH_IN, BOTTOM_IN / total, width, HEIGHT_IN / total))
        ax.hist(ms, bins=edges.tolist(), color=BLUE, edgecolor="white", linewidth=0.6)
        marks = ((times.median_ms, "-", "median"), (times.p99_ms, "--", "99th percentile"))
        for value, dash, word in marks:
            label = f"{word} {value:.3g} ms"
            ax.axvline(max(value, LEAST_MS), color=INK, linestyle=dash, linewidth=1.2, label=label)
        ax.set_xscale("log")
        ax.set_xlim(edges[0], edges[-1])
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        ax.set_xlabel("Reply time: from the host's last byte to the pump's first (ms)")
        ax.set_ylabel("Replies (count)")
        ax.set_title("Reply times", pad=4)
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 0.985), ncols=2, borderaxespad=0.0)
        return figure


def troubles_in_time(troubles: Sequence[Trouble], end_ns: int) -> Figure:
    """Draw one row for each kind of trouble, in the order of first happening. ``troubles`` must not be empty; rows beyond 24
    are drawn into the last."""
    rows = list(dict.fromkeys((trouble.source, trouble.what) for trouble in troubles))
    kept = rows if len(rows) <= MOST_ROWS else rows[: MOST_ROWS - 1]
    with look():
        count = min(len(rows), MOST_ROWS)
        figure, (ax,), unit = panels([ROW_IN * count + 0.15], end_ns)
        for trouble in troubles:
            key = trouble.source, trouble.what
            row = kept.index(key) if key in kept else count - 1
            colour, begin = COLOURS[trouble.source], trouble.from_ns / unit.ns
            if trouble.to_ns > trouble.from_ns:
                length = (trouble.to_ns - trouble.from_ns) / unit.ns
                ax.barh(row, length, left=begin, height=BAR, color=colour, hatch="////", edgecolor=INK, linewidth=0.5)
            size = 5 if trouble.source is Source.TOLD else 11
            marker = MARKERS[trouble.source]
            ax.plot([begin], [row], marker=marker, markersize=size, color=colour, markeredgewidth=1.6, clip_on=False)
        names = [_short(what) for _, what in kept] + ([f"{len(rows) - len(kept)} others"] if len(rows) > count else [])
        ax.set_ylim(count - 0.45, -0.55)
        ax.set_yticks(range(count), names, fontsize=7.0)
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
        ax.set_title("Faults of wire and pump", pad=4)
        ax.set_xlabel(f"Pump time since the recording began ({unit.word})")
        present = {trouble.source for trouble in troubles}
        handles = [_handle(source) for source in Source if source in present]
        ax.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.1)
        ax.spines["left"].set_color(GREY)
        return figure


def _handle(source: Source) -> Patch | Line2D:
    if source is Source.PUMP:
        return Patch(facecolor=COLOURS[source], hatch="////", edgecolor=INK, linewidth=0.5, label=WORDS[source])
    size = 5 if source is Source.TOLD else 9
    marker, colour = MARKERS[source], COLOURS[source]
    return Line2D(
        [], [], marker=marker, markersize=size, markeredgewidth=1.6, color=colour, ls="none", label=WORDS[source]
    )


def _short(what: str) -> str:
    """The row's label, on two lines where one would not fit into the margin."""
    if len(what) <= LETTERS - 6:
        return what
    words, first = what.split(), ""
    while words and len(f"{first} {words[0]}") <= LETTERS - 6:
        first = f"{first} {words.pop(0)}".strip()
    rest = " ".join(words)
    second = rest if len(rest) <= LETTERS - 5 else rest[: LETTERS - 8] + "..."
    return f"{first}\n{second}" if first else second
