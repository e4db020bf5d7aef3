"""Delivered against programmed, in percent, for each line."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pumpsim.analysis.deviation import Deviation
from pumpsim.figures.curves import draw_line, plain
from pumpsim.figures.style import GREY, LINE_COLOURS, PATIENT, legend, look, panels, quantity
from pumpsim.fluidics.arrays import Floats

PANEL_IN = 1.25
FEW = 120
"""Up to so many values each gets a dot."""
LOWEST, HIGHEST, LEAST = -115.0, 250.0, 5.0
"""The axis never shows more than this, nor less than plus and minus ``LEAST``, percent."""


def deviation(lines: Sequence[Deviation], end_ns: int) -> Figure:
    """Draw a panel for each line: at the pump, and at the patient."""
    with look():
        figure, axes, unit = panels([PANEL_IN] * len(lines), end_ns)
        for ax, line, colour in zip(axes, lines, LINE_COLOURS, strict=False):
            ax.axhline(0.0, color=GREY, linewidth=0.8)
            marker = "." if np.count_nonzero(~np.isnan(line.pumped_percent)) <= FEW else ""
            draw_line(ax, line.at_ns, line.patient_percent, unit, color=PATIENT, marker=marker, label="at the patient")
            draw_line(
                ax,
                line.at_ns,
                line.pumped_percent,
                unit,
                color=colour,
                linestyle=(0, (5, 1.5)),
                marker=marker,
                label="at the pump",
            )
            quantity(ax, "Deviation (%)", f"Line {line.line}: delivered against programmed")
            _limit(ax, np.concatenate([line.pumped_percent, line.patient_percent]))
            legend(ax)
        return figure


def _limit(ax: Axes, values: Floats) -> None:
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    room = 0.08 * max(high - low, LEAST)
    ax.set_ylim(max(LOWEST, min(low - room, -LEAST)), min(HIGHEST, max(high + room, LEAST)))
    if high > HIGHEST:
        ax.annotate(
            f"beyond the axis: up to {plain(high)} %",
            (1.0, 1.0),
            xycoords="axes fraction",
            xytext=(-4, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=7.5,
        )
    if not len(known):
        ax.text(0.5, 0.75, "the line did not deliver long enough", ha="center", va="center", transform=ax.transAxes)
