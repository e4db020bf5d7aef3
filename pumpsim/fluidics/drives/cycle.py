"""One pumping cycle: filling from the lines, one after the other, then emptying into the common line.

Progress within a cycle is counted in volume owed (nL/h x ns), so that a change of rate keeps fluid and position and
changes only the speed. Integers throughout; parts of a step appear only where a float is asked for.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, repeat

from pumpsim.fluidics.drives.mechanism import PPM, LineDrive, share_cycle
from pumpsim.vocabulary.model import InnerFlow, Mechanism


@dataclass(frozen=True)
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

    @cached_property
    def fill_windows(self) -> tuple[tuple[int, int], ...]:
        """Where in the cycle's progress each line is drawn."""
        return _turns(self.steps, 0, self.fill_span)

    @cached_property
    def push_windows(self) -> tuple[tuple[int, int], ...]:
        """Where in the cycle's progress each line's share is given."""
        if self.in_order:
            return _turns(self.steps, self.fill_span, self.push_span)
        return ((self.fill_span, self.span),) * len(self.steps)

    def marks(self) -> list[int]:
        """Every progress value at which a motion changes, ascending, begin and end included."""
        marks = {0, self.fill_span, self.span}
        for line, steps in enumerate(self.steps):
            if steps:
                marks.update(self.fill_windows[line])
                marks.update(self.push_windows[line])
        return sorted(marks)

    def counts(self, progress: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Count the whole steps pumped and drawn by each line."""
        return (
            tuple(map(_whole, self.pumped, self.steps, self.push_windows, repeat(progress))),
            tuple(map(_whole, self.drawn, self.steps, self.fill_windows, repeat(progress))),
        )

    def volumes(self, progress: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Give the steps pumped and drawn by each line, parts of a step included."""
        return (
            tuple(map(_part, self.pumped, self.steps, self.push_windows, repeat(progress))),
            tuple(map(_part, self.drawn, self.steps, self.fill_windows, repeat(progress))),
        )

    def courses(self, marks: list[int]) -> tuple[list[list[float]], list[list[float]]]:
        """Give the steps pumped and drawn by each line at each of these progress values: (lines, n)."""
        pumped, drawn = [], []
        for i, steps in enumerate(self.steps):
            pumped.append([_part(self.pumped[i], steps, self.push_windows[i], mark) for mark in marks])
            drawn.append([_part(self.drawn[i], steps, self.fill_windows[i], mark) for mark in marks])
        return pumped, drawn

    def progress_when_pumped(self, line: int, count: int) -> int:
        """Find the least progress at which the line's count is ``count``; it must be one of this cycle's."""
        begin, end = self.push_windows[line]
        wanted = count - self.pumped[line]
        return begin - (begin - end) * wanted // self.steps[line]

    def shortened(self, line: int, steps: int, progress: int) -> "tuple[Cycle, int] | None":
        """Let a line give at most ``steps`` to this cycle, but no less than it has drawn by now.

        Pace and the other line's share stay. Gives the cycle and the progress in it; None when nothing is left of it.
        """
        begin, end = self.fill_windows[line]
        if progress >= end or steps >= self.steps[line]:
            return self, progress
        taken = _whole(0, self.steps[line], (begin, end), progress)
        kept = tuple(max(taken, steps) if i == line else n for i, n in enumerate(self.steps))
        total, left = sum(self.steps), sum(kept)
        if left == 0:
            return None
        shorter = replace(
            self, steps=kept, fill_span=self.fill_span * left // total, push_span=self.push_span * left // total
        )
        return shorter, min(progress, shorter.fill_windows[line][1]) if progress > begin else progress


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


def _turns(steps: tuple[int, ...], begin: int, span: int) -> tuple[tuple[int, int], ...]:
    """The parts of a span that belong to the lines when they take their turns."""
    total, given, edges = sum(steps), 0, [begin]
    for n in steps:
        given += n
        edges.append(begin + span * given // total)
    return tuple(pairwise(edges))


def _whole(before: int, steps: int, window: tuple[int, int], progress: int) -> int:
    """A count by then: what was before and the whole steps of a share."""
    begin, end = window
    if progress >= end:
        return before + steps
    return before + (steps * (progress - begin) // (end - begin) if progress > begin else 0)


def _part(before: int, steps: int, window: tuple[int, int], progress: int) -> float:
    """A volume in steps by then, parts of a step included."""
    begin, end = window
    if progress >= end:
        return float(before + steps)
    return before + (steps * (progress - begin) / (end - begin) if progress > begin else 0.0)
