"""Where fluid comes into a network: what the containers of each line have given, one after the other.

A container behind a limb and a mechanism has one inlet with those that came before it: what the limb holds comes first.
A syringe, or the bag of a drip, gives straight into the set, and what the line pushes back goes into it, and away with it:
so each has an inlet of its own, which gives only while it hangs there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pumpsim.fluidics.arrays import Floats, Instants
from pumpsim.fluidics.history import NOTHING, Stock
from pumpsim.fluidics.hung import Hung
from pumpsim.fluidics.network.plumbing import Member
from pumpsim.fluidics.origin import Origin
from pumpsim.fluidics.sources import Fed
from pumpsim.fluidics.transport.tubes import Inlet


@dataclass(frozen=True, slots=True, eq=False)
class Inflow:
    """An inlet, what has entered by it, (n,), and all that its containers held. ``line``: in the pump's order. ``sources``: in
    the network's. ``hangs``: of a container with an inlet of its own, whether it is there at the end; None of others."""

    pump: str
    line: int
    sources: range
    hangs: bool | None
    inlet: Inlet
    entered: Floats
    held_ml: float


def is_direct(member: Member, line: int) -> bool:
    """Whether the containers of a line give straight into the set."""
    setup = member.setup.lines[line]
    return setup.limb_ml == 0.0 and (setup.syringe is not None or member.by_gravity)


def inflows(
    member: Member,
    node: int,
    numbered: Sequence[tuple[int, Origin]],
    fed: Sequence[Fed],
    course: tuple[Instants, Floats],
) -> Iterator[Inflow]:
    """Give the inlets of a pump. ``numbered``: its sources; ``course``: breakpoints, and what each line has given by them."""
    at_ns, volumes = course
    for line, volume in enumerate(volumes):
        if member.setup.lines[line].secondary is not None:  # what is ahead of it is followed (``ahead``)
            continue
        own = [(i, origin) for i, origin in numbered if origin.line == line]
        sources = range(own[0][0], own[-1][0] + 1)
        later = [change for change in fed if isinstance(change, Hung) and change.line == line]
        if not is_direct(member, line):
            begins = {origin.begin_ml: i for i, origin in own}  # of two at one place the first has nothing to give
            held_ml = own[-1][1].begin_ml + own[-1][1].there_ml
            yield Inflow(member.id, line, sources, None, Inlet(node, tuple(begins.items())), volume, held_ml)
            continue
        columns = np.arange(len(at_ns))
        firsts = [int(np.searchsorted(at_ns, change.at_ns, side="right")) - 1 for change in later]
        parts = by_container(volume, np.searchsorted(firsts, columns, side="right"), later)
        for (i, origin), part in zip(own, parts, strict=True):
            last = i == sources[-1]
            yield Inflow(member.id, line, range(i, i + 1), last, Inlet(node, ((0.0, i),)), part, origin.held_ml)


def by_container(volume: Floats, number: Instants, later: Sequence[Hung]) -> Floats:
    """Divide what a line has given (n,) between its containers, (containers, n); ``number`` (n,): which one hung there."""
    starts = [0.0, *(change.drawn_ml for change in later)]
    gone = np.diff(starts, append=0.0)
    return np.array(
        [np.where(number < k, 0.0, np.where(number == k, volume - start, gone[k])) for k, start in enumerate(starts)]
    )


def stock(
    sources: Sequence[Origin], found: Sequence[Inflow], held: tuple[Floats, Floats], drawn: dict[str, Floats]
) -> Stock:
    """Say what is ahead of the lines at the end.

    ``held``: what the containers of each inflow hold, and their limbs and chambers, (inflows, sources), and what is ahead of
    lines with two containers, (sources,); ``drawn``: what each line of a pump has drawn.
    """
    contents, above = held
    chamber, taken, mixed = (np.zeros(len(sources)) for _ in range(3))
    left = above.copy()
    for inflow, content in zip(found, contents, strict=True):
        if inflow.hangs is False:
            taken += content
            continue
        left += content
        if inflow.hangs:
            continue
        out, given = float(drawn[inflow.pump][inflow.line]), float(inflow.entered[-1])
        for i in inflow.sources:
            origin = sources[i]
            chamber[i] = _part(origin, out) - _part(origin, given)
            taken[i], mixed[i] = origin.taken_ml, origin.mixed_ml
    left -= chamber
    held_ml = np.array([origin.held_ml for origin in sources])
    return Stock(np.where(np.abs(left) < NOTHING * held_ml, 0.0, left), chamber, taken, mixed)


def _part(origin: Origin, volume: float) -> float:
    """What of a source lies within a volume drawn or given."""
    return min(max(volume, origin.begin_ml), origin.end_ml) - origin.begin_ml
