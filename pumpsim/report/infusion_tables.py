"""The tables of what was delivered: the drugs of each line, delivery segments, infusion times and what they would document."""

from collections.abc import Sequence

from pumpsim.analysis.delivered import lines_of
from pumpsim.analysis.infusion_times import MIN_NS, S_NS, InfusionTime
from pumpsim.analysis.infusion_units import SHOWN, Documented
from pumpsim.analysis.segments import Segment
from pumpsim.report.table import Table, number
from pumpsim.trace import Estimate
from pumpsim.units import format_time
from pumpsim.vocabulary.program import format_rate, format_volume
from pumpsim.vocabulary.remaining import Left

MOST_SEGMENTS = 500
"""Segments shown at the begin and at the end of a long run, each; all of them are in ``summary.json``."""
NONE = "none"


def segment_table(found: Sequence[Segment]) -> Table:
    """Every delivery segment of a pump, line by line."""
    rows = [_segment(segment) for segment in found]
    dropped = len(rows) - 2 * MOST_SEGMENTS
    if dropped > 0:
        left_out = ("…", "", "", "", "", f"{dropped} segments left out here: see summary.json", "", "", "", "")
        rows = [*rows[:MOST_SEGMENTS], left_out, *rows[-MOST_SEGMENTS:]]
    return Table(
        "Delivery segments",
        (
            "Line",
            "From",
            "To",
            "State",
            "Fluid",
            "Began with",
            "Ended with",
            "Rate (mL/h)",
            "Time (min)",
            "Pumped (mL)",
        ),
        tuple(rows),
        words=7,
        note="Fluid: of the container; what the tubing above the pump still holds of an earlier one comes first.",
    )


def _segment(segment: Segment) -> tuple[str, ...]:
    return (
        segment.line,
        format_time(segment.from_ns),
        format_time(segment.to_ns),
        segment.state.value,
        segment.fluid,
        segment.began.text,
        segment.ended.text,
        format_rate(segment.rate_nl_per_h).removesuffix(" mL/h"),
        _minutes(segment.duration_ns),
        number(segment.pumped_ml),
    )


def estimate_table(found: Sequence[Estimate]) -> Table | None:
    """What the pump said was left of its lines; None where it never said anything."""
    rows = [_estimate(estimate) for estimate in found]
    dropped = len(rows) - 2 * MOST_SEGMENTS
    if dropped > 0:
        left_out = ("…", "", f"{dropped} estimates left out here: see summary.json", "", "", "", "")
        rows = [*rows[:MOST_SEGMENTS], left_out, *rows[-MOST_SEGMENTS:]]
    headings = ("At", "Line", "After", "VTBI left (mL)", "Time to its end", "In the reservoir (mL)", "Time until empty")
    note = (
        "As the pump reckons it at that instant, if nobody touches it and nothing alarms; a line that stands, as if it were "
        "started now. A dash: no end is known."
    )
    return Table("Volume and time left", headings, tuple(rows), words=3, note=note) if rows else None


def _estimate(estimate: Estimate) -> tuple[str, ...]:
    after, left = estimate.after, estimate.remaining
    begin = (format_time(estimate.at_ns), estimate.line, "asked" if after is None else after.value)
    return (*begin, *_left(left.vtbi), *_left(left.reservoir))


def _left(left: Left | None) -> tuple[str, str]:
    if left is None:
        return "", ""
    volume = format_volume(left.volume_nl).removesuffix(" mL")
    return volume, "–" if left.time_ns is None else format_time(left.time_ns)


def time_table(times: Sequence[InfusionTime]) -> Table:
    """From when to when each line delivered for what, and for how long."""
    return Table(
        "Infusion times of each line and purpose",
        (
            *("Line", "Purpose", "Fluid", "Start", "Stop", "Stopped by"),
            *("Pauses", "Paused (min)", "KVO (min)", "Delivered (min)"),
        ),
        tuple(
            (
                f"{time.pump} {time.line}",
                time.purpose.value,
                ", ".join(time.fluids),
                _to_the_second(time.started_ns),
                "not yet" if time.running else _to_the_second(time.stopped_ns),
                "" if time.running else time.stopped.text,
                str(time.pauses),
                _minutes(time.paused_ns),
                _minutes(time.kvo_ns),
                _minutes(time.delivered_ns),
            )
            for time in times
        ),
        words=6,
        note="To the second. Paused: all between start and stop that does not count, pauses, alarms, gaps between bags, other "
        "programmes of the line. KVO does not count either.",
    )


def documented_table(rows: Sequence[Documented]) -> Table:
    """The units that the times would document, by access site."""
    return Table(
        "What these times would document",
        ("Access site", "Lines", "As", "Units", "Remark", "Minutes"),
        tuple(
            (
                row.site,
                ", ".join(map(str, lines_of(row.of))),
                row.role.value,
                " + ".join(f"{count} x {code.value}" for code, count in row.units) or NONE,
                row.remark,
                str(row.minutes),
            )
            for row in rows
        ),
        words=5,
        note=SHOWN,
    )


def _to_the_second(ns: int) -> str:
    return format_time(round(ns / S_NS) * S_NS)


def _minutes(ns: int) -> str:
    return f"{ns / MIN_NS:,.1f}"
