"""One pumping cycle: filling from the lines, one after the other, then emptying into the common line.

Progress within a cycle is counted in volume owed (nL/h x ns), so that a change of rate keeps fluid and position and
changes only the speed. Integers throughout; parts of a step appear only where a float is asked for.
"""

from dataclasses import dataclass, replace

from pumpsim.fluidics.mechanism import PPM, LineDrive, share_cycle
from pumpsim.vocabulary.model import InnerFlow, Mechanism


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle under way: what each line gives to it, and the owed volume that filling and emptying take.

    ``drawn`` and ``pumped``: the lines' counts before it, in steps. With ``in_order`` the shares leave the chamber one
    after the other, else together.
    """

    steps: tuple[int, ...]
    drawn: tuple[int, ...]
    pumped: tuple[int, ...]
    fill_span: int
    push_span: int
    in_order: bool

    @property
    def span(self) -> int:
        """Owed volume from begin to end."""
        return self.fill_span + self.push_span

    def fill_window(self, line: int) -> tuple[int, int]:
        """Where in the cycle's progress this line is drawn."""
        return _turn(self.steps, line, self.fill_span)

    def push_window(self, line: int) -> tuple[int, int]:
        """Where in the cycle's progress this line's share is given."""
        if not self.in_order:
            return self.fill_span, self.span
        begin, end = _turn(self.steps, line, self.push_span)
        return self.fill_span + begin, self.fill_span + end

    def marks(self) -> list[int]:
        """Every progress value at which a motion changes, ascending, begin and end included."""
        marks = {0, self.fill_span, self.span}
        for line, steps in enumerate(self.steps):
            if steps:
                marks.update(self.fill_window(line))
                marks.update(self.push_window(line))
        return sorted(marks)

    def counts(self, progress: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Count the whole steps pumped and drawn by each line."""
        lines = range(len(self.steps))
        return (
            tuple(self.pumped[i] + _whole(self.steps[i], self.push_window(i), progress) for i in lines),
            tuple(self.drawn[i] + _whole(self.steps[i], self.fill_window(i), progress) for i in lines),
        )

    def volumes(self, progress: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Give the steps pumped and drawn by each line, parts of a step included."""
        lines = range(len(self.steps))
        return (
            tuple(self.pumped[i] + _part(self.steps[i], self.push_window(i), progress) for i in lines),
            tuple(self.drawn[i] + _part(self.steps[i], self.fill_window(i), progress) for i in lines),
        )

    def courses(self, marks: list[int]) -> tuple[list[list[float]], list[list[float]]]:
        """Give the steps pumped and drawn by each line at each of these progress values: (lines, n)."""
        pumped, drawn = [], []
        for i, steps in enumerate(self.steps):
            push, fill = self.push_window(i), self.fill_window(i)
            pumped.append([self.pumped[i] + _part(steps, push, mark) for mark in marks])
            drawn.append([self.drawn[i] + _part(steps, fill, mark) for mark in marks])
        return pumped, drawn

    def progress_when_pumped(self, line: int, count: int) -> int:
        """Find the least progress at which the line's count is ``count``; it must be one of this cycle's."""
        begin, end = self.push_window(line)
        wanted = count - self.pumped[line]
        return begin + -((begin - end) * wanted // self.steps[line])

    def shortened(self, line: int, steps: int, progress: int) -> "tuple[Cycle, int] | None":
        """Let a line give at most ``steps`` to this cycle, but no less than it has drawn by now.

        Pace and the other line's share stay. Gives the cycle and the progress in it; None when nothing is left of it.
        """
        begin, end = self.fill_window(line)
        if progress >= end or steps >= self.steps[line]:
            return self, progress
        taken = _whole(self.steps[line], (begin, end), progress)
        kept = tuple(max(taken, steps) if i == line else n for i, n in enumerate(self.steps))
        total, left = sum(self.steps), sum(kept)
        if left == 0:
            return None
        shorter = replace(
            self, steps=kept, fill_span=self.fill_span * left // total, push_span=self.push_span * left // total
        )
        return shorter, min(progress, shorter.fill_window(line)[1]) if progress > begin else progress


def begin_cycle(mechanism: Mechanism, lines: tuple[LineDrive, ...]) -> tuple[Cycle, int] | None:
    """Let the rule choose the next cycle, and how far it is; None when there is nothing to draw."""
    share = share_cycle(mechanism, lines)
    if share is None:
        return None
    fill = share.span * mechanism.fill_ppm // PPM
    cycle = Cycle(
        share.steps,
        tuple(line.drawn for line in lines),
        tuple(line.pumped for line in lines),
        fill,
        share.span - fill,
        mechanism.inner_flow is InnerFlow.IN_ORDER,
    )
    return cycle, share.progress


def _turn(steps: tuple[int, ...], line: int, span: int) -> tuple[int, int]:
    """The part of a span that belongs to a line when the lines take their turns."""
    total, before = sum(steps), sum(steps[:line])
    return span * before // total, span * (before + steps[line]) // total


def _whole(steps: int, window: tuple[int, int], progress: int) -> int:
    """Whole steps of a share by then."""
    begin, end = window
    if steps == 0 or progress <= begin:
        return 0
    return steps if progress >= end else steps * (progress - begin) // (end - begin)


def _part(steps: int, window: tuple[int, int], progress: int) -> float:
    """Steps of a share by then, parts included."""
    begin, end = window
    if steps == 0 or progress <= begin:
        return 0.0
    return float(steps) if progress >= end else steps * (progress - begin) / (end - begin)
