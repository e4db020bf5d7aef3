"""What the sensors at a pump's inlet see on a line with two containers: the pressure there, and air.

Air comes down from a container that has run dry, through the shared tubing, one behind the other. So what is at the inlet
came to the meeting when that much less had come in all as the shared tubing holds.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pumpsim.fluidics.network.course import Stretch
from pumpsim.fluidics.network.elements import DRY
from pumpsim.fluidics.network.mode import Rows
from pumpsim.fluidics.network.supply import Supply

Span = tuple[float, float]
"""From, to: volumes that have come to the meeting of the two limbs since power-on, mL."""


def inlet_row(supply: Supply, stretch: Stretch) -> Rows:
    """The pressure at the pump's inlet, as a row."""
    return stretch.mode.pressures.take([supply.inlet])


def air_in(supply: Supply, stretch: Stretch) -> Span | None:
    """What comes to the meeting in a stretch in which a dry container lets air follow; None where none does."""
    levels = stretch.begin.regime.switches.levels
    dry = [basin.edge for basin in supply.basins if levels[basin.node] == DRY]
    if not dry:
        return None
    edges = [basin.edge for basin in supply.basins]
    begin, end = stretch.begin.through_ml, stretch.state().through_ml
    if not (end[dry] > begin[dry]).any() or end[edges].sum() <= begin[edges].sum():
        return None
    return float(begin[edges].sum()), float(end[edges].sum())


@dataclass(slots=True)
class AirAhead:
    """Where there is air among all that has come to a line's meeting. ``past``: spans that stand for good, ascending."""

    supply: Supply
    past: list[Span] = field(default_factory=list)

    def keep(self, stretch: Stretch) -> None:
        """Note what a stretch brought that has passed for good."""
        span = air_in(self.supply, stretch)
        if span is not None and self.past and self.past[-1][1] == span[0]:
            self.past[-1] = (self.past[-1][0], span[1])
        elif span is not None:
            self.past.append(span)

    def there(self, drawn_ml: float, plan: Iterable[Stretch]) -> bool:
        """Whether there is air at the inlet when this much has been drawn; ``plan``: what is planned until then."""
        at = drawn_ml - self.supply.setup.shared_ml
        i = bisect_right(self.past, (at, float("inf"))) - 1
        if i >= 0 and at < self.past[i][1]:
            return True
        return at >= 0.0 and any(begin <= at < end for begin, end in self._planned(plan))

    def changes(self, plan: Iterable[Stretch]) -> list[float]:
        """What will have been drawn when air comes to the inlet, or is gone from there: ascending, mL."""
        shared = self.supply.setup.shared_ml
        return sorted({shared + volume for span in (*self.past, *self._planned(plan)) for volume in span})

    def _planned(self, plan: Iterable[Stretch]) -> Iterator[Span]:
        for stretch in plan:
            span = air_in(self.supply, stretch)
            if span is not None:
                yield span
