"""What each line delivered, as plain values for the summary: its drugs, its segments, and the infusion times of all."""

from collections.abc import Mapping, Sequence

import numpy as np

from pumpsim.analysis.infusion_times import InfusionTime, infusion_times
from pumpsim.analysis.infusion_units import LEFT_OUT, SHOWN, Documented, access_sites, documented
from pumpsim.analysis.segments import Segment, segments
from pumpsim.codec import Json
from pumpsim.scenario import Scenario
from pumpsim.trace import PumpTrace

NS_PER_S = 1e9
NL_PER_ML = 1e6


def drugs_by_line(trace: PumpTrace) -> dict[str, dict[str, Json]]:
    """Amounts of each drug at the end, by line: what the line's own fluids gave to the set, and to the patient."""
    look = trace.history.look(np.array([trace.end_ns], dtype=np.int64))
    found: dict[str, dict[str, Json]] = {}
    for line in trace.model.lines:
        own = np.array([float(origin.source.line == line) for origin in trace.sources])
        pumped = trace.concentration @ (own * look.entered_ml[:, 0])
        at_patient = trace.concentration @ (own * look.patient_ml[:, 0])
        carried = trace.concentration @ own
        found[line] = {
            drug: {
                f"pumped_{unit.value.lower()}": float(pumped[row]),
                f"at_patient_{unit.value.lower()}": float(at_patient[row]),
            }
            for row, (drug, unit) in enumerate(trace.drugs)
            if carried[row]
        }
    return found


def segments_by_line(trace: PumpTrace) -> dict[str, list[Json]]:
    """The delivery segments of every line, in time."""
    found: dict[str, list[Json]] = {line: [] for line in trace.model.lines}
    for segment in segments(trace):
        found[segment.line].append(_segment(segment))
    return found


def _segment(segment: Segment) -> dict[str, Json]:
    return {
        "from_s": segment.from_ns / NS_PER_S,
        "to_s": segment.to_ns / NS_PER_S,
        "state": segment.state.value,
        "rate_ml_per_h": segment.rate_nl_per_h / NL_PER_ML,
        "pumped_ml": segment.pumped_ml,
        "fluid": segment.fluid,
        "began": segment.began.text,
        "ended": segment.ended.text,
    }


def infusions(scenario: Scenario, traces: Mapping[str, PumpTrace]) -> dict[str, Json]:
    """Infusion times of all pumps, and what they would document. Traces by pump id."""
    times = infusion_times(scenario, traces)
    note: list[Json] = [SHOWN, *LEFT_OUT]
    return {
        "note": note,
        "times": [_time(time) for time in times],
        "documented": [_documented(row) for row in documented(times, access_sites(scenario))],
    }


def _time(time: InfusionTime) -> dict[str, Json]:
    return {
        "pump": time.pump,
        "line": time.line,
        "purpose": time.purpose.value,
        "fluids": list[Json](time.fluids),
        "drugs": list[Json](time.drugs),
        "started_at_s": time.started_ns / NS_PER_S,
        "stopped_at_s": time.stopped_ns / NS_PER_S,
        "stopped_by": time.stopped.text,
        "running": time.running,
        "minutes": time.minutes,
        "delivered_s": time.delivered_ns / NS_PER_S,
        "pauses": time.pauses,
        "paused_s": time.paused_ns / NS_PER_S,
        "kvo_s": time.kvo_ns / NS_PER_S,
        "pumped_ml": time.pumped_ml,
    }


def _documented(row: Documented) -> dict[str, Json]:
    return {
        "site": row.site,
        "role": row.role.value,
        "lines": lines_of(row.of),
        "minutes": row.minutes,
        "units": {code.value: count for code, count in row.units},
        "remark": row.remark,
    }


def lines_of(times: Sequence[InfusionTime]) -> list[Json]:
    """The lines that some infusion times are of, each once."""
    return list[Json](dict.fromkeys(f"{time.pump} {time.line}" for time in times))
