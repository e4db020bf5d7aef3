"""The dose rate of one drug: at the pump, and at the patient, where delay and push-out show."""

from matplotlib.figure import Figure

from pumpsim.analysis.windows import DrugDose
from pumpsim.figures.curves import draw_course, note_beyond, usual_top
from pumpsim.figures.style import BLUE, PATIENT, legend, look, panels, quantity

PANEL_IN = 1.45


def drug_dose(dose: DrugDose, end_ns: int) -> Figure:
    """Draw two panels with the same vertical axis."""
    per_h = f"{dose.unit.value}/h"
    with look():
        figure, axes, unit = panels([PANEL_IN, PANEL_IN], end_ns)
        top = usual_top([dose.pump, dose.patient], [])
        for ax, course, colour, where in (
            (axes[0], dose.pump, BLUE, "at the pump"),
            (axes[1], dose.patient, PATIENT, "at the patient"),
        ):
            draw_course(ax, course, unit, colour, "mean")
            quantity(ax, f"Dose rate ({per_h})", f"{dose.drug} {where}")
            note_beyond(ax, [course], top, unit, per_h)
            legend(ax)
        return figure
