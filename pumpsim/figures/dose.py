"""The dose rate of one drug: at the pump, and at the patient, where delay and push-out show."""

from matplotlib.figure import Figure

from pumpsim.analysis.windows import Course, DrugDose
from pumpsim.figures.curves import draw_course, note_beyond, usual_top
from pumpsim.figures.style import BLUE, PATIENT, legend, look, panels, quantity
from pumpsim.vocabulary.path import AmountUnit

PANEL_IN = 1.45
LITTLE_MG = 0.1
"""Axes that end below so many mg/h are written in mcg/h."""


def drug_dose(dose: DrugDose, end_ns: int) -> Figure:
    """Draw two panels with the same vertical axis."""
    per_h, factor = _unit(dose)
    pump, patient = (_times(course, factor) for course in (dose.pump, dose.patient))
    with look():
        figure, axes, unit = panels([PANEL_IN, PANEL_IN], end_ns)
        top = usual_top([pump, patient], [])
        for ax, course, colour, where in (
            (axes[0], pump, BLUE, "at the pump"),
            (axes[1], patient, PATIENT, "at the patient"),
        ):
            draw_course(ax, course, unit, colour, "mean")
            quantity(ax, f"Dose rate ({per_h})", f"{dose.drug} {where}")
            note_beyond(ax, [course], top, unit, per_h)
            legend(ax)
        return figure


def _unit(dose: DrugDose) -> tuple[str, float]:
    """The unit of the axis: mcg/h where mg/h would need many zeros."""
    little = usual_top([dose.pump, dose.patient], []) < LITTLE_MG
    return ("mcg/h", 1000.0) if little and dose.unit is AmountUnit.MG else (f"{dose.unit.value}/h", 1.0)


def _times(course: Course, factor: float) -> Course:
    mean, low, high, fine = (rate * factor for rate in (course.mean, course.low, course.high, course.fine))
    return Course(course.edges_ns, mean, low, high, course.fine_ns, fine)
