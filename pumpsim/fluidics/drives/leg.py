"""A leg: a stretch of time in which a mechanism does one describable thing, and the breakpoints of its motion."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.drives.cycle import Cycle
from pumpsim.fluidics.drives.mechanism import LineDrive

Counts = tuple[tuple[int, ...], tuple[int, ...]]
"""Whole steps pumped, and drawn, by each line since power-on."""
Volumes = tuple[tuple[float, ...], tuple[float, ...]]
"""Steps pumped, and drawn, by each line since power-on, parts of a step included."""


@dataclass(frozen=True, slots=True)
class Given:
    """What position alone does not tell of a line that moves in pulses: the rate and the limit that it last ran at.

    ``since``: where these changed within a pulse, the position (nL/h x ns) and the volume displaced (steps) at the change.
    ``top``: where a screw was turned back, likewise; the course is met again at the begin of that step.
    """

    rate: int
    limit: int
    since: tuple[int, float] | None = None
    top: tuple[int, float] | None = None


@dataclass(frozen=True, slots=True)
class DriveState:
    """All that a mechanism carries from one leg to the next. ``progress`` is that of the cycle under way, if any;
    ``given`` belongs to the drives of ``phase``. Whoever changes ``lines`` must keep the rest."""

    lines: tuple[LineDrive, ...]
    cycle: Cycle | None = None
    progress: int = 0
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class Pieces:
    """Breakpoints of a leg: instants ``(n+1,)`` in ns, strictly ascending, and motor steps pumped and drawn by each line
    at them, ``(lines, n+1)``; between two breakpoints every line moves evenly."""

    at_ns: Instants
    pumped: Floats
    drawn: Floats


class Leg(Protocol):
    """What every drive answers about one stretch of its motion, from ``start_ns`` to ``end_ns``."""

    start_ns: int
    end_ns: int

    def pieces(self) -> Pieces:
        """Give the breakpoints, first at ``start_ns``, last at ``end_ns``."""

    def counts(self, at_ns: int) -> Counts:
        """Count the whole steps that each line has given, and taken, by then."""

    def when_pumped(self, line: int, count: int) -> int:
        """Find the first ns of the leg at which the line's count is ``count`` or more; it must be reached in the leg."""

    def volumes(self, at_ns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Give the steps pumped and drawn by each line, parts of a step included."""

    def state(self, at_ns: int) -> DriveState:
        """Give the state to go on from."""


Counting = tuple[Callable[[int], Counts], int]
"""What ``Leg.counts`` is from an instant on, and before which instant that holds, if nothing else is commanded."""
FOREVER_NS = 10 * 365 * 86_400 * 10**9
"""Length of a leg that nothing ends. Not the query's horizon: a leg must not depend on who looks at it, or how far."""


class Idle:
    """Nothing moves. ``volumes``, pumped and drawn, where they are not those of the counts or of the cycle under way."""

    def __init__(self, start_ns: int, state: DriveState, volumes: Volumes | None = None) -> None:
        self.start_ns, self.end_ns = start_ns, start_ns + FOREVER_NS
        self._state, self._volumes = state, volumes

    def pieces(self) -> Pieces:
        """Two breakpoints, equal but for their instants."""
        pumped, drawn = self.volumes(self.start_ns)
        return Pieces(
            np.array([self.start_ns, self.end_ns], dtype=np.int64),
            np.repeat(np.array(pumped)[:, None], 2, axis=1),
            np.repeat(np.array(drawn)[:, None], 2, axis=1),
        )

    def counts(self, at_ns: int) -> Counts:  # noqa: ARG002 (nothing moves)
        """The counts as they stand."""
        return tuple(line.pumped for line in self._state.lines), tuple(line.drawn for line in self._state.lines)

    def when_pumped(self, line: int, count: int) -> int:  # noqa: ARG002 (reached only if it is reached already)
        """At once: the count stands."""
        return self.start_ns

    def volumes(self, at_ns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:  # noqa: ARG002 (nothing moves)
        """The parts of a step that the cycle under way has come to are kept."""
        if self._volumes is not None:
            return self._volumes
        cycle, progress, lines = self._state.cycle, self._state.progress, self._state.lines
        if cycle is None:
            return tuple(float(line.pumped) for line in lines), tuple(float(line.drawn) for line in lines)
        return cycle.volumes(progress)

    def state(self, at_ns: int) -> DriveState:  # noqa: ARG002 (nothing moves)
        """The state as it stands."""
        return self._state
