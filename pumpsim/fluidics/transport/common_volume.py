"""What travels through the common volume: a function of volume, not of time.

What has left towards the patient after x mL is settled by what entered, whatever the flow was meanwhile. Fluid that
compliance stores waits its turn ahead of the common volume. Two ways through:

    plug    leaves in the order in which it entered:        M(x) = m(x - V)
    mixed   dc/dx = (f - c) / V, f the entering share:      c(x) = f + (c0 - f) exp(-x / V)

with V the common volume, m(x) the cumulated volume of a source after x mL entered. Source: PHYSICS 4.1 (plug lag,
well-mixed), standard reactor theory.
"""

from collections.abc import Sequence

import numpy as np

from pumpsim.fluidics.arrays import Floats
from pumpsim.fluidics.origin import Origin
from pumpsim.fluidics.sources import Fed, origins
from pumpsim.vocabulary.path import PathSetup, Transport


class CommonVolume:
    """Everything that has entered the common volume, and what of it has left after any volume.

    ``inflow_ml`` (n,): volume entered at breakpoints, ascending (equal neighbours allowed). ``given_ml`` (lines, n): each
    line's part of it, linear between breakpoints. ``fed``: what came to the lines later.
    """

    def __init__(self, setup: PathSetup, inflow_ml: Floats, given_ml: Floats, fed: Sequence[Fed] = ()) -> None:
        self.origins = origins(setup, fed)
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
