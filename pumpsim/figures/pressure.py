"""The pressure behind the pump, the limit of the distal occlusion alarm, and when alarms were raised."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from pumpsim.analysis.lines import AlarmSpan
from pumpsim.analysis.pressure import PressureCourse
from pumpsim.figures.curves import draw_line
from pumpsim.figures.style import BLUE, INK, RED, legend, look, panels, quantity
from pumpsim.vocabulary.alarms import AlarmId

PANEL_IN = 1.9
NEAR = 0.25
"""The limit is drawn to scale when the pressure came to this share of it; else it is only named."""


def line_pressure(pressure: PressureCourse, alarms: Sequence[AlarmSpan], end_ns: int) -> Figure:
    """Draw the course of the pressure with its limit; a triangle where the distal occlusion alarm was raised."""
    with look():
        figure, (ax,), unit = panels([PANEL_IN], end_ns)
        draw_line(ax, pressure.at_ns, pressure.pressure_kpa, unit, color=BLUE, linewidth=1.0, label="distal pressure")
        highest, lowest = float(pressure.pressure_kpa.max()), float(pressure.pressure_kpa.min())
        title = "Pressure behind the pump"
        limit = pressure.limit_kpa
        if limit is not None and highest >= NEAR * limit:
            ax.axhline(limit, color=RED, linestyle=(0, (6, 2)), linewidth=1.1, label=f"alarm limit {limit:.2f} kPa")
            highest = max(highest, limit)
        elif limit is not None:
            title += f" (alarm limit {limit:.2f} kPa is far above)"
        raised = [span.raised_ns / unit.ns for span in alarms if span.alarm is AlarmId.OCCLUSION_DISTAL]
        for number, at in enumerate(raised):
            label = None if number else "occlusion-distal raised"
            ax.plot([at], [highest], marker="v", markersize=7, color=INK, linestyle="none", label=label, zorder=5)
        bottom = min(0.0, lowest)
        room = 0.1 * (highest - bottom) or 1.0
        ax.set_ylim(bottom - (0.5 * room if bottom < 0.0 else 0.0), highest + room)
        quantity(ax, "Gauge pressure (kPa)", title)
        legend(ax)
        return figure
