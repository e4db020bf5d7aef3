"""What hangs on a line, one container after the other, counted along the volume that has been drawn from the line.

    to come = container + limb - drawn         (limb: the tubing between container and pump)
    begin   = drawn + what the limb holds      of the new fluid: the limb stays, and comes first
    rest    = end of the old fluid - begin     goes with the old container, or stays and mixes with the fresh fluid

A stroke that is broken off gives the part of a motor step back that it had drawn; a fluid does not begin before the last.

When a container goes no longer depends on the setup alone: each change leaves a record, and the record is all that
transport and balance need of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from pumpsim.fluidics.origin import Origin
from pumpsim.vocabulary.disturbances import Change, Hanging, Refill
from pumpsim.vocabulary.path import Fluid, LineSetup, stirred


@dataclass(frozen=True, slots=True)
class Hung:
    """A container that came in the place of another, or one filled again. ``line``: its place in the order of the model.

    ``drawn_ml``: what the line had drawn by then; ``limb_ml``: what its limb held; ``begin_ml``: from where on it
    draws this. ``held_ml``: what is in it at first; ``taken_ml`` of the one before went away, ``mixed_ml`` of it stayed and
    is part of ``held_ml``.
    """

    line: int
    at_ns: int
    drawn_ml: float
    limb_ml: float
    begin_ml: float
    held_ml: float
    container: str
    fluid: Fluid
    taken_ml: float
    mixed_ml: float

    @property
    def more_ml(self) -> float:
        """What can be drawn from then on: of the limb, then of the container."""
        return self.limb_ml + self.held_ml


def hung_on(
    line: tuple[int, LineSetup], last: Origin, before: Sequence[Hung], at_ns: int, drawn_ml: float, hanging: Hanging
) -> Hung:
    """Make the record of a change; ``last``: what hangs there until now, ``before``: what has been hung on the line."""
    i, setup = line
    container = before[-1].container if before else setup.container
    end_ml = last.begin_ml + last.there_ml
    in_limb = min(setup.limb_ml, max(0.0, end_ml - drawn_ml))
    begin_ml = max(drawn_ml + in_limb, 0.0 if last.since_ns is None else last.begin_ml)
    rest = max(0.0, end_ml - begin_ml)
    match hanging:
        case Change():
            name, held, fluid, mixed = hanging.container, hanging.container_ml, hanging.fluid, 0.0
        case Refill():
            mixed = 0.0 if hanging.withdrawn_ml is None else max(0.0, rest - hanging.withdrawn_ml)
            name, held = container, hanging.volume_ml + mixed
            fluid = stirred(last.source.fluid, mixed, hanging.fluid, hanging.volume_ml)
        case _:
            assert_never(hanging)
    return Hung(i, at_ns, drawn_ml, in_limb, begin_ml, held, name, fluid, rest - mixed, mixed)


def head_of(hanging: Hanging) -> float | None:
    """The head from then on; None for as before."""
    return hanging.head_kpa if isinstance(hanging, Change) else None
