"""Cumulated volumes of each line: owed, pumped, and of its fluid at the patient; with the target, if there is one."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from pumpsim.analysis.volumes import LineVolumes
from pumpsim.figures.curves import draw_line
from pumpsim.figures.style import GREY, INK, LINE_COLOURS, PATIENT, legend, look, panels, quantity

PANEL_IN = 1.35


def cumulated_volumes(lines: Sequence[LineVolumes], end_ns: int) -> Figure:
    """Draw a panel for each line. The target (VTBI) shows where the line came near it."""
    with look():
        figure, axes, unit = panels([PANEL_IN] * len(lines), end_ns)
        for ax, line, colour in zip(axes, lines, LINE_COLOURS, strict=False):
            at = line.at_ns
            draw_line(ax, at, line.patient_ml, unit, color=PATIENT, linewidth=2.2, label="at the patient")
            draw_line(ax, at, line.pumped_ml, unit, color=colour, label="pumped")
            draw_line(
                ax,
                at,
                line.owed_ml,
                unit,
                color=INK,
                linestyle=(0, (4, 2)),
                linewidth=1.0,
                label="owed by the programme",
            )
            most = max(float(line.owed_ml[-1]), float(line.pumped_ml[-1]))
            if line.vtbi_ml is not None and line.vtbi_ml <= 1.25 * most:
                ax.axhline(line.vtbi_ml, color=GREY, linestyle=":", label="VTBI")
                most = max(most, line.vtbi_ml)
            quantity(ax, "Volume (mL)", f"Line {line.line}")
            ax.set_ylim(0.0, 1.08 * most if most > 0.0 else 1.0)
            legend(ax)
        return figure
