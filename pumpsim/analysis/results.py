"""Everything that reports and figures show of one pump's run, worked out once."""

from dataclasses import dataclass

from pumpsim.analysis.balance import Balance, balance
from pumpsim.analysis.deviation import Deviation, deviations
from pumpsim.analysis.grid import pumping_windows
from pumpsim.analysis.lines import AlarmSpan, LineCourse, alarm_spans, line_courses
from pumpsim.analysis.pressure import PressureCourse, pressure_course
from pumpsim.analysis.signals import SignalSpan, signal_spans
from pumpsim.analysis.storage import StoredAtAlarm, stored_at_alarms
from pumpsim.analysis.volumes import LineVolumes, line_volumes
from pumpsim.analysis.windows import Flows, flows
from pumpsim.trace import PumpTrace
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.path import PathSetup


@dataclass(frozen=True, slots=True)
class PumpResults:
    """What came of one pump's run, from 0 to ``end_ns``, with the model and the path that it was run on."""

    pump: str
    model: PumpModel
    setup: PathSetup
    end_ns: int
    lines: tuple[LineCourse, ...]
    alarms: tuple[AlarmSpan, ...]
    signals: tuple[SignalSpan, ...]
    flows: Flows
    volumes: tuple[LineVolumes, ...]
    deviations: tuple[Deviation, ...]
    pressure: PressureCourse
    stored: tuple[StoredAtAlarm, ...]
    balance: Balance


def analyse(trace: PumpTrace) -> PumpResults:
    """Work out every result of a run."""
    grid = pumping_windows(trace)
    samples = trace.at(grid.fine_ns)
    courses = line_courses(trace)
    return PumpResults(
        trace.pump,
        trace.model,
        trace.setup,
        trace.end_ns,
        courses,
        alarm_spans(trace),
        signal_spans(trace),
        flows(trace, grid, samples),
        line_volumes(trace, grid, samples, courses),
        deviations(trace, grid, courses),
        pressure_course(trace, grid, samples),
        stored_at_alarms(trace),
        balance(trace),
    )
