"""Every source that can reach the patient: what the setup says that the lines hold, and what came to them later.

What came is a record, and the records in their order are all that transport and balance need of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

import numpy as np

from pumpsim.fluidics.backprimed import Backprimed, with_driven, without
from pumpsim.fluidics.hung import Hung, hung_on
from pumpsim.fluidics.origin import Origin
from pumpsim.vocabulary.disturbances import Hanging
from pumpsim.vocabulary.path import Fluid, LineSetup, PathSetup, Source

Fed = Hung | Backprimed
"""What came to a line while the pump was on."""


def origins(setup: PathSetup, fed: Sequence[Fed] = ()) -> tuple[Origin, ...]:
    """List every source: for each line the limb's first filling, if it is another fluid, the container, and what came later
    (``fed``, in its order); last the priming of the common volume (line -1)."""
    found = [origin for line in by_line(setup.lines, fed) for origin in line]
    volume = setup.set.common_ml
    found.append(Origin(Source("priming", None, setup.set.priming), -1, 0.0, volume, volume))
    return tuple(found)


def by_line(setups: Sequence[LineSetup], fed: Sequence[Fed]) -> list[list[Origin]]:
    """The sources of each line, in the order in which they come."""
    lines = [_at_first(i, line) for i, line in enumerate(setups)]
    hung = [1] * len(lines)
    for change in fed:
        match change:
            case Hung():
                hung[change.line] += 1
                lines[change.line] = _with_container(lines[change.line], setups[change.line], change, hung[change.line])
            case Backprimed():
                lines[change.of], taken = without(lines[change.of], change)
                lines[change.line] = with_driven(lines[change.line], setups[change.line], change, taken)
            case _:
                assert_never(change)
    return lines


def _at_first(i: int, line: LineSetup) -> list[Origin]:
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
        return [Origin(container, i, 0.0, np.inf, line.container_ml + line.limb_ml)]
    limb = Source(f"{line.line} limb", line.line, line.limb_fluid)
    return [
        Origin(limb, i, 0.0, line.limb_ml, line.limb_ml),
        Origin(container, i, line.limb_ml, np.inf, line.container_ml),
    ]


def _with_container(origins: Sequence[Origin], line: LineSetup, new: Hung, number: int) -> list[Origin]:
    """A line's sources with a container in the place of the last."""
    last = origins[-1]
    last = replace(
        last,
        end_ml=new.begin_ml,
        taken_ml=last.taken_ml + new.taken_ml,
        mixed_ml=last.mixed_ml + new.mixed_ml,
    )
    source = Source(f"{line.line} {new.container} {number}", line.line, new.fluid)
    return [*origins[:-1], last, Origin(source, new.line, new.begin_ml, np.inf, new.held_ml, new.at_ns)]


def _filled(
    i: int, container: Source, limb: str, limb_fluid: Fluid | None, limb_ml: float, container_ml: float
) -> list[Origin]:
    """What was in a limb and in the container above it: the limb's first, if it is another fluid."""
    if limb_fluid is None:
        return [Origin(container, i, 0.0, limb_ml + container_ml, limb_ml + container_ml)]
    below = Source(limb, container.line, limb_fluid)
    return [Origin(below, i, 0.0, limb_ml, limb_ml), Origin(container, i, 0.0, container_ml, container_ml)]


def hang(
    setups: Sequence[LineSetup], fed: Sequence[Fed], i: int, at_ns: int, drawn_ml: float, hanging: Hanging
) -> Hung:
    """Make the record of another container on a line, or one filled again, where the line has drawn so much."""
    before = [change for change in fed if isinstance(change, Hung) and change.line == i]
    return hung_on((i, setups[i]), by_line(setups, fed)[i][-1], before, at_ns, drawn_ml, hanging)
