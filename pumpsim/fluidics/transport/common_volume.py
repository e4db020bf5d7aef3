"""What travels through the common volume: a function of volume, not of time.

What has left towards the patient after x mL is settled by what entered, whatever the flow was meanwhile. Fluid that
compliance stores waits its turn ahead of the common volume. Two ways through:

    plug    leaves in the order in which it entered:        M(x) = m(x - V)
    mixed   dc/dx = (f - c) / V, f the entering share:      c(x) = f + (c0 - f) exp(-x / V)

with V the common volume, m(x) the cumulated volume of a source after x mL entered. Source: PHYSICS 4.1 (plug lag,
well-mixed), standard reactor theory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.hung import Hung
from pumpsim.vocabulary.path import Fluid, LineSetup, PathSetup, Source, Transport


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of fluid and the part of its line's volume that it fills: from ``begin_ml`` to ``end_ml`` drawn.

    ``held_ml``: all that there was of it. ``since_ns``: when it was hung, None for from the start. ``taken_ml`` of it went
    away with its container, ``mixed_ml`` stayed there when that was filled again. On a line with two containers, whose volume
    tells of neither, ``begin_ml`` is 0 and ``end_ml`` what there was.
    ``let_in``: it is air that came in on the way, or what a trap gave for it, and was in no container.
    """

    source: Source
    line: int
    begin_ml: float
    end_ml: float
    held_ml: float = 0.0
    since_ns: int | None = None
    taken_ml: float = 0.0
    mixed_ml: float = 0.0
    let_in: bool = False


def origins(setup: PathSetup, hung: Sequence[Hung] = ()) -> tuple[Origin, ...]:
    """List every source that can reach the patient: for each line the limb's first filling, if it is another fluid, the
    container, and those that were ``hung`` later; last the priming of the common volume (line -1)."""
    found: list[Origin] = []
    for i, line in enumerate(setup.lines):
        found.extend(_of_line(i, line, [later for later in hung if later.line == i]))
    volume = setup.set.common_ml
    found.append(Origin(Source("priming", None, setup.set.priming), -1, 0.0, volume, volume))
    return tuple(found)


def _of_line(i: int, line: LineSetup, hung: Sequence[Hung]) -> list[Origin]:
    container = Source(f"{line.line} {line.container}", line.line, line.fluid)
    if line.secondary is not None:
        second = line.secondary
        name = f"{line.line} secondary"
        above = Source(f"{name} {second.container}", line.line, second.fluid)
        return [
            *_filled(
                i, container, f"{line.line} limb", line.limb_fluid, line.limb_ml + line.shared_ml, line.container_ml
            ),
            *_filled(i, above, f"{name} limb", second.limb_fluid, second.limb_ml, second.container_ml),
        ]
    if line.limb_fluid is None or line.limb_ml == 0.0:
        found = [Origin(container, i, 0.0, np.inf, line.container_ml + line.limb_ml)]
    else:
        limb = Source(f"{line.line} limb", line.line, line.limb_fluid)
        found = [
            Origin(limb, i, 0.0, line.limb_ml, line.limb_ml),
            Origin(container, i, line.limb_ml, np.inf, line.container_ml),
        ]
    for number, new in enumerate(hung, start=2):
        found[-1] = replace(found[-1], end_ml=new.begin_ml, taken_ml=new.taken_ml, mixed_ml=new.mixed_ml)
        source = Source(f"{line.line} {new.container} {number}", line.line, new.fluid)
        found.append(Origin(source, i, new.begin_ml, np.inf, new.held_ml, new.at_ns))
    return found


def _filled(
    i: int, container: Source, limb: str, limb_fluid: Fluid | None, limb_ml: float, container_ml: float
) -> list[Origin]:
    """What was in a limb and in the container above it: the limb's first, if it is another fluid."""
    if limb_fluid is None:
        return [Origin(container, i, 0.0, limb_ml + container_ml, limb_ml + container_ml)]
    below = Source(limb, container.line, limb_fluid)
    return [Origin(below, i, 0.0, limb_ml, limb_ml), Origin(container, i, 0.0, container_ml, container_ml)]


