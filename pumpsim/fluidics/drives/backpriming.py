"""A mechanism of two lines that drives fluid of its first line into the limb of the second, even and past no patient.

What it drives is drawn from the one limb and given to the other. Neither line is pumped meanwhile: their counts, and what
history knows of them as drawn, stand. What has moved shows in the readings at once, and in the limbs, and in what they
hold, from the next anchor on (``pumping``). The strokes by which it is done are not resolved.
"""

from dataclasses import dataclass

from pumpsim.fluidics.drives.leg import FOREVER_NS, DriveState, Idle, Volumes

GIVES_WAY_KPA = 300.0
"""Gauge pressure at which nothing more goes into a closed limb (unverified: assumption)."""


@dataclass(frozen=True, slots=True)
class Driven:
    """What is driven into the limb of ``line``, from an instant at which ``done`` (nL/h x ns) of it had been since power-on.

    ``goal``: where it ends. ``rate``: nL/h. ``step``: the volume of a motor step, nL/h x ns.
    """

    line: int
    rate: int
    step: int
    since_ns: int
    done: int
    goal: int

    @property
    def end_ns(self) -> int:
        """The first ns at which it has ended."""
        return self.since_ns - (self.done - self.goal) // self.rate

    def at(self, at_ns: int) -> int:
        """What has been driven by then, nL/h x ns."""
        return max(self.done, min(self.done + self.rate * (at_ns - self.since_ns), self.goal))

    def since_begin(self, at_ns: int) -> float:
        """The steps that have been driven by then beyond the whole ones of the begin, parts included."""
        return (self.at(at_ns) - self.done // self.step * self.step) / self.step

    def when(self, more: float) -> int:
        """The first ns, or the one beside it, at which so many steps more than at the begin have been driven."""
        return self.since_ns + int(more * self.step / self.rate) + 1


def leg_of(driven: Driven, state: DriveState, volumes: Volumes) -> Idle:
    """The stretch in which it is driven: for what lies behind the mechanism, rest. At its end it is planned anew."""
    leg = Idle(driven.since_ns, state, volumes)
    leg.end_ns = driven.end_ns if driven.end_ns > driven.since_ns else driven.since_ns + FOREVER_NS
    return leg
