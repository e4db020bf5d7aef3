"""What a mechanism has pumped, drawn and owes, in integers; and the rule by which it chooses what to draw.

Volume owed is counted in nL/h x ns (1 nL is 3.6e12 of them), so that no change of rate ever loses a drop. Python integers
only: an int64 would overflow after 2.6 mL. The rule stands in ``share_cycle``, once; ``strokes`` repeats it in closed form.
"""

from dataclasses import dataclass

from pumpsim.vocabulary.model import Interleave, Mechanism

Q_PER_FL = 3_600_000
"""Owed volume of 1 fL, in nL/h x ns: 1e-6 nL x 3.6e12 ns/h."""
PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class LineDrive:
    """One line of a mechanism at an instant.

    ``rate``: commanded, nL/h. ``stop``: the absolute step count at which it ends, None for never. ``owed``: commanded
    rate integrated to now, nL/h x ns. ``drawn`` and ``pumped``: steps taken from the limb and given to the common line
    since power-on; the difference is in the chamber. ``supply``: the count of drawn steps at which nothing is left.
    """

    rate: int = 0
    stop: int | None = None
    owed: int = 0
    drawn: int = 0
    pumped: int = 0
    supply: int = 0

    @property
    def limit(self) -> int:
        """The count of drawn steps beyond which nothing may be drawn."""
        return self.supply if self.stop is None else min(self.stop, self.supply)

    @property
    def running(self) -> bool:
        """Whether the line is short of its end and has something to draw, or something of its own in the chamber."""
        if self.rate <= 0 or (self.stop is not None and self.pumped >= self.stop):
            return False
        return self.drawn < self.limit or self.pumped < self.drawn

    def later(self, ns: int, drawn: int, pumped: int) -> "LineDrive":
        """The same line ``ns`` later, with what it has drawn and pumped, and is owed, by then."""
        owed = self.owed + self.rate * ns if self.running else self.owed
        return LineDrive(self.rate, self.stop, owed, drawn, pumped, self.supply)


@dataclass(frozen=True, slots=True)
class Share:
    """What one cycle shall do: steps of each line, the owed volume that it takes in all, and how far it is already."""

    steps: tuple[int, ...]
    span: int
    progress: int


def share_cycle(mechanism: Mechanism, lines: tuple[LineDrive, ...]) -> Share | None:
    """Choose the next cycle from an empty chamber; None when no line has anything to draw.

    The cycle takes as long as it needs for pumped to meet owed at its end. Where the lines are owed something already it
    is hurried, by at most the model's catch-up; where they are ahead (fluid of an unfinished stroke was given after the
    line had stopped) it draws that much less, so that no sequence of switches puts a line ahead by more than one cycle.
    The first line draws whole units (steps, or strokes with ``whole-stroke``) so that its count comes nearest to what it
    will be owed at the end; the other draws the rest. A line near its limit draws what is left and the cycle ends sooner.
    """
    step, full = mechanism.step_fl * Q_PER_FL, mechanism.cycle_steps
    drawing = tuple(line.rate > 0 and line.drawn < line.limit for line in lines)
    rate, behind = pace(mechanism, lines, drawing)
    if rate == 0:
        return None
    progress = 0
    if behind < 0:
        full = max(1, full + behind // step)
        span = full * step - behind
    elif behind < rate:  # the ns by which the last cycle ended late
        span, progress = full * step, behind
    else:
        span = max(full * step - behind, full * step * PPM // (PPM + mechanism.catch_up_ppm))
    wanted = _split(mechanism, lines, drawing, full, span - progress)
    room = [line.limit - line.drawn for line in lines]
    steps = [min(want, free) for want, free in zip(wanted, room, strict=True)]
    for short, (want, free) in enumerate(zip(wanted, room, strict=True)):
        if free < want:
            steps = [n if i == short else min(n, wanted[i] * free // want) for i, n in enumerate(steps)]
    if not any(steps):  # the line that should draw has no room: another goes on alone
        steps = [min(full, free) if draws else 0 for draws, free in zip(drawing, room, strict=True)]
        steps = [n if i == steps.index(max(steps)) else 0 for i, n in enumerate(steps)]
    count = 0
    for n in steps:
        count += n
    return Share(tuple(steps), span * count // full, progress * count // full)


def pace(mechanism: Mechanism, lines: tuple[LineDrive, ...], drawing: tuple[bool, ...]) -> tuple[int, int]:
    """Sum the rates of the lines that draw, and by how much their pumped volume is behind the owed one."""
    step = mechanism.step_fl * Q_PER_FL
    rate = behind = 0
    for line, draws in zip(lines, drawing, strict=True):
        if draws:
            rate += line.rate
            behind += line.owed - line.pumped * step
    return rate, behind


def _split(
    mechanism: Mechanism, lines: tuple[LineDrive, ...], drawing: tuple[bool, ...], full: int, ahead: int
) -> list[int]:
    """Divide ``full`` steps between the lines, before limits; ``ahead`` is the owed volume still to come in the cycle."""
    if drawing.count(True) == 1:
        return [full if draws else 0 for draws in drawing]
    first, step = lines[0], mechanism.step_fl * Q_PER_FL
    rate = first.rate + lines[1].rate
    unit = full if mechanism.interleave is Interleave.WHOLE_STROKE else 1
    owed_at_end = (first.owed - first.pumped * step) * rate + first.rate * ahead
    nearest = (2 * owed_at_end + unit * step * rate) // (2 * unit * step * rate) * unit
    share = max(0, min(full, nearest))
    return [share, full - share]
