"""Programmed rate and delivered flow: a panel for each line, and one for everything at the patient."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from pumpsim.analysis.lines import NL_PER_ML, LineCourse
from pumpsim.analysis.windows import Flows
from pumpsim.figures.curves import draw_course, draw_programmed, note_beyond, usual_top
from pumpsim.figures.style import GREY, LINE_COLOURS, PATIENT, legend, look, panels, quantity

PANEL_IN = 1.25


def rates_and_flows(lines: Sequence[LineCourse], flows: Flows, end_ns: int) -> Figure:
    """Draw the rate that each line was asked for with what the mechanism displaced, and the flow to the patient."""
    with look():
        figure, axes, unit = panels([PANEL_IN] * (len(lines) + 1), end_ns)
        for ax, course, flow, colour in zip(axes, lines, flows.lines, LINE_COLOURS, strict=False):
            draw_course(ax, flow.pump, unit, colour, "flow at the pump, mean")
            draw_programmed(ax, course.rate, end_ns, unit)
            quantity(ax, "Flow (mL/h)", f"Line {course.line}")
            note_beyond(
                ax,
                [flow.pump],
                usual_top([flow.pump], [float(course.rate.rate_nl_per_h.max()) / NL_PER_ML]),
                unit,
                "mL/h",
            )
            legend(ax)
        draw_course(axes[-1], flows.patient, unit, PATIENT, "flow to the patient, mean")
        quantity(axes[-1], "Flow (mL/h)", "All lines, at the patient")
        note_beyond(axes[-1], [flows.patient], usual_top([flows.patient], []), unit, "mL/h")
        legend(axes[-1])
        axes[-1].axhline(0.0, color=GREY, linewidth=0.5)
        return figure