class CommonVolume:
    """Everything that has entered the common volume, and what of it has left after any volume.

    ``inflow_ml`` (n,): volume entered at breakpoints, ascending (equal neighbours allowed). ``given_ml`` (lines, n): each
    line's part of it, linear between breakpoints. ``hung``: containers that came later.
    """

    def __init__(self, setup: PathSetup, inflow_ml: Floats, given_ml: Floats, hung: Sequence[Hung] = ()) -> None:
        self.origins = origins(setup, hung)
        self._volume = setup.set.common_ml
        self._mixed = setup.set.transport is Transport.MIXED and self._volume > 0.0
        self._x, self._lines = self._with_changes(inflow_ml, given_ml)
        if self._mixed:
            entered = np.array([self._of_origin(origin, self._lines) for origin in self.origins])
            self._entered = entered
            self._stirred = self._stir(entered)

    def entered(self, given_ml: Floats) -> Floats:
        """Split each line's given volume (lines, m) by source: (sources, m); the priming enters nothing."""
        return np.array([self._of_origin(origin, given_ml) for origin in self.origins])

    def left(self, outflow_ml: Floats) -> Floats:
        """What of each source has left after these volumes have: (m,) to (sources, m), mL."""
        out = np.maximum(outflow_ml, 0.0)
        if self._mixed:
            return self._left_mixed(out)
        behind = out - self._volume
        lines = np.array([np.interp(behind, self._x, given) for given in self._lines])
        left = self.entered(lines)
        left[-1] = np.minimum(out, self._volume)
        return left

    def share(self, outflow_ml: Floats) -> Floats:
        """The share of each source in what is leaving after these volumes: (m,) to (sources, m), 0 to 1."""
        small = max(1e-9, 1e-9 * float(self._x[-1]))
        share: Floats = (self.left(outflow_ml + small) - self.left(outflow_ml)) / small
        return share

    def _of_origin(self, origin: Origin, lines: Floats) -> Floats:
        if origin.line < 0:
            return np.zeros_like(lines[0])
        part: Floats = np.clip(lines[origin.line], origin.begin_ml, origin.end_ml) - origin.begin_ml
        return part

    def _with_changes(self, x: Floats, lines: Floats) -> tuple[Floats, Floats]:
        """Add a breakpoint where a line's source changes."""
        for origin in self.origins:
            if origin.line < 0 or origin.begin_ml == 0.0 or lines[origin.line][-1] <= origin.begin_ml:
                continue
            at = float(np.interp(origin.begin_ml, lines[origin.line], x))
            i = int(np.searchsorted(x, at, side="left"))
            column = np.array([[np.interp(at, x, given)] for given in lines])
            x, lines = np.insert(x, i, at), np.concatenate([lines[:, :i], column, lines[:, i:]], axis=1)
        return x, lines

    def _stir(self, entered: Floats) -> Floats:
        """Follow the share of each source in the tank through the breakpoints: (sources, n)."""
        steps = np.diff(self._x)
        keep = np.exp(-steps / self._volume).tolist()
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.nan_to_num(np.diff(entered, axis=1) / steps, posinf=0.0, neginf=0.0)
        tank = np.empty_like(entered)
        for row, f in enumerate(share.tolist()):
            c = 1.0 if row == len(self.origins) - 1 else 0.0
            course = [c]
            for new, k in zip(f, keep, strict=True):
                c = new + (c - new) * k
                course.append(c)
            tank[row] = course
        return tank

    def _left_mixed(self, out: Floats) -> Floats:
        """Balance over the tank: left = entered - V (c - c0)."""
        i = np.clip(np.searchsorted(self._x, out, side="right") - 1, 0, max(0, len(self._x) - 2))
        width = np.diff(self._x)[i] if len(self._x) > 1 else np.ones_like(out)
        into = out - self._x[i]
        share = (self._entered[:, i + 1] - self._entered[:, i]) / np.where(width > 0.0, width, 1.0)
        stirred = share + (self._stirred[:, i] - share) * np.exp(-into / self._volume)
        left = self._entered[:, i] + share * into - self._volume * (stirred - self._stirred[:, :1])
        not_below: Floats = np.maximum(left, 0.0)
        return not_below
