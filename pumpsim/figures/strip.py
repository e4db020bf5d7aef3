"""The state strip: what each line is doing, as bars on the time axis; told apart by colour, hatch and word."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pumpsim.analysis.lines import LineCourse, StateSpan
from pumpsim.figures.style import BLUE, GREY, LEFT_IN, ORANGE, RED, RIGHT_IN, SKY, WIDTH_IN, YELLOW, look, panels
from pumpsim.vocabulary.outputs import LineState

SEEN: dict[LineState, tuple[str, str, str]] = {
    LineState.READY: ("#F2F2F2", "", "ready"),
    LineState.DELAYED: ("#F2F2F2", "...", "delayed"),
    LineState.INFUSING: (BLUE, "", "infusing"),
    LineState.KVO: (SKY, "////", "KVO"),
    LineState.CONTINUING: ("#9BC7E3", "\\\\\\\\", "continuing"),
    LineState.PAUSED: (YELLOW, "xxxx", "paused"),
    LineState.CHECKING: (YELLOW, "xx", "checking"),
    LineState.STANDBY: ("#DDDDDD", "..", "standby"),
    LineState.HELD: (ORANGE, "----", "held"),
    LineState.ALARM: (RED, "++++", "stopped by alarm"),
    LineState.COMPLETE: ("#CFCFCF", "||||", "complete"),
}
"""Colour, hatch and word of each state; EMPTY is left blank."""
ROW_IN, BAR = 0.36, 0.72
LETTER_IN = 0.068
"""Width of a letter of the words in the bars, with some room."""


def state_strip(lines: Sequence[LineCourse], end_ns: int) -> Figure:
    """Draw one row for each line, the first on top."""
    with look():
        figure, (ax,), unit = panels([ROW_IN * len(lines) + 0.1], end_ns)
        for row, course in enumerate(lines):
            for span in course.states:
                if span.state in SEEN:
                    _bar(ax, row, span, unit.ns, end_ns)
        ax.set_ylim(len(lines) - 0.5, -0.5)
        ax.set_yticks(range(len(lines)), [f"Line {course.line}" for course in lines])
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
        ax.set_title("State of each line", pad=4)
        _legend(ax, lines)
        return figure


def _bar(ax: Axes, row: int, span: StateSpan, unit_ns: int, end_ns: int) -> None:
    colour, hatch, word = SEEN[span.state]
    begin, length = span.from_ns / unit_ns, (span.to_ns - span.from_ns) / unit_ns
    ax.barh(row, length, left=begin, height=BAR, color=colour, hatch=hatch, edgecolor="#333333", linewidth=0.5)
    room_in = (WIDTH_IN - LEFT_IN - RIGHT_IN) * (span.to_ns - span.from_ns) / end_ns
    if room_in > LETTER_IN * len(word) + 0.1:
        plain = {"facecolor": colour if not hatch else "white", "edgecolor": "none", "pad": 1.2}
        ink = "white" if colour == BLUE else "black"
        ax.text(begin + length / 2, row, word, ha="center", va="center", fontsize=8, color=ink, bbox=plain)


def _legend(ax: Axes, lines: Sequence[LineCourse]) -> None:
    present = {span.state for course in lines for span in course.states}
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="#333333", linewidth=0.5, label=word)
        for state, (colour, hatch, word) in SEEN.items()
        if state in present
    ]
    if handles:
        ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(handles),
            borderaxespad=0.1,
            handlelength=1.6,
            columnspacing=1.1,
            handletextpad=0.4,
            edgecolor=GREY,
        )
