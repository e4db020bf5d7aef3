"""Cumulated volumes of each line: owed, pumped, at the patient. Four volumes are kept apart for ever; VTBI is the fourth."""

from dataclasses import dataclass

from pumpsim.analysis.grid import Grid
from pumpsim.analysis.lines import LineCourse
from pumpsim.analysis.windows import by_line
from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.trace import PumpTrace, Samples


@dataclass(frozen=True, slots=True)
class LineVolumes:
    """Totals since power-on at instants (n,), mL. ``vtbi_ml``: the target of the last program, None for none."""

    line: str
    at_ns: Instants
    owed_ml: Floats
    pumped_ml: Floats
    patient_ml: Floats
    vtbi_ml: float | None


def line_volumes(
    trace: PumpTrace, grid: Grid, samples: Samples, courses: tuple[LineCourse, ...]
) -> tuple[LineVolumes, ...]:
    """Total every line up, at the edges of the grid's windows. ``samples`` are those at ``grid.fine_ns``."""
    at = [*grid.first.tolist(), len(grid.fine_ns) - 1]
    at_patient = by_line(trace, samples)
    found = []
    for row, course in enumerate(courses):
        program = trace.state.lines[row].program
        vtbi_nl = program.vtbi_nl if program is not None else None
        found.append(
            LineVolumes(
                course.line,
                grid.edges_ns,
                course.rate.owed_ml(grid.edges_ns),
                samples.pumped_ml[row, at],
                at_patient[row, at],
                None if vtbi_nl is None else vtbi_nl / 1e6,
            )
        )
    return tuple(found)
