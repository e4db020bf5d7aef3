"""Fluid of one line that was driven into the limb of another: the record of it, and what it makes of what both lines hold.

    first line    what it would have drawn next is gone from it, the rest comes that much sooner
    other line    that fluid comes first now, the last of it ahead; what was there comes after it

What a trap had kept of air rises ahead of all that is driven, and as much fluid stays in the trap, counted as taken away.
What is pushed up beyond the limb is in the container: fluids mix there at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from pumpsim.fluidics.origin import Origin
from pumpsim.vocabulary.path import Fluid, LineSetup, Source, stirred

LEAST_ML = 1e-9
"""Less of a fluid is rounding."""


@dataclass(frozen=True, slots=True)
class Backprimed:
    """So much was driven into the limb of ``line``, its place in the order of the model, out of that of ``of``.

    Places are so many mL of fluid given by a line since power-on, air left out: ``of_ml`` from where ``fluid_ml`` of the one
    line's fluid was taken, of which ``trapped_ml``, the first, stayed in the trap of the other; ``to_ml`` where the rest comes
    in; ``top_ml`` from where on the other line's fluid is above its limb now.
    """

    of: int
    line: int
    at_ns: int
    of_ml: float
    fluid_ml: float
    to_ml: float
    trapped_ml: float
    top_ml: float


def without(origins: Sequence[Origin], change: Backprimed) -> tuple[list[Origin], list[tuple[Fluid, float]]]:
    """A line's sources less what was taken of them; and that, in the order in which it was."""
    found, taken = list[Origin](), list[tuple[Fluid, float]]()
    begin, end, trapped_ml = change.of_ml, change.of_ml + change.fluid_ml, change.trapped_ml
    for origin in origins:
        stop = origin.begin_ml + origin.there_ml
        part = max(0.0, min(stop, end) - max(origin.begin_ml, begin))
        before = min(max(origin.begin_ml - begin, 0.0), change.fluid_ml)
        stays = min(trapped_ml, part)
        trapped_ml -= stays
        if part > 0.0:
            taken.append((origin.source.fluid, part))
        found.append(
            replace(
                origin,
                begin_ml=origin.begin_ml - before,
                end_ml=origin.end_ml - before - part,
                taken_ml=origin.taken_ml + stays,
                mixed_ml=origin.mixed_ml + part - stays,
            )
        )
    return _in_a_row(found), taken


def with_driven(
    origins: Sequence[Origin], line: LineSetup, change: Backprimed, taken: Sequence[tuple[Fluid, float]]
) -> list[Origin]:
    """Another line's sources with what was driven into its limb, and what that pushed up into its container mixed there."""
    width = sum(ml for _, ml in taken) - change.trapped_ml
    found = list[Origin]()
    for origin in origins:
        if origin.end_ml <= change.to_ml:
            found.append(origin)
        elif origin.begin_ml >= change.to_ml:
            found.append(origin.later(width))
        else:
            given = change.to_ml - origin.begin_ml
            found.append(replace(origin, end_ml=change.to_ml, held_ml=given, taken_ml=0.0, mixed_ml=0.0))
            found.append(
                replace(
                    origin,
                    begin_ml=change.to_ml + width,
                    end_ml=origin.end_ml + width,
                    held_ml=origin.held_ml - given,
                )
            )
    place = next((i for i, origin in enumerate(found) if origin.begin_ml >= change.to_ml + width), len(found))
    found[place:place] = _laid(line, change, _last_first(taken, change.trapped_ml))
    return _mixed(_in_a_row(_joined(found)), line, change)


def _last_first(taken: Sequence[tuple[Fluid, float]], trapped_ml: float) -> Iterator[tuple[Fluid, float]]:
    """What was driven into the limb, as it comes again; what was first is in the trap."""
    left, kept = trapped_ml, list[tuple[Fluid, float]]()
    for fluid, ml in taken:
        stays = min(left, ml)
        left -= stays
        kept.append((fluid, ml - stays))
    return ((fluid, ml) for fluid, ml in reversed(kept) if ml > 0.0)


def _laid(line: LineSetup, change: Backprimed, fluids: Iterator[tuple[Fluid, float]]) -> list[Origin]:
    at, found = change.to_ml, list[Origin]()
    for fluid, ml in fluids:
        source = Source(f"{line.line} backprimed", line.line, fluid)
        found.append(Origin(source, change.line, at, at + ml, ml, change.at_ns, driven=True))
        at += ml
    return found


def _joined(origins: Sequence[Origin]) -> list[Origin]:
    """As one what was driven there in several goes, and is the same."""
    found = list[Origin]()
    for origin in origins:
        last = found[-1] if found else None
        if last is not None and last.driven and origin.driven and last.source == origin.source:
            found[-1] = replace(
                last,
                end_ml=last.end_ml + origin.end_ml - origin.begin_ml,
                held_ml=last.held_ml + origin.held_ml,
                taken_ml=last.taken_ml + origin.taken_ml,
                mixed_ml=last.mixed_ml + origin.mixed_ml,
            )
        else:
            found.append(origin)
    return found


def _in_a_row(origins: Sequence[Origin]) -> list[Origin]:
    """Let each begin where the last ends, whatever rounding has made of it."""
    found, at_ml = list[Origin](), 0.0
    for origin in origins:
        found.append(replace(origin, begin_ml=at_ml, end_ml=at_ml + max(0.0, origin.end_ml - origin.begin_ml)))
        at_ml = found[-1].end_ml
    return found


def _mixed(origins: Sequence[Origin], line: LineSetup, change: Backprimed) -> list[Origin]:
    """Let what is above the limb be one fluid."""
    above = [max(0.0, o.begin_ml + o.there_ml - max(o.begin_ml, change.top_ml)) for o in origins]
    parts = [(o.source.fluid, ml) for o, ml in zip(origins, above, strict=True) if ml > LEAST_ML]
    if len({fluid for fluid, _ in parts}) < 2:
        return list(origins)
    fluid, volume = parts[0]
    for other, ml in parts[1:]:
        fluid, volume = stirred(fluid, volume, other, ml), volume + ml
    top_ml = change.top_ml
    found = [
        replace(o, begin_ml=min(o.begin_ml, top_ml), end_ml=min(o.end_ml, top_ml), mixed_ml=o.mixed_ml + ml)
        for o, ml in zip(origins, above, strict=True)
    ]
    source = Source(f"{line.line} {line.container} and what was backprimed", line.line, fluid)
    return [*found, Origin(source, change.line, top_ml, inf, volume, change.at_ns, driven=True)]
