"""A mechanism of one line that turns back: what it has displaced follows from where its motor is, as on the way forward.

Fluid comes back the way that it went: out of the set into the mechanism, out of the mechanism into the limb. The count of
whole steps goes back with it. The motion ends by itself at the count that it was told, and without one it does not begin.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pumpsim.fluidics.drives.leg import FOREVER_NS, Counts, DriveState, Pieces, Volumes


def turns_back(state: DriveState, step: int) -> bool:
    """Whether the one line of a mechanism shall turn back and is above its end; ``step`` in nL/h x ns."""
    if len(state.lines) != 1:
        return False
    (line,) = state.lines
    return line.rate < 0 and line.stop is not None and line.owed > line.stop * step


class BackwardLeg:
    """Even motion of the motor from its position down to the count where it ends.

    ``volumes``: what is displaced, and drawn, at a position; straight between ``marks``, positions between begin and end,
    falling. ``goal``: where this leg ends, not below the count; None: there. Positions and ``step`` in nL/h x ns.
    """

    def __init__(
        self,
        at_ns: int,
        state: DriveState,
        step: int,
        volumes: Callable[[int], Volumes],
        marks: Sequence[int] = (),
        goal: int | None = None,
    ) -> None:
        self.start_ns, self._state, self._step, self._volumes_at = at_ns, state, step, volumes
        (self._line,) = state.lines
        assert self._line.stop is not None
        end = self._line.owed + self._line.rate * FOREVER_NS if goal is None else goal
        self._goal = max(self._line.stop * step, end)
        self._marks = [mark for mark in marks if mark > self._goal]
        self.end_ns = self._time_of(self._goal)

    def _time_of(self, position: int) -> int:
        """The first ns at which the position is reached."""
        return self.start_ns - (self._line.owed - position) // self._line.rate

    def _at(self, at_ns: int) -> int:
        return max(self._line.owed + self._line.rate * (at_ns - self.start_ns), self._goal)

    def pieces(self) -> Pieces:
        """Breakpoints at the start, at every mark, and at the end."""
        instants = sorted({self.start_ns, *(self._time_of(mark) for mark in self._marks), self.end_ns})
        volumes = [self.volumes(at_ns) for at_ns in instants]
        pumped, drawn = (np.array([volume[k] for volume in volumes]).T for k in (0, 1))
        return Pieces(np.array(instants, dtype=np.int64), pumped, drawn)

    def counts(self, at_ns: int) -> Counts:
        """Whole motor steps by then, counted back."""
        steps = (self._at(at_ns) // self._step,)
        return steps, steps

    def when_pumped(self, line: int, count: int) -> int:  # noqa: ARG002 (a count is highest at the start)
        """At once: the count only falls."""
        return self.start_ns

    def volumes(self, at_ns: int) -> Volumes:
        """Steps displaced, and drawn, parts included."""
        return self._volumes_at(self._at(at_ns))

    def state(self, at_ns: int) -> DriveState:
        """Where the motor is; all else stays."""
        position = self._at(at_ns)
        steps = position // self._step
        return replace(self._state, lines=(replace(self._line, owed=position, pumped=steps, drawn=steps),))
