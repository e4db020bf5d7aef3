"""The alarms on the time axis: each condition from raising to clearing, coloured by priority as IEC 60601-1-8 has it.

Below each bar runs what is heard of it: signals may go on when the condition is over (latched), or be silent while it stands.
"""

from collections.abc import Collection, Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pumpsim.analysis.lines import AlarmSpan
from pumpsim.analysis.signals import How, SignalSpan
from pumpsim.figures.style import INK, ORANGE, RED, SKY, TimeUnit, look, panels
from pumpsim.vocabulary.alarms import AlarmId, Priority

SEEN: dict[Priority, tuple[str, str]] = {
    Priority.HIGH: (RED, "////"),
    Priority.MEDIUM: (ORANGE, "---"),
    Priority.LOW: (SKY, ""),
}
"""Colour and hatch of each priority: red, yellow, cyan, dark enough for paper."""
HEARD: dict[How, tuple[Literal["-", ":"], float]] = {How.SOUNDS: ("-", 2.6), How.PAUSED: (":", 2.2)}
"""Dash and width of the line below a bar; what is silent for good has none."""
ROW_IN, BAR, BELOW = 0.40, 0.5, 0.36
MARGIN_LETTERS = 13


def alarm_timeline(alarms: Sequence[AlarmSpan], signals: Sequence[SignalSpan], end_ns: int) -> Figure:
    """Draw one row for each condition and line, in the order of first raising. ``alarms`` must not be empty."""
    rows = list(dict.fromkeys((span.alarm, span.line) for span in alarms))
    with look():
        figure, (ax,), unit = panels([ROW_IN * len(rows) + 0.15], end_ns)
        for span in alarms:
            _bar(ax, rows.index((span.alarm, span.line)), span, unit)
        for heard in signals:
            _heard(ax, rows.index((heard.alarm, heard.line)), heard, unit)
        escalated = _escalations(alarms, signals)
        for row, at_ns in escalated:
            ax.plot([at_ns / unit.ns], [rows.index(row)], marker="^", markersize=5.5, color=INK, linestyle="none")
        ax.set_ylim(len(rows) - 0.45, -0.55)
        ax.set_yticks(range(len(rows)), [_name(alarm.value, line) for alarm, line in rows], fontsize=7.5)
        ax.tick_params(axis="y", length=0)
        ax.grid(False, axis="y")
        ax.set_title("Alarm conditions", pad=4)
        _legend(ax, alarms, {span.how for span in signals}, escalated=bool(escalated))
        return figure


def _heard(ax: Axes, row: int, span: SignalSpan, unit: TimeUnit) -> None:
    """What is heard, as a line below the bar; a reminder as a dot, for it is short."""
    if span.how is How.REMINDS:
        ax.plot([span.from_ns / unit.ns], [row + BELOW], marker=".", markersize=6, color=INK, linestyle="none")
    elif span.how in HEARD:
        dash, width = HEARD[span.how]
        ends = [span.from_ns / unit.ns, span.to_ns / unit.ns]
        ax.plot(ends, [row + BELOW] * 2, color=INK, linestyle=dash, linewidth=width)


def _escalations(
    alarms: Sequence[AlarmSpan], signals: Sequence[SignalSpan]
) -> list[tuple[tuple[AlarmId, str | None], int]]:
    """When a condition was first signalled with a higher priority than it was raised with."""
    found: dict[tuple[AlarmId, str | None, int], int] = {}
    for signal in signals:
        for alarm in alarms:
            same = (alarm.alarm, alarm.line) == (signal.alarm, signal.line)
            rises = signal.priority not in (None, alarm.priority)
            if same and rises and alarm.raised_ns <= signal.from_ns <= alarm.cleared_ns:
                found.setdefault((alarm.alarm, alarm.line, alarm.raised_ns), signal.from_ns)
    return [((alarm, line), at_ns) for (alarm, line, _), at_ns in found.items()]


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


def _legend(ax: Axes, alarms: Sequence[AlarmSpan], heard: Collection[How], *, escalated: bool) -> None:
    present = {span.priority for span in alarms}
    handles: list[Patch | Line2D] = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="#333333", linewidth=0.5, label=f"{priority.value} priority")
        for priority, (colour, hatch) in SEEN.items()
        if priority in present
    ]
    for how, label in ((How.SOUNDS, "sounds"), (How.PAUSED, "audio paused")):
        if how in heard:
            dash, width = HEARD[how]
            handles.append(Line2D([], [], color=INK, linestyle=dash, linewidth=width, label=label))
    marks = (
        (".", "reminder", How.REMINDS in heard),
        ("v", "acknowledged", any(span.acknowledged_ns for span in alarms)),
        ("^", "shown with a risen priority", escalated),
    )
    handles += [
        Line2D([], [], marker=marker, color=INK, linestyle="none", markersize=5, label=label)
        for marker, label, there in marks
        if there
    ]
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
