"""What the pump said was left of its lines, as plain values for the summary."""

from pumpsim.trace import Estimate, PumpTrace
from pumpsim.vocabulary.remaining import Left

Row = dict[str, float | str | None]
NS_PER_S = 1e9
NL_PER_ML = 1e6


def time_left(trace: PumpTrace, line: str) -> list[Row]:
    """Every estimate of a line, in time: after which event, or asked; what was left and how long it would last."""
    return [_row(estimate) for estimate in trace.estimates if estimate.line == line]


def _row(estimate: Estimate) -> Row:
    after = "asked" if estimate.after is None else estimate.after.value
    left = estimate.remaining
    return {
        "at_s": estimate.at_ns / NS_PER_S,
        "after": after,
        **_left("vtbi", left.vtbi),
        **_left("reservoir", left.reservoir),
    }


def _left(of: str, left: Left | None) -> Row:
    """Nothing of what the line does not have."""
    if left is None:
        return {}
    return {
        f"{of}_left_ml": left.volume_nl / NL_PER_ML,
        f"{of}_left_s": None if left.time_ns is None else left.time_ns / NS_PER_S,
    }
