"""The alarms on the time axis: each condition from raising to clearing, coloured by priority as IEC 60601-1-8 has it."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pumpsim.analysis.lines import AlarmSpan
from pumpsim.figures.style import INK, ORANGE, RED, SKY, TimeUnit, look, panels
from pumpsim.vocabulary.alarms import Priority

SEEN: dict[Priority, tuple[str, str]] = {
    Priority.HIGH: (RED, "////"),
    Priority.MEDIUM: (ORANGE, "---"),
    Priority.LOW: (SKY, ""),
}
"""Colour and hatch of each priority: red, yellow, cyan, dark enough for paper."""
ROW_IN, BAR = 0.36, 0.6
MARGIN_LETTERS = 13


def alarm_timeline(alarms: Sequence[AlarmSpan], end_ns: int) -> Figure:
    """Draw one row for each condition and line, in the order of first raising. ``alarms`` must not be empty."""
    rows = list(dict.fromkeys((span.alarm, span.line) for span in alarms))
    with look():
        figure, (ax,), unit = panels([ROW_IN * len(rows) + 0.15], end_ns)
        for span in alarms:
            _bar(ax, rows.index((span.alarm, span.line)), span, unit)
        ax.set_ylim(len(rows) - 0.45, -0.55)
        ax.set_yticks(range(len(rows)), [_name(alarm.value, line) for alarm, line in rows], fontsize=7.5)
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
        ax.set_title("Alarm conditions", pad=4)
        _legend(ax, alarms)
        return figure


def _bar(ax: Axes, row: int, span: AlarmSpan, unit: TimeUnit) -> None:
    colour, hatch = SEEN[span.priority]
    begin, length = span.raised_ns / unit.ns, (span.cleared_ns - span.raised_ns) / unit.ns
    ax.barh(row, length, left=begin, height=BAR, color=colour, hatch=hatch, edgecolor="#333333", linewidth=0.5)
    ax.plot([begin], [row], marker="|", markersize=11, color=INK, markeredgewidth=1.4, clip_on=False)
    for at_ns in span.acknowledged_ns:
        ax.plot([at_ns / unit.ns], [row], marker="v", markersize=5, color=INK, linestyle="none")


def _name(condition: str, line: str | None) -> str:
    """The row's label, on two lines where one would not fit into the margin."""
    label = condition + (f", {line}" if line else "")
    return label if len(label) <= MARGIN_LETTERS else "-\n".join(label.rsplit("-", 1))


def _legend(ax: Axes, alarms: Sequence[AlarmSpan]) -> None:
    present = {span.priority for span in alarms}
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="#333333", linewidth=0.5, label=f"{priority.value} priority")
        for priority, (colour, hatch) in SEEN.items()
        if priority in present
    ]
    if any(span.acknowledged_ns for span in alarms):
        handles.append(Line2D([], [], marker="v", color=INK, linestyle="none", markersize=5, label="acknowledged"))
    ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=len(handles),
        borderaxespad=0.1,
        handlelength=1.6,
        columnspacing=1.1,
        handletextpad=0.4,
    )
