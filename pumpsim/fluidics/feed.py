"""What comes to a mechanism on one line, mL by mL in the order in which it is drawn: fluid, and air among it.

Every place is a volume: so many mL drawn by the line since power-on. Air takes the place of fluid that the mechanism would
have drawn, and pushes what comes after it back by its own volume. A trap ahead of the mechanism keeps the first air that
comes, up to what it holds, and gives as much of the line's fluid for it. Air is counted in reference mL, at atmospheric
pressure; that the mechanism finds it at the small pressure of the limb is neglected.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from pumpsim.fluidics.origin import Origin
from pumpsim.vocabulary.path import AIR, Fluid, Source

Span = tuple[float, float]
"""From and to so many mL drawn."""


@dataclass(frozen=True, slots=True)
class Air:
    """Air in a line, from ``begin_ml`` to ``end_ml`` drawn; ``by_trap``: it comes through the trap, if there is one.

    ``kept_ml``: what the trap kept of it before it was emptied; None: it follows from what the trap has kept since.
    """

    begin_ml: float
    end_ml: float
    by_trap: bool
    kept_ml: float | None = None

    def later(self, by_ml: float) -> "Air":
        """The same air, drawn so much later."""
        return replace(self, begin_ml=self.begin_ml + by_ml, end_ml=self.end_ml + by_ml)


@dataclass(frozen=True, slots=True)
class Feed:
    """All air of a line, in the order in which it is drawn. ``trap_ml``: what the trap ahead of the mechanism holds;
    ``full_ml``: what it still held of air when it was last emptied, in part."""

    airs: tuple[Air, ...] = ()
    trap_ml: float = 0.0
    full_ml: float = 0.0

    def let_in(self, at_ml: float, volume_ml: float, *, by_trap: bool) -> "Feed":
        """Put air in at a place; what is there, or comes after, is drawn that much later."""
        found: list[Air] = []
        new: Air | None = Air(at_ml, at_ml + volume_ml, by_trap)
        for air in self.airs:
            if air.begin_ml < at_ml < air.end_ml:
                found.append(replace(air, end_ml=air.end_ml + volume_ml))
                new = None
            elif air.end_ml <= at_ml:
                found.append(air)
            else:
                found.append(replace(air, begin_ml=air.begin_ml + volume_ml, end_ml=air.end_ml + volume_ml))
        if new is not None:
            found.append(new)
        return replace(self, airs=tuple(sorted(found, key=lambda air: (air.begin_ml, air.end_ml))))

    def hung(self, drawn_ml: float, end_ml: float) -> "Feed":
        """Put another container in the place of the last: air that followed that one ends here, and follows at the new end."""
        if not any(air.end_ml == inf for air in self.airs):
            return self
        kept = [air for air in self.airs if air.end_ml < inf]
        kept += [replace(air, end_ml=drawn_ml) for air in self.airs if air.end_ml == inf and air.begin_ml < drawn_ml]
        return replace(self, airs=(*kept, Air(end_ml, inf, by_trap=True)))

    def come(self, place_ml: float) -> "Feed":
        """Only the air that has begun to come by a place."""
        return replace(self, airs=tuple(air for air in self.airs if air.begin_ml < place_ml))

    @property
    def caught(self) -> tuple[Span, ...]:
        """Where the trap gives fluid for air."""
        return tuple((air.begin_ml, past) for air, past in self._parted() if past > air.begin_ml)

    @property
    def passing(self) -> tuple[Span, ...]:
        """Where air comes to the mechanism."""
        return tuple((past, air.end_ml) for air, past in self._parted() if air.end_ml > past)

    @property
    def at_sensor(self) -> tuple[Span, ...]:
        """Where the sensor ahead of the pump sees air: what came in by the container, beyond what the trap keeps."""
        return tuple((past, air.end_ml) for air, past in self._parted() if air.by_trap and air.end_ml > past)

    @property
    def let_in_ml(self) -> float:
        """All air that has an end."""
        return _sum_ml(self.airs)

    def air_before_ml(self, place_ml: float) -> float:
        """All air that has come by a place."""
        return sum(max(0.0, min(air.end_ml, place_ml) - air.begin_ml) for air in self.airs)

    def cut_out(self, at_ml: float, width_ml: float) -> "tuple[Feed, tuple[Span, ...]]":
        """Take so much of what comes from a place on off the line; and where there was air in it, counted from the place."""
        airs, gone = list[Air](), list[Span]()
        for air in self._split(at_ml, at_ml + width_ml).airs:
            if air.end_ml <= at_ml:
                airs.append(air)
            elif air.begin_ml >= at_ml + width_ml:
                airs.append(air.later(-width_ml))
            else:
                gone.append((air.begin_ml - at_ml, air.end_ml - at_ml))
        return replace(self, airs=tuple(_in_order(airs))), tuple(gone)

    def pushed_back(self, at_ml: float, width_ml: float, airs: Sequence[Span], top_ml: float) -> "Pushed":
        """Drive so much into a line from its pump's side, at the place of what it gives next: the first of it empties the trap.

        ``airs``: where there was air in it, in the order in which it came. What is below the top of the limb then (``top_ml``)
        stays on the line; air above it has risen into the container, and is gone.
        """
        settled, kept_ml = list[Air](), self.full_ml
        for air, past in self._split(at_ml)._parted():
            if air.end_ml <= at_ml and air.kept_ml is None:
                settled.append(replace(air, kept_ml=past - air.begin_ml))
                kept_ml += past - air.begin_ml
            else:
                settled.append(air)
        freed_ml = min(kept_ml, width_ml)
        fluid_ml = width_ml - freed_ml
        came = [
            Air(at_ml + max(0.0, fluid_ml - end), at_ml + fluid_ml - begin, by_trap=True)
            for begin, end in reversed(airs)
            if begin < fluid_ml
        ]
        freed = [Air(at_ml + fluid_ml, at_ml + width_ml, by_trap=True)] if freed_ml else []
        ahead = [*came, *freed, *(air.later(width_ml) for air in settled if air.end_ml > at_ml)]
        kept = [air if air.end_ml == inf else replace(air, end_ml=min(air.end_ml, top_ml)) for air in ahead]
        kept = _in_order(kept)
        before = (air for air in settled if air.end_ml <= at_ml)
        feed = replace(self, airs=(*before, *kept), full_ml=kept_ml - freed_ml)
        return Pushed(feed, freed_ml, _sum_ml(ahead) - _sum_ml(kept), _sum_ml(kept))

    def _split(self, *places_ml: float) -> "Feed":
        """The same air in parts that end at these places."""
        airs = list(self.airs)
        for place in places_ml:
            parts = list[Air]()
            for air in airs:
                within = air.begin_ml < place < air.end_ml
                parts += [replace(air, end_ml=place), replace(air, begin_ml=place)] if within else [air]
            airs = parts
        return replace(self, airs=tuple(airs))

    def _parted(self) -> list[tuple[Air, float]]:
        """Each with the place up to which the trap keeps it."""
        room, found = self.trap_ml - self.full_ml, []
        for air in self.airs:
            if air.kept_ml is not None:
                found.append((air, air.begin_ml + air.kept_ml))
                continue
            kept = min(room, air.end_ml - air.begin_ml) if air.by_trap else 0.0
            room -= kept
            found.append((air, air.begin_ml + kept))
        return found


def _in_order(airs: Sequence[Air]) -> list[Air]:
    """Let none begin before the last has ended, as rounding may have it; leave out what is nothing."""
    found, last_ml = list[Air](), -inf
    for air in airs:
        later = air if air.begin_ml >= last_ml else replace(air, begin_ml=last_ml)
        if later.end_ml > later.begin_ml:
            found.append(later)
            last_ml = later.end_ml
    return found


def _sum_ml(airs: Sequence[Air]) -> float:
    """All air that has an end."""
    return sum(air.end_ml - air.begin_ml for air in airs if air.end_ml < inf)


@dataclass(frozen=True, slots=True)
class Pushed:
    """A line into which something was driven back: its air now, what the trap let go of, what rose into the container, and
    what of air is in the limb."""

    feed: Feed
    freed_ml: float
    gone_ml: float
    in_limb_ml: float


def with_air(origins: Sequence[Origin], feeds: Sequence[Feed], fluids: Sequence[Fluid]) -> tuple[Origin, ...]:
    """Put the air of each line, and what its trap gives for it (the line's own fluid), among the line's sources."""
    found: list[Origin] = []
    for line, feed in enumerate(feeds):
        mine = [origin for origin in origins if origin.line == line]
        name = mine[0].source.line
        for span, fluid in _marked(feed, fluids[line]):
            source = Source(f"{name} air", None, AIR) if fluid is AIR else Source(f"{name} air trap", name, fluid)
            width = span[1] - span[0]
            mine = _cut_in(mine, Origin(source, line, *span, held_ml=width if width < inf else 0.0, let_in=True))
        found += sorted(mine, key=lambda origin: origin.begin_ml)
    return (*found, *(origin for origin in origins if origin.line < 0))


def _marked(feed: Feed, fluid: Fluid) -> list[tuple[Span, Fluid]]:
    spans = [(span, AIR) for span in feed.passing] + [(span, fluid) for span in feed.caught]
    return sorted(spans, key=lambda marked: marked[0])


def _cut_in(mine: list[Origin], new: Origin) -> list[Origin]:
    """Let one source come where it comes; the others are cut there and come later by its volume."""
    at, width, found = new.begin_ml, new.end_ml - new.begin_ml, []
    for origin in mine:
        hung_after = origin.since_ns is not None and not origin.driven and origin.begin_ml >= at + width
        if origin.end_ml <= at or hung_after:  # the air comes later, or had come already
            found.append(origin)
            continue
        before_ml = min(origin.held_ml, max(0.0, min(origin.end_ml, at) - origin.begin_ml))
        behind_ml = origin.held_ml - before_ml
        comes_later = origin.end_ml > at and width < inf and (behind_ml > 0.0 or origin.begin_ml >= at)
        if origin.begin_ml < at:
            part = replace(origin, end_ml=min(origin.end_ml, at), held_ml=before_ml)
            found.append(replace(part, taken_ml=0.0, mixed_ml=0.0) if comes_later else part)
        if comes_later:
            begin_ml = max(origin.begin_ml, at) + width
            found.append(replace(origin, begin_ml=begin_ml, end_ml=origin.end_ml + width, held_ml=behind_ml))
    return [*found, new]


@dataclass(frozen=True, slots=True)
class Bubbles:
    """The air of a line as a sensor behind the mechanism meets it: bubbles, of spans nearer than ``apart_ml``.

    A place is now so many mL given by the line. ``smallest_ml``: the size from which on a bubble counts.
    """

    groups: tuple[tuple[Span, ...], ...]
    apart_ml: float
    smallest_ml: float

    @classmethod
    def of(cls, feed: Feed, apart_ml: float, smallest_ml: float) -> "Bubbles":
        """Find what passes as one bubble."""
        groups: list[list[Span]] = []
        for span in feed.passing:
            if groups and span[0] - groups[-1][-1][1] <= apart_ml:
                groups[-1].append(span)
            else:
                groups.append([span])
        return cls(tuple(tuple(group) for group in groups), apart_ml, smallest_ml)

    def size_ml(self, place_ml: float) -> float:
        """What has passed of the bubble that is passing; 0 once fluid of more than ``apart_ml`` has followed it."""
        for group in self.groups:
            if group[0][0] <= place_ml <= group[-1][1] + self.apart_ml:
                return _passed_ml(group, place_ml)
        return 0.0

    def counted_ml(self, place_ml: float) -> float:
        """All air that has passed in bubbles that count."""
        total = 0.0
        for group in self.groups:
            passed = _passed_ml(group, place_ml)
            if passed >= self.smallest_ml:
                total += passed
        return total

    def places(self, levels: Sequence[float] = ()) -> list[float]:
        """Every place at which what the sensor sees takes another course, or comes to one of these sizes."""
        found = []
        for group in self.groups:
            size = 0.0
            for begin, end in group:
                sizes = (level - size for level in (*levels, self.smallest_ml))
                found += [begin, end, *(begin + rest for rest in sizes if 0.0 < rest < end - begin)]
                size += end - begin
            found += [group[-1][1] + self.apart_ml]
        return [place for place in found if place < inf]


def _passed_ml(group: Sequence[Span], place_ml: float) -> float:
    return sum(min(max(place_ml - begin, 0.0), end - begin) for begin, end in group)
