"""What the rules need of a model at every step, looked up once: nothing here that the model does not say.

A value beside the model, of no state: a pump that is taken up again makes it anew.
"""

from dataclasses import dataclass

from pumpsim.controller.flow_sides import allowance_steps, sides
from pumpsim.vocabulary.alarms import AlarmCondition, Direction, Threshold
from pumpsim.vocabulary.model import PumpModel
from pumpsim.vocabulary.outputs import Watch


@dataclass(frozen=True, slots=True)
class Watched:
    """A measured condition, of the pump (``line`` None) or of one line, with the watches for it to be met and to be over."""

    row: AlarmCondition
    threshold: Threshold
    line: str | None
    met: Watch
    over: Watch


class ModelFacts:
    """``rows``: the alarm rows by name; ``watched``: the measured conditions, in the order of the rows; for over- and
    under-infusion the ``sides`` and the allowance."""

    __slots__ = ("allowance_steps", "rows", "sides", "watched")

    def __init__(self, model: PumpModel) -> None:
        self.rows = {row.id: row for row in model.alarms}
        self.watched = tuple(
            _watched(row, row.threshold, line)
            for row in model.alarms
            if row.threshold is not None
            for line in (model.lines if row.per_line else (None,))
        )
        self.sides, self.allowance_steps = sides(model), allowance_steps(model)


def _watched(row: AlarmCondition, threshold: Threshold, line: str | None) -> Watched:
    met, over = (Direction.AT_LEAST, Direction.BELOW) if threshold.rising else (Direction.AT_MOST, Direction.ABOVE)
    return Watched(
        row,
        threshold,
        line,
        Watch(threshold.signal, line, met, threshold.level),
        Watch(threshold.signal, line, over, threshold.clear_level),
    )
